"""Gaps: times of which something may be missing here that other servers know; and how they are filled.

They are rows of the store, so that they outlive a restart.  A gap of a server is over when that has told all
it knows; one of ``*``, when all that can be asked have, and none is away that was here.  Each answer takes
away from its newer end.  The first one tells what was deleted in all of it: until then what is older is shown
to nobody (``Missing.unsure``), unless a server does not answer however often it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Final

from chatnet.history.recorder import Recorder
from chatnet.history.talkers import ANY, FIRST, LATER, TRIES, Talkers
from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    AccountChanged,
    ChannelRenamed,
    ChannelReset,
    ChannelSpelled,
    Fact,
    Hearer,
    Joined,
    Kicked,
    NetSplit,
    Parted,
    SeatLeft,
    SeatTaken,
    ServerIntroduced,
    UserIntroduced,
    UserMoved,
    UserQuit,
)
from chatnet.model.ids import SID
from chatnet.model.past import Archive, Asking, Chapter, Missing
from chatnet.model.places import Places, called
from chatnet.node import Node
from chatnet.rules.stamps import read
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.gone import talkers
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import LAST, Filled, Gap, Place, Times
from chatnet.storage.promise import Promise

PAGE: Final = 100
"""Messages that are asked for at once while nobody waits."""
WIDEST: Final = 31 * DAY
"""Milliseconds of which two servers compare at once whether they know the same, but of a talk."""


class Hole:
    """A gap of a place: of a `channel`, or (None) of a talk.

    `reached` tells down to where a server has told what it knows, and of whom it is known what was deleted.
    `width` is what is compared at once with each; those at work are `busy`.  Who does not answer has `tries`,
    and is asked again `later` (monotonic seconds).
    """

    __slots__ = ("busy", "channel", "later", "place", "reached", "sid", "since", "tries", "until", "width")

    def __init__(self, gap: Gap, channel: Channel | None) -> None:
        self.place, self.since, self.until, self.sid = gap
        self.channel = channel
        self.reached: dict[SID, int] = {}
        self.width: dict[SID, int] = {}
        self.busy: set[SID] = set()
        self.tries: dict[SID, int] = {}
        self.later: dict[SID, float] = {}

    @property
    def gap(self) -> Gap:
        """As the store has it."""
        return Gap(self.place, self.since, self.until, self.sid)

    @property
    def target(self) -> str:
        """As servers name it to each other."""
        return called(self.place) if self.channel is None else self.channel.name

    def left(self, sid: SID) -> bool:
        """Whether a server may know more."""
        return self.reached.get(sid, self.until) > self.since and self.tries.get(sid, 0) < TRIES


class Gaps:
    """An observer, behind the stays; ``Missed`` of ``model/past.py``.

    `heard` is when the last group was written before this start, in Unix milliseconds; `asking` asks other
    servers, as soon as there is who does.
    """

    def __init__(
        self,
        node: Node,
        store: MessageStore,
        recorder: Recorder,
        places: Places,
        archive: Archive,
        heard: int,
    ) -> None:
        self._node = node
        self._store = store
        self._recorder = recorder
        self._places = places
        self._archive = archive
        self._started = heard
        self.asking: Asking | None = None
        self._channels: dict[Channel, list[Hole]] = {}
        """Of each that is heard here."""
        self._talks: dict[Place, list[Hole]] = {}
        self._talkers = Talkers(node, recorder, lambda: self.asking, self._talked)
        self._gone: dict[SID, float] = {}
        """Servers that were here, and since when (monotonic seconds) they are away."""
        self._arriving: dict[SID, tuple[int, set[Channel]]] = {}
        """Servers that came (when, in milliseconds), and the channels of which they were asked already."""
        self._due: dict[Hole, None] = {}
        self._filling = False
        self._news: Promise[None] = Promise()
        self.hears: Mapping[type[Fact], Hearer] = {
            Joined: self._joined,
            Parted: self._parted,
            Kicked: self._parted,
            UserQuit: self._user_quit,
            ChannelRenamed: self._moved,
            ChannelSpelled: self._moved,
            ChannelReset: self._moved,
            ServerIntroduced: self._introduced,
            NetSplit: self._net_split,
            SeatTaken: self._seat_taken,
            SeatLeft: self._seat_left,
            UserMoved: self._user_moved,
            AccountChanged: self._logged_in,
            UserIntroduced: self._logged_in,
        }

    # what is missing

    def _all(self) -> Iterator[Hole]:
        for several in (self._channels, self._talks):
            for holes in several.values():
                yield from holes

    def _of(self, place: Place) -> list[Hole]:
        if place.kind != "c":
            return self._talks.get(place, [])
        channel = self._node.network.channel(place.name)
        return [] if channel is None else self._channels.get(channel, [])

    async def ask(self, place: Place, since: int, until: int, seconds: float | None = None) -> Missing:
        """Ask for what is missing, and wait for it; see ``model/past.py``."""
        if seconds is None:
            seconds = self._node.settings.history.ask_timeout
        over = Promise[None]()

        def end() -> None:
            over.keep(None)
            self._ring()

        timer = self._node.clock.later(seconds, end)
        while not over.kept:
            news = self._news
            if not self._begin_of(place, since, until) and not self._arrived(place):
                break
            await news
        timer.cancel()
        return self.missing(place, since, until)

    def begin(self, place: Place, since: int, until: int) -> None:
        """Ask for what is missing, and do not wait for it; see ``model/past.py``."""
        self._begin_of(place, since, until)

    def _begin_of(self, place: Place, since: int, until: int) -> bool:
        """Whether there is who can be asked for something, and is then."""
        holes = [hole for hole in self._of(place) if self._is_wanted(hole, since, until)]
        several = [(hole, sid) for hole in holes for sid in self._to_ask(hole)[:FIRST]]
        for hole, sid in several:
            if sid not in hole.busy:
                self._node.run(self._step_on(hole, sid))
        return bool(several)

    def _is_wanted(self, hole: Hole, since: int, until: int) -> bool:
        return self._is_unsure(hole) or (hole.since < until and since < self._end(hole))

    def missing(self, place: Place, since: int, until: int) -> Missing:
        """What is missing, as is known now."""
        holes = self._of(place)
        times = [
            (max(hole.since, since), min(self._end(hole), until))
            for hole in holes
            if hole.since < until and since < self._end(hole) and hole.since < self._end(hole)
        ]
        return Missing(tuple(sorted(times)), self.unsure(place))

    def unsure(self, place: Place) -> int:
        """Up to when messages may have been deleted; see ``model/past.py``."""
        of_holes = max((hole.until for hole in self._of(place) if self._is_unsure(hole)), default=0)
        return max(of_holes, self._arrived(place))

    def _arrived(self, place: Place) -> int:
        """When a server came, with members of a channel, that is still to be asked of it; 0: none is."""
        channel = self._node.network.channel(place.name)
        if not self._arriving or channel is None or place.kind != "c" or self.asking is None:
            return 0
        there = {server.sid for user in channel.members for server in user.places}
        there.intersection_update(self.asking.witnesses(channel))
        coming = [self._arriving[sid] for sid in there & self._arriving.keys()]
        return max((at for at, asked in coming if channel not in asked), default=0)

    def arrived(self, sid: SID) -> None:
        """A server was asked of all channels; see ``model/past.py``."""
        self._talkers.arrived(sid)
        if self._arriving.pop(sid, None) is not None:
            self._ring()
            self._due.update(dict.fromkeys(self._all()))
            self._fill()

    def _targets(self, hole: Hole) -> list[SID]:
        """Who is here that may know what is missing."""
        if self.asking is None:
            return []
        there = self.asking.witnesses(hole.channel, guest=hole.place.kind == "g")
        return [sid for sid in there if hole.sid in (ANY, sid)]

    def _to_ask(self, hole: Hole) -> list[SID]:
        """Of these, who has not told all, and may be asked now.

        One that has just come may not know yet who is here.  Of talks nobody is, where they are not stored.
        """
        if hole.channel is None and not self._node.settings.history.direct:
            return []
        now = self._node.clock.monotonic()
        return [
            sid
            for sid in self._targets(hole)
            if hole.left(sid) and hole.later.get(sid, -inf) <= now and sid not in self._arriving
        ]

    def _is_unsure(self, hole: Hole) -> bool:
        first = self._targets(hole)[:FIRST]
        return any(sid not in hole.reached and hole.left(sid) for sid in first)

    def _end(self, hole: Hole) -> int:
        """Up to when something may be missing."""
        targets = self._targets(hole)
        if not targets and not self._node.settings.link:
            return hole.since  # there is no other server that could know more
        if not targets or (hole.sid == ANY and self._is_away()):
            return hole.until
        return max(hole.reached.get(sid, hole.until) if hole.left(sid) else hole.since for sid in targets)

    def _is_away(self) -> bool:
        """Whether a server is away that may know something."""
        if not self._gone:
            return False
        since = self._node.clock.monotonic() - self._node.settings.history.erasure_keep * DAY / 1000
        self._gone = {sid: at for sid, at in self._gone.items() if at > since}
        return bool(self._gone)

    # who is there

    def _introduced(self, fact: ServerIntroduced, origin: object) -> None:
        self._gone.pop(fact.server.sid, None)
        self._arriving[fact.server.sid] = self._now(), set()
        for hole in self._all():
            hole.tries.pop(fact.server.sid, None)
            hole.later.pop(fact.server.sid, None)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        now = self._node.clock.monotonic()
        self._gone.update(dict.fromkeys((server.sid for server in fact.servers), now))
        for server in fact.servers:
            self._arriving.pop(server.sid, None)
        for user in fact.users:
            for channel in user.channels:
                self._drop_if_left(channel)
            if (person := self._here_as(user)) is not None:
                self._talkers.lost(person, user.server.sid)
        self._ring()

    # where gaps come from

    def _joined(self, fact: Joined, origin: object) -> None:
        if fact.channel not in self._channels:
            self._look_at(fact.channel, int(fact.at * 1000), created=fact.created)

    def _look_at(self, channel: Channel, at: int, *, created: bool = False) -> None:
        """It may be that a channel is heard here now which was not before."""
        if channel in self._channels or (place := self._recorder.place(channel)) is None:
            return
        self._channels[channel] = []
        registered = self._node.network.registry.channels.at(channel.folded) is not None
        if not created or registered:
            self._node.run(self._begin(channel, place, at))

    async def _begin(self, channel: Channel, place: Place, now: int) -> None:
        """Somebody is in a channel again: what was said since the last one left is not known."""
        hole = Hole(Gap(place, 0, now + 1, ANY), channel)
        holes = self._channels[channel]
        holes.append(hole)
        since = 0
        try:
            # Before the recorder tells the store that it is heard again.
            target, older = await self._store.target(place), await self._store.gaps(place)
        except StoreError:
            target, older = None, ()
        if target is not None:
            left = self._started if target.heard is None else target.heard
            since = left - self._overlap
        for gap in older:
            if gap.sid == ANY:
                since = min(since, gap.since)
            else:
                holes.append(Hole(gap, channel))
        hole.since = min(max(since, self._oldest(place)), now)
        self._recorder.put([hole.gap])
        # In the next turn, for who is asked has to have heard that somebody is here now.
        self._node.clock.later(0.0, lambda: self._begin_to_ask(holes))

    def _begin_to_ask(self, holes: Iterable[Hole]) -> None:
        for hole in list(holes):
            for sid in self._to_ask(hole)[:FIRST]:
                if sid not in hole.busy:
                    self._node.run(self._step_on(hole, sid))
            self._due[hole] = None
        self._fill()

    @property
    def _most(self) -> int:
        return self._node.settings.links.backfill_messages

    @property
    def _overlap(self) -> int:
        return int(self._node.settings.links.backfill_overlap * 1000)

    def _now(self) -> int:
        return int(self._node.clock.time() * 1000)

    def _oldest(self, place: Place) -> int:
        """From when on messages of a place are kept, at most."""
        settings = self._node.settings.history
        return max(
            0, self._now() - (settings.channels_most if place.kind == "c" else settings.direct_keep) * DAY
        )

    def _parted(self, fact: Parted | Kicked, origin: object) -> None:
        self._drop_if_left(fact.channel)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        user = fact.user
        for channel in user.channels:
            self._drop_if_left(channel)
        if (person := self._places.person(user)) is not None:
            self._is_gone(user, person)

    def _drop_if_left(self, channel: Channel) -> None:
        """Nobody can ask for what is missing; the store remembers it."""
        if channel in self._channels and self._recorder.place(channel) is None:
            del self._channels[channel]

    def _moved(self, fact: ChannelRenamed | ChannelSpelled | ChannelReset, origin: object) -> None:
        """The store has brought its rows along, or there is another place now."""
        place = self._recorder.place(fact.channel)
        if place is not None:
            for hole in self._channels.get(fact.channel, ()):
                hole.place = place

    async def apart(self, channel: Channel, sid: SID, since: int) -> int | None:
        """A server is back that was away; see ``model/past.py``."""
        place = self._recorder.place(channel)
        if place is None:
            return 0
        holes = self._channels.setdefault(channel, [])
        hole = Hole(Gap(place, max(since, self._oldest(place)), self._now() + 1, sid), channel)
        holes.append(hole)
        self._recorder.put([hole.gap])
        if sid in self._arriving:
            self._arriving[sid][1].add(channel)
        return await self._step(hole, sid, self._most)

    # talks

    def _logged_in(self, fact: AccountChanged | UserIntroduced, origin: object) -> None:
        user = fact.user
        person = self._places.person(user)
        if isinstance(fact, AccountChanged) and fact.old_account is not None:
            old = self._places.named(fact.old_account) if self._places.by_name else fact.old_id
            if old is not None and old != person:
                self._is_gone(user, old)
        if person is not None and user.server is self._node.network.me:
            self._talkers.came(person)
        elif user.server.sid in self._arriving and (person := self._here_as(user)) is not None:
            self._talkers.lost(person, user.server.sid)

    def _is_gone(self, user: User, person: str) -> None:
        """A user of an account went, or logged out: there may be others, here and elsewhere."""
        here = self._is_here(person, but=user)
        if not user.is_at(self._node.network.me):
            if here:
                self.spoke_at(person, user.server.sid)
        elif not here:
            self._talkers.leaves(person)
            for each in self._archive.people(person):
                if each is not user:
                    self._talkers.lost(person, each.server.sid)

    def _is_here(self, person: str, but: User | None = None) -> bool:
        """Whether somebody is here who is logged in to an account, `but` for one."""
        me = self._node.network.me
        return any(each is not but and each.is_at(me) for each in self._archive.people(person))

    def _here_as(self, user: User) -> str | None:
        """The key of the account of a user elsewhere, if somebody is here who is logged in to it as well."""
        person = self._places.person(user)
        return person if person is not None and self._is_here(person) else None

    def _seat_taken(self, fact: SeatTaken, origin: object) -> None:
        """Who has sessions of somebody may know what they said there, while servers were apart."""
        user, me = fact.user, self._node.network.me
        person = self._places.person(user)
        if fact.server is me:
            for channel in user.channels:
                self._look_at(channel, int(fact.at * 1000))
            if person is not None:
                self._talkers.came(person, user.server.sid)
        elif user.is_at(me) and person is not None:
            self.spoke_at(person, fact.server.sid)

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        person = self._places.person(fact.user)
        if fact.server is self._node.network.me:
            for channel in fact.user.channels:
                self._drop_if_left(channel)
            if person is not None:
                self._talkers.leaves(person)
        elif not fact.stamp and fact.user.is_at(self._node.network.me) and person is not None:
            self._talkers.lost(person, fact.server.sid)

    def _user_moved(self, fact: UserMoved, origin: object) -> None:
        user, me, person = fact.user, self._node.network.me, self._places.person(fact.user)
        for channel in user.channels:
            self._drop_if_left(channel)
            self._look_at(channel, int(fact.at * 1000))
        if person is None or self.asking is None:
            return
        was_here = me in (fact.old_server, *fact.old_person.seats)
        if not user.is_at(me):
            if was_here:
                self._talkers.leaves(person, _apart_since(fact))
        elif was_here:
            self.spoke_at(person, fact.old_server.sid)
        else:
            self._talkers.came(person, user.server.sid)

    def spoke_at(self, person: str, sid: SID) -> None:
        """Somebody who is here may have talked at another server as well; see ``model/past.py``."""
        self._talkers.spoke_at(person, sid)

    async def looked(self, person: str, seconds: float) -> None:
        """Wait until it is known where somebody talked elsewhere; see ``model/past.py``."""
        await self._talkers.looked(person, seconds)

    def _talked(self, place: Place, since: int, at: int, sid: SID) -> None:
        """A server knows of a talk, in which there was the last word at a time: some of it is missing."""
        holes = self._talks.setdefault(place, [])
        gap = Gap(place, max(since, self._oldest(place)), at + 1, sid)
        if not any(hole.sid == sid and hole.since <= gap.since and at < hole.until for hole in holes):
            hole = Hole(gap, None)
            holes.append(hole)
            self._recorder.put([hole.gap])
            self._due[hole] = None
        self._fill()

    # asking

    def _ring(self) -> None:
        """Those who wait look whether they have what they wait for."""
        news, self._news = self._news, Promise()
        news.keep(None)

    async def _step(self, hole: Hole, sid: SID, most: int) -> int | None:
        """Ask a server for the newest of what it has not told: how much was news, None without an answer."""
        hole.busy.add(sid)
        waits: Times = ()
        try:
            news, waits = await self._ask(hole, sid, most)
            return news
        except StoreError as error:
            self._node.log.warn(f"What others told could not be kept: {error}")
            self._failed(hole, sid)
            return None
        finally:
            hole.busy.discard(sid)
            self._settle(hole)
            self._known_later(hole, sid, waits)
            self._ring()
            self._due[hole] = None
            self._fill()

    async def _step_on(self, hole: Hole, sid: SID) -> None:
        await self._step(hole, sid, self._most)

    async def _ask(self, hole: Hole, sid: SID, most: int) -> tuple[int | None, Times]:
        asking, place = self.asking, hole.place
        assert asking is not None
        first = sid not in hole.reached
        # Who is asked may hear of who is here later than the question was asked, and have another clock: what
        # is said there until then is sent to nobody here.
        until = hole.reached.get(sid, hole.until + self._overlap)
        width = hole.width.get(sid, DAY)
        since = hole.since if first else max(hole.since, until - width)
        compared = hole.channel is None or until - since <= WIDEST
        tally = await self._archive.tally(place, since, until) if compared else "-"
        told = await asking.ask(sid, hole.target, since, until, most, tally, gone=first)
        if told is None:
            self._failed(hole, sid)
            return None, ()
        news = await self._archive.keep(place, Chapter(told.records, told.redactions))
        hole.tries.pop(sid, None)
        if hole.channel is None and len(told.records) < most:
            hole.width[sid] = LAST  # nothing is left, or what was too long for one answer
        else:
            hole.width[sid] = DAY if told.records else min(2 * width, WIDEST)
        hole.reached[sid] = min((round(each.at * 1000) for each in told.records), default=since)
        hole.reached[sid] = min(hole.reached[sid], hole.until)
        if hole.sid != ANY:
            self._not_known_there(hole, told.gaps)
        return news, told.waits

    def _known_later(self, hole: Hole, sid: SID, times: Times) -> None:
        """What cannot be read there yet is asked for again, as long as that takes."""
        if not times or (hole.channel is not None and hole.channel not in self._channels):
            return  # (where nobody is here any more who could ask)
        of = self._of(hole.place)
        holes = of if hole.channel is not None else self._talks.setdefault(hole.place, of)
        for since, until in times:
            since, until = max(since, hole.since), min(until, self._now() + 1)
            covered = any(each.sid == sid and each.since <= since and until <= each.until for each in holes)
            if since >= until or covered:
                continue
            more = Hole(Gap(hole.place, since, until, sid), hole.channel)
            more.reached[sid] = until  # it told what was deleted
            more.later[sid] = self._node.clock.monotonic() + LATER
            holes.append(more)
            self._recorder.put([more.gap])
            self._node.clock.later(LATER, partial(self._again, more))

    def _not_known_there(self, hole: Hole, times: tuple[tuple[int, int], ...]) -> None:
        """What the server misses as well, perhaps others know."""
        holes = self._of(hole.place)
        for since, until in times:
            since, until = max(since, hole.since), min(until, hole.until)
            covered = any(each.sid == ANY and each.since <= since and until <= each.until for each in holes)
            if since < until and not covered:
                more = Hole(Gap(hole.place, since, until, ANY), hole.channel)
                holes.append(more)
                self._recorder.put([more.gap])
                self._due[more] = None

    def _failed(self, hole: Hole, sid: SID) -> None:
        tries = hole.tries[sid] = hole.tries.get(sid, 0) + 1
        if tries == TRIES and hole.channel is None:
            self._give_up(hole, sid)
        seconds = self._node.settings.links.backfill_timeout * 2**tries
        hole.later[sid] = self._node.clock.monotonic() + seconds
        self._node.clock.later(seconds, partial(self._again, hole))

    def _give_up(self, hole: Hole, sid: SID) -> None:
        """A server tells nothing of a talk, perhaps since nobody is here now: it is asked another time."""
        both = talkers(hole.place)
        for person in list(filter(self._is_here, both)) or both:
            self._talkers.owe(sid, person, hole.since)

    def _again(self, hole: Hole) -> None:
        self._due[hole] = None
        self._fill()

    def _settle(self, hole: Hole) -> None:
        """Have the store know how much is missing still."""
        end = max(self._end(hole), hole.since)
        holes = self._of(hole.place)
        if hole not in holes:
            return
        if end < hole.until:
            self._recorder.put([Filled(hole.place, end, hole.until, hole.sid)])
            hole.until = end
        if end <= hole.since:
            holes.remove(hole)
            if not holes:
                self._talks.pop(hole.place, None)

    def _fill(self) -> None:
        """Go on with what is missing while nobody waits for it."""
        if not self._filling and self._due:
            self._filling = True
            self._node.run(self._go_on())

    async def _go_on(self) -> None:
        rate = self._node.settings.history.fill_rate
        try:
            while self._due:
                hole = next(iter(self._due))
                del self._due[hole]
                if hole not in self._of(hole.place):
                    continue
                idle = next((sid for sid in self._to_ask(hole) if sid not in hole.busy), None)
                if idle is None:
                    self._settle(hole)
                    continue
                news = await self._step(hole, idle, min(PAGE, self._most))
                if news:
                    await self._pause(news / rate)
        finally:
            self._filling = False

    async def _pause(self, seconds: float) -> None:
        over = Promise[None]()
        self._node.clock.later(seconds, lambda: over.keep(None))
        await over


def _apart_since(fact: UserMoved) -> int | None:
    """Since when somebody may have been at two servers that did not hear each other; None: they were not."""
    mine, theirs = read(fact.old_person.began), read(fact.person.began)
    return mine.ms if mine is not None and theirs is not None and theirs < mine else None
