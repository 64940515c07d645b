"""Who wins? Whose nick, modes, ranks and topic hold when servers that did not know of each other's meet.

Each server decides for itself, by the same timestamps, so that all come to the same end.  What is compared is
compared as Solanum does it, whatever the case mapping of this network.
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, Flag
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, User, parameters, set_parameter
from chatnet.model.facts import (
    ChannelMerged,
    ChannelReset,
    Fact,
    Joined,
    ModeChange,
    ModesChanged,
)
from chatnet.model.keep import keep_order
from chatnet.model.modes import rank_letters
from chatnet.model.network import Network
from chatnet.model.pace import repeat_order
from chatnet.model.server import Server

_UPPER: Final = bytes.maketrans(
    ascii_lowercase.encode() + b"{|}~",
    ascii_uppercase.encode() + b"[\\]^",
)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _folded(text: str) -> bytes:
    """In upper case, in which Solanum compares: ``_`` stands behind the letters there, not before them."""
    return _bytes(text).translate(_UPPER)


# nicks


class Loser(Flag):
    """Who may not keep a nick that two users want."""

    NOBODY = 0
    EXISTING = 1
    NEWCOMER = 2
    BOTH = 3


def resolve_nick(
    existing: User | None, nick_ts: int, username: str, host: str, renaming: User | None = None
) -> Loser:
    """Who loses a nick that `existing` bears here, and that somebody elsewhere has since `nick_ts`.

    That is a user who is introduced with this user name and visible host, or one who is `renaming`.  The
    older one keeps it; but of two connections of the same person the older is taken for dead.
    """
    if existing is None or existing is renaming:
        return Loser.NOBODY
    if nick_ts == existing.nick_ts or not nick_ts or not existing.nick_ts:
        return Loser.BOTH
    same = _folded(username) == _folded(existing.username) and _folded(host) == _folded(existing.host)
    return Loser.EXISTING if (nick_ts < existing.nick_ts) is not same else Loser.NEWCOMER


# channels


class _Winner(Enum):
    """Whose modes and ranks hold."""

    OURS = "ours"
    BOTH = "both"
    THEIRS = "theirs"


@dataclass(slots=True, frozen=True)
class Outcome:
    """What comes of it when a server tells of a channel that we may know.

    `name` and `ts` hold from now on.  If we `lost`, `removed` are the modes, ranks and list entries that go;
    invitations and the lock on modes go as well.  `changes` are set after that, and `members` come in with
    their ranks.  `told` is what other servers are told in place of what we were; None if it was no SJOIN, or
    if nothing comes of it.
    """

    name: str
    ts: int
    lost: bool
    removed: tuple[ModeChange, ...]
    changes: tuple[ModeChange, ...]
    members: tuple[tuple[User, int], ...]
    told: SJoin | None

    def facts(
        self, network: Network, channel: Channel | None, by: Server, at: float, msgid: str = ""
    ) -> list[Fact]:
        """What happened thereby to `channel`, or to one that comes to be, as the server `by` told it.

        `msgid` is the id of the JOIN, if it was one.
        """
        merged = self.told is not None
        found: list[Fact] = []
        if channel is None:
            if self.members or merged:
                channel = self._begun(network)
                found.append(Joined(channel, self.members, at, True, merged, not merged, msgid=msgid))
        else:
            came = Joined(channel, self.members, at, merged=merged, asked=not merged, msgid=msgid)
            joined = [came] if self.members else []
            if not channel.members:
                found += joined  # before it loses P, or it would end
            if self.ts != channel.ts:
                found.append(
                    ChannelReset(
                        channel, self.ts, channel.ts, self.name, self.removed, by, at, keeping=not self.lost
                    )
                )
            if self.changes:
                found.append(ModesChanged(channel, self.changes, by, at, merged=merged))
            if channel.members:
                found += joined
        if channel is not None and self.told is not None:
            found.append(ChannelMerged(channel, by, self.told, at))
        return found

    def _begun(self, network: Network) -> Channel:
        channel = Channel(self.name, network.fold(self.name), self.ts)
        for change in self.changes:
            if change.parameter is None:
                channel.flags.add(change.letter)
            else:
                set_parameter(channel, change.letter, change.parameter)
        return channel


def resolve_sjoin(channel: Channel | None, claim: SJoin) -> Outcome:
    """What comes of `claim`: the older channel wins, and two of the same age are merged.

    A TS of 0 makes it 0, and merges.  Of a new channel that is empty and does not stay (P) nothing comes.
    """
    return _resolve(channel, claim, lists=True)


def resolve_join(channel: Channel | None, name: str, ts: int, user: User) -> Outcome:
    """What comes of ``:<user> JOIN <ts> <name> +``: a lower TS takes modes and ranks, but leaves the lists.

    Whoever is a member already does not come in again, and tells nothing of the channel.
    """
    if channel is not None and user in channel.members:
        return Outcome(channel.name, channel.ts, False, (), (), (), None)
    claim = SJoin(name, ts, frozenset(), {}, ((user, 0),))
    return _resolve(channel, claim, lists=False)


def resolve_older(channel: Channel, claim: SJoin) -> Outcome:
    """What comes of it that `channel` is the older one of `claim`: that holds, and nothing of ours."""
    return _resolve(channel, claim, lists=True, winner=_Winner.THEIRS)


def _resolve(channel: Channel | None, claim: SJoin, *, lists: bool, winner: _Winner | None = None) -> Outcome:
    """`lists` tells SJOIN from JOIN."""
    claimed: dict[User, int] = {}
    for user, ranks in claim.members:
        claimed[user] = claimed.get(user, 0) | ranks
    if channel is None:
        there = bool(claimed) or "P" in claim.flags
        changes = _modes_added(frozenset(), {}, claim.flags, claim.parameters)
        told = claim if lists and there else None
        return Outcome(claim.name, claim.ts, False, (), changes, tuple(claimed.items()), told)
    ts = min(channel.ts, claim.ts)
    winner = winner or _winner(channel.ts, claim.ts)
    if winner is _Winner.OURS:
        claimed = dict.fromkeys(claimed, 0)
        members = tuple((user, 0) for user in claimed if user not in channel.members)
        nothing = SJoin(channel.name, ts, frozenset(), {}, tuple(claimed.items()), silent=True)
        return Outcome(channel.name, ts, False, (), (), members, nothing if lists else None)
    ours, values = frozenset(channel.flags), parameters(channel)
    lost = winner is _Winner.THEIRS
    flags, wanted = (claim.flags, claim.parameters) if lost else _merged(ours, values, claim)
    name = claim.name if lost else channel.name
    removed: tuple[ModeChange, ...] = ()
    if lost:
        removed = (*_modes_removed(ours, values, flags, wanted), *_ranks_removed(channel, claimed))
        if lists:
            removed += tuple(
                ModeChange(False, letter, entry.text)
                for letter, entries in channel.lists.items()
                for entry in entries.values()
            )
    told = None
    if lists:
        told = SJoin(
            name, ts, frozenset() if claim.silent else flags, {} if claim.silent else wanted,
            tuple(claimed.items()), claim.silent,
        )  # fmt: skip
    return Outcome(
        name, ts, lost, removed,
        (*_modes_added(ours, values, flags, wanted), *_ranks_added(channel, claimed)),
        tuple((user, ranks) for user, ranks in claimed.items() if user not in channel.members),
        told,
    )  # fmt: skip


def _winner(ours: int, theirs: int) -> _Winner:
    if ours == theirs or not ours or not theirs:
        return _Winner.BOTH
    return _Winner.THEIRS if theirs < ours else _Winner.OURS


_ORDER: Final[dict[str, Callable[[str], Any]]] = {
    "k": _bytes,
    "l": int,
    "f": lambda text: (_folded(text), _bytes(text)),
    "j": lambda text: tuple(map(int, text.split(":"))),
    "H": keep_order,
    "W": int,
    "E": repeat_order,
}
"""Of two parameters the greater one holds, in the order of these."""


def greater(letter: str, one: str, other: str) -> str:
    """Of two parameters of k, l, f, j, H, W or E the one that holds."""
    return max(one, other, key=_ORDER[letter])


def _merged(
    flags: frozenset[str], values: Mapping[str, str], claim: SJoin
) -> tuple[frozenset[str], Mapping[str, str]]:
    merged = dict(values)
    for letter, value in claim.parameters.items():
        mine = values.get(letter)
        merged[letter] = value if mine is None else greater(letter, mine, value)
    return flags | claim.flags, merged


def _modes_removed(
    flags: frozenset[str], values: Mapping[str, str], wanted: frozenset[str], wanted_values: Mapping[str, str]
) -> list[ModeChange]:
    return [ModeChange(False, letter) for letter in sorted(flags - wanted)] + [
        ModeChange(False, letter, "*" if letter == "k" else None)
        for letter in values
        if letter not in wanted_values
    ]


def _modes_added(
    flags: frozenset[str], values: Mapping[str, str], wanted: frozenset[str], wanted_values: Mapping[str, str]
) -> tuple[ModeChange, ...]:
    return (
        *(ModeChange(True, letter) for letter in sorted(wanted - flags)),
        *(
            ModeChange(True, letter, value)
            for letter, value in sorted(wanted_values.items())
            if values.get(letter) != value
        ),
    )


def _ranks_removed(channel: Channel, claimed: Mapping[User, int]) -> list[ModeChange]:
    return [
        ModeChange(False, letter, None, user)
        for user, ranks in channel.members.items()
        if ranks  # most have none
        for letter in rank_letters(ranks & ~claimed.get(user, 0))
    ]


def _ranks_added(channel: Channel, claimed: Mapping[User, int]) -> list[ModeChange]:
    return [
        ModeChange(True, letter, None, user)
        for user, ranks in claimed.items()
        if user in channel.members
        for letter in rank_letters(ranks & ~channel.members[user])
    ]


def is_current(channel: Channel, ts: int) -> bool:
    """Whether a TMODE, BMASK, EBMASK or MLOCK that bears `ts` is about this channel, and not about a younger
    one of the same name, which lost."""
    return ts <= channel.ts


def resolve_entries(
    network: Network, channel: Channel, letter: str, entries: Iterable[ListEntry]
) -> tuple[ListEntry, ...]:
    """Those of a server's `entries` (BMASK, EBMASK) that the list `letter` of `channel` does not have yet.

    Of two entries of one mask that send the banned to different channels the older one holds.
    """
    known = channel.lists[letter]
    fresh: dict[str, ListEntry] = {}
    for entry in entries:
        folded = network.fold(entry.mask)
        ours = known.get(folded)
        if ours is None or (ours.forward != entry.forward and _precedence(entry) > _precedence(ours)):
            fresh.setdefault(folded, entry)
    return tuple(fresh.values())


def _precedence(entry: ListEntry) -> tuple[int, bytes]:
    return -entry.at, _bytes(entry.forward or "")


# topics


def resolve_tb(channel: Channel, topic_ts: int, text: str) -> bool:
    """Whether the topic of a ``TB`` holds: the oldest does, and the same text again means nothing.

    The document says that the newer one holds, Solanum's program does it so.  Of two of the same second it
    keeps its own; here the greater one holds, so that both sides come to the same.
    """
    topic = channel.topic
    if topic is None or topic.text == text:
        return bool(text) and topic is None
    return bool(text) and (-topic_ts, _bytes(text)) > (-topic.at, _bytes(topic.text))


def resolve_etb(channel: Channel, ts: int, topic_ts: int, text: str) -> bool:
    """Whether the topic of an ``ETB`` holds: that of the older channel, or else the newest.

    A channel TS of 0 is older than all others: so services set a topic in any case.  The same text again is
    told to servers only.  An empty one clears the topic.
    """
    topic = channel.topic
    if topic is None:
        return bool(text)
    return channel.ts > ts or (channel.ts == ts and topic.at < topic_ts)
