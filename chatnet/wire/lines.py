"""Bytes as they arrive, cut into lines that are never longer than allowed.

A line ends with CR LF, with LF, or with CR: a bare CR must not travel on to a client that takes it for the
end of a line.  NUL bytes are dropped for the same reason.  So no line holds NUL, CR or LF, and the chunks in
which the bytes came make no difference.  https://modern.ircdocs.horse/#message-format
"""

from __future__ import annotations

from typing import Final

OVERLONG: Final[bytes] = b"\n"
"""Stands for a line that was too long and is gone.  No real line can equal it."""

_LINE_ENDS: Final = b"\r\n"


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
        if 0 in data:  # looking for a number is quicker than for b"\0"
            data = data.replace(b"\0", b"")
        # On bytes this splits at CR LF, LF and CR, and nowhere else.
        lines = data.splitlines()
        if not lines:
            return lines
        ended = data[-1] in _LINE_ENDS
        if ended and not self._tail and not self._discarding and len(data) <= self.limit:
            return [line for line in lines if line] if b"" in lines else lines
        return self._continue(lines, ended)

    def _continue(self, lines: list[bytes], ended: bool) -> list[bytes]:
        if self._discarding:
            if len(lines) == 1 and not ended:
                return []
            lines[0] = b""
        else:
            lines[0] = self._tail + lines[0]
        limit = self.limit
        tail = b"" if ended else lines.pop()
        lines = [line if len(line) <= limit else OVERLONG for line in lines if line]
        self._discarding = len(tail) > limit
        if self._discarding:
            lines.append(OVERLONG)
            tail = b""
        self._tail = tail
        return lines
