"""Measures, in CPU time of one process, what programs cost: asking, being told, and listening.

scripts/bench-web [--rounds 5] [--asks 2000] [--events 2000] [--streams 1000]

It is in memory, as tests have it: without sockets, HTTP and TLS, which the door to them costs besides.  The
bars are those of the door and this together: 800 us a message, 15 us an event that comes alone, 2 us one of
ten in a turn, 8 kB a stream.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from asking import Desk, Program, token
from conversation import Client, House
from twisted.internet.defer import Deferred

TEXT = "has anybody seen my clock? it was on the piano"


class Ear:
    """A reader who takes everything at once, and keeps nothing."""

    waiting = 0

    def __init__(self) -> None:
        self.bytes = 0

    def send(self, data: bytes) -> None:
        self.bytes += len(data)

    def end(self) -> None:
        """It is over."""


def house() -> Desk:
    """A house with a program, of which nothing is counted."""
    limits = {"rate": 10_000, "burst": 100_000, "streams": 100_000, "streams_per_token": 10_000}
    return Desk(House(token=[token("bot", "all")], api=limits))


def timed(number: int, function: Callable[[], object]) -> float:
    """Microseconds of CPU for each of so many calls."""
    gc.collect()
    begun = process_time()
    for _ in range(number):
        function()
    return (process_time() - begun) / number * 1e6


def asking(number: int) -> tuple[float, float]:
    """A message that is posted; a request that is refused for want of a token."""
    desk = house()
    bot, nobody = desk.program("bot"), Program(desk)
    bot.puts("/channels/club/membership")
    post = bot.made("POST", "/channels/club/messages", {"text": TEXT})
    refused = nobody.made("POST", "/channels/club/messages", {"text": TEXT})

    def ask(what: object) -> None:
        assert what in (post, refused)
        Deferred.fromCoroutine(desk.api.answer(post if what is post else refused))
        desk.house.settle()

    return timed(number, lambda: ask(post)), timed(number, lambda: ask(refused))


def listening(number: int, streams: int, together: int) -> float:
    """A message, said by IRC, for each stream of one program: so many of them in a turn."""
    desk = house()
    bot = desk.program("bot")
    ann: Client = desk.house.client("ann")
    ann >> "JOIN #club"
    for _ in range(streams):
        stream = bot.asks("GET", "/events", channels="club").body
        assert not isinstance(stream, bytes)
        stream.begin(Ear())
    line = f"PRIVMSG #club :{TEXT}\r\n".encode()

    def say() -> None:
        ann.session.receive(line * together)
        desk.house.settle()
        ann.outlet.lines.clear()

    return timed(number // together, say) / together


def opened(streams: int) -> tuple[float, float]:
    """What one more stream takes: microseconds, and bytes."""
    desk = house()
    bot = desk.program("bot")
    bot.puts("/channels/club/membership")
    ask = bot.made("GET", "/events", None, channels="club")
    kept: list[object] = []

    async def open_it() -> None:
        stream = (await desk.api.answer(ask)).body
        assert not isinstance(stream, bytes)
        stream.begin(Ear())
        kept.append(stream)

    def open_one() -> None:
        Deferred.fromCoroutine(open_it())

    took = timed(streams, open_one)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(streams):
        open_one()
    size = (tracemalloc.get_traced_memory()[0] - before) / streams
    tracemalloc.stop()
    assert len(kept) == 2 * streams
    return took, size


def main(argv: Sequence[str] | None = None) -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--asks", type=int, default=2000)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--streams", type=int, default=1000)
    given = parser.parse_args(argv)
    posts, refusals = zip(*(asking(given.asks) for _ in range(given.rounds)), strict=True)
    print(f"a message that is posted             {median(posts):8.1f} us")
    print(f"a request without a token            {median(refusals):8.1f} us")
    nobody = median(listening(given.events, 0, 1) for _ in range(given.rounds))
    print(f"a message by IRC, nobody listens     {nobody:8.1f} us")
    for streams, together in ((1, 1), (1, 10), (10, 1), (10, 10)):
        cost = median(listening(given.events, streams, together) for _ in range(given.rounds))
        base = median(listening(given.events, 0, together) for _ in range(given.rounds))
        name = f"{streams} listening, {together} in a turn"
        print(f"an event: {name:26} {(cost - base) / streams:8.1f} us each")
    took, size = opened(given.streams)
    print(f"one more stream                      {took:8.1f} us, {size:.0f} bytes")


if __name__ == "__main__":
    main()
