"""Users of this server who become a person, or are none any more, while they are on the network."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.entities import Person, User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Hearer,
    PersonChanged,
    RecordsTaken,
    SeatLeft,
    SettingsChanged,
)
from chatnet.session.shared import Shared


class Claiming:
    """An observer of who logs in and out, and of what they may, and choose."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._node = shared.node
        self._network = shared.network
        self._policy = shared.persistence.policy
        self._policy.chosen.append(self._chosen)
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
            SeatLeft: self._seat_left,
            SettingsChanged: self._settings_changed,
        }

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        self.look_at(fact.user)

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        """Who was no person any more was still one while they had a seat."""
        self.look_at(fact.user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for user in self._network.logged_in_to(fact.touched):
            self.look_at(user)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        if fact.old.bouncer != fact.new.bouncer:
            for user in [user for user in self._network.users.values() if user.account is not None]:
                self.look_at(user)

    def _chosen(self, key: str) -> None:
        user = self._network.persons.get(key)
        if user is not None:
            self.look_at(user)

    def look_at(self, user: User) -> None:
        """Have somebody of this server be the person of their account, if they may and nobody is."""
        if user.server is not self._network.me or self._network.users.get(user.uid) is not user:
            return
        person, key, stays = user.person, self._policy.key(user), self._policy.stays(user)
        if key is not None and not self._policy.attaches(user):
            key = None
        if person is not None and person.key == key:
            if person.stays is not stays:
                self._change(user, person, person.began, stays=stays)
            return
        if person is not None and not user.seats:
            self._node.commit(PersonChanged(user, None, person, self._node.clock.time()))
            person = None
        if person is None and key is not None and key not in self._network.persons:
            self._change(user, Person(key, ""), self._shared.links.next_stamp().text, stays=stays)

    def _change(self, user: User, known: Person, began: str, *, stays: bool) -> None:
        person = Person(known.key, began, stays=stays)
        person.seats = known.seats
        self._node.commit(PersonChanged(user, person, user.person, self._node.clock.time()))
