"""``chatnet health``: whether a server answers, for containers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chatnet.wiring.cli import main
from chatnet.wiring.health_command import address_of


@contextmanager
def server(
    status: int, body: bytes, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that answers so; its address, and what was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}", asked
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_a_server_that_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    with server(200, b'{"status": "ready"}') as (address, asked):
        assert main(["health", address]) == 0
    assert asked == ["/ready"]
    assert capsys.readouterr().out == "ready\n"


def test_one_that_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with server(503, b'{"status": "starting"}') as (address, _):
        assert main(["health", address]) == 1
    assert capsys.readouterr().err == "503: starting\n"


def test_another_path(capsys: pytest.CaptureFixture[str]) -> None:
    with server(200, b"ok\nmore\n") as (address, asked):
        assert main(["health", f"{address}/health"]) == 0
    assert asked == ["/health"]
    assert capsys.readouterr().out == "ok\n"


def test_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with server(200, b"") as (address, _):
        pass
    assert main(["health", address]) == 1
    assert capsys.readouterr().err.startswith("no answer: ")


def test_somebody_else_is_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with server(200, b"ready") as (other, asked), server(302, b"", {"Location": other}) as (address, _):
        assert main(["health", address]) == 1
    assert asked == []
    assert capsys.readouterr().err.startswith("302: ")


@pytest.mark.parametrize("text", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http:///ready"])
def test_what_is_no_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["health", text]) == 1
    assert "is no address" in capsys.readouterr().err


def test_the_path_is_that_of_readiness() -> None:
    assert address_of("https://chat.test") == "https://chat.test/ready"
    assert address_of("https://chat.test/") == "https://chat.test/ready"
    assert address_of("https://chat.test/health?x=1") == "https://chat.test/health?x=1"
