"""All that an account said, and what others said to it alone, as a file: JSON Lines.

Each line is an object: ``target`` (the channel, or who the talk is with), ``place`` (that as the store knows
it), ``at`` (RFC 3339), ``msgid``, ``command``, ``source``, ``account`` (the key of the author's), ``text``,
``tags`` and ``parts``; what there is nothing of is left out.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Protocol

from chatnet.history.extra import read
from chatnet.history.kept import COMMANDS, SAID
from chatnet.model.network import Network
from chatnet.model.places import BY_NAME
from chatnet.node import Node
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import BEFORE_ALL, Place, Position, Row, View, Wanted
from chatnet.wire.server_time import seconds, time_tag

PAGE: Final = 500
"""Messages that are read, and written, at once."""
SPAN: Final = 30 * 86_400_000
"""Milliseconds that are looked at, at once."""
DAY: Final = 86_400_000


class Exports(Protocol):
    """The folder with such files."""

    async def write(self, name: str, text: str, *, first: bool, last: bool) -> None:
        """Append to a file that is there under its name after the `last` of it.  Raises OSError."""


class Exporting:
    """Writes them, one after the other for each account.

    `flush` hands what was heard just now to the store, which then has it in its answers.
    """

    def __init__(self, node: Node, store: MessageStore, flush: Callable[[], None], exports: Exports) -> None:
        self._node = node
        self._store = store
        self._flush = flush
        self._exports = exports
        self._busy: set[str] = set()

    def is_busy(self, person: str) -> bool:
        """Whether one for this account is being written."""
        return person in self._busy

    async def export(self, person: str) -> tuple[str, int]:
        """Write all of an account into its file; gives its name, and how many messages it has.

        Raises StoreError, OSError.
        """
        name = f"{_file(person)}.jsonl"
        self._busy.add(person)
        try:
            self._flush()
            count = 0
            async for rows in self._all(person):
                text = "".join([_line(self._node.network, person, row) for row in rows])
                await self._exports.write(name, text, first=not count, last=False)
                count += len(rows)
            await self._exports.write(name, "", first=not count, last=True)
        finally:
            self._busy.discard(person)
        return name, count

    async def _all(self, person: str) -> AsyncIterator[Sequence[Row]]:
        for target in await self._store.targets(person):
            async for rows in self._talk(View(target.place, closed=None, ranks=-1, person=person)):
                yield rows
        async for rows in self._own(person):
            yield rows

    async def _talk(self, view: View) -> AsyncIterator[Sequence[Row]]:
        """Both sides of it."""
        wanted = Wanted(SAID, PAGE, newest=False)
        more = True
        while more:
            found = await self._store.page(view, wanted)
            more = found.more
            if found.rows:
                yield found.rows
                wanted = wanted._replace(after=Position(found.rows[-1].at, found.rows[-1].msgid))

    async def _own(self, person: str) -> AsyncIterator[Sequence[Row]]:
        """What they said in channels."""
        now, history = int(self._node.clock.time() * 1000), self._node.settings.history
        since = max(0, now - max(history.channels_keep, history.channels_most) * DAY)
        for begin in range(since, now + 1, SPAN):
            behind, full = Position(begin, BEFORE_ALL), True
            while full:
                rows = await self._store.said_by(person, behind, begin + SPAN, PAGE)
                full = len(rows) == PAGE
                if rows:
                    behind = Position(rows[-1].at, rows[-1].msgid)
                    yield [row for row in rows if row.place.kind == "c" and row.kind in SAID]


def _file(person: str) -> str:
    """A name for a file: keys that are made of names have characters that are not for those."""
    if person.startswith(BY_NAME):
        return "name-" + person.removeprefix(BY_NAME).encode("utf-8", "surrogateescape").hex()
    return person


def _line(network: Network, person: str, row: Row) -> str:
    extra = read(row.extra)
    found: dict[str, Any] = {
        "target": _called(network, person, row.place),
        "place": list(row.place),
        "at": time_tag(seconds(row.at)).decode().removeprefix("time="),
        "msgid": row.msgid,
        "command": COMMANDS[row.kind],
        "source": row.source,
        "account": row.person,
        "text": row.text,
        "tags": extra.tags.decode("utf-8", "replace"),
        "parts": [[part.text, part.joined] for part in extra.parts],
    }
    return json.dumps({key: value for key, value in found.items() if value}, ensure_ascii=False) + "\n"


def _called(network: Network, person: str, place: Place) -> str:
    """What a place is called: a talk by the account of the other one, or by a guest's nick."""
    if place.kind == "c":
        return place.name
    if place.kind == "g":
        return place.other
    other = place.other if place.name == person else place.name
    account = network.registry.account(other)
    return other.removeprefix(BY_NAME) if account is None else account.shown
