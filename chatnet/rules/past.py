"""May she see it? Who may read what was said in a channel or a talk, and from when.

Every reader goes by this: CHATHISTORY, HISTORY, and whatever else shows what was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from chatnet.model.entities import Channel, User
from chatnet.model.keep import Keep
from chatnet.model.registry import Account
from chatnet.settings import HistorySettings
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import CLOSED, LAST, RANKS, Place, Redacted, Row, Times, View

PRIVILEGE: Final = "history"
"""With it an oper reads channels that they are not in."""


DM_HISTORY: Final = "dm-history"
"""The setting of an account that says whether its private messages are stored."""
AUTOREPLAY: Final = "autoreplay-lines"
"""That which says how many messages those are shown who come into a channel."""


class Reader(NamedTuple):
    """Who wants to look back.

    `person` is the key of the account that they are logged in to, None of a guest.  It was `registered` at a
    time in milliseconds; None: nobody has told when.
    """

    user: User
    person: str | None
    registered: int | None


def may_look_back(user: User, channel: Channel) -> bool:
    """Whether `user` may read anything at all of what was said in `channel`.

    Its members may, and opers with the privilege `history`; nobody else, whatever its modes are.
    """
    return user in channel.members or user.may(PRIVILEGE)


def channel_view(
    reader: Reader,
    channel: Channel,
    place: Place,
    settings: HistorySettings,
    stays: Times,
    joined: int | None,
    now: int,
) -> View | None:
    """What somebody may read of a channel; None: nothing, as if it were not there.

    `stays` are those of their account, and `joined` since when they are in it themselves, if they are.  Times
    are milliseconds.
    """
    user = reader.user
    if not may_look_back(user, channel):
        return None
    keep = channel.keep
    since = max(_oldest(settings, keep, now), channel.ts * 1000)
    there = united((*stays, (joined, LAST)) if joined is not None else stays)
    who = readable_from(settings, keep)
    within: Times | None = None
    if who == "account":
        since = max(since, reader.registered if reader.registered is not None else int(user.signon * 1000))
    elif who == "join":
        within = there
    in_so_many_words = keep is not None and keep.since == "all"
    closed = None if in_so_many_words else there
    return View(place, since, within, closed, channel.members.get(user, 0), reader.person)


def _oldest(settings: HistorySettings, keep: Keep | None, now: int) -> int:
    span = settings.channels_keep * DAY if keep is None else keep.span
    return now - min(span, settings.channels_most * DAY) if span else LAST


def talk_view(reader: Reader, place: Place, settings: HistorySettings, now: int) -> View | None:
    """What somebody may read of a talk: each of two accounts all of it, of one with a guest the account."""
    person = reader.person
    if person is None or (person != place.name and (place.kind != "d" or person != place.other)):
        return None
    since = max(now - settings.direct_keep * DAY, reader.registered or 0)
    return View(place, since, None, None, 0, person)


def stores_talk(accounts: Iterable[Account | None]) -> bool:
    """Whether what these say to each other is stored: not if one of them does not want that."""
    return not any(account is not None and account.settings.get(DM_HISTORY) == "off" for account in accounts)


def kept_for(settings: HistorySettings, keep: Keep | None) -> int:
    """For how many days what is said in a channel with that mode H is kept, at most."""
    days = settings.channels_keep if keep is None else -(-keep.span // DAY)
    return min(days, settings.channels_most)


def readable_from(settings: HistorySettings, keep: Keep | None) -> str:
    """What members may read of the time before they came: ``all``, ``account`` or ``join``."""
    return settings.visible_from if keep is None or keep.since is None else keep.since


def shows(view: View, row: Row | Redacted) -> bool:
    """Whether a message of its place is in a view, or that one was deleted."""
    if (
        row.at < view.since
        or row.flags & view.hidden
        or not (view.within is None or _in(view.within, row.at))
    ):
        return False
    if row.flags & CLOSED and not (view.closed is None or _in(view.closed, row.at)):
        return False
    ranks = row.flags >> RANKS
    return not ranks or bool(ranks & view.ranks) or (view.person is not None and row.person == view.person)


def reaches(view: View, at: int) -> bool:
    """Whether there may be anything in a view that was said at that time."""
    return at >= view.since and (view.within is None or _in(view.within, at))


def _in(times: Times, at: int) -> bool:
    return any(begin <= at <= end for begin, end in times)


def united(times: Iterable[tuple[int, int]]) -> Times:
    """The same times in order, of which none touches another."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(times):
        if found and begin <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return tuple(found)
