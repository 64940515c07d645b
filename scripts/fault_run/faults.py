"""The kinds of faults: what each does, and what it promises of those it comes between.

Each draws its place and its measure from dice of its own, so that a fault is the same one again with its
seed and its number, whatever came before.
"""

from __future__ import annotations

import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from fault_run.network import Link, Network
from fault_run.nodes import KEPT, Node, Times
from fault_run.people import TALK
from fault_run.proxy import Pipe
from fault_run.waiting import pause, until

MUCH = "much " * 80


class Outage(Enum):
    """For how long servers were without each other."""

    NONE = "none"  # the connection stays
    SHORT = "short"  # they wait for each other: nobody notices, where links are resumed
    EDGE = "edge"  # about as long as they wait: one split, or none
    LONG = "long"  # they give each other up: one split, and one return
    TWICE = "twice"  # the same, and once more when they are about to come back

    @property
    def splits(self) -> range:
        """How many splits those whom it comes between may read of."""
        once = range(1)
        return {
            "none": once, "short": once, "edge": range(2), "long": range(1, 2), "twice": range(1, 3),
        }[self.value]  # fmt: skip


@dataclass
class Struck:
    """A fault as it was: `where`, and `how`, in words; whom it came between."""

    where: str = ""
    how: str = ""
    apart: set[frozenset[Node]] = field(default_factory=set)
    mute: set[Node] = field(default_factory=set)  # servers whose people lost their connections
    twice: set[frozenset[Node]] = field(default_factory=set)  # those whom it came between at two links


@dataclass(frozen=True)
class Kind:
    """A kind of fault; `weight` tells how often it comes."""

    name: str
    weight: int
    outage: Outage
    strike: Callable[[Network, random.Random], Awaitable[Struck]]
    packets: bool  # whether it needs a network of its own
    persons: bool = False  # whether it is there with people who are always on


KINDS: dict[str, Kind] = {}
"""All kinds, by name."""


def kind(
    name: str, weight: int, outage: Outage, *, packets: bool = False, persons: bool = False
) -> Callable[[Any], Any]:
    """Enter a kind of fault."""

    def enter(strike: Callable[[Network, random.Random], Awaitable[Struck]]) -> Any:
        KINDS[name] = Kind(name, weight, outage, strike, packets, persons)
        return strike

    return enter


def lasting(
    name: str,
    weight: int,
    outage: Outage,
    strike: Callable[[Network, random.Random, float], Awaitable[Struck]],
    span: Callable[[Times], tuple[float, float]] | None = None,
) -> None:
    """Enter a kind of fault that lasts some seconds: from, to; without a `span` longer than the grace."""

    @kind(name, weight, outage)
    async def for_a_time(network: Network, dice: random.Random) -> Struck:
        times = network.times
        return await strike(network, dice, times.long if span is None else seconds(dice, *span(times)))


def at_the_edge(times: Times) -> tuple[float, float]:
    """When others give up somebody who fell silent, or shortly before."""
    end = times.ping_timeout + times.grace
    return end - 1.0, end + 1.5


def before_it(times: Times, least: float) -> tuple[float, float]:
    """Too short for them to give anybody up; silence may be noticed."""
    return least, times.ping_timeout + times.grace * 0.4


async def held(
    network: Network,
    link: Link,
    time: float,
    begin: Callable[[], object],
    end: Callable[[], object],
    how: str = "",
) -> Struck:
    """Let something begin at a link, and end after `time` seconds; `how` stands before the time."""
    begin()
    await pause(network.reactor, time)
    end()
    return Struck(str(link), f"{how}{time} s", between(network, link))


def plan(seed: int, count: int, only: list[str], packets: bool, persons: bool = False) -> list[Kind]:
    """Which faults come, in their order: each kind as often as its weight says, in an order by chance.

    Those of packets are left out where they cannot be had, and those for persons where there are none.
    """
    names = only or [
        kind.name
        for kind in KINDS.values()
        if (packets or not kind.packets) and (persons or not kind.persons)
    ]
    deck = [KINDS[name] for name in names for _ in range(KINDS[name].weight)]
    dice = random.Random(f"{seed}/plan")
    found: list[Kind] = []
    while len(found) < count:
        dice.shuffle(deck)
        found += deck
    return found[:count]


