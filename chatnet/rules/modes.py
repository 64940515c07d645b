"""May she? Who may change which mode of a channel, and what the parameters of modes must look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Set
from typing import Final, cast

from chatnet.model.entities import PARAMETERS, Channel, User, parameters, split_forward
from chatnet.model.facts import ModeChange
from chatnet.model.ids import Folded
from chatnet.model.keep import read_keep
from chatnet.model.modes import HALFOP, OP, OWNER, RANKS, unknown_modes
from chatnet.model.network import Network
from chatnet.model.pace import read_repeat, read_slow
from chatnet.rules.opers import may_use
from chatnet.rules.refusal import Refusal
from chatnet.settings import LimitSettings
from chatnet.storage.messages.keep import DAY
from chatnet.wire import numerics
from chatnet.wire.text import cut, middle

RANK_FOR: Final[dict[str, int]] = {
    **dict.fromkeys("beIklj", HALFOP),
    **dict.fromkeys("CENRSTWcgimnprst", HALFOP),
    **dict.fromkeys("DfFHQVYxz", OP),
    **dict.fromkeys("v", HALFOP),
    **dict.fromkeys("ho", OP),
    **dict.fromkeys("aq", OWNER),
}
"""The lowest rank that may set and unset a mode."""

PRIVILEGE_FOR: Final[dict[str, str]] = dict.fromkeys("LOP", "channels")
"""Modes that no rank may change, but opers with this privilege."""

MASK: Final = 160
"""Bytes an entry of a list may have, its forward included: it fits into a line with the longest names."""

_KEY: Final = re.compile(r"[^\x00-\x20\x7f,:][^\x00-\x20\x7f,]*")
_LIMIT: Final = re.compile(r"0*([1-9][0-9]{0,8})", re.ASCII)
_THROTTLE: Final = re.compile(r"0*([1-9][0-9]{0,3}):0*([1-9][0-9]{0,3})", re.ASCII)


def may_change(user: User, ranks: int, channel: Channel, letter: str) -> Refusal | None:
    """Whether `user`, who has `ranks` there, may change the mode `letter` of `channel`.

    https://modern.ircdocs.horse/#mode-message
    """
    privilege = PRIVILEGE_FOR.get(letter)
    if privilege is not None:
        return may_use(user, privilege)
    return None if ranks >= RANK_FOR[letter] else Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name)


def may_take_rank(user: User, ranks: int, channel: Channel, letter: str, target: User) -> Refusal | None:
    """Whether `user` may take the rank `letter` from the member `target`: a rank of one's own always.

    Nobody takes a rank from somebody who stands above them.
    """
    if target is user:
        return None
    if ranks.bit_length() < channel.members[target].bit_length():
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name)
    return may_change(user, ranks, channel, letter)


def may_forward(user: User, name: str, target: Channel | None) -> Refusal | None:
    """Whether `user` may have those who cannot come in sent to the channel `target`, found by `name`.

    It must exist, and `user` be an operator there, or everybody be free to forward to it (F).
    """
    if target is None:
        return Refusal(numerics.ERR_NOSUCHCHANNEL, middle(name))
    if "F" in target.flags or target.members.get(user, 0) >= OP or user.may("channels"):
        return None
    return Refusal(numerics.ERR_CHANOPRIVSNEEDED, target.name)


KEY_ABROAD: Final = 23
"""Bytes of a channel's key that servers of other makes keep."""


def is_known_abroad(network: Network) -> bool:
    """Whether servers of other makes are on the network."""
    return any("CN1" not in server.caps for server in network.servers.values() if server is not network.me)


def unheeded(network: Network, channel: Channel, letters: Set[str]) -> str:
    """Which of some modes mean nothing to servers that have members in the channel; the letters, in order."""
    servers = {user.server for user in channel.members} - {network.me}
    return "".join(sorted(letters & {letter for server in servers for letter in unknown_modes(server.caps)}))


def key(text: str, longest: int) -> str | None:
    """A channel's key of at most `longest` bytes; None for one with spaces, commas or control characters,
    or that starts with a colon."""
    return cut(text, longest) if _KEY.fullmatch(text) else None


def member_limit(text: str) -> str | None:
    """The parameter of ``+l``: 1 to 999999999, without leading zeros."""
    found = _LIMIT.fullmatch(text)
    return found[1] if found else None


def join_throttle(text: str) -> str | None:
    """The parameter of ``+j``: joins and seconds as ``5:10``, each 1 to 9999."""
    found = _THROTTLE.fullmatch(text)
    return f"{found[1]}:{found[2]}" if found else None


def history(text: str) -> str | None:
    """The parameter of ``+H`` in its one spelling, as ``30d``, ``0`` or ``90d:join`` (``model/keep.py``)."""
    found = read_keep(text)
    return None if found is None else found.text


def keeps_too_long(text: str, most: int) -> bool:
    """Whether this parameter of ``+H`` says more than `most` days."""
    found = read_keep(text)
    return found is not None and found.span > most * DAY


READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "l": member_limit,
    "j": join_throttle,
    "H": history,
    "W": read_slow,
    "E": read_repeat,
}
"""The parameter of a mode in its one spelling, whoever says it; None if it is none.  Not of k and f."""


def size_of_lists(channel: Channel) -> tuple[int, int]:
    """How many entries b, e and I have together, and how many bytes those have."""
    texts = [entry.text for entries in channel.lists.values() for entry in entries.values()]
    return len(texts), len("".join(texts).encode("utf-8", "surrogateescape"))


def are_full(channel: Channel, limits: LimitSettings, count: int, size: int) -> bool:
    """Whether b, e and I, with `count` entries together, have no room for one more: with that they are `size`
    bytes."""
    if "L" in channel.flags:
        return count >= limits.large_mask_list or size > limits.large_mask_bytes
    return count >= limits.mask_list or size > limits.mask_bytes


def differs(channel: Channel, subject: object, change: ModeChange) -> bool:
    """Whether `change` is one: `subject` is the member whose rank it is, the folded mask, or None.

    An entry that is there until another time, or for ever, is another one.
    """
    letter = change.letter
    if isinstance(subject, User):
        return bool(channel.members[subject] & RANKS[letter]) is not change.adding
    if letter in channel.lists:
        entry = channel.lists[letter].get(cast("Folded", subject))
        if entry is None or not change.adding:
            return (entry is not None) is not change.adding
        return entry.until != change.until
    if letter in PARAMETERS:
        value = parameters(channel).get(letter)
        return value != change.parameter if change.adding else value is not None
    return (letter in channel.flags) is not change.adding


def effective(
    channel: Channel, changes: Iterable[ModeChange], fold: Callable[[str], Folded]
) -> tuple[ModeChange, ...]:
    """The last word of `changes` on each mode, mask and member's rank, where it is not so already.

    Ranks of users who are not in the channel are left out.
    """
    wanted: dict[tuple[str, object], ModeChange] = {}
    for change in changes:
        subject: object = change.user
        if change.letter in channel.lists:
            subject = fold(split_forward(change.parameter or "")[0])
        elif change.letter in RANKS and change.user not in channel.members:
            continue
        wanted.pop((change.letter, subject), None)
        wanted[change.letter, subject] = change
    return tuple(change for (_, subject), change in wanted.items() if differs(channel, subject, change))
