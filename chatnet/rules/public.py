"""Which channels show what is said in them to everybody, as feeds and as pages, since they want that.

Both are settings of a registered channel: ``set:feed`` is ``<what> <unix s>``, ``set:logs`` is
``on <unix s>``, with the time since when it is so, before which nobody could know of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from chatnet.model.entities import Channel
from chatnet.model.registered import RegisteredChannel
from chatnet.records.accounts import State

FEED: Final = "feed"
LOGS: Final = "logs"
NO_LOG: Final = "no-log"
"""The setting of an account whose lines are shown in neither."""
DOORS: Final = "spik"
"""Modes of a channel that shows nothing, whatever was wished for."""
ON: Final = "on"


class Feed(StrEnum):
    """What stands in a feed: topics; besides what operators announce; or all that is said."""

    TOPIC = "topic"
    ANNOUNCE = "announce"
    ALL = "all"


class Public(NamedTuple):
    """What a channel shows: the time since when is Unix time in seconds, None if it does not."""

    feed: Feed | None = None
    feed_since: int = 0
    logs_since: int | None = None

    @property
    def tells_all(self) -> bool:
        """Whether everything is shown that people say."""
        return self.feed is Feed.ALL or self.logs_since is not None


NOTHING: Final = Public()


def chosen(registration: RegisteredChannel) -> Public:
    """What its operators wished for."""
    settings = registration.settings
    if not settings:
        return NOTHING
    feed, feed_since = _parts(settings.get(FEED))
    logs, logs_since = _parts(settings.get(LOGS))
    known = Feed(feed) if feed in list(Feed) else None
    return Public(known, feed_since, logs_since if logs == ON else None)


def _parts(text: str | None) -> tuple[str, int]:
    """A word and a time; of what is no such thing nothing."""
    word, _, since = (text or "").partition(" ")
    return (word, int(since)) if since.isascii() and since.isdigit() and len(since) < 13 else ("", 0)


def closed_by(channel: Channel) -> str:
    """The letters of the modes for which nothing of a channel is shown; empty: there are none."""
    return "".join(letter for letter in DOORS if letter in channel.flags or _keyed(channel, letter))


def _keyed(channel: Channel, letter: str) -> bool:
    return letter == "k" and channel.key is not None


def keeps_nothing(channel: Channel) -> bool:
    """Whether it has mode H 0: what is said there is for who hears it."""
    return channel.keep is not None and not channel.keep.span


def public(registration: RegisteredChannel, channel: Channel, now: float) -> Public:
    """What it shows at the Unix time `now`, being as `channel` is."""
    wished = chosen(registration)
    if wished == NOTHING:
        return NOTHING
    if registration.status.at(now) is not State.ACTIVE or closed_by(channel):
        return NOTHING
    if not keeps_nothing(channel):
        return wished
    feed = None if wished.feed is Feed.ALL else wished.feed
    return Public(feed, wished.feed_since, None)
