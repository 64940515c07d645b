"""One client that logs in by SASL, and what clients read of it when somebody is logged in.

https://ircv3.net/specs/extensions/sasl-3.1  The mechanisms themselves are the business of the authority.
What it has to look at is awaited, and takes nothing of the time that an attempt has.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from chatnet.model.entities import User
from chatnet.model.ids import AccountName
from chatnet.model.logins import Way
from chatnet.model.registry import Account
from chatnet.node import Timer
from chatnet.session.authority import Authority
from chatnet.session.logins import KEPT, keeps_account, log_in, tell_account
from chatnet.session.presence.devices import device_of
from chatnet.session.render import encode
from chatnet.session.session import Needs, Session
from chatnet.wire import numerics
from chatnet.wire.capabilities import STANDARD_REPLIES
from chatnet.wire.numerics import Numeric
from chatnet.wire.sasl import CHUNK, is_data

ABORT: Final = "*"
"""What a client says instead of data that gives up."""


class Login:
    """An attempt of one session to log in by a mechanism: the applicant of a talk with the authority."""

    __slots__ = ("_authority", "_mechanism", "_session", "_size", "_timer")

    def __init__(self, session: Session, authority: Authority, mechanism: str) -> None:
        self._session = session
        self._authority = authority
        self._mechanism = mechanism
        self._size = 0  # of the response that has begun
        self._timer = self._arm()

    def _arm(self) -> Timer:
        node = self._session.sessions.node
        return node.clock.later(node.settings.sasl.timeout, lambda: self.give_up(numerics.ERR_SASLABORTED))

    @property
    def user(self) -> User:
        """Who logs in."""
        return self._session.user

    @property
    def came(self) -> User:
        """Who came by this connection."""
        return self._session.came

    # the client

    def respond(self, data: str) -> Coroutine[Any, Any, None] | None:
        """One chunk from the client, or that it gives up; what has to be awaited then."""
        session = self._session
        if data == ABORT:
            self.give_up(numerics.ERR_SASLABORTED)
            return None
        self._size += len(data)
        if len(data) > CHUNK:
            self._fail(numerics.ERR_SASLTOOLONG)
        elif not is_data(data) or self._size > session.sessions.node.settings.sasl.response_bytes:
            self._fail(numerics.ERR_SASLFAIL)
        else:
            if len(data) < CHUNK:
                self._size = 0
            answer = self._authority.say(self, data)
            return None if answer is None else self._wait(answer)
        return None

    async def _wait(self, answer: Coroutine[Any, Any, None]) -> None:
        self._timer.cancel()
        await answer
        if self._session.login is self:
            self._timer = self._arm()

    def _fail(self, why: Numeric) -> None:
        self.give_up()
        fail(self._session, why)

    def give_up(self, why: Numeric | None = None) -> None:
        """The authority hears of it, and the client reads `why`."""
        self._end()
        self._authority.give_up(self)
        if why is not None:
            self._session.numeric(why)

    def _end(self) -> None:
        self._session.login = None
        self._timer.cancel()

    # the authority

    def challenged(self, data: str) -> None:
        """``AUTHENTICATE <data>``"""
        self._session.send(b"AUTHENTICATE " + encode(data))

    def shown(self, mechanisms: str) -> None:
        """908."""
        self._session.numeric(numerics.RPL_SASLMECHS, mechanisms)

    def logged_in(
        self, nick: str | None, username: str | None, host: str | None, account: AccountName | None
    ) -> None:
        """Not a user yet: kept until they are; 900 or 901 at once."""
        session, user = self._session, self._session.user
        network = session.sessions.node.network
        if nick is not None and network.user(nick) is None:
            user.nick, user.folded = nick, network.fold(nick)
            session.needs &= ~Needs.NICK
        session.granted = username, host
        user.account = account
        tell_account(session)

    def proved(self, account: Account, way: Way, name: str) -> bool:
        """900, and what comes of it for a user; not if the account of a person would be another one."""
        session = self._session
        if keeps_account(session, account):
            session.notice(KEPT)
            return False
        session.device = device_of(name) or session.device
        log_in(session, account, way)
        return True

    def locked(self, text: str) -> None:
        """902."""
        self._session.numeric(numerics.ERR_NICKLOCKED, text)

    def noted(self, code: str, text: str, *context: str) -> None:
        """``NOTE AUTHENTICATE <code> <context> :<text>``, or the text alone for who does not know those."""
        if self._session.caps & STANDARD_REPLIES:
            self._session.standard_reply("NOTE", "AUTHENTICATE", code, text, *context)
        else:
            self._session.notice(text)

    def ended(self, good: bool) -> None:
        """903 or 904."""
        self._end()
        session = self._session
        session.sessions.node.counts.logins[self._mechanism, good] += 1
        if good:
            session.numeric(numerics.RPL_SASLSUCCESS)
            session.sessions.ready(session)
        else:
            fail(session, numerics.ERR_SASLFAIL)


def fail(session: Session, why: Numeric) -> None:
    """904 or 905, of whatever kind the failure was; after too many the session is closed."""
    session.numeric(why)
    session.failed_logins += 1
    if session.failed_logins >= session.sessions.node.settings.sasl.attempts:
        session.close("Too many SASL authentication failures")


def begin(session: Session, authority: Authority, mechanism: str) -> None:
    """``AUTHENTICATE <mechanism>``: ask the authority, or say which mechanisms there are."""
    name = mechanism.upper()
    mechanisms = authority.mechanisms(session.peer.secure)
    if name not in mechanisms:
        if mechanisms:
            session.numeric(numerics.RPL_SASLMECHS, ",".join(mechanisms))
        fail(session, numerics.ERR_SASLFAIL)
        return
    login = session.login = Login(session, authority, name)
    if not authority.begin(login, name):
        login.ended(False)
