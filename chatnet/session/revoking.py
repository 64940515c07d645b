"""Sessions that came by a token go with it: an observer."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.records.accounts import TOKEN
from chatnet.records.grammar import split
from chatnet.session.sessions import Sessions


class Revoking:
    """Hears which tokens were taken away, on whatever server."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._network = sessions.network
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for record in fact.records:
            name, key = split(record.field)
            if name != TOKEN or record.value is not None:
                continue
            for user in list(self._network.logged_in.get(record.entity, ())):
                for session in self._sessions.local.sessions_of(user):
                    if session.way.token == key:
                        session.close("The token that you came by was taken away")
