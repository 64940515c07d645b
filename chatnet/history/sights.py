"""What somebody may see now, of a channel or a talk that was found before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from chatnet.model.entities import Channel, User
from chatnet.model.places import Places
from chatnet.node import Node
from chatnet.rules.past import Reader, channel_view, talk_view
from chatnet.storage.messages.rows import Place, Times, View

IN_MEMORY: Final = Place("m", "")
"""Stands for a place of what the ring remembers."""


class Talk(NamedTuple):
    """A talk of an account: what the other one is called, and who of them is here."""

    place: Place
    name: str
    other: User | None


Spot = Channel | User | Talk
"""What a name means: a channel, somebody to whom one talks in memory, or a talk in the store."""


@dataclass(slots=True, frozen=True)
class Sight:
    """What somebody may see of a place, and what it is called for them.

    It is a `channel`, or else a talk: then `me` is the key of the one who looks, as rows have it, and `other`
    whom they talk to, if that user is here.  `name` is as the channel is called, or the nick of the other.
    """

    view: View
    name: str
    channel: Channel | None = None
    me: str = ""
    other: User | None = None

    @property
    def in_memory(self) -> bool:
        """Whether the ring remembers it, and no store."""
        return self.view.place is IN_MEMORY


class Sights:
    """What `user` may see of spots, at any time: of those that they have not lost, as the rules have it then.

    `stays` are those of the account that they were logged in to when they asked; who has left it has none.
    `joined` tells since when, in milliseconds, a member is in a channel.
    """

    def __init__(
        self,
        node: Node,
        places: Places,
        joined: Callable[[Channel, User], int | None],
        user: User,
        stays: Mapping[Spot, Times],
    ) -> None:
        self._node = node
        self._places = places
        self._joined = joined
        self._user = user
        self._person = places.person(user)
        self._stays = stays

    def now(self) -> dict[Place, Sight]:
        """All that they may see now, by its place."""
        sights = [sight for spot in self._stays if (sight := self.of(spot)) is not None]
        return {sight.view.place: sight for sight in sights}

    def of(self, spot: Spot) -> Sight | None:
        """What they may see of a spot now."""
        network = self._node.network
        if isinstance(spot, Channel):
            return self._channel(spot) if network.channels.get(spot.folded) is spot else None
        if isinstance(spot, User):
            if not (_is_here(self._node, self._user) and _is_here(self._node, spot)):
                return None
            view = View(IN_MEMORY, person=self._user.uid)
            return Sight(view, spot.nick, None, self._user.uid, spot)
        reader = reader_of(self._node, self._places, self._user)
        found = talk_view(reader, spot.place, self._node.settings.history, _now(self._node))
        if found is None or reader.person is None:
            return None
        other = spot.other
        if other is None or not _is_here(self._node, other):
            return Sight(found, spot.name, None, reader.person)
        return Sight(found, other.nick, None, reader.person, other)

    def _channel(self, channel: Channel) -> Sight | None:
        user, places = self._user, self._places
        reader = reader_of(self._node, places, user)
        stays = self._stays.get(channel, ()) if reader.person == self._person else ()
        joined = self._joined(channel, user)
        settings, now = self._node.settings.history, _now(self._node)
        view = channel_view(reader, channel, places.channel(channel), settings, stays, joined, now)
        return None if view is None else Sight(view, channel.name, channel)


def reader_of(node: Node, places: Places, user: User) -> Reader:
    """`user`, as one who wants to look back."""
    account = node.network.registry.account(user.account_id)
    since = user.account_since if account is None else account.created
    return Reader(user, places.person(user), None if since is None else since * 1000)


def _is_here(node: Node, user: User) -> bool:
    return node.network.users.get(user.uid) is user


def _now(node: Node) -> int:
    return int(node.clock.time() * 1000)
