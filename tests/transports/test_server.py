"""Connections between servers over real sockets: who is let in, and who is told what."""

from __future__ import annotations

import socket
import ssl
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from authority import Authority
from conversation import House
from leftovers import ends_of_a_test
from mesh import SECRET, block
from pump import Pump
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, TimeoutError
from twisted.internet.error import ConnectError, ConnectionRefusedError, DNSLookupError
from twisted.internet.interfaces import IProtocol
from twisted.internet.tcp import Port, Server
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from chatnet.links.dialling.attempts import Attempt
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State
from chatnet.settings import LinkSettings, ListenSettings, TLSSettings
from chatnet.transports.certificates import LinkCertificate, make_self_signed, public_key_fingerprint
from chatnet.transports.outlets import ClientTurn, SocketOutlet
from chatnet.transports.server import LinkFactory, LinkProtocol, Once, Strangers, _words, dial
from chatnet.transports.tls import TLSGate, prepare_link_context
from chatnet.transports.trust import Trust

PLAIN = ListenSettings(endpoint="tcp:6900", kind="server")
TLS = ListenSettings(endpoint="tcp:6900", kind="server", tls=True)


class Node:
    """A server in memory with real sockets. Its certificate is ``<name>.pem`` in `folder`."""

    def __init__(
        self, pump: Pump, folder: Path, name: str, *blocks: dict[str, Any], tls: bool = True
    ) -> None:
        self.pump = pump
        self.name = f"{name}.test"
        server = {"name": self.name, "sid": f"0{name.upper()}A"}
        self.house = House(server=server, link=blocks, links={"unknown": 3})
        self.opened: list[Link] = []
        self.lost: list[str] = []
        self.admitted: list[str] = []
        self.released: list[str] = []
        self.refusal: str | None = None
        self.insecure = False
        self.send_timeout = 0.0
        self.strangers = Strangers(lambda: self.house.node.settings)
        self.turn = ClientTurn(pump)
        self.trust = Trust(folder)
        self.tls = tls
        self.store = LinkCertificate(folder, name, prepare_link_context)
        self.store.refresh()
        self.gate = TLSGate(self.store, TLSSettings, pump)

    def factory(self, dialled: LinkSettings | None = None) -> LinkFactory:
        def open_link(exit_: Any, identity: Identity) -> Link:
            link = self.house.parts.links.open(exit_, identity, dialled)
            self.opened.append(link)
            return link

        return LinkFactory(
            TLS if self.tls else PLAIN,
            turn=self.turn,
            clock=self.pump,
            admit=self.admit,
            release=self.released.append,
            repeats=self.house.parts.repeats,
            open_link=open_link,
            gate=self.gate if self.tls else None,
            trust=self.trust,
            insecure=lambda: self.insecure,
            strangers=self.strangers,
            send_timeout=lambda: self.send_timeout,
            dialled=dialled.name if dialled is not None else None,
            failed=self.lost.append,
        )

    def admit(self, address: str) -> str | None:
        if self.refusal is None:
            self.admitted.append(address)
        return self.refusal

    def serve(self, connection: socket.socket, dialled: LinkSettings | None = None) -> LinkProtocol:
        """Take one end of a connection."""
        protocol = cast(LinkProtocol, self.factory(dialled).buildProtocol(None))
        transport = Server(connection, protocol, connection.getpeername(), cast(Port, None), 0, self.pump)
        cast(IProtocol, protocol).makeConnection(transport)
        return protocol

    @property
    def link(self) -> Link:
        (link,) = self.opened
        return link

    @property
    def log(self) -> list[str]:
        return self.house.log.lines

    def strangers_there(self) -> bool:
        """Whether there are connections of which it is not known who they are."""
        return any(link.connection.link is link and link.server is None for link in self.opened)


