"""Clients that want to harm the real daemon, with its default limits.

After each of them: somebody who behaves is served, who was there all the while has missed nothing, the log
has no traceback, and the largest resident memory meanwhile stayed below :data:`BOUND`.
"""

from __future__ import annotations

import contextlib
import random
import resource
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon_process import DEADLINE, HOST, Client, Daemon, free_port, wait_for

pytestmark = pytest.mark.daemon

BOUND = 192 * 1024
"""KiB of resident memory that no attack here may exceed."""
SERVED = 10.0
"""Seconds for which the daemon may be at work for others until a client that behaves has its answer: those of
its CPU, which are the same on a machine with other things to do."""
MANY = 2000
"""Connections of a connect flood."""


@contextlib.contextmanager
def soon(daemon: Daemon) -> Iterator[None]:
    """What somebody waits for comes while the daemon works for others for less than `SERVED`."""
    before = daemon.worked()
    yield
    assert daemon.worked() - before < SERVED


class Victim:
    """The daemon, a user who behaves, and the ports: plain, TLS, behind a proxy, and without flood limits."""

    def __init__(self, folder: Path) -> None:
        self.daemon = Daemon(folder)
        self.proxy_port, self.free_port = free_port(), free_port()
        self.timeout = 600.0
        self.configure()
        self.daemon.start()
        self.good = self.daemon.client("good")
        self.good.send("JOIN #good")
        self.good.sync()
        self._seen = 0

    def configure(self) -> None:
        """Write the configuration: the default limits, but for how long a registration may take."""
        self.daemon.configure(f"""
[limits]
registration_timeout = {self.timeout}
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[[listen]]
endpoint = "tcp:{self.proxy_port}:interface=127.0.0.1"
proxy_from = ["127.0.0.1"]
[[listen]]
endpoint = "tcp:{self.free_port}:interface=127.0.0.1"
connection_class = "free"
[[connection_class]]
name = "default"
[[connection_class]]
name = "free"
flood_exempt = true
""")

    def forget_peak(self) -> None:
        """Measure the largest memory anew."""
        Path(f"/proc/{self.daemon.pid}/clear_refs").write_text("5")

    def serves(self) -> None:
        """The user who behaves is served."""
        with soon(self.daemon):
            self.good.sync()

    def check(self) -> None:
        """The user who behaves is served, so is a newcomer, and nothing went wrong inside."""
        self.serves()
        with self.daemon.connect() as newcomer:
            with soon(self.daemon):
                newcomer.send("NICK newcomer", "USER new 0 * :New", "JOIN #good")
                newcomer.until(" 366 ")
            with soon(self.daemon):
                newcomer.send("PRIVMSG #good :hello")
                self.good.until("newcomer.* PRIVMSG #good :hello$")
        with soon(self.daemon):
            self.good.until("newcomer.* QUIT ")
        output = self.daemon.output()
        assert "Traceback" not in output and " error " not in output, output[-4000:]

    def registered(self, nick: str) -> Client:
        return self.daemon.client(nick)

    def behind(self, address: str) -> Client:
        """A connection through the proxy, seen as from `address`: not exempt from any limit."""
        client = self.daemon.connect(self.proxy_port)
        client.send(f"PROXY TCP4 {address} 127.0.0.1 4711 6667")
        return client


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    victim = Victim(tmp_path_factory.mktemp("hostile"))
    yield victim
    victim.daemon.end()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def victim(
    everybody: Victim, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[Victim]:
    everybody.forget_peak()
    yield everybody
    everybody.check()
    peak = everybody.daemon.peak()
    record_property("peak_kib", peak)
    print(f"peak of {request.node.name}: {peak} KiB", file=sys.stderr)
    assert peak < BOUND


def shout(client: Client, data: bytes, times: int = 1) -> None:
    """Send `data` so often, or until the server will have no more of it."""
    client.socket.settimeout(DEADLINE)
    with contextlib.suppress(ConnectionError):
        for _ in range(times):
            client.socket.sendall(data)


def overhear(client: Client) -> str:
    """Everything that came so far, without waiting for more."""
    client.socket.settimeout(0)
    data = b""
    with contextlib.suppress(BlockingIOError, ConnectionError):
        while part := client.socket.recv(1 << 20):
            data += part
    return data.decode(errors="replace")


def test_lines_that_are_too_long(victim: Victim) -> None:
    with victim.registered("long") as bad:
        bad.send("PRIVMSG #good :" + "x" * 600)
        bad.until(" 417 long ")
        bad.send("@" + "a" * 4095 + " PRIVMSG good :x")
        bad.until(" 417 long ")
        bad.send("PRIVMSG #good :" + "x" * 9000)
        bad.until(" 417 long ")
        bad.sync()
        shout(bad, (b"x" * 5000 + b"\r\n") * 1000, 20)
        assert "Excess Flood" in bad.rest()[-1]


def test_a_line_without_an_end(victim: Victim) -> None:
    with victim.daemon.connect() as bad, victim.registered("endless") as worse:
        for _ in range(32):
            shout(bad, b"x" * (1 << 20))
            shout(worse, b"@" + b"x" * (1 << 20))
            victim.serves()


def test_noise(victim: Victim) -> None:
    chance = random.Random(6667)
    for round_ in range(20):
        with victim.daemon.connect() as bad:
            if round_ % 2:
                bad.register(f"noise{round_}")
            shout(bad, chance.randbytes(200_000))
            shout(bad, b"\n".join(b"\0PRIVMSG #good :\xff\xfe\0\x80" for _ in range(50)) + b"\n")
            shout(bad, b"PRIVMSG #good :\xed\xa0\x80\xf4\x90\x80\x80 \r\r\r\n:\n: \n@\n@ \n@;= :\n")
            overhear(bad)


def test_half_lines_byte_by_byte(victim: Victim) -> None:
    with victim.daemon.connect() as slow:
        slow.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in "NICK slow\r\nUSER slow 0 * :Slöw\r\nPRIVMSG good :grüß dich\r\n".encode():
            slow.socket.sendall(bytes([byte]))
        victim.good.until("slow.* PRIVMSG good :grüß dich$")
        slow.socket.sendall(b"PRIVMSG good :never fini")


def test_thousands_of_channels(victim: Victim) -> None:
    people = [victim.registered(f"joiner{index}") for index in range(10)]
    for index, bad in enumerate(people):
        names = [f"#{index}-{number}" for number in range(3000)]
        for start in range(0, len(names), 40):
            shout(bad, f"JOIN {','.join(names[start : start + 40])}\r\n".encode())
    victim.serves()
    said = overhear(people[0])
    assert " 366 joiner0 #0-0 " in said and " 263 joiner0 JOIN " in said
    victim.good.send("LIST")
    assert len(victim.good.until(" 323 ")) < 10 * 121 + 3
    for bad in people:
        bad.close()


def test_readers_that_stop_reading(victim: Victim) -> None:
    deaf = []
    for index in range(200):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((HOST, victim.daemon.port))
        client = Client(sock).register(f"deaf{index}")
        client.send("JOIN #busy")
        client.sync()
        deaf.append(client)
    victim.good.send("JOIN #busy")
    victim.good.sync()
    with victim.daemon.client("talker", victim.free_port) as talker:
        talker.send("JOIN #busy")
        talker.sync()
        count = 0
        while count < 40_000:
            talker.send(*[f"PRIVMSG #busy :{number:06} " + "x" * 400 for number in range(count, count + 500)])
            count += 500
            with soon(victim.daemon):
                lines = victim.good.until(rf" PRIVMSG #busy :{count - 1:06} ")
            heard = [line.split(":")[2][:6] for line in lines if " PRIVMSG #busy :" in line]
            assert heard == [f"{number:06}" for number in range(count - 500, count)]
            if sum(" QUIT :SendQ exceeded" in line for line in lines) > 150:
                break
        talker.send("NAMES #busy")
        names = "\n".join(line for line in talker.until(" 366 ") if " 353 " in line)
        assert names.count("deaf") < 50
    victim.good.send("PART #busy")
    for client in deaf:
        client.close()
    victim.good.sync()


def test_a_flood_of_connections_from_an_exempt_address(victim: Victim) -> None:
    crowd = [victim.daemon.connect() for _ in range(MANY)]
    victim.check()
    for client in crowd:
        client.socket.sendall(b"NICK crowd\r\n")
    victim.serves()
    for client in crowd:
        client.close()
    for _ in range(MANY):
        victim.daemon.connect().close()
    victim.serves()


def test_a_flood_of_connections_from_one_address(victim: Victim) -> None:
    crowd = [victim.behind("192.0.2.66") for _ in range(300)]
    assert all("Too many connections from your address" in (client.line() or "") for client in crowd[16:])
    for client in crowd:
        client.close()
    for index in range(25):
        with victim.behind("192.0.2.77") as client:
            client.send("QUIT")
            assert ("Connecting too fast" in client.rest()[-1]) == (index >= 20)
    network = [victim.behind(f"198.51.100.{number}") for number in range(1, 200)]
    assert all("from your network" in (client.line() or "") for client in network[64:])
    for client in network:
        client.close()


def test_capability_negotiation_without_end(victim: Victim) -> None:
    with victim.daemon.connect() as bad:
        shout(bad, b"CAP LS 302\r\nCAP REQ :" + b"server-time " * 40 + b"\r\nCAP LIST\r\n", 2000)
        shout(bad, b"CAP REQ :" + b"x" * 480 + b"\r\nCAP END\r\nCAP\r\nCAP FOO\r\n", 2000)
        victim.serves()
    with victim.registered("capped") as bad:
        shout(bad, b"CAP REQ :echo-message -echo-message server-time -server-time\r\n", 3000)
        victim.serves()


def test_giant_names_and_parameters(victim: Victim) -> None:
    with victim.daemon.connect() as bad:
        bad.send("NICK " + "n" * 500)
        bad.until(" 432 ")
        bad.send("NICK giant", f"USER {'u' * 400} {'0' * 30} * :{'r' * 50}", "NICK " + "é" * 200)
        bad.until(" MODE giant ")
        bad.send(
            "JOIN #" + "c" * 480,
            "TOPIC",
            "WHOIS " + ",".join(["giant"] * 80),
            "PRIVMSG " + "a," * 240 + " :x",
        )
        bad.send(" ".join(["KICK"] + [f"p{number}" for number in range(150)]), "MODE " + "+" * 500)
        bad.send("JOIN " + "," * 500, "MODE #" + "c" * 400 + " +l " + "9" * 90, "PING " + "p" * 500)
        bad.until(" PONG ")


def test_thousands_of_mode_letters(victim: Victim) -> None:
    with victim.registered("moody") as bad:
        bad.send("JOIN #moody")
        bad.sync()
        shout(bad, b"MODE #moody +" + b"ovhqabeI" * 55 + b"\r\n", 20)
        shout(bad, b"MODE #moody +" + b"i-i+" * 120 + b"\r\n", 20)
        shout(bad, b"MODE moody +" + b"iw-iw+Zx" * 50 + b"\r\n", 20)
        shout(bad, b"MODE #moody +bbbb " + b"*" * 90 + b"?!*@* *a*a*a*a*!*@* $&:a $~\r\n", 20)
        shout(bad, b"MODE #moody bbbbbbbbbbbbbbbbbbbbbbbbbbeeeeeeeeeeeeeeeeeeeIIIIIIIIIIIIIII\r\n", 20)
        victim.serves()


def test_floods_of_questions(victim: Victim) -> None:
    for question in (b"WHO *\r\n", b"LIST\r\n", b"HELP\r\n", b"NAMES\r\n", b"WHOIS good,good,good,good\r\n"):
        with victim.registered("curious") as bad:
            shout(bad, question, 3000)
            victim.serves()
            assert "Excess Flood" in bad.rest()[-1]
    with victim.registered("watching") as bad:
        for start in range(0, 4000, 40):
            shout(
                bad, f"MONITOR + {','.join(f'w{number}' for number in range(start, start + 40))}\r\n".encode()
            )
        victim.serves()
        bad.until(" 734 watching 100 ")


def test_registrations_that_never_end(victim: Victim) -> None:
    victim.timeout = 2.0
    victim.configure()
    victim.daemon.reload()
    crowd = [victim.daemon.connect() for _ in range(300)]
    for byte in b"NICK":
        for client in crowd:
            shout(client, bytes([byte]))
    victim.serves()
    for client in crowd:
        assert client.rest()[-1].endswith("(Registration timed out)")
        client.close()
    victim.timeout = 600.0
    victim.configure()
    victim.daemon.reload()


def test_tls_handshakes_that_lead_nowhere(victim: Victim) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    hello = outgoing.read()
    chance = random.Random(6697)
    port = victim.daemon.tls_port
    crowd = [victim.daemon.connect(port) for _ in range(400)]
    for index, client in enumerate(crowd):
        if index % 4 == 0:
            shout(client, hello)
        elif index % 4 == 1:
            shout(client, hello[: index % len(hello)])
        elif index % 4 == 2:
            shout(client, chance.randbytes(5000))
        else:
            shout(client, b"\x16\x03\x01\xff\xff" + bytes(70000))
    victim.serves()
    with victim.daemon.connect_tls() as good:
        with soon(victim.daemon):
            good.register("secure").sync()
        # Broken in the middle of a conversation.
        plain = socket.socket(fileno=good.socket.detach())
        plain.sendall(chance.randbytes(3000))
        Client(plain).rest()
        plain.close()
    for client in crowd:
        client.close()
    for _ in range(100):
        victim.daemon.connect_tls().close()
    victim.serves()


def test_a_crowd_of_handshakes_gives_its_memory_back(victim: Victim) -> None:
    """Begun and never finished, or finished and dropped, with damage behind some of them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing).do_handshake()
    hello = outgoing.read()
    rests = (b"", hello, b"\x17\x03\x03\x00\x50" + bytes(20), b"\x16\x03\x03\x00\x04rest")
    before = victim.daemon.memory()
    crowd = [victim.daemon.connect(victim.daemon.tls_port) for _ in range(400)]
    for index, client in enumerate(crowd):
        shout(client, hello)
        client.socket.recv(1)  # the handshake has begun
        shout(client, rests[index % len(rests)])
    crowded = victim.daemon.memory()
    victim.serves()
    for client in crowd:
        client.close()
    for _ in range(20):
        victim.daemon.connect_tls().close()
    wait_for(lambda: victim.daemon.memory() < before + (crowded - before) / 2, "memory that comes back")


def test_rubbish_where_a_proxy_header_belongs(victim: Victim) -> None:
    chance = random.Random(4711)
    signature = b"\r\n\r\n\x00\r\nQUIT\n"
    text = b"PROXY TCP4 192.0.2.1 192.0.2.2 1 "
    starts = (b"", signature, signature + b"\x21\x11", b"PROXY ", text)
    for index in range(200):
        with victim.daemon.connect(victim.proxy_port) as bad:
            shout(bad, starts[index % len(starts)] + chance.randbytes(chance.randrange(1, 2000)))
    waiting = [victim.daemon.connect(victim.proxy_port) for _ in range(200)]
    victim.serves()
    for client in waiting:
        client.close()


def test_no_descriptors_left(daemon: Daemon) -> None:
    """Who is connected stays served, and others come in again as soon as somebody leaves."""
    daemon.wrapper = [
        sys.executable,
        "-c",
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); "
        "os.execv(sys.argv[1], sys.argv[1:])",
    ]
    with daemon:
        good = daemon.client("good")
        crowd = [daemon.connect() for _ in range(100)]
        with soon(daemon):
            good.sync()
        for client in crowd:
            client.close()

        def welcome() -> bool:
            with daemon.connect() as client:
                client.send("NICK next", "USER next 0 * :Next", "QUIT")
                return any(" 001 " in line for line in client.rest())

        wait_for(welcome, "room for a newcomer")
        with soon(daemon):
            good.sync()
        assert len(daemon.output()) < 100_000
