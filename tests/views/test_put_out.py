"""Somebody is put out by an operator: the page says why, and comes back only when it is asked to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from chess_club import CONFIGURATION, ClubDaemon, Member
from playwright.sync_api import Browser, expect
from visitor import Visitor

pytestmark = pytest.mark.daemon

OPERATOR = f"""
[[oper_class]]
name = "boss"
privileges = ["kill", "bans"]
[[oper]]
name = "boss"
class = "boss"
password = "{PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("sesame")}"
"""


def test_killed_and_banned(tmp_path: Path, browser: Browser) -> None:
    club = ClubDaemon(tmp_path, CONFIGURATION + OPERATOR)
    visitors: list[Visitor] = []

    def visit() -> tuple[Visitor, Callable[[], int]]:
        """Somebody, and how often they have connected."""
        kim = Visitor(browser, club.address)
        opened: list[object] = []
        kim.page.on("websocket", lambda socket: opened.append(socket))
        visitors.append(kim)
        return kim, lambda: len(opened)

    try:
        club.start()
        boss = Member(club, "boss", "#door")
        boss.send("OPER boss sesame")
        boss.client.until(" 381 ")

        kim, times = visit()
        kim.enter("kim", "#door")
        boss.send("KILL kim :that is enough")
        bar = kim.page.locator("chat-bar")
        expect(bar).to_contain_text("boss: that is enough")
        assert times() == 1
        bar.get_by_role("button", name="Connect").click()
        expect(bar).to_have_text("")
        boss.send("KLINE 10 *kim@* :you know why")
        expect(kim.page.get_by_role("alert")).to_contain_text("you know why")
        assert times() == 2
        assert kim.errors == []
    finally:
        for each in visitors:
            each.leave()
        club.end()
