from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from OpenSSL import SSL
from pump import Doorway, Listener
from twisted.logger import LogLevel, capturedLogs, formatEvent

from chatnet.settings import ListenSettings, TLSSettings
from chatnet.transports.certificates import CertificateStore, fingerprint, make_self_signed
from chatnet.transports.client import ClientFactory
from chatnet.transports.leftovers import CROWD, MOMENT, Leftovers
from chatnet.transports.outlets import SocketOutlet
from chatnet.transports.tls import WORDLESS, TLSGate, TLSProtocol, prepare_context

TLS = ListenSettings(endpoint="tcp:6697", tls=True)


class TLSDoorway(Doorway):
    def __init__(self, folder: Path, listen: ListenSettings = TLS, **settings: Any) -> None:
        self.store = CertificateStore(folder, "default", prepare_context)
        assert self.store.refresh() == []
        self.settings = TLSSettings(**settings)
        super().__init__(listen, tls=self.protocol)
        self.gate = TLSGate(self.store, lambda: self.settings, self.pump)

    def protocol(self, factory: ClientFactory) -> TLSProtocol:
        return self.gate.protocol(factory)


class TLSClient:
    """The other end, pumped by hand as well."""

    def __init__(
        self,
        door: Doorway,
        context: ssl.SSLContext,
        name: str | None = None,
        session: ssl.SSLSession | None = None,
        buffers: int = 0,
    ) -> None:
        self.door = door
        self.socket, self.protocol = door.connect(buffers, buffers)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name, session=session)
        self.ended = False

    def exchange(self) -> bool:
        """Let everything flow that can; True if something came."""
        if data := self.outgoing.read():
            self.socket.sendall(data)
        self.door.pump.run()
        self.socket.setblocking(False)
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            data = b""
        finally:
            self.socket.settimeout(10)
        if data:
            self.incoming.write(data)
        else:
            self.ended = True
            self.incoming.write_eof()
        return bool(data)

    def flow(self) -> bool:
        """The same, and wait a moment for what the system has on its way, if nothing came; True if it did."""
        if self.exchange():
            return True
        self.door.pump.wait(self.socket)
        return self.exchange()

    def handshake(self) -> TLSClient:
        for _ in range(50):
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.flow()
        self.exchange()
        return self

    def send(self, data: bytes) -> None:
        self.tls.write(data)
        self.exchange()

    def read(self, size: int) -> bytes:
        """`size` bytes, or what comes before the close_notify."""
        data = bytearray()
        idle = 0
        while len(data) < size and idle < 50:
            try:
                part = self.tls.read(1 << 16)
                if not part:
                    break
                data += part
            except ssl.SSLWantReadError:
                idle = 0 if self.flow() else idle + 1
            except ssl.SSLZeroReturnError:
                break
        return bytes(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_self_signed(folder / "default.pem", ["localhost"])
    make_self_signed(folder / "irc.example.org.pem", ["irc.example.org"])
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("client") / "ann.pem"
    make_self_signed(path, ["ann"])
    return path


@pytest.fixture
def door(folder: Path) -> Iterator[TLSDoorway]:
    door = TLSDoorway(folder)
    yield door
    for client in door.clients:
        client.close()
    door.pump.run()


def trusting(certificate: Path | None = None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(certificate)
    if version is not None:
        context.maximum_version = version
    return context


BOTH = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@BOTH
def test_a_conversation(door: TLSDoorway, version: ssl.TLSVersion) -> None:
    client = TLSClient(door, trusting(version=version)).handshake()
    peer = door.session.peer
    assert (peer.secure, peer.certfp, peer.address) == (True, None, "127.0.0.1")
    assert peer.tls is not None and peer.tls.startswith(client.tls.version() or "?")
    assert peer.tls.endswith((client.tls.cipher() or ("?",))[0])
    client.send(b"NICK ann\r\n")
    assert door.session.text == b"NICK ann\r\n"
    door.session.outlet.send(b"one\r\n")
    door.session.outlet.send(b"two\r\n")
    assert client.read(10) == b"one\r\ntwo\r\n"


def test_records_that_come_together_are_all_read(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    lines = [b"PRIVMSG #c :%d %s\r\n" % (number, b"x" * 400) for number in range(60)]
    for line in lines:
        client.tls.write(line)
    client.exchange()
    assert door.session.text == b"".join(lines)


def test_the_first_line_may_come_with_the_end_of_the_handshake(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting(version=ssl.TLSVersion.TLSv1_3))
    while True:
        try:
            client.tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            client.exchange()
    client.tls.write(b"NICK ann\r\n")
    client.exchange()
    assert door.session.text == b"NICK ann\r\n"


def test_a_handshake_in_single_bytes(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting())
    for _ in range(10):
        try:
            client.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        for byte in client.outgoing.read():
            client.socket.sendall(bytes([byte]))
            door.pump.run()
        if not client.exchange():
            break
    assert door.session.peer.secure


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("irc.example.org", "irc.example.org"), ("other.example.org", "default"), (None, "default")],
)
def test_the_certificate_is_chosen_by_name(
    door: TLSDoorway, folder: Path, asked: str | None, shown: str
) -> None:
    client = TLSClient(door, trusting(), asked).handshake()
    der = client.tls.getpeercert(binary_form=True)
    assert der == ssl.PEM_cert_to_DER_cert(
        "-----BEGIN CERTIFICATE" + (folder / f"{shown}.pem").read_text().split("-----BEGIN CERTIFICATE")[1]
    )


@pytest.mark.parametrize(
    ("asked", "known"), [("Irc.example.org", "irc.example.org"), ("nowhere", "nowhere"), (None, None)]
)
def test_the_session_is_told_which_host_was_asked_for(
    door: TLSDoorway, asked: str | None, known: str | None
) -> None:
    TLSClient(door, trusting(), asked).handshake()
    assert door.session.peer.hostname == known


@BOTH
@pytest.mark.parametrize("name", [None, "irc.example.org"])
def test_a_client_certificate_survives_resumption(
    door: TLSDoorway, own: Path, version: ssl.TLSVersion, name: str | None
) -> None:
    context = trusting(own, version)
    first = TLSClient(door, context, name).handshake()
    door.session.outlet.send(b"hello\r\n")
    assert first.read(7) == b"hello\r\n"  # and the tickets before it
    assert door.session.peer.certfp == fingerprint(own)
    again = TLSClient(door, context, name, first.tls.session).handshake()
    assert again.tls.session_reused
    assert door.sessions[1].peer.certfp == fingerprint(own)
    assert door.sessions[1].peer.hostname == name


def test_irc_is_spoken_if_offered(door: TLSDoorway) -> None:
    context = trusting()
    context.set_alpn_protocols(["h2", "irc"])
    assert TLSClient(door, context).handshake().tls.selected_alpn_protocol() == "irc"
    assert len(door.sessions) == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("name", [None, "irc.example.org"])
def test_who_speaks_another_protocol_is_refused(
    door: TLSDoorway, version: ssl.TLSVersion, name: str | None
) -> None:
    """In the event that the server supports no protocols that the client advertises, then the server SHALL
    respond with a fatal "no_application_protocol" alert.  https://www.rfc-editor.org/rfc/rfc7301#section-3.2
    """
    context = trusting()
    context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol"):
        TLSClient(door, context, name).handshake()
    assert not door.sessions
    door.pump.run()
    assert door.released == door.admitted
    TLSClient(door, trusting(), name).handshake()  # what is offered to the next is looked at anew
    assert len(door.sessions) == 1


@pytest.mark.parametrize("said", [b"NICK ann\r\n", b"\n", b"GET / HTTP/1.1\r\n"])
def test_who_speaks_no_tls_is_turned_away_at_once(door: TLSDoorway, said: bytes) -> None:
    with capturedLogs() as events:
        client, _ = door.connect()
        client.sendall(said[:1])
        assert door.read(client) == b""
    assert [formatEvent(event) for event in events if event["log_level"] is LogLevel.info] == [
        "Closed a connection from 127.0.0.1 to tcp:6697: it speaks no TLS"
    ]
    assert door.released == door.admitted == ["127.0.0.1"]
    assert not door.sessions


@pytest.mark.parametrize(
    "garbage", [b"NICK ann\r\nUSER ann 0 * :Ann\r\n", bytes(300), b"\x16\x03\x01\xff\xff" * 99]
)
def test_garbage_is_closed_quietly(door: TLSDoorway, garbage: bytes) -> None:
    client, _ = door.connect()
    client.sendall(garbage)
    door.pump.run()
    with contextlib.suppress(OSError):  # it may be reset by now
        client.shutdown(socket.SHUT_WR)
    door.read(client)
    assert (door.sessions, door.released) == ([], ["127.0.0.1"])


def test_damage_after_the_handshake(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.socket.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    door.pump.run()
    assert door.session.lost == ["TLS error"]
    with pytest.raises(ssl.SSLError):
        client.read(1)


def test_a_handshake_may_not_take_for_ever(door: TLSDoorway) -> None:
    client, _ = door.connect()
    client.sendall(b"\x16\x03")
    door.pump.run()
    door.pump.advance(door.settings.handshake_timeout + 1)
    assert door.read(client) == b""
    assert door.released == ["127.0.0.1"]
    door.pump.advance(1)
    assert not door.pump.getDelayedCalls()


def test_handshakes_per_turn_are_bounded(folder: Path) -> None:
    door = TLSDoorway(folder, handshakes_per_turn=2)
    clients = [TLSClient(door, trusting()) for _ in range(7)]
    for client in clients:
        with pytest.raises(ssl.SSLWantReadError):
            client.tls.do_handshake()
        client.socket.sendall(client.outgoing.read())
    begun = []
    while door.pump.turn():
        begun.append(sum(hasattr(client.protocol, "tunnel") for client in clients))
    assert [now - before for before, now in pairwise(begun) if now > before] == [2, 2, 1]
    assert begun[0] == 2
    for client in clients:
        client.handshake()
    assert len(door.sessions) == 7


def hello(client: TLSClient) -> bytes:
    """What the client says first."""
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    return client.outgoing.read()


def test_who_says_hello_in_pieces_waits_with_all_of_them(folder: Path) -> None:
    door = TLSDoorway(folder, handshakes_per_turn=1)
    assert door.gate.may_begin()  # somebody else, in this turn
    client = TLSClient(door, trusting())
    said = hello(client)
    client.protocol.dataReceived(said[:100])
    client.protocol.dataReceived(said[100:])
    assert not hasattr(client.protocol, "tunnel")
    client.handshake()
    assert len(door.sessions) == 1


def test_who_is_lost_while_waiting_takes_nobodys_turn(folder: Path) -> None:
    door = TLSDoorway(folder, handshakes_per_turn=1)
    assert door.gate.may_begin()
    first, gone, client = (TLSClient(door, trusting()) for _ in range(3))
    for each in first, gone, client:
        each.protocol.dataReceived(hello(each))
    gone.protocol.cut()
    door.pump.turn()
    assert hasattr(first.protocol, "tunnel")
    assert not hasattr(client.protocol, "tunnel")
    door.pump.turn()
    assert hasattr(client.protocol, "tunnel")
    assert not hasattr(gone.protocol, "tunnel")


def test_refused_before_the_handshake(door: TLSDoorway) -> None:
    door.refusal = "no"
    client, _ = door.connect()
    assert door.read(client) == b""
    assert door.released == []


def test_close_says_goodbye(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    door.session.outlet.send(b"ERROR :bye\r\n")
    door.session.outlet.close()
    assert client.read(100) == b"ERROR :bye\r\n"  # an end without close_notify would raise
    assert door.session.lost == ["Connection closed"]


def test_the_client_says_goodbye(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.tls.write(b"QUIT\r\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.exchange()
    assert door.session.text == b"QUIT\r\n"
    assert door.session.lost == ["Connection closed"]


def test_a_client_that_just_goes(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.socket.close()
    door.pump.run()
    assert door.session.lost == ["Connection closed"]


def test_nothing_is_read_after_close(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    session = door.session
    session.on_receive = lambda data: session.outlet.close()
    client.tls.write(b"QUIT\r\n")
    client.tls.write(b"PRIVMSG #c :after\r\n")
    client.exchange()
    assert session.received == [b"QUIT\r\n"]


def slow(door: TLSDoorway) -> tuple[TLSClient, Listener, bytes]:
    client = TLSClient(door, trusting(), buffers=8192).handshake()
    session = door.session
    session.outlet.sendq = 1 << 24
    said = b""
    while cast(SocketOutlet, session.outlet).direct is not None:
        line = b"%07d %s\r\n" % (len(said), b"x" * 4000)
        said += line
        session.outlet.send(line)
        door.pump.run()
    return client, session, said


def test_order_is_kept_for_a_slow_reader(door: TLSDoorway) -> None:
    client, session, said = slow(door)
    for number in range(300):
        line = b"waiting %d %s\r\n" % (number, b"y" * 1000)
        said += line
        session.outlet.send(line)
        if number % 7 == 0:
            door.pump.run()
    session.outlet.close()
    assert client.read(len(said) + 1) == said
    assert session.lost == ["Connection closed"]


def test_sendq_holds_under_tls(door: TLSDoorway) -> None:
    _client, session, _ = slow(door)
    session.outlet.sendq = 50_000
    session.outlet.send(b"z" * 100_000)
    door.pump.run()
    assert (session.exceeded, session.lost) == (1, ["Connection aborted"])


def test_large_flushes(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    data = b"".join(b"%08d\r\n" % number for number in range(30_000))
    door.session.outlet.sendq = 1 << 20
    door.session.outlet.send(data)
    assert client.read(len(data)) == data


def test_new_certificates_need_no_new_listener(tmp_path: Path) -> None:
    make_self_signed(tmp_path / "default.pem", ["first"])
    door = TLSDoorway(tmp_path)
    first = TLSClient(door, trusting()).handshake()
    make_self_signed(tmp_path / "default.pem", ["second"])
    assert door.store.refresh() == []
    second = TLSClient(door, trusting()).handshake()
    assert first.tls.getpeercert(True) != second.tls.getpeercert(True)
    first.send(b"still here\r\n")
    assert door.sessions[0].text == b"still here\r\n"


def test_old_versions_are_refused(door: TLSDoorway) -> None:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_1_VERSION)
    context.set_max_proto_version(SSL.TLS1_1_VERSION)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    with pytest.raises(SSL.Error):
        connection.do_handshake()
    client, _ = door.connect()
    try:
        client.sendall(connection.bio_read(4096))
    except SSL.WantReadError:
        pytest.skip("this OpenSSL knows nothing as old as TLS 1.1")
    assert len(door.read(client)) <= 7  # an alert
    assert door.sessions == []


def test_a_proxy_in_front(folder: Path) -> None:
    door = TLSDoorway(folder, TLS.model_copy(update={"proxy_from": ("127.0.0.1",)}))
    client = TLSClient(door, trusting())
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    client.socket.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + client.outgoing.read())
    client.handshake()
    assert door.session.peer.address == "192.0.2.1"
    assert door.session.peer.secure


# --- hostile


class KeyChanger:
    """A client under TLS 1.3 that asks for new keys as often as it likes, which no library lets it do.

    https://www.rfc-editor.org/rfc/rfc8446#section-7.2
    """

    def __init__(self, door: TLSDoorway, tmp_path: Path) -> None:
        context = trusting()
        context.keylog_filename = str(tmp_path / "keys")
        self.client = TLSClient(door, context).handshake()
        assert self.client.tls.cipher() == ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128)
        (line,) = [
            line
            for line in (tmp_path / "keys").read_text().splitlines()
            if line.startswith("CLIENT_TRAFFIC_SECRET_0")
        ]
        self._change(bytes.fromhex(line.split()[2]))

    def _change(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(expand(secret, b"key", 16))
        self._iv = expand(secret, b"iv", 12)
        self._count = 0

    def _record(self, kind: bytes, text: bytes) -> bytes:
        nonce = bytes(a ^ b for a, b in zip(self._iv, self._count.to_bytes(12, "big"), strict=True))
        self._count += 1
        header = b"\x17\x03\x03" + (len(text) + 17).to_bytes(2, "big")
        return header + self._cipher.encrypt(nonce, text + kind, header)

    def text(self, text: bytes) -> bytes:
        """A record that says something."""
        return self._record(b"\x17", text)

    def keys(self) -> bytes:
        """A KeyUpdate that wants one in return."""
        record = self._record(b"\x16", b"\x18\x00\x00\x01\x01")
        self._change(expand(self._secret, b"traffic upd", 32))
        return record


def expand(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label without a context."""
    info = size.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\0"
    return HKDFExpand(SHA256(), size, info).derive(secret)


def test_new_keys_are_taken_and_given(door: TLSDoorway, tmp_path: Path) -> None:
    changer = KeyChanger(door, tmp_path)
    changer.client.socket.sendall(changer.keys() + changer.text(b"one\r\n"))
    changer.client.exchange()
    assert door.session.text == b"one\r\n"
    door.session.outlet.send(b"hello\r\n")
    assert changer.client.read(7) == b"hello\r\n"
    changer.client.socket.sendall(changer.text(b"two\r\n"))
    changer.client.exchange()
    assert door.session.text == b"one\r\ntwo\r\n"


@pytest.mark.parametrize("reads", [True, False])
def test_who_only_asks_for_new_keys_is_hung_up_on(door: TLSDoorway, tmp_path: Path, reads: bool) -> None:
    changer = KeyChanger(door, tmp_path)
    sent = 0
    while not door.session.lost and sent < 100_000:
        records = b"".join(changer.keys() for _ in range(100))
        sent += len(records)
        changer.client.socket.sendall(records)
        if reads:
            changer.client.exchange()
        else:
            door.pump.run()
    assert door.session.lost == ["TLS error"]
    assert WORDLESS <= sent < WORDLESS + 2 * 16384
    assert cast(SocketOutlet, door.session.outlet).waiting == 0


def test_single_letters_are_no_flood(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    text = b"PRIVMSG #c :hello\r\n" * 300
    for letter in text:
        client.tls.write(bytes([letter]))
    client.exchange()
    assert door.session.text == text
    assert not door.session.lost


def test_a_handshake_is_not_begun_again(door: TLSDoorway) -> None:
    """TLS 1.2 lets a client ask for that, at our cost."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    client, _ = door.connect()
    client.settimeout(0.2)

    def exchange() -> None:
        with contextlib.suppress(SSL.WantReadError):
            client.sendall(connection.bio_read(1 << 16))
        door.pump.run()
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            if data := client.recv(1 << 16):
                connection.bio_write(data)

    for _ in range(3):
        with contextlib.suppress(SSL.WantReadError):
            connection.do_handshake()
        exchange()
    connection.send(b"NICK ann\r\n")
    exchange()
    assert door.session.text == b"NICK ann\r\n"
    assert connection.renegotiate()
    with contextlib.suppress(SSL.Error):
        connection.do_handshake()
    exchange()
    with pytest.raises(SSL.Error):  # "no renegotiation", or nothing came
        connection.do_handshake()
    assert connection.total_renegotiations() <= 1  # of which ours is the one that was asked for
    assert len(door.sessions) == 1


def test_a_record_in_pieces_waits_for_its_end(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    client.tls.write(b"x" * 15_000 + b"\r\n")
    record = client.outgoing.read()
    client.socket.sendall(record[:-1])
    door.pump.run()
    assert door.session.text == b""
    client.socket.close()  # without a goodbye, within a record
    door.pump.run()
    assert (door.session.text, door.session.lost) == (b"", ["Connection closed"])


def test_who_prefers_chacha_has_it(door: TLSDoorway) -> None:
    client = TLSClient(door, trusting()).handshake()
    assert client.tls.cipher() == ("TLS_AES_128_GCM_SHA256", "TLSv1.3", 128)
    context = trusting(version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers("ECDHE+CHACHA20:ECDHE+AESGCM")
    cipher = TLSClient(door, context).handshake().tls.cipher()
    assert cipher is not None and "CHACHA20" in cipher[0]


def test_who_goes_leaves_nothing_behind(door: TLSDoorway) -> None:
    given: list[None] = []
    door.gate.leftovers = Leftovers(door.pump, lambda: given.append(None))
    client = TLSClient(door, trusting()).handshake()
    for _ in range(CROWD - 1):
        door.gate.leftovers.add()
    door.pump.advance(MOMENT)
    assert not given
    client.socket.close()
    door.pump.run()
    door.pump.advance(MOMENT)
    assert given == [None]
