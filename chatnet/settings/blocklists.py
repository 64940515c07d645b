"""Block lists of addresses that are asked by DNS (DNSBL)."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from chatnet.settings.base import AddressRange, Line, Section
from chatnet.wire.names import is_domain

_REPLIES: Final = IPv4Network("127.0.0.0/8")
_LONGEST: Final = 180
"""Bytes of a zone: the nibbles of an IPv6 address stand in front of it, and a name has 253."""
_PLACES: Final = ("address", "zone", "reply")


def _zone(text: str) -> str:
    plain = text.rstrip(".").lower()
    if not is_domain(plain, _LONGEST) or "." not in plain:
        raise ValueError("is not the zone of a block list, such as dnsbl.example.org")
    return plain


def _reply(text: str) -> str:
    try:
        if IPv4Address(text) in _REPLIES:
            return text
    except ValueError:
        pass
    raise ValueError("is not an answer of a block list, such as 127.0.0.2")


def _reason(text: str) -> str:
    if unknown := [name for name in re.findall(r"\{(\w*)\}", text) if name not in _PLACES]:
        known = ", ".join(f"{{{name}}}" for name in _PLACES)
        raise ValueError(f"has {{{unknown[0]}}}, which stands for nothing (known: {known})")
    return text


class DNSBLSettings(Section):
    """``[[dnsbl]]``: a block list in which new connections are looked up; ``[[exempt]]`` is spared."""

    zone: Annotated[str, AfterValidator(_zone)]
    """The list: the name that stands behind the reversed address in what is asked."""
    replies: tuple[Annotated[str, AfterValidator(_reply)], ...] = ()
    """Answers that count, such as ``127.0.0.2``. Without these and ``bits`` all of ``127.0.0.0/8`` do, but
    for ``127.255.0.0/16``, by which lists say that they do not answer."""
    bits: Annotated[int, Field(ge=0, le=255)] = 0
    """Answers count also if they have one of these bits in their last number: 6 means 2 and 4."""
    action: Literal["mark", "require-login", "refuse", "ban"] = "mark"
    """What becomes of who is listed: operators read it, no more; they have to log in to an account they have
    already; they do not come in; or their address is banned from the network, too."""
    ban_for: Annotated[int, Field(ge=60, le=31_536_000)] = 86400
    """Seconds of that ban."""
    spare_accounts: bool = True
    """Whether who is logged in to an account comes in all the same."""
    reason: Annotated[Line, AfterValidator(_reason)] = "{address} is listed by {zone}"
    """What they read; ``{address}``, ``{zone}`` and ``{reply}`` stand for what they are, and behind a ``|``
    is what operators alone read."""


class BlockListsSettings(Section):
    """``[block_lists]``: how the lists of ``[[dnsbl]]`` are asked."""

    timeout: Annotated[float, Field(ge=0.5, le=30)] = 4.0
    """Seconds for which a connection waits for all of them together; what is not known by then does not
    count. A list that does not answer several times is not asked for a minute."""
    exempt: tuple[AddressRange, ...] = (
        "127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
    )  # fmt: skip
    """Addresses that are not looked up."""
    at_once: Annotated[int, Field(ge=1, le=1000)] = 32
    """Questions to one list that are on their way; each takes a file descriptor."""
    waiting: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Questions that may wait for these. Who comes when so many do is let in."""
    cache: Annotated[int, Field(ge=0, le=10_000_000)] = 50_000
    """Answers of each list that are remembered; each takes 0.3 kB of memory."""
    cache_listed: Annotated[float, Field(ge=0, le=604_800)] = 3600.0
    """Seconds for which it is remembered that an address is listed, at most: the list may say less."""
    cache_clean: Annotated[float, Field(ge=0, le=604_800)] = 900.0
    """Seconds for which it is remembered that one is not."""
