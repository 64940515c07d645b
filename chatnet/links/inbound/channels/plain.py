"""What verbs about channels mean from neighbours without stamps: the TS of the channel decides, as in TS6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from chatnet.links.inbound.channels import stamped
from chatnet.links.inbound.channels.ways import by_ways
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Topic, parameters, place_of
from chatnet.model.facts import (
    EntriesAdded,
    Joined,
    Kicked,
    ModeChange,
    ModesChanged,
    ModesLocked,
    Parted,
    TopicChanged,
)
from chatnet.model.ids import UID
from chatnet.rules import modes
from chatnet.rules.timestamps import (
    Outcome,
    is_current,
    resolve_entries,
    resolve_etb,
    resolve_join,
    resolve_sjoin,
    resolve_tb,
)


def sjoin(line: Line, claim: SJoin, absent: Sequence[tuple[str, int]]) -> None:
    """A channel as a server knows it; `absent` are members who are unknown here now, and do not count."""
    stamped.remember(line, claim.name, claim.ts)
    channel = line.network.channel(claim.name)
    missed = claim.silent and (bool(claim.members) if channel is None else claim.ts < channel.ts)
    _happens(line, channel, resolve_sjoin(channel, claim), line.told_id if len(claim.members) == 1 else "")
    if missed:
        _ask(line, claim.name)


def join(line: Line, name: str, ts: int) -> None:
    """A user comes into a channel of that TS."""
    user = line.by_user()
    stamped.remember(line, name, ts)
    known = line.network.channel_meant(name)  # by a name it had until a moment ago
    if known is not None and known.ts != ts:
        known = line.network.channel(name)
    if known is not None and user in known.members:
        return
    ended = line.network.memory.ended_of(line.network.fold(name))
    if known is None and ts in ended:
        line.needs_channel()
        msgid = line.msgid(ended[ts].place)
        line.commit(Joined(ended[ts], ((user, 0),), line.at, created=True, asked=True, msgid=msgid))
        return
    missed, msgid = (
        known is None or ts < known.ts,
        line.msgid(place_of(name.encode("utf-8", "surrogateescape"))),
    )
    if missed and known is not None and line.link.codec.core:
        # What we have was made after all had left; it goes, and the rest of theirs comes.
        _happens(line, known, resolve_sjoin(known, SJoin(name, ts, frozenset(), {}, ((user, 0),))), msgid)
    else:
        _happens(line, known, resolve_join(known, name, ts, user), msgid)
    if missed:
        _ask(line, name)


def part(line: Line, names: Iterable[str], reason: str | None) -> None:
    """A user leaves channels."""
    user = line.by_user()
    for name in names:
        channel = line.network.channel_meant(name)
        if channel is not None and user in channel.members:
            line.commit(Parted(channel, user, reason, line.at, line.msgid(channel.place)))


def kick(line: Line, name: str, uid: str, reason: str) -> None:
    """Somebody is put out of a channel."""
    channel = line.channel(0)
    target = line.links.claims.meant(UID(uid)) or line.user(1)
    if target not in channel.members:
        raise Ignored
    line.commit(Kicked(channel, target, line.source, reason, line.at, line.msgid(channel.place)))
    if target.uid != uid and target.nick != uid:
        line.link.send(line.link.codec.kicked(Kicked(channel, target, line.network.me, reason, line.at)))


def tmode(line: Line, name: str, ts: int, changes: Sequence[ModeChange]) -> None:
    """Modes, lists and ranks change in the channel that has this TS, or was made later.

    One that stays (P) from now on may be gone here, if its last member was killed or kicked meanwhile.
    """
    if line.network.channel_meant(name) is None and any(change.letter == "P" for change in changes):
        _ask(line, name)
    channel = _current(line, name, ts)
    effective = modes.effective(channel, changes, line.network.fold)
    if effective:
        for letter in channel.lists:
            more = sum(change.adding and change.letter == letter for change in effective)
            line.needs_entries(channel, letter, more)
        line.commit(ModesChanged(channel, effective, line.source, line.at, msgid=line.msgid(channel.place)))
        _tell_whose(line, channel, effective)


def _tell_whose(line: Line, channel: Channel, changes: Iterable[ModeChange]) -> None:
    """Tell who named the user of a claim that is over which one has the rank, or has it no more.

    They read a QUIT of the one, and of the other one with the ranks that they had before.
    """
    moved = tuple(
        change for change in changes
        if change.user is not None and not {change.user.uid, change.user.nick} & {*line.params}
    )  # fmt: skip
    if moved:
        for text in line.link.codec.modes(ModesChanged(channel, moved, line.network.me, line.at)):
            line.link.send(text)


def enter(line: Line, name: str, ts: int, letter: str, entries: Sequence[ListEntry]) -> None:
    """Entries of a list."""
    channel = _current(line, name, ts)
    fresh = resolve_entries(line.network, channel, letter, entries)
    if fresh:
        line.needs_entries(channel, letter, len(fresh))
        line.commit(EntriesAdded(channel, letter, fresh, line.source, line.at, line.told_id))


def lock(line: Line, name: str, ts: int, letters: str) -> None:
    """The modes that are locked."""
    channel = _current(line, name, ts)
    if letters != channel.locked:
        line.commit(ModesLocked(channel, letters, line.source, line.at))


def topic(line: Line, channel: Channel, text: str) -> None:
    """A topic is set now, or cleared."""
    old = channel.topic
    if old is not None or text:
        same = old is not None and old.text == text
        msgid = line.msgid(channel.place)
        line.commit(TopicChanged(channel, text, line.source, line.at, same=same, msgid=msgid))


def tb(line: Line, channel: Channel, new: Topic) -> None:
    """The topic that a server has in its burst; the older one holds."""
    if resolve_tb(channel, new.at, new.text):
        line.commit(TopicChanged(channel, new.text, line.by_server(), line.at, new.by, new.at))


def etb(line: Line, name: str, ts: int, new: Topic) -> None:
    """A topic with the TS of its channel; the newer one holds, and with a TS of 0 this one."""
    channel = line.network.channel_meant(name)
    if channel is not None and resolve_etb(channel, ts, new.at, new.text):
        same = channel.topic is not None and channel.topic.text == new.text
        msgid = line.msgid(channel.place)
        line.commit(TopicChanged(channel, new.text, line.source, line.at, new.by, new.at, same, ts, msgid))


def rename(line: Line, old: str, name: str, ts: int) -> Channel | None:
    """A channel is to have another name; gives it, if it is known."""
    return line.network.channel(old)


def move(line: Line, channel: Channel, other: Channel, reason: str) -> None:
    """`channel` becomes part of `other`, which was made here while its name was taken elsewhere.

    There, what we told of `other` is merged into it as well.  Other servers that know RENAME do what we do:
    nobody else can move those who are behind them.
    """
    commit = partial(line.node.commit, origin=TOLD)
    claim = SJoin(
        other.name, channel.ts, frozenset(channel.flags), parameters(channel), tuple(channel.members.items())
    )
    lists = {letter: tuple(entries.values()) for letter, entries in channel.lists.items()}
    if "P" in channel.flags:
        commit(ModesChanged(channel, (ModeChange(False, "P"),), line.source, line.at))
    for user, _ in claim.members:
        commit(Parted(channel, user, reason, line.at))
    by = line.server_of_source()
    for fact in resolve_sjoin(other, claim).facts(line.network, other, by, line.at):
        if isinstance(fact, Joined):
            for members in by_ways(line.links, fact.members):
                commit(Joined(fact.channel, tuple(members), fact.at, merged=fact.merged))
        else:
            commit(fact)
    if is_current(other, claim.ts):
        for letter, entries in lists.items():
            fresh = resolve_entries(line.network, other, letter, entries)
            if fresh:
                commit(EntriesAdded(other, letter, fresh, by, line.at))


def event(line: Line, channel: Channel) -> tuple[float, str]:
    """When something happened to `channel`, and its id."""
    return line.at, line.msgid(channel.place)


def _ask(line: Line, name: str) -> None:
    """Ask for all of an older channel, which we took for gone."""
    if line.link.codec.core:
        line.link.send(line.link.codec.resync(line.network.me, name))


def _happens(line: Line, channel: Channel | None, outcome: Outcome, msgid: str) -> None:
    facts = outcome.facts(line.network, channel, line.server_of_source(), line.at, msgid)
    if facts and channel is None:
        line.needs_channel()
    for fact in facts:
        line.commit(fact)


def _current(line: Line, name: str, ts: int) -> Channel:
    """The channel of that name, perhaps one it had; ignored if the line speaks of a younger one that lost."""
    channel = line.network.channel_meant(name)
    if channel is None or not is_current(channel, ts):
        raise Ignored
    return channel
