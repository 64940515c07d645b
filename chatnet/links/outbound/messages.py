"""Messages, told to the neighbours behind which somebody hears them."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links import links as registry
from chatnet.model.facts import Fact, Hearer


class MessagesOut:
    """Messages, told to the neighbours behind which somebody hears them."""

    def __init__(self, links: registry.Links) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {}
