"""Measure what accounts cost a server, and how fast they go round between two, and print a table."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Final

from bench_load.server import Ports, Started

from bench_accounts.seeds import sow
from bench_accounts.servers import DEADLINE, SIDS, Club, Look, Person
from bench_accounts.storms import Crowd

EXPLANATION: Final = """\
rows
  SCRAM      logins by SCRAM-SHA-256 on a connection, of a client that remembers what it hashed
  PLAIN      logins by PLAIN at accounts.iterations as it is by default, 8 at a time
  wrong      passwords for accounts that exist, and for none: whether time tells which there are
  REGISTER   from the command to the answer, which is on the disk: alone, and 50 at a time
  start      CPU time until the server listens, and its memory, empty and with so many accounts
  A to B     from the answer of one server to when another one has it on its disk, over loopback
  talks      10,000 connections that begin to log in and say nothing more: memory, and what a PING every 10 ms
             and a login wait; PLAIN beside wrong passwords of 200
  filling    an empty server is told all of another one: its CPU time, its memory, and what somebody who
             sends it a PING every 10 ms waits meanwhile

CPU time is the server's, of all threads. Compare figures from the same machine and the same minutes only."""
PINGS: Final = 0.01
PARTS: Final = ("logins", "guessing", "registering", "start", "going-round", "talks", "storm", "filling")


