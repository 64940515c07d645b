"""A process of a server that is killed again and again while people talk, and one that cannot start."""

from __future__ import annotations

import os
import signal
from functools import partial
from random import Random

import pytest
from daemon_process import Client, Daemon, wait_for
from daemon_several import HASTY, configured, linked, on, running
from profiles import runs

pytestmark = pytest.mark.daemon

RETRY = "process_retry = 0.1\nprocess_retry_max = 0.2\n"
BURST = 40


class Talker:
    """Somebody who says numbers in a channel, and notes which of each other one they hear."""

    def __init__(self, client: Client, nick: str) -> None:
        self.client = client
        self.nick = nick
        self.said = 0
        self.heard: dict[str, list[int]] = {}
        self.other: list[str] = []

    def say(self, count: int) -> None:
        numbers = range(self.said + 1, self.said + count + 1)
        self.client.send(*(f"PRIVMSG #c :{number}" for number in numbers))
        self.said += count

    def hear(self, who: Talker) -> None:
        """Read until the last thing that another one has said."""
        while who.said and (self.heard.get(who.nick) or [0])[-1] != who.said:
            line = self.client.line()
            assert line is not None, f"{self.nick} was cut off"
            source, verb, *rest = line.split(" ")
            nick = source[1:].partition("!")[0]
            if verb == "PRIVMSG":
                self.heard.setdefault(nick, []).append(int(rest[1][1:]))
            else:
                self.other.append(line)


@pytest.mark.parametrize("seed", range(runs(1, 10)))
def test_nobody_else_notices_that_a_process_is_killed_again_and_again(daemon: Daemon, seed: int) -> None:
    """Nothing that others say is lost, doubled or out of order, while one of three processes dies."""
    random, kills = Random(seed), runs(3, 10)
    daemon.configure(HASTY.replace("COUNT", f"3\n{RETRY}"))
    with daemon:
        linked(daemon, 4)
        people = [Talker(on(daemon, name, nick), nick) for name, nick in PLACES]
        for each in people:
            each.client.send("JOIN #c")
            each.client.until(f"^:irc.test 366 {each.nick} #c ")
        for each in people:  # everybody knows of everybody
            each.client.send("NAMES #c")
            while len(each.client.until(" 353 ")[-1].split(" :")[-1].split()) < len(people):
                each.client.send("NAMES #c")
        for kill in range(1, kills + 1):
            before = random.randrange(BURST)
            for each in people:
                each.say(before)
            os.kill(running(daemon)["irc-3.test"], signal.SIGKILL)
            for each in people:
                each.say(BURST - before)
            # Somebody comes while it is away, and is let in.
            with daemon.client(f"visitor{kill}") as visitor:
                visitor.send("JOIN #c", "PRIVMSG #c :0")
                visitor.until(f"^:irc.test 366 visitor{kill} #c ")
            wait_for(partial(has_come_back, daemon, kill), "the third process")
        for each in people:
            each.say(1)
        for each in people:
            for who in people:
                if who is not each:
                    each.hear(who)
                    assert each.heard[who.nick] == list(range(1, who.said + 1))
            assert not any(
                f":{who.nick}!" in line and " QUIT " in line for who in people for line in each.other
            )
        output = daemon.output()
        assert output.count("(SIGKILL), and is started again in") == kills
        assert "Traceback" not in output


def has_come_back(daemon: Daemon, times: int) -> bool:
    return daemon.output().count("Process 3 (irc-3.test) runs again") == times


PLACES = (("irc.test", "ann"), ("irc.test", "abe"), ("irc-2.test", "bob"), ("irc-2.test", "bea"))


def test_a_process_that_cannot_start_says_so_in_a_line(daemon: Daemon) -> None:
    configured(daemon, 2)
    why = "accounts.sqlite cannot be used: file is not a database"

    def said() -> list[str]:
        return [line for line in daemon.output().splitlines() if why in line]

    with daemon:
        linked(daemon)
        store = daemon.folder / "chatnet-data" / "process-2" / "accounts.sqlite"
        # While the server runs it is tried again and again, and the first lets everybody in.
        before = store.read_bytes()
        store.write_bytes(b"this is no database" * 400)
        for suffix in ("-wal", "-shm"):
            store.with_name(store.name + suffix).unlink(missing_ok=True)
        os.kill(running(daemon)["irc-2.test"], signal.SIGKILL)
        wait_for(lambda: len(said()) >= 2, "two tries")
        assert all("Process 2 (irc-2.test) has ended (The accounts in " in line for line in said())
        with daemon.client("ann"):
            pass
        store.write_bytes(before)
        wait_for(lambda: "Process 2 (irc-2.test) runs again" in daemon.output(), "the second process")
        daemon.stop()
        # At the start it ends the server.
        store.write_bytes(b"this is no database" * 400)
        tries = len(said())
        daemon.launch()
        assert daemon.wait() == 1
        (line,) = said()[tries:]
        assert "chatnet cannot start: process 2 (irc-2.test) has ended (The accounts in " in line
        assert "Traceback" not in daemon.output()
