"""What the scripts say while they make the virtual environment, and that they make it once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from daemon_process import ROOT

PYTHON = """#!/bin/sh
# Stands for an interpreter, and for the one of the environment that it makes.
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
elif [ "$1 $2" = "-m pip" ]; then
    echo "pip: $*"
fi
"""


def test_each_of_the_silent_steps_is_told_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "environment", tmp_path / "scripts")
    for name in ("setup.cfg", "pyproject.toml"):
        (tmp_path / name).write_text("")
    python = tmp_path / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    (tmp_path / "scripts" / "run").write_text(
        '. "$(dirname "${BASH_SOURCE[0]}")/environment"\nenvironment websocket\necho ready\n'
    )

    def run() -> list[str]:
        done = subprocess.run(
            ["bash", "-eu", "scripts/run"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHON": str(python)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    made, installing, pip, installed, ready = run()
    assert made == f"Making a virtual environment in {tmp_path}/.venv ..."
    assert installing.startswith("Installing chatnet [websocket] and what it needs there")
    assert pip.startswith("pip: -m pip install ") and pip.endswith(" --editable .[websocket]")
    assert (installed, ready) == ("Installed.", "ready")
    assert run() == ["ready"]
