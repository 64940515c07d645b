"""HTTP/1.1 on sockets that are pumped by hand: requests, answers, streams, and WebSockets that begin there.

https://www.rfc-editor.org/rfc/rfc9110, https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

import gc
import re
import socket
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from pump import Doorway
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent
from websocket_client import FIN, TEXT, frame, frames, request

from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings, Settings, WebSettings, WebSocketSettings
from chatnet.transports.crowd import Crowd
from chatnet.transports.web import WebFactory
from chatnet.transports.web_answer import PORTION
from chatnet.transports.web_request import split_target
from chatnet.web.exchange import Ask, Reply, Sink

HOST = "irc.example.org"


class PaperSite:
    """Writes down what is asked, and answers by the last piece of the path."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.waiting: list[Deferred[Reply]] = []
        self.streams: list[PaperStream] = []

    def is_ours(self, host: str) -> bool:
        return host in (HOST, "127.0.0.1")

    def opens(self, ask: Ask, serves: Sequence[str]) -> bool:
        return "socket" in serves and ask.path == "/socket"

    def refused(self, ask: Ask, status: int, words: str) -> Reply:
        kind = ("Content-Type", "text/plain; charset=utf-8")
        return Reply(status, f"{words}\n".encode(), (kind, ("X-Path", ask.path)))

    async def answer(self, ask: Ask, serves: Sequence[str]) -> Reply:
        self.asked.append(ask)
        kind, _, number = ask.path.strip("/").partition("/")
        if kind == "later":
            waiting: Deferred[Reply] = Deferred()
            self.waiting.append(waiting)
            return await waiting
        if kind == "stream":
            self.streams.append(PaperStream())
            return Reply(200, self.streams[-1], (("Content-Type", "text/event-stream"),))
        if kind == "size":
            return Reply(200, b"x" * int(number))
        if kind == "echo":
            return Reply(200, ask.body)
        if kind == "nothing":
            return Reply(204)
        return Reply(200, f"{ask.method} {ask.path}".encode(), (("Content-Type", "text/plain"),))


class PaperStream:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.stops = 0
        self.last = b""

    def begin(self, sink: Sink) -> None:
        self.sink = sink
        sink.send(b"first\n")

    def stop(self) -> None:
        self.stops += 1
        if self.sink is not None and self.last:
            self.sink.send(self.last)


class WebDoorway(Doorway):
    """A web listener: `web` are settings of ``[web]``, `listen` of the listener."""

    def __init__(self, web: dict[str, Any] | None = None, size: int = 8192, **listen: Any) -> None:
        self.settings = Settings(
            web=WebSettings(**(web or {})), websocket=WebSocketSettings(request_size=size)
        )
        self.site = PaperSite()
        self.open = 0
        self.crowd = Crowd(lambda: self.settings, self.entered, self.left)
        listen.setdefault("kind", "web")
        super().__init__(
            ListenSettings(endpoint="tcp:8097", **listen),
            WebFactory,
            site=self.site,
            crowd=self.crowd,
            web=lambda: self.settings.web,
            settings=lambda: self.settings.websocket,
            going_away=lambda: False,
            **self.more(),
        )

    def more(self) -> dict[str, Any]:
        return {}

    def entered(self) -> None:
        self.open += 1

    def left(self) -> None:
        self.open -= 1

    def heard(self, client: socket.socket) -> bytes:
        """All that has arrived at `client` by now."""
        self.pump.run()
        client.setblocking(False)
        data = bytearray()
        try:
            while part := client.recv(1 << 16):
                data += part
                self.pump.run()
        except (BlockingIOError, ConnectionResetError):
            pass
        client.settimeout(10)
        return bytes(data)

    def say(self, client: socket.socket, *pieces: bytes) -> bytes:
        for piece in pieces:
            client.sendall(piece)
            self.pump.run()
        return self.heard(client)

    def ask(self, *pieces: bytes) -> bytes:
        """What a new client is answered, whose connection stays."""
        client, _ = self.connect()
        return self.say(client, *pieces)

    def is_closed(self, client: socket.socket) -> bool:
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

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.pump.advance(0.5)
            self.pump.run()


def get(path: str = "/", *headers: str, method: str = "GET", body: bytes = b"", host: str = HOST) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, *sizes: int) -> bytes:
    parts = []
    for size in sizes:
        part, body = body[:size], body[size:]
        if part:
            parts.append(b"%x\r\n%b\r\n" % (len(part), part))
    if body:
        parts.append(b"%x\r\n%b\r\n" % (len(body), body))
    return b"".join(parts) + b"0\r\n\r\n"


Answered = tuple[int, dict[str, str], bytes]


