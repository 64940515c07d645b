"""Somebody who is always on and has no session takes little room: there may be very many of them."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Final

from archive import Archive
from club import PASSWORD, said

from chatnet.rules import stamps

PEOPLE: Final = 200
MOST: Final = 2000
"""Bytes that one of them takes, beside their account."""
OTHERS: Final = ("*/tests/*", "*/storage/*", "*/records/*", "*/services/*", "*/ipaddress.py")
"""What is kept of accounts and of logins, and by a test."""


def comes_and_goes(house: Archive, nick: str) -> None:
    client = house.connect()
    client >> "CAP REQ :sasl" >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', nick, PASSWORD)}"
    client >> "CAP END" >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick}"
    assert client.session.registered
    client >> "QUIT"
    assert house.node.network.users.get(client.user.uid) is client.user


def settle(house: Archive) -> None:
    """Nothing is left of sessions, nor of what is remembered of stamps for a moment."""
    house.clock.advance(3600)
    stamps.read.cache_clear()
    stamps._base36.cache_clear()
    gc.collect()


def test_an_idle_person_takes_two_kilobytes() -> None:
    house = Archive(bouncer={"always_on": "opt-out"}, log={"people": False})
    nicks = [f"person{number}" for number in range(2 * PEOPLE)]
    for nick in nicks:
        house.account(nick)
    for nick in nicks[:PEOPLE]:
        comes_and_goes(house, nick)  # so that what all have together is there
    settle(house)
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        for nick in nicks[PEOPLE:]:
            comes_and_goes(house, nick)
        settle(house)
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    theirs = [tracemalloc.Filter(False, pattern) for pattern in OTHERS]
    found = after.filter_traces(theirs).compare_to(before.filter_traces(theirs), "lineno")
    assert sum(each.size_diff for each in found) / PEOPLE <= MOST, "\n".join(map(str, found[:20]))
    assert len(house.parts.sessions.persons.idle) == 2 * PEOPLE
