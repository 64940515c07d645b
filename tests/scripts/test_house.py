"""``scripts/house`` tells where to look: what is large, but for what may be."""

from __future__ import annotations

from pathlib import Path

import pytest
from house_signals import IMPORTS, LINES, ROOT, ROWS, SLOTS, Signal, measure, report

SMALL = """
import chatnet.node
import os
from chatnet.wire import masks, numerics
from chatnet.wire.masks import compile_glob
from collections import deque


class Slotted:
    __slots__ = ("a", "b", "c")


@dataclass(slots=True)
class Data:
    a: int
    b: int = 0


class Plain:
    def __init__(self, other):
        self.a = self.b = other
        self.c: int = 0
        other.d = 1
        self.a += 1

    def later(self):
        self.e = 2


class Bare:
    pass


def make():
    from chatnet.links import links
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A root with one file that is read, and those that it imports."""
    files = {
        "small.py": SMALL,
        "node.py": "",
        "wire/__init__.py": "",
        "wire/masks.py": "",
        "wire/numerics.py": "\n" * 7,
        "links/links.py": "",
    }
    for name, text in files.items():
        path = tmp_path / "chatnet" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def rows_of(root: Path, signal: Signal) -> list[tuple[int, str]]:
    return next(rows for found, rows in measure(root) if found is signal)


def test_what_is_counted(tree: Path) -> None:
    small = "chatnet/small.py"
    assert rows_of(tree, LINES)[:2] == [(SMALL.count("\n"), small), (7, "chatnet/wire/numerics.py")]
    assert rows_of(tree, SLOTS) == [
        (3, f"{small} Plain"),
        (3, f"{small} Slotted"),
        (2, f"{small} Data"),
        (0, f"{small} Bare"),
    ]
    # node, masks, numerics, and links inside the function.
    assert rows_of(tree, IMPORTS)[0] == (4, small)


def test_what_is_too_large_is_marked_unless_it_may_be(tree: Path) -> None:
    many = "\n".join(f"import chatnet.m{number}" for number in range(IMPORTS.most + 1))
    (tree / "chatnet" / "links" / "links.py").write_text(many)
    (tree / "chatnet" / "node.py").write_text(many)
    (tree / "chatnet" / "small.py").write_text("\n" * (LINES.most + 1))
    (tree / "chatnet" / "wire" / "masks.py").write_text("\n" * LINES.most)
    lines = report(tree).splitlines()
    assert [line for line in lines if "LOOK" in line] == [
        f"{LINES.most + 1:6}  chatnet/small.py   LOOK",
        f"{IMPORTS.most + 1:6}  chatnet/node.py   LOOK",
    ]
    assert f"{IMPORTS.most + 1:6}  chatnet/links/links.py   makes what is in links" in lines


def test_exceptions_are_of_what_is_there() -> None:
    for signal, rows in measure(ROOT):
        assert len(rows) > ROWS
        assert signal.may.keys() <= {where for _, where in rows}
