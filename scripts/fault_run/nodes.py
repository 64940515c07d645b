"""The servers under fault: real `twistd` processes in folders of their own, each with its own certificate."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from mortal import end_with_parent

import chatnet
from chatnet.history.ring import PLAIN
from chatnet.settings import HistorySettings
from chatnet.storage.messages.file import READING, WRITING
from chatnet.storage.messages.store import FILE as MESSAGES
from chatnet.transports.certificates import make_self_signed, public_key_fingerprint
from fault_run.proxy import HOST

TREE = Path(chatnet.__file__).resolve().parent.parent
PASSWORD = "the-password-of-the-links"
KEPT = 768 << 10
"""Bytes that a link keeps while it waits: twice what is said in the longest outage that is a short one."""
REMEMBERED = 5000
"""Messages of a channel that each server remembers: more than are said in the longest outage, also where more
is said than a link keeps (2500 lines), and in half a minute after it."""
TOGETHER = 8000
"""Messages of all channels, and between people: more than those; so few that memory is soon full of them."""

PERSONS = """\
[accounts]
iterations = 4096
nick_protection = "off"
[bouncer]
always_on = "opt-out"
auto_away = "off"
orphan_time = {orphan}
revive_delay = 5
"""
"""Sections for servers that keep people on."""

OPER_PASSWORD = "the-password-of-operators"
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OPER_PASSWORD)
"""Quick to compute, since it protects nothing."""


@dataclass(frozen=True)
class Times:
    """How quickly things go wrong in these servers, in seconds; whether changes of channels are stamped.

    On a crowded machine everything takes longer (`pace` times as long), what goes wrong too.
    """

    ping_interval: float = 1.0
    ping_timeout: float = 2.5
    grace: float = 5.0
    converge: bool = True
    pace: float = 1.0

    def at(self, pace: float) -> Times:
        """The same on a machine on which it all takes so many times as long."""
        return Times(
            self.ping_interval * pace, self.ping_timeout * pace, self.grace * pace, self.converge, pace
        )

    @property
    def unnoticed(self) -> float:
        """Silence that nobody notices."""
        return self.ping_timeout - 1.5 * self.pace

    @property
    def silence(self) -> float:
        """So long may pass until silence is noticed: the servers look every second."""
        return self.ping_timeout + 1.0

    @property
    def long(self) -> float:
        """An outage that is longer than everybody waits."""
        return self.silence + self.grace + 2.0 * self.pace


@dataclass(frozen=True)
class Dialled:
    """A ``[[link]]``: the other server, and the port where to connect to it (None: it connects to us)."""

    to: Node
    port: int | None


@dataclass(frozen=True)
class Guest:
    """A server that is none of these, and links to one of them without TLS, to a `port` of its own."""

    name: str
    sid: str
    role: str
    port: int


class Node:
    """One server; `port` is for clients, `link_port` for servers."""

    def __init__(self, folder: Path, name: str, ports: Sequence[int], sid: str = "") -> None:
        self.short = name
        self.name = f"{name}.faults.local"
        self.sid = sid or f"0{name.upper()}A"
        self.folder = folder / name
        self.port, self.link_port = ports
        self.process: subprocess.Popen[bytes] | None = None
        self._certificate = self.folder / "data" / "certificates" / "default.pem"
        self.folder.mkdir(parents=True)
        make_self_signed(self._certificate, [self.name])

    def configure(
        self,
        links: Sequence[Dialled],
        times: Times,
        guests: Sequence[Guest] = (),
        services: str = "",
        persons: bool = False,
    ) -> None:
        """Write its configuration; `services` are those of the network, if there are any.

        With `persons` all keep the same accounts, and who has one is always on.
        """
        text = (
            f'[server]\nname = "{self.name}"\nsid = "{self.sid}"\nnetwork = "faults"\ndata = "data"\n'
            f'[cloak]\nkey = "{"k" * 32}"\n'
            "[flood]\nenabled = false\n"
            f"[history]\nmessages = {REMEMBERED}\ntarget_bytes = 16777216\n"
            f"total_bytes = {TOGETHER * PLAIN}\n"
            f"[tls]\nhandshake_timeout = {2 * times.pace}\n"
            f"[links]\nconnect_timeout = {times.pace}\nhandshake_timeout = {2 * times.pace}\n"
            f"burst_timeout = {10 * times.pace}\n"
            f"ping_interval = {times.ping_interval}\nping_timeout = {times.ping_timeout}\n"
            f"reconnect_min = 0.2\nreconnect_max = 1\nresume_grace = {times.grace}\n"
            f"resume_buffer = {KEPT}\n"
            f"converge = {str(times.converge).lower()}\n"
            f"backfill_messages = {REMEMBERED}\nbackfill_bytes = 16777216\n"
            f"backfill_overlap = {15 * times.pace}\n"
            + (f'services = ["{services}"]\n' if services else "")
            + (PERSONS.format(orphan=times.long + 10 * times.pace) if persons else "")
            + '[[connection_class]]\nname = "all"\nflood_exempt = true\n'
            "sendq = 67108864\nping_interval = 3600\n"
            '[[oper_class]]\nname = "all"\nprivileges = ["channels"]\n'
            f'[[oper]]\nname = "oper"\nclass = "all"\npassword = \'{_HASH}\'\nmodes = ""\n'
            f'[[listen]]\nendpoint = "tcp:{self.port}:interface={HOST}"\n'
            f'[[listen]]\nkind = "server"\ntls = true\nendpoint = "tcp:{self.link_port}:interface={HOST}"\n'
        )
        for link in links:
            addresses = f'["{HOST}:{link.port}"]' if link.port is not None else "[]"
            text += (
                f'[[link]]\nname = "{link.to.name}"\nsid = "{link.to.sid}"\nrole = "hub"\n'
                f'addresses = {addresses}\npassword = "{PASSWORD}"\n'
                f'spki_sha256 = ["{public_key_fingerprint(link.to._certificate)}"]\n'
                + ('accounts = "full"\n' if persons else "")
            )
        for guest in guests:
            text += (
                f'[[listen]]\nkind = "server"\nendpoint = "tcp:{guest.port}:interface={HOST}"\n'
                f'[[link]]\nname = "{guest.name}"\nsid = "{guest.sid}"\nrole = "{guest.role}"\n'
                f'password = "{PASSWORD}"\n'
            )
        (self.folder / "chatnet.toml").write_text(text)

    def start(self) -> None:
        """Start the process; clients may connect a little later."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
        environment["PYTHONPATH"] = str(TREE)
        twistd = str(Path(sys.executable).parent / "twistd")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [twistd, "--nodaemon", "--pidfile=", "chatnet", "--config", "chatnet.toml"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=end_with_parent,
            )

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.folder / "log"

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and no trace of the process is left."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM; SIGKILL if that does not help."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def pid(self) -> int:
        """Which process it is now."""
        assert self.process is not None
        return self.process.pid

    def memory(self) -> int:
        """Its resident memory in KiB."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) if found else 0

    def cached(self) -> int:
        """KiB of the file of messages that connections may hold in memory: all of a small one, each."""
        file = self.folder / "data" / MESSAGES
        size = file.stat().st_size // 1024 if file.exists() else 0
        return min(size, WRITING) + HistorySettings().readers * min(size, READING)
