"""All local clients of this node: how they come, by which class they live, and how they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final

from chatnet.dispatch import Row
from chatnet.history.histserv import HistServ
from chatnet.history.looking import Looking
from chatnet.history.marks import Marks
from chatnet.history.recorder import Recorder
from chatnet.links import Links
from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    FilterSet,
    Hearer,
    Killed,
    MechanismsChanged,
    NetworkBanned,
    SettingsChanged,
)
from chatnet.model.past import Messages, Past
from chatnet.model.places import Places
from chatnet.node import Node
from chatnet.rules.admission import Admission
from chatnet.rules.blocklists import Listing
from chatnet.rules.cloaks import Cloaks
from chatnet.rules.configured_bans import configured_bans
from chatnet.rules.repeats import Repeats
from chatnet.rules.surplus import SURPLUS, Surplus
from chatnet.services.accounts import Accounts
from chatnet.services.auditing import Auditing
from chatnet.services.banning import Banning
from chatnet.services.chanserv import ChanServ
from chatnet.services.filtering import Filtering
from chatnet.services.metadata import Describing
from chatnet.services.nickserv import NickServ
from chatnet.services.persons import Policy
from chatnet.services.reports import Reports
from chatnet.services.shielding import Shielding
from chatnet.session.authority import Authority
from chatnet.session.batches import References
from chatnet.session.blocklists import Ask as AskLists
from chatnet.session.blocklists import BlockLists
from chatnet.session.control import Control
from chatnet.session.expelling import Expelling
from chatnet.session.isupport import changes, show_isupport
from chatnet.session.offers import tell_changes
from chatnet.session.outlet import Outlet
from chatnet.session.passwords import Ask
from chatnet.session.peer import Peer
from chatnet.session.presence.catching import Catching
from chatnet.session.presence.hosting import Hosting
from chatnet.session.presence.persons import Persons
from chatnet.session.presence.sitting import Sitting
from chatnet.session.presence.staying import Staying
from chatnet.session.registration import Registration
from chatnet.session.session import Needs, Session
from chatnet.session.shadows import Shadows
from chatnet.session.shared import Local, Shared, Subscribing, Watching
from chatnet.settings import ConnectionClassSettings, Settings, at_hand
from chatnet.wire.masks import wire_address
from chatnet.wire.networks import Place, address_in, networks_of

SWEEP: Final = 1.0
"""Seconds between two looks at everybody's timeouts."""


