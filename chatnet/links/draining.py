"""The planned end of a server: before it goes, its neighbours are to have all that it said."""

from __future__ import annotations

from chatnet.links.links import Links


class Drain:
    """Asks all neighbours how many lines they have applied; suspended ones tell that when they are back."""

    def __init__(self, links: Links) -> None:
        self._wanted = {link: link.streams.sent for link in links.neighbours() if link.streams.numbered}
        for link in self._wanted:
            link.utter(b"CNREQ")

    @property
    def is_over(self) -> bool:
        """Whether all that was said before has been applied, or will never be."""
        return all(link.gone or link.streams.base >= sent for link, sent in self._wanted.items())
