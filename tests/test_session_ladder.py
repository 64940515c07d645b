"""The ladder inside `chatnet/session`: a file imports its own rung of this picture or a lower one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SESSION = Path(__file__).resolve().parent.parent / "chatnet" / "session"

SESSION_RUNGS: tuple[frozenset[str], ...] = (
    frozenset({"render", "outlet", "peer", "shadows", "control"}),
    frozenset({"labels", "multiline", "welcome", "batches", "netsplits", "sts"}),
    frozenset({"session"}),
    frozenset({"shared", "isupport", "offers", "answers", "packing", "rates", "authority"}),
    frozenset({"registration", "sasl", "expelling", "asked", "names"}),
    frozenset({"sessions", "visitor", "opers", "idle"}),
)
RUNG = {name: rung for rung, names in enumerate(SESSION_RUNGS) for name in names}
FILES = sorted(path for path in SESSION.glob("*.py") if path.name != "__init__.py")


def imported(source: str) -> Iterator[tuple[int, str]]:
    """(line, name) of each file of the package that is imported, wherever in the file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:  # this package, or one above it
                above = ("chatnet", "session")[: 3 - node.level]
                base = ".".join([*above, *filter(None, [base])])
            modules = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        for module in modules:
            if module.startswith("chatnet.session."):
                yield node.lineno, module.split(".")[2]


def offences(name: str, source: str) -> list[str]:
    """What the file `name` with this source would do against the ladder, one sentence each."""
    return [
        f"line {line}: {name} imports {other}, which stands above it"
        for line, other in imported(source)
        if RUNG[other] > RUNG[name]
    ]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_file_keeps_to_the_ladder(path: Path) -> None:
    assert path.stem in RUNG, f"{path.stem} stands on no rung of the ladder"
    assert offences(path.stem, path.read_text(encoding="utf-8")) == []


def test_each_rung_is_of_files_that_are_there() -> None:
    assert sorted(name for names in SESSION_RUNGS for name in names) == [path.stem for path in FILES]


@pytest.mark.parametrize(
    "source",
    [
        "from chatnet.session.sessions import Sessions",
        "from chatnet.session import render, sessions",
        "import chatnet.session.sessions",
        "def late():\n    from chatnet.session.sessions import Sessions",
        "from .sessions import Sessions",
        "from . import sessions",
        "from ..session.sessions import Sessions",
        "from ..session import sessions",
    ],
)
def test_checker_sees_an_offence(source: str) -> None:
    (offence,) = offences("rates", source)
    assert "rates imports sessions" in offence


def test_checker_lets_honest_files_pass() -> None:
    own_or_lower = "from chatnet.session.session import Session\nfrom chatnet.session import isupport"
    assert offences("rates", f"{own_or_lower}\nimport chatnet.node") == []
