"""One mail handed to a relay by SMTP, with STARTTLS or TLS from the beginning, and AUTH.

https://www.rfc-editor.org/rfc/rfc5321, https://www.rfc-editor.org/rfc/rfc3207, https://www.rfc-editor.org/rfc/rfc4954
To import this looks up the name of the machine, which may take long: do it in a thread.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple

from OpenSSL import crypto
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.mail.smtp import ESMTPSender, ESMTPSenderFactory, SMTPClientError, SMTPDeliveryError
from twisted.python.failure import Failure

from chatnet.services.mailing import Unsent
from chatnet.settings.mail import Relay

MOST_SHOWN: Final = 200
"""Characters of what a relay says that are told on."""
_MARK: Final = b"-----END CERTIFICATE-----"


class Hand(NamedTuple):
    """How mail is handed in: `ca` is a PEM file, or None; the `password` is a secret."""

    relay: Relay
    password: str
    sender: str
    covered: bool
    ca: Path | None
    timeout: float
    name: bytes

    def __repr__(self) -> str:
        return f"<Hand {self.relay.host}>"


class Sender(ESMTPSender):
    """Says so, too, if the connection is lost: an endpoint does not tell its factory."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)  # type: ignore[no-untyped-call]  # Twisted's mail is not typed
        self.factory.clientConnectionLost(None, reason)


class Attempt:
    """One mail on its way.  Its `answer` comes once: None, or :class:`Unsent`."""

    def __init__(self, reactor: Any, hand: Hand, to: str, message: str) -> None:
        self.answer: Deferred[None] = Deferred()
        self._hand = hand
        self._over = False
        self._protocol: Any = None
        try:
            tls = _options(hand)
        except (OSError, crypto.Error) as error:
            self._timer = None
            self._end(
                Unsent(f"mail.ca cannot be used: {getattr(error, 'strerror', None) or 'no certificate'}")
            )
            return
        done: Deferred[Any] = Deferred()
        factory = ESMTPSenderFactory(
            hand.relay.user.encode(), hand.password.encode(), hand.sender, to, BytesIO(message.encode()),
            done,
            retries=0, timeout=hand.timeout, contextFactory=tls if hand.covered else None,
            requireAuthentication=bool(hand.relay.user), requireTransportSecurity=hand.covered,
        )  # fmt: skip
        factory.protocol = Sender
        factory.domain = hand.name
        done.addCallbacks(lambda sent: self._end(None), self._failed)
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            reactor, hand.relay.host, hand.relay.port, timeout=hand.timeout
        )
        if hand.relay.implicit:
            endpoint = wrapClientTLS(tls, endpoint)
        self._timer = reactor.callLater(hand.timeout, self._late)
        self._connecting = endpoint.connect(factory)
        self._connecting.addCallbacks(self._connected, self._not_connected)

    def _connected(self, protocol: Any) -> None:
        self._protocol = protocol
        if self._over:
            protocol.transport.abortConnection()

    def _not_connected(self, failure: Failure) -> None:
        self._end(Unsent(f"the relay cannot be reached: {failure.getErrorMessage()}"))

    def _failed(self, failure: Failure) -> None:
        error = failure.value
        code, said, for_good = -1, failure.getErrorMessage(), False
        if isinstance(error, SMTPClientError):
            # Its text has all that was said in it, the password too.
            code, said = error.code, _text(error.resp)
        if isinstance(error, SMTPDeliveryError):
            addresses: Any = error.addresses
            for _, refusal, answer in addresses or ():
                if refusal >= 400:
                    code, said = refusal, _text(answer)
            for_good = code >= 500
        self._end(Unsent(f"the relay said {code} {said}" if code > 0 else said, for_good))

    def _late(self) -> None:
        self._end(Unsent(f"the relay took longer than {self._hand.timeout:g} seconds"))

    def _end(self, outcome: Unsent | None) -> None:
        if self._over:
            return
        self._over = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if outcome is None:
            self.answer.callback(None)
            return
        if self._protocol is not None:
            self._protocol.transport.abortConnection()
        elif self._timer is not None:
            self._connecting.cancel()
        self.answer.errback(outcome)


def _text(said: Any) -> str:
    return said.decode("utf-8", "replace")[:MOST_SHOWN] if isinstance(said, bytes) else str(said)[:MOST_SHOWN]


def _options(hand: Hand) -> Any:
    if hand.ca is None:
        return optionsForClientTLS(hand.relay.host)
    parts = hand.ca.read_bytes().split(_MARK)[:-1]
    authorities = [Certificate.loadPEM(part + _MARK) for part in parts]
    if not authorities:
        raise OSError(0, "it holds no certificate")
    return optionsForClientTLS(hand.relay.host, trustRoot=trustRootFromCertificates(authorities))
