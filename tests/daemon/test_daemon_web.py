"""A web listener at the real daemon: pages, WebSockets on connections that are kept, reload, and the end."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import DEADLINE, HOST, ROOT, Daemon, free_port, wait_for
from websocket_client import TEXT, WebSocketClient, frame, request

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[server]
name = "irc.example.org"

[flood]
enabled = false

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
kind = "web"

[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"

[[listen]]
endpoint = "tcp:REDIRECT:interface=127.0.0.1"
kind = "web"
serves = ["redirect"]

[web]
acme = "acme"
"""


class WebDaemon(Daemon):
    """A daemon with web listeners: plain at ``web``, under TLS at ``tls_port``, and at ``redirect``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web, self.redirect = free_port(), free_port()
        text = CONFIGURATION.replace("WEB", str(self.web)).replace("REDIRECT", str(self.redirect))
        self.configure(text)

    def plain(self, port: int | None = None) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, port or self.web, timeout=DEADLINE)

    def secure(self) -> http.client.HTTPSConnection:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(HOST, self.tls_port, timeout=DEADLINE, context=context)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebDaemon]:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "token-1").write_bytes(b"token-1.key")
    with WebDaemon(tmp_path) as daemon:
        yield daemon


def get(
    connection: http.client.HTTPConnection, path: str, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def become_websocket(connection: http.client.HTTPConnection) -> WebSocketClient:
    """A WebSocket on a connection that has served requests before."""
    assert isinstance(connection.sock, socket.socket)
    return WebSocketClient(connection.sock, DEADLINE, path="/socket")


def test_browsers_get_the_client_and_chat(web: WebDaemon) -> None:
    assert f"Listening on tcp:{web.web}:interface=127.0.0.1 (web)" in web.output()
    assert f"Listening on tcp:{web.tls_port}:interface=127.0.0.1 (web over TLS)" in web.output()
    assert f"Chat in the browser: http://127.0.0.1:{web.web}/" in web.output()
    assert f"Chat in the browser: https://127.0.0.1:{web.tls_port}/" in web.output()
    assert f"127.0.0.1:{web.redirect}/" not in web.output()
    with web.client("tom") as tom:
        tom.send("JOIN #c")
        tom.until(" 366 ")
        for nick, connection in (("ann", web.plain()), ("sue", web.secure())):
            for path in ("/", "/health", "/c/c"):
                status, headers, body = get(connection, path)
                assert status == 200
                assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
            assert b"<!doctype html>" in body
            with become_websocket(connection) as person:
                person.register(nick)
                person.send("JOIN #c")
                person.until(" 366 ")
                tom.send(f"PRIVMSG #c :hello {nick}")
                person.until(f"hello {nick}")
                person.send("PRIVMSG #c :hello tom", f"WHOIS {nick}")
                tom.until(rf"^:{nick}!\S+ PRIVMSG #c :hello tom")
                assert (" 671 " in "".join(person.until(" 318 "))) is (nick == "sue")
    assert "Traceback" not in web.output()


def test_what_is_found_where(web: WebDaemon) -> None:
    connection = web.plain()
    page = get(connection, "/")[2].decode()
    facts = json.loads(re.findall('<meta name="chatnet" content="([^"]*)">', page)[0].replace("&quot;", '"'))
    assert facts["server"] == "irc.example.org" and facts["guests"] is True
    packed = get(connection, "/", Accept_Encoding="gzip")
    assert packed[1]["Content-Encoding"] == "gzip" and len(packed[2]) < len(page)
    assert get(connection, "/", Accept_Encoding="gzip", If_None_Match=packed[1]["ETag"])[0] == 304
    assert get(connection, "/app/0000000000000000/main.js")[0] == 404
    assert get(connection, "/", Host="evil.example")[0] == 421
    assert get(connection, "/", Host="irc.example.org")[0] == 200
    status, _, body = get(connection, "/ready")
    found = json.loads(body)
    assert (status, found["status"], found["checks"]["links"]) == (200, "ready", "ok")
    assert found["checks"]["stores"] == {"accounts": "ok", "history": "ok"}
    assert found["checks"]["certificate_days"]["default"] > 300
    port_80 = web.plain(web.redirect)
    status, headers, _ = get(port_80, "/c/club?x=y", Host="irc.example.org")
    assert (status, headers["Location"]) == (308, "https://irc.example.org/c/club?x=y")
    challenge = "/.well-known/acme-challenge/"
    assert get(port_80, f"{challenge}token-1", Host="new.example.org")[::2] == (200, b"token-1.key")
    assert get(port_80, f"{challenge}token-2")[0] == 404
    assert "was for the host evil.example, which is not ours: see web.hosts" in web.output()


def test_who_misbehaves_harms_nobody_else(web: WebDaemon) -> None:
    good = web.plain()
    with web.client("tom") as tom:
        for number, bad in enumerate(
            [
                b"",
                b"\x00" * 4000,
                b"NICK ann\r\n" * 100,
                b"GET / HTTP/1.1\r\n" + b"x" * 100_000,
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 1_000_000,
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3000,
                request(path="/socket", headers={"Sec-WebSocket-Key": "x"}),
                request(path="/socket") + frame(TEXT, b"\xff"),
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + request(path="/socket")
                + b"\x81\xff\x7f"
                + b"\xff" * 5000,
            ]
        ):
            with socket.create_connection((HOST, web.web), DEADLINE) as client:
                try:
                    client.sendall(bad)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
                except OSError:
                    pass
            assert get(good, f"/health?{number}")[0] == 200
            tom.sync()
    assert "Traceback" not in web.output()


def test_a_reload_changes_what_is_answered(web: WebDaemon) -> None:
    connection, other = web.plain(), web.plain()
    assert b"<title>chatnet</title>" in get(connection, "/")[2]
    get(other, "/")
    with become_websocket(other) as ann:
        ann.register("ann")
        assert web.config is not None
        text = web.config.read_text()
        web.config.write_text(text.replace("[web]\n", '[web]\ntitle = "The club"\naccess_log = true\n'))
        web.reload()
        assert b"<title>The club</title>" in get(connection, "/")[2]
        wait_for(lambda: "127.0.0.1 GET / 200 " in web.output(), "the line of a request")
        changed = text.replace(
            f'endpoint = "tcp:{web.web}:interface=127.0.0.1"\nkind = "web"',
            f'endpoint = "tcp:{web.web}:interface=127.0.0.1"\nkind = "web"\nserves = ["socket"]',
        )
        assert changed != text
        web.config.write_text(changed)
        web.reload()
        assert get(web.plain(), "/")[0] == 426
        assert get(connection, "/")[0] == 200  # it came while that was served
        ann.sync()


def test_the_end_of_the_daemon(web: WebDaemon) -> None:
    idle, other = web.plain(), web.secure()
    get(idle, "/")
    get(other, "/")
    with become_websocket(other) as ann:
        ann.register("ann")
        web.signal(signal.SIGTERM)
        assert "shutting down" in ann.rest()[-1]
        assert ann.closed == 1001
    assert isinstance(idle.sock, socket.socket) and idle.sock.recv(1) == b""
    web.wait()
    assert "did not close" not in web.output() and "Traceback" not in web.output()


def test_without_its_pages_it_does_not_start(tmp_path: Path) -> None:
    """In one sentence, as with all that is wrong at a start."""
    installed = tmp_path / "installed"
    shutil.copytree(ROOT / "chatnet", installed / "chatnet", ignore=shutil.ignore_patterns("index.html"))
    shutil.copytree(ROOT / "twisted", installed / "twisted")
    daemon = WebDaemon(tmp_path)
    daemon.environment["PYTHONPATH"] = str(installed)
    daemon.copied = False
    try:
        daemon.launch()
        assert daemon.wait() == 1
    finally:
        daemon.end()
    (said,) = (line for line in daemon.output().splitlines() if "cannot start" in line)
    for port in (daemon.web, daemon.redirect):
        assert f"tcp:{port}:interface=127.0.0.1 cannot be opened: the web client's file index.html is" in said
    assert "Traceback" not in daemon.output()
