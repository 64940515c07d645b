"""Measure the server's CPU time per delivered message, per connection and per start, and print a table."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from types import FrameType

from bench_load.database import Database
from bench_load.inspircd import HOW_TO_GET, InspIRCd, is_there
from bench_load.picture import drawn
from bench_load.report import Measured, as_json, markdown, table, titled
from bench_load.scenarios import LINKED, RATED, TLS, UNITS, Options, run
from bench_load.server import Make, Ports, Server, Started
from bench_load.tree import Tree, commit, interpreter, is_tree

ROOT = Path(__file__).resolve().parent.parent.parent
SETTLE_SEVERAL = 2.0
"""Seconds in which several processes have told each other of who has joined."""
DESCRIPTORS = 200
"""More than there are clients."""
OWN = (*LINKED, *TLS)
"""Scenarios for which a server has to be started by us."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXPLANATION = f"""\
scenarios (message text 64 bytes; no flood limits)
  start       from the start of the process until it accepts connections, plain and TLS
  burst       500 clients in one channel, 5 speak, at most 50 messages under way
  single      the same, 1 message under way: every delivery costs a system call
  single-tls, burst-tls: the same over TLS
  channels    2000 clients in 200 channels of 10, all speak, 200 messages under way
  dm          100 pairs play ping-pong with private messages
  churn       connect, register, join, speak, quit: 100 at a time, 3000 times
  connect     5000 clients register and idle: CPU time and memory of each
  connect-tls the same over TLS, each with a handshake of its own
  burst-linked, single-linked: the same as burst and single, with another server linked that hears all of it
  relay       1 client speaks in a channel whose other member is on another server: all that one message costs
  link        another server links and tells of 20,000 users and 2000 channels of 20, with topics and bans

CPU time is the server's, user and system, all threads. Compare figures from the same machine and the same
minutes only. Before and after a change: two source trees (`git worktree add ../before HEAD~1`), whose rounds
alternate,
  scripts/bench --tree ../before --tree . --rounds 7
Each server says which tree it runs; one that runs another is refused. The ratio is the median of the rounds'
own ratios, and always the same way round: above 1, the first server is the better one. Differences below 15 %
mean nothing.

With --bans N each tree that knows [[ban]] has so many, of mixed kinds; older ones have none. With --store on
--store off it is seen what storing messages costs. With --clients 100 --clients 500 it is seen how cost grows
with clients; in churn they are those that come at the same time, and each comes 30 times.

With --database URL each server is measured with a database of PostgreSQL as well: a new one for each run,
made on this machine by the user of that URL. What PostgreSQL takes is told apart.

With --processes 1 --processes 2 it is seen what a delivery costs all processes of a server together, wherever
they run: on as many cores, deliveries a second are that of one, times cores, by that ratio.

Beside another server: Debian's package is enough, installed or unpacked,
  {HOW_TO_GET}
  scripts/bench --peer inspircd --peer-root build/inspircd --rounds 7 --markdown
which prints the table of docs/performance.md. Its configuration is written by this program. --picture FILE
draws the ratios, or the cost by the number of clients where that varies, as SVG.

