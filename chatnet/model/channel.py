"""A channel: its members and their ranks, its modes, its lists and its topic."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from chatnet.model import user  # users and channels name each other, so each imports the module
from chatnet.model.ids import Folded


@dataclass(slots=True)
class ListEntry:
    """An entry of a b, e or I list: the mask (a ``$forward`` cut off), who set it, and when (Unix time).

    Never changed, but for `reading`: what ``rules/bans.py`` read the mask as, kept as long as the entry.
    """

    mask: str
    by: str
    at: int
    forward: str | None = None
    reading: Any = field(default=None, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The mask with its forward, as it was set."""
        return self.mask if self.forward is None else f"{self.mask}${self.forward}"


def split_forward(text: str) -> tuple[str, str | None]:
    """``mask$#channel`` → the mask, and where the banned are sent instead (Solanum's ban forwards)."""
    mask, mark, name = text.rpartition("$#")
    return (mask, "#" + name) if mark and mask else (text, None)


@dataclass(slots=True, frozen=True)
class Topic:
    """A topic: its text, who set it (``nick!user@host`` or a server), and when (Unix time)."""

    text: str
    by: str
    at: int


PARAMETERS: Final = "klfj"
"""Modes that have a parameter, but for lists and ranks."""


class Channel:
    """A channel of the network.  `ts` is the Unix time of its creation; members are users with rank bits.

    `source` is its name as bytes, for the lines of clients, `place` the same in base64, for message ids.
    `former` are names it had, folded, as long as ``Network.former`` remembers them.  `invited` are those who
    have it among their invites; `locked` are modes that services keep as they are.

    `verdicts` remembers for members whether b and e forbid them to speak; whoever changes what a ban
    looks at drops them (``Network.apply`` does).
    """

    __slots__ = (
        "__weakref__",
        "flags",
        "folded",
        "former",
        "forward",
        "invited",
        "key",
        "limit",
        "lists",
        "locked",
        "members",
        "name",
        "place",
        "source",
        "throttle",
        "topic",
        "ts",
        "verdicts",
    )

    def __init__(self, name: str, folded: Folded, ts: int) -> None:
        self.rename(name, folded)
        self.former: dict[Folded, None] = {}
        self.ts = ts
        self.flags: set[str] = set()
        self.key: str | None = None
        self.limit: int | None = None
        self.forward: str | None = None
        self.throttle: tuple[int, int] | None = None  # joins, seconds
        self.topic: Topic | None = None
        self.members: dict[user.User, int] = {}  # ranks as bits
        self.lists: dict[str, dict[Folded, ListEntry]] = {"b": {}, "e": {}, "I": {}}
        self.invited: dict[user.User, None] = {}
        self.locked = ""
        self.verdicts: dict[user.User, bool] = {}

    def rename(self, name: str, folded: Folded) -> None:
        """Give it this name; only ``Network.apply`` does so while it stands on the network."""
        self.name = name
        self.folded = folded
        self.source = name.encode("utf-8", "surrogateescape")
        self.place = b64encode(self.source).decode()

    def __repr__(self) -> str:
        return f"<Channel {self.name}>"


def parameters(channel: Channel) -> dict[str, str]:
    """The modes k, l, f and j that are set, with their parameters as a MODE line has them."""
    found: dict[str, str] = {}
    if channel.key is not None:
        found["k"] = channel.key
    if channel.limit is not None:
        found["l"] = str(channel.limit)
    if channel.forward is not None:
        found["f"] = channel.forward
    if channel.throttle is not None:
        found["j"] = f"{channel.throttle[0]}:{channel.throttle[1]}"
    return found


def set_parameter(channel: Channel, letter: str, text: str | None) -> None:
    """Set k, l, f or j to what a MODE line has as its parameter, or unset it; ``Network.apply`` does."""
    if letter == "k":
        channel.key = text
    elif letter == "l":
        channel.limit = int(text) if text else None
    elif letter == "f":
        channel.forward = text
    else:
        joins, _, seconds = (text or "").partition(":")
        channel.throttle = (int(joins), int(seconds)) if seconds else None


def mode_text(channel: Channel, *, show_key: bool) -> str:
    """The modes that hold, but for lists and ranks: ``+ntkl key 5``; the key is ``*`` without `show_key`."""
    values = parameters(channel)
    letters = "+" + "".join(sorted(channel.flags)) + "".join(values)
    if "k" in values and not show_key:
        values["k"] = "*"
    return " ".join([letters, *values.values()])
