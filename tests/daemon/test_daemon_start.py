"""The real daemon's start: what it says, what it needs, and the one sentence when it cannot."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import resource
import signal
import socket
import ssl
import stat
import subprocess
import sys

import pytest
from daemon_process import DEADLINE, HOST, ROOT, Daemon, wait_for

from chatnet.compiled import version

pytestmark = pytest.mark.daemon


@pytest.fixture
def daemon(daemon: Daemon) -> Daemon:
    """One with an interpreter of its own, as everywhere but in tests."""
    daemon.copied = False
    return daemon


def tool(daemon: Daemon, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the console script in the daemon's folder."""
    return subprocess.run(
        [sys.executable, "-c", "from chatnet.wiring.cli import main; raise SystemExit(main())", *arguments],
        cwd=daemon.folder,
        env=daemon.environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def test_it_starts_without_a_configuration_and_says_so_in_a_few_lines(daemon: Daemon) -> None:
    with daemon:
        ann = daemon.client("ann")
        ann.send("JOIN #lobby", "HELP")
        ann.until(" 366 ")
        lines = daemon.output().splitlines()
        assert 4 <= len(lines) <= 8
        words = "\n".join(lines)
        assert f"chatnet {version()}: " in words
        assert f"Listening on tcp:{daemon.port}:interface=127.0.0.1 (plain)" in words
        assert f"Listening on tcp:{daemon.tls_port}:interface=127.0.0.1 (TLS)" in words
        assert re.search("Certificate .*default.pem: SHA-256 [0-9a-f]{64}$", words, re.MULTILINE)
        assert f"Data folder: {daemon.folder}/chatnet-data" in words
        assert f"nc 127.0.0.1 {daemon.port}" in words
        data = daemon.folder / "chatnet-data"
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert (data / "lock").read_text() == f"{daemon.pid}\n"
        secrets = [data / "cloak.key", data / "certificates" / "default.pem"]
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in secrets)
        assert sorted(path.name for path in daemon.folder.iterdir()) == ["chatnet-data", "output"]


def test_a_second_start_on_the_same_data_folder_gets_one_sentence(daemon: Daemon) -> None:
    with daemon:
        second = Daemon(daemon.folder)
        before = daemon.output()
        try:
            second.launch()
            assert second.wait() == 1
        finally:
            second.end()
        said = daemon.output().removeprefix(before)
        assert said.splitlines() == [
            f"Another chatnet (process {daemon.pid}) is running with the data folder "
            f"{daemon.folder}/chatnet-data."
        ]
        daemon.client("ann").sync()


def test_keys_that_everybody_may_read_are_told_at_the_start_and_at_a_reload(daemon: Daemon) -> None:
    with daemon:
        daemon.stop()
    assert "holds a secret key" not in daemon.output()
    data = daemon.folder / "chatnet-data"
    keys = [data / "cloak.key", data / "certificates" / "default.pem"]
    for key in keys:
        key.chmod(0o644)
    again = Daemon(daemon.folder)
    with again:
        again.reload()
    sentences = [f"{key}: holds a secret key, and everybody on this machine can read it" for key in keys]
    assert [again.output().count(sentence) for sentence in sentences] == [2, 2]
    data.chmod(0o777)
    third = Daemon(daemon.folder)
    before = third.output()
    third.launch()
    assert third.wait() == 1
    said = third.output().removeprefix(before)
    assert said == f"The data folder {data} may be changed by others: chmod go-w {data}\n"


def test_a_port_in_use_gets_one_sentence(daemon: Daemon) -> None:
    with socket.create_server((HOST, daemon.port)):
        daemon.launch()
        assert daemon.wait() == 1
    (said,) = daemon.output().splitlines()
    assert said.endswith(f" chatnet: chatnet cannot start: port {daemon.port} on 127.0.0.1 is in use.")


def test_a_start_that_fails_leaves_no_sockets_and_no_locks(daemon: Daemon) -> None:
    (daemon.folder / "notes.txt").write_text("precious")
    daemon.configure("""
[[listen]]
endpoint = "unix:chat.sock"
[[listen]]
endpoint = "unix:notes.txt"
[[listen]]
endpoint = "unix:/"
""")
    daemon.launch()
    assert daemon.wait() == 1
    (said,) = daemon.output().splitlines()
    assert said.endswith(
        " chatnet: chatnet cannot start: unix:notes.txt cannot be opened: notes.txt is there, and is no"
        " socket: name a file that is not there yet; unix:/ cannot be opened: / is a folder: name a file"
        " in it that is not there yet."
    )
    assert (daemon.folder / "notes.txt").read_text() == "precious"
    assert sorted(path.name for path in daemon.folder.iterdir()) == [
        "chatnet-data",
        "chatnet.toml",
        "notes.txt",
        "output",
    ]


