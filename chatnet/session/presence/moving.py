"""People who become users of this server, or of another one, and are the same to all who see them."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, UserMoved
from chatnet.session.presence.devices import Heard
from chatnet.session.presence.persons import GONE, Idle, Persons
from chatnet.session.shared import Shared


class Moving:
    """An observer: who came here without a session is idle here, and who went is not any more."""

    def __init__(self, shared: Shared, persons: Persons) -> None:
        self._shared = shared
        self._persons = persons
        self.hears: Mapping[type[Fact], Hearer] = {UserMoved: self._moved}

    def _moved(self, fact: UserMoved, origin: object) -> None:
        user, me = fact.user, self._shared.network.me
        if fact.server is me:
            if user.person is not None:  # what is known of their devices is of the time before they went
                self._persons.devices.forget(user.person.key)
            if not self._shared.local.sessions_of(user) and not user.seats and user not in self._persons.idle:
                self._persons.remember(user, self._idle(user, fact.at))
        elif fact.old_server is me:
            self._persons.back(user)

    def _idle(self, user: User, at: float) -> Idle:
        """They have heard all until now, by whoever was there for them."""
        heard = Heard(int(at * 1000), self._shared.node.message_ids.before(at) + "~")
        return Idle(heard, None if user.away == GONE else user.away)
