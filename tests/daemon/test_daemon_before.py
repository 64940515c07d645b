"""The version without accounts as a neighbour, on either side and between: a network is upgraded one server
at a time, and no link is lost by it."""

from __future__ import annotations

import os
import subprocess
import tarfile
from base64 import b64encode
from itertools import pairwise
from pathlib import Path

import pytest
from daemon_network import Network, answered, met, registered
from daemon_process import PATIENCE, ROOT, Client, Daemon, wait_for

pytestmark = pytest.mark.daemon

BEFORE = "5530fb1096386b78e5b16fd52a847e65c95a6cea"
"""The last commit without accounts."""
WITHOUT_SEATS = "75809058"
"""The last version whose people have sessions on one server only; it keeps accounts."""
WORD = "correct-horse-1"
FULL = {"accounts": '"full"'}
UNPROTECTED = '[accounts]\niterations = 4096\nnick_protection = "off"\n'


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree_of(BEFORE, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def without_seats(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tree_of(WITHOUT_SEATS, tmp_path_factory.mktemp("without"))


def tree_of(commit: str, folder: Path) -> Path:
    """The source tree of a version, out of the history of this one."""
    archive = folder / "tree.tar"
    command = ["git", "-C", str(ROOT), "archive", f"--output={archive}", commit, "chatnet", "twisted"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
        why = done.stderr.strip()
    except FileNotFoundError:
        why = "there is no git"
    if why or not archive.exists():
        pytest.skip(f"the version before cannot be had: {why}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / "tree", filter="data")
    return folder / "tree"


def runs(daemon: Daemon, tree: Path) -> None:
    """Have it be of that version from its next start on."""
    daemon.environment["PYTHONPATH"] = os.fspath(tree)
    daemon.patience = PATIENCE if tree == ROOT else {}  # not all of those keys were there


def loses_no_link(*daemons: Daemon) -> None:
    for daemon in daemons:
        for word in ("ended", "Refused", "is odd"):
            assert word not in daemon.output(), daemon.output()


@pytest.mark.parametrize("versions", ["on", "no", "non", "ono"])
def test_old_and_new_are_one_network(network: Network, before: Path, versions: str) -> None:
    """In a chain, of which the o are old and the n new; accounts are those of a server."""
    names = "abc"[: len(versions)]
    for name in names:
        network.add(name)
    for name, version in zip(names, versions, strict=True):
        if version == "o":
            runs(network.daemons[name], before)
        near = [(other, True) for one, other in pairwise(names) if one == name]
        near += [(one, False) for one, other in pairwise(names) if other == name]
        # Somebody wrote it too early.
        keys = FULL if version == "n" else {}
        network.configure(name, *(network.to(other, dials, **keys) for other, dials in near))
    daemons = [network.daemons[name] for name in names]
    for daemon in daemons:
        daemon.start()
    for number, name in enumerate(names):
        network.linked(name, 1 + (0 < number < len(names) - 1))
    first, last = daemons[0], daemons[-1]
    with first.connect().register("ann") as ann, last.connect().register("bob") as bob:
        met(ann, bob, "#c")
        for client, version in ((ann, versions[0]), (bob, versions[-1])):
            if version == "n":
                client.send(f"NS REGISTER {WORD}")
                client.until("is yours")
        ann.send("PRIVMSG #c :from ann", "PRIVMSG bob :to bob")
        bob.until(r"PRIVMSG #c :from ann$")
        bob.until(r"PRIVMSG bob :to bob$")
        bob.send("NICK rob", "AWAY :gone", "PRIVMSG ann :to ann")
        ann.until(r"^:bob!\S+ NICK :?rob$")
        ann.until(r"^:rob!\S+ PRIVMSG ann :to ann$")
        ann.sync()
        bob.sync()
    for name, version in zip(names, versions, strict=True):
        if version == "n":
            text = 'keeps no accounts, though its [[link]] has accounts = "full"'
            assert text in network.daemons[name].output()
    loses_no_link(*daemons)


def test_a_person_at_both_ends_is_two_users_for_an_old_server_between(network: Network, before: Path) -> None:
    """They have one nick: its rules decide, once, and nobody fights over it."""
    for name in "abc":
        network.add(name)
    a, b, c = (network.daemons[name] for name in "abc")
    runs(b, before)
    for name in "ac":
        network.configure(name, network.to("b"))
    network.configure("b")
    for daemon in (a, b, c):
        daemon.start()
    with a.connect().register("ann") as ann, c.connect().register("ann") as other:
        for client in (ann, other):
            client.send(f"NS REGISTER {WORD}", "JOIN #c")
            client.until("is yours")
            client.until(" 366 ")
        network.configure("b", network.to("a", True), network.to("c", True))
        b.reload()
        for name, count in (("a", 1), ("b", 2), ("c", 1)):
            network.linked(name, count)
        with a.connect().register("bob") as bob, c.connect().register("rob") as rob:
            met(bob, rob, "#c")  # what came before is there
            nicks = [_nicks(client) for client in (bob, rob)]
            assert nicks[0] == nicks[1] and len(nicks[0]) == 4
        for client in (ann, other):
            client.send("PING storm")
            seen = [line for line in client.until("PONG .*storm") if line[:5] not in (":bob!", ":rob!")]
            assert sum(" NICK " in line for line in seen) <= 2
            assert not any(" KILL " in line or " QUIT " in line for line in seen)
    loses_no_link(a, b, c)


@pytest.mark.parametrize("versions", ["on", "no", "non", "ono"])
def test_sessions_at_both_ends_are_two_users_where_a_server_knows_no_seats(
    network: Network, without_seats: Path, versions: str
) -> None:
    """All keep the same accounts. The nick is one of theirs, by its rules; nobody is killed, no link lost."""
    names = "abc"[: len(versions)]
    for name, version in zip(names, versions, strict=True):
        daemon = network.add(name)
        if version == "o":
            runs(daemon, without_seats)
    ends = {"a": "b", names[-1]: names[-2]}
    for name in names:
        others = [ends[name]] if name in ends else ["a", "c"]
        network.configure(
            name, *(network.to(other, name < other, **FULL) for other in others), more=UNPROTECTED
        )
    daemons = [network.daemons[name].start() for name in names]
    for number, name in enumerate(names):
        network.linked(name, 1 + (0 < number < len(names) - 1))
    first, last = daemons[0], daemons[-1]
    with first.connect().register("ann") as ann, last.connect().register("bob") as bob:
        registered(ann, WORD)
        wait_for(lambda: _logs_in(last), "the account at the other end")
        met(ann, bob, "#c")
        with last.connect() as phone:
            phone.send(f"PASS ann:{WORD}", "NICK ann", "USER ann 0 * :Ann")
            phone.until(" 433 ")
            phone.send("NICK ann_")
            phone.until(" 001 ann_ ")
            phone.send("JOIN #c", "PRIVMSG #c :from the telephone")
            ann.until(r"^:ann_!\S+ PRIVMSG #c :from the telephone$")
            ann.send("PRIVMSG #c :from the desk")
            phone.until(r"^:ann!\S+ PRIVMSG #c :from the desk$")
            bob.send("WHOIS ann_")
            bob.until(" 330 bob ann_ ann ")
            assert _nicks(bob) == _nicks(ann) == ["ann", "ann_", "bob"]
        # Now both want one nick, each on a side of a split.
        near, far = names[-2], names[-1]
        network.configure(far, more=UNPROTECTED)
        last.reload()
        bob.until("^:ann!.* QUIT ")
        with last.connect() as phone:
            phone.send(f"PASS ann:{WORD}", "NICK ann", "USER ann 0 * :Ann")
            phone.until(" 001 ann ")
            phone.send("JOIN #c")
            phone.until(" 366 ")
            network.configure(far, network.to(near, far < near, **FULL), more=UNPROTECTED)
            last.reload()
            network.linked(near, 3 if near == "b" and len(names) == 3 else 2)
            wait_for(lambda: len(_nicks(bob)) == len(_nicks(ann)) == 3, "them to meet")
            assert _nicks(bob) == _nicks(ann)
            for client in (ann, phone):
                seen = client.sync()
                assert sum(" NICK " in line for line in seen) <= 2
                assert not any(" KILL " in line or "ERROR" in line for line in seen)
    for daemon in daemons:
        assert "Traceback" not in daemon.output() and "is odd" not in daemon.output()


def _nicks(client: Client) -> list[str]:
    client.send("NAMES #c")
    told = [line for line in client.until(" 366 ") if " 353 " in line]
    return sorted(word.lstrip("@+") for line in told for word in line.rpartition(":")[2].split())


def test_a_network_is_upgraded_one_server_at_a_time(network: Network, before: Path) -> None:
    for name in "ab":
        runs(network.add(name), before)
    network.configure("a", network.to("b"))
    network.configure("b", network.to("a", True))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        for daemon in (a, b):
            daemon.stop()
            runs(daemon, ROOT)
            daemon.start()
            network.linked("a" if daemon is b else "b", 2)
        # Operators read what to write next, and write it.
        hint = 'keeps accounts of its own: accounts = "full" in the [[link]] blocks on both sides'
        wait_for(lambda: hint in a.output() and hint in b.output(), "the hint")
        with a.connect().register("ann") as ann:
            ann.send(f"NS REGISTER {WORD}")
            ann.until("The account ann is yours")
        network.configure("a", network.to("b", **FULL))
        network.configure("b", network.to("a", True, **FULL))
        ended = a.output().count("ended"), b.output().count("ended")
        a.reload()
        b.reload()
        wait_for(lambda: _logs_in(b), "the account at the other server")
        assert (a.output().count("ended"), b.output().count("ended")) == ended


@pytest.mark.parametrize("version", ["old", "new"])
def test_people_of_a_server_that_keeps_no_accounts_log_in(
    network: Network, before: Path, version: str
) -> None:
    for name in "ab":
        network.add(name)
    network.configure("a", network.to("b"))
    if version == "old":
        runs(network.daemons["b"], before)
        network.configure("b", network.to("a", True), more='services = ["services.chatnet"]')
    else:
        network.configure("b", network.to("a", True), more='[accounts]\nauthority = "remote"')
    with network.daemons["a"] as a, network.daemons["b"] as b:
        wait_for(lambda: "keeps no accounts: its people log in here" in a.output(), "the gate")
        with a.connect().register("ann") as ann:
            ann.send(f"NS REGISTER {WORD}")
            ann.until("The account ann is yours")
        word = b64encode(f"\0ann\0{WORD}".encode()).decode()
        with b.connect() as annie, a.connect().register("bob") as bob:
            annie.send("CAP LS 302")
            annie.until("sasl=SCRAM-SHA-256,PLAIN")
            annie.send("CAP REQ :sasl", "AUTHENTICATE PLAIN")
            annie.until(r"^AUTHENTICATE \+$")
            annie.send(f"AUTHENTICATE {word}")
            annie.until(" 903 ")
            annie.send("CAP END")
            annie.register("annie")
            answered(bob, "WHOIS annie", " 318 ", " 330 bob annie ann ")
            annie.send("PRIVMSG NickServ :LOGOUT")
            annie.until("You are logged out")
            annie.send(f"PRIVMSG NickServ :IDENTIFY ann {WORD}")
            annie.until("You are now identified for ann")
            annie.send("JOIN #club", "PRIVMSG ChanServ :REGISTER #club")
            annie.until("#club belongs to ann now")
        loses_no_link(a, b)
        for daemon in (a, b):
            assert WORD not in daemon.output() and word not in daemon.output()


def _logs_in(daemon: Daemon) -> bool:
    with daemon.connect().register("who") as client:
        client.send(f"NS IDENTIFY ann {WORD}")
        return "logged in" in client.until(" 900 |NOTICE who :")[-1]


def test_old_and_new_tell_each_other_what_was_said(network: Network, before: Path) -> None:
    """The new one stores messages, and is asked for them in the first form; it asks in that form, too."""
    for name in "on":
        network.add(name)
    runs(network.daemons["o"], before)
    network.configure("o", network.to("n"))
    network.configure("n", network.to("o", True))
    with network.daemons["o"] as old, network.daemons["n"] as new:
        network.linked("o")
        network.linked("n")
        with old.connect().register("ann") as ann, new.connect().register("bob") as bob:
            met(ann, bob, "#c")
            network.configure("n")
            new.reload()
            ann.until("^:bob!.* QUIT ")
            bob.until("^:ann!.* QUIT ")
            ann.send("PRIVMSG #c :from the old one")
            bob.send("PRIVMSG #c :from the new one")
            ann.sync()
            bob.sync()
            network.configure("n", network.to("o", True))
            new.reload()
            told = "told 1 messages that were missing here"
            wait_for(lambda: f"n.test {told}" in old.output(), "what the new one said")
            wait_for(lambda: f"o.test {told}" in new.output(), "what the old one said")
            bob.send("HISTORY #c")
            bob.until("from the old one")
    assert "Traceback" not in new.output()
