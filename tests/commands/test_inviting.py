"""INVITE and KNOCK, as conversations."""

from __future__ import annotations

import pytest
from conversation import House
from states import opered, set_modes

from chatnet.model.facts import UserModesChanged


def test_an_invitation(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+i")
    ann.lines()
    ann >> "INVITE Bob #C"
    ann << ":irc.test 341 ann bob #c"
    ann.silent()
    bob << ":ann!~ann@192.0.2.1 INVITE bob #c"
    bob >> "INVITE"
    bob << ":irc.test 336 bob #c"
    bob << ":irc.test 337 bob :End of /INVITE list"
    bob >> "JOIN #c"
    bob << ":bob!* JOIN #c"
    bob.lines()
    bob >> "INVITE"
    bob << ":irc.test 337 bob :End of /INVITE list"


def test_operators_are_told(house: House) -> None:
    ann = house.client("ann", caps="invite-notify")
    bob = house.client("bob", caps="invite-notify server-time")
    cyd, dan = house.client("cyd", caps="invite-notify"), house.client("dan")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    cyd >> "JOIN #c"
    set_modes(house, "#c", "+o", "bob")
    ann.lines()
    bob.lines()
    cyd.lines()
    ann >> "INVITE dan #c"
    ann << ":irc.test 341 ann dan #c"
    ann.silent()
    bob << "@time=2023-11-14T22:13:20.000Z :ann!~ann@192.0.2.1 INVITE dan #c"
    cyd.silent()
    dan << ":ann!~ann@192.0.2.1 INVITE dan #c"


def test_an_absent_guest(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "AWAY :at lunch"
    ann.lines()
    ann >> "INVITE bob #c"
    ann << ":irc.test 341 ann bob #c"
    ann << ":irc.test 301 ann bob :at lunch"


def test_refusals(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    bob.lines()
    bob >> "INVITE cyd"
    bob << ":irc.test 461 bob INVITE :Not enough parameters"
    bob >> "INVITE nobody #c"
    bob << ":irc.test 401 bob nobody :No such nick/channel"
    bob >> "INVITE cyd #nowhere"
    bob << ":irc.test 403 bob #nowhere :No such channel"
    cyd >> "INVITE cyd #c"
    cyd << ":irc.test 442 cyd #c :You're not on that channel"
    bob >> "INVITE ann #c"
    bob << ":irc.test 443 bob ann #c :is already on channel"
    set_modes(house, "#c", "+i")
    bob.lines()
    bob >> "INVITE cyd #c"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    set_modes(house, "#c", "+h", "bob")
    bob.lines()
    bob >> "INVITE cyd #c"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    cyd.silent()


def test_a_member_invites_where_everybody_may_come(house: House) -> None:
    """ "Servers MAY reject the command …  In particular, they SHOULD reject it when the channel has
    invite-only mode set, and the user is not a channel operator."  Such an invitation is a message, and opens
    nothing.
    """
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+l", "2")
    bob.lines()
    bob >> "INVITE cyd #c"
    bob << ":irc.test 341 bob cyd #c"
    cyd << ":bob!~bob@192.0.2.1 INVITE cyd #c"
    cyd >> "INVITE" << ":irc.test 337 cyd *"
    cyd >> "JOIN #c" << ":irc.test 471 cyd #c :*"
    set_modes(house, "#c", "-l+i")
    cyd >> "JOIN #c" << ":irc.test 473 cyd #c :*"
    ann >> "INVITE cyd #c"
    cyd << ":ann!* INVITE cyd #c"
    cyd >> "JOIN #c" << ":cyd!* JOIN #c"
    house.check()


def test_mode_g_lets_everybody_invite(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+ig")
    bob.lines()
    bob >> "INVITE cyd #c"
    bob << ":irc.test 341 bob cyd #c"
    cyd << ":bob!~bob@192.0.2.1 INVITE cyd #c"
    cyd >> "JOIN #c"
    cyd << ":cyd!* JOIN #c"


def test_an_oper_invites_without_being_operator(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+i")
    opered(bob, "channels", snomask="g")
    bob.lines()
    bob >> "INVITE cyd #c"
    bob << ":irc.test NOTICE * :*** Notice -- bob!* used INVITE #c in spite of ERR_CHANOPRIVSNEEDED"
    bob << ":irc.test 341 bob cyd #c"
    cyd << ":bob!~bob@192.0.2.1 INVITE cyd #c"


@pytest.mark.parametrize(("mode", "numeric"), [("g", "716"), ("G", "716"), ("R", "486")])
def test_who_wants_nothing_gets_no_invitation(house: House, mode: str, numeric: str) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    house.node.commit(UserModesChanged(bob.user, mode, "", "", house.clock.time()))
    bob.lines()
    ann >> "JOIN #c"
    ann.lines()
    ann >> "INVITE bob #c"
    ann << f":irc.test {numeric} ann bob :*"
    bob.silent()


def test_the_oldest_invitation_is_forgotten() -> None:
    house = House(limits={"invites": 2})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #a,#b,#c"
    ann >> "INVITE bob #a" >> "INVITE bob #b" >> "INVITE bob #a" >> "INVITE bob #c"
    bob.lines()
    bob >> "INVITE"
    bob << ":irc.test 336 bob #a"
    bob << ":irc.test 336 bob #c"
    bob << ":irc.test 337 bob :*"
    house.check()


def test_an_invitation_ends_with_its_channel(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "INVITE bob #c" >> "PART #c" >> "JOIN #c"
    set_modes(house, "#c", "+i")
    bob.lines()
    bob >> "INVITE"
    bob << ":irc.test 337 bob :*"
    bob >> "JOIN #c"
    bob << ":irc.test 473 bob #c :*"


def test_inviting_too_fast() -> None:
    house = House(flood={"enabled": True, "invite_rate": 1})
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "INVITE bob #c" >> "INVITE cyd #c"
    ann << ":irc.test 341 ann bob #c"
    ann << ":irc.test 263 ann INVITE :Please wait a while and try again."
    bob << ":ann!* INVITE bob #c"
    cyd.silent()
    house.clock.advance(60)
    ann >> "INVITE cyd #c"
    ann << ":irc.test 341 ann cyd #c"
    house.check()


def test_a_knock(house: House) -> None:
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+i")
    ann.lines()
    bob.lines()
    cyd >> "KNOCK #C"
    cyd << ":irc.test 711 cyd #c :Your KNOCK has been delivered"
    ann << ":irc.test 710 ann #c cyd!~cyd@192.0.2.1 :has asked for an invite"
    bob.silent()
    set_modes(house, "#c", "+g")
    bob.lines()
    cyd >> "KNOCK #c"
    bob << ":irc.test 710 bob #c cyd!~cyd@192.0.2.1 :has asked for an invite"


@pytest.mark.parametrize(("mode", "parameters"), [("+i", []), ("+k", ["secret"]), ("+l", ["1"])])
def test_where_a_knock_is_heard(house: House, mode: str, parameters: list[str]) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "KNOCK #c"
    bob << ":irc.test 713 bob #c :Channel is open"
    set_modes(house, "#c", mode, *parameters)
    bob >> "KNOCK #c"
    bob << ":irc.test 711 bob #c :*"


@pytest.mark.parametrize(("mode", "parameters"), [("p", []), ("b", ["bob!*@*"]), ("b", ["$q:bob!*@*"])])
def test_where_it_is_not(house: House, mode: str, parameters: list[str]) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+i" + mode, *parameters)
    ann.lines()
    bob >> "KNOCK #c"
    why = "+p: nobody may knock here" if mode == "p" else "you are banned or muted here"
    bob << f":irc.test 404 bob #c :Cannot send to channel ({why})"
    bob >> "KNOCK"
    bob << ":irc.test 461 bob KNOCK :Not enough parameters"
    bob >> "KNOCK #nowhere"
    bob << ":irc.test 403 bob #nowhere :No such channel"
    ann >> "KNOCK #c"
    ann << ":irc.test 714 ann #c :You are already on that channel"
    ann.silent()


def test_knocking_too_often() -> None:
    house = House(flood={"enabled": True, "knock_period": 60.0})
    ann, bob, cyd = house.client("ann"), house.client("bob"), house.client("cyd")
    ann >> "JOIN #c,#d"
    set_modes(house, "#c", "+i")
    set_modes(house, "#d", "+i")
    bob >> "KNOCK #c"
    bob << ":irc.test 711 bob #c :*"
    bob >> "KNOCK #d"
    bob << ":irc.test 712 bob #d :Too many KNOCKs (user)"
    cyd >> "KNOCK #c"
    cyd << ":irc.test 712 cyd #c :Too many KNOCKs (channel)"
    cyd >> "KNOCK #d"
    cyd << ":irc.test 711 cyd #d :*"
    house.clock.advance(60)
    bob >> "KNOCK #c"
    bob << ":irc.test 711 bob #c :*"
    house.check()
