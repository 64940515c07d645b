"""What a device missed it reads where it comes back, on whatever server, and once."""

from __future__ import annotations

from typing import Any

import pytest
from chronicles import Chronicle
from clubs import FullClub
from conversation import Client
from message_memory import MemoryMessages
from sitting import Houses


class Remembering(Houses):
    """Houses that store what is said; everybody is always on."""

    def __init__(self, **given: Any) -> None:
        super().__init__("a", "b", bouncer={"always_on": "all"}, **given)

    def make(self, **given: Any) -> FullClub:
        return Chronicle(MemoryMessages(), **given)

    def device(self, house: str, name: str) -> Client:
        """One of ann's devices; what it read is not forgotten."""
        client = self.begin(house, "ann", f"ann@{name}", caps="server-time")
        self.settle()
        return client

    def speaks(self, *texts: str) -> None:
        for text in texts:
            self.advance(1.0)
            self.say(self.bob, f"PRIVMSG #c :{text}", f"PRIVMSG ann :{text}, ann")
        self.advance(1.0)


def texts(client: Client) -> list[str]:
    """What it read of messages."""
    lines = [line.partition(" ")[2] for line in client.lines()]
    return [line.partition(" :")[2] for line in lines if " PRIVMSG " in line]


def both(*said: str) -> list[str]:
    return sorted(text for each in said for text in (each, f"{each}, ann"))


def test_a_device_reads_what_it_missed_wherever_it_comes_back() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    phone = mesh.device("b", "phone")
    mesh.speaks("one")
    assert sorted(texts(phone)) == sorted(texts(desk)) == both("one")
    mesh.say(phone, "QUIT")
    mesh.speaks("two")
    again = mesh.device("b", "phone")
    assert sorted(texts(again)) == both("two")
    mesh.say(again, "QUIT")
    mesh.speaks("three")
    assert sorted(texts(mesh.device("a", "phone"))) == both("three")
    mesh.check()


def test_a_device_of_the_host_reads_at_a_seat_what_it_missed() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(desk, "QUIT")
    mesh.speaks("two", "three")
    assert sorted(texts(mesh.device("b", "desk"))) == both("two", "three")
    assert mesh.seats("a") == ["b.test"]
    mesh.check()


def test_a_device_that_was_never_here_reads_what_nobody_has_read() -> None:
    mesh = Remembering()
    desk = mesh.device("a", "desk")
    mesh.say(desk, "JOIN #c")
    mesh.speaks("one")
    mesh.say(desk, "QUIT")
    mesh.speaks("two")
    assert sorted(texts(mesh.device("b", "tablet"))) == both("two")
    assert texts(mesh.device("b", "another")) == []
    mesh.check()


@pytest.mark.parametrize(
    "line", ["HEARD", "HEARD phone 1", "HEARD phone x ~", "HEARD phone 1 ~ ~", "HEARD ! 5 ~"]
)
def test_what_is_no_word_of_a_device_changes_nothing(line: str) -> None:
    mesh = Remembering()
    mesh.come("a")
    phone = mesh.come("b")
    before = dict(mesh["a"].parts.sessions.persons.devices.of(phone.user.account_id or ""))
    mesh["b"].parts.links.seats.do(phone.user, line, lambda text: None)
    mesh.settle()
    after = dict(mesh["a"].parts.sessions.persons.devices.of(phone.user.account_id or ""))
    assert {name for name in after if name not in ("", *before)} == set()
    mesh.check()
