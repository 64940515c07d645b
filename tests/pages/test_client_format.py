"""Texts as people read them: what ``format.js`` makes of codes, links, names and emoji."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page

pytestmark = pytest.mark.client

PARTS = """async (texts) => {
    const {parts} = await import("/app/format.js");
    const known = {
        nick: (word) => (["ann", "bob"].includes(word.toLowerCase()) ? word.toLowerCase() : ""),
        isChannel: (word) => word.startsWith("#"), me: "ann",
    };
    return texts.map((text) => parts(text, known));
}"""


def parts(page: Page, text: str) -> list[dict[str, Any]]:
    found: list[list[dict[str, Any]]] = page.evaluate(PARTS, [text])
    return found[0]


def kinds(page: Page, text: str) -> list[tuple[str, str]]:
    return [(part["kind"], part["text"]) for part in parts(page, text)]


def test_codes_are_classes(page: Page) -> None:
    text = "a\x02b\x1dc\x02d\x0fe\x0304,12f\x035g\x03h\x11i\x0f\x04ff0000j\x1e\x1fk"
    assert [(part["text"], part["classes"]) for part in parts(page, text)] == [
        ("a", []), ("b", ["bold"]), ("c", ["bold", "italic"]), ("d", ["italic"]), ("e", []),
        ("f", ["fg-4", "bg-12"]), ("g", ["fg-5", "bg-12"]), ("h", []), ("i", ["mono"]), ("j", []),
        ("k", ["strike", "underline"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "link", "href"),
    [
        ("see https://example.org/a?b=c#d.", "https://example.org/a?b=c#d", ""),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)", ""),
        ("<http://example.org>", "http://example.org", ""),
        ("at www.example.org, now", "www.example.org", "https://www.example.org"),
        ("irc://irc.example.org/#club!", "irc://irc.example.org/#club", ""),
        ("mailto:ann@example.org", "mailto:ann@example.org", ""),
        ("https://example.org/ü☕", "https://example.org/ü☕", ""),
    ],
)
def test_links(page: Page, text: str, link: str, href: str) -> None:
    [found] = [part for part in parts(page, text) if part["kind"] == "link"]
    assert (found["text"], found["href"]) == (link, href or link)


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc", "vbscript:x", "blob:x", "JaVaScRiPt://x"],
)
def test_what_is_no_link(page: Page, text: str) -> None:
    assert [kind for kind, _ in kinds(page, text)] == ["text"]


def test_names(page: Page) -> None:
    assert kinds(page, "Ann, bob: see #chess, not # or ##, bobby") == [
        ("nick", "Ann"), ("text", ", "), ("nick", "bob"), ("text", ": see "), ("channel", "#chess"),
        ("text", ", not # or ##, bobby"),
    ]  # fmt: skip
    found = parts(page, "Ann, bob")
    assert [part["classes"] for part in found] == [["mention"], [], []]


@pytest.mark.parametrize(
    ("text", "alone"), [("👍", True), ("👨‍👩‍👧 ❤️", True), ("ok 👍", False), ("12", False), ("", False)]
)
def test_emoji_alone(page: Page, text: str, alone: bool) -> None:
    assert (kinds(page, text) == [("emoji", text)]) is alone


codes = st.sampled_from([*"\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f,0129af #@(.)", "https://x.y", "www.a.b"])


@given(st.lists(st.one_of(st.text(max_size=30), st.lists(codes, max_size=20).map("".join)), max_size=10))
def test_no_text_is_lost_but_codes(page: Page, texts: list[str]) -> None:
    plain = page.evaluate(
        'async (texts) => { const {plain} = await import("/app/format.js"); return texts.map(plain); }', texts
    )
    for text, found, shown in zip(texts, page.evaluate(PARTS, texts), plain, strict=True):
        assert "".join(part["text"] for part in found) == shown
        assert len(shown) <= len(text)
        assert all(part["text"] for part in found)
        for part in found:
            scheme = part.get("href", "").partition(":")[0].lower()
            assert part["kind"] != "link" or scheme in ("http", "https", "irc", "ircs", "mailto")
        if not any(sign < " " and sign not in "\n\t" for sign in text):
            assert shown == text


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("hi ann", ["ann"], True), ("ANN!", ["ann"], True), ("anna", ["ann"], False),
        ("joann", ["ann"], False), ("ann_", ["ann"], False), ("\x02ann\x02: x", ["ann"], True),
        ("über", ["ber"], False), ("x", [""], False),
        ("buy tea now", ["ann", "tea"], True), ("annann ann", ["ann"], True),
    ],
)  # fmt: skip
def test_mentions(page: Page, text: str, words: list[str], found: bool) -> None:
    mention = 'async ([text, words]) => (await import("/app/format.js")).mentions(text, words)'
    assert page.evaluate(mention, [text, words]) is found


def test_colours_of_nicks(page: Page) -> None:
    nicks = [f"nick{number}" for number in range(400)]
    colour = 'async (nicks) => { const {colour} = await import("/app/format.js"); return nicks.map(colour); }'
    found = page.evaluate(colour, [*nicks, "ANN", "ann"])
    assert found[-1] == found[-2]
    assert set(found) == set(range(16))


def test_names_of_emoji(page: Page) -> None:
    found = page.evaluate('async () => (await import("/app/format.js")).emojis')
    assert found["tada"] == "🎉" and len(found) >= 100
    assert all(name == name.lower() and " " not in name for name in found)
