"""The ladders inside `chatnet/session` and `chatnet/links`, as docs/architecture.md pictures them.

A file of session imports its own rung or a lower one; one of links its own folder, or a lower rung.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import pytest
from test_layers import ROOT, module_of, uses

Rungs = tuple[frozenset[str], ...]

SESSION: Rungs = (
    frozenset({"render", "outlet", "peer", "shadows", "control", "passwords"}),
    frozenset({"bounds", "labels", "multiline", "scans", "welcome", "batches", "netsplits", "sts"}),
    frozenset({"session"}),
    frozenset(
        {
            "shared",
            "echoes",
            "filters",
            "isupport",
            "offers",
            "answers",
            "packing",
            "rates",
            "seats",
            "authority",
            "blocklists",
            "bygone",
            "marking",
            "persistence",
            "replaying",
            "metadata",
        }
    ),
    frozenset(
        {
            *("registration", "sasl", "logins", "identifying", "listed", "expelling", "asked", "names"),
            "presence",
        }
    ),
    frozenset(
        {
            "sessions",
            "visitor",
            "errands",
            "opers",
            "news",
            "idle",
            "attendance",
            "revoking",
            "obeying",
            "alarm",
        }
    ),
)
LINKS: Rungs = (
    frozenset({"codecs", "stamps"}),
    frozenset({"neighbour"}),
    frozenset({"tree"}),
    frozenset({"speech", "logins"}),
    frozenset({"exchange"}),
    frozenset({"meeting", "outbound"}),
    frozenset({"inbound", "dialling"}),
    frozenset({"links", "lifetimes", "draining"}),
)
LADDERS: Mapping[str, Rungs] = {"session": SESSION, "links": LINKS}
SAME_RUNG = {"session"}
"""Where those of one rung may know each other."""
FILES = sorted(
    path
    for package in LADDERS
    for path in (ROOT / "chatnet" / package).rglob("*.py")
    if path != ROOT / "chatnet" / package / "__init__.py"
)
MODULES = frozenset(map(module_of, FILES))


def offences(module: str, source: str) -> list[str]:
    """What the file of `module` with this source would do against its ladder, one sentence each."""
    _, package, own, *_ = module.split(".")
    rung = {name: number for number, names in enumerate(LADDERS[package]) for name in names}
    if own not in rung:
        return [f"{own} stands on no rung of the ladder"]
    path = (ROOT / Path(*module.split("."))).with_suffix(".py")
    used = {name.split(".")[2] for name in uses(source, path, MODULES) if name.split(".")[1] == package}
    allowed = {
        name
        for name in rung
        if name == own or rung[name] < rung[own] or (package in SAME_RUNG and rung[name] == rung[own])
    }
    return [f"{own} imports {other}, which is not below it" for other in sorted(used - allowed)]


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_file_keeps_to_the_ladder(path: Path) -> None:
    assert offences(module_of(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("package", LADDERS)
def test_each_rung_is_of_files_that_are_there(package: str) -> None:
    there = {module_of(path).split(".")[2] for path in FILES if module_of(path).split(".")[1] == package}
    assert set(chain.from_iterable(LADDERS[package])) == there


def test_the_root_of_links_stands_at_the_top() -> None:
    inside = [path for path in FILES if path.is_relative_to(ROOT / "chatnet" / "links")]
    assert [
        path.name for path in inside if "chatnet.links.links" in uses(path.read_text("utf-8"), path, MODULES)
    ] == []


@pytest.mark.parametrize(
    ("module", "source", "offence"),
    [
        ("session.rates", "from chatnet.session.sessions import Sessions", "rates imports sessions"),
        ("session.rates", "from chatnet.session import render, sessions", "rates imports sessions"),
        ("session.rates", "def late():\n    from chatnet.session import sessions", "rates imports sessions"),
        ("session.rates", "from .sessions import Sessions", "rates imports sessions"),
        ("session.rates", "from . import sessions", "rates imports sessions"),
        ("session.rates", "from ..session import sessions", "rates imports sessions"),
        ("session.thing", "import os", "thing stands on no rung"),
        ("links.tree.routes", "from chatnet.links.exchange.burst import Burst", "tree imports exchange"),
        ("links.speech.line", "import chatnet.links.logins.agents", "speech imports logins"),
        ("links.meeting.leaving", "from chatnet.links import links", "meeting imports links"),
    ],
)
def test_checker_sees_an_offence(module: str, source: str, offence: str) -> None:
    (found,) = offences(f"chatnet.{module}", source)
    assert offence in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "session.rates",
            "from chatnet.session.session import Session\nfrom chatnet.session import isupport",
        ),
        ("session.rates", "import chatnet.node"),
        ("links.tree.routes", "from chatnet.links.neighbour.link import Link\nfrom . import joins"),
    ],
)
def test_checker_lets_honest_files_pass(module: str, source: str) -> None:
    assert offences(f"chatnet.{module}", source) == []
