"""Inlets: where datagrams are listened to; opened, closed and changed at a reload as listeners are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError

from chatnet.api.identities import Identity
from chatnet.api.inlets.inlet import Inlet
from chatnet.api.speaking import Speaking
from chatnet.node import Node
from chatnet.settings import InletSettings
from chatnet.settings.endpoints import datagrams_in
from chatnet.transports.datagrams import Datagrams, open_port
from chatnet.wire.networks import networks_of


@dataclass(slots=True)
class OpenInlet:
    """One that is open."""

    inlet: Inlet
    protocol: Datagrams
    port: Any


class Inlets:
    """All that are open, by their endpoints; `inside` is told who speaks by them, and who no more."""

    def __init__(
        self, reactor: Any, node: Node, speaking: Speaking, inside: Callable[[Identity, bool], object]
    ) -> None:
        self._reactor = reactor
        self._node = node
        self._speaking = speaking
        self._inside = inside
        self._open: dict[str, OpenInlet] = {}

    async def reconcile(self, wanted: Sequence[InletSettings]) -> list[str]:
        """Open what is new, close what is not wanted any more; a sentence for each that cannot be opened.

        If there is one, all is left as it was.
        """
        problems: list[str] = []
        opened: dict[str, OpenInlet] = {}
        for block in wanted:
            if block.endpoint not in self._open and block.endpoint not in opened:
                try:
                    opened[block.endpoint] = self._listen(block)
                except CannotListenError as error:
                    problems.append(f"{block.endpoint} cannot be opened: {_reason(error)}")
        if problems:
            for each in opened.values():
                self._close(each)
            return problems
        blocks = {block.endpoint: block for block in wanted}
        gone = [self._open.pop(endpoint) for endpoint in self._open.keys() - blocks.keys()]
        for endpoint, known in self._open.items():
            if known.inlet.settings != blocks[endpoint]:
                self._inside(known.inlet.identity, False)
                self._use(known, blocks[endpoint])
        self._open.update(opened)
        for closing in [self._close(each) for each in gone]:
            await closing
        return []

    def close(self) -> list[Deferred[Any]]:
        """Listen to nobody any more."""
        closing, self._open = list(self._open.values()), {}
        return [self._close(each) for each in closing]

    def _listen(self, block: InletSettings) -> OpenInlet:
        host, port = datagrams_in(block.endpoint)
        protocol = Datagrams((), lambda data, address: None)
        found = OpenInlet(
            Inlet(self._node, self._speaking, block), protocol, open_port(self._reactor, port, host, protocol)
        )
        self._use(found, block)
        return found

    def _use(self, known: OpenInlet, block: InletSettings) -> None:
        """Have an open port be what a block says."""
        known.inlet = Inlet(self._node, self._speaking, block)
        networks = networks_of(block.addresses)
        known.protocol.networks = networks
        known.protocol.take = partial(known.inlet.take)
        self._inside(known.inlet.identity, True)

    def _close(self, known: OpenInlet) -> Deferred[Any]:
        self._inside(known.inlet.identity, False)
        return maybeDeferred(known.port.stopListening)


def _reason(error: CannotListenError) -> str:
    cause = error.socketError
    return str(getattr(cause, "strerror", None) or cause)
