"""A page in Chromium that chats over WebSocket."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from daemon_process import DEADLINE, Client, Daemon
from playwright.sync_api import Browser
from programs import Program, certified, web_listeners

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PAGE = Path(__file__).resolve().parent / "pages" / "chat.html"


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


class Shown(Program):
    """What the page shows, which it says itself."""

    name = "the page"

    def __init__(self, folder: Path, log: Path) -> None:
        super().__init__(folder)
        self._log = log

    def logs(self) -> Iterable[Path]:
        return [self._log]

    def work(self) -> None:
        time.sleep(0.01)


@contextmanager
def browsing(
    browser: Browser, folder: Path, socket: str, protocols: str = "", host: str = "localhost"
) -> Iterator[Shown]:
    """A page from `host` that connects to `socket`."""
    log = folder / "shown"
    log.touch()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(PageHandler, log)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        query = urlencode({"url": socket, "protocols": protocols})
        url = f"http://{host}:{server.server_address[1]}/chat.html?{query}"
        try:
            with browser.new_context(ignore_https_errors=True) as context:
                context.set_default_timeout(DEADLINE * 1000)
                context.new_page().goto(url)
                yield Shown(folder / "page", log)
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


def _chat(bob: Client, page: Shown, kind: str) -> None:
    bob.until(r"^:page!\S+ JOIN #den$")
    bob.until(r"^:page!\S+ PRIVMSG #den :schöne Grüße from a page ☕$")
    bob.send("PRIVMSG #den :hello, größe ☕")
    page.sees(
        rf"{kind} < @(\S+;)?time=\S+ :page!\S+ JOIN #den$",
        rf"{kind} < @(\S+;)?time=\S+ :bob!\S+ PRIVMSG #den :hello, größe ☕$",
    )
    bob.send("PRIVMSG page :leave")
    bob.until(r"^:page!\S+ QUIT :.*good night$")
    page.sees(rf"{kind} < .*ERROR :Closing Link", "closed: 1000, clean")


@pytest.mark.parametrize(
    ("protocols", "chosen", "kind"),
    [
        ("text.ircv3.net", "text.ircv3.net", "text"),
        ("binary.ircv3.net,text.ircv3.net", "binary.ircv3.net", "binary"),
        ("", "no subprotocol", "text"),
    ],
)
def test_a_page_chats(browser: Browser, tmp_path: Path, protocols: str, chosen: str, kind: str) -> None:
    more, port, _ = web_listeners()
    daemon, _ = certified(tmp_path, more)
    with chatting(daemon) as bob, browsing(browser, tmp_path, f"ws://localhost:{port}/", protocols) as page:
        page.sees(f"open: {chosen}, extensions: none")
        _chat(bob, page, kind)


def test_a_page_chats_under_tls_with_compression(browser: Browser, tmp_path: Path) -> None:
    more, _, port = web_listeners("compression = true")
    daemon, _ = certified(tmp_path, more)
    url = f"wss://localhost:{port}/irc"
    with chatting(daemon) as bob, browsing(browser, tmp_path, url, "text.ircv3.net") as page:
        page.sees(r"open: text\.ircv3\.net, extensions: permessage-deflate")
        _chat(bob, page, "text")


def test_a_page_from_elsewhere_does_not_get_in(browser: Browser, tmp_path: Path) -> None:
    more, port, _ = web_listeners()
    daemon, _ = certified(tmp_path, more)
    with (
        daemon,
        browsing(browser, tmp_path, f"ws://localhost:{port}/", "text.ircv3.net", "127.0.0.1") as page,
    ):
        page.sees("error", "closed: 1006, not clean")
        assert "open" not in "".join(page.shown())
