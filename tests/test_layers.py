"""The ladder: a file imports its own package or one from a lower rung, and Twisted stays at the edge.

Nor do files know each other in a circle, wherever their imports stand.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

RUNGS: tuple[frozenset[str], ...] = (
    frozenset({"wire", "storage", "web", "pages", "compiled"}),
    frozenset({"settings", "records"}),
    frozenset({"dispatch", "model"}),
    frozenset({"rules", "node"}),
    frozenset({"services", "history", "links"}),
    frozenset({"session", "importing"}),
    frozenset({"commands", "delivery", "transports", "api"}),
    frozenset({"wiring"}),
)
RUNG = {package: rung for rung, packages in enumerate(RUNGS) for package in packages}
MAY_IMPORT_TWISTED = frozenset({"storage", "transports", "wiring"})
FILES = sorted((ROOT / "chatnet").rglob("*.py"))


def package_of(path: Path) -> str:
    """The package (or single file) in `chatnet` a file belongs to; empty for `chatnet/__init__.py`."""
    first = path.relative_to(ROOT / "chatnet").parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imported(tree: ast.AST, path: Path) -> Iterator[tuple[int, str]]:
    """(line, full module name) of every import, wherever it stands in the file; relative ones resolved."""
    here = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: -node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            if module == "chatnet":  # `from chatnet import node` names a package in its list
                for alias in node.names:
                    yield node.lineno, f"chatnet.{alias.name}"
            else:
                yield node.lineno, module


def module_of(path: Path) -> str:
    """``chatnet/node.py`` is chatnet.node, and ``chatnet/links/__init__.py`` is chatnet.links."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def uses(source: str, path: Path, modules: frozenset[str]) -> frozenset[str]:
    """Which of `modules` a file with this source imports, or names of, also inside functions."""
    found = set[str]()
    for node in ast.walk(ast.parse(source, str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            here = path.relative_to(ROOT).with_suffix("").parts
            base = ".".join(here[: -node.level]) if node.level else ""
            package = ".".join(part for part in (base, node.module or "") if part)
            names = {f"{package}.{alias.name}" for alias in node.names}
            found |= names & modules
            if names - modules:
                found.add(package)
    return frozenset(found & modules)


def circles(graph: Mapping[str, frozenset[str]]) -> set[frozenset[str]]:
    """Those who reach each other, in groups of more than one (strongly connected components)."""
    behind: dict[str, set[str]] = {}
    for start in graph:
        seen, ahead = set[str](), [start]
        while ahead:
            for other in graph[ahead.pop()] - seen:
                seen.add(other)
                ahead.append(other)
        behind[start] = seen
    return {
        frozenset(other for other in behind[each] if each in behind[other])
        for each in graph
        if each in behind[each]
    }


def is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def offences(source: str, path: Path) -> list[str]:
    """What a file with this source would do against the ladder, one sentence each."""
    found: list[str] = []
    own = package_of(path)
    if own and own not in RUNG:
        return [f"{own} stands on no rung of the ladder"]
    tree = ast.parse(source, str(path))
    for line, module in imported(tree, path):
        top, _, rest = module.partition(".")
        if top == "chatnet":
            other = rest.partition(".")[0]
            if not other or other == own:
                continue
            if other not in RUNG:
                # `from chatnet import __version__` takes a name, not a package
                if other and (ROOT / "chatnet" / other).exists():
                    found.append(f"line {line}: {other} stands on no rung of the ladder")
            elif not own:
                found.append(f"line {line}: chatnet/__init__.py imports {other}")
            elif RUNG[other] >= RUNG[own]:
                found.append(f"line {line}: {own} imports {other}, which is not below it")
        elif top == "twisted" and own not in MAY_IMPORT_TWISTED:
            found.append(f"line {line}: {own} imports Twisted")
        elif own == "wire" and top not in sys.stdlib_module_names:
            found.append(f"line {line}: wire imports {top}, which is not in the standard library")
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and is_type_checking(node.test):
            for line, module in imported(node, path):
                if module.partition(".")[0] == "chatnet":
                    found.append(f"line {line}: {module} is imported for the type checker only")
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_file_keeps_to_the_ladder(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8"), path) == []


def test_plugin_folders_do_not_hide_twisted() -> None:
    """An `__init__.py` there would make our folder the `twisted` package in place of the real one."""
    assert list((ROOT / "twisted").rglob("__init__.py")) == []


@pytest.mark.parametrize(
    ("file", "source", "offence"),
    [
        ("rules/channels.py", "from chatnet.session import session", "rules imports session"),
        ("rules/channels.py", "def f():\n    import chatnet.wiring.build", "line 2: rules imports wiring"),
        ("rules/channels.py", "from chatnet.node import Node", "rules imports node"),
        ("rules/channels.py", "from chatnet import node", "rules imports node"),
        ("rules/channels.py", "from ..session import session", "rules imports session"),
        ("delivery/local.py", "import chatnet.commands.request", "delivery imports commands"),
        ("node.py", "from twisted.internet import reactor", "node imports Twisted"),
        ("wire/lines.py", "import attr", "wire imports attr"),
        ("manager/thing.py", "import os", "manager stands on no rung"),
        ("__init__.py", "import chatnet.node", "chatnet/__init__.py imports node"),
        (
            "commands/topic.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from chatnet.model.ids import UID",
            "line 3: chatnet.model.ids is imported for the type checker only",
        ),
    ],
)
def test_checker_sees_an_offence(file: str, source: str, offence: str) -> None:
    found = offences(source, ROOT / "chatnet" / file)
    assert len(found) == 1
    assert offence in found[0]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("rules/channels.py", "from chatnet.model.ids import UID\nfrom .opers import may_oper\nimport re"),
        ("wiring/tap.py", "from twisted.python import usage\nfrom chatnet import __version__, node"),
        (
            "wire/lines.py",
            "from __future__ import annotations\nimport re\nfrom chatnet.wire.tags import Tags",
        ),
    ],
)
def test_checker_lets_honest_files_pass(file: str, source: str) -> None:
    assert offences(source, ROOT / "chatnet" / file) == []


def test_no_files_know_each_other_in_a_circle() -> None:
    modules = frozenset(map(module_of, FILES))
    graph = {module_of(path): uses(path.read_text(encoding="utf-8"), path, modules) for path in FILES}
    assert circles(graph) == set()


def test_a_circle_is_seen_wherever_its_imports_stand() -> None:
    modules = frozenset({"chatnet.a", "chatnet.b", "chatnet.c", "chatnet.d"})
    sources = {
        "a": "from chatnet import b",
        "b": "def f():\n    from chatnet.c import name",
        "c": "from . import a",
        "d": "import chatnet.a",
    }
    graph = {
        f"chatnet.{name}": uses(source, ROOT / "chatnet" / f"{name}.py", modules)
        for name, source in sources.items()
    }
    assert circles(graph) == {modules - {"chatnet.d"}}
