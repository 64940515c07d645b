"""Very much that was said, or is said at once: the page stays small, in order, and at hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from chess_club import ClubDaemon, Member
from playwright.sync_api import Page, expect
from profiles import runs
from test_window import MARKS, ROWS
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]

LINES = runs(2600, 100_000)
"""More than the page keeps of a channel."""
NODES = 5000
HEAP = 40_000_000
"""Bytes of JavaScript objects."""
FLOOD = 3000

BACK = """async () => {
    const scroller = document.querySelector("chat-timeline .scroller");
    const list = scroller.querySelector("ol");
    const first = () => list.querySelector(".message .text")?.textContent ?? "";
    let most = 0;
    for (let frames = 0; frames < 600; frames++) {
        scroller.scrollTop = Math.max(0, scroller.scrollTop - 4000);
        await new Promise(requestAnimationFrame);
        most = Math.max(most, list.children.length);
        if (/^number 0$/.test(first()) && scroller.scrollTop === 0) break;
    }
    return [first(), most];
}"""
"""Scroll back as fast as it goes, for a while; the first text then, and how many rows there were at most."""


def fill(member: Member, channel: str, number: int) -> None:
    for some in range(0, number, 200):
        member.send(*(f"PRIVMSG {channel} :number {each}" for each in range(some, min(some + 200, number))))
        member.client.sync()


def shown(page: Page) -> list[int]:
    """The numbers of the messages that are in the page."""
    texts = page.locator("li.row.message .text").all_inner_texts()
    return [int(found[1]) for text in texts if (found := re.fullmatch(r"number (\d+)", text))]


def measured(page: Page) -> dict[str, Any]:
    """What the page takes, when what is not used any more is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = session.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def test_of_all_that_was_said_little_is_in_the_page(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#heap")
    fill(bob, "#heap", LINES)
    kim = visit(viewport={"width": 900, "height": 600}).enter("kim", "#heap")
    kim.row(f"number {LINES - 1}")
    first, most = "", 0
    for _ in range(LINES // 10):
        before = first
        first, rows = kim.page.evaluate(BACK)
        most = max(most, rows)
        assert first != before, "it goes on until the beginning"
        if first == "number 0":
            break
    assert first == "number 0"
    assert ROWS // 2 < most <= ROWS + MARKS
    found = measured(kim.page)
    assert 1000 < found["Nodes"] <= NODES
    assert 1_000_000 < found["JSHeapUsedSize"] <= HEAP
    assert shown(kim.page) == list(range(len(shown(kim.page))))
    for _ in range(100):  # in between is a hole, of which the newest is read first
        kim.page.keyboard.press("End")
        if kim.page.get_by_text(f"number {LINES - 1}", exact=True).count():
            break
    expect(kim.row(f"number {LINES - 1}")).to_be_in_viewport()
    assert measured(kim.page)["Nodes"] <= NODES


def test_a_flood_is_shown_in_order_while_one_writes(club: ClubDaemon, visit: Visit) -> None:
    ann, bob = club.member("ann", "#flood"), club.member("bob", "#flood")
    kim = visit(viewport={"width": 900, "height": 600}).enter("kim", "#flood")
    fill(bob, "#flood", FLOOD // 2)
    kim.say("may I say something?")
    fill(bob, "#flood", FLOOD // 2)
    ann.client.until("PRIVMSG #flood :may I say something")
    bob.say("#flood", "that was all")
    expect(kim.row("that was all")).to_be_in_viewport()
    found = shown(kim.page)
    assert found == list(range(found[0], FLOOD // 2)), "the newest of it, none missing, none twice"
    assert kim.page.locator("chat-timeline li").count() <= ROWS + MARKS
    assert measured(kim.page)["Nodes"] <= NODES


def test_a_flood_moves_nothing_that_is_read(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#calm")
    fill(bob, "#calm", 100)
    kim = visit(viewport={"width": 900, "height": 600}).enter("kim", "#calm")
    kim.row("number 99")
    for _ in range(3):  # nearer to the newest nothing is said of it
        kim.page.keyboard.press("PageUp")
    kim.page.locator(".below").wait_for()
    place = "[...document.querySelectorAll('li.row')].map((each) => each.getBoundingClientRect().top)[20]"
    before = kim.page.evaluate(place)
    fill(bob, "#calm", FLOOD // 2)
    expect(kim.page.locator(".below")).to_have_text(f"{FLOOD // 2} new below")
    assert abs(kim.page.evaluate(place) - before) <= 1
    assert kim.page.locator("chat-timeline li").count() <= ROWS + MARKS


def test_a_key_belongs_to_who_composes_a_letter(club: ClubDaemon, visit: Visit) -> None:
    """Enter, Tab and arrows choose what an input method offers, and do nothing else."""
    ann = club.member("ann", "#kana")
    kim = visit().enter("kim", "#kana")
    asked = kim.page.context.new_cdp_session(kim.page)

    def compose(text: str) -> None:
        place = {"selectionStart": len(text), "selectionEnd": len(text)}
        asked.send("Input.imeSetComposition", {"text": text, **place})

    kim.input.focus()
    for key in ("Enter", "Tab", "ArrowUp"):
        kim.input.fill("")
        compose("に")
        compose("にほん")
        kim.page.keyboard.press(key)
        expect(kim.input).to_have_value(re.compile("^にほん"))  # (it is no input method that takes the key)
    kim.input.fill("")
    compose("にほん")
    asked.send("Input.insertText", {"text": "日本"})
    expect(kim.input).to_have_value("日本")
    kim.page.keyboard.press("Enter")
    assert not [line for line in ann.client.until("PRIVMSG #kana :日本$")[:-1] if "PRIVMSG" in line]
    kim.page.keyboard.press("Control+k")
    kim.page.locator("dialog input").wait_for()
    compose("か")
    kim.page.keyboard.press("Enter")
    compose("かな")
    expect(kim.page.locator("dialog h2")).to_be_visible()
