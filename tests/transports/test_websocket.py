"""WebSocket connections over sockets that are pumped by hand.

https://ircv3.net/specs/extensions/websocket, https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

import gc
import re
import socket
import tracemalloc
import zlib
from struct import pack
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pump import Doorway
from twisted.logger import LogLevel, capturedLogs, formatEvent
from websocket_client import (
    ACCEPT,
    BINARY,
    CLOSE,
    COMPRESSED,
    CONTINUATION,
    FIN,
    PING,
    PONG,
    TEXT,
    close,
    frame,
    frames,
    request,
)

from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, WebSocketSettings
from chatnet.transports.websocket import FrameOutlet, WebSocketFactory


class WebDoorway(Doorway):
    """A WebSocket listener: `listen` its settings, `limits` those of ``[websocket]``."""

    def __init__(self, limits: dict[str, Any] | None = None, **listen: Any) -> None:
        self.limits = WebSocketSettings(**(limits or {}))
        self.ending = False
        super().__init__(
            ListenSettings(endpoint="tcp:8097", kind="websocket", **listen),
            WebSocketFactory,
            settings=lambda: self.limits,
            going_away=lambda: self.ending,
            is_ours={"irc.example.org", "127.0.0.1"}.__contains__,
        )

    def heard(self, client: socket.socket) -> bytes:
        """All that has arrived at `client` by now."""
        self.pump.run()
        client.setblocking(False)
        data = bytearray()
        try:
            while part := client.recv(1 << 16):
                data += part
                self.pump.run()
        except BlockingIOError:
            pass
        client.settimeout(10)
        return bytes(data)

    def ask(self, data: bytes, **buffers: int) -> tuple[socket.socket, str]:
        """Send a request; the client and the head and body of the answer."""
        client, _ = self.connect(**buffers)
        client.sendall(data)
        return client, self.heard(client).decode()

    def enter(self, protocols: str | None = "text.ircv3.net", **options: Any) -> socket.socket:
        """A client whose WebSocket is open."""
        client, answer = self.ask(request(protocols, **options))
        assert answer.startswith("HTTP/1.1 101 ")
        return client

    def say(self, client: socket.socket, *pieces: bytes) -> list[tuple[int, bytes]]:
        """Send frames, each at a time of its own; the frames of the answer."""
        for piece in pieces:
            client.sendall(piece)
            self.pump.run()
        return frames(self.heard(client))

    def is_closed(self, client: socket.socket) -> bool:
        """Whether our end has closed the connection, all of whose words were read."""
        self.pump.run()
        client.setblocking(False)
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return True
        except BlockingIOError:
            return False
        finally:
            client.settimeout(10)


def code_of(found: list[tuple[int, bytes]]) -> int:
    """The code of the Close that is all there is."""
    ((first, payload),) = found
    assert first == FIN | CLOSE
    return int.from_bytes(payload[:2], "big")


def status(answer: str) -> int:
    """That of a whole answer, which keeps its promise of length and says that the connection ends."""
    head, _, body = answer.partition("\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head
    assert "Connection: close" in head
    assert body.endswith("\n")
    return int(head.split(" ")[1])


# --- the request


def test_an_opening_request_is_accepted() -> None:
    door = WebDoorway()
    client, answer = door.ask(request())
    head = answer.removesuffix("\r\n\r\n").split("\r\n")
    assert re.match("HTTP/1.1 101 ", head[0])
    headers = {line.lower() for line in head[1:]}
    assert {"upgrade: websocket", "connection: upgrade", ACCEPT.lower()} <= headers
    assert "sec-websocket-protocol: text.ircv3.net" in headers
    assert not any(line.startswith("sec-websocket-extensions") for line in headers)
    assert door.session.peer == Peer("127.0.0.1", client.getsockname()[1], "tcp:8097")


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ("text.ircv3.net", "text.ircv3.net"),
        ("binary.ircv3.net", "binary.ircv3.net"),
        ("text.ircv3.net, binary.ircv3.net", "text.ircv3.net"),
        ("binary.ircv3.net,text.ircv3.net", "binary.ircv3.net"),
        ("chat, soap, binary.ircv3.net", "binary.ircv3.net"),
        ("chat", None),
        ("TEXT.ircv3.net", None),
        (None, None),
    ],
)
def test_the_first_subprotocol_that_both_speak_is_chosen(offered: str | None, chosen: str | None) -> None:
    """'The server MUST accept any subprotocol it supports, respecting the client's order of preference. If no
    subprotocol can be agreed on, the server MAY continue connection establishment without sending the
    Sec-WebSocket-Protocol header.'
    """
    _, answer = WebDoorway().ask(request(offered))
    assert answer.startswith("HTTP/1.1 101 ")
    found = re.search(r"(?im)^sec-websocket-protocol: (\S+)", answer)
    assert (found and found[1]) == chosen


def test_a_request_in_single_bytes_and_a_line_that_comes_with_it() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    for byte in request() + frame(TEXT, b"NICK ann"):
        client.sendall(bytes([byte]))
        door.pump.run()
    assert door.session.text == b"NICK ann\r\n"
    client, answer = door.ask(request() + frame(TEXT, b"NICK bob") + frame(TEXT, b"USER"))
    assert answer.startswith("HTTP/1.1 101 ")
    assert door.sessions[1].received == [b"NICK bob\r\nUSER\r\n"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 426),
        (b"GET /favicon.ico HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", 426),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 426),
        (b"NICK ann\r\nUSER ann 0 * :Ann\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (request(headers={"Sec-WebSocket-Version": "8"}), 426),
        (request(headers={"Sec-WebSocket-Version": ""}), 400),
        (request(headers={"Sec-WebSocket-Key": ""}), 400),
        (request(headers={"Sec-WebSocket-Key": "c2hvcnQ="}), 400),
        (request(headers={"Sec-WebSocket-Key": "not base64, is it?"}), 400),
        (request(headers={"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZé=="}), 400),
        (request(headers={"Connection": "keep-alive"}), 400),
        (request(headers={"Upgrade": "h2c"}), 400),
        (request(host=""), 400),
        (request(host="\xff\xfe"), 400),
        (request("t\xebxt.ircv3.net"), 400),
        (request(headers={"Bad Header": "x"}), 400),
        (request().replace(b"GET", b"PUT"), 400),
    ],
)
def test_what_is_no_opening_request_is_answered(data: bytes, expected: int) -> None:
    door = WebDoorway()
    client, answer = door.ask(data)
    assert status(answer) == expected
    assert door.is_closed(client)
    assert not door.sessions
    assert door.admitted == door.released == ["127.0.0.1"]
    if expected == 426:
        assert "\r\nUpgrade: websocket\r\nConnection: upgrade\r\n" in answer


def test_tls_where_it_is_not_spoken_is_answered_by_the_end() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    assert door.read(client) == b""
    assert not door.sessions and door.released == ["127.0.0.1"]


def test_a_person_who_looks_at_the_port_with_a_browser_reads_what_it_is() -> None:
    _, answer = WebDoorway().ask(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "This is an IRC server for WebSocket clients" in answer


@pytest.mark.parametrize("size", [2000, 20000])
def test_a_request_is_bounded(size: int) -> None:
    door = WebDoorway({"request_size": 1024})
    _, answer = door.ask(request(headers={"Cookie": "x" * size}))
    assert status(answer) == 431
    assert not door.sessions
    _, answer = door.ask(b"GET /" + b"x" * size)
    assert status(answer) == 431


def test_a_request_that_does_not_come_is_not_waited_for() -> None:
    door = WebDoorway({"handshake_timeout": 3.0})
    client, answer = door.ask(request()[:-2])
    assert answer == ""
    door.pump.advance(2.0)
    assert door.heard(client) == b""
    for _ in range(4):
        door.pump.advance(0.5)
    assert status(door.heard(client).decode()) == 408
    assert door.is_closed(client)
    assert door.released == ["127.0.0.1"]


def test_the_deadline_is_over_once_the_websocket_is_open() -> None:
    door = WebDoorway({"handshake_timeout": 3.0})
    client = door.enter()
    for _ in range(20):
        door.pump.advance(0.5)
    assert door.say(client, frame(PING, b"?")) == [(FIN | PONG, b"?")]
    assert len(door.factory.deadlines) == 0


def test_who_is_not_admitted_reads_why() -> None:
    door = WebDoorway()
    door.refusal = "Too many connections from your address"
    client, answer = door.ask(b"")
    assert status(answer) == 503
    assert "Too many connections from your address" in answer
    assert door.is_closed(client)


# --- origins


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://irc.example.org", True),
        ("https://IRC.example.org:8443", True),
        ("http://irc.example.org", True),
        ("http://irc.example.org.", True),
        ("https://evil.example", False),
        ("https://irc.example.org.evil.example", False),
        ("https://xirc.example.org", False),
        ("null", False),
        ("https://[", False),
        ("", True),  # no browser
    ],
)
def test_by_default_pages_of_the_host_that_they_connect_to_may_come(origin: str, allowed: bool) -> None:
    door = WebDoorway()
    _, answer = door.ask(request(host="irc.example.org:8097", headers={"Origin": origin}))
    assert answer.startswith("HTTP/1.1 101 ") == allowed
    if not allowed:
        assert status(answer) == 403
        assert not door.sessions


def test_a_name_that_somebody_else_lets_lead_here_is_not_ours() -> None:
    """A page of evil.example is shown, then the name leads to us: both headers are as if it was ours."""
    door = WebDoorway()
    with capturedLogs() as events:
        _, answer = door.ask(request(host="evil.example:8097", headers={"Origin": "http://evil.example"}))
    assert status(answer) == 403
    assert not door.sessions
    (event,) = [event for event in events if event["log_level"] is LogLevel.info]
    words = "Pages of http://evil.example may not connect here, unless `origins` has it."
    assert formatEvent(event) == f"Refused 127.0.0.1: {words}"
    door.enter(host="127.0.0.1:8097", headers={"Origin": "http://127.0.0.1:8000"})


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://chat.example.org", True),
        ("HTTPS://Chat.Example.Org", True),
        ("http://chat.example.org", False),
        ("https://chat.example.org:444", False),
        ("https://irc.example.org", False),  # it is the host, but is not listed
        ("https://a.b.example.net", True),
        ("https://example.net", False),
        ("https://a.example.net.evil.example", False),
        ("null", False),
        ("https://chat.example.org, https://chat.example.org", False),
    ],
)
def test_listed_origins_may_come_and_no_others(origin: str, allowed: bool) -> None:
    door = WebDoorway(origins=("https://chat.example.org", "https://*.example.net"))
    _, answer = door.ask(request(headers={"Origin": origin}))
    assert answer.startswith("HTTP/1.1 101 ") == allowed


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "moz-extension://1234"])
def test_a_star_lets_all_pages_in(origin: str) -> None:
    door = WebDoorway(origins=("*",))
    door.enter(headers={"Origin": origin})


# --- behind a proxy


def test_a_trusted_proxy_tells_who_is_behind_it() -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1", "10.0.0.0/8"), connection_class="web")
    headers = {"X-Forwarded-For": "6.6.6.6, 2001:db8::0:7, 10.1.2.3", "X-Forwarded-Proto": "https"}
    client = door.enter(headers=headers)
    assert door.session.peer == Peer("2001:db8::7", 0, "tcp:8097", True, connection_class="web")
    assert door.admitted == ["2001:db8::7"]
    client.close()
    door.pump.run()
    assert door.released == ["2001:db8::7"]
    assert door.session.lost == ["Connection closed"]


@pytest.mark.parametrize(
    ("proto", "secure"),
    [
        ("https", True),
        ("WSS", True),
        ("http", False),
        ("", False),
        ("http, https", False),
        ("https,https", True),
    ],
)
def test_a_trusted_proxy_tells_whether_its_client_speaks_tls(proto: str, secure: bool) -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    door.enter(headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": proto})
    assert door.session.peer.secure is secure


def test_who_is_not_trusted_is_not_believed() -> None:
    door = WebDoorway(forwarded_from=("192.0.2.0/24",))
    client = door.enter(headers={"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"})
    assert door.session.peer == Peer("127.0.0.1", client.getsockname()[1], "tcp:8097")
    assert door.admitted == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("192.0.2.6:5678", "192.0.2.6"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:DB8:0::1]", "2001:db8::1"),
        ("6.6.6.6:1, 192.0.2.6:5678, 127.0.0.1:80", "192.0.2.6"),
        ("[::ffff:192.0.2.6]:1", "192.0.2.6"),
        ("2001:db8::1:4711", "2001:db8::1:4711"),  # an address without brackets has no port
        ("127.0.0.1", "127.0.0.1"),  # the proxy itself looks whether we are there
    ],
)
def test_a_proxy_may_tell_ports(told: str, address: str) -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    door.enter(headers={"X-Forwarded-For": told})
    assert door.session.peer.address == address
    assert door.admitted == [address]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"X-Forwarded-Proto": "https"}, "It is a proxy, and tells no X-Forwarded-For."),
        ({"X-Forwarded-For": "unknown"}, "X-Forwarded-For holds what is no address."),
    ],
)
def test_a_trusted_proxy_that_tells_of_nobody_is_refused_and_not_counted(
    headers: dict[str, str], why: str
) -> None:
    """Else all who are behind it would share its address, its limits, and what bans mean."""
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    with capturedLogs() as events:
        _, answer = door.ask(request(headers=headers))
    assert status(answer) == 400 and why in answer
    assert not door.sessions and not door.admitted
    assert f"Refused 127.0.0.1: {why}" in [formatEvent(event) for event in events]


def test_who_is_behind_the_proxy_has_to_be_admitted() -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    door.refusal = "Too many connections from your address"
    client, answer = door.ask(request(headers={"X-Forwarded-For": "192.0.2.1"}))
    assert status(answer) == 503
    assert door.is_closed(client)
    assert door.released == []


@pytest.mark.parametrize(
    "value",
    [
        "192.0.2.1:",
        "192.0.2.1:123456",
        "192.0.2.1:x",
        "[192.0.2.1",
        "::1]:80",
        "192.0.2.1, ::1::",
        "\xe9",
        "1.2.3.4, -",
    ],
)
def test_a_proxy_that_tells_no_address_is_refused(value: str) -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    _, answer = door.ask(request(headers={"X-Forwarded-For": value}))
    assert status(answer) == 400
    assert not door.admitted


def test_the_proxy_protocol_comes_before_the_request() -> None:
    door = WebDoorway(proxy_from=("127.0.0.1",))
    head = b"PROXY TCP4 192.0.2.7 192.0.2.2 5555 8097\r\n"
    _, answer = door.ask(head + request() + frame(TEXT, b"NICK a"))
    assert answer.startswith("HTTP/1.1 101 ")
    assert door.session.peer == Peer("192.0.2.7", 5555, "tcp:8097")
    assert door.session.text == b"NICK a\r\n"


def test_both_kinds_of_proxy_one_behind_the_other() -> None:
    door = WebDoorway(proxy_from=("127.0.0.1",), forwarded_from=("10.0.0.1",))
    head = b"PROXY TCP4 10.0.0.1 192.0.2.2 5555 8097\r\n"
    door.ask(head + request(headers={"X-Forwarded-For": "192.0.2.9"}))
    assert door.session.peer.address == "192.0.2.9"


# --- messages


def test_lines_become_messages_and_messages_lines() -> None:
    """'each message MUST consist of a single IRC line, except that servers and clients MUST NOT include
    trailing \\r or \\n characters in the message.'
    """
    door = WebDoorway()
    client = door.enter()
    door.say(client, frame(TEXT, "PRIVMSG #c :größer".encode()))
    assert door.session.received == ["PRIVMSG #c :größer\r\n".encode()]
    door.session.outlet.send(b":irc PONG irc x\r\n")
    door.session.outlet.send(":irc NOTICE ann :größer\r\n".encode())
    assert door.say(client) == [
        (FIN | TEXT, b":irc PONG irc x"),
        (FIN | TEXT, ":irc NOTICE ann :größer".encode()),
    ]


def test_one_turn_is_one_send(monkeypatch: pytest.MonkeyPatch) -> None:
    door = WebDoorway()
    door.enter()
    outlet = cast(FrameOutlet, door.session.outlet)
    sent: list[bytes] = []
    monkeypatch.setattr(outlet, "push", sent.append)
    for number in range(5):
        outlet.send(b"%d\r\n" % number)
    door.pump.run()
    assert sent == [b"".join(b"\x81\x01%d" % number for number in range(5))]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 512, 8191, 65535, 65536, 100_000])
def test_the_length_of_a_frame(size: int) -> None:
    door = WebDoorway()
    client = door.enter("binary.ircv3.net")
    door.session.outlet.send(b"x" * size + b"\r\n")
    assert door.say(client) == [(FIN | BINARY, b"x" * size)]


def test_text_clients_are_sent_nothing_but_utf_8() -> None:
    """'Servers MUST NOT relay non-UTF-8 content to clients using text messages […]. Servers MAY replace
    non-UTF-8 bytes with the UTF-8 encoding of the Unicode replacement character.'
    """
    door = WebDoorway()
    client = door.enter("text.ircv3.net")
    for line in (b"good", b"caf\xe9", b"cut \xe2\x82", b"\xed\xa0\x80", "fine ☕".encode()):
        door.session.outlet.send(line + b"\r\n")
    assert [payload.decode() for _, payload in door.say(client)] == [
        "good",
        "caf\ufffd",
        "cut \ufffd",
        "\ufffd\ufffd\ufffd",
        "fine ☕",
    ]


def test_binary_clients_are_sent_what_was_said() -> None:
    """'Binary messages can transport arbitrary bytes and therefore any valid IRC line'"""
    door = WebDoorway()
    client = door.enter("binary.ircv3.net")
    door.session.outlet.send(b"caf\xe9\r\n")
    assert door.say(client, frame(BINARY, b"PRIVMSG #c :\xe9")) == [(FIN | BINARY, b"caf\xe9")]
    assert door.session.text == b"PRIVMSG #c :\xe9\r\n"


@pytest.mark.parametrize(("protocol", "ours"), [("text.ircv3.net", TEXT), ("binary.ircv3.net", BINARY)])
def test_messages_of_both_types_are_heard_and_ours_are_what_was_agreed(protocol: str, ours: int) -> None:
    """'servers and clients should strive for maximum compatibility'"""
    door = WebDoorway()
    client = door.enter(protocol)
    door.say(
        client, frame(TEXT, "NICK änn".encode()), frame(BINARY, b"PRIVMSG #c :\xe9"), frame(TEXT, b"PING x")
    )
    assert door.session.text == "NICK änn\r\n".encode() + b"PRIVMSG #c :\xe9\r\nPING x\r\n"
    door.session.outlet.send(b"well\r\n")
    assert door.say(client) == [(FIN | ours, b"well")]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_without_a_subprotocol_the_first_message_decides(opcode: int) -> None:
    """'If no subprotocol is successfully negotiated, server and client MAY implement fallbacks […]:
    they could autodetect the outgoing message type based on the type of the first incoming message'
    """
    door = WebDoorway()
    client = door.enter(None)
    door.session.outlet.send(b"early\r\n")
    assert door.say(client) == [(FIN | TEXT, b"early")]
    door.say(client, frame(opcode, b"NICK ann"))
    door.session.outlet.send(b"late\r\n")
    assert door.say(client) == [(FIN | opcode, b"late")]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\n\r\n"])
def test_line_ends_that_should_not_be_there_do_no_harm(end: bytes) -> None:
    door = WebDoorway()
    client = door.enter()
    door.say(client, frame(TEXT, b"NICK ann" + end) + frame(TEXT, b"USER" + end))
    assert door.session.text == b"NICK ann\r\nUSER\r\n"


def test_messages_do_not_run_together() -> None:
    door = WebDoorway()
    client = door.enter()
    door.say(client, frame(TEXT, b"NI"), frame(TEXT, b"CK ann"))
    assert door.session.received == [b"NI\r\n", b"CK ann\r\n"]


def test_fragments_are_put_together_and_control_frames_may_stand_between_them() -> None:
    door = WebDoorway()
    client = door.enter()
    text = "PRIVMSG #c :schön ☕".encode()
    pieces = [frame(TEXT, text[:5], 0), frame(CONTINUATION, text[5:15], 0), frame(CONTINUATION, text[15:])]
    heard = door.say(client, pieces[0], frame(PING, b"1"), pieces[1] + frame(PING, b"2") + pieces[2])
    assert heard == [(FIN | PONG, b"1"), (FIN | PONG, b"2")]
    assert door.session.text == text + b"\r\n"
    assert door.say(client, frame(PONG, b"never asked for")) == []


def test_of_many_pings_the_last_is_answered() -> None:
    """'the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame.'
    https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3
    """
    door = WebDoorway()
    client = door.enter()
    assert door.say(client, b"".join(frame(PING, b"%d" % n) for n in range(50))) == [(FIN | PONG, b"49")]


MESSAGES = st.lists(
    st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), min_size=1), max_size=6
)


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.randoms(use_true_random=False), st.sampled_from([TEXT, BINARY]), st.booleans())
def test_any_chunking_and_any_fragments_give_the_same_lines(
    messages: list[str], random: Any, opcode: int, compressed: bool
) -> None:
    door = WebDoorway(compression=True)
    extension = {"Sec-WebSocket-Extensions": "permessage-deflate"} if compressed else {}
    client = door.enter("text.ircv3.net" if opcode == TEXT else "binary.ircv3.net", headers=extension)
    squeeze = zlib.compressobj(6, zlib.DEFLATED, -15)
    stream = b""
    for message in messages:
        text = message.encode()
        flag = 0
        if compressed:
            text = (squeeze.compress(text) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]
            flag = COMPRESSED
        cuts = sorted(random.randrange(len(text) + 1) for _ in range(random.randrange(4)))
        parts = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        for index, part in enumerate(parts):
            last = FIN if index == len(parts) - 1 else 0
            first = opcode if index == 0 else CONTINUATION
            stream += frame(first, part, last | (flag if index == 0 else 0), random.randbytes(4))
            if random.random() < 0.3:
                stream += frame(PING, b"!")
    while stream:
        size = random.randrange(1, 40)
        client.sendall(stream[:size])
        stream = stream[size:]
        if random.random() < 0.5:
            door.pump.run()
    door.pump.run()
    assert door.session.text == b"".join(message.encode() + b"\r\n" for message in messages)
    client.close()
    door.pump.run()


# --- what a client may not do


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, b"NICK x", mask=None), 1002),  # a client masks
        (frame(TEXT, b"NICK x", FIN | 0x40), 1002),  # nothing was agreed on that would set these bits
        (frame(TEXT, b"NICK x", FIN | 0x10), 1002),
        (frame(0x3, b"NICK x"), 1002),
        (frame(0xB, b"NICK x"), 1002),
        (frame(CONTINUATION, b"NICK x"), 1002),
        (frame(TEXT, b"NI", 0) + frame(TEXT, b"CK x"), 1002),
        (frame(PING, b"x", 0), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(CLOSE, b"x"), 1002),
        (close(1005), 1002),
        (close(999), 1002),
        (b"\x81\xff" + b"\xff" * 8 + b"mask", 1002),  # a length beyond 63 bits
        (frame(TEXT, b"caf\xe9"), 1007),
        (frame(TEXT, b"cut \xe2\x82"), 1007),
        (close(1000, b"\xff"), 1007),
        (frame(TEXT, b"x" * 8193), 1009),
        (frame(TEXT, b"x" * 8192, 0) + frame(CONTINUATION, b"x"), 1009),
        (b"\x81\xff" + pack("!Q", 1 << 40) + b"mask" + b"x" * 10_000, 1009),
        (frame(PING) * 257, 1008),
        (frame(TEXT) * 257, 1008),
        (frame(TEXT, b"", 0) + frame(CONTINUATION, b"", 0) * 257, 1008),
    ],
)
def test_the_connection_ends_with_the_right_code(data: bytes, code: int) -> None:
    door = WebDoorway()
    client = door.enter()
    other = door.enter()
    heard = door.say(client, frame(TEXT, b"NICK ann") + data)
    assert code_of(heard) == code
    session = door.sessions[0]
    assert session.text == b"NICK ann\r\n"  # what was well said before is heard
    assert len(session.lost) == 1
    assert session.lost[0].startswith("WebSocket error: ")
    client.sendall(close(code))
    assert door.is_closed(client)
    assert door.released == ["127.0.0.1"]
    assert session.lost[1:] == []
    assert door.say(other, frame(PING, b"well")) == [(FIN | PONG, b"well")]  # nobody else notices


def test_nothing_is_heard_after_a_mistake_and_the_close_is_still_awaited() -> None:
    door = WebDoorway()
    client = door.enter()
    assert code_of(door.say(client, frame(TEXT, b"x" * 8193) + frame(TEXT, b"NICK ann"))) == 1009
    assert door.say(client, frame(TEXT, b"NICK ann"), frame(PING, b"?")) == []
    assert door.session.received == []
    assert not door.is_closed(client)
    client.sendall(close(1009))
    assert door.is_closed(client)


def test_a_close_behind_the_mistake_in_the_same_read() -> None:
    door = WebDoorway()
    client = door.enter()
    assert code_of(door.say(client, frame(TEXT, b"x" * 8193) + close(1000))) == 1009
    assert door.is_closed(client)


def test_a_message_of_the_largest_size_is_heard() -> None:
    door = WebDoorway({"message_size": 4608})
    client = door.enter()
    door.say(client, frame(TEXT, b"x" * 4608))
    assert door.session.text == b"x" * 4608 + b"\r\n"
    assert code_of(door.say(client, frame(TEXT, b"x" * 4609))) == 1009


# --- the end


@pytest.mark.parametrize(("sent", "answered"), [(1000, 1000), (1001, 1001), (4321, 4321), (None, None)])
def test_a_client_takes_leave(sent: int | None, answered: int | None) -> None:
    """'the endpoint typically echos the status code it received'
    https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
    """
    door = WebDoorway()
    client = door.enter()
    door.session.on_receive = lambda data: door.session.outlet.send(b"answer\r\n")
    heard = door.say(client, frame(TEXT, b"NICK ann") + close(sent, b"bye" if sent else b""))
    assert door.session.text == b"NICK ann\r\n"
    assert heard == [
        (FIN | TEXT, b"answer"),
        (FIN | CLOSE, b"" if answered is None else pack("!H", answered)),
    ]
    assert door.is_closed(client)
    assert door.session.lost == ["Connection closed"]


@pytest.mark.parametrize(("ending", "code"), [(False, 1000), (True, 1001)])
def test_a_session_closes_and_the_client_answers(ending: bool, code: int) -> None:
    door = WebDoorway()
    client = door.enter()
    door.ending = ending
    door.session.outlet.send(b"ERROR :Closing Link\r\n")
    door.session.outlet.close()
    door.session.outlet.send(b"too late\r\n")
    assert door.say(client) == [(FIN | TEXT, b"ERROR :Closing Link"), (FIN | CLOSE, pack("!H", code))]
    assert not door.is_closed(client)
    assert door.say(client, frame(TEXT, b"late"), frame(PING, b"?")) == []
    assert door.session.received == []
    client.sendall(close(code))
    assert door.is_closed(client)


def test_a_client_that_does_not_answer_is_not_waited_for_long() -> None:
    door = WebDoorway()
    client = door.enter()
    door.session.outlet.close()
    assert code_of(door.say(client)) == 1000
    for _ in range(19):
        door.pump.advance(0.5)
    assert not door.is_closed(client)
    for _ in range(3):
        door.pump.advance(0.5)
    assert door.is_closed(client)


def test_a_client_that_reads_nothing_more_is_aborted() -> None:
    door = WebDoorway()
    client = blocked(door)
    door.session.outlet.close()
    for _ in range(23):
        door.pump.advance(0.5)
        door.pump.run()
    assert door.released == ["127.0.0.1"]
    client.close()


def test_a_session_that_ends_at_a_line_hears_none_that_follows() -> None:
    door = WebDoorway()
    client = door.enter()
    door.session.on_receive = lambda data: door.session.outlet.close()
    assert code_of(door.say(client, frame(TEXT, b"QUIT") + frame(PING, b"?"), frame(TEXT, b"x"))) == 1000
    assert door.session.received == [b"QUIT\r\n"]
    assert door.say(client, close(1000)) == []
    assert door.is_closed(client)


def test_a_connection_that_just_breaks() -> None:
    door = WebDoorway()
    client = door.enter()
    client.close()
    door.pump.run()
    assert door.session.lost == ["Connection closed"]


def test_no_session_is_opened_for_who_is_gone_before_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    door = WebDoorway()
    monkeypatch.setattr(FrameOutlet, "say", lambda outlet, data: outlet.abort())
    client, _ = door.connect()
    client.sendall(request())
    door.pump.run()
    client.close()
    assert not door.sessions
    assert door.released == ["127.0.0.1"]


# --- slow readers


def blocked(door: WebDoorway) -> socket.socket:
    """A client that does not read, until the kernel takes no more."""
    client, answer = door.ask(request("binary.ircv3.net"), sndbuf=4096, rcvbuf=4096)
    assert answer.startswith("HTTP/1.1 101 ")
    outlet = cast(FrameOutlet, door.session.outlet)
    outlet.sendq = 1 << 24
    while outlet.direct is not None:
        outlet.send(b"x" * 4000 + b"\r\n")
        door.pump.run()
    return client


def test_what_waits_keeps_its_order_and_is_whole() -> None:
    door = WebDoorway()
    client = blocked(door)
    outlet = door.session.outlet
    for number in range(3000):
        outlet.send(b"%06d" % number + b"y" * (number % 300) + b"\r\n")
        if number % 97 == 0:
            door.turn.flush()
    door.pump.run()
    outlet.close()
    data = bytearray()
    while not data.endswith(b"\x88\x02" + pack("!H", 1000)):
        data += door.read(client, 1)
        data += door.heard(client)
    found = frames(bytes(data))
    numbered = [payload for first, payload in found if first == FIN | BINARY and payload[:1] != b"x"]
    assert numbered == [b"%06d" % number + b"y" * (number % 300) for number in range(3000)]
    assert found[-1] == (FIN | CLOSE, pack("!H", 1000))


def test_sendq_cuts_off_who_does_not_read() -> None:
    door = WebDoorway()
    blocked(door)
    door.session.outlet.sendq = 100_000
    for _ in range(200):
        door.session.outlet.send(b"z" * 998 + b"\r\n")
        door.turn.flush()
    door.pump.run()
    assert door.session.exceeded == 1
    assert door.released == ["127.0.0.1"]


def test_pongs_count_for_who_does_not_read() -> None:
    door = WebDoorway()
    client = blocked(door)
    door.session.outlet.sendq = 100_000
    client.setblocking(False)
    for _ in range(2000):
        try:
            client.sendall(frame(PING, b"p" * 125))
        except OSError:
            break
        door.pump.run()
        if door.session.exceeded:
            break
    assert door.session.exceeded == 1


# --- compression

DEFLATE = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}


def squeeze(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


def test_compression_is_off_unless_it_is_wanted() -> None:
    door = WebDoorway()
    _, answer = door.ask(request(headers=DEFLATE))
    assert answer.startswith("HTTP/1.1 101 ")
    assert "xtensions" not in answer


def test_both_ways_compressed() -> None:
    door = WebDoorway(compression=True)
    client, answer = door.ask(request(headers=DEFLATE))
    assert re.search(
        r"(?im)^sec-websocket-extensions: permessage-deflate; client_max_window_bits=15\r$", answer
    )
    door.say(client, frame(TEXT, squeeze(b"NICK ann"), FIN | COMPRESSED) + frame(TEXT, b"USER"))
    assert door.session.text == b"NICK ann\r\nUSER\r\n"
    lines = [b":irc.example.org NOTICE ann :%d hello hello hello" % number for number in range(20)]
    for line in lines:
        door.session.outlet.send(line + b"\r\n")
    inflater = zlib.decompressobj(-15)
    found = door.say(client)
    assert {first for first, _ in found} == {FIN | COMPRESSED | TEXT}
    assert [inflater.decompress(payload + b"\0\0\xff\xff") for _, payload in found] == lines
    assert sum(len(payload) for _, payload in found) < len(b"".join(lines)) / 2
    door.session.outlet.close()
    assert code_of(door.say(client)) == 1000  # control frames are never compressed


def test_of_two_offers_the_first_is_taken() -> None:
    offers = "permessage-deflate; server_max_window_bits=10, permessage-deflate"
    _, answer = WebDoorway(compression=True).ask(request(headers={"Sec-WebSocket-Extensions": offers}))
    head = answer.lower().split("\r\n")
    assert [line for line in head if line.startswith("sec-websocket-extensions")] == [
        "sec-websocket-extensions: permessage-deflate; server_max_window_bits=10"
    ]


def test_without_context_each_message_stands_for_itself() -> None:
    door = WebDoorway(compression=True)
    offer = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"
    client, answer = door.ask(request(headers={"Sec-WebSocket-Extensions": offer}))
    assert "server_no_context_takeover" in answer
    assert "server_max_window_bits=10" in answer
    for _ in range(2):
        door.session.outlet.send(b"hello\r\n")
        ((_, payload),) = door.say(client)
        assert zlib.decompressobj(-10).decompress(payload + b"\0\0\xff\xff") == b"hello"


def test_who_cannot_compress_is_served_plainly() -> None:
    door = WebDoorway(compression=True)
    client = door.enter(headers={"Sec-WebSocket-Extensions": "x-webkit-deflate-frame"})
    door.session.outlet.send(b"plain\r\n")
    assert door.say(client, frame(TEXT, b"NICK ann")) == [(FIN | TEXT, b"plain")]


def test_an_offer_that_makes_no_sense_is_refused() -> None:
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate\xe9"}
    _, answer = WebDoorway(compression=True).ask(request(headers=headers))
    assert status(answer) == 400


@pytest.mark.parametrize(
    "parameters",
    [
        "server_max_window_bits=many",
        "server_max_window_bits=8",
        "server_max_window_bits=16",
        "server_max_window_bits=010",
        "server_max_window_bits=" + "9" * 5000,
        "server_max_window_bits",
        "server_no_context_takeover=1",
        "client_max_window_bits; client_max_window_bits=10",
        "client_max_window_bits=9; server_no_context_takeover; server_max_window_bits=8",
        "x",
        "",
    ],
)
def test_an_offer_that_cannot_be_met_is_declined_and_the_next_one_is_taken(parameters: str) -> None:
    """“A server MUST decline an extension negotiation offer for this extension if any of the following
    conditions are met”  https://www.rfc-editor.org/rfc/rfc7692#section-7.1
    """
    door = WebDoorway(compression=True)
    _, answer = door.ask(request(headers={"Sec-WebSocket-Extensions": f"permessage-deflate; {parameters}"}))
    assert answer.startswith("HTTP/1.1 101 ")
    assert "xtensions" not in answer
    door = WebDoorway(compression=True)
    offers = f"permessage-deflate; {parameters}, permessage-deflate"
    client, answer = door.ask(request(headers={"Sec-WebSocket-Extensions": offers}))
    assert re.search(r"(?im)^sec-websocket-extensions: permessage-deflate\r$", answer)
    far = bytes(range(256)) * 8  # its repetitions lie farther back than a window of 9 bits
    text = b"NICK " + far.hex().encode()
    door.say(client, frame(TEXT, squeeze(text), FIN | COMPRESSED))
    assert door.session.text == text + b"\r\n"


@pytest.mark.parametrize("parts", [1, 3])
def test_a_bomb_does_not_go_off(parts: int) -> None:
    door = WebDoorway(compression=True)
    client = door.enter(headers=DEFLATE)
    bomb = squeeze(b"x" * (1 << 24))
    assert len(bomb) < 20_000
    tracemalloc.start()
    size = len(bomb) // parts + 1
    pieces = [bomb[at : at + size] for at in range(0, len(bomb), size)]
    data = b""
    for index, piece in enumerate(pieces):
        first = (FIN if index == len(pieces) - 1 else 0) | (COMPRESSED if index == 0 else 0)
        data += frame(TEXT if index == 0 else CONTINUATION, piece, first)
    try:
        assert code_of(door.say(client, data)) == 1009
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert door.session.received == []


def test_many_small_bombs_reach_a_session_in_bounded_parts() -> None:
    door = WebDoorway(compression=True)
    client = door.enter(headers=DEFLATE)
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b""
    for _ in range(200):
        part = (deflater.compress(b"x" * 8192) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
        data += frame(TEXT, part, FIN | COMPRESSED)
    assert len(data) < 16384
    door.session.on_receive = lambda data: door.session.outlet.close()
    assert code_of(door.say(client, data)) == 1000
    (received,) = door.session.received
    assert 65536 < len(received) < 65536 + 2 * 8194


@pytest.mark.parametrize("last", [close(), frame(TEXT, squeeze(b"USER"), COMPRESSED), b""])
def test_who_is_gone_takes_no_memory_for_compression(last: bytes) -> None:
    door = WebDoorway(compression=True)
    gc.disable()  # all these objects hold each other, and a full collection may be far away
    tracemalloc.start()
    try:
        client = door.enter(headers=DEFLATE)
        door.session.outlet.send(b"hello\r\n")
        door.say(client, frame(TEXT, squeeze(b"NICK ann"), FIN | COMPRESSED))
        assert tracemalloc.get_traced_memory()[0] > 250_000
        door.say(client, last)
        client.close()
        door.pump.run()
        assert door.session.lost
        assert tracemalloc.get_traced_memory()[0] < 150_000
    finally:
        gc.enable()
        tracemalloc.stop()


def test_what_is_not_deflated_ends_the_connection() -> None:
    door = WebDoorway(compression=True)
    client = door.enter(headers=DEFLATE)
    assert code_of(door.say(client, frame(TEXT, b"\xff\xff\xff", FIN | COMPRESSED))) == 1007


def test_a_last_block_ends_a_message_and_not_what_follows_it() -> None:
    # "DEFLATE block with BFINAL set to 1"  https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.4
    door = WebDoorway(compression=True)
    client = door.enter(headers=DEFLATE)
    hello = bytes.fromhex("f348cdc9c9070000")
    data = frame(TEXT, hello, FIN | COMPRESSED) * 2 + frame(TEXT, squeeze(b"again"), FIN | COMPRESSED)
    data += frame(TEXT, hello[:3], COMPRESSED) + frame(CONTINUATION, hello[3:-1], 0)
    data += frame(CONTINUATION, hello[-1:]) + frame(TEXT, b"plain")
    assert door.say(client, data) == []
    assert door.session.text == b"Hello\r\nHello\r\nagain\r\nHello\r\nplain\r\n"


@pytest.mark.parametrize("after", [b"\0\0", b"x", bytes.fromhex("f348cdc9c90700")])
def test_nothing_is_kept_of_what_follows_a_last_block(after: bytes) -> None:
    door = WebDoorway(compression=True)
    client = door.enter(headers=DEFLATE)
    data = frame(TEXT, bytes.fromhex("f348cdc9c90700"), COMPRESSED) + frame(CONTINUATION, after, 0)
    assert code_of(door.say(client, data)) == 1007
    assert door.session.received == []
