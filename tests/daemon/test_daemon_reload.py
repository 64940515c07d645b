"""The real daemon reads its configuration again while people talk: nobody is dropped, no message is lost."""

from __future__ import annotations

import hashlib
import re
import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher
from daemon_process import HOST, Client, Daemon, free_port, wait_for

from chatnet.transports.certificates import make_self_signed

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
LISTEN = '[[listen]]\nendpoint = "tcp:PORT:interface=127.0.0.1"\n'
FREE = '[[connection_class]]\nname = "free"\nflood_exempt = true\n'
STAFF = f"""
[[oper_class]]
name = "admin"
privileges = ["rehash", "die", "restart"]
[[oper]]
name = "ann"
class = "admin"
password = "{HASH}"
"""


@contextmanager
def chatter(daemon: Daemon, people: int) -> Iterator[list[Client]]:
    """`people` talk all the while, each as fast as they hear themselves; at the end nothing is missing."""
    clients = [daemon.connect() if index % 2 else daemon.connect_tls() for index in range(people)]
    heard: list[list[str]] = [[] for _ in clients]
    counts = [0] * people
    errors: list[BaseException] = []
    over = threading.Event()

    def talk(index: int) -> None:
        client = clients[index]
        try:
            while not over.is_set() or counts[index] == 0:
                client.send(f"PRIVMSG #load :{index} {counts[index]}")
                heard[index] += client.until(f":c{index}!.* PRIVMSG #load :{index} {counts[index]}$")
                counts[index] += 1
        except BaseException as error:
            errors.append(error)

    for index, client in enumerate(clients):
        client.send("CAP REQ echo-message", "CAP END")
        client.register(f"c{index}").send("JOIN #load")
        client.until(" 366 ")
    threads = [threading.Thread(target=talk, args=(index,)) for index in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not errors
    for index, client in enumerate(clients):
        lines = "\n".join(heard[index] + client.sync())
        for other in range(people):
            numbers = re.findall(rf" PRIVMSG #load :{other} (\d+)$", lines, re.MULTILINE)
            assert [int(number) for number in numbers] == list(range(counts[other]))
        client.close()


def await_words(daemon: Daemon, words: str, start: int = 0) -> None:
    """Until the log says `words` behind its first `start` characters."""
    wait_for(lambda: words in daemon.output()[start:], f"the log to say: {words}")


def refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def shown(daemon: Daemon) -> str:
    """The fingerprint of the certificate that a new handshake shows."""
    with daemon.connect_tls() as client:
        assert isinstance(client.socket, ssl.SSLSocket)
        return hashlib.sha256(client.socket.getpeercert(True) or b"").hexdigest()


def test_everything_changes_under_people_who_talk(daemon: Daemon) -> None:
    another = free_port()
    tls = '[[listen]]\nendpoint = "tcp:TLS_PORT:interface=127.0.0.1"\ntls = true\n'
    new = f'[[listen]]\nendpoint = "tcp:{another}:interface=127.0.0.1"\n'
    motd = daemon.folder / "motd.txt"
    motd.write_text("the first text\n")
    daemon.configure('[server]\nmotd = "motd.txt"\n' + LISTEN + tls + FREE)
    with daemon:
        with chatter(daemon, 6):
            before = shown(daemon)

            motd.write_text("the second text\n")
            make_self_signed(daemon.folder / "chatnet-data" / "certificates" / "default.pem", ["new.example"])
            head = '[server]\nmotd = "motd.txt"\nnetwork = "Other"\n[limits]\nnick = 12\n'
            daemon.configure(head + LISTEN + new + tls + FREE + STAFF)
            daemon.reload()
            ann = daemon.connect(another)
            ann.send("NICK abcdefghijklm", "NICK abcdefghijkl", "USER ann 0 * :Ann")
            ann.until(" 432 ")
            welcome = "\n".join(ann.until("MODE abcdefghijkl "))
            assert "the second text" in welcome and "NETWORK=Other" in welcome and "NICKLEN=12" in welcome
            assert shown(daemon) != before

            daemon.configure(head + new + tls + FREE + STAFF)
            daemon.reload()
            wait_for(lambda: refused(daemon.port), "the removed listener to close")
            daemon.client("bob", another).sync()

            taken = socket.create_server((HOST, 0))
            in_use = taken.getsockname()[1]
            wrong = f'[[listen]]\nendpoint = "tcp:{in_use}:interface=127.0.0.1"\n'
            bad = {
                head.replace("12", "1200") + new + "[[opers]]\n": (
                    "limits.nick: must",
                    "opers: there is no",
                ),
                head + LISTEN + wrong + tls + FREE: (
                    f"port {taken.getsockname()[1]} on 127.0.0.1 is in use",
                ),
                head.replace("motd.txt", "gone.txt") + new: ("server.motd: cannot read gone.txt",),
                "[server\n": ("not TOML",),
                head + new + tls + '[tls]\ncertificates = "nowhere"\n': ("tls.certificates",),
            }
            for text, reasons in bad.items():
                at = len(daemon.output())
                daemon.configure(text)
                daemon.reload()
                for reason in reasons:
                    await_words(daemon, reason, at)
                assert daemon.output()[at:].count("The old configuration stays") == len(reasons)
                wait_for(lambda: refused(daemon.port), "the listener that was opened in vain to close")
            taken.close()
            assert daemon.config is not None
            daemon.config.unlink()
            daemon.reload()
            await_words(daemon, "cannot be read: No such file or directory")
            ann.sync()

            ann.send("OPER ann wrong")
            ann.until(" 464 ")
            ann.send("OPER ann sesame")
            ann.until(" 381 ")
            ann.send("REHASH")
            said = "\n".join(ann.until("the settings stay as they were"))
            assert " 382 " in said and f"REHASH: {daemon.config}: cannot be read" in said
            daemon.configure(head.replace("12", "9") + LISTEN + new + tls + FREE + STAFF)
            ann.send("REHASH")
            ann.until("REHASH: done")
            ann.send("VERSION")
            ann.until("NICKLEN=9 ")
            daemon.client("carl").sync()
        assert "Traceback" not in daemon.output()


def test_operators_are_told_what_comes_of_a_signal(daemon: Daemon) -> None:
    daemon.configure(LISTEN + STAFF)
    with daemon, daemon.client("ann") as ann, daemon.client("bob") as bob:
        ann.send("OPER ann sesame")
        ann.until(" 381 ")
        daemon.reload()
        notice = " NOTICE [*] :[*]{3} Notice -- "
        ann.until(f"{notice}The configuration was read again .SIGHUP.$")
        wrong = '[cloak]\nkey = "hush-hush"\n[server]\npassword = 12345\nmotd = "hush\\u0000"\n'
        wrong += "".join(f"[[oper]]\nname = 'ann{n}'\nclass = 'a'\npassword = 'hush{n}'\n" for n in range(12))
        daemon.configure(LISTEN + wrong)
        at = len(daemon.output())
        daemon.reload()
        said = ann.until(f"{notice}The log has [0-9]+ further problem.s. of the configuration$")
        told = [line for line in said if "The old configuration stays (SIGHUP): " in line]
        assert len(told) == 10 and all(re.search(notice, line) for line in told)
        assert any("cloak.key: is shorter than 32 characters" in line for line in told)
        assert not any(secret in line for line in said for secret in ("hush", "12345"))
        logged = daemon.output()[at:].count("The old configuration stays: ")
        assert said[-1].endswith(f"The log has {logged - 10} further problem(s) of the configuration")
        daemon.configure(LISTEN + STAFF)
        daemon.reload()
        ann.until(f"{notice}The configuration was read again .SIGHUP.$")
        assert not any("configuration" in line for line in bob.sync())


def test_limits_and_classes_reach_those_who_are_connected(daemon: Daemon) -> None:
    daemon.configure(LISTEN)
    with daemon, daemon.client("ann") as ann:
        ann.send("JOIN #one")
        ann.until(" 366 ")
        daemon.configure("[limits]\nchannels = 1\n" + LISTEN)
        daemon.reload()
        ann.send("JOIN #two")
        ann.until(" 405 ann #two ")
        daemon.configure(
            '[[connection_class]]\nname = "short"\nping_interval = 1\nping_timeout = 1\n' + LISTEN
        )
        daemon.reload()
        assert ann.until("^PING ")
        assert ann.rest()[-1].startswith("ERROR :Closing Link: ")
        daemon.configure("[flood]\nexempt = []\nconnection_rate = 2\n" + LISTEN)
        daemon.reload()
        with daemon.connect() as first, daemon.connect() as second, daemon.connect() as third:
            first.register("one"), second.register("two")
            assert third.rest() == ["ERROR :Closing Link: 127.0.0.1 (Connecting too fast, try again later)"]


def test_a_replaced_certificate_is_noticed_without_anybody_asking(daemon: Daemon) -> None:
    daemon.configure(
        "[tls]\nreload_interval = 3600.0\n"
        + '[[listen]]\nendpoint = "tcp:TLS_PORT:interface=127.0.0.1"\ntls = true\n'
    )
    path = daemon.folder / "chatnet-data" / "certificates" / "default.pem"
    with daemon, daemon.connect_tls() as ann:
        ann.register("ann")
        assert daemon.config is not None
        daemon.config.write_text(daemon.config.read_text().replace("3600.0", "1.0"))
        daemon.reload()
        before = shown(daemon)
        make_self_signed(path, ["next.example"])
        wait_for(lambda: shown(daemon) != before, "the new certificate")
        now = shown(daemon)
        path.write_text("rubbish")
        await_words(daemon, f"{path}: ")
        assert shown(daemon) == now
        ann.sync()


def test_a_first_tls_listener_and_the_last_one(daemon: Daemon) -> None:
    daemon.configure(LISTEN)
    tls = '[[listen]]\nendpoint = "tcp:TLS_PORT:interface=127.0.0.1"\ntls = true\n'
    with daemon:
        assert not (daemon.folder / "chatnet-data" / "certificates").exists()
        daemon.configure(LISTEN + tls)
        daemon.reload()
        ann = daemon.connect_tls().register("ann")
        daemon.configure(LISTEN)
        daemon.reload()
        wait_for(lambda: refused(daemon.tls_port), "the TLS listener to close")
        ann.sync()
        # The same port changes what it speaks.
        daemon.configure(LISTEN + "tls = true\n")
        daemon.reload()
        daemon.connect_tls(port=daemon.port).register("bob").sync()
        ann.sync()


def test_a_full_disk_fails_no_reload(daemon: Daemon) -> None:
    """The log that cannot be written must not end half of it."""
    daemon.configure(LISTEN + STAFF + '[log]\nfile = "chat.log"\n')
    with daemon, daemon.client("ann") as ann:
        ann.send("OPER ann sesame")
        ann.until(" 381 ")
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, 0))
        daemon.configure("[limits]\nnick = 12\n" + LISTEN + STAFF + '[log]\nfile = "chat.log"\n')
        ann.send("REHASH")
        ann.until(" NOTICE ann :REHASH: done$")
        ann.send("VERSION")
        ann.until("NICKLEN=12 ")
        daemon.configure(LISTEN + STAFF + LISTEN.replace("PORT", "TLS_PORT") + "tls = true\n")
        ann.send("REHASH")
        ann.until(r"REHASH: .*/certificates: cannot keep a certificate: File too large$")