def test_a_start_that_fails_says_so_on_the_terminal_and_in_the_log_file(daemon: Daemon) -> None:
    daemon.configure("""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
[log]
file = "chat.log"
""")
    with socket.create_server((HOST, daemon.tls_port)):
        daemon.launch()
        assert daemon.wait() == 1
    sentence = f"chatnet cannot start: port {daemon.tls_port} on 127.0.0.1 is in use."
    assert daemon.output() == sentence + "\n"
    assert sentence in (daemon.folder / "chat.log").read_text()


def test_a_wrong_configuration_is_refused_with_all_its_errors_and_no_secret(daemon: Daemon) -> None:
    daemon.configure("""
[server]
name = "nodots"
password = 12345
[limits]
nick = "many"
colour = 3
[cloak]
key = "sesame-sesame"
[[oper]]
name = "root"
class = "nobody"
password = "hunter2-hunter2"
[[listen]]
endpoint = "ssl:6697"
""")
    daemon.environment["CHATNET__LIMITS__TOPICS"] = "3"
    daemon.launch()
    assert daemon.wait() == 1
    said = daemon.output()
    for key in (
        *("server.name", "server.password", "limits.nick", "limits.colour", "cloak.key"),
        *("oper.0.password", "oper.0.class", "listen.0.endpoint", "CHATNET__LIMITS__TOPICS"),
    ):
        assert key in said
    assert len(said.splitlines()) == 9
    for secret in ("sesame", "hunter2", "12345", "Traceback"):
        assert secret not in said
    checked = tool(daemon, "check-config", "chatnet.toml")
    assert checked.returncode == 1
    warning = "warning: chatnet.toml: holds secrets, and everybody on this machine can read it: chmod 640"
    assert checked.stderr.splitlines() == [warning, *said.splitlines()]


