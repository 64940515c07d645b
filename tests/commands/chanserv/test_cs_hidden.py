"""ChanServ tells nobody what they may not see: hidden hosts, and who is in a secret channel."""

from __future__ import annotations

import pytest
from chanserv import ask, come, founded, ranks
from club import Club
from conversation import Client

ADDRESS = "192.0.2.77"
GUESSES = ("*!*@192.0.2.77", "*!*@192.0.2.0/24", "*!*@192.*")


@pytest.fixture
def cloaked() -> tuple[Client, Client]:
    """The founder of #c, and bob, whose host is hidden."""
    club = Club(cloak={"enabled": True})
    ann = founded(club)
    bob = club.client("bob", address=ADDRESS)
    assert bob.user.host == bob.user.cloak
    return ann, bob


@pytest.mark.parametrize("guess", GUESSES)
def test_why_tells_nothing_of_a_hidden_host(cloaked: tuple[Client, Client], guess: str) -> None:
    ann, bob = cloaked
    ask(ann, f"FLAGS #c {guess} +V")
    assert ask(ann, "WHY #c bob") == ["bob has no access to #c."]
    ask(ann, f"FLAGS #c {guess} -*")
    ask(ann, f"AKICK #c ADD {guess}")
    assert ask(ann, "WHY #c bob") == ["bob has no access to #c."]
    # He himself may know it.
    assert "bob is kept out of #c" in ask(bob, "WHY #c")[0]


@pytest.mark.parametrize("guess", GUESSES)
@pytest.mark.parametrize("word", ["BAN", "QUIET"])
def test_unban_tells_nothing_of_a_hidden_host(cloaked: tuple[Client, Client], guess: str, word: str) -> None:
    ann, _ = cloaked
    ask(ann, f"{word} #c {guess}")
    what = "ban" if word == "BAN" else "mute"
    assert ask(ann, f"UN{word} #c bob") == [f"No {what} in #c means bob."]


@pytest.mark.parametrize("guess", GUESSES)
def test_lists_try_out_no_hidden_host_of_who_is_in(cloaked: tuple[Client, Client], guess: str) -> None:
    ann, bob = cloaked
    bob >> "JOIN #c"
    ask(ann, f"FLAGS #c {guess} +V")
    assert ranks(bob) == 0
    ask(ann, f"AKICK #c ADD {guess}")
    assert ranks(bob) == 0
    bob >> "PART #c"
    bob.lines()
    bob >> "JOIN #c" << ":irc.test 474 *"


def test_a_host_that_is_seen_counts(cloaked: tuple[Client, Client]) -> None:
    ann, bob = cloaked
    bob >> "JOIN #c"
    ask(ann, f"FLAGS #c *!*@{bob.user.host} +V")
    assert ranks(bob)
    assert "bob has +V in #c" in ask(ann, "WHY #c bob")[0]
    bob >> "MODE bob -x"
    bob.lines()
    ask(ann, f"FLAGS #c *!*@{ADDRESS} +H")
    assert any("bob has +H in #c" in line for line in ask(ann, "WHY #c bob"))
