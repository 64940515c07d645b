"""Answers over HTTP/1.1, as they go: whole ones in portions as they are taken, others as they are made.

https://www.rfc-editor.org/rfc/rfc9112#section-4
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from chatnet.transports.websocket import FrameOutlet
from chatnet.web.exchange import Reply, Stream

PORTION: Final = 65536
"""Bytes of an answer that are given away at a time, and that may wait while more is."""
WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

_LINE_ENDS: Final = re.compile(r"[\r\n\0]+")
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus}

_dated: tuple[int, str] = (0, "")


def date() -> str:
    """The time as HTTP has it, made once a second.  https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7"""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = now, formatdate(now, usegmt=True)
    return _dated[1]


def head_of(reply: Reply, *, ends: bool, chunked: bool = False) -> bytes:
    """Status line and headers; `ends` tells that the connection does after this."""
    lines = [f"HTTP/1.1 {reply.status} {_PHRASES.get(reply.status, '')}", f"Date: {date()}"]
    lines += [f"{name}: {_LINE_ENDS.sub(' ', value)}" for name, value in reply.headers]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
    elif isinstance(reply.body, bytes) and reply.status not in WITHOUT_BODY:
        lines.append(f"Content-Length: {len(reply.body)}")
    if ends:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


class Whole:
    """An answer that is known to its end.  `done` is called when the reader, or all but, has it."""

    def __init__(self, outlet: FrameOutlet, head: bytes, body: bytes, done: Callable[[], object]) -> None:
        self._outlet = outlet
        self._body = body
        self._done = done
        self._given = min(len(body), PORTION)
        outlet.say(head + body[: self._given])

    def go_on(self) -> bool:
        """Give away what there is room for; True if that was the end."""
        outlet, body = self._outlet, self._body
        while outlet.waiting <= PORTION:
            if self._given >= len(body) or outlet.gone:
                self._done()
                return True
            start, self._given = self._given, self._given + PORTION
            outlet.say(body[start : self._given])
        return False


class Told:
    """The sink of an answer that comes to be while it is sent; the connection ends with it."""

    def __init__(self, outlet: FrameOutlet, stream: Stream, *, chunked: bool) -> None:
        self._outlet = outlet
        self._stream = stream
        self._chunked = chunked
        self.open = True

    @property
    def waiting(self) -> int:
        return self._outlet.waiting

    def send(self, data: bytes) -> None:
        if self.open and data:
            self._outlet.send(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def end(self) -> None:
        if self.open:
            self.open = False
            if self._chunked:
                self._outlet.send(b"0\r\n\r\n")
            self._outlet.end()

    def stop(self) -> None:
        """Tell the stream that the reader has gone, or that the server stops."""
        if self.open:
            self._stream.stop()
            self.end()
