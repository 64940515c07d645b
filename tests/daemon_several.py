"""A daemon of several processes: its configuration, and on which of them a client is."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from argon2 import PasswordHasher
from daemon_process import HOST, Client, Daemon, started, wait_for

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[server]
name = "irc.test"
processes = COUNT
[[listen]]
endpoint = "tcp:PORT:interface={HOST}"
[accounts]
iterations = 4096
[flood]
exempt = ["127.0.0.1"]
[[connection_class]]
name = "default"
ping_interval = 3000  # who waits for another process waits for as long as a start takes
[[oper_class]]
name = "admin"
privileges = ["rehash", "die"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
"""
NAMES = ("irc.test", "irc-2.test")
WORD = "correct-horse-1"
HASTY = CONFIGURATION.replace('name = "default"', 'name = "default"\nflood_exempt = true')
"""The same for people who say more than flood control lets them, as soon as the machine is quick."""


def configured(daemon: Daemon, processes: int, more: str = "") -> None:
    daemon.configure(CONFIGURATION.replace("COUNT", str(processes)) + more)


def process_of(daemon: Daemon, client: Client) -> str:
    """The name of the process that a client is connected to, which is told nowhere: by the socket it has."""
    client.send("LUSERS")
    assert client.until(" 451 ")[-1].startswith(":irc.test ")
    (_, here), (_, there) = client.socket.getsockname(), client.socket.getpeername()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = f":{there:04X}", f":{here:04X}"
    (inode,) = [row[9] for row in rows if (row[1][-5:], row[2][-5:]) == ends]
    return next(name for name, pid in running(daemon).items() if f"socket:[{inode}]" in descriptors(pid))


def running(daemon: Daemon) -> dict[str, int]:
    """The processes that run, by their names: the first one has its lock from the one that started it."""
    data, found = daemon.folder / "chatnet-data", {}
    pids = set(started(daemon.pid, "--process"))
    for number in range(2, 17):
        lock = data / f"process-{number}" / "lock"
        text = lock.read_text().strip() if lock.exists() else ""
        if text and int(text) in pids:
            found[f"irc-{number}.test"] = int(text)
            pids.discard(int(text))
    if pids:
        found[NAMES[0]] = pids.pop()
    return found


def descriptors(pid: int) -> list[str]:
    """What a process has open."""
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(os.readlink(each))
    return found


def on(daemon: Daemon, name: str, nick: str, *first: str, port: int | None = None) -> Client:
    """A client of the process of that name: one connects until one is there."""
    while True:
        client = daemon.connect(port)
        if process_of(daemon, client) == name:
            client.send(*first)
            return client.register(nick)
        client.close()


def linked(daemon: Daemon, times: int = 2) -> None:
    """Wait until both have told each other all."""
    wait_for(lambda: daemon.output().count(" has told all it knew") >= times, "the link between them")
