"""Registrations that wait: somebody else registered the channel before, beyond a split.

Nothing of one is applied until the other is gone.  Its founder reads so when it happens and at each login.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, Fact, Hearer, RecordsTaken
from chatnet.model.registered import RegisteredChannel
from chatnet.node import Node
from chatnet.records.grammar import CHANNEL, seconds_of
from chatnet.rules.access import founder_of
from chatnet.wire.server_time import minute

WAITS: Final = (
    "While servers were apart {name} was registered twice, and the other one was first ({when}). Your "
    "registration waits: nothing of it is applied until the other one is gone. To give it up: "
    "/msg {bot} DROP {name}"
)
COUNTS: Final = "Your registration of {name} counts now: the other one is gone."


class Waiting:
    """An observer; `say` tells a user of this server something in the name of `chanserv`."""

    def __init__(self, node: Node, chanserv: User, say: Callable[[User, str], None]) -> None:
        self._node = node
        self._network = node.network
        self._registered = node.network.registry.channels
        self._chanserv = chanserv
        self._say = say
        self._known = {each.id for each in self._registered.by_id.values() if self._registered.waits(each)}
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
        }

    def entered(self, user: User) -> None:
        """Somebody of this server has read the welcome, and may be logged in."""
        entity = user.account_id
        if entity is None or not self._known:
            return
        for registration in self._registered.inherited(entity):
            if registration.id in self._known and self._founder(registration) == entity:
                self._say(user, self._sentence(registration))

    def _founder(self, registration: RegisteredChannel) -> str:
        return founder_of(self._network.registry, registration)

    def _sentence(self, registration: RegisteredChannel) -> str:
        first = self._registered.asking(self._network.fold(registration.name))[0]
        when = minute(seconds_of(first.since))
        return WAITS.format(name=registration.name, when=when, bot=self._chanserv.nick)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        if fact.user.server is self._network.me and fact.account != fact.old_account:
            self.entered(fact.user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in sorted(fact.touched):
            if entity[0] != CHANNEL:
                continue
            registration = self._registered.by_id.get(entity)
            waits = registration is not None and self._registered.waits(registration)
            if waits is (entity in self._known):
                continue
            if not waits:
                self._known.discard(entity)
            else:
                self._known.add(entity)
            if registration is not None and registration.holds:
                self._tell(registration, waits)

    def _tell(self, registration: RegisteredChannel, waits: bool) -> None:
        name = registration.name
        text = self._sentence(registration) if waits else COUNTS.format(name=name)
        for user in list(self._network.logged_in.get(self._founder(registration), ())):
            if self._network.me in user.places:
                self._say(user, text)
        if waits:
            account = self._network.registry.account(self._founder(registration))
            whose = "nobody" if account is None else account.shown
            note = (
                f"{name} was registered twice while servers were apart:"
                f" that of {whose} waits ({registration.id})"
            )
            self._node.log.warn(note)
            self._node.notice("a", note, common=True)
