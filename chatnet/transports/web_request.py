"""Requests over HTTP/1.1, as they come: Twisted's channel, with stricter rules and smaller bounds.

What two programs could read in two ways is refused, for one of them may stand in front of us and let pass
what it takes for something else.  https://www.rfc-editor.org/rfc/rfc9112#section-11.2
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final, Protocol, cast
from urllib.parse import parse_qsl

from twisted.web.http import HTTPChannel

from chatnet.transports.upgrade import Refused

HEADERS: Final = 100
"""Headers that one request may have."""
PARAMETERS: Final = 100
"""Parameters in its query."""
NO_HTTP: Final = "This is a web server: it understands HTTP/1.1, and this is none."

_START: Final = re.compile(rb"([A-Z]{1,16}) ([!-~]+) HTTP/1\.([01])")
"""https://www.rfc-editor.org/rfc/rfc9112#section-3"""
_ABSOLUTE: Final = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)
_ODD: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What a line may not have in it: a bare LF ends it for some, and VT is space for others.
https://www.rfc-editor.org/rfc/rfc9110#section-5.5"""
_FIELD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*")
"""https://www.rfc-editor.org/rfc/rfc9112#section-5"""


_PLAIN: Final = re.compile(
    rb"GET ([!-~]+) HTTP/1\.1\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n){1,50})\r\n"
)
"""A whole head with which nothing comes, in the form that all who speak HTTP send."""
_ELSEWHERE: Final = frozenset({"content-length", "transfer-encoding", "expect"})
"""Headers by which a request has more than its head."""


class Incoming:
    """One request, while it comes; Twisted's channel fills it."""

    __slots__ = ("body", "channel", "doubled", "headers")

    def __init__(self, channel: Channel, queued: object = None) -> None:
        self.channel = channel
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.doubled = False  # there are two Host headers

    @property
    def requestHeaders(self) -> Incoming:
        return self

    def addRawHeader(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("ascii").lower(), value.decode("latin-1")
        if key in self.headers:
            self.doubled = self.doubled or key == "host"
            text = f"{self.headers[key]}, {text}"
        self.headers[key] = text

    def has(self, name: str, token: str) -> bool:
        """Whether a header with a list of words has that one."""
        return any(word.strip().lower() == token for word in self.headers.get(name, "").split(","))

    def handleContentChunk(self, data: bytes) -> None:
        self.body += data
        if len(self.body) > self.channel.keeper.body_size:
            self.body.clear()
            self.channel.refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "What comes with the request is too long."
            )

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.channel.keeper.asked(self)

    def connectionLost(self, reason: object) -> None:
        self.body.clear()


class Keeper(Protocol):
    """Who stands before a channel, and decides what becomes of requests."""

    @property
    def head_size(self) -> int:
        """Bytes that request line and headers may have."""

    @property
    def body_size(self) -> int:
        """Bytes that the rest may have."""

    def begun(self) -> None:
        """The first line of a request is there."""

    def headed(self, request: Incoming) -> bool:
        """All headers are there; False if it is no request for the channel any more."""

    def wanted(self) -> None:
        """Who asks waits to be told that the rest may come."""

    def asked(self, request: Incoming) -> None:
        """The request is whole: nothing comes of the next before :meth:`Channel.requestDone`."""

    def refuse(self, refused: Refused) -> None:
        """It cannot be taken: the answer is the last of this connection."""


