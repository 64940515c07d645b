"""Messages of several lines that a neighbour has begun to tell.  https://ircv3.net/specs/extensions/multiline

Each is kept until its end, or until the link's: a bounded number, and of each a bounded size.
"""

from __future__ import annotations

from typing import Final

from chatnet.links import line as said
from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES
from chatnet.model.entities import User
from chatnet.wire.multiline import CONCAT, TYPE, Part, is_blank
from chatnet.wire.text import byte_length

MOST: Final = 64
"""Messages that a neighbour may have begun and not ended."""


class Begun:
    """One that is not ended yet; `opening` is its first line, and `parts` are empty if it is too large."""

    __slots__ = ("command", "opening", "parts", "size", "spoilt")

    def __init__(self, opening: said.Line) -> None:
        self.opening = opening
        self.command = ""
        self.parts: list[Part] = []
        self.size = 0
        self.spoilt = ""

    def take(self, line: said.Line) -> None:
        """One more line of it."""
        command, text = line.row.verb, line.param(1)
        self.size += byte_length(text)
        of_it = command != "TAGMSG" and self.command in ("", command)
        if line.source is not self.opening.source or not of_it:
            self.spoilt = "a batch has lines that are not of it"
        elif len(self.parts) >= MOST_LINES or self.size > MOST_BYTES:
            self.spoilt = "a batch is too large"
        if self.spoilt:
            self.parts.clear()
            return
        self.command = command
        self.parts.append(Part(text, bool(self.parts) and CONCAT in line.tags))


class Batches:
    """The begun ones of one link, by reference."""

    __slots__ = ("_begun",)

    def __init__(self) -> None:
        self._begun: dict[str, Begun] = {}

    def begin(self, reference: str, line: said.Line) -> None:
        """``BATCH +<reference> draft/multiline <target>``"""
        if len(line.params) < 3 or line.params[1] != TYPE:
            raise said.Ignored
        if len(self._begun) >= MOST:
            users = line.network.users
            for key, begun in list(self._begun.items()):
                source = begun.opening.source
                if isinstance(source, User) and users.get(source.uid) is not source:
                    del self._begun[key]  # its end will never be heard: nobody speaks for who is gone
        if len(self._begun) >= MOST or reference in self._begun:
            line.violate("Too many batches")
        self._begun[reference] = Begun(line)

    def take(self, reference: str, line: said.Line) -> None:
        """A line with the tag ``batch``; ignored if there is none such."""
        begun = self._begun.get(reference)
        if begun is not None:
            begun.take(line)

    def end(self, reference: str, line: said.Line) -> Begun | None:
        """``BATCH -<reference>``: the whole message; None if there is nothing to tell of it."""
        begun = self._begun.get(reference)
        if begun is None or begun.opening.source is not line.source:
            return None
        del self._begun[reference]
        if begun.spoilt:
            line.links.strike(line.link, begun.spoilt)
            return None
        return None if is_blank(begun.parts) else begun