def answers(data: bytes, *heads: int) -> list[Answered]:
    """All answers in `data`; `heads` are the numbers of those to HEAD."""
    found: list[Answered] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        assert first.startswith("HTTP/1.1 ")
        status = int(first.split(" ")[1])
        body = b""
        if "transfer-encoding" in headers:
            while True:
                size, _, data = data.partition(b"\r\n")
                if not size:
                    break
                count = int(size, 16)
                assert data[count : count + 2] == b"\r\n"
                body, data = body + data[:count], data[count + 2 :]
                if not count:
                    break
        elif len(found) not in heads:
            size_told = int(headers.get("content-length", "0"))
            body, data = data[:size_told], data[size_told:]
            assert len(body) == size_told
        found.append((status, headers, body))
    return found


def only(data: bytes) -> Answered:
    (answer,) = answers(data)
    return answer


def statuses(data: bytes) -> list[int]:
    return [status for status, _, _ in answers(data)]


# --- requests and answers


def test_a_request_is_handed_on_and_answered() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    status, headers, body = only(door.say(client, get("/a%20b?x=1&y=%C3%A4+b", "X-Two: 1", "x-two: 2")))
    assert (status, body) == (200, b"GET /a%20b")
    assert headers["content-length"] == str(len(body))
    assert headers["date"].endswith(" GMT")
    assert "server" not in headers and "connection" not in headers
    (ask,) = door.site.asked
    assert ask == Ask(
        "GET",
        "/a%20b",
        (("x", "1"), ("y", "ä b")),
        {"host": HOST, "x-two": "1, 2"},
        b"",
        "127.0.0.1",
        secure=True,
        encrypted=False,
    )
    assert not door.is_closed(client)


def test_one_connection_serves_many_requests() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    for number in range(5):
        assert only(door.say(client, get(f"/{number}")))[2] == f"GET /{number}".encode()
    assert door.open == 1
    client.close()
    door.pump.run()
    assert door.open == 0 and not door.crowd.visitors


def test_requests_that_come_together_are_answered_in_their_order() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    post = get("/echo", method="POST", body=b"hello")
    data = door.say(client, get("/later") + post + get("/1") + get("/nothing") + get("/2")[:20])
    assert data == b"" and len(door.site.asked) == 1
    door.site.waiting[0].callback(Reply(200, b"one"))
    data = door.say(client, get("/2")[20:])
    assert [body for _, _, body in answers(data)] == [b"one", b"hello", b"GET /1", b"", b"GET /2"]
    assert "content-length" not in answers(data)[3][1]


def test_a_thousand_at_once_are_no_deep_well() -> None:
    door = WebDoorway()
    data = door.ask(get("/x") * 200, get("/x") * 200, get("/x", "Connection: close"))
    assert statuses(data) == [200] * 401


def test_what_comes_behind_waits_within_bounds() -> None:
    door = WebDoorway()
    client, _ = door.connect(rcvbuf=4096)
    client.sendall(get("/later"))
    door.pump.run()
    client.setblocking(False)
    sent = 0
    with pytest.raises(BlockingIOError):
        while sent < 50_000_000:
            sent += client.send(get("/x") * 100)
            door.pump.run()
    assert sent < 10_000_000
    assert len(door.site.asked) == 1


def test_to_head_all_is_told_but_the_body() -> None:
    door = WebDoorway()
    data = door.ask(get("/size/500", method="HEAD") + get("/stream", method="HEAD"))
    (one, two) = answers(data, 0, 1)
    assert one[1]["content-length"] == "500" and one[2] == b""
    assert two[1]["connection"] == "close"
    assert door.site.streams[0].stops == 1 and door.site.streams[0].sink is None


@pytest.mark.parametrize("last", ["Connection: close", "Connection: keep-alive, Close"])
def test_the_last_request_says_so(last: str) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    status, headers, _ = only(door.say(client, get("/x", last) + get("/y")))
    assert (status, headers["connection"]) == (200, "close")
    assert door.is_closed(client)
    assert len(door.site.asked) == 1


def test_old_clients_get_one_answer() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    status, headers, body = only(door.say(client, b"GET /x HTTP/1.0\r\n\r\n"))
    assert (status, headers["connection"], body) == (200, "close", b"GET /x")
    assert door.is_closed(client)
    assert "host" not in door.site.asked[0].headers


def test_the_whole_address_may_be_asked_for() -> None:
    """'A server MUST accept the absolute-form' and its host is the one that counts."""
    door = WebDoorway()
    door.ask(get("http://irc.example.org:8080/x?y=z", host="evil.example"))
    (ask,) = door.site.asked
    assert (ask.path, ask.query, ask.headers["host"]) == ("/x", (("y", "z"),), "irc.example.org:8080")
    assert split_target("HTTPS://a?b") == ("/", "a", (("b", ""),))


