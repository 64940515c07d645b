"""Mail that this server sends about accounts: ``[mail]``."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, ClassVar, Final, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator

from chatnet.settings.base import Agreement, FilePath, Password, Section
from chatnet.wire.names import is_domain, is_mail_address

_PORTS: Final = {"smtp": 587, "smtps": 465}


class Relay(NamedTuple):
    """Where mail is handed in; with `implicit` TLS begins with the connection, and else by STARTTLS."""

    implicit: bool
    user: str
    host: str
    port: int


def relay_of(text: str) -> Relay:
    """``smtp://user@mail.example.org:587`` or ``smtps:`` in its parts; ValueError says what is wrong."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("has no port between 0 and 65535") from None
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or parts.path or parts.query or parts.fragment:
        raise ValueError("is not such as smtp://user@mail.example.org:587 or smtps://user@mail.example.org")
    if parts.password is not None:
        raise ValueError("has a password in it, which belongs into mail.password")
    if not is_domain(host, 253) and not _is_address(host):
        raise ValueError("has no host in it, as in smtp://user@mail.example.org:587")
    user = unquote(parts.username or "")
    if any(not each.isprintable() for each in user):
        raise ValueError("has a user name with control characters in it")
    return Relay(parts.scheme == "smtps", user, host, port or _PORTS[parts.scheme])


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_here(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _whole(relay: str, sender: str) -> str | None:
    return "needs a from: the address that mail is sent from" if relay and not sender else None


def _logs_in(relay: str, password: object) -> str | None:
    if not relay or (password is not None) == bool(relay_of(relay).user):
        return None
    if password is None:
        return "needs a password, since relay names a user"
    return "has a password, and relay names no user"


def _covered(relay: str, tls: str) -> str | None:
    if not relay or tls == "required":
        return None
    found = relay_of(relay)
    if found.implicit:
        return 'has tls = "off", and a relay with smtps:'
    if found.user and not _is_here(found.host):
        return 'has tls = "off", by which the password could be read on its way to another machine'
    return None


class MailSettings(Section):
    """``[mail]``: the operator's own relay, to which this server hands mail about accounts. Nothing is sent
    without one."""

    agreements: ClassVar[tuple[Agreement, ...]] = (
        Agreement(("relay", "sender"), _whole),
        Agreement(("relay", "password"), _logs_in),
        Agreement(("relay", "tls"), _covered),
    )

    relay: str = ""
    """Where mail is handed in: ``smtp://user@mail.example.org:587``, which begins TLS by STARTTLS, or
    ``smtps:`` (port 465). Without a user nobody logs in there. Empty = no mail. Addresses are
    verified by it if ``accounts.email`` says so."""
    password: Password | None = None
    """The password of that user."""
    sender: str = Field(default="", alias="from")
    """The address that mail comes from, such as ``accounts@example.org``."""
    tls: Literal["required", "off"] = "required"
    """``off``: mail goes to the relay in the clear, which is for one on this machine."""
    ca: FilePath = ""
    """A PEM file with the authorities that may have signed the relay's certificate, relative to the
    configuration file; empty = those that this system trusts."""
    timeout: Annotated[float, Field(ge=1, le=600)] = 30.0
    """Seconds that one attempt to hand a mail in may take."""
    rate: Annotated[int, Field(ge=1, le=1_000_000)] = 60
    """Mails that this server sends within ``period``; what somebody asks for beyond has to wait."""
    per_address: Annotated[int, Field(ge=1, le=1000)] = 1
    """Mails of one kind to one address within ``period``."""
    asked: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    """Mails that people at one address of the network may ask for within ``period``."""
    period: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """Seconds."""

    @field_validator("relay")
    @classmethod
    def _check_relay(cls, value: str) -> str:
        if value:
            relay_of(value)
        return value

    @field_validator("sender")
    @classmethod
    def _check_sender(cls, value: str) -> str:
        if value and not (value.isascii() and is_mail_address(value)):
            raise ValueError("is not an address such as accounts@example.org, in ASCII")
        return value
