"""WebSocket at the real daemon, beside TCP: https://ircv3.net/specs/extensions/websocket"""

from __future__ import annotations

import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_process import DEADLINE, HOST, Client, Daemon, free_port
from websocket_client import BINARY, PING, TEXT, WebSocketClient, close, frame, request

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[server]
name = "irc.example.org"
utf8_only = false

[flood]
enabled = false

[cloak]
enabled = false

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
kind = "websocket"

[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "websocket"
compression = true

[[listen]]
endpoint = "unix:web.sock"
kind = "websocket"
forwarded_from = ["127.0.0.1"]
"""


class WebDaemon(Daemon):
    """A daemon that speaks plain WebSocket at ``web`` and ``web.sock``, and under TLS at ``tls_port``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = free_port()
        self.configure(CONFIGURATION.replace("WEB", str(self.web)))

    def enter(self, nick: str, **options: Any) -> WebSocketClient:
        """A registered client over WebSocket."""
        plain = socket.create_connection((HOST, self.web), DEADLINE)
        return WebSocketClient(plain, DEADLINE, **options).register(nick)

    def enter_tls(self, nick: str) -> WebSocketClient:
        """The same under TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["http/1.1"])  # as browsers do
        plain = socket.create_connection((HOST, self.tls_port), DEADLINE)
        return WebSocketClient(context.wrap_socket(plain), DEADLINE).register(nick)

    def enter_unix(self, nick: str, headers: dict[str, str]) -> WebSocketClient:
        """The same as a proxy on this machine."""
        plain = socket.socket(socket.AF_UNIX)
        plain.connect(str(self.folder / "web.sock"))
        return WebSocketClient(plain, DEADLINE, headers=headers).register(nick)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebDaemon]:
    daemon = WebDaemon(tmp_path)
    with daemon:
        yield daemon


def test_people_over_every_transport_talk_to_each_other(web: WebDaemon) -> None:
    with (
        web.client("tom") as tom,
        web.enter("wendy") as wendy,
        web.enter("bert", opcode=BINARY, protocols="binary.ircv3.net") as bert,
        web.enter_tls("sue") as sue,
    ):
        people: list[Client | WebSocketClient] = [tom, wendy, bert, sue]
        for person in people:
            person.send("JOIN #c")
            person.until(" 366 ")
        for number, person in enumerate(people):
            person.send(f"PRIVMSG #c :größe {number}")
            for other in people:
                if other is not person:
                    other.until(rf"^:\S+ PRIVMSG #c :größe {number}$")
        # Not UTF-8: to a client with text frames, which would be disconnected by it, U+FFFD goes instead.
        tom.send(b"PRIVMSG #c :caf\xe9")
        wendy.until("PRIVMSG #c :caf\ufffd$")
        sue.until("PRIVMSG #c :caf\ufffd$")
        bert.send(b"PRIVMSG tom :\xe9")
        tom.until("PRIVMSG tom :\ufffd$")
        tom.send("WHOIS sue", "WHOIS wendy")
        assert " 671 " in "".join(tom.until(" 318 "))
        assert " 671 " not in "".join(tom.until(" 318 "))
        sue.send("QUIT :bye")
        assert sue.rest()[-1].startswith("ERROR :")
        assert sue.closed == 1000
        tom.until(r"^:sue!\S+ QUIT :.*bye")


def test_a_proxy_on_this_machine_is_believed(web: WebDaemon) -> None:
    headers = {"X-Forwarded-For": "192.0.2.77", "X-Forwarded-Proto": "https"}
    with web.client("tom") as tom, web.enter_unix("pat", headers) as pat:
        pat.send("WHOIS pat")
        answer = "\n".join(pat.until(" 318 "))
        assert "192.0.2.77" in answer
        assert " 671 " in answer
        tom.send("WHOIS pat")
        tom.until(" 311 tom pat ~pat 192.0.2.77 ")
    with web.enter("eve", headers=headers) as eve:
        eve.send("WHOIS eve")
        assert "192.0.2.77" not in "\n".join(eve.until(" 318 "))


def test_who_misbehaves_harms_nobody_else(web: WebDaemon) -> None:
    with web.client("tom") as tom, web.enter("wendy") as wendy:
        for number, bad in enumerate(
            [
                b"",
                b"\x00" * 4000,
                b"GET / HTTP/1.1\r\n" + b"x" * 100_000,
                request(headers={"Sec-WebSocket-Key": "x"}),
                request() + frame(TEXT, b"x", mask=None),
                request() + frame(TEXT, b"\xff"),
                request() + frame(TEXT, b"x" * 100_000),
                request() + frame(PING, b"x" * 100) * 3000,
                request() + b"\x81\xff\x7f" + b"\xff" * 5000,
                request() + close(4000) + frame(TEXT, b"NICK late") * 100,
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
            tom.send(f"PRIVMSG wendy :still {number}?")
            wendy.until(f"still {number}")
        assert "Traceback" not in web.output()


def test_the_end_of_the_daemon_is_told(web: WebDaemon) -> None:
    """1001 'indicates that an endpoint is "going away", such as a server going down'
    https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
    """
    with web.enter("wendy") as wendy, web.enter_tls("sue") as sue:
        web.signal(signal.SIGTERM)
        for person in (wendy, sue):
            assert "shutting down" in person.rest()[-1]
            assert person.closed == 1001
        web.wait()
        assert "Traceback" not in web.output()


def test_a_reload_may_change_what_a_port_speaks(web: WebDaemon) -> None:
    assert f"Listening on tcp:{web.web}:interface=127.0.0.1 (WebSocket)" in web.output()
    assert f"Listening on tcp:{web.tls_port}:interface=127.0.0.1 (WebSocket over TLS)" in web.output()
    with web.enter("wendy") as wendy:
        assert web.config is not None
        text = web.config.read_text()
        web.config.write_text(text.replace('kind = "websocket"\ncompression = true\n', ""))
        web.reload()
        with web.client("tom", web.web) as tom:
            tom.send("PRIVMSG wendy :hello")
            wendy.until("PRIVMSG wendy :hello$")
        web.config.write_text(text.replace("compression = true", "origins = ['https://chat.example.org']"))
        web.reload()
        with socket.create_connection((HOST, web.web), DEADLINE) as eve:
            eve.sendall(request(headers={"Origin": "https://irc.example.org"}))
            assert eve.recv(12) == b"HTTP/1.1 403"
        wendy.sync()