def test_a_body_may_be_told_in_pieces() -> None:
    door = WebDoorway()
    body = bytes(range(256)) * 9
    sent = get("/echo", "Transfer-Encoding: chunked", method="POST") + chunked(body, 1, 2, 300, 7)
    assert only(door.ask(sent))[2] == body
    assert only(door.ask(sent[:-2] + b"X-Sum: abc\r\n\r\n"))[2] == body


def test_who_waits_for_leave_to_send_gets_it() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    assert door.say(client, head) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert only(door.say(client, b"hello"))[2] == b"hello"
    tall = head.replace(b"Length: 5", b"Length: 99999")
    assert only(door.say(client, tall))[0] == 413


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_however_it_is_cut_the_answers_are_the_same(data: st.DataObject) -> None:
    said = (
        get("/1")
        + get("/echo", method="POST", body=b"hello\r\n\r\nGET /no HTTP/1.1\r\n\r\n")
        + get("/echo", "Transfer-Encoding: chunked", method="PUT")
        + chunked(b"world" * 50, 3, 100)
        + b"\r\n"
        + get("/size/70000")
        + get("/2", "Connection: close")
    )
    cuts = sorted(data.draw(st.sets(st.integers(1, len(said) - 1), max_size=40)))
    pieces = [said[start:end] for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    door = WebDoorway()
    client, _ = door.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    found = answers(door.say(client, *pieces))
    assert [body for _, _, body in found] == [
        b"GET /1",
        b"hello\r\n\r\nGET /no HTTP/1.1\r\n\r\n",
        b"world" * 50,
        b"x" * 70000,
        b"GET /2",
    ]
    client.close()
    door.pump.run()
    assert door.open == 0


# --- what is refused


LONG = "x" * 9000


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"NICK ann\r\nUSER ann 0 * :Ann\r\n", 400),
        (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (get("/x#y"), 400),
        (get(f"/?{'&'.join(f'{n}=' for n in range(101))}"), 400),
        (get("/", "No colon"), 400),
        (get("/", "Name : x"), 400),
        (get("/", " Name: x"), 400),
        (get("/", "X: y", " folded"), 400),
        (get("/", "N\xe4me: x"), 400),
        (get("/", "X: a\rb"), 400),
        (get("/", "X: a\nContent-Length: 5"), 400),
        (get("/", "X: a\0b"), 400),
        (get("/", "Transfer-Encoding:\x0bchunked"), 400),
        (get("/", "X: \x7f"), 400),
        (b"GET / HTTP/1.1\nHost: x\n\n\r\n", 400),
        (get("/", "Content-Length: 5", "Content-Length: 5"), 400),
        (get("/", "Content-Length: 5", "Transfer-Encoding: chunked"), 400),
        (get("/", "Transfer-Encoding: chunked", "Content-Length: 5"), 400),
        (get("/", "Content-Length: +5"), 400),
        (get("/", "Content-Length: -5"), 400),
        (get("/", "Content-Length: 5, 5"), 400),
        (get("/", "Content-Length: 0x5"), 400),
        (get("/", "Content-Length:"), 400),
        (get("/", f"Content-Length: {'9' * 5000}"), 413),
        (get("/", "Content-Length: 65537"), 413),
        (get("/", "Transfer-Encoding: identity", "Content-Length: 5"), 501),
        (get("/", "Transfer-Encoding: gzip, chunked"), 501),
        (get("/", "Transfer-Encoding: xchunked"), 501),
        (get("/", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400),
        (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        (get("/", "Transfer-Encoding: chunked") + b"5\nhello\r\n0\r\n\r\n", 400),
        (get("/", "Transfer-Encoding: chunked") + b"-5\r\nhello\r\n0\r\n\r\n", 400),
        (get("/", "Transfer-Encoding: chunked") + b"0x5\r\nhello\r\n0\r\n\r\n", 400),
        (get("/", "Transfer-Encoding: chunked") + b"5\r\nhelloo\r\n0\r\n\r\n", 400),
        (get("/", "Transfer-Encoding: chunked") + b"5;" + b"x" * 2000 + b"\r\nhello", 400),
        (get("/", "Transfer-Encoding: chunked") + b"0\r\nhello\r\n\r\n", 400),
        (get("/", "Transfer-Encoding: chunked") + b"0\r\nX : y\r\n\r\n", 400),
        (get("/", f"Cookie: {LONG}"), 431),
        (get(f"/{LONG}"), 431),
        (get("/" + "x" * 30000), 431),
        (get("/", *(f"X-{number}: y" for number in range(100))), 431),
    ],
)
def test_what_is_no_sound_request_ends_the_connection(said: bytes, expected: int) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    data = door.say(client, said + get("/smuggled"))
    status, headers, body = only(data)
    assert status == expected
    assert headers["connection"] == "close" and headers["date"].endswith(" GMT")
    assert headers["content-type"] == "text/plain; charset=utf-8" and body.endswith(b"\n")
    assert door.site.asked == []
    door.pass_time(3)
    assert door.is_closed(client)
    assert door.open == 0 and len(door.factory.deadlines) == 0


def test_what_is_refused_is_known_as_far_as_it_was_read() -> None:
    door = WebDoorway()
    for said, path in (
        (get("/a?b=c", f"Content-Length: {1 << 20}", method="POST"), "/a"),
        (get("/a", "Transfer-Encoding: chunked", method="POST") + chunked(b"x" * 70000), "/a"),
        (get("/a") + get("/b", "Bad"), "/"),
    ):
        assert answers(door.ask(said))[-1][1]["x-path"] == path
    data = door.ask(get("/a", f"Content-Length: {1 << 20}", method="HEAD"))
    assert answers(data, 0)[0][::2] == (413, b"")


@pytest.mark.parametrize("pieces", [False, True])
def test_sixty_megabytes_are_not_taken(pieces: bool) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    if pieces:
        client.sendall(get("/echo", "Transfer-Encoding: chunked", method="POST"))
    else:
        client.sendall(get("/echo", f"Content-Length: {60 << 20}", method="POST"))
    client.setblocking(False)
    part = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sent = 0
    while sent < 60 << 20:
        try:
            sent += client.send(part)
        except BlockingIOError:
            pass
        except OSError:
            break
        door.pump.run()
    status, headers, _ = only(door.heard(client))
    assert (status, headers["connection"]) == (413, "close")
    assert door.site.asked == []
    door.pass_time(3)
    assert door.is_closed(client)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(get("/x")[:-2], 4), (get("/x", method="POST", body=b"hello")[:-1], 6), (b"G", 4), (b"\r\n", 4)],
)
def test_a_request_that_drips_is_not_waited_for(said: bytes, seconds: int) -> None:
    door = WebDoorway({"head_timeout": 4, "body_timeout": 6})
    client, _ = door.connect()
    drops = iter(said)
    client.sendall(get("/first"))
    door.pass_time(1)
    assert only(door.heard(client))[0] == 200
    for drop in drops:
        client.sendall(bytes([drop]))
        door.pump.run()
    client.sendall(b"")
    door.pass_time(seconds - 1)
    assert door.heard(client) == b""
    door.pass_time(1.5)
    assert only(door.heard(client))[0] == 408


