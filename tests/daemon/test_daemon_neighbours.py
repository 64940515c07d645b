"""A real server with scripted neighbours: one whose clock is off, a large burst, silence and noise."""

from __future__ import annotations

import time
from collections.abc import Iterator
from socket import create_connection
from threading import Thread

import pytest
from daemon_process import DEADLINE, HOST, Client, Daemon, free_port, wait_for

pytestmark = pytest.mark.daemon

USERS = 20_000
CHANNELS = 2_000
MEMBERS = 20


@pytest.fixture
def linkable(daemon: Daemon) -> Iterator[tuple[Daemon, int]]:
    """A server, and the port where ``so1.test`` may link to it without TLS."""
    port = free_port()
    configure(daemon, port)
    with daemon:
        yield daemon, port


def configure(daemon: Daemon, port: int, handshake_timeout: int = 600) -> None:
    daemon.configure(
        '[server]\nname = "a.test"\nsid = "0AA"\n'
        f"[limits]\nusers = 30000\n[links]\nhandshake_timeout = {handshake_timeout}\n"
        f'[[listen]]\nendpoint = "tcp:PORT:interface={HOST}"\n'
        f'[[listen]]\nkind = "server"\nendpoint = "tcp:{port}:interface={HOST}"\n'
        '[[link]]\nname = "so1.test"\npassword = "linkpw"\nrole = "hub"\n'
    )


def greet(port: int, now: int) -> Client:
    """A neighbour that has said who it is, with its clock at `now`."""
    peer = Client(create_connection((HOST, port), DEADLINE))
    peer.send(
        "PASS linkpw TS 6 :1SO",
        "CAPAB :BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES TB",
        "SERVER so1.test 1 :a scripted server",
        f"SVINFO 6 6 0 :{now}",
    )
    return peer


def test_a_neighbour_whose_clock_is_too_far_off_is_not_linked(linkable: tuple[Daemon, int]) -> None:
    daemon, port = linkable
    with greet(port, int(time.time()) - 70_000) as peer:
        (end,) = peer.until("^ERROR ")[-1:]
        assert "clock is 70" in end and "seconds off" in end
        assert peer.rest() == []
    assert "The link to so1.test ended: Its clock is 70" in daemon.output()


def test_who_says_nothing_or_nonsense_is_cut_off(linkable: tuple[Daemon, int]) -> None:
    daemon, port = linkable
    with Client(create_connection((HOST, port), DEADLINE)) as noisy:
        try:
            noisy.send(*[b"NOTICE * :" + b"x" * 400] * 100)
            assert noisy.rest() == [f"ERROR :Closing Link: {HOST} (Too much said before SERVER)"]
        except (BrokenPipeError, ConnectionResetError):
            pass  # it did not read to the end
    with Client(create_connection((HOST, port), DEADLINE)) as binary:
        try:
            binary.send(*[bytes(range(256)) * 100] * 10)
            binary.rest()
        except (BrokenPipeError, ConnectionResetError):
            pass
    configure(daemon, port, handshake_timeout=1)
    daemon.reload()
    with Client(create_connection((HOST, port), DEADLINE)) as quiet:
        assert quiet.rest() == [f"ERROR :Closing Link: {HOST} (It did not say in time who it is)"]
    daemon.client("ann").close()


def burst(now: int) -> Iterator[str]:
    """All that a large network tells."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    uids = [f"1SOA{digits[n // 1296 % 36]}{digits[n // 36 % 36]}A{digits[n % 36]}A" for n in range(USERS)]
    for n, uid in enumerate(uids):
        who = f"u{n} 1 {now - n} +i ~u{n % 100} host{n % 50}.example.org"
        yield f":1SO EUID {who} 192.0.2.1 {uid} * * :User {n}"
    for n in range(CHANNELS):
        members = " ".join(("@" if m == 0 else "") + uids[(n * 7 + m * 101) % USERS] for m in range(MEMBERS))
        yield f":1SO SJOIN {now - n} #c{n} +nt :{members}"
        bans = " ".join(f"*!*@{bad}{n}.example.org {now} u0" for bad in ("bad", "worse"))
        yield f":1SO EBMASK {now - n} #c{n} b :{bans}"
        yield f":1SO TB #c{n} {now} u0!~u0@host0.example.org :Topic {n}"


def test_a_large_burst_is_taken_in_while_clients_are_served(linkable: tuple[Daemon, int]) -> None:
    """20,000 users and 2,000 channels with bans and topics; then all of it is lost at once."""
    daemon, port = linkable
    now = int(time.time())
    data = "".join(line + "\r\n" for line in [*burst(now), "PING :1SO"]).encode()
    with daemon.client("ann") as ann, greet(port, now) as peer:
        peer.until("^SVINFO ")
        peer.socket.settimeout(None)
        sending = Thread(target=peer.socket.sendall, args=(data,))
        sending.start()
        answered = 0
        while "has told all it knew" not in daemon.output():
            ann.sync()
            answered += 1
            assert daemon.is_running()
        sending.join()
        assert answered > 5, "clients are served between what a neighbour says"
        ann.send("LUSERS", "TOPIC #c1999", "WHOIS u19999", "MODE #c7 b")
        answers = "\n".join(ann.until(" 368 "))
        assert f"There are 0 users and {USERS + 1} invisible on 2 servers" in answers
        assert f" 254 ann {CHANNELS} " in answers
        assert " 332 ann #c1999 :Topic 1999" in answers
        assert " 311 ann u19999 ~u99 host49.example.org * :User 19999" in answers
        assert answers.count(" 367 ann #c7 ") == 2
        peer.close()
        wait_for(lambda: "The link to so1.test ended" in daemon.output(), "the split")
        ann.sync()
        ann.send("LUSERS")
        assert "There are 0 users and 1 invisible on 1 servers" in "\n".join(ann.until(" 266 "))
