"""One server of two processes: what people see, a process that dies, and the way from one to two and back."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from daemon_network import met
from daemon_process import HOST, Client, Daemon, free_port, runs, started, wait_for
from daemon_several import CONFIGURATION, NAMES, WORD, configured, linked, on

pytestmark = pytest.mark.daemon


def test_two_processes_are_one_server(daemon: Daemon) -> None:
    configured(daemon, 2)
    with daemon:
        linked(daemon)
        first, second = processes = sorted(started(daemon.pid, "--process"))
        ann, bob = (on(daemon, name, nick) for name, nick in zip(NAMES, ("ann", "bob"), strict=True))
        met(ann, bob, "#c")
        bob.send("LINKS", "WHOIS ann", "WHOIS bob", "PRIVMSG #c :hello")
        lines = bob.until(" 318 bob bob ")
        assert sum(" 364 " in line for line in lines) == 1
        assert all(line.startswith(":irc.test ") and "irc-2" not in line for line in lines)
        ann.until("^:bob!.* PRIVMSG #c :hello$")
        # A reload means both, and opens a port of both.
        port = free_port()
        configured(daemon, 2, f'[[listen]]\nendpoint = "tcp:{port}:interface={HOST}"\n')
        daemon.reload()
        for name in NAMES:
            on(daemon, name, name.partition(".")[0], port=port).close()
        assert daemon.output().count("The configuration was read again") == 2
        # One that is wrong changes neither.
        configured(daemon, 2, "[limits]\nnicks = 3\n")
        daemon.reload()
        wait_for(lambda: "The old configuration stays" in daemon.output(), "the reason")
        configured(daemon, 2)
        # One dies: its clients have to come again, and nobody else has lost anything.
        os.kill(second, signal.SIGKILL)
        assert bob.rest() is not None
        ann.until("^:bob!.* QUIT ")
        with daemon.client("bob") as bob:  # whoever lets them in meanwhile
            bob.send("JOIN #c", "PRIVMSG #c :again")
            ann.until("^:bob!.* PRIVMSG #c :again$")
        wait_for(lambda: "Process 2 (irc-2.test) runs again" in daemon.output(), "the second process")
        linked(daemon, 4)
        with on(daemon, NAMES[1], "bob") as bob:
            bob.send("JOIN #c", "PRIVMSG #c :and again")
            ann.until("^:bob!.* PRIVMSG #c :and again$")
            processes += started(daemon.pid, "--process")
            # The first may die as well.
            os.kill(first, signal.SIGKILL)
            wait_for(lambda: "Process 1 (irc.test) runs again" in daemon.output(), "the first process")
            linked(daemon, 6)
            with on(daemon, NAMES[0], "ann") as ann:
                ann.send("JOIN #c", "PRIVMSG #c :here I am")
                bob.until("^:ann!.* PRIVMSG #c :here I am$")
                processes += started(daemon.pid, "--process")
                assert daemon.stop() == -signal.SIGTERM
                for client in (ann, bob):
                    assert re.search("shutting down|SIGTERM", client.rest()[-1])
    assert not any(runs(process) for process in processes)
    data = daemon.folder / "chatnet-data"
    assert (data / "lock").read_text() == (data / "process-2" / "lock").read_text() == ""
    assert list((data / "processes").iterdir()) == []


def test_limits_of_an_address_hold_over_both(daemon: Daemon) -> None:
    strict = CONFIGURATION.replace(
        'exempt = ["127.0.0.1"]', "exempt = []\nconnections_per_address = 6\nconnection_rate = 1000"
    )
    limits = "[sasl]\nattempts = 1000\n[accounts]\nfailures_address = 10\nregister_rate = 1\n"
    daemon.configure(strict.replace("COUNT", "2").replace("[accounts]\n", limits))
    with daemon:
        linked(daemon)
        ann, bob = (on(daemon, name, nick) for name, nick in zip(NAMES, ("ann", "bob"), strict=True))
        ann.send(f"NS REGISTER {WORD}")
        ann.until("NOTICE ann :The account ann is yours")
        # Wrong passwords, by turns: the other one hears of them a moment later.
        refusals = [refused(client, nick) for client, nick in ((ann, "ann"), (bob, "bob")) * 2]
        assert not any(refusals)
        while not refusals[-1]:
            refusals.append(refused(bob, "bob"))
        assert len(refusals) < 20  # twice as many as one process lets try
        # So his process has heard of her account, too, which was counted before.
        bob.send(f"NS REGISTER {WORD}")
        assert "again in" in bob.until("NOTICE bob :")[-1]
        # Her own process would let her try eight times more, and hears of his before.
        tries = 0
        while not refused(ann, "ann"):
            tries += 1
        assert tries < 8
        # Who comes at once, to both: as many stay as there may be.
        crowd = [daemon.connect() for _ in range(20)]
        wait_for(lambda: sum(stays(client) for client in crowd) == 4, "the limit of connections")
        assert stays(ann) and stays(bob)


def refused(client: Client, nick: str) -> bool:
    """Whether somebody who has a wrong password has to wait before it is looked at."""
    client.send("NS IDENTIFY ann wrong-password")
    return "again in" in client.until(f"NOTICE {nick} :")[-1]


def stays(client: Client) -> bool:
    """Whether a connection is still open: what it has read is left out."""
    client.socket.setblocking(False)
    try:
        while client.socket.recv(65536):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_a_server_goes_on_as_the_first_of_two_and_back(daemon: Daemon) -> None:
    configured(daemon, 1)
    with daemon:
        with daemon.client("ann") as ann:
            ann.send(f"NS REGISTER {WORD}", "JOIN #c")
            ann.until("NOTICE ann :The account ann is yours")
            ann.until(" 366 ")
            ann.send("CS REGISTER #c", "PRIVMSG #c :by one")
            ann.until("NOTICE ann :.*#c")
            ann.sync()
        assert daemon.stop() == -signal.SIGTERM
        configured(daemon, 2)
        daemon.start()
        linked(daemon)
        with on(daemon, NAMES[1], "ann", f"PASS ann:{WORD}") as ann:
            with on(daemon, NAMES[0], "bob") as bob:
                bob.send(f"NS REGISTER {WORD}")
                bob.until("NOTICE bob :The account bob is yours")
                met(ann, bob, "#c")
                ann.send("PRIVMSG #c :by two")
                bob.until("^:ann!.* PRIVMSG #c :by two$")
            # An operator ends all.
            ann.send("OPER root sesame", "DIE irc-2.test")
            ann.rest()
        assert daemon.wait() == 0
        configured(daemon, 1)
        daemon.start()
        with daemon.connect() as ann:
            ann.send("CAP REQ :draft/chathistory batch server-time", f"PASS ann:{WORD}")
            ann.send("NICK ann", "USER ann 0 * :ann", "CAP END")
            ann.until(r"^:\S+ MODE ann :")
            ann.send("JOIN #c", "CHATHISTORY LATEST #c * 10")
            said = " ".join(ann.until(r"^:\S+ BATCH -"))
            assert "by one" in said and "by two" in said
        with daemon.connect() as bob:
            bob.send(f"PASS bob:{WORD}")
            bob.register("bob")
            bob.send("WHOIS bob")
            assert any(" 330 " in line for line in bob.until(" 318 "))
    assert Path(daemon.folder / "chatnet-data" / "process-2" / "accounts.sqlite").exists()
