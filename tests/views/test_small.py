"""On a phone of 320 pixels: one pane at a time, nothing beside the screen, nothing too small for a finger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import expect
from visitor import PHONE, Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]

BESIDE = """() => [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    return each.checkVisibility() && box.width > 1 && (box.right > innerWidth + 1 || box.left < -1)
        && !each.closest(".unseen");
}).map((each) => each.outerHTML.slice(0, 80))"""
SMALL = """() => [
    ...document.querySelectorAll("button, a, input:not([type=checkbox]), select, textarea"),
].filter((each) => {
    const box = each.getBoundingClientRect();
    return each.checkVisibility() && box.width > 1 && box.height < 24 && !each.closest(".text, .head");
}).map((each) => each.outerHTML.slice(0, 80))"""
WRITING = """() => [...document.querySelectorAll("input:not([type=checkbox]), textarea, select")]
    .filter((each) => parseFloat(getComputedStyle(each).fontSize) < 16)
    .map((each) => each.outerHTML.slice(0, 80))"""


def test_on_a_phone(club: ClubDaemon, visit: Visit) -> None:
    ann = club.member("ann", "#small")
    ann.send(f"TOPIC #small :{'a long topic about nothing in particular ' * 5}")
    ann.say("#small", "https://example.org/" + "a-very-long-address-" * 20)
    ann.say("#small", "W" * 300)
    asked = ann.say("#small", "a question of some length, that will not go into one line of a phone")
    ann.say("#small", "an answer", f"+reply={asked}")
    ann.react("#small", asked, "👍")
    kim = visit(**PHONE).enter("kim", "#small")
    kim.row("an answer")

    def fits() -> None:
        assert kim.page.evaluate(BESIDE) == []
        assert kim.page.evaluate(SMALL) == []
        assert kim.page.evaluate(WRITING) == [], "iOS would zoom in"
        assert kim.page.evaluate("[scrollX, document.documentElement.scrollWidth]") == [0, 320]

    fits()
    kim.page.get_by_role("button", name="Channels", exact=True).tap()
    expect(kim.page.locator("#room")).to_be_hidden()
    fits()
    for name in ("Settings", "Keys and commands", "Join a channel", "Write to somebody"):
        kim.page.get_by_role("button", name=name).tap()
        kim.page.locator("dialog h2").wait_for()
        fits()
        kim.page.keyboard.press("Escape")
        expect(kim.page.locator("dialog")).to_have_count(0)
    kim.page.locator("[data-key='#small']").tap()
    expect(kim.page.locator("#side")).to_be_hidden()
    kim.page.get_by_role("button", name="People (2)").tap()
    kim.page.locator(".person", has_text="ann").wait_for()
    fits()
    kim.page.locator(".person", has_text="ann").tap()
    kim.page.locator("dialog dd").first.wait_for()
    fits()
    kim.page.keyboard.press("Escape")
    kim.page.get_by_role("button", name="Close").tap()
    expect(kim.page.locator("#people")).to_be_hidden()
    kim.row("an answer").tap()
    kim.page.get_by_role("button", name="Reply", exact=True).tap()
    kim.input.fill("fine")
    kim.page.get_by_role("button", name="Send").tap()
    ann.client.until("PRIVMSG #small :fine$")
