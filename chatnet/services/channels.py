"""What a registration does to those who are in its channel already: an observer.

Who comes in is judged by JOIN.  Who is in has the ranks that their access explains when they log in, or when
their access changes; they lose those that it explained and does not any more, and go when they are kept out.
Each server sees to this for its own users, and for those of servers that keep no accounts which hang at it:
they are looked at when they have come in.  Other ranks are left alone: who has one beyond their access was
given it by somebody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    AccountChanged,
    ChannelReset,
    Fact,
    Hearer,
    Joined,
    Kicked,
    ModeChange,
    ModesChanged,
    RecordsTaken,
    UserMoved,
)
from chatnet.model.modes import OWNER, rank_letters
from chatnet.model.registered import RegisteredChannel
from chatnet.node import Node
from chatnet.records.accounts import NAME, SUSPENSION
from chatnet.records.channels import AKICK, FLAGS, FOUNDER, SUCCESSOR
from chatnet.records.grammar import CHANNEL, STATUS, split
from chatnet.rules.access import access_of, founder_of, is_account, kept_out, ranks_allowed, ranks_for
from chatnet.rules.bans import fitting
from chatnet.rules.modes import are_full, size_of_lists
from chatnet.services.abroad import Abroad
from chatnet.wire.text import byte_length

SUSPENDED: Final = "This channel is suspended"
SLICE: Final = 50
"""Members who are looked at in one go when an entry is changed."""
LINES: Final = 5000
"""Lines that may come of that, for what happens to each is told to all: in a large channel fewer are."""
PAUSE: Final = 0.1
"""Seconds until the next ones are."""
FITTED: Final = 5000
"""How often masks are held against members at once; where it were more all are looked at, a few at a time."""
SETTLED: Final = 1.0
"""Seconds after a channel lost its ranks to an older one, until they are given again."""
_OF_ALL: Final = frozenset({NAME, STATUS, SUSPENSION})
_OF_ONE: Final = frozenset({FOUNDER, SUCCESSOR})
_OF_ACCOUNTS: Final = frozenset({STATUS, SUSPENSION})
NOSYNC: Final = "nosync"
"""The setting of a channel in which changes of access change no rank of who is in."""


class _Explained:
    """The ranks that access to a registered channel explained when members were looked at last."""

    __slots__ = ("ranks", "registration")

    def __init__(self, registration: RegisteredChannel) -> None:
        self.registration = registration
        self.ranks: dict[User, int] = {}


class ChannelAccess:
    """Acts in the name of `chanserv`; `used` hears of registrations that people with access make use of."""

    def __init__(
        self, node: Node, chanserv: User, used: Callable[[RegisteredChannel], None], abroad: Abroad
    ) -> None:
        self._node = node
        self._abroad = abroad
        self._network = node.network
        self._registered = node.network.registry.channels
        self._chanserv = chanserv
        self._used = used
        self._explained: WeakKeyDictionary[Channel, _Explained] = WeakKeyDictionary()
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            ChannelReset: self._channel_reset,
            Joined: self._joined,
            RecordsTaken: self._records_taken,
            UserMoved: self._moved,
        }

    def _sees_to(self, user: User) -> bool:
        """Whether this server deals with `user`, and no other one."""
        return user.server is self._network.me or self._abroad.serves(user)

    # who comes in

    def _joined(self, fact: Joined, origin: object) -> None:
        """Who comes in elsewhere was let in by a server that knows nothing of registrations."""
        registration = self._registered.at(fact.channel.folded)
        if registration is None:
            return
        for user, ranks in fact.members:
            if self._abroad.serves(user):
                if fact.created and ranks:
                    self._take(fact.channel, registration, user, ranks, fact.at)
                self._look_at(fact.channel, registration, user, fact.at)
            elif user.seats and user.server is self._network.me:
                # A server that has sessions of theirs let them in, and gave them these.
                given = ranks & ranks_for(access_of(self._network, registration, user))
                self._note(fact.channel, registration, user, given)

    def _moved(self, fact: UserMoved, origin: object) -> None:
        """Somebody is a user of this server now: of their ranks those are explained that access explains."""
        user = fact.user
        if fact.server is self._network.me:
            for channel, ranks in user.channels.items():
                registration = self._registered.at(channel.folded)
                if registration is not None:
                    given = ranks & ranks_for(access_of(self._network, registration, user))
                    self._note(channel, registration, user, given)

    def _take(
        self, channel: Channel, registration: RegisteredChannel, user: User, ranks: int, at: float
    ) -> None:
        """Whoever comes first into a registered channel has no rank beyond their access for that."""
        beyond = ranks & ~ranks_for(access_of(self._network, registration, user))
        if beyond:
            self._node.commit(ModesChanged(channel, _changes(user, beyond, 0), self._chanserv, at))

    def look_at(self, users: Iterable[User]) -> None:
        """People of other servers are here, who may be in registered channels."""
        at = self._node.clock.time()
        for user in users:
            for channel in list(user.channels):
                registration = self._registered.at(channel.folded)
                if registration is not None and self._abroad.serves(user):
                    self._look_at(channel, registration, user, at)

    def coming(self, channel: Channel, registration: RegisteredChannel, user: User) -> int:
        """The ranks with which a user of this server comes in, as bits; they are remembered."""
        letters = access_of(self._network, registration, user)
        ranks = ranks_for(letters)
        self._note(channel, registration, user, ranks)
        if letters:
            self._used(registration)
        return ranks

    def _note(self, channel: Channel, registration: RegisteredChannel, user: User, ranks: int) -> None:
        """Access explains these ranks now."""
        explained = self._explained.get(channel)
        if explained is None:
            if not ranks:
                return
            explained = self._explained[channel] = _Explained(registration)
        explained.registration = registration
        if not ranks:
            explained.ranks.pop(user, None)
            return
        if len(explained.ranks) > SLICE + 2 * len(channel.members):
            explained.ranks = {each: old for each, old in explained.ranks.items() if each in channel.members}
        explained.ranks[user] = ranks

    def _was_explained(self, channel: Channel, registration: RegisteredChannel, user: User) -> int:
        """The ranks that access explained before; those of a registration that is gone nobody takes."""
        explained = self._explained.get(channel)
        if explained is None:
            return 0
        before = explained.registration
        if before is not registration and not (
            before.holds and self._registered.by_id.get(before.id) is before
        ):
            del self._explained[channel]
            return 0
        return explained.ranks.get(user, 0)

    # what happens to who is in

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user = fact.user
        if self._sees_to(user):
            for channel in list(user.channels):
                registration = self._registered.at(channel.folded)
                if registration is not None:
                    self._look_at(channel, registration, user, fact.at)

    def _channel_reset(self, fact: ChannelReset, origin: object) -> None:
        """An older channel, of nobody, took all ranks away: those that access explains come again.

        In a moment, when all that the other server says of the channel has been heard.
        """
        channel, registration = fact.channel, self._registered.at(fact.channel.folded)
        if registration is not None and not fact.keeping:
            at = self._node.clock.time() + SETTLED

            def again() -> None:
                self._look_at_all(channel, registration, self._mine(channel), at)

            self._node.clock.later(SETTLED, again)

    def _mine(self, channel: Channel) -> list[User]:
        return [user for user in channel.members if self._sees_to(user)]

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        fields: dict[str, list[tuple[str, str]]] = {
            entity: [] for entity in sorted(fact.touched) if entity[0] == CHANNEL
        }
        for record in fact.records:
            name, key = split(record.field)
            if record.entity in fields:
                fields[record.entity].append((name, key))
            elif name in _OF_ACCOUNTS:  # who is founder is a function of which accounts there are
                for each in self._registered.inherited(record.entity):
                    fields.setdefault(each.id, []).append((FOUNDER, ""))
        for entity, changed in fields.items():
            registration = self._registered.by_id.get(entity)
            if registration is None:
                continue
            folded = self._network.fold(registration.name)
            channel = self._network.channels.get(folded)
            if channel is not None and self._registered.at(folded) is registration:
                users = self._concerned(channel, registration, changed)
                self._look_at_all(channel, registration, users, fact.at)

    def _look_at_all(
        self, channel: Channel, registration: RegisteredChannel, users: Iterable[User], at: float
    ) -> None:
        """Look at some, and at the others in a moment: each who has to go is told to all who are left."""
        ranked = NOSYNC not in registration.settings

        def look(several: list[User]) -> None:
            for user in several:
                if user in channel.members:
                    self._look_at(channel, registration, user, at, ranked=ranked)

        self._in_slices(channel, registration, deque(users), look)

    def _in_slices(
        self,
        channel: Channel,
        registration: RegisteredChannel,
        users: deque[User],
        act: Callable[[list[User]], None],
    ) -> None:
        """Do something to a few who are in a registered channel, and to the others in a moment."""
        if self._registered.at(channel.folded) is not registration:
            return
        most = max(1, min(SLICE, LINES // max(1, len(channel.members))))
        act([users.popleft() for _ in range(min(most, len(users)))])
        if users:
            rest = partial(self._in_slices, channel, registration, users, act)
            self._node.clock.later(PAUSE, rest)

    def _concerned(
        self, channel: Channel, registration: RegisteredChannel, changed: Iterable[tuple[str, str]]
    ) -> list[User]:
        """The members whom it may concern that these fields changed; of an account or mask only those."""
        found: dict[User, None] = {}
        names = {name for name, _ in changed}
        if not names or names & _OF_ALL:
            return self._mine(channel)
        targets = dict.fromkeys(key for name, key in changed if name in (FLAGS, AKICK))
        for key in filter(is_account, targets):
            found.update(dict.fromkeys(self._network.logged_in.get(key, ())))
        if masks := [key for key in targets if not is_account(key)]:
            mine = self._mine(channel)
            if len(masks) * len(mine) > FITTED:
                return mine
            found.update(dict.fromkeys(user for user in mine if fitting(self._network, user, masks)))
        if names & _OF_ONE or (
            FLAGS in names and founder_of(self._network.registry, registration) != registration.founder
        ):
            found.update(dict.fromkeys(self._founding(channel, registration)))
        return [user for user in found if self._sees_to(user)]

    def _founding(self, channel: Channel, registration: RegisteredChannel) -> Iterator[User]:
        """Those who may be founder now, and those who may have been."""
        for entity in registration.heirs:
            yield from self._network.logged_in.get(entity, ())
        explained = self._explained.get(channel)
        if explained is not None:
            yield from (user for user, ranks in explained.ranks.items() if ranks & OWNER)

    def _look_at(
        self,
        channel: Channel,
        registration: RegisteredChannel,
        user: User,
        at: float,
        *,
        ranked: bool = True,
    ) -> None:
        """Put them out if they have to go, and else have their ranks be those that access explains."""
        if not user.may("channels"):
            if registration.suspended(at):
                self._node.commit(Kicked(channel, user, self._chanserv, SUSPENDED, at))
                return
            # A host that is hidden counts at the door only: one akick after the other would find it out.
            found = kept_out(self._network, registration, user, at, seen=True)
            if found is not None:
                target, akick = found
                if not akick.until:
                    self._ban(channel, target, at)
                reason = akick.reason.partition("|")[0].strip() or "You are kept out of this channel"
                self._node.commit(Kicked(channel, user, self._chanserv, reason, at))
                return
        if ranked and not registration.suspended(at):
            self._rank(channel, registration, user, at)

    def _rank(self, channel: Channel, registration: RegisteredChannel, user: User, at: float) -> None:
        """Give the ranks that access explains; take those that it explained and does not any more."""
        letters, held = access_of(self._network, registration, user), channel.members[user]
        before = self._was_explained(channel, registration, user)
        ranks = ranks_for(letters)
        self._note(channel, registration, user, ranks)
        if letters:
            self._used(registration)
        changes = _changes(user, held & before & ~ranks, ranks & ~held)
        if changes:
            self._node.commit(ModesChanged(channel, changes, self._chanserv, at))

    # what people ask for

    def sync(
        self, channel: Channel, registration: RegisteredChannel, at: float, *, but: User | None = None
    ) -> None:
        """Have all ranks there be those that access explains or allows, but for those of one user."""

        def act(several: list[User]) -> None:
            changes: list[ModeChange] = []
            for user in several:
                held = channel.members.get(user)
                if held is not None and user is not but:
                    letters = access_of(self._network, registration, user)
                    changes += _changes(user, held & ~ranks_allowed(letters), ranks_for(letters) & ~held)
            if changes:
                self._node.commit(ModesChanged(channel, tuple(changes), self._chanserv, at))

        self._in_slices(channel, registration, deque(channel.members), act)

    def put_out(
        self,
        channel: Channel,
        registration: RegisteredChannel,
        users: Iterable[User],
        reason: str,
        at: float,
    ) -> None:
        """Kick several, some at a time."""

        def act(several: list[User]) -> None:
            for user in several:
                if user in channel.members:
                    self._node.commit(Kicked(channel, user, self._chanserv, reason, at))

        self._in_slices(channel, registration, deque(users), act)

    def raise_up(self, channel: Channel, registration: RegisteredChannel, user: User, at: float) -> bool:
        """Give a member the ranks that their access explains; False if they have them."""
        if registration.suspended(at):
            return False
        missing = ranks_for(access_of(self._network, registration, user)) & ~channel.members[user]
        if missing:
            self._node.commit(ModesChanged(channel, _changes(user, 0, missing), self._chanserv, at))
        return bool(missing)

    def ban_of(self, target: str) -> str:
        """The ban that an akick is."""
        if not is_account(target):
            return target
        account = self._network.registry.account(target)
        return f"$a:{'' if account is None else account.shown}"

    def mute_of(self, target: str) -> str:
        """The ban that an akick of the kind q is: it lets in, but does not let speak."""
        return f"$q:{self.ban_of(target)}"

    def _ban(self, channel: Channel, target: str, at: float) -> None:
        """Ban who is kept out for good, if there is room: servers of other makes know no akicks."""
        mask = self.ban_of(target)
        if self._network.fold(mask) in channel.lists["b"]:
            return
        count, size = size_of_lists(channel)
        size += byte_length(mask)
        if not are_full(channel, self._node.settings.limits, count, size):
            change = ModeChange(True, "b", mask)
            self._node.commit(ModesChanged(channel, (change,), self._chanserv, at))


def _changes(user: User, lost: int, missing: int) -> tuple[ModeChange, ...]:
    """What takes some ranks of a member, and gives others."""
    return (
        *(ModeChange(False, letter, None, user) for letter in rank_letters(lost)),
        *(ModeChange(True, letter, None, user) for letter in rank_letters(missing)),
    )