class Channel(HTTPChannel):
    """Takes what comes on one connection apart into requests, one at a time."""

    requestFactory = Incoming  # type: ignore[assignment]  # what a channel needs of a request is less
    # Ours come first.
    maxHeaders = HEADERS + 1
    totalHeadersSize = 1 << 20

    def __init__(self, keeper: Keeper) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's channel is not typed
        self.keeper = keeper
        self.over = False
        """Whether nothing more is to be read."""
        self.method = self.target = ""
        self.minor = 1
        """Of the version of HTTP: 0 or 1."""
        self._head: list[bytes] = []
        self._size = 0
        self.MAX_LENGTH = keeper.head_size

    @property
    def head(self) -> bytes:
        """Request line and headers, as they came."""
        return b"\r\n".join(self._head) + b"\r\n\r\n"

    def refuse(self, status: HTTPStatus, text: str) -> None:
        """Answer that, and hear nothing more."""
        if not self.over:
            self.over = True
            self.keeper.refuse(Refused(status, text))

    def lineReceived(self, line: bytes) -> None:
        if self.over:
            return
        if not self._head:
            self.keeper.begun()
        self._size += len(line) + 2
        if self._size > self.keeper.head_size or len(self._head) > HEADERS:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request is too long.")
        elif _ODD.search(line) or line[:1] in (b" ", b"\t"):
            self.refuse(HTTPStatus.BAD_REQUEST, "The request is malformed.")
        elif self._head or not line:
            if line:
                self._head.append(line)
            super().lineReceived(line)  # type: ignore[no-untyped-call]  # as above
        elif (found := _START.fullmatch(line)) is None:
            self.refuse(HTTPStatus.BAD_REQUEST, NO_HTTP)
        else:
            self.method, self.target = found[1].decode(), found[2].decode()
            self.minor = int(found[3])
            self._head.append(line)
            super().lineReceived(line)  # type: ignore[no-untyped-call]  # as above

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request is too long.")

    def headerReceived(self, line: bytes) -> bool:
        name, _, value = line.partition(b":")
        value = value.strip(b" \t").lower()
        if name.lower() == b"transfer-encoding" and (value != b"chunked" or not self.minor):
            self.refuse(HTTPStatus.NOT_IMPLEMENTED, "Transfer-Encoding can be chunked only.")
        elif name.lower() == b"content-length" and len(value) > 15:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "What comes with the request is too long.")
        else:
            return bool(super().headerReceived(line))  # type: ignore[no-untyped-call]  # as above
        return False

    def allHeadersReceived(self) -> None:
        if self.over:
            return
        request = cast(Incoming, self.requests[-1])
        self.persistent = bool(self.minor) and not request.has("connection", "close")
        if request.doubled or (self.minor and "host" not in request.headers):
            self.refuse(HTTPStatus.BAD_REQUEST, "There has to be one Host header.")
        elif not self.keeper.headed(request):
            self.over = True
        elif self.over:
            pass
        elif self.length is not None and self.length > self.keeper.body_size:
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "What comes with the request is too long.")
        elif self.length != 0 and self.minor and request.has("expect", "100-continue"):
            self.keeper.wanted()

    def allContentReceived(self) -> None:
        # What may stand behind the last chunk is of no use to us, but has to be what others take it for.
        trailers: Iterable[bytes] = getattr(self._transferDecoder, "_trailerHeaders", ())
        if not all(map(_FIELD.fullmatch, trailers)):
            self.refuse(HTTPStatus.BAD_REQUEST, "The request is malformed.")
        if not self.over:
            self._head, self._size = [], 0
            super().allContentReceived()  # type: ignore[no-untyped-call]  # as above

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(HTTPStatus.BAD_REQUEST, "The request is malformed.")

    def forget(self) -> None:
        """Nothing comes of it any more: let go of what holds it, for nobody looks for circles here soon."""
        self.over = True
        self.requests.clear()
        del self.keeper

    def done(self) -> None:
        """The request was answered: on to the next, if there is to be one."""
        self.requestDone(self.requests[0])  # type: ignore[no-untyped-call]  # as above


def plain_upgrade(data: bytes, most: int) -> tuple[str, dict[str, str]] | None:
    """Target and headers of the request for a WebSocket that `data` begins with, in at most `most` bytes.

    It is what a channel makes of it, for a tenth of the cost.  None for all that is not whole, and in the
    plainest form: that is for a channel to judge.
    """
    found = _PLAIN.match(data)
    if found is None or found.end() > most:
        return None
    lines = found[2].decode("latin-1").split("\r\n")[:-1]
    headers = {name.lower(): value.strip(" \t") for name, _, value in [line.partition(":") for line in lines]}
    if (
        len(headers) < len(lines)
        or headers.get("upgrade", "").lower() != "websocket"
        or "host" not in headers
        or not headers.keys().isdisjoint(_ELSEWHERE)
    ):
        return None
    return found[1].decode(), headers


def split_target(target: str) -> tuple[str, str | None, tuple[tuple[str, str], ...]]:
    """Path, host and query of what a request asks for; the host is None if it is not told here.

    Raises Refused.  https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    """
    host = None
    if found := _ABSOLUTE.match(target):
        host, target = found[1], target[found.end() :] or "/"
        if target.startswith("?"):
            target = f"/{target}"
    path, _, query = target.partition("?")
    if not path.startswith("/") or "#" in target:
        raise Refused(HTTPStatus.BAD_REQUEST, "What is asked for is no path.")
    if not query:
        return path, host, ()
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=PARAMETERS, errors="replace")
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "There are too many parameters.") from None
    return path, host, tuple(pairs)
