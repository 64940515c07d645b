"""``scripts/bench`` measures the server it was told to measure, or none."""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from bench_load.inspircd import HOW_TO_GET, MODULES, PROGRAM, InspIRCd, is_there
from bench_load.server import Ports, Server
from bench_load.tree import PACKAGE, PLUGIN, Tree, foreign, interpreter, is_tree
from daemon_process import DEADLINE, ROOT, runs, started, wait_for

from chatnet.settings import Settings


def bench(*options: str, folder: Path | None = None) -> subprocess.Popen[str]:
    """Let it run with these options; servers have their folders in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench_load", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "TMPDIR": str(folder or "/tmp")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def descriptors(process: int) -> int:
    """How many files and connections it has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


def tree(folder: Path) -> Path:
    """The two files by which a source tree is known."""
    for name in (PACKAGE, PLUGIN):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    return folder


def test_a_tree_that_is_none_is_refused(tmp_path: Path) -> None:
    process = bench("--tree", str(tmp_path / "nowhere"))
    _, said = process.communicate()
    assert process.returncode == 2
    assert f"--tree {tmp_path}/nowhere: there is no source tree of chatnet" in said
    assert not is_tree(ROOT / "docs")
    assert is_tree(ROOT) and is_tree(tree(tmp_path / "a"))


def test_an_interpreter_is_one_that_has_what_a_server_needs(tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert interpreter(str(other)) is None  # nobody may run it
    other.chmod(0o700)
    assert interpreter(str(other)) == f"CPython {platform.python_version()}"
    command = Tree("x", ROOT, python=str(other)).command(tmp_path, Ports(6667, 0, 0))
    assert command[0] == str(other)
    other.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # without the libraries
    assert interpreter(str(other)) is None
    _, said = bench("--python", str(other)).communicate()
    assert f"--python {other}: it does not run, or has not what chatnet needs" in said


def test_a_tree_that_knows_bans_has_as_many_as_are_asked_for(tmp_path: Path) -> None:
    ports = Ports(6667, 0, 0)
    old = tree(tmp_path / "old")
    for served, expected in ((ROOT, 30), (old, 0)):
        Tree("x", served, 30).command(tmp_path, ports)
        settings = tomllib.loads((tmp_path / "bench.toml").read_text())
        bans = Settings.model_validate({"ban": settings.get("ban", [])}).ban
        assert len(bans) == expected
    assert "ban" not in tomllib.loads((tmp_path / "bench.toml").read_text())


@pytest.mark.parametrize(("stores", "expected"), [(None, True), (True, True), (False, False)])
def test_a_tree_stores_messages_unless_it_is_not_to(
    tmp_path: Path, stores: bool | None, expected: bool
) -> None:
    Tree("x", ROOT, 0, stores).command(tmp_path, Ports(6667, 0, 0))
    settings = tomllib.loads((tmp_path / "bench.toml").read_text())
    assert Settings.model_validate({"history": settings.get("history", {})}).history.stores is expected


def test_a_server_of_another_tree_is_noticed(tmp_path: Path) -> None:
    ours, other = tree(tmp_path / "ours"), tree(tmp_path / "other")
    assert foreign(ours, f"{ours / PACKAGE}\n{ours / PLUGIN}") is None
    assert foreign(ours, f"{ours / PACKAGE}\n{other / PLUGIN}") == str(other / PLUGIN)
    assert foreign(ours, f"{other / PACKAGE}\n{ours / PLUGIN}") == str(other / PACKAGE)


def test_cpu_time_is_counted_finer_than_the_clock_of_10_ms() -> None:
    us = Server("this", os.getpid(), "127.0.0.1", Ports(0, 0, 0))
    times = []
    for _ in range(50):
        sum(range(10_000))
        os.sched_yield()
        times.append(us.cpu())
    assert any(0 < later - earlier < 0.009 for earlier, later in pairwise(times))


@pytest.mark.daemon
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("clients", [0, 50], ids=["while it starts", "under load"])
def test_nothing_runs_when_it_is_ended(tmp_path: Path, number: signal.Signals, clients: int) -> None:
    """In order it leaves no folder either."""
    process = bench("--scenario", "dm", "--seconds", "1000", folder=tmp_path)
    try:
        wait_for(lambda: started(process.pid, "bench.toml"), "a server")
        (server,) = started(process.pid, "bench.toml")
        wait_for(lambda: descriptors(server) > clients, "its clients")
        process.send_signal(number)
        process.communicate(timeout=DEADLINE)
        wait_for(lambda: not runs(server), "its end")
    finally:
        process.kill()
        process.communicate()
    if number is signal.SIGKILL:
        assert process.returncode == -number
    else:
        assert process.returncode == 128 + number
        assert list(tmp_path.iterdir()) == []


def test_a_peer_is_where_its_package_was_unpacked(tmp_path: Path) -> None:
    """InspIRCd's configuration is ours: what it listens on, and that nothing of it is found elsewhere."""
    assert not is_there(tmp_path)
    process = bench("--peer", "inspircd", "--peer-root", str(tmp_path))
    _, said = process.communicate()
    assert process.returncode == 2 and HOW_TO_GET in said
    (tmp_path / MODULES).mkdir(parents=True)
    program = tmp_path / PROGRAM
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho InspIRCd-3.15.0-debian\n")
    program.chmod(0o755)
    assert is_there(tmp_path)
    peer = InspIRCd(tmp_path)
    assert peer.name == "InspIRCd 3.15"
    for ports, listeners in ((Ports(6667, 0, 0), 1), (Ports(6667, 6697, 0), 2)):
        command = peer.command(tmp_path, ports)
        assert command[0] == str(program)
        text = Path(command[-1]).read_text()
        assert text.count("<bind ") == listeners and 'port="6667"' in text
        assert ('port="6697"' in text) == ((tmp_path / "certificate.pem").exists()) == (listeners == 2)
        assert f'moduledir="{tmp_path / MODULES}"' in text and not re.search("HOST|PORT|FOLDER|MODULES", text)


@pytest.mark.daemon
def test_every_message_arrives_with_all_capabilities(tmp_path: Path) -> None:
    """Speakers hear themselves then, and nothing is lost, doubled or refused; a link hears all of it."""
    chosen = [word for name in ("burst-linked", "single-tls", "dm", "churn") for word in ("--scenario", name)]
    options = ("--caps", "all", "--rounds", "1", "--scale", "0.02", "--seconds", "0.1", "--json")
    process = bench(*chosen, *options, folder=tmp_path)
    told, said = process.communicate()
    assert process.returncode == 0, told + said
    found = {run["scenario"]: run["figures"] for run in json.loads(told)["runs"]}
    assert set(found) == {"burst-linked", "single-tls", "dm", "churn"}
    for figures in found.values():
        assert {"cpu", "rate", "latency", "latency99", "generator"} <= figures.keys()
        assert figures["cpu"] > 0 and figures["latency"] <= figures["latency99"]
