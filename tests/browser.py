"""Chromium with the modules of the web client, which tests import in a page and use there.

Playwright drives the Chromium of the system; nothing is downloaded.  The one without windows (Debian's
``chromium-headless-shell``) is the same for pages, and takes half the time.  The pages come from a small
server: what is in ``chatnet/pages`` and, at ``/``, an empty page.
"""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest
from daemon_process import DEADLINE
from playwright.sync_api import Browser, Page, expect, sync_playwright

PAGES: Final = Path(__file__).resolve().parent.parent / "chatnet" / "pages"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
EMPTY: Final = b'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Empty</title>'


class FileHandler(BaseHTTPRequestHandler):
    """Gives a file of `folder`, or an empty page."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *arguments: object) -> None:
        self._folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]  # the server's business

    def do_GET(self) -> None:
        file = self._folder / self.path.partition("?")[0].lstrip("/")
        kind = "text/html"
        body: bytes | None = EMPTY
        if self.path != "/":
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            body = file.read_bytes() if file.is_file() else None
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path = PAGES) -> Iterator[str]:
    """The address of a server of what is in a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(FileHandler, folder)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; a skip where it is not installed.  Pages may take their time, too."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    patience = 1000 * DEADLINE
    with sync_playwright() as playwright:
        expect.set_options(timeout=patience)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=patience)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, address: str) -> Iterator[Page]:
    """An empty page, in which no error may be left."""
    with browser.new_context() as context:
        context.set_default_timeout(1000 * DEADLINE)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        yield page
        assert errors == []
