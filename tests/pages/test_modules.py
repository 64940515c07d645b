"""The modules of the web client as they are written: checked as TypeScript checks them, and by eslint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from browser import PAGES

APP: Final = PAGES / "app"
MODULES: Final = sorted(APP.rglob("*.js"))
MOST: Final = 400
"""Lines of one module."""
TSCONFIG: Final = {
    "compilerOptions": {
        "allowJs": True, "checkJs": True, "strict": True, "noEmit": True, "noImplicitOverride": True,
        "noUnusedLocals": True, "target": "ES2022", "module": "ES2022", "moduleResolution": "bundler",
        "lib": ["ES2023", "DOM", "DOM.Iterable"], "types": [], "rootDir": ".",
    },
    "include": ["app/**/*.js", "sw.js"],
}  # fmt: skip
ESLINT: Final = """\
import js from "@eslint/js";
import globals from "globals";
export default [{
    ...js.configs.recommended,
    languageOptions: {ecmaVersion: 2023, sourceType: "module", globals: globals.browser},
}];
"""
FORBIDDEN: Final = (
    r"\binnerHTML\b", r"\binsertAdjacentHTML\b", r"\bouterHTML\b", r"\bdocument\.write", r"\beval\b",
    r"\bnew Function\b", r"\bstyle=", r"\.style\s*=[^=]", r'setAttribute\(\s*"(style|on\w+)"',
    r"\bcreateContextualFragment\b", r"\bDOMParser\b", r"\bsrcdoc\b",
)  # fmt: skip
"""What makes markup, or code, of a text."""


def code(module: Path) -> str:
    """A module without its comments."""
    text = module.read_text()
    return re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", text, flags=re.DOTALL)


@pytest.fixture(scope="session")
def checked(npm_tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the modules, and what the tools read, beside the tools."""
    folder = npm_tools.parent
    shutil.copytree(APP, folder / "app", dirs_exist_ok=True)
    shutil.copy(PAGES / "sw.js", folder)
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "eslint.config.mjs").write_text(ESLINT)
    return folder


def run(folder: Path, name: str, *arguments: str) -> str:
    command = [str(folder / "node_modules" / ".bin" / name), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.client
def test_types(checked: Path) -> None:
    assert run(checked, "tsc", "-p", ".") == ""


@pytest.mark.client
def test_what_eslint_recommends(checked: Path) -> None:
    assert run(checked, "eslint", "app") == ""


@pytest.mark.client
def test_the_tools_find_faults(checked: Path) -> None:
    """Whatever is told to them: they do look."""
    wrong = checked / "wrong"
    wrong.mkdir(exist_ok=True)
    (wrong / "wrong.js").write_text(
        "/** @param {number} a */\nexport function f(a) {\n    return a.length;\n}\nlet b;\n"
    )
    config = {**TSCONFIG, "include": ["wrong/*.js"]}
    config["compilerOptions"] = {**TSCONFIG["compilerOptions"], "rootDir": "wrong"}  # type: ignore[dict-item]
    (checked / "wrong.json").write_text(json.dumps(config))
    assert "'length' does not exist" in run(checked, "tsc", "-p", "wrong.json")
    assert "no-unused-vars" in run(checked, "eslint", "wrong")


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_no_text_becomes_markup_or_code(pattern: str) -> None:
    found = [
        f"{module.name}: {match[0]}" for module in MODULES for match in re.finditer(pattern, code(module))
    ]
    assert found == []


def test_comments_are_no_code() -> None:
    assert re.search(FORBIDDEN[0], code(APP / "wire.js")) is None
    assert re.search(FORBIDDEN[0], "element.innerHTML = text") is not None


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_modules_are_small_and_of_this_house(module: Path) -> None:
    text = module.read_text()
    assert text.removeprefix("// @ts-check\n").startswith("/**"), "it says what it is"
    if "words" not in module.parts:
        assert text.count("\n") <= MOST
    for name in re.findall(r'\bfrom "([^"]+)"|\bimport\("([^"]+)"\)', text):
        target = name[0] or name[1]
        assert target.startswith(("./", "../")) and (module.parent / target).is_file(), target
