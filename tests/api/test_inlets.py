"""Datagrams that somebody says in a channel."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Desk
from conversation import House

from chatnet.api.inlets.inlet import Inlet
from chatnet.api.inlets.metering import SUM
from chatnet.api.speaking import Speaking
from chatnet.settings import InletSettings


class Room:
    """A house where ann is in #ops, and an inlet."""

    def __init__(self, **settings: Any) -> None:
        self.house = House()
        desk = Desk(self.house)
        given = {
            "kind": "syslog",
            "endpoint": "udp:5514",
            "from": ["127.0.0.1"],
            "channel": "#ops",
            "nick": "log",
        }
        block = InletSettings.model_validate(given | settings)
        self.inlet = Inlet(self.house.node, Speaking(self.house.node, desk.api.parts.clients), block)
        desk.api.parts.identities.know(self.inlet.identity, True)
        self.ann = self.house.client("ann")
        self.ann >> "JOIN #ops"
        self.ann.lines()

    def said(self, *datagrams: str, address: str = "192.0.2.9") -> list[str]:
        for each in datagrams:
            self.inlet.take(each.encode(), address)
        return self.heard()

    def heard(self) -> list[str]:
        self.house.settle()
        return [line.split(" :", 1)[1] for line in self.ann.lines() if " PRIVMSG #ops " in line]


def test_what_machines_log_is_said() -> None:
    room = Room(names=["192.0.2.1 router"])
    assert room.said("<11>Nov 30 13:01:00 db1 app[9]: disk  full\nsecond") == [
        "[error] db1 app: disk full second"
    ]
    assert room.said("<12>link down", address="192.0.2.1") == ["[warning] router: link down"]
    assert room.said("<12>link down", address="192.0.2.2") == ["[warning] 192.0.2.2: link down"]
    assert room.said("<8>1 - db2 kernel - - - panic") == ["[emergency] db2 kernel: panic"]
    assert room.said("<8>1 - db2 ker\x00n\nel\x10 - - - panic") == ["[emergency] db2 kern el: panic"]
    user = room.house.node.network.user("log")
    assert user is not None and "B" in user.modes
    room.house.check()


@pytest.mark.parametrize("quiet", [False, True])
def test_it_may_be_said_quietly(*, quiet: bool) -> None:
    room = Room(quiet=quiet)
    room.inlet.take(b"<11>disk full", "192.0.2.9")
    room.house.settle()
    assert room.ann.lines()[-1].split(" ")[1] == ("NOTICE" if quiet else "PRIVMSG")


def test_what_is_less_severe_is_not() -> None:
    assert Room().said("<13>notice", "<14>info", "no priority", "<12>", "") == []
    assert Room(severity="debug").said("<15>x") == ["[debug] 192.0.2.9: x"]
    assert Room(severity="emergency").said("<9>x") == []


def test_a_line_cannot_break_out_of_its_line() -> None:
    (said,) = Room().said("<8>1 - h\x02st app - - - a\r\nPRIVMSG #other :b\0\x01c")
    assert said == "[emergency] h\x02st app: a PRIVMSG #other :bc"


def test_of_too_much_the_number_is_told_once_a_minute() -> None:
    room = Room(rate=0.5, burst=3)
    assert len(room.said(*(f"<8>{number}" for number in range(45)))) == 3
    room.house.clock.advance(4)
    assert len(room.said("<8>a", "<8>b", "<8>c")) == 2
    room.house.clock.advance(SUM)
    assert room.heard() == ["… and 43 more"]
    room.house.clock.advance(SUM * 3)
    assert room.heard() == []


def test_a_datagram_with_a_secret_is_said() -> None:
    room = Room(kind="udp", secret="long-word", names=["192.0.2.1 board"])
    assert room.said("long-word 21.5 °C", "long-wor 1", "long-word", "long-word ", "LONG-WORD 1", "") == [
        "21.5 °C"
    ]
    assert room.said("long-word on", address="192.0.2.1") == ["board: on"]
    assert "long-word" not in repr(room.inlet.settings)


def test_that_it_cannot_be_said_is_told_once() -> None:
    room = Room()
    room.ann >> "MODE #ops +m"
    room.said("<8>a", "<8>b")
    room.ann >> "MODE #ops -m"
    assert room.said("<8>c") == ["[emergency] 192.0.2.9: c"]
    room.ann >> "MODE #ops +m"
    room.said("<8>d")
    told = [line for line in room.house.log.lines if "cannot be said in #ops" in line]
    assert len(told) == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"endpoint": "tcp:514"}, "is not an endpoint such as udp:5514"),
        ({"endpoint": "udp"}, "is not an endpoint such as udp:5514"),
        ({"endpoint": "udp:70000"}, "ports are numbers"),
        ({"endpoint": "udp:514:backlog=3"}, "more than a port and an interface"),
        ({"from": []}, "at least 1"),
        ({"from": ["here"]}, "neither an address nor a network"),
        ({"channel": "ops"}, "is not a channel"),
        ({"nick": "9"}, "is not a nick"),
        ({"secret": "word"}, 'for kind = "udp"'),
        ({"kind": "udp"}, "needs a secret"),
        ({"names": ["router"]}, "begins with no address"),
        ({"names": ["192.0.2.1"]}, "a name of one word"),
    ],
)
def test_settings_are_looked_at(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Room(**given)
