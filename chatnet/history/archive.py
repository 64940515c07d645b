"""What is stored, as other servers ask for it, and tell it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from chatnet.history.erasing import Erasures
from chatnet.history.kept import redacted_of, redaction_of, row_of, told_of
from chatnet.history.kinds import COMMANDS
from chatnet.history.marks import Marks
from chatnet.model.entities import User
from chatnet.model.network import Network
from chatnet.model.past import Chapter, Stay
from chatnet.model.places import Places, talk_called
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import (
    AFTER_ALL,
    BEFORE_ALL,
    OURS,
    Erased,
    Place,
    Position,
    Row,
    View,
    Wanted,
)
from chatnet.storage.messages.times import without

ALL: Final = frozenset(COMMANDS)
GONE: Final = 10_000
"""Redactions that are told at once; if there are more, what is older than these is told another time."""


class Archive:
    """An ``Archive`` of ``model/past.py``.  `flush` hands the store all that was heard."""

    def __init__(
        self,
        network: Network,
        store: MessageStore,
        places: Places,
        erased: Erasures,
        marks: Marks,
        flush: Callable[[], object],
    ) -> None:
        self._network = network
        self._store = store
        self._flush = flush
        self._places = places
        self._erased = erased
        self._marks = marks

    def people(self, person: str) -> Sequence[User]:
        """Who is logged in to an account; see ``model/past.py``."""
        return self._marks.logged_in(person)

    def place(self, target: str) -> Place | None:
        """What a name means; see ``model/past.py``."""
        if target[:1] == "#":
            channel = self._network.channel(target)
            return None if channel is None else self._places.channel(channel)
        return talk_called(target, self._network.fold)

    def waits(self, place: Place, since: int, until: int) -> tuple[int, int] | None:
        """Of which part of that time something waits; see ``model/past.py``."""
        self._flush()
        times = self._store.unread(place)
        if times is None or times[0] >= until or times[1] <= since:
            return None
        return max(times[0], since), min(times[1], until)

    async def chapter(self, place: Place, since: int, until: int, most: int, *, gone: bool) -> Chapter:
        """The newest of a time; see ``model/past.py``."""
        self._flush()
        found: Sequence[Row] = ()
        if most > 0 and since < until:
            after = Position(since - 1, AFTER_ALL) if since else None
            wanted = Wanted(ALL, most, True, after, Position(until, BEFORE_ALL), whole=True)
            found = (await self._store.page(everything(place), wanted)).rows
        redacted = await self._store.redactions(place, since, GONE) if gone else ()
        return Chapter(
            [told_of(row) for row in found],
            [redaction_of(each) for each in redacted if each.at < until and not each.flags & OURS],
        )

    async def tally(self, place: Place, since: int, until: int) -> str:
        """What stands for all that is known of that time; see ``model/past.py``."""
        self._flush()
        return f"{await self._store.tell(place, since, until - 1) % 2**64:016x}"

    async def talks(
        self, person: str, since: int, until: int, most: int, *, guests: bool
    ) -> Sequence[tuple[Place, int]]:
        """The talks of an account; see ``model/past.py``."""
        self._flush()
        waiting = self._store.unread_talks(person) or ()
        targets = await self._store.targets(person)
        newest: list[tuple[Place, int]] = []
        for kind in "dg" if guests else "d":  # each by itself, for a guest can have many nicks
            last = {place: at for place, at in waiting if place.kind == kind and since <= at < until}
            views = [everything(target.place) for target in targets if target.place.kind == kind]
            if views:
                for place, (at, _) in await self._store.latest(
                    views, ALL, since - 1, until, most, newest=True
                ):
                    last[place] = max(at, last.get(place, 0))
            newest += sorted(last.items(), key=lambda talk: talk[1], reverse=True)[:most]
        return sorted(newest, key=lambda talk: talk[1])

    def knows_talks(self, person: str) -> bool:
        """Whether it is known with whom somebody talked; see ``model/past.py``."""
        return self._store.unread_talks(person) is not None

    async def stays(self, person: str, most: int) -> Sequence[Stay]:
        """Since when an account is in its channels; see ``model/past.py``."""
        self._flush()
        there = {channel for user in self.people(person) for channel in user.channels}
        channels = {self._places.channel(channel): channel.name for channel in there}
        # Who went, and came back, may be in the store as somebody who never went.
        known = {place: self._store.unread_stays(place) for place in channels}
        apart = await self._store.apart(list(channels))
        found = [
            Stay(channels[place], place.ts, since, min(until, known[place]))
            for place, times in (await self._store.stays(list(channels), person)).items()
            for since, until in without(times, apart[place])
            if since < known[place]
        ]
        found.sort(key=lambda stay: stay.until, reverse=True)
        return found[:most]

    async def keep(self, place: Place, told: Chapter) -> int:
        """Store what others told of a place; see ``model/past.py``."""
        self._flush()
        news = await self._store.take_in(
            [row_of(each, place, 0) for each in told.records],
            [redacted_of(each, place) for each in told.redactions],
        )
        return len(news)

    def is_news(self, person: str, until: int, place: Place | None) -> bool:
        """Whether it is not known to be gone."""
        return self._erased.is_news(person, until, place)

    def erasures(self) -> Sequence[Erased]:
        """What was erased lately."""
        return self._erased.lately()

    def moves(self, person: str, spot: str, until: int) -> bool:
        """Whether somebody is not known to have read as far."""
        return self._marks.moves(person, spot, until)

    async def marks(self, since: int, behind: tuple[str, str], most: int) -> Sequence[tuple[str, str, int]]:
        """Read marks of everybody; see ``model/past.py``."""
        self._flush()
        return await self._store.all_marks(since, behind, most)


def everything(place: Place) -> View:
    """A view that hides nothing but what is ours: other servers judge by themselves who may see what."""
    return View(place, closed=None, ranks=-1, hidden=OURS)
