"""Handing mail to the operator's relay.  No server of an address is looked up, and nothing is signed: that is
the relay's work.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.threads import deferToThread

from chatnet.settings import Settings
from chatnet.settings.mail import relay_of


def _load() -> Any:
    """Only those who send mail pay for the import; it looks up the name of this machine, which may take."""
    from chatnet.wiring import smtp

    return smtp


class Post:
    """Hands in mail, by the `settings` of that moment; `base` is what ``mail.ca`` is relative to."""

    def __init__(self, reactor: Any, base: Path, settings: Callable[[], Settings]) -> None:
        self._reactor = reactor
        self._base = base
        self._settings = settings

    async def __call__(self, to: str, message: str) -> None:
        """As ``Send``."""
        smtp = await deferToThread(_load)
        settings = self._settings()
        mail = settings.mail
        hand = smtp.Hand(
            relay_of(mail.relay),
            "" if mail.password is None else mail.password.get_secret_value(),
            mail.sender,
            mail.tls == "required",
            self._base / mail.ca if mail.ca else None,
            mail.timeout,
            settings.server.name.encode(),
        )
        await smtp.Attempt(self._reactor, hand, to, message).answer
