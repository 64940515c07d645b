"""The pages of the client on a port of their own, and its WebSocket led on to a listener of a real server."""

from __future__ import annotations

import contextlib
import mimetypes
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

PAGES = Path(__file__).resolve().parent.parent.parent / "chatnet" / "pages"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types sw"
)
"""That of docs: what a page may do, and that nothing of it may become script."""
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}


class Answers(BaseHTTPRequestHandler):
    """One request, or one WebSocket."""

    protocol_version = "HTTP/1.1"
    server: Site

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._lead_on()
            return
        if path == "/api/v1/":
            self._say(200, b'{"network": "Chessclub", "guests": true, "registration": false}', "application/json")
            return
        if path == "/" or path.startswith(("/c/", "/join/")):
            path = "/index.html"
        file = (PAGES / path.lstrip("/")).resolve()
        if not file.is_relative_to(PAGES) or not file.is_file() or file.suffix == ".py":
            self._say(404, b"", "text/plain")
            return
        self.server.asked.append(path)
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
        self._say(200, file.read_bytes(), kind)

    def _say(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def _lead_on(self) -> None:
        self.close_connection = True
        head = f"{self.requestline}\r\n{self.headers}".replace("\r\n", "\n").replace("\n", "\r\n")
        try:
            far = socket.create_connection(("127.0.0.1", self.server.irc), timeout=10)
        except OSError:
            return
        far.settimeout(None)
        self.server.open.update((far, self.connection))
        far.sendall(head.rstrip("\r\n").encode() + b"\r\n\r\n")
        threading.Thread(target=_carry, args=(far, self.connection), daemon=True).start()
        _carry(self.connection, far)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests look at what is asked."""


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


class Site(ThreadingHTTPServer):
    """``with Site(port_of_the_websocket_listener) as site: site.address``."""

    daemon_threads = True

    def __init__(self, irc: int) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.irc = irc
        self.asked: list[str] = []
        """The files that were asked for."""
        self.open: set[socket.socket] = set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def cut(self) -> None:
        """End all WebSockets, as a bad network does."""
        for each in self.open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self.shutdown()
        self.server_close()