def test_each_byte_does_not_buy_more_time() -> None:
    door = WebDoorway({"head_timeout": 4})
    client, _ = door.connect()
    for byte in get("/x", "X: abcdefgh")[:10]:
        client.sendall(bytes([byte]))
        door.pass_time(0.5)
    assert only(door.heard(client))[0] == 408


def test_who_says_nothing_is_left_without_a_word() -> None:
    """Browsers open connections that they may not need; an answer to none would be shown for the next one."""
    door = WebDoorway({"head_timeout": 4, "idle_timeout": 8})
    client, _ = door.connect()
    other, _ = door.connect()
    door.say(other, get("/x"))
    door.pass_time(5)
    assert door.is_closed(client)
    assert not door.is_closed(other)
    door.pass_time(4)
    assert door.is_closed(other)


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    door = WebDoorway({"answer_timeout": 5})
    client, _ = door.connect()
    assert door.say(client, get("/later") + get("/x")) == b""
    door.pass_time(6)
    status, headers, _ = only(door.heard(client))
    assert (status, headers["connection"]) == (503, "close")
    assert door.is_closed(client)
    door.site.waiting[0].callback(Reply(200, b"late"))
    assert len(door.site.asked) == 1


def test_who_goes_before_the_answer_leaves_nothing_behind() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    door.say(client, get("/later"))
    client.close()
    door.pump.run()
    stream = PaperStream()
    door.site.waiting[0].callback(Reply(200, stream))
    assert (stream.stops, stream.sink) == (1, None)
    assert door.open == 0 and len(door.factory.deadlines) == 0


def test_a_fault_of_who_answers_ends_the_connection() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    door.say(client, get("/later"))
    with capturedLogs() as events:
        door.site.waiting[0].errback(ValueError("secret"))
    assert "An answer could not be given" in str(formatEvent(events[0]))
    assert door.is_closed(client)


