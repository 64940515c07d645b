"""A channel as a server knows it, or, with a stamp, as it was made: SJOIN."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chatnet.links.inbound.channels.stamped.ages import begin, keep, meet, recall, settle, state
from chatnet.links.inbound.channels.stamped.companions import companion_of, find_told
from chatnet.links.inbound.channels.stamped.known import (
    commit,
    ended_of,
    event_of,
    find_alive,
    is_alive,
    registers_of,
    relay,
    relay_as_spelled,
    stamp_of,
)
from chatnet.links.inbound.channels.stamped.members import give, leave
from chatnet.links.inbound.channels.stamped.modes import makes_difference
from chatnet.links.inbound.channels.stamped.names import spell
from chatnet.links.speech.line import Line
from chatnet.links.stamps.companions import Companion
from chatnet.links.stamps.registers import APART, is_subject
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, User, parameters
from chatnet.model.facts import Fact, Joined, Kicked, ModeChange, ModesChanged, ModesLocked, TopicChanged
from chatnet.model.ids import Folded
from chatnet.model.modes import RANKS, rank_letters
from chatnet.rules.stamps import NEVER, Mark, Stamp, holds
from chatnet.rules.timestamps import greater


def sjoin(line: Line, claim: SJoin, absent: Iterable[tuple[str, int]]) -> None:
    """A channel as a server knows it, or, with a stamp, as it was made.

    `absent` are the UIDs of members who are unknown here now, with their ranks.
    """
    if claim.silent and not claim.members:
        channel = find_alive(line, claim.name)
        meet(line, channel, claim.ts)
        if channel is not None and channel.ts == claim.ts:
            spell(line, channel, claim.name)
        return
    take_in(line, claim, absent, companion_of(line, claim.name, claim.ts), stamp_of(line))


def take_in(
    line: Line, claim: SJoin, absent: Iterable[tuple[str, int]], told: Companion, stamp: Stamp
) -> None:
    """Take what `claim` tells into the channel of that name, registers being as `told`, or as of `stamp`."""
    channel = find_told(line, told, stamp) or find_alive(line, claim.name)
    merge = _Merge(line, claim, absent, told, stamp)
    merge.put_out(channel)
    if channel is not None and not is_alive(line, channel):
        if channel.ts == claim.ts:  # those who were in it here are out
            merge.into(channel)
            return
        channel = None
    if channel is not None and claim.ts < channel.ts and not claim.members and "P" not in claim.flags:
        channel = None  # it ended there, and ours may have come after it
        target: Channel | None = None
    else:
        meet(line, channel, claim.ts)
        target = channel if channel is not None and channel.ts == claim.ts else None
    if channel is not None and target is None:  # ours is older
        merge.members_alone(channel)
        return
    if target is None:
        alive = find_alive(line, claim.name)
        if alive is None:
            target, complete = begin(line, claim.name, claim.ts)
            if claim.silent and not complete:
                line.link.send(line.link.codec.resync(line.network.me, claim.name, claim.ts))
        else:
            known = ended_of(line, alive.folded).get(claim.ts)
            known = known or recall(line, alive.folded, claim.ts)
            target = known or Channel(alive.name, alive.folded, claim.ts)
        keep(line, target)
    merge.into(target)
    settle(line, target)


class _Merge:
    """Takes what a SJOIN claims into a channel, and tells the others what held."""

    def __init__(
        self, line: Line, claim: SJoin, absent: Iterable[tuple[str, int]], told: Companion, stamp: Stamp
    ) -> None:
        self._line = line
        self._claim = claim
        self._absent = absent
        self._told = told
        self._stamp = stamp
        self._by = line.server_of_source()
        self._first = told.open and stamp is NEVER
        told.open = False
        self._marks: dict[str, Mark] = {}
        self._missed: dict[str, Mark] = {}

    def _of(self, register: str) -> Stamp:
        return self._stamp if self._stamp is not NEVER else self._told.of(register)

    def _hold(self, channel: Channel, register: str, *, unstamped: bool, adding: bool = True) -> bool:
        """Whether what is claimed of a register holds; `unstamped` if it does where neither has a stamp."""
        registers, stamp = registers_of(self._line), self._of(register)
        known = registers.known(channel, register)
        if not holds(stamp, known):
            return stamp is NEVER and known is None and unstamped
        registers.mark(channel, register, stamp, adding=adding)
        self._marks[register] = Mark(stamp, adding)
        return True

    def put_out(self, channel: Channel | None) -> None:
        """Who is in the channel no more, whatever its TS, as CNSTAMP tells."""
        line, name = self._line, self._claim.name
        for subject, mark in self._told.marks.items() if self._first else ():
            gone = is_subject(subject) and not mark.adding
            if gone and leave(line, name, channel, subject, mark.stamp, self._kicked):
                self._marks[subject] = mark

    def _kicked(self, channel: Channel, user: User) -> Fact:
        return Kicked(channel, user, self._by, APART, self._line.at)

    def into(self, channel: Channel) -> None:
        """All of it, into the channel of the same TS."""
        line, claim = self._line, self._claim
        if claim.name != channel.name and line.network.fold(claim.name) == channel.folded:
            spell(line, channel, claim.name)
        removed = self._removed(channel) if self._first else []
        flags = {
            letter for letter in sorted(claim.flags)
            if self._hold(channel, letter, unstamped=letter not in channel.flags)
        }  # fmt: skip
        values = {}
        before = parameters(channel)
        for letter, value in claim.parameters.items():
            mine = before.get(letter)
            better = mine is None or (value != mine and greater(letter, mine, value) == value)
            if self._hold(channel, letter, unstamped=better):
                values[letter] = value
        changes = removed
        changes += [ModeChange(True, letter) for letter in sorted(flags)]
        changes += [ModeChange(True, letter, value) for letter, value in values.items()]
        came = self._came(channel)
        changes = [change for change in changes if self._counts(channel, change)]
        wanted = [change for change in changes if makes_difference(line, channel, change)]
        ranked = self._ranks(channel, came)
        alive = is_alive(line, channel)
        first = alive and not channel.members  # or it would end when it loses P
        if first and came:
            self._join(channel, came, created=False)
        if wanted or ranked:
            state(line, ModesChanged(channel, (*wanted, *ranked), self._by, line.at), channel)
        if came and not first:
            self._join(channel, came, created=not is_alive(line, channel))
        changed = {change.user for change in ranked} | set(came)
        if self._stamp is NEVER and (flags or values or changed or self._marks):
            self._tell(channel, flags, values, changed)
        elif self._marks:
            relay_as_spelled(line, claim.name, channel)
        self._answer(channel)

    def _join(self, channel: Channel, came: Mapping[User, int], *, created: bool) -> None:
        if created:
            self._line.needs_channel()
        at, msgid = self._line.at, ""
        if len(came) == len(self._claim.members) == 1:  # they have come by JOIN, if there is an id
            at, msgid = event_of(self._line, self._stamp, channel.place)
        commit(self._line, Joined(channel, tuple(came.items()), at, created=created, msgid=msgid))

    def _removed(self, channel: Channel) -> list[ModeChange]:
        """What CNSTAMP tells was removed; and ranks that somebody was given who is on our side."""
        line, registers, found = self._line, registers_of(self._line), []
        for register, mark in self._told.marks.items():
            letter, colon, subject = register.partition(":")
            if is_subject(register) or (mark.adding and letter not in RANKS):
                continue
            if holds(mark.stamp, registers.known(channel, register)):
                registers.mark(channel, register, mark.stamp, adding=mark.adding)
                self._marks[register] = mark
                if letter in RANKS and colon:
                    user = registers.user(subject)
                    if user is not None and user in channel.members:
                        found.append(ModeChange(mark.adding, letter, None, user))
                elif letter in channel.lists and colon:
                    entry = channel.lists[letter].get(Folded(subject))
                    if entry is not None:
                        found.append(ModeChange(False, letter, entry.text))
                elif register == "topic":
                    if channel.topic is not None:
                        state(line, TopicChanged(channel, "", self._by, line.at), channel)
                elif register == "lock":
                    if channel.locked:
                        state(line, ModesLocked(channel, "", self._by, line.at), channel)
                elif not colon and len(letter) == 1:
                    found.append(ModeChange(False, letter, "*" if letter == "k" else None))
        return found

    def _counts(self, channel: Channel, change: ModeChange) -> bool:
        """Whether a change that CNSTAMP tells is not of a rank from before its owner left and came again."""
        if change.user is None:
            return True
        stamp = self._told.of(f"{change.letter}:{change.user.subject}")
        return registers_of(self._line).gives(channel, change.letter, change.user.subject, stamp)

    def _came(self, channel: Channel) -> dict[User, int]:
        """Those who are members from now on."""
        registers, found = registers_of(self._line), {}
        alive = is_alive(self._line, channel)
        known = registers.members(channel.folded)
        for user, _ in self._claim.members:
            subject = user.subject
            stamp, mark = self._of(subject), known.get(subject)
            there = alive and user in channel.members
            if holds(stamp, mark):
                registers.came(channel, subject, stamp)
                self._marks[subject] = Mark(stamp, True)
                if there:  # they left and came again
                    give(self._line, channel, user, registers.ranks(channel, user.subject))
            elif mark is not None and not mark.adding:
                self._missed[subject] = mark
                continue
            if not there:
                found[user] = 0
        return found

    def _ranks(self, channel: Channel, came: dict[User, int]) -> list[ModeChange]:
        """Gives those who `came` their ranks; the changes for those who were there."""
        registers, changes = registers_of(self._line), []
        for user, ranks in self._claim.members:
            if user.subject in self._missed:
                continue
            before = channel.members.get(user, 0)
            for letter in rank_letters(ranks):
                register = f"{letter}:{user.subject}"
                self._compare(user, register, registers.known(channel, register))
                unstamped = not before & RANKS[letter]
                if self._hold(channel, register, unstamped=unstamped) and registers.gives(
                    channel, letter, user.subject, self._of(register)
                ):
                    if user in came:
                        came[user] |= RANKS[letter]
                    elif unstamped:
                        changes.append(ModeChange(True, letter, None, user))
            if user in came:
                came[user] |= registers.ranks(channel, user.subject)
                self._tell_ranks(channel, user, came[user])
        for uid, ranks in self._absent:  # they may come back
            for letter in rank_letters(ranks):
                self._hold(channel, registers.register(f"{letter}:{uid}"), unstamped=False)
        return changes

    def _tell_ranks(self, channel: Channel, user: User, ranks: int) -> None:
        """Tell others since when a person who came has their ranks, though that is nothing new here.

        A server that began anew was told nothing of somebody who was nowhere then.
        """
        if user.person is None:
            return
        for letter in rank_letters(ranks):
            register = f"{letter}:{user.subject}"
            mark = registers_of(self._line).known(channel, register)
            if mark is not None:
                self._marks.setdefault(register, mark)
                self._compare(user, register, mark)

    def _compare(self, user: User, register: str, mark: Mark | None) -> None:
        """Note the `mark` of a rank of a person that was given or taken later than whoever claims it knows.

        They may have forgotten it with a server that they lost, while it was on its way here.
        """
        if user.person is not None and mark is not None and self._of(register) < mark.stamp:
            self._missed[register] = mark

    def members_alone(self, channel: Channel) -> None:
        """Nothing but who came, into ours, which is older."""
        line = self._line
        came = self._came(channel)
        registers = registers_of(line)
        for user in came:
            came[user] = registers.ranks(channel, user.subject)
            self._tell_ranks(channel, user, came[user])
        if came:
            self._join(channel, came, created=False)
        members = tuple((user, 0) for user, _ in self._claim.members if user.subject not in self._missed)
        if came or self._marks:
            told = SJoin(channel.name, channel.ts, frozenset(), {}, members)
            codec = line.link.codec
            told_marks = registers.told(self._marks)
            relay(line, *codec.marks(line.network.me, channel, told_marks), *codec.sjoin(self._by, told))
        self._answer(channel)

    def _tell(
        self, channel: Channel, flags: Iterable[str], values: Mapping[str, str], changed: Collection[object]
    ) -> None:
        """Tell the others what held, `changed` being members that came or have other ranks."""
        line, codec = self._line, self._line.link.codec
        if not line.links.stamped(line.link):
            return
        members = tuple(
            (user, channel.members.get(user, 0)) for user, _ in self._claim.members
            if user in changed or user.subject in self._marks
        )  # fmt: skip
        told = SJoin(channel.name, channel.ts, frozenset(flags), values, members)
        marks = codec.marks(line.network.me, channel, registers_of(line).told(self._marks))
        relay(line, *marks, *codec.sjoin(self._by, told))

    def _answer(self, channel: Channel) -> None:
        """Who claims members that left here since, or have other ranks, is told so."""
        line, codec, me = self._line, self._line.link.codec, self._line.network.me
        if self._missed and self._stamp is NEVER:
            nothing = SJoin(channel.name, channel.ts, frozenset(), {}, ())
            missed = registers_of(line).told(self._missed)
            for text in (*codec.marks(me, channel, missed), *codec.sjoin(me, nothing)):
                line.link.send(text)
