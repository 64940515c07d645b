"""A page in Chromium that chats over WebSocket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from daemon_process import Client, Daemon
from programs import Bot, certified, require, web_listeners

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PAGE = Path(__file__).resolve().parent / "pages" / "chat.html"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--ignore-certificate-errors",
    "--remote-debugging-port=0",  # else it takes its picture of the page, and ends
)


class PageHandler(BaseHTTPRequestHandler):
    """Serves the page, and writes into `log` what it shows."""

    def __init__(self, log: Path, *arguments: object) -> None:
        self._log = log
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server's business

    def do_GET(self) -> None:
        page = PAGE.read_bytes() if self.path.startswith("/chat.html") else b""
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        with self._log.open("ab") as log:
            log.write(text + b"\n")
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class Chromium(Bot):
    """Chromium with the page open; what the page shows is its log."""

    def __init__(self, folder: Path, log: Path, url: str) -> None:
        self._shown = log
        log.touch()
        super().__init__(folder, ["chromium", *FLAGS, f"--user-data-dir={folder}/profile", url])

    def logs(self) -> Iterable[Path]:
        return [self._shown]


@contextmanager
def browsing(folder: Path, socket: str, protocols: str = "", host: str = "localhost") -> Iterator[Chromium]:
    """A page from `host` that connects to `socket`."""
    require("chromium")
    log = folder / "shown"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(PageHandler, log)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        query = urlencode({"url": socket, "protocols": protocols})
        url = f"http://{host}:{server.server_address[1]}/chat.html?{query}"
        try:
            with Chromium(folder / "chromium", log, url) as chromium:
                yield chromium
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chatting(daemon: Daemon) -> Iterator[Client]:
    """The daemon runs, and somebody is there."""
    with daemon, daemon.client("bob") as bob:
        bob.send("JOIN #den")
        bob.sync()
        yield bob


def _chat(bob: Client, chromium: Chromium, kind: str) -> None:
    bob.until(r"^:page!\S+ JOIN #den$")
    bob.until(r"^:page!\S+ PRIVMSG #den :schöne Grüße from a page ☕$")
    bob.send("PRIVMSG #den :hello, größe ☕")
    chromium.sees(
        rf"{kind} < @(\S+;)?time=\S+ :page!\S+ JOIN #den$",
        rf"{kind} < @(\S+;)?time=\S+ :bob!\S+ PRIVMSG #den :hello, größe ☕$",
    )
    bob.send("PRIVMSG page :leave")
    bob.until(r"^:page!\S+ QUIT :.*good night$")
    chromium.sees(rf"{kind} < .*ERROR :Closing Link", "closed: 1000, clean")


@pytest.mark.parametrize(
    ("protocols", "chosen", "kind"),
    [
        ("text.ircv3.net", "text.ircv3.net", "text"),
        ("binary.ircv3.net,text.ircv3.net", "binary.ircv3.net", "binary"),
        ("", "no subprotocol", "text"),
    ],
)
def test_a_page_chats(tmp_path: Path, protocols: str, chosen: str, kind: str) -> None:
    more, port, _ = web_listeners()
    daemon, _ = certified(tmp_path, more)
    with chatting(daemon) as bob, browsing(tmp_path, f"ws://localhost:{port}/", protocols) as chromium:
        chromium.sees(f"open: {chosen}, extensions: none")
        _chat(bob, chromium, kind)


def test_a_page_chats_under_tls_with_compression(tmp_path: Path) -> None:
    more, _, port = web_listeners("compression = true")
    daemon, _ = certified(tmp_path, more)
    url = f"wss://localhost:{port}/irc"
    with chatting(daemon) as bob, browsing(tmp_path, url, "text.ircv3.net") as chromium:
        chromium.sees(r"open: text\.ircv3\.net, extensions: permessage-deflate")
        _chat(bob, chromium, "text")


def test_a_page_from_elsewhere_does_not_get_in(tmp_path: Path) -> None:
    more, port, _ = web_listeners()
    daemon, _ = certified(tmp_path, more)
    with daemon, browsing(tmp_path, f"ws://localhost:{port}/", "text.ircv3.net", "127.0.0.1") as chromium:
        chromium.sees("error", "closed: 1006, not clean")
        assert "open" not in "".join(chromium.shown())
