"""Lines over a plain connection: a token, a channel, and then what is said and heard there."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Desk, secret, token
from conversation import Client, House, MemoryOutlet

from chatnet.api.inlets.lines import GREETING, IDLE, MOST, WAITING, Lines, State, Talk
from chatnet.api.speaking import Speaking
from chatnet.api.values import Values
from chatnet.session.peer import Peer

TOKENS = [
    token("greenhouse"),
    token("cellar", "send:#sensors"),
    token("reader", "read"),
    token("two", "send:#a,#b"),
]


class Wire:
    """One connection: ``board >> "21.5"``, ``board << "ok"``."""

    def __init__(self, garden: Garden) -> None:
        self.garden = garden
        self.outlet = MemoryOutlet(garden.house.turn)
        self.talk: Talk = garden.lines.open(self.outlet, Peer("192.0.2.5"))

    def __rshift__(self, line: str) -> Wire:
        self.talk.receive(f"{line}\n".encode())
        self.garden.house.settle()
        return self

    def __lshift__(self, line: str) -> Wire:
        self.garden.house.settle()
        assert self.outlet.lines, f"nothing was answered where {line!r} was expected"
        assert self.outlet.lines.pop(0) == line
        return self

    @property
    def ended(self) -> bool:
        return self.outlet.ended is not None


class Garden:
    """A house where ann is in #sensors, and boards may connect."""

    def __init__(self, **sections: Any) -> None:
        self.house = House(token=TOKENS, **sections)
        desk = Desk(self.house)
        parts, node = desk.api.parts, self.house.node
        speaking = Speaking(node, parts.clients)
        self.values = Values(parts.sessions, speaking, parts.sessions.describing)
        self.lines = Lines(parts.sessions, parts.identities, speaking, parts.streams, self.values)
        self.ann: Client = self.house.client("ann")
        self.ann >> "JOIN #sensors"
        self.ann.lines()

    def board(self, first: str | None = None) -> Wire:
        """A connection; with its first line, it has been let in."""
        wire = Wire(self)
        if first is not None:
            wire >> first
            assert wire.outlet.lines.pop(0).startswith("ok ")
            self.ann.lines()
        return wire


@pytest.fixture
def garden() -> Garden:
    return Garden()


def test_a_board_says_what_it_measures(garden: Garden) -> None:
    board = garden.board()
    board >> f"{secret('greenhouse')} #sensors"
    board << "ok #sensors as greenhouse"
    garden.ann << ":greenhouse!greenhouse@api.irc.test JOIN #sensors"
    board >> "21.5 degrees"
    board << "ok"
    garden.ann << ":greenhouse!greenhouse@api.irc.test PRIVMSG #sensors :21.5 degrees"
    board >> ": a colon" >> "grün\r"
    board << "ok" << "ok"
    garden.ann << ":* PRIVMSG #sensors :: a colon" << ":* PRIVMSG #sensors :grün"
    garden.house.check()


@pytest.mark.parametrize("first", ["greenhouse #sensors", "greenhouse sensors", "cellar", "cellar #SENSORS"])
def test_the_channel_may_be_named_in_several_ways(garden: Garden, first: str) -> None:
    name, _, rest = first.partition(" ")
    board = garden.board()
    board >> f"{secret(name)} {rest}"
    board << f"ok #sensors as {name}"


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("cn-aaaa-aaaa-aaaa-aaaa-aaaa #sensors", "The token is wrong, over or taken back"),
        ("hello", "The token is wrong, over or taken back"),
        (f"{secret('greenhouse')}", "Say in which channel: TOKEN #channel"),
        (f"{secret('two')}", "Say in which channel: TOKEN #channel"),
        (f"{secret('greenhouse')} #a #b", "The first line is TOKEN #channel"),
        ("+", "The first line is TOKEN #channel"),
        (f"{secret('greenhouse')} #a,#b", "#a,#b is not the name of a channel"),
        (f"{secret('cellar')} #ops", "The token is for some channels alone."),
        (f"{secret('reader')} #sensors", "The token is not for send"),
        (f"{secret('cellar')}+ #sensors", "The token is not for events"),
        ("x" * (MOST + 1), f"A line has at most {MOST} bytes"),
    ],
)
def test_who_is_not_let_in_reads_why(garden: Garden, first: str, words: str) -> None:
    board = garden.board()
    board >> first
    board << f"error {words}"
    assert board.ended and board.talk.state is State.OVER
    board >> "more"
    assert board.outlet.lines == []
    assert len(garden.lines) == 0


def test_what_cannot_be_said_is_told_and_the_next_line_goes_on(garden: Garden) -> None:
    board = garden.board(f"{secret('cellar')}")
    garden.ann >> "MODE #sensors +m"
    board >> "3"
    board << "error Cannot send to channel (+m: with voice or a rank only)"
    board >> "x" * (MOST + 1)
    board << f"error A line has at most {MOST} bytes"
    board >> "\x01"
    board << "error There is no text to say"
    garden.ann >> "MODE #sensors -m"
    board >> "4"
    board << "ok"
    assert not board.ended


@pytest.mark.parametrize("form", ["{}+ #sensors", "{} + #sensors", "{} #sensors +"])
def test_with_a_plus_it_hears(garden: Garden, form: str) -> None:
    board = garden.board(form.format(secret("greenhouse")))
    garden.ann >> "PRIVMSG #sensors :on" >> "JOIN #other" >> "PRIVMSG #other :not here"
    board << "ann on"
    garden.ann >> "PRIVMSG #sensors :\x01ACTION waves\x01"
    board << "ann waves"
    board >> "own"
    board << "ok"
    assert board.outlet.lines == []


