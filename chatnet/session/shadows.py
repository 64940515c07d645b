"""People whose servers were lost a moment ago, and whom clients are still shown: shadows.

The network has forgotten them.  If they are back within a time, nobody saw them go; ``delivery/damping.py``
says when, and tells what became of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from chatnet.model.entities import Channel, User
from chatnet.model.facts import NetSplit
from chatnet.model.ids import UID, Folded
from chatnet.model.network import Network


class Speaker(Protocol):
    """Who said something: a session, which may be `closed` meanwhile."""

    closed: bool


class Held(NamedTuple):
    """A message to somebody who may be back: how to send it, and how to refuse it."""

    session: Speaker
    send: Callable[[], object]
    refuse: Callable[[], object]


class Shadow:
    """A `user` as they were seen last, in whose channels clients see them still, with the ranks they had.

    They went with a `split`; the user who came in their place is `now`.  `held` is what waits for them.
    """

    __slots__ = ("held", "now", "split", "user")

    def __init__(self, user: User, split: NetSplit) -> None:
        self.user = user
        self.split = split
        self.now: User | None = None
        self.held: list[Held] = []

    def hold(self, held: Held, most: int) -> bool:
        """Keep a message for them; False if there are too many."""
        if len(self.held) >= most:
            return False
        self.held.append(held)
        return True


class Shadows:
    """All of them: `away` by UID, and `back` by the user whom the network has again.

    `leaving` are told of each who is not back in time.
    """

    def __init__(self) -> None:
        self.away: dict[UID, Shadow] = {}
        self.back: dict[User, Shadow] = {}
        self.leaving: list[Callable[[User], object]] = []
        self._nicks: dict[Folded, Shadow] = {}
        self._channels: dict[Channel, dict[User, None]] = {}

    @property
    def any(self) -> bool:
        """Whether there is anybody."""
        return bool(self.away or self.back)

    def add(self, shadow: Shadow) -> None:
        """Somebody is gone, and still shown."""
        self.away[shadow.user.uid] = self._nicks[shadow.user.folded] = shadow
        for channel in shadow.user.channels:
            self._channels.setdefault(channel, {})[shadow.user] = None

    def returned(self, shadow: Shadow, user: User) -> None:
        """They are back, though perhaps not in all their channels yet."""
        self._forget_name(shadow)
        shadow.now = user
        self.back[user] = shadow

    def left(self, shadow: Shadow, channel: Channel) -> int | None:
        """They are a shadow no more in this channel; the ranks they had there, None if they were not."""
        ranks = shadow.user.channels.pop(channel, None)
        if ranks is not None:
            there = self._channels[channel]
            del there[shadow.user]
            if not there:
                del self._channels[channel]
        return ranks

    def remove(self, shadow: Shadow) -> dict[Channel, int]:
        """They are no shadow any more; the channels in which they still were one."""
        self._forget_name(shadow)
        if shadow.now is not None:
            del self.back[shadow.now]
        channels = dict(shadow.user.channels)
        for channel in channels:
            self.left(shadow, channel)
        return channels

    def _forget_name(self, shadow: Shadow) -> None:
        if self.away.get(shadow.user.uid) is shadow:
            del self.away[shadow.user.uid]
            del self._nicks[shadow.user.folded]

    def find(self, folded: Folded) -> Shadow | None:
        """Who bore that nick, and may be back."""
        return self._nicks.get(folded)

    def shown(self, network: Network, nick: str) -> User | None:
        """Whom clients see as bearing that nick: who does, or who may be back."""
        shadow = self.find(network.fold(nick))
        return network.user(nick) or (shadow.user if shadow is not None else None)

    def is_away(self, user: User) -> bool:
        """Whether `user` is gone, and still shown."""
        shadow = self.away.get(user.uid)
        return shadow is not None and shadow.user is user

    def is_in(self, user: User, channel: Channel) -> bool:
        """Whether clients still see `user`, who is gone, in a channel."""
        return user in self._channels.get(channel, ())

    def members(self, channel: Channel) -> Iterable[tuple[User, int]]:
        """Those whom clients still see in a channel, with their ranks."""
        return [(user, user.channels[channel]) for user in self._channels.get(channel, ())]
