"""The planned end of a server: before it goes, its neighbours are to have all that it said."""

from __future__ import annotations

from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours


class Drain:
    """Asks all neighbours how many lines they have applied, and again for what is said meanwhile.

    Suspended ones tell that when they are back.
    """

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._asked: dict[Link, int] = {}  # about so many lines, and not again before it answers
        self.look()

    def look(self) -> bool:
        """Whether nothing that was said is unconfirmed, or will ever be confirmed; else ask for it."""
        lacking = [link for link in self._links.neighbours() if not self._has_all(link)]
        return not lacking

    def _has_all(self, link: Link) -> bool:
        streams = link.streams
        if not streams.numbered or not (streams.waiting or link.held):
            return True
        if link.suspended:
            self._asked.pop(link, None)
        elif streams.base >= self._asked.get(link, 0) and streams.waiting:
            self._asked[link] = streams.sent
            link.utter(b"CNREQ")
        return False
