"""Kill a server at random while people talk, start it again, and look for what it echoed.

Each talker counts in a registered channel of its own.  A number that was echoed has to be in the history, and
no number more than once.  With --plain echoes do not wait for the disk: then numbers are lost, or the script
measures nothing, but none that was echoed long before the kill.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from bench_load.tree import LAUNCH
from mortal import end_with_parent

from durability_run.talker import HOST, PAGE, Gone, Talker

ROOT: Final = Path(__file__).resolve().parent.parent.parent
START: Final = 120.0
"""Seconds that a start may take."""

CONFIGURATION: Final = """\
[server]
name = "kept.test"
data = "data"

[cloak]
key = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

[accounts]
iterations = 4096
register_rate = 1000000
register_all = 1000000

[flood]
enabled = false

[history]
durable_echo = {durable}
sync = "{sync}"
page = {page}

[[listen]]
endpoint = "tcp:{port}:interface=127.0.0.1"

[[connection_class]]
name = "talkers"
flood_exempt = true
"""


class Server:
    """A daemon in a folder of its own, that is killed and started again."""

    def __init__(self, folder: Path, durable: bool, sync: str) -> None:
        self._folder = folder
        with socket.create_server((HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        text = CONFIGURATION.format(durable=str(durable).lower(), sync=sync, page=PAGE, port=self.port)
        (folder / "kept.toml").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it lets people in."""
        command = [sys.executable, "-c", LAUNCH, "-n", "--pidfile=", "chatnet", "--config", "kept.toml"]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
        with open(self._folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,
            )
        end = time.monotonic() + START
        while True:
            try:
                socket.create_connection((HOST, self.port), 1.0).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"the server does not start: see {self._folder / 'log'}") from None
                time.sleep(0.05)

    def end(self, how: signal.Signals) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


def talk(server: Server, talkers: list[Talker], seconds: float, window: int) -> tuple[int, float]:
    """Let all talk until the server is killed; how many echoes were read, and when it was killed."""
    heard = 0
    for talker in talkers:
        talker.come(server.port)
        talker.talk(window)
    end = time.monotonic() + seconds
    killed = 0.0
    here = list(talkers)
    while here:
        if not killed and time.monotonic() >= end:
            killed = time.monotonic()
            server.end(signal.SIGKILL)
        readable, _, _ = select.select(here, [], [], 0.0 if killed else max(end - time.monotonic(), 0.0))
        for talker in readable:
            try:
                heard += talker.hear(killed or time.monotonic())  # it was echoed before the kill
                if not killed:
                    talker.talk(window)
            except (Gone, OSError):
                talker.leave()
                here.remove(talker)
    return heard, killed


def before(at: float, kills: list[float]) -> float:
    """How many seconds before the next kill something was echoed."""
    return next(kill for kill in [*kills, at] if kill >= at) - at


def main() -> None:
    """Run it, and end with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="scripts/durability", description=__doc__)
    parser.add_argument(
        "--echoes", type=int, default=100_000, help="until so many were read (default 100000)"
    )
    parser.add_argument("--talkers", type=int, default=50, help="clients that talk (default 50)")
    parser.add_argument("--window", type=int, default=4, help="messages of each on their way (default 4)")
    parser.add_argument(
        "--longest", type=float, default=5.0, help="seconds until a kill, at most (default 5)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sync", choices=("normal", "full"), default="normal")
    parser.add_argument("--plain", action="store_true", help="without durable_echo")
    parser.add_argument(
        "--late", type=float, default=1.0, help="seconds before a kill of which --plain may lose (default 1)"
    )
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = Path(tempfile.mkdtemp(prefix="chatnet-durability-"))
    server = Server(folder, not options.plain, options.sync)
    talkers = [Talker(number) for number in range(options.talkers)]
    try:
        server.start()
        for talker in talkers:
            talker.register(server.port)
        heard = 0
        kills: list[float] = []
        while heard < options.echoes:
            count, kill = talk(server, talkers, chance.uniform(0.2, options.longest), options.window)
            heard += count
            kills.append(kill)
            print(f"{len(kills)} kills, {heard} echoes", file=sys.stderr, flush=True)
            server.start()
        doubled = unechoed = 0
        lost: list[float] = []
        for talker in talkers:
            talker.come(server.port)
            stored = Counter(talker.stored())
            lost += [before(at, kills) for number, at in talker.echoed.items() if number not in stored]
            doubled += sum(count - 1 for count in stored.values())
            unechoed += len(stored.keys() - talker.echoed.keys())
            talker.leave()
        server.end(signal.SIGTERM)
    except BaseException:
        server.end(signal.SIGKILL)
        print(f"What is left of it: {folder}", file=sys.stderr)
        raise
    oldest = f", echoed {max(lost):.2f} s before a kill at most" if lost else ""
    print(
        f"{heard} echoes, {len(kills)} kills (-9), {options.talkers} talkers, durable_echo "
        f"{'off' if options.plain else 'on'}, sync {options.sync}: {len(lost)} lost{oldest}; "
        f"{doubled} doubled, {unechoed} stored without their echo being read"
    )
    shutil.rmtree(folder)
    allowed = options.late if options.plain else 0.0
    raise SystemExit(1 if doubled or any(age >= allowed for age in lost) else 0)


if __name__ == "__main__":
    main()
