"""Clients as people use them, each a process of its own.

irssi and WeeChat get commands at the keyboard, and what they show is read; bots are spoken to in the chat,
and their logs are read.  Each runs in a folder of its own and knows nothing of the user's configuration.
Nothing sleeps for a fixed time: what is to appear is waited for until :data:`DEADLINE`.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from authority import Authority
from daemon_process import DEADLINE, Daemon, free_port, wait_for
from process import Process

CONFIGURATION = """
[server]
name = "irc.example.org"
network = "ExampleNet"
motd = "motd.txt"
admin = ["Ann of Example", "Berlin", "ann@example.org"]

[flood]
enabled = false

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true

[[oper_class]]
name = "admin"
privileges = ["kill", "see-all", "wallops"]

[[oper]]
name = "ann"
class = "admin"
password = "HASH"
"""


def configured(folder: Path, more: str = "") -> Daemon:
    """A daemon to be started, with a message of the day and the oper ``ann``, password ``secret``.

    `more` is TOML behind what it has anyway.
    """
    daemon = Daemon(folder)
    (folder / "motd.txt").write_text("Be kind.\n")
    password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    daemon.configure(CONFIGURATION.replace("HASH", password) + more)
    return daemon


def helper() -> str:
    """TOML for one more operator, who keeps order: ``hal``, password ``secret``."""
    password = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    return (
        '[[oper_class]]\nname = "helper"\nprivileges = ["kill", "bans", "see-all", "audit"]\n'
        f'[[oper]]\nname = "hal"\nclass = "helper"\npassword = "{password}"\n'
    )


def web_listeners(more: str = "") -> tuple[str, int, int]:
    """Two WebSocket listeners, to stand behind a configuration, and their ports: plain, and TLS.

    `more` is a line of TOML for both of them.
    """
    ports = free_port(), free_port()
    text = ""
    for port, tls in zip(ports, ("false", "true"), strict=True):
        endpoint = f"tcp:{port}:interface=127.0.0.1"
        text += f'[[listen]]\nkind = "websocket"\nendpoint = "{endpoint}"\ntls = {tls}\n{more}\n'
    return text, *ports


def certified(folder: Path, more: str = "") -> tuple[Daemon, Authority]:
    """As :func:`configured`, as ``localhost`` with a certificate of the authority, which is in ``ca.pem``."""
    authority = Authority(folder / "ca.pem")
    authority.issue(folder / "certificates" / "localhost.pem", "localhost")
    tls = '[tls]\ncertificates = "certificates"\ndefault = "localhost"\n'
    return configured(folder, tls + more), authority


class Program(Process):
    """What all have in common: lines appear in logs, and are waited for one after another."""

    name = ""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TERM": "vt100",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        self._read_to: dict[Path, int] = {}

    def logs(self) -> Iterable[Path]:
        """The files in which it keeps what it shows."""
        raise NotImplementedError

    def work(self) -> None:
        """Let it go on for a moment."""
        assert self.is_running(), f"{self.name} has ended:\n" + "\n".join(self.shown())

    def shown(self) -> list[str]:
        """Every line that it has shown so far."""
        return [line for log in self.logs() for line in log.read_text().splitlines()]

    def sees(self, *patterns: str) -> None:
        """Wait for a line with each pattern, in this order."""
        for pattern in patterns:
            end = time.monotonic() + DEADLINE
            while not self._find(re.compile(pattern)):
                shown = "\n".join(self.shown())
                assert time.monotonic() < end, f"{self.name} did not show {pattern!r} but\n{shown}"
                self.work()

    def _find(self, pattern: re.Pattern[str]) -> bool:
        """Go behind the next line with this pattern, in whichever log has one."""
        for log in self.logs():
            lines = log.read_text().split("\n")[:-1]
            start = self._read_to.get(log, 0)
            for number, line in enumerate(lines[start:], start):
                if pattern.search(line):
                    self._read_to[log] = number + 1
                    return True
        return False


def require(name: str) -> None:
    """Skip the test if there is no such program."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")


