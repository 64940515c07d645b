"""Two real servers lose each other and meet again, as who looks at the page of one of them sees it."""

from __future__ import annotations

import pytest
from chess_club import Member
from daemon_network import Network
from daemon_process import HOST, free_port
from daemon_relay import Relay
from playwright.sync_api import Browser, expect
from visitor import Visitor

pytestmark = pytest.mark.daemon

WEB = '[[listen]]\nendpoint = "tcp:WEB:interface=127.0.0.1"\nkind = "web"\n'


def texts(visitor: Visitor) -> list[str]:
    """What was said, from the top."""
    return visitor.page.locator("li.row.message .text").all_inner_texts()


def test_people_go_in_one_line_and_what_they_said_meanwhile_is_there(
    network: Network, browser: Browser
) -> None:
    for name in "ab":
        network.add(name)
    relay = Relay(network.link_ports["a"])
    web = free_port()
    network.configure("a", network.to("b"), WEB.replace("WEB", str(web)))
    network.configure("b", network.to("a", True, addresses=f'["{HOST}:{relay.port}"]'))
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("a")
        network.linked("b")
        bob, cyd = Member(b, "bob", "#club", "#quiet"), Member(b, "cyd", "#club")
        far = Member(b, "far", "#club")
        bob.say("#club", "before")
        kim = Visitor(browser, f"http://{HOST}:{web}/").enter("kim", "#club")
        near = Member(a, "near", "#club", "#quiet")
        kim.say("/join #quiet")
        kim.heading("#quiet")
        kim.page.locator("[data-key='#club']").click()
        kim.heading("#club")
        kim.row("before")
        people = kim.page.locator("#people .person")
        expect(people).to_have_count(5)

        relay.reset()
        split = kim.page.locator("li.row.split")
        expect(split).to_have_text("3 people lost: a.test and b.test are apart")
        expect(people).to_have_text(["kim", "near"])
        bob.client.until("^:near!.* QUIT ")
        kim.say("are you still there?")
        near.client.until("PRIVMSG #club :are you")
        bob.say("#club", "we are among ourselves")
        bob.say("#quiet", "nobody hears this")
        far.send("QUIT :enough")
        for number in range(3):
            near.say("#club", f"near {number}")
            cyd.say("#club", f"cyd {number}")
        relay.open()

        expect(split).to_contain_text("2 are back")
        kim.row("cyd 2")
        expect(people).to_have_text(["bob", "cyd", "kim", "near"])
        expect(kim.page.locator("li.hole")).to_have_count(0)
        first = ["before", "are you still there?", "we are among ourselves"]
        shown = texts(kim)
        assert shown[:3] == first
        # What two servers say in the same milliseconds stands in one order or the other.
        for nick in ("near", "cyd"):
            assert [text for text in shown[3:] if text.startswith(nick)] == [
                f"{nick} {at}" for at in range(3)
            ]
        assert len(shown) == 9
        expect(split).to_have_count(1)
        bob.say("#club", "hello again")
        kim.row("hello again")
        assert texts(kim) == [*shown, "hello again"]
        kim.page.locator("[data-key='#quiet']").click()
        kim.heading("#quiet")
        kim.row("nobody hears this")
        assert kim.errors == []
        kim.leave()
