"""The documents say what the code does: their tables, the names in them, their links and their examples."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from conversation import House
from doc_tables import MARKED, ROOT, TABLES, documents

from chatnet.commands import CLIENT
from chatnet.commands import stats as stats_module
from chatnet.rules.bans import EXTENDED
from chatnet.session.isupport import tokens
from chatnet.settings import Settings
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.store import FILE as MESSAGES
from chatnet.storage.store import FILE
from chatnet.wiring.config import check

DOCUMENTS = documents()
IDS = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """The fragments that headings of a document can be reached by."""
    titles = HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_tables_are_those_of_the_code() -> None:
    found: dict[str, str] = {}
    for path in DOCUMENTS:
        found |= dict(MARKED.findall(path.read_text(encoding="utf-8")))
    assert found.keys() == TABLES.keys()
    for name, make in TABLES.items():
        assert found[name] == make(), f"run tests/doc_tables.py: the table {name} is not that of the code"


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith(("https://", "http://")):
            continue
        name, _, fragment = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{link} leads nowhere"
        if fragment:
            assert fragment in anchors(target), f"{link} names no heading"


def test_every_command_is_mentioned() -> None:
    text = read("docs/users.md") + read("docs/operators.md")
    assert [verb for verb in CLIENT.rows if not re.search(rf"\b{verb}\b", text)] == []


def test_extended_bans_are_explained() -> None:
    text = read("docs/users.md").replace("\\|", "|")  # as a table has it
    assert [letter for letter in EXTENDED if f"| `${letter}" not in text] == []


def test_isupport_tokens_are_explained() -> None:
    text = read("docs/users.md")
    assert [token for token in tokens(Settings(), True) if f"`{token}`" not in text] == []


def test_stats_and_sections_are_explained() -> None:
    text = read("docs/operators.md")
    letters = {"a"} | {letter if letter in "pP" else letter.lower() for letter in stats_module._QUERIES}
    assert [letter for letter in sorted(letters) if f"| `{letter}` |" not in text] == []
    assert [section for section in Settings.model_fields if f"[{section}]" not in text] == []


def test_settings_named_in_documents_exist() -> None:
    known = {
        f"{section}.{key}"
        for section in (
            "server",
            "tls",
            "limits",
            "history",
            "flood",
            "cloak",
            "lookups",
            "block_lists",
            "accounts",
            "sasl",
            "services",
            "storage",
            "links",
            "log",
        )
        for key in type(getattr(Settings(), section)).model_fields
    } | {FILE, MESSAGES, SPOOL}
    sections = (
        "server|tls|limits|history|flood|cloak|lookups|block_lists|accounts|sasl|services|storage|links|log"
    )
    for path in DOCUMENTS:
        for name in re.findall(rf"`((?:{sections})\.[a-z_0-9]+)`", path.read_text(encoding="utf-8")):
            assert name in known, f"{path.name} speaks of {name}"


def test_examples_in_toml_are_valid() -> None:
    found = 0
    for path in DOCUMENTS:
        for language, text in FENCE.findall(path.read_text(encoding="utf-8")):
            if language == "toml":
                check(tomllib.loads(text), path.name)
                found += 1
    assert found


def test_examples_in_python_are_valid() -> None:
    for path in DOCUMENTS:
        for language, text in FENCE.findall(path.read_text(encoding="utf-8")):
            if language == "python":
                compile(text, path.name, "exec")


def test_the_command_in_the_readme_works() -> None:
    """Its handler and its own tests, as they are printed there."""
    handler, tests = (text for language, text in FENCE.findall(read("README.md")) if language == "python")
    names: dict[str, Any] = {"__name__": "waving"}
    try:
        exec(compile(handler, "README.md", "exec"), names)
        exec(compile(tests, "README.md", "exec"), names)
        for name in ("test_a_wave", "test_refusals"):
            names[name](House())
    finally:
        CLIENT.rows.pop("WAVE", None)
