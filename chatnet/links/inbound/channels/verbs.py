"""Channels, as neighbours tell of them.

What a server says of a channel is never held against ranks or modes: its own users were judged there.  Who
wins when two servers say different things is decided in ``rules/timestamps.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from chatnet.links.inbound.channels import stamped
from chatnet.links.speech.encap import ENCAPSULATED
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Topic, User, parameters, split_forward
from chatnet.model.facts import (
    ChannelRenamed,
    EntriesAdded,
    Invited,
    Joined,
    Kicked,
    Knocked,
    ModeChange,
    ModesChanged,
    ModesLocked,
    Parted,
    TopicChanged,
)
from chatnet.model.ids import UID
from chatnet.model.modes import CHANNEL_MODES, RANKS
from chatnet.model.server import Server
from chatnet.rules import modes
from chatnet.rules.messages import may_write
from chatnet.rules.timestamps import (
    Outcome,
    is_current,
    resolve_entries,
    resolve_etb,
    resolve_join,
    resolve_sjoin,
    resolve_tb,
)
from chatnet.wire.modestring import Change
from chatnet.wire.names import is_channel, is_uid
from chatnet.wire.text import byte_length, cut, middle

LONGEST_NAME: Final = 200
LONGEST_KEY: Final = 64
LONGEST_MASK: Final = 200
LONGEST_TEXT: Final = 400
"""Bytes that some server of the network may allow, whatever we allow our own users."""

_TIME: Final = re.compile(r"[0-9]{1,15}")


# members


@LINK.command("SJOIN", min_params=4)
def sjoin(line: Line) -> None:
    """A channel as a server knows it: its TS, its modes, and members behind the link with their ranks.

    # <- :1SO SJOIN 1795345576 #one +ntlkj 5 secret 3:10 :+1SOAAAAAC @1SOAAAAAB
    # <- :1SO SJOIN 1795345576 #one 0 :1SOAAAAAC
    """
    line.by_server()
    codec, network = line.link.codec, line.network
    flags: set[str] = set()
    values: dict[str, str] = {}
    for change in codec.read_modes(line.params[2], line.params[3:-1]):
        kind = CHANNEL_MODES[change.letter][0]
        if kind == "D" and change.adding:
            flags.add(change.letter)
        elif kind in "BC" and change.adding and (value := _value(change)) is not None:
            values[change.letter] = value
    members, absent = [], []
    users, behind = network.users, _Behind(line)
    for word in line.params[-1].split():
        ranks, uid = codec.read_prefixes(word)
        user = users.get(UID(uid))
        if user is not None and behind[user.server]:
            members.append((user, ranks))
        elif ranks and is_uid(uid):
            absent.append((uid, ranks))
    claim = SJoin(_name(line, 1), line.ts(0), frozenset(flags), values, tuple(members), line.params[2] == "0")
    line.needs_memberships(network.channel_meant(claim.name), [user for user, _ in members])
    if line.link.stamped:
        stamped.sjoin(line, claim, absent)
        return
    stamped.remember(line, claim.name, claim.ts)
    channel = network.channel(claim.name)
    missed = claim.silent and (bool(members) if channel is None else claim.ts < channel.ts)
    _happens(line, channel, resolve_sjoin(channel, claim))
    if missed:
        _ask(line, claim.name)


class _Behind(dict[Server, bool]):
    """Whether a server is behind the link of a line; asked once for each server."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def __missing__(self, server: Server) -> bool:
        found = self[server] = self._line.links.way_to(server) is self._line.link
        return found


