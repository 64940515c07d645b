"""Both tunnels beside each other: whatever the peer does, they say and hear the same, and fail alike."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from pump import Pump
from twisted.internet.task import Clock

from chatnet.transports import tunnel as module
from chatnet.transports.certificates import CertificateStore, make_self_signed
from chatnet.transports.tls import prepare_context
from chatnet.transports.tunnel import SPELL, TOGETHER, Grown, ThinTunnel, Tunnel, tunnel_over

VERSIONS = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}
SIZES = (1, 110, 1023, 16384, 16385, 40_000, 65_536 - 88, 65_536, 70_000, 300_000)
"""Of texts: some go into one record, some fill the buffer that is kept, or more."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> CertificateStore:
    folder = tmp_path_factory.mktemp("certificates")
    make_self_signed(folder / "default.pem", ["localhost"])
    store = CertificateStore(folder, "default", prepare_context)
    assert store.refresh() == []
    return store


class Pair:
    """A tunnel, and the client at its other end."""

    def __init__(self, store: CertificateStore, version: str, thin: bool) -> None:
        context = store.context_for(None)
        assert context is not None
        connection = SSL.Connection(context, None)
        connection.set_app_data(b"irc")
        connection.set_accept_state()
        self.clock = Clock()
        self.tunnel = ThinTunnel(connection, Grown(self.clock)) if thin else Tunnel(connection)
        wanted = SSL.Context(SSL.TLS_CLIENT_METHOD)
        wanted.set_max_proto_version(VERSIONS[version])
        self.client = SSL.Connection(wanted, None)
        self.client.set_connect_state()
        done = False
        while not done:
            try:
                self.client.do_handshake()
            except SSL.WantReadError:
                pass
            done = self.tunnel.handshake(self.said())
            self.told(self.tunnel.pending())
        assert self.heard() == b""

    def said(self) -> bytes:
        """The records that the client has to send."""
        data = b""
        try:
            while True:
                data += self.client.bio_read(1 << 16)
        except SSL.WantReadError:
            return data

    def told(self, records: bytes) -> None:
        """The client is sent these."""
        if records:
            self.client.bio_write(records)

    def heard(self) -> bytes:
        """What the client reads."""
        text = b""
        try:
            while True:
                text += self.client.recv(1 << 16)
        except (SSL.WantReadError, SSL.ZeroReturnError):
            return text

    def read(self, records: bytes) -> list[object]:
        """What the tunnel makes of these: texts, and how it ended."""
        found: list[object] = []
        if records:
            self.tunnel.take(records)
        try:
            while (text := self.tunnel.read()) is not None:
                found.append(text)
                if not self.tunnel.may_have_more():
                    break
        except SSL.Error as error:
            found.append((type(error), error.args))
        return found


@pytest.fixture(params=VERSIONS)
def both(request: pytest.FixtureRequest, store: CertificateStore) -> tuple[Pair, Pair]:
    return Pair(store, request.param, True), Pair(store, request.param, False)


