"""Services: who is logged in, how people log in while they connect, and nicks that are kept for their owners.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md (SASL, SU, SVSLOGIN, RSFNC, NICKDELAY)
https://ircv3.net/specs/extensions/sasl-3.1, https://ircv3.net/specs/extensions/sasl-3.2
"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import START, Client, House
from mesh import Mesh, Stranger, block, stranger
from states import opered

from chatnet.model.entities import User
from chatnet.model.modes import OP, VOICE

NOW = int(START)
UID = "0CNAAAAAA"
"""The first connection of a house."""


def house_of(role: str = "services", **sections: Any) -> House:
    """A house that services may link to."""
    return House(link=[block("svc", role=role, **sections.pop("block", {}))], **sections)


def services(house: House) -> Stranger:
    """Services with two mechanisms, which said nothing else yet."""
    svc = stranger(house, "svc.test", "00A")
    svc >> ":00A ENCAP * MECHLIST :PLAIN,EXTERNAL"
    return svc


def connecting(house: House, **peer: Any) -> Client:
    """A connection with the capability, that goes on negotiating."""
    client = house.connect(**peer)
    client >> "CAP LS 302" >> "CAP REQ :sasl"
    client.until(":* ACK :sasl")
    return client


def register(client: Client, nick: str) -> None:
    """End the negotiation, and read the welcome."""
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick}" >> "CAP END"
    client.until(f":* MODE {nick} :*")


# what is offered


def test_what_services_know_is_offered() -> None:
    # "Servers SHOULD advertise the available SASL authentication mechanisms in the value of the `sasl` client
    # capability in `CAP LS`."
    house = house_of()
    ann, bob = house.connect(), house.connect()
    ann >> "CAP LS 302"
    ann.lines()
    bob >> "CAP LS 302"
    assert "sasl" not in " ".join(bob.lines())
    bob >> "CAP REQ :sasl"
    # "Servers MUST `NAK` any `sasl` capability request if the authentication layer is unavailable."
    bob << ":* CAP * NAK :sasl"
    svc = services(house)
    ann << ":irc.test CAP * NEW :sasl=PLAIN,EXTERNAL"
    bob.lines()
    bob >> "CAP LS 302"
    assert "sasl=PLAIN,EXTERNAL " in " ".join(bob.lines())
    svc >> ":00A ENCAP * MECHLIST :SCRAM-SHA-512,plain,PLAIN,,b@d"
    ann << ":irc.test CAP * NEW :sasl=SCRAM-SHA-512,PLAIN"
    svc >> ":00A ENCAP * MECHLIST :"
    ann << ":irc.test CAP * DEL :sasl"
    house.check()


def test_it_is_not_offered_to_those_who_would_read_907() -> None:
    # "Servers MUST NOT advertise the `sasl` capability if the authentication layer is unavailable."
    house = house_of()
    ann, bob = house.client("ann", caps="cap-notify"), house.connect()
    svc = services(house)
    ann.silent()
    bob >> "CAP LS 302" >> "CAP REQ :sasl" >> "AUTHENTICATE PLAIN"
    uid = bob.user.uid
    svc >> f":00A ENCAP irc.test SVSLOGIN {uid} * * * bob" >> f":00A ENCAP irc.test SASL 00A {uid} D :S"
    bob.lines()
    svc >> ":00A ENCAP * MECHLIST :PLAIN"
    ann.silent()
    bob.silent()
    for client in (ann, bob):
        client >> "CAP LS 302"
        assert "sasl" not in " ".join(client.lines())
        client >> "AUTHENTICATE PLAIN"
        client << ":irc.test 907 *"
    svc.link.connection_lost("gone")
    bob << ":irc.test CAP * DEL :sasl"  # for he had it
    ann.lines()
    house.check()


def test_with_services_sasl_goes() -> None:
    house = house_of()
    svc = services(house)
    ann = house.client("ann", caps="sasl")
    bob = connecting(house)
    bob >> "AUTHENTICATE PLAIN"
    svc.link.connection_lost("gone")
    ann << ":irc.test CAP ann DEL :sasl"
    bob << ":irc.test 904 * :SASL authentication failed"
    bob << ":irc.test CAP * DEL :sasl"
    bob >> "AUTHENTICATE PLAIN"
    bob << ":irc.test 904 * :SASL authentication failed"
    house.check()


def test_it_may_be_offered_under_tls_only() -> None:
    house = house_of(sasl={"tls_only": True})
    services(house)
    plain, safe = house.connect(), house.connect(secure=True)
    for client in (plain, safe):
        client >> "CAP LS 302"
    assert "sasl" not in " ".join(plain.lines())
    assert "sasl=PLAIN,EXTERNAL" in " ".join(safe.lines())


# talking to an agent


def test_what_an_agent_is_told() -> None:
    house = house_of()
    svc = services(house)
    ann = connecting(house, certfp="f00d" * 16, secure=True)
    ann >> "AUTHENTICATE external"
    svc << f":0CN ENCAP svc.test SASL {UID} * H 192.0.2.1 192.0.2.1 :S"
    svc << f":0CN ENCAP svc.test SASL {UID} * S EXTERNAL :{'f00d' * 16}"
    svc >> f":00AAAAAAE ENCAP irc.test SASL 00AAAAAAE {UID} C :+"
    ann.silent()  # that user of theirs was never introduced
    svc >> f":00A EUID SaslServ 1 {NOW} +S SaslServ svc.test 0 00AAAAAAE * * :SaslServ"
    svc >> f":00AAAAAAE ENCAP irc.test SASL 00AAAAAAE {UID} C :+"
    ann << "AUTHENTICATE +"
    ann >> "AUTHENTICATE +"
    svc << f":0CN ENCAP svc.test SASL {UID} * C :+"
    svc >> f":00A ENCAP irc.test SVSLOGIN {UID} * * vhost.example.org ann"
    # ":server 900 <nick> <nick>!<ident>@<host> <account> :You are now logged in as <user>"
    ann << ":irc.test 900 * *!*@192.0.2.1 ann :You are now logged in as ann"
    svc >> f":00AAAAAAE ENCAP irc.test SASL 00AAAAAAE {UID} D :S"
    ann << ":irc.test 903 * :SASL authentication successful"
    # "If the client attempts to issue the AUTHENTICATE command after already authenticating successfully, the
    # server MUST reject it with a 907 numeric."
    ann >> "AUTHENTICATE PLAIN"
    ann << ":irc.test 907 * :You have already authenticated using SASL"
    register(ann, "ann")
    assert (ann.user.account, ann.user.host) == ("ann", "vhost.example.org")
    euid = next(line for line in svc.lines() if " EUID " in line)
    assert " vhost.example.org 192.0.2.1 0CNAAAAAA 192.0.2.1 ann :" in euid
    house.check()


def test_services_may_say_who_one_is() -> None:
    house = house_of()
    svc = services(house)
    ann = connecting(house)
    ann >> "NICK amy" >> "AUTHENTICATE PLAIN"
    svc >> f":00A ENCAP irc.test SVSLOGIN {UID} ann annie * ann" >> f":00A ENCAP irc.test SASL 00A {UID} D :S"
    ann >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.username == "annie"
    house.check()


@pytest.mark.parametrize(
    ("word", "refused"),
    [("x" * 401, "905 * :SASL message too long"), ("x" * 400, "904 * :SASL authentication failed")],
)
def test_too_much_is_refused(word: str, refused: str) -> None:
    # "905 … is sent when … the client-sent `AUTHENTICATE` command was too long (i.e. the parameter longer
    # than 400 bytes)."  "The server MAY place a limit on the total length of a response", which is one of the
    # "other errors not explicitly mentioned by other numerics".
    house = house_of(sasl={"response_bytes": 400})
    svc = services(house)
    ann = connecting(house)
    ann >> "AUTHENTICATE PLAIN"
    svc.lines()
    ann >> f"AUTHENTICATE {word}" >> "AUTHENTICATE x"
    ann << f":irc.test {refused}"
    heard = [line for line in svc.lines() if " C :" in line]
    assert len(heard) == (len(word) == 400)
    assert svc.gone is None


def test_each_response_counts_alone() -> None:
    house = house_of(sasl={"response_bytes": 400})
    svc = services(house)
    ann = connecting(house)
    ann >> "AUTHENTICATE PLAIN"
    for _ in range(3):
        ann >> f"AUTHENTICATE {'x' * 399}"
    ann.silent()
    assert len([line for line in svc.lines() if " C :" in line]) == 3


def test_giving_up() -> None:
    # "The client can abort an authentication by sending an asterisk as the data. The server will send a 906
    # numeric."
    house = house_of()
    svc = services(house)
    ann = connecting(house)
    ann >> "AUTHENTICATE PLAIN" >> "AUTHENTICATE *"
    ann << ":irc.test 906 * :SASL authentication aborted"
    assert svc.lines()[-1] == f":0CN ENCAP svc.test SASL {UID} * D :A"
    svc >> f":00A ENCAP irc.test SVSLOGIN {UID} * * * ann" >> f":00A ENCAP irc.test SASL 00A {UID} D :S"
    ann.silent()  # too late
    ann >> "AUTHENTICATE *"
    ann << ":irc.test 906 * :SASL authentication aborted"
    # "If the client completes registration … while the SASL authentication is still in progress, the server
    # SHOULD abort it and send a 906 numeric, then register the client without authentication."
    ann >> "AUTHENTICATE PLAIN" >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann << ":irc.test 906 ann :SASL authentication aborted"
    ann.until(":irc.test 001 ann :*")
    ann.lines()
    ann >> "AUTHENTICATE PLAIN"
    ann << ":irc.test 907 ann :You have already authenticated using SASL"
    assert ann.user.account is None


def test_services_that_do_not_answer_are_not_waited_for() -> None:
    house = house_of(sasl={"timeout": 9})
    svc = services(house)
    ann, bob = connecting(house), connecting(house)
    ann >> "AUTHENTICATE PLAIN"
    bob >> "AUTHENTICATE PLAIN"
    svc >> ":00A ENCAP irc.test SASL 00A 0CNAAAAAB D :F"
    bob << ":irc.test 904 * :SASL authentication failed"
    house.clock.advance(10)
    ann << ":irc.test 906 * :SASL authentication aborted"
    bob.silent()
    svc.lines()
    bob >> "AUTHENTICATE PLAIN"
    svc.lines()
    bob.session.connection_lost("gone")
    svc << ":0CN ENCAP svc.test SASL 0CNAAAAAB * D :A"


def test_what_is_no_mechanism_and_what_is_no_data() -> None:
    # "908 MAY be sent in reply to an `AUTHENTICATE` command which requests an unsupported mechanism."
    house = house_of()
    svc = services(house)
    ann = connecting(house)
    ann >> "AUTHENTICATE NONSENSE"
    ann << ":irc.test 908 * PLAIN,EXTERNAL :are available SASL mechanisms"
    ann << ":irc.test 904 * :SASL authentication failed"
    ann >> "AUTHENTICATE PLAIN" >> "AUTHENTICATE :no data"
    ann << ":irc.test 904 * :SASL authentication failed"
    ann >> "AUTHENTICATE PLAIN"
    svc >> f":00A ENCAP irc.test SASL 00A {UID} C :no data" >> f":00A ENCAP irc.test SASL 00A {UID} M :b@d"
    ann.silent()
    svc >> f":00A ENCAP irc.test SASL 00A {UID} M :PLAIN"
    ann << ":irc.test 908 * PLAIN :are available SASL mechanisms"
    # "The client MUST enable the sasl capability before using the AUTHENTICATE command"
    bob = house.connect()
    bob >> "CAP LS 302" >> "AUTHENTICATE PLAIN"
    bob.until(":irc.test 904 * :SASL authentication failed")


def test_who_fails_often_is_sent_away() -> None:
    # "Servers MAY disconnect ANY client at any time as a result of failed authentication … but MUST provide
    # the reason for the authentication failure prior to disconnection."
    house = house_of(sasl={"attempts": 2})
    svc = services(house)
    ann = connecting(house)
    for _ in range(2):
        ann >> "AUTHENTICATE PLAIN"
        svc >> f":00A ENCAP irc.test SASL 00A {UID} D :F"
        ann << ":irc.test 904 * :SASL authentication failed"
    ann << "ERROR :*Too many SASL authentication failures*"


FAILURES = {
    "a line too long": ("PLAIN", "x" * 401),
    "a response too long": ("PLAIN", "x" * 400, "x" * 400),
    "no Base64": ("PLAIN", "é"),
    "no such mechanism": ("NONSENSE",),
}


@pytest.mark.parametrize("words", FAILURES.values(), ids=FAILURES)
def test_all_failures_count(words: tuple[str, ...]) -> None:
    house = house_of(sasl={"attempts": 3, "response_bytes": 400})
    services(house)
    ann = connecting(house)
    for number in range(3):
        assert ann.outlet.ended is None, number
        for word in words:
            ann >> f"AUTHENTICATE {word}"
    assert ann.lines()[-1].endswith("(Too many SASL authentication failures)")
    assert ann.outlet.ended == "closed"
    bob = house.connect()
    for _ in range(3):
        bob >> "AUTHENTICATE PLAIN"  # without the capability
    assert bob.outlet.ended == "closed"
    cyd = house.client("cyd")
    for _ in range(3):
        cyd >> "AUTHENTICATE PLAIN" << ":irc.test 907 *"
    assert cyd.outlet.ended is None
    house.check()


def test_passwords_cross_no_link_in_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    house = house_of(block={"insecure": True})
    svc = Stranger(house, "svc.test", "00A")
    identity = svc.link.identity.__class__("192.0.2.9", False, lambda _: False)
    monkeypatch.setattr(svc.link.connection, "identity", identity)
    svc >> "PASS linkpw TS 6 :00A" >> "CAPAB :QS EX IE ENCAP EUID SERVICES TB EOPMOD MLOCK"
    svc >> "SERVER svc.test 1 :services" >> ":00A ENCAP * MECHLIST :PLAIN"
    assert svc.gone is None
    ann = house.connect()
    ann >> "CAP LS 302"
    assert "sasl" not in " ".join(ann.lines())
    house.reload(sasl={"plaintext_links": True})
    ann >> "CAP LS 302"
    assert "sasl=PLAIN" in " ".join(ann.lines())


# several servers


def three() -> tuple[Mesh, Stranger]:
    """a–b–c with services at a, which the others believe."""
    believed = {"links": {"services": ["SVC.test"]}}
    mesh = Mesh(
        "a",
        "b",
        "c",
        sections_of={"a": {"link": [block("svc", role="services")]}, "b": believed, "c": believed},
    )
    mesh.link("a", "b")
    mesh.settle()
    svc = stranger(mesh["a"], "svc.test", "00A")
    svc >> ":00A ENCAP * MECHLIST :PLAIN"
    mesh.settle()
    mesh.link("b", "c")
    mesh.settle()
    return mesh, svc


def test_services_are_reached_across_servers() -> None:
    """Also by a server that came when they had told their mechanisms already."""
    mesh, svc = three()
    cyd = mesh["c"].connect()
    cyd >> "CAP LS 302" >> "CAP REQ :sasl"
    cyd.until(":c.test CAP * ACK :sasl")
    svc.lines()
    cyd >> "AUTHENTICATE PLAIN"
    mesh.settle()
    svc << ":0CA ENCAP svc.test SASL 0CAAAAAAA * H 192.0.2.1 192.0.2.1 :P"
    svc << ":0CA ENCAP svc.test SASL 0CAAAAAAA * S :PLAIN"
    svc >> ":00A ENCAP c.test SASL 00A 0CAAAAAAA C :+"
    mesh.settle()
    cyd << "AUTHENTICATE +"
    cyd >> "AUTHENTICATE AGN5ZAB3b3Jk"
    mesh.settle()
    svc << ":0CA ENCAP svc.test SASL 0CAAAAAAA * C :AGN5ZAB3b3Jk"
    svc >> ":00A ENCAP c.test SVSLOGIN 0CAAAAAAA * * * cyd" >> ":00A ENCAP c.test SASL 00A 0CAAAAAAA D :S"
    mesh.settle()
    cyd << ":c.test 900 * *!*@192.0.2.1 cyd :You are now logged in as cyd" << ":c.test 903 * :*"
    cyd >> "NICK cyd" >> "USER cyd 0 * :Cyd" >> "CAP END"
    mesh.settle()
    for house in mesh:
        user = house.node.network.user("cyd")
        assert user is not None and user.account == "cyd"
    mesh.cut("b", "c")
    cyd.until(":c.test CAP cyd DEL :sasl")
    # "Logged in" is what they stay.
    assert cyd.user.account == "cyd"


def test_a_vhost_is_told_in_the_name_of_services() -> None:
    """A server in the middle could not say so of somebody who is not behind it."""
    mesh, svc = three()
    cyd = mesh["c"].client("cyd")
    mesh.settle()
    mesh.said("a", "b")
    for verb in ("CHGHOST", "ENCAP * CHGHOST"):
        svc >> f":00A {verb} {cyd.user.uid} :{verb[0]}.example"
        mesh.settle()
        assert mesh.said("a", "b") == [f":00A {verb} {cyd.user.uid} :{verb[0]}.example"]
        assert {house.node.network.users[cyd.user.uid].host for house in mesh} == {f"{verb[0]}.example"}
    mesh.check()


def test_who_logs_in_is_known_everywhere() -> None:
    mesh, svc = three()
    ann, cyd = (
        mesh["a"].client("ann"),
        mesh["c"].client("cyd", caps="account-notify extended-join account-tag"),
    )
    for client in (ann, cyd):
        client >> "JOIN #c"
        mesh.settle()
    ann.lines(), cyd.lines()
    svc >> f":00A ENCAP * SU {ann.user.uid} ann"
    mesh.settle()
    ann << ":a.test 900 ann ann!~ann@192.0.2.1 ann :You are now logged in as ann"
    cyd << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    ann >> "PRIVMSG #c :hello"
    mesh.settle()
    cyd << "@account=ann :ann!~ann@192.0.2.1 PRIVMSG #c :hello"
    svc >> f":00A ENCAP * SU {ann.user.uid}"
    mesh.settle()
    ann << ":a.test 901 ann ann!~ann@192.0.2.1 :You are now logged out"
    cyd << "@account=ann :ann!~ann@192.0.2.1 ACCOUNT *"
    assert all(user.account is None for house in mesh for user in house.node.network.users.values())
    mesh.check()


def test_services_of_one_server_may_be_none_for_another() -> None:
    """b is told of nobody whom it should believe: it ignores them, says so once, and carries nothing on.

    What it reads of them is told onward when a reload names them.
    """
    mesh = Mesh(
        "a", "b", "c",
        sections_of={
            "a": {"link": [block("svc", role="services")]},
            "c": {"links": {"services": ["svc.test"]}},
        },
    )  # fmt: skip
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    svc = stranger(mesh["a"], "svc.test", "00A")
    watch = mesh["b"].client("watch")
    opered(watch, snomask="x")
    ann = mesh["a"].client("ann")
    mesh.settle()
    watch.lines()
    for _ in range(3):
        svc >> f":00A ENCAP * SU {ann.user.uid} ann"
        mesh.settle()
    svc >> ":00A ENCAP * MECHLIST :PLAIN"
    mesh.settle()
    accounts = {name: mesh[name].node.network.users[ann.user.uid].account for name in "abc"}
    assert accounts == {"a": "ann", "b": None, "c": None}
    assert [line.partition(" :")[2] for line in watch.lines()] == [
        "*** Notice -- svc.test is no services here, and its SU is ignored",
        "*** Notice -- svc.test is no services here, and its MECHLIST is ignored",
    ]
    new = mesh["c"].connect()
    new >> "CAP LS 302"
    assert "sasl" not in " ".join(new.lines())
    watch >> "QUIT"
    mesh.settle()
    mesh.said("b", "c")
    mesh["b"].reload(links={"services": ["svc.test"]})
    mesh.settle()
    assert mesh.said("b", "c") == [
        ":00A ENCAP * MECHLIST :PLAIN",
        f":00A ENCAP * SU {ann.user.uid} :ann",
    ]
    mesh["b"].reload(links={"services": ["SVC.test"]})
    mesh.settle()
    assert mesh.said("b", "c") == []  # once
    assert mesh["c"].node.network.users[ann.user.uid].account == "ann"
    new >> "CAP LS 302"
    assert "sasl=PLAIN" in " ".join(new.lines())
    mesh.check()


def test_a_newcomer_is_told_of_the_mechanisms_of_services_alone() -> None:
    mesh = Mesh("a", "b", link=[block("svc", role="hub")], links={"services": []})
    svc = stranger(mesh["a"], "svc.test", "00A")
    svc >> ":00A ENCAP * MECHLIST :PLAIN"
    mesh["b"].reload(links={"services": ["svc.test"]})
    mesh.link("a", "b")
    mesh.settle()
    assert not any("MECHLIST" in line for line in mesh.said("a", "b"))
    mesh["a"].reload(links={"services": ["svc.test"]})
    mesh.settle()
    assert mesh.said("a", "b") == [":00A ENCAP * MECHLIST :PLAIN"]


def test_a_reload_says_who_is_services() -> None:
    house = house_of("hub")
    services(house)
    ann = house.connect()
    ann >> "CAP LS 302"
    ann.lines()
    house.reload(links={"services": ["svc.test"]})
    ann << ":irc.test CAP * NEW :sasl=PLAIN,EXTERNAL"
    house.reload(links={"services": []})
    ann << ":irc.test CAP * DEL :sasl"


def test_who_was_logged_in_by_services_that_a_reload_names_is_so_at_once() -> None:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("svc", role="services")]}})
    mesh.link("a", "b")
    svc = stranger(mesh["a"], "svc.test", "00A")
    ann, bob, cid, dan = (mesh["a"].client(nick) for nick in ("ann", "bob", "cid", "dan"))
    eve = mesh["b"].client("eve", caps="account-notify")
    for client in (ann, bob, cid, dan, eve):
        client >> "JOIN #c"
        mesh.settle()
    for client in (ann, bob, cid, dan, eve):
        svc >> f":00A ENCAP * SU {client.user.uid} {client.user.nick}"
    svc >> f":00A ENCAP * SU {bob.user.uid}" >> f":00A ENCAP * SU {cid.user.uid} carl"
    dan >> "QUIT"
    mesh.settle()
    ann.lines(), eve.lines()
    here = mesh["b"].node.network.users
    assert {user.account for user in here.values()} == {None}
    mesh["b"].reload(links={"services": ["other.test"]})
    eve.silent()
    mesh["b"].reload(links={"services": ["other.test", "svc.test"]})
    eve << ":ann!~ann@192.0.2.1 ACCOUNT ann" << ":cid!~cid@192.0.2.1 ACCOUNT carl"
    eve << ":b.test 900 eve * eve :You are now logged in as eve" << ":eve!~eve@192.0.2.1 ACCOUNT eve"
    eve.silent()
    mesh.settle()
    ann.silent()  # who knew it is not told again
    # Nobody is logged out when they are not named any more, and then what they say counts no longer.
    mesh["b"].reload(links={"services": []})
    svc >> f":00A ENCAP * SU {ann.user.uid}"
    mesh.settle()
    assert here[ann.user.uid].account == "ann"
    mesh["b"].reload(links={"services": ["svc.test"]})
    eve << ":ann!~ann@192.0.2.1 ACCOUNT *"
    mesh.check()


def test_of_logins_the_last_word_holds_after_a_reload() -> None:
    house = House(link=[block("hub"), block("svc", role="services")])
    hub, svc = stranger(house, "hub.test", "0HU"), stranger(house, "svc.test", "00A")
    ann, bob = house.client("ann"), house.client("bob")
    hub >> f":0HU ENCAP * SU {ann.user.uid} hers" >> f":0HU ENCAP * SU {bob.user.uid} his"
    svc >> f":00A ENCAP * SU {ann.user.uid} ann"
    house.reload(links={"services": ["hub.test"]})
    assert (ann.user.account, bob.user.account) == ("ann", "his")
    hub.link.close("bye")
    house.reload(links={"services": []})
    house.reload(links={"services": ["hub.test"]})
    assert (ann.user.account, bob.user.account) == ("ann", "his")
    house.check()


VERBS = {
    "SU": "ENCAP * SU {uid} ann",
    "SVSLOGIN": "ENCAP irc.test SVSLOGIN {uid} bob b h.example ann",
    "RSFNC": f"ENCAP irc.test RSFNC {{uid}} bob {NOW} {NOW}",
    "NICKDELAY": "ENCAP * NICKDELAY 60 bob",
    "MECHLIST": "ENCAP * MECHLIST :PLAIN",
    "SERVER": "SERVER bad.test 2 :a jupe",
}


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("role", ["hub", "relay"])
def test_who_is_no_services_does_nothing_of_that(role: str, verb: str) -> None:
    house = house_of(role)
    so1 = stranger(house, "svc.test", "00A")
    ann, watch = house.client("ann"), house.client("watch")
    opered(watch, snomask="x")
    for _ in range(2):
        so1 >> ":00A " + VERBS[verb].format(uid=ann.user.uid)
    assert so1.gone is None
    watch << f":irc.test NOTICE * :*** Notice -- svc.test is no services here, and its {verb} is ignored"
    watch.silent()
    ann.silent()
    assert len(house.node.network.servers) == 2
    ann >> "NICK bob"
    ann << ":ann!* NICK *bob"
    house.check()


# nicks


def test_services_rename_people() -> None:
    house = house_of()
    svc = services(house)
    ann, bob = house.client("ann"), house.client("bob")
    svc.lines()
    svc >> f":00A ENCAP irc.test RSFNC {ann.user.uid} bob {NOW + 5} {ann.user.nick_ts - 1}"
    ann.silent()  # they had another nick when services said so
    svc >> f":00A ENCAP irc.test RSFNC {ann.user.uid} bob {NOW + 5} {ann.user.nick_ts}"
    ann << ":ann!~ann@192.0.2.1 NICK *bob"
    bob.until("ERROR :*Nickname regained by services*")
    assert ann.user.nick == "bob" and ann.user.nick_ts == NOW + 5
    assert [line.split()[1] for line in svc.lines()] == ["KILL", "NICK"]
    svc >> f":00A ENCAP irc.test RSFNC {ann.user.uid} cyd 1 {ann.user.nick_ts}"
    assert ann.user.nick_ts == int(house.clock.time()) - 900
    svc >> f":00A ENCAP irc.test RSFNC {ann.user.uid} :#bad {NOW} {ann.user.nick_ts}"
    assert ann.user.nick == "cyd"
    house.check()


def test_a_held_nick_is_nobodys() -> None:
    house = house_of(links={"held_nicks": 2})
    svc = services(house)
    ann = house.client("ann")
    svc >> ":00A ENCAP * NICKDELAY 60 Bob"
    ann >> "NICK bob"
    ann << ":irc.test 437 ann bob :Nick/channel is temporarily unavailable"
    new = house.connect()
    new >> "NICK BOB" >> "USER bob 0 * :Bob"
    new << ":irc.test 437 * BOB :Nick/channel is temporarily unavailable"
    house.clock.advance(61)
    ann >> "NICK bob"
    ann << ":ann!* NICK *bob"
    # Who has it keeps it, and may spell it otherwise.
    svc >> ":00A ENCAP * NICKDELAY 60 bob"
    ann >> "NICK BOB"
    ann << ":bob!* NICK *BOB"
    svc >> ":00A ENCAP * NICKDELAY 60 cyd" >> ":00A ENCAP * NICKDELAY 60 dan"
    ann >> "NICK dan"  # one too many to be held
    ann << ":BOB!* NICK *dan"
    svc >> ":00A ENCAP * NICKDELAY 0 cyd"
    ann >> "NICK cyd"
    ann << ":dan!* NICK *cyd"
    house.check()


@pytest.mark.parametrize(
    "given",
    [f"RSFNC {{uid}} bob {NOW} {{ts}}", "SVSLOGIN {uid} bob * * bob"],
)
def test_a_nick_that_services_give_away_is_held_no_more(given: str) -> None:
    """Or else its owner, who leaves it for a moment, reads 437."""
    house = house_of()
    svc, ann = services(house), house.client("ann")
    svc >> ":00A ENCAP * NICKDELAY 60 bob"
    svc >> ":00A ENCAP irc.test " + given.format(uid=ann.user.uid, ts=ann.user.nick_ts)
    assert ann.user.nick == "bob"
    ann.lines()
    ann >> "NICK away" >> "NICK bob"
    ann << ":bob!* NICK *away" << ":away!* NICK *bob"


def test_who_logs_in_while_connecting_gets_a_nick_that_is_held_no_more() -> None:
    house = house_of()
    svc, ann = services(house), connecting(house)
    svc >> ":00A ENCAP * NICKDELAY 60 bob"
    ann >> "AUTHENTICATE PLAIN"
    svc >> f":00A ENCAP irc.test SVSLOGIN {UID} bob * * bob" >> f":00A ENCAP irc.test SASL 00A {UID} D :S"
    ann >> "USER bob 0 * :Bob" >> "CAP END"
    ann.until(":irc.test 001 bob :*")
    ann.lines()
    ann >> "NICK away" >> "NICK bob"
    ann << ":bob!* NICK *away" << ":away!* NICK *bob"


def test_a_login_may_change_who_one_is() -> None:
    house = house_of()
    svc = services(house)
    ann, bob = house.client("ann"), house.client("bob", caps="chghost account-notify")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines(), bob.lines(), svc.lines()
    svc >> f":00A ENCAP irc.test SVSLOGIN {ann.user.uid} amy annie vhost.example.org Ann"
    bob << ":ann!~ann@192.0.2.1 NICK *amy"
    bob << ":amy!~ann@192.0.2.1 CHGHOST annie vhost.example.org" << ":amy!annie@vhost.example.org ACCOUNT Ann"
    assert any(" SIGNON " in line and line.endswith(" Ann") for line in svc.lines())
    svc >> f":00A ENCAP irc.test SVSLOGIN {ann.user.uid} * * * 0"
    bob << ":amy!annie@vhost.example.org ACCOUNT *"
    house.check()


# names of servers


def test_a_jupe_takes_the_name_of_a_server() -> None:
    """Even that of one that is linked, here or further away."""
    mesh, svc = three()
    for name in ("c", "b"):
        svc >> f":00A SQUIT {name}.test :juped" >> f":00A SERVER {name}.test 2 :(H) juped"
        mesh.settle()
        jupe = mesh["a"].parts.links.server(f"{name}.test")
        assert jupe is not None and jupe.uplink is not None and jupe.uplink.name == "svc.test"
        assert svc.gone is None
        if name == "c":
            there = mesh["b"].parts.links.server("c.test")
            assert there is not None and there.sid == jupe.sid
    assert len(mesh["b"].node.network.servers) == len(mesh["c"].node.network.servers) == 1
    wire = mesh.link("b", "a")
    mesh.settle()
    assert wire.links["a"].reason == "Invalid credentials"
    # Whose name services may not take.
    svc >> ":00A SERVER a.test 2 :juped" >> ":00A SERVER svc.test 2 :juped" >> ":00A SERVER b.test 2 :again"
    assert svc.gone is None
    svc >> ":00A SQUIT b.test :Unjuped"
    mesh.link("b", "a")
    mesh.settle()
    assert len(mesh["b"].node.network.servers) == 4
    for house in mesh:
        house.check()


# channels


def test_services_may_change_channels_without_a_ts() -> None:
    """So Anope does when it speaks to Charybdis: the channel that is here is meant."""
    mesh, svc = three()
    ann, cyd = mesh["a"].client("ann"), mesh["c"].client("cyd")
    for client in (ann, cyd):
        client >> "JOIN #c"
        mesh.settle()
    svc >> f":00A EUID ChanServ 1 {NOW} +ioS ChanServ svc.test 0 00AAAAAAC * * :x"
    svc >> f":00AAAAAAC MODE #c +v {cyd.user.uid}" >> f":00A MODE #c +bo *!*@bad {cyd.user.uid}"
    svc >> ":00AAAAAAC MODE #C -t"
    mesh.settle()
    for house in mesh:
        channel = house.node.network.channel("#c")
        assert channel is not None
        assert channel.members[house.node.network.users[cyd.user.uid]] == OP | VOICE
        assert list(channel.lists["b"]) == ["*!*@bad"] and channel.flags == {"n"}
    assert [line.split(" MODE ")[1] for line in cyd.lines() if " MODE " in line] == [
        "#c +v cyd",
        "#c +bo *!*@bad cyd",
        "#c -t",
    ]
    assert svc.gone is None
    mesh.check()


def test_a_mode_without_a_ts_is_told_with_one() -> None:
    house = House(link=[block("svc", role="services"), block("so1")])
    svc, so1 = stranger(house, "svc.test", "00A"), stranger(house, "so1.test", "1SO")
    house.client("ann") >> "JOIN #c"
    so1.lines()
    svc >> ":00A MODE #c +v 0CNAAAAAA"
    so1 << f"@time=* :00A TMODE {NOW} #c +v 0CNAAAAAA"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (":00A MODE #nowhere +v ann", "MODE"),
        (":00A ENCAP * SU 9ZZAAAAAA ann", "ENCAP SU"),
        (f":00A ENCAP irc.test RSFNC 0CNAAAAAA :#bad {NOW} {NOW}", "ENCAP RSFNC"),
        (f":00A TMODE {NOW + 5} #c +v 0CNAAAAAA", "TMODE"),
        (":00A CHGHOST 9ZZAAAAAA x.host", "CHGHOST"),
        (":00A KICK #c 9ZZAAAAAA", "KICK"),
    ],
)
def test_what_services_say_in_vain_is_told_once(said: str, what: str) -> None:
    house = house_of()
    svc = stranger(house, "svc.test", "00A")
    ann, watch = house.client("ann"), house.client("watch")
    ann >> "JOIN #c"
    opered(watch, snomask="x")
    for _ in range(3):
        svc >> said
    notice = ":irc.test NOTICE * :*** Notice -- svc.test says "
    watch << f"{notice}what cannot be done here, and its {what} is ignored"
    watch.silent()
    svc >> ":00A SVSJOIN ann #c" >> ":00A SVSPART ann #c"
    watch << f"{notice}SVSJOIN, and perhaps more, which is not known here"
    watch.silent()


def test_what_others_say_in_vain_is_nobodys_business() -> None:
    house = house_of("hub")
    so1, watch = stranger(house, "svc.test", "00A"), house.client("watch")
    opered(watch, snomask="x")
    so1 >> ":00A MODE #nowhere +v ann" >> ":00A KICK #c 9ZZAAAAAA" >> ":00A SVSJOIN ann #c"
    watch.silent()


class Session:
    """One of several connections of `user` that logs in; it came as `came`."""

    def __init__(self, user: User, came: User) -> None:
        self.user = user
        self.came = came
        self.heard: list[str] = []

    def challenged(self, data: str) -> None:
        self.heard.append(data)

    def shown(self, mechanisms: str) -> None:
        self.heard.append(mechanisms)

    def logged_in(self, nick: str | None, username: str | None, host: str | None, account: object) -> None:
        self.heard.append(str(account))

    def proved(self, account: object, way: object, name: str) -> bool:
        raise AssertionError

    def locked(self, text: str) -> None:
        raise AssertionError

    def noted(self, code: str, text: str, *context: str) -> None:
        raise AssertionError

    def ended(self, good: bool) -> None:
        self.heard.append("good" if good else "bad")


def test_several_sessions_of_one_user_talk_at_once() -> None:
    house = house_of()
    svc, agents = services(house), house.parts.links.agents
    first, second = house.connect(), house.connect()
    sessions = [Session(first.user, each.user) for each in (first, second)]
    uids = [first.user.uid, second.user.uid]
    for session in sessions:
        assert agents.begin(session, "PLAIN")
    svc.lines()
    for uid in uids:
        svc >> f":00A ENCAP irc.test SASL 00AAAAAAE {uid} C {uid[-1]}"
    agents.say(sessions[1], "+")
    svc << f":0CN ENCAP svc.test SASL {uids[1]} * C :+"
    svc >> f":00A ENCAP irc.test SASL 00AAAAAAE {uids[0]} D F"
    svc >> f":00A ENCAP irc.test SASL 00AAAAAAE {uids[1]} D S"
    assert [each.heard for each in sessions] == [["A", "bad"], ["B", "good"]]
    house.check()