class Bench:
    """Runs servers in a folder, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def start(self, club: Club) -> Started:
        """Start a server."""
        self._count += 1
        ports = Ports.free(False, True)
        return Started(club, self._folder / f"{self._count}{club.name}", ports, None)


Row = tuple[str, str]


def late(took: list[float]) -> float:
    """What 99 in 100 are below."""
    return quantiles(took, n=100, method="inclusive")[98] if len(took) > 1 else took[0]


def logins(bench: Bench, scale: float) -> Iterator[Row]:
    """SCRAM and PLAIN."""
    server = bench.start(Club("a"))
    try:
        people = [Person(server.ports.plain, f"ann{number}") for number in range(8)]
        people[0].register()
        people[0].registered()
        salted: dict[str, bytes] = {}
        people[0].scram("ann0", salted)
        count, cpu, begun = int(1000 * scale), server.cpu(), time.monotonic()
        for _ in range(count):
            people[0].scram("ann0", salted)
        cpu, seconds = server.cpu() - cpu, time.monotonic() - begun
        yield "SCRAM, logins per CPU second", f"{count / cpu:.0f} ({count / seconds:.0f} by the clock)"
        rounds, cpu, begun = int(25 * scale) or 1, server.cpu(), time.monotonic()
        for _ in range(rounds):
            for each in people:
                each.plain("ann0")
            for each in people:
                each.logged_in()
        cpu, seconds = server.cpu() - cpu, time.monotonic() - begun
        count = rounds * len(people)
        yield "PLAIN, logins per CPU second", f"{count / cpu:.0f} ({count / seconds:.0f} by the clock)"
    finally:
        server.stop()


def guessing(bench: Bench, scale: float) -> Iterator[Row]:
    """Wrong passwords for accounts that exist and for others: time is not to tell which is which."""
    server = bench.start(Club("a"))
    try:
        owners = [Person(server.ports.plain, f"owner{number}") for number in range(10)]
        for each in owners:
            each.register()
            each.registered()
        rounds, took = int(1000 * scale) or 20, dict[bool, list[float]]({True: [], False: []})
        for number in range(rounds):
            if number % 400 == 0:
                stranger = Person(server.ports.plain, f"stranger{number}")
            for exists in random.sample((True, False), 2):
                name = f"owner{number % 10}" if exists else f"ghost{number % 10}"
                begun = time.perf_counter()
                stranger.plain(name, "wrong-horse-battery")
                stranger.refused()
                took[exists].append(time.perf_counter() - begun)
        there, nowhere = mean(took[True]), mean(took[False])
        middle = abs(median(took[True]) - median(took[False])) / median(took[True])
        yield f"wrong password, {2 * rounds} tries, mean", f"{there * 1000:.2f} ms"
        yield "the same of no account, mean", f"{nowhere * 1000:.2f} ms"
        difference = abs(there - nowhere) / there
        yield "their difference", f"{difference:.1%} of the means, {middle:.1%} of the medians"
    finally:
        server.stop()


def registering(bench: Bench, scale: float) -> Iterator[Row]:
    """REGISTER."""
    server = bench.start(Club("a"))
    try:
        took = []
        for number in range(int(50 * scale) or 2):
            person = Person(server.ports.plain, f"one{number}")
            begun = time.monotonic()
            person.register()
            person.registered()
            took.append(time.monotonic() - begun)
            person.close()
        yield "REGISTER alone, median", f"{median(took) * 1000:.0f} ms"
        people = [Person(server.ports.plain, f"many{number}") for number in range(50)]
        begun = time.monotonic()
        for each in people:
            each.register()
        for each in people:
            each.registered()
        yield "REGISTER, 50 at a time", f"{50 / (time.monotonic() - begun):.0f} a second"
    finally:
        server.stop()


def start(bench: Bench, seeds: Path, accounts: int) -> Iterator[Row]:
    """How long a start takes, and the memory of it."""
    for what, copied in (("empty", None), (f"{accounts:,} accounts", seeds)):
        server = bench.start(Club("a", copied))
        yield f"start, {what}", f"{server.startup:.2f} s of CPU, {server.memory() / 2**20:.0f} MiB"
        server.stop()


def going_round(bench: Bench, scale: float) -> Iterator[Row]:
    """A change on A, on the disk at B."""
    a = bench.start(Club("a"))
    b = bench.start(Club("b", dials=a.ports.link))
    try:
        look, took = Look(b.folder), []
        for number in range(int(200 * scale) or 20):
            person = Person(a.ports.plain, f"rob{number}")
            person.register()
            person.registered()
            answered = time.monotonic()
            while not look.has(f"rob{number}"):
                if time.monotonic() - answered > 60:
                    raise SystemExit("what is registered at a does not come to b")
                time.sleep(0.0005)
            if number:  # the first one waits for the link
                took.append(time.monotonic() - answered)
            person.close()
        yield "A to B, median", f"{median(took) * 1000:.1f} ms"
        yield "A to B, 99 in 100", f"{quantiles(took, n=100, method='inclusive')[98] * 1000:.1f} ms"
    finally:
        b.stop()
        a.stop()


class Bystander(threading.Thread):
    """Somebody on a server who sends it a PING every 10 ms."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.took: list[float] = []
        self.done = False
        self._person = Person(port, "bystander")

    def run(self) -> None:
        while not self.done:
            begun = time.monotonic()
            self._person.say("PING x")
            self._person.until(" PONG ")
            self.took.append(time.monotonic() - begun)
            time.sleep(PINGS)


def waits(took: list[float]) -> str:
    """What a bystander waited."""
    if not took:
        return "it was over before it answered"
    return f"{median(took) * 1000:.1f} ms, 99 in 100 {late(took) * 1000:.0f}, at most {max(took) * 1000:.0f}"


def talks(bench: Bench, scale: float) -> Iterator[Row]:
    """Logins that do not come to an end."""
    server = bench.start(Club("a"))
    size = int(10_000 * scale) or 2
    crowd = Crowd(server.ports.plain, size)
    try:
        owner = Person(server.ports.plain, "owner0")
        owner.register()
        owner.registered()
        bystander = Bystander(server.ports.plain)
        bystander.start()
        time.sleep(2.0)
        alone, before, cpu, begun = len(bystander.took), server.memory(), server.cpu(), time.monotonic()
        yield "PING alone", waits(bystander.took[:alone])
        while crowd.half < size:
            if crowd.closed or time.monotonic() - begun > DEADLINE:
                raise SystemExit(f"{crowd.half} have begun to log in, {crowd.closed} were closed")
            crowd.work(0.05)
        coming, cpu, seconds = len(bystander.took), server.cpu() - cpu, time.monotonic() - begun
        yield f"{size:,} talks begin, CPU", f"{cpu:.1f} s, in {seconds:.1f} s by the clock"
        yield "PING meanwhile", waits(bystander.took[alone:coming])
        taken = (server.memory() - before) / size / 1000
        yield "memory of each", f"{taken:.1f} kB, {server.memory() / 2**20:.0f} MiB in all"
        begun = time.monotonic()
        owner.plain("owner0")
        owner.logged_in()
        yield "PLAIN while they are there", f"{(time.monotonic() - begun) * 1000:.0f} ms"
        time.sleep(2.0)
        there = len(bystander.took)
        yield "PING while they are there", waits(bystander.took[coming:there])
        crowd.close()
        time.sleep(3.0)
        bystander.done = True
        bystander.join()
        yield "PING while they go", waits(bystander.took[there:])
    finally:
        crowd.close()
        server.stop()


