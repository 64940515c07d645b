"""The compiled build: that there is none unless it is asked for, and that it does what the source does."""

from __future__ import annotations

import ast
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, Final

import pytest

import chatnet.node
from chatnet.compiled import is_compiled

ROOT = Path(__file__).resolve().parent.parent
SUBCLASSED: Final = "mypyc_attr(allow_interpreted_subclasses=True)"
TESTS: Final = """
    test_compiled.py test_dispatch.py test_node.py
    wire/test_lines.py wire/test_masks.py wire/test_message.py wire/test_modestring.py wire/test_text.py
    commands/test_messages.py commands/test_message_tags.py commands/test_multiline.py
    commands/test_labeled_response.py commands/test_joining.py commands/test_channel_modes.py
    commands/test_help.py delivery/test_delivery.py delivery/test_veils.py
    daemon/test_hostile.py::test_noise
    daemon/test_daemon_start.py::test_it_starts_without_a_configuration_and_says_so_in_a_few_lines
"""
"""What the compiled build is held to: what is said and heard, lines of any kind, and a real daemon."""


def asked_for(monkeypatch: pytest.MonkeyPatch, value: str | None) -> dict[str, Any]:
    """What ``setup.py`` asks of setuptools with CHATNET_COMPILE as `value`."""
    pytest.importorskip("setuptools")
    if value is None:
        monkeypatch.delenv("CHATNET_COMPILE", raising=False)
    else:
        monkeypatch.setenv("CHATNET_COMPILE", value)
    asked: dict[str, Any] = {}
    monkeypatch.setattr("setuptools.setup", lambda **wishes: asked.update(wishes))
    runpy.run_path(str(ROOT / "setup.py"))
    return asked


@pytest.mark.parametrize("value", [None, "", "0"])
def test_nothing_is_compiled_unless_somebody_wants_it(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    assert asked_for(monkeypatch, value) == {}


def test_no_editable_installation_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_for(monkeypatch, "1")
    import distutils.core

    command = asked["cmdclass"]["build_ext"](distutils.core.Distribution())
    command.inplace = True
    with pytest.raises(Exception, match="editable"):
        command.run()


def compiled_files() -> set[Path]:
    """Those that ``setup.py`` names."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "MODULES":
            assert node.value is not None
            names: str = ast.literal_eval(node.value)
            return {ROOT / "chatnet" / f"{name.replace('.', '/')}.py" for name in names.split()}
    raise AssertionError("setup.py names no modules")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_docstring_that_help_shows_is_lost() -> None:
    for path in compiled_files():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                decorators = map(ast.unparse, node.decorator_list)
                assert not any(".command(" in each for each in decorators), (path, node.name)


def test_classes_that_others_inherit_from_say_so() -> None:
    """Otherwise it would be found when somebody is made one of them."""
    compiled = compiled_files()
    closed: set[tuple[str, str]] = set()
    for path in compiled:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and SUBCLASSED not in map(ast.unparse, node.decorator_list):
                closed.add((module, node.name))
    seen = 0
    for path in set((ROOT / "chatnet").rglob("*.py")) - compiled:
        tree = tree_of(path)
        known = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for base in map(ast.unparse, node.bases):
                    seen += base in known
                    assert known.get(base) not in closed, (path, node.name)
    assert seen > 100


def missing() -> str | None:
    """Why nothing can be compiled here."""
    if os.environ.get("CI") != "true":
        return "what takes a minute or two is compiled where CI=true"
    if shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) is None:
        return "there is no C compiler"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python.h is missing (Debian and Ubuntu: apt install python3-dev)"
    return None


@pytest.mark.daemon
@pytest.mark.client
@pytest.mark.skipif(is_compiled(), reason="this is what was compiled")
def test_what_is_compiled_does_the_same(tmp_path: Path) -> None:
    if (why := missing()) is not None:
        pytest.skip(why)
    source, wheels, tree, inner = (tmp_path / name for name in ("source", "wheels", "tree", "inner"))
    for name in ("chatnet", "twisted"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    environment = {**os.environ, "CHATNET_COMPILE": "1"}
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "-w", wheels, source], env=environment, check=True)
    (wheel,) = wheels.iterdir()
    assert not wheel.name.endswith("-none-any.whl")
    shutil.unpack_archive(wheel, tree, "zip")
    inner.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tree), "CI": "", "CHATNET_BUILD": str(tree)}
    said = subprocess.run(
        [sys.executable, "-c", "from chatnet.wiring.cli import main; main()", "--version"],
        cwd=inner,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert said.stdout.endswith(" (compiled)\n"), said
    tests = [str(ROOT / "tests" / each) for each in TESTS.split()]
    options = ["-q", "-p", "no:cacheprovider", "--basetemp", str(inner / "tmp")]
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "setup.cfg"), *options, *tests]
    subprocess.run(command, env=environment, cwd=inner, check=True)


def test_these_tests_are_of_what_was_built() -> None:
    """Of the daemons that they start, too: ``test_daemon_start.py`` looks at what those say."""
    wanted, loaded = os.environ.get("CHATNET_BUILD"), str(chatnet.node.__file__)
    assert is_compiled() is not loaded.endswith(".py")
    if wanted is not None:
        assert is_compiled() and loaded.startswith(wanted)
