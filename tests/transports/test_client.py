from __future__ import annotations

import socket
import struct
from ipaddress import ip_address
from typing import cast

import pytest
from pump import Doorway, Listener
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionLost
from twisted.internet.interfaces import IProtocol
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.settings import ListenSettings
from chatnet.transports.client import ClientProtocol
from chatnet.transports.outlets import SocketOutlet


def blocked(door: Doorway) -> tuple[socket.socket, Listener, bytes]:
    """A session whose peer does not read, and what it has been told so far."""
    client, _ = door.connect(sndbuf=4096, rcvbuf=4096)
    session = door.session
    session.outlet.sendq = 1 << 24
    said = b""
    outlet = cast(SocketOutlet, session.outlet)
    while outlet.direct is not None:
        line = b"%07d %s\r\n" % (len(said), b"x" * 4000)
        said += line
        outlet.send(line)
        door.pump.run()
    return client, session, said


# --- over real sockets


def test_reads_go_to_the_session_and_lines_come_back_in_one_piece() -> None:
    door = Doorway()
    client, _ = door.connect()
    session = door.session
    assert session.peer == Peer("127.0.0.1", client.getsockname()[1], "tcp:6667")
    client.sendall(b"NICK ann\r\n")
    door.pump.run()
    assert session.received == [b"NICK ann\r\n"]
    session.outlet.send(b"one\r\n")
    session.outlet.send(b"two\r\n")
    door.pump.run()
    assert client.recv(100) == b"one\r\ntwo\r\n"
    client.close()
    door.pump.run()
    assert session.lost == ["Connection closed"]
    assert door.admitted == door.released == ["127.0.0.1"]


def test_each_reads_its_own_lines_though_others_read_nearly_the_same() -> None:
    door = Doorway()
    told = [[b"a", b"b"], [b"a", b"b"], [b"b"], [b"a", b"b"], [b"a", b"c"], [b"a", b"b", b"c"], [b"a", b"b"]]
    clients = [door.connect()[0] for _ in told]
    for session, lines in zip(door.sessions, told, strict=True):
        for line in lines:
            session.outlet.send(line + b"\r\n")
    door.pump.run()
    for client, lines in zip(clients, told, strict=True):
        assert client.recv(100) == b"\r\n".join([*lines, b""])


def test_who_speaks_tls_to_a_plain_port_is_turned_away_at_once() -> None:
    door = Doorway()
    with capturedLogs() as events:
        client, _ = door.connect()
        client.sendall(b"\x16")
        assert door.read(client) == b""
    assert [formatEvent(event) for event in events] == [
        "Closed a connection from 127.0.0.1 to tcp:6667: it speaks TLS, and this port is plain"
    ]
    assert door.session.received == [] and len(door.session.lost) == 1
    assert door.released == door.admitted == ["127.0.0.1"]


def test_what_looks_like_tls_later_is_a_line() -> None:
    door = Doorway()
    client, _ = door.connect()
    for part in (b"PRIVMSG #c :", b"\x16\x03\x01reversed\r\n"):
        client.sendall(part)
        door.pump.run()
    assert door.session.text == b"PRIVMSG #c :\x16\x03\x01reversed\r\n"


def test_half_close_ends_the_connection() -> None:
    door = Doorway()
    client, _ = door.connect()
    client.sendall(b"QUIT\n")
    client.shutdown(socket.SHUT_WR)
    door.pump.run()
    assert (door.session.text, door.session.lost) == (b"QUIT\n", ["Connection closed"])


def test_a_reset_is_told_in_words() -> None:
    door = Doorway()
    client, _ = door.connect()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    door.pump.run()
    assert door.session.lost == ["Connection reset by peer"]


