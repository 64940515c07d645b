"""All local clients of this node, and what they share: the table, the welcome, the timeouts."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final, Protocol

from chatnet.dispatch import Row
from chatnet.history.ring import Ring
from chatnet.links import Links
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, Killed, MechanismsChanged, NetworkBanned, SettingsChanged
from chatnet.model.ids import Folded
from chatnet.node import Node
from chatnet.rules.admission import Admission
from chatnet.rules.bans import Bans
from chatnet.rules.cloaks import Cloaks
from chatnet.rules.held_nicks import HeldNicks
from chatnet.rules.network_bans import NetworkBans
from chatnet.rules.throttles import Throttles
from chatnet.session import registration
from chatnet.session import session as one  # a registry names its sessions, and each of them its registry
from chatnet.session.batches import References
from chatnet.session.control import Control
from chatnet.session.expelling import Expelling
from chatnet.session.isupport import changes, isupport, show_isupport
from chatnet.session.offers import Offers, tell_changes
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.session.sasl import Accounts
from chatnet.session.shadows import Shadows
from chatnet.settings import ConnectionClassSettings, Settings, at_hand
from chatnet.wire.masks import address_in, parse_network, wire_address

SWEEP: Final = 1.0
"""Seconds between two looks at everybody's timeouts."""


class Local(Protocol):
    """Who delivers to local sessions."""

    def attach(self, session: one.Session) -> None:
        """Deliver to `session` what its user should hear, from now on."""

    def detach(self, session: one.Session) -> bool:
        """Deliver nothing more to `session`; True if it was the last one of its user."""

    def recap(self, session: one.Session, caps: int) -> None:
        """Change the capabilities of `session`."""

    def sessions_of(self, user: User) -> tuple[one.Session, ...]:
        """The local sessions of `user`."""


class Watching(Protocol):
    """Who tells sessions of the nicks they MONITOR."""

    def watched(self, session: one.Session) -> Mapping[Folded, str]:
        """The nicks that `session` watches, as it wrote them."""

    def watch(self, session: one.Session, folded: Folded, nick: str) -> None:
        """Tell `session` about `nick` from now on."""

    def unwatch(self, session: one.Session, folded: Folded) -> None:
        """Tell `session` about a nick no more."""

    def forget(self, session: one.Session) -> None:
        """Tell `session` nothing more."""


