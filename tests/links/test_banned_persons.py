"""Bans of people who have sessions on several servers: of one of their addresses, and of their account."""

from __future__ import annotations

from typing import Any

import pytest
from sitting import Houses
from states import opered

DESK, PHONE = "192.0.2.77", "203.0.113.9"
ME = ":ann!~ann@192.0.2.77"


class Banned(Houses):
    """ann's desk is at a, her telephone at c, from another address; an operator is at `where`."""

    def __init__(self, where: str = "a", **given: Any) -> None:
        super().__init__(**given)
        self.desk = self.come("a", address=DESK)
        self.say(self.desk, "JOIN #c")
        self.phone = self.come("c", address=PHONE)
        self.root = self[where].client("root", address="198.51.100.1")
        self.settle()
        opered(self.root, "bans", "see-all", "audit", "kill")
        self.settle()
        for client in (self.desk, self.phone, self.bob, self.root):
            client.lines()

    def bans(self, line: str) -> None:
        self.say(self.root, line)
        self.advance(2.0)

    def ended(self) -> list[bool]:
        return [client.outlet.ended is not None for client in (self.desk, self.phone)]


@pytest.fixture(params=["a", "b", "c"])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    "line", ["KLINE *@{address} :spam", "DLINE {address} :spam", "UBAN ADD {address} 1d spam"]
)
@pytest.mark.parametrize("stays", [False, True])
def test_a_ban_of_one_address_ends_the_sessions_from_there_alone(where: str, line: str, stays: bool) -> None:
    bouncer = {"always_on": "all"} if stays else {}
    for address, ended in ((PHONE, [False, True]), (DESK, [True, False])):
        mesh = Banned(where, bouncer=bouncer)
        mesh.bans(line.format(address=address))
        assert mesh.ended() == ended
        mesh.bob.silent()
        assert mesh.seats("a") == (["c.test"] if not ended[1] else [])
        mesh.agree()
        left = mesh.phone if not ended[1] else mesh.desk
        mesh.say(left, "PRIVMSG #c :still here")
        mesh.bob << f"{ME} PRIVMSG #c :still here"
        again = mesh.begin("c", address=address)  # nor do they come back by logging in
        mesh.settle()
        assert again.session.closed and mesh.seats("a") == (["c.test"] if not ended[1] else [])


@pytest.mark.parametrize("stays", [False, True])
def test_a_ban_of_the_account_ends_all_of_them(where: str, stays: bool) -> None:
    mesh = Banned(where, bouncer={"always_on": "all"} if stays else {})
    mesh.bans("UBAN ADD account:ann 1d spam")
    assert mesh.ended() == [True, True]
    assert [mesh.user(name) for name in "abc"] == [None] * 3
    assert sum(" QUIT " in text for text in mesh.bob.lines()) == 1
    mesh.check()
    for name in "abc":
        client = mesh.begin(name)
        mesh.settle()
        assert client.session.closed


@pytest.mark.parametrize("stays", [False, True])
def test_a_ban_of_all_their_addresses_ends_all_of_them(where: str, stays: bool) -> None:
    mesh = Banned(where, bouncer={"always_on": "all"} if stays else {})
    mesh.bans("UBAN ADD 203.0.113.0/24 1d spam")
    mesh.bans(f"UBAN ADD {DESK} 1d spam")
    assert mesh.ended() == [True, True]
    assert [mesh.user(name) for name in "abc"] == [None] * 3
    mesh.check()


def test_who_was_taken_over_without_a_session_is_banned_as_well() -> None:
    mesh = Banned("b", bouncer={"always_on": "all"})
    mesh.say(mesh.phone, "QUIT")
    mesh.say(mesh.desk, "QUIT")
    mesh.cut("a", "b")
    mesh.bans("UBAN ADD account:ann 1d spam")
    mesh.advance(70.0)
    assert [mesh.user(name) for name in "bc"] == [None] * 2
    assert sum(" QUIT " in line for line in mesh.bob.lines()) == 1
