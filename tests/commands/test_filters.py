"""FILTER, and what filters do to who says what they mean."""

from __future__ import annotations

import pytest
from club import Club
from conversation import Client
from states import opered


@pytest.fixture
def club() -> Club:
    return Club()


@pytest.fixture
def root(club: Club) -> Client:
    return helper(club)


def helper(club: Club, *privileges: str) -> Client:
    root = club.client("root", address="198.51.100.1")
    opered(root, *(privileges or ("filters", "see-all", "audit")), snomask="m")
    return root


def said(client: Client, line: str) -> list[str]:
    """What a client reads of a command, without the server's and its own name."""
    client >> line
    start = f":irc.test NOTICE {client.user.nick} :"
    return [text.removeprefix(start) for text in client.lines() if "*** Notice" not in text]


def added(root: Client, words: str) -> str:
    """Set a filter; what it is called."""
    *_, line = [each for each in said(root, f"FILTER ADD {words}") if each.startswith("Done, ")]
    return line.rpartition(" ")[2]


def test_a_filter_only_reports_at_first_and_acts_when_it_is_told_to(club: Club, root: Client) -> None:
    ann, bob = club.client("ann"), club.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    answer = said(root, "FILTER ADD block *free money* -- no adverts here")
    handle = answer[0].split()[1]
    assert answer == [
        f"Filter {handle} block (only reports) strangers text: *free money* -- no adverts here",
        f"Done, on all servers. To undo: /FILTER DEL {handle}",
        f"It only reports yet: FILTER HITS {handle} shows what it hits, FILTER LIVE {handle} has it act",
    ]
    ann >> "PRIVMSG #c :get FREE \x02mo\x02ney now"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :get FREE \x02mo\x02ney now"
    assert root.lines() == [
        f":irc.test NOTICE * :*** Notice -- Filter {handle} (block, only reported) hit"
        " ann (~ann@192.0.2.1) [192.0.2.1] in #c: get FREE money now"
    ]
    said(root, f"FILTER LIVE {handle}")
    ann >> "PRIVMSG #c :free money"
    ann << ":irc.test 404 ann #c :Cannot send to channel (no adverts here)"
    ann >> "NOTICE #c :free money" >> "PRIVMSG bob :free money" >> "PRIVMSG #c :hello"
    ann << ":irc.test 492 ann :Cannot send to user bob (no adverts here)"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hello"
    bob.silent()
    assert said(root, f"FILTER HITS {handle}")[0].endswith("4 hits here, acted 3 time(s)")
    assert said(root, "FILTER LIST")[-1] == "1 filter"
    said(root, f"FILTER DEL {handle}")
    ann >> "PRIVMSG #c :free money"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :free money"
    assert not club.parts.sessions.filters.on
    club.check()
