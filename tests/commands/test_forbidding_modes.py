"""Channel modes N, V and Y: nobody changes their nick, invites, kicks."""

from __future__ import annotations

import pytest
from conversation import Client, House
from states import opered


@pytest.fixture
def people(house: House) -> tuple[Client, Client, Client]:
    """ann, an operator of #c, bob and cyd, who are in it."""
    clients = house.client("ann"), house.client("bob"), house.client("cyd")
    for client in clients:
        client >> "JOIN #c"
    for client in clients:
        client.lines()
    return clients


def test_no_nick_change(people: tuple[Client, Client, Client]) -> None:
    ann, bob, _ = people
    ann >> "MODE #c +N"
    bob.lines()
    bob >> "NICK rob"
    bob << ":irc.test 447 bob #c :Cannot change nickname while on #c (+N): leave it first, or ask an operator"
    bob.silent()
    ann.lines()
    ann >> "NICK anna" << ":ann!* NICK *anna"
    ann >> "MODE #c +v bob"
    bob.lines()
    bob >> "NICK rob" << ":bob!* NICK *rob"


def test_no_nick_change_elsewhere_or_after_leaving(people: tuple[Client, Client, Client]) -> None:
    ann, bob, cyd = people
    cyd >> "JOIN #d" >> "MODE #d +N"
    cyd.lines()
    bob >> "NICK rob" << ":bob!* NICK *rob"
    ann >> "MODE #c +N"
    bob.lines()
    bob >> "PART #c" >> "NICK bob"
    bob.until(":rob!* NICK *bob")


def test_no_invite(house: House, people: tuple[Client, Client, Client]) -> None:
    ann, bob, _ = people
    dan = house.client("dan")
    ann >> "MODE #c +gV+h bob"
    bob.lines()
    bob >> "INVITE dan #c" << ":irc.test 482 bob #c :Only operators invite here (+V): ask one of them"
    bob.silent()
    ann.lines()
    ann >> "INVITE dan #c" << ":irc.test 341 ann dan #c"
    dan << ":ann!* INVITE dan *#c"


def test_no_kick(people: tuple[Client, Client, Client]) -> None:
    ann, _, cyd = people
    ann >> "MODE #c +Y"
    ann.lines()
    ann >> "KICK #c bob"
    ann << ":irc.test 482 ann #c :Nobody is kicked here (+Y): an operator may take that back first"
    ann.silent()
    cyd.lines()
    cyd >> "KICK #c bob" << ":irc.test 482 cyd #c :You're not channel operator"
    ann >> "MODE #c -Y" >> "KICK #c bob"
    ann.until(":ann!* KICK #c bob *")


def test_privilege_outweighs_them(house: House, people: tuple[Client, Client, Client]) -> None:
    ann, bob, _ = people
    ann >> "MODE #c +NVY"
    house.client("dan")
    opered(bob, "channels")
    bob.lines()
    bob >> "KICK #c cyd" >> "INVITE dan #c" >> "NICK rob"
    bob.until(":bob!* KICK #c cyd *")
    bob.until(":irc.test 341 bob dan #c")
    bob.until(":bob!* NICK *rob")


@pytest.mark.parametrize("letter", ["N", "W 5", "E 2:5"])
def test_half_operators_set_some(people: tuple[Client, Client, Client], letter: str) -> None:
    ann, bob, _ = people
    ann >> "MODE #c +h bob"
    bob.lines()
    bob >> f"MODE #c +{letter}" << f":bob!* MODE #c +{letter}"


@pytest.mark.parametrize("letter", ["D", "V", "Y", "x"])
def test_operators_alone_set_others(people: tuple[Client, Client, Client], letter: str) -> None:
    ann, bob, _ = people
    ann >> "MODE #c +h bob"
    bob.lines()
    bob >> f"MODE #c +{letter}" << ":irc.test 482 bob #c :*"