ODD = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b"\t",
            b":",
            b",",
            b";",
            b"\0",
            b"\x0b",
            b"\x85",
            b"0",
            b"1",
            b"a",
            b"chunked",
        ),
        *(b"\r\n\r\n", b"0\r\n\r\n", b"GET /x HTTP/1.1\r\n", b"Host: h\r\n", b"Content-Length: 3\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"transfer-encoding:\x0bchunked\r\n",
            b"Connection: close\r\n",
            b"HTTP/1.0",
        ),
    ]
)
SOUND = (
    get("/1") + get("/2", method="POST", body=b"abc"),
    get("/1", "Transfer-Encoding: chunked", method="POST") + chunked(b"hello", 2) + get("/2"),
    get("/1", "X: y", "Accept: */*") + get("/2", "Connection: close") + get("/3"),
    b"GET /1 HTTP/1.0\r\n\r\n" + get("/2"),
)


def by_h11(data: bytes) -> list[tuple[str, str, bytes]]:
    """The requests that another program finds, which many have tried to fool.

    It knows nothing of the empty line that may stand before each.
    """
    found: list[tuple[str, str, bytes]] = []
    while True:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(data.removeprefix(b"\r\n"))
        method = target = ""
        body = b""
        try:
            while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.Request):
                    method, target = event.method.decode(), event.target.decode()
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                else:
                    return found
        except h11.RemoteProtocolError:
            return found
        found.append((method, target, body))
        if connection.their_state is h11.MUST_CLOSE:
            return found
        data = connection.trailing_data[0]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_nothing_is_read_in_another_way_than_others_do(data: st.DataObject) -> None:
    """What we take for a request, another program takes for the same: nothing hides in it.

    https://www.rfc-editor.org/rfc/rfc9112#section-11.2
    """
    said = data.draw(st.sampled_from(SOUND))
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(said)))
        end = start + data.draw(st.integers(0, 3))
        said = said[:start] + data.draw(ODD) + said[end:]
    door = WebDoorway()
    client, _ = door.connect()
    door.say(client, said)
    ours = [(ask.method, ask.path + "?" * bool(ask.query), ask.body) for ask in door.site.asked]
    theirs = [
        (method, target.partition("?")[0] + "?" * ("?" in target), body)
        for method, target, body in by_h11(said)
    ]
    assert ours == theirs[: len(ours)]
    client.close()
    door.pump.run()
    assert door.open == 0 and len(door.factory.deadlines) == 0


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(ODD, st.binary(max_size=30), st.sampled_from(SOUND)), max_size=12))
def test_whatever_comes_is_borne(pieces: list[bytes]) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    with capturedLogs() as events, suppress(OSError):
        door.say(client, *pieces)
    with capturedLogs() as more:
        client.close()
        door.pump.run()
    assert not [event for event in [*events, *more] if "log_failure" in event]
    assert door.open == 0 and len(door.factory.deadlines) == 0


# --- readers


def test_a_slow_reader_has_all_in_the_end() -> None:
    door = WebDoorway()
    client, _ = door.connect(rcvbuf=4096)
    client.sendall(get("/size/8000000") + get("/x") + get("/size/3000000", "Connection: close"))
    data = door.read(client)
    assert [len(body) for _, _, body in answers(data)] == [8_000_000, 6, 3_000_000]


def test_who_reads_nothing_costs_little_and_not_for_long() -> None:
    door = WebDoorway({"idle_timeout": 10})
    client, protocol = door.connect(rcvbuf=4096)
    client.sendall(get("/size/8000000") * 5)
    door.pump.run()
    assert len(door.site.asked) == 1
    assert protocol.outlet is not None
    assert protocol.outlet.waiting <= 3 * PORTION
    door.pass_time(11)
    assert door.open == 0


def test_many_small_answers_that_nobody_reads_wait_as_well() -> None:
    door = WebDoorway()
    client, protocol = door.connect(rcvbuf=4096)
    client.setblocking(False)
    for _ in range(200):
        try:
            client.send(get("/size/60000") * 20)
        except BlockingIOError:
            pass
        door.pump.run()
    assert protocol.outlet is not None and protocol.outlet.waiting <= 3 * PORTION
    assert len(door.site.asked) < 100


# --- streams


def test_a_stream_is_told_while_it_comes_to_be() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    data = door.say(client, get("/stream") + get("/x"))
    stream = door.site.streams[0]
    assert stream.sink is not None
    for word in (b"a", b"", b"bc"):
        stream.sink.send(word)
    data += door.heard(client)
    assert data.endswith(b"6\r\nfirst\n\r\n1\r\na\r\n2\r\nbc\r\n")
    door.pass_time(200)
    stream.sink.end()
    stream.sink.send(b"more")
    stream.sink.end()
    data += door.heard(client)
    status, headers, body = only(data)
    assert (status, headers["connection"], body) == (200, "close", b"first\nabc")
    assert headers["transfer-encoding"] == "chunked"
    assert door.is_closed(client)
    assert (stream.stops, len(door.site.asked)) == (0, 1)


