"""A small WebSocket client for tests: it makes its frames by hand, so that it can make wrong ones too."""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from struct import pack, unpack

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN, COMPRESSED = 0x80, 0x40
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "Sec-WebSocket-Accept: s3pPLmBiTxaQ9kYGzzhZRbK+xOo="
"""The sample of https://www.rfc-editor.org/rfc/rfc6455#section-1.3"""


def request(
    protocols: str | None = "text.ircv3.net",
    path: str = "/",
    host: str = "irc.example.org",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """An opening request; `headers` add to the usual ones or, where empty, take them away."""
    lines = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    if protocols is not None:
        lines["Sec-WebSocket-Protocol"] = protocols
    lines |= headers or {}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode()


def frame(
    opcode: int, payload: bytes = b"", first: int = FIN, mask: bytes | None = b"\x01\x02\x03\x04"
) -> bytes:
    """A frame of a client: `first` has the upper bits of its first byte; with `mask` None none is used."""
    size = len(payload)
    bit = 0 if mask is None else 0x80
    if size < 126:
        head = pack("!BB", first | opcode, bit | size)
    elif size < 65536:
        head = pack("!BBH", first | opcode, bit | 126, size)
    else:
        head = pack("!BBQ", first | opcode, bit | 127, size)
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def close(code: int | None = 1000, reason: bytes = b"") -> bytes:
    """A Close of a client."""
    return frame(CLOSE, b"" if code is None else pack("!H", code) + reason)


def take_frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first byte, the payload of the first frame in `data`, which a server sent, and what follows it."""
    if len(data) < 2:
        return None
    assert not data[1] & 0x80, "a server's frame is masked"
    size, start = data[1], 2
    if size == 126:
        if len(data) < 4:
            return None
        (size,), start = unpack("!H", data[2:4]), 4
        assert size > 125
    elif size == 127:
        if len(data) < 10:
            return None
        (size,), start = unpack("!Q", data[2:10]), 10
        assert size > 65535
    if len(data) < start + size:
        return None
    return data[0], data[start : start + size], data[start + size :]


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """All frames in `data`, which holds nothing else."""
    found = []
    while data:
        taken = take_frame(data)
        assert taken is not None, f"cut off: {data!r}"
        first, payload, data = taken
        found.append((first, payload))
    return found


class WebSocketClient:
    """A client on a real socket, plain or TLS: lines go out as messages, and messages come in as lines."""

    def __init__(self, sock: socket.socket, deadline: float, opcode: int = TEXT, **options: object) -> None:
        self.socket = sock
        self.deadline = deadline
        self.opcode = opcode
        self.closed: int | None = None
        """The code of the Close that came."""
        self._rest = b""
        self._pings = itertools.count()
        sock.settimeout(deadline)
        sock.sendall(request(**options))  # type: ignore[arg-type]  # as there
        while b"\r\n\r\n" not in self._rest:
            self._read()
        self.answer, _, self._rest = self._rest.partition(b"\r\n\r\n")

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError
        self._rest += data

    def send(self, *lines: str | bytes) -> None:
        """Send a message for each line, in one piece."""
        raw = [line.encode() if isinstance(line, str) else line for line in lines]
        self.socket.sendall(b"".join(frame(self.opcode, line, mask=os.urandom(4)) for line in raw))

    def line(self) -> str | None:
        """The next line; None at the end of the connection."""
        while True:
            try:
                while (taken := take_frame(self._rest)) is None:
                    self._read()
            except (EOFError, ConnectionResetError):
                return None
            first, payload, self._rest = taken
            if first == FIN | CLOSE:
                self.closed = unpack("!H", payload[:2])[0] if payload else 1005
                self.socket.sendall(frame(CLOSE, payload))
                continue
            assert first == FIN | self.opcode, hex(first)
            assert not payload.endswith((b"\r", b"\n"))
            return payload.decode(errors="replace")

    def until(self, pattern: str) -> list[str]:
        """All lines up to the first in which the regular expression is found, that one included."""
        lines: list[str] = []
        end = time.monotonic() + self.deadline
        while True:
            line = self.line()
            assert line is not None, f"closed before {pattern!r} came; the last lines: {lines[-10:]}"
            assert time.monotonic() < end
            lines.append(line)
            if re.search(pattern, line):
                return lines

    def rest(self) -> list[str]:
        """All lines until the server closes the connection."""
        ask: Callable[[], str | None] = self.line
        return list(iter(ask, None))

    def register(self, nick: str) -> WebSocketClient:
        """Become a user, and read the whole welcome."""
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(rf"^:\S+ MODE {nick} :")
        return self

    def sync(self) -> list[str]:
        """What came until the answer to a PING sent now."""
        word = f"sync{next(self._pings)}"
        self.send(f"PING {word}")
        return self.until(rf" PONG \S+ :?{word}$")

    def __enter__(self) -> WebSocketClient:
        return self

    def __exit__(self, *args: object) -> None:
        self.socket.close()
