"""Users and what becomes of them, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links import links as registry
from chatnet.model.facts import Fact, Hearer


class UsersOut:
    """Users and what becomes of them, told to neighbours."""

    def __init__(self, links: registry.Links) -> None:
        self._links = links
        self.hears: Mapping[type[Fact], Hearer] = {}
