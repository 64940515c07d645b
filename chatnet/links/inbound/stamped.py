"""Channels as neighbours tell of them that stamp what they change: the latest change holds, whoever made it.

A line with a stamp is a change that somebody made.  It is noted, and goes on to the others who stamp, as it
came, if it is later than what is known; whether it makes a difference here or not: it may elsewhere.  Lines
without a stamp tell the state of a channel, after a CNSTAMP with the stamps of those registers that changed
lately; the others have none, and are merged as by TS6 (``rules/timestamps.py``).

All holds for channels that ended as well, as long as they are remembered: whoever is on the way into one of
them comes into what it became.  A server that learns of an older channel tells all neighbours its TS, and who
tells of a younger one is told: so all come to the same TS.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from chatnet.links import burst
from chatnet.links.codecs.solanum import stamped
from chatnet.links.companion import Companion
from chatnet.links.line import LINK, Ignored, Line
from chatnet.links.links import MARKED
from chatnet.links.outbound.channels import register_of
from chatnet.links.registers import Registers
from chatnet.model.channel import PARAMETERS, Channel, ListEntry, Topic, parameters
from chatnet.model.claims import SJoin
from chatnet.model.facts import (
    EntriesAdded,
    Fact,
    Joined,
    Kicked,
    ModeChange,
    ModesChanged,
    ModesLocked,
    Parted,
    TopicChanged,
)
from chatnet.model.ids import UID, Folded
from chatnet.model.modes import RANKS, kind_of, rank_letters
from chatnet.model.server import Server
from chatnet.model.user import User
from chatnet.rules import modes
from chatnet.rules.stamps import NEVER, Mark, Stamp, holds, read
from chatnet.rules.timestamps import greater, resolve_older, resolve_tb
from chatnet.wire.names import is_channel, is_uid

LONGEST_MASK = 1000
"""Characters of a folded mask: more than a mask has anywhere."""

APART = "Put out while servers did not see each other"
"""The reason of a KICK that went astray."""


# what is known


def _registers(line: Line) -> Registers:
    registers = line.links.registers
    assert registers is not None
    return registers


def _stamp(line: Line) -> Stamp:
    """The stamp of a line, NEVER without one; the line goes on with what it is taken for."""
    text = line.tags.get("chatnet/ts")
    stamp = read(text) if text is not None else None
    if stamp is None:
        return NEVER
    return _observed(line, stamp)


def _observed(line: Line, stamp: Stamp) -> Stamp:
    clock = _registers(line).clock
    taken = clock.observe(stamp, line.now)
    if taken is not stamp:
        line.warn_once("CNSTAMP", f"brings a stamp of {stamp.sid} that is far ahead: {stamp.text}")
        line.raw = line.raw.replace(stamp.text.encode(), taken.text.encode(), 1)
    return taken


def _alive(line: Line, name: str) -> Channel | None:
    return line.network.channel(name)


def _meant(line: Line, name: str, ts: int | None = None) -> Channel | None:
    """The channel that is changed: perhaps by a name that it had until a moment ago."""
    channel = line.network.channel_meant(name)
    return channel if channel is not None and ts in (None, channel.ts) else line.network.channel(name)


def _folded(line: Line, name: str, channel: Channel | None) -> Folded:
    return line.network.fold(name) if channel is None else channel.folded


def _ended(line: Line, folded: Folded) -> dict[int, Channel]:
    ended = line.network.ended
    return ended.get(folded, {}) if ended is not None else {}


def _of_ts(line: Line, name: str, ts: int) -> Channel | None:
    """The channel of that name and TS, even if it ended."""
    channel = _meant(line, name, ts)
    if channel is not None and channel.ts == ts:
        return channel
    return _ended(line, _folded(line, name, channel)).get(ts)


def _is_alive(line: Line, channel: Channel) -> bool:
    return line.network.channels.get(channel.folded) is channel


def _server(line: Line) -> Server:
    return line.source.server if isinstance(line.source, User) else line.source


def _commit(line: Line, fact: Fact) -> None:
    """State what happened, whose stamps are known, also if it is due to somebody who does not stamp."""
    line.node.commit(fact, line.link if line.link.stamped else MARKED)


def _state(line: Line, fact: Fact, channel: Channel, *, quiet: bool = False) -> None:
    """State what happened to `channel`; nobody hears of it if it ended, or if it is `quiet`."""
    if quiet or not _is_alive(line, channel):
        line.network.apply(fact)
        if "P" in channel.flags and not _is_alive(line, channel):
            _revive(line, channel)
    else:
        _commit(line, fact)


def _revive(line: Line, channel: Channel) -> None:
    """A channel that had ended stays, though nobody is in it (mode P)."""
    younger = line.network.channels.get(channel.folded)
    if channel.ts <= line.network.beaten.get(channel.folded, -1):
        return  # it lost to an older one
    if younger is None:
        line.needs_channel()
        _commit(line, Joined(channel, (), line.at, created=True))
    elif channel.ts < younger.ts:
        _grow_older(line, younger, channel.ts)


def _relay(line: Line, *instead: bytes) -> None:
    """Send a line on as it came, or `instead`, to all others that stamp."""
    for link in line.links.stamped(line.link):
        for text in instead or (line.raw,):
            link.send(text)


# TS


def _bare(line: Line, channel: Channel) -> bytes:
    """``SJOIN <ts> <channel> 0 :``: the TS alone."""
    told = SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)
    return line.link.codec.sjoin(line.network.me, told)[0]


def _meet(line: Line, channel: Channel | None, ts: int) -> None:
    """Somebody knows the channel with this TS."""
    if channel is None or ts == channel.ts:
        return
    if ts < channel.ts:
        _grow_older(line, channel, ts)
    else:
        line.link.send(_bare(line, channel))


def _grow_older(line: Line, channel: Channel, ts: int) -> None:
    """`channel` is in truth the one of a lower TS: what that was holds, if it is known, or is asked for."""
    registers, ended = _registers(line), _ended(line, channel.folded)
    older = ended.pop(ts, None)
    registers.beat(channel.folded, ts)
    if not ended and line.network.ended is not None:
        line.network.ended.pop(channel.folded, None)
    line.network.beaten[channel.folded] = max(channel.ts, line.network.beaten.get(channel.folded, 0))
    registers.reset(channel, older)
    flags = frozenset(older.flags) if older is not None else frozenset[str]()
    values = parameters(older) if older is not None else {}
    name = channel.name if older is None else older.name
    members = tuple((user, registers.ranks(channel, user.uid)) for user in channel.members)
    by = _server(line)
    for fact in resolve_older(channel, SJoin(name, ts, flags, values, members)).facts(
        line.network, channel, by, line.at
    ):
        _commit(line, fact)
    topic = older.topic if older is not None else None
    if topic is not None:
        _state(line, TopicChanged(channel, topic.text, by, line.at, topic.by, topic.at, False, ts), channel)
    elif channel.topic is not None:
        _state(line, TopicChanged(channel, "", by, line.at), channel)
    if older is None:
        line.link.send(line.link.codec.resync(line.network.me, channel.name, ts))
        return
    for letter, entries in older.lists.items():
        if entries:
            _state(line, EntriesAdded(channel, letter, tuple(entries.values()), by, line.at), channel)
    if older.locked:
        _state(line, ModesLocked(channel, older.locked, by, line.at), channel)


def remember(line: Line, name: str, ts: int) -> None:
    """A server of another make knows a channel of a lower TS: if one is remembered, it holds."""
    channel = _alive(line, name)
    if channel is not None and ts < channel.ts and ts in _ended(line, channel.folded):
        _grow_older(line, channel, ts)


def _begin(line: Line, name: str, ts: int) -> tuple[Channel, bool]:
    """The channel of this TS that ended, or a new one that nothing is known of, and whether it is known."""
    folded = line.network.fold(name)
    ended = _ended(line, folded)
    if any(each > ts for each in ended):
        younger = Channel(name, folded, ts)
        for link in line.links.stamped(None):
            link.send(_bare(line, younger))
        _registers(line).beat(folded, ts)
    known = ended.get(ts)
    return (known, True) if known is not None else (Channel(name, folded, ts), False)


def _keep(line: Line, channel: Channel) -> None:
    """Remember a channel that nobody is in."""
    if line.network.ended is not None and not _is_alive(line, channel):
        line.network.ended.setdefault(channel.folded, {})[channel.ts] = channel
        _registers(line).news += 1


@LINK.command("RESYNC", min_params=1)
def resync(line: Line) -> None:
    """A server heard of a channel that it knows nothing else of, and wants to know the rest.

    # <- :0AA RESYNC #one
    # <- :0AA RESYNC #one 1795345576
    """
    line.by_server()
    link = line.link
    if not link.codec.core:
        raise Ignored
    if line.links.queries.too_many(link.resynced):
        line.violate("Too many RESYNC")  # when it is back it is told everything
    channel = _alive(line, line.params[0])
    told = [] if channel is None else [channel]
    if link.stamped and len(line.params) > 1:
        of_ts = _of_ts(line, line.params[0], line.number(1))
        told += [of_ts] if of_ts is not None and of_ts is not channel else []
    for each in told:
        for text in burst.channel(link, each):
            link.send(text)


# members


def join(line: Line, name: str, ts: int) -> None:
    """A user comes into a channel of that TS."""
    user, stamp, registers = line.by_user(), _stamp(line), _registers(line)
    channel = _meant(line, name, ts)
    _meet(line, channel, ts)
    folded = _folded(line, name, channel)
    if channel is not None and not _is_alive(line, channel):
        channel = None  # it stayed, with nobody in it, but the older one does not
    known = registers.members(folded).get(user.uid)
    there = channel is not None and user in channel.members
    if not holds(stamp, known) and (stamp is not NEVER or known is not None or there):
        return
    if channel is not None and channel.ts != ts:
        again = line.link.codec.joined(channel, user)
        _relay(line, stamped(again, stamp) if stamp is not NEVER else again)
    else:
        _relay(line)
    if channel is None:
        line.needs_channel()
        channel, complete = _begin(line, name, ts)
        registers.came(channel, user.uid, stamp)
        ranks = registers.ranks(channel, user.uid)
        _commit(line, Joined(channel, ((user, ranks),), line.at, created=True))
        if not complete:
            line.link.send(line.link.codec.resync(line.network.me, name, ts))
        return
    registers.came(channel, user.uid, stamp)
    ranks = registers.ranks(channel, user.uid)
    if there:
        _give(line, channel, user, ranks)
    else:
        _commit(line, Joined(channel, ((user, ranks),), line.at))


def _give(line: Line, channel: Channel, user: User, ranks: int) -> None:
    """The ranks of a member are these."""
    before = channel.members[user]
    changes = [ModeChange(False, letter, None, user) for letter in rank_letters(before & ~ranks)]
    changes += [ModeChange(True, letter, None, user) for letter in rank_letters(ranks & ~before)]
    if changes:
        _state(line, ModesChanged(channel, tuple(changes), _server(line), line.at), channel)


def part(line: Line, names: Iterable[str], reason: str | None) -> None:
    """A user leaves channels."""
    user, stamp = line.by_user(), _stamp(line)
    for name in names:
        _leave(line, name, user.uid, stamp, lambda c: Parted(c, user, reason, line.at))
    _relay(line)


def kick(line: Line, name: str, uid: str, reason: str) -> None:
    """Somebody is put out of a channel, who may be unknown here now."""
    if not is_uid(uid):
        raise Ignored
    user = line.network.users.get(UID(uid))
    if _leave(line, name, uid, _stamp(line), lambda c: Kicked(c, _user(user), line.source, reason, line.at)):
        _relay(line)


def _user(user: User | None) -> User:
    assert user is not None
    return user


def _leave(line: Line, name: str, uid: str, stamp: Stamp, make: Callable[[Channel], Fact]) -> bool:
    registers, channel = _registers(line), _meant(line, name)
    folded = _folded(line, name, channel)
    if not holds(stamp, registers.members(folded).get(uid)):
        return False
    registers.left(channel or Channel(name, folded, 0), uid, stamp)
    user = line.network.users.get(UID(uid))
    if channel is not None and user is not None and user in channel.members:
        _commit(line, make(channel))
    return True


# modes


def tmode(line: Line, name: str, ts: int, changes: Sequence[ModeChange]) -> None:
    """Modes, lists and ranks change in the channel of that TS."""
    stamp, registers, channel = _stamp(line), _registers(line), _of_ts(line, name, ts)
    if channel is None:
        alive = _alive(line, name)
        if alive is None or ts < alive.ts:
            _relay(line)
        return
    _make_room(line, channel, changes, stamp)
    found = []
    for change in changes:
        register = register_of(line.links, change)
        if holds(stamp, registers.of(channel).get(register)):
            registers.mark(channel, register, stamp, adding=change.adding)
            found.append(change)
    if not found:
        return
    _relay(line)
    _change(line, channel, found, stamp, line.source)


def _make_room(line: Line, channel: Channel, changes: Sequence[ModeChange], stamp: Stamp) -> None:
    known = _registers(line).of(channel)
    fresh = set()
    for change in changes:
        if change.adding and change.letter in channel.lists:
            register = register_of(line.links, change)
            if holds(stamp, known.get(register)) and Folded(register[2:]) not in channel.lists[change.letter]:
                fresh.add(register)
    for letter in channel.lists:
        line.needs_entries(channel, letter, sum(register[0] == letter for register in fresh))


def _change(
    line: Line, channel: Channel, changes: Iterable[ModeChange], stamp: Stamp, by: Server | User
) -> None:
    """What of `changes`, which hold, makes a difference."""
    registers, wanted, again = _registers(line), [], []
    for change in changes:
        if change.letter in RANKS and not (
            change.user is not None
            and change.user in channel.members
            and registers.gives(channel, change.letter, change.user.uid, stamp)
        ):
            continue
        subject: object = change.user
        if change.letter in channel.lists:
            subject = Folded(register_of(line.links, change)[2:])
        if modes.differs(channel, subject, change):
            wanted.append(change)
        elif change.letter in channel.lists and change.adding:
            again.append(change)
    if again:
        _state(line, ModesChanged(channel, tuple(again), by, line.at), channel, quiet=True)
    if wanted:
        _state(line, ModesChanged(channel, tuple(wanted), by, line.at), channel)


# states


@LINK.command("CNSTAMP", min_params=3)
def cnstamp(line: Line) -> None:
    """When registers of a channel changed last, which is told of next; ``-`` marks what was removed.

    # <- :0AA CNSTAMP 1795345576 #one :m=mgqkxk8w.0.0AA b:*!*@bad=mgqkxk90.1.0AA- 0AAAAAAAB=mgqkxk8w.0.0AA
    """
    line.by_server()
    link, name = line.link, line.params[1]
    if not link.stamped or not is_channel(name, 200):
        raise Ignored
    folded, ts = line.network.fold(name), line.ts(0)
    companion = link.companion
    if companion is None or not companion.open or (companion.folded, companion.ts) != (folded, ts):
        companion = link.companion = Companion(folded, ts)
    if len(companion.marks) > line.node.settings.links.stamps:
        line.violate("Too many registers in CNSTAMP")
    for word in line.params[2].split():
        register, _, text = word.rpartition("=")
        stamp = read(text.removesuffix("-"))
        if stamp is not None and _is_register(register):
            companion.marks[register] = Mark(_observed(line, stamp), not text.endswith("-"))
    if len(companion.marks) > line.node.settings.links.stamps:
        line.violate("Too many stamps")


def _is_register(text: str) -> bool:
    letter, colon, subject = text.partition(":")
    if not colon:
        return text in ("topic", "lock") or kind_of(text) in ("B", "C", "D") or is_uid(text)
    if letter in RANKS:
        return is_uid(subject)
    return kind_of(letter) == "A" and 0 < len(subject) <= LONGEST_MASK


def _companion(line: Line, name: str, ts: int) -> Companion:
    companion = line.link.companion
    folded = line.network.fold(name)
    if companion is None or (companion.folded, companion.ts) != (folded, ts):
        return Companion(folded, ts)
    return companion


def sjoin(line: Line, claim: SJoin) -> None:
    """A channel as a server knows it, or, with a stamp, as it was made."""
    if claim.silent and not claim.members:
        channel = _alive(line, claim.name)
        if channel is None:
            _registers(line).beat(line.network.fold(claim.name), claim.ts)
        _meet(line, channel, claim.ts)
        return
    merge = _Merge(line, claim, _companion(line, claim.name, claim.ts), _stamp(line))
    merge.put_out()
    channel = _alive(line, claim.name)
    if channel is not None and claim.ts < channel.ts and not claim.members and "P" not in claim.flags:
        channel = None  # it ended there, and ours may have come after it
        target: Channel | None = None
    else:
        _meet(line, channel, claim.ts)
        target = channel if channel is not None and channel.ts == claim.ts else None
    if channel is not None and target is None:  # ours is older
        merge.members_alone(channel)
        return
    if target is None:
        alive = _alive(line, claim.name)
        if alive is None:
            target, complete = _begin(line, claim.name, claim.ts)
            if claim.silent and not complete:
                line.link.send(line.link.codec.resync(line.network.me, claim.name, claim.ts))
        else:
            known = _ended(line, alive.folded).get(claim.ts)
            target = known or Channel(alive.name, alive.folded, claim.ts)
        _keep(line, target)
    merge.into(target)


class _Merge:
    """Takes what a SJOIN claims into a channel, and tells the others what held."""

    def __init__(self, line: Line, claim: SJoin, told: Companion, stamp: Stamp) -> None:
        self._line = line
        self._claim = claim
        self._told = told
        self._stamp = stamp
        self._by = _server(line)
        self._first = told.open and stamp is NEVER
        told.open = False
        self._marks: dict[str, Mark] = {}
        self._lost: dict[str, Mark] = {}

    def _of(self, register: str) -> Stamp:
        return self._stamp if self._stamp is not NEVER else self._told.of(register)

    def _hold(self, channel: Channel, register: str, *, unstamped: bool, adding: bool = True) -> bool:
        """Whether what is claimed of a register holds; `unstamped` if it does where neither has a stamp."""
        registers, stamp = _registers(self._line), self._of(register)
        known = registers.of(channel).get(register)
        if not holds(stamp, known):
            return stamp is NEVER and known is None and unstamped
        registers.mark(channel, register, stamp, adding=adding)
        self._marks[register] = Mark(stamp, adding)
        return True

    def put_out(self) -> None:
        """Who is in the channel no more, whatever its TS, as CNSTAMP tells."""
        line = self._line
        for uid, mark in self._told.marks.items() if self._first else ():
            if is_uid(uid) and not mark.adding:
                user = line.network.users.get(UID(uid))
                if _leave(line, self._claim.name, uid, mark.stamp, self._kick(user)):
                    self._marks[uid] = mark

    def _kick(self, user: User | None) -> Callable[[Channel], Fact]:
        return lambda channel: Kicked(channel, _user(user), self._by, APART, self._line.at)

    def into(self, channel: Channel) -> None:
        """All of it, into the channel of the same TS."""
        line, claim = self._line, self._claim
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
        wanted = [change for change in changes if _differs(line, channel, change)]
        came = self._came(channel)
        ranked = self._ranks(channel, came)
        alive = _is_alive(line, channel)
        first = alive and not channel.members  # or it would end when it loses P
        if first and came:
            self._join(channel, came, created=False)
        if wanted or ranked:
            _state(line, ModesChanged(channel, (*wanted, *ranked), self._by, line.at), channel)
        if came and not first:
            self._join(channel, came, created=not _is_alive(line, channel))
        changed = {change.user for change in ranked} | set(came)
        if self._stamp is NEVER and (flags or values or changed or self._marks):
            self._tell(channel, flags, values, changed)
        elif self._marks:
            _relay(line)
        self._answer(channel)

    def _join(self, channel: Channel, came: Mapping[User, int], *, created: bool) -> None:
        if created:
            self._line.needs_channel()
        _commit(self._line, Joined(channel, tuple(came.items()), self._line.at, created=created))

    def _removed(self, channel: Channel) -> list[ModeChange]:
        """What CNSTAMP tells was removed; and ranks that somebody was given who is on our side."""
        line, registers, found = self._line, _registers(self._line), []
        for register, mark in self._told.marks.items():
            letter, colon, subject = register.partition(":")
            if is_uid(register) or (mark.adding and letter not in RANKS):
                continue
            if holds(mark.stamp, registers.of(channel).get(register)):
                registers.mark(channel, register, mark.stamp, adding=mark.adding)
                self._marks[register] = mark
                if letter in RANKS and colon:
                    user = line.network.users.get(UID(subject))
                    if (
                        user is not None
                        and user in channel.members
                        and registers.gives(channel, letter, subject, mark.stamp)
                    ):
                        found.append(ModeChange(mark.adding, letter, None, user))
                elif letter in channel.lists and colon:
                    entry = channel.lists[letter].get(Folded(subject))
                    if entry is not None:
                        found.append(ModeChange(False, letter, entry.text))
                elif register == "topic":
                    if channel.topic is not None:
                        _state(line, TopicChanged(channel, "", self._by, line.at), channel)
                elif register == "lock":
                    if channel.locked:
                        _state(line, ModesLocked(channel, "", self._by, line.at), channel)
                elif not colon and len(letter) == 1:
                    found.append(ModeChange(False, letter, "*" if letter == "k" else None))
        return found

    def _came(self, channel: Channel) -> dict[User, int]:
        """Those who are members from now on."""
        registers, found = _registers(self._line), {}
        alive = _is_alive(self._line, channel)
        known = registers.members(channel.folded)
        for user, _ in self._claim.members:
            stamp, mark = self._of(user.uid), known.get(user.uid)
            there = alive and user in channel.members
            if holds(stamp, mark):
                registers.came(channel, user.uid, stamp)
                self._marks[user.uid] = Mark(stamp, True)
                if there:  # they left and came again
                    _give(self._line, channel, user, registers.ranks(channel, user.uid))
            elif mark is not None and not mark.adding:
                self._lost[user.uid] = mark
                continue
            if not there:
                found[user] = 0
        return found

    def _ranks(self, channel: Channel, came: dict[User, int]) -> list[ModeChange]:
        """Gives those who `came` their ranks; the changes for those who were there."""
        registers, changes = _registers(self._line), []
        for user, ranks in self._claim.members:
            if user.uid in self._lost:
                continue
            before = channel.members.get(user, 0)
            for letter in rank_letters(ranks):
                register = f"{letter}:{user.uid}"
                unstamped = not before & RANKS[letter]
                if self._hold(channel, register, unstamped=unstamped) and registers.gives(
                    channel, letter, user.uid, self._of(register)
                ):
                    if user in came:
                        came[user] |= RANKS[letter]
                    elif unstamped:
                        changes.append(ModeChange(True, letter, None, user))
            if user in came:
                came[user] |= registers.ranks(channel, user.uid)
        return changes

    def members_alone(self, channel: Channel) -> None:
        """Nothing but who came, into ours, which is older."""
        line = self._line
        came = self._came(channel)
        registers = _registers(line)
        for user in came:
            came[user] = registers.ranks(channel, user.uid)
        if came:
            self._join(channel, came, created=False)
        members = tuple((user, 0) for user, _ in self._claim.members if user.uid not in self._lost)
        if came or self._marks:
            told = SJoin(channel.name, channel.ts, frozenset(), {}, members)
            codec = line.link.codec
            _relay(line, *codec.marks(line.network.me, channel, self._marks), *codec.sjoin(self._by, told))
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
            if user in changed or user.uid in self._marks
        )  # fmt: skip
        told = SJoin(channel.name, channel.ts, frozenset(flags), values, members)
        marks = codec.marks(line.network.me, channel, self._marks)
        _relay(line, *marks, *codec.sjoin(self._by, told))

    def _answer(self, channel: Channel) -> None:
        """Who claims members that left here since is told so."""
        line, codec, me = self._line, self._line.link.codec, self._line.network.me
        if self._lost and self._stamp is NEVER:
            nothing = SJoin(channel.name, channel.ts, frozenset(), {}, ())
            for text in (*codec.marks(me, channel, self._lost), *codec.sjoin(me, nothing)):
                line.link.send(text)


def _differs(line: Line, channel: Channel, change: ModeChange) -> bool:
    subject: object = change.user
    if change.letter in channel.lists:
        subject = Folded(register_of(line.links, change)[2:])
    elif change.letter not in RANKS and change.letter not in PARAMETERS:
        return (change.letter in channel.flags) is not change.adding
    return modes.differs(channel, subject, change)


def _claimed(line: Line, name: str, ts: int) -> tuple[Channel, Callable[[str], Stamp], bool]:
    """What a line tells of: the channel of that TS, stamps by register, and whether it is a change."""
    stamp, told = _stamp(line), _companion(line, name, ts)
    channel = _of_ts(line, name, ts)
    if stamp is NEVER and channel is not None and channel.folded != told.folded:
        # It was renamed here, but what is told of is the one that the SJOIN before this line named.
        channel = _ended(line, told.folded).get(ts)
    if channel is None:
        alive = _alive(line, name)
        if stamp is not NEVER and (alive is None or ts < alive.ts):
            _relay(line)
        raise Ignored
    if stamp is NEVER:
        told.open = False
        return channel, told.of, False
    return channel, lambda register: stamp, True


def _went(line: Line, channel: Channel, marks: Mapping[str, Mark], changed: bool, *lines: bytes) -> None:
    """Tell the others what held."""
    if changed:
        _relay(line)
    else:
        _relay(line, *line.link.codec.marks(line.network.me, channel, marks), *lines)


def enter(line: Line, name: str, ts: int, letter: str, entries: Iterable[ListEntry]) -> None:
    """Entries of a list."""
    channel, of, changed = _claimed(line, name, ts)
    registers, marks = _registers(line), {}
    fresh: list[ListEntry] = []
    again: list[ListEntry] = []
    for entry in entries:
        folded = line.network.fold(entry.mask)
        register = f"{letter}:{folded}"
        stamp, known = of(register), registers.of(channel).get(register)
        mine = channel.lists[letter].get(folded)
        if holds(stamp, known):
            marks[register] = Mark(stamp, True)
        elif stamp is not NEVER or known is not None or (mine is not None and not _older(entry, mine)):
            continue
        (fresh if mine is None else again).append(entry)
    line.needs_entries(channel, letter, len(fresh))
    for register, mark in marks.items():
        registers.mark(channel, register, mark.stamp, adding=True)
    if not fresh and not again:
        return
    by = _server(line)
    _went(line, channel, marks, changed, *line.link.codec.entries(by, channel, letter, fresh + again))
    if fresh:
        _state(line, EntriesAdded(channel, letter, tuple(fresh), line.source, line.at), channel)
    if again:
        _state(line, EntriesAdded(channel, letter, tuple(again), line.source, line.at), channel, quiet=True)


def _older(one: ListEntry, other: ListEntry) -> bool:
    """Whether `one` of two entries without a stamp is the one that holds."""
    return (one.at, one.by, one.text) < (other.at, other.by, other.text)


def lock(line: Line, name: str, ts: int, letters: str) -> None:
    """The modes that are locked."""
    channel, of, changed = _claimed(line, name, ts)
    registers, stamp = _registers(line), of("lock")
    known = registers.of(channel).get("lock")
    if holds(stamp, known):
        registers.mark(channel, "lock", stamp, adding=bool(letters))
    elif stamp is not NEVER or known is not None or letters <= channel.locked:
        return
    marks = {"lock": Mark(stamp, bool(letters))} if stamp is not NEVER else {}
    _went(line, channel, marks, changed, line.link.codec.locked(channel, _server(line), letters))
    if letters != channel.locked:
        _state(line, ModesLocked(channel, letters, line.source, line.at), channel)


def topic(line: Line, name: str, ts: int, new: Topic) -> None:
    """The topic of a channel, which may be empty."""
    channel, of, changed = _claimed(line, name, ts)
    registers, stamp = _registers(line), of("topic")
    known, old = registers.of(channel).get("topic"), channel.topic
    if holds(stamp, known):
        registers.mark(channel, "topic", stamp, adding=bool(new.text))
    elif stamp is not NEVER or known is not None or not resolve_tb(channel, new.at, new.text):
        return
    marks = {"topic": Mark(stamp, bool(new.text))} if stamp is not NEVER else {}
    _went(line, channel, marks, changed, line.link.codec.topic_of(_server(line), channel, new))
    if old is None and not new.text:
        return
    same = old is not None and old.text == new.text
    fact = TopicChanged(channel, new.text, line.source, line.at, new.by, new.at, same, channel.ts)
    _state(line, fact, channel)