class Irssi(Program):
    """irssi on a terminal that nobody looks at.

    What it has no words of its own for it shows as it came: numerics as ``(NNN) parameters`` (the theme is
    told so, see :meth:`generic`), others beginning with the command in capitals (:meth:`not_understood`).
    """

    name = "irssi"

    def __init__(self, folder: Path, nick: str) -> None:
        require(self.name)
        super().__init__(folder)
        config = folder / "config"
        config.write_text(
            "servers = ();\n"
            "settings = {\n"
            f'  core = {{ nick = "{nick}"; user_name = "{nick}"; real_name = "Somebody"; }};\n'
            '  "irc/core" = { cmds_max_at_once = "1000"; cmd_queue_speed = "1msec"; };\n'
            '  "fe-text" = { paste_verify_line_count = "0"; };\n'
            "};\n"
        )
        self._log = folder / "everything.log"
        self._terminal, screen = pty.openpty()
        # A line of input that does not fit is scrolled, which takes its time.
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))
        self.process = subprocess.Popen(
            [self.name, f"--home={folder}", f"--config={config}", "--noconnect"],
            env=self.environment,
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
        )
        os.close(screen)
        try:
            # What is typed before it has taken over the terminal is thrown away.
            wait_for(lambda: "(status)" in self._look(), "the first screen of irssi")
            self._prepare()
        except BaseException:
            self.end()
            raise

    def _prepare(self) -> None:
        self.enter("/format default_event ($2) $1")
        self.enter("/format default_event_server ($2) $1")
        self.enter(f"/log open {self._log} ALL")
        self.sees("Log opened")

    def logs(self) -> Iterable[Path]:
        return [self._log] if self._log.exists() else []

    def enter(self, line: str) -> None:
        """Type one line."""
        os.write(self._terminal, f"{line}\n".encode())

    def work(self) -> None:
        super().work()
        self._look()

    def _look(self) -> str:
        """What it draws within a moment; it waits when nobody looks."""
        waiting = select.poll()
        waiting.register(self._terminal, select.POLLIN)
        if not waiting.poll(10):
            return ""
        try:
            return os.read(self._terminal, 65536).decode(errors="replace")
        except OSError:  # so Linux tells that the other end is closed
            return ""

    def generic(self) -> set[str]:
        """The numerics that it had no words of its own for, and their texts had to do."""
        found = (re.search(r"^\S+ -!- \((\d{3})\) ", line) for line in self.shown())
        return {match[1] for match in found if match}

    def not_understood(self) -> list[str]:
        """What came from the server and meant nothing to it."""
        return [line for line in self.shown() if re.search(r"^\S+ -!- (?!WALLOP )[A-Z]{2,} ", line)]

    def quit(self, text: str) -> None:
        """/quit, and wait for its end."""

        def has_ended() -> bool:
            self._look()
            return not self.is_running()

        self.enter(f"/quit {text}")
        wait_for(has_ended, "the end of irssi")

    def end(self) -> None:
        super().end()
        os.close(self._terminal)


class WeeChat(Program):
    """WeeChat without a screen: its input comes through a FIFO, and each buffer has a log."""

    name = "weechat-headless"

    def __init__(self, folder: Path) -> None:
        require(self.name)
        super().__init__(folder)
        self._logs = folder / "logs"
        commands = [
            "/set logger.file.flush_delay 0",
            "/set logger.level.irc 9",
            "/set irc.look.smart_filter off",
            "/set irc.look.server_buffer independent",
            "/set irc.look.display_join_message 324,329,332,333,353,366",
            # Two of these are options before version 4, one is since; unknown ones do no harm.
            "/set irc.server_default.anti_flood_prio_high 0",
            "/set irc.server_default.anti_flood_prio_low 0",
            "/set irc.server_default.anti_flood 0",
        ]
        version = subprocess.run([self.name, "--version"], capture_output=True, text=True, check=True).stdout
        self.tls = "ssl" if int(version.split(".")[0]) < 4 else "tls"
        """How it calls TLS in its options."""
        self.process = subprocess.Popen(
            [self.name, "-d", str(folder), *(word for command in commands for word in ("-r", command))],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._fifo = -1
        try:
            wait_for(self._has_started, "the start of WeeChat")
            if "fifo" not in self._plugins():
                pytest.skip("WeeChat's fifo plugin is not installed (package weechat-plugins)")
            wait_for(self._opens_fifo, "WeeChat's FIFO")
        except BaseException:
            self.end()
            raise

    def _plugins(self) -> str:
        log = self._logs / "core.weechat.weechatlog"
        found = re.search("Plugins loaded: .*\n", log.read_text()) if log.exists() else None
        return found[0] if found else ""

    def _has_started(self) -> bool:
        self.work()
        return bool(self._plugins())

    def _opens_fifo(self) -> bool:
        self.work()
        try:
            fifo = self.folder / f"weechat_fifo_{self.pid}"
            self._fifo = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # not made yet, or not read yet
            return False
        return True

    def logs(self) -> Iterable[Path]:
        return sorted(self._logs.glob("irc.*.weechatlog"))

    def enter(self, line: str, buffer: str = "irc.server.net") -> None:
        """Give it a line of input in the buffer of the server, or in ``irc.net.#channel``."""
        os.write(self._fifo, f"{buffer} *{line}\n".encode())

    def work(self) -> None:
        super().work()
        time.sleep(0.01)

    def complaints(self) -> list[str]:
        """What it shows as errors: a command unknown or malformed above all."""
        return [line for line in self.shown() if line.split("\t")[1] == "=!="]

    def end(self) -> None:
        super().end()
        if self._fifo >= 0:
            os.close(self._fifo)


class Bot(Program):
    """A program that nobody types at: it is spoken to in the chat, and writes a log."""

    def __init__(
        self, folder: Path, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder)
        self.name = Path(command[0]).name
        self.run(command, {**self.environment, "PYTHONUNBUFFERED": "1", **(environment or {})})

    def logs(self) -> Iterable[Path]:
        return [self.log]

    def work(self) -> None:
        super().work()
        time.sleep(0.01)

    def ended(self) -> int:
        """Wait for its end; the exit status."""
        return self.wait(DEADLINE)
