"""The HTTP request with which a WebSocket begins: whether it is one, from where it comes, and the answer.

wsproto judges the handshake itself; what it leaves open is judged here.  Pure: bytes in, an answer out.
https://www.rfc-editor.org/rfc/rfc6455#section-4.2
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from collections.abc import Callable, Sequence
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import AcceptConnection, RejectConnection, Request
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits
from wsproto.utilities import RemoteProtocolError

from chatnet.wire.masks import normalise_address
from chatnet.wire.networks import Place, address_in
from chatnet.wire.text import cut, printable

TEXT = "text.ircv3.net"
BINARY = "binary.ircv3.net"
SUBPROTOCOLS = (TEXT, BINARY)
"""https://ircv3.net/specs/extensions/websocket"""

WELCOME = "This is an IRC server for WebSocket clients: connect with one that speaks text.ircv3.net."

WANTED = ("Upgrade: websocket", "Connection: upgrade")
"""https://www.rfc-editor.org/rfc/rfc9110#section-15.5.22"""

_START = re.compile(rb"[A-Z]{1,16} [^\s]+ HTTP/1\.1\r\n")
_UPGRADE = re.compile(rb"\r\nupgrade:", re.IGNORECASE)


_HOST_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)(?=:))(?::[0-9]{1,5})?")
"""An address with a port, or in brackets."""

_PARAMETER = re.compile(
    r"(?:server|client)_no_context_takeover|server_max_window_bits=(?:9|1[0-5])"
    r"|client_max_window_bits(?:=(?:9|1[0-5]))?"
)
"""Of an offer that need not be declined.  https://www.rfc-editor.org/rfc/rfc7692#section-7.1
(zlib has no window of 8 bits.)"""


