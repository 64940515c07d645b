"""CHATHISTORY and HISTORY.  https://ircv3.net/specs/extensions/chathistory"""

from __future__ import annotations

import pytest
from archive import CAPS, Archive, page, talk
from conversation import Client


@pytest.fixture
def house() -> Archive:
    return Archive()


def room(house: Archive, caps: str = CAPS) -> tuple[Client, Client]:
    """ann, who is logged in and has these capabilities, and bob, a guest, in #c."""
    ann, bob = house.member("ann", caps=caps), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    house.clock.advance(1)
    ann.lines()
    bob.lines()
    return ann, bob


def test_the_latest_messages(house: Archive) -> None:
    """ "Requesting the latest conversation upon joining a channel"

    https://ircv3.net/specs/extensions/chathistory#examples
    """
    ann, bob = room(house)
    bob >> "PRIVMSG #c :one"
    house.clock.advance(12)
    bob >> "NOTICE #c :two"
    ann.lines()
    ann >> "CHATHISTORY LATEST #C * 50"
    ann << "@draft/chathistory-end;time=* :irc.test BATCH +* chathistory #c"
    ann << "@batch=*;time=2023-11-14T22:13:21.000Z;msgid=* :bob!~bob@192.0.2.1 PRIVMSG #c :one"
    ann << "@batch=*;time=2023-11-14T22:13:33.000Z;msgid=* :bob!~bob@192.0.2.1 NOTICE #c :two"
    ann << "@time=* :irc.test BATCH -*"
    ann.silent()
    house.check()


def test_before_goes_on_by_the_first_message_that_one_has(house: Archive) -> None:
    ann, bob = room(house)
    talk([bob], [str(number) for number in range(7)])
    last = page(ann, "CHATHISTORY LATEST #c * 3")
    assert (last.said, last.ended) == (["4", "5", "6"], False)
    before = page(ann, f"CHATHISTORY BEFORE #c msgid={last.lines[0].msgid} 3")
    assert (before.said, before.ended) == (["1", "2", "3"], False)
    first = page(ann, f"CHATHISTORY BEFORE #c timestamp={before.lines[0].at} 3")
    assert (first.said, first.ended) == (["0"], True)
    house.check()
