"""The server under load: one that we start, of whatever make, or one that runs already."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mortal import end_with_parent

HOST = "127.0.0.1"
PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 180.0
STOP_SECONDS = 10.0
SETTLE_SECONDS = 0.5  # after the port accepts, for what a server does once it is up

NEIGHBOUR = "neighbour.bench"
"""The server that links to the one under load, and its password."""
PASSWORD = "benchlink"


@dataclass(frozen=True)
class Ports:
    """Where a server is to listen; 0: it need not."""

    plain: int
    tls: int
    link: int

    @staticmethod
    def free(tls: bool, linked: bool) -> Ports:
        """Ports that nobody listens on."""
        return Ports(free_port(), free_port() if tls else 0, free_port() if linked else 0)


class Make(Protocol):
    """How to start a server of some make, without limits that would be measured instead of it."""

    name: str
    links: bool
    """Whether our neighbour can link to it."""

    def command(self, folder: Path, ports: Ports) -> list[str]:
        """Write its configuration into an empty folder; what is then to be run there."""

    def environment(self) -> dict[str, str]:
        """What it is to find in its environment."""

    def is_up(self, folder: Path) -> bool:
        """Whether all of it works, once its port accepts."""

    def database_cpu(self) -> float:
        """Seconds of user and system time so far of the database that it has, 0 if it has none."""

    def mistaken(self, folder: Path) -> str | None:
        """Why what runs there now is another server than was meant, in words; None if all is well."""


class Server:
    """A running server process, seen from outside."""

    def __init__(self, name: str, pid: int, host: str, ports: Ports) -> None:
        self.name = name
        self.pid = pid
        self.host = host
        self.ports = ports
        self.startup = 0.0
        """CPU seconds until it accepted connections, if we started it."""

    def address(self, tls: bool) -> tuple[str, int]:
        """Where clients connect."""
        return (self.host, self.ports.tls if tls else self.ports.plain)

    @property
    def link_address(self) -> tuple[str, int]:
        """Where another server may link to it."""
        return (self.host, self.ports.link)

    def cpu(self) -> float:
        """Seconds of user and system time so far, of all threads of all its processes, by the scheduler."""
        return cpu_of(family(self.pid))

    def database_cpu(self) -> float:
        """The same of the database that it has, 0 if it has none."""
        return 0.0

    def memory(self) -> int:
        """Resident memory in bytes, of all processes."""
        pids = family(self.pid)
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * PAGE

    def stop(self) -> None:
        """Nothing: it is not ours."""


class Started(Server):
    """A server that we start in a new `folder`, on one CPU if that is given, and that does not outlive us."""

    def __init__(self, make: Make, folder: Path, ports: Ports, cpu: int | None) -> None:
        self.folder = folder
        self.make = make
        folder.mkdir()
        command = make.command(folder, ports)
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=make.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours; we end it
                preexec_fn=lambda: bind(cpu),
            )
        super().__init__(make.name, self.process.pid, HOST, ports)
        try:
            self.startup = self._wait()
            if mistake := make.mistaken(folder):
                raise SystemExit(f"{self.name}: {mistake}")
            time.sleep(SETTLE_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> float:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                there = probe.connect_ex((self.host, self.ports.tls or self.ports.plain)) == 0
            if there and self.make.is_up(self.folder):
                return self.cpu()
            time.sleep(0.005)
        output = (self.folder / "output").read_text(errors="replace")
        raise SystemExit(f"{self.name}: the server did not start:\n{output[-2000:]}")

    def database_cpu(self) -> float:
        return self.make.database_cpu()

    def stop(self) -> None:
        """End it, and let nothing be left of it."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def family(pid: int) -> list[int]:
    """A process, and those that it has started."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def cpu_of(pids: Iterable[int]) -> float:
    """Seconds of user and system time so far, of all threads of these processes, by the scheduler."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def bind(cpu: int | None) -> None:
    """In the new process: it ends with the one that started it, however that ends, and keeps to its CPU."""
    end_with_parent()
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to connections."""
    for port in random.sample(range(20_000, 32_000), 1000):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                return port
    raise SystemExit("there is no free port")
