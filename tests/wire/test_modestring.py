"""Mode strings: read, written, and both in a circle."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.modestring import Change, format_changes, parse_changes

KINDS = {"b": "A", "k": "B", "l": "C", "n": "D", "t": "D", "o": "P", "v": "P"}


def test_parameters_go_where_they_belong() -> None:
    assert parse_changes("+onl-kl+v", ["ann", "5", "key", "bob"], KINDS.get) == (
        [
            Change(True, "o", "ann"),
            Change(True, "n", None),
            Change(True, "l", "5"),
            Change(False, "k", "key"),
            Change(False, "l", None),
            Change(True, "v", "bob"),
        ],
        [],
    )


def test_no_sign_means_plus() -> None:
    assert parse_changes("b", [], KINDS.get) == ([Change(True, "b", None)], [])


def test_missing_parameters_are_none() -> None:
    changes, _ = parse_changes("+ok", ["ann"], KINDS.get)
    assert changes == [Change(True, "o", "ann"), Change(True, "k", None)]


def test_unknown_letters_are_told_once() -> None:
    assert parse_changes("+xynx", ["a"], KINDS.get) == ([Change(True, "n", None)], ["x", "y"])


def test_writing() -> None:
    changes = [Change(True, "o", "ann"), Change(True, "n", None), Change(False, "b", "*!*@*")]
    assert format_changes(changes, 4, 400) == [("+on-b", ["ann", "*!*@*"])]
    assert format_changes([], 4, 400) == []


def test_too_many_for_one_line() -> None:
    changes = [Change(True, "v", str(number)) for number in range(5)]
    assert format_changes([*changes, Change(True, "n", None)], 2, 400) == [
        ("+vv", ["0", "1"]),
        ("+vv", ["2", "3"]),
        ("+vn", ["4"]),
    ]
    assert format_changes(changes, 4, 8) == [("+vv", ["0", "1"]), ("+vv", ["2", "3"]), ("+v", ["4"])]


CHANGES = st.lists(
    st.one_of(
        st.builds(Change, st.booleans(), st.sampled_from("bkov"), st.text("aé*@!", min_size=1, max_size=8)),
        st.builds(Change, st.just(True), st.just("l"), st.just("25")),
        st.builds(Change, st.just(False), st.just("l"), st.none()),
        st.builds(Change, st.booleans(), st.sampled_from("nt"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=150)
@given(CHANGES, st.integers(1, 6), st.integers(20, 60))
def test_what_is_written_reads_the_same(changes: list[Change], max_modes: int, max_bytes: int) -> None:
    read: list[Change] = []
    for text, params in format_changes(changes, max_modes, max_bytes):
        assert len(params) <= max_modes
        assert len(" ".join([text, *params]).encode()) <= max_bytes
        part, unknown = parse_changes(text, params, KINDS.get)
        assert unknown == []
        read += part
    assert read == changes
