"""OPER, KILL, WALLOPS, OPERWALL."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import House
from staff import HASH, PASSWORD, oper, sections

from chatnet.session.passwords import Queue
from chatnet.settings import Settings

CERTFP = "ab" * 32


@pytest.fixture
def house() -> Any:
    house = House(**sections())
    yield house
    house.check()


def test_the_right_password_makes_an_oper(house: House) -> None:
    ann = house.client("ann")
    ann >> "OPER root sesame"
    ann << ":ann!~ann@192.0.2.1 MODE ann :+oswz"
    ann << ":irc.test 381 ann :You are now an IRC operator"
    ann << ":irc.test 008 ann +cfgknoqr :Server notice mask"
    ann << (
        ":irc.test NOTICE * :*** Notice -- ann (~ann@192.0.2.1) [192.0.2.1] is an operator now: root (admin)"
    )
    assert ann.user.oper is not None
    assert ann.user.oper.title == "runs this server"
    assert ann.user.may("kill") and ann.user.may("die")
    ann >> "OPER root wrong"
    ann << ":irc.test 381 ann :You are now an IRC operator"


def test_a_block_without_modes_brings_o_alone(house: House) -> None:
    ann = house.client("ann")
    ann >> "OPER help sesame"
    ann << ":ann!~ann@192.0.2.1 MODE ann :+o" << ":irc.test 381 ann *"
    ann.silent()


def test_wrong_name_and_wrong_password_look_and_cost_the_same(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "OPER root wrong"
    ann << ":irc.test 464 ann :Password incorrect"
    bob >> "OPER nobody wrong"
    bob << ":irc.test 464 bob :Password incorrect"
    bob >> "OPER nobody sesame"
    bob << ":irc.test 464 bob :Password incorrect"
    assert house.verified == [HASH] * 3


def test_too_many_failures_close_the_session(house: House) -> None:
    root = oper(house, "root")
    ann = house.client("ann")
    root.lines()
    for _ in range(3):
        ann >> "OPER root hunter2"
    for _ in range(3):
        ann << ":irc.test 464 ann *"
    ann << "ERROR :Closing Link: 192.0.2.1 (Too many failed OPER attempts)"
    failed = "Failed OPER as root by ann (~ann@192.0.2.1) [192.0.2.1]: wrong password"
    root << f":irc.test NOTICE * :*{failed}"
    root << ":irc.test NOTICE * :*Client exiting: ann *"
    house.clock.advance(60)
    root << f":irc.test NOTICE * :*{failed} (2 like this of this address within 60 seconds)"
    assert house.log.lines.count(failed) == 3
    assert "hunter2" not in "".join(house.log.lines)


def test_what_is_no_name_is_repeated_to_nobody(house: House) -> None:
    root = oper(house, "root")
    ann = house.client("ann")
    root.lines()
    ann >> "OPER hunter2 x"
    root << ":irc.test NOTICE * :*Failed OPER as an unknown name by ann *"
    assert "hunter2" not in "".join(house.log.lines)


@pytest.mark.parametrize(
    ("block", "given", "reason"),
    [
        ({}, "root wrong", "wrong password"),
        ({"hosts": ["*@198.51.100.0/24"]}, "root sesame", "they are not at one of its hosts"),
        ({"certfp": CERTFP}, "root sesame", "they have not the certificate of its certfp"),
        ({}, "nobody sesame", "no block has that name"),
    ],
)
def test_log_and_operators_read_why(block: dict[str, Any], given: str, reason: str) -> None:
    """Who failed reads only that it did."""
    own = {"name": "own", "class": "admin", "password": HASH}
    house = House(**sections(own, {"name": "root", "class": "admin", "password": HASH, **block}))
    boss, ann = house.client("boss"), house.client("ann")
    boss >> "OPER own sesame" >> "MODE boss +s +o"
    boss.lines()
    ann >> f"OPER {given}"
    name = "root" if given.startswith("root") else "an unknown name"
    text = f"Failed OPER as {name} by ann (~ann@192.0.2.1) [192.0.2.1]: {reason}"
    boss << f":irc.test NOTICE * :*{text}"
    assert house.log.lines[-1] == text
    ann << ":irc.test 464 ann :Password incorrect"


def test_a_reload_while_a_password_is_looked_at_is_a_reason() -> None:
    house = House(**sections({"name": "root", "class": "admin", "password": HASH}))
    ann = house.client("ann")
    house.hold = True
    ann >> "OPER root sesame"
    house.reload(oper=({"name": "root", "class": "admin", "password": HASH, "modes": "s"},))
    house.release()
    assert house.log.lines[-1].endswith(": a reload came between")


@pytest.mark.parametrize("mask", ["*@192.0.2.0/24", "~a*@*.example", "*@2001:db8::/32", "host.example"])
def test_hosts_of_a_block(mask: str) -> None:
    house = House(
        lookups={"reverse_dns": True},
        **sections({"name": "root", "class": "admin", "password": HASH, "hosts": [mask]}),
    )
    house.hosts["198.51.100.1"] = "host.example"
    for address in ("192.0.2.9", "198.51.100.1", "2001:db8::1"):
        client = house.client("ann", address=address)
        client >> "OPER root sesame" >> "OPER other sesame"
        host = client.user.real_host
        wanted = {"*@192.0.2.0/24": "192.0.2.9", "*@2001:db8::/32": "2001:db8::1"}.get(mask, "host.example")
        fits = host == wanted
        assert (client.user.oper is not None) is fits
        if not fits:
            assert client.numerics() == ["491", "491"]
        client >> "QUIT"
    house.check()


def test_a_certificate_is_enough_where_no_password_is_set() -> None:
    house = House(**sections({"name": "root", "class": "admin", "certfp": CERTFP}))
    ann = house.client("ann", secure=True, certfp=CERTFP)
    ann >> "OPER root"
    ann.until("* 381 *")
    bob = house.client("bob", secure=True, certfp="cd" * 32)
    bob >> "OPER root"
    bob << ":irc.test 461 bob OPER :Not enough parameters"
    bob >> "OPER root x" >> "OPER other x"
    assert bob.numerics() == ["491", "491"]
    assert house.verified == []


def test_a_certificate_and_a_password_are_both_needed_where_both_are_set() -> None:
    house = House(**sections({"name": "root", "class": "admin", "certfp": CERTFP, "password": HASH}))
    ann = house.client("ann", certfp=CERTFP)
    ann >> "OPER root" >> "OPER root wrong" >> "OPER root sesame"
    assert [n for n in ann.numerics() if n in ("461", "464", "381")] == ["461", "464", "381"]
    bob = house.client("bob")
    bob >> "OPER root sesame"
    assert bob.numerics() == ["491"]


def test_lines_wait_while_the_password_is_verified(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    house.hold = True
    ann >> "OPER root sesame" >> "PING :later"
    bob >> "PING :now"
    bob.until("*PONG*now")
    ann.silent()
    house.release()
    ann.until("* 381 *")
    ann.until("*PONG*later")


def test_who_leaves_meanwhile_becomes_nothing(house: House) -> None:
    ann = house.client("ann")
    house.hold = True
    ann >> "OPER root sesame"
    ann.session.connection_lost("Connection reset")
    house.release()
    assert ann.user.oper is None
    assert house.node.network.opers == {}


def test_a_block_that_a_reload_removed_meanwhile_opens_nothing(house: House) -> None:
    ann = house.client("ann")
    house.hold = True
    ann >> "OPER root sesame"
    house.node.change_settings(Settings.model_validate({"server": {"name": "irc.test"}}))
    house.release()
    ann.until(":irc.test 464 ann :Password incorrect")
    assert ann.user.oper is None


def reload(house: House, *opers: dict[str, Any]) -> None:
    changed = sections(*opers) if opers else {}
    house.node.change_settings(Settings.model_validate({"server": {"name": "irc.test"}, **changed}))


def test_a_reload_without_the_block_ends_it(house: House) -> None:
    root, other = oper(house, "ann"), oper(house, "other", "help")
    root.lines()
    reload(house, {"name": "help", "class": "helper", "password": HASH})
    root << ":irc.test NOTICE ann :You are not an IRC operator any more: your block was removed"
    root << ":ann!~ann@192.0.2.1 MODE ann :-osz"
    root.silent()
    assert root.user.oper is None and root.user.snomask == ""
    other.silent()
    assert other.user.may("kill")


def test_a_reload_with_another_class_changes_what_an_oper_may_do(house: House) -> None:
    ann = oper(house, "ann")
    reload(house, {"name": "root", "class": "helper", "password": HASH})
    ann << ":irc.test NOTICE ann :Your class is helper now, your privileges: kill"
    assert ann.user.may("kill") and not ann.user.may("die")
    assert "o" in ann.user.modes


def test_kill_disconnects_with_a_reason_everybody_reads(house: House) -> None:
    root, ann, bob = oper(house, "root"), house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    for client in (ann, bob, root):
        client.lines()
    root >> "KILL ann :Too loud, sorry"
    ann << ":root!~root@192.0.2.1 KILL ann :Too loud, sorry"
    ann << "ERROR :Closing Link: 192.0.2.1 (Killed (root (Too loud, sorry)))"
    assert ann.outlet.ended == "closed"
    bob << ":ann!~ann@192.0.2.1 QUIT :Killed (root (Too loud, sorry))"
    root << (
        ":irc.test NOTICE * :*Received KILL message for ann!~ann@192.0.2.1."
        " From root Path: irc.test (Too loud, sorry)"
    )
    root << ":irc.test NOTICE * :*Client exiting: ann * (Killed (root (Too loud, sorry)))"
    root >> "KILL root :enough"
    assert root.session.closed


def test_a_text_without_a_colon_is_whole(house: House) -> None:
    root, ann = oper(house, "root"), house.client("ann")
    root >> "OPERWALL tea at five" >> "WALLOPS and cake" >> "KILL ann too loud, sorry"
    root.until(":root!~root@192.0.2.1 WALLOPS :OPERWALL - tea at five")
    root.until(":root!~root@192.0.2.1 WALLOPS :and cake")
    ann << ":root!~root@192.0.2.1 KILL ann :too loud, sorry"


def test_who_may_not_kill_and_whom(house: House) -> None:
    ann, root = house.client("ann"), oper(house, "root")
    ann >> "KILL root :no"
    ann << ":irc.test 481 ann :Permission Denied- You're not an IRC operator"
    root >> "KILL nobody :x" >> "KILL irc.test :x" >> "KILL"
    root << ":irc.test 401 root nobody :No such nick/channel"
    root << ":irc.test 483 root :You can't kill a server!"
    root << ":irc.test 461 root KILL :Not enough parameters"


def test_wallops_reach_those_who_want_them(house: House) -> None:
    root, ann, bob = oper(house, "root"), house.client("ann"), house.client("bob")
    ann >> "MODE ann +w"
    for client in (ann, root):
        client.lines()
    root >> "WALLOPS :Tea is ready"
    ann << ":root!~root@192.0.2.1 WALLOPS :Tea is ready"
    root << ":root!~root@192.0.2.1 WALLOPS :Tea is ready"
    bob.silent()
    root >> "WALLOPS :"
    root << ":irc.test 461 root WALLOPS :Not enough parameters"
    bob >> "WALLOPS :hi"
    bob << ":irc.test 481 bob *"
    helper = oper(house, "helper", "help")
    helper >> "WALLOPS :hi"
    helper << ":irc.test 723 helper wallops :Insufficient oper privileges"


def test_operwall_is_among_operators(house: House) -> None:
    root, helper, ann = oper(house, "root"), oper(house, "helper", "help"), house.client("ann")
    helper >> "MODE helper +z"
    ann >> "MODE ann +w"
    for client in (root, helper, ann):
        client.lines()
    root >> "OPERWALL :Keys?"
    for client in (root, helper):
        client << ":root!~root@192.0.2.1 WALLOPS :OPERWALL - Keys?"
    root >> "OPERWALL :"
    root << ":irc.test 461 root OPERWALL :Not enough parameters"
    helper >> "OPERWALL :Here"
    helper << ":irc.test 723 helper operwall :Insufficient oper privileges"
    ann >> "OPERWALL :hi"
    ann << ":irc.test 481 ann *"
    root >> "WALLOPS :OPERWALL - no"
    ann << ":root!~root@192.0.2.1 WALLOPS :WALLOPS - OPERWALL - no"


def test_a_password_is_the_one_of_its_block() -> None:
    house = House(
        **sections(
            {"name": "one", "class": "admin", "password": HASH},
            {"name": "two", "class": "helper", "password": "$argon2-test$other"},
        )
    )
    ann = house.client("ann")
    ann >> f"OPER two {PASSWORD}"
    ann << ":irc.test 464 ann *"
    ann >> "OPER two other"
    ann.until("* 381 *")
    assert ann.user.oper is not None and ann.user.oper.oper_class == "helper"


def test_too_many_passwords_of_operators_are_answered_at_once() -> None:
    house = House(**sections())
    house.busy = True
    ann = house.client("ann")
    ann >> "OPER root sesame"
    ann << ":irc.test 263 ann OPER :*"
    assert ann.session.failed_opers == 0
    house.busy = False
    ann >> "OPER root sesame"
    ann.until("* 381 *")
    assert {check.queue for check in house.checks} == {Queue.OPER}
    house.check()


def test_one_who_floods_does_not_go_before_others_of_the_same_address() -> None:
    """Of each session one password waits at a time: the next comes behind those of its neighbours."""
    house = House(**sections())
    ann, bob, cid = (house.client(nick) for nick in ("ann", "bob", "cid"))
    house.hold = True
    for number in range(3):
        ann >> f"OPER root a{number}"
    bob >> "OPER root bob"
    cid >> "OPER root cid"
    assert [check.given for check in house.checks] == ["a0", "bob", "cid"]
    assert len({check.owner for check in house.checks}) == 1
    house.release()
    assert [check.given for check in house.checks[3:]] == ["a1", "a2"]
    house.check()


def test_nobody_computes_the_password_of_an_operator_who_has_gone() -> None:
    house = House(**sections())
    ann = house.client("ann")
    house.hold = True
    ann >> "OPER root sesame"
    (check,) = house.checks
    ann.session.connection_lost("gone")
    assert check.cancelled
    house.release()
    house.check()
