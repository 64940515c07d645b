"""Logging in by SASL where accounts are kept here: the talks, and the mechanisms.

    state      the applicant says                 comes of it                                    then
    ASKED      400 characters                     kept                                           ASKED
    ASKED      fewer, or ``+``                    decoded, and given to the mechanism            as it says
    -          the mechanism has a challenge      ``AUTHENTICATE <Base64>``, in chunks of 400    ASKED
    -          the mechanism has to look          awaited, while the session is held             CHECKING
    -          the mechanism has its last word    as a challenge                                 FINAL
    FINAL      ``+``                              logged in                                      over
    CHECKING   (it is right, or wrong)            logged in, or failed                           over
    ASKED      a name that nobody here has        said to a full neighbour, while that tells     ELSEWHERE
                                                  this server of the accounts
    ELSEWHERE  anything                           said to that one, as its answers are to them   ELSEWHERE

What a line may be is judged before (``session/sasl.py``), and what is no Base64 fails.  Nothing tells an
account that does not exist from a wrong password.  https://ircv3.net/specs/extensions/sasl-3.1
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum
from typing import Any, Final, Protocol

from chatnet.model.applicant import Applicant
from chatnet.model.logins import CERTIFICATE, SCRAM, Way
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.services import refused
from chatnet.services.accounts import Accounts, Attempt
from chatnet.services.credentials.exchange import Exchange
from chatnet.services.credentials.scram import SCHEME
from chatnet.services.refused import Refused
from chatnet.services.tokens import Tokens
from chatnet.wire.sasl import CHUNK

NOTHING: Final = "+"
"""A response or a challenge that is empty; behind a chunk of full length, that this was the last."""
EXTERNAL: Final = "EXTERNAL"
PLAIN: Final = "PLAIN"

Answer = Coroutine[Any, Any, None] | None
"""What has to be awaited before the applicant goes on."""


class State(Enum):
    """How far a talk has come."""

    ASKED = "the applicant is to say something"
    CHECKING = "what they said is being looked at"
    FINAL = "they are right, and are to say that they have read it"
    ELSEWHERE = "another server looks at what they say"


class Elsewhere(Protocol):
    """Full servers that may know who is not known here (``links/logins/elsewhere.py``)."""

    def begin(
        self, applicant: Applicant, mechanism: str, said: Sequence[str], over: Callable[[bool], object]
    ) -> bool:
        """Let `applicant` talk to one, beginning with the chunks `said`; False if none is to be asked.

        `over` hears how it ended.
        """

    def say(self, applicant: Applicant, data: str) -> None:
        """One chunk of what `applicant` answers."""

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""


class Talk:
    """One attempt of an applicant; `hear` takes what they say, decoded."""

    __slots__ = ("account", "applicant", "attempt", "chunks", "exchange", "hear", "state")

    def __init__(self, applicant: Applicant, hear: Callable[[Talk, bytes], Answer]) -> None:
        self.applicant = applicant
        self.hear = hear
        self.state = State.ASKED
        self.chunks: list[str] = []
        self.exchange: Exchange | None = None
        self.account: Account | None = None
        self.attempt: Attempt | None = None


class Authentication:
    """The authority of a server that keeps accounts."""

    any_time: Final = True

    def __init__(self, node: Node, accounts: Accounts, tokens: Tokens, elsewhere: Elsewhere) -> None:
        self._node = node
        self._elsewhere = elsewhere
        self._accounts = accounts
        self._tokens = tokens
        self._talks: dict[Applicant, Talk] = {}
        self._mechanisms: dict[str, Callable[[Talk, bytes], Answer]] = {
            SCHEME: self._scram_first,
            EXTERNAL: self._external,
            PLAIN: self._plain,
        }

    def mechanisms(self, secure: bool) -> tuple[str, ...]:
        """By which one can log in, the best first: by certificates under TLS only."""
        scram = self._node.settings.accounts.verifier != "argon2id"
        return (*((SCHEME,) if scram else ()), *((EXTERNAL,) if secure else ()), PLAIN)

    # the talks

    def begin(self, applicant: Applicant, mechanism: str) -> bool:
        """Let `applicant` talk; False if too many logins from there failed, and they know."""
        if wait := self._accounts.throttle.address_waits(self._address(applicant)):
            self._tell(applicant, refused.try_again(wait, refused.TOO_MANY_FAILED))
            return False
        self._talks[applicant] = Talk(applicant, self._mechanisms[mechanism])
        applicant.challenged(NOTHING)
        return True

    def say(self, applicant: Applicant, data: str) -> Answer:
        """One chunk of what `applicant` answers; a session whose password is looked at says nothing more."""
        talk = self._talks.get(applicant)
        if talk is None or talk.state is State.CHECKING:
            return None
        if talk.state is State.ELSEWHERE:
            self._elsewhere.say(applicant, data)
            return None
        if data != NOTHING:
            talk.chunks.append(data)
            if len(data) == CHUNK:
                return None
        try:
            response = b64decode("".join(talk.chunks), validate=True)
        except binascii.Error:
            self._end(talk, False)
            return None
        talk.chunks.clear()
        return talk.hear(talk, response)

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""
        talk = self._talks.pop(applicant, None)
        if talk is not None and talk.state is State.ELSEWHERE:
            self._elsewhere.give_up(applicant)

    def _address(self, applicant: Applicant) -> str:
        return self._accounts.throttle.address_of(applicant.came)

    def _challenge(self, talk: Talk, message: bytes) -> None:
        for chunk in _chunks(message):
            talk.applicant.challenged(chunk)

    def _asks(self, talk: Talk, mechanism: str, response: bytes) -> bool:
        """Whether a full neighbour looks at it from now on, who may know whom nobody here knows."""
        talk.state = State.ELSEWHERE  # it may be over at once
        asks = self._elsewhere.begin(
            talk.applicant, mechanism, _chunks(response), lambda good: self._end(talk, good)
        )
        if not asks:
            talk.state = State.ASKED
        return asks

    def _end(self, talk: Talk, good: bool) -> None:
        if self._talks.pop(talk.applicant, None) is not None:
            talk.applicant.ended(good)

    def _log_in(self, talk: Talk, account: Account, way: Way, name: str) -> None:
        if self._talks.get(talk.applicant) is talk:  # or they are gone
            self._end(talk, talk.applicant.proved(account, way, name))

    def _refuse(self, talk: Talk, why: Refused) -> None:
        if self._talks.get(talk.applicant) is talk:
            self._tell(talk.applicant, why)
            self._end(talk, False)

    @staticmethod
    def _tell(applicant: Applicant, why: Refused) -> None:
        if why.code == refused.ACCOUNT_SUSPENDED:
            applicant.locked(why.text)
        elif why.code != refused.INVALID_CREDENTIALS:
            applicant.noted(why.code, why.text, *why.context)

    def _check(self, talk: Talk, looking: Coroutine[Any, Any, None]) -> Answer:
        """Have something awaited; a refusal ends the talk."""
        talk.state = State.CHECKING

        async def look() -> None:
            try:
                await looking
            except Refused as why:
                self._refuse(talk, why)

        return look()

    # PLAIN.  https://www.rfc-editor.org/rfc/rfc4616

    def _plain(self, talk: Talk, response: bytes) -> Answer:
        """``[authzid] NUL authcid NUL passwd``, in UTF-8."""
        parts = response.decode("utf-8", "surrogateescape").split("\0")
        if len(parts) != 3 or not parts[1] or not parts[2]:
            self._end(talk, False)
            return None
        if not self._accounts.meant(parts[1]) and self._asks(talk, PLAIN, response):
            return None
        return self._check(talk, self._check_plain(talk, *parts))

    async def _check_plain(self, talk: Talk, authorized: str, name: str, password: str) -> None:
        came, accounts = talk.applicant.came, self._accounts
        account, way = await self._tokens.enter(
            name, password, address=self._address(talk.applicant), owner=accounts.throttle.queue_of(came),
            certfp=came.certfp,
        )  # fmt: skip
        if authorized and account not in accounts.meant(authorized):
            raise refused.wrong(authorized)
        self._log_in(talk, account, way, name)

    # EXTERNAL.  https://www.rfc-editor.org/rfc/rfc4422#appendix-A

    def _external(self, talk: Talk, response: bytes) -> Answer:
        """The account that the certificate logs in to, which may be named."""
        accounts, came = self._accounts, talk.applicant.came
        authorized = response.decode("utf-8", "surrogateescape")
        account = accounts.by_certificate(came)
        if account is None and self._asks(talk, EXTERNAL, response):
            return None
        try:
            if account is None or (authorized and account not in accounts.meant(authorized)):
                accounts.throttle.failed(self._address(talk.applicant), None)
                raise refused.wrong(authorized)
            accounts.check_certificate(came)
        except Refused as why:
            self._refuse(talk, why)
        else:
            self._log_in(talk, account, CERTIFICATE, authorized)
        return None

    # SCRAM-SHA-256.  https://www.rfc-editor.org/rfc/rfc7677

    def _scram_first(self, talk: Talk, response: bytes) -> Answer:
        """``n,,n=<name>,r=<nonce>``"""
        try:
            talk.exchange = Exchange(response)
            if not self._accounts.meant(talk.exchange.name) and self._asks(talk, SCHEME, response):
                return None
            talk.attempt = self._accounts.attempt(talk.exchange.name, self._address(talk.applicant))
        except ValueError:
            self._end(talk, False)
        except Refused as why:
            self._refuse(talk, why)
        else:
            return self._check(talk, self._scram_challenge(talk, talk.exchange, talk.attempt))
        return None

    async def _scram_challenge(self, talk: Talk, exchange: Exchange, attempt: Attempt) -> None:
        """Salt and iterations of whoever has the name; of nobody others, which no password belongs to."""
        owner = attempt.meant[0] if attempt.meant else None
        form = await self._accounts.scram_form(owner, attempt.name)
        talk.account = owner
        talk.hear = self._scram_final
        talk.state = State.ASKED
        if self._talks.get(talk.applicant) is talk:
            self._challenge(talk, exchange.challenge(form))

    def _scram_final(self, talk: Talk, response: bytes) -> Answer:
        """``c=biws,r=<nonce>,p=<proof>``"""
        assert talk.exchange is not None and talk.attempt is not None
        try:
            self._accounts.again(talk.attempt)
            last = talk.exchange.prove(response)
            if last is None or talk.account is None:
                self._accounts.failed(talk.attempt)
                raise refused.wrong(talk.attempt.name)
            self._accounts.judge(talk.account, talk.attempt)
        except Refused as why:
            self._refuse(talk, why)
        else:
            talk.hear = self._scram_read
            talk.state = State.FINAL
            self._challenge(talk, last)
        return None

    def _scram_read(self, talk: Talk, response: bytes) -> Answer:
        """Nothing, for the last word is the server's: “clients MUST still send an empty response”."""
        assert talk.account is not None and talk.attempt is not None
        try:
            if response:
                raise refused.wrong(talk.attempt.name)
            self._accounts.proved(talk.account, talk.attempt)
        except Refused as why:
            self._refuse(talk, why)
        else:
            self._log_in(talk, talk.account, SCRAM, talk.attempt.name)
        return None


def _chunks(message: bytes) -> Sequence[str]:
    """A message in Base64, as it is said: behind a chunk of full length there is another one."""
    text = b64encode(message).decode()
    chunks = [text[begin : begin + CHUNK] for begin in range(0, len(text), CHUNK)]
    return chunks if chunks and len(chunks[-1]) < CHUNK else [*chunks, NOTHING]