def pair(small: bool = False) -> tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection."""
    with socket.socket() as port:
        if small:
            port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port.bind(("127.0.0.1", 0))
        port.listen()
        one = socket.socket()
        if small:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        one.connect(port.getsockname())
        other, _ = port.accept()
    ends_of_a_test(one, other)
    for end in (one, other):
        end.settimeout(10)
    return one, other


def connect(dialling: Node, answering: Node) -> None:
    """Dial, and let everything flow."""
    one, other = pair()
    for end in (one, other):
        end.setblocking(False)
    wanted = dialling.house.parts.links.block(answering.name)
    assert wanted is not None
    answering.serve(other)
    dialling.serve(one, wanted)
    dialling.pump.run()


@pytest.fixture
def pump() -> Iterator[Pump]:
    pump = Pump()
    yield pump
    for transport in pump.removeAll():
        transport.connectionLost(Failure(ConnectError()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: of a, b and c each its own, of ``signed`` and ``other`` by an authority for b and c."""
    folder = tmp_path_factory.mktemp("certificates")
    for name in "abc":
        make_self_signed(folder / f"{name}.pem", [f"{name}.test"])
    authority = Authority(folder / "ca.pem")
    authority.issue(folder / "signed" / "both.pem", "b.test")
    authority.issue(folder / "other" / "both.pem", "c.test")
    Authority(folder / "stranger.pem")
    for name in ("signed", "other"):
        # As certbot leaves them: the store wants key and chain.
        pem = (folder / name / "both.pem").read_bytes()
        (folder / name / "fullchain.pem").write_bytes(pem)
        (folder / name / "privkey.pem").write_bytes(pem)
    return folder


def pin(folder: Path, name: str) -> str:
    return public_key_fingerprint(folder / f"{name}.pem")


def make_pair(
    pump: Pump, folder: Path, a_knows: dict[str, Any], b_knows: dict[str, Any], b_shows: str = "b"
) -> tuple[Node, Node]:
    """a and b, with what they know of each other; b shows this certificate."""
    a = Node(pump, folder, "a", block("b", **a_knows))
    b = Node(pump, folder, "b", block("a", **b_knows))
    b.store = LinkCertificate(folder, b_shows, prepare_link_context)
    assert b.store.refresh() == []
    b.gate.store = b.store
    return a, b


def test_two_servers_link_by_their_pins(pump: Pump, folder: Path) -> None:
    a, b = make_pair(pump, folder, {"spki_sha256": [pin(folder, "b")]}, {"spki_sha256": [pin(folder, "a")]})
    connect(b, a)
    pump.run()
    assert (a.link.state, b.link.state) == (State.LINKED, State.LINKED)
    assert a.link.server is not None and a.link.server.name == "b.test"
    assert a.link.identity.secure and a.link.identity.address == "127.0.0.1"
    assert cast(SocketOutlet, a.link.exit).sendq == 33_554_432
    b.link.close("That was it")
    pump.run()
    assert a.link.reason == "The other side closed the link"
    assert a.released == b.released == ["127.0.0.1"]


@pytest.mark.parametrize("old_first", [True, False])
def test_a_second_pin_serves_while_a_key_changes(pump: Pump, folder: Path, old_first: bool) -> None:
    pins = [pin(folder, "c"), pin(folder, "b")][:: 1 if old_first else -1]
    a, b = make_pair(pump, folder, {"spki_sha256": pins}, {"spki_sha256": [pin(folder, "a")]})
    connect(a, b)
    assert (a.link.state, b.link.state) == (State.LINKED, State.LINKED)


def test_the_answering_side_refuses_another_key(pump: Pump, folder: Path) -> None:
    a, b = make_pair(
        pump, folder, {"spki_sha256": [pin(folder, "b")]}, {"spki_sha256": [pin(folder, "a")]}, "c"
    )
    connect(b, a)
    assert a.link.state is b.link.state is State.GONE
    why = "Refused a link to 'b.test' from 127.0.0.1: its certificate is not the one of that server"
    assert why in a.log
    assert "a.test says: Closing Link: 127.0.0.1 (Invalid credentials)" in b.log


def test_the_dialling_side_tells_its_password_to_the_right_server_only(pump: Pump, folder: Path) -> None:
    a, b = make_pair(
        pump, folder, {"spki_sha256": [pin(folder, "b")]}, {"spki_sha256": [pin(folder, "a")]}, "c"
    )
    connect(a, b)
    assert a.link.state is b.link.state is State.GONE
    assert b.link.greeting.password is None
    assert "Refused a link to 'b.test' from 127.0.0.1: its certificate is not the one of that server" in a.log


AUTHORITY = {"ca": "ca.pem"}


@pytest.mark.parametrize("who_dials", ["a", "b"])
@pytest.mark.parametrize(
    ("a_knows", "b_shows", "linked"),
    [
        (AUTHORITY, "signed", True),
        (AUTHORITY, "other", False),  # signed, but for c.test
        (AUTHORITY, "b", False),  # for b.test, but signed by itself
        ({"ca": "stranger.pem"}, "signed", False),
        ({"ca": "stranger.pem", "spki_sha256": ["0" * 64]}, "signed", False),
        ({"ca": "gone.pem"}, "signed", False),
    ],
)
def test_an_authority_vouches_for_a_name(
    pump: Pump, folder: Path, who_dials: str, a_knows: dict[str, Any], b_shows: str, linked: bool
) -> None:
    a, b = make_pair(pump, folder, a_knows, {"spki_sha256": [pin(folder, "a")]}, b_shows)
    connect(*((a, b) if who_dials == "a" else (b, a)))
    assert (a.link.state is State.LINKED) == linked
    assert (len(a.house.node.network.servers) == 2) == linked


