"""The real daemon and what was said: its end, its disk, its clock, and what is nowhere to be found."""

from __future__ import annotations

import re
import resource
import signal
from base64 import b64encode

import pytest
from daemon_network import Network
from daemon_process import Client, Daemon, wait_for

from chatnet.wiring.cli import main

pytestmark = pytest.mark.daemon

PASSWORD = "planted-one-of-ann"
OPER = "planted-two-of-oper"
CONFIGURATION = """
[server]
data = "data"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
nick_protection = "off"
[flood]
enabled = false
[[oper_class]]
name = "admin"
privileges = ["rehash"]
[[oper]]
name = "root"
class = "admin"
password = "{hash}"
snomask = "g"
"""
CAPS = "batch message-tags server-time draft/chathistory"
FILE = "history.sqlite"


@pytest.fixture(scope="module")
def configuration() -> str:
    from argon2 import PasswordHasher

    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(OPER)
    return CONFIGURATION.replace("{hash}", hashed)


def logged_in(daemon: Daemon, nick: str, *, new: bool = False) -> Client:
    """A client of an account, which is registered if it is `new`."""
    client = daemon.connect()
    if not new:
        client.send(f"PASS {nick}:{PASSWORD}")
    client.register(nick)
    if new:
        client.send(f"REGISTER * * {PASSWORD}")
        client.until(f" REGISTER SUCCESS {nick} ")
    client.send(f"CAP REQ :{CAPS}")
    client.until(" ACK ")
    return client


def operator(daemon: Daemon, nick: str = "root") -> Client:
    client = daemon.client(nick)
    client.send(f"OPER root {OPER}")
    client.until(" 381 ")
    return client


def past(client: Client, target: str) -> list[str]:
    """What was said last, as texts."""
    client.send(f"CHATHISTORY LATEST {target} * 50")
    reference = re.search(
        rf" BATCH \+(\S+) chathistory {target}$", client.until(rf" chathistory {target}$")[-1]
    )
    assert reference
    lines = client.until(f" BATCH -{reference[1]}$")
    return [found[1] for line in lines if (found := re.search(r" PRIVMSG \S+ :(.*)$", line))]


def stored(client: Client, text: str, target: str = "#c") -> None:
    """Say something, and wait until it is read again."""
    client.send(f"PRIVMSG {target} :{text}")
    assert past(client, target)[-1] == text


def club(daemon: Daemon) -> Client:
    """Ann, in a channel that is hers."""
    ann = logged_in(daemon, "ann", new=True)
    ann.send("JOIN #c", "CS REGISTER #c")
    ann.until("#c belongs to ann now")
    return ann


def back(daemon: Daemon) -> Client:
    ann = logged_in(daemon, "ann")
    ann.send("JOIN #c")
    ann.until(" 366 ")
    return ann


def test_messages_survive_the_end_and_the_kill(daemon: Daemon, configuration: str) -> None:
    daemon.configure(configuration)
    daemon.start()
    ann, bob = club(daemon), logged_in(daemon, "bob", new=True)
    root = operator(daemon)
    kept = [line for line in root.sync() if "From now on these are stored" in line]
    assert not kept  # it came with OPER
    again = daemon.client("again")
    again.send(f"OPER root {OPER}")
    assert not [line for line in again.until(" 381 ") if "From now on" in line]
    assert "From now on these are stored: messages to channels for 90 days" in daemon.output()
    stored(ann, "before SIGTERM")
    bob.send("PRIVMSG ann :in private")
    assert past(bob, "ann") == ["in private"]
    ann.send("PRIVMSG #c :just before")
    ann.sync()
    daemon.stop()
    daemon.start()
    assert daemon.output().count("From now on these are stored") == 1
    ann = back(daemon)
    assert past(ann, "#c") == ["before SIGTERM", "just before"]
    assert past(ann, "bob") == ["in private"]
    stored(ann, "before the kill")
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    ann = back(daemon)
    assert past(ann, "#c") == ["before SIGTERM", "just before", "before the kill"]
    assert past(ann, "bob") == ["in private"]
    assert all(
        file.stat().st_mode & 0o777 == 0o600 for file in (daemon.folder / "data").glob("history.sqlite*")
    )


def test_a_disk_that_is_full(daemon: Daemon, configuration: str) -> None:
    """Chat goes on, operators are told once, and it is stored when there is room again."""
    daemon.configure(configuration)
    daemon.start()
    ann, root = club(daemon), operator(daemon)
    stored(ann, "one")
    root.sync()
    infinite = resource.RLIM_INFINITY
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, infinite))
    root.send("JOIN #c")
    root.until(" 366 ")
    ann.send("PRIVMSG #c :two")
    root.until("PRIVMSG #c :two$")
    root.until("Notice -- Messages are not stored as they should: This server cannot write to its disk")
    assert past(ann, "#c") == ["one"]
    ann.send("PRIVMSG #c :three")
    root.until("PRIVMSG #c :three$")
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (infinite, infinite))
    told = root.until("Notice -- Messages are stored again")
    assert not [line for line in told if "cannot write" in line]
    assert past(ann, "#c") == ["one", "two", "three"]


