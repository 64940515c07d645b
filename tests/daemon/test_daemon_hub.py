"""Processes of a server that are killed, among them the one that is the way between the others."""

from __future__ import annotations

import os
import re
import signal
from functools import partial
from random import Random

import pytest
from daemon_process import Daemon, wait_for
from daemon_several import HASTY, linked, on, running
from profiles import runs

pytestmark = pytest.mark.daemon

RETRY = "process_retry = 0.1\nprocess_retry_max = 0.2\nprocess_damping = 600\n"
PROCESSES = ("irc.test", "irc-2.test", "irc-3.test")
CAPS = "draft/chathistory batch server-time message-tags"
TOLD = 20
"""Messages that everybody says while a process dies."""


class Member:
    """Somebody in the channel: what they read, and what they said."""

    def __init__(self, daemon: Daemon, process: str, nick: str) -> None:
        self.process = process
        self.nick = nick
        self.client = on(daemon, process, nick, f"CAP REQ :{CAPS}", "CAP END")
        self.read: list[str] = []
        self.said: list[str] = []
        self.client.send("JOIN #c")
        self.until(f" 366 {nick} #c ")

    def until(self, pattern: str) -> list[str]:
        lines = self.client.until(pattern)
        self.read += lines
        return lines

    def say(self, count: int) -> None:
        texts = [f"{self.nick}-{len(self.said) + number}" for number in range(count)]
        self.said += texts
        self.client.send(*(f"PRIVMSG #c :{text}" for text in texts))

    def sees(self, nicks: set[str]) -> bool:
        self.client.send("NAMES #c")
        lines = self.until(f" 366 {self.nick} #c ")
        (names,) = [line.rpartition(":")[2].split() for line in lines if f" 353 {self.nick} " in line]
        return {name.lstrip("@+") for name in names} == nicks

    def has_read(self, who: Member) -> bool:
        """Whether all that another one said is found by reading back, once and in order."""
        self.client.send("CHATHISTORY LATEST #c * 100")
        lines = self.until(r"BATCH -")
        said = [re.search(f"PRIVMSG #c :({who.nick}-\\d+)$", line) for line in lines]
        return [match[1] for match in said if match is not None][-len(who.said) :] == who.said


def victims(random: Random) -> list[str]:
    """The first process, which the others are linked to at the start; and then any."""
    return [PROCESSES[0], *(random.choice(PROCESSES) for _ in range(runs(1, 9)))]


@pytest.mark.parametrize("seed", range(runs(1, 3)))
def test_who_stays_misses_nobody_who_stays(daemon: Daemon, seed: int) -> None:
    """Nothing that they say is lost after reading back, and nobody reads that one of them has quit."""
    random, again = Random(seed), dict.fromkeys(PROCESSES, 0)
    daemon.configure(HASTY.replace("COUNT", f"3\n{RETRY}"))
    with daemon:
        linked(daemon, 4)
        people = [Member(daemon, process, f"p{place}n0") for place, process in enumerate(PROCESSES, 1)]
        for kill, victim in enumerate(victims(random), 1):
            for each in people:
                wait_for(partial(each.sees, {other.nick for other in people}), "all others")
                each.said = []
            before = random.randrange(TOLD)
            for each in people:
                each.say(before)
            os.kill(running(daemon)[victim], signal.SIGKILL)
            stay = [each for each in people if each.process != victim]
            for each in stay:
                each.say(TOLD - before)
            with daemon.client(f"visitor{kill}"):  # the ports are served
                pass
            again[victim] += 1
            wait_for(partial(runs_again, daemon, victim, again[victim]), "the process")
            for each in stay:
                for other in stay:
                    wait_for(partial(each.has_read, other), f"what {other.nick} said, read by {each.nick}")
            for each in stay:
                for other in stay:
                    quitted = re.compile(f"(@[^ ]+ )?:{other.nick}!.* QUIT ")
                    assert not [line for line in each.read if quitted.match(line)]
            people = [*stay, Member(daemon, victim, f"k{kill}")]
        assert "Traceback" not in daemon.output()


def runs_again(daemon: Daemon, process: str, times: int) -> bool:
    return daemon.output().count(f"({process}) runs again") == times
