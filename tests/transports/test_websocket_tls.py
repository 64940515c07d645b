"""WebSocket connections under TLS."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from pump import Doorway
from test_tls import BOTH, TLSClient, trusting
from websocket_client import CLOSE, FIN, PING, PONG, TEXT, close, frame, frames, request

from chatnet.settings import ListenSettings, TLSSettings, WebSocketSettings
from chatnet.transports.certificates import CertificateStore, make_self_signed
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.transports.tls import TLSGate, prepare_context
from chatnet.transports.websocket import WebSocketFactory
from chatnet.transports.websocket_tls import WebSocketTLSProtocol


class SecureWebDoorway(Doorway):
    """A WebSocket listener under TLS; `listen` are settings of it."""

    def __init__(self, folder: Path, **listen: Any) -> None:
        store = CertificateStore(folder, "default", prepare_context)
        assert store.refresh() == []
        self.settings = TLSSettings(handshakes_per_turn=1)
        super().__init__(
            ListenSettings(endpoint="tcp:8097", kind="websocket", tls=True, **listen),
            WebSocketFactory,
            settings=WebSocketSettings,
            going_away=lambda: False,
            is_ours=lambda host: False,
            tls=self.protocol,
        )
        self.gate = TLSGate(store, lambda: self.settings, self.pump)

    def protocol(self, factory: ClientFactory) -> ClientProtocol:
        return WebSocketTLSProtocol(factory, self.gate)

    def enter(self, data: bytes, context: ssl.SSLContext | None = None) -> TLSClient:
        """A client whose WebSocket is open, and who has sent its request and `data` in one piece."""
        client = TLSClient(self, context or trusting()).handshake()
        client.send(data)
        answer = bytearray()
        while not answer.endswith(b"\r\n\r\n"):
            part = client.read(1)
            assert part, "closed"
            answer += part
        assert answer.startswith(b"HTTP/1.1 101 ")
        return client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_self_signed(folder / "default.pem", ["localhost"])
    return folder


@pytest.fixture
def door(folder: Path) -> Iterator[SecureWebDoorway]:
    door = SecureWebDoorway(folder)
    yield door
    for client in door.clients:
        client.close()
    door.pump.run()


@BOTH
def test_a_conversation(door: SecureWebDoorway, version: ssl.TLSVersion) -> None:
    client = door.enter(request() + frame(TEXT, b"NICK ann"), trusting(version=version))
    session = door.session
    assert session.peer.secure
    assert session.peer.tls is not None
    assert session.text == b"NICK ann\r\n"
    session.outlet.send(b"one\r\n")
    session.outlet.send("zwölf\r\n".encode())
    session.outlet.send(b"caf\xe9\r\n")
    expected = [(FIN | TEXT, b"one"), (FIN | TEXT, "zwölf".encode()), (FIN | TEXT, "caf\ufffd".encode())]
    assert frames(client.read(5 + 8 + 8)) == expected
    client.send(frame(PING, b"?"))
    assert frames(client.read(3)) == [(FIN | PONG, b"?")]
    session.outlet.close()
    assert frames(client.read(4)) == [(FIN | CLOSE, pack("!H", 1000))]
    client.send(close(1000))
    assert client.read(1) == b""  # and TLS says goodbye
    door.pump.run()
    assert door.released == ["127.0.0.1"]


def test_messages_that_come_in_many_records_are_all_heard(door: SecureWebDoorway) -> None:
    client = door.enter(request())
    lines = [b"PRIVMSG #c :%d %s" % (number, b"x" * 400) for number in range(60)]
    for line in lines:
        client.tls.write(frame(TEXT, line))
    client.exchange()
    assert door.session.text == b"".join(line + b"\r\n" for line in lines)


def test_what_waits_keeps_its_order(door: SecureWebDoorway) -> None:
    client = TLSClient(door, trusting(), buffers=4096).handshake()
    client.send(request())
    outlet = door.session.outlet
    outlet.sendq = 1 << 24
    expected = []
    for number in range(3000):
        line = b"%06d %s" % (number, b"x" * (number % 500))
        expected.append((FIN | TEXT, line))
        outlet.send(line + b"\r\n")
        if number % 50 == 0:
            door.turn.flush()
    outlet.close()
    data = client.read(1 << 24)
    assert frames(data.partition(b"\r\n\r\n")[2]) == [*expected, (FIN | CLOSE, pack("!H", 1000))]


def test_a_browser_is_not_asked_for_a_certificate(door: SecureWebDoorway, tmp_path: Path) -> None:
    """It would ask the person who sits at it which one to show."""
    make_self_signed(tmp_path / "ann.pem", ["ann"])
    door.enter(request(), trusting(tmp_path / "ann.pem"))
    assert door.session.peer.certfp is None


def test_the_certificate_and_the_tls_of_a_proxy_are_not_its_clients(folder: Path) -> None:
    door = SecureWebDoorway(folder, forwarded_from=("127.0.0.1",))
    door.enter(request(headers={"X-Forwarded-For": "192.0.2.1"}))
    peer = door.session.peer
    assert (peer.address, peer.secure, peer.tls, peer.certfp) == ("192.0.2.1", False, None, None)
    door.enter(request(headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}))
    assert door.sessions[1].peer.secure


def test_proxies_that_wait_for_their_handshake_get_it(folder: Path) -> None:
    door = SecureWebDoorway(folder, forwarded_from=("127.0.0.1",))
    clients = [TLSClient(door, trusting()) for _ in range(3)]
    for client in clients:  # all in one turn, which has room for one
        try:
            client.tls.do_handshake()
        except ssl.SSLWantReadError:
            client.socket.sendall(client.outgoing.read())
    for client in clients:
        client.handshake().send(request(headers={"X-Forwarded-For": "192.0.2.7"}))
        assert client.read(12).startswith(b"HTTP/1.1 101 ")
    assert len(door.sessions) == 3


def test_a_goodbye_to_tls_alone_is_one_as_well(door: SecureWebDoorway) -> None:
    client = door.enter(request())
    door.session.outlet.send(b"one\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.exchange()
    assert door.session.lost == ["Connection closed"]
    assert door.released == ["127.0.0.1"]


def test_a_goodbye_to_tls_before_the_request_is_whole_is_not_answered_by_a_frame(
    door: SecureWebDoorway,
) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.send(b"GET / HTTP/1.1\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.exchange()
    assert client.read(1 << 16) == b""
    assert door.released == ["127.0.0.1"]


def test_when_tls_fails_nothing_is_waited_for(door: SecureWebDoorway) -> None:
    client = door.enter(request())
    client.socket.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
    door.pump.run()
    assert door.session.lost == ["TLS error"]
    assert door.released == ["127.0.0.1"]


def test_who_asks_for_no_websocket_reads_so(door: SecureWebDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = client.read(1 << 16)
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert answer.endswith(b"text.ircv3.net.\n")


def test_browsers_speak_http_under_tls(folder: Path) -> None:
    door = SecureWebDoorway(folder)
    context = trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    assert TLSClient(door, context).handshake().tls.selected_alpn_protocol() == "http/1.1"
    context.set_alpn_protocols(["h2", "irc"])
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        TLSClient(door, context).handshake()
