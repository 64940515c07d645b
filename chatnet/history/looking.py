"""Looking back: pages of what was said, the latest of everything, and searching, for who may see it.

Everything that shows what was said asks here, and so goes by ``rules/past.py``.  An answer takes a while, in
which people come, go and are kept out; so what was found is held once more against what may be seen, after
the last wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar

from chatnet.history import pages
from chatnet.history.extra import Extra, written
from chatnet.history.kinds import KINDS
from chatnet.history.meanings import Meanings
from chatnet.history.questions import Questions
from chatnet.history.ring import Ring
from chatnet.history.sights import IN_MEMORY, Sight, Sights, Spot
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, MessageRedacted
from chatnet.model.past import Missed, Missing, Record
from chatnet.model.places import Places
from chatnet.node import Node
from chatnet.rules.past import reaches, shows, united
from chatnet.rules.visibility import may_see_all_members
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import (
    AFTER_ALL,
    BEFORE_ALL,
    EXTRA,
    JOIN,
    KICK,
    LAST,
    NICK,
    NOTICE,
    PART,
    PRIVMSG,
    QUIT,
    RANKS,
    Found,
    Gap,
    Place,
    Position,
    Row,
    Times,
    View,
    Wanted,
    Words,
)
from chatnet.wire.networks import aggregate
from chatnet.wire.text import sanitise

T = TypeVar("T")

ABREAST: Final = 2
"""Questions that are asked at a time, for each thread that reads: none of them asks all the time."""
SPOKEN: Final = frozenset({PRIVMSG, NOTICE})
"""The kinds that every client can show."""
MOVES: Final = frozenset({JOIN, PART, QUIT, NICK, KICK})
"""Those that tell who is in a channel."""


class Unseen(Exception):
    """There is nothing of that name that they may look at; whether there is anything at all is not told."""


class Untold(Exception):
    """Nothing tells when the message was said of which they gave the id."""


async def _enough(owner: str, messages: int) -> None:
    """There is time for everything."""


class Way(Enum):
    """How a page is counted."""

    LATEST = "LATEST"
    BEFORE = "BEFORE"
    AFTER = "AFTER"
    AROUND = "AROUND"
    BETWEEN = "BETWEEN"


class Point(NamedTuple):
    """A time in milliseconds, or a message by its id."""

    at: int
    msgid: str = ""


class Asked(NamedTuple):
    """Which page somebody wants: BETWEEN has two `points`, LATEST one or none, each other one has one.

    At most `most` messages of these `kinds`; with each of them at most so many `reactions` from beyond it.
    """

    way: Way
    points: tuple[Point, ...] = ()
    most: int = 1
    kinds: frozenset[int] = SPOKEN
    reactions: int = 0

    @property
    def whole(self) -> bool:
        """Whether messages of one millisecond stay together: who goes on from a time would lose the rest."""
        return not self.points or any(not point.msgid for point in self.points)

    @property
    def newest(self) -> bool:
        """Whether a page that is open at one end is counted from the newest on."""
        return self.way in (Way.LATEST, Way.BEFORE)


class Seen(NamedTuple):
    """A page, and what it is a page of.

    It was counted from its `newest` message, or from its oldest one; None: from the middle.
    """

    sight: Sight
    found: Found
    newest: bool | None


class Searched(NamedTuple):
    """What was found, in ascending order.

    Something may be missing of it in the time of the `gaps`, which are all `where`: in the one place that is
    called so, or (``*``) in several.
    """

    found: Sequence[tuple[Sight, Row]] = ()
    where: str = "*"
    gaps: tuple[Gap, ...] = ()


class Listed(NamedTuple):
    """Names, and the times of what was said there last, in ascending order; `more`: there are others."""

    names: Sequence[tuple[str, int]]
    more: bool


class Looking:
    """Answers what people ask of the past, out of a `store`; what guests write to each other out of a `ring`.

    `flush` hands what was heard just now to the store, which then has it in its answers.  `joined` tells
    since when, in milliseconds, a member is in a channel.  `room` waits until there is time for somebody's
    so many messages to be told: the answer is told in the same turn.  It observes too: what is redacted while
    somebody waits is shown to nobody any more.
    """

    def __init__(
        self,
        node: Node,
        store: MessageStore,
        places: Places,
        ring: Ring,
        flush: Callable[[], object],
        joined: Callable[[Channel, User], int | None],
        missed: Missed | None = None,
        room: Callable[[str, int], Awaitable[None]] = _enough,
    ) -> None:
        self._node = node
        self._store = store
        self._places = places
        self._ring = ring
        self._flush = flush
        self._joined = joined
        self._missed = missed
        self._room = room
        self._questions = Questions(node, lambda: ABREAST * node.settings.history.readers)
        self._meanings = Meanings(node.network, places, store)
        self._open = 0
        self._redacted: set[str] = set()
        self.hears: Mapping[type[Fact], Hearer] = {MessageRedacted: self._message_redacted}

    def _message_redacted(self, fact: MessageRedacted, origin: object) -> None:
        if self._open:
            self._redacted.add(fact.redacted)

    # what is asked

    async def look(self, user: User, name: str, asked: Asked, seconds: float | None = None) -> Seen:
        """A page of the channel or talk that `name` means for `user`.

        What is missing is asked for elsewhere, and waited for so many `seconds`; None: as the settings allow.
        Raises Unseen, Untold, Busy, StoreError.
        """
        return await self._turn(user, self._look(user, name, asked, seconds))

    async def sees(self, user: User, channel: Channel, record: Record) -> bool:
        """Whether `user` may see that message of a channel.  Raises Busy, StoreError."""
        sight = (await self._turn(user, self._sights(user, [channel]))).of(channel)
        row = _row(record)
        row = row._replace(flags=row.flags | record.flags, person=record.person)
        return sight is not None and shows(sight.view, row)

    async def views(self, user: User) -> Sequence[Sight]:
        """All that `user` may look at in the store now: their channels, and the talks of their account.

        Raises Busy, StoreError.
        """
        return list((await self._turn(user, self._all(user))).now().values())

    async def latest(self, user: User, kinds: Collection[int], begin: int, end: int, most: int) -> Listed:
        """The channels and talks whose latest message that `user` may see is strictly between two times.

        The first `most` of them, counted from `begin`, which may be the later one, and all that share the
        last one's millisecond, at most twice as many.  Raises Busy, StoreError.
        """
        return await self._turn(user, self._latest(user, kinds, begin, end, most))

    async def looked(self, user: User, seconds: float) -> None:
        """Wait so long until it is known where `user`, who has just come, talked elsewhere."""
        person = self._places.person(user)
        if self._missed is not None and person is not None:
            await self._missed.looked(person, seconds)

    async def lacking(self, user: User, since: int, most: int) -> list[str]:
        """Channels and talks of which something that `user` may see is missing here, since a time.

        At most so many.  What is missing is asked for, and not waited for.  Raises Busy, StoreError.
        """
        if self._missed is None:
            return []
        return await self._turn(user, self._lacking(self._missed, user, since, most))

    async def search(self, user: User, words: Words, name: str = "") -> Searched:
        """What is found of `words` in all that `user` may look at, or in the one place that `name` means.

        What is not known here is not asked for, but told to be missing.  Raises Unseen, Busy, StoreError.
        """
        return await self._turn(user, self._search(user, words, name))

    async def _turn(self, user: User, work: Coroutine[Any, Any, T]) -> T:
        self._open += 1
        try:
            await self._questions.turn(self._owner(user))
            try:
                self._flush()
                return await work
            finally:
                self._questions.done()
        finally:
            work.close()  # which may never have begun
            self._open -= 1
            if not self._open:
                self._redacted.clear()

    def _owner(self, user: User) -> str:
        """Whom a question of `user` is counted for."""
        return aggregate(user.address, 32, self._node.settings.flood.address_ipv6)

    # pages

    async def _look(self, user: User, name: str, asked: Asked, seconds: float | None) -> Seen:
        spot, sights = await self._meant(user, name)
        sight = sights.of(spot)
        if sight is None:
            raise Unseen
        if sight.channel is not None and not may_see_all_members(user, sight.channel):
            asked = asked._replace(kinds=asked.kinds - MOVES)
        place = sight.view.place
        waits = self._waits(place)
        found, newest, wanted = await self._page(user, sight, asked)
        if self._missed is not None and not sight.in_memory:
            times = _covered(found, newest, wanted)
            if self._missed.missing(place, *times) != Missing():
                with self._questions.aside():
                    await self._missed.ask(place, *times, seconds)
                self._flush()
                waits = self._waits(place)
                found, newest, wanted = await self._page(user, sight, asked)
        await self._room(self._owner(user), len(found.rows) + len(found.reactions))
        sight = sights.of(spot)  # after what came meanwhile
        if sight is None:
            raise Unseen
        covered = _covered(found, newest, wanted)
        found = found._replace(gaps=self._gaps(sight.view, *covered, waits))
        return Seen(sight, self._kept(sight.view, found), newest)

    async def _meant(self, user: User, name: str) -> tuple[Spot, Sights]:
        spot = await self._meanings.of(user, name)
        if spot is None:
            raise Unseen
        return spot, await self._sights(user, [spot])

    async def _page(self, user: User, sight: Sight, asked: Asked) -> tuple[Found, bool | None, Wanted]:
        if sight.in_memory:
            assert sight.other is not None
            rows = [_row(record) for record in self._ring.talk(user, sight.other)]
            known = {row.msgid: pages.position(row) for row in rows}
            where, wanted = _wanted(asked, [_place(each, known.get(each.msgid)) for each in asked.points])
            if where is None:
                return pages.page(rows, wanted), wanted.newest, wanted
            return pages.around(rows, where, wanted), None, wanted
        place = sight.view.place
        points = [
            _place(each, await self._store.position(place, each.msgid) if each.msgid else None)
            for each in asked.points
        ]
        where, wanted = _wanted(asked, points)
        if where is None:
            return await self._store.page(sight.view, wanted, asked.reactions), wanted.newest, wanted
        return await self._store.around(sight.view, where, wanted, asked.reactions), None, wanted

    def _kept(self, view: View, found: Found) -> Found:
        """What a view allows of a page."""
        unsure = self._unsure(view.place)

        def fit(rows: Iterable[Row]) -> tuple[Row, ...]:
            return tuple(row for row in rows if self._shows(view, row, unsure))

        redacted = tuple(each for each in found.redacted if shows(view, each))
        return found._replace(rows=fit(found.rows), redacted=redacted, reactions=fit(found.reactions))

    def _waits(self, place: Place) -> tuple[int, int] | None:
        """Of when something waits to be written: to be asked before the store is, which may write it then."""
        return None if place is IN_MEMORY else self._store.unread(place)

    def _gaps(self, view: View, since: int, until: int, waits: tuple[int, int] | None) -> tuple[Gap, ...]:
        """When something may be missing of what a view has.

        That is unknown here, perhaps deleted elsewhere, or waited to be written when the store was asked.
        """
        since = max(since, view.since)
        if view.place is IN_MEMORY or since >= until:
            return ()
        times, unsure = Missing() if self._missed is None else self._missed.missing(view.place, since, until)
        if unsure > since:
            times = united((*times, (since, min(unsure, until))))
        waits = waits or self._waits(view.place)
        if waits is not None and waits[0] < until and since < waits[1]:
            times = united((*times, (max(since, waits[0]), min(until, waits[1]))))
        within = ((0, LAST),) if view.within is None else view.within
        return tuple(
            Gap(view.place, first, last, "*")
            for first, last in times
            if any(begin < last and first <= end for begin, end in within)
        )

    def _unsure(self, place: Place) -> int:
        """Up to when messages may have been deleted while this server was away."""
        return 0 if self._missed is None else self._missed.unsure(place)

    def _shows(self, view: View, row: Row, unsure: int) -> bool:
        if row.at < unsure:
            return False
        if row.msgid in self._redacted:
            return False
        return shows(view, row)

    # everything

    async def _all(self, user: User) -> Sights:
        return await self._sights(user, [*user.channels, *await self._meanings.talks(user)])

    async def _sights(self, user: User, spots: Sequence[Spot]) -> Sights:
        """With the stays of their account, of all channels at once."""
        person = self._places.person(user)
        channels = {spot: self._places.channel(spot) for spot in spots if isinstance(spot, Channel)}
        stays: dict[Spot, Times] = dict.fromkeys(spots, ())
        sights = Sights(self._node, self._places, self._joined, user, stays)
        if channels and person is not None:
            found = await self._store.stays(list(channels.values()), person)
            stays.update({spot: found.get(place, ()) for spot, place in channels.items()})
        return sights

    async def _latest(self, user: User, kinds: Collection[int], begin: int, end: int, most: int) -> Listed:
        sights = await self._all(user)
        views = [sight.view for sight in sights.now().values()]
        after, before, newest = min(begin, end), max(begin, end), begin > end
        # Twice as many as wanted, so that those of one millisecond are there, and one that is beyond.
        times = await self._store.latest(views, kinds, after, before, most * 2 + 1, newest) if views else ()
        await self._room(self._owner(user), len(times))
        now = sights.now()
        found = [
            (position.at, sight.name)
            for place, position in times
            if (sight := now.get(place)) is not None and reaches(sight.view, position.at)
        ]
        if self._places.person(user) is None:
            found += self._in_memory(user, kinds, after, before)
        found.sort(reverse=newest)
        count = min(most, len(found))
        while count and count < min(len(found), most * 2) and found[count][0] == found[count - 1][0]:
            count += 1
        return Listed([(name, at) for at, name in sorted(found[:count])], count < len(found))

    async def _lacking(self, missed: Missed, user: User, since: int, most: int) -> list[str]:
        sights = (await self._all(user)).now().values()
        found = [sight for sight in sights if self._gaps(sight.view, since, LAST, None)][:most]
        for sight in found:
            missed.begin(sight.view.place, since, LAST)
        return [sight.name for sight in found]

    def _in_memory(
        self, user: User, kinds: Collection[int], after: int, before: int
    ) -> Iterable[tuple[int, str]]:
        for other in self._ring.talkers(user):
            rows = [row for row in map(_row, self._ring.talk(user, other)) if row.kind in kinds]
            if rows and after < rows[-1].at < before:
                yield rows[-1].at, other.nick

    async def _search(self, user: User, words: Words, name: str) -> Searched:
        sights = (await self._meant(user, name))[1] if name else await self._all(user)
        views = [sight.view for sight in sights.now().values()]
        if name and not views:
            raise Unseen
        views = [view for view in views if view.place is not IN_MEMORY]
        most = self._node.settings.history.search_targets
        if len(views) > most:
            latest = {place for place, _ in await self._store.latest(views, SPOKEN, -1, LAST, most, True)}
            views = [view for view in views if view.place in latest]
        waits = {view.place: self._waits(view.place) for view in views}
        rows = await self._store.search(views, words) if views else ()
        await self._room(self._owner(user), len(rows))
        now = sights.now()
        unsure = {place: self._unsure(place) for place in {row.place for row in rows}}
        found = [
            (sight, row)
            for row in rows
            if (sight := now.get(row.place)) is not None and self._shows(sight.view, row, unsure[row.place])
        ]
        since, until = max(words.since, 0), min(words.until + 1, LAST)
        if len(rows) >= words.most:  # there may be more, which was not looked for
            since, until = (rows[0].at, until) if words.newest else (since, rows[-1].at + 1)
        searched = [now[view.place] for view in views if view.place in now]
        missing = {
            sight.name: self._gaps(sight.view, since, until, waits[sight.view.place]) for sight in searched
        }
        gaps = tuple(gap for several in missing.values() for gap in several)
        names = [each for each, several in missing.items() if several]
        return Searched(found, names[0] if len(names) == 1 else "*", gaps)


def _place(point: Point, found: Position | None) -> Position | Point:
    """Where a point is: that of a message is where the message is."""
    if not point.msgid:
        return point
    if found is None:
        raise Untold
    return found


def _before(point: Position | Point) -> Position:
    """What is before it is less than this."""
    return point if isinstance(point, Position) else Position(point.at, BEFORE_ALL)


def _after(point: Position | Point) -> Position:
    """What is after it is greater than this."""
    return point if isinstance(point, Position) else Position(point.at, AFTER_ALL)


def _wanted(asked: Asked, points: Sequence[Position | Point]) -> tuple[Position | None, Wanted]:
    """Around which position, if around one, and what else is asked for."""
    wanted = Wanted(asked.kinds, asked.most, asked.newest, whole=asked.whole)
    if not points:
        return None, wanted
    first, last = points[0], points[-1]
    if asked.way is Way.AROUND:
        return _before(first), wanted
    if asked.way is Way.BEFORE:
        return None, wanted._replace(before=_before(first))
    if asked.way is Way.BETWEEN:
        newest = _before(first) > _before(last)
        earlier, later = (last, first) if newest else (first, last)
        return None, wanted._replace(newest=newest, after=_after(earlier), before=_before(later))
    return None, wanted._replace(after=_after(first))


def _row(record: Record) -> Row:
    """What the ring remembers, as a row; its author is named by their UID."""
    extra = written(Extra(record.tags, record.parts, record.status))
    flags = record.ranks << RANKS | (EXTRA if extra else 0)
    source = sanitise(record.source.decode("utf-8", "surrogateescape"))
    return Row(
        IN_MEMORY, int(record.at * 1000), record.msgid, KINDS[record.command], flags, record.uid, source,
        sanitise(record.text), None, extra,
    )  # fmt: skip


def _covered(found: Found, newest: bool | None, wanted: Wanted) -> tuple[int, int]:
    """From when to when a page tells all there is: to the end of what was asked for, if there is no more."""
    low = 0 if wanted.after is None else wanted.after.at
    high = LAST if wanted.before is None else wanted.before.at + 1
    if found.rows and found.more and newest is not False:
        low = found.rows[0].at
    if found.rows and found.more and newest is not True:
        high = found.rows[-1].at + 1
    return low, high
