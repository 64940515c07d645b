"""One message takes so many nodes of the page and no more, whatever others do to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.daemon


def test_of_many_different_reactions_some_are_shown(club: ClubDaemon, visit: Callable[..., Visitor]) -> None:
    ann = club.member("ann", "#many")
    kim = visit().enter("kim", "#many")
    to = ann.say("#many", "what do you think?")
    for number in range(60):
        ann.react("#many", to, f"r{number}")
    ann.say("#many", "that was all")
    kim.row("that was all")
    expect(kim.page.locator(f"li[data-id='{to}'] .reaction")).to_have_count(20)
