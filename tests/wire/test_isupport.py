"""RPL_ISUPPORT's texts."""

from __future__ import annotations

from chatnet.wire.isupport import format_tokens


def test_tokens_with_and_without_value() -> None:
    assert format_tokens({"SAFELIST": None, "NICKLEN": "30"}) == ["SAFELIST NICKLEN=30"]
    assert format_tokens({"NETWORK": "A Net", "X": "a=b\\c"}) == [r"NETWORK=A\x20Net X=a=b\x5Cc"]
    assert format_tokens({"EXCEPTS": "", "-GONE": None}) == ["EXCEPTS= -GONE"]


def test_at_most_twelve_in_a_text() -> None:
    texts = format_tokens({f"T{number}": None for number in range(30)})
    assert [len(text.split(" ")) for text in texts] == [12, 12, 6]


def test_texts_are_bounded_in_bytes() -> None:
    texts = format_tokens({"A": "é" * 10, "B": "x" * 10, "C": None, "D": "y" * 50}, max_bytes=36)
    assert texts == ["A=" + "é" * 10 + " B=" + "x" * 10, "C", "D=" + "y" * 50]


def test_nothing_to_tell() -> None:
    assert format_tokens({}) == []
