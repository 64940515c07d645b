"""The real daemon keeps accounts: what was answered is there after a restart, and no secret is anywhere."""

from __future__ import annotations

import signal
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from scramp import ScramClient

pytestmark = pytest.mark.daemon

PASSWORD = "planted-secret-one"
OTHER = "planted-secret-two"
WRONG = "planted-secret-that-is-wrong"
CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[accounts]
iterations = 4096
nick_protection = "off"
[log]
level = "debug"
"""


def plain(client: Client, name: str, password: str) -> list[str]:
    """What somebody reads who logs in by PLAIN, up to the end."""
    client.send("CAP REQ :sasl")
    client.until(" ACK ")
    client.send("AUTHENTICATE PLAIN")
    client.until("^AUTHENTICATE ")
    client.send("AUTHENTICATE " + b64encode(f"\0{name}\0{password}".encode()).decode())
    return client.until(" 90[34] ")


def scram(client: Client, name: str, password: str) -> list[str]:
    """The same by SCRAM-SHA-256."""
    talk = ScramClient(["SCRAM-SHA-256"], name, password)
    client.send("CAP REQ :sasl")
    client.until(" ACK ")
    client.send("AUTHENTICATE SCRAM-SHA-256")
    client.until("^AUTHENTICATE ")
    client.send("AUTHENTICATE " + b64encode(talk.get_client_first().encode()).decode())
    talk.set_server_first(_said(client))
    client.send("AUTHENTICATE " + b64encode(talk.get_client_final().encode()).decode())
    talk.set_server_final(_said(client))
    client.send("AUTHENTICATE +")
    return client.until(" 90[34] ")


def _said(client: Client) -> str:
    return b64decode(client.until("^AUTHENTICATE ")[-1].partition(" ")[2]).decode()


def passing(client: Client, word: str) -> list[str]:
    """What somebody reads who connects with PASS, as with nc, up to the welcome."""
    client.send(f"PASS :{word}", "NICK nc", "USER nc 0 * :nc")
    lines = client.until(" 001 ")
    client.send("QUIT")
    client.until("^ERROR ")
    return lines


def test_an_account_is_there_after_a_restart(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    early, ann = daemon.connect(), daemon.client("ann")
    early.send("NICK early", f"REGISTER * * {OTHER}")
    assert early.until("REGISTER SUCCESS early ")
    ann.send(f"REGISTER * ann@example.org {PASSWORD}")
    assert ann.until(" 900 ann .* ann :")
    # answered, and so it is on the disk, whatever becomes of the process
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    assert " 903 " in plain(daemon.connect_tls(), "ann", PASSWORD)[-1]
    assert " 903 " in scram(daemon.connect(), "Ann", PASSWORD)[-1]
    assert " 904 " in plain(daemon.connect(), "ann", WRONG)[-1]
    assert any(" 900 nc " in line for line in passing(daemon.connect(), f"early:{OTHER}"))
    assert any(" 464 nc " in line for line in passing(daemon.connect(), f"early:{WRONG}"))
    second = daemon.client("early")
    second.send(f"REGISTER * * {OTHER}")
    assert second.until("FAIL REGISTER ACCOUNT_EXISTS early ")
    third = daemon.client("third")
    third.send(f"REGISTER * * {OTHER}")
    assert third.until("REGISTER SUCCESS third ")
    daemon.reload()
    daemon.stop()
    assert "The end" in daemon.output()
    _no_secret_in(daemon.folder, daemon.output())


def _no_secret_in(folder: Path, output: str) -> None:
    assert "The account third was registered" in output
    for secret in (PASSWORD, OTHER, WRONG):
        assert secret not in output
        for path in folder.rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


def test_a_file_that_is_none_of_ours_ends_the_start_in_one_sentence(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    data = daemon.folder / "chatnet-data"
    data.mkdir(mode=0o700)
    (data / "accounts.sqlite").write_text("this is no database" * 100)
    daemon.launch()
    assert daemon.wait() == 1
    sentence = daemon.output().strip()
    assert "accounts.sqlite" in sentence and "Traceback" not in sentence and "\n" not in sentence
