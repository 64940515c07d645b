"""Words with spaces in them: a password begins with a colon then, as the last parameter of IRC does."""

from __future__ import annotations

import pytest
from club import Club
from hypothesis import given
from hypothesis import strategies as st
from nickserv import answers, ask

from chatnet.commands.answering import spaced

WORDS = "correct horse"
NEW = "battery  staple :)"


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", []),
        ("a b", ["a", "b"]),
        ("ann :correct horse", ["ann", "correct horse"]),
        (":correct horse ", ["correct horse"]),
        (":correct  horse :battery staple", ["correct  horse", "battery staple"]),
        ("a:b c", ["a:b", "c"]),
        ("::a", [":a"]),
        (":", [""]),
    ],
)
def test_a_word_with_a_colon_goes_on_to_the_next(rest: str, words: list[str]) -> None:
    assert spaced([rest]) == words


@given(
    st.lists(st.text(st.characters(exclude_characters=" :\r\n\0", exclude_categories=["Z", "C"]), min_size=1))
)
def test_without_colons_it_is_as_before(words: list[str]) -> None:
    assert spaced([" ".join(words)]) == " ".join(words).split()


def test_a_password_with_spaces_from_its_beginning_to_its_end() -> None:
    club = Club()
    ann = club.client("ann")
    assert ask(ann, f"REGISTER :{WORDS}") == ["The account ann is yours, and you are logged in."]
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY ann :{WORDS}") == ["You are now identified for ann."]
    assert ask(ann, "SET PASSWORD :wrong horse :battery staple") == ["The name or the password is incorrect."]
    assert ask(ann, f"SET PASSWORD :{WORDS} :battery staple")[0] == "Your password is changed."
    cat = club.client("cat")
    cat >> f"NS IDENTIFY ann :{WORDS}"
    assert answers(cat) == ["The name or the password is incorrect."]
    cat >> "NS IDENTIFY ann :battery staple"
    assert answers(cat) == ["You are now identified for ann."]
    assert ask(bob, "GHOST ann :battery staple") == ["The connection of ann was killed."]
    club.check()


def test_with_an_address_behind() -> None:
    club = Club()
    ann = club.client("ann")
    assert ask(ann, f"REGISTER :{WORDS} :ann@example.net") == [
        "The account ann is yours, and you are logged in."
    ]
    records = club.done(club.accounts.read(club.named()))
    assert "0 ann@example.net" in [record.value for record in records]


def test_texts_of_other_commands_keep_their_colons() -> None:
    club = Club()
    club.account("ann", WORDS)
    ann = club.client("ann")
    ask(ann, f"IDENTIFY :{WORDS}")
    ann >> "JOIN #c" >> "CS REGISTER #c" >> "PRIVMSG ChanServ :TOPIC #c welcome :) all"
    assert any(line.endswith("TOPIC #c :welcome :) all") for line in ann.lines())
    ann >> "CS TOPIC #c :hello world"
    assert any(line.endswith("TOPIC #c :hello world") for line in ann.lines())
