"""``scripts/demo-network``: three servers that are one network, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from socket import create_connection

import pytest
from daemon_process import BIN, DEADLINE, HOST, ROOT, Client, free_port, wait_for


@pytest.mark.daemon
def test_people_of_the_demonstration_talk_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    port = free_port() % 60000
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
        )
    try:
        wait_for(lambda: demo.poll() is not None or "Ctrl-C" in output.read_text(), "the network", 60)
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
