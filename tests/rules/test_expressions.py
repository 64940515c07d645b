"""Patterns agree with a naive look, with RE2 and without; and nothing that is thrown at them takes long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.model.filters import EXPRESSION, GLOB
from chatnet.rules import expressions
from chatnet.rules.filters import MOST_TEXT, as_read

LETTERS = st.text("aAbBİßſ.*?[\\ \n", max_size=8)
TEXTS = st.text("aAbBİßſ.*?[\\ \n", max_size=12)


def naive(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(naive(pattern[1:], text[start:]) for start in range(len(text) + 1))
    if pattern[:1] == "\\" and pattern[1:2] in ("*", "?"):
        return text[:1] == pattern[1] and naive(pattern[2:], text[1:])
    if pattern[0] == "?":
        return bool(text) and naive(pattern[1:], text[1:])
    return text[:1] == pattern[0] and naive(pattern[1:], text[1:])


@settings(max_examples=runs(300, 20000), deadline=None)
@given(st.lists(LETTERS, max_size=4), TEXTS)
def test_patterns_agree_with_a_naive_look_with_re2_and_without(patterns: list[str], text: str) -> None:
    patterns = [each for each in patterns if expressions.mistake(GLOB, each, 300) is None]
    text = text.lower()
    expected = [place for place, each in enumerate(patterns) if naive(each.lower(), text)]
    assert list(expressions.globs(patterns)(text)) == expected
    assert list(expressions.plain_globs(patterns)(text)) == expected


@settings(max_examples=runs(300, 20000), deadline=None)
@given(
    st.lists(st.text("ab.*+?|()[]{}^$\\1-,sdpLA", max_size=10), max_size=4),
    st.text(st.characters(), max_size=20).map(lambda text: text.replace("\0", "")),
)
def test_expressions_are_refused_or_agree_with_each_alone(patterns: list[str], text: str) -> None:
    good = [each for each in patterns if expressions.mistake(EXPRESSION, each, 300) is None]
    text = as_read(text)
    together = expressions.expressions(good)(text)
    assert list(together) == [
        place for place, each in enumerate(good) if expressions._compiled(each).search(text) is not None
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(a*)*b", r"(a|aa)+$", r"(a|a?)+z", r"(x+x+)+y", r"[a-z].{0,30}z", "a?" * 40 + "a" * 40),
        *(r"(.*)(.*)(.*)(.*)(.*)z", r"\x00b", r"[^\x00-\x{10FFFF}]", r"(?i)\p{Han}.{0,9}\p{Greek}"),
    ],
)
def test_what_would_hold_others_up_for_ever(pattern: str) -> None:
    """The steps are as many as the text has letters, times the size of the expression."""
    assert expressions.mistake(EXPRESSION, pattern, 5000) is None
    fits = expressions.expressions([pattern] * 20)
    assert len(fits("a" * MOST_TEXT)) in (0, 20)


@pytest.mark.parametrize("kind", [GLOB, EXPRESSION])
def test_what_nobody_can_write_is_no_pattern(kind: str) -> None:
    for pattern, why in (
        ("a\0b", "has the end of a line, or a NUL, in it"),
        ("a\nb", "has the end of a line, or a NUL, in it"),
        ("a\udcff", "is no UTF-8"),
        ("\u20ac" * 101, "is longer than 300 bytes"),
    ):
        assert expressions.mistake(kind, pattern, 300) == why
    assert expressions.mistake(GLOB, "", 300) == "fits every text"
    assert expressions.mistake(EXPRESSION, "", 300) == "fits every text, for it fits an empty one"


def test_a_text_is_looked_at_as_people_read_it() -> None:
    assert as_read("\x01ACTION buys \x0304,12mo\x02ney\x01") == "buys money"
    assert as_read("m\u200bo\u00adn\ufeffey \udcff") == "money \ufffd"
    assert as_read("\x01VER\x01SION\x01") == "\x01VERSION"
    assert len(as_read("\u20ac" * 99_999)) == MOST_TEXT
