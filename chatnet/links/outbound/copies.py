"""Private messages of people who have sessions at several servers, told to these: ``CNCOPY``.

A message to somebody goes to their own server, which judges it, and tells all others that have sessions of
theirs.  One that is said at such a server goes to its target as ever, and to their own server besides, which
tells the others; so nobody else has to know where sessions are, and each server is told once.
"""

from __future__ import annotations

from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import Hearsay, MessageCopied, MessageRedacted, MessageSent
from chatnet.model.places import BY_NAME
from chatnet.model.server import Server
from chatnet.rules.messages import is_service


class Copies:
    """Tells copies of private messages; what is said to services, never: there may be a password in it."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links

    def said(self, fact: MessageSent | MessageRedacted, target: User, origin: object) -> None:
        """Something was said to `target`: here, or elsewhere and judged here."""
        by, me = fact.by, self._links.node.network.me
        if target.person is not None and target.server is me and by is not target:
            self._tell_seats(fact, target, None)
        if isinstance(origin, Hearsay) or not isinstance(by, User) or by.person is None:
            return
        if is_service(target, self._links.node.settings.service_names):
            return
        if by.server is me:
            self._tell_seats(fact, by, me)
        elif me in by.seats:
            self._tell(MessageCopied(fact, by, me, me, self._links.node.clock.time()), by.server)

    def copied(self, fact: MessageCopied, origin: object) -> None:
        """A server that has sessions of somebody of this one told what they said there."""
        if fact.user.server is self._links.node.network.me:
            self._tell_seats(fact.message, fact.user, fact.said_at, fact.teller)

    def _tell_seats(
        self, message: MessageSent | MessageRedacted, user: User, said_at: Server | None, *but: Server
    ) -> None:
        if not user.seats:
            return
        me, now = self._links.node.network.me, self._links.node.clock.time()
        fact = MessageCopied(message, user, me, said_at, now)
        for seat in user.seats:
            if seat is not said_at and seat not in but:
                self._tell(fact, seat)

    def _tell(self, fact: MessageCopied, to: Server) -> None:
        way = self._links.way_to(to)
        if way is None or not way.codec.seats:
            return
        target = fact.message.target
        other = fact.message.by if target is fact.user else target
        for text in way.codec.copy(fact, to, self._key_of(other), self._links.reference()):
            way.send(text)

    def _key_of(self, other: object) -> str | None:
        """The key of the account of the other one of the two."""
        if not isinstance(other, User) or other.account is None:
            return None
        if other.account_id is None and not self._links.node.settings.keeps_accounts:
            return BY_NAME + self._links.node.network.fold(other.account)
        return other.account_id
