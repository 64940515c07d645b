"""The operators' page, at two servers that are linked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import secret
from chess_club import CONFIGURATION, ClubDaemon
from club_office import TOKEN, WORD, Office
from playwright.sync_api import Browser, Locator, expect
from test_axe import complaints
from test_small import BESIDE, SMALL
from visitor import PHONE, Visitor

from chatnet.services.tokens import token_hash

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]
VIEWS = ("Overview", "Links", "People", "Channels", "Accounts", "Bans", "Notices", "Reload")
DIALOGS = {
    "accounts: name": ("Accounts", "", "Details"),
    "accounts: operate.account.suspend.title": ("Accounts", "", "Suspend"),
    "banning: operate.ban.title": ("People", "", "Ban"),
    "channels: name": ("Channels", "#axe", "Details"),
    "links: operate.link.squit.title": ("Links", "irc2.example.org", "End the link"),
    "people: operate.kill.title": ("People", "", "Disconnect"),
    "people: user.nick": ("People", "", "Details"),
}
"""In which view, in whose row ("": of somebody who is there), and by which button each is opened."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Office(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def club(office: Office) -> ClubDaemon:
    return office.here


@pytest.fixture
def visit(browser: Browser, club: ClubDaemon) -> Iterator[Visit]:
    """As elsewhere; but those who ask the API stay for a while, so that nobody waits for all to be gone."""
    visitors: list[Visitor] = []

    def made(**options: Any) -> Visitor:
        visitors.append(Visitor(browser, club.address, **options))
        return visitors[-1]

    yield made
    for each in visitors:
        each.leave()
    for member in club.members:
        member.client.close()
    club.members.clear()
    for each in visitors:
        assert each.errors == []


@pytest.fixture
def desk(visit: Visit) -> Visitor:
    return at_work(visit(), "desk")


def at_work(visitor: Visitor, token: str) -> Visitor:
    """Who opens the page with a token of the configuration."""
    visitor.page.goto(f"{visitor.address}operate")
    visitor.page.get_by_label("Token").fill(secret(token))
    visitor.page.get_by_role("button", name="Use it").click()
    title(visitor, "Overview")
    return visitor


def test_who_clicks_faster_than_the_api_answers_reads_no_error(tmp_path: Path, browser: Browser) -> None:
    slow = CONFIGURATION.replace("rate = 1000.0\nburst = 10000", "rate = 2.0\nburst = 12")
    assert slow != CONFIGURATION
    kind = '[[oper_class]]\nname = "boss"\nprivileges = ["see-all", "bans", "accounts", "rehash"]\n'
    hashed = token_hash(secret("desk")) or ""
    block = TOKEN.replace("NAME", "desk").replace("HASH", hashed).replace("CLASS", "boss")
    club = ClubDaemon(tmp_path, slow + kind + block)
    statuses: list[int] = []
    try:
        club.start()
        kim = Visitor(browser, club.address)
        kim.page.on("response", lambda answer: statuses.append(answer.status))
        at_work(kim, "desk")
        for name in (*VIEWS, "People"):
            kim.page.get_by_role("link", name=name, exact=True).click()
        title(kim, "People")
        kim.page.locator(".sheet li", has_text="desk").wait_for()
        assert 429 in statuses, "it came too soon"
        expect(kim.page.locator(".wrong")).to_have_count(0)
        assert all("429" in each for each in kim.errors)  # of the browser
        kim.leave()
    finally:
        club.end()


