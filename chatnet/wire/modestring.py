"""Mode strings: `+ov-k ann bob key` as a list of changes, and back.  https://modern.ircdocs.horse/#mode-message

The kinds of mode are those of the CHANMODES token, and one for the ranks of members:

- `A`: an entry of a list, with a parameter; without one the list is asked for
- `B`: always with a parameter
- `C`: with a parameter only when it is set
- `D`: never with a parameter
- `P`: a rank, always with a nick
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple


class Change(NamedTuple):
    """One letter of a mode string, with its parameter if it has one."""

    adding: bool
    letter: str
    parameter: str | None


def parse_changes(
    text: str, params: Sequence[str], kind_of: Callable[[str], str | None]
) -> tuple[list[Change], list[str]]:
    """The changes `MODE <target> <text> <params>` asks for, and each letter that `kind_of` does not know.

    A parameter that is needed and missing is None: what that means differs from mode to mode.
    """
    changes: list[Change] = []
    unknown: list[str] = []
    rest = iter(params)
    adding = True
    for letter in text:
        if letter == "+":
            adding = True
            continue
        if letter == "-":
            adding = False
            continue
        kind = kind_of(letter)
        if kind is None:
            if letter not in unknown:
                unknown.append(letter)
        elif kind == "D" or (kind == "C" and not adding):
            changes.append(Change(adding, letter, None))
        else:
            changes.append(Change(adding, letter, next(rest, None)))
    return changes, unknown


def format_changes(changes: Iterable[Change], max_modes: int, max_bytes: int) -> list[tuple[str, list[str]]]:
    """The changes as mode strings with their parameters, in as many parts as needed.

    A part has at most `max_modes` changes with a parameter, and at most `max_bytes` bytes counting a space
    before each parameter, unless a single change is longer than that.
    """
    parts: list[tuple[str, list[str]]] = []
    letters = ""
    params: list[str] = []
    size = 0
    sign: bool | None = None
    for adding, letter, parameter in changes:
        cost = 1 + (sign is not adding)
        if parameter is not None:
            cost += 1 + len(parameter.encode("utf-8", "surrogateescape"))
        full = parameter is not None and len(params) >= max_modes
        if letters and (full or size + cost > max_bytes):
            parts.append((letters, params))
            cost += sign is adding
            letters, params, size, sign = "", [], 0, None
        if sign is not adding:
            letters += "+" if adding else "-"
            sign = adding
        letters += letter
        size += cost
        if parameter is not None:
            params.append(parameter)
    if letters:
        parts.append((letters, params))
    return parts
