"""TBAN: bans and mutes that are over by themselves."""

from __future__ import annotations

import pytest
from conversation import START, Client, House

START_AT = int(START)


@pytest.fixture
def people(house: House) -> tuple[Client, Client]:
    """ann, an operator of #c, and bob, who is in it."""
    ann, bob = house.client("ann"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines()
    bob.lines()
    return ann, bob


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("1h1s", 3601), ("1d", 86400)]
)
def test_it_is_over_by_itself(house: House, people: tuple[Client, Client], given: str, seconds: int) -> None:
    ann, _ = people
    ann >> f"TBAN #c {given} cyd" << ":ann!~ann@192.0.2.1 MODE #c +b cyd!*@*"
    ann << ":irc.test NOTICE ann :cyd!*@* is banned in #c until 2023-11-1* UTC"
    ann << ":irc.test NOTICE ann :Nobody is called cyd now"
    cyd = house.client("cyd")
    cyd >> "JOIN #c" << ":irc.test 474 cyd #c :*"
    house.clock.advance(seconds - 1)
    cyd >> "JOIN #c" << ":irc.test 474 cyd #c :*"
    ann.silent()
    house.clock.advance(1)
    for client in people:
        client.until(":irc.test MODE #c -b cyd!*@*")
        client.silent()
    cyd >> "JOIN #c"
    ann << ":cyd!* JOIN *#c"


def test_what_a_ban_of_a_nick_leaves_open(house: House, people: tuple[Client, Client]) -> None:
    ann, _ = people
    ann >> "TBAN #c 2h bob"
    ann.until(":irc.test NOTICE ann :bob!*@* is banned in #c until *")
    ann << ":irc.test NOTICE ann :It means the nick alone: /TBAN #c 2h *!*@192.0.2.1 means them by any nick"
    ann << ":irc.test NOTICE ann :bob stays in #c until somebody says /KICK #c bob"
    ann.silent()
    ann >> "TBAN #c 2h *!*@192.0.2.1" >> "TBAN #c 2h bo*" >> "TBAN #c 2h $q:bob"
    ann.until(":irc.test NOTICE ann :$q:bob!*@* is muted in #c until *")
    ann.silent()


def test_the_list_tells_until_when(people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "TBAN #c 1h cyd" >> "MODE #c +b dan"
    bob.lines()
    bob >> "MODE #c b"
    bob << f":irc.test 367 bob #c cyd!*@* ann!~ann@192.0.2.1 {START_AT} :until 2023-11-14 23:13 UTC"
    bob << f":irc.test 367 bob #c dan!*@* ann!~ann@192.0.2.1 {START_AT}"
    bob << ":irc.test 368 bob #c :*"


def test_a_mute(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "TBAN #c 10s $q:bob"
    ann.until(":irc.test NOTICE ann :$q:bob!*@* is muted in #c until *")
    bob.lines()
    bob >> "PRIVMSG #c :x" << ":irc.test 404 bob #c :Cannot send to channel (you are banned or muted here)"
    house.clock.advance(10)
    bob << ":irc.test MODE #c -b $q:bob!*@*"
    bob >> "PRIVMSG #c :y"
    ann.until("* PRIVMSG #c :y")


def test_another_time_and_for_ever_and_no_more(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "TBAN #c 10s cyd" >> "TBAN #c 60s CYD"
    house.clock.advance(10)
    assert [line.split(" ", 1)[1] for line in bob.lines()] == [
        "MODE #c +b cyd!*@*", "MODE #c +b CYD!*@*",
    ]  # fmt: skip
    ann >> "MODE #c +b cyd!*@*"
    bob << "* MODE #c +b cyd!*@*"
    house.clock.advance(100)
    bob.silent()
    ann.lines()
    ann >> "TBAN #c 5s cyd"
    ann << ":irc.test NOTICE ann :cyd!*@* is banned in #c for ever: MODE #c -b first"
    ann >> "MODE #c -b cyd" >> "TBAN #c 5s cyd" >> "MODE #c -b cyd"
    bob.lines()
    house.clock.advance(5)
    bob.silent()


def test_many_are_over_at_their_time(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    for number in (3, 1, 2):
        ann >> f"TBAN #c {number} n{number}"
    bob.lines()
    for number in (1, 2, 3):
        house.clock.advance(1)
        bob << f":irc.test MODE #c -b n{number}!*@*"
        bob.silent()


def test_set_again_and_again(house: House, people: tuple[Client, Client]) -> None:
    """What took the place of another one is forgotten, and the last one counts."""
    ann, bob = people
    for number in range(1200):
        ann >> f"TBAN #c {5000 + number} cyd"
        ann.lines()
        bob.lines()
        house.clock.advance(2)
    house.clock.advance(6196)
    bob.silent()
    house.clock.advance(1)
    bob << ":irc.test MODE #c -b cyd!*@*"


def test_a_channel_that_has_ended(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "TBAN #c 10s cyd" >> "PART #c"
    bob >> "PART #c"
    house.clock.advance(20)
    bob.lines()
    bob.silent()


def test_refusals(people: tuple[Client, Client]) -> None:
    ann, bob = people
    bob >> "TBAN #c 5m cyd" << ":irc.test 482 bob #c :*"
    bob >> "TBAN #c 5m" << ":irc.test 461 bob TBAN :*"
    bob >> "TBAN #d 5m cyd" << ":irc.test 403 bob #d :*"
    for text in "0", "x", "-5", "5x", "99999999999", "0s", "٣":
        ann >> f"TBAN #c {text} cyd"
        ann << f":irc.test NOTICE ann :{text} is no duration: say 90s, 15m, 12h or 1d12h, 100y at most: *"
    ann >> "TBAN #c 5m $y:" << ":irc.test 743 *"
    bob.silent()
    ann >> "TBAN #c 5m cyd"
    ann.lines()
    bob.lines()
    bob >> "MODE #c -b cyd" << ":irc.test 482 bob #c :*"