def title(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("heading", name=name, exact=True, level=1).wait_for()


def go(visitor: Visitor, name: str) -> None:
    """To another view."""
    visitor.page.locator("#operate nav").get_by_role("link", name=name).click()
    title(visitor, name)


def entry(visitor: Visitor, text: str) -> Locator:
    found = visitor.page.locator(".sheet > li", has_text=text)
    found.wait_for()
    return found


def test_who_did_oper_in_the_chat_comes_to_it_and_back(
    office: Office, club: ClubDaemon, visit: Visit
) -> None:
    ann = club.member("ann", "#desk")
    kim = visit()
    kim.page.goto(f"{kim.address}c/desk")
    kim.page.get_by_role("button", name="Make an account").click()
    kim.page.get_by_label("Your nick").fill("kimberly")
    kim.page.get_by_label("Password", exact=True).fill("correct horse battery")
    kim.page.locator("button[type=submit]").click()
    kim.heading("#desk")
    assert not kim.page.get_by_role("button", name="Operate the server").count()
    kim.say("/oper ")
    expect(kim.page.get_by_label("Operator name")).to_be_focused()
    kim.page.keyboard.press("Escape")
    kim.say("/oper boss")
    expect(kim.page.get_by_label("Operator name")).to_have_value("boss")
    expect(kim.page.get_by_label("Operator password")).to_be_focused()
    kim.page.keyboard.type("not this one")
    kim.page.get_by_role("button", name="Become operator").click()
    kim.page.get_by_role("alert").wait_for()
    kim.page.get_by_label("Operator password").fill(WORD)
    kim.page.get_by_role("button", name="Become operator").click()
    kim.page.get_by_role("button", name="Operate the server").click()
    title(kim, "Overview")
    assert kim.page.url.endswith("/operate")
    expect(kim.page.locator("#operate > header")).to_contain_text("irc.example.org")
    expect(kim.page.locator(".numbers")).to_contain_text("0.1.0")
    expect(kim.page.get_by_role("img", name=re.compile("2 servers|3 servers"))).to_contain_text(
        "irc2.example.org"
    )
    expect(kim.page.locator(".warnings")).to_contain_text("There is no link to irc3.example.org")
    ann.say("#desk", "are you there?")
    kim.page.get_by_role("button", name="To the chat").click()
    kim.heading("#desk")
    kim.row("are you there?")
    kim.say("yes")
    ann.client.until("PRIVMSG #desk :yes")
    kim.page.go_back()
    kim.page.go_back()
    title(kim, "Overview")
    kim.page.reload()
    title(kim, "Overview")


def test_who_is_none_is_told_how_to_become_one(visit: Visit) -> None:
    kim = visit()
    kim.page.goto(f"{kim.address}operate")
    kim.page.get_by_label("Token").fill("cn-aaaa-bbbb-cccc-dddd-eeee")
    kim.page.get_by_role("button", name="Use it").click()
    expect(kim.page.get_by_role("alert")).to_contain_text("token")
    kim.errors.clear()  # of the browser, that it was refused
    kim.page.get_by_role("button", name="Log in").click()
    kim.page.get_by_role("button", name="Make an account").click()
    kim.page.get_by_label("Your nick").fill("newcomer")
    kim.page.get_by_label("Password", exact=True).fill("correct horse battery")
    kim.page.locator("button[type=submit]").click()
    kim.page.get_by_label("Operator name").fill("boss")
    kim.page.get_by_label("Operator password").fill(WORD)
    kim.page.get_by_role("button", name="Become operator").click()
    title(kim, "Overview")


def test_a_guest_who_is_operator_is_told_what_the_page_takes(visit: Visit) -> None:
    kim = visit().enter("kim", "#visitors")
    kim.say("/oper")
    kim.page.get_by_label("Operator name").fill("boss")
    kim.page.get_by_label("Operator password").fill(WORD)
    kim.page.get_by_role("button", name="Become operator").click()
    kim.page.get_by_role("button", name="Operate the server").click()
    expect(kim.page.locator(".gate")).to_contain_text("You are operator in the chat, but a guest.")
    kim.page.get_by_role("button", name="To the chat").click()
    kim.heading("#visitors")


def test_buttons_are_there_for_who_may(visit: Visit) -> None:
    helper = at_work(visit(), "helper")
    links = helper.page.locator("#operate nav a")
    expect(links).to_have_text(["Overview", "Links", "Channels", "Notices"])
    go(helper, "Links")
    entry(helper, "irc2.example.org")
    assert helper.page.locator(".sheet button").count() == 0
    helper.page.goto(f"{helper.address}operate#bans")  # nothing is to be found by its address either
    title(helper, "Overview")


def test_a_ban_is_looked_at_before_it_is_set(club: ClubDaemon, desk: Visitor) -> None:
    people = [club.member(f"member{number}") for number in range(3)]
    go(desk, "People")
    desk.page.get_by_label("Mask").fill("member*")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".sheet > li")).to_have_count(3)
    entry(desk, "member2").get_by_role("button", name="Ban", exact=True).click()
    whom = desk.page.get_by_label("Whom")
    expect(whom).to_have_value("127.0.0.1")
    preview = desk.page.locator("dialog [role=status]")
    expect(preview).to_contain_text("member2")
    desk.page.get_by_label("Reason").fill("spam")
    desk.page.locator("dialog button[type=submit]").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Look whom it hits")
    whom.fill("two words")
    expect(preview).to_contain_text("is no address")
    whom.fill("nobody@192.0.2.1")
    expect(preview).to_contain_text("Hits 0 of")
    desk.errors.clear()  # of the browser, that the question was refused
    desk.page.locator("dialog button[type=submit]").click()
    desk.page.locator("dialog").wait_for(state="detached")
    go(desk, "Bans")
    expect(entry(desk, "nobody@192.0.2.1")).to_contain_text("spam")
    desk.page.get_by_role("button", name="Add a ban").click()
    whom.fill("realname:member2")
    expect(preview).to_contain_text("member2")
    desk.page.get_by_label("Reason").fill("no more")
    desk.page.get_by_label("Yes, ban this one").check()
    desk.page.locator("dialog button[type=submit]").click()
    people[2].client.until(r"^ERROR ")
    entry(desk, "realname:member2").get_by_role("button", name="Lift").click()
    expect(desk.page.locator(".right")).to_contain_text("is lifted")
    expect(desk.page.locator(".sheet > li", has_text="realname:member2")).to_have_count(0)