def test_what_a_stream_says_in_one_turn_is_one_send() -> None:
    door = WebDoorway()
    client, protocol = door.connect()
    door.say(client, get("/stream"))
    sends: list[bytes] = []
    outlet = protocol.outlet
    assert outlet is not None and outlet.direct is not None
    send = outlet.direct

    def count(data: bytes) -> int:
        sends.append(data)
        return send(data)

    outlet._send = outlet.direct = count
    sink = door.site.streams[0].sink
    assert sink is not None
    for number in range(10):
        sink.send(b"%d" % number)
    door.pump.run()
    assert sends == [b"".join(b"1\r\n%d\r\n" % number for number in range(10))]


def test_old_clients_read_a_stream_to_its_end() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    data = door.say(client, b"GET /stream HTTP/1.0\r\n\r\n")
    sink = door.site.streams[0].sink
    assert sink is not None
    sink.end()
    data += door.heard(client)
    assert data.endswith(b"\r\n\r\nfirst\n") and b"chunked" not in data


def test_a_stream_hears_that_its_reader_has_gone() -> None:
    door = WebDoorway()
    client, _ = door.connect()
    door.say(client, get("/stream"))
    client.close()
    door.pump.run()
    assert door.site.streams[0].stops == 1
    assert door.open == 0


def test_a_stream_knows_what_waits_and_ends_when_that_is_too_much() -> None:
    door = WebDoorway()
    client, protocol = door.connect(rcvbuf=4096)
    door.say(client, get("/stream"))
    stream = door.site.streams[0]
    assert stream.sink is not None and protocol.outlet is not None
    while stream.sink.waiting < 20_000_000:
        stream.sink.send(b"x" * 1_000_000)
        door.turn.flush()
    stream.sink.end()
    door.pass_time(11)  # the reader has some time for the rest
    assert protocol.outlet is None and stream.stops == 0
    assert door.open == 0


def test_the_end_of_the_server() -> None:
    """What is being answered is, streams say their last words, and others go at once."""
    door = WebDoorway()
    idle, half, asking, reading, streaming = (door.connect()[0] for _ in range(5))
    door.say(idle, get("/x"))
    door.say(half, get("/x")[:10])
    door.say(asking, get("/later"))
    reading.close()
    before = door.say(streaming, get("/stream"))
    door.site.streams[0].last = b"closing"
    door.crowd.close()
    assert door.is_closed(idle) and door.is_closed(half)
    assert only(before + door.heard(streaming))[2] == b"first\nclosing"
    assert door.site.streams[0].stops == 1
    door.site.waiting[0].callback(Reply(200, b"done"))
    status, headers, body = only(door.heard(asking))
    assert (status, headers["connection"], body) == (200, "close", b"done")
    assert door.is_closed(asking)
    assert door.open == 0


# --- WebSocket


@pytest.mark.parametrize("before", [0, 1, 4])
@pytest.mark.parametrize("glued", [False, True])
def test_a_websocket_may_be_asked_for_at_any_time(before: int, glued: bool) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    first = [get(f"/{number}") for number in range(before)]
    opening = request(path="/socket") + frame(TEXT, b"NICK ann")
    data = door.say(client, b"".join([*first, opening])) if glued else door.say(client, *first, opening)
    for number in range(before):
        head, _, data = data.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        data = data.removeprefix(f"GET /{number}".encode())
    assert data.startswith(b"HTTP/1.1 101 ")
    assert len(door.site.asked) == before
    session = door.session
    assert session.text == b"NICK ann\r\n"
    assert session.peer == Peer("127.0.0.1", client.getsockname()[1], "tcp:8097")
    assert door.admitted == ["127.0.0.1"] and door.open == 0 and not door.crowd.visitors
    session.outlet.send(b"hello\r\n")
    assert frames(door.say(client, frame(TEXT, b"x\x16"))) == [(FIN | TEXT, b"hello")]
    assert session.received[-1] == b"x\x16\r\n"
    client.close()
    door.pump.run()
    assert session.lost and door.released == ["127.0.0.1"]
    assert len(door.factory.deadlines) == 0


