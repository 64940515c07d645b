"""What a registration does to those who are in its channel already: an observer.

Who comes in is judged by JOIN.  Who is in has the ranks that their access explains when they log in, or when
their access changes, and goes when they are kept out.  Each server sees to this for its own users, and for
those of servers that keep no accounts which hang at it: they are looked at when they have come in.
Ranks are given here and never taken: who has one beyond their access was given it by somebody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

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
)
from chatnet.model.modes import rank_letters
from chatnet.model.registered import RegisteredChannel
from chatnet.node import Node
from chatnet.records.accounts import NAME
from chatnet.records.channels import AKICK, FLAGS, FOUNDER, SUCCESSOR
from chatnet.records.grammar import CHANNEL, STATUS, split
from chatnet.rules.access import access_of, is_account, kept_out, ranks_for
from chatnet.rules.bans import fitting
from chatnet.rules.modes import size_of_lists
from chatnet.services.abroad import Abroad

SUSPENDED: Final = "This channel is suspended"
SLICE: Final = 50
"""Members who are looked at in one go when an entry is changed."""
PAUSE: Final = 0.1
"""Seconds until the next ones are."""
SETTLED: Final = 1.0
"""Seconds after a channel lost its ranks to an older one, until they are given again."""
_OF_ALL: Final = frozenset({NAME, STATUS})
_OF_ONE: Final = frozenset({FOUNDER, SUCCESSOR})


class ChannelAccess:
    """Acts in the name of `chanserv`."""

    def __init__(self, node: Node, chanserv: User, abroad: Abroad) -> None:
        self._node = node
        self._abroad = abroad
        self._network = node.network
        self._registered = node.network.registry.channels
        self._chanserv = chanserv
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            ChannelReset: self._channel_reset,
            Joined: self._joined,
            RecordsTaken: self._records_taken,
        }

    def _sees_to(self, user: User) -> bool:
        """Whether this server deals with `user`, and no other one."""
        return user.server is self._network.me or self._abroad.serves(user)

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

    def _take(
        self, channel: Channel, registration: RegisteredChannel, user: User, ranks: int, at: float
    ) -> None:
        """Whoever comes first into a registered channel has no rank beyond their access for that."""
        beyond = ranks & ~ranks_for(access_of(self._network, registration, user))
        changes = tuple(ModeChange(False, letter, None, user) for letter in rank_letters(beyond))
        if changes:
            self._node.commit(ModesChanged(channel, changes, self._chanserv, at))

    def look_at(self, users: Iterable[User]) -> None:
        """People of other servers are here, who may be in registered channels."""
        at = self._node.clock.time()
        for user in users:
            for channel in list(user.channels):
                registration = self._registered.at(channel.folded)
                if registration is not None and self._abroad.serves(user):
                    self._look_at(channel, registration, user, at)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user = fact.user
        if fact.account_id is not None and self._sees_to(user):
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
            mine = deque(user for user in channel.members if self._sees_to(user))
            at = self._node.clock.time() + SETTLED
            self._node.clock.later(SETTLED, partial(self._look_at_all, channel, registration, mine, at))

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        fields: dict[str, list[tuple[str, str]]] = {
            entity: [] for entity in sorted(fact.touched) if entity[0] == CHANNEL
        }
        for record in fact.records:
            if record.entity in fields:
                name, key = split(record.field)
                fields[record.entity].append((name, key or record.value or ""))
        for entity, changed in fields.items():
            registration = self._registered.by_id.get(entity)
            if registration is None:
                continue
            folded = self._network.fold(registration.name)
            channel = self._network.channels.get(folded)
            if channel is not None and self._registered.at(folded) is registration:
                self._look_at_all(channel, registration, deque(self._concerned(channel, changed)), fact.at)

    def _look_at_all(
        self, channel: Channel, registration: RegisteredChannel, users: deque[User], at: float
    ) -> None:
        """Look at some, and at the others in a moment: each who has to go is told to all who are left."""
        for _ in range(min(SLICE, len(users))):
            user = users.popleft()
            if user in channel.members and self._registered.at(channel.folded) is registration:
                self._look_at(channel, registration, user, at)
        if users:
            rest = partial(self._look_at_all, channel, registration, users, at)
            self._node.clock.later(PAUSE, rest)

    def _concerned(self, channel: Channel, changed: Iterable[tuple[str, str]]) -> list[User]:
        """The members whom it may concern that these fields changed; of an account or mask only those."""
        found: dict[User, None] = {}
        names = {name for name, _ in changed}
        mine = [user for user in channel.members if self._sees_to(user)]
        if not names or names & _OF_ALL:
            return mine
        for name, key in changed:
            if name in _OF_ONE or (name in (FLAGS, AKICK) and is_account(key)):
                found.update(dict.fromkeys(self._network.logged_in.get(key, ())))
            elif name in (FLAGS, AKICK):
                found.update(dict.fromkeys(user for user in mine if fitting(self._network, user, (key,))))
        return [user for user in found if self._sees_to(user)]

    def _look_at(self, channel: Channel, registration: RegisteredChannel, user: User, at: float) -> None:
        if not user.may("channels"):
            if registration.suspended(at):
                self._node.commit(Kicked(channel, user, self._chanserv, SUSPENDED, at))
                return
            found = kept_out(self._network, registration, user, at)
            if found is not None:
                target, akick = found
                if not akick.until:
                    self._ban(channel, target, at)
                reason = akick.reason.partition("|")[0].strip() or "You are kept out of this channel"
                self._node.commit(Kicked(channel, user, self._chanserv, reason, at))
                return
        self.raise_up(channel, registration, user, at)

    def raise_up(self, channel: Channel, registration: RegisteredChannel, user: User, at: float) -> bool:
        """Give a member the ranks that their access explains; False if they have them."""
        if registration.suspended(at):
            return False
        missing = ranks_for(access_of(self._network, registration, user)) & ~channel.members[user]
        if missing:
            changes = tuple(ModeChange(True, letter, None, user) for letter in rank_letters(missing))
            self._node.commit(ModesChanged(channel, changes, self._chanserv, at))
        return bool(missing)

    def ban_of(self, target: str) -> str:
        """The ban that an akick is."""
        if not is_account(target):
            return target
        account = self._network.registry.account(target)
        return f"$a:{'' if account is None else account.shown}"

    def _ban(self, channel: Channel, target: str, at: float) -> None:
        """Ban who is kept out for good, if there is room: servers of other makes know no akicks."""
        mask = self.ban_of(target)
        if self._network.fold(mask) in channel.lists["b"]:
            return
        if size_of_lists(channel)[0] < self._node.settings.limits.mask_list:
            change = ModeChange(True, "b", mask)
            self._node.commit(ModesChanged(channel, (change,), self._chanserv, at))
