"""Have a club talk on a real server, and take pictures of what a browser shows of it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from asking import secret
from browser import chromium
from chess_club import Clock, ClubDaemon, Member
from chess_evening import DAY, play
from club_office import WORD, Office
from every_view import OFFICE
from playwright.sync_api import Browser, Page
from visitor import Visitor

DESKTOP: dict[str, object] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, object] = {
    "viewport": {"width": 390, "height": 780},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
DIALOGS = {
    "switcher": "Jump to…",
    "settings": "Settings",
    "keys": "Keys and commands",
    "join": "Join a channel",
    "talk": "Write to somebody",
    "invite": "Invite people",
    "emoji": "Emoji",
    "log-out": "Log out",
}


class Album:
    """A folder of pictures of one kind of screen and one theme."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind

    def take(self, page: Page, name: str) -> None:
        """One more, when nothing moves any more."""
        page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
        page.wait_for_timeout(150)
        page.screenshot(path=self._folder / f"{name}-{self._kind}.png")


def live(cast: dict[str, Member]) -> Callable[[], None]:
    """What is said while somebody looks, and how it is taken back."""
    ann, bob, tom = cast["ann"], cast["bob"], cast["tom"]
    welcome = ann.say("#club", "kim: welcome! We start at seven, bring your own clock.")
    cheer = bob.say("#club", "🎉")
    cast["zo"].send("JOIN #club")
    cast["mia"].send("PART #club :back in a minute", "JOIN #club")
    cast["mia"].client.sync()
    ann.say("#lobby", "kim: the gate is open now")
    bob.send("PRIVMSG kim :Shall I keep you a seat?")
    tom.send("@+typing=active TAGMSG #club")
    tom.client.sync()

    def back() -> None:
        ann.send(f"REDACT #club {welcome}")
        bob.send(f"REDACT #club {cheer}")
        ann.client.sync(), bob.client.sync()

    return back


def door(browser: Browser, club: ClubDaemon, album: Album, options: dict[str, object]) -> None:
    """The way in."""
    visitor = Visitor(browser, club.address, **options)
    page = visitor.page
    page.goto(f"{club.address}c/club")
    page.get_by_label("Your nick").wait_for()
    album.take(page, "door")
    page.get_by_role("button", name="Make an account").click()
    album.take(page, "account")
    visitor.leave()


def inside(
    browser: Browser, club: ClubDaemon, cast: dict[str, Member], album: Album, options: dict[str, object]
) -> None:
    """All that is seen by who has come in."""
    visitor = Visitor(browser, club.address, **options)
    page = visitor.page
    for channel in ("lobby", "openings", "travel", "club"):
        if channel == "lobby":
            visitor.enter("kim", "#lobby")
        else:
            visitor.say(f"/join #{channel}")
            visitor.heading(f"#{channel}")
    visitor.row("sets up the position")
    back = live(cast)
    visitor.row("🎉")
    page.locator(".typing", has_text="tom").wait_for()
    page.get_by_role("button", name="No", exact=True).click()
    album.take(page, "channel")
    phone = bool(options.get("is_mobile"))
    if phone:
        visitor.row("kim: welcome").tap()
        album.take(page, "tools")
        page.get_by_role("button", name="People (").tap()
        page.locator(".person").first.wait_for()
        album.take(page, "people")
        page.get_by_role("button", name="Close").tap()
    opened(page, lambda: page.locator(".topic").click(), album, "topic")
    opened(
        page, lambda: page.get_by_role("button", name="Search", exact=True).click(), album, "search", search
    )
    opened(page, lambda: visitor.say("/whois bob"), album, "person", facts)
    visitor.input.fill("/")
    page.locator(".offer").first.wait_for()
    album.take(page, "commands")
    visitor.input.fill("")
    if phone:
        page.get_by_role("button", name="Channels", exact=True).tap()
        album.take(page, "list")
    for name, button in DIALOGS.items():
        found = page.get_by_role("button", name=button).first
        if found.is_visible():
            opened(page, found.click, album, name)
    if not phone:
        page.evaluate("document.documentElement.dataset.density = 'compact'")
        album.take(page, "compact")
    visitor.leave()
    back()
    club.settle()


def operating(browser: Browser, office: Office, album: Album, options: dict[str, object]) -> None:
    """What operators see."""
    address = f"{office.here.address}operate"
    visitor = Visitor(browser, office.here.address, **options)
    page = visitor.page
    page.goto(address)
    page.get_by_label("Token").fill(secret("desk"))
    album.take(page, "operate")
    page.get_by_role("button", name="Use it").click()
    page.locator(".map").wait_for()
    for name in sorted(OFFICE):
        page.goto(f"{address}#{name}")
        page.locator(f".view.{name} > *").first.wait_for()
        album.take(page, f"operate-{name}")
    visitor.leave()


def staffed(office: Office) -> None:
    """Have some people and accounts there."""
    for nick in ("ann", "bob", "mia"):
        member = office.here.member(nick, "#club", "#lobby")
        member.send("NS REGISTER correct-horse-battery")
        member.client.until("is yours")
    office.here.members[0].send("TOPIC #club :Tea at five", f"OPER boss :{WORD}")
    office.here.members[0].client.until(" 381 ")
    office.here.members[0].send("NS SUSPEND mia +3d spam", "UBAN ADD 1d 192.0.2.7 spam")
    office.here.members[0].client.sync()


def facts(page: Page) -> None:
    """Wait for what the server says of somebody."""
    page.locator("dialog dd").first.wait_for()


def search(page: Page) -> None:
    """Look for something."""
    page.get_by_role("searchbox").fill("clock")
    page.keyboard.press("Enter")
    page.locator(".hit").first.wait_for()


def opened(
    page: Page,
    go: Callable[[], object],
    album: Album,
    name: str,
    then: Callable[[Page], object] = lambda _: None,
) -> None:
    """A dialog, and away with it."""
    go()
    page.locator("dialog h2").wait_for()
    then(page)
    album.take(page, name)
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")


def main() -> None:
    parser = argparse.ArgumentParser(description="Take pictures of the web client.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [
        (Album(folder, f"{screen}-{scheme}"), options | {"color_scheme": scheme})
        for screen, options in {"desktop": DESKTOP, "phone": PHONE}.items()
        for scheme in ("light", "dark")
    ]
    with tempfile.TemporaryDirectory() as data, chromium() as browser:
        with Office(Path(data)) as office:
            staffed(office)
            for album, options in kinds:
                operating(browser, office, album, options)
        club = ClubDaemon(Path(data))
        clock = Clock(club, -3 * DAY)
        club.copied = False
        try:
            with club:
                cast = play(club, clock)
                for album, options in kinds:
                    door(browser, club, album, options)
                    inside(browser, club, cast, album, options)
        finally:
            club.end()


if __name__ == "__main__":
    main()