A latency is the time between a message and its arrival; with --rate it is counted from when the message was
due, which is what people would feel. (In churn it is the time of a whole cycle, in connect that until the
welcome has ended.) While people talk a bystander sends PING. Where the load generator's share of its CPU is
near 100%, the generator was the limit and not the server; CPU times count nevertheless.
A run in which a message was lost, doubled or out of order is `not ok`, and the exit status is 1."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--scenario", action="append", choices=list(UNITS), help="only this one; may be repeated")
    option("--rounds", type=int, default=3, metavar="N", help="runs of each, with a fresh server (default 3)")
    option("--seconds", type=float, default=4.0, metavar="T", help="length of a measurement (default 4)")
    option("--scale", type=float, default=1.0, metavar="F", help="multiply the numbers of clients by F")
    option(
        "--clients",
        type=int,
        action="append",
        metavar="N",
        help="so many clients in each scenario; may be repeated, to be compared",
    )
    option("--tls", action="store_true", help="speak TLS in all of them")
    option(
        "--caps",
        action="append",
        metavar="NAMES",
        help="capabilities that every client asks for, with commas, or `all`, or `none` (default); "
        "may be repeated, to be compared",
    )
    option(
        "--rate", type=float, default=0.0, metavar="N", help="so many messages a second, whatever comes back"
    )
    option("--tree", action="append", type=Path, metavar="DIR", help="source tree to serve; may be repeated")
    option("--bans", type=int, default=0, metavar="N", help="so many bans, of people who do not come")
    option("--store", action="append", choices=["on", "off"], help="with messages stored, or not; the same")
    option("--processes", type=int, action="append", metavar="N", help="a server of so many; the same")
    option(
        "--python",
        action="append",
        metavar="PROGRAM",
        help="interpreter of the server, which has what chatnet needs; the same",
    )
    option("--database", metavar="URL", help="with a database of PostgreSQL as well, made beside this one")
    option("--peer", choices=["inspircd"], help="measure this server as well")
    option("--peer-root", type=Path, default=Path("/"), metavar="DIR", help="where its package was unpacked")
    option("--address", metavar="HOST:PORT", help="measure a server that already runs on this machine")
    option("--pid", type=int, metavar="PID", help="its process")
    option("--json", action="store_true", help="print every run, as JSON")
    option("--markdown", action="store_true", help="print a table for a document")
    option("--picture", type=Path, metavar="FILE", help="draw the result, as SVG")
    given = parser.parse_args()
    if (given.address is None) != (given.pid is None):
        parser.error("--address and --pid go together")
    if given.address and split_address(given.address)[0] not in ("127.0.0.1", "::1"):
        parser.error("--address must begin with 127.0.0.1: or [::1]:")
    if given.clients and (given.scale != 1.0 or min(given.clients) < 1):
        parser.error("--clients is a number above 0, and stands in place of --scale")
    if given.address and (given.store or given.database):
        parser.error(
            "a server that runs already stores what it stores: no --address with --store or --database"
        )
    for tree in given.tree or ():
        if not is_tree(tree):
            parser.error(f"--tree {tree}: there is no source tree of chatnet")
    for python in given.python or ():
        if interpreter(python) is None:
            parser.error(f"--python {python}: it does not run, or has not what chatnet needs")
    if given.address and set(given.scenario or ()) & set(OWN):
        parser.error(f"a server that runs already cannot be measured in {', '.join(OWN)}: no --address")
    if given.peer and not is_there(given.peer_root):
        parser.error(
            f"there is no InspIRCd at {given.peer_root}. To have it:\n  {HOW_TO_GET}\nand --peer-root"
        )
    if given.scenario is None:
        given.scenario = [name for name in UNITS if name not in (OWN if given.address else ())]
        if given.rate:
            given.scenario = [name for name in given.scenario if name in RATED]
    if given.rate and (others := set(given.scenario) - set(RATED)):
        parser.error(f"--rate: the messages of {', '.join(sorted(others))} have a rate of their own")
    return given


def split_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def raise_descriptor_limit(clients: int) -> None:
    needed = clients + DESCRIPTORS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"needs {needed} open files, may have {hard}: raise `ulimit -n` or give --clients")


def two_cpus() -> tuple[int | None, int | None]:
    """A CPU for the generator and one for the server; nothing where there is one only."""
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[-1]) if len(cpus) > 1 else (None, None)


class Running:
    """A server that runs already, and is measured as it is."""

    links = False

    def __init__(self, address: str, pid: int) -> None:
        host, port = split_address(address)
        self.name = address
        self.server = Server(address, pid, host, Ports(port, port, 0))


@dataclass(frozen=True)
class Column:
    """What is compared: a server, and the capabilities that its clients ask for."""

    name: str
    make: Make | Running
    caps: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """Where servers are put: their folder, and their CPU."""

    folder: Path
    cpu: int | None


def measure(scenario: str, column: Column, options: Options, number: int, bench: Bench) -> Measured:
    """One run, with a fresh server unless there is one."""
    tls = options.tls or scenario in TLS
    options = replace(options, tls=tls, caps=column.caps)
    if isinstance(column.make, Running):
        result = run(scenario, column.make.server, options)
    else:
        ports = Ports.free(tls, scenario in LINKED)
        server = Started(column.make, bench.folder / "server", ports, bench.cpu)
        try:
            result = run(scenario, server, options)
        finally:
            server.stop()
    return Measured(scenario, column.name, number, result.figures, result.trouble, options.clients)


