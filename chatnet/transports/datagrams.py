"""Datagrams from addresses that are named; from all others they are dropped, without an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from chatnet.wire.masks import normalise_address
from chatnet.wire.networks import Place, address_in

SIZE: Final = 65_535
"""Bytes of the largest datagram (RFC 5426 asks for 2048 at least)."""

log = Logger()


class Datagrams(DatagramProtocol):
    """One endpoint; `take` hears what comes, and from where."""

    noisy = False

    def __init__(self, networks: Sequence[Place], take: Callable[[bytes, str], object]) -> None:
        self.networks = networks
        self.take = take

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        address = normalise_address(addr[0])
        if not address_in(address, self.networks):
            return
        try:
            self.take(datagram, address)
        except Exception:
            # The port would stay open, and everybody's datagrams be lost with a traceback each.
            log.failure("A datagram could not be taken")

    def connectionRefused(self) -> None:
        """Nothing is ever sent."""


def open_port(reactor: Any, port: int, interface: str, protocol: Datagrams) -> Any:
    """Listen; raises CannotListenError."""
    return reactor.listenUDP(port, protocol, interface=interface, maxPacketSize=SIZE)


__all__ = ["SIZE", "CannotListenError", "Datagrams", "open_port"]
