"""The log of who came and went."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.model.facts import Fact, Hearer, UserIntroduced, UserQuit
from chatnet.rules.log_names import log_name
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions


class Attendance:
    """An observer: the log tells of this server's people, but nothing that they wrote.

    The UID in a line stays the same whatever nick somebody takes.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._node = sessions.node

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing, if nobody wants it written."""
        if not self._node.settings.log.people:
            return {}
        return {UserIntroduced: self._came, UserQuit: self._left}

    def _came(self, fact: UserIntroduced, origin: object) -> None:
        if not isinstance(origin, Session):
            return
        how = "TLS" if origin.peer.secure else "plain"
        name = log_name(fact.user, self._node.settings)
        self._node.log.often(f"{name} came: {fact.user.uid}, {how}, class {origin.connection_class.name}")

    def _left(self, fact: UserQuit, origin: object) -> None:
        # At the end all go, for one reason, which the log has said.
        if not isinstance(origin, Session) or self._sessions.ending:
            return
        reason = "Quit" if fact.reason.startswith("Quit: ") else fact.reason
        user, seconds = fact.user, int(self._sessions.monotonic() - origin.opened)
        name = log_name(user, self._node.settings)
        self._node.log.often(f"{name} left: {user.uid}, after {seconds} s, {reason}")
