"""A whole run fails if no conversation produces a numeric, with workers and without: ``numerics_seen.py``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_process import ROOT

TESTS = """
import os

import pytest
from numerics_seen import missing_numerics

@pytest.mark.parametrize("number", range(4))
def test_something(number):
    \"\"\"Each worker sees its half of the numerics, but for those that nobody sees.\"\"\"
    numerics = sorted(missing_numerics - set([UNSEEN]))
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    seen = numerics if worker is None else HALVES[worker](numerics)
    missing_numerics.difference_update(seen)

ALL = sorted(missing_numerics)
HALVES = {"gw0": lambda some: set(some) & set(ALL[::2]), "gw1": lambda some: set(some) & set(ALL[1::2])}
"""


def run(folder: Path, unseen: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A whole run of its own, in which these numerics (a list's elements) are seen by nobody."""
    (folder / "conftest.py").write_text(
        "from numerics_seen import pytest_sessionfinish, pytest_testnodedown\n"
    )
    (folder / "test_it.py").write_text(TESTS.replace("UNSEEN", unseen))
    outside = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    plugins = ["-p", "no:cacheprovider", "-p", "xdist.plugin"]  # others take longer to import than this takes
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "--rootdir", ".", *options, "."],
        cwd=folder,
        env={**outside, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", ["0", "2"])
def test_all_were_seen_by_somebody(tmp_path: Path, workers: str) -> None:
    done = run(tmp_path, "", "-n", workers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 5 passed in " in done.stdout, "it counts as a test"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_one_that_nobody_sees_fails_the_run(tmp_path: Path, workers: str) -> None:
    done = run(tmp_path, '"ERR_NOSUCHNICK"', "-n", workers)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert " 1 failed, 4 passed in " in done.stdout
    assert "these numerics of wire/numerics.py: ERR_NOSUCHNICK" in done.stdout


def test_a_run_of_some_tests_does_not_ask(tmp_path: Path) -> None:
    done = run(tmp_path, '"ERR_NOSUCHNICK"', "-k", "something[1]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 1 passed, 3 deselected in " in done.stdout
