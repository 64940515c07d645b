"""Let faults strike a network of three servers while people talk, and tell what became of their messages."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from fault_run import packets
from fault_run.faults import KINDS, Kind, Outage, Struck, plan
from fault_run.memory import MOST, PEAK, WARM, Memory
from fault_run.network import Network
from fault_run.nodes import Times
from fault_run.report import Result, table
from fault_run.services import missing
from fault_run.waiting import Crowd, Late, pause

QUIET = 2.0
"""Programs that each CPU may have to run without it being felt."""
SLOWEST = 4.0
"""How many times as long outages, and what servers wait, are at most."""
ENOUGH = 1.5
"""How many times as crowded as at the beginning the machine may become, so that splits can be judged."""
EXPLANATION = f"""\
Three servers, A - B - C, are linked over TLS through proxies. People on each of them talk all the time, in a
channel and in private, in numbered messages, and change another channel, while faults strike, one by one.

lost, doubled, reordered   messages that somebody did not read, read twice, or read too late
left out                   messages to people who had read that the other one was gone, or of whom the sender
                           has read (401) that they may not have reached them
filled in                  messages to the channel among them, that the servers of these people remember now
splits                     how often people read that others are gone
connections                new ones between servers, made after a fault

A deadline is one of a quiet machine: where each CPU has ten programs to run, it is ten times as long. Where
each has more than {QUIET:.0f} at the beginning, servers wait longer for each other, outages last longer, and
people talk more slowly, all to the same degree. Where it becomes more crowded meanwhile, splits are not
judged: a server that has not had its turn looks like one that is gone.

Promised: nothing is lost, doubled or reordered; there is no split by an outage that is shorter than the grace
time, and one by a longer one, for those it comes between and nobody else; then everybody hears everybody,
and all servers tell the same of all channels. The exit status is 1 if a promise was broken.

Memory stays what it is: servers remember all they may from the beginning, and after the first {WARM}
faults of a process its resident memory grows by no more than {MOST} KiB in 100 faults, once by
{PEAK} KiB where there are long outages, and by what SQLite has of a file of messages that grows.

With --grace 0 no link is resumed, and with --plain changes at the same moment end differently on different
servers: both are to break promises, and show that this would be seen.

With --services a login through Atheme, and a line each way through PyLink, are tried after every tenth fault.

With --persons there are people besides who are always on, with a device on each server, which all talk. After
each fault all servers tell the same of each, all devices hear each other, nobody has read that one of them
went or came, and each device finds all that was said to them, or by them, by reading back.

The same seed brings the same faults in the same order, and a fault depends on nothing but the seed and its
number. What people say at that moment is another matter."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description=__doc__,
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--seed", type=int, default=1, metavar="N", help="which faults (default 1)")
    option("--faults", type=int, default=50, metavar="N", help="how many (default 50)")
    option("--first", type=int, default=1, metavar="N", help="begin with that one")
    option("--kind", action="append", choices=list(KINDS), help="only this kind; may be repeated")
    option("--people", type=int, default=2, metavar="N", help="people on each server (default 2)")
    option("--rate", type=float, default=10.0, metavar="N", help="messages of each per second (default 10)")
    option(
        "--grace",
        type=float,
        default=5.0,
        metavar="N",
        help="seconds that links wait (default 5; more on a crowded machine); 0 = none do",
    )
    option("--plain", action="store_true", help="stamp no changes of channels, as servers of other makes")
    option("--calm", action="store_true", help="let nobody change modes, lists, topics")
    option("--folder", type=Path, metavar="DIR", help="keep configurations, logs and what people read there")
    option("--packets", action="store_true", help="lose packets too: needs root, `unshare`, `ip` and `nft`")
    option("--services", action="store_true", help="link Atheme and PyLink, and try them after ten faults")
    option("--persons", type=int, default=0, metavar="N", help="so many people are on all servers, always on")
    option("--pylink", default="pylink", metavar="PROGRAM", help="where PyLink is (default: in PATH)")
    option("--list", action="store_true", help="tell which faults would come, and end")
    given = parser.parse_args()
    if not given.packets and any(KINDS[name].packets for name in given.kind or ()):
        parser.error("this kind needs --packets")
    if given.services and given.persons:
        parser.error("--persons and --services go not together: people have accounts of the servers")
    if not given.persons and any(KINDS[name].persons for name in given.kind or ()):
        parser.error("this kind needs --persons")
    if given.services and (absent := missing(given.pylink)):
        parser.error(f"--services needs {' and '.join(absent)}")
    if given.packets and not packets.possible():
        parser.error("--packets needs root, `unshare`, `ip` and `nft`, and a system that has them")
    return given


