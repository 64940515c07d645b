"""``scripts/demo-network``: three servers that are one network, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from socket import create_connection, create_server

import pytest
from daemon_process import BIN, DEADLINE, HOST, ROOT, Client, wait_for


def free_ports() -> int:
    """The first of the ports that it wants, all below those that the system gives to who connects."""
    for first in range(20000 + os.getpid() % 10000, 32000):
        with ExitStack() as stack:
            try:
                for number in (0, 1, 2, 100, 101, 102):
                    stack.enter_context(create_server((HOST, first + number)))
            except OSError:
                continue
            return first
    raise AssertionError("no ports are free")


@pytest.mark.daemon
def test_people_of_the_demonstration_talk_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    port = free_ports()
    environment = {**os.environ, "BIN": str(BIN), "PYTHONPATH": str(ROOT), "PORT": str(port)}
    environment["TMPDIR"] = str(tmp_path)
    output = tmp_path / "output"
    with output.open("wb") as stream:
        demo = subprocess.Popen(
            [ROOT / "scripts" / "demo-network"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.SIG_DFL
            ),  # a job in the background ignores it
        )
    try:
        wait_for(lambda: demo.poll() is not None or "Ctrl-C" in output.read_text(), "the network")
        assert demo.poll() is None, output.read_text()
        assert f"  C  /connect {HOST} {port + 2}\n" in output.read_text()
        with (
            Client(create_connection((HOST, port), DEADLINE)).register("ann") as ann,
            Client(create_connection((HOST, port + 2), DEADLINE)).register("cid") as cid,
        ):
            ann.send("JOIN #demo")
            ann.until(" 366 ")
            cid.send("JOIN #demo")
            ann.until("^:cid!.* JOIN #demo")
            ann.send("PRIVMSG #demo :hello")
            cid.until("^:ann!.* PRIVMSG #demo :hello$")
            # As a terminal does: the signal is for the whole group.
            os.killpg(demo.pid, signal.SIGINT)
            ann.rest()
            cid.rest()
        assert demo.wait(DEADLINE) == 0
        assert output.read_text().endswith("All three have ended.\n")
        assert list(tmp_path.iterdir()) == [output], "what was made is removed"
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait()
