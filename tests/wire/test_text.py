"""Texts: cut, cleaned, and understood."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.text import (
    byte_length,
    ctcp_command,
    cut,
    cut_bytes,
    middle,
    one_line,
    sanitise,
    strip_formatting,
)

WIRE_BYTES = st.lists(st.binary(max_size=4) | st.text(max_size=4).map(str.encode)).map(b"".join)


def test_cutting_by_example() -> None:
    assert cut("hello", 3) == "hel"
    assert cut("aé€😀", 9) == "aé€"
    assert cut("aé€😀", 10) == "aé€😀"
    assert cut("é", 1) == ""
    assert cut("a\udcff\udcfeb", 2) == "a\udcff"
    assert cut("abc", -1) == ""


def test_cutting_bytes_by_example() -> None:
    assert cut_bytes(b"hello", 3) == b"hel"
    assert cut_bytes("a😀b".encode(), 4) == b"a"
    assert cut_bytes("a😀b".encode(), 5) == "a😀".encode()
    assert cut_bytes(b"\xff\xfe\xfd", 2) == b"\xff\xfe"
    assert cut_bytes(b"\xe2\x82ab", 2) == b"\xe2\x82"
    assert cut_bytes(b"abc", -1) == b""


@settings(max_examples=150)
@given(WIRE_BYTES, st.integers(0, 20))
def test_a_cut_is_a_prefix_that_fits_and_takes_what_fits(data: bytes, limit: int) -> None:
    text = data.decode("utf-8", "surrogateescape")
    short = cut(text, limit)
    assert text.startswith(short)
    assert byte_length(short) == len(short.encode("utf-8", "surrogateescape")) <= limit
    assert short == text or byte_length(text[: len(short) + 1]) > limit


@settings(max_examples=150)
@given(WIRE_BYTES, st.integers(0, 20))
def test_cut_bytes_agrees_with_cut(data: bytes, limit: int) -> None:
    expected = cut(data.decode("utf-8", "surrogateescape"), limit)
    assert cut_bytes(data, limit) == expected.encode("utf-8", "surrogateescape")


def test_sanitising() -> None:
    assert sanitise("a\udcffé") == "a\ufffdé"
    assert sanitise("plain") == "plain"


def test_one_line() -> None:
    assert one_line("spam\r\nQUIT\0\n:x\udcff\x02é") == "spam QUIT :x\ufffd\x02é"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I love \x033IRC! \x03It is the \x037best", "I love IRC! It is the best"),
        ("\x1d\x0313,9cool \x03message", "cool message"),
        ("5\x0313,8,6\x03,7,8 \x029\x02\x1d!", "5,6,7,8 9!"),
        ("\x03123", "3"),
        ("\x04ff0000,00FF00red\x04", "red"),
        ("\x04xyz", "xyz"),
        ("\x02b\x1di\x1fu\x1es\x11m\x16r\x0f.", "biusmr."),
    ],
)
def test_formatting_goes(text: str, plain: str) -> None:
    assert strip_formatting(text) == plain
    assert strip_formatting(plain) == plain


def test_ctcp() -> None:
    assert ctcp_command("\x01ACTION waves\x01") == "ACTION"
    assert ctcp_command("\x01version") == "VERSION"
    assert ctcp_command("\x01\x01") is None
    assert ctcp_command("hello \x01ACTION\x01") is None
    assert ctcp_command("") is None


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("ann", "ann"),
        ("ann bob", "ann"),
        ("", "*"),
        (" x", "*"),
        ("::1", "0::1"),
        ("::ffff:192.0.2.1", "0::ffff:192.0.2.1"),
        (":ann", "ann"),
        ("::", "0::"),
        (":", "*"),
        ("::ann", "ann"),
    ],
)
def test_echoing(text: str, safe: str) -> None:
    assert middle(text) == safe