def between(network: Network, link: Link) -> set[frozenset[Node]]:
    """Which servers are apart without a link: A and C are so by either."""
    edge = next(node for node in link.ends if node is not network.nodes[1])
    return {frozenset({edge, node}) for node in network.nodes if node is not edge}


def around(network: Network, node: Node) -> set[frozenset[Node]]:
    """Which servers are apart without one of them."""
    near = [link for link in network.links if node in link.ends]
    return set().union(*(between(network, link) for link in near))


def seconds(dice: random.Random, least: float, most: float) -> float:
    return round(dice.uniform(least, most), 1)


@kind("reset", 4, Outage.SHORT)
async def reset(network: Network, dice: random.Random) -> Struck:
    """RST to both ends."""
    link = dice.choice(network.links)
    link.proxy.reset()
    return Struck(str(link), "", between(network, link))


@kind("both links reset", 2, Outage.SHORT)
async def reset_both(network: Network, dice: random.Random) -> Struck:
    """RST to the ends of both links at once."""
    for link in network.links:
        link.proxy.reset()
    return Struck("both", "", around(network, network.nodes[1]))


@kind("half-close", 2, Outage.SHORT)
async def half_close(network: Network, dice: random.Random) -> Struck:
    """FIN to one end."""
    link, back = dice.choice(network.links), dice.random() < 0.5
    link.proxy.half_close(back)
    return Struck(str(link), toward(link, back), between(network, link))


@kind("stall", 2, Outage.NONE)
async def stall(network: Network, dice: random.Random) -> Struck:
    """Nothing passes, for a time that is not noticed."""
    link, time = dice.choice(network.links), seconds(dice, 0.2, network.times.unnoticed)
    return await held(network, link, time, partial(link.proxy.stall, True), partial(link.proxy.stall, False))


@kind("one way only", 2, Outage.SHORT)
async def one_way(network: Network, dice: random.Random) -> Struck:
    """Nothing passes in one direction, until it is noticed or not; new connections work."""
    times = network.times
    link, back = dice.choice(network.links), dice.random() < 0.5
    time = seconds(dice, 1.0, times.silence + times.grace * 0.3)
    pipes = list(link.proxy.pipes)
    for pipe in pipes:
        (pipe.back if back else pipe.out).stall(True)
    await pause(network.reactor, time)
    for pipe in pipes:
        (pipe.back if back else pipe.out).stall(False)
    return Struck(str(link), f"{toward(link, back)}, {time} s", between(network, link))


@kind("delay", 1, Outage.NONE)
async def delay(network: Network, dice: random.Random) -> Struck:
    """Everything takes longer for a while."""
    link, lag = dice.choice(network.links), seconds(dice, 0.1, 0.8)
    link.proxy.delay(lag)
    await pause(network.reactor, 2.0)
    link.proxy.delay(0.0)
    return Struck(str(link), f"{lag} s", between(network, link))


@kind("one bit garbled", 1, Outage.SHORT)
async def garble(network: Network, dice: random.Random) -> Struck:
    """One bit arrives as another: TLS notices."""
    link, back = dice.choice(network.links), dice.random() < 0.5
    before = link.proxy.connections
    link.proxy.garble(back)
    await reconnected(network, link, before)
    return Struck(str(link), toward(link, back), between(network, link))


@kind("cut at a byte", 4, Outage.SHORT)
async def cut(network: Network, dice: random.Random) -> Struck:
    """RST after so many more bytes in one direction, wherever that is in a record or a line."""
    link, back, size = dice.choice(network.links), dice.random() < 0.5, dice.randrange(1, 4000)
    before = link.proxy.connections
    link.proxy.cut_after(size, back)
    await reconnected(network, link, before)
    return Struck(str(link), f"{toward(link, back)}, {size} bytes", between(network, link))


