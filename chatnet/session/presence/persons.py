"""The people of this server: who may have several sessions, and who stays when there is none.

state   what comes                                           next     what others see
HERE    one more session                                     HERE     nothing; back, if they were away
HERE    a session goes, and another is left                  HERE     nothing; away, if all others are
HERE    the last one goes, and they are not always on        -        QUIT
HERE    the last one goes, and they are always on            IDLE     AWAY, unless they do not want that
HERE    the last one goes, and another user of this server
        is who stays of their account                        -        QUIT
IDLE    a session                                            HERE     back, unless they had said AWAY
IDLE    they are not always on any more, or nobody came
        for ``bouncer.expire`` days, the account is gone,
        or a ban means them                                  -        QUIT
any     KILL                                                 -        QUIT
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from chatnet.model.bans import NetworkBan
from chatnet.model.entities import Person, User
from chatnet.model.facts import (
    AccountChanged,
    AwayChanged,
    Fact,
    Hearer,
    RecordsTaken,
    SettingsChanged,
    UserIntroduced,
    UserModesChanged,
    UserQuit,
)
from chatnet.model.ids import AccountName
from chatnet.model.places import OF_DEVICE
from chatnet.rules.banned_words import told
from chatnet.rules.log_names import log_name
from chatnet.rules.opers import resigned
from chatnet.rules.visibility import public_identity
from chatnet.services.persons import Policy
from chatnet.session.presence.absence import settle
from chatnet.session.presence.devices import Devices, Heard
from chatnet.session.presence.sitting import Sitting
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.storage.interfaces import StoreError
from chatnet.wire.server_time import DAY

GONE: Final = "Nobody is connected"
"""What is told of an idle person who said nothing of themselves."""


class Idle(NamedTuple):
    """Somebody without a session since they `heard` all; before that they had said they were `away`."""

    heard: Heard
    away: str | None


class Persons:
    """Knows who is idle, and ends whom nothing keeps: an observer of what may be a reason for that.

    Those of other servers who have sessions here are the business of `sitting`.
    """

    def __init__(self, shared: Shared, policy: Policy, sitting: Sitting) -> None:
        self._shared = shared
        self._node = shared.node
        self._policy = policy
        self._sitting = sitting
        self.idle: Final[dict[User, Idle]] = {}
        self.devices: Final = Devices()
        self.noted: Callable[[User], object] = lambda user: None
        """Who is told when something is known of somebody that is no fact."""
        self._leaving: User | None = None
        self._handed_over: Final[set[User]] = set()
        self._named: Final[dict[str, dict[User, None]]] = {}
        """Who of this server is logged in to an account, by its key, where nobody has an id."""
        self._hears_of_names: Final[Mapping[type[Fact], Hearer]] = {
            UserIntroduced: self._introduced,
            AccountChanged: self._account_changed,
            UserQuit: self._quit,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Little, while nobody is idle."""
        by_name = self._shared.places.by_name
        if not self.idle:
            return self._hears_of_names if by_name else {}
        return {
            **(self._hears_of_names if by_name else {}),
            UserQuit: self._quit,
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }

    # who is meant

    def of(self, session: Session) -> User | None:
        """Whom a session is attached to that has all it needs; None: it is a user of its own.

        If it asks for the nick of its own person and is not let in, it reads why.
        """
        newcomer, network = session.user, self._node.network
        key = self._shared.places.person(newcomer)
        if key is None:
            return None
        bearer = network.nicks.get(newcomer.folded)
        if bearer is not None and self._is_of(bearer, key):
            why = self._refusal(bearer, session)
            if why is None:
                return bearer
            session.notice(why)
            return None
        if self._is_elsewhere(key):
            return None
        for user in self._logged_in(key):
            if self._policy.stays(user) and self._refusal(user, session) is None:
                return user
        return None

    def _is_elsewhere(self, key: str) -> bool:
        """Whether the person of an account is a user of another server."""
        person = self._node.network.persons.get(key)
        return person is not None and person.server is not self._node.network.me

    def elsewhere(self, session: Session) -> User | None:
        """Whom of another server a session may be one of, if that server agrees; see :meth:`of`."""
        newcomer, network = session.user, self._node.network
        key = self._shared.places.person(newcomer)
        person = None if key is None else network.persons.get(key)
        if person is None or person.person is None or person.server is network.me:
            return None
        bears = network.nicks.get(newcomer.folded) is person
        if not bears and not person.person.stays:
            return None
        why = self._refusal(person, session)
        if why is not None and bears:
            session.notice(why)
        return person if why is None else None

    def _is_of(self, user: User, key: str) -> bool:
        return user.server is self._node.network.me and self._shared.places.person(user) == key

    def _logged_in(self, key: str) -> list[User]:
        return [user for user in self.users(key) if self._is_of(user, key)]

    def users(self, key: str) -> Iterable[User]:
        """Who is logged in to the account of this key: on this server, at least."""
        by_name = self._shared.places.by_name  # then nobody has an id
        return (self._named if by_name else self._node.network.logged_in).get(key, ())

    def _refusal(self, user: User, session: Session) -> str | None:
        me = self._node.network.me
        others = sum(place is not me for place in user.places)  # there are no fewer than one at each
        number = len(self._shared.local.sessions_of(user)) + others
        return self._policy.refusal(user, number, session.peer.secure)

    def may_be_joined(self, user: User, by: User | None = None) -> bool:
        """Whether a device that logs in while it connects can be `user`.

        `by` is the user that it is now; None: nobody yet.
        """
        mine = by is None or self._policy.key(by) == self._policy.key(user)
        here = user.server is self._node.network.me or user.person is not None
        return mine and here and self._policy.attaches(user)

    def is_shared(self, user: User) -> bool:
        """Whether a user has several sessions, or may: then they keep their account."""
        if user.seats or user in self._shared.sitters:
            return True
        return len(self._shared.local.sessions_of(user)) > 1 or self._policy.stays(user)

    def replays(self, user: User) -> bool:
        """Whether a client that cannot ask is shown what it missed."""
        return self._policy.replays(user) and self._policy.stays(user)

    async def heard(self, person: User, device: str, idle: Heard | None) -> Heard | None:
        """Until when a device, which comes in, has heard what `person` heard.

        `idle` is what was heard when the last session went, and None if there is one: that is what a device
        has heard that was never here.  What other servers have told counts as well, but of those without a
        name, of which there may be several, only where this server knows nothing.
        """
        key = self._shared.places.person(person)
        known = None if key is None else self.devices.of(key).get(device)
        if known is not None and not device:
            return known
        elsewhere = await self._told(person)
        if device in elsewhere:
            told = _heard_all_until(elsewhere[device])
            return told if known is None or known.ms < told.ms else known
        if known is not None or idle is None:
            return known
        # Who took somebody over that was idle knows by this since when.
        last = max(elsewhere.values(), default=idle.ms)
        return idle if idle.ms <= last else _heard_all_until(last)

    async def _told(self, person: User) -> Mapping[str, int]:
        """What all servers know of devices."""
        if self._shared.marks is None:
            return {}
        try:
            return await self._shared.marks.of_devices(person)
        except StoreError:
            return {}

    def idle_since(self, person: User) -> Heard | None:
        """What somebody has heard who is idle."""
        return self.idle[person].heard if person in self.idle else None

    # who somebody is on all servers

    def claim(self, user: User) -> None:
        """Have somebody, who is to be introduced, be the person of their account, unless somebody is."""
        key = self._policy.key(user)
        if key is not None and key not in self._node.network.persons and self._policy.attaches(user):
            began = self._shared.links.next_stamp().text
            user.person = Person(key, began, stays=self._policy.stays(user))

    # sessions

    def attach(self, session: Session, person: User) -> None:
        """Have `session` be one more of `person`: it hears what they hear from now on."""
        shared, newcomer = self._shared, session.user
        idle = self.back(person)
        away = newcomer.away
        if away is None and idle is not None:
            away = idle.away
        session.away = None if away is None else (0, away)
        session.user = person
        session.registered = True
        shared.registered += 1
        shared.local.attach(session)
        if person in shared.sitters:
            self._sitting.attached(session)
        else:
            self._settle(session)
        self.noted(person)
        self.note_heard(session)
        self._log(session, f"has one more session ({'TLS' if session.peer.secure else 'plain'})")

    def detached(self, session: Session) -> None:
        """A session has gone that was not the last one of its user."""
        self._has_heard(session)
        self._settle(session)
        self._log(session, "has one session less")
        self._tell_detached(session)

    def keeps(self, session: Session, reason: str) -> bool:
        """Whether a user stays whose last session here has gone, for a `reason`."""
        user = session.user
        if user.server is not self._node.network.me:
            self._leave_seat(session, reason)
            return True
        if user is self._leaving:
            return False
        if user.person is not None and user.seats:
            self.detached(session)
            return True
        if not self._may_stay(user):
            return False
        self._stay(user, self.note_device(session), session)
        self._log(session, "stays without a session")
        self._tell_detached(session)
        return True

    def _leave_seat(self, session: Session, reason: str) -> None:
        self._has_heard(session)
        self._sitting.left(session, reason)
        self._log(session, "has no session here any more")
        self._tell_detached(session)

    def _has_heard(self, session: Session) -> None:
        """A session goes; what it has heard is noted where its person is."""
        if self._policy.stays(session.user):
            heard = self.note_device(session)
            if session.user.server is not self._node.network.me:
                self._sitting.has_heard(session, heard)

    def emptied(self, user: User, reason: str) -> None:
        """The last session of somebody has gone, on another server: they stay without, or have quit."""
        now = self._node.clock.time()
        if self._may_stay(user):
            self._stay(user, Heard(int(now * 1000), self._node.message_ids.before(now) + "~"), None)
        else:
            self._node.commit(UserQuit(user, reason, now))

    def _may_stay(self, user: User) -> bool:
        # Most are guests, of whom this is all that is asked.
        if not self._policy.stays(user):
            return False
        return len(self.idle) < self._node.settings.bouncer.persons and self._is_the_one(user)

    def _stay(self, user: User, heard: Heard, origin: object) -> None:
        now = self._node.clock.time()
        self.remember(user, Idle(heard, user.away))
        if user.oper is not None:  # whoever comes back has shown no password for that
            for fact in resigned(user, now):
                self._node.commit(fact, origin)
        if user.away is None and self._policy.goes_away(user):
            self._node.commit(AwayChanged(user, GONE, now), origin)

    def _is_the_one(self, user: User) -> bool:
        """Whether it is this user who stays, of all of their account: nobody could come back to two.

        It is the person, where that is a user of another server, then who is idle already, then who bears a
        nick of the account, then who came first.
        """
        key = self._shared.places.person(user)
        if key is not None and self._is_elsewhere(key):
            return False
        users = [] if key is None else self._logged_in(key)
        return len(users) < 2 or user is min(users, key=self._precedence)

    def _precedence(self, user: User) -> tuple[bool, bool, float, str]:
        owner = self._node.network.registry.owner(user.folded)
        owns = owner is not None and owner.id == user.account_id
        return user not in self.idle, not owns, user.signon, user.uid

    def goes_away(self, user: User) -> None:
        """Somebody who came from another server has had the time to be asked for by their sessions."""
        if user in self.idle and user.away is None and self._policy.goes_away(user):
            self._node.commit(AwayChanged(user, GONE, self._node.clock.time()))

    def _tell_detached(self, session: Session) -> None:
        """Operators read of it where they would of a QUIT."""
        if self._node.tells_opers:  # else the text is not worth making
            user, what = session.user, "Client detached:"
            text = f"{what} {user.identity} from {session.peer.address}"
            self._node.notice("q", text, f"{what} {public_identity(user)}")

    def _log(self, session: Session, what: str) -> None:
        settings = self._node.settings
        if settings.log.people:
            self._node.log.often(f"{log_name(session.user, settings)} {what}: {session.user.uid}")

    def remember(self, user: User, idle: Idle) -> None:
        """Somebody is here without a session; whom a ban means, in a moment not any more.

        That may have been set while sessions of theirs were elsewhere, or they were of another server, or
        this server was not there.
        """
        self.idle[user] = idle
        self._shared.unattended = len(self.idle)
        if len(self.idle) == 1:
            self._node.hearing_changed()
        if self._shared.network_bans.user(user) is not None:  # whoever has them be idle is not done yet
            self._node.clock.later(0.0, lambda: self._judge(user))

    def _judge(self, user: User) -> None:
        ban = self._shared.network_bans.user(user) if user in self.idle else None
        if ban is not None:
            self.end_banned(user, ban)

    def back(self, user: User) -> Idle | None:
        """Somebody has a session again, or is another server's; what was known of them, if they were idle."""
        idle = self.idle.pop(user, None)
        if idle is not None:
            self._shared.unattended = len(self.idle)
            if not self.idle:
                self._node.hearing_changed()
        return idle

    def note_device(self, session: Session) -> Heard:
        """What a device has heard that goes."""
        clock = self._node.clock
        since = clock.time() - (self._shared.monotonic() - session.heard)
        # All ids that were given begin with a number that is not greater, and what follows it is less.
        heard = Heard(int(since * 1000), self._node.message_ids.before(since) + "~")
        key = self._shared.places.person(session.user)
        if key is not None:
            self.note_heard_until(session.user, key, session.device, heard)
        return heard

    def note_heard_until(self, user: User, key: str, device: str, heard: Heard) -> None:
        """A device has gone, here or at a server that told this one, and had heard until then."""
        self.devices.note(key, device, heard, self._node.settings.bouncer.devices)
        self.noted(user)
        self._tell_heard(user, device, heard.ms)

    def note_heard(self, session: Session) -> None:
        """Tell other servers what the device of somebody who stays has heard, in case this one is lost."""
        session.told = session.heard
        user = session.user
        if user.account is not None and self._policy.stays(user):
            ago = self._shared.monotonic() - session.heard
            self._tell_heard(user, session.device, int((self._node.clock.time() - ago) * 1000))

    def _tell_heard(self, user: User, device: str, ms: int) -> None:
        """Tell all servers, unless the one that told this one has told them."""
        marks, key, spot = self._shared.marks, self._shared.places.person(user), OF_DEVICE + device
        if marks is not None and key is not None and marks.moves(key, spot, ms):
            marks.move(user, spot, ms, None)

    def _settle(self, session: Session) -> None:
        """Whether a person is away, and secure, is a matter of all their sessions."""
        user = session.user
        if user.server is self._node.network.me:
            self.settle_secure(user, session)
            settle(self._shared, user, session)
        else:
            self._sitting.settle(user)

    def settle_secure(self, user: User, origin: object) -> None:
        """Have somebody have the mode Z if all of theirs come by TLS."""
        sessions, seats = self._shared.local.sessions_of(user), self._shared.seats.of(user)
        secure = all(each.peer.secure for each in sessions) and all(seat.secure for seat in seats)
        if secure is not user.secure:
            added, removed = ("Z", "") if secure else ("", "Z")
            now = self._node.clock.time()
            self._node.commit(UserModesChanged(user, added, removed, user.snomask, now), origin)

    # the end

    def end(self, user: User, reason: str) -> None:
        """End all sessions of somebody, and have them quit, whether they are always on or not."""
        before, self._leaving = self._leaving, user
        try:
            sessions = self._shared.local.sessions_of(user)
            for session in sessions:
                session.close(reason)
        finally:
            self._leaving = before
        if not sessions:
            self._node.commit(UserQuit(user, reason, self._node.clock.time()))

    def end_banned(self, user: User, ban: NetworkBan) -> None:
        """The same of somebody whom a ban means and who is here without a session."""
        words = told(ban, self._node.settings)
        self.end(user, f"Banned: {words}" if words else "Banned")

    def hands_over(self, user: User) -> bool:
        """The server ends: whether another one may have somebody from now on, who is told of it."""
        person, network = user.person, self._node.network
        if user in self._handed_over:
            return True
        if person is None or network.persons.get(person.key) is not user:
            return False
        told = (bool(user.seats) or person.stays) and self._shared.links.seats.hand_over(user)
        if told:
            self._handed_over.add(user)
        return told

    def end_others(self, reason: str) -> None:
        """The server ends: nor do those stay who have no session here."""
        here = self._shared.local.sessions_of
        for user in [*self.idle, *(user for user in self._shared.seats if not here(user))]:
            if not self.hands_over(user):
                self.end(user, reason)

    def sweep(self) -> None:
        """End whom nobody came for."""
        if not self.idle:
            return
        limit = (self._node.clock.time() - self._node.settings.bouncer.expire * DAY) * 1000
        for user, idle in list(self.idle.items()):
            if idle.heard.ms < limit:
                self.end(user, f"Nobody came for {self._node.settings.bouncer.expire} days")

    def _introduced(self, fact: UserIntroduced, origin: object) -> None:
        self._name(fact.user)

    def _quit(self, fact: UserQuit, origin: object) -> None:
        self.back(fact.user)
        if fact.user.account is not None:
            self._unname(fact.user, fact.user.account)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        if fact.old_account is not None:
            self._unname(fact.user, fact.old_account)
        self._name(fact.user)
        self._look_at(fact.user)

    def moved(self, user: User) -> None:
        """Somebody is a user of this server now, or not any more."""
        if user.account is not None:
            self._unname(user, user.account)
        self._name(user)

    def _name(self, user: User) -> None:
        if self._shared.places.by_name and user.server is self._node.network.me:
            key = self._shared.places.person(user)
            if key is not None:
                self._named.setdefault(key, {})[user] = None

    def _unname(self, user: User, account: AccountName) -> None:
        key = self._shared.places.named(account)
        users = self._named.get(key)
        if users is not None and users.pop(user, user) is None and not users:
            del self._named[key]

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for user in self._node.network.logged_in_to(fact.touched):
            self._look_at(user)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        for user in list(self.idle):
            self._look_at(user)

    def _look_at(self, user: User) -> None:
        if user in self.idle and (user.account is None or not self._policy.stays(user)):
            self.end(user, "Logged out")


def _heard_all_until(ms: int) -> Heard:
    """As other servers are told it: all of that millisecond."""
    return Heard(ms, "~")