OPENINGS = (
    request(path="/socket"),
    request(path="/socket?x=y", headers={"X-Forwarded-For": "192.0.2.7"}),
    request(path="/other", headers={"Origin": f"http://{HOST}"}),
)
UPGRADING = st.sampled_from(
    [
        *(
            b"Upgrade: websocket\r\n",
            b"upgrade:WebSocket\r\n",
            b"Upgrade: websocket, h2c\r\n",
            b"Host: h\r\n",
        ),
        *(b"Content-Length: 0\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"GET /socket HTTP/1.1\r\n", b"\r\n", b"\n"),
        *(b"http://h/", b"#", b" ", b"\t", b":", b",", b"\0", b"\x85", b"POST ", b"HTTP/1.0", b"x" * 7000),
    ]
)


@settings(max_examples=runs(150, 20000), deadline=None)
@given(st.data())
def test_a_websocket_asked_for_in_one_piece_is_judged_as_one_in_two(data: st.DataObject) -> None:
    """The whole head of a first request goes another way, to the same end."""
    said = data.draw(st.sampled_from(OPENINGS))
    for _ in range(data.draw(st.integers(0, 3))):
        start = data.draw(st.integers(0, len(said)))
        end = start + data.draw(st.integers(0, 3))
        said = said[:start] + data.draw(UPGRADING) + said[end:]
    cut = data.draw(st.integers(1, len(said)))
    whole, parted = WebDoorway(), WebDoorway()
    found = []
    for door, pieces in ((whole, [said]), (parted, [said[:cut], said[cut:]])):
        client, _ = door.connect()
        with suppress(OSError):
            answer = re.sub(rb"Date: [^\r]*", b"", door.say(client, *pieces))
        asked = [(ask.method, ask.path, ask.headers) for ask in door.site.asked]
        found.append((answer, asked, len(door.sessions), door.admitted, bool(door.crowd.idle)))
        client.close()
        door.pump.run()
        assert door.open == 0 and len(door.factory.deadlines) == 0 and not door.crowd.idle
    assert found[0] == found[1]


def test_frames_may_begin_with_any_byte_after_a_read_that_was_cut() -> None:
    """0x16 is what TLS begins with: in the middle of a frame it means nothing."""
    door = WebDoorway()
    client, _ = door.connect()
    whole = frame(TEXT, b"\x17\x14\x15", mask=b"\x01\x02\x03\x04")
    door.say(client, request(path="/socket") + whole[:6], whole[6:])
    assert whole[6] == 0x16
    assert door.session.text == b"\x17\x14\x15\r\n"


def test_an_answer_that_still_waits_is_not_followed_by_frames_too_early() -> None:
    door = WebDoorway()
    client, _ = door.connect(rcvbuf=4096)
    client.sendall(get("/size/3000000") + request(path="/socket") + frame(TEXT, b"NICK ann"))
    door.pump.run()
    assert not door.sessions
    data = bytearray()
    while not door.sessions:
        data += client.recv(65536)
        door.pump.run()
    for number in range(50):
        door.session.outlet.send(b"%d\r\n" % number)
    data += door.heard(client)
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and rest[:3_000_000] == b"x" * 3_000_000
    head, _, rest = rest[3_000_000:].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert frames(rest) == [(FIN | TEXT, b"%d" % number) for number in range(50)]
    assert door.session.outlet.sendq == 1_048_576


@pytest.mark.parametrize(
    "said",
    [
        request(path="/other"),
        get("/socket", "Upgrade: h2c", "Connection: upgrade"),
        request(path="/socket", headers={"Content-Length": "3"}) + b"abc",
    ],
)
def test_other_requests_for_something_else_are_requests(said: bytes) -> None:
    door = WebDoorway()
    assert statuses(door.ask(said)) == [200]
    assert not door.sessions


def test_without_a_socket_there_is_none() -> None:
    door = WebDoorway(serves=("client",))
    assert statuses(door.ask(request(path="/socket"))) == [200]
    assert not door.sessions and not door.admitted


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Origin": "https://evil.example"}, 403),
    ],
)
def test_a_websocket_that_is_refused(headers: dict[str, str], expected: int) -> None:
    door = WebDoorway()
    client, _ = door.connect()
    assert only(door.say(client, request(path="/socket", headers=headers)))[0] == expected
    assert door.is_closed(client)
    assert not door.sessions and door.admitted == door.released == ["127.0.0.1"]


def test_who_may_not_come_in_reads_why() -> None:
    door = WebDoorway()
    door.refusal = "Too many connections from your address"
    client, _ = door.connect()
    assert only(door.say(client, get("/x")))[0] == 200
    status, _, body = only(door.say(client, request(path="/socket")))
    assert (status, body) == (503, b"Too many connections from your address\n")
    door.pass_time(3)
    assert door.is_closed(client)
    assert door.open == 0 and not door.released


def test_a_page_that_may_not_come_in_reads_why() -> None:
    """No browser tells its page what a WebSocket is refused with."""
    door = WebDoorway()
    door.refusal = "Too many connections from your address"
    client, _ = door.connect()
    ours = {"Origin": "http://irc.example.org"}
    answer = door.say(client, request(path="/socket", headers=ours) + frame(FIN | TEXT, b"CAP LS 302"))
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    (_, line), (_, code) = frames(rest)
    assert line == b"ERROR :Closing Link: 127.0.0.1 (Too many connections from your address)"
    assert code == (1013).to_bytes(2, "big")
    assert door.open == 1, "it is counted as it was"
    door.pass_time(60)
    assert door.is_closed(client)
    assert door.open == 0 and not door.released and not door.sessions
    assert only(door.ask(request(path="/socket", headers={"Origin": "http://other.example"})))[0] == 403


