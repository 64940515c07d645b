"""Which of the channels of one name it is: the older one, though it may have ended here."""

from __future__ import annotations

from chatnet.links.exchange import burst
from chatnet.links.inbound.channels.stamped.known import (
    commit,
    ended_of,
    find_alive,
    find_of_ts,
    is_alive,
    registered_of,
    registers_of,
    relay,
)
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, parameters
from chatnet.model.facts import (
    ChannelForgotten,
    ChannelKept,
    EntriesAdded,
    Fact,
    Joined,
    ModesLocked,
    TopicChanged,
)
from chatnet.model.ids import Folded
from chatnet.rules.acting import keeps_records
from chatnet.rules.timestamps import resolve_older
from chatnet.wire.names import is_channel


def state(line: Line, fact: Fact, channel: Channel, *, quiet: bool = False) -> None:
    """State what happened to `channel`; nobody hears of it if it ended, or if it is `quiet`."""
    if quiet or not is_alive(line, channel):
        line.network.apply(fact)
        if "P" in channel.flags and not is_alive(line, channel):
            _revive(line, channel)
    else:
        commit(line, fact)


def _revive(line: Line, channel: Channel) -> None:
    """A channel that had ended stays, though nobody is in it (mode P)."""
    other = line.network.channels.get(channel.folded)
    ts = line.network.memory.became(channel.folded, channel.ts)
    if ts != channel.ts:
        _outdo(line, channel.name, ts, channel.ts)
    elif other is None:
        line.needs_channel()
        commit(line, Joined(channel, (), line.at, created=True))
    elif channel.ts < other.ts:
        grow_older(line, other, channel.ts)
    else:
        _outdo(line, channel.name, other.ts, channel.ts)


def _outdo(line: Line, name: str, ts: int, younger: int) -> None:
    """A channel is older than the one that the line tells of; all are told, or if they know who said so."""
    new = registers_of(line).beat(line.network.fold(name), ts, younger)
    for link in line.links.stamped(None):
        if new or link is line.link:
            link.send(link.codec.older(line.network.me, name, ts, younger))


def meet(line: Line, channel: Channel | None, ts: int) -> None:
    """Somebody knows the channel with this TS."""
    if channel is None or ts == channel.ts:
        return
    if ts < channel.ts:
        grow_older(line, channel, ts)
    else:
        _outdo(line, channel.name, channel.ts, ts)


def settle(line: Line, channel: Channel) -> None:
    """`channel` may be one that became an older one elsewhere."""
    ts = line.network.memory.became(channel.folded, channel.ts)
    if ts != channel.ts and is_alive(line, channel):
        grow_older(line, channel, ts)


@LINK.command("CNAGE", min_params=3)
def cnage(line: Line) -> None:
    """Channels of a name became the one of a lower TS: all that are younger, up to the one of the other TS.

    # <- :0AA CNAGE 1795345576 #one 1795345580
    """
    line.by_server()
    name, ts, youngest = line.params[1], line.ts(0), line.ts(2)
    if not line.link.stamped or not is_channel(name, 200):
        raise Ignored
    channel = find_alive(line, name)
    if registers_of(line).beat(line.network.fold(name), ts, youngest):
        relay(line)
    if channel is None:
        return
    if channel.ts < ts:
        meet(line, channel, ts)
    else:
        settle(line, channel)


def grow_older(line: Line, channel: Channel, ts: int) -> None:
    """`channel` is in truth the one of a lower TS: what that was holds, if it is known, or is asked for."""
    registers, older = registers_of(line), ended_of(line, channel.folded).get(ts)
    complete = older is not None
    if older is not None:
        line.network.apply(ChannelForgotten(older))
    else:
        older = recall(line, channel.folded, ts)
    registers.reset(channel, older)
    flags = frozenset(older.flags) if older is not None else frozenset[str]()
    values = parameters(older) if older is not None else {}
    name = channel.name if older is None else older.name
    members = tuple((user, registers.ranks(channel, user.subject)) for user in channel.members)
    by = line.server_of_source()
    for fact in resolve_older(channel, SJoin(name, ts, flags, values, members)).facts(
        line.network, channel, by, line.at
    ):
        commit(line, fact)
    topic = older.topic if older is not None else None
    if topic is not None:
        state(line, TopicChanged(channel, topic.text, by, line.at, topic.by, topic.at, False, ts), channel)
    elif channel.topic is not None:
        state(line, TopicChanged(channel, "", by, line.at), channel)
    if not complete:
        line.link.send(line.link.codec.resync(line.network.me, channel.name, ts))
    if older is None:
        return
    for letter, entries in older.lists.items():
        if entries:
            state(line, EntriesAdded(channel, letter, tuple(entries.values()), by, line.at), channel)
    if older.locked:
        state(line, ModesLocked(channel, older.locked, by, line.at), channel)


def remember(line: Line, name: str, ts: int) -> None:
    """A server of another make knows a channel of a lower TS: if one is remembered, it holds."""
    channel = find_alive(line, name)
    if channel is not None and ts < channel.ts and ts in ended_of(line, channel.folded):
        grow_older(line, channel, ts)


def begin(line: Line, name: str, ts: int) -> tuple[Channel, bool]:
    """The channel of this TS that ended, or a new one that nothing is known of, and whether it is known."""
    folded = line.network.fold(name)
    ended = ended_of(line, folded)
    youngest = max(ended, default=ts)
    if youngest > ts:
        _outdo(line, name, ts, youngest)
    known = ended.get(ts)
    if known is not None:
        return known, True
    return recall(line, folded, ts) or Channel(name, folded, ts), False


def recall(line: Line, folded: Folded, ts: int) -> Channel | None:
    """The registered channel of that name and TS, of which nothing but its records is known here.

    Neighbours that keep no records, also the one that speaks of it, are told what these say: they may have it
    as it was long ago.  Those that keep them know, and see to their own neighbours.
    """
    channel = registered_of(line, folded, ts)
    if channel is not None:
        for link in line.links.stamped(None):
            if link.server is not None and not keeps_records(line.network, link.server):
                for text in burst.channel(line.links, link, channel):
                    link.send(text)
    return channel


def keep(line: Line, channel: Channel) -> None:
    """Remember a channel that nobody is in."""
    if not is_alive(line, channel):
        line.network.apply(ChannelKept(channel))
        registers_of(line).news += 1


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
    if link.conduct.too_many(link.conduct.resynced, line.node.clock.monotonic(), line.node.settings.links):
        line.violate("Too many RESYNC")  # when it is back it is told everything
    channel = find_alive(line, line.params[0])
    told = [] if channel is None else [channel]
    if link.stamped and len(line.params) > 1:
        of_ts = find_of_ts(line, line.params[0], line.number(1))
        told += [of_ts] if of_ts is not None and of_ts is not channel else []
    for each in told:
        for text in burst.channel(line.links, link, each):
            link.send(text)
    if link.stamped:
        for text in burst.ages(line.links, link, line.network.fold(line.params[0])):
            link.send(text)