async def run(reactor: Any, network: Network, given: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """All faults; their results, and which promises were broken beside them."""
    results: list[Result] = []
    broken: list[str] = []
    await network.start()
    memory = Memory()
    for number, kind in faults(given):
        if number < given.first:
            continue
        result = await strike(reactor, network, kind, number, given.seed)
        results.append(result)
        print(result, flush=True)
        if not result.whole:
            return results, [*broken, "the run ended early: the network did not become whole"]
        memory.note(network.memory(), long=kind.outage in (Outage.LONG, Outage.EDGE, Outage.TWICE))
        if number % 10 == 0:
            broken += [f"after fault {number}: {text}" for text in await network.unserved()]
    print(*memory.in_words(), sep="\n")
    broken += memory.broken()
    if network.services is not None:
        good, tries = network.services.good, network.services.tries
        print(f"a login through Atheme and a line each way through PyLink: {good} of {tries} times")
    return results, broken


async def strike(reactor: Any, network: Network, kind: Kind, number: int, seed: int) -> Result:
    """One fault, until all is well again, or has been given up."""
    began, since, connections = reactor.seconds(), time.time(), network.connections
    result = Result(number, kind.name)
    network.crowd.take()
    try:
        result.struck = await kind.strike(network, random.Random(f"{seed}/{number}"))
        await network.whole()
        result.splits = max(network.checker.gone.values(), default=0)
        result.crowded = network.crowd.take() > ENOUGH * QUIET * network.times.pace
        if not result.crowded:
            result.broken += unpromised(network, kind.outage, result.struck)
        result.filled, missing = await network.forgotten(since, result.struck.mute)
        result.broken += missing
        result.broken += await network.unlike(since)
        result.broken += await network.differences()
        if network.persons is not None:
            result.broken += await network.persons.broken(since, result.struck.mute)
    except Late as late:
        result.whole = False
        result.broken.append(str(late))
    result.count = count = network.checker.take()
    result.broken += count.in_words()
    result.broken += network.trouble()
    result.connections = network.connections - connections
    result.seconds = reactor.seconds() - began
    return result


def faults(given: argparse.Namespace) -> Iterator[tuple[int, Kind]]:
    """The faults that come, with their numbers."""
    return enumerate(plan(given.seed, given.faults, given.kind or [], given.packets, bool(given.persons)), 1)


def unpromised(network: Network, outage: Outage, struck: Struck) -> list[str]:
    """Who read of more splits than were promised, or of fewer."""
    servers = {person.nick: person.node for person in network.people}
    found = []
    for to in network.people:
        for by in to.others:
            times = network.checker.gone[to.nick, by.nick]
            pair = frozenset({servers[to.nick], servers[by.nick]})
            if to.node in struck.mute:
                continue
            wanted = range(1)
            if pair in struck.apart:
                wanted = outage.splits
            if pair in struck.twice and outage is Outage.EDGE:
                wanted = range(3)  # one for each of the two links between them
            if times not in wanted:
                found.append(f"{to.nick} read {times} times that {by.nick} was gone")
            if max(wanted) == 0 and network.checker.doubted[to.nick, by.nick]:
                found.append(f"{by.nick} read 401 of {to.nick}")
    return found[:3]


def pace_for(crowd: float) -> float:
    """How many times as long everything may take, where each CPU has so many programs to run."""
    return min(max(crowd / QUIET, 1.0), SLOWEST)


async def work(reactor: Any, given: argparse.Namespace, folder: Path) -> None:
    """A whole run; SystemExit with its status at the end."""
    times = Times(grace=given.grace, converge=not given.plain)
    crowd = Crowd(reactor)
    await pause(reactor, 1.0)
    crowd.close()
    pace = pace_for(max(crowd.take(), os.getloadavg()[0] / (os.cpu_count() or 1)))
    if pace > 1:
        print(f"the machine is crowded: everything may take {pace:.1f} times as long", flush=True)
    network = Network(reactor, folder, given, times.at(pace))
    # Whatever ends us, Ctrl-C as well, nothing is left behind.
    reactor.addSystemEventTrigger("before", "shutdown", network.close)
    results, broken = await run(reactor, network, given)
    print(f"\n{table(results)}\n")
    for text in broken:
        print(f"BROKEN: {text}")
    raise SystemExit(1 if broken or any(result.broken for result in results) else 0)


def main() -> None:
    given = arguments()
    if given.list:
        for number, kind in faults(given):
            print(f"{number:4} {kind.name}")
        return
    if given.packets and not packets.inside():
        packets.go_inside(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="chatnet-faults-") as temporary:
        folder = given.folder.resolve() if given.folder else Path(temporary)
        # It ends the process, with the status that it is given.
        react(lambda reactor: Deferred.fromCoroutine(work(reactor, given, folder)))


if __name__ == "__main__":
    main()
