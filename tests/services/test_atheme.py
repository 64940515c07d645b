"""Atheme as services: what it does for people and operators, over real sockets.

What it says is written down at https://github.com/atheme/atheme/tree/release/7.2/modules/protocol, and
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md tells what it means.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from atheme import NAME, PASSWORD, Served
from daemon_process import HOST, Client, Daemon, free_port, wait_for

from chatnet.transports.certificates import make_self_signed

pytestmark = [pytest.mark.client, pytest.mark.daemon]

WORD = "a-secret-word"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("atheme"), more=opers()) as served:
        served.account("ann").close()  # an operator of Atheme
        yield served


def opers() -> str:
    """The settings for an operator ``ann``."""
    password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    return (
        '[[oper_class]]\nname = "admin"\nprivileges = ["kill", "bans", "see-all"]\n'
        f'[[oper]]\nname = "ann"\nclass = "admin"\npassword = "{password}"\n'
    )


def plain(name: str, word: str) -> str:
    """What AUTHENTICATE bears for the mechanism PLAIN.  https://www.rfc-editor.org/rfc/rfc4616"""
    return base64.b64encode(f"{name}\0{name}\0{word}".encode()).decode()


def ready(client: Client, *caps: str) -> Client:
    """A client with capabilities, who has not said CAP END."""
    client.send("CAP LS 302", f"CAP REQ :{' '.join(caps)}")
    client.until(" ACK :")
    return client


def register(client: Client, nick: str) -> Client:
    """Say who it is, and end the negotiation."""
    client.nick = nick
    client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")
    client.until(rf"^(@\S+ )?:\S+ MODE {nick} :")
    return client


def says(client: Client, service: str, text: str, answer: str) -> list[str]:
    """What a client reads up to the answer of a service."""
    client.send(f"PRIVMSG {service} :{text}")
    return client.until(answer)


# accounts


def test_it_is_linked_and_its_servants_are_there(served: Served) -> None:
    with served.daemon.client("lewis") as lewis:
        lewis.send("WHOIS NickServ NickServ")
        assert any(f" 312 lewis NickServ {NAME} " in line for line in lewis.until(" 318 "))
        lewis.send("LINKS")
        assert any(f" 364 lewis {NAME} irc.test :1 Services" in line for line in lewis.until(" 365 "))


def test_registering_logs_in_and_everybody_who_wants_hears_of_it(served: Served) -> None:
    rae = register(ready(served.daemon.connect(), "account-notify", "account-tag"), "rae")
    with rae, served.daemon.client("dodo") as dodo:
        for client in (rae, dodo):
            client.send("JOIN #notify")
            client.until(" 366 ")
        dodo.send(f"PRIVMSG NickServ :REGISTER {WORD} dodo@example.org")
        told = dodo.until("is now registered")
        # ":server 900 <nick> <nick>!<ident>@<host> <account> :You are now logged in as <user>"
        assert ":irc.test 900 dodo dodo!~dodo@127.0.0.1 dodo :You are now logged in as dodo" in told
        assert rae.until(" ACCOUNT ")[-1] == ":dodo!~dodo@127.0.0.1 ACCOUNT dodo"
        dodo.send("PRIVMSG #notify :hello")
        assert rae.until("hello")[-1].startswith("@account=dodo :dodo!")
        rae.send("WHOIS dodo")
        assert ":irc.test 330 rae dodo dodo :is logged in as" in rae.until(" 318 ")


def test_who_logged_out_can_log_in_again(served: Served) -> None:
    with (
        served.account("alice") as alice,
        register(ready(served.daemon.connect(), "extended-join"), "watch") as watch,
    ):
        watch.send("JOIN #watch")
        watch.until(" 366 ")
        # ":server 901 <nick> <nick>!<ident>@<host> :You are now logged out"
        told = says(alice, "NickServ", "LOGOUT", " 901 ")
        assert told[-1] == ":irc.test 901 alice alice!~alice@127.0.0.1 :You are now logged out"
        assert " 900 alice " in says(alice, "NickServ", f"IDENTIFY {WORD}", " 900 ")[-1]
        alice.send("JOIN #watch")
        assert watch.until("^:alice!")[-1] == ":alice!~alice@127.0.0.1 JOIN #watch alice :alice"
        says(alice, "NickServ", "IDENTIFY wrong-word", "(Invalid|already logged)")


