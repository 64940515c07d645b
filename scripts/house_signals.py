"""Where to look before the house gets too large: signals, not laws.

Told are the files of ``chatnet`` with the most lines, its classes with the most slots (or, without slots,
attributes given in ``__init__``), and the files that import the most others of ours.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = 10


@dataclass(frozen=True)
class Signal:
    """Something that is counted; above `most` somebody should look, but for those who `may`, and why."""

    name: str
    most: int
    may: dict[str, str]


LINES = Signal("lines of a file", 450, {"chatnet/model/facts.py": "a table"})
SLOTS = Signal("slots of a class", 30, {})
IMPORTS = Signal(
    "files of ours that a file imports",
    20,
    {
        "chatnet/commands/__init__.py": "a list of all commands",
        "chatnet/links/links.py": "makes what is in links",
        "chatnet/wiring/build.py": "makes everything",
    },
)


def classes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, how many slots) of each class of a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name, slots(node)


def slots(node: ast.ClassDef) -> int:
    """What an object of a class has in itself, without what its bases have."""
    for part in node.body:
        if isinstance(part, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__slots__" for target in part.targets
        ):
            return len(part.value.elts) if isinstance(part.value, (ast.Tuple, ast.List)) else 1
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        return sum(isinstance(part, ast.AnnAssign) for part in node.body)
    given: set[str] = set()
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            given = {
                target.attr
                for target in ast.walk(part)
                if isinstance(target, ast.Attribute)
                and isinstance(target.ctx, ast.Store)
                and ast.unparse(target.value) == "self"
            }
    return len(given)


def imports(tree: ast.Module, root: Path) -> set[str]:
    """The modules of ours that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                path = root.joinpath(*inner.split("."))
                found.add(inner if path.is_dir() or path.with_suffix(".py").exists() else node.module)
    return {name for name in found if name.partition(".")[0] == "chatnet"}


def measure(root: Path) -> list[tuple[Signal, list[tuple[int, str]]]]:
    """Each signal with all that there is of it, as (number, where), the largest first."""
    lengths: list[tuple[int, str]] = []
    sizes: list[tuple[int, str]] = []
    needs: list[tuple[int, str]] = []
    for path in sorted((root / "chatnet").rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()
        tree = ast.parse(text, name)
        lengths.append((len(text.splitlines()), name))
        sizes += [(count, f"{name} {owner}") for owner, count in classes(tree)]
        needs.append((len(imports(tree, root)), name))
    found = ((LINES, lengths), (SLOTS, sizes), (IMPORTS, needs))
    return [(signal, sorted(rows, key=_rank)) for signal, rows in found]


def _rank(row: tuple[int, str]) -> tuple[int, str]:
    return -row[0], row[1]


def report(root: Path) -> str:
    """The first rows of each signal, those marked that somebody should look at."""
    lines: list[str] = []
    for signal, rows in measure(root):
        lines += [f"{signal.name.capitalize()} (look above {signal.most})", ""]
        for number, where in rows[:ROWS]:
            mark = ""
            if number > signal.most:
                mark = f"   {signal.may[where]}" if where in signal.may else "   LOOK"
            lines.append(f"{number:6}  {where}{mark}")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(report(ROOT))
