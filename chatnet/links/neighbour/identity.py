"""What a transport found out about the server at the other end, before it said who it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatnet.settings import LinkSettings
from chatnet.wire.networks import is_loopback


@dataclass(slots=True, frozen=True)
class Identity:
    """The other end of a connection to a server.

    `address` is its IP address, or ``"localhost"`` for a UNIX socket.  `secure` tells that TLS protects the
    connection; then `vouched` tells whether the certificate belongs to the server of a block: its public key
    is one of the pins, or its name is the block's and an authority that the block names signed it.
    """

    address: str
    secure: bool
    vouched: Callable[[LinkSettings], bool]


def distrust(identity: Identity, settings: LinkSettings) -> str | None:
    """Why the other end of a connection is not taken for the server of a block, whatever it says; or None."""
    if identity.secure:
        return None if identity.vouched(settings) else "its certificate is not the one of that server"
    if settings.insecure or is_loopback(identity.address):
        return None
    return "it comes without TLS"