class Sessions(Shared):
    """The registry of sessions; also an observer: of reloads, of kills, and of what throttles count.

    `host_of` looks up the confirmed host name of an address, fit to be shown, or gives None; `lists` asks
    block lists.  Without
    `control` nobody can rehash or stop the server.  ``make_request(sessions, session, params, tags, row)``
    makes what handlers are called with.
    """

    def __init__(
        self,
        node: Node,
        rows: Mapping[str, Row],
        make_request: Callable[..., Any],
        local: Local,
        monitors: Watching,
        references: References,
        history: Messages,
        past: Past,
        looking: Looking | None,
        marks: Marks | None,
        recorder: Recorder | None,
        places: Places,
        shadows: Shadows,
        cloaks: Cloaks,
        passwords: Ask,
        host_of: Callable[[str, float], Coroutine[Any, Any, str | None]],
        lists: AskLists,
        certified: Callable[[str], bool],
        admission: Admission,
        links: Links,
        authority: Authority,
        accounts: Accounts | None,
        nickserv: NickServ | None,
        chanserv: ChanServ | None,
        histserv: HistServ | None,
        repeats: Repeats,
        describing: Describing,
        banning: Banning,
        filtering: Filtering,
        shielding: Shielding,
        auditing: Auditing,
        reports: Reports,
        subscriptions: Subscribing,
        policy: Policy,
        control: Control | None = None,
    ) -> None:
        super().__init__(
            node=node,
            rows=rows,
            local=local,
            monitors=monitors,
            references=references,
            history=history,
            past=past,
            looking=looking,
            marks=marks,
            recorder=recorder,
            places=places,
            shadows=shadows,
            cloaks=cloaks,
            passwords=passwords,
            certified=certified,
            links=links,
            authority=authority,
            accounts=accounts,
            nickserv=nickserv,
            chanserv=chanserv,
            histserv=histserv,
            repeats=repeats,
            describing=describing,
            banning=banning,
            filtering=filtering,
            shielding=shielding,
            auditing=auditing,
            reports=reports,
            subscriptions=subscriptions,
            policy=policy,
        )
        self.make_request = make_request
        self.host_of = host_of
        self.block_lists = BlockLists(node, lists)
        self.ending = False  # everybody is being told goodbye
        self.control = control
        self._admission = admission
        self._surplus = Surplus(self.monotonic)
        self._classes = _classes_of(node.settings)
        self.sitting = Sitting(self)
        self.persons = Persons(self, policy, self.sitting)
        self.hosting = links.seats.host = Hosting(self, self, self.persons)
        links.persons.sessions = lambda user: len(local.sessions_of(user))
        links.persons.cloak = lambda user: self.cloaks.of(user.real_host, user.address)
        self.catching = Catching(self)
        self.staying: Staying | None = None
        """Who keeps those who are always on, where there is a file for that."""
        self._registration = Registration(self, self.persons, self.catching, self.sitting)
        # Asked by each who comes or goes, without a step between.
        self.ready: Callable[[Session], None] = self._registration.advance
        """A session needs nothing more: register it."""
        self.keeps: Callable[[Session, str], bool] = self.persons.keeps
        """Whether the user of a session, which was the last one, stays, though it ends for a reason."""
        self._expelling = Expelling(
            self, self._registration.send_away, lambda: self.persons.idle, self.persons.end_banned
        )
        self.network_bans.load(node.network.bans)
        self.network_bans.configure(configured_bans(node.settings))
        self.hears: Mapping[type[Fact], Hearer] = {
            **self.throttles.hears,
            **self.held_nicks.hears,
            Killed: self._killed,
            NetworkBanned: self._expelling.banned,
            FilterSet: self.filters.set,
            AccountChanged: self._expelling.account_changed,
            MechanismsChanged: self._mechanisms_changed,
            SettingsChanged: self._settings_changed,
        }

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        offers = self.offers
        self.use(fact.new)
        self.filters.use()
        self.block_lists.use(fact.new)
        self._classes = _classes_of(fact.new)
        for session in self.all:
            session.use(self.class_of(session.peer, session.connection_class))
        if news := changes(fact.old, fact.new, self.looking is not None):
            for session in [session for session in self.all if session.registered]:
                show_isupport(session, news)
        tell_changes(self.all, offers, self.offers, self.authority, self.recap)
        if (fact.old.ban, fact.old.exempt) != (fact.new.ban, fact.new.exempt):
            self.network_bans.configure(configured_bans(fact.new))
            self._expelling.look_at_everybody()

    def _mechanisms_changed(self, fact: MechanismsChanged, origin: object) -> None:
        offers = self.offers
        self.offers = self.offering(self.node.settings)
        tell_changes(self.all, offers, self.offers, self.authority, self.recap)

    def _killed(self, fact: Killed, origin: object) -> None:
        user, me, by = fact.user, self.network.me, fact.by
        # What only their own server sees to, as a suspension, each session reads of the one it is on.
        killer = (me if by is user.server else by).shown
        end = self.persons.end if user.server is me else self.sitting.end
        end(user, f"Killed ({killer} ({fact.reason}))")

    def class_of(self, peer: Peer, otherwise: ConnectionClassSettings) -> ConnectionClassSettings:
        """The connection class of `peer`: its listener's, or the first that matches; else `otherwise`."""
        return self.matching_class(peer) or otherwise

    def matching_class(self, peer: Peer) -> ConnectionClassSettings | None:
        """The connection class of `peer`, or None if it may not connect at all."""
        for klass, networks in self._classes:
            if peer.connection_class is not None:
                if klass.name == peer.connection_class:
                    return klass
                continue
            if klass.tls is not None and klass.tls is not peer.secure:
                continue
            if not networks or address_in(peer.address, networks):
                return klass
        return None

    def open(self, outlet: Outlet, peer: Peer) -> Session:
        """A new connection: make its session, and greet it or send it away."""
        klass = self.matching_class(peer)
        session = self._begin(outlet, peer, klass or ConnectionClassSettings(name="none"))
        if self._surplus.expected and (why := self._surplus.take(peer.address)) and not session.closed:
            self._dismiss(session, why)
        if not session.closed:
            self._enter(session, klass)
            if (greeting := self.node.settings.server.greeting) and not session.closed:
                session.notice(greeting)
        return session

    def open_inside(self, outlet: Outlet, klass: ConnectionClassSettings, host: str) -> Session:
        """Somebody who is a part of this process comes, and has this `host`: nothing is looked up of them."""
        peer = Peer("localhost", listener="inside", secure=True, connection_class=klass.name, inside=True)
        session = self._begin(outlet, peer, at_hand(klass))
        session.user.host = session.user.real_host = host
        return session

    def _begin(self, outlet: Outlet, peer: Peer, klass: ConnectionClassSettings) -> Session:
        """Make a session, which is closed if there are too many."""
        node = self.node
        user = User(node.network.me, peer.address, wire_address(peer.address))
        user.uid = node.uids.take()  # already now, for services that log people in before they are users
        user.silent_until = node.message_ids.before(node.clock.time())
        user.secure = peer.secure
        user.certfp = peer.certfp
        session = Session(self, outlet, peer, user, klass, self.monotonic())
        self.all[session] = None
        self.opened += 1
        node.counts.opened[self.kinds.get(peer.listener, "other")] += 1
        if len(self.all) > self.most:
            self.most = len(self.all)
        if len(self.all) > self.limits.users:
            self.tell_refused("Server is full, refused ", peer.address, reason="full")
            session.close("This server is full")
        return session

    def dismiss(self, address: str, why: str) -> None:
        """The newest connection from `address` was one too many, as several processes know together.

        If it is no session yet, it is none for long.
        """
        since = self.monotonic() - SURPLUS
        for session in reversed(self.all):
            if session.opened < since:
                break
            if session.peer.address == address and not session.closed:
                self._dismiss(session, why)
                return
        self._surplus.note(address, why)

    def _dismiss(self, session: Session, why: str) -> None:
        self.tell_refused("Refused ", session.peer.address, f": {why}", reason="throttled")
        session.close(why)

    def move(self, session: Session, peer: Peer, host: str | None) -> None:
        """A gateway told of its client: it is at the other end of `peer`, and its host name is `host`.

        Everything that depends on an address is done anew; what does not allow this client closes the
        session.
        """
        refusal = self._admission.admit(peer.address)
        if refusal is not None:
            self.tell_refused("Refused ", peer.address, f": {refusal}", reason="throttled")
            session.close(refusal)
            return
        session.peer = peer
        user = session.user
        user.address, user.secure, user.certfp = peer.address, peer.secure, peer.certfp
        user.host = user.real_host = host or wire_address(peer.address)
        session.needs &= ~(Needs.LOOKUP | Needs.LISTS)
        session.listed = ()
        klass = self.matching_class(peer)
        if klass is not None:
            session.use(klass)
        self._enter(session, klass, named=host is not None)

    def _enter(self, session: Session, klass: ConnectionClassSettings | None, named: bool = False) -> None:
        """Send a session away that its class has no room for, or look up its host if it is not `named`."""
        node, address = self.node, session.peer.address
        if (ban := self.network_bans.address(address)) is not None:
            self._registration.send_away(session, ban)
        elif klass is None:
            self.tell_refused("No connection class for ", address, reason="class")
            session.close("You are not authorized to connect to this server")
        elif klass.max_sessions is not None and self._population(klass.name) > klass.max_sessions:
            self.tell_refused(f"Class {klass.name} is full, refused ", address, reason="class")
            session.close("Your connection class is full")
        else:
            if self.block_lists.lists:
                session.needs |= Needs.LISTS
                self.block_lists.look_up(address, partial(self._listed, session, session.peer))
            if self.looking_up and not named and address != "localhost":
                session.needs |= Needs.LOOKUP
                node.run(self._look_up(session))

    def _population(self, name: str) -> int:
        return sum(session.connection_class.name == name for session in self.all)

    def _listed(self, session: Session, peer: Peer, listed: tuple[Listing, ...]) -> None:
        """What block lists say of the address of a session."""
        if not session.closed and session.peer is peer:  # no gateway has told of its client meanwhile
            session.listed = listed
            session.satisfy(Needs.LISTS)

    async def _look_up(self, session: Session) -> None:
        peer = session.peer
        host = await self.host_of(peer.address, self.node.settings.lookups.timeout)
        if session.closed or session.peer is not peer:  # a gateway has told of its client meanwhile
            return
        if host is not None:
            session.user.real_host = session.user.host = host
        session.satisfy(Needs.LOOKUP)

    def forget(self, session: Session) -> bool:
        """Take a session that ends out of everything; True if its user has no other."""
        del self.all[session]
        self.monitors.forget(session)
        self.subscriptions.forget(session)
        if session.peer.gateway is not None:  # the transport releases the gateway's own address
            self._admission.release(session.peer.address)
        if session.registered:
            self.registered -= 1
            if self.local.detach(session):
                return True
            self.persons.detached(session)
        return False

    def detained(self, user: User) -> Awaitable[None] | None:
        """What all sessions of `user` have to wait for before they go on."""
        return self.sitting.detained(user)

    def is_shared(self, user: User) -> bool:
        """Whether a user has several sessions, or may."""
        return self.persons.is_shared(user)

    def sweep(self) -> None:
        """Close who took too long to register or to answer; PING who is silent, end what is left open.

        Call it every SWEEP seconds.
        """
        self.persons.sweep()
        now, interval = self.monotonic(), self.node.settings.bouncer.heard_interval
        deadline = now - self.node.settings.limits.registration_timeout
        for session in list(self.all):
            if not session.registered:
                if session.opened + session.waited < deadline and not session.held:
                    session.close("Registration timed out")
                continue
            if session.multiline is not None and session.backlog is None:  # or some of it waits there
                session.multiline.expire(now)
            if session.heard - session.told >= interval:
                self.persons.note_heard(session)
            klass = session.connection_class
            silent = now - session.heard
            if silent < klass.ping_interval or session.paused:  # we do not listen to who is paused
                continue
            if session.pinged <= session.heard:
                session.pinged = now
                session.send(b"PING :%b" % self.server_name.encode())
            elif now - session.pinged >= klass.ping_timeout:
                session.close(f"Ping timeout: {int(silent)} seconds")

    def close_all(self, reason: str) -> None:
        """Say goodbye to everybody; nobody hears of the others, which would be many lines for many people."""
        leaving = list(self.all)
        self.ending = True
        if self.staying is not None:
            self.staying.end()
        self.node.log.info(f"Everybody ({self.people()}) is told: {reason}")
        for session in [session for session in leaving if session.depart()]:
            if session.user.server is not self.network.me:
                self.sitting.left(session, reason)
            elif not self.persons.hands_over(session.user):
                session.tell_quit(reason)
        self.persons.end_others(reason)
        for session in leaving:
            session.say_goodbye(reason)


def _classes_of(settings: Settings) -> list[tuple[ConnectionClassSettings, list[Place]]]:
    """The connection classes, each with the networks whose clients it is for; with none, for all."""
    return [(at_hand(klass), networks_of(klass.match)) for klass in settings.connection_class]