def test_somebody_is_disconnected_and_it_is_told(club: ClubDaemon, desk: Visitor) -> None:
    eve = club.member("eve", "#shed")
    go(desk, "Notices")
    mia = club.member("mia")
    row = desk.page.locator(".told > li", has_text="Client connecting: mia")
    row.wait_for()
    desk.page.get_by_role("button", name="connects").click()
    expect(row).to_have_count(0)
    desk.page.get_by_role("button", name="connects").click()
    desk.page.get_by_role("searchbox").fill("nothing of this kind")
    expect(row).to_have_count(0)
    go(desk, "People")
    entry(desk, "eve").get_by_role("button", name="Disconnect").click()
    desk.page.get_by_label("Reason").fill("enough")
    desk.page.locator("dialog button[type=submit]").click()
    assert "enough" in eve.client.until("^ERROR ")[-1]
    expect(desk.page.locator("li[data-nick=eve]")).to_have_count(0)
    mia.client.sync()
    go(desk, "Notices")
    desk.page.locator(".told > li", has_text="eve").first.wait_for()


def test_channels_are_found_and_changed(club: ClubDaemon, desk: Visitor) -> None:
    club.member("ann", "#yard", "#gate")
    club.members[-1].send("MODE #yard +s")
    club.members[-1].client.sync()
    go(desk, "Channels")
    desk.page.get_by_label("Part of the name").fill("yar")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".sheet > li")).to_have_count(1)
    entry(desk, "#yard").get_by_role("button", name="Details").click()
    expect(desk.page.locator("dialog .members")).to_have_text("@ann")


