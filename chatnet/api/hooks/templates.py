"""Any JSON as a line of text: ``{repository.full_name}: {head_commit.message}``, filled in; no code.

A name leads through objects, a number through a list (``{alerts.0.status}``).  What is missing is empty.
``{{`` and ``}}`` are braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PLACE: Final = re.compile(r"\{\{|\}\}|\{([^{}\n]{1,200})\}")
MOST: Final = 2000
"""Characters of one thing that is filled in."""


def problem(template: str) -> str | None:
    """What is wrong with a template, as the end of a sentence; None if nothing is."""
    if not template.strip():
        return "is empty"
    rest = _PLACE.sub("", template)
    if "{" in rest or "}" in rest:
        return "has a brace without its other half: write {{ or }} for one"
    if all(found[1] is None for found in _PLACE.finditer(template)):
        return "has no {name} in it"
    return None


def filled(template: str, data: object) -> str:
    """The template with what `data` has in its places."""

    def fill(found: re.Match[str]) -> str:
        return found[0][0] if found[1] is None else shown(at(data, found[1].strip()))

    return _PLACE.sub(fill, template)


def at(data: object, path: str) -> object:
    """What a dotted name leads to; None if it leads nowhere."""
    for name in path.split("."):
        if isinstance(data, Mapping):
            data = data.get(name)
        elif isinstance(data, list) and name.isdecimal() and name.isascii() and len(name) < 10:
            data = data[int(name)] if int(name) < len(data) else None
        else:
            return None
    return data


def shown(value: object) -> str:
    """One thing as text; objects are not, and of a list only its words are."""
    if isinstance(value, str):
        return value[:MOST]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)[:MOST] if abs(value) < 1e300 else ""
    if isinstance(value, list):
        return ", ".join(each for each in value if isinstance(each, str))[:MOST]
    return ""
