"""One request and its answer, as whoever answers sees them; transports read the one and write the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, read whole: its head was judged and its body counted before (RFC 9110, RFC 9112)."""

    method: str
    """In capital letters."""
    path: str
    """As it came, before ``?``: percent-encoded."""
    query: tuple[tuple[str, str], ...] = ()
    """Names and values, decoded, in their order."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case; of some with the same name the values, with ``, `` between."""
    body: bytes = b""
    address: str = "127.0.0.1"
    """Who asks: the peer, or whom a trusted proxy names."""
    secure: bool = True
    """Whether it came over TLS (to a trusted proxy, too), or from this machine."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """What stands between the slashes of the path, each decoded: ``/a/b%2Fc`` is a, b/c."""
        return tuple(unquote(piece, errors="replace") for piece in self.path.strip("/").split("/"))

    def asked(self, name: str) -> str | None:
        """The first value of a parameter of the query; None where it is not there."""
        return next((value for each, value in self.query if each == name), None)


class Sink(Protocol):
    """Where a body goes on that has no end yet."""

    @property
    def waiting(self) -> int:
        """Bytes that the reader has not taken."""

    def send(self, data: bytes) -> None:
        """Some more, at the end of the turn together with all else."""

    def end(self) -> None:
        """That was all."""


class Stream(Protocol):
    """A body that is told while it comes to be, as events are."""

    def begin(self, sink: Sink) -> None:
        """The head has been sent."""

    def stop(self) -> None:
        """The reader has gone, or the server stops; it is told once, and not after `Sink.end`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.  Its length, date and the headers that all bear are not its own business."""

    status: int
    body: bytes | Stream = b""
    headers: tuple[tuple[str, str], ...] = ()


Answer = Callable[[Ask], Awaitable[Reply]]
"""Somebody who answers requests; an exception is a fault, which is logged and answered with 500."""


@dataclass(frozen=True, slots=True)
class Place:
    """Paths that somebody answers."""

    path: str
    """``/health`` this one alone, ``/api/`` all that begin so."""
    serves: str
    """The word in a listener's ``serves`` that opens it; empty: all have it."""
    answer: Answer