@LINK.command("JOIN", min_params=1)
def join(line: Line) -> None:
    """A user comes into a channel of that TS; ``0`` leaves all.

    # <- :1SOAAAAAB JOIN 1795345576 #one +
    # <- :1SOAAAAAB JOIN 0
    """
    user = line.by_user()
    if len(line.params) == 1:
        if line.params[0] == "0" and line.link.stamped:
            stamped.part(line, [channel.name for channel in user.channels], None)
        elif line.params[0] == "0":
            for channel in list(user.channels):
                line.commit(Parted(channel, user, None, line.at))
        return
    name, ts = _name(line, 1), line.ts(0)
    line.needs_memberships(line.network.channel_meant(name), (user,))
    if line.link.stamped:
        stamped.join(line, name, ts)
        return
    stamped.remember(line, name, ts)
    known = line.network.channel_meant(name)  # by a name it had until a moment ago
    if known is not None and known.ts != ts:
        known = line.network.channel(name)
    if known is not None and user in known.members:
        return
    ended = (line.network.ended or {}).get(line.network.fold(name), {})
    if known is None and ts in ended:
        line.needs_channel()
        line.commit(Joined(ended[ts], ((user, 0),), line.at, created=True))
        return
    missed = known is None or ts < known.ts
    if missed and known is not None and line.link.codec.core:
        # What we have was made after all had left; it goes, and the rest of theirs comes.
        _happens(line, known, resolve_sjoin(known, SJoin(name, ts, frozenset(), {}, ((user, 0),))))
    else:
        _happens(line, known, resolve_join(known, name, ts, user))
    if missed:
        _ask(line, name)


def _ask(line: Line, name: str) -> None:
    """Ask for all of an older channel, which we took for gone."""
    if line.link.codec.core:
        line.link.send(line.link.codec.resync(line.network.me, name))


def _happens(line: Line, channel: Channel | None, outcome: Outcome) -> None:
    facts = outcome.facts(line.network, channel, _server(line), line.at)
    if facts and channel is None:
        line.needs_channel()
    for fact in facts:
        line.commit(fact)


def _server(line: Line) -> Server:
    return line.source.server if isinstance(line.source, User) else line.source


@LINK.command("PART", min_params=1)
def part(line: Line) -> None:
    """A user leaves channels.

    # <- :1SOAAAAAB PART #one :bye
    """
    user = line.by_user()
    reason = cut(line.params[1], LONGEST_TEXT) if len(line.params) > 1 else None
    if line.link.stamped:
        stamped.part(line, line.params[0].split(","), reason)
        return
    for name in line.params[0].split(","):
        channel = line.network.channel_meant(name)
        if channel is not None and user in channel.members:
            line.commit(Parted(channel, user, reason, line.at))


@LINK.command("KICK", min_params=2)
def kick(line: Line) -> None:
    """Somebody is put out of a channel.

    # <- :1SOAAAAAB KICK #one 0AAAAAAAB :out
    """
    if line.link.stamped:
        stamped.kick(line, _name(line, 0), line.params[1], cut(line.param(2), LONGEST_TEXT))
        return
    channel, target = line.channel(0), line.user(1)
    if target not in channel.members:
        raise Ignored
    line.commit(Kicked(channel, target, line.source, cut(line.param(2), LONGEST_TEXT), line.at))


# modes


@LINK.command("TMODE", min_params=3)
def tmode(line: Line) -> None:
    """Modes, lists and ranks change in the channel that has this TS, or was made later.

    One that stays (P) from now on may be gone here, if its last member was killed or kicked meanwhile.

    # <- :1SOAAAAAB TMODE 1795345576 #one +bo-l *!*@bad 0AAAAAAAB
    """
    found = _changes(line, line.params[2], line.params[3:])
    if line.link.stamped:
        stamped.tmode(line, _name(line, 1), line.ts(0), found)
        return
    if line.network.channel_meant(line.params[1]) is None and "P" in line.params[2]:
        _ask(line, _name(line, 1))
    channel = _current(line)
    changes = modes.effective(channel, found, line.network.fold)
    if changes:
        for letter in channel.lists:
            more = sum(change.adding and change.letter == letter for change in changes)
            line.needs_entries(channel, letter, more)
        line.commit(ModesChanged(channel, changes, line.source, line.at))