def test_the_configuration_of_the_readme_serves_its_operator(daemon: Daemon) -> None:
    """Copied as it is, but for addresses that others could reach."""
    (text,) = re.findall(r"^```toml\n(.+?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert tool(daemon, "init", "--name", "irc.example.org", "--network", "Chessclub").returncode == 0
    daemon.configure(
        text.replace('"tcp6:6667"', '"tcp:PORT:interface=127.0.0.1"').replace(
            '"tcp6:6697"', '"tcp:TLS_PORT:interface=127.0.0.1"'
        )
    )
    assert daemon.config is not None
    daemon.config.chmod(0o640)
    checked = tool(daemon, "check-config", "chatnet.toml")
    assert (checked.returncode, checked.stderr) == (0, "")
    with daemon, daemon.client("ann") as ann, daemon.client("bob") as bob:
        ann.send("OPER ann secret")
        ann.until(" 381 ann ")
        ann.send(
            "OPERWALL :tea", "CONNECT irc9.example.org", "UNKLINE *@192.0.2.9", "REHASH", "KILL bob :enough"
        )
        said = ann.until("KILL message for bob")
        assert not [line for line in said if " 481 " in line or " 723 " in line]
        assert any("WALLOPS :OPERWALL - tea" in line for line in said)
        assert "Killed (ann (enough))" in bob.rest()[-1]


def test_init_check_config_and_start(daemon: Daemon) -> None:
    made = tool(daemon, "init", "--name", "irc.example.org", "--network", "Example")
    assert made.returncode == 0, made.stderr
    checked = tool(daemon, "check-config", "chatnet.toml")
    assert (checked.returncode, checked.stderr) == (0, "")
    daemon.listen_by_environment()
    daemon.config = daemon.folder / "chatnet.toml"
    with daemon:
        with daemon.connect() as ann:
            ann.send("NICK ann", "USER ann 0 * :Ann")
            welcome = ann.until("MODE ann")
            assert welcome[0].startswith(":irc.example.org 001 ann :Welcome to the Example")
            assert any("Welcome to Example." in line for line in welcome if " 372 " in line)
        with daemon.connect_tls() as bob:
            assert isinstance(bob.socket, ssl.SSLSocket)
            shown = tool(daemon, "fingerprint", "chatnet-data/certificates/default.pem").stdout.strip()
            assert hashlib.sha256(bob.socket.getpeercert(True) or b"").hexdigest() == shown
            assert shown in made.stdout


def test_a_full_disk_gets_one_sentence(daemon: Daemon) -> None:
    daemon.listen_by_environment()
    done = subprocess.run(
        daemon.arguments(),
        cwd=daemon.folder,
        env=daemon.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    said = f"The data folder {daemon.folder}/chatnet-data cannot be written to: File too large.\n"
    assert (done.returncode, done.stdout + done.stderr) == (1, said)


PROBE = """
import sys
from twisted.internet import reactor  # (imports OpenSSL, whatever we do)
def look():
    heavy = ("chatnet.transports.tls", "chatnet.transports.certificates", "argon2", "twisted.names",
             "twisted.web", "alembic", "sqlalchemy", "sqlite3")
    print("LOADED", [name for name in heavy if name in sys.modules], flush=True)
    reactor.stop()
reactor.callWhenRunning(look)
from twisted.scripts.twistd import run
sys.argv = ["twistd", "-n", "--pidfile=", "chatnet"]
run()
"""


@pytest.mark.parametrize(("authority", "loaded"), [("here", "['sqlalchemy', 'sqlite3']"), ("external", "[]")])
def test_a_plain_configuration_imports_nothing_of_tls_dns_or_hashing(
    daemon: Daemon, authority: str, loaded: str
) -> None:
    daemon.environment["CHATNET__ACCOUNTS__AUTHORITY"] = authority
    if authority == "external":
        daemon.environment["CHATNET__HISTORY__STORE"] = "off"
        daemon.environment["CHATNET__BOUNCER__ALWAYS_ON"] = "off"  # nobody has to be kept, either
    daemon.environment["CHATNET__LISTEN"] = json.dumps([{"endpoint": f"tcp:{daemon.port}:interface={HOST}"}])
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=daemon.folder,
        env=daemon.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert f"stdout: LOADED {loaded}\n" in done.stdout, done.stdout + done.stderr


def test_sockets_that_systemd_holds(daemon: Daemon) -> None:
    with socket.create_server((HOST, daemon.port), backlog=16) as held:
        daemon.configure('[[listen]]\nendpoint = "systemd:domain=INET:index=0"\n')
        # As systemd does: the first descriptor is 3, and a variable names the process itself.
        script = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', "
            "LISTEN_FDNAMES='a', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
        )
        daemon.wrapper = [sys.executable, "-c", script, str(held.fileno())]
        daemon.launch([held.fileno()])
        daemon.await_state("READY=1")
    with daemon.client("ann") as ann:
        daemon.reload()
        ann.sync()
    daemon.client("bob").sync()
    assert "Traceback" not in daemon.output()


def test_it_becomes_a_daemon_when_twistd_is_asked_to(daemon: Daemon) -> None:
    daemon.options = ["--pidfile=twistd.pid"]
    daemon.launch()
    assert daemon.wait() == 0
    daemon.await_state("READY=1")
    pid = int((daemon.folder / "twistd.pid").read_text())
    lock = daemon.folder / "chatnet-data" / "lock"
    try:
        assert lock.read_text() == f"{pid}\n"
        ann = daemon.client("ann")
        assert "Listening on" in (daemon.folder / "twistd.log").read_text()
        os.kill(pid, signal.SIGTERM)
        assert "shutting down" in ann.rest()[-1]
        wait_for(lambda: lock.read_text() == "", "the lock to be let go")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_the_log_file_is_opened_anew_on_sighup(daemon: Daemon) -> None:
    daemon.configure("""
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[log]
file = "chat.log"
format = "json"
""")
    log, old = daemon.folder / "chat.log", daemon.folder / "chat.log.1"
    with daemon:
        log.rename(old)
        daemon.reload()
        ends = [json.loads(line)["event"] for line in log.read_text().splitlines()]
        assert ends == ["The configuration was read again"]
        assert all(json.loads(line)["level"] == "info" for line in old.read_text().splitlines())
        assert daemon.output() == ""


def test_each_process_gives_other_uids(daemon: Daemon) -> None:
    """The id of a message has the UID of its author in it."""
    found = []
    for _ in range(2):
        daemon.start()
        with daemon.connect() as ann:
            ann.send("CAP REQ :message-tags", "CAP END")
            ann.register("ann").send("PRIVMSG ann :to myself")
            found.append(ann.until(" PRIVMSG ann :to myself")[-1].partition(" ")[0][-9:])
        daemon.stop()
    one, two = found
    assert one[:3] == two[:3] == "0CN" and one != two
