"""Messages of several lines that a neighbour has begun to tell.  https://ircv3.net/specs/extensions/multiline

Each is kept until its end, or until the link's: a bounded number, and of each a bounded size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES
from chatnet.model.entities import User
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.wire.multiline import Part
from chatnet.wire.text import byte_length

MOST: Final = 64
"""Messages that a neighbour may have begun and not ended."""


class Begun:
    """One that is not ended yet: what its first line says, and its `parts`, none if it is `spoilt`."""

    __slots__ = ("command", "params", "parts", "size", "source", "spoilt", "tags")

    def __init__(self, source: Server | User, params: list[str], tags: Mapping[str, str]) -> None:
        self.source = source
        self.params = params
        self.tags = tags
        self.command = ""
        self.parts: list[Part] = []
        self.size = 0
        self.spoilt = ""

    def take(self, source: Server | User, command: str, text: str, *, joined: bool) -> None:
        """One more line of it, `joined` to the one before."""
        self.size += byte_length(text)
        of_it = command != "TAGMSG" and self.command in ("", command)
        if source is not self.source or not of_it:
            self.spoilt = "a batch has lines that are not of it"
        elif len(self.parts) >= MOST_LINES or self.size > MOST_BYTES:
            self.spoilt = "a batch is too large"
        if self.spoilt:
            self.parts.clear()
            return
        self.command = command
        self.parts.append(Part(text, bool(self.parts) and joined))


class Batches:
    """The begun ones of one link, by reference."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: dict[str, Begun] = {}

    def begin(self, reference: str, begun: Begun, network: Network) -> bool:
        """One begins; False if it has already, or there are too many of those who are on the `network`."""
        if len(self._begun) >= MOST:
            for key, other in list(self._begun.items()):
                if not _is_there(other.source, network):
                    del self._begun[key]  # its end will never be heard: nobody speaks for who is gone
        if len(self._begun) >= MOST or reference in self._begun:
            return False
        self._begun[reference] = begun
        return True

    def find(self, reference: str) -> Begun | None:
        """The one of a line with the tag ``batch``, if there is such."""
        return self._begun.get(reference)

    def end(self, reference: str, source: Server | User) -> Begun | None:
        """The one of this reference, which `source` began, is over."""
        begun = self._begun.get(reference)
        if begun is None or begun.source is not source:
            return None
        del self._begun[reference]
        return begun


def _is_there(source: Server | User, network: Network) -> bool:
    if isinstance(source, User):
        return network.users.get(source.uid) is source
    return network.servers.get(source.sid) is source