@pytest.mark.parametrize("ends", [request(path="/socket"), b""])
def test_nothing_of_http_is_left_behind(ends: bytes) -> None:
    """Circles are looked for rarely where there are many connections."""
    door = WebDoorway()
    client, _ = door.connect()
    gc.collect()
    gc.disable()
    try:
        door.say(client, get("/x"))
        (visitor,) = map(weakref.ref, door.crowd.visitors)
        if ends:
            door.say(client, ends)
        else:
            client.close()
            door.pump.run()
        assert visitor() is None
    finally:
        gc.enable()


# --- how many, and from where


def test_there_are_so_many_and_no_more() -> None:
    door = WebDoorway({"connections": 2})
    first, _ = door.connect()
    door.say(first, get("/later"))
    second, _ = door.connect()
    door.say(second, request(path="/socket")[:30])
    third, _ = door.connect()
    status, _, body = only(door.heard(third))
    assert (status, body) == (503, b"Too many connections\n")
    assert door.is_closed(third)
    assert (door.open, door.crowd.opened, door.crowd.refused) == (2, 2, 1)
    assert door.say(second, request(path="/socket")[30:]).startswith(b"HTTP/1.1 101 ")
    assert only(door.ask(get("/x")))[0] == 200  # for that one is counted elsewhere now


def test_who_has_nothing_to_do_makes_room() -> None:
    door = WebDoorway({"connections": 3})
    clients = [door.connect()[0] for _ in range(3)]
    for client in clients:
        door.say(client, get("/x"))
    door.say(clients[0], get("/x"))
    door.say(clients[2], get("/later"))
    for _ in range(2):
        assert statuses(door.ask(get("/later"))) == []
    assert [door.is_closed(client) for client in clients] == [True, True, False]
    assert only(door.ask(get("/x")))[0] == 503
    assert door.open == 3 and not door.crowd.idle


def test_there_are_so_many_from_one_address() -> None:
    door = WebDoorway({"connections_per_address": 2}, proxy_from=("127.0.0.1",))

    def come(address: str) -> bytes:
        return door.ask(f"PROXY TCP6 {address} 2001:db8::9 1 2\r\n".encode() + get("/x"))

    assert statuses(come("2001:db8::1")) == statuses(come("2001:db8::2")) == [200]
    status, _, body = only(come("2001:db8::3"))
    assert (status, body) == (503, b"Too many connections from your address\n")
    assert statuses(come("2001:db8:1::1")) == [200]
    assert [ask.address for ask in door.site.asked] == ["2001:db8::1", "2001:db8::2", "2001:db8:1::1"]
    assert not any(ask.secure for ask in door.site.asked)


def test_this_machine_may_come_more_often() -> None:
    door = WebDoorway({"connections_per_address": 1})
    assert statuses(door.ask(get("/x"))) == statuses(door.ask(get("/x"))) == [200]


def test_a_trusted_proxy_tells_who_asks() -> None:
    door = WebDoorway(forwarded_from=("127.0.0.1",))
    client, _ = door.connect()
    one = get("/1", "X-Forwarded-For: 192.0.2.1, 192.0.2.2", "X-Forwarded-Proto: https")
    two = get("/2", "X-Forwarded-For: 192.0.2.3", "X-Forwarded-Proto: http")
    assert statuses(door.say(client, one, two, get("/health"))) == [200] * 3
    assert [(ask.address, ask.secure, ask.encrypted) for ask in door.site.asked] == [
        ("192.0.2.2", True, True),
        ("192.0.2.3", False, False),
        ("127.0.0.1", True, False),
    ]
    opening = request(path="/socket", headers={"X-Forwarded-For": "192.0.2.4", "X-Forwarded-Proto": "https"})
    assert door.say(client, opening).startswith(b"HTTP/1.1 101 ")
    assert (door.session.peer.address, door.session.peer.secure) == ("192.0.2.4", True)
    assert door.admitted == ["192.0.2.4"]
    assert statuses(door.ask(get("/x"))) == [400]
    assert statuses(door.ask(get("/x", "X-Forwarded-For: nowhere"))) == [400]


def test_a_proxy_that_nobody_told_us_of_does_not_make_the_world_this_machine() -> None:
    door = WebDoorway()
    with capturedLogs() as events:
        status, _, body = only(door.ask(get("/x", "X-Forwarded-For: 192.0.2.1")))
    assert status == 400 and b"forwarded_from" in body
    assert any("forwarded_from" in str(formatEvent(event)) for event in events)
    assert door.site.asked == []