def test_without_it_hears_nothing(garden: Garden) -> None:
    board = garden.board(secret("cellar"))
    garden.ann >> "PRIVMSG #sensors :on"
    garden.house.settle()
    assert board.outlet.lines == []


def test_nothing_is_read_while_too_many_lines_wait(garden: Garden) -> None:
    board = garden.board(secret("cellar"))
    board.talk.receive(b"".join(b"%d\n" % number for number in range(60)))
    for _ in range(100):
        garden.house.settle()
        garden.house.clock.advance(1)
    assert board.outlet.lines == ["ok"] * 60
    assert not board.outlet.paused
    assert [line.rpartition(":")[2] for line in garden.ann.lines()] == [str(number) for number in range(60)]


def test_who_says_nothing_is_sent_away(garden: Garden) -> None:
    stranger, board = garden.board(), garden.board(secret("cellar"))
    for _ in range(int(GREETING) + 1):
        stranger.talk.receive(b"x")  # one byte after the other does not help
        garden.house.clock.advance(1)
    stranger << "error Nothing has come for long"
    assert stranger.ended and not board.ended
    garden.house.clock.advance(IDLE - 60)
    board >> "still here"
    garden.house.clock.advance(IDLE - 60)
    assert not board.ended
    garden.house.clock.advance(61)
    assert board.ended


def test_a_connection_that_is_lost_leaves_nothing(garden: Garden) -> None:
    board = garden.board(f"{secret('greenhouse')}+ #sensors")
    board.talk.connection_lost("Connection closed")
    garden.ann >> "PRIVMSG #sensors :on"
    garden.house.clock.advance(IDLE * 2)
    assert len(garden.lines) == 0 and board.outlet.lines == []
    assert len(garden.lines.streams) == 0


def test_when_its_user_is_killed_it_ends(garden: Garden) -> None:
    board = garden.board(f"{secret('greenhouse')}+ #sensors")
    user = garden.house.node.network.user("greenhouse")
    assert user is not None
    garden.house.parts.delivery.sessions_of(user)[0].close("Killed")
    board << "error The user of this token was disconnected"
    assert board.ended


def test_the_end_of_the_server_is_told(garden: Garden) -> None:
    board, stranger = garden.board(secret("cellar")), garden.board()
    garden.lines.close_all("The server stops")
    board << "error The server stops"
    stranger << "error The server stops"
    assert board.ended and stranger.ended


# values


def metadata(garden: Garden) -> list[str]:
    garden.ann >> "METADATA #sensors LIST"
    return [line.split(" ", 4)[4] for line in garden.ann.lines() if " 761 " in line]


def test_last_values_are_kept_and_not_said(garden: Garden) -> None:
    board = garden.board(secret("cellar"))
    board >> "=temperature 21.5 °C" >> "=Door/Front open"
    board << "ok" << "ok"
    assert metadata(garden) == ["value/temperature * :21.5 °C", "value/door/front * :open"]
    channel = garden.house.node.network.channel("#sensors")
    assert channel is not None
    assert [(each.key, each.value) for each in garden.values.of(channel)] == [
        ("door/front", "open"),
        ("temperature", "21.5 °C"),
    ]


def test_a_value_is_written_every_ten_minutes_at_most(garden: Garden) -> None:
    board = garden.board(secret("cellar"))
    channel = garden.house.node.network.channel("#sensors")
    assert channel is not None
    for number in range(20):
        board >> f"=t {number}"
        garden.house.clock.advance(30)
        (value,) = garden.values.of(channel)
        assert value.value == str(number)
        shown = metadata(garden)
        assert shown == ["value/t * :0"] if number < 19 else True
    garden.house.clock.advance(30)
    assert metadata(garden) == ["value/t * :19"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("=", "A key is 1 to 50 of a-z, 0-9, _ . / and -"),
        ("=t", "A value is one line of 1 to 200 bytes"),
        ("=t " + "x" * 201, "A value is one line of 1 to 200 bytes"),
        ("=ü 3", "A key is 1 to 50 of a-z, 0-9, _ . / and -"),
    ],
)
def test_what_is_no_value_is_refused(garden: Garden, line: str, words: str) -> None:
    board = garden.board(secret("cellar"))
    board >> line
    board << f"error {words}"


def test_who_may_not_speak_may_not_say_values_and_there_are_so_many() -> None:
    garden = Garden(metadata={"keys": 2})
    board = garden.board(secret("cellar"))
    board >> "=a 1" >> "=b 1" >> "=c 1" >> "=a 2"
    board << "ok" << "ok" << "error #sensors has 2 values and other metadata already" << "ok"
    garden.ann >> "MODE #sensors +m"
    board >> "=a 3"
    board << "error A ban, or a mode of the channel or of the person, is against it."


def test_who_is_banned_meanwhile_says_nothing_more(garden: Garden) -> None:
    board = garden.board(f"{secret('greenhouse')} #sensors")
    garden.house.reload(ban=[{"target": "192.0.2.5", "reason": "spam"}])
    board >> "21.5"
    board << "error spam"
    assert board.ended
    garden.ann.silent()


def test_waiting_lines_are_many() -> None:
    assert WAITING < 60  # or a test above shows nothing
