"""The window on a long past: few rows, and what is seen stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import Page, expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]

LONG = 700
ROWS = 300
MARKS = 10
"""Of days, holes and the like, among the rows."""

SCROLL = """async (step) => {
    const scroller = document.querySelector("chat-timeline .scroller");
    const {top, bottom} = scroller.getBoundingClientRect();
    const middle = (top + bottom) / 2;
    const rows = [...scroller.querySelectorAll("li")];
    const row = rows.find((each) => each.getBoundingClientRect().bottom > middle);
    const before = row.getBoundingClientRect().top;
    const at = scroller.scrollTop;
    scroller.scrollTop = at + step;
    const moved = scroller.scrollTop - at;
    for (let frames = 0; frames < 6; frames++) await new Promise(requestAnimationFrame);
    const error = row.isConnected ? row.getBoundingClientRect().top - (before - moved) : null;
    return {error, rows: document.querySelectorAll("chat-timeline li.row").length, moved};
}"""
"""Scroll, and tell by how much a row then stands beside the place where it belongs."""


def first_text(page: Page) -> str:
    return page.locator("li.row.message .text").first.inner_text()


def measure(page: Page, step: int) -> Any:
    return page.evaluate(SCROLL, step)


def test_far_back_and_forth_again(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#long")
    for number in range(LONG):
        bob.send(
            f"PRIVMSG #long :number {number}"
            + (" and some more words, so that it takes two lines or three" * (number % 3))
        )
    bob.client.sync()
    kim = visit(viewport={"width": 900, "height": 600}).enter("kim", "#long")
    kim.row(f"number {LONG - 1}")
    worst, most = 0.0, 0
    for _ in range(400):
        found = measure(kim.page, -450)
        assert found["error"] is not None
        worst, most = max(worst, abs(found["error"])), max(most, found["rows"])
        if kim.page.get_by_text("number 0", exact=True).count():
            break
    assert kim.page.get_by_text("number 0", exact=True).count(), "all of the past can be seen"
    assert worst <= 1.0, "what was seen stays where it was"
    kim.page.locator("chat-timeline .below").wait_for()
    bob.say("#long", "are you still there?")
    expect(kim.page.locator(".below")).to_have_text("1 new below")
    for _ in range(400):
        found = measure(kim.page, 450)
        assert found["error"] is not None
        worst, most = max(worst, abs(found["error"])), max(most, found["rows"])
        if not found["moved"]:
            break
    kim.row("are you still there?")
    assert worst <= 1.0
    assert ROWS // 2 < most <= ROWS + MARKS
    expect(kim.page.locator(".below")).to_be_hidden()


def test_the_bottom_is_followed_unless_one_looks_elsewhere(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#live")
    for number in range(60):
        bob.send(f"PRIVMSG #live :number {number}")
    bob.client.sync()
    kim = visit(viewport={"width": 900, "height": 500}).enter("kim", "#live")
    kim.row("number 59")
    bob.say("#live", "one more")
    expect(kim.row("one more")).to_be_in_viewport()
    kim.page.set_viewport_size({"width": 900, "height": 350})
    expect(kim.row("one more")).to_be_in_viewport()
    kim.page.set_viewport_size({"width": 500, "height": 500})
    expect(kim.row("one more")).to_be_in_viewport()
    measure(kim.page, -400)
    seen = first_text(kim.page)
    bob.say("#live", "you do not see this")
    bob.say("#live", "nor this")
    expect(kim.page.locator(".below")).to_have_text("2 new below")
    assert measure(kim.page, 0)["error"] == 0
    assert first_text(kim.page) == seen
    kim.page.locator(".below").click()
    expect(kim.row("nor this")).to_be_in_viewport()
    kim.page.keyboard.press("Home")
    expect(kim.page.get_by_text("number 0", exact=True)).to_be_in_viewport()
    kim.page.keyboard.press("End")
    expect(kim.row("nor this")).to_be_in_viewport()


def test_what_was_found_is_gone_to(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#find")
    bob.say("#find", "the wooden clock is on the piano")
    for number in range(400):
        bob.send(f"PRIVMSG #find :number {number}")
    bob.client.sync()
    kim = visit().enter("kim", "#find")
    kim.row("number 399")
    kim.page.get_by_role("button", name="Search", exact=True).click()
    kim.page.get_by_role("searchbox").fill("wooden")
    kim.page.keyboard.press("Enter")
    hit = kim.page.locator(".hit", has_text="the wooden clock")
    hit.click()
    expect(kim.page.locator("li.row", has_text="the wooden clock")).to_be_in_viewport()
    expect(kim.page.locator("li.hole")).to_have_count(1)
    kim.page.keyboard.press("End")
    expect(kim.row("number 399")).to_be_in_viewport()
