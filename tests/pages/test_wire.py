"""Lines in the browser are what they are on the server: ``wire.js`` beside ``chatnet/wire``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

from chatnet.model.modes import kind_of, letters
from chatnet.wire.casemap import folder
from chatnet.wire.isupport import format_tokens
from chatnet.wire.message import escape_tag_value, format_message, parse
from chatnet.wire.modestring import parse_changes

pytestmark = pytest.mark.client

PARSE = """async (lines) => {
    const {parse} = await import("/app/wire.js");
    return lines.map((line) => {
        const message = parse(line);
        return message && {...message, tags: [...message.tags].sort()};
    });
}"""
SERIALISE = """async ([verb, params, tags]) => {
    const {serialise} = await import("/app/wire.js");
    try {
        return serialise(verb, params, new Map(tags));
    } catch (error) {
        return error.name;
    }
}"""

pieces = st.sampled_from(
    [" ", "  ", ":", ";", "=", "@", "\\", "\\:", "\\s", "a", "+b", "PRIVMSG", "#c", "é☕", "!", "\t"]
)
lines = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=14).map("".join)).filter(
    lambda line: line.upper() == line.upper().encode("utf-8", "replace").decode()
)


@given(st.lists(lines, max_size=20))
def test_lines_are_taken_apart_as_the_server_does(page: Page, lines: list[str]) -> None:
    found = page.evaluate(PARSE, lines)
    for line, message in zip(lines, found, strict=True):
        expected = parse(line)
        if expected is None:
            assert message is None
            continue
        assert message["tags"] == sorted([key, value] for key, value in expected.tags.items())
        assert message["source"] == expected.source
        assert message["verb"] == expected.command
        assert message["params"] == expected.params


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("ann!~ann@host.example", ("ann", "~ann", "host.example")),
        ("irc.example.org", ("irc.example.org", "", "")),
        ("ann@host", ("ann", "", "host")),
        ("ann!a@b@c", ("ann", "a", "b@c")),
    ],
)
def test_sources(page: Page, source: str, parts: tuple[str, str, str]) -> None:
    message = page.evaluate(PARSE, [f":{source} PING x"])[0]
    assert (message["nick"], message["user"], message["host"]) == parts


words = st.text(max_size=8)
keys = st.one_of(st.sampled_from(["a", "+b", "+draft/reply", "label"]), words)


@given(
    st.one_of(st.sampled_from(["PRIVMSG", "privmsg", "001", "A B", ""]), words),
    st.lists(words, max_size=4),
    st.dictionaries(keys, words, max_size=3),
)
def test_lines_are_put_together_as_the_server_does(
    page: Page, verb: str, params: list[str], tags: dict[str, str]
) -> None:
    found = page.evaluate(SERIALISE, [verb, params, list(tags.items())])
    try:
        expected = format_message(verb, params, tags=tags)
    except ValueError:
        expected = "RangeError"
    assert found == expected


@given(st.lists(st.text(max_size=12), max_size=12))
def test_values_of_tags_go_there_and_back(page: Page, values: list[str]) -> None:
    both = """async (values) => {
        const {escapeTag, unescapeTag} = await import("/app/wire.js");
        return values.map((value) => [escapeTag(value), unescapeTag(escapeTag(value))]);
    }"""
    assert page.evaluate(both, values) == [[escape_tag_value(value), value] for value in values]


@pytest.mark.parametrize("mapping", ["ascii", "rfc1459"])
@given(names=st.lists(st.text(st.characters(max_codepoint=0x17F), max_size=8), max_size=12))
def test_names_are_folded_as_the_server_does(page: Page, mapping: str, names: list[str]) -> None:
    fold = """async ([mapping, names]) => {
        const {fold, foldAs, same} = await import("/app/wire.js");
        foldAs(mapping);
        const found = names.map((name) => [fold(name), same(name, fold(name))]);
        foldAs("rfc1459");
        return found;
    }"""
    folded = folder(mapping)
    assert page.evaluate(fold, [mapping, names]) == [[folded(name), True] for name in names]


ISUPPORT = """async (texts) => {
    const {Isupport} = await import("/app/wire.js");
    const isupport = new Isupport();
    for (const text of texts) {
        isupport.take(["ann", ...text.split(" "), "are supported by this server"]);
    }
    return {...isupport, tokens: [...isupport.tokens]};
}"""


def test_what_the_server_tells_of_itself(page: Page) -> None:
    tokens: dict[str, str | None] = {
        "NETWORK": "Example Net = one\\two",
        "PREFIX": "(qaohv)~&@%+",
        "CHANMODES": "beI,k,l,nt",
        "NICKLEN": "31",
        "CASEMAPPING": "rfc1459",
        "STATUSMSG": "~&@%+",
        "WHOX": None,
        "MONITOR": "100",
    }
    found = page.evaluate(ISUPPORT, format_tokens(tokens))
    assert dict(found["tokens"]) == {key: value or "" for key, value in tokens.items()}
    assert (found["network"], found["nicklen"], found["monitor"]) == ("Example Net = one\\two", 31, 100)
    assert [rank["mode"] + rank["char"] for rank in found["prefix"]] == ["q~", "a&", "o@", "h%", "v+"]


def test_tokens_are_taken_back(page: Page) -> None:
    found = page.evaluate(ISUPPORT, ["NICKLEN=9 WHOX", "-WHOX -NICKLEN", "NICKLEN=soon"])
    assert (found["tokens"], found["nicklen"]) == ([["NICKLEN", "soon"]], 30)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("#c", ["", "#c"]),
        ("@#c", ["@", "#c"]),
        ("@+#c", ["@+", "#c"]),
        ("ann", ["", "ann"]),
        ("@ann", ["", "@ann"]),
        ("", ["", ""]),
    ],
)
def test_ranks_before_a_channel(page: Page, target: str, parts: list[str]) -> None:
    read = """async (target) => {
        const {Isupport} = await import("/app/wire.js");
        const isupport = new Isupport();
        isupport.take(["ann", "STATUSMSG=@+", "CHANTYPES=#", "x"]);
        return isupport.target(target);
    }"""
    assert page.evaluate(read, target) == parts


LETTERS = "".join(letters(kind) for kind in "ABCDP")


@given(st.text(f"+-{LETTERS}", max_size=12), st.lists(st.text("abc", min_size=1, max_size=3), max_size=8))
def test_modes_are_read_as_the_server_does(page: Page, text: str, params: list[str]) -> None:
    read = """async ([chanmodes, prefix, params]) => {
        const {Isupport, modes} = await import("/app/wire.js");
        const isupport = new Isupport();
        isupport.take(["ann", `CHANMODES=${chanmodes}`, `PREFIX=${prefix}`, "x"]);
        return modes(isupport, params).map(({sign, mode, param}) => [sign === "+", mode, param]);
    }"""
    ranks = letters("P")
    given_ = [",".join(letters(kind) for kind in "ABCD"), f"({ranks})~&@%+", [text, *params]]
    expected, unknown = parse_changes(text, params, kind_of)
    assert unknown == []
    assert page.evaluate(read, given_) == [list(change) for change in expected]


@given(st.text(max_size=60), st.integers(4, 20))
def test_texts_are_cut_between_characters(page: Page, text: str, room: int) -> None:
    cut: Any = page.evaluate(
        'async ([text, room]) => (await import("/app/wire.js")).pieces(text, room)', [text, room]
    )
    assert "".join(cut) == text
    assert all(len(piece.encode()) <= room for piece in cut)
