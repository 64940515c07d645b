"""How much a message costs on its way: what is added to it is paid by every message.

Counted are calls into ``chatnet`` and the bytecode instructions executed there.  Neither depends on the
machine, or on who else is at work on it.  The figures are ceilings: who lowers them writes them down here.
"""

from __future__ import annotations

import itertools
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

from club import Club
from conversation import Client, House
from mesh import Mesh, Stranger, block, read_away, stranger
from message_memory import MemoryMessages
from pump import Doorway

import chatnet
from chatnet.settings import ListenSettings, TLSSettings
from chatnet.transports.certificates import CertificateStore, make_self_signed
from chatnet.transports.client import ClientFactory
from chatnet.transports.tls import TLSGate, TLSProtocol, prepare_context

OURS = str(Path(chatnet.__file__).parent)

SLACK: Final = 1.03
"""How far above its figure the number of instructions may be."""
KNOWN: Final = sys.version_info[:2] == (3, 11)
"""Whether the figures of instructions are those of this Python: each compiles otherwise."""


def calls(do: Callable[[], object]) -> int:
    """Calls into our files that `do` makes, the second time: caches are warm then."""
    do()
    count = 0

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(OURS)

    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


def steps(do: Callable[[], object]) -> int:
    """Bytecode instructions of our files that `do` executes."""
    count = 0

    def step(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        count += event == "opcode"
        return step

    def enter(frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        do()
    finally:
        sys.settrace(before)
    return count


def costs(do: Callable[[], object], most_calls: float, most_steps: float, messages: int = 1) -> None:
    """`do` costs no more for each of its `messages` than so many calls, and so many instructions."""
    made = calls(do) / messages
    assert made <= most_calls, f"{made} calls"
    if KNOWN:
        executed = steps(do) / messages
        assert executed <= most_steps * SLACK, f"{executed} instructions"


def say(client: Client, line: str) -> Callable[[], None]:
    """A client says a line, and the turn ends."""
    data = line.encode() + b"\r\n"

    def do() -> None:
        client.session.receive(data)
        client.house.settle()

    return do


def told(neighbour: Stranger, line: str) -> Callable[[], None]:
    """A neighbour says a line, and the turn ends."""
    data = line.encode() + b"\r\n"

    def do() -> None:
        neighbour.link.connection.receive(data)
        neighbour.house.settle()

    return do


def linked() -> tuple[House, Client, Stranger]:
    """A house with ann in #c, where so1.test's alice is as well."""
    house = House(link=[block("so1")])
    ann = house.client("ann")
    ann >> "JOIN #c"
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> ":1SO EUID alice 1 1700000000 +i ~alice 192.0.2.9 192.0.2.9 1SOAAAAAB * * :Alice"
    so1 >> ":1SO SJOIN 1700000000 #c + :1SOAAAAAB"
    ann.lines()
    so1.lines()
    return house, ann, so1


def test_a_message_to_a_channel_here() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    read_away([ann, bob])
    costs(say(ann, "PRIVMSG #c :hello"), 23, 1172)
    assert len(bob.lines()) >= 2


def test_a_private_message_here() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    costs(say(ann, "PRIVMSG bob :hello"), 22, 1082)
    assert len(bob.lines()) >= 2


def test_a_message_to_a_channel_and_one_link() -> None:
    _, ann, so1 = linked()
    costs(say(ann, "PRIVMSG #c :hello"), 41, 1547)
    assert len(so1.lines()) >= 2


def test_a_message_of_a_link_to_one_client() -> None:
    _, ann, so1 = linked()
    costs(told(so1, ":1SOAAAAAB PRIVMSG #c :hello"), 44, 1397)
    assert len(ann.lines()) >= 2


def test_a_private_message_over_one_link_of_our_kind() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.settle()

    def do() -> None:
        say(ann, "PRIVMSG bob :hello")()
        while mesh.wire("a", "b").deliver("a"):
            pass

    costs(do, 81, 2992)
    assert len(bob.lines()) >= 2


def test_somebody_who_comes_and_goes_where_others_are_banned() -> None:
    masks = "192.0.2.77", "troll@*.example.org", "*@198.51.100.0/24", "realname:*spam*", "name:*serv"
    house = House(ban=[{"target": mask} for mask in masks])

    def do() -> None:
        bob = house.client("bob")
        say(bob, "QUIT")()

    assert calls(do) <= 132


def test_somebody_who_comes_joins_speaks_and_goes() -> None:
    house = Club(messages=MemoryMessages())
    ann = house.client("ann")
    ann >> "JOIN #c"

    def do() -> None:
        bob = house.client("bob")
        say(bob, "JOIN #c\r\nPRIVMSG #c :hello\r\nQUIT :bye")()

    costs(do, 246, 7704)
    assert sum(" PRIVMSG #c :hello" in line for line in ann.lines()) >= 2


def test_a_labelled_command() -> None:
    ann = House().client("ann", caps="labeled-response batch")
    costs(say(ann, "@label=x TIME"), 27, 846)
    assert len(ann.lines()) >= 2


def test_lines_of_a_burst() -> None:
    house = House(link=[block("so1")])
    so1 = stranger(house, "so1.test", "1SO")
    numbers = itertools.count()

    def do() -> None:
        several = [f"{next(numbers):04d}" for _ in range(50)]
        lines = [
            f":1SO EUID u{n} 1 1700000000 +i ~u{n} h{n}.test 192.0.2.9 1SOAA{n} * * :User" for n in several
        ]
        lines += [f":1SO SJOIN 1700000000 #c{n} +nt :@1SOAA{n}" for n in several]
        told(so1, "\r\n".join(lines))()

    costs(do, 78, 2076, messages=100)
    assert len(house.node.network.channels) >= 100


class SealedClient:
    """A client under TLS: what it says is read at once, and what it is told waits for :meth:`read`."""

    def __init__(self, door: Doorway, nick: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._socket, self._protocol = door.connect()
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._pass_on()
                self._incoming.write(self._socket.recv(1 << 16))
        self._pass_on()
        self.say(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN #c")

    def say(self, line: str) -> None:
        self._tls.write(line.encode() + b"\r\n")
        self._pass_on()

    def _pass_on(self) -> None:
        self._protocol.dataReceived(self._outgoing.read())

    def read(self) -> bytes:
        """All that was told."""
        self._incoming.write(self._socket.recv(1 << 18))
        read = b""
        try:
            while True:
                read += self._tls.read(1 << 16)
        except ssl.SSLWantReadError:
            return read


def test_a_line_under_tls(tmp_path: Path) -> None:
    make_self_signed(tmp_path / "default.pem", ["localhost"])
    store = CertificateStore(tmp_path, "default", prepare_context)
    assert store.refresh() == []
    house = House()

    def protocol(factory: ClientFactory) -> TLSProtocol:
        return gate.protocol(factory)

    door = Doorway(ListenSettings(endpoint="tcp:6697", tls=True), tls=protocol)
    gate = TLSGate(store, TLSSettings, door.pump)
    door.factory.turn = house.turn
    door.factory.open_session = house.parts.sessions.open
    ann, bob = SealedClient(door, "ann"), SealedClient(door, "bob")
    house.settle()
    bob.read()

    def do() -> None:
        ann.say("PRIVMSG #c :hello")
        house.settle()

    costs(do, 34, 1450)
    assert bob.read().count(b"PRIVMSG #c :hello") >= 2
    for client in door.clients:
        client.close()
    door.pump.run()