@kind("cut in the handshake", 3, Outage.SHORT)
async def cut_in_handshake(network: Network, dice: random.Random) -> Struck:
    """RST, and RST again before the next connections have come far, once or twice."""
    link, times = dice.choice(network.links), dice.randrange(1, 3)
    cuts = [(dice.random() < 0.5, dice.randrange(1, 3500)) for _ in range(times)]
    how = ", ".join(f"{toward(link, back)} {size} bytes" for back, size in cuts)
    await cut_next(network, link, cuts)
    return Struck(str(link), how, between(network, link))


@kind("cut in the burst", 2, Outage.LONG)
async def cut_in_burst(network: Network, dice: random.Random) -> Struck:
    """A split, and RST while they tell each other what they know."""
    link, back, size = dice.choice(network.links), dice.random() < 0.5, dice.randrange(3500, 9000)
    shut(link)
    await pause(network.reactor, network.times.long)
    link.proxy.open()
    await cut_next(network, link, [(back, size)])
    return Struck(str(link), f"{toward(link, back)}, {size} bytes", between(network, link))


async def refuse(network: Network, dice: random.Random, time: float) -> Struck:
    """RST, and no new connection for a time."""
    link = dice.choice(network.links)
    return await held(network, link, time, partial(shut, link), link.proxy.open)


def shut(link: Link) -> None:
    """RST to both ends, and no new connection."""
    link.proxy.refuse()
    link.proxy.reset()


lasting("refused", 2, Outage.SHORT, refuse, lambda times: (0.3, times.grace * 0.5))
lasting("refused for long", 2, Outage.LONG, refuse)


@kind("refused, and much said", 1, Outage.LONG)
async def refused_and_much_said(network: Network, dice: random.Random) -> Struck:
    """RST, and no new connection for less than the grace, but more is said than a link keeps."""
    link = dice.choice(network.links)
    end = dice.choice(link.ends)
    shut(link)
    await pause(network.reactor, 0.3)
    lines = KEPT * 5 // 4 // len(MUCH)
    await network.on(end).ask(*[f"PRIVMSG {TALK} :{MUCH}"] * lines)
    await pause(network.reactor, network.times.grace * 0.3)
    link.proxy.open()
    return Struck(str(link), f"{lines} lines at {end.short.upper()}", between(network, link))


lasting("refused to the edge", 2, Outage.EDGE, refuse, lambda times: (times.grace - 1.5, times.grace + 1.0))


async def swallow(network: Network, dice: random.Random, time: float) -> Struck:
    """Nothing passes, nothing is answered, for a time."""
    link = dice.choice(network.links)
    return await held(
        network, link, time, partial(link.proxy.silence, True), partial(link.proxy.silence, False)
    )


lasting("black hole", 3, Outage.SHORT, swallow, partial(before_it, least=1.0))
lasting("black hole for long", 1, Outage.LONG, swallow)
lasting("black hole to the edge", 1, Outage.EDGE, swallow, at_the_edge)


async def freeze(network: Network, dice: random.Random, time: float) -> Struck:
    """SIGSTOP, and SIGCONT after a time."""
    node = dice.choice(network.nodes)
    node.signal(signal.SIGSTOP)
    await pause(network.reactor, time)
    node.signal(signal.SIGCONT)
    a, b, c = network.nodes
    twice = {frozenset({a, c})} if node is b else set()
    return Struck(node.short.upper(), f"{time} s", around(network, node), twice=twice)


lasting("stopped", 3, Outage.SHORT, freeze, partial(before_it, least=0.5))
lasting("stopped for long", 1, Outage.LONG, freeze)
lasting("stopped to the edge", 1, Outage.EDGE, freeze, at_the_edge)


@kind("killed", 2, Outage.LONG)
async def killed(network: Network, dice: random.Random) -> Struck:
    """SIGKILL, and a new start after some time."""
    return await end(network, dice, signal.SIGKILL)