def _changes(line: Line, text: str, params: Sequence[str]) -> list[ModeChange]:
    """Those that are well-formed."""
    network, found = line.network, []
    for change in line.link.codec.read_modes(text, params):
        letter, parameter = change.letter, change.parameter
        kind = CHANNEL_MODES[letter][0]
        if kind == "D":
            found.append(ModeChange(change.adding, letter))
        elif letter in RANKS:
            user = network.users.get(UID(parameter or "")) or network.user(parameter or "")
            if user is not None:
                found.append(ModeChange(change.adding, letter, None, user))
            elif line.link.stamped and is_uid(parameter or ""):
                found.append(ModeChange(change.adding, letter, parameter))  # they may come back
        elif kind == "A":
            if _is_mask(parameter or ""):
                found.append(ModeChange(change.adding, letter, parameter))
        elif not change.adding:
            found.append(ModeChange(False, letter, "*" if letter == "k" else None))
        elif (value := _value(change)) is not None:
            found.append(ModeChange(True, letter, value))
    return found


def _value(change: Change) -> str | None:
    """The parameter of k, l, f or j, if it is well-formed."""
    text = change.parameter or ""
    if change.letter == "k":
        return modes.key(text, LONGEST_KEY)
    if change.letter == "l":
        return modes.member_limit(text)
    if change.letter == "j":
        return modes.join_throttle(text)
    return text if is_channel(text, LONGEST_NAME) else None


@LINK.command("BMASK", min_params=4)
def bmask(line: Line) -> None:
    """Entries of a list; who set them is the source.

    # <- :1SO BMASK 1795345576 #one b :*!*@bad *!*@worse
    """
    by, at = line.by_server().mask, int(line.at)
    _enter(line, [(mask, by, at) for mask in line.params[3].split()])


@LINK.command("EBMASK", min_params=4)
def ebmask(line: Line) -> None:
    """Entries of a list, each with when it was set, and by whom.

    # <- :1SO EBMASK 1795345576 #one b :*!*@bad 1795345576 alice!~alice@127.0.0.1
    """
    line.by_server()
    words = line.params[3].split()
    triples = zip(words[::3], words[1::3], words[2::3], strict=False)
    now, most = int(line.now), int(line.now + line.node.settings.links.most_skew)
    times = [(mask, _setter(by), int(at)) for mask, at, by in triples if _TIME.fullmatch(at)]
    _enter(line, [(mask, by, at if at <= most else now) for mask, by, at in times])


def _enter(line: Line, found: Sequence[tuple[str, str, int]]) -> None:
    codec = line.link.codec
    letter = codec.read_entry(line.params[2], "")[0]
    if letter not in ("b", "e", "I"):
        raise Ignored
    entries = []
    for text, by, at in found:
        if _is_mask(text):
            mask, forward = split_forward(codec.read_entry(line.params[2], text)[1])
            entries.append(ListEntry(mask, by, at, forward))
    if line.link.stamped:
        stamped.enter(line, _name(line, 1), line.ts(0), letter, entries)
        return
    channel = _current(line)
    fresh = resolve_entries(line.network, channel, letter, entries)
    if fresh:
        line.needs_entries(channel, letter, len(fresh))
        line.commit(EntriesAdded(channel, letter, fresh, line.source, line.at))


def _setter(text: str) -> str:
    """Who set something elsewhere, as a word."""
    return cut(middle(text), LONGEST_MASK)


def _is_mask(text: str) -> bool:
    return 0 < byte_length(text) <= LONGEST_MASK and not text.startswith(":") and " " not in text


@LINK.command("MLOCK", min_params=3)
def mlock(line: Line) -> None:
    """Modes that only servers and services may change from now on.

    # <- :1SO MLOCK 1795345576 #one :nt
    """
    letters = "".join(letter for letter in dict.fromkeys(line.params[2]) if letter in CHANNEL_MODES)
    if line.link.stamped:
        stamped.lock(line, _name(line, 1), line.ts(0), letters)
        return
    channel = _current(line)
    if letters != channel.locked:
        line.commit(ModesLocked(channel, letters, line.source, line.at))


