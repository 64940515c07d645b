"""Houses that keep accounts and messages, and clients that look back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from club import PASSWORD, Club, said
from conversation import Client, ManualClock, matches
from leftovers import store_of_a_test

from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import Entry, Place
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.wire.message import parse_tags

CAPS: Final = "batch message-tags server-time account-tag draft/chathistory"
"""What a client has that looks back as the specification means it."""


class Archive(Club):
    """A club that keeps what is said, in a file of its own; its answers are there at once."""

    def __init__(
        self, before: Archive | None = None, clock: ManualClock | None = None, **sections: Any
    ) -> None:
        self.folder: TemporaryDirectory[str] = (
            before.folder if before is not None else TemporaryDirectory(prefix="chatnet-archive-")
        )
        store, clock = (None, clock or ManualClock()) if before is None else (before.store, before.clock)
        path = Path(self.folder.name) / "history.sqlite"
        self.messages: SQLiteMessages = store_of_a_test(open_messages(path, alone=True, now=clock.time))
        super().__init__(store, messages=self.messages, clock=clock, **sections)

    def killed(self) -> Archive:
        """Another house, made of what this one has on its disk."""
        assert self.parts.recorder is not None
        self.parts.recorder.flush()
        return Archive(self)

    def member(self, nick: str, account: str = "", caps: str = CAPS, **peer: Any) -> Client:
        """A client who is logged in to an account, which is registered if there is none."""
        name = account or nick
        if self.node.network.registry.named(name) is None:
            self.account(name)
        client = self.client(nick, caps=f"{caps} sasl".strip(), **peer)
        client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', name, PASSWORD)}"
        assert client.user.account == name, client.lines()
        client.lines()
        return client

    def place(self, name: str = "#c") -> Place:
        """The place of a channel."""
        channel = self.node.network.channel(name)
        assert channel is not None
        return self.parts.sessions.places.channel(channel)

    def put(self, *entries: Entry) -> None:
        """Have this be stored, behind all that was heard."""
        recorder = self.parts.recorder
        assert recorder is not None
        recorder.flush()
        at_once(self.messages.put(entries))

    def ms(self) -> int:
        """Now, in milliseconds."""
        return int(self.clock.time() * 1000)


class Line(NamedTuple):
    """A line of a page: its tags, and the rest as it stands."""

    tags: dict[str, str]
    text: str

    @property
    def at(self) -> str:
        return self.tags["time"]

    @property
    def msgid(self) -> str:
        return self.tags["msgid"]

    @property
    def said(self) -> str:
        """What stands behind the last colon."""
        return self.text.partition(" :")[2]


def parsed(line: str) -> Line:
    """A line with its tags."""
    if line[:1] != "@":
        return Line({}, line)
    tags, _, text = line[1:].partition(" ")
    return Line(parse_tags(tags), text)


class Page(NamedTuple):
    """A batch as it came: its opening line, its lines, and what followed."""

    opening: Line
    lines: list[Line]
    rest: list[str]

    @property
    def said(self) -> list[str]:
        return [line.said for line in self.lines]

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]

    @property
    def ended(self) -> bool:
        return "draft/chathistory-end" in self.opening.tags


def page(client: Client, command: str) -> Page:
    """What a command of CHATHISTORY is answered with: one batch."""
    client.lines()
    client >> command
    lines = [parsed(line) for line in client.lines()]
    assert lines, f"nothing came of {command}"
    kinds = r"draft/chathistory-targets|chathistory \S+"
    found = re.fullmatch(rf":irc\.test BATCH \+(\S+) ({kinds})", lines[0].text)
    assert found, lines[0]
    end = next(n for n, line in enumerate(lines) if line.text == f":irc.test BATCH -{found[1]}")
    inside = lines[1:end]
    for line in inside:
        assert "batch" in line.tags, line
    return Page(lines[0], inside, [line.text for line in lines[end + 1 :]])


def latest(client: Client, target: str = "#c", limit: int = 50) -> list[str]:
    """What was said last, as texts."""
    return page(client, f"CHATHISTORY LATEST {target} * {limit}").said


def refused(client: Client, command: str, failure: str) -> None:
    """A command is answered with one line, ``FAIL CHATHISTORY <failure>``."""
    client.lines()
    client >> command
    (line,) = client.lines()
    assert matches(parsed(line).text, f":irc.test FAIL CHATHISTORY {failure}"), line


def talk(clients: Sequence[Client], texts: Sequence[str], target: str = "#c", seconds: float = 1.0) -> None:
    """One after the other they say one text after the other."""
    for number, text in enumerate(texts):
        client = clients[number % len(clients)]
        client >> f"PRIVMSG {target} :{text}"
        client.house.clock.advance(seconds)
    for client in clients:
        client.lines()
