"""Sessions that came by a token go with it: an observer."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.rules.logins import TOKEN_TAKEN, tokens_taken
from chatnet.session.sessions import Sessions


class Revoking:
    """Hears which tokens were taken away, on whatever server; also of sessions that are no users yet."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        gone = tokens_taken(fact.records)
        if not gone:
            return
        for session in list(self._sessions.all):
            if session.way.token and (session.user.account_id, session.way.token) in gone:
                session.close(TOKEN_TAKEN)
