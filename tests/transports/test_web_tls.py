"""HTTP under TLS, and the way from there to a WebSocket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from test_tls import TLSClient, trusting
from test_web import WebDoorway, answers, get
from websocket_client import FIN, TEXT, frame, frames, request

from chatnet.settings import TLSSettings
from chatnet.transports.certificates import CertificateStore, make_self_signed
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.transports.tls import TLSGate, prepare_context
from chatnet.transports.web_tls import WebTLSProtocol


class SecureWebDoorway(WebDoorway):
    """A web listener under TLS."""

    def __init__(self, folder: Path, **listen: Any) -> None:
        self.store = CertificateStore(folder, "default", prepare_context)
        assert self.store.refresh() == []
        super().__init__(tls=True, **listen)
        self.gate = TLSGate(self.store, TLSSettings, self.pump)

    def more(self) -> dict[str, Any]:
        return {"tls": self.protocol}

    def protocol(self, factory: ClientFactory) -> ClientProtocol:
        return WebTLSProtocol(factory, self.gate)

    def enter(self, buffers: int = 0) -> TLSClient:
        return TLSClient(self, trusting(), buffers=buffers).handshake()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_self_signed(folder / "default.pem", ["localhost"])
    return folder


def until(client: TLSClient, end: bytes) -> bytes:
    """What comes, to a certain end."""
    data = bytearray()
    while not data.endswith(end):
        part = client.read(1)
        assert part, f"closed after {bytes(data)!r}"
        data += part
    return bytes(data)


def test_requests_and_answers(folder: Path) -> None:
    door = SecureWebDoorway(folder)
    client = door.enter()
    client.send(get("/1") + get("/size/100000") + get("/2", "Connection: close"))
    data = client.read(1 << 20)
    assert [len(body) for _, _, body in answers(data)] == [6, 100_000, 6]
    assert all(ask.secure and ask.encrypted for ask in door.site.asked)
    door.pump.run()
    assert door.open == 0


@pytest.mark.parametrize("before", [0, 1, 4])
@pytest.mark.parametrize("glued", ["one record", "one read", "apart"])
def test_a_websocket_may_be_asked_for_at_any_time(folder: Path, before: int, glued: str) -> None:
    door = SecureWebDoorway(folder)
    client = door.enter()
    said = [
        *(get(f"/{number}") for number in range(before)),
        request(path="/socket"),
        frame(TEXT, b"NICK ann"),
    ]
    if glued == "one record":
        client.send(b"".join(said))
    else:
        for piece in said:
            client.tls.write(piece)
            if glued == "apart":
                client.exchange()
        client.exchange()
    for number in range(before):
        until(client, f"GET /{number}".encode())
    assert re.match(rb"HTTP/1.1 101 ", until(client, b"\r\n\r\n"))
    session = door.session
    assert session.text == b"NICK ann\r\n" and session.peer.secure and session.peer.tls is not None
    assert door.admitted == ["127.0.0.1"] and door.open == 0
    session.outlet.send(b"hello\r\n")
    client.send(frame(TEXT, b"USER"))
    assert frames(client.read(7)) == [(FIN | TEXT, b"hello")]
    assert session.received[-1] == b"USER\r\n"
    client.socket.close()
    door.pump.run()
    assert session.lost and door.released == ["127.0.0.1"]


def test_a_slow_reader_has_all_in_the_end(folder: Path) -> None:
    door = SecureWebDoorway(folder)
    client = door.enter(buffers=4096)
    client.send(get("/size/3000000") + get("/x", "Connection: close"))
    assert [len(body) for _, _, body in answers(client.read(1 << 24))] == [3_000_000, 6]


def test_a_stream(folder: Path) -> None:
    door = SecureWebDoorway(folder)
    client = door.enter()
    client.send(get("/stream"))
    until(client, b"first\n\r\n")
    sink = door.site.streams[0].sink
    assert sink is not None
    sink.send(b"more")
    assert until(client, b"more\r\n") == b"4\r\nmore\r\n"
    sink.end()
    assert client.read(100) == b"0\r\n\r\n"


def test_too_many_are_cut_before_the_handshake(folder: Path) -> None:
    door = SecureWebDoorway(folder)
    door.settings = door.settings.model_copy(
        update={"web": door.settings.web.model_copy(update={"connections": 0})}
    )
    client, _ = door.connect()
    assert door.is_closed(client)
    assert door.crowd.refused == 1
