"""Bytes as they arrive, cut into lines that are never longer than allowed.

A line ends with CR LF, with LF, or with CR: a bare CR must not travel on to a client that takes it for the
end of a line.  NUL bytes are dropped for the same reason.  So no line holds NUL, CR or LF, and the chunks in
which the bytes came make no difference.  https://modern.ircdocs.horse/#message-format
"""

from __future__ import annotations

from typing import Final

OVERLONG: Final[bytes] = b"\n"
"""Stands for a line that was too long and is gone.  No real line can equal it."""


class LineBuffer:
    """The beginning of a line, until its end arrives.  `limit`: bytes a line may have without its end."""

    __slots__ = ("_discarding", "_tail", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._tail = b""
        self._discarding = False

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete with these bytes, without empty ones.

        A line of more than `limit` bytes is `OVERLONG`, once, as soon as that is known; none of it is kept.
        """
        if b"\0" in data:
            data = data.replace(b"\0", b"")
        pieces = data.replace(b"\r", b"\n").split(b"\n")
        if self._discarding:
            if len(pieces) == 1:
                return []
            pieces[0] = b""
            self._discarding = False
        elif self._tail:
            pieces[0] = self._tail + pieces[0]
        limit = self.limit
        tail = pieces.pop()
        lines = [piece if len(piece) <= limit else OVERLONG for piece in pieces if piece]
        if len(tail) > limit:
            lines.append(OVERLONG)
            self._discarding = True
            tail = b""
        self._tail = tail
        return lines
