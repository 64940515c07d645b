"""More than a session wants to hear: penalties, RecvQ, held lines, lines that are no lines."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
from conversation import Client, House
from states import opered

from chatnet.commands import CLIENT, Request
from chatnet.rules.refusal import Refusal
from chatnet.session.session import Refused
from chatnet.wire import numerics


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands that come to be in a test are gone after it."""
    before = dict(CLIENT.rows)
    yield
    CLIENT.rows.clear()
    CLIENT.rows.update(before)


class Later:
    """Drives coroutines when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Coroutine[Any, Any, None]] = []

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.waiting.append(coroutine)

    def end(self) -> None:
        """End what was begun first."""
        with pytest.raises(StopIteration):
            self.waiting.pop(0).send(None)


def flooding(**klass: Any) -> House:
    return House(flood={"enabled": True}, connection_class=[{"name": "default", **klass}])


def pongs(client: Client) -> list[str]:
    return [line.rpartition(":")[2] for line in client.lines() if " PONG " in line]


def pings(first: int, last: int) -> bytes:
    return b"".join(b"PING %d\r\n" % number for number in range(first, last))


def test_a_burst_is_free_and_the_rest_waits_its_turn() -> None:
    house = flooding(burst=5, lines_per_second=1)
    ann = house.client("ann")
    house.clock.advance(60)
    ann.send(pings(0, 20))
    first = pongs(ann)
    # Half a second each, and the one that goes beyond 5 s still passes.
    assert first == [str(number) for number in range(11)]
    house.clock.advance(1)
    assert pongs(ann) == ["11", "12"]
    ann.send(pings(20, 21))
    ann.silent()
    house.clock.advance(60)
    assert pongs(ann) == [str(number) for number in range(13, 21)]
    assert ann.session.backlog is None
    ann.send(pings(0, 1))
    assert pongs(ann) == ["0"]
    house.check()


def test_bytes_cost_too() -> None:
    house = flooding(burst=5, lines_per_second=100, bytes_per_second=100)
    ann = house.client("ann")
    house.clock.advance(60)
    ann.send(b"PING " + b"x" * 400 + b"\r\nPING 1\r\nPING " + b"y" * 400 + b"\r\nPING 2\r\n")
    assert len(ann.lines()) == 3
    house.clock.advance(10)
    assert pongs(ann) == ["2"]
    house.check()


@pytest.mark.parametrize("raw", [b"NONSENSE", b"x" * 5000, b"\xff\xff", b"@a", b":src", b"   "])
def test_no_line_is_free(raw: bytes) -> None:
    house = flooding(burst=5, lines_per_second=1)
    ann = house.client("ann")
    house.clock.advance(60)
    ann.send(b"".join([raw + b"\r\n"] * 20))
    assert ann.session.backlog
    house.check()


def test_excess_flood() -> None:
    house = flooding(burst=1, excess=10)
    ann, bob = house.client("ann"), house.client("bob")
    house.clock.advance(60)
    opered(bob, snomask="f")
    ann.send(pings(0, 30))
    ann.until("ERROR :Closing Link: 192.0.2.1 (Excess Flood)")
    bob << ":irc.test NOTICE * :*** Notice -- Excess Flood: ann!~ann@192.0.2.1 [192.0.2.1]"
    house.clock.advance(60)
    ann.silent()
    assert house.node.network.user("ann") is None
    house.check()


@pytest.mark.parametrize("how", ["class", "oper", "off"])
def test_who_is_exempt(how: str) -> None:
    house = flooding(burst=1, excess=10, flood_exempt=how == "class")
    if how == "off":
        house = House(connection_class=[{"name": "default", "burst": 1, "excess": 10}])
    ann = house.client("ann")
    house.clock.advance(60)
    if how == "oper":
        opered(ann, "flood-exempt")
    ann.send(pings(0, 300))
    assert len(pongs(ann)) == 300
    house.check()


def test_reading_pauses_when_too_much_waits_and_goes_on_when_half_is_gone() -> None:
    house = flooding(burst=1, lines_per_second=1, recvq=5000, excess=1000, bytes_per_second=10000)
    ann = house.client("ann")
    house.clock.advance(60)
    line = b"PING " + b"x" * 395 + b"\r\n"
    ann.send(line * 3)
    assert not ann.outlet.paused
    ann.send(line * 20)
    assert ann.outlet.paused
    heard = len(pongs(ann))
    house.clock.advance(120)
    house.clock.advance(70)
    assert not ann.outlet.paused
    assert heard + len(pongs(ann)) == 23
    house.check()


def test_who_is_paused_is_not_asked_for_signs_of_life() -> None:
    house = flooding(burst=9, lines_per_second=0.05, recvq=5000, excess=1000)
    ann = house.connect()
    ann >> "NICK ann"
    house.clock.advance(30)
    ann >> "USER ann 0 * :Ann"
    house.clock.advance(60)
    ann.send((b"PING " + b"x" * 395 + b"\r\n") * 20)
    ann.lines()
    house.parts.sessions.sweep()
    ann.session.heard -= 1000
    for _ in range(4):
        assert ann.outlet.paused
        house.clock.advance(20)
        house.parts.sessions.sweep()
    assert not any("PING :irc.test" in line for line in ann.lines())
    assert not ann.session.closed
    house.check()


def test_a_held_session_keeps_the_order(house: House, rows: None) -> None:
    later = Later()
    house.node.run = later.run

    @CLIENT.command("SLOW")
    async def slow(request: Request) -> None:
        request.reply(numerics.RPL_INFO, request.params[0])

    ann, bob = house.client("ann"), house.client("bob")
    ann.send(b"SLOW 1\r\nPING 2\r\nSLOW 3\r\n")
    ann.send(b"PING 4\r\n")
    bob >> "PING x"
    bob << ":irc.test PONG irc.test :x"
    ann.silent()
    later.end()
    ann << ":irc.test 371 ann :1"
    ann << ":irc.test PONG irc.test :2"
    ann.silent()
    later.end()
    ann << ":irc.test 371 ann :3"
    ann << ":irc.test PONG irc.test :4"
    assert ann.session.backlog is None and not ann.session.held


def test_a_held_session_that_ends(house: House, rows: None) -> None:
    later = Later()
    house.node.run = later.run

    @CLIENT.command("SLOW")
    async def slow(request: Request) -> None:
        request.reply(numerics.RPL_INFO, "never heard")

    ann = house.client("ann")
    ann.send(b"SLOW\r\nPING 2\r\n")
    ann.session.connection_lost("gone")
    later.end()
    ann.silent()


def test_hundreds_of_handlers_that_end_at_once_do_not_nest() -> None:
    house = flooding(burst=1, excess=1000, lines_per_second=2)
    before = dict(CLIENT.rows)
    try:

        @CLIENT.command("SLOW", penalty=0.01)
        async def slow(request: Request) -> None:
            request.reply(numerics.RPL_INFO, request.params[0])

        ann = house.client("ann")
        ann.session.penalty = house.clock.monotonic() + 2
        ann.send(b"".join(b"SLOW %d\r\n" % number for number in range(900)))
        ann.silent()
        house.clock.advance(100)
        assert [line.rpartition(":")[2] for line in ann.lines()] == [str(number) for number in range(900)]
    finally:
        CLIENT.rows.clear()
        CLIENT.rows.update(before)
    house.check()


def test_handlers_that_raise(house: House, rows: None) -> None:
    @CLIENT.command("BREAK")
    def break_(request: Request) -> None:
        raise ZeroDivisionError

    @CLIENT.command("BREAKLATER")
    async def break_later(request: Request) -> None:
        raise ZeroDivisionError

    @CLIENT.command("REFUSELATER")
    async def refuse_later(request: Request) -> None:
        raise Refused(Refusal(numerics.ERR_NOSUCHNICK, "eve"))

    ann = house.client("ann")
    ann.send(b"BREAK\r\nBREAKLATER\r\nREFUSELATER\r\nPING x\r\n")
    ann << ":irc.test 400 ann BREAK :*"
    ann << ":irc.test 400 ann BREAKLATER :*"
    ann << ":irc.test 401 ann eve :No such nick/channel"
    ann << ":irc.test PONG irc.test :x"
    assert [text.partition("\n")[0] for text in house.log.failures] == ["BREAK failed", "BREAKLATER failed"]
    house.log.failures.clear()


def test_a_reader_that_is_too_slow(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    bob.lines()
    ann.session.sendq_exceeded()
    assert ann.outlet.ended == "aborted"
    bob << ":ann!~ann@192.0.2.1 QUIT :SendQ exceeded"
    ann.session.sendq_exceeded()
    ann.session.connection_lost("gone")
    bob.silent()


def test_the_class_sets_sendq() -> None:
    house = House(connection_class=[{"name": "default", "sendq": 5000}])
    assert house.connect().outlet.sendq == 5000


@pytest.mark.parametrize(
    "raw",
    [
        b"PRIVMSG ann :" + b"x" * 498,
        b"@" + b"t" * 4095 + b" PRIVMSG ann :hi",
        b"@a=b " + b"PRIVMSG ann :" + b"x" * 498,
        b"x" * 20000,
    ],
)
def test_lines_that_are_too_long(house: House, raw: bytes) -> None:
    ann = house.client("ann")
    ann.send(raw + b"\r\nPING x\r\n")
    ann << ":irc.test 417 ann :Input line was too long"
    ann << ":irc.test PONG irc.test :x"
    ann.silent()


def test_lines_that_just_fit(house: House) -> None:
    ann = house.client("ann")
    ann.send(b"@" + b"t" * 4094 + b" PING :" + b"x" * 504 + b"\r\n")
    ann << ":irc.test PONG irc.test :*"
    ann.send(b"PING :" + b"y" * 504 + b"\r\n")
    ann << ":irc.test PONG irc.test :*"


def test_tags_may_be_limited_further() -> None:
    house = House(limits={"tags": 512})
    ann = house.client("ann")
    ann.send(b"@" + b"t" * 513 + b" PING x\r\n@" + b"t" * 512 + b" PING y\r\n")
    ann << ":irc.test 417 ann :Input line was too long"
    ann << ":irc.test PONG irc.test :y"


def test_bytes_that_are_not_utf8_are_refused(house: House) -> None:
    ann = house.client("ann")
    ann.send(b"PRIVMSG ann :caf\xe9\r\n\xff\xfe\r\nPRIVMSG ann :caf\xc3\xa9\r\n")
    ann << ":irc.test FAIL PRIVMSG INVALID_UTF8 :The line is not valid UTF-8 and was rejected"
    ann << ":irc.test FAIL * INVALID_UTF8 :The line is not valid UTF-8 and was rejected"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :caf\u00e9"


def test_bytes_that_are_not_utf8_survive_where_they_may() -> None:
    house = House(server={"utf8_only": False})
    ann = house.client("ann")
    ann.send(b"PRIVMSG ann :caf\xe9 \xf0\x9f\x98\r\n")
    house.settle()
    assert ann.outlet.lines[0].encode("utf-8", "surrogateescape").endswith(b" :caf\xe9 \xf0\x9f\x98")
    house.check()


def test_nothing_is_heard_after_the_end(house: House) -> None:
    ann = house.client("ann")
    ann.send(b"QUIT\r\nPING x\r\n")
    ann.send(b"PING y\r\n")
    assert len(ann.lines()) == 1
    ann.session.numeric(numerics.ERR_NOMOTD)
    ann.session.close("again")
    ann.silent()
