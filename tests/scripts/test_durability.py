"""``scripts/durability``: how often something is lost is for its own long runs to tell."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from daemon_process import ROOT


@pytest.mark.parametrize("mode", [["--plain", "--late", "3600"], []])
def test_a_server_is_killed_and_looked_into(mode: list[str]) -> None:
    few = ["--echoes", "20", "--talkers", "2", "--longest", "0.4"]
    done = subprocess.run(
        [sys.executable, "-m", "durability_run", *few, *mode],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    echo = "off" if mode else "on"
    said = rf"\d+ echoes, \d+ kills \(-9\), 2 talkers, durable_echo {echo}, sync normal: "
    lost = r"\d+ lost(, echoed [\d.]+ s before a kill at most)?; " if mode else "0 lost; "
    rest = r"0 doubled, \d+ stored without their echo being read\n"
    assert re.fullmatch(said + lost + rest, done.stdout), done.stdout
