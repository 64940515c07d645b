"""Which gateway may say where its clients come from.  https://ircv3.net/specs/extensions/webirc"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from chatnet.settings import WebIRCSettings
from chatnet.wire.masks import normalise_address
from chatnet.wire.names import is_public_name
from chatnet.wire.networks import address_in, networks_of


def gateways_at(blocks: Iterable[WebIRCSettings], address: str, certfp: str | None) -> list[WebIRCSettings]:
    """The ``[[webirc]]`` blocks for a connection from `address` with a certificate of this fingerprint.

    They have to be proved by their passwords yet, but for those that have none.
    """
    # Who is on this machine, by a UNIX socket, is at its address.
    address = "127.0.0.1" if address == "localhost" else address
    return [
        block
        for block in blocks
        if address_in(address, networks_of(block.addresses))
        and (block.certfp is None or hmac.compare_digest(block.certfp, certfp or ""))
    ]


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a gateway tells of its client; `host` is None if it has no name that may be shown."""

    address: str
    port: int
    host: str | None
    secure: bool


def visitor(host: str, address: str, options: str, longest: int) -> Visitor | None:
    """Read the parameters of WEBIRC; None if `address` is none.  A host has at most `longest` bytes.

    A host name that is an address, or cannot be shown, is as good as none.  Options have the form
    ``name[=value]``; those that nobody knows are left alone.
    """
    try:
        ip_address(address)
    except ValueError:
        return None
    if "%" in address:  # of an interface of the gateway
        return None
    given = dict(option.partition("=")[::2] for option in options.split(" "))
    text = given.get("remote-port", "")
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    host = host.lower().rstrip(".")
    name = host if is_public_name(host, longest) else None
    return Visitor(normalise_address(address), port if port < 65536 else 0, name, "secure" in given)