def test_a_pin_is_enough_when_an_authority_is_not(pump: Pump, folder: Path) -> None:
    both = {"ca": "stranger.pem", "spki_sha256": [pin(folder, "b")]}
    a, b = make_pair(pump, folder, both, {"spki_sha256": [pin(folder, "a")]})
    connect(a, b)
    assert a.link.state is State.LINKED


def talk(pump: Pump, node: Node, context: ssl.SSLContext, say: bytes = b"") -> tuple[bytes, str]:
    """What a program hears that speaks TLS its own way, and how that ended."""
    client, other = pair()
    other.setblocking(False)
    node.serve(other)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    heard, begun = b"", False
    for _ in range(30):
        try:
            if not begun:
                tls.do_handshake()
                begun = True
                if say:
                    tls.write(say)
            heard += tls.read(65536)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            client.close()
            return heard, str(error.reason)
        if data := outgoing.read():
            client.sendall(data)
        pump.run()
        client.setblocking(False)
        try:
            data = client.recv(65536)
            incoming.write(data) if data else incoming.write_eof()
        except BlockingIOError:
            pass
        except ConnectionResetError:
            incoming.write_eof()
        client.settimeout(10)
    client.close()
    return heard, "open"


def untrusting(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = version
    return context


GREETING = f"PASS {SECRET} TS 6 :0BA\r\nCAPAB :QS EX IE ENCAP\r\nSERVER b.test 1 :x\r\n".encode()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_shows_no_certificate_gets_no_link(pump: Pump, folder: Path, version: ssl.TLSVersion) -> None:
    a = Node(pump, folder, "a", block("b"))
    heard, end = talk(pump, a, untrusting(version), GREETING)
    assert heard == b""
    assert "ALERT" in end and end != "open"
    assert a.opened == [] and a.lost == ["TLS error (peer did not return a certificate)"]
    assert a.released == ["127.0.0.1"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_password_does_not_make_up_for_a_certificate(
    pump: Pump, folder: Path, version: ssl.TLSVersion
) -> None:
    a = Node(pump, folder, "a", block("b", spki_sha256=[pin(folder, "b")]))
    context = untrusting(version)
    context.load_cert_chain(folder / "c.pem")
    heard, _ = talk(pump, a, context, GREETING)
    assert heard == b"ERROR :Closing Link: 127.0.0.1 (Invalid credentials)\r\n"
    context.load_cert_chain(folder / "b.pem")
    heard, _ = talk(pump, a, context, GREETING)
    assert heard.startswith(b"PASS linkpw TS 6 :0AA\r\nCAPAB :")


@pytest.mark.parametrize(
    "said",
    [GREETING, b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 64, b"\x16\x03\x01\xff\xff" + b"\0" * 70000],
    ids=["lines", "http", "bytes", "record"],
)
def test_what_is_no_tls_ends_the_connection(pump: Pump, folder: Path, said: bytes) -> None:
    a = Node(pump, folder, "a", block("b"))
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    client.sendall(said)
    pump.run()
    assert a.opened == []
    (lost,) = a.lost
    assert lost == "it speaks no TLS" if said[:1] != b"\x16" else lost.startswith("TLS error ("), lost
    client.close()


def test_tls_is_not_spoken_on_a_plain_port(pump: Pump, folder: Path) -> None:
    a = Node(pump, folder, "a", block("b"), tls=False)
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    client.sendall(b"\x16")
    pump.run()
    words = "The connection to 127.0.0.1 ended: it speaks TLS, and this port is plain"
    assert [line for line in a.log if "127.0.0.1" in line] == [words]
    client.close()


def test_the_log_tells_who_came_to_no_link(pump: Pump, folder: Path) -> None:
    """The other side reads of TLS only what TLS tells it."""
    a = Node(pump, folder, "a", block("b"))
    with capturedLogs() as events:
        talk(pump, a, untrusting(ssl.TLSVersion.TLSv1_3), GREETING)
    told = [formatEvent(event) for event in events]
    assert "No link with 127.0.0.1: TLS error (peer did not return a certificate)" in told


def test_who_dials_to_a_port_for_plain_clients_reads_so(pump: Pump, folder: Path) -> None:
    b = block("b", spki_sha256=[pin(folder, "b")], addresses=["192.0.2.1:6667"])
    a = Node(pump, folder, "a", b)
    client, other = pair()
    other.setblocking(False)
    with capturedLogs() as events:
        a.serve(other, a.house.settings.link[0])
        client.sendall(b"ERROR :Closing Link: 127.0.0.1 (Too many connections)\r\n")
        pump.run()
    assert a.lost == ["TLS error (wrong version number: no TLS is spoken there)"]
    assert not any("No link with" in (formatEvent(event) or "") for event in events), "it is told elsewhere"
    client.close()


def test_who_does_not_begin_is_cut_off(pump: Pump, folder: Path) -> None:
    a = Node(pump, folder, "a", block("b"))
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    for _ in range(31):  # tls.handshake_timeout is 15 seconds
        pump.advance(0.5)
    pump.run()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert a.lost == ["Connection aborted"]
    client.close()


# without TLS


def plain(pump: Pump, folder: Path, *blocks: dict[str, Any]) -> Node:
    return Node(pump, folder, "a", *blocks, tls=False)


def say(pump: Pump, node: Node, data: bytes) -> bytes:
    """What somebody without TLS hears at once."""
    client, other = pair()
    other.setblocking(False)
    node.serve(other)
    client.sendall(data)
    pump.run()
    client.setblocking(False)
    try:
        return client.recv(65536)
    except (BlockingIOError, ConnectionResetError):
        return b""
    finally:
        client.close()
        pump.run()


def test_a_neighbour_on_this_machine_needs_a_password_and_no_tls(pump: Pump, folder: Path) -> None:
    a = plain(pump, folder, block("b"))
    assert say(pump, a, GREETING).startswith(b"PASS linkpw TS 6 :0AA\r\n")
    refused = b"ERROR :Closing Link: 127.0.0.1 (Invalid credentials)\r\n"
    assert say(pump, a, GREETING.replace(b"linkpw", b"guess")) == refused
    assert any("the password is wrong" in line for line in a.log)
    assert SECRET not in "".join(a.log) and "guess" not in "".join(a.log)


def test_a_block_without_password_cannot_be_taken_by_who_brings_no_certificate(
    pump: Pump, folder: Path
) -> None:
    a = plain(pump, folder, {"name": "b.test", "spki_sha256": [pin(folder, "b")], "role": "hub"})
    refused = b"ERROR :Closing Link: 127.0.0.1 (Invalid credentials)\r\n"
    assert say(pump, a, GREETING) == refused


def test_whoever_is_refused_reads_the_same(pump: Pump, folder: Path) -> None:
    """What is configured is nobody's business."""
    a = plain(pump, folder, block("b", sid="0BA"), block("c"))
    heard = {
        say(pump, a, GREETING.replace(b"b.test", b"x.test")),
        say(pump, a, GREETING.replace(b"linkpw", b"wrong")),
        say(pump, a, GREETING.replace(b"0BA", b"0XX")),
        say(pump, a, GREETING.replace(b" ENCAP", b"")),
        say(pump, a, GREETING.replace(b"0BA", b"0AA")),
    }
    assert heard == {b"ERROR :Closing Link: 127.0.0.1 (Invalid credentials)\r\n"}


@pytest.mark.parametrize("insecure", [False, True])
def test_from_another_machine_plain_text_is_for_those_who_are_allowed_it(
    pump: Pump, folder: Path, insecure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatnet.transports.client.address_of", lambda transport: ("192.0.2.1", 1))
    a = plain(pump, folder, block("b", insecure=insecure), block("c"))
    a.insecure = insecure
    heard = say(pump, a, GREETING)
    assert heard.startswith(b"PASS linkpw" if insecure else b"")
    assert len(a.opened) == len(heard[:1])
    if insecure:
        other = GREETING.replace(b"b.test", b"c.test").replace(b"0BA", b"0CA")
        assert say(pump, a, other) == b"ERROR :Closing Link: 192.0.2.1 (Invalid credentials)\r\n"
        assert any("it comes without TLS" in line for line in a.log)


class Street:
    """Comers from addresses of their own to a server that has room for three strangers."""

    def __init__(
        self, pump: Pump, folder: Path, monkeypatch: pytest.MonkeyPatch, *blocks: dict[str, Any]
    ) -> None:
        self.node = plain(pump, folder, *blocks)
        self.node.insecure = True
        self.pump = pump
        self.address = ""
        self.ends: list[socket.socket] = []
        monkeypatch.setattr("chatnet.transports.client.address_of", lambda transport: (self.address, 1))

    def come(self, *addresses: str, say: bytes = b"") -> None:
        """Connect from each of these, one after the other."""
        for self.address in addresses:
            client, other = pair()
            other.setblocking(False)
            self.node.serve(other)
            self.pump.run()
            self.ends.append(client)
            if say:
                client.sendall(say)
                self.pump.run()

    def there(self) -> list[int]:
        """Which of them are still there, by their order."""
        return [number for number, link in enumerate(self.node.opened) if not link.gone]

    def close(self) -> None:
        """All hang up."""
        for client in self.ends:
            client.close()
        self.pump.run()
        assert len(self.node.released) == len(self.node.admitted)


@pytest.fixture
def street(pump: Pump, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Street]]:
    made: list[Street] = []

    def make(*blocks: dict[str, Any]) -> Street:
        made.append(Street(pump, folder, monkeypatch, *blocks))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_so_many_may_be_strangers(street: Callable[..., Street]) -> None:
    a = street(block("b", insecure=True))
    a.come("192.0.2.1", say=GREETING)
    a.come("192.0.2.2", "192.0.2.3", "192.0.2.4")
    a.ends[1].close()
    a.pump.run()
    a.come("192.0.2.5")
    assert a.there() == [0, 2, 3, 4]
    assert a.node.opened[0].server is not None


def test_silent_strangers_keep_nobody_away(street: Callable[..., Street]) -> None:
    a = street(block("b", insecure=True))
    a.come(*[f"192.0.2.{last}" for last in range(1, 20)])
    a.come("198.51.100.1", say=GREETING)
    assert a.there() == [17, 18, 19]
    assert a.node.opened[-1].server is not None


def test_one_of_a_crowd_goes_for_who_comes_from_elsewhere(street: Callable[..., Street]) -> None:
    a = street(block("b", insecure=True))
    a.come("192.0.2.9", "2001:db8::1", "2001:db8:0:1::2")  # in one /56, which is one customer
    a.come("192.0.2.1")
    assert a.there() == [0, 2, 3]
    a.come("2001:db8:0:2::3", "2001:db8:0:3::4")  # of the crowd itself the oldest goes
    assert a.there() == [0, 3, 5]


@pytest.mark.parametrize("addresses", [("192.0.2.9:6900",), ("[2001:DB8:0::9]:6900", "/run/b")])
def test_from_where_a_server_is_to_be_found_nobody_goes(
    street: Callable[..., Street], addresses: tuple[str, ...]
) -> None:
    home = "192.0.2.9" if ":" not in addresses[0][:9] else "2001:db8::9"
    a = street(block("b", tls=False, insecure=True, addresses=addresses))
    a.come(home)
    a.come(*[f"198.51.100.{last}" for last in range(1, 20)])
    assert a.there() == [0, 18, 19]
    a.come(home, home)
    assert a.there() == [0, 20, 21]
    a.come("198.51.100.77")  # nobody is there who would go for it
    assert a.there() == [0, 20, 21]
    a.come(home)
    assert a.there() == [20, 21, 22]


def test_from_where_a_server_was_nobody_goes(street: Callable[..., Street]) -> None:
    """It has no address in its block, but it was here."""
    a = street(block("b", insecure=True))
    a.come("192.0.2.9", say=GREETING)
    a.ends[0].close()
    a.pump.run()
    a.come("192.0.2.9")
    a.come(*[f"198.51.100.{last}" for last in range(1, 20)])
    assert a.there() == [1, 19, 20]


def test_where_a_server_was_reached_by_its_name_it_is_expected(
    street: Callable[..., Street], pump: Pump
) -> None:
    a = street(block("b", tls=False, insecure=True, addresses=("b.test:6900",)))
    wanted = a.node.house.parts.links.block("b.test")
    client, other = pair()
    other.setblocking(False)
    a.address = "192.0.2.9"
    a.node.serve(other, wanted)
    client.close()
    pump.run()
    a.come("192.0.2.9")
    a.come(*[f"198.51.100.{last}" for last in range(1, 5)])
    assert a.there() == [1, 4, 5]


def test_who_comes_too_often_is_cut_off_without_a_word(pump: Pump, folder: Path) -> None:
    a = plain(pump, folder, block("b"))
    a.refusal = "Too many connections from your host"
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    pump.run()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert a.released == [] and a.opened == []
    client.close()


def test_a_neighbour_that_does_not_read_loses_its_link(pump: Pump, folder: Path) -> None:
    a = plain(pump, folder, block("b", sendq=65536))
    client, other = pair(small=True)
    other.setblocking(False)
    a.serve(other)
    client.sendall(GREETING)
    pump.run()
    link = a.link
    for _ in range(100):
        for _ in range(100):
            link.send(b"x" * 500)
        pump.run()
    assert link.reason == "SendQ exceeded"
    assert len(a.house.node.network.servers) == 1
    client.close()


def test_a_lost_connection_is_a_split(pump: Pump, folder: Path) -> None:
    a = plain(pump, folder, block("b"))
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    client.sendall(GREETING)
    pump.run()
    assert len(a.house.node.network.servers) == 2
    client.close()
    pump.run()
    assert a.link.state is State.GONE
    assert len(a.house.node.network.servers) == 1


@pytest.mark.parametrize("tls", [True, False])
def test_a_link_goes_on_with_another_connection(pump: Pump, folder: Path, tls: bool) -> None:
    """What is read from the new one is for the old link, and nothing of the old one any more."""
    pins = ({"spki_sha256": [pin(folder, "b")]}, {"spki_sha256": [pin(folder, "a")]})
    a, b = make_pair(pump, folder, *pins)
    a.tls = b.tls = tls
    connect(b, a)
    pump.run()
    link, other = a.link, b.link
    assert link.state is other.state is State.LINKED
    for number in range(3):
        # b has lost it; a does not know yet, and what it says is lost.
        other.lose("Connection reset by peer")
        link.send(b"PING :%d" % number)
        other.send(b"PING :%d" % number)
        connect(b, a)
        pump.run()
        assert a.opened[-1].greeting.heir is link and b.opened[-1].greeting.heir is other
        assert not link.suspended and not other.suspended
    assert link.streams.applied == other.streams.sent and other.streams.applied == link.streams.sent
    assert not a.strangers_there() and a.released == ["127.0.0.1"] * 3
    assert len(a.house.node.network.servers) == 2


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system knows no such limit")
@pytest.mark.parametrize("seconds", [20.0, 0.0])
def test_what_is_sent_may_be_on_its_way_for_so_long(pump: Pump, folder: Path, seconds: float) -> None:
    a = plain(pump, folder, block("b"))
    a.send_timeout = seconds
    client, other = pair()
    other.setblocking(False)
    a.serve(other)
    assert other.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == seconds * 1000
    client.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "connection refused"),
        (TimeoutError(), "no answer in time"),
        (CancelledError(), "no answer in time"),
        (DNSLookupError(), "there is no such host"),
        (FileNotFoundError(2, "No such file"), "[Errno 2] No such file"),
    ],
)
def test_why_there_is_no_connection_is_told_in_words(error: Exception, words: str) -> None:
    assert _words(Failure(error)) == words


