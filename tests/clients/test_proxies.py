"""Proxies in front of a web listener: pages and WebSockets through them, on connections that are kept."""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import secret
from daemon_process import DEADLINE, HOST, Daemon, free_port, wait_for
from process import Process
from programs import require
from websocket_client import WebSocketClient

from chatnet.services.tokens import token_hash

pytestmark = [pytest.mark.client, pytest.mark.daemon]

NAME = "chat.example.org"
CLIENT = "127.0.0.7"
"""Where clients come from; the proxy's own address is another."""
TOKEN = secret("reader")
CONFIGURATION = f"""
[server]
name = "irc.example.org"
[flood]
enabled = false
[cloak]
enabled = false
[web]
hosts = ["{NAME}"]
access_log = true
[[token]]
name = "reader"
nick = "reader"
hash = "{token_hash(TOKEN)}"
scope = "read,events"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
"""
NGINX = """
daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream chat { server 127.0.0.1:WEB; keepalive 2; }
    server {
        listen 127.0.0.1:FRONT;
        location / {
            proxy_pass http://chat;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }
    }
}
"""
HAPROXY = """
defaults
    mode MODE
    timeout connect 60s
    timeout client 60s
    timeout server 60s
frontend front
    bind 127.0.0.1:FRONT
    default_backend chat
backend chat
    OPTIONS
    server chat 127.0.0.1:WEB HOW
"""
CADDY = """
{
    admin off
    auto_https off
}
http://:FRONT {
    bind 127.0.0.1
    reverse_proxy 127.0.0.1:WEB
}
"""


class Behind:
    """A daemon, and a proxy in front of it at the port ``front``."""

    def __init__(self, folder: Path, trust: str = 'forwarded_from = ["127.0.0.1"]') -> None:
        self.folder = folder
        self.web, self.front = free_port(), free_port()
        self.daemon = Daemon(folder)
        self.daemon.configure(CONFIGURATION.replace("WEB", str(self.web)) + trust + "\n")
        (folder / "proxy").mkdir()
        self.proxy = Process(folder / "proxy")

    def start(self, name: str, text: str, *command: str) -> None:
        (self.folder / "proxy" / name).write_text(
            text.replace("WEB", str(self.web)).replace("FRONT", str(self.front))
        )
        self.daemon.start()
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "proxy")}
        if "LD_LIBRARY_PATH" in os.environ:
            environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
        self.proxy.run(command, environment)
        wait_for(self.answers, "the proxy")

    def answers(self) -> bool:
        assert self.proxy.is_running(), self.proxy.output()
        try:
            socket.create_connection((HOST, self.front), DEADLINE).close()
        except ConnectionRefusedError:
            return False
        return True

    def end(self) -> None:
        self.proxy.end()
        self.daemon.end()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(HOST, self.front, timeout=DEADLINE, source_address=(CLIENT, 0))


def nginx(behind: Behind) -> None:
    require("nginx")
    folder = str(behind.folder / "proxy")
    behind.start("nginx.conf", NGINX, "nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr")


def haproxy(
    behind: Behind,
    mode: str = "http",
    options: str = "option forwardfor\n    http-reuse always",
    how: str = "",
) -> None:
    require("haproxy")
    text = HAPROXY.replace("MODE", mode).replace("OPTIONS", options).replace("HOW", how)
    behind.start("haproxy.cfg", text, "haproxy", "-db", "-f", "haproxy.cfg")


def caddy(behind: Behind) -> None:
    require("caddy")
    behind.start("Caddyfile", CADDY, "caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile")


@pytest.fixture(params=["nginx", "haproxy", "haproxy-tcp", "caddy"])
def behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Behind]:
    tcp = request.param == "haproxy-tcp"
    behind = Behind(tmp_path, 'proxy_from = ["127.0.0.1"]' if tcp else 'forwarded_from = ["127.0.0.1"]')
    try:
        if tcp:
            haproxy(behind, "tcp", "", "send-proxy-v2")
        else:
            {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}[request.param](behind)
        yield behind
    finally:
        behind.end()


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection.request(method, path, body, {"Host": NAME})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_pages_and_websockets_share_their_connections(behind: Behind) -> None:
    with behind.daemon.client("tom") as tom:
        tom.send("JOIN #c")
        tom.until(" 366 ")
        for number in range(4):
            connection = behind.connect()
            for _ in range(number):
                status, headers, body = ask(connection, "/")
                assert status == 200 and b"<!doctype html>" in body
                assert "default-src 'none'" in headers["Content-Security-Policy"]
            if connection.sock is None:
                connection.connect()
            with WebSocketClient(connection.sock, DEADLINE, path="/socket", host=NAME) as person:
                assert person.answer.startswith(b"HTTP/1.1 101 ")
                person.register(f"ann{number}")
                person.send(f"WHOIS ann{number}", "JOIN #c")
                assert CLIENT in "\n".join(person.until(" 318 "))
                person.until(" 366 ")
                person.send(f"PRIVMSG #c :hello {number}")
                tom.until(f"hello {number}")
                tom.send(f"PRIVMSG #c :back {number}")
                person.until(f"back {number}")
    wait_for(lambda: f"{CLIENT} GET / 200 " in behind.daemon.output(), "the line of a request")


def test_events_are_not_kept_back(behind: Behind) -> None:
    with behind.daemon.client("tom") as tom:
        tom.send("JOIN #c")
        tom.until(" 366 ")
        connection = behind.connect()
        headers = {"Host": NAME, "Authorization": f"Bearer {TOKEN}", "Accept": "text/event-stream"}
        connection.request("GET", "/api/v1/events?channels=c", headers=headers)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
        tom.until("JOIN #c")
        for number in range(3):
            tom.send(f"PRIVMSG #c :number {number}")
            while f"number {number}" not in answer.readline().decode():
                pass
        connection.close()


def test_what_is_refused_is_passed_on(behind: Behind) -> None:
    connection = behind.connect()
    assert ask(connection, "/nowhere")[0] == 404
    assert ask(connection, "/", "HEAD")[::2] == (200, b"")
    status, headers, _ = ask(connection, "/", "POST", b"x" * 100)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    status, _, body = ask(connection, "/", "POST", b"x" * 200_000)
    assert status == 413 and b"too long" in body
    assert ask(behind.connect(), "/health")[0] == 200
    assert "Traceback" not in behind.daemon.output()