def test_an_account_is_found_and_suspended_and_is_so_no_more(club: ClubDaemon, desk: Visitor) -> None:
    zoe = club.member("zoe")
    zoe.send("NS REGISTER correct-horse-battery")
    zoe.client.until("is yours")
    go(desk, "Accounts")
    desk.page.get_by_label("Name or nick").fill("zo*")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".sheet > li")).to_have_count(1)
    row = entry(desk, "zoe")
    expect(row).to_contain_text("here as zoe")
    row.get_by_role("button", name="Details").click()
    expect(desk.page.locator("dialog dl")).to_contain_text("in use")
    desk.page.keyboard.press("Escape")
    row.get_by_role("button", name="Suspend").click()
    desk.page.locator("dialog button[type=submit]").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Write a reason")
    desk.page.get_by_label("Reason").fill("spam")
    desk.page.locator("dialog button[type=submit]").click()
    assert "suspended" in zoe.client.until(r"^ERROR ")[-1]
    expect(row.locator(".state")).to_have_text("suspended")
    expect(row).to_contain_text("spam")
    row.get_by_role("button", name="End the suspension").click()
    expect(desk.page.locator(".right")).to_have_text("zoe is suspended no more.")
    expect(row.locator(".state")).to_have_count(0)


def test_the_configuration_is_read_again(office: Office, desk: Visitor) -> None:
    go(desk, "Reload")
    office.mend("3000")
    desk.page.get_by_role("button", name="Read the configuration again").click()
    expect(desk.page.locator(".mistakes")).to_contain_text("limits.nick")
    expect(desk.page.locator(".wrong")).to_contain_text("1 mistake")
    desk.errors.clear()  # of the browser, that it was refused
    office.mend("31")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator(".right")).to_have_text("The new configuration holds.")


def test_a_link_is_ended_and_made(office: Office, desk: Visitor) -> None:
    go(desk, "Links")
    link = entry(desk, "irc2.example.org")
    expect(link).to_contain_text("answers in")
    link.get_by_role("button", name="End the link").click()
    desk.page.locator("dialog button[type=submit]").click()
    desk.page.get_by_role("button", name="Connect").first.wait_for()
    expect(desk.page.locator(".map")).to_contain_text("not linked")
    connect = entry(desk, "irc2.example.org").get_by_role("button", name="Connect")
    if connect.count():  # or it was quicker by itself
        connect.click()
    entry(desk, "irc2.example.org").get_by_role("button", name="End the link").wait_for()


def test_curves_have_tables(desk: Visitor) -> None:
    curve = desk.page.locator("figure", has_text="Memory")
    expect(curve.get_by_role("img")).to_have_attribute("aria-label", re.compile("^Memory: now "))
    curve.locator("summary").focus()
    desk.page.keyboard.press("Enter")
    curve.locator("tbody td").first.wait_for()
    desk.page.get_by_role("button", name="7 days").click()
    expect(desk.page.get_by_role("button", name="7 days")).to_have_attribute("aria-pressed", "true")


def test_on_a_phone(visit: Visit) -> None:
    phone = at_work(visit(**PHONE), "desk")
    for name in VIEWS:
        go(phone, name)
        phone.page.locator(".view > *").first.wait_for()
        assert phone.page.evaluate(BESIDE) == []
        assert phone.page.evaluate(SMALL) == []


@pytest.mark.client
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_say(club: ClubDaemon, visit: Visit, axe: str, scheme: str) -> None:
    nick = f"ann-{scheme}"
    ann = club.member(nick, "#axe")
    ann.send("NS REGISTER correct-horse-battery")
    ann.client.until("is yours")
    kim = visit(color_scheme=scheme)
    kim.page.goto(f"{kim.address}operate")
    kim.page.get_by_label("Token").wait_for()
    found = {"gate": complaints(kim, axe)}
    at_work(kim, "desk")
    kim.page.locator(".map").wait_for()
    kim.page.locator(".warnings").wait_for()
    found["overview"] = complaints(kim, axe)
    for name in VIEWS[1:]:
        go(kim, name)
        kim.page.locator(".view > *").first.wait_for()
        found[name] = complaints(kim, axe)
    for name, (view, row, button) in DIALOGS.items():
        go(kim, view)
        entry(kim, row or nick).get_by_role("button", name=button, exact=True).click()
        kim.page.locator("dialog h2").wait_for()
        if button == "Ban":
            kim.page.get_by_label("Yes, ban").wait_for()
        found[name] = complaints(kim, axe)
        kim.page.keyboard.press("Escape")
        kim.page.locator("dialog").wait_for(state="detached")
    assert [f"{view}: {each}" for view, each in found.items() if each] == []
