"""Which local sessions are in which channel and belong to which user, and how to tell many of them one thing.

Each fact is rendered once for each output format among its audience, and the same bytes are appended to every
outlet of that format.  The loop in :meth:`Index.fan` is the busiest place of the server: it may hold an
append and a test, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from chatnet.delivery.audience import Group, Groups, add, key_of, merge, remove
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Source
from chatnet.node import Node
from chatnet.session import render
from chatnet.session.outlet import Turn
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap

Render = Callable[[Any, int], bytes]


class Index:
    """Channel → groups of local sessions, user → local sessions."""

    def __init__(self, node: Node, turn: Turn) -> None:
        self._node = node
        self._turn = turn
        self.channels: dict[Channel, Groups] = {}
        self.users: dict[User, tuple[Session, ...]] = {}

    # who is here

    def attach(self, session: Session) -> None:
        """Deliver to `session` what its user hears, from now on."""
        others = self.users.get(session.user)
        self.users[session.user] = (session,) if others is None else (*others, session)
        for channel in session.user.channels:
            add(self.channels.setdefault(channel, {}), session)

    def detach(self, session: Session) -> bool:
        """Deliver nothing more to `session`; True if it was the last one of its user."""
        user = session.user
        key = key_of(session)
        for channel in user.channels:
            self.remove(channel, session, key)
        sessions = self.users[user]
        if len(sessions) > 1:
            self.users[user] = tuple(other for other in sessions if other is not session)
            return False
        del self.users[user]
        return True

    def sessions_of(self, user: User) -> tuple[Session, ...]:
        """The local sessions of `user`."""
        return self.users.get(user, ())

    def people(self) -> int:
        """How many users have a session here."""
        return len(self.users)

    def regroup(self, session: Session, before: int) -> None:
        """Move `session` from the group of the key `before` to its own, in each of its channels."""
        if key_of(session) != before:
            for channel in session.user.channels:
                groups = self.channels[channel]
                remove(groups, session, before)
                add(groups, session)

    def remove(self, channel: Channel, session: Session, key: int) -> None:
        """Tell `session`, which stands in the group of `key`, nothing more of `channel`."""
        groups = self.channels[channel]
        remove(groups, session, key)
        if not groups:
            del self.channels[channel]

    def inside(self, channel: Channel) -> list[tuple[User, int]]:
        """The members of `channel` who are here, with their ranks; nobody elsewhere is looked at."""
        members = channel.members
        return [(user, members[user]) for user in self.users.keys() & members.keys()]

    def everybody(self) -> list[Session]:
        """All local sessions."""
        return [session for sessions in self.users.values() for session in sessions]

    def seeing(self, channel: Channel, user: User) -> Groups:
        """Who is in `channel` and sees that `user` is, or was: all, but in an auditorium and the like."""
        if not channel.hides(user):
            return self.channels.get(channel, {})
        found: Groups = {}
        if channel in self.channels:
            told = [other for other, ranks in self.inside(channel) if ranks and other is not user]
            for each in (*told, user):
                for session in self.users.get(each, ()):
                    add(found, session)
        return found

    def without_rank(self, channel: Channel, but: User) -> Groups:
        """Who is in `channel` without a rank, other than `but`."""
        found: Groups = {}
        for other, ranks in self.inside(channel):
            if not ranks and other is not but:
                for session in self.users[other]:
                    add(found, session)
        return found

    def neighbours(self, user: User) -> Groups:
        """Everybody who shares a channel with `user`, and knows, and the user."""
        return merge(
            [
                *(self.seeing(channel, user) for channel in user.channels),
                *({key_of(session): Group([session.outlet])} for session in self.users.get(user, ())),
            ]
        )

    # telling

    def fan(
        self, groups: Groups, mask: int, make: Render, fact: object, skip: int = 0, need: int = 0
    ) -> None:
        """Append `fact`, rendered once per format, to those of `groups` without `skip` and with `need`.

        `mask` are the capabilities that make a difference to this fact; one too many costs a rendering.
        """
        lines: dict[int, bytes] = {}
        turn = self._turn
        dirty, serial = turn.dirty, turn.serial
        for caps, group in groups.items():
            if (skip and caps & skip) or (need and caps & need != need):
                continue
            key = caps & mask
            line = lines.get(key)
            if line is None:
                line = make(fact, key)
                if not line.isascii():
                    line = self.fit(line)
                lines[key] = line
            if serial and group.marked == serial:
                for out in group.values():
                    out.append(line)
                continue
            group.marked = serial
            for outlet, out in group.items():
                if not out:
                    dirty.append(outlet)
                out.append(line)
        if dirty and not turn.armed:
            turn.arm()

    def tell(self, sessions: Iterable[Session], make: Render, fact: object) -> None:
        """Append `fact` to a few sessions, one by one, rendered for each."""
        for session in sessions:
            self.tell_one(session, make, fact)

    def tell_one(self, session: Session, make: Render, fact: object) -> None:
        """Append `fact` to one session."""
        # The path of every private message: what `fit` and ``Outlet.send`` would find is seen here.
        line = make(fact, session.caps)
        if not line.isascii():
            line = self.fit(line)
        outlet = session.outlet
        out = outlet.out
        if not out:
            turn = self._turn
            turn.dirty.append(outlet)
            if not turn.armed:
                turn.arm()
        out.append(line)

    def tell_channel(self, channel: Channel, make: Render, fact: object, by: Source) -> None:
        """Append `fact` to all who are in `channel`; `by` is what its lines come from."""
        groups = self.channels.get(channel)
        if groups is not None:
            self.fan(groups, cap.SERVER_TIME | by.tagged, make, fact)

    def tell_event(self, channel: Channel, make: Render, fact: Fact, by: Source, origin: object) -> None:
        """The same of an event, which has an id."""
        groups = self.channels.get(channel)
        if groups is not None:
            self.fan(groups, cap.SERVER_TIME | by.tagged | self.of_id(groups, fact, origin), make, fact)

    def of_id(self, groups: Groups, fact: Fact, origin: object) -> int:
        """The capabilities by which the id of an event makes a difference to `groups`.

        It is made if somebody there reads it.
        """
        for key in groups:
            if key & cap.MESSAGE_TAGS:
                return cap.MESSAGE_TAGS if self._node.event_ids.of(fact, origin) else 0
        return 0

    def fit(self, lines: bytes) -> bytes:
        """Whole lines as this server's clients may get them."""
        return render.in_utf8(lines) if self._node.settings.server.utf8_only else lines
