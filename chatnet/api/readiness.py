"""Whether the server runs, and whether people should be sent to it: for load balancers and containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from chatnet.node import Node
from chatnet.web.exchange import Ask, Place, Reply, sentence
from chatnet.wire.networks import address_in, networks_of

State = Literal["ready", "draining", "degraded"]
"""``draining``: the server ends; ``degraded``: something cannot be stored."""


class Readiness:
    """Answers about the state; `checks` tells more, for those who may know it."""

    def __init__(
        self, node: Node, state: Callable[[], State], checks: Callable[[], Mapping[str, object]]
    ) -> None:
        self._node = node
        self._state = state
        self._checks = checks

    def places(self) -> Iterator[Place]:
        yield Place("/health", "", self.health)
        yield Place("/ready", "", self.ready)

    async def health(self, ask: Ask) -> Reply:
        """200 as long as anything is answered at all."""
        return sentence(200, "ok")

    async def ready(self, ask: Ask) -> Reply:
        """200 if people can chat, 503 if they had better go elsewhere."""
        state = self._state()
        body: dict[str, object] = {"status": state}
        if address_in(ask.address, networks_of(self._node.settings.web.metrics_from)):
            body["checks"] = self._checks()
        status = 200 if state == "ready" else 503
        return Reply(status, json.dumps(body).encode(), (("Content-Type", "application/json"),))
