"""Servers that keep no accounts are served by the full server they hang at: what a Solanum hears and says."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

import mesh
import pytest
from chanserv import ask, founded
from club import CERTFP, PASSWORD, said
from gates import (
    ANN,
    CHANSERV,
    NICKSERV,
    NOW,
    SASLSERV,
    account_of,
    answer,
    asks,
    begin,
    club,
    comes,
    heard,
    leaf,
    logs_in,
    plain,
    sasl,
    told,
)
from mesh import block, stranger
from scramp import ScramClient
from staff import oper, sections

from chatnet.links.speech.encap import ENCAPSULATED

IN_GRACE = (
    "ann belongs to an account. Log in within 60 seconds: /msg NickServ IDENTIFY <password>. "
    "Or choose another nick: else you get one."
)


# the introduction


def test_the_introduction_comes_a_moment_after_the_burst() -> None:
    house = club()
    so1 = stranger(house, "so1.test", "1SO")
    so1.silent()
    house.clock.advance(1)
    so1 << ":0CN SID services.chatnet 2 00S :Accounts and channels"
    so1 << ":00S EUID NickServ 2 1 +Si NickServ services.chatnet 0 00SAAAAAA * * :Accounts and nicks"
    so1 << ":00S EUID ChanServ 2 1 +Si ChanServ services.chatnet 0 00SAAAAAB * * :Channels"
    so1 << ":00S EUID SaslServ 2 1 +Si SaslServ services.chatnet 0 00SAAAAAC * * :Logging in"
    so1 << ":00S ENCAP * MECHLIST :SCRAM-SHA-256,PLAIN"
    so1.silent()
    assert "so1.test keeps no accounts: its people log in here, by services.chatnet" in house.log.lines
    house.check()


def test_mechanisms_follow_the_settings() -> None:
    house = club(keys={"believe_certificates": True}, accounts={"verifier": "argon2id"})
    so1 = stranger(house, "so1.test", "1SO")
    house.clock.advance(1)
    assert heard(so1)[-1] == ":00S ENCAP * MECHLIST :EXTERNAL,PLAIN"
    house.reload(accounts={"verifier": "scram-sha-256"})
    assert heard(so1) == [":00S ENCAP * MECHLIST :SCRAM-SHA-256,EXTERNAL,PLAIN"]
    house.reload(limits={"targets": 5})
    so1.silent()


def test_a_lock_is_told_by_the_server_of_services() -> None:
    house = club()
    ann = founded(house)
    so1 = leaf(house)
    ask(ann, "SET #c MLOCK +nt")
    so1 << f":00S MLOCK {NOW} #c :nt"
    ask(ann, "SET #c MLOCK")
    so1 << f":00S MLOCK {NOW} #c :"


def test_what_has_no_words_in_encap_means_nothing() -> None:
    house = club()
    so1 = leaf(house)
    comes(so1)
    for verb in (*ENCAPSULATED.beliefs, "SASL", "SU", "SVSLOGIN", "MECHLIST"):
        for source in ("1SO", ANN):
            so1 >> f":{source} ENCAP * {verb}"
    house.check()


def test_services_of_another_make_are_introduced_to_nobody() -> None:
    house = club(keys={"role": "services"})
    so1 = leaf(house)
    house.clock.advance(10)
    so1.silent()
    assert "so1.test is services, but accounts are kept here (accounts.authority)" in house.log.lines


def test_a_neighbour_with_accounts_of_its_own_is_not_introduced() -> None:
    house = club()
    so1 = stranger(house, "so1.test", "1SO", caps=f"{mesh.SOLANUM} CN1 CNREG")
    house.clock.advance(10)
    assert not [line for line in heard(so1) if "00S" in line]
    assert any("so1.test keeps accounts of its own" in line for line in house.log.lines)


def test_locks_are_told_with_the_introduction() -> None:
    house = club()
    ann = house.client("ann")
    ann >> "JOIN #club"
    channel = house.node.network.channel("#club")
    assert channel is not None
    channel.locked = "nt"
    so1 = stranger(house, "so1.test", "1SO")
    house.clock.advance(1)
    assert heard(so1)[-1] == f":00S MLOCK {channel.ts} #club :nt"


# SASL


def test_plain_while_connecting() -> None:
    house = club()
    house.account("ann")
    so1 = leaf(house)
    assert logs_in(so1) == [f":00S ENCAP so1.test SVSLOGIN {ANN} * * * :ann", answer("D", "S")]
    comes(so1, account="ann")
    assert account_of(house, "ann") == ("ann", house.named().id)
    so1.silent()
    house.check()


def test_whoever_asks_no_agent_by_name_asks_ours() -> None:
    house = club()
    house.account("ann")
    so1 = leaf(house)
    for words in ("H host.example 192.0.2.7 S", "S PLAIN", f"C {plain()}"):
        so1 >> f":1SO ENCAP * SASL {ANN} * {words}"
    assert heard(so1)[-1] == answer("D", "S")


def test_the_vhost_comes_with_the_login() -> None:
    house = club()
    account = house.account("ann")
    house.change(account, vhost="1 ann.example")
    so1 = leaf(house)
    assert logs_in(so1)[0] == f":00S ENCAP so1.test SVSLOGIN {ANN} * * ann.example :ann"


def test_wrong_passwords_fail_and_count() -> None:
    house = club(accounts={"failures_address": 2}, flood={"enabled": True})
    house.account("ann")
    so1 = leaf(house)
    assert logs_in(so1, password="wrong horse") == [answer("D", "F")]
    assert logs_in(so1, name="nobody") == [answer("D", "F")]
    assert begin(so1) == [answer("D", "F")]
    assert begin(so1, address="192.0.2.99") == [answer("C", "+")]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "0::1", "x", "203.0.113.5"])
def test_no_server_chooses_an_address_that_is_spared(address: str) -> None:
    spared = {"enabled": True, "exempt": ["127.0.0.0/8", "::1", "203.0.113.0/24"]}
    house = club(accounts={"failures_address": 3}, flood=spared)
    house.account("ann")
    so1 = leaf(house)
    for _ in range(3):
        assert begin(so1, address=address) == [answer("C", "+")]
        sasl(so1, "C", plain(password="wrong horse"))
    assert begin(so1, address=address) == [answer("D", "F")]


def test_scram() -> None:
    house = club()
    house.account("ann")
    so1 = leaf(house)
    talk = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    begin(so1, "SCRAM-SHA-256")
    (challenge,) = sasl(so1, "C", said(talk.get_client_first()))
    talk.set_server_first(b64decode(challenge.rpartition(":")[2]).decode())
    (last,) = sasl(so1, "C", said(talk.get_client_final()))
    talk.set_server_final(b64decode(last.rpartition(":")[2]).decode())
    assert sasl(so1, "C", "+")[-1] == answer("D", "S")


def test_a_certificate_counts_by_the_word_of_a_server_that_is_believed_alone() -> None:
    for believed in (False, True):
        house = club(keys={"believe_certificates": believed})
        house.account("ann", certfp=CERTFP)
        so1 = leaf(house)
        sasl(so1, "H", "host.example", "192.0.2.7", "S")
        begun = sasl(so1, "S", "EXTERNAL", CERTFP)
        if believed:
            assert begun == [answer("C", "+")]
            assert sasl(so1, "C", "+")[-1] == answer("D", "S")
        else:
            assert begun == [answer("M", "SCRAM-SHA-256,PLAIN"), answer("D", "F")]
        comes(so1, "bob", "1SOAAAAAC")
        so1 >> f":1SOAAAAAC ENCAP * CERTFP :{CERTFP}"
        asks(so1, "IDENTIFY", by="1SOAAAAAC")
        assert account_of(house, "bob")[0] == ("ann" if believed else None)


def test_passwords_cross_no_link_in_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    plaintext = replace(mesh.trusted(), secure=False)
    monkeypatch.setattr(mesh, "trusted", lambda: plaintext)
    house = club(keys={"insecure": True})
    house.account("ann")
    so1 = stranger(house, "so1.test", "1SO")
    house.clock.advance(1)
    assert heard(so1)[-1] == ":00S ENCAP * MECHLIST :SCRAM-SHA-256"
    assert begin(so1) == [answer("M", "SCRAM-SHA-256"), answer("D", "F")]
    assert begin(so1, "SCRAM-SHA-256") == [answer("C", "+")]
    house.reload(sasl={"plaintext_links": True})
    assert heard(so1) == [":00S ENCAP * MECHLIST :SCRAM-SHA-256,PLAIN"]
    assert begin(so1) == [answer("C", "+")]


def test_who_is_a_user_already_logs_in_too() -> None:
    house = club()
    house.account("ann")
    bob = house.client("bob")
    so1 = leaf(house)
    comes(so1, "annie")
    assert logs_in(so1) == [f":00S ENCAP * SU {ANN} :ann", answer("D", "S")]
    assert account_of(house, "annie") == ("ann", house.named().id)
    # again, which changes nothing but that they read so
    assert logs_in(so1) == [f":00S ENCAP * SU {ANN} :ann", answer("D", "S")]
    bob.lines()
    house.check()


def test_who_gives_up_or_takes_too_long_is_forgotten() -> None:
    house = club(sasl={"timeout": 10})
    house.account("ann")
    so1 = leaf(house)
    begin(so1)
    so1 >> f":1SO ENCAP * SASL {ANN} * D A"
    assert sasl(so1, "C", plain()) == []
    begin(so1)
    house.clock.advance(11)
    assert heard(so1) == [answer("D", "F")]
    assert sasl(so1, "C", plain()) == []
    begin(so1)
    so1 >> ":1SO SQUIT 1SO :bye"
    assert house.parts.links.gate.applicants.count(so1.link) == 0
    house.check()


@pytest.mark.parametrize("data", ["A" * 401, ":not base64!", "%", "A"])
def test_what_is_no_chunk_fails(data: str) -> None:
    house = club()
    so1 = leaf(house)
    begin(so1)
    assert sasl(so1, "C", data) == [answer("D", "F")]


def test_a_response_is_not_longer_than_it_may_be() -> None:
    house = club(sasl={"response_bytes": 800})
    so1 = leaf(house)
    begin(so1)
    assert sasl(so1, "C", "A" * 400) == []
    assert sasl(so1, "C", "A" * 400) == []
    assert sasl(so1, "C", "A" * 400) == [answer("D", "F")]


def test_a_flood_of_talks_is_bounded() -> None:
    house = club(sasl={"talks": 50})
    house.account("ann")
    so1 = leaf(house)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    uids = [f"1SO{a}{b}{c}{d}AA" for a in letters for b in letters for c in letters for d in letters][:10_000]
    for uid in uids:
        so1.link.connection.receive(
            f":1SO ENCAP * SASL {uid} * H h 192.0.2.7 S\r\n:1SO ENCAP * SASL {uid} * S PLAIN\r\n".encode()
        )
    assert house.parts.links.gate.applicants.count(so1.link) == 50
    ended = [line for line in heard(so1) if line.endswith(":F")]
    assert len(ended) == 10_000 - 50 and so1.gone is None
    ann = house.connecting()
    ann >> "AUTHENTICATE PLAIN"
    ann << "AUTHENTICATE +"
    house.clock.advance(60)
    assert house.parts.links.gate.applicants.count(so1.link) == 0
    assert logs_in(so1)[-1] == answer("D", "S")
    house.check()


def test_operators_see_who_is_served() -> None:
    house = club(**sections())
    so1 = leaf(house)
    begin(so1)
    god = oper(house, "god")
    god >> "STATS a"
    assert ":irc.test 249 god a :edge so1.test: 1 login(s) under way" in god.lines()


def test_talks_are_for_this_server_alone() -> None:
    house = club()
    house.reload(link=[block("so1"), block("so2")])
    house.account("ann")
    so1, so2 = leaf(house), leaf(house, "so2.test", "2SO")
    so1 >> f":1SO ENCAP * SASL {ANN} * H host.example 192.0.2.7 S"
    so1 >> f":1SO ENCAP * SASL {ANN} * S PLAIN" >> f":1SO ENCAP * SASL {ANN} * C {plain()}"
    so2.silent()
    # nor does one server speak for the people of another
    so2 >> f":2SO ENCAP * SASL {ANN} * S PLAIN"
    so2.silent()


# NickServ and ChanServ


def test_identify_and_logout() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    eve = house.client("eve", caps="account-notify")
    so1 = leaf(house)
    comes(so1)
    so1 >> f":{ANN} JOIN {NOW} #c +"
    eve >> "JOIN #c"
    eve.lines()
    so1.lines()
    assert asks(so1, "IDENTIFY wrong-word-1") == [told(NICKSERV, "The name or the password is incorrect.")]
    account = house.named()
    house.done(house.accounts.set_password(account, "one-word-1"))
    assert asks(so1, "IDENTIFY one-word-1") == [
        f":00S ENCAP * SU {ANN} :ann",
        told(NICKSERV, "You are now identified for ann."),
    ]
    assert account_of(house, "ann") == ("ann", account.id)
    eve << ":ann!*@* ACCOUNT ann"
    assert asks(so1, "LOGOUT") == [f":00S ENCAP * SU :{ANN}", told(NICKSERV, "You are logged out.")]
    eve << ":ann!*@* ACCOUNT *"
    assert account_of(house, "ann") == (None, None)
    house.check()


def test_register_and_more() -> None:
    house = club()
    so1 = leaf(house)
    comes(so1)
    assert asks(so1, "REGISTER one-word-1") == [
        f":00S ENCAP * SU {ANN} :ann",
        told(NICKSERV, "The account ann is yours, and you are logged in."),
    ]
    assert asks(so1, "INFO")[0].startswith(told(NICKSERV, "The account ann, registered "))
    so1 >> f":{ANN} NICK annie :{NOW + 1}"
    assert asks(so1, "GROUP") == [told(NICKSERV, "annie belongs to ann now.")]
    assert asks(so1, "SESSIONS")[-1] == told(NICKSERV, "1 session of ann.")
    # by the name, as `NS` on other servers sends it
    assert asks(so1, "HELP", bot="NickServ@services.chatnet")[0].startswith(f":{NICKSERV} NOTICE {ANN} :")
    assert asks(so1, "hello", bot=SASLSERV) == [
        told(SASLSERV, "I do not know that command. HELP lists what I do.")
    ]
    so1 >> f":{ANN} NOTICE {NICKSERV} :IDENTIFY x"
    so1.silent()
    house.check()


@pytest.mark.parametrize("by", ["SASL", "IDENTIFY"])
def test_who_came_by_a_token_may_do_as_little_as_here(by: str) -> None:
    house = club(accounts={"nick_protection": "off"})
    account = house.account("ann")
    house.done(house.accounts.set_password(account, "one-word-1"))
    nickserv = house.parts.nickserv
    assert nickserv is not None
    token = house.done(nickserv.tokens.add(account, "phone", "all", 0))
    so1 = leaf(house)
    if by == "SASL":
        logs_in(so1, password=token)
        comes(so1, account="ann")
    else:
        comes(so1)
        asks(so1, f"IDENTIFY {token}")
    assert account_of(house, "ann") == ("ann", account.id)
    refused = asks(so1, "SET PASSWORD one-word-1 two-words-2")
    assert len(refused) == 1 and "token" in refused[0]
    asks(so1, "IDENTIFY one-word-1")
    assert "changed" in asks(so1, "SET PASSWORD one-word-1 two-words-2")[0]
    house.check()


def test_what_is_said_to_them_is_no_message() -> None:
    house = club()
    oper = house.client("oper")
    so1 = leaf(house)
    comes(so1)
    asks(so1, "REGISTER planted-secret-1")
    oper.silent()
    assert not any("planted" in line for line in house.log.lines)
    assert house.parts.history.bytes == 0


def test_chanserv_acts_there() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    house.done(house.accounts.set_password(house.named(), "one-word-1"))
    so1 = leaf(house)
    comes(so1)
    comes(so1, "bob", "1SOAAAAAC")
    so1 >> f":1SO SJOIN {NOW} #club +nt :@{ANN} 1SOAAAAAC"
    asks(so1, "IDENTIFY one-word-1")
    assert asks(so1, "REGISTER #club", CHANSERV) == [told(CHANSERV, "#club belongs to ann now.")]
    so1 >> f":{ANN} TMODE {NOW} #club -o {ANN}"
    heard(so1)
    assert asks(so1, "OP #club", CHANSERV) == [f":{CHANSERV} TMODE {NOW} #club +o {ANN}"]
    assert asks(so1, "VOICE #club bob", CHANSERV) == [f":{CHANSERV} TMODE {NOW} #club +v 1SOAAAAAC"]
    assert asks(so1, "TOPIC #club hello", CHANSERV)[0].startswith(f":{CHANSERV} ETB 0 #club ")
    assert asks(so1, "KICK #club bob out", CHANSERV) == [f":{CHANSERV} KICK #club 1SOAAAAAC :out (ann)"]
    assert asks(so1, "INVITE #club bob", CHANSERV) == [
        f":{CHANSERV} INVITE 1SOAAAAAC #club {NOW}",
        told(CHANSERV, "Inviting bob to #club."),
    ]
    house.check()


def test_access_of_those_who_come_in_there() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    so1 = leaf(house)
    logs_in(so1)
    comes(so1, account="ann")
    for nick, uid in (("bob", "1SOAAAAAC"), ("eve", "1SOAAAAAD")):
        comes(so1, nick, uid)
    so1 >> f":1SO SJOIN {NOW} #club +nt :@{ANN}"
    asks(so1, "REGISTER #club", CHANSERV)
    asks(so1, "AKICK #club ADD eve!*@* out", CHANSERV)
    so1 >> f":{ANN} PART #club"
    heard(so1)
    # the first one to come gets no rank for it
    so1 >> f":1SO SJOIN {NOW} #club +nt :@1SOAAAAAC"
    assert heard(so1) == [f":{CHANSERV} TMODE {NOW} #club -o 1SOAAAAAC"]
    so1 >> f":{ANN} JOIN {NOW} #club +"
    assert heard(so1) == [f":{CHANSERV} TMODE {NOW} #club +o {ANN}"]
    so1 >> f":1SOAAAAAD JOIN {NOW} #club +"
    assert heard(so1) == [
        f":{CHANSERV} TMODE {NOW} #club +b eve!*@*",
        f":{CHANSERV} KICK #club 1SOAAAAAD :out",
    ]
    house.check()


def test_who_is_there_already_is_looked_at_when_it_is_introduced() -> None:
    house = club(accounts={"nick_protection": "guest"})
    house.account("ann")
    so1 = stranger(house, "so1.test", "1SO")
    comes(so1)
    so1.lines()
    house.clock.advance(1)
    assert heard(so1)[-1] == told(NICKSERV, IN_GRACE)


# nicks


def test_a_nick_that_is_not_theirs() -> None:
    house = club(accounts={"nick_protection": "guest"})
    house.account("ann")
    house.done(house.accounts.set_password(house.named(), "one-word-1"))
    so1 = leaf(house)
    comes(so1)
    assert heard(so1) == [told(NICKSERV, IN_GRACE)]
    house.clock.advance(60)
    guest = heard(so1)
    assert guest[0].startswith(f":00S ENCAP so1.test RSFNC {ANN} Guest")
    assert guest[0].endswith(f" {NOW + 61} :{NOW}") and len(guest[0].split()[5]) == 10
    assert guest[1] == ":00S ENCAP * NICKDELAY 60 :ann"
    nick = guest[0].split()[5]
    assert guest[2] == told(NICKSERV, f"You are {nick} now, since ann belongs to an account.")
    so1 >> f":{ANN} NICK {nick} :{NOW + 61}"
    assert asks(so1, "IDENTIFY one-word-1") == [
        ":00S ENCAP * NICKDELAY 0 :ann",
        f":00S ENCAP so1.test RSFNC {ANN} ann {NOW + 62} :{NOW + 61}",
        f":00S ENCAP * SU {ANN} :ann",
        told(NICKSERV, "You are now identified for ann."),
    ]
    house.check()


def test_who_logs_in_in_time_keeps_it() -> None:
    house = club(accounts={"nick_protection": "guest"})
    house.account("ann")
    so1 = leaf(house)
    comes(so1)
    logs_in(so1)
    house.clock.advance(100)
    so1.silent()
    # who changes to one has the same
    comes(so1, "bob", "1SOAAAAAC")
    so1 >> f":{ANN} NICK annie :{NOW + 1}" >> f":1SOAAAAAC NICK ann :{NOW + 2}"
    assert heard(so1) == [told(NICKSERV, IN_GRACE, "1SOAAAAAC")]
    so1 >> f":1SOAAAAAC NICK bob :{NOW + 3}"
    house.clock.advance(100)
    so1.silent()
    comes(so1, "ann", "1SOAAAAAD")
    heard(so1)
    so1 >> ":1SO SQUIT 0CN :bye"
    house.clock.advance(100)
    house.check()


# who is believed


def test_logins_are_believed_of_those_alone_whom_we_logged_in() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    so1 = leaf(house)
    comes(so1, account="ann")
    assert account_of(house, "ann") == (None, None)
    so1 >> f":{ANN} SIGNON ann ~ann host.example {NOW} ann"
    so1 >> f":{ANN} ENCAP * LOGIN :ann" >> f":1SO ENCAP * SU {ANN} :ann"
    so1 >> f":1SO ENCAP irc.test SVSLOGIN {ANN} * * * :ann"
    assert account_of(house, "ann") == (None, None)
    victim = house.client("victim")
    so1 >> f":1SO ENCAP * SU {victim.user.uid} :ann"
    so1 >> f":1SO ENCAP irc.test SVSLOGIN {victim.user.uid} * * evil.host :ann"
    assert victim.user.account is None and victim.user.host != "evil.host"
    victim.silent()
    house.check()


def test_a_login_is_remembered_over_a_split() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    house.account("eve")
    so1 = leaf(house)
    logs_in(so1)
    comes(so1, account="ann")
    comes(so1, "bob", "1SOAAAAAC")
    so1.link.close("gone")
    house.settle()
    house.clock.advance(3600)
    so1 = leaf(house)
    comes(so1, account="ann")
    comes(so1, "bob", "1SOAAAAAC", account="eve")
    assert account_of(house, "ann") == ("ann", house.named().id)
    assert account_of(house, "bob") == (None, None)
    so1.link.close("gone")
    house.settle()
    house.clock.advance(90_000)
    so1 = leaf(house)
    comes(so1, account="ann")
    assert account_of(house, "ann") == (None, None)
    house.check()


def test_another_one_with_the_same_uid_has_nothing_of_it() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    house.account("eve")
    so1 = leaf(house)
    logs_in(so1)
    house.clock.advance(31)
    comes(so1, "somebody")
    assert account_of(house, "somebody") == (None, None)
    so1 >> f":{ANN} QUIT"
    comes(so1, "somebody", account="ann")
    assert account_of(house, "somebody") == (None, None)
    # nor does a name that is somebody else's
    logs_in(so1, uid="1SOAAAAAD")
    comes(so1, "other", "1SOAAAAAD", account="eve")
    assert account_of(house, "other") == (None, None)


def test_a_login_may_cross_with_the_user() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.account("ann")
    so1 = leaf(house)
    logs_in(so1)
    comes(so1)
    assert account_of(house, "ann") == (None, None)
    so1 >> f":{ANN} SIGNON ann ~ann host.example {NOW} ann"
    assert account_of(house, "ann") == ("ann", house.named().id)
    house.check()


def test_no_other_server_tells_of_a_login() -> None:
    house = club(accounts={"nick_protection": "off"})
    house.reload(link=[block("so1"), block("so2")])
    house.account("ann")
    so1, so2 = leaf(house), leaf(house, "so2.test", "2SO")
    logs_in(so1)
    comes(so1, account="ann")
    so1.link.close("gone")
    house.settle()
    (
        so2
        >> ":2SO SID so1.test 2 1SO :it is me"
        >> (f":1SO EUID ann 1 {NOW} +i ~ann host.example 192.0.2.7 {ANN} * ann :ann")
    )
    assert account_of(house, "ann") == (None, None)


def test_the_memory_of_logins_is_bounded() -> None:
    house = club(links={"logins": 100})
    house.account("ann")
    so1 = leaf(house)
    for number in range(150):
        uid = f"1SOAAA{number:03d}"
        logs_in(so1, uid=uid)
    assert len(house.parts.links.given) == 100


def test_a_server_that_is_believed() -> None:
    house = club(keys={"believe_accounts": True}, accounts={"nick_protection": "off"})
    house.account("ann")
    bob = house.client("bob")
    so1 = leaf(house)
    comes(so1, account="ann")
    comes(so1, "eve", "1SOAAAAAC", account="unknown")
    assert account_of(house, "ann") == ("ann", house.named().id)
    assert account_of(house, "eve") == (None, None)
    so1 >> ":1SO ENCAP * SU 1SOAAAAAC :ann" >> f":1SO ENCAP * SU {bob.user.uid} :ann"
    assert account_of(house, "eve") == ("ann", house.named().id) and bob.user.account is None
    so1 >> ":1SO ENCAP * SU 1SOAAAAAC"
    assert account_of(house, "eve") == (None, None)
    so1.silent()


def test_what_becomes_of_an_account_is_told_there() -> None:
    house = club(accounts={"nick_protection": "off"})
    account = house.account("ann")
    so1 = leaf(house)
    logs_in(so1)
    comes(so1, account="ann")
    house.change(account, name="0000000a0.000000.0CN annie")
    assert heard(so1) == [f":00S ENCAP * SU {ANN} :annie"]
    house.change(account, vhost="1 ann.example")
    assert heard(so1) == [f":00S CHGHOST {ANN} :ann.example"]
    house.change(account, status="suspended 0 god :spam")
    assert heard(so1)[0].startswith(f":0CN KILL {ANN} :irc.test (The account annie is suspended: spam)")
    house.check()


# who else keeps accounts


def test_others_with_the_same_names_are_left_alone() -> None:
    house = club(accounts={"nick_protection": "guest"})
    house.account("ann")
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> ":1SO SID services.chatnet 2 00S :others"
    so1 >> ":00S EUID NickServ 2 1 +ioS NickServ services.chatnet 0 00SAAAAAA * * :Theirs"
    house.clock.advance(10)
    comes(so1)
    so1 >> f":00S ENCAP * SU {ANN} :ann" >> f":{ANN} PRIVMSG 00SAAAAAA :IDENTIFY x"
    so1 >> f":1SO ENCAP * SASL {ANN} * S PLAIN"
    house.clock.advance(100)
    so1.silent()
    assert so1.gone is None and account_of(house, "ann") == (None, None)
    (text,) = [line for line in house.log.lines if "keep accounts" in line and "behind it" in line]
    assert 'accounts = "full"' in text and "so1.test" in text
    # what they do in channels is so there
    so1 >> f":1SO SJOIN {NOW} #c +nt :{ANN}" >> f":00SAAAAAB TMODE {NOW} #c +o {ANN}"
    channel = house.node.network.channel("#c")
    assert channel is not None and any(channel.members.values())
    # and when they are gone, ours come
    so1 >> ":1SO SQUIT 00S :gone"
    house.clock.advance(1)
    assert heard(so1)[0] == ":0CN SID services.chatnet 2 00S :Accounts and channels"
    house.check()


def test_services_of_another_make_behind_it() -> None:
    house = club(keys={"role": "hub"})
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> ":1SO SID services.int 2 7SV :Atheme"
    so1 >> ":7SV EUID NickServ 2 1500000000 +ioS NickServ services.int 0 7SVAAAAAA * * :Theirs"
    house.clock.advance(10)
    assert [line for line in heard(so1) if "KILL" in line or "00S" in line] == []
    so1 >> ":1SO SQUIT 7SV :gone"
    house.clock.advance(1)
    assert heard(so1)[0] == ":0CN SID services.chatnet 2 00S :Accounts and channels"
    # when they come then, our link says nothing more as them
    so1 >> ":1SO SID services.int 2 7SV :Atheme"
    so1 >> ":7SV EUID NickServ 2 1500000000 +ioS NickServ services.int 0 7SVAAAAAA * * :Theirs"
    comes(so1)
    assert not any("00S" in line for line in asks(so1, "HELP"))
    house.check()


def test_who_puts_them_off_has_them_back() -> None:
    house = club()
    so1 = leaf(house)
    so1 >> ":1SO KILL 00SAAAAAA :so1.test (no)"
    so1 << ":00S EUID NickServ 2 1 +Si NickServ services.chatnet 0 00SAAAAAA * * :Accounts and nicks"
    so1 >> ":1SO SQUIT 00S :no"
    so1.silent()
    house.clock.advance(1)
    assert len(heard(so1)) == 5
    assert house.node.network.user("NickServ") is not None
    house.check()


def test_an_errand_costs() -> None:
    house = club(links={"queries": 8, "queries_period": 10})
    so1 = leaf(house)
    people = [f"1SOAAAAA{letter}" for letter in "BCDEF"]
    for uid in people:
        comes(so1, uid[-1].lower(), uid)
    for uid in people[:4]:
        for _ in range(2):
            assert asks(so1, "STATUS", by=uid) == [told(NICKSERV, f"STATUS {uid[-1].lower()} 0", uid)]
        # nobody asks so much that nothing is left for the others
        if uid is not people[3]:
            assert asks(so1, "STATUS", by=uid) == [told(NICKSERV, "You ask too much. Try again later.", uid)]
    full = "Too much is asked from your server now. Try again later."
    assert asks(so1, "STATUS", by=people[4]) == [told(NICKSERV, full, people[4])]
    house.clock.advance(10)
    assert asks(so1, "STATUS", by=people[0]) == [told(NICKSERV, "STATUS b 0", people[0])]


@pytest.mark.parametrize("by", ["SASL", "NickServ"])
def test_who_came_by_a_token_goes_with_it(by: str) -> None:
    house = club(accounts={"nick_protection": "off"})
    account = house.account("ann")
    nickserv = house.parts.nickserv
    assert nickserv is not None
    token, other = (
        house.done(nickserv.tokens.add(account, label, "all", 0)) for label in ("phone", "tablet")
    )
    so1 = leaf(house)
    for uid, secret in ((ANN, token), ("1SOAAAAAC", other)):
        comes(so1, "ann" if uid == ANN else "too", uid)
        if by == "SASL":
            logs_in(so1, uid=uid, password=secret)
        else:
            asks(so1, f"IDENTIFY ann {secret}", by=uid)
    assert account_of(house, "ann")[1] == account_of(house, "too")[1] == account.id
    so1.lines()
    assert house.done(nickserv.tokens.remove(account, "phone"))
    assert [line for line in heard(so1) if " KILL " in line] == [
        ":0CN KILL 1SOAAAAAB :irc.test (The token that you came by was taken away)"
    ]
    assert house.node.network.user("ann") is None
    assert account_of(house, "too")[1] == account.id


def test_who_is_no_user_yet_comes_in_without_the_login_of_a_token_that_was_taken_away() -> None:
    house = club(accounts={"nick_protection": "off"})
    account = house.account("ann")
    nickserv = house.parts.nickserv
    assert nickserv is not None
    token = house.done(nickserv.tokens.add(account, "phone", "all", 0))
    so1 = leaf(house)
    assert logs_in(so1, password=token)[-1] == answer("D", "S")
    assert house.done(nickserv.tokens.remove(account, "phone"))
    comes(so1, account="ann")
    assert account_of(house, "ann") == (None, None)


def test_a_token_lets_in_for_no_more_while_something_is_asked() -> None:
    house = club(accounts={"nick_protection": "off"})
    account = house.account("ann")
    house.account("eve")
    nickserv = house.parts.nickserv
    assert nickserv is not None
    token = house.done(nickserv.tokens.add(account, "phone", "all", 0))
    so1 = leaf(house)
    comes(so1)
    house.hold = True
    asks(so1, "GHOST eve a-wrong-word")
    asks(so1, "TOKEN ADD other")
    assert logs_in(so1, password=token)[-1] == answer("D", "S")
    house.release()
    waited = heard(so1)
    assert account_of(house, "ann") == ("ann", account.id)
    assert not any("shown only now" in line for line in waited)
    assert "token" in asks(so1, "TOKEN ADD other")[0]
    house.check()


def test_a_server_that_hides_addresses_spares_nobody() -> None:
    house = club(flood={"enabled": True, "exempt": ["127.0.0.0/8"]}, accounts={"failures_address": 1})
    house.account("ann")
    so1 = leaf(house)
    so1 >> f":1SO EUID eve 1 {NOW} +i ~eve localhost 127.0.0.1 {ANN} * * :eve"
    heard(so1)
    assert "No such code" in asks(so1, "RESETPASS ann aaaaaaaaaa some-new-word")[0]
    assert "ry again" in asks(so1, "RESETPASS ann bbbbbbbbbb some-new-word")[0]


def test_who_is_gone_meanwhile_is_not_logged_in() -> None:
    house = club()
    house.account("ann")
    house.done(house.accounts.set_password(house.named(), "one-word-1"))
    so1 = leaf(house)
    comes(so1, "annie")
    house.hold = True
    so1 >> f":{ANN} PRIVMSG {NICKSERV} :IDENTIFY ann one-word-1"
    so1 >> f":{ANN} PRIVMSG {NICKSERV} :STATUS"
    so1 >> f":{ANN} QUIT"
    house.release()
    so1.silent()
    assert house.node.network.logged_in == {}
    house.check()


def test_questions_for_them_are_answered() -> None:
    house = club()
    so1 = leaf(house)
    comes(so1)
    so1 >> f":{ANN} WHOIS {CHANSERV} :ChanServ"
    assert heard(so1)[0].startswith(f":0CN 311 {ANN} ChanServ ChanServ services.chatnet * :")
