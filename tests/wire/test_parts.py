"""Texts of several lines as lines of IRC.  https://ircv3.net/specs/extensions/multiline"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.wire.multiline import Part, combine, fitted, is_blank, judged, unformatted
from chatnet.wire.text import byte_length

TEXTS = st.text(st.sampled_from("aä€😀 \udcff\x02\x03\x01"), max_size=40)


@st.composite
def several(draw: st.DrawFn) -> tuple[Part, ...]:
    """Parts as a client may send them: the first goes on with nothing, and nothing blank goes on."""
    parts = [Part(draw(TEXTS))]
    for text in draw(st.lists(TEXTS, max_size=8)):
        parts.append(Part(text, bool(text) and draw(st.booleans())))
    return tuple(parts)


def test_the_example() -> None:
    parts = [Part("hello"), Part(""), Part("how is "), Part("everyone?", True)]
    assert combine(parts) == "hello\n\nhow is everyone?"
    assert combine([Part("a"), Part("")]) == "a\n"
    assert combine([Part(""), Part("a", True)]) == "a"


@given(parts=several(), room=st.integers(4, 60))
def test_fitting_loses_nothing(parts: tuple[Part, ...], room: int) -> None:
    """No part is too long, none ends within a character, and none that had room is touched."""
    found = fitted(parts, room)
    assert combine(found) == combine(parts)
    assert all(byte_length(part.text) <= room for part in found)
    assert [part for part in parts if byte_length(part.text) > room or part not in found] == [
        part for part in parts if byte_length(part.text) > room
    ]
    assert not any(part.joined and not part.text for part in found)


@given(parts=several())
def test_formatting_is_taken_away(parts: tuple[Part, ...]) -> None:
    """From the text as from each part, and what is blank now is no continuation."""
    plain = unformatted(parts)
    assert plain and not plain[0].joined
    assert not any(part.joined and not part.text for part in plain)
    assert not set("\x02\x03") & set(combine(plain))
    assert combine(plain).count("\n") == combine(parts).count("\n")
    assert is_blank(plain) == (not combine(plain).strip("\n"))


@pytest.mark.parametrize(
    ("parts", "index"),
    [
        ([Part("a"), Part("\x01VERSION\x01")], 1),
        ([Part("\x01ACTION waves\x01"), Part("\x01PING 1")], 1),
        ([Part("a"), Part("\x02\x01PING")], 1),
        ([Part("\x01ACTION waves\x01"), Part("a")], None),
        ([Part("a \x01VERSION\x01"), Part("b", True)], None),
    ],
)
def test_what_is_judged(parts: list[Part], index: int | None) -> None:
    text = combine(parts)
    assert judged(text, parts) == (text if index is None else parts[index].text)
