"""What CONTRIBUTING.md quotes from the code stands there, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
QUOTE = re.compile(r"((?:^[^`\n]*(?:`[^`\n]+`[^`\n]*)*\n)*)\n^```py\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""A paragraph, and the quote below it.  (Whole examples are ``python``, and are compiled.)"""
SHOWN = {"A command", "A fact", "A setting", "A verb between servers", "A follower"}


def quotes(text: str) -> list[tuple[str, str]]:
    """(file, lines of it) of all quotes: the file is the last one that the paragraph above names."""
    found = []
    for paragraph, quote in QUOTE.findall(text):
        names = re.findall(r"`((?:chatnet|tests)/[\w/]+\.py)`", paragraph)
        found.append((names[-1] if names else "", quote))
    return found


def stands(quote: str, source: str) -> bool:
    """Whether the lines of `quote` follow each other in `source`; a line ``...`` stands for others."""
    lines, at = source.splitlines(), 0
    for part in re.split(r"^\.\.\.\n", quote, flags=re.MULTILINE):
        wanted = part.splitlines()
        while lines[at : at + len(wanted)] != wanted:
            at += 1
            if at + len(wanted) > len(lines):
                return False
        at += len(wanted)
    return True


@pytest.mark.parametrize(("file", "quote"), quotes(TEXT))
def test_a_quote_stands_in_its_file(file: str, quote: str) -> None:
    assert file, f"no file is named above\n{quote}"
    assert stands(quote, (ROOT / file).read_text(encoding="utf-8")), f"{file} has not\n{quote}"


def test_every_kind_of_change_is_shown() -> None:
    assert len(quotes(TEXT)) == TEXT.count("```py\n"), "a quote without a paragraph above it"
    sections = re.split(r"^#+ (.*)\n", TEXT, flags=re.MULTILINE)
    shown = {title for title, body in zip(sections[1::2], sections[2::2], strict=True) if quotes(body)}
    assert shown == SHOWN


SOURCE = "a\nb\n\nc\nd\n"


@pytest.mark.parametrize("quote", ["a\n", "b\n\nc\n", "a\n...\nd\n", "d\n", SOURCE])
def test_the_check_takes_what_stands_there(quote: str) -> None:
    assert stands(quote, SOURCE)


@pytest.mark.parametrize("quote", ["e\n", " a\n", "a\nc\n", "b\nc\n", "d\n...\na\n", "a\n...\na\n", "d\ne\n"])
def test_the_check_sees_what_does_not(quote: str) -> None:
    assert not stands(quote, SOURCE)
