"""``scripts/bench-history`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from bench_history.talk import GROUP, Talk
from daemon_process import ROOT


def test_talk_is_always_the_same() -> None:
    one, two = (list(Talk(700).groups()) for _ in range(2))
    assert one == two
    assert [len(group) for group in one] == [GROUP, GROUP, 100]
    assert len({said[2] for group in one for said in group}) == 700


def test_all_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench_history", "--messages", "600", "--tries", "3"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (\w+).* \| .*\d.* \|$", done.stdout, re.MULTILINE)
    assert set(rows) == {"writing", "stored", "bytes", "start", "page", "search", "ping"}
    assert "load average" in done.stdout
