"""Somebody with a browser, at the pages of a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import Browser
from visitor import Visitor

AXE = "axe-core@4.11"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClubDaemon]:
    """The server of one file of tests, each of which has a channel of its own."""
    daemon = ClubDaemon(tmp_path_factory.mktemp("club"))
    try:
        with daemon:
            yield daemon
    finally:
        daemon.end()


@pytest.fixture
def visit(browser: Browser, club: ClubDaemon) -> Iterator[Callable[..., Visitor]]:
    """Somebody at the door, with a browser of their own; in the end the page has had no error."""
    visitors: list[Visitor] = []

    def made(**options: Any) -> Visitor:
        visitors.append(Visitor(browser, options.pop("address", club.address), **options))
        return visitors[-1]

    yield made
    for each in visitors:
        each.leave()
    club.empty()
    for each in visitors:
        assert each.errors == []


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The source of axe-core: where AXE says, or in CI from npm."""
    given = os.environ.get("AXE")
    if given:
        yield Path(given).read_text()
        return
    if os.environ.get("CI") != "true" or shutil.which("npm") is None:
        pytest.skip("axe-core is installed in CI only (or AXE names its axe.min.js)")
    folder = tmp_path_factory.mktemp("axe")
    command = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), AXE]
    subprocess.run(command, check=True)
    yield (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()
