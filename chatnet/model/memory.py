"""What the network remembers of channels: names they had, those that ended, and which became an older one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from chatnet.model.entities import Channel
from chatnet.model.ids import Folded

MOST_AGES: Final = 8
"""How often channels of one name are remembered to have become an older one: no more than hostility needs."""
_NONE: Final[Mapping[int, Channel]] = MappingProxyType({})


@dataclass(slots=True, frozen=True)
class Former:
    """A name that a channel had until a Unix time, when it was renamed."""

    channel: Channel
    at: float


class Memory:
    """`former` are names that channels had before they were renamed, the oldest first, at most `most_former`.

    `ended` are channels without members, as they were, by name and TS, if anybody wants them kept: ``links``
    does while there are neighbours who may be about to join one.  `beaten` are those that lost to older ones,
    by name: the TS of the older one, and the highest of those that became that one.  Only ``Network.apply``
    changes them.
    """

    __slots__ = ("beaten", "ended", "former", "most_former")

    def __init__(self, most_former: int) -> None:
        self.former: dict[Folded, Former] = {}
        self.most_former = most_former
        self.ended: dict[Folded, dict[int, Channel]] | None = None
        self.beaten: dict[Folded, dict[int, int]] = {}

    # names

    def remember_name(self, channel: Channel, folded: Folded, at: float) -> None:
        """A name that nobody has leads to `channel`, which had it, or nearly did, until `at` (Unix time)."""
        self.take_name(folded)
        self.former[folded] = Former(channel, at)
        channel.former[folded] = None
        self.forget_names()

    def take_name(self, folded: Folded) -> None:
        """A name that leads nowhere else any more, if it did."""
        former = self.former.pop(folded, None)
        if former is not None:
            del former.channel.former[folded]

    def forget_names(self) -> None:
        """The oldest, if there are too many."""
        while len(self.former) > self.most_former:
            self.take_name(next(iter(self.former)))

    def forget_names_of(self, channel: Channel) -> None:
        """Those that led to a channel that ends."""
        for folded in channel.former:
            del self.former[folded]
        channel.former.clear()

    # channels that ended

    def ended_of(self, folded: Folded) -> Mapping[int, Channel]:
        """Those that had this name, by their TS."""
        return _NONE if self.ended is None else self.ended.get(folded, _NONE)

    def all_ended(self) -> Iterator[Channel]:
        """All of them."""
        return (channel for several in (self.ended or {}).values() for channel in several.values())

    def keep_ended(self) -> None:
        """Keep those that end, from now on."""
        if self.ended is None:
            self.ended = {}

    def keep(self, channel: Channel) -> None:
        """A channel ended, or nobody is in it; kept, if that is wanted."""
        if self.ended is not None:
            self.ended.setdefault(channel.folded, {})[channel.ts] = channel

    def forget(self, channel: Channel) -> None:
        """One that had ended goes on, or is not kept any more."""
        if not self.ended:
            return
        several = self.ended.get(channel.folded, {})
        if several.get(channel.ts) is channel:
            del several[channel.ts]
            if not several:
                del self.ended[channel.folded]

    # ages

    def birth(self, folded: Folded, now: float) -> int:
        """The TS of a channel that is made `now`: later than those of all that had the name and ended."""
        if not self.ended and not self.beaten:
            return int(now)
        youngest = max(self.ended_of(folded), default=-1)
        beaten = max(self.beaten.get(folded, {}).values(), default=-1)
        return max(int(now), youngest + 1, beaten + 1)

    def became(self, folded: Folded, ts: int) -> int:
        """The TS of the channel that the one of `ts` became: its own, unless it lost to an older one."""
        for older, youngest in self.beaten.get(folded, {}).items():
            if older < ts <= youngest:
                return older
        return ts

    def beat(self, folded: Folded, ts: int, youngest: int) -> None:
        """Channels of a name that are younger than the one of `ts`, up to one, became that one."""
        beaten = self.beaten.setdefault(folded, {})
        for older, last in list(beaten.items()):
            if older <= youngest and last >= ts:
                ts, youngest = min(ts, older), max(youngest, last)
                del beaten[older]
        beaten[ts] = youngest
        if len(beaten) > MOST_AGES:
            del beaten[min(beaten)]
