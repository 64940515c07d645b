"""SET FEED and SET LOGS: what a channel shows to everybody."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import may
from chatnet.commands.errand import Errand
from chatnet.model.registered import RegisteredChannel
from chatnet.records import accounts as values
from chatnet.records.grammar import field
from chatnet.rules.public import FEED, LOGS, ON, Feed, closed_by, keeps_nothing
from chatnet.wire.server_time import minute

_SHOWN: Final = {
    Feed.TOPIC: "its topics",
    Feed.ANNOUNCE: "its topics, and what operators say by NOTICE",
    Feed.ALL: "all that is said in it",
}


async def set_feed(errand: Errand, registration: RegisteredChannel, word: str) -> None:
    """Have a feed, from now on, of what the word says; ``off``: none."""
    await may(errand, registration, "s", f"{FEED} {word}")
    name = registration.name
    if word == "off":
        await _choose(errand, registration, FEED, None)
        errand.end(f"{name} has no feed now.")
    _judge(errand, registration, everything=word == Feed.ALL)
    if not errand.settings.web.feeds:
        errand.end("This server gives out no feeds (web.feeds).")
    await _choose(errand, registration, FEED, word)
    errand.say(f"The feed of {name} shows {_SHOWN[Feed(word)]} from now on, to everybody.")


async def set_logs(errand: Errand, registration: RegisteredChannel, *, on: bool) -> None:
    """Have all that is said be shown on pages, from now on; or none of it, not even what was said before."""
    await may(errand, registration, "s", f"{LOGS} {'on' if on else 'off'}")
    name = registration.name
    if not on:
        await _choose(errand, registration, LOGS, None)
        errand.end(f"No pages show what is said in {name} now.")
    _judge(errand, registration, everything=True)
    if not errand.settings.web.logs:
        errand.end("This server gives out no logs of channels (web.logs).")
    await _choose(errand, registration, LOGS, ON)
    errand.say(f"Pages show what is said in {name} from now on, to everybody.")


def told(value: str) -> str:
    """A setting as people read it."""
    word, _, since = value.partition(" ")
    return f"{word} (since {minute(int(since))})" if since.isascii() and since.isdigit() else word


def _judge(errand: Errand, registration: RegisteredChannel, *, everything: bool) -> None:
    """End the errand if the channel is such that it may not show anything, or not everything."""
    channel = errand.chanserv.keeping.state(registration)
    if closed := closed_by(channel):
        text = "only channels that everybody can come into show something."
        errand.end(f"{registration.name} has mode +{closed}: {text}")
    if everything and keeps_nothing(channel):
        errand.end(f"{registration.name} has mode +H 0: nothing of what is said there is kept.")


async def _choose(errand: Errand, registration: RegisteredChannel, key: str, word: str | None) -> None:
    """Write it down, with the time since when it is so."""
    value = None if word is None else f"{word} {int(errand.now)}"
    await errand.chanserv.change(registration, {field(values.SETTING, key): value})