class Asked:
    """An attempt to reach an address, which takes down what it hears."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[tuple[str, bool]] = []

    def failed(self, reason: str, refused: bool = False) -> None:
        self.heard.append((reason, refused))


@pytest.mark.parametrize("address", ["127.0.0.1:6900", "[::1]:6900"])
@pytest.mark.parametrize("refused", [False, True])
def test_what_an_endpoint_leaves_behind_leads_to_nothing(
    pump: Pump, folder: Path, address: str, refused: bool
) -> None:
    """It lives until a collection, and on a server where little happens that is far away."""
    reactor, attempt = MemoryReactorClock(), Asked(address)
    factory = Node(pump, folder, "a").factory()
    gone = weakref.ref(factory)
    dial(reactor, cast(Attempt, attempt), factory, 5.0)
    ((host, port, wrapping, *_),) = reactor.tcpClients
    assert (host, port) == (address.rpartition(":")[0].strip("[]"), 6900)
    if refused:
        wrapping.clientConnectionFailed(cast(Any, None), Failure(ConnectionRefusedError()))
        assert attempt.heard == [("connection refused", True)]
    else:
        assert wrapping.buildProtocol(IPv4Address("TCP", host, port)) is not None
    del factory
    assert gone() is None, "without any collection"


def test_an_attempt_is_one_connection(pump: Pump, folder: Path) -> None:
    """A name may have several addresses, of which the endpoint tries more than one."""
    once = Once(Node(pump, folder, "a").factory())
    assert once.buildProtocol(None) is not None
    assert once.buildProtocol(None) is None
