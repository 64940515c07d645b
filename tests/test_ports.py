"""Tests that run beside each other never have the same port."""

from __future__ import annotations

import os
import subprocess
import sys

from daemon_process import ROOT, free_port

OTHER = """
import itertools, sys
import daemon_process
daemon_process._ports = itertools.chain(map(int, sys.argv[1:]), daemon_process._ports)
print(daemon_process.free_port())
"""


def test_a_port_that_nobody_listens_on_yet_is_given_to_one_process() -> None:
    given = [free_port(), free_port()]
    done = subprocess.run(
        [sys.executable, "-c", OTHER, *map(str, given)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len({*given, int(done.stdout)}) == 3
