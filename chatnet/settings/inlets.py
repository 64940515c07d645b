"""Other ways in for what machines say: ``[[inlet]]``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator

from chatnet.settings.base import AddressRange, Agreement, SecretWord, Section
from chatnet.settings.endpoints import datagrams_in
from chatnet.wire.masks import parse_network
from chatnet.wire.names import is_nick

Severity = Literal["emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"]


def _nick(text: str) -> str:
    if not is_nick(text, 64):
        raise ValueError(
            "is not a nick: letters, digits and []\\`_^{|}-, and no digit or '-' at its beginning"
        )
    return text


def _secret_for(kind: str, secret: object) -> str | None:
    if (kind == "udp") is not (secret is not None):
        return "needs a secret" if kind == "udp" else 'has a secret, which is for kind = "udp"'
    return None


class InletSettings(Section):
    """``[[inlet]]``: datagrams that somebody says in a channel."""

    agreements: ClassVar[tuple[Agreement, ...]] = (Agreement(("kind", "secret"), _secret_for),)

    kind: Literal["syslog", "udp"]
    """``syslog``: what machines log (RFC 5424, RFC 3164); ``udp``: a datagram is ``SECRET text``."""
    endpoint: str
    """Where it listens: ``udp:5514:interface=127.0.0.1``; without an interface on all addresses of IPv4."""
    addresses: Annotated[tuple[AddressRange, ...], Field(min_length=1, alias="from")]
    """Addresses that are listened to; whoever can send from one of them, or make it seem so, is heard."""
    channel: str
    """The channel where it is said."""
    nick: Annotated[str, AfterValidator(_nick)]
    """The nick of who says it there; one that is taken gets ``_`` behind it."""
    secret: SecretWord | None = None
    """(udp) The first word of each datagram; others are dropped."""
    severity: Severity = "warning"
    """(syslog) The least severe that is said."""
    names: Annotated[tuple[str, ...], Field(max_length=1000)] = ()
    """What machines are called, as ``192.0.2.7 router``; others are as they say themselves."""
    quiet: bool = False
    """Say it as a NOTICE, which clients do not draw attention to."""
    rate: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Messages in a second; what is beyond is counted, and told once a minute."""
    burst: Annotated[int, Field(ge=1, le=1000)] = 10
    """Messages that may come at once."""

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str) -> str:
        datagrams_in(value)
        return value

    @field_validator("channel")
    @classmethod
    def _check_channel(cls, value: str) -> str:
        if value[:1] != "#" or len(value) < 2 or any(c in " ,\x07\r\n\0" for c in value):
            raise ValueError("is not a channel such as #ops")
        return value

    @field_validator("names")
    @classmethod
    def _check_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            address, _, name = text.partition(" ")
            if parse_network(address) is None or "/" in address:
                raise ValueError(f"has {text!r}, which begins with no address")
            if not name or any(c.isspace() or not c.isprintable() for c in name):
                raise ValueError(f"has {text!r}: behind the address stands a name of one word")
        return value
