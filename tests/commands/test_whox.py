"""WHO with fields.  https://ircv3.net/specs/extensions/whox"""

from __future__ import annotations

import itertools

import pytest
from conversation import House
from states import logged_in, moded

STANDARD = "tcuihsnflar"
ANSWERS = dict(
    zip(
        STANDARD,
        ["42", "#c", "~bob", "192.0.2.9", "192.0.2.9", "irc.test", "bob", "H", "7", "robert", ":Bob"],
        strict=True,
    )
)


@pytest.fixture
def asked() -> House:
    """Ann and bob in #c; bob is logged in and has said nothing for seven seconds."""
    house = House()
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.9")
    logged_in(bob, "robert")
    ann >> "JOIN #c"
    bob >> "JOIN #c" >> "PRIVMSG #c :hi"
    house.clock.advance(7)
    return house


def ask(house: House, option: str, mask: str = "bob") -> list[str]:
    """The answers to ``WHO mask option`` without their head; the last line ends the list."""
    ann = house.client("asker")
    ann >> "JOIN #c"
    ann.lines()
    ann >> f"WHO {mask} {option}"
    *answers, end = ann.lines()
    assert end == f":irc.test 315 asker {mask} :End of WHO list"
    assert all((answer + " ").startswith(":irc.test 354 asker ") for answer in answers)
    assert not any(answer.endswith(" ") for answer in answers)
    ann >> "QUIT"
    return [answer.removeprefix(":irc.test 354 asker").removeprefix(" ") for answer in answers]


def test_the_token_in_isupport() -> None:
    """Servers supporting this specification MUST include the WHOX token in RPL_ISUPPORT without any value."""
    ann = House().client("ann")
    ann >> "VERSION"
    assert " WHOX " in ann.until("* WHOX *")


def test_all_standard_fields_in_order(asked: House) -> None:
    """Servers MUST send the fields in the order specified above.

    "Servers MUST NOT rely on the ordering of the fields."
    """
    whole = " ".join(ANSWERS.values())
    assert ask(asked, f"%{STANDARD},42") == ask(asked, f"%{STANDARD[::-1]},42") == [whole]


@pytest.mark.parametrize("field", STANDARD)
def test_each_field_alone(asked: House, field: str) -> None:
    """Exactly the fields requested by the client MUST be returned by the server."""
    assert ask(asked, f"%{field},42") == [ANSWERS[field]]


@pytest.mark.parametrize("pair", list(itertools.combinations(STANDARD, 2)), ids="".join)
def test_each_pair_of_fields(asked: House, pair: tuple[str, str]) -> None:
    assert ask(asked, f"%{pair[1]}{pair[0]},42") == [" ".join(ANSWERS[field] for field in pair)]


@pytest.mark.parametrize("option", ["%", "%,1", "%XYZ"])
def test_without_a_field_that_is_known_nothing_is_told(asked: House, option: str) -> None:
    """Servers MUST ignore any non-standard field they don't support.

    "The server will reply with zero, one or more RPL_WHOSPCRPL replies, followed by a final RPL_ENDOFWHO
    reply. Servers MUST NOT send RPL_WHOREPLY replies."
    """
    assert ask(asked, option) == [""]
    assert ask(asked, option, "nobody") == []


def test_placeholders() -> None:
    """`*` is used for [channel] when no channel is returned; 255.255.255.255 is used for [ip] when the server
    refuses to disclose the IP address; 0 is used for [account] when the user is logged out.
    """
    house = House(cloak={"enabled": True})
    house.client("bob")
    assert ask(house, "%cian") == ["* 255.255.255.255 bob 0"]


def test_the_token_is_given_back(asked: House) -> None:
    """The token MUST contain only digit characters and MUST contain at most 3 characters."""
    assert ask(asked, "%nt,007") == ["007 bob"]
    assert ask(asked, "%n,007") == ["bob"]


def test_flags_before_the_percent_sign(asked: House) -> None:
    """Servers MAY support additional non-standard flags before the percent character."""
    assert ask(asked, "o%n", "#c") == []
    assert ask(asked, "x%n") == ["bob"]


def test_a_real_name_is_one_parameter(asked: House) -> None:
    ann = asked.client("builder")
    ann >> "SETNAME ::The  Builder"
    moded(ann, removed="i")
    assert ask(asked, "%nr", "builder") == ["builder ::The  Builder"]
