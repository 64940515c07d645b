"""A client that keeps what it reads, and gets the rest by CHATHISTORY as the specification's pseudocode does.

https://ircv3.net/specs/extensions/chathistory#client-pseudocode
"""

from __future__ import annotations

from typing import Final, NamedTuple

from archive import Archive, Line, Page, page, parsed
from conversation import Client

from chatnet.wire.server_time import read_ms, seconds, time_tag

FUZZ: Final = 5.0
"""Seconds: "a constant that compensates for clock skew across the IRC network (perhaps 1 to 10 seconds)"."""
SANITY: Final = 10_000
"""Messages that it gets at most for one target."""


class Kept(NamedTuple):
    """A message that it has."""

    ms: int
    msgid: str
    said: str


class Scroller:
    """`nick`, whose windows outlive the connections: each message by its target and its id."""

    def __init__(self, house: Archive, nick: str, limit: int, channels: tuple[str, ...] = ()) -> None:
        self.house = house
        self.nick = nick
        self.limit = limit
        self.channels = channels
        self.windows: dict[str, dict[str, Kept]] = {}
        self.seen = 0
        """When it read something live last, in milliseconds."""
        self.client: Client | None = None

    def connect(self) -> None:
        """Come in, and into the channels."""
        self.client = self.house.member(self.nick)
        for name in self.channels:
            self.client >> f"JOIN {name}"
        self.client.lines()

    def listen(self) -> None:
        """Take in what came."""
        assert self.client is not None
        for line in map(parsed, self.client.lines()):
            if " PRIVMSG " in line.text:
                kept = self._keep(line)
                self.seen = max(self.seen, kept.ms)

    def leave(self) -> None:
        """The connection ends."""
        assert self.client is not None
        self.listen()
        self.client.session.close("gone")
        self.client = None

    def window(self, target: str) -> list[Kept]:
        """What it has of a target, in order."""
        return sorted(self.windows.get(target, {}).values())

    # the pseudocode

    def catch_up(self) -> None:
        """ "To use `TARGETS` to retrieve missed direct messages on reconnection", and fill all gaps."""
        lower = self._time(self.seen - FUZZ * 1000)
        upper = self._time(self.house.ms() + FUZZ * 1000)
        names: dict[str, None] = dict.fromkeys(self.channels)
        begin = upper
        while True:
            listed = self._page(f"CHATHISTORY TARGETS {begin} {lower} {self.limit}")
            names |= dict.fromkeys(line.text.split(" ")[3] for line in listed.lines)
            if not listed.lines or listed.ended:
                break
            begin = f"timestamp={listed.lines[0].text.split(' ')[4]}"
        for name in names:
            self.fill(name, self.seen)

    def fill(self, target: str, last: int) -> None:
        """ "A client with full support for BATCH, message IDs, and deduplication can fill in gaps in its
        history using the following pseudocode": since the millisecond `last`.
        """
        lower, upper, count = last - FUZZ * 1000, "", 0
        while count < SANITY:
            command = f"BEFORE {target} {upper}" if upper else f"LATEST {target} *"
            got = self._page(f"CHATHISTORY {command} {self.limit}")
            if not got.lines:
                break
            count += len(got.lines)
            for line in got.lines:
                self._keep(line)
            if _ms(got.lines[0]) < lower:
                break
            upper = f"msgid={got.lines[0].msgid}"

    def scroll(self, target: str, *, by_time: bool = False) -> list[str]:
        """ "Infinite scroll" to the beginning, from the newest message on, without looking for doubles."""
        found: list[str] = []
        upper = "*"
        while True:
            got = self._page(f"CHATHISTORY BEFORE {target} {upper} {self.limit}")
            found = [*got.said, *found]
            if got.ended or not got.lines:
                return found
            first = got.lines[0]
            upper = f"timestamp={first.at}" if by_time else f"msgid={first.msgid}"

    def walk(self, target: str, *, by_time: bool = False) -> list[str]:
        """The same from the beginning to the end."""
        found: list[str] = []
        lower = "timestamp=1970-01-01T00:00:00.000Z"
        while True:
            got = self._page(f"CHATHISTORY AFTER {target} {lower} {self.limit}")
            found += got.said
            if got.ended or not got.lines:
                return found
            last = got.lines[-1]
            lower = f"timestamp={last.at}" if by_time else f"msgid={last.msgid}"

    def between(self, target: str, upper: Kept, lower: Kept) -> list[str]:
        """ "iterate this infinite scrolling operation until the BETWEEN query returns no results"."""
        found: list[str] = []
        first = upper.msgid
        while True:
            got = self._page(f"CHATHISTORY BETWEEN {target} msgid={first} msgid={lower.msgid} {self.limit}")
            if not got.lines:
                return found
            found = [*got.said, *found]
            first = got.lines[0].msgid

    # inside

    def _page(self, command: str) -> Page:
        assert self.client is not None
        self.listen()
        return page(self.client, command)

    def _keep(self, line: Line) -> Kept:
        source, _, target, _ = line.text.split(" ", 3)
        by = source[1:].partition("!")[0]
        name = target if target[0] == "#" else by if by != self.nick else target
        kept = Kept(_ms(line), line.msgid, line.said)
        return self.windows.setdefault(name, {}).setdefault(line.msgid, kept)

    @staticmethod
    def _time(ms: float) -> str:
        return "timestamp=" + time_tag(seconds(max(0, int(ms)))).decode().removeprefix("time=")


def _ms(line: Line) -> int:
    ms = read_ms(line.at)
    assert ms is not None
    return ms
