"""What the files of the client may have in them, how large they are, and that all their words are there."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import every_view
import pytest
import test_axe
import test_operators_page
from browser import PAGES
from chess_club import ClubDaemon
from playwright.sync_api import Request
from visitor import Visitor

from chatnet.pages import read
from chatnet.pages.lean import lean

Visit = Callable[..., Visitor]

APP = read()
FILES = sorted(PAGES.rglob("*.js"))
SOURCES = {path: file.data.decode() for path, file in APP.files.items() if path.endswith(".js")}
LINES = 400
FIRST_VISIT = 100_000
"""Bytes, packed, until somebody has come in."""
LATER = re.compile(r"/operat")
"""The page of operators is loaded by them alone."""
REQUESTS = 18
"""Until the door can be used; the rest comes while somebody thinks of a name."""
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|parseFromString"
    r"|\beval\(|new Function|setAttribute\(\"style|style="
)


def test_text_becomes_text_only() -> None:
    found = {path: FORBIDDEN.findall(text) for path, text in SOURCES.items()}
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_module_is_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_given_out_is_the_same_code(path: Path) -> None:
    """What is left out are comments, each of which has a line of its own."""
    whole, given = path.read_text(), lean(path.read_text())
    kept = iter(whole.splitlines())
    assert all(line in kept for line in given.splitlines()), "lines are left out, and none is changed"
    code = [line for line in whole.splitlines() if line.strip() and not re.match(r"\s*(/\*|\*|//)", line)]
    assert [
        line for line in given.splitlines() if line.strip() and not re.match(r"\s*(/\*|\*|//)", line)
    ] == code


def test_the_page_is_small() -> None:
    assert len(APP.page) <= 8000
    visited = [file for path, file in APP.files.items() if not LATER.search(path)]
    assert sum(len(gzip.compress(file.data, 9)) for file in visited) <= FIRST_VISIT


def test_all_that_is_said_has_words_and_all_words_are_said() -> None:
    tables = [text for path, text in SOURCES.items() if "words" in path and "export const words" in text]
    words = {each for text in tables for each in re.findall(r'^    "?([\w.]+)"?:', text, re.MULTILINE)}
    others = [text for text in SOURCES.values() if text not in tables]
    said = {each for text in others for each in re.findall(r'"([a-z][\w.]*)"', text)}
    begun = {each for text in others for each in re.findall(r"`([a-z][\w.]*\.)\$\{", text)}
    ended = {each for text in others for each in re.findall(r"`\$\{key\}(\.\w+)`", text)}
    called = {each for text in others for each in re.findall(r'\bsay\(\s*"([\w.]+)"', text)}
    assert called <= words
    unsaid = {
        each for each in words - said if not each.startswith(tuple(begun)) and not each.endswith(tuple(ended))
    }
    assert unsaid == set()


def test_nothing_is_forgotten_by_those_who_look_at_all_of_it() -> None:
    """axe-core looks at every dialog and view that there is."""
    assert test_axe.DIALOGS.keys() == every_view.DIALOGS
    assert {each.lower() for each in test_operators_page.VIEWS} == every_view.OFFICE
    assert test_operators_page.DIALOGS.keys() == every_view.OFFICE_DIALOGS


@pytest.mark.daemon
def test_a_first_visit_asks_for_little(club: ClubDaemon, visit: Visit) -> None:
    kim = visit()
    asked: list[Request] = []
    kim.page.on("request", lambda request: asked.append(request))
    kim.page.goto(f"{kim.address}c/first")
    kim.page.get_by_label("Your nick").wait_for()
    door = [each for each in asked if "/app/" not in each.url or _is_early(each.url)]
    assert 5 < len(door) <= REQUESTS
    kim.page.get_by_label("Your nick").fill("kim")
    kim.page.get_by_role("button", name="Come in").click()
    kim.heading("#first")
    app = [each.url.rpartition("/")[2] for each in asked if "/app/" in each.url]
    assert len(set(app)) == len(app), "nothing is asked for twice"
    sizes = [each.sizes()["responseBodySize"] for each in asked if each.url.startswith("http")]
    assert 0 < sum(sizes) <= FIRST_VISIT


def _is_early(url: str) -> bool:
    """Whether the page itself names it: it is loaded before anything is shown."""
    return url.rpartition(f"/app/{APP.version}/")[2] in APP.page.partition('<template id="later">')[0]
