"""Who may read what was said, and from when."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.entities import Channel, Oper, User
from chatnet.model.ids import SID, Folded
from chatnet.model.keep import read_keep
from chatnet.model.modes import OP, VOICE
from chatnet.model.server import Server
from chatnet.rules.past import (
    Reader,
    channel_view,
    may_look_back,
    reaches,
    shows,
    talk_view,
    united,
)
from chatnet.settings import HistorySettings
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.rows import CLOSED, LAST, PRIVMSG, RANKS, Place, Row, Times, View

NOW = 1_700_000_000_000
HERE = Server(SID("0CN"), "irc.test", "")
PLACE = Place("c", "#c", "", 1_600_000_000)
STAYS: Times = ((NOW - 9000, NOW - 8000), (NOW - 7000, NOW - 6000))
JOINED = NOW - 1000


def reader(person: str | None = "ann", registered: int | None = NOW - 3 * DAY) -> Reader:
    user = User(HERE, "192.0.2.1", "192.0.2.1")
    user.signon = (NOW - DAY) / 1000
    return Reader(user, person, None if person is None else registered)


def view(who: Reader, settings: HistorySettings | None = None, keep: str = "", ranks: int = 0) -> View:
    """What a member sees of a channel."""
    channel = Channel("#c", Folded("#c"), PLACE.ts)
    channel.members[who.user] = ranks
    channel.keep = read_keep(keep)
    stays = STAYS if who.person is not None else ()
    found = channel_view(who, channel, PLACE, settings or HistorySettings(), stays, JOINED, NOW)
    assert found is not None
    return found


def row(at: int, flags: int = 0, person: str | None = "bob") -> Row:
    return Row(PLACE, at, "1", PRIVMSG, flags, person, "bob!b@b", "text")


def test_members_and_opers_with_the_privilege_may_look_back() -> None:
    channel, ann = Channel("#c", Folded("#c"), 1), reader()
    assert not may_look_back(ann.user, channel)
    assert channel_view(ann, channel, PLACE, HistorySettings(), STAYS, None, NOW) is None
    ann.user.oper = Oper("ann", "staff", frozenset({"see-all", "channels", "accounts"}), "")
    assert not may_look_back(ann.user, channel)
    ann.user.oper = Oper("ann", "staff", frozenset({"history"}), "")
    assert may_look_back(ann.user, channel)
    found = channel_view(ann, channel, PLACE, HistorySettings(), (), None, NOW)
    assert found == View(PLACE, NOW - 90 * DAY, None, (), 0, "ann")
    ann.user.oper = None
    channel.members[ann.user] = 0
    assert may_look_back(ann.user, channel)


def test_everything_that_is_kept_but_what_was_said_behind_closed_doors() -> None:
    assert view(reader()) == View(PLACE, NOW - 90 * DAY, None, (*STAYS, (JOINED, LAST)), 0, "ann")
    assert view(reader(None)) == View(PLACE, NOW - 90 * DAY, None, ((JOINED, LAST),), 0, None)


def test_nothing_from_before_the_channel() -> None:
    settings = HistorySettings(channels_keep=36500, channels_most=36500)
    assert view(reader(), settings).since == PLACE.ts * 1000


@pytest.mark.parametrize(
    ("keep", "since"),
    [
        ("", NOW - 90 * DAY),
        ("7d", NOW - 7 * DAY),
        ("900d", NOW - 365 * DAY),  # it cannot keep longer than the operator's `channels_most`
        ("0", LAST),
    ],
)
def test_a_channel_says_for_how_long(keep: str, since: int) -> None:
    assert view(reader(), keep=keep).since == since


@pytest.mark.parametrize("by", ["settings", "channel"])
def test_from_when_an_account_was_registered(by: str) -> None:
    settings = HistorySettings(visible_from="account" if by == "settings" else "all")
    keep = "30d:account" if by == "channel" else ""
    assert view(reader(), settings, keep).since == NOW - 3 * DAY
    assert view(reader(None), settings, keep).since == NOW - DAY  # a guest: since they are connected
    assert view(reader("ann", None), settings, keep).since == NOW - DAY  # nobody has told when


@pytest.mark.parametrize("by", ["settings", "channel"])
def test_only_while_one_was_there(by: str) -> None:
    settings = HistorySettings(visible_from="join" if by == "settings" else "all")
    keep = "30d:join" if by == "channel" else ""
    assert view(reader(), settings, keep).within == (*STAYS, (JOINED, LAST))
    assert view(reader(None), settings, keep).within == ((JOINED, LAST),)


def test_a_channel_may_say_all_in_so_many_words() -> None:
    settings = HistorySettings(visible_from="join")
    found = view(reader(), settings, "30d:all")
    assert (found.within, found.closed) == (None, None)
    assert view(reader(), settings, "30d").within is not None


def test_what_is_for_ranks_is_for_who_has_them_now_and_for_its_author() -> None:
    said = row(NOW, OP << RANKS)
    assert not shows(view(reader(), ranks=VOICE), said)
    assert shows(view(reader(), ranks=OP | VOICE), said)
    assert shows(view(reader()), said._replace(person="ann"))
    assert not shows(view(reader(None)), said._replace(person=None))


def test_talks_are_for_their_accounts() -> None:
    settings, both, guest = HistorySettings(), Place("d", "ann", "bob"), Place("g", "ann", "guest")
    for name in ("ann", "bob"):
        assert talk_view(reader(name), both, settings, NOW) == View(both, NOW - 3 * DAY, None, None, 0, name)
    assert talk_view(reader("cyd"), both, settings, NOW) is None
    assert talk_view(reader(None), both, settings, NOW) is None
    assert talk_view(reader("ann"), guest, settings, NOW) is not None
    assert talk_view(reader("guest"), guest, settings, NOW) is None  # an account of the guest's name
    kept = HistorySettings(direct_keep=1)
    found = talk_view(reader("ann"), both, kept, NOW)
    assert found is not None and found.since == NOW - DAY


def test_times_of_a_view() -> None:
    limited = View(PLACE, NOW, ((NOW - 5, NOW + 5), (NOW + 10, NOW + 20)), ((NOW + 1, NOW + 2),))
    assert [at - NOW for at in range(NOW - 6, NOW + 22) if shows(limited, row(at))] == [
        *range(6), *range(10, 21),
    ]  # fmt: skip
    assert [at - NOW for at in range(NOW - 6, NOW + 22) if shows(limited, row(at, CLOSED))] == [1, 2]
    assert all(reaches(limited, at) == shows(limited, row(at)) for at in range(NOW - 6, NOW + 22))


spans = st.tuples(st.integers(0, 30), st.integers(0, 10)).map(lambda each: (each[0], each[0] + each[1]))


@given(st.lists(spans))
def test_times_that_touch_are_one(times: list[tuple[int, int]]) -> None:
    found = united(times)
    inside = {at for begin, end in times for at in range(begin, end + 1)}
    assert {at for begin, end in found for at in range(begin, end + 1)} == inside
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(found))
