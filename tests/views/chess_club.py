"""A club that talks, on a real server: what the pages show in tests and in pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from daemon_process import Client, Daemon, free_port

CONFIGURATION = """
[server]
name = "irc.example.org"
network = "Chessclub"
[cloak]
enabled = false
[accounts]
iterations = 4096
[[connection_class]]
name = "default"
burst = 100000
lines_per_second = 10000
[api]
rate = 1000.0
burst = 10000
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
"""
CAPS = "batch message-tags server-time echo-message labeled-response draft/multiline draft/message-redaction"


class Member:
    """Somebody with another client, who says things and knows their ids."""

    def __init__(self, daemon: Daemon, nick: str, *channels: str) -> None:
        self.client: Client = daemon.connect()
        self.client.send(f"CAP REQ :{CAPS}")
        self.client.until(" ACK ")
        self.client.send("CAP END")
        self.client.register(nick)
        for channel in channels:
            self.send(f"JOIN {channel}")
            self.client.until(" 366 ")

    def send(self, *lines: str) -> None:
        self.client.send(*lines)

    def say(self, target: str, text: str, tags: str = "") -> str:
        """Say it, and return its id.  Several lines are one message."""
        lines = text.split("\n")
        if len(lines) == 1:
            self.send(f"@label=say{tags and ';' + tags} PRIVMSG {target} :{text}")
        else:
            parts = [f"@batch=m PRIVMSG {target} :{line}" for line in lines]
            self.send(
                f"@label=say{tags and ';' + tags} BATCH +m draft/multiline {target}", *parts, "BATCH -m"
            )
        line = self.client.until("label=say[; ]")[-1]
        return next(tag[6:] for tag in line[1:].split(" ")[0].split(";") if tag.startswith("msgid="))

    def react(self, target: str, to: str, emoji: str) -> None:
        self.send(f"@+draft/react={emoji};+draft/reply={to};+reply={to} TAGMSG {target}")
        self.client.sync()

    def close(self) -> None:
        self.client.send("QUIT :see you")
        self.client.rest()
        self.client.close()


class ClubDaemon(Daemon):
    """A daemon with a plain listener (`port`) and one for browsers (`web`)."""

    def __init__(self, folder: Path, configuration: str = CONFIGURATION) -> None:
        super().__init__(folder)
        self.web = free_port()
        self.members: list[Member] = []
        self.configure(configuration.replace("WEB", str(self.web)))

    @property
    def address(self) -> str:
        """Of its page."""
        return f"http://127.0.0.1:{self.web}/"

    def member(self, nick: str, *channels: str) -> Member:
        self.members.append(Member(self, nick, *channels))
        return self.members[-1]

    def empty(self) -> None:
        """Have everybody go, and wait until all have gone: those with a browser, too."""
        for member in self.members:
            member.client.close()
        self.members.clear()
        self.settle()

    def settle(self) -> None:
        """Wait until kim has gone, who had a browser."""
        with self.client("porter") as porter:
            while True:
                porter.send("ISON kim")
                if "kim" not in porter.until(" 303 ")[-1].rpartition(":")[2]:
                    return


class Clock:
    """The clock of a daemon's machine: right, until it is set.  To be made before the daemon starts."""

    def __init__(self, daemon: Daemon, off: float = 0) -> None:
        library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
        if library is None:
            pytest.skip("libfaketime is not installed (Debian: faketime)")
        self._file = daemon.folder / "clock"
        self.set(off)
        daemon.environment.update(
            LD_PRELOAD=str(library),
            FAKETIME_TIMESTAMP_FILE=str(self._file),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            NO_FAKE_STAT="1",
        )

    def set(self, off: float) -> None:
        """From now on it is `off` seconds off."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{off:+.0f}s\n")
        new.replace(self._file)
