"""Who is in a channel: JOIN, PART and KICK."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chatnet.links.codecs.solanum import stamped
from chatnet.links.inbound.channels.stamped.ages import begin, meet, settle, state
from chatnet.links.inbound.channels.stamped.known import (
    commit,
    event_of,
    find_meant,
    folded_name,
    is_alive,
    registers_of,
    relay,
    relay_as_spelled,
    stamp_of,
)
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.entities import Channel, User, place_of
from chatnet.model.facts import Fact, Joined, Kicked, ModeChange, ModesChanged, Parted
from chatnet.model.modes import rank_letters
from chatnet.rules.stamps import NEVER, Stamp, holds
from chatnet.wire.names import is_uid


def join(line: Line, name: str, ts: int) -> None:
    """A user comes into a channel of that TS."""
    user, stamp, registers = line.by_user(), stamp_of(line), registers_of(line)
    channel = find_meant(line, name, ts)
    meet(line, channel, ts)
    folded = folded_name(line, name, channel)
    if channel is not None and not is_alive(line, channel):
        channel = None  # it stayed, with nobody in it, but the older one does not
    known = registers.members(folded).get(user.subject)
    there = channel is not None and user in channel.members
    if not holds(stamp, known) and (stamp is not NEVER or known is not None or there):
        return
    place = place_of(name.encode("utf-8", "surrogateescape")) if channel is None else channel.place
    at, msgid = event_of(line, stamp, place)
    if channel is not None and channel.ts != ts:
        again = line.link.codec.joined(channel, user, at, msgid)
        relay(line, stamped(again, stamp) if stamp is not NEVER else again)
    elif channel is not None:
        relay_as_spelled(line, name, channel)
    else:
        relay(line)
    if channel is None:
        line.needs_channel()
        channel, complete = begin(line, name, ts)
        registers.came(channel, user.subject, stamp)
        ranks = registers.ranks(channel, user.subject)
        commit(line, Joined(channel, ((user, ranks),), at, created=True, asked=True, msgid=msgid))
        if not complete:
            line.link.send(line.link.codec.resync(line.network.me, name, ts))
        settle(line, channel)
        return
    registers.came(channel, user.subject, stamp)
    ranks = registers.ranks(channel, user.subject)
    if there:
        give(line, channel, user, ranks)
    else:
        commit(line, Joined(channel, ((user, ranks),), at, asked=True, msgid=msgid))


def give(line: Line, channel: Channel, user: User, ranks: int) -> None:
    """The ranks of a member are these."""
    before = channel.members[user]
    changes = [ModeChange(False, letter, None, user) for letter in rank_letters(before & ~ranks)]
    changes += [ModeChange(True, letter, None, user) for letter in rank_letters(ranks & ~before)]
    if changes:
        state(line, ModesChanged(channel, tuple(changes), line.server_of_source(), line.at), channel)


def part(line: Line, names: Iterable[str], reason: str | None) -> None:
    """A user leaves channels."""
    user, stamp = line.by_user(), stamp_of(line)

    def parted(channel: Channel, user: User) -> Fact:
        return Parted(channel, user, reason, *event_of(line, stamp, channel.place))

    for name in names:
        leave(line, name, find_meant(line, name), user.subject, stamp, parted)
    relay(line)


def kick(line: Line, name: str, uid: str, reason: str) -> None:
    """Somebody is put out of a channel, who may be unknown here now."""
    if not is_uid(uid):
        raise Ignored
    channel, stamp = find_meant(line, name), stamp_of(line)

    def kicked(channel: Channel, user: User) -> Fact:
        return Kicked(channel, user, line.source, reason, *event_of(line, stamp, channel.place))

    if leave(line, name, channel, registers_of(line).subject(uid), stamp, kicked):
        relay(line)


def leave(
    line: Line,
    name: str,
    channel: Channel | None,
    subject: str,
    stamp: Stamp,
    make: Callable[[Channel, User], Fact],
) -> bool:
    """The `subject`, who may be unknown, is in `channel` no more; False if it is known that they are.

    The line calls it `name`.  `make` gives the fact, if they were in it here.
    """
    registers, folded = registers_of(line), folded_name(line, name, channel)
    if not holds(stamp, registers.members(folded).get(subject)):
        return False
    registers.left(channel or Channel(name, folded, 0), subject, stamp)
    user = registers.user(subject)
    if channel is not None and user is not None and user in channel.members:
        commit(line, make(channel, user))
    return True
