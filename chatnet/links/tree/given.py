"""Which account this network gave to whom, at servers that keep none: who says so of others is not believed.

It is remembered by UID, together with the neighbour by whose word alone it counts, from the login of a
connection that is no user yet until it is one, and while its server is away.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable
from typing import Final, NamedTuple

from chatnet.links.codecs.solanum import RECORDS
from chatnet.model.entities import User
from chatnet.model.ids import UID
from chatnet.model.logins import NO_WAY, Way
from chatnet.model.server import Server
from chatnet.node import Node

CROSSING: Final = 30.0
"""Seconds that a login and what its server says of the user may be on their ways to each other."""


class _Gift(NamedTuple):
    account: str  # its id
    by: str  # the name of who may tell of it
    until: float  # monotonic


class Given:
    """They are never more than ``links.logins``, nor remembered for longer than ``links.login_memory``."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._gifts: OrderedDict[UID, _Gift] = OrderedDict()
        self._ways: OrderedDict[UID, Way] = OrderedDict()  # by tokens alone, which may do less
        self.doubted: dict[UID, None] = {}
        """Of whom their server told another login than the one that holds, and has not been told yet."""

    def __len__(self) -> int:
        return len(self._gifts)

    def give(self, uid: UID, account: str, by: str) -> None:
        """Somebody with this UID is logged in to an account, as the neighbour of the name `by` will tell."""
        settings, now = self._node.settings.links, self._node.clock.monotonic()
        self._gifts.pop(uid, None)
        self._gifts[uid] = _Gift(account, by, now + settings.login_memory)
        while len(self._gifts) > settings.logins or next(iter(self._gifts.values())).until <= now:
            self._gifts.popitem(last=False)

    def take(self, uid: UID, by: str) -> str | None:
        """The id of the account that was given to a UID, as `by` tells; it is remembered no more."""
        gift = self._gifts.get(uid)
        if gift is None or gift.by != by:
            return None
        del self._gifts[uid]
        return gift.account if gift.until > self._node.clock.monotonic() else None

    def came_by(self, uid: UID, way: Way) -> None:
        """Somebody is logged in by this way now."""
        self._ways.pop(uid, None)
        if way.token:
            self._ways[uid] = way
            if len(self._ways) > self._node.settings.links.logins:
                self._ways.popitem(last=False)

    def way_of(self, uid: UID) -> Way:
        """How somebody is logged in, if it was by a token."""
        return self._ways.get(uid, NO_WAY)

    def taken(self, tokens: Container[tuple[str | None, str]]) -> list[User]:
        """Who is logged in by one of these tokens, by account and key, which are taken away.

        A connection that is no user yet comes in without the login.
        """
        users = self._node.network.users
        found = []
        for uid, way in list(self._ways.items()):
            user, gift = users.get(uid), self._gifts.get(uid)
            if user is not None and (user.account_id, way.token) in tokens:
                found.append(user)
            elif gift is not None and (gift.account, way.token) in tokens:
                del self._gifts[uid], self._ways[uid]
        return found

    def doubt(self, uid: UID) -> None:
        """Their server says of this user what does not hold."""
        if len(self.doubted) < self._node.settings.links.logins:
            self.doubted[uid] = None

    def forget(self, uid: UID) -> None:
        """Who has this UID now is somebody else, or has logged out, or cannot know yet of a new login."""
        gift = self._gifts.get(uid)
        memory, now = self._node.settings.links.login_memory, self._node.clock.monotonic()
        if gift is not None and now > gift.until - memory + CROSSING:
            del self._gifts[uid]

    def lost(self, users: Iterable[User]) -> None:
        """They are split away, and may be back, told of by whoever told of them before."""
        for user in users:
            if self.doubted:
                self.doubted.pop(user.uid, None)
            if user.account_id is not None and RECORDS not in user.server.caps:
                self.give(user.uid, user.account_id, self._by(user.server).name)

    def _by(self, server: Server) -> Server:
        """The outermost server on the way to `server` that keeps no accounts: it links to one that does."""
        me = self._node.network.me
        while server.uplink is not None and server.uplink is not me and RECORDS not in server.uplink.caps:
            server = server.uplink
        return server
