"""The wire needs the standard library only: without site-packages it can be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import chatnet.wire

MODULES = sorted(path.stem for path in Path(chatnet.wire.__file__).parent.glob("[a-z]*.py"))


def test_the_wire_imports_the_standard_library_alone() -> None:
    root = Path(chatnet.wire.__file__).parents[2]
    statements = "; ".join(f"import chatnet.wire.{module}" for module in MODULES)
    code = f"import sys; sys.path.insert(0, {str(root)!r}); {statements}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=60)
