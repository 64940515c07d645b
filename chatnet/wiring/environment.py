"""Settings from the environment: ``CHATNET__SECTION__KEY`` and ``CHATNET__SECTION``."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from chatnet.settings import Settings
from chatnet.wiring.fields import kinds
from chatnet.wiring.mistakes import Place, dotted, suggestion

PREFIX = "CHATNET__"


class Overrides:
    """What the environment sets in a tree of settings, and what is wrong with it."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self.problems: list[str] = []
        self._names: dict[Place, str] = {}

    def apply(self, environ: Mapping[str, str]) -> None:
        """Put every ``CHATNET__…`` of the environment into the tree, whole sections before single keys."""
        known = dict(_environment_names())
        for name in sorted(environ):
            meant = _meant(name, known)
            if meant is not None:
                self._refuse(name, f"sets nothing: write {meant}")
        names = sorted(name for name in environ if name.startswith(PREFIX))
        for name in sorted(names, key=lambda n: n.count("__")):
            if name not in known:
                self._refuse(name, _unknown_variable(name, known))
                continue
            place, field = known[name]
            try:
                value = _value(environ[name], field)
            except ValueError as error:
                self._refuse(name, str(error))
                continue
            section = self.tree
            for key in place[:-1]:
                inner = section.get(str(key))
                if not isinstance(inner, dict):
                    # A section that is no table is reported when the tree is checked, so do not cover it up.
                    if str(key) in section:
                        break
                    inner = section[str(key)] = {}
                section = inner
            else:
                section[str(place[-1])] = value
                self._names[place] = name

    def of(self, place: Place) -> tuple[str, Place] | None:
        """The variable that set this place, and the rest of the way from there; None if the file did."""
        for length in range(len(place), 0, -1):
            if name := self._names.get(place[:length]):
                return name, place[length:]
        return None

    def say(self, place: Place, reason: str, file: str) -> str:
        """A problem in one line, with where it comes from: the variable, or `file`."""
        if origin := self.of(place):
            file, place = f"environment {origin[0]}", origin[1]
        return f"{file}: {dotted(place)}: {reason}" if place else f"{file}: {reason}"

    def _refuse(self, name: str, reason: str) -> None:
        self.problems.append(f"environment {name}: {reason}")


def _environment_names() -> Iterator[tuple[str, tuple[Place, FieldInfo]]]:
    for section, field in Settings.model_fields.items():
        yield f"{PREFIX}{section.upper()}", ((section,), field)
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for key, inner in model.model_fields.items():
                key = inner.alias or key
                yield f"{PREFIX}{section.upper()}__{key.upper()}", ((section, key), inner)


def _meant(name: str, known: Mapping[str, object]) -> str | None:
    """The variable that was meant by one with too few underscores or in small letters; None for all others.

    What is only similar may be somebody else's: containers get ``CHATNET_PORT`` from those who run them.
    """
    if name.startswith(PREFIX) or not name.upper().startswith(PREFIX[:-1]):
        return None
    plain = re.sub("_+", "_", name.upper())
    return next((each for each in known if each.replace("__", "_") == plain), None)


def _unknown_variable(name: str, known: Mapping[str, object]) -> str:
    parts = name.upper().split("__")
    whole = "__".join(parts[:2])
    if len(parts) > 2 and whole in known and not any(k.startswith(f"{whole}__") for k in known):
        return f"a list is set whole, as JSON, in {whole}"
    bare = [k.removeprefix(PREFIX) for k in known]
    short = name.upper().removeprefix(PREFIX)
    return "there is no such setting" + suggestion(short, bare, PREFIX)


def _value(text: str, field: FieldInfo) -> object:
    """The text of a variable as a value for this field; ValueError says what it should have been."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    allowed = kinds(field.annotation)
    if type(None) in allowed and not text:
        return None
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in allowed):
        return _json(text, dict, "a table")
    if any(typing.get_origin(kind) is tuple for kind in allowed):
        return _json(text, list, "a list")
    for kind, expected in (
        (bool, "must be true or false"),
        (int, "must be a whole number"),
        (float, "must be a number"),
    ):
        if kind in allowed:
            try:
                return TypeAdapter(kind).validate_python(text.strip())
            except ValidationError:
                raise ValueError(expected) from None
    return text


def _json(text: str, kind: type, expected: str) -> object:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"must be {expected} in JSON: {error.msg.lower()} (character {error.pos + 1})"
        ) from None
    except (RecursionError, ValueError):
        raise ValueError(f"must be {expected} in JSON: nested too deeply, or a number too long") from None
    if not isinstance(value, kind):
        raise ValueError(f"must be {expected} in JSON")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    except RecursionError:
        raise ValueError(f"must be {expected} in JSON: nested too deeply, or a number too long") from None
    return value
