"""Masks and networks."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.casemap import folder
from chatnet.wire.masks import (
    LONGEST_KEPT,
    compile_glob,
    complete_mask,
    normalise_address,
    parse_network,
    read_glob,
    wire_address,
)

FOLD = folder("rfc1459")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a?c", ["abc", "a?c", "AéC"], ["ac", "abbc"]),
        ("a*c", ["ac", "abbc", "a*c"], ["acd", "bac"]),
        ("*", ["", "x"], []),
        ("", [""], ["x"]),
        ("*!*@*.example", ["ann!a@b.example"], ["ann!a@example", "ann!a@b.example.net"]),
        (r"a\*c", ["a*c"], ["abc", r"a\c", r"a\*c"]),
        (r"a\?c", ["a?c"], ["abc"]),
        (r"a\b", [r"a\b", "a|B"], ["ab"]),
        (r"a\\*", [r"a\*"], [r"a\x"]),
        ("[x]!*@*", ["{X}!u@h"], ["x!u@h"]),
        ("*a*ab", ["aab", "xaxab"], ["ab"]),
        ("a\n*", ["a\n\n"], ["a"]),
        ("?**?", ["ab", "abc"], ["a"]),
    ],
)
def test_globs(pattern: str, matching: list[str], other: list[str]) -> None:
    matches = compile_glob(pattern, FOLD)
    assert [text for text in matching if not matches(text)] == []
    assert [text for text in other if matches(text)] == []


def reference(pattern: str, text: str) -> bool:
    """The textbook table: row by row of the pattern, which prefixes of the text match."""
    row = [True] + [False] * len(text)
    index = 0
    while index < len(pattern):
        sign = pattern[index]
        if sign == "\\" and pattern[index + 1 : index + 2] in ("*", "?"):
            index += 1
            sign = "\\" + pattern[index]
        if sign == "*":
            for place in range(1, len(row)):
                row[place] = row[place] or row[place - 1]
        else:
            literal = FOLD(sign[-1])
            row = [False] + [
                row[place] and (sign == "?" or FOLD(text[place]) == literal) for place in range(len(text))
            ]
        index += 1
    return row[-1]


@settings(max_examples=400)
@given(st.text("aAb*?\\|", max_size=16), st.text("abB*?\\|\n", max_size=20))
def test_globs_agree_with_the_reference(pattern: str, text: str) -> None:
    assert compile_glob(pattern, FOLD)(text) == reference(pattern, text)


@settings(max_examples=400)
@given(st.text("ab*?", max_size=30), st.text("ab", max_size=40))
def test_globs_with_gaps_agree_with_the_reference(pattern: str, text: str) -> None:
    assert read_glob(pattern, FOLD)(text) == reference(pattern, text)


def test_patterns_that_are_long_are_not_kept() -> None:
    long = "*" + "ab?" * LONGEST_KEPT
    assert compile_glob(long, FOLD) is not compile_glob(long, FOLD)
    assert compile_glob("*ab?", FOLD) is compile_glob("*ab?", FOLD)


@pytest.mark.parametrize(
    "pattern", ["*a" * 200 + "b", "*?" * 200 + "b", "a*" * 200 + "b", "*" * 400 + "b", "*" + "a?" * 200 + "b"]
)
def test_no_pattern_is_slow(pattern: str) -> None:
    assert not compile_glob(pattern, FOLD)("a" * 500)


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("ann", "ann!*@*"),
        ("ann!a", "ann!a@*"),
        ("a@b.example", "*!a@b.example"),
        ("ann!a@b.example", "ann!a@b.example"),
        ("b.example", "*!*@b.example"),
        ("2001:db8::1", "*!*@2001:db8::1"),
        ("user/ann", "*!*@user/ann"),
        ("2001:DB8:0:0:0:0:0:5", "*!*@2001:db8::5"),
        ("ann!a@2001:db8:0::5", "ann!a@2001:db8::5"),
        ("*!*@::ffff:192.0.2.7", "*!*@192.0.2.7"),
        ("*!*@0:0:0:0:0:0:0:1", "*!*@0::1"),  # as users see the host of who is there
        ("*!*@::1", "*!*@0::1"),
        ("2001:DB8:0:0::/32", "*!*@2001:db8::/32"),
        ("*!*@::ffff:192.0.2.7/120", "*!*@192.0.2.7/24"),
        ("*!*@::ffff:0:0/90", "*!*@::ffff:0:0/90"),
        ("*!*@2001:db8:*", "*!*@2001:db8:*"),
        ("*!*@a:b:c:ip", "*!*@a:b:c:ip"),  # a cloak
        ("*!*@1:2::/200", "*!*@1:2::/200"),
        ("192.0.2.0/24", "*!*@192.0.2.0/24"),
        ("", "*!*@*"),
        ("*", "*!*@*"),
        ("@", "*!*@*"),
        ("!", "*!*@*"),
        ("!@h", "*!*@h"),
        ("**!***@a**b", "*!*@a*b"),
        ("ann bob", "ann!*@*"),
        ("n" * 40 + "!" + "u" * 20 + "@" + "h" * 70, "n" * 30 + "!" + "u" * 10 + "@" + "h" * 63),
    ],
)
def test_masks_are_completed(text: str, mask: str) -> None:
    assert complete_mask(text) == mask
    assert complete_mask(mask) == mask


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("/run/chatnet.sock", "/run/chatnet.sock"),
        ("", ""),
    ],
)
def test_addresses_have_one_form(text: str, address: str) -> None:
    assert normalise_address(text) == address


def test_addresses_as_parameters() -> None:
    assert wire_address("::1") == "0::1"
    assert wire_address("2001:db8::1") == "2001:db8::1"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
    ],
)
def test_networks(text: str, network: str) -> None:
    assert parse_network(text) == ip_network(network)


@pytest.mark.parametrize(
    "text", ["", "x", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "192.0.2.0/", "192.0.2.*", "/8"]
)
def test_no_networks(text: str) -> None:
    assert parse_network(text) is None
