"""axe-core finds nothing to complain of, in any view, light and dark.  https://github.com/dequelabs/axe-core"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chess_club import ClubDaemon
from visitor import PHONE, Visitor

pytestmark = [pytest.mark.daemon, pytest.mark.client]
Visit = Callable[..., Visitor]


def press(name: str) -> Callable[[Visitor], None]:
    """By its button."""
    return lambda kim: kim.page.get_by_role("button", name=name).first.click()


def redact(kim: Visitor) -> None:
    kim.row("mine").focus()
    kim.page.keyboard.press("Delete")


DIALOGS: dict[str, Callable[[Visitor], object]] = {
    "answer": lambda kim: kim.say("/quote VERSION"),
    "channel": lambda kim: kim.page.locator(".topic").click(),
    "emoji": press("Emoji"),
    "invite": press("Invite people"),
    "join": press("Join a channel"),
    "keys": press("Keys and commands"),
    "logout": press("Log out"),
    "message": lambda kim: kim.row("I am member4").press("Enter"),
    "oper": lambda kim: kim.say("/oper"),
    "person": lambda kim: kim.page.locator("[data-nick=member3]").first.click(),
    "redact": redact,
    "search": press("Search"),
    "settings": press("Settings"),
    "switcher": press("Jump to…"),
    "talk": press("Write to somebody"),
}
"""How each is opened that the page has."""
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`)"""


def complaints(visitor: Visitor, axe: str) -> Any:
    """What is found in what is shown now."""
    if not visitor.page.evaluate("'axe' in window"):
        visitor.page.evaluate(axe)
    visitor.page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    return visitor.page.evaluate(RUN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view(club: ClubDaemon, visit: Visit, axe: str, scheme: str) -> None:
    people = [club.member(f"member{number}", "#view") for number in range(16)]
    ann = people[0]
    ann.send("TOPIC #view :a topic with a link, https://example.org", "MODE #view +v member1")
    first = ann.say("#view", "hello \x02bold\x02 \x0304red\x0f and https://example.org, #view, member1")
    for each in people:
        each.say("#view", f"I am {each.client.nick}, kim")
    ann.say("#view", "a reply\nof two lines", f"+reply={first}")
    ann.react("#view", first, "👍")
    gone = ann.say("#view", "gone")
    ann.send("NOTICE #view :a notice", f"REDACT #view {gone} :why not", "PRIVMSG kim :psst")
    people[3].send("AWAY :at lunch")
    kim = visit(color_scheme=scheme)
    kim.page.goto(f"{kim.address}c/view")
    kim.page.get_by_label("Your nick").fill("kim")
    found = {"door": complaints(kim, axe)}
    kim.page.get_by_role("button", name="I have an account").click()
    found["login"] = complaints(kim, axe)
    kim.page.get_by_role("button", name="Make an account").click()
    found["account"] = complaints(kim, axe)
    kim.page.get_by_role("button", name="Just come in").click()
    kim.page.get_by_role("button", name="Come in").click()
    kim.heading("#view")
    kim.row("a notice")
    people[2].send("QUIT :bye")
    kim.row("member2 left")
    kim.say("mine")
    kim.row("mine")
    kim.say("/nonsense")
    kim.page.get_by_role("alert").wait_for()
    found["channel"] = complaints(kim, axe)
    kim.input.fill("/")
    kim.page.locator(".offer").first.wait_for()
    found["offers"] = complaints(kim, axe)
    kim.input.fill("")
    for name, opened in DIALOGS.items():
        opened(kim)
        kim.page.locator("dialog h2").wait_for()
        if name == "person":
            kim.page.locator("dialog dd").first.wait_for()
        found[name] = complaints(kim, axe)
        kim.page.keyboard.press("Escape")
        kim.page.locator("dialog").wait_for(state="detached")
    kim.page.evaluate("document.documentElement.dataset.density = 'compact'")
    found["compact"] = complaints(kim, axe)
    assert [f"{view}: {each}" for view, each in found.items() if each] == []


def test_a_phone(club: ClubDaemon, visit: Visit, axe: str) -> None:
    ann = club.member("ann", "#tiny")
    ann.say("#tiny", "hello kim")
    kim = visit(**PHONE).enter("kim", "#tiny")
    kim.row("hello kim").tap()
    found = {"chat": complaints(kim, axe)}
    kim.page.get_by_role("button", name="Channels", exact=True).tap()
    found["list"] = complaints(kim, axe)
    kim.page.locator("[data-key='#tiny']").tap()
    kim.page.get_by_role("button", name="People (2)").tap()
    found["people"] = complaints(kim, axe)
    assert [f"{view}: {each}" for view, each in found.items() if each] == []
