"""``scripts/bench`` measures the server it was told to measure, or none."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from bench_load.server import PACKAGE, PLUGIN, Server, foreign, is_tree
from daemon_process import ROOT


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    """Let it run with these options."""
    return subprocess.run(
        [sys.executable, "-m", "bench_load", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
    )


def tree(folder: Path) -> Path:
    """The two files by which a source tree is known."""
    for name in (PACKAGE, PLUGIN):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).touch()
    return folder


def test_a_tree_that_is_none_is_refused(tmp_path: Path) -> None:
    done = bench("--tree", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert f"--tree {tmp_path}/nowhere: there is no source tree of chatnet" in done.stderr
    assert not is_tree(ROOT / "docs")
    assert is_tree(ROOT) and is_tree(tree(tmp_path / "a"))


def test_a_server_of_another_tree_is_noticed(tmp_path: Path) -> None:
    ours, other = tree(tmp_path / "ours"), tree(tmp_path / "other")
    assert foreign(ours, f"{ours / PACKAGE}\n{ours / PLUGIN}") is None
    assert foreign(ours, f"{ours / PACKAGE}\n{other / PLUGIN}") == str(other / PLUGIN)
    assert foreign(ours, f"{other / PACKAGE}\n{ours / PLUGIN}") == str(other / PACKAGE)


def test_cpu_time_is_counted_finer_than_the_clock_of_10_ms() -> None:
    us = Server("this", os.getpid(), "127.0.0.1", 0, 0)
    times = []
    for _ in range(50):
        sum(range(10_000))
        os.sched_yield()
        times.append(us.cpu())
    assert any(0 < later - earlier < 0.009 for earlier, later in pairwise(times))
