"""What all sessions of this node share: the settings at hand, the bans, the counters, and who tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final, Protocol

from chatnet.dispatch import Row
from chatnet.history.histserv import HistServ
from chatnet.history.looking import Looking
from chatnet.history.marks import Marks
from chatnet.history.recorder import Recorder
from chatnet.links import Links
from chatnet.model.entities import Channel, User
from chatnet.model.ids import Folded
from chatnet.model.metadata import Target
from chatnet.model.past import Messages, Past
from chatnet.model.places import Places
from chatnet.node import Node
from chatnet.rules.bans import Bans
from chatnet.rules.cloaks import Cloaks
from chatnet.rules.held_nicks import HeldNicks
from chatnet.rules.network_bans import NetworkBans
from chatnet.rules.refusal import Refusal
from chatnet.rules.repeats import Repeats
from chatnet.rules.shields import shield_at, slowed
from chatnet.rules.throttles import Throttles
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
from chatnet.session.echoes import Echoes
from chatnet.session.filters import Filters
from chatnet.session.isupport import isupport
from chatnet.session.metadata import Batch
from chatnet.session.offers import Offers
from chatnet.session.passwords import Ask, Queue, Verdict
from chatnet.session.persistence import Persistence
from chatnet.session.scans import Scans
from chatnet.session.seats import Seats, Sitter
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.session.welcome import Welcome
from chatnet.settings import Settings, at_hand
from chatnet.wire.masks import wire_address
from chatnet.wire.networks import aggregate

KINDS: Final = {"web": "websocket"}
"""What connections are counted as that come to listeners of these kinds, if it is another word."""
Judge = Callable[[User, Channel, str], Refusal | None]
"""Takes who, where, and the text (empty: they come in); gives why not, or None."""
JUDGED = "*"
"""Stands in `Shared.shut` if there are judges, so that nobody is asked whether there are."""


class Local(Protocol):
    """Who delivers to local sessions."""

    def attach(self, session: Session) -> None:
        """Deliver to `session` what its user should hear, from now on."""

    def detach(self, session: Session) -> bool:
        """Deliver nothing more to `session`; True if it was the last one of its user."""

    def recap(self, session: Session, caps: int) -> None:
        """Change the capabilities of `session`."""

    def sessions_of(self, user: User) -> tuple[Session, ...]:
        """The local sessions of `user`."""

    def show_channels(self, session: Session) -> None:
        """Have `session`, which is one more of its user, see in which channels they are."""

    def people(self) -> int:
        """How many users have a session here."""


class Watching(Protocol):
    """Who tells sessions of the nicks they MONITOR."""

    def watched(self, session: Session) -> Mapping[Folded, str]:
        """The nicks that `session` watches, as it wrote them."""

    def watch(self, session: Session, folded: Folded, nick: str) -> None:
        """Tell `session` about `nick` from now on."""

    def unwatch(self, session: Session, folded: Folded) -> None:
        """Tell `session` about a nick no more."""

    def forget(self, session: Session) -> None:
        """Tell `session` nothing more."""


class Subscribing(Protocol):
    """Who tells sessions what people and channels say of themselves."""

    def recapped(self, session: Session, before: int) -> None:
        """The capabilities of `session` are not those that they were."""

    def of(self, session: Session) -> Mapping[str, None]:
        """The keys that `session` subscribes to."""

    def subscribe(self, session: Session, key: str) -> None:
        """Tell `session` of a key from now on."""

    def unsubscribe(self, session: Session, key: str) -> None:
        """Tell `session` of a key no more."""

    def forget(self, session: Session) -> None:
        """`session` is over."""

    def early(self, session: Session) -> dict[str, str | None]:
        """What `session` has set, and removed, before it is registered; it may be changed."""

    def registered(self, session: Session) -> Mapping[str, str]:
        """`session` is registered: what its user shows now, with what it has set before, if it is told."""

    def sees(self, session: Session) -> int:
        """How many people `session` may be told of."""

    def visible(self, session: Session) -> Iterator[Target]:
        """Whom `session` is told of, each once."""

    def tell(self, session: Session, batch: Batch, target: Target, keys: Iterable[str] | None = None) -> int:
        """Tell what a target shows of the keys that `session` subscribes to, or of these; so many lines."""

    def tell_users(self, session: Session, users: list[User]) -> None:
        """After 730: what they show."""


class Shared:
    """What a session, and who deals with sessions, need of the node; it opens and ends none.

    `passwords` looks whether one matches an argon2 hash, off the reactor's thread; `certified` tells whether
    clients can trust this server's certificate for a host name; `accounts` are those that are kept here, None
    where services of another make keep them, and so are `nickserv` and `chanserv`; `looking` answers what is
    asked of the past, None where nothing is stored;
    `policy` what holds for people who may have several sessions, or none.
    """

    def __init__(
        self,
        node: Node,
        rows: Mapping[str, Row],
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
        certified: Callable[[str], bool],
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
    ) -> None:
        self.node = node
        self.network = node.network
        self.rows = rows
        self.local = local
        self.monitors = monitors
        self.references = references
        self.history = history
        self.past = past
        self.looking = looking
        self.marks = marks
        self._echoes = None if recorder is None else Echoes(node, recorder)
        self.health = None if recorder is None else recorder.health
        self.places = places
        self.shadows = shadows
        self.cloaks = cloaks
        self._passwords = passwords
        self.links = links
        self.authority = authority
        self.accounts = accounts
        self.nickserv = nickserv
        self.chanserv = chanserv
        self.describing = describing
        self.banning = banning
        self.filtering = filtering
        self.shielding = shielding
        self.auditing = auditing
        self.reports = reports
        self.subscriptions = subscriptions
        self.histserv = histserv
        self._repeats = repeats
        self.bans = Bans(node.network)
        self.scans = Scans(node)
        self.network_bans = NetworkBans(node.network.fold, node.clock.time)
        self.filters = Filters(node, self.network_bans, banning, auditing, self.notice, self.owner)
        self.held_nicks = HeldNicks(node.clock.monotonic, lambda: node.settings.links.held_nicks)
        self.throttles = Throttles(node.clock.monotonic)
        self.monotonic = node.clock.monotonic
        self.server_name = node.network.me.shown
        """What people know this server as; other servers, and operators, know it by its name."""
        self.all: dict[Session, None] = {}
        self.seats = Seats()
        self.sitters: dict[User, Sitter] = {}
        self.persistence = Persistence(node, policy, self.all, local.sessions_of)
        self.registered = 0
        self.most_people = 0
        self.unattended = 0
        """How many users are here without a session."""
        self.most = 0
        self.opened = 0
        self.certified = certified
        self._motd: tuple[str, ...] | None = None
        self.judges: dict[str, list[Judge]] = {"speak": [], "join": []}
        """Plugins that are asked as well."""
        self.use(node.settings)

    def use(self, settings: Settings) -> None:
        """Live by these settings: what each connection or line asks for is at hand."""
        self.limits = at_hand(settings.limits)
        self.flood = settings.flood.enabled
        self.shield = shield = shield_at(settings, self.network.shields.level)
        self.filters.acting = shield.filters_act
        self.judged()
        self.rates = at_hand(slowed(settings.flood, shield))
        self.penalty_scale = self.rates.penalty_scale
        self.cloaking = settings.cloak.enabled
        self.looking_up = settings.lookups.reverse_dns
        self.password = settings.server.password
        self.kinds = {listen.endpoint: KINDS.get(listen.kind, listen.kind) for listen in settings.listen}
        self.kinds["inside"] = "api"
        """What is spoken at a listener, as connections are counted; parts of this process are programs."""
        self.echoes = self._echoes if settings.history.durable_echo else None
        self.isupport = isupport(settings, self.looking is not None)
        self.offers = self.offering(settings)
        self.welcome = Welcome(self.node, self.isupport, self._motd)

    def judged(self) -> None:
        """Somebody judges who did not before, or nobody any more; or the shields are others."""
        self.shut = self.shield.channel_modes + (JUDGED if any(self.judges.values()) else "")
        """Letters of modes that channels which nobody has registered have for now, and perhaps `JUDGED`."""

    def judge(self, what: str, user: User, channel: Channel, text: str) -> Refusal | None:
        """Why plugins let somebody not "speak", or "join"; None if they do."""
        for each in self.judges[what]:
            if (refusal := each(user, channel, text)) is not None:
                return refusal
        return None

    def offering(self, settings: Settings) -> Offers:
        """What is offered by these settings now."""
        registering, storing = self.accounts is not None, self.looking is not None
        return Offers(settings, self.certified, self.authority, registering, storing)

    def recap(self, session: Session, caps: int) -> None:
        """Give `session` other capabilities."""
        before = session.caps
        self.local.recap(session, caps)
        if caps != before:
            self.subscriptions.recapped(session, before)

    def people(self) -> int:
        """How many users are here."""
        return self.local.people() + self.unattended

    def veiled(self, address: str) -> str:
        """An address as operators read it who may not see it: its cloak, if hosts are cloaked."""
        return self.cloaks.of(wire_address(address), address) if self.cloaking else address

    def notice(self, letter: str, address: str, text: str, public: str | None = None) -> None:
        """Tell the opers (a letter of the snomask) what somebody at `address` caused, who may do so often.

        `public` is as in ``Node.notice``.
        """
        if self.node.tells_opers:
            self._repeats.say(letter, address, text, partial(self.node.notice, letter), public)

    def tell_refused(self, before: str, address: str, after: str = "", *, reason: str = "other") -> None:
        """Tell the opers what became of a connection from `address`, which stands between two texts.

        It is counted by its `reason`, in a word.
        """
        self.node.counts.refused[reason] += 1
        if self.node.tells_opers:  # else the texts are not worth making
            self.notice("r", address, f"{before}{address}{after}", f"{before}{self.veiled(address)}{after}")

    async def check(self, session: Session, queue: Queue, secret: str, given: str) -> Verdict:
        """Whether `given` is the password of the hash `secret`; BUSY if `session` ended meanwhile."""
        session.checking = check = self._passwords(queue, self.owner(session.peer.address), secret, given)
        try:
            return await check
        finally:
            session.checking = None

    def owner(self, address: str) -> str:
        """Whom a connection from `address` is counted for where those who wait take turns."""
        return aggregate(address, 32, self.rates.address_ipv6)

    @property
    def motd(self) -> tuple[str, ...] | None:
        """The message of the day, line by line; None if nobody wrote one."""
        return self._motd

    @motd.setter
    def motd(self, lines: tuple[str, ...] | None) -> None:
        self._motd = lines
        self.welcome = Welcome(self.node, self.isupport, lines)
