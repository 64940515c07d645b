"""Measure the server's CPU time per delivered message, per connection and per start, and print a table."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from bench_load.report import Measured, as_json, table
from bench_load.scenarios import LINKED, UNITS, Options, run
from bench_load.server import Make, Ports, Server, Started
from bench_load.tree import Tree, commit, is_tree

ROOT = Path(__file__).resolve().parent.parent.parent
DESCRIPTORS = 5200
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
EXPLANATION = """\
scenarios (message text 64 bytes; no flood limits)
  burst     500 clients in one channel, 5 speak, at most 50 messages under way
  single    the same, 1 message under way: every delivery costs a system call
  channels  2000 clients in 200 channels of 10, all speak, 200 messages under way
  dm        100 pairs play ping-pong with private messages
  churn     connect, register, join, speak, quit: 100 at a time, 3000 times
  connect   5000 clients register and idle: CPU time and memory of each
  burst-linked, single-linked: the same as burst and single, with another server linked that hears all of it
  relay     1 client speaks in a channel whose other member is on another server: all that one message costs
  link      another server links and tells of 20,000 users and 2000 channels of 20, with topics and bans
With any of them comes `startup`: CPU time from the start of the process until it accepts connections.

CPU time is the server's, user and system, all threads. Compare figures from the same machine and the same
minutes only.
Before and after a change: two source trees (`git worktree add ../before HEAD~1`), whose rounds alternate,
  scripts/bench --tree ../before --tree . --rounds 7
Each server says which tree it runs; one that runs another is refused. The ratio is the median of the rounds'
own ratios, and always the same way round: above 1, the first server is the better one. Differences below 15 %
mean nothing.
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
    option("--tls", action="store_true", help="speak TLS")
    option("--tree", action="append", type=Path, metavar="DIR", help="source tree to serve; may be repeated")
    option("--address", metavar="HOST:PORT", help="measure a server that already runs on this machine")
    option("--pid", type=int, metavar="PID", help="its process")
    option("--json", action="store_true", help="print every run, as JSON")
    given = parser.parse_args()
    if (given.address is None) != (given.pid is None):
        parser.error("--address and --pid go together")
    if given.address and split_address(given.address)[0] not in ("127.0.0.1", "::1"):
        parser.error("--address must begin with 127.0.0.1: or [::1]:")
    for tree in given.tree or ():
        if not is_tree(tree):
            parser.error(f"--tree {tree}: there is no source tree of chatnet")
    if given.address and set(given.scenario or ()) & set(LINKED):
        parser.error("a server that runs already lets nobody link to it for this: no --address")
    return given


def split_address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def raise_descriptor_limit(scale: float) -> None:
    needed = int(DESCRIPTORS * scale)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"needs {needed} open files, may have {hard}: raise `ulimit -n` or give --scale")


def two_cpus() -> tuple[int | None, int | None]:
    """A CPU for the generator and one for the server; nothing where there is one only."""
    cpus = sorted(os.sched_getaffinity(0))
    return (cpus[0], cpus[-1]) if len(cpus) > 1 else (None, None)


class Running:
    """A server that runs already, and is measured as it is."""

    def __init__(self, address: str, pid: int) -> None:
        host, port = split_address(address)
        self.name = address
        self.server = Server(address, pid, host, Ports(port, port, 0))


def measure(scenario: str, make: Make | Running, options: Options, number: int, bench: Bench) -> Measured:
    """One run, with a fresh server unless there is one."""
    if isinstance(make, Running):
        result = run(scenario, make.server, options)
    else:
        ports = Ports.free(options.tls, scenario in LINKED)
        server = Started(make, bench.folder / "server", ports, bench.cpu)
        try:
            result = run(scenario, server, options)
        finally:
            server.stop()
        result.figures["startup"] = server.startup
    return Measured(scenario, make.name, number, result.figures, result.trouble)


@dataclass(frozen=True)
class Bench:
    """Where servers are put: their folder, and their CPU."""

    folder: Path
    cpu: int | None


def makes(given: argparse.Namespace) -> list[Make | Running]:
    """Which servers are to be measured."""
    found: list[Make | Running] = []
    trees: list[Path] = given.tree or ([] if given.address else [ROOT])
    for tree in trees:
        name = f"{tree if len(trees) > 1 else 'chatnet'} {commit(tree)}"
        while name in [make.name for make in found]:
            name += "'"
        found.append(Tree(name, tree))
    if given.address:
        found.append(Running(given.address, given.pid))
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
    raise_descriptor_limit(given.scale)
    generator_cpu, server_cpu = two_cpus()
    if generator_cpu is not None:
        os.sched_setaffinity(0, {generator_cpu})
    options = Options(given.seconds, given.tls, given.scale)
    servers = makes(given)
    about: dict[str, object] = {
        "servers": [make.name for make in servers],
        "python": platform.python_version(),
        "twisted": version("twisted"),
        "system": f"{platform.system()} {platform.release()}",
        "tls": given.tls,
        "rounds": given.rounds,
        "seconds": given.seconds,
        "scale": given.scale,
        "server_cpu": server_cpu,
        "generator_cpu": generator_cpu,
    }
    runs: list[Measured] = []
    scenarios = given.scenario or [name for name in UNITS if name not in LINKED or not given.address]
    with tempfile.TemporaryDirectory(prefix="chatnet-bench-") as folder:
        bench = Bench(Path(folder), server_cpu)
        for scenario in scenarios:
            for number in range(1, given.rounds + 1):
                for make in servers[:: 1 if number % 2 else -1]:
                    print(f"{scenario}, round {number}: {make.name}", file=sys.stderr, flush=True)
                    runs.append(measure(scenario, make, options, number, bench))
    if given.json:
        print(as_json(about, runs))
    else:
        print(
            ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in about.items() if key != "servers")
        )
        print("medians of the rounds (lowest to highest)\n")
        print(table(runs, [make.name for make in servers]))
    return 1 if any(run.trouble for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