# topics


@LINK.command("TOPIC", min_params=2)
def topic(line: Line) -> None:
    """A topic is set now, or cleared.

    # <- :1SOAAAAAB TOPIC #one :hello
    """
    channel, text = line.channel(0), cut(line.params[1], LONGEST_TEXT)
    if line.link.stamped:
        stamped.topic(line, channel.name, channel.ts, Topic(text, line.source.mask, int(line.at)))
        return
    old = channel.topic
    if old is not None or text:
        same = old is not None and old.text == text
        line.commit(TopicChanged(channel, text, line.source, line.at, same=same))


@LINK.command("TB", min_params=3)
def tb(line: Line) -> None:
    """The topic that a server has in its burst; the older one holds.

    # <- :1SO TB #one 1795345576 alice!~alice@127.0.0.1 :hello topic
    # <- :1SO TB #one 1795345576 :hello topic
    """
    by, channel, ts = line.by_server(), line.channel(0), line.ts(1)
    text = cut(line.params[-1], LONGEST_TEXT)
    setter = _setter(line.params[2]) if len(line.params) > 3 else by.mask
    if line.link.stamped:
        stamped.topic(line, channel.name, channel.ts, Topic(text, setter, ts))
        return
    if resolve_tb(channel, ts, text):
        line.commit(TopicChanged(channel, text, by, line.at, setter, ts))


@LINK.command("ETB", min_params=5)
def etb(line: Line) -> None:
    """A topic with the TS of its channel; the newer one holds, and with a TS of 0 this one.

    # <- :00AAAAAAB ETB 0 #one 1795345580 ChanServ :set by services
    """
    text = cut(line.params[-1], LONGEST_TEXT)
    if line.link.stamped:
        stamped.topic(line, _name(line, 1), line.ts(0), Topic(text, _setter(line.params[3]), line.ts(2)))
        return
    channel, channel_ts, ts = line.channel(1), line.ts(0), line.ts(2)
    if resolve_etb(channel, channel_ts, ts, text):
        same = channel.topic is not None and channel.topic.text == text
        setter = _setter(line.params[3])
        fact = TopicChanged(channel, text, line.source, line.at, setter, ts, same, channel_ts)
        line.commit(fact)


# asking in, and to be let in


@LINK.command("INVITE", min_params=2)
def invite(line: Line) -> None:
    """A user is asked into a channel.  Who takes nothing from the one who asks, here, is not told.

    # <- :1SOAAAAAB INVITE 0AAAAAAAB #one 1795345576
    """
    by, user, channel = line.by_user(), line.user(0), line.channel(1)
    if len(line.params) > 2 and not is_current(channel, line.ts(2)):
        raise Ignored
    way = line.links.way_to(user)
    if user in channel.members or way is line.link:
        raise Ignored
    refusal = may_write(by, user, "INVITE", "") if way is None else None
    if refusal is not None:
        line.refuse(by, refusal)
    else:
        line.commit(Invited(user, channel, by, line.at))


@ENCAPSULATED.command("INVITED", min_params=3)
def invited(line: Line) -> None:
    """Somebody was invited elsewhere, as the server of the invited one tells.

    # <- :1SO ENCAP * INVITED 1SOAAAAAB 1SOAAAAAC #one
    """
    by, user, channel = line.user(0), line.user(1), line.channel(2)
    # Who is on the way from the one to the other has seen the INVITE itself.
    aside = line.links.way_to(by) is line.link and line.links.way_to(user) is line.link
    if aside and user not in channel.members:
        line.commit(Invited(user, channel, by, line.at))


@LINK.command("KNOCK", min_params=1)
def knock(line: Line) -> None:
    """A user asks to be invited.

    # <- :1SOAAAAAB KNOCK #one
    """
    line.commit(Knocked(line.channel(0), line.by_user(), line.at))


# names


