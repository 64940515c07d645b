"""What people search for, as FTS5 is asked for it.

Never is it asked in somebody's own words: each piece of them is put in quotes.  Words are divided by spaces.
``"…"`` is a phrase, and with ``*`` behind it a word is the beginning of one.  A piece without a letter or a
digit is nothing to search for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

PIECES: Final = 16
"""Words and phrases that are searched for, at most; what comes behind them is passed over."""
TRIGRAM: Final = 3
"""Characters that a piece needs to be in an index of trigrams."""


class Query(NamedTuple):
    """What the index is asked for, empty if for nothing; and what else has to be in a text, in lower case."""

    match: str
    inside: tuple[str, ...] = ()


def pieces(text: str) -> list[tuple[str, bool]]:
    """The words and phrases of a text, each with whether it is the beginning of a word only."""
    found: list[tuple[str, bool]] = []
    for number, part in enumerate(text.replace("\0", " ").split('"')):
        for piece in [part] if number % 2 else part.split():
            word = piece.rstrip("*") if not number % 2 else piece
            if any(_is_word(character) for character in word):
                found.append((word, word != piece))
    return found[:PIECES]


def query(text: str, *, trigrams: bool) -> Query:
    """The same for an index of words, or of trigrams, in which a piece is found wherever it stands."""
    asked: list[str] = []
    inside: list[str] = []
    for piece, begins in pieces(text):
        if not trigrams:
            asked.append(f'"{piece}"*' if begins else f'"{piece}"')
        elif len(piece) >= TRIGRAM:
            asked.append(f'"{piece}"')
        else:
            inside.append(piece.lower())
    return Query(" AND ".join(asked), tuple(inside))


def match(words: str, targets: Iterable[int], person: int | None) -> str:
    """All of that, in messages of these targets (and of a person) only."""
    places = " OR ".join(f'"{place(target)}"' for target in targets)
    parts = [f"text : ({words})"] if words else []
    parts.append(f"place : ({places})")
    if person is not None:
        parts.append(f'place : "a{person};"')
    return " AND ".join(parts)


def place(target: int) -> str:
    """How a target is written in the column of places: a word, and also a text that is in no other one."""
    return f"t{target};"


def _is_word(character: str) -> bool:
    """Whether the index takes it for a part of a word."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"
