"""The types that stand in comments are right: `tsc --checkJs`, strict.  https://www.typescriptlang.org/"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from browser import PAGES

pytestmark = pytest.mark.client
TYPESCRIPT = "typescript@5"
OPTIONS = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "strict": True,
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["esnext", "dom", "dom.iterable"],
    "types": [],
}


@pytest.fixture
def compiler(tmp_path: Path) -> str:
    """Where TSC says, or in CI from npm."""
    given = os.environ.get("TSC")
    if given:
        return given
    if os.environ.get("CI") != "true" or shutil.which("npm") is None:
        pytest.skip("typescript is installed in CI only (or TSC names its tsc)")
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(tmp_path), TYPESCRIPT]
    subprocess.run(command, check=True)
    return str(tmp_path / "node_modules" / ".bin" / "tsc")


def test_types_are_right(compiler: str, tmp_path: Path) -> None:
    project = tmp_path / "tsconfig.json"
    files = [str(PAGES / "app" / "**" / "*.js"), str(PAGES / "sw.js")]
    project.write_text(json.dumps({"compilerOptions": OPTIONS, "include": files}))
    told = subprocess.run([compiler, "-p", str(project)], capture_output=True, text=True, check=False)
    assert told.stdout.splitlines() == []
    assert told.returncode == 0
