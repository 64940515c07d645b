"""Sessions without TLS of people who, on another server, come into a channel for those who have it (mode S).

On one server the JOIN is refused while there is such a session, and such a session while somebody is in such
a channel.  Two servers may let both in at the same time, or in halves of a network that meet; then each ends
its own sessions without TLS, as if they came now.  Who was in the channel before it was one for TLS stays in,
as on one server.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, Joined, SeatTaken
from chatnet.rules.persons import reserved
from chatnet.session.session import Session
from chatnet.session.shared import Shared


class Securing:
    """An observer of who comes into channels elsewhere, and of seats."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._node = shared.node
        self._waiting: Final[set[User]] = set()
        """Whose sessions here are all without TLS; others, by which they joined, have no seat yet."""
        self.hears: Mapping[type[Fact], Hearer] = {Joined: self._joined, SeatTaken: self._seat_taken}

    def _joined(self, fact: Joined, origin: object) -> None:
        if isinstance(origin, Session):  # that was judged here
            return
        for user, _ in fact.members:
            if user.person is not None and self._plain(user):
                # In a moment it is known which modes the channel has, if it is told of for the first time.
                self._node.clock.later(0.0, partial(self._look_at, user))

    def _plain(self, user: User) -> list[Session]:
        sessions = self._shared.local.sessions_of(user)
        return [session for session in sessions if not session.peer.secure]

    def _look_at(self, user: User, *, waits: bool = True) -> None:
        plain, channel = self._plain(user), self._reserved(user)
        if channel is None or not plain:
            return
        if waits and len(plain) == len(self._shared.local.sessions_of(user)) and not user.seats:
            # The others were somebody of their own until now, and ask for a seat.
            if user not in self._waiting:
                self._waiting.add(user)
                seconds = self._node.settings.bouncer.attach_timeout
                self._node.clock.later(seconds, lambda: self._waited(user))
            return
        for session in plain:
            session.close(reserved(channel))

    def _waited(self, user: User) -> None:
        if user in self._waiting:
            self._waiting.discard(user)
            self._look_at(user, waits=False)

    def _seat_taken(self, fact: SeatTaken, origin: object) -> None:
        if fact.user in self._waiting:
            self._waiting.discard(fact.user)
            self._node.clock.later(0.0, lambda: self._look_at(fact.user))

    def _reserved(self, user: User) -> Channel | None:
        """The first channel of theirs in which sessions without TLS have no place."""
        links = self._shared.links
        for channel in user.channels:
            if "S" in channel.flags and links.came_since(user, channel, "S"):
                return channel
        return None