@LINK.command("RENAME", min_params=3)
def rename(line: Line) -> None:
    """A channel has another name; between chatnet servers only.

    # <- :0AAAAAAAB RENAME 1795345576 #one #two :a reason
    """
    channel, name = line.network.channel(line.params[1]), _name(line, 2)
    if line.link.stamped:
        channel = stamped.rename(line, _name(line, 1), name, line.ts(0))
    if channel is None or not line.link.codec.core or not is_current(channel, line.ts(0)):
        raise Ignored
    folded = line.network.fold(name)
    reason = cut(line.param(3), LONGEST_TEXT)
    other = line.network.channels.get(folded)
    if other is None or other is channel:
        line.commit(ChannelRenamed(channel, name, folded, line.source, reason, line.at, channel.name))
    elif line.link.stamped:
        moved = list(channel.members)
        stamped.move(line, channel, other, reason)
        renamed = ChannelRenamed(other, other.name, other.folded, line.source, reason, line.at, channel.name)
        _pass_on(line, renamed, [user for user in moved if user in other.members])
    else:
        _move(line, channel, other, reason)


def _move(line: Line, channel: Channel, other: Channel, reason: str) -> None:
    """`channel` becomes part of `other`, which was made here while its name was taken elsewhere.

    There, what we told of `other` is merged into it as well.  Other servers that know RENAME do what we do:
    nobody else can move those who are behind them.
    """
    old, commit = channel.name, partial(line.node.commit, origin=TOLD)
    claim = SJoin(
        other.name, channel.ts, frozenset(channel.flags), parameters(channel), tuple(channel.members.items())
    )
    lists = {letter: tuple(entries.values()) for letter, entries in channel.lists.items()}
    if "P" in channel.flags:
        stay = (ModeChange(False, "P"),)
        commit(ModesChanged(channel, stay, line.source, line.at))
    for user, _ in claim.members:
        commit(Parted(channel, user, reason, line.at))
    for fact in resolve_sjoin(other, claim).facts(line.network, other, _server(line), line.at):
        for part in _by_ways(line, fact) if isinstance(fact, Joined) else (fact,):
            commit(part)
    if is_current(other, claim.ts):
        for letter, entries in lists.items():
            fresh = resolve_entries(line.network, other, letter, entries)
            if fresh:
                commit(EntriesAdded(other, letter, fresh, _server(line), line.at))
    renamed = ChannelRenamed(other, other.name, other.folded, line.source, reason, line.at, old)
    _pass_on(line, renamed, [user for user, _ in claim.members])


def _pass_on(line: Line, fact: ChannelRenamed, moved: Sequence[User]) -> None:
    """Tell the other neighbours who were `moved` into a channel, and since when that one is there."""
    me, channel = line.network.me, fact.channel
    for link in line.links.others(line.link):
        if link.stamped and line.link.stamped:
            continue  # it has read what we did
        members = [(user, channel.members[user]) for user in moved if line.links.way_to(user) is not link]
        for text in link.codec.renamed(me, fact, members):
            link.send(text)
        for text in link.codec.sjoin(me, SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)):
            link.send(text)


def _by_ways(line: Line, fact: Joined) -> Iterator[Joined]:
    """`fact` in parts: each user of ours alone, who reads their own JOIN first, then those of each link."""
    ways: dict[object, list[tuple[User, int]]] = {}
    for user, ranks in fact.members:
        ways.setdefault(line.links.way_to(user) or user, []).append((user, ranks))
    for whose in sorted(ways, key=lambda whose: not isinstance(whose, User)):
        yield Joined(fact.channel, tuple(ways[whose]), fact.at, merged=fact.merged)


# all


def _name(line: Line, index: int) -> str:
    """A well-formed name of a channel; the line is ignored otherwise."""
    name = line.params[index]
    if not is_channel(name, LONGEST_NAME):
        raise Ignored
    return name


def _current(line: Line) -> Channel:
    """The channel of ``<ts> <channel>``; the line is ignored if it speaks of a younger one that lost."""
    channel = line.channel(1)
    if not is_current(channel, line.ts(0)):
        raise Ignored
    return channel