class Sessions:
    """The registry of sessions; also an observer: of reloads, of kills, and of what throttles count.

    `verify` tells whether a password matches an argon2 hash, off the reactor's thread; `host_of` looks up the
    confirmed host name of an address, fit to be shown, or gives None; `certified` tells whether clients can
    trust this server's certificate for a host name.  Without `control` nobody can rehash or stop the server.
    """

    def __init__(
        self,
        node: Node,
        rows: Mapping[str, Row],
        make_request: Callable[..., Any],
        local: Local,
        monitors: Watching,
        references: References,
        history: Ring,
        shadows: Shadows,
        cloaks: Cloaks,
        verify: Callable[[str, str], Coroutine[Any, Any, bool]],
        host_of: Callable[[str, float], Coroutine[Any, Any, str | None]],
        certified: Callable[[str], bool],
        admission: Admission,
        links: Links,
        control: Control | None = None,
    ) -> None:
        self.node = node
        self.network = node.network
        self.rows = rows
        self.make_request = make_request
        self.local = local
        self.monitors = monitors
        self.history = history
        self.shadows = shadows
        self.links = links
        self.references = references
        self.bans = Bans(node.network)
        self.network_bans = NetworkBans(node.network.fold, node.clock.time)
        self.held_nicks = HeldNicks(node.clock.monotonic, lambda: node.settings.links.held_nicks)
        self.throttles = Throttles(node.clock.monotonic)
        self.cloaks = cloaks
        self.verify = verify
        self.host_of = host_of
        self.control = control
        self._certified = certified
        self._admission = admission
        self.monotonic = node.clock.monotonic
        self.server_name = node.network.me.name
        self._motd: tuple[str, ...] = ()
        self.all: dict[one.Session, None] = {}
        self.registered = 0
        self.most_registered = 0
        self.most = 0
        self.opened = 0
        self.references = references
        self.isupport: list[str] = []
        self.hears: Mapping[type[Fact], Hearer] = {
            **self.throttles.hears,
            **self.bans.hears,
            **self.held_nicks.hears,
            **Accounts(self).hears,
            Killed: self._killed,
            NetworkBanned: Expelling(self).banned,
            MechanismsChanged: self._mechanisms_changed,
            SettingsChanged: self._settings_changed,
        }
        self._use(node.settings)

    def _use(self, settings: Settings) -> None:
        # What each connection or line asks for.
        self.limits = at_hand(settings.limits)
        self.rates = at_hand(settings.flood)
        self.flood = settings.flood.enabled
        self.cloaking = settings.cloak.enabled
        self.looking_up = settings.lookups.reverse_dns
        self.password = settings.server.password
        self.isupport = isupport(settings)
        self.offers = Offers(settings, self._certified, self.links.agents.mechanisms)
        self._classes = [
            (
                at_hand(klass),
                [network for text in klass.match if (network := parse_network(text)) is not None],
            )
            for klass in settings.connection_class
        ]
        self.welcome = registration.Welcome(self)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        offers = self.offers
        self._use(fact.new)
        for session in self.all:
            session.use(self.class_of(session.peer, session.connection_class))
        if news := changes(fact.old, fact.new):
            for session in [session for session in self.all if session.registered]:
                show_isupport(session, news)
        tell_changes(self.all, offers, self.offers, self.local.recap)

    def _mechanisms_changed(self, fact: MechanismsChanged, origin: object) -> None:
        offers = self.offers
        self.offers = Offers(self.node.settings, self._certified, fact.mechanisms)
        tell_changes(self.all, offers, self.offers, self.local.recap)

    def _killed(self, fact: Killed, origin: object) -> None:
        killer = fact.by.mask.partition("!")[0]
        for session in self.local.sessions_of(fact.user):
            session.close(f"Killed ({killer} ({fact.reason}))")

    @property
    def motd(self) -> tuple[str, ...]:
        """The message of the day, line by line."""
        return self._motd

    @motd.setter
    def motd(self, lines: tuple[str, ...]) -> None:
        self._motd = lines
        self.welcome = registration.Welcome(self)

    @property
    def unknown(self) -> int:
        """Connections that have not registered."""
        return len(self.all) - self.registered

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

    def open(self, outlet: Outlet, peer: Peer) -> one.Session:
        """A new connection: make its session, and greet it or send it away."""
        node = self.node
        user = User(node.network.me, peer.address, wire_address(peer.address))
        user.uid = node.uids.take()  # already now, for services that log people in before they are users
        user.secure = peer.secure
        user.certfp = peer.certfp
        klass = self.matching_class(peer)
        session = one.Session(
            self, outlet, peer, user, klass or ConnectionClassSettings(name="none"), self.monotonic()
        )
        self.all[session] = None
        self.opened += 1
        if len(self.all) > self.most:
            self.most = len(self.all)
        if len(self.all) > self.limits.users:
            node.notice("r", f"Server is full, refused {peer.address}")
            session.close("This server is full")
        else:
            self._enter(session, klass)
        return session

    def move(self, session: one.Session, peer: Peer, host: str | None) -> None:
        """A gateway told of its client: it is at the other end of `peer`, and its host name is `host`.

        Everything that depends on an address is done anew; what does not allow this client closes the
        session.
        """
        refusal = self._admission.admit(peer.address)
        if refusal is not None:
            self.node.notice("r", f"Refused {peer.address}: {refusal}")
            session.close(refusal)
            return
        session.peer = peer
        user = session.user
        user.address, user.secure, user.certfp = peer.address, peer.secure, peer.certfp
        user.host = user.real_host = host or wire_address(peer.address)
        session.needs &= ~one.Needs.LOOKUP
        klass = self.matching_class(peer)
        if klass is not None:
            session.use(klass)
        self._enter(session, klass, named=host is not None)

    def _enter(
        self, session: one.Session, klass: ConnectionClassSettings | None, named: bool = False
    ) -> None:
        """Send a session away that its class has no room for, or look up its host if it is not `named`."""
        node, address = self.node, session.peer.address
        if (ban := self.network_bans.address(address)) is not None:
            registration.send_away(session, ban)
        elif klass is None:
            node.notice("r", f"No connection class for {address}")
            session.close("You are not authorized to connect to this server")
        elif klass.max_sessions is not None and self._population(klass.name) > klass.max_sessions:
            node.notice("r", f"Class {klass.name} is full, refused {address}")
            session.close("Your connection class is full")
        elif self.looking_up and not named and address != "localhost":
            session.needs |= one.Needs.LOOKUP
            node.run(self._look_up(session))

    def _population(self, name: str) -> int:
        return sum(session.connection_class.name == name for session in self.all)

    async def _look_up(self, session: one.Session) -> None:
        peer = session.peer
        host = await self.host_of(peer.address, self.node.settings.lookups.timeout)
        if session.closed or session.peer is not peer:  # a gateway has told of its client meanwhile
            return
        if host is not None:
            session.user.real_host = session.user.host = host
        session.satisfy(one.Needs.LOOKUP)

    def forget(self, session: one.Session) -> bool:
        """Take a session that ends out of everything; True if its user has no other."""
        del self.all[session]
        self.monitors.forget(session)
        if session.peer.gateway is not None:  # the transport releases the gateway's own address
            self._admission.release(session.peer.address)
        if session.registered:
            self.registered -= 1
            return self.local.detach(session)
        return False

    def sweep(self) -> None:
        """Close who took too long to register or to answer; PING who is silent, end what is left open.

        Call it every SWEEP seconds.
        """
        now = self.monotonic()
        deadline = now - self.node.settings.limits.registration_timeout
        for session in list(self.all):
            if not session.registered:
                if session.opened < deadline:
                    session.close("Registration timed out")
                continue
            if session.multiline is not None and session.backlog is None:  # or some of it waits there
                session.multiline.expire(now)
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
        for session in [session for session in leaving if session.depart()]:
            session.tell_quit(reason)
        for session in leaving:
            session.say_goodbye(reason)