def certified(folder: Path) -> ssl.SSLContext:
    """How a client with a certificate of its own connects."""
    path = folder / "client.pem"
    make_self_signed(path, ["client.example.org"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(path)
    return context


def test_a_certificate_is_as_good_as_a_password(served: Served, tmp_path: Path) -> None:
    context = certified(tmp_path)
    with served.daemon.connect_tls(context=context).register("cert") as cert:
        says(cert, "NickServ", f"REGISTER {WORD} cert@example.org", "is now registered")
        says(cert, "NickServ", "CERT ADD", "Added fingerprint")
    with served.daemon.connect_tls(context=context).register("cert2") as cert:
        cert.until(" 900 cert2 ")
    # The same before registration, by the mechanism EXTERNAL (RFC 4422, appendix A).
    with ready(served.daemon.connect_tls(context=context), "sasl") as cert:
        cert.send("AUTHENTICATE EXTERNAL")
        assert cert.line() == "AUTHENTICATE +"
        cert.send("AUTHENTICATE +")
        assert " 900 * *!*@127.0.0.1 cert :" in cert.until(" 903 ")[-2]


# SASL


def test_sasl_before_registration(served: Served) -> None:
    served.account("sally").close()
    with ready(served.daemon.connect(), "sasl") as sally:
        sally.send("AUTHENTICATE PLAIN")
        assert sally.line() == "AUTHENTICATE +"
        sally.send("AUTHENTICATE " + plain("sally", WORD))
        # "If authentication is successful, a 900 and 903 numeric will be sent."
        assert sally.line() == ":irc.test 900 * *!*@127.0.0.1 sally :You are now logged in as sally"
        assert sally.line() == ":irc.test 903 * :SASL authentication successful"
        register(sally, "sal")
        sally.send("WHOIS sal")
        assert any(line == ":irc.test 330 sal sal sally :is logged in as" for line in sally.until(" 318 "))
        sally.send("AUTHENTICATE PLAIN")
        assert sally.line() == ":irc.test 907 sal :You have already authenticated using SASL"
        # Services know who it is as well, since the server tells.
        says(sally, "NickServ", "LOGOUT", " 901 ")
    assert WORD not in served.daemon.output()
    assert plain("sally", WORD) not in served.daemon.output()


def test_sasl_says_what_is_wrong(served: Served) -> None:
    served.account("wilma").close()
    with ready(served.daemon.connect(), "sasl") as wilma:
        wilma.send("AUTHENTICATE NONSENSE")
        assert wilma.line() == ":irc.test 908 * PLAIN,EXTERNAL :are available SASL mechanisms"
        assert wilma.line() == ":irc.test 904 * :SASL authentication failed"
        wilma.send("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("wilma", "wrong"))
        assert wilma.until(" 904 ")[-1] == ":irc.test 904 * :SASL authentication failed"
        wilma.send("AUTHENTICATE PLAIN")
        assert wilma.line() == "AUTHENTICATE +"
        wilma.send("AUTHENTICATE *")
        assert wilma.line() == ":irc.test 906 * :SASL authentication aborted"
        # 400 characters, and another line because there were as many: together they are still wrong.
        long = base64.b64encode(b"wilma\0wilma\0" + b"x" * 288).decode()
        assert len(long) == 400
        wilma.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {long}", "AUTHENTICATE +")
        assert wilma.until(" 90[0-9] ")[-1] == ":irc.test 904 * :SASL authentication failed"


# channels


def test_a_channel_is_registered_and_kept(served: Served) -> None:
    with served.account("fay") as fay, served.daemon.client("guest") as guest:
        fay.send("JOIN #fay")
        fay.until(" 366 ")
        says(fay, "ChanServ", "REGISTER #fay", "is now registered")
        fay.send("MODE #fay -o fay")
        fay.until(r"MODE #fay -o fay")
        says(fay, "ChanServ", "OP #fay", r"^:ChanServ!\S+ MODE #fay \+o fay")
        says(fay, "ChanServ", "TOPIC #fay Tea at five", r"TOPIC #fay :.*Tea at five")
        says(fay, "ChanServ", "AKICK #fay ADD guest!*@* go away", "successfully added")
        guest.send("JOIN #fay")
        assert guest.until(" KICK ")[-1].startswith(":ChanServ!ChanServ@services.test KICK #fay guest :")
        # MLOCK: "a local user's change of such a letter is refused with 742".
        says(fay, "ChanServ", "SET #fay MLOCK +nts-i", "(MLOCK|mode lock).*(set|been)")
        fay.send("MODE #fay +i")
        assert fay.until(" 742 ")[-1].startswith(":irc.test 742 fay #fay i ")


def test_a_registered_channel_gives_its_founder_what_is_theirs(served: Served) -> None:
    with served.account("fred") as fred:
        fred.send("JOIN #fred")
        fred.until(" 366 ")
        says(fred, "ChanServ", "REGISTER #fred", "is now registered")
        fred.send("PART #fred")
        fred.until(" PART ")
        with served.daemon.client("squat") as squat:
            squat.send("JOIN #fred")
            squat.until(r"MODE #fred .*-o.* squat|MODE #fred -o squat")
            fred.send("JOIN #fred")
            squat.until(r"MODE #fred \+o fred")


# looks and nicks


def test_a_virtual_host_is_seen(served: Served) -> None:
    with (
        served.daemon.client("ann") as ann,
        register(ready(served.daemon.connect(), "chghost"), "eve") as eve,
    ):
        says(ann, "NickServ", f"IDENTIFY {WORD}", " 900 ")
        for client in (ann, eve):
            client.send("JOIN #hosts")
            client.until(" 366 ")
        says(ann, "NickServ", "VHOST ann ON staff.users.test", r"[Aa]ssigned")
        assert eve.until(" CHGHOST ")[-1] == ":ann!~ann@127.0.0.1 CHGHOST ~ann staff.users.test"
        # With SASL they have it from the beginning.
        with ready(served.daemon.connect(), "sasl") as again:
            again.send("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("ann", WORD))
            again.until(" 903 ")
            register(again, "ann2")
            again.send("JOIN #hosts")
            assert eve.until("^:ann2!")[-1].startswith(":ann2!~ann2@staff.users.test JOIN ")


def test_a_nick_is_kept_for_its_owner(served: Served) -> None:
    with served.account("owner") as owner:
        says(owner, "NickServ", "SET ENFORCE ON", "ENFORCE")
    with served.daemon.client("owner") as thief:
        # RSFNC, once the time to identify is over, and NICKDELAY.
        assert " NICK :Guest" in thief.until(r"^:owner!\S+ NICK ")[-1].replace("NICK Guest", "NICK :Guest")
        thief.send("NICK owner")
        thief.until(" (437|433) .*owner")


# operators


def test_an_akill_puts_people_off_and_is_one_of_our_bans(served: Served) -> None:
    """It is held, listed and explained here as what is set here; who set it may lift it, and so may we."""
    with served.daemon.client("sheriff") as ann, served.daemon.client("spammer") as spammer:
        ann.send("OPER ann secret")
        ann.until(" 381 ")
        says(ann, "NickServ", f"IDENTIFY ann {WORD}", " 900 ")
        says(ann, "OperServ", "AKILL ADD ~spammer@127.0.0.1 !T 60 spam", "AKILL|akill")
        assert "spam" in spammer.until("^ERROR ")[-1]
        banned(served, "spammer")
        ann.send("STATS k")
        shown = [line for line in ann.until(" 219 ") if " 216 " in line]
        assert len(shown) == 1 and shown[0].startswith(":irc.test 216 sheriff k 127.0.0.1 * ~spammer :[")
        ann.send("UBAN INFO ~spammer@127.0.0.1", "TESTLINE ~spammer@127.0.0.1")
        told = ann.until(" 725 ")
        assert any(line.startswith(":irc.test NOTICE sheriff :~spammer@127.0.0.1 (until ") for line in told)
        says(ann, "OperServ", "AKILL DEL ~spammer@127.0.0.1", "AKILL|akill")
        wait_for(lambda: is_free(ann), "the end of the AKILL")
        served.daemon.client("spammer").close()
        # What came by link is lifted here, too: for this server, as Solanum does.
        says(ann, "OperServ", "AKILL ADD ~troll@127.0.0.1 !T 60 spam", "AKILL|akill")
        banned(served, "troll")
        ann.send("UNKLINE ~troll@127.0.0.1")
        assert ann.until("Removed K-Line of")[-1].endswith(
            "Removed K-Line of [~troll@127.0.0.1], for this server alone"
        )
        served.daemon.client("troll").close()
        says(ann, "OperServ", "AKILL DEL ~troll@127.0.0.1", "AKILL|akill")


def banned(served: Served, nick: str) -> None:
    """A client of this name does not come in."""
    with served.daemon.connect() as client:
        client.send(f"NICK {nick}", f"USER {nick} 0 * :x")
        assert f" 465 {nick} :You are banned from this server- " in "\n".join(client.until("^ERROR "))


def is_free(ann: Client) -> bool:
    """No ban is listed any more."""
    ann.send("STATS k")
    return not any(" 216 " in line for line in ann.until(" 219 "))


def test_a_jupe_takes_a_servers_name(served: Served) -> None:
    with served.daemon.client("marshal") as ann:
        ann.send("OPER ann secret")
        ann.until(" 381 ")
        says(ann, "NickServ", f"IDENTIFY ann {WORD}", " 900 ")
        says(ann, "OperServ", "JUPE bad.test It is broken", "jup|JUP")
        ann.send("LINKS")
        assert any(" 364 marshal bad.test services.test :2 " in line for line in ann.until(" 365 "))


def test_questions_for_services_are_answered(served: Served) -> None:
    with served.daemon.client("inquirer") as ann:
        for question, answer in (
            (f"VERSION {NAME}", rf"^:{NAME} 351 inquirer atheme 7\.2"),
            (f"ADMIN {NAME}", rf"^:{NAME} 257 inquirer :Ann"),
            (f"STATS u {NAME}", rf"^:{NAME} 219 inquirer u "),
            (f"MOTD {NAME}", rf"^:{NAME} (422|376) inquirer "),
            ("WHOIS ChanServ ChanServ", rf"^:{NAME} 318 inquirer ChanServ"),
        ):
            ann.send(question)
            ann.until(answer)


# several servers


def test_services_serve_all_servers_of_a_network(tmp_path: Path) -> None:
    """Atheme is at the first; at the second people register, log in while they connect, and are renamed."""
    links = free_port()
    listen = f'[[listen]]\nkind = "server"\nendpoint = "tcp:{links}:interface={HOST}"\n'
    first = f'{listen}[[link]]\nname = "second.test"\nsid = "0BB"\npassword = "{PASSWORD}"\n'
    (tmp_path / "second").mkdir()
    second = Daemon(tmp_path / "second")
    second.configure(
        '[server]\nname = "second.test"\nsid = "0BB"\n[cloak]\nenabled = false\n[flood]\nenabled = false\n'
        f'[links]\nservices = ["{NAME}"]\nreconnect_min = 1\n'
        f'[[listen]]\nendpoint = "tcp:PORT:interface={HOST}"\n'
        f'[[link]]\nname = "irc.test"\nsid = "0AA"\npassword = "{PASSWORD}"\nrole = "hub"\n'
        f'addresses = ["{HOST}:{links}"]\ntls = false\n'
    )
    with Served(tmp_path, more=first + opers()) as served, second, served.daemon.client("watch") as watch:
        wait_for(lambda: "irc.test has told all it knew" in second.output(), "the link")
        with second.client("sue") as sue:
            says(sue, "NickServ", f"REGISTER {WORD} sue@example.org", "is now registered")
            says(sue, "NickServ", "SET ENFORCE ON", "ENFORCE")
            watch.send("WHOIS sue")
            assert ":irc.test 330 watch sue sue :is logged in as" in watch.until(" 318 ")
        with ready(second.connect(), "sasl") as sue:
            sue.send("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("sue", WORD))
            assert ":second.test 900 * *!*@127.0.0.1 sue :You are now logged in as sue" in sue.until(" 903 ")
            register(sue, "susan")
            watch.send("WHOIS susan")
            assert ":irc.test 330 watch susan sue :is logged in as" in watch.until(" 318 ")
        with second.client("sue") as thief:
            thief.until(r"^:sue!\S+ NICK :?Guest")
            thief.send("NICK sue")
            thief.until(" (437|433) .*sue")
        # A server that is linked is cut off before its name is taken, and cannot come back.
        with served.account("ann") as ann:
            ann.send("OPER ann secret")
            ann.until(" 381 ")
            says(ann, "OperServ", "JUPE second.test It is broken", "jup|JUP")
            ann.send("LINKS")
            told = ann.until(" 365 ")
            assert any(f" 364 ann second.test {NAME} :2 " in line for line in told), told
            wait_for(lambda: "Invalid credentials" in second.output(), "the refusal")
            says(ann, "OperServ", "JUPE second.test OFF", "NOTICE")


# coming and going


def test_sasl_is_offered_while_services_are_there(tmp_path: Path) -> None:
    with Served(tmp_path) as served, register(ready(served.daemon.connect(), "sasl"), "cap") as cap:
        served.atheme.end()
        # "the client will be notified about status changes concerning the availability of sasl"
        assert cap.until(" CAP ")[-1] == ":irc.test CAP cap DEL :sasl"
        cap.send("CAP REQ :sasl")
        assert cap.until(" CAP ")[-1] == ":irc.test CAP cap NAK :sasl"
        with served.daemon.connect() as coming:
            coming.send("CAP LS 302")
            coming.until(r" CAP \* LS :")
            served.atheme.__enter__()
            served.linked(2)
            assert coming.until(" CAP ")[-1] == ":irc.test CAP * NEW :sasl=PLAIN,EXTERNAL"
        assert not [line for line in cap.sync() if " CAP " in line]  # it would read 907


def test_who_is_no_services_logs_nobody_in(tmp_path: Path) -> None:
    elsewhere = '[accounts]\nauthority = "external"\n'
    with (
        Served(tmp_path, role="hub", more=elsewhere) as served,
        served.daemon.client("carol") as carol,
    ):
        says(carol, "NickServ", f"REGISTER {WORD} carol@example.org", "is now registered")
        assert not [line for line in carol.sync() if " 900 " in line]
        carol.send("WHOIS carol")
        assert not [line for line in carol.until(" 318 ") if " 330 " in line]
        wait_for(lambda: "is no services here" in served.daemon.output(), "the notice")
