"""Accounts and invitations by the page: made, logged in to, kept, left; a link that brings somebody in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]
PASSWORD = "correct horse battery"


def test_an_account_is_made_and_kept_and_invites(club: ClubDaemon, visit: Visit) -> None:
    kim = visit()
    kim.page.goto(f"{kim.address}c/garden")
    kim.page.get_by_role("button", name="Make an account").click()
    kim.page.get_by_label("Your nick").fill("kimberly")
    kim.page.get_by_label("Password", exact=True).fill(PASSWORD)
    kim.page.locator("button[type=submit]").click()
    kim.heading("#garden")
    expect(kim.page.locator(".me")).to_contain_text("Logged in")
    kim.page.reload()
    kim.heading("#garden")
    expect(kim.page.locator(".me")).to_contain_text("Logged in")

    kim.page.get_by_role("button", name="Invite people").first.click()
    kim.page.get_by_role("button", name="Make a link").click()
    link = kim.page.locator("dialog input[readonly]")
    link.wait_for()
    address = link.input_value()
    assert "/join/" in address
    kim.page.keyboard.press("Escape")
    guest = visit()
    guest.page.goto(f"{club.address}join/{address.rpartition('/join/')[2]}")
    guest.page.get_by_role("heading", name="kimberly invites you").wait_for()
    expect(guest.page.locator(".rooms")).to_contain_text("#garden")
    guest.page.get_by_label("Your nick").fill("newcomer")
    guest.page.get_by_role("button", name="Come in").click()
    guest.heading("#garden")
    guest.say("what a garden")
    kim.row("what a garden")

    kim.page.get_by_role("button", name="Settings").click()
    expect(kim.page.locator(".sessions li")).to_have_count(1)
    expect(kim.page.locator(".sessions")).to_contain_text("this one")
    kim.page.get_by_label("What for").fill("greenhouse")
    kim.page.get_by_label("It may").select_option("Read only")
    kim.page.get_by_label("Password now").last.fill(PASSWORD)
    kim.page.get_by_role("button", name="Make a token").click()
    assert kim.page.get_by_label("The token").input_value().startswith("cn-")
    expect(kim.page.locator(".sessions li")).to_have_count(2)
    kim.page.get_by_label("Colours").select_option("dark")
    expect(kim.page.locator("html")).to_have_attribute("data-theme", "dark")
    with kim.page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        kim.page.get_by_label("Spacing").select_option("compact")
    kim.page.keyboard.press("Escape")
    kim.page.get_by_role("button", name="Log out").click()
    kim.page.locator("dialog .button.main").click()
    kim.page.get_by_label("Your nick").wait_for()

    phone = visit()
    phone.page.goto(phone.address)
    phone.page.get_by_role("button", name="I have an account").click()
    phone.page.get_by_label("Account").fill("kimberly")
    phone.page.get_by_label("Password", exact=True).fill("wrong")
    phone.page.get_by_role("button", name="Log in").click()
    expect(phone.page.get_by_role("alert")).to_have_text("Account or password is not right.")
    phone.errors.clear()  # of the browser, that it was refused
    phone.page.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.page.get_by_role("button", name="Log in").click()
    expect(phone.page.locator(".me")).to_contain_text("Logged in")
    expect(phone.page.locator("html")).to_have_attribute("data-density", "compact")


def test_who_logs_in_by_the_page_is_seen_where_they_are(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#attic")
    kim = visit()
    kim.page.goto(f"{kim.address}c/attic")
    kim.page.get_by_role("button", name="Make an account").click()
    kim.page.get_by_label("Your nick").fill("kimball")
    kim.page.get_by_label("Password", exact=True).fill(PASSWORD)
    with kim.page.expect_response(lambda answer: answer.url.endswith("/me") and answer.ok):
        kim.page.locator("button[type=submit]").click()
    kim.heading("#attic")
    assert "@127.0.0.1 JOIN " in bob.client.until(r":kimball!\S+ JOIN ")[-1], "not with the host of programs"


def test_a_guest_whose_nick_is_taken_reads_who_they_are(club: ClubDaemon, visit: Visit) -> None:
    club.member("bob", "#attic")
    kim = visit().enter("bob", "#attic")
    bar = kim.page.locator("chat-bar")
    expect(bar).to_contain_text("Somebody else is called bob, so you are bob_ here.")
    bar.get_by_role("button", name="Take another nick").click()
    kim.page.get_by_label("Nick", exact=True).wait_for()


def test_a_link_that_is_none_lets_in_all_the_same(visit: Visit) -> None:
    guest = visit()
    guest.page.goto(f"{guest.address}join/aaaaaaaaaaaaaaaa")
    expect(guest.page.get_by_role("alert")).to_contain_text("not valid any more")
    guest.errors.clear()  # of the browser, that there is none
    guest.page.get_by_label("Your nick").fill("lost")
    guest.page.get_by_role("button", name="Come in").click()
    guest.page.get_by_role("heading", name="Welcome to Chessclub").wait_for()


def test_a_guest_makes_an_account_and_is_where_they_were(visit: Visit) -> None:
    kim = visit().enter("kimono", "#silk")
    kim.say("/join #wool")
    kim.heading("#wool")
    kim.page.get_by_role("button", name="Settings").click()
    kim.page.locator("dialog").get_by_role("button", name="Make an account").click()
    kim.page.get_by_label("Password", exact=True).fill(PASSWORD)
    kim.page.locator("button[type=submit]").click()
    expect(kim.page.locator(".me")).to_contain_text("Logged in")
    expect(kim.page.locator("chat-channels .item")).to_have_text(["silk", "wool"])


def test_a_guest_has_the_chat_in_one_tab(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#tabs")
    kim = visit().enter("kim", "#tabs")
    second = kim.context.new_page()
    second.goto(f"{kim.address}c/tabs")
    second.get_by_label("Your nick").fill("kim")
    second.get_by_role("button", name="Come in").click()
    second.get_by_role("button", name="Use it here").click()
    second.get_by_role("heading", name="#tabs", level=1).wait_for()
    expect(kim.page.locator("chat-bar")).to_contain_text("Chat is open in another tab")
    bob.say("#tabs", "where are you?")
    second.locator("li.row", has_text="where are you?").wait_for()


def test_what_one_device_has_read_is_read_on_the_others(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#here", "#there")
    desk = visit()
    desk.page.goto(f"{desk.address}c/here")
    desk.page.get_by_role("button", name="Make an account").click()
    desk.page.get_by_label("Your nick").fill("twofold")
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.page.locator("button[type=submit]").click()
    desk.heading("#here")
    desk.say("/join #there")
    desk.heading("#there")
    tab = desk.context.new_page()  # of the same browser: a session of its own
    tab.goto(f"{desk.address}c/there")
    phone = visit()
    phone.page.goto(f"{phone.address}c/there")
    phone.page.get_by_role("button", name="I have an account").click()
    phone.page.get_by_label("Account").fill("twofold")
    phone.page.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.page.get_by_role("button", name="Log in").click()
    phone.heading("#there")
    tab.get_by_role("heading", name="#there", level=1).wait_for()
    bob.say("#here", "twofold: read this")
    others = [page.locator("[data-key='#here'] .count") for page in (tab, phone.page)]
    for count in others:
        expect(count).to_contain_text("@1")
    desk.page.bring_to_front()
    desk.page.locator("[data-key='#here']").click()
    desk.row("read this")
    for count in others:
        expect(count).to_have_count(0)
