"""What is remembered, in the store or in the ring, as links and REDACT ask for it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

from chatnet.history import extra
from chatnet.history.kinds import COMMANDS, EVENTS, KINDS, SAID
from chatnet.history.recorder import Recorder, hidden_uid, reacted_to, uid_in
from chatnet.history.ring import Ring
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Source
from chatnet.model.ids import UID
from chatnet.model.past import Event, Page, Record, Redaction
from chatnet.model.places import Places
from chatnet.storage.messages import rows
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import Place, Position, Redacted, Row, View, Wanted

OF_AUTHOR: Final = rows.CLOSED | rows.BOT | rows.OPER
"""The flags that say something of a message, and not of how it is kept."""
ALL: Final = frozenset(COMMANDS)
LOOKED_AT: Final = 2000
"""Messages by which it is looked whether doors were closed."""


class KeptPast:
    """A ``Past``, and ``Messages``."""

    def __init__(self, store: MessageStore, recorder: Recorder, places: Places, ring: Ring) -> None:
        self._store = store
        self._recorder = recorder
        self._places = places
        self._ring = ring

    async def find(self, by: Source, target: Channel | User, msgid: str) -> Record | None:
        """The message of that id, if it is kept; see ``model.past.Messages``."""
        place: Place | None
        if isinstance(target, Channel):
            place = self._recorder.place(target)
        else:
            place = self._places.between(by, target) if isinstance(by, User) else None
        if place is not None:
            self._recorder.flush()
            row = await self._store.find(place, msgid)
            if row is not None and row.kind in SAID:  # what happens beside messages cannot be taken back
                return record_of(row)
        return await self._ring.find(by, target, msgid)

    async def page(self, channel: Channel, since: float, most: int) -> Page:
        """What other servers may know of a channel; see ``model.past.Past``."""
        place = self._recorder.place(channel)
        if place is None or most <= 0:
            return await self._ring.page(channel, since, most)
        self._recorder.flush()
        after = Position(int(since * 1000), rows.BEFORE_ALL)
        view = View(place, closed=None, ranks=-1, hidden=rows.OURS)
        found = await self._store.page(view, Wanted(frozenset(SAID), most, after=after))
        redacted = await self._store.redactions(place, after.at, most)
        told = [redaction_of(each) for each in redacted if not each.flags & rows.OURS]
        return Page(list(map(record_of, found.rows)), told)

    async def take_in(self, channel: Channel, page: Page) -> int:
        """Keep what others told; see ``model.past.Past``."""
        heard = self._recorder.heard_of(channel)
        if heard is None:
            return await self._ring.take_in(channel, page)
        self._recorder.flush()
        place = heard.place
        times = [each.at for each in page.records] + [each.at for each in page.redactions]
        doors = await self._doors(place, round(min(times, default=0.0) * 1000), heard.flags)
        news = await self._store.take_in(
            [row_of(each, place, doors(round(each.at * 1000))) for each in page.records],
            [redacted_of(each, place, doors(round(each.at * 1000))) for each in page.redactions],
        )
        return len(news)

    async def _doors(self, place: Place, since: int, now: int) -> Callable[[int], int]:
        """Whether a channel was closed at a time since then, of which others do not tell it: as a flag.

        It was if it is closed `now`, or if of what is known the last before it, or the first from it on, was
        said behind closed doors.
        """
        if now & rows.CLOSED:
            return lambda at: rows.CLOSED
        everything, begin = View(place, closed=None, ranks=-1), Position(since, rows.BEFORE_ALL)
        before = await self._store.page(everything, Wanted(ALL, 1, before=begin))
        behind = await self._store.page(everything, Wanted(ALL, LOOKED_AT, newest=False, after=begin))
        known = [*before.rows, *behind.rows]
        moments = [row.at for row in known]

        def doors(at: int) -> int:
            first = bisect_left(moments, at)
            around = known[max(0, first - 1) : bisect_right(moments, at) + 1]
            return rows.CLOSED if any(row.flags & rows.CLOSED for row in around) else 0

        return doors


def record_of(row: Row) -> Record:
    """A message as links and REDACT know it."""
    more = extra.read(row.extra)
    return Record(
        row.msgid, row.at / 1000, SAID[row.kind], row.source.encode(), _author(row, more), row.text,
        more.tags, row.flags >> rows.RANKS, more.status, more.parts, row.person, row.flags & OF_AUTHOR,
    )  # fmt: skip


def told_of(row: Row) -> Record | Event:
    """A message, or something that happened."""
    if row.kind in SAID:
        return record_of(row)
    more = extra.read(row.extra)
    return Event(
        row.msgid, row.at / 1000, EVENTS[row.kind], row.source.encode(), row.text, more.words, row.person,
        row.flags & OF_AUTHOR,
    )  # fmt: skip


def _author(row: Row, more: extra.Extra) -> UID:
    uid = more.uid or uid_in(row.msgid)
    return UID("" if uid == "*" else uid)


def row_of(record: Record | Event, place: Place, flags: int) -> Row:
    """The same the other way round; `flags` besides those of its own."""
    flags |= record.flags & OF_AUTHOR
    if isinstance(record, Event):
        verb, refers, more = record.verb, None, extra.written(extra.Extra(words=record.words))
    else:
        verb, uid = record.command, hidden_uid(record.uid, record.msgid)
        refers = reacted_to(record.tags) if verb == "TAGMSG" else None
        more = extra.written(extra.Extra(record.tags, record.parts, record.status, uid))
        flags |= record.ranks << rows.RANKS
    flags |= rows.EXTRA if more is not None else 0
    source = record.source.decode("utf-8", "replace")
    return Row(
        place, round(record.at * 1000), record.msgid, KINDS[verb], flags, record.person, source, record.text,
        refers, more,
    )  # fmt: skip


def redaction_of(gone: Redacted) -> Redaction:
    """A redaction as links know it."""
    uid = UID(uid_in(gone.msgid) if gone.source else "")
    return Redaction(
        gone.redacted, gone.at / 1000, gone.msgid, gone.source.encode(), uid, gone.reason, gone.person,
        gone.flags >> rows.RANKS, gone.flags & rows.CLOSED,
    )  # fmt: skip


def redacted_of(gone: Redaction, place: Place, flags: int = 0) -> Redacted:
    """The same the other way round; `flags` besides those of its own."""
    source = gone.source.decode("utf-8", "replace")
    flags |= gone.flags & rows.CLOSED | gone.ranks << rows.RANKS
    return Redacted(
        place, gone.redacted, round(gone.at * 1000), gone.msgid, gone.person, source, gone.reason, flags
    )
