"""Somebody with a browser, at the pages of a real server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browser import chromium
from chess_club import ClubDaemon
from playwright.sync_api import Browser
from visitor import Visitor


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


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