def storm(bench: Bench, scale: float) -> Iterator[Row]:
    """Wrong passwords of many at once."""
    server = bench.start(Club("a"))
    try:
        bystander = Bystander(server.ports.plain)
        people = [Person(server.ports.plain, f"guesser{number}") for number in range(int(200 * scale) or 2)]
        bystander.start()
        time.sleep(2.0)
        alone, begun = len(bystander.took), time.monotonic()
        for number, each in enumerate(people):
            each.plain(f"ghost{number}", "wrong-horse-battery")
        for each in people:
            each.refused()
        seconds = time.monotonic() - begun
        bystander.done = True
        bystander.join()
        yield "PING alone", waits(bystander.took[:alone])
        yield f"PING beside wrong passwords of {len(people)}", waits(bystander.took[alone:])
        yield "these answered", f"in {seconds:.1f} s"
    finally:
        server.stop()


def filling(bench: Bench, seeds: Path, count: int) -> Iterator[Row]:
    """An empty server beside a full one."""
    a = bench.start(Club("a", seeds))
    b = bench.start(Club("b", dials=a.ports.link))
    try:
        bystander, look = Bystander(b.ports.plain), Look(b.folder)
        bystander.start()
        begun = time.monotonic()
        while look.count() < count:
            if time.monotonic() - begun > 1800:
                raise SystemExit(f"b has {look.count()} of {count} records after half an hour")
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        bystander.done = True
        bystander.join()
        what = f"filling with {count:,} records"
        yield f"{what}, CPU", f"{b.cpu() - b.startup:.1f} s, of who tells it {a.cpu() - a.startup:.1f} s"
        yield f"{what}, by the clock", f"{seconds:.0f} s"
        yield f"{what}, memory", f"{b.memory() / 2**20:.0f} MiB"
        worst = "it was over before it answered"
        if bystander.took:
            worst = f"{late(bystander.took) * 1000:.0f} ms, at most {max(bystander.took) * 1000:.0f}"
        yield f"{what}, PING, 99 in 100", worst
    finally:
        b.stop()
        a.stop()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-accounts",
        description=__doc__,
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--accounts", type=int, default=100_000, metavar="N", help="default: 100000")
    parser.add_argument("--scale", type=float, default=1.0, metavar="F", help="so many times the tries")
    parser.add_argument("--only", metavar="WHAT", choices=PARTS, help=f"one of {', '.join(PARTS)}")
    given = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="chatnet-bench-") as folder:
        bench, seeds = Bench(Path(folder)), Path(folder) / "seeds.sqlite"
        count = sow(seeds, SIDS["a"], given.accounts)
        print("| What | measured |\n| --- | --- |", flush=True)
        for name, rows in (
            ("logins", logins(bench, given.scale)),
            ("guessing", guessing(bench, given.scale)),
            ("registering", registering(bench, given.scale)),
            ("start", start(bench, seeds, given.accounts)),
            ("going-round", going_round(bench, given.scale)),
            ("talks", talks(bench, given.scale)),
            ("storm", storm(bench, given.scale)),
            ("filling", filling(bench, seeds, count)),
        ):
            if given.only not in (None, name):
                continue
            for what, measured in rows:
                print(f"| {what} | {measured} |", flush=True)
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        print(f"\nload average {load} on {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