def test_socket_options_are_set() -> None:
    door = Doorway()
    _, protocol = door.connect()
    handle = protocol.transport.getHandle()  # type: ignore[union-attr]  # it is a socket's transport
    assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_order_is_kept_when_the_kernel_is_full_and_again_when_it_is_not() -> None:
    door = Doorway()
    client, session, said = blocked(door)
    outlet = cast(SocketOutlet, session.outlet)
    for number in range(200):
        line = b"waiting %d %s\r\n" % (number, b"y" * 2000)
        said += line
        outlet.send(line)
        if number % 7 == 0:
            door.pump.run()
    outlet.send(b"late\r\n")
    said += b"late\r\n"
    assert door.read(client, len(said)) == said
    door.pump.run()
    assert outlet.direct is not None
    outlet.send(b"direct again\r\n")
    assert door.read(client, 14) == b"direct again\r\n"


def test_a_partial_send_loses_and_doubles_nothing() -> None:
    door = Doorway()
    client, _ = door.connect(sndbuf=4096, rcvbuf=4096)
    session = door.session
    session.outlet.sendq = 1 << 24
    big = b"".join(b"%08d\r\n" % number for number in range(100_000))
    session.outlet.send(big)
    door.pump.run()
    assert cast(SocketOutlet, session.outlet).direct is None
    session.outlet.send(b"end\r\n")
    assert door.read(client, len(big) + 5) == big + b"end\r\n"


def test_sendq_counts_only_while_blocked() -> None:
    door = Doorway()
    client, session, said = blocked(door)
    outlet = cast(SocketOutlet, session.outlet)
    outlet.sendq = 65536 + 20_000
    for _ in range(10):
        outlet.send(b"z" * 998 + b"\r\n")
        door.pump.run()
    assert not session.exceeded
    assert len(door.read(client, len(said) + 10_000)) == len(said) + 10_000
    for _ in range(20):  # much more than SendQ, but it is read
        outlet.send(b"z" * 9998 + b"\r\n")
        assert len(door.read(client, 10_000)) == 10_000
    assert not session.exceeded


def test_sendq_exceeded_is_told_once_and_ends_the_connection() -> None:
    door = Doorway()
    _, session, _ = blocked(door)
    session.outlet.sendq = 100_000
    for _ in range(200):
        session.outlet.send(b"z" * 998 + b"\r\n")
        door.turn.flush()
    door.pump.run()
    assert session.exceeded == 1
    assert session.lost == ["Connection aborted"]
    assert door.released == ["127.0.0.1"]


def test_what_is_too_much_at_once_exceeds_sendq() -> None:
    door = Doorway()
    door.connect(sndbuf=4096, rcvbuf=4096)
    door.session.outlet.sendq = 4096
    door.session.outlet.send(b"z" * 1_000_000)
    door.pump.run()
    assert door.session.exceeded == 1


def test_writing_to_a_peer_that_is_gone_ends_the_connection_once() -> None:
    door = Doorway()
    client, _ = door.connect()
    session = door.session
    session.outlet.pause()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    for _ in range(3):
        session.outlet.send(b"hello?\r\n")
        door.pump.run()
    assert session.lost == ["Connection reset by peer"]
    session.outlet.send(b"nobody hears\r\n")
    session.outlet.close()
    session.outlet.abort()
    session.outlet.pause()
    session.outlet.resume()
    door.pump.run()
    assert session.lost == ["Connection reset by peer"]
    assert not session.outlet.out


def test_close_sends_what_is_queued() -> None:
    door = Doorway()
    client, _ = door.connect()
    door.session.outlet.send(b"ERROR :bye\r\n")
    door.session.outlet.close()
    door.session.outlet.send(b"too late\r\n")
    assert door.read(client) == b"ERROR :bye\r\n"
    assert door.session.lost == ["Connection closed"]
    door.pump.advance(1)
    assert not door.pump.getDelayedCalls()


def test_close_waits_for_a_slow_reader() -> None:
    door = Doorway()
    client, session, said = blocked(door)
    session.outlet.send(b"ERROR :bye\r\n")
    session.outlet.close()
    door.pump.run()
    assert not session.lost
    assert door.read(client) == said + b"ERROR :bye\r\n"
    assert session.lost == ["Connection closed"]


def test_close_does_not_wait_for_ever() -> None:
    door = Doorway(close_timeout=10.0)
    _, session, _ = blocked(door)
    session.outlet.send(b"ERROR :bye\r\n")
    session.outlet.close()
    door.pump.advance(9)
    door.pump.run()
    assert not session.lost
    door.pump.advance(2)
    door.pump.run()
    assert session.lost == ["Connection aborted"]


