"""``scripts/bench-history`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench_history.talk import GROUP, Talk
from daemon_process import ROOT

FILLING: Final = {"writing", "stored", "bytes"}
ASKING: Final = {"start", "page", "search", "ping"}


def test_talk_is_always_the_same() -> None:
    one, two = (list(Talk(700).groups()) for _ in range(2))
    assert one == two
    assert [len(group) for group in one] == [GROUP, GROUP, 100]
    assert len({said[2] for group in one for said in group}) == 700


def measured(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench_history", "--messages", "600", "--tries", "3", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=600,
    )


def rows(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert done.returncode == 0, done.stderr
    assert "load average" in done.stdout
    return set(re.findall(r"^\| (\w+).* \| .*\d.* \|$", done.stdout, re.MULTILINE))


def test_all_is_measured() -> None:
    assert rows(measured()) == FILLING | ASKING


def test_a_folder_is_filled_once_and_asked_later(tmp_path: Path) -> None:
    folder = tmp_path / "ground"
    assert rows(measured("--folder", str(folder), "--fill")) == FILLING
    done = measured("--folder", str(folder), "--messages", "7")
    assert rows(done) == ASKING
    assert "| start, 600 messages |" in done.stdout


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("dear ann")
    done = measured("--folder", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} is not empty, and was not filled to its end\n"
    assert [each.name for each in tmp_path.iterdir()] == ["letter"]