def test_the_thin_one_is_taken_where_all_is_there(
    store: CertificateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = store.context_for(None)
    assert context is not None
    connection = SSL.Connection(context, None)
    assert type(tunnel_over(connection, Grown(Clock()))) is ThinTunnel
    with monkeypatch.context() as without:
        without.delattr(SSL.Connection, "_raise_ssl_error")
        assert type(tunnel_over(connection, Grown(Clock()))) is Tunnel
    monkeypatch.setattr(module, "_lib", None)
    assert type(tunnel_over(connection, Grown(Clock()))) is Tunnel


def test_the_terms_are_those_of_openssl(both: tuple[Pair, Pair]) -> None:
    for pair in both:
        connection = pair.tunnel.connection
        expected = f"{connection.get_protocol_version_name()}, {connection.get_cipher_name()}"
        assert pair.tunnel.terms() == pair.tunnel.terms() == expected
    assert both[0].tunnel.terms() is both[0].tunnel.terms()


def test_what_is_said_is_heard(both: tuple[Pair, Pair]) -> None:
    for size in SIZES:
        text = bytes(number % 251 for number in range(size))
        records = []
        for pair in both:
            records.append(pair.tunnel.seal(text))
            pair.told(records[-1])
            assert pair.heard() == text
            assert pair.tunnel.pending() == b""
        # The keys differ; the lengths, and so the records, do not.
        assert len(records[0]) == len(records[1])
        assert headers(records[0]) == headers(records[1])


def headers(records: bytes) -> list[bytes]:
    """The first five bytes of each record: kind, version and length."""
    found = []
    while records:
        found.append(records[:5])
        records = records[5 + int.from_bytes(records[3:5], "big") :]
    return found


def test_what_comes_is_read(both: tuple[Pair, Pair]) -> None:
    for pair in both:
        sizes = (1, 512, 16384, 5)
        for size in sizes:
            pair.client.send(b"x" * size)
        records = pair.said()
        assert pair.read(records) == [b"x" * size for size in sizes]
        pair.client.send(b"late\r\n")
        records = pair.said()
        assert [pair.read(records[at : at + 1]) for at in range(len(records))] == [
            *([[]] * (len(records) - 1)),
            [b"late\r\n"],
        ]


@pytest.mark.parametrize(
    "data",
    [
        b"\x17\x03\x03\x00\x20" + bytes(32),
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"NICK ann\r\n",
        b"\x17\x03\x03\xff\xff",
    ],
)
def test_they_fail_alike(both: tuple[Pair, Pair], data: bytes) -> None:
    ends = []
    for pair in both:
        (error,) = pair.read(data)
        ends.append((error, len(pair.tunnel.pending())))
        assert pair.tunnel.pending() == b""
        with pytest.raises(SSL.Error):
            pair.tunnel.seal(b"anything")
    assert ends[0] == ends[1]


def test_a_failure_leaves_nothing_for_others(store: CertificateStore) -> None:
    """OpenSSL has one list of errors for all connections of a thread."""
    bad, good = (Pair(store, "TLSv1.3", True) for _ in range(2))
    bad.read(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(SSL.Error):
        bad.tunnel.seal(b"anything")
    bad.tunnel.farewell()
    assert good.read(b"") == []
    good.told(good.tunnel.seal(b"hello\r\n"))
    assert good.heard() == b"hello\r\n"


def test_goodbye_is_read_and_said(both: tuple[Pair, Pair]) -> None:
    ends = []
    for pair in both:
        pair.client.send(b"QUIT\r\n")
        pair.client.shutdown()
        found = [*pair.read(pair.said()), *pair.read(b"")]
        last = pair.tunnel.farewell()
        pair.told(last)
        with pytest.raises(SSL.ZeroReturnError):
            pair.client.recv(1)
        ends.append((found, len(last)))
    assert ends[0] == ends[1]
    assert ends[0][0][0] == b"QUIT\r\n"


def test_a_goodbye_of_ours_comes_last(both: tuple[Pair, Pair]) -> None:
    for pair in both:
        pair.told(pair.tunnel.seal(b"ERROR :bye\r\n") + pair.tunnel.farewell())
        assert pair.heard() == b"ERROR :bye\r\n"
        assert pair.client.get_shutdown() & SSL.RECEIVED_SHUTDOWN


def test_buffers_that_grew_are_given_back(store: CertificateStore) -> None:
    pair = Pair(store, "TLSv1.3", True)
    tunnel = pair.tunnel
    assert isinstance(tunnel, ThinTunnel)
    before = [tunnel._into_ssl, tunnel._from_ssl]
    pair.clock.advance(SPELL)
    grown = [tunnel._into_ssl, tunnel._from_ssl]
    assert all(old != new for old, new in zip(before, grown, strict=True))
    for _ in range(3):
        pair.told(tunnel.seal(b"x" * 30_000))
        assert len(pair.clock.getDelayedCalls()) == 1
    # While something is in them they are left alone.
    pair.client.send(b"y" * 4000)
    tunnel.take(pair.said())
    pair.clock.advance(SPELL)
    assert tunnel._into_ssl == grown[0]
    assert tunnel.read() == b"y" * 4000
    assert pair.heard() == b"x" * 90_000
    pair.told(tunnel.seal(b"z" * 2000))
    pair.clock.advance(SPELL)
    assert tunnel._into_ssl != grown[0]
    assert not pair.clock.getDelayedCalls()
    pair.told(tunnel.seal(b"after\r\n"))
    assert pair.heard() == b"z" * 2000 + b"after\r\n"
    pair.client.send(b"PING\r\n")
    assert pair.read(pair.said()) == [b"PING\r\n"]
    pair.told(tunnel.seal(b"w" * 100))
    assert not pair.clock.getDelayedCalls()  # small ones cost no timer


def test_so_many_are_given_back_in_a_turn() -> None:
    pump = Pump()
    grown = Grown(pump)
    renewed = []

    class Counted(Tunnel):
        def renew(self) -> None:
            renewed.append(self)

    connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    for _ in range(2 * TOGETHER + 1):
        grown.note(Counted(connection))
    assert not pump.turn()
    pump.rightNow += SPELL
    turns = []
    while pump.turn():
        turns.append(len(renewed))
    assert turns == [TOGETHER, 2 * TOGETHER, 2 * TOGETHER + 1]


@pytest.mark.parametrize("thin", [True, False])
def test_half_a_handshake(store: CertificateStore, thin: bool) -> None:
    context = store.context_for(None)
    assert context is not None
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    tunnel = ThinTunnel(connection, Grown(Clock())) if thin else Tunnel(connection)
    assert not tunnel.handshake(b"\x16\x03\x01")
    assert tunnel.pending() == b""
    with pytest.raises(SSL.Error):
        tunnel.handshake(bytes(100))
    assert tunnel.pending()[:1] in (b"", b"\x15")