def test_after_close_nothing_is_read() -> None:
    door = Doorway()
    client, _ = door.connect()
    session = door.session
    session.on_receive = lambda data: session.outlet.close()
    client.sendall(b"QUIT\r\n")
    door.pump.turn()
    client.sendall(b"PRIVMSG #c :after\r\n")
    door.pump.run()
    assert session.received == [b"QUIT\r\n"]


def test_pause_and_resume() -> None:
    door = Doorway()
    client, _ = door.connect()
    door.session.outlet.pause()
    client.sendall(b"hold\r\n")
    door.pump.run()
    assert door.session.received == []
    door.session.outlet.resume()
    door.pump.run()
    assert door.session.received == [b"hold\r\n"]


def test_one_failing_outlet_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Doorway()
    door.connect()
    second, _ = door.connect()
    first = door.sessions[0]
    first.outlet.send(cast(bytes, "not bytes"))
    door.sessions[1].outlet.send(b"hello\r\n")
    door.pump.run()
    assert second.recv(100) == b"hello\r\n"
    assert first.lost == ["Connection aborted"]


def test_a_refusal_is_said() -> None:
    door = Doorway()
    door.refusal = "Too many connections from your address"
    client, _ = door.connect()
    assert door.read(client) == b"ERROR :Closing Link: 127.0.0.1 (Too many connections from your address)\r\n"
    assert (door.sessions, door.released) == ([], [])


def test_a_session_that_cannot_be_opened_leaves_no_connection_behind() -> None:
    door = Doorway()

    def fail(outlet: Outlet, peer: Peer) -> Listener:
        raise RuntimeError("no")

    door.factory.open_session = fail
    client, _ = door.connect()
    assert door.read(client) == b""
    assert door.released == ["127.0.0.1"]


# --- behind a proxy

PROXY = ListenSettings(endpoint="tcp:6667", proxy_from=("127.0.0.0/8",))


def test_the_proxy_tells_the_address() -> None:
    door = Doorway(PROXY)
    client, _ = door.connect()
    client.sendall(b"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 4000 6667\r\nNICK ann\r\n")
    door.pump.run()
    assert door.session.peer == Peer("192.0.2.1", 4000, "tcp:6667")
    assert door.session.text == b"NICK ann\r\n"
    assert door.admitted == ["192.0.2.1"]
    client.close()
    door.pump.run()
    assert door.released == ["192.0.2.1"]


def test_the_proxy_speaks_tls_for_us() -> None:
    door = Doorway(PROXY)
    client, _ = door.connect()
    body = ip_address("192.0.2.1").packed * 2 + struct.pack("!HH", 1, 2) + b"\x20\x00\x05\x01" + bytes(4)
    header = b"\r\n\r\n\x00\r\nQUIT\n\x21\x11" + struct.pack("!H", len(body)) + body
    for index in range(len(header)):
        client.sendall(header[index : index + 1])
        door.pump.run()
    assert door.session.peer == Peer("192.0.2.1", 1, "tcp:6667", secure=True)


def test_the_proxy_speaks_for_itself() -> None:
    door = Doorway(PROXY)
    client, _ = door.connect()
    client.sendall(b"PROXY UNKNOWN\r\n")
    door.pump.run()
    assert door.session.peer.address == "127.0.0.1"


def test_nobody_else_may_use_the_proxy_s_port() -> None:
    door = Doorway(ListenSettings(endpoint="tcp:6667", proxy_from=("192.0.2.1",)))
    client, _ = door.connect()
    assert door.read(client) == b""
    assert (door.sessions, door.admitted, door.released) == ([], [], [])


@pytest.mark.parametrize("data", [b"NICK ann\r\n", b"PROXY TCP4 nonsense\r\n"])
def test_no_header_no_session(data: bytes) -> None:
    door = Doorway(PROXY)
    client, _ = door.connect()
    client.sendall(data)
    assert door.read(client) == b""
    assert (door.sessions, door.admitted) == ([], [])


