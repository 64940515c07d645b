"""Sessions that came by a token go with it: an observer."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.records.accounts import TOKEN
from chatnet.records.grammar import split
from chatnet.session.sessions import Sessions


class Revoking:
    """Hears which tokens were taken away, on whatever server; also of sessions that are no users yet."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        gone = set[tuple[str | None, str]]()
        for record in fact.records:
            if record.value is None and record.field.startswith(TOKEN):
                name, key = split(record.field)
                if name == TOKEN:
                    gone.add((record.entity, key))
        if not gone:
            return
        for session in list(self._sessions.all):
            if session.way.token and (session.user.account_id, session.way.token) in gone:
                session.close("The token that you came by was taken away")
