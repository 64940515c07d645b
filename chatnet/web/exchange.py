"""One request and its answer, as whoever answers sees them; transports read the one and write the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import unquote

TEXT: Final = "text/plain; charset=utf-8"
"""The type of plain text."""


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
    encrypted: bool = False
    """Whether it came over TLS, wherever from."""

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
        """The reader has gone, or the server stops; it is told once, and not after `Sink.end`.

        If the server stops, what is sent now still leaves.  Who has gone before the head was sent: this is
        told, and `begin` never is.
        """


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.  Its length, date and the headers that all bear are not its own business.

    One whose body is a stream is the last of its connection.
    """

    status: int
    body: bytes | Stream = b""
    headers: tuple[tuple[str, str], ...] = ()
    row: str = ""
    """The pattern of what answered, to be counted and logged by, such as ``/api/v1/users/N``; empty: the path
    of its place."""


def sentence(status: int, words: str, *headers: tuple[str, str]) -> Reply:
    """An answer that is one sentence."""
    return Reply(status, f"{words}\n".encode(), (("Content-Type", TEXT), *headers))


Answer = Callable[[Ask], Awaitable[Reply]]
"""Somebody who answers requests; an exception is a fault, which is logged and answered with 500."""


@dataclass(frozen=True, slots=True)
class Place:
    """Paths that somebody answers."""

    path: str
    """``/health`` and ``/`` these alone, ``/api/`` all that begin so, and an empty one all that there are.
    The longest that fits is asked."""
    serves: str
    """The word in a listener's ``serves`` that opens it; empty: all have it."""
    answer: Answer
    anywhere: bool = False
    """Whether it is also reached by host names that are not this server's."""


class Answering(Protocol):
    """Who answers all requests of the listeners, as those see it who carry them."""

    async def answer(self, ask: Ask, serves: Sequence[str]) -> Reply:
        """The whole answer to a request at a listener that `serves` these; nothing is raised."""

    def refused(self, ask: Ask, status: int, words: str) -> Reply:
        """What somebody is answered whose request cannot be taken, as far as it was read."""

    def opens(self, ask: Ask, serves: Sequence[str]) -> bool:
        """Whether a WebSocket may be opened by this request, as far as its address tells."""

    def is_ours(self, host: str) -> bool:
        """Whether a host name, in lower case and without a port, is one that this server is reached by."""
