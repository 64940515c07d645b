"""All rooms of ``links`` are made here, and handed to each other; nobody inside knows this one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chatnet.dispatch import Table
from chatnet.links.dialling.attempts import Calling, Connect
from chatnet.links.dialling.dialler import Dialler
from chatnet.links.dialling.standby import Standbys
from chatnet.links.exchange.asking import Inquiries, Numbers
from chatnet.links.exchange.backfill import BackFill
from chatnet.links.exchange.bans import tell_bans
from chatnet.links.exchange.burst import Burst
from chatnet.links.exchange.feeds import Feeds
from chatnet.links.exchange.orders import Orders
from chatnet.links.exchange.pasts import Pasts
from chatnet.links.exchange.persons import Persons
from chatnet.links.exchange.queries import Queries
from chatnet.links.exchange.recall import Recall
from chatnet.links.exchange.seats import Seats
from chatnet.links.exchange.stores import Stores
from chatnet.links.inbound.accounts import AccountsIn
from chatnet.links.inbound.bans import Banned, BansIn
from chatnet.links.inbound.feeding import FeedingIn
from chatnet.links.inbound.history import HistoryIn
from chatnet.links.inbound.messages import MessagesIn
from chatnet.links.inbound.metadata import Heard, MetadataIn
from chatnet.links.inbound.orders import OrdersIn
from chatnet.links.inbound.persons import PersonsIn
from chatnet.links.inbound.queries import QueriesIn
from chatnet.links.inbound.servers import ServersIn
from chatnet.links.inbound.sitting import SittingIn
from chatnet.links.logins.agents import Agents
from chatnet.links.logins.elsewhere import Elsewhere
from chatnet.links.logins.gate import Gate
from chatnet.links.logins.remembered import Logins
from chatnet.links.meeting.handshake import Handshake
from chatnet.links.meeting.leaving import Leaving
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.links.outbound import Outbound
from chatnet.links.speech.encap import ENCAPSULATED, Encapsulation
from chatnet.links.speech.line import LINK
from chatnet.links.speech.reading import Reader
from chatnet.links.tree.joins import Joins
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.bans import NetworkBan
from chatnet.model.facts import Source
from chatnet.model.metadata import Target, Word
from chatnet.model.past import Archive, Missed, Past
from chatnet.node import Node, Observer
from chatnet.rules.stamps import Clock
from chatnet.settings import LinkSettings
from chatnet.storage.interfaces import Store


def nobody_describes(target: Target, words: Mapping[str, Word]) -> None:
    """In the place of who writes it down, where there is nobody."""


def nobody_bans(ban: NetworkBan, by: Source) -> bool:
    """In the place of who makes records of bans, where there is nobody."""
    return False


class Links(Neighbours):
    """The links of this server, whole.  What it remembers of channels is `past`; `stamps` makes stamps.

    `connect` makes connections, `chance` says how soon; `cloak_digest` is of the key of our cloaks.  If this
    server keeps records, `store` has them; if it stores messages, `archive` has these, and `missed` what is
    missing of them.
    """

    def __init__(
        self,
        node: Node,
        past: Past,
        stamps: Clock,
        connect: Connect,
        cloak_digest: Callable[[], str] = str,
        store: Store | None = None,
        chance: Callable[[], float] = random.random,
        archive: Archive | None = None,
        missed: Missed | None = None,
    ) -> None:
        super().__init__(node, stamps)
        self.keeps_records = store is not None
        self.described: Heard = nobody_describes
        """What hears what servers without records say of users and channels that have some."""
        self.banned: Banned = nobody_bans
        """What hears of bans that servers without records set, and says whether it makes records of them."""
        self.keeps_past = archive is not None
        self.agents = Agents(self)
        self.logins = Logins(self)
        self.gate = Gate(self)
        self.leaving = Leaving(self)
        numbers = Numbers()
        self.backfill = BackFill(self, past, numbers, missed)
        self.inquiries = Inquiries(self, numbers, self.backfill.can_know)
        self.backfill.reaches_store = self.inquiries.reaches
        pasts = Pasts(self, archive)
        self.stores = Stores(self, self.inquiries, archive, missed)
        self.queries = Queries(self)
        self.seats = Seats(self)
        self.orders = Orders(self)
        self.persons = Persons(self)
        if missed is not None:
            self.persons.spoke_at = missed.spoke_at
        self.calling = Calling(connect, chance)
        self.joins = Joins(self)
        known = self.persons.known.digest
        burst = Burst(self, self.leaving.again, self.agents.told, pasts.erasures, known)
        self.handshake = Handshake(self, self.leaving, burst, cloak_digest)
        self.standbys = Standbys(self, self.calling, self.handshake)
        self.dialler = Dialler(self, self.calling, self.handshake, self.standbys.take)

        verbs, encapsulated = Table(LINK), ENCAPSULATED.copy()
        for room in (
            self.handshake,
            self.standbys,
            ServersIn(self.joins, (self.backfill.heard, self.joins.answered)),
            MessagesIn(self.gate, self.persons),
            QueriesIn(self.queries),
            SittingIn(self.seats),
            OrdersIn(self.orders),
            PersonsIn(self.persons, self),
            HistoryIn(Recall(self, past, archive), self.backfill, self.inquiries, archive),
            Encapsulation(encapsulated),
            MetadataIn(stamps, lambda target, words: self.described(target, words)),
        ):
            room.enter(verbs)
        feeds: tuple[Feeds, ...] = ()
        if store is not None:
            self.feeds = Feeds(self, store)
            self.feeds.unfed = partial(tell_bans, self)
            self.is_fed_bans = self.feeds.feeds_bans
            self.elsewhere = Elsewhere(self.agents, self.feeds.knowing)
            FeedingIn(self.feeds).enter(verbs)
            feeds = (self.feeds,)
        AccountsIn(self.agents, self.logins, self.gate).enter(encapsulated)
        BansIn(lambda ban, by: self.banned(ban, by)).enter(verbs, encapsulated)

        self.follow(
            Reader(self, verbs.rows).take,
            (self.standbys, self.leaving, self.dialler, self.handshake, self.gate, self.persons, *feeds),
        )
        self.observers: Sequence[Observer] = (
            Outbound(self),
            self.persons,
            self.barred,
            self.joins,
            self.dialler,
            self.inquiries,
            self.seats,
            self.orders,
            self.backfill,
            pasts,
            self.agents,
            self.logins,
            self.gate,
            self.handshake,
            *feeds,
        )
        """In the order in which they hear facts."""

    def open(self, exit_: Exit, identity: Identity, settings: LinkSettings | None = None) -> Link:
        """A new connection to a server; with `settings` if we dialled, and then we speak first."""
        if settings is None:
            return self.make(exit_, identity)
        return self.handshake.open(exit_, identity, settings)
