"""Somebody who looks at the page, and what went wrong in it meanwhile."""

from __future__ import annotations

from typing import Any

from daemon_process import DEADLINE
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

REPORTS = """
addEventListener("securitypolicyviolation", (event) => {
    console.error("policy", event.violatedDirective, event.blockedURI);
});
"""
PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


class Visitor:
    """A browser context of one's own, with one page."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        options = {"locale": "en-GB", "timezone_id": "Europe/Berlin"} | options
        self.address = address
        self.touch = bool(options.get("has_touch"))
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(DEADLINE * 1000)
        self.context.add_init_script(REPORTS)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        """What the page complained of, and what its policy forbade."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def enter(self, nick: str, channel: str) -> Visitor:
        """Open a channel's page, come in as a guest, and see it."""
        self.page.goto(f"{self.address}c/{channel.removeprefix('#')}")
        self.page.get_by_label("Your nick").fill(nick)
        self.page.get_by_role("button", name="Come in").click()
        self.heading(channel)
        return self

    def heading(self, name: str) -> None:
        """Until that is open."""
        self.page.get_by_role("heading", name=name, exact=True, level=1).wait_for()

    def row(self, text: str) -> Locator:
        """The newest row with such a text, once it is there."""
        found = self.page.locator("li.row", has_text=text).last
        found.wait_for()
        return found

    @property
    def input(self) -> Locator:
        return self.page.locator("chat-composer textarea")

    def say(self, text: str) -> None:
        self.input.fill(text)
        if self.touch:  # there Enter is a new line
            self.page.get_by_role("button", name="Send").tap()
        else:
            self.input.press("Enter")

    def leave(self) -> None:
        self.context.close()
