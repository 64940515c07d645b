"""People with a browser talk with those who have another client: what is said, answered, deleted, counted."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from chess_club import ClubDaemon
from daemon_relay import Relay
from playwright.sync_api import expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
Visit = Callable[..., Visitor]


def test_a_guest_comes_in_and_talks_with_somebody_who_has_another_client(
    club: ClubDaemon, visit: Visit
) -> None:
    bob = club.member("bob", "#tea")
    bob.say("#tea", "anybody here?")
    kim = visit().enter("kim", "#tea")
    kim.row("anybody here?")
    kim.say("hello bob")
    bob.client.until(r":kim!\S+ PRIVMSG #tea :hello bob$")
    assert "first" in (kim.row("hello bob").get_attribute("class") or "")
    bob.say("#tea", "welcome")
    bob.say("#tea", "sit down, kim")
    assert "first" in (kim.row("welcome").get_attribute("class") or "")
    second = kim.row("sit down, ")
    assert not {"first"} & set((second.get_attribute("class") or "").split()), "the author is told once"
    expect(second).to_have_class(re.compile(r"\bmention\b"))
    expect(kim.page.locator("#live")).to_contain_text("bob: ")
    expect(kim.page.locator(".person")).to_have_text(["bob", "kim"])
    bob.send("QUIT :see you")
    expect(kim.page.locator(".person")).to_have_text(["kim"])
    kim.row("bob left the network (Quit: see you)")


def test_a_topic_is_offered_to_those_who_may_set_it(club: ClubDaemon, visit: Visit) -> None:
    club.member("bob", "#tea")
    kim = visit().enter("kim", "#tea")
    kim.page.get_by_text("This is the beginning of #tea").wait_for()
    offered = kim.page.get_by_role("button", name="Set a topic")
    expect(offered).to_have_count(0)
    kim.say("/join #coffee")
    kim.heading("#coffee")
    expect(offered).to_have_count(1)


def test_replies_reactions_and_deletions(club: ClubDaemon, visit: Visit) -> None:
    ann = club.member("ann", "#desk")
    kim = visit().enter("kim", "#desk")
    asked = ann.say("#desk", "has anybody seen my clock?")
    theirs = kim.page.locator(f"li[data-id='{asked}']")
    theirs.hover()
    kim.page.get_by_role("button", name="Reply", exact=True).click()
    kim.say("on the piano")
    line = ann.client.until(r"PRIVMSG #desk :on the piano$")[-1]
    assert f"+reply={asked}" in line
    expect(kim.row("on the piano").locator(".quote")).to_contain_text("has anybody seen my clock?")

    theirs.hover()
    kim.page.get_by_role("button", name="React with 👍").click()
    assert f"+draft/reply={asked}" in ann.client.until(r"draft/react=👍\S* :kim!\S+ TAGMSG #desk$")[-1]
    chip = kim.page.locator(f"[data-id='{asked}'] .reaction")
    expect(chip).to_have_text("👍1")
    ann.react("#desk", asked, "👍")
    expect(chip).to_have_text("👍2")
    expect(chip).to_have_attribute("aria-label", "👍 2: kim, ann")
    chip.click()
    expect(chip).to_have_text("👍1")
    ann.client.until(r"draft/unreact=👍\S* :kim!")

    own = kim.row("on the piano")
    own.focus()
    own.press("Delete")
    kim.page.get_by_role("button", name="Delete", exact=True).click()
    expect(kim.page.locator(".row.gone")).to_contain_text("Deleted by kim")
    ann.client.until(r":kim!\S+ REDACT #desk ")
    theirs.focus()
    theirs.press("Delete")
    assert kim.page.locator("dialog").count() == 0, "what is not ours is not for us to delete"
    wrong = ann.say("#desk", "wrong channel")
    kim.row("wrong channel")
    ann.send(f"REDACT #desk {wrong} :oops")
    kim.row("Deleted by ann: oops")


def test_several_lines_are_one_message(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#verse")
    kim = visit().enter("kim", "#verse")
    kim.input.fill("the first line")
    kim.input.press("Shift+Enter")
    kim.input.press_sequentially("and the second")
    kim.input.press("Enter")
    bob.client.until(r"PRIVMSG #verse :and the second$")
    expect(kim.row("the first line").locator(".text")).to_have_text("the first line\nand the second")
    expect(kim.page.locator("li.row.message")).to_have_count(1)
    bob.say("#verse", "one\ntwo\nthree")
    expect(kim.row("three").locator(".text")).to_have_text("one\ntwo\nthree")
    kim.input.fill("\n".join(f"line {number}" for number in range(200)))
    kim.input.press("Enter")
    several = kim.page.get_by_role("button", name=re.compile("Send as [0-9]+ messages"))
    several.click()
    bob.client.until(r"PRIVMSG #verse :line 199$")


def test_who_types_is_seen(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#pen")
    kim = visit().enter("kim", "#pen")
    kim.page.locator("[data-nick=kim]").wait_for()
    bob.send("@+typing=active TAGMSG #pen")
    expect(kim.page.locator(".typing")).to_have_text("bob is typing…")
    bob.say("#pen", "there")
    expect(kim.page.locator(".typing")).to_have_text("")
    kim.input.press_sequentially("hm")
    bob.client.until(r"\+typing=active\S* :kim!\S+ TAGMSG #pen$")
    kim.input.fill("")
    bob.client.until(r"\+typing=done\S* :kim!\S+ TAGMSG #pen$")


def test_what_is_unread_is_counted_and_marked(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#one", "#two")
    kim = visit().enter("kim", "#one")
    kim.say("/join #two")
    kim.heading("#two")
    kim.say("I was here")
    kim.row("I was here")
    bob.say("#one", "something")
    count = kim.page.locator("[data-key='#one'] .count")
    expect(count).to_contain_text("1 unread")
    bob.say("#one", "kim: look")
    expect(count).to_contain_text("@1")
    expect(kim.page).to_have_title("(1) #two")
    bob.send("PRIVMSG kim :psst")
    expect(kim.page.locator("[data-key=bob] .count.strong")).to_contain_text("1")
    kim.page.locator("[data-key='#one']").click()
    kim.heading("#one")
    kim.row("kim: look")
    expect(count).to_have_count(0)
    kim.page.locator("[data-key=bob]").click()
    kim.heading("bob")
    kim.row("psst")
    kim.say("later")
    bob.client.until(r":kim!\S+ PRIVMSG bob :later$")


def test_commands(club: ClubDaemon, visit: Visit) -> None:
    ann = club.member("ann", "#court")
    kim = visit().enter("kim", "#court")
    kim.say("/me bows")
    ann.client.until("PRIVMSG #court :\x01ACTION bows\x01$")
    expect(kim.row("bows")).to_have_class(re.compile(r"\baction\b"))
    kim.say("/wave")
    expect(kim.page.get_by_role("alert")).to_have_text("/wave is no command. /quote WAVE sends it as it is.")
    kim.input.fill("")
    kim.say("/topic the king's gambit")
    expect(kim.page.get_by_role("alert")).to_contain_text("not channel operator")
    kim.input.fill("")
    ann.send("MODE #court +o kim")
    kim.row("ann set mode +o kim")
    kim.say("/topic the king's gambit")
    ann.client.until("TOPIC #court :the king's gambit$")
    expect(kim.page.locator(".topic")).to_have_text("the king's gambit")
    kim.say("/nick kate")
    kim.page.locator("[data-nick=kate]").wait_for()
    kim.say("/kick ann enough")
    ann.client.until("KICK #court ann :enough$")


def test_what_the_servers_helpers_say_is_shown(club: ClubDaemon, visit: Visit) -> None:
    kim = visit().enter("kim", "#helped")
    for command, answer in (("/ns help", "REGISTER"), ("/chanserv info #helped", "not registered")):
        kim.say(command)
        dialog = kim.page.get_by_role("dialog")
        expect(dialog).to_contain_text(answer)
        kim.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    expect(kim.page.locator("chat-channels .item")).to_have_count(1)  # no talk was made of it


def test_a_channel_that_one_left_stays_a_channel(club: ClubDaemon, visit: Visit) -> None:
    kim = visit().enter("kim", "#stay")
    kim.say("/join #left")
    kim.heading("#left")
    kim.say("/part")
    kim.heading("#stay")
    kim.page.go_back()
    kim.heading("#left")
    expect(kim.page.locator("[data-key='#left']")).to_contain_text("not joined")
    kim.page.get_by_role("button", name="Join", exact=True).click()
    kim.page.locator("[data-nick=kim]").wait_for()


def test_by_keys_alone(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#keys", "#other")
    kim = visit()
    keyboard = kim.page.keyboard
    kim.page.goto(f"{kim.address}c/keys")
    kim.page.get_by_label("Your nick").wait_for()
    keyboard.type("kim")
    keyboard.press("Enter")
    kim.heading("#keys")
    bob.say("#keys", "which opening?")
    kim.row("which opening?")
    keyboard.type("@bo")
    kim.page.get_by_role("option", name="bob").wait_for()
    keyboard.press("Tab")
    keyboard.type("the Caro")
    keyboard.press("Enter")
    bob.client.until(r"PRIVMSG #keys :bob: the Caro$")
    kim.row("the Caro")
    for _ in range(4):
        keyboard.press("F6")
        if kim.page.locator("chat-timeline li:focus").count():
            break
    keyboard.press("ArrowUp")
    expect(kim.page.locator("chat-timeline li:focus")).to_contain_text("which opening?")
    keyboard.press("r")
    expect(kim.input).to_be_focused()
    keyboard.type("yes")
    keyboard.press("Enter")
    assert "+reply=" in bob.client.until(r"PRIVMSG #keys :yes$")[-1]
    keyboard.press("Control+k")
    kim.page.get_by_role("combobox").wait_for()
    keyboard.type("#other")
    keyboard.press("Enter")
    kim.heading("#other")
    keyboard.press("Alt+ArrowUp")
    kim.heading("#keys")
    kim.page.locator("#head .topic").focus()
    keyboard.press("Escape")
    expect(kim.input).to_be_focused()
    keyboard.press("ArrowUp")
    expect(kim.input).to_have_value("yes")


def test_a_line_that_was_cut_off_is_sent_when_there_is_a_connection_again(
    club: ClubDaemon, visit: Visit
) -> None:
    bob = club.member("bob", "#rope")
    relay = Relay(club.web)
    kim = visit(address=f"http://127.0.0.1:{relay.port}/").enter("kim", "#rope")
    kim.page.locator("[data-nick=kim]").wait_for()
    relay.reset()
    bar = kim.page.locator("chat-bar")
    expect(bar).to_contain_text("Reconnecting in")
    bob.say("#rope", "are you there?")
    kim.say("I am, but not quite")
    expect(kim.row("but not quite")).to_contain_text("Will be sent when connected")
    relay.open()
    kim.row("are you there?")
    bob.client.until(r"PRIVMSG #rope :I am, but not quite$")
    expect(bar).to_have_text("")
    kim.errors.clear()  # of the browser, that nobody answered


def test_enter_sends_what_is_written_out_already(club: ClubDaemon, visit: Visit) -> None:
    bob = club.member("bob", "#whole")
    kim = visit().enter("kim", "#whole")
    kim.input.press_sequentially("see you in #whole")
    expect(kim.page.get_by_role("option")).to_have_text(["#whole"])
    kim.input.press("Enter")
    bob.client.until(r":kim!\S+ PRIVMSG #whole :see you in #whole$")
    kim.input.press_sequentially("or #wh")
    kim.input.press("Enter")
    expect(kim.input).to_have_value("or #whole ")


def test_a_reaction_is_found_by_its_name_on_the_keys(club: ClubDaemon, visit: Visit) -> None:
    ann = club.member("ann", "#glad")
    kim = visit().enter("kim", "#glad")
    won = ann.say("#glad", "I have won")
    row = kim.row("I have won")
    row.focus()
    row.press("e")
    expect(kim.page.get_by_label("Find an emoji")).to_be_focused()
    kim.page.keyboard.type("tada")
    kim.page.keyboard.press("Enter")
    expect(kim.page.locator(f"[data-id='{won}'] .reaction")).to_have_text("🎉1")


def test_modes_are_changed_where_one_is(club: ClubDaemon, visit: Visit) -> None:
    kim = visit().enter("kim", "#modest")
    bob = club.member("bob", "#modest")
    kim.say("/mode +i")
    bob.client.until(r":kim!\S+ MODE #modest \+i$")
    kim.say("/mode #modest -i")
    bob.client.until(r":kim!\S+ MODE #modest -i$")
    kim.say("/mode")
    expect(kim.page.get_by_role("alert")).to_contain_text("/mode [#channel or your nick] <modes>")