def makes(given: argparse.Namespace, database: Database | None) -> list[Make | Running]:
    """Which servers are to be measured."""
    databases = [None] if database is None else [None, database]
    found: list[Make | Running] = []
    pythons = given.python or [sys.executable]
    told = {python: f", {interpreter(python)}" if len(pythons) > 1 else "" for python in pythons}
    trees: list[Path] = given.tree or ([] if given.address else [ROOT])
    for tree in trees:
        for stores in given.store or [None]:
            name = f"{tree} {commit(tree)}" if len(trees) > 1 else "chatnet"
            name += f", store {stores}" if len(given.store or ()) > 1 else ""
            for processes, database, python in product(given.processes or [1], databases, pythons):
                called = name + (f", {processes} processes" if len(given.processes or ()) > 1 else "")
                called += ", PostgreSQL" if database is not None else ""
                called += told[python]
                while called in [make.name for make in found]:
                    called += "'"
                stored = stores and stores == "on"
                found.append(Tree(called, tree, given.bans, stored, processes, database, python))
    if given.address:
        found.append(Running(given.address, given.pid))
    if given.peer:
        found.append(InspIRCd(given.peer_root))
    return found


def columns(given: argparse.Namespace, database: Database | None) -> list[Column]:
    """Every server with every set of capabilities."""
    found = []
    for make, names in product(makes(given, database), given.caps or ["none"]):
        caps = tuple(name for name in names.split(",") if name != "none")
        several = len(given.caps or ()) > 1
        found.append(Column(f"{make.name}, caps {names}" if several else make.name, make, caps))
    return found


def end(number: int, frame: FrameType | None) -> None:
    """A signal ends us in order, once, so that servers are ended."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main() -> int:
    given = arguments()
    for each in SIGNALS:
        signal.signal(each, end)
    settle = SETTLE_SEVERAL if max(given.processes or [1]) > 1 else Options.settle
    options = Options(given.seconds, given.tls, given.scale, settle=settle, rate=given.rate)
    connected = [options.size(name) for name in given.scenario if name != "link"]
    raise_descriptor_limit(max([*connected, *(given.clients or ())], default=0))
    generator_cpu, server_cpu = two_cpus()
    if generator_cpu is not None:
        os.sched_setaffinity(0, {generator_cpu})
    database = Database(given.database) if given.database else None
    compared = columns(given, database)
    names = [column.name for column in compared]
    about: dict[str, object] = {
        "servers": names,
        "chatnet": commit(ROOT),
        "python": platform.python_version(),
        "twisted": version("twisted"),
        "system": f"{platform.system()} {platform.release()}",
        "tls": given.tls,
        "rounds": given.rounds,
        "seconds": given.seconds,
        "scale": given.scale,
        "clients": given.clients,
        "bans": given.bans,
        "server_cpu": server_cpu,
        "generator_cpu": generator_cpu,
    }
    runs: list[Measured] = []
    try:
        with tempfile.TemporaryDirectory(prefix="chatnet-bench-") as folder:
            bench = Bench(Path(folder), server_cpu)
            rounds = range(1, given.rounds + 1)
            for scenario, clients, number in product(given.scenario, given.clients or [0], rounds):
                for column in compared[:: 1 if number % 2 else -1]:
                    if scenario in LINKED and not column.make.links:
                        continue
                    what = titled(scenario, clients)
                    print(f"{what}, round {number}: {column.name}", file=sys.stderr, flush=True)
                    options = replace(options, clients=clients)
                    runs.append(measure(scenario, column, options, number, bench))
    finally:
        if database is not None:
            database.close()
    if given.json:
        print(as_json(about, runs))
    elif given.markdown:
        print(markdown(runs, names))
    else:
        print(
            ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in about.items() if key != "servers")
        )
        print("medians of the rounds (lowest to highest)\n")
        print(table(runs, names))
    if given.picture:
        given.picture.write_text(drawn(runs, names))
    return 1 if any(run.trouble for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
