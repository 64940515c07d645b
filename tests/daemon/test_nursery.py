"""Daemons that are copies of a process are processes like others: they start, end and are told apart."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_network import Network
from daemon_process import Daemon

pytestmark = pytest.mark.daemon


def test_each_has_its_own_folder_environment_and_command(network: Network) -> None:
    one, two = (network.add(name).start() for name in "ab")
    assert one.pid != two.pid
    for daemon in (one, two):
        process = Path(f"/proc/{daemon.pid}")
        assert (process / "cwd").resolve() == daemon.folder
        assert f"Listening on tcp:{daemon.port}:" in daemon.output()
        daemon.client("ann").sync()


def test_how_it_ended_is_told(daemon: Daemon) -> None:
    daemon.start()
    assert daemon.is_running()
    with pytest.raises(subprocess.TimeoutExpired):
        daemon.wait(0.01)
    assert daemon.stop() == -signal.SIGTERM
    daemon.start().signal(signal.SIGKILL)
    assert daemon.wait() == -signal.SIGKILL
    assert not daemon.is_running()
    daemon.signal(signal.SIGTERM)  # nobody is there
    daemon.configure("[server]\nname = 3\n")
    daemon.launch()
    assert daemon.wait() == 1
    assert "server.name" in daemon.output()


def test_two_have_no_chance_in_common(network: Network) -> None:
    """What a process drew before it was copied would be the same in each."""
    found = set()
    for name in "ab":
        daemon = network.add(name)
        with daemon, daemon.connect() as ann:
            ann.send("CAP REQ :message-tags", "CAP END")
            ann.register("ann").send("PRIVMSG ann :to myself")
            found.add(ann.until(" PRIVMSG ann :to myself")[-1].partition(" ")[0])
            found.add((daemon.folder / "chatnet-data" / "cloak.key").read_text())
    assert len(found) == 4


def test_a_new_interpreter_where_a_copy_would_not_do(daemon: Daemon) -> None:
    """What the interpreter reads as it begins, libraries to be loaded above all, a copy cannot have anew."""
    daemon.environment["PYTHONHASHSEED"] = "5"
    assert is_copy(daemon) is False
    del daemon.environment["PYTHONHASHSEED"]
    assert is_copy(daemon) is True
    daemon.wrapper = [sys.executable, "-c", "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"]
    assert is_copy(daemon) is False


def is_copy(daemon: Daemon) -> bool:
    daemon.start()
    command = Path(f"/proc/{daemon.pid}/cmdline").read_text()
    daemon.stop()
    return "nursery_process.py" in command