class Refused(Exception):
    """The request is answered with an error; `headers` are whole lines of the answer.

    If it is `odd`, it may be by a mistake of who set up this server, or something before it.
    """

    def __init__(
        self, status: HTTPStatus, text: str, headers: Sequence[str] = (), *, odd: bool = False
    ) -> None:
        super().__init__(text)
        self.odd = odd
        self.status = status
        self.text = text
        self.headers = headers

    def answer(self) -> bytes:
        """The whole response, after which the connection ends."""
        body = f"{self.text}\n".encode()
        lines = [
            f"HTTP/1.1 {self.status} {self.status.phrase}",
            *self.headers,
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Opening:
    """One request, collected and judged. Its methods raise :class:`Refused`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head = b""
        self._wsproto = WSConnection(ConnectionType.SERVER)

    def feed(self, data: bytes) -> bytes | None:
        """The bytes behind the head of the request once that is whole, or else None."""
        data = self._head + data
        if not _START.match(data) and (b"\n" in data or not b"A" <= data[:1] <= b"Z"):
            raise Refused(HTTPStatus.BAD_REQUEST, WELCOME)
        head, end, rest = data.partition(b"\r\n\r\n")
        if len(head) > self._limit:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request is too long.")
        if not end:
            self._head = data
            return None
        self._head = b""
        self._judge(head + end)
        return rest

    def _judge(self, head: bytes) -> None:
        try:
            self._wsproto.receive_data(head)
            (event,) = self._wsproto.events()
        except RemoteProtocolError as error:
            if not _UPGRADE.search(head):
                raise Refused(HTTPStatus.UPGRADE_REQUIRED, WELCOME, WANTED) from None
            raise _refused(error) from None
        except ValueError:  # not ASCII where that must be, or a host name that is none
            raise Refused(HTTPStatus.BAD_REQUEST, "The request is malformed.") from None
        assert isinstance(event, Request)
        self._request = event
        try:
            key = b64decode(self._header(b"sec-websocket-key"), validate=True)
        except ValueError:  # no base64, or not even ASCII
            key = b""
        if len(key) != 16:
            raise Refused(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in base64.")

    def _header(self, name: bytes) -> str:
        """The values of all headers of that name, with commas between; empty if there is none."""
        values = [value for header, value in self._request.extra_headers if header == name]
        return b", ".join(values).decode("latin-1")

    def check_origin(self, allowed: Sequence[Callable[[str], bool]], is_ours: Callable[[str], bool]) -> None:
        """Refuse a web page that may not come here by `allowed`.

        If that is empty it has to be of the host that it connects to, and that `is_ours`: who owns another
        name can let it lead here in the middle of a visit (DNS rebinding); both then have the same name.
        Without an Origin header it is no browser, which could not be held by this anyway.
        """
        origin = self._header(b"origin").lower()
        if not origin:
            return
        if allowed:
            welcome = any(may_come(origin) for may_come in allowed)
        else:
            host = _host_of(f"//{self._request.host}")
            welcome = host is not None and host == _host_of(origin) and is_ours(host)
        if not welcome:
            page = printable(cut(origin, 200))
            text = f"Pages of {page} may not connect here, unless `origins` has it."
            raise Refused(HTTPStatus.FORBIDDEN, text, odd=True)

    def forwarded_for(self, trusted: Sequence[Place]) -> str:
        """The address of the client that the proxies in front tell of, with or without its port."""
        return client_behind(self._header(b"x-forwarded-for"), trusted)

    @property
    def forwarded_secure(self) -> bool:
        """Whether every proxy in front was spoken to over TLS."""
        return all_secure(self._header(b"x-forwarded-proto"))

    @property
    def subprotocol(self) -> str | None:
        """The first one of the client's that we speak."""
        return next((name for name in self._request.subprotocols if name in SUBPROTOCOLS), None)

    def accept(self, deflate: Deflate | None) -> tuple[bytes, Connection]:
        """The answer that opens the WebSocket, and its frames from then on."""
        extensions: list[Extension] = [] if deflate is None else [deflate]
        try:
            answer = self._wsproto.send(AcceptConnection(self.subprotocol, extensions))
        except ValueError:
            raise Refused(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Extensions is malformed.") from None
        assert self._wsproto.connection is not None
        return answer, self._wsproto.connection


def client_behind(told: str, trusted: Sequence[Place]) -> str:
    """The address of the client in ``X-Forwarded-For``.  Raises Refused if there is none.

    Each proxy appends where its request came from, so the client is the last address that is not a trusted
    proxy's; what stands before it, it may have made up itself.
    """
    client = None
    for entry in reversed([entry.strip() for entry in told.split(",") if entry.strip()]):
        try:
            client = normalise_address(str(ip_address(_without_port(entry))))
        except ValueError:
            text = "X-Forwarded-For holds what is no address."
            raise Refused(HTTPStatus.BAD_REQUEST, text, odd=True) from None
        if not address_in(client, trusted):
            break
    if client is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "It is a proxy, and tells no X-Forwarded-For.", odd=True)
    return client


def all_secure(told: str) -> bool:
    """Whether ``X-Forwarded-Proto`` says so of every proxy."""
    return all(entry.strip().lower() in ("https", "wss") for entry in told.split(","))


def _refused(error: RemoteProtocolError) -> Refused:
    """wsproto's own words, with the headers it wants."""
    hint = error.event_hint
    if not isinstance(hint, RejectConnection):
        return Refused(HTTPStatus.BAD_REQUEST, f"{error}.")
    headers = [f"{name.decode()}: {value.decode()}" for name, value in hint.headers]
    if hint.status_code == HTTPStatus.UPGRADE_REQUIRED:
        headers += WANTED
    return Refused(HTTPStatus(hint.status_code), f"{error}.", headers)


def _without_port(text: str) -> str:
    """``192.0.2.6`` of ``192.0.2.6:5678``, ``2001:db8::1`` of ``[2001:db8::1]:4711`` or ``[2001:db8::1]``."""
    found = _HOST_PORT.fullmatch(text)
    return text if found is None else found[1] or found[2]


def _host_of(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return None if host is None else host.removesuffix(".")


class Deflate(PerMessageDeflate):
    """permessage-deflate of which nothing grows beyond `limit` bytes.  https://www.rfc-editor.org/rfc/rfc7692"""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self._deflater: zlib._Compress | None = None

    def accept(self, offer: str) -> bool | str | None:
        # A client names its offers in the order of its preference.  wsproto keeps a part of an offer that it
        # declines, and overlooks what it does not know.
        found = [parameter.strip() for parameter in offer.split(";")[1:]]
        names = {parameter.partition("=")[0] for parameter in found}
        if self.enabled() or len(names) < len(found) or not all(map(_PARAMETER.fullmatch, found)):
            return False
        return super().accept(offer)

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        if opcode.iscontrol():
            self._inbound_is_compressible = False
            return RsvBits(False, False, False)
        return super().frame_inbound_header(proto, opcode, rsv, payload_length)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        # A control frame may stand between the fragments of a message; wsproto would forget that message.
        if not self._inbound_is_compressible:
            return None
        if fin and self._decompressor is not None and self._decompressor.eof:
            # "DEFLATE block with BFINAL set to 1": nothing is left to come, and the next message begins anew.
            self._decompressor = self._inbound_compressed = None
            return None
        return super().frame_inbound_complete(proto, fin)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        inflater = self._decompressor
        if not self._inbound_compressed or not self._inbound_is_compressible or inflater is None:
            return data
        try:
            data = inflater.decompress(data, self._limit + 1)
        except zlib.error:
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        # zlib keeps all that follows the last block, and would copy it with each read. What may follow is one
        # byte.  https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.4
        if inflater.unused_data not in (b"", b"\0"):
            return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        return data if len(data) <= self._limit else CloseReason.MESSAGE_TOO_BIG

    def deflate(self, payload: bytes) -> bytes:
        """One message to be sent, compressed."""
        deflater = self._deflater
        if deflater is None:
            bits = self.server_max_window_bits
            deflater = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -bits)
        data = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
        self._deflater = None if self.server_no_context_takeover else deflater
        return data[:-4]

    def forget(self) -> None:
        """Free both contexts, some 300 kB; wsproto's objects, which hold each other, would keep them.

        A message that is still coming is not taken for a compressed one any more.
        """
        self._deflater = self._decompressor = None
        self._inbound_compressed = False