def test_a_damaged_file_is_set_aside(daemon: Daemon, configuration: str) -> None:
    daemon.configure(configuration)
    daemon.start()
    stored(club(daemon), "lost")
    daemon.stop()
    file = daemon.folder / "data" / FILE
    whole = file.read_bytes()
    file.write_bytes(b"garbage " * (len(whole) // 8))
    daemon.start()
    assert "The messages were damaged: the file is kept as history.sqlite.damaged-" in daemon.output()
    root = daemon.client("root")
    root.send(f"OPER root {OPER}")
    assert [line for line in root.until(" 381 ") if "The messages were damaged" in line]
    ann = back(daemon)
    stored(ann, "anew")
    assert past(ann, "#c") == ["anew"]
    (aside,) = (path for path in file.parent.glob("history.sqlite.damaged-*") if path.suffix != "-wal")
    assert aside.stat().st_mode & 0o777 == 0o600


def test_passwords_are_nowhere(network: Network, configuration: str) -> None:
    """What people type to log in is kept nowhere, neither where accounts are nor where they are not."""
    more = '[accounts]\niterations = 4096\nnick_protection = "off"\n'
    staff = configuration[configuration.index("[[oper_class]]") :]
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"), more=more + staff)
    network.configure("b", network.to("a", True), more='[accounts]\nauthority = "remote"\n' + staff)
    planted = {place: f"planted-{place}-secret" for place in ("first", "second", "wrong", "drop")}
    with network.daemons["a"] as a, network.daemons["b"] as b:
        wait_for(lambda: "keeps no accounts: its people log in here" in a.output(), "the gate")
        with a.client("ann") as ann:
            ann.send(f"NS REGISTER {planted['first']}")
            ann.until("The account ann is yours")
            ann.send("QUIT")
            ann.rest()
        for number, daemon in enumerate((a, b)):
            with daemon.connect() as ann, daemon.client(f"bob{number}") as bob:
                ann.nick, place = f"ann{number}", f"#c{number}"
                said = b64encode(f"\0ann\0{planted['first']}".encode()).decode()
                ann.send(
                    f"PASS ann:{planted['first']}",
                    "CAP LS 302",
                    f"CAP REQ :sasl {CAPS}",
                    "AUTHENTICATE PLAIN",
                )
                ann.send(f"AUTHENTICATE {said}", f"NICK {ann.nick}", "USER ann 0 * :ann")
                ann.until(" 903 ")
                ann.send("CAP END")
                ann.until(f" MODE {ann.nick} :")
                ann.send(f"PRIVMSG NickServ :IDENTIFY ann {planted['wrong']}", f"JOIN {place}")
                ann.until(" 366 ")
                ann.send(
                    f"NS IDENTIFY ann {planted['wrong']}", f"NOTICE NickServ :IDENTIFY {planted['wrong']}"
                )
                ann.send(f"PRIVMSG NickServ@services. :IDENTIFY ann {planted['wrong']}")
                ann.send(
                    f"PRIVMSG ChanServ :DROP {place} {planted['drop']}", f"CS DROP {place} {planted['drop']}"
                )
                ann.send(f"OPER root {OPER}", f"OPER root {planted['wrong']}")
                ann.send(f"PRIVMSG {place} :heard", f"PRIVMSG bob{number} :heard as well")
                bob.until("heard as well")
                stored(ann, f"stored {number}", place)
                if daemon is b:
                    ann.send(f"PRIVMSG NickServ :SET PASSWORD {planted['second']}")
                    ann.sync()
                    bob.send(f"PRIVMSG NickServ :IDENTIFY ann {planted['second']}")
                    bob.sync()
        for number, daemon in enumerate((a, b)):
            file = daemon.folder / "export.jsonl"
            options = ["--config", str(daemon.config), "--channel", f"#c{number}"]
            assert main(["history", "export", *options, str(file)]) == 0
            assert "stored" in file.read_text() and "heard" in file.read_text()
        folders = [network.folder / "a", network.folder / "b"]
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert {"history.sqlite", "history.sqlite-wal", "output"} <= {path.name for path in found}
        everything = {path: path.read_bytes() for path in found}
        for secret in (*planted.values(), OPER, b64encode(f"\0ann\0{planted['first']}".encode()).decode()):
            assert [path for path, data in everything.items() if secret.encode() in data] == []
        for folder in folders:
            kept = [path for path, data in everything.items() if b"stored" in data and folder in path.parents]
            assert any("history.sqlite" in path.name for path in kept)
