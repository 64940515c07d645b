"""Patterns of filters: whether one may be used, and which of many fit a text.

Regular expressions are those of RE2, which takes a time that grows with the text, whatever the expression;
what it cannot do that way (references back, looking around) it refuses.  Without the package google-re2 there
are patterns with ``*`` and ``?`` only.  Both mean the same on all servers: patterns are held against a text
in small letters, expressions against it as it is, with capitals and small letters alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Protocol

from chatnet.model.filters import EXPRESSION, GLOB, MOST_PATTERN
from chatnet.wire.masks import read_glob
from chatnet.wire.text import as_seen, byte_length


def _found() -> Any:
    try:
        module = import_module("re2")  # an extra that not everybody has
    except ImportError:
        return None
    return module if hasattr(module, "Filter") else None  # there are others of that name


re2: Any = _found()

NEEDS_RE2: Final = (
    "is a regular expression, which needs the Python package google-re2; it is not installed"
    " (chatnet's extra `filters`)"
)
MOST_WILD: Final = 32
"""Question marks in a pattern."""
MEMORY: Final = 1 << 19
"""Bytes that one expression may take, with what it remembers of texts."""

_TOKEN: Final = re.compile(r"\\[*?]|[*]+|[?]|[^*?\\]+|\\")
_WILD: Final = re.compile(r"[*?\s]+")
_SAMPLES: Final = ("a", "z", "7", "?", "\xe9", "\u4e2d")
"""What has nothing in common: an expression that fits each of these fits everything."""


class Patterns(Protocol):
    """Several patterns, by their places."""

    def __call__(self, text: str) -> Sequence[int]:
        """The places of those that fit a text, in which there is no lone surrogate."""


def mistake(kind: str, pattern: str, most_size: int) -> str | None:
    """Why a pattern cannot be used, as the end of a sentence; an expression may have so many instructions."""
    if byte_length(pattern) > MOST_PATTERN:
        return f"is longer than {MOST_PATTERN} bytes"
    if any(sign in pattern for sign in "\r\n\0"):
        return "has the end of a line, or a NUL, in it"
    try:
        pattern.encode()
    except UnicodeEncodeError:
        return "is no UTF-8"
    if kind == GLOB:
        if not _WILD.sub("", as_seen(pattern)):
            return "fits every text"
        return f"has more than {MOST_WILD} question marks" if pattern.count("?") > MOST_WILD else None
    if re2 is None:
        return NEEDS_RE2
    try:
        compiled = _compiled(pattern)
    except re2.error as error:
        return f"is no expression that RE2 takes: {_told(error)}"
    if compiled.programsize > most_size:
        return f"is too large: {compiled.programsize} instructions, of at most {most_size}"
    if compiled.search("") is not None:
        return "fits every text, for it fits an empty one"
    if all(compiled.search(text) is not None for text in _SAMPLES):
        return "fits every text"
    return None


def size_of(kind: str, pattern: str) -> int:
    """Of how many instructions an expression is made that can be used; of other patterns it is all one."""
    size: int = _compiled(pattern).programsize if kind == EXPRESSION and re2 is not None else 0
    return size


def _told(error: Exception) -> str:
    """What RE2 says, which it does in bytes."""
    words = error.args[0] if error.args else ""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _options(*, capitals: bool) -> Any:
    assert re2 is not None
    options = re2.Options()
    options.case_sensitive = capitals
    options.dot_nl = True
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MEMORY
    return options


@lru_cache(2048)
def _compiled(pattern: str) -> Any:
    assert re2 is not None
    return re2.compile(pattern, _options(capitals=False))


def expressions(patterns: Sequence[str]) -> Patterns:
    """What finds those of some expressions that fit a text; all of them can be used."""
    return _together(patterns, capitals=False)


def globs(patterns: Sequence[str]) -> Patterns:
    """What finds those of some patterns that fit a text as a whole, which is in small letters."""
    if re2 is None:
        return plain_globs(patterns)
    return _together([_expression_of(as_seen(pattern.lower())) for pattern in patterns], capitals=True)


def plain_globs(patterns: Sequence[str]) -> Patterns:
    """The same, without RE2: for few."""
    plain = [as_seen(pattern.lower()) for pattern in patterns]
    several = [(_needle(pattern), read_glob(pattern, _same)) for pattern in plain]

    def fitting(text: str) -> Sequence[int]:
        return [place for place, (needle, fits) in enumerate(several) if needle in text and fits(text)]

    return fitting


def _same(text: str) -> str:
    return text


def _needle(pattern: str) -> str:
    """The longest letters without a wildcard that a text must have."""
    if "\\" in pattern:
        return ""
    return max(re.split("[*?]", pattern), key=len)


def _expression_of(pattern: str) -> str:
    """A pattern as an expression."""
    assert re2 is not None
    found = [r"\A"]
    for token in _TOKEN.findall(pattern):
        if token[0] == "*":
            found.append(".*")
        elif token == "?":
            found.append(".")
        else:
            found.append(re2.escape(token[1] if len(token) == 2 and token[0] == "\\" else token))
    found.append(r"\z")
    if found[1] == ".*":  # what stands anywhere is found the faster if nothing is said of what is around
        found = found[2:]
    if len(found) > 1 and found[-2] == ".*":
        found = found[:-2]
    return "".join(found)


def _together(patterns: Sequence[str], *, capitals: bool) -> Patterns:
    if not patterns:
        return _none
    assert re2 is not None
    options = _options(capitals=capitals)
    several = re2.Filter()
    for pattern in patterns:
        several.Add(pattern, options)
    several.Compile()
    match: Callable[[str], Sequence[int] | None] = several.Match

    def fitting(text: str) -> Sequence[int]:
        return match(text) or ()

    return fitting


def _none(text: str) -> Sequence[int]:
    return ()
