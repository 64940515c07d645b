"""When each thing of a channel changed last: what this server compares with what its neighbours tell.

There are none until the first neighbour that stamps its changes as well.  Channels that ended are kept with
their stamps for a while (``model/memory.py``): somebody may be on the way into one.  Of registered channels
nothing is forgotten: what is not remembered here stands in their records.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Final

from chatnet.model.entities import Channel, User, split_forward
from chatnet.model.facts import AgesForgotten, ChannelForgotten, ChannelsBeaten, EndedKept, ModeChange
from chatnet.model.ids import UID, Folded
from chatnet.model.modes import RANKS
from chatnet.model.network import Network
from chatnet.model.places import is_key
from chatnet.model.registered import Kept
from chatnet.rules.stamps import NEVER, SLACK, Clock, Mark, Marks, Stamp, stamp_of
from chatnet.wire.names import is_uid

SWEEP: Final = 60.0
"""Seconds between two looks for what may be forgotten."""
HURRY: Final = 4
"""The next look is at once when so much is new: a quarter of all that may be remembered."""
ENDED: Final = 10
"""Registers that a channel which ended counts for, with its modes, lists and topic."""
_NOTHING_KEPT: Final[Mapping[str, Kept]] = {}

APART: Final = "Put out while servers did not see each other"
"""The reason of a KICK that went astray: who was put out turns out to be there."""


def nobody_keeps(channel: Channel, register: str, stamp: Stamp) -> None:
    """In the place of who keeps what registered channels are like, where there is nobody."""


class Registers:
    """Marks of channels by the register, and of members by the name of the channel and their subject.

    The subject is the key of a person, and else the UID: what is known of a person is theirs, whatever user
    they are.  On the wire it is the UID of the user who they are now.

    A member's mark is of the name, because who is in a younger channel of that name is in the older one when
    that wins; all others belong to the channel with its TS.

    `key` is that of the person whom a UID meant that no user has any more.

    How long something is remembered is counted in `monotonic` seconds: what was stamped may be of a clock
    that was set since.
    """

    def __init__(
        self,
        network: Network,
        monotonic: Callable[[], float],
        clock: Clock,
        key: Callable[[UID], str | None] = lambda uid: None,
    ) -> None:
        self.clock = clock
        self.network = network
        self._key = key
        self._monotonic = monotonic
        self._minute = int(monotonic() / SWEEP)
        network.apply(EndedKept())
        self._of: dict[Channel, dict[str, Mark]] = {}
        self._members: dict[Folded, dict[str, Mark]] = {}
        self._ended: dict[Channel, float] = {}  # when it was first seen to have ended
        self._beaten: dict[Folded, float] = {}  # when one of the name was, last
        self._names_of: dict[tuple[Folded, int], Channel] = {}  # by names that they have no more
        self._swept = -inf
        self._names = 0  # of channels that had ended then, or were beaten
        self.news = 0
        """Registers, and channels that ended, that were noted since."""
        self._parts: dict[str, dict[Folded, None]] = {}
        """Of people, by their keys, the channels that they have left, as far as that is noted."""
        self._strays: set[str] = set()
        """UIDs of whom something was noted while nobody here had them: they may turn out to be a person's."""
        self.neighbours: set[str] = set()  # names of those who stamp, since the start
        self.desyncs = 0  # channels that a neighbour knew in another way, which should not be
        self._touched: dict[Folded, float] = {}
        """When something was noted of the channel of a name, or it lost members with their servers."""
        self.marked: Callable[[Channel, str, Stamp], None] = nobody_keeps
        """What hears which registers of registered channels are marked."""

    def of(self, channel: Channel) -> Marks:
        """The marks of a channel, which may have ended: also those that stand in records."""
        marks = self._of.get(channel, {})
        if not (kept := self._kept(channel)):
            return marks
        found = {register: _mark_of(each) for register, each in kept.items()}
        for register, mark in marks.items():
            if register not in found or mark.stamp >= found[register].stamp:
                found[register] = mark
        return found

    def noted(self, channel: Channel) -> Marks:
        """Those that are remembered here."""
        return self._of.get(channel, {})

    def known(self, channel: Channel, register: str) -> Mark | None:
        """The mark of one register."""
        marks = self._of.get(channel)
        mark = None if marks is None else marks.get(register)
        kept = self._kept(channel).get(register)
        if kept is None:
            return mark
        found = _mark_of(kept)
        return found if mark is None or mark.stamp < found.stamp else mark

    def _kept(self, channel: Channel) -> Mapping[str, Kept]:
        """What the records of a registered channel say of it; nothing of another one of that name."""
        registration = self.network.registry.channels.at(channel.folded)
        if registration is None or registration.ts != channel.ts:
            return _NOTHING_KEPT
        return registration.kept

    def members(self, folded: Folded) -> Marks:
        """The marks of those who are in the channel of a name, or were."""
        return self._members.get(folded, {})

    def user(self, subject: str) -> User | None:
        """Whom the marks of a subject are of, if they are on the network."""
        return self.network.persons.get(subject) or self.network.users.get(UID(subject))

    def subject(self, uid: str) -> str:
        """Of which subject a line speaks that names a UID, perhaps of a claim that is over."""
        user = self.network.users.get(UID(uid))
        return self._key(UID(uid)) or uid if user is None else user.subject

    def register(self, told: str) -> str:
        """The register that a line names; of a person it tells the UID."""
        if is_uid(told):
            return self.subject(told)
        letter, colon, uid = told.partition(":")
        return f"{letter}:{self.subject(uid)}" if colon and letter in RANKS else told

    def told(self, marks: Marks) -> Marks:
        """Marks as a line tells them; nothing of a person who is not on the network."""
        if not self.network.persons:
            return marks
        found = {}
        for register, mark in marks.items():
            letter, _, subject = ("", "", register) if is_subject(register) else register.partition(":")
            if letter and letter not in RANKS:
                subject = ""
            if subject and not is_uid(subject):
                user = self.network.persons.get(subject)
                if user is None:
                    continue
                register = f"{letter}:{user.uid}" if letter else user.uid
            found[register] = mark
        return found

    def became(self, old: str, new: str) -> set[Folded]:
        """Who was one subject is another one: their user became a person, or is one no more.

        Gives the channels of which something was noted of the old one.
        """
        noted: set[Folded] = set()
        for folded, members in self._members.items():
            if (mark := members.pop(old, None)) is not None:
                noted.add(folded)
                known = members.get(new)
                members[new] = mark = mark if known is None else max(mark, known)
                if not mark.adding and not is_uid(new):
                    self._parts.setdefault(new, {})[folded] = None
        for channel, marks in self._of.items():
            for letter in RANKS:
                if (mark := marks.pop(f"{letter}:{old}", None)) is not None:
                    known = marks.get(f"{letter}:{new}")
                    noted.add(channel.folded)
                    marks[f"{letter}:{new}"] = mark if known is None else max(mark, known)
        return noted

    def is_person(self, uid: str, key: str) -> set[Folded]:
        """A UID turns out to be a person's: what was noted of it is of the person.

        Gives the channels of which something was.
        """
        if uid not in self._strays:
            return set()
        self._strays.discard(uid)
        return self.became(uid, key)

    def _note_stray(self, subject: str) -> None:
        if is_uid(subject) and UID(subject) not in self.network.users:
            self._strays.add(subject)

    def mark(self, channel: Channel, register: str, stamp: Stamp, *, adding: bool) -> None:
        """A register of `channel` was set or removed; without a stamp there is nothing to note."""
        if stamp is not NEVER:
            if register[1:2] == ":" and register[0] in RANKS:
                self._note_stray(register[2:])
            self._of.setdefault(channel, {})[register] = Mark(stamp, adding, self._minute)
            self._touch(channel.folded)
            if self.network.registry.channels.at(channel.folded) is not None:
                self.marked(channel, register, stamp)

    def _touch(self, folded: Folded) -> None:
        self._touched[folded] = self._monotonic()
        self.news += 1

    def reset(self, channel: Channel, instead: Channel | None = None) -> None:
        """Forget the marks of `channel`, which is another one now: `instead`, if that is known."""
        self._of.pop(channel, None)
        if instead is not None and (marks := self._of.pop(instead, None)) is not None:
            self._of[channel] = marks

    def beat(self, folded: Folded, ts: int, youngest: int) -> bool:
        """Those channels of a name that are younger than the one of `ts`, up to one, became that one.

        False if that is known.
        """
        memory = self.network.memory
        if youngest <= ts or memory.became(folded, ts) == memory.became(folded, youngest):
            return False
        self.network.apply(ChannelsBeaten(folded, ts, youngest))
        self._beaten[folded] = self._monotonic()
        return True

    def came(self, channel: Channel, subject: str, stamp: Stamp) -> None:
        """Somebody came into `channel`; what they were before counts no more."""
        self._moved(channel, subject, stamp, here=True)

    def left(self, channel: Channel, subject: str, stamp: Stamp) -> None:
        """Somebody left `channel`, or was put out of it."""
        self._moved(channel, subject, stamp, here=False)

    def _moved(self, channel: Channel, subject: str, stamp: Stamp, *, here: bool) -> None:
        if stamp is NEVER:
            return
        self._note_stray(subject)
        self._members.setdefault(channel.folded, {})[subject] = Mark(stamp, here, self._minute)
        self._touch(channel.folded)
        if not is_uid(subject):
            parts = self._parts.setdefault(subject, {})
            if here:
                parts.pop(channel.folded, None)
            else:
                parts[channel.folded] = None
            if not parts:
                del self._parts[subject]
        for each in (channel, *self.network.memory.ended_of(channel.folded).values()):
            marks = self._of.get(each)
            if marks:
                for letter in RANKS:
                    known = marks.get(f"{letter}:{subject}")
                    if known is not None and known.stamp < stamp:
                        del marks[f"{letter}:{subject}"]

    def parts(self, subject: str) -> list[tuple[Folded, Mark]]:
        """The channels that a person is not in any more, and since when."""
        found = []
        for folded in list(self._parts.get(subject, ())):
            mark = self._members.get(folded, {}).get(subject)
            if mark is not None and not mark.adding:
                found.append((folded, mark))
            else:
                del self._parts[subject][folded]
        return found

    def forget_members(self, channel: Channel, subjects: set[str]) -> None:
        """Who was lost with a server comes back as that server says; but who had left before stays away."""
        members = self._members.get(channel.folded)
        if members is not None:
            for subject in subjects & members.keys():
                if members[subject].adding:
                    del members[subject]

    def forget_person(self, key: str, channels: Iterable[Channel]) -> None:
        """Nobody is a person any more: who they are when they are back is for those to say who know them."""
        names = {channel.folded for channel in channels} | self._parts.pop(key, {}).keys()
        for folded in names:
            self._members.get(folded, {}).pop(key, None)
            alive = self.network.channels.get(folded)
            for each in (
                *(() if alive is None else (alive,)),
                *self.network.memory.ended_of(folded).values(),
            ):
                marks = self._of.get(each, {})
                for letter in RANKS:
                    marks.pop(f"{letter}:{key}", None)

    def lost(self, channel: Channel) -> None:
        """Members of a channel are gone from the network."""
        self._touch(channel.folded)

    def touched(self, folded: Folded) -> float:
        """When something was noted of the channel of a name last (monotonic seconds), if that is known."""
        return self._touched.get(folded, -inf)

    def renamed(self, channel: Channel, old: Folded) -> None:
        """A channel has another name."""
        self.remember_name(channel, old)
        members = self._members.pop(old, None)
        if members is not None:  # what they were in another channel of the name counts no more
            for subject in members.keys() & self._parts.keys():
                if self._parts[subject].pop(old, self) is None:
                    self._parts[subject][channel.folded] = None
            self._members.setdefault(channel.folded, {}).update(members)

    def remember_name(self, channel: Channel, folded: Folded) -> None:
        """Who speaks of a name and the TS of `channel` means that one, whoever has the name now."""
        self._names_of[folded, channel.ts] = channel
        self.news += 1

    def of_name(self, folded: Folded, ts: int) -> Channel | None:
        """The channel of that TS that had a name, or nearly did, and has another one now."""
        channel = self._names_of.get((folded, ts))
        if channel is None or channel.ts != ts or self.network.channels.get(channel.folded) is not channel:
            return None
        return channel

    def take(self, channel: Channel) -> dict[str, Mark]:
        """All marks of `channel`, and of its members, which are forgotten: it becomes part of another one."""
        return {**self._of.pop(channel, {}), **self._members.pop(channel.folded, {})}

    def ranks(self, channel: Channel, subject: str) -> int:
        """The ranks that somebody was given in `channel` since they came, or as they did."""
        marks = self._of.get(channel)
        if not marks:
            return 0
        came = self._members.get(channel.folded, {}).get(subject)
        since = NEVER if came is None else came.stamp
        found = 0
        for letter, rank in RANKS.items():
            known = marks.get(f"{letter}:{subject}")
            if known is not None and known.adding and known.stamp >= since:
                found |= rank
        return found

    def gives(self, channel: Channel, letter: str, subject: str, stamp: Stamp) -> bool:
        """Whether a rank that was given or taken at `stamp` counts for who is in `channel` now."""
        came = self._members.get(channel.folded, {}).get(subject)
        return came is None or stamp >= came.stamp

    def __len__(self) -> int:
        return sum(map(len, self._of.values())) + sum(map(len, self._members.values()))

    def sweep(self, memory: float, most: int, *, apart: bool) -> None:
        """Forget what was noted more than `memory` seconds ago, but nothing while neighbours are `apart`.

        Beyond `most` registers the oldest are forgotten in any case, and so are channels that ended.
        """
        now = self._monotonic()
        self._minute = int(now / SWEEP)
        names = self._count_names()
        many = max(self.news, names - self._names) > most // HURRY
        if now < self._swept + SWEEP and not many:
            return
        self._swept, self.news = now, 0
        minute, ms = -inf if apart else (now - memory) / SWEEP, 0
        excess = len(self) - most
        if excess > 0:
            stamps = (mark.stamp.ms for marks in self._all() for mark in marks.values())
            ms = heapq.nsmallest(excess, stamps)[-1] + 1
        for marks in self._all():
            old = [name for name, mark in marks.items() if mark.noted < minute or mark.stamp.ms < ms]
            for register in old:
                del marks[register]
        self._of = {channel: marks for channel, marks in self._of.items() if marks}
        self._members = {folded: marks for folded, marks in self._members.items() if marks}
        for subject in list(self._parts):
            if not self.parts(subject):
                del self._parts[subject]
        if self._strays:
            noted = {register.rpartition(":")[2] for marks in self._all() for register in marks}
            self._strays &= noted
        kept = [(at, folded) for folded, at in self._beaten.items() if apart or at >= now - memory]
        if len(kept) > most:
            kept = heapq.nlargest(most, kept)
        self._beaten = {folded: at for at, folded in kept}
        for folded in self.network.memory.beaten.keys() - self._beaten.keys():
            self.network.apply(AgesForgotten(folded))
        former = [name for name in self._names_of if self.of_name(*name) is not None][-most:]
        self._names_of = {name: self._names_of[name] for name in former}
        touched = [(at, folded) for folded, at in self._touched.items() if at >= now - memory]
        self._touched = {folded: at for at, folded in heapq.nlargest(most, touched)}
        self._sweep_ended(now, memory, most, apart=apart)
        self._names = self._count_names()

    def set_right(self, now: float, horizon: float) -> int:
        """Stamp anew what our clock, which is right now, had stamped beyond the `horizon`; so many changes.

        Nobody but us ever had that: whoever was told it has ended the link.
        """
        most = int((now + horizon + SLACK) * 1000)
        if self.clock.ms <= most:
            return 0
        kept, far = NEVER, dict[Stamp, list[tuple[dict[str, Mark], str]]]()
        for marks in self._all():
            for register, mark in marks.items():
                if mark.stamp.ms > most and mark.stamp.sid == self.network.me.sid:
                    far.setdefault(mark.stamp, []).append((marks, register))
                else:
                    kept = max(kept, mark.stamp)
        self.clock.set_back(kept)
        for stamp in sorted(far):
            anew = self.clock.next(now)
            for marks, register in far[stamp]:
                marks[register] = marks[register]._replace(stamp=anew)
        return len(far)

    def _count_names(self) -> int:
        return ENDED * len(self.network.memory.ended or ()) + len(self.network.memory.beaten)

    def _all(self) -> list[dict[str, Mark]]:
        return [*self._of.values(), *self._members.values()]

    def _sweep_ended(self, now: float, memory: float, most: int, *, apart: bool) -> None:
        there = list(self.network.memory.all_ended())
        self._ended = {channel: self._ended.get(channel, now) for channel in there}
        old = [channel for channel in there if not apart and self._ended[channel] <= now - memory]
        excess = len(there) - len(old) - most // ENDED
        if excess > 0:
            going = set(old)
            old += [channel for channel in there if channel not in going][:excess]
        for channel in old:
            self.network.apply(ChannelForgotten(channel))
            self._of.pop(channel, None)


def _mark_of(kept: Kept) -> Mark:
    return Mark(stamp_of(kept.stamp), kept.value is not None)


def is_subject(register: str) -> bool:
    """Whether a register tells since when somebody is in a channel, or is not: it is the UID, or a key."""
    return is_uid(register) or is_key(register)


def register_of(fold: Callable[[str], str], change: ModeChange) -> str:
    """The register that `change` is of; `fold` brings masks to the spelling under which they are found."""
    if change.user is not None:
        return f"{change.letter}:{change.user.subject}"
    if change.letter in RANKS:  # of somebody unknown
        return f"{change.letter}:{change.parameter}"
    if change.letter in "beI":
        return f"{change.letter}:{fold(split_forward(change.parameter or '')[0])}"
    return change.letter
