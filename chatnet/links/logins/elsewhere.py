"""Logins that a full neighbour looks at, while this server is still told which accounts there are.

Whose name means nobody here yet may be known there.  It is asked as edges ask, in ENCAP SASL, and answers
with ``SVSLOGIN``, which bears the id of the account (``applicants.py``): so whoever is right is logged in
before their account is known here.  Nobody is asked on behalf of others than this server's own connections,
or two that learn of each other would ask each other for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatnet.links.logins.agents import Agents
from chatnet.model.applicant import Applicant
from chatnet.model.entities import User
from chatnet.model.ids import AccountName
from chatnet.model.logins import Way
from chatnet.model.registry import Account
from chatnet.model.server import Server


class Elsewhere:
    """Has a neighbour looked at what is said to it; `asked` is the one that is to be asked now, if any is."""

    def __init__(self, agents: Agents, asked: Callable[[], Server | None]) -> None:
        self._agents = agents
        self._asked = asked

    def begin(
        self, applicant: Applicant, mechanism: str, said: Sequence[str], over: Callable[[bool], object]
    ) -> bool:
        """Go on with a talk there in which the chunks `said` were answered; False if nobody is to be asked.

        `over` hears how it ended.
        """
        server = self._asked()
        if server is None or applicant.came.server.sid != self._agents.sid:
            return False
        return self._agents.begin(_Lent(applicant, said, self._agents, over), mechanism, server)

    def say(self, applicant: Applicant, data: str) -> None:
        """One chunk of what `applicant` answers."""
        self._agents.say(applicant, data)

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""
        self._agents.give_up(applicant)


class _Lent:
    """An applicant as they are there: what they said here before is said again to the first challenge."""

    def __init__(
        self, applicant: Applicant, said: Sequence[str], agents: Agents, over: Callable[[bool], object]
    ) -> None:
        self._applicant = applicant
        self._said = said
        self._agents = agents
        self._over = over

    @property
    def user(self) -> User:
        return self._applicant.user

    @property
    def came(self) -> User:
        return self._applicant.came

    def challenged(self, data: str) -> None:
        """The first challenge was answered before it was asked."""
        said, self._said = self._said, ()
        for each in said:
            self._agents.say(self, each)
        if not said:
            self._applicant.challenged(data)

    def shown(self, mechanisms: str) -> None:
        """They have read which there are here."""

    def logged_in(
        self, nick: str | None, username: str | None, host: str | None, account: AccountName | None
    ) -> None:
        self._applicant.logged_in(nick, username, host, account)

    def proved(self, account: Account, way: Way, name: str) -> bool:
        """A server tells it in another way."""
        return False

    def locked(self, text: str) -> None:
        """There is no word for that between servers."""

    def noted(self, code: str, text: str, *context: str) -> None:
        """Nor for that."""

    def ended(self, good: bool) -> None:
        self._over(good)
