"""Daemons that need not import anything: each is a copy of a process that has done so.

Most of what a daemon does in a test is to import chatnet, Twisted, pydantic and SQLAlchemy, and to put the
statements of its stores into words.  A copy has a process id, a folder, an environment, arguments and
descriptors of its own, and nothing else was made before, above all no reactor: what it does is what a new
`twistd` does once all is imported.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

import chatnet

PROGRAM: Final = Path(__file__).with_name("nursery_process.py")
OF_THE_INTERPRETER: Final = ("PYTHON", "LD_", "LC_", "LANG", "FAKETIME")
"""Beginnings of variables that are read before anything is imported."""


class Copy:
    """A process that is no child of this one: what :class:`subprocess.Popen` offers of it.

    `status` is where its process id comes from, and in the end its exit status, negative for a signal.
    """

    def __init__(self, command: Sequence[str], status: int) -> None:
        self._command = command
        self._status = os.fdopen(status, "rb", buffering=0)
        self._returned: int | None = None
        self.pid = int(self._line())

    def _line(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            byte = self._status.read(1)
            assert byte, "the nursery is gone"
            line += byte
        return line

    def _ended(self, seconds: float | None) -> bool:
        if self._returned is None and self._tells(seconds):
            self._returned = int(self._line())
            self._status.close()
        return self._returned is not None

    def _tells(self, seconds: float | None) -> bool:
        """Whether its end is told within so many seconds; None: however long it takes."""
        waiting = select.poll()  # (`select` takes no descriptor above 1,023.)
        waiting.register(self._status, select.POLLIN)
        return bool(waiting.poll(None if seconds is None else 1000 * seconds))

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""
        self._ended(0)
        return self._returned

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; :class:`subprocess.TimeoutExpired` after so many seconds."""
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        assert self._returned is not None
        return self._returned

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that is copied."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            command = [sys.executable, str(PROGRAM), str(other.fileno())]
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[other.fileno()],
            )
        atexit.register(self.end)

    def copy(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], output: BinaryIO
    ) -> Copy:
        """A process that does as if it had been started with this command, a `twistd` and its arguments."""
        request = {"command": command, "folder": os.fspath(folder), "environment": dict(environment)}
        status, there = os.pipe()
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [output.fileno(), there])
        finally:
            os.close(there)
        return Copy(command, status)

    def end(self) -> None:
        """There are no more copies to be made."""
        self._socket.close()
        self._process.wait()


def suits(environment: Mapping[str, str]) -> bool:
    """Whether a copy can have this environment: what is read before anything is imported is that of here."""
    here, there = (
        {key: value for key, value in each.items() if key.startswith(OF_THE_INTERPRETER)}
        for each in (_environment(), environment)
    )
    return here == there


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(chatnet.__file__).resolve().parent.parent)}


@cache
def nursery() -> Nursery:
    """The one of this process."""
    return Nursery(_environment())
