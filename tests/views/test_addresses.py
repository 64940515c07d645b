"""Any address and any command of a person is answered by the page, and leaves no error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]


@pytest.mark.parametrize(
    "path", ["join/%E0%A4%A", "c/%E0%A4%A", "c/%00", "c/a,b", "?talk=%00", "?talk=a%20b"]
)
def test_an_address_that_names_nothing_leads_in(club: ClubDaemon, visit: Visit, path: str) -> None:
    kim = visit()
    kim.page.goto(club.address + path)
    kim.page.get_by_label("Your nick").fill("kim")
    kim.page.get_by_role("button", name="Come in").click()
    kim.page.get_by_text("Guest", exact=True).wait_for()
    expect(kim.page.locator("#chat [data-key]")).to_have_count(0)


def test_commands_that_no_line_can_carry_are_told_to_be_wrong(club: ClubDaemon, visit: Visit) -> None:
    kim = visit().enter("kim", "#wrong")
    wrong = kim.page.locator("chat-composer [role=alert]")
    for command in ("/quote A\nB", "/join #a,#b", "/msg :x hello", "/msg #a,#b hello", "/msg $* hello"):
        kim.say(command)
        wrong.wait_for()
        expect(kim.input).to_have_value(command)
        kim.input.fill("x")
        kim.page.get_by_role("button", name="Close").first.click()
        expect(wrong).to_have_count(0)
    expect(kim.page.locator("#chat [data-key]")).to_have_count(1)
    kim.say("still here")
    kim.row("still here")
