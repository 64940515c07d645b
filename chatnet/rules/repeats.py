"""What strangers can cause as often as they like, told in measure: one of each address, then a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatnet.settings import FloodSettings
from chatnet.wire.networks import aggregate

Later = Callable[[float, Callable[[], object]], object]
"""Calls a function after some seconds."""

OTHERS: Final = "others"
"""Stands for all addresses beyond the first ones."""


@dataclass(slots=True)
class _Told:
    """What was said last in the name of an address, or would have been; and how often it was not."""

    text: str
    public: str | None
    tell: Callable[..., object]
    more: int = 0


class Repeats:
    """Says what is said for the first time within ``flood.notice_period``, and counts what follows.

    At the end of that time it says the numbers: one for each address, and one for all of those together that
    came after the first ``flood.notices`` addresses.
    """

    def __init__(self, later: Later, flood: Callable[[], FloodSettings]) -> None:
        self._later = later
        self._flood = flood
        self._told: dict[str, dict[str, _Told]] = {}

    def say(
        self, kind: str, address: str, text: str, tell: Callable[..., object], public: str | None = None
    ) -> None:
        """Have `tell` say `text`, which somebody at `address` caused; if that is empty all count together.

        Each `kind` is counted by itself.  If there is a `public` text as well, `tell` is given both.
        """
        flood = self._flood()
        if not self._told:
            self._later(flood.notice_period, lambda: self._end(flood.notice_period))
        told = self._told.setdefault(kind, {})
        place = aggregate(address, 32, flood.address_ipv6)
        if place not in told and len(told) >= flood.notices:
            place = OTHERS
        known = told.get(place)
        if known is None:
            known = told[place] = _Told(text, public, tell)
            if place != OTHERS:
                tell(*_texts(known))
                return
        known.text, known.public, known.tell = text, public, tell
        known.more += 1

    def _end(self, seconds: float) -> None:
        ended, self._told = self._told, {}
        for told in ended.values():
            for place, known in told.items():
                if known.more:
                    whose = " of other addresses" if place == OTHERS else " of this address" if place else ""
                    known.tell(*_texts(known, f" ({known.more} like this{whose} within {seconds:g} seconds)"))


def _texts(told: _Told, number: str = "") -> list[str]:
    return [text + number for text in (told.text, told.public) if text is not None]
