"""Somebody is kept out while the page is open: it says why and what to do, and loses nothing they wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from chess_club import CONFIGURATION, ClubDaemon, Member
from daemon_relay import Relay
from playwright.sync_api import Browser, Locator, expect
from visitor import Visitor

pytestmark = pytest.mark.daemon
PASSWORD = "correct horse battery"
OPERATOR = f"""
[[oper_class]]
name = "boss"
privileges = ["accounts", "bans"]
[[oper]]
name = "boss"
class = "boss"
password = "{PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("sesame")}"
"""
FULL = """
[flood]
exempt = []
connection_rate = 1000
connections_per_address = 2
"""


class Story:
    """A server; kim, whose browser comes by a relay that can be cut; and how often it has connected."""

    def __init__(self, folder: Path, browser: Browser, more: str) -> None:
        self._configuration = CONFIGURATION + more
        self.club = ClubDaemon(folder, self._configuration)
        self.club.start()
        self.relay = Relay(self.club.web)
        self.kim = Visitor(browser, f"http://127.0.0.1:{self.relay.port}/")
        self.sockets = 0
        self.kim.page.on("websocket", self._connected)

    def _connected(self, socket: object) -> None:
        self.sockets += 1

    def close(self) -> None:
        self.kim.leave()
        self.relay.reset()
        self.club.end()

    @property
    def bar(self) -> Locator:
        return self.kim.page.locator("chat-bar")

    @property
    def alert(self) -> Locator:
        return self.kim.page.get_by_role("alert")

    def with_account(self) -> None:
        """kim has an account, and is in #door by it."""
        page = self.kim.page
        page.goto(f"{self.kim.address}c/door#account")
        page.get_by_label("Your nick").fill("kim")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.locator("button[type=submit]").click()
        self.kim.heading("#door")
        page.locator("[data-nick=kim]").wait_for()

    def log_in(self) -> None:
        page = self.kim.page
        page.get_by_role("button", name="I have an account").click()
        page.get_by_label("Account").fill("kim")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    def ban(self) -> None:
        """Nobody may come from this machine."""
        ban = '[[ban]]\ntarget = "127.0.0.1"\nreason = "you know why"\n'
        self.club.configure((self._configuration + ban).replace("WEB", str(self.club.web)))
        self.club.reload()

    def unban(self) -> None:
        self.club.configure(self._configuration.replace("WEB", str(self.club.web)))
        self.club.reload()

    def write_apart(self, text: str) -> None:
        """The connection is cut, and kim writes something."""
        self.relay.reset()
        expect(self.bar).to_contain_text("Reconnecting in")
        self.kim.say(text)
        expect(self.kim.row(text)).to_contain_text("Will be sent when connected")


@pytest.fixture
def story(tmp_path: Path, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Story]:
    found = Story(tmp_path, browser, request.param)
    try:
        yield found
    finally:
        found.close()


def boss_of(club: ClubDaemon) -> Member:
    boss = club.member("boss", "#door")
    boss.send("OPER boss sesame")
    boss.client.until(" 381 ")
    return boss


@pytest.mark.parametrize("story", [OPERATOR], indirect=True)
def test_a_token_is_taken_back(story: Story) -> None:
    boss, kim = boss_of(story.club), story.kim
    story.with_account()
    other = story.club.member("other")
    other.send(f"NS IDENTIFY kim :{PASSWORD}")
    other.client.until(" 900 ")
    other.send("NS TOKEN LIST")
    other.client.until("Chrome on Linux")
    other.send("NS TOKEN DEL Chrome on Linux")
    expect(story.alert).to_contain_text("Your session is over. Log in again.")
    assert story.sockets == 2, "it has tried once more, and then no more"
    story.log_in()
    kim.heading("#door")
    kim.say("here I am again")
    boss.client.until(r":kim!\S+ PRIVMSG #door :here I am again$")
    other.send("NS TOKEN LIST")
    other.client.until("Chrome on Linux")
    story.write_apart("and this was written meanwhile")
    other.send("NS TOKEN DEL Chrome on Linux")
    other.client.sync()
    story.relay.open()
    expect(story.alert).to_contain_text("Your session is over. Log in again.")
    story.log_in()
    boss.client.until(r":kim!\S+ PRIVMSG #door :and this was written meanwhile$")
    kim.row("and this was written meanwhile")


@pytest.mark.parametrize("story", [OPERATOR], indirect=True)
def test_an_account_is_suspended(story: Story) -> None:
    boss, kim = boss_of(story.club), story.kim
    story.with_account()
    boss.send("NS SUSPEND kim spam")
    expect(story.bar).to_contain_text("The account kim is suspended: spam")
    assert story.sockets == 1
    kim.say("nobody hears this")
    expect(kim.row("nobody hears this")).to_contain_text("Will be sent when connected")
    story.bar.get_by_role("button", name="Connect").click()
    expect(story.alert).to_contain_text("The account kim is suspended: spam")
    assert story.sockets == 2
    boss.send("NS UNSUSPEND kim")
    boss.client.until("kim")
    story.log_in()
    boss.client.until(r":kim!\S+ PRIVMSG #door :nobody hears this$")


@pytest.mark.parametrize("story", [OPERATOR + FULL], indirect=True)
def test_a_server_without_room(story: Story) -> None:
    boss, kim = boss_of(story.club), story.kim
    bob = Member(story.club, "bob", "#door")
    kim.page.goto(f"{kim.address}c/door")
    kim.page.get_by_label("Your nick").fill("kim")
    kim.page.get_by_role("button", name="Come in").click()
    expect(story.bar).to_contain_text("no room for you just now (Too many connections from your address)")
    expect(story.bar).to_contain_text("Reconnecting in")
    assert story.sockets == 1
    bob.close()
    story.bar.get_by_role("button", name="Now").click()
    kim.heading("#door")
    kim.page.locator("[data-nick=kim]").wait_for()
    assert story.sockets == 2

    story.write_apart("I am still here")
    bob = Member(story.club, "bob", "#door")  # who was quicker
    story.relay.open()
    story.bar.get_by_role("button", name="Now").click()
    expect(story.bar).to_contain_text("no room for you just now")
    expect(kim.row("I am still here")).to_contain_text("Will be sent when connected")
    bob.close()
    boss.client.until(r":kim!\S+ PRIVMSG #door :I am still here$")
    expect(story.bar).to_have_text("")


@pytest.mark.parametrize("story", [OPERATOR], indirect=True)
def test_an_address_is_banned(story: Story) -> None:
    kim = story.kim
    kim.enter("kim", "#door")
    kim.page.locator("[data-nick=kim]").wait_for()
    story.write_apart("let me finish")
    story.ban()
    story.relay.open()
    expect(story.alert).to_contain_text("you know why")
    story.unban()
    bob = Member(story.club, "bob", "#door")
    kim.page.get_by_role("button", name="Come in").click()
    bob.client.until(r":kim!\S+ PRIVMSG #door :let me finish$")