@kind("terminated", 1, Outage.LONG)
async def terminated(network: Network, dice: random.Random) -> Struck:
    """SIGTERM, and a new start after some time."""
    return await end(network, dice, signal.SIGTERM)


@kind("killed in the burst", 2, Outage.TWICE, persons=True)
async def killed_in_burst(network: Network, dice: random.Random) -> Struck:
    """A split, and SIGKILL while they tell each other what they know; then a new start."""
    link = dice.choice(network.links)
    node, time, before = dice.choice(link.ends), seconds(dice, 0.0, 2.0), link.proxy.connections
    shut(link)
    await pause(network.reactor, network.times.long)
    link.proxy.open()
    await reconnected(network, link, before)
    await pause(network.reactor, dice.uniform(0.0, 0.3))
    await network.kill(node, signal.SIGKILL, time)
    how = f"{node.short.upper()}, {time} s"
    return Struck(str(link), how, around(network, node) | between(network, link), {node})


async def end(network: Network, dice: random.Random, number: signal.Signals) -> Struck:
    node, time = dice.choice(network.nodes), seconds(dice, 0.0, 2.0)
    await network.kill(node, number, time)
    return Struck(node.short.upper(), f"{time} s", around(network, node), {node})


@kind("packets lost", 1, Outage.SHORT, packets=True)
async def packets_lost(network: Network, dice: random.Random) -> Struck:
    """So many of a hundred packets are lost for a while; TCP sends them again."""
    link, percent, time = dice.choice(network.links), dice.randrange(5, 31), seconds(dice, 1.0, 4.0)
    return await lose_packets(network, link, percent, time, f"{percent} %, ")


@kind("all packets lost", 1, Outage.SHORT, packets=True)
async def all_packets_lost(network: Network, dice: random.Random) -> Struck:
    """A black hole for a while."""
    link, time = dice.choice(network.links), seconds(dice, *before_it(network.times, 1.0))
    return await lose_packets(network, link, 100, time)


@kind("all packets lost for long", 1, Outage.LONG, packets=True)
async def all_packets_lost_for_long(network: Network, dice: random.Random) -> Struck:
    """A black hole for longer than the grace."""
    return await lose_packets(network, dice.choice(network.links), 100, network.times.long)


@kind("packets rejected", 1, Outage.SHORT, packets=True)
async def packets_rejected(network: Network, dice: random.Random) -> Struck:
    """A firewall answers with RST for a while."""
    link, time = dice.choice(network.links), seconds(dice, 0.5, network.times.grace * 0.5)
    assert network.packets is not None
    begin = partial(network.packets.reject, link.proxy.port)
    return await held(network, link, time, begin, network.packets.pass_all)


async def lose_packets(network: Network, link: Link, percent: int, time: float, how: str = "") -> Struck:
    assert network.packets is not None
    begin = partial(network.packets.drop, link.proxy.port, percent)
    return await held(network, link, time, begin, network.packets.pass_all, how)


def toward(link: Link, back: bool) -> str:
    return f"to {link.ends[not back].short.upper()}"


async def reconnected(network: Network, link: Link, before: int) -> None:
    """Until there was another connection."""
    proxy = link.proxy
    await until(network.reactor, lambda: proxy.connections > before, 20.0, lambda: f"a connection on {link}")


async def cut_next(network: Network, link: Link, cuts: list[tuple[bool, int]]) -> None:
    """Reset the connection, and then the next ones after so many bytes, if they come so far."""
    proxy, before, wanted = link.proxy, link.proxy.connections, len(cuts)

    def prepare(pipe: Pipe) -> None:
        if cuts:
            back, size = cuts.pop(0)
            (pipe.back if back else pipe.out).budget = size

    proxy.prepare = prepare
    proxy.reset()
    await until(
        network.reactor,
        lambda: proxy.connections > before + wanted,
        20.0,
        lambda: f"{wanted + 1} connections on {link}",
    )
    proxy.prepare = None
