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


@pytest.mark.parametrize(
    "line",
    ["KICK #c {}", "OP #c {}", "DEOP #c {}", "VOICE #c {}", "DEVOICE #c {}", "OWNER #c {}", "DEOWNER #c {}"],
)
def test_strangers_find_out_nobody_in_a_secret_channel(line: str) -> None:
    club = Club()
    ann = founded(club)
    ann >> "MODE #c +s"
    zoe = come(club, "zoe")
    come(club, "bob")
    for nick in ("ann", "bob"):
        assert ask(zoe, line.format(nick))[0].startswith("You need the flag ")


@pytest.mark.parametrize(
    "line",
    [
        *("KICK #c ann", "OP #c ann", "DEOP #c ann", "BAN #c ann", "UNBAN #c ann", "GETKEY #c"),
        *("INVITE #c bob", "INVITE #c", "TOPIC #c x", "SYNC #c", "RECOVER #c", "CLEAR #c USERS"),
        *("CLEAR #c BANS", "CLEAR #c MODES", "UP #c", "DOWN #c", "DEOP #c", "DEOP #c zoe"),
    ],
)  # fmt: skip
def test_strangers_read_the_same_whether_anybody_is_in(line: str) -> None:
    club = Club()
    ann = founded(club)
    ann >> "MODE #c +s"
    zoe = come(club, "zoe")
    come(club, "bob")
    before = ask(zoe, line)
    ann >> "PART #c"
    assert club.node.network.channel("#c") is None
    assert ask(zoe, line) == before
