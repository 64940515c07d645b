"""Each command of ChanServ: it is in HELP, and does nothing for who has no right to it."""

from __future__ import annotations

import pytest
from chanserv import WORD, ask, come, founded, ranks
from club import Club
from conversation import Client

from chatnet.commands.chanserv import CHANSERV

WORDS = {
    "ACCESS": "ADD bob SOP",
    "AKICK": "ADD ann",
    "BAN": "ann",
    "CLEAR": "FLAGS",
    "CLONE": "#d",
    "FLAGS": "bob +O",
    "KICK": "ann",
    "QUIET": "ann",
    "SET": "URL https://example.org",
    "SUSPEND": "spam",
    "TEMPLATE": "crew +V",
    "TOPIC": "mine",
    **dict.fromkeys(("VOP", "HOP", "AOP", "SOP"), "ADD bob"),
}
"""What stands behind the channel."""
FOR_ALL = {"INFO", "WHY", "UP", "DOWN"}
"""Of these nobody needs a right."""


@pytest.mark.parametrize("verb", list(CHANSERV.rows))
def test_help_lists_it_and_tells_more(verb: str) -> None:
    club = Club()
    bob = club.client("bob")
    row = CHANSERV.rows[verb]
    listed = [line.strip() for line in ask(bob, "HELP")]
    assert (row.usage.replace("`", "") in listed) is (row.privilege is None)
    more = ask(bob, f"HELP {verb.lower()}")
    assert more[0] == row.help.splitlines()[0].replace("`", "")


@pytest.mark.parametrize("verb", sorted(set(CHANSERV.rows) - FOR_ALL))
@pytest.mark.parametrize("logged_in", [False, True])
def test_nothing_of_it_happens_without_a_right(verb: str, logged_in: bool) -> None:
    club = Club()
    ann = founded(club)
    ann >> "JOIN #d"
    ask(ann, "REGISTER #d")
    ann >> "MODE #c +k key"
    bob = come(club, "bob") if logged_in else club.client("bob")
    bob >> "JOIN #c key"
    channel = club.node.network.channel("#c")
    assert channel is not None
    known = set(club.store.load())
    state = dict(channel.members), set(channel.flags), dict(channel.lists["b"]), channel.key, channel.topic
    told = ask(bob, f"{verb} #c {WORDS.get(verb, '')}".rstrip())
    assert told and "key" not in told[0].split(), told
    assert set(club.store.load()) == known
    now = dict(channel.members), set(channel.flags), dict(channel.lists["b"]), channel.key, channel.topic
    assert now == state
    club.check()


def test_an_operator_of_the_channel_has_no_access_by_that() -> None:
    club = Club()
    ann = founded(club)
    club.account("eve", WORD)
    bob: Client = come(club, "bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +o bob"
    for text in ("FLAGS #c eve +V", "CLEAR #c USERS", "RECOVER #c", "SYNC #c", "GETKEY #c", "BAN #c ann"):
        assert ask(bob, text)[0].startswith("You need the flag "), text
    assert ranks(bob) is not None
