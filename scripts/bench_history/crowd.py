"""A bystander of a crowd that looks back and searches: how long their PING takes, in a server of its own."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from statistics import quantiles
from typing import Final

from bench_load.tree import LAUNCH
from durability_run.talker import HOST, Talker
from mortal import end_with_parent

from bench_history.talk import BEGAN, YEAR, Talk
from chatnet.storage.messages.rows import Place

CHANNELS: Final = 20
"""Channels that the crowd is in: those in which most is said."""
CROWD: Final = 100
SECONDS: Final = 10.0
"""For which it is measured, each time."""
REFUSED: Final = 0.25
"""Seconds after which one who was refused asks anew."""
PAUSE: Final = 0.02
"""Seconds between two PINGs."""
START: Final = 120.0
"""Seconds that a start may take."""
CAPS: Final = "batch message-tags server-time draft/chathistory soju.im/search"
EARLIER: Final = "import time\nreal = time.time\ntime.time = lambda: real() - {}\n"
"""A clock of before: channels have to be older than what is said in them."""
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
channels_keep = 36500
channels_most = 36500

[[listen]]
endpoint = "tcp:{port}:interface=127.0.0.1:backlog=1024"

[[connection_class]]
name = "crowd"
flood_exempt = true
"""


class Client:
    """One connection, that reads what it asked for."""

    def __init__(self, port: int, nick: str) -> None:
        self._socket = socket.create_connection((HOST, port), START)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        self.say(f"CAP REQ :{CAPS}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END")
        self.until(rb" (376|422) ")

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def say(self, line: str) -> None:
        """Send a line."""
        self._socket.sendall(f"{line}\r\n".encode())

    def has(self, pattern: bytes) -> bytes | None:
        """Read once; what is of that pattern if a line of it has come: then all before it is forgotten."""
        data = self._socket.recv(1 << 20)
        if not data:
            raise SystemExit("the server closed a connection")
        self._rest += data
        lines, _, rest = self._rest.rpartition(b"\r\n")
        found = re.search(pattern, lines)
        if found is None:
            return None
        self._rest = rest
        return found[0]

    def until(self, pattern: bytes) -> None:
        """Wait for such a line."""
        while self.has(pattern) is None:
            pass


@contextmanager
def served(folder: Path, port: int, code: str = LAUNCH) -> Iterator[None]:
    """A server in a folder, until the end of this."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent.parent)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "-n", "--pidfile=", "chatnet", "--config", "crowd.toml"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent,
        )
    try:
        end = time.monotonic() + START
        while True:
            try:
                socket.create_connection((HOST, port), 1.0).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"the server does not start: {(folder / 'log').read_text()}") from None
                time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def configured(folder: Path) -> int:
    """Have the server of a folder listen where nobody does; gives the port."""
    with socket.create_server((HOST, 0)) as free:
        port: int = free.getsockname()[1]
    (folder / "crowd.toml").write_text(CONFIGURATION.format(port=port))
    return port


def prepared(folder: Path) -> list[Place]:
    """A server with channels that are registered since long: what they are in its store."""
    port = configured(folder)
    places = []
    with served(folder, port, EARLIER.format(time.time() - 1_600_000_000) + LAUNCH):
        for number in range(CHANNELS):
            founder = Talker(number)
            founder.channel = f"#channel{number}"
            founder.register(port)
            places.append(Place("c", founder.channel, "", founder.created(port)))
    return places


def _look_back(
    port: int, talk: Talk, seconds: float, answers: Synchronized[int], refused: Synchronized[int]
) -> None:
    """The crowd: each asks for a page or a search, and for the next one when that is there."""
    pick = random.Random(4)

    def ask(client: Client, number: int) -> None:
        channel = f"#channel{number % CHANNELS}"
        if pick.random() < 0.5:
            at = time.gmtime(BEGAN + pick.random() * YEAR)
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", at)
            client.say(f"CHATHISTORY BEFORE {channel} timestamp={stamp} 100")
        else:
            client.say(f"SEARCH in={channel};text={talk.words[pick.randrange(2000)]}")

    clients = [Client(port, f"crowd{number}") for number in range(CROWD)]
    for number, client in enumerate(clients):
        client.say(f"JOIN #channel{number % CHANNELS}")
        client.until(rb" 366 ")
        ask(client, number)
    end = time.monotonic() + seconds
    waiting: deque[tuple[float, Client]] = deque()
    while (now := time.monotonic()) < end:
        while waiting and waiting[0][0] <= now:
            client = waiting.popleft()[1]
            ask(client, clients.index(client))
        for client in select.select(clients, [], [], REFUSED / 10)[0]:
            said = client.has(rb"BATCH -|:\S+ FAIL ")
            if said is None:
                continue
            if b"FAIL" in said:
                refused.value += 1
                waiting.append((time.monotonic() + REFUSED, client))
            else:
                answers.value += 1
                ask(client, clients.index(client))


def pings(client: Client, seconds: float) -> list[float]:
    """How long each takes."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.perf_counter()
        client.say("PING x")
        client.until(rb" PONG ")
        took.append(time.perf_counter() - begun)
        time.sleep(PAUSE)
    return took


def _in_words(took: list[float]) -> str:
    parts = quantiles(took, n=100, method="inclusive")
    return f"median {parts[49] * 1000:.1f} ms, 99 in 100 below {parts[98] * 1000:.1f} ms"


def bystander(folder: Path, talk: Talk, seconds: float = SECONDS) -> Iterator[tuple[str, str]]:
    """A PING while nothing happens, and while the crowd looks back."""
    port = configured(folder)
    with served(folder, port):
        client = Client(port, "bystander")
        yield "ping, nobody else", _in_words(pings(client, seconds / 2))
        context = multiprocessing.get_context("fork")
        answers, refused = context.Value("i", 0), context.Value("i", 0)
        crowd = context.Process(
            target=_look_back, args=(port, talk, seconds * 2, answers, refused), daemon=True
        )
        crowd.start()
        while not answers.value and crowd.is_alive():
            time.sleep(0.1)
        before, no, begun = answers.value, refused.value, time.monotonic()
        took = _in_words(pings(client, seconds))
        passed = time.monotonic() - begun
        rate, no_rate = (answers.value - before) / passed, (refused.value - no) / passed
        crowd.terminate()
        crowd.join()
        yield (
            f"ping, {CROWD} page and search",
            f"{took}; {rate:.0f} answers and {no_rate:.0f} refusals a second",
        )
