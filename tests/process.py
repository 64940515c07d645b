"""A program under test, as a process of its own in a folder of its own."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self


class Running(Protocol):
    """A process that was started: of :class:`subprocess.Popen` what is needed here."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


class Process:
    """One program that nobody types at; ``with`` ends it, whatever happens.

    What it writes, to standard output and standard error, is added to the file ``log``, start after start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "output"
        self.process: Running | None = None

    def run(
        self, command: Sequence[str | Path], environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> None:
        """Start `command` in the folder, without waiting for anything."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
            )

    def output(self) -> str:
        """All it wrote so far."""
        return self.log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def is_running(self) -> bool:
        """Whether it was started, and has not ended."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        """Wait for its end; the exit status."""
        assert self.process is not None
        return self.process.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Let nothing of it be left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
