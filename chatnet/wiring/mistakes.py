"""Why settings are refused: where, and in sentences of our own."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from chatnet.settings import Settings, reference_problems
from chatnet.wiring.fields import kinds, section_of

Place = tuple[str | int, ...]
"""The way to a setting: sections and keys by name, elements of lists by index."""

_SENTENCES = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "too_long": "must have at most {max_length} entries",
    "model_type": "must be a table",
    "invalid_key": "is not a key",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}
"""What a check that failed means, by pydantic's name for it.  https://docs.pydantic.dev/latest/errors/validation_errors/"""


def _reason(error: Any, place: Place) -> str:
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return "there is no such setting" + suggestion(str(place[-1]), _keys(place[:-1]))
    context = {key: _plain(value) for key, value in error.get("ctx", {}).items()}
    # No sentence of pydantic's is passed on: a future one might quote the value.
    return _SENTENCES.get(kind, "is not valid").format_map(context)


def _plain(value: object) -> str:
    return format(value, ".12g") if isinstance(value, float) else str(value)


def _keys(place: Place) -> list[str]:
    """The keys there are in the section, or element of a list, at this place."""
    model: type[BaseModel] = Settings
    for step in place:
        if isinstance(step, int):
            continue
        field = next((f for key, f in model.model_fields.items() if step in (key, f.alias)), None)
        if field is None:
            return []
        models = [inner for kind in kinds(field.annotation) if (inner := section_of(kind))]
        if not models:
            return []
        model = models[0]
    return [field.alias or key for key, field in model.model_fields.items()]


def suggestion(name: str, known: Sequence[str], prefix: str = "") -> str:
    """What may have been meant by an unknown name, as the end of a sentence; empty if nothing is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f" (did you mean {prefix}{near[0]}?)" if near else ""


def found_in(error: ValidationError, tree: dict[str, Any]) -> list[tuple[Place, str]]:
    """Every mistake in a tree: what the sections refused, and the references, whatever else is wrong."""
    errors = error.errors(include_url=False, include_input=False)
    found = [(tuple(e["loc"]), _reason(e, tuple(e["loc"]))) for e in errors]
    taken = {place for place, _ in found}
    whole = Settings().model_dump(by_alias=True) | tree
    references = [(place, reason) for place, reason in reference_problems(whole) if place not in taken]
    if references:
        # The settings tell them too, in one error without a place, but only when nothing else is wrong.
        found = [(place, reason) for place, reason in found if place]
    return found + references


def dotted(place: Place) -> str:
    """A place as people write it: ``oper.0.class``."""
    return ".".join(str(step) for step in place)