def test_what_strangers_have_the_log_say_is_said_in_measure() -> None:
    door = Doorway(PROXY)
    with capturedLogs() as events:
        for _ in range(200):
            client, _ = door.connect()
            client.sendall(b"NICK ann\r\n")
            assert door.read(client) == b""
            client.close()
        door.pump.advance(60)
    said = "Refused the proxy 127.0.0.1: no PROXY header"
    assert [formatEvent(event) for event in events] == [
        said,
        f"{said} (199 like this of this address within 60 seconds)",
    ]


def test_a_late_header_is_not_waited_for() -> None:
    door = Doorway(PROXY)
    client, _ = door.connect()
    client.sendall(b"PROXY ")
    door.pump.run()
    door.pump.advance(5.5)
    assert door.read(client) == b""
    assert door.sessions == []


def test_a_refusal_behind_a_proxy_names_the_client() -> None:
    door = Doorway(PROXY)
    door.refusal = "no"
    client, _ = door.connect()
    client.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nNICK ann\r\n")
    assert door.read(client) == b"ERROR :Closing Link: 192.0.2.1 (no)\r\n"


# --- in memory


def in_memory(door: Doorway, transport: StringTransport) -> ClientProtocol:
    protocol = door.factory.buildProtocol(None)
    cast(IProtocol, protocol).makeConnection(transport)
    return protocol


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (IPv4Address("TCP", "192.0.2.1", 4000), ("192.0.2.1", 4000)),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 4000), ("192.0.2.1", 4000)),
        (IPv6Address("TCP", "2001:DB8::1", 4000), ("2001:db8::1", 4000)),
        (UNIXAddress(b"/run/chat.sock"), ("localhost", 0)),
    ],
)
def test_addresses(address: IPv4Address | IPv6Address | UNIXAddress, expected: tuple[str, int]) -> None:
    door = Doorway()
    in_memory(door, StringTransport(peerAddress=address))
    assert (door.session.peer.address, door.session.peer.port) == expected


def test_a_transport_without_a_socket_gets_one_write_per_flush() -> None:
    door = Doorway()
    transport = StringTransport()
    writes: list[bytes] = []
    transport.write = writes.append  # type: ignore[method-assign]  # to count them
    in_memory(door, transport)
    door.session.outlet.send(b"one\r\n")
    door.session.outlet.send(b"two\r\n")
    door.pump.run()
    assert writes == [b"one\r\ntwo\r\n"]


def test_a_transport_without_a_socket_pushes_back() -> None:
    door = Doorway()
    transport = StringTransport()
    protocol = in_memory(door, transport)
    outlet, session = cast(SocketOutlet, door.session.outlet), door.session
    outlet.sendq = 5000
    outlet.pauseProducing()
    outlet.send(b"1" * 4000)
    door.pump.run()
    assert transport.value() == b""
    outlet.resumeProducing()
    assert transport.value() == b"1" * 4000
    outlet.pauseProducing()
    outlet.send(b"2" * 4000)
    door.pump.run()
    assert [session.exceeded] == [0]
    outlet.send(b"3" * 4000)
    door.pump.run()
    assert session.exceeded == 1
    assert transport.disconnected
    protocol.connectionLost(Failure(ConnectionAborted()))
    assert session.lost == ["Connection aborted"]


def test_close_in_memory_drains_first() -> None:
    door = Doorway()
    transport = StringTransport()
    in_memory(door, transport)
    outlet = cast(SocketOutlet, door.session.outlet)
    outlet.pauseProducing()
    outlet.send(b"bye\r\n")
    outlet.close()
    assert [transport.disconnecting] == [False]
    outlet.resumeProducing()
    assert transport.value() == b"bye\r\n"
    assert transport.disconnecting
    assert transport.producer is None


def test_loss_is_told_once_with_the_connection_s_words() -> None:
    door = Doorway()
    protocol = in_memory(door, StringTransport())
    protocol.connectionLost(Failure(ConnectionLost()))
    protocol.dataReceived(b"ghost")
    assert (door.session.lost, door.session.received) == (["Connection reset by peer"], [])
