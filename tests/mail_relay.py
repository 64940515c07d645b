"""A relay for mail as operators have one: a real SMTP server in a thread, with STARTTLS or TLS, and AUTH."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from daemon_process import HOST, free_port

from chatnet.transports.certificates import make_self_signed

USER: Final = "chat"
PASSWORD: Final = "planted-mail-password"


class Mail(NamedTuple):
    """What was handed in."""

    sender: str
    to: list[str]
    text: str


class MailRelay:
    """Takes mail of who logs in under TLS, or refuses each address with a line."""

    def __init__(self, folder: Path, *, implicit: bool = False, refuse: str = "", tls: bool = True) -> None:
        self.port = free_port()
        self.certificate = folder / "relay.pem"
        self.mails: list[Mail] = []
        self._refuse = refuse
        make_self_signed(self.certificate, ["localhost"])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate)
        more: dict[str, Any] = {"ssl_context": context} if implicit else {}
        if tls and not implicit:
            more.update(tls_context=context, require_starttls=True)
        if tls:
            more.update(authenticator=self._authenticate, auth_required=True, auth_require_tls=not implicit)
        self._controller = Controller(self, hostname=HOST, port=self.port, **more)

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._refuse:
            return self._refuse
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos, envelope.content.decode()))
        return "250 OK"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


class SilentRelay:
    """Takes connections, and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
