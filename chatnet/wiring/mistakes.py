"""Why settings are refused: where, and in sentences of our own.

A mistake hides no other: what one look finds wrong is marked, and the next looks at the rest.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from chatnet.settings import Section, Settings, reference_problems
from chatnet.settings.base import APART
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


UNSOUND: Final = object()
"""Stands in a tree where something is wrong, or is not known."""
_STAND_INS: Final[Mapping[str, object]] = {
    "listen.endpoint": "systemd:domain=UNIX:name=unknown",
    "sts.hostname": "unknown.invalid",
    "ban.target": "192.0.2.0",
    "exempt.target": "192.0.2.0",
    "filter.pattern": "unknown",
    "dnsbl.zone": "unknown.invalid",
    "shield.level": 9,
    "connection_class.name": "unknown",
    "webirc.name": "unknown",
    "webirc.addresses": ("192.0.2.0",),
    "oper_class.name": "unknown",
    "oper.name": "unknown",
    "oper.class": "unknown",
    "link.name": "unknown.invalid",
    "inlet.kind": "syslog",
    "inlet.endpoint": "udp:1:interface=192.0.2.0",
    "inlet.from": ("192.0.2.0",),
    "inlet.channel": "#unknown",
    "inlet.nick": "unknown",
    "plugin.module": "unknown",
    "token.name": "unknown",
    "token.nick": "unknown",
    "token.hash": "0" * 64,
}
"""What stands in settings where a key without a default is wrong."""
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """A tree of settings, and all that is wrong with it."""

    settings: Settings
    """Where something is wrong, defaults and stand-ins."""
    found: list[tuple[Place, str]]
    tree: Mapping[str, Any] = field(repr=False)
    """The tree, secrets and all, with :data:`UNSOUND` in the place of what is wrong."""

    def sound(self, *place: str | int) -> bool:
        """Whether what stands at this place, a default perhaps, is right as far as can be told."""
        inner: Any = self.tree
        for step in place:
            if inner is UNSOUND:
                return False
            if isinstance(inner, Mapping):
                inner = inner.get(str(step))
            elif isinstance(inner, tuple) and isinstance(step, int):
                inner = inner[step]
            else:
                return True
        return inner is not UNSOUND


Look = Callable[[Mapping[str, Any]], Iterable[tuple[Place, str]]]
"""Finds mistakes in a tree of which some is marked as unsound, and overlooks that."""


def judge(tree: Mapping[str, Any], looks: Sequence[Look] = ()) -> Judgement:
    """Look at each key, then at what keys say of each other, then by `looks`."""
    marked = {section: _frozen(value) for section, value in tree.items()}
    found: list[tuple[Place, str]] = []
    try:
        Settings.model_validate(_filled(marked), strict=True, context=APART)
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            place = tuple(each["loc"])
            found.append((place, _reason(each, place)))
    for place, _ in found:
        _mark(marked, place)
    settings = Settings.model_validate(_filled(marked, stand_ins=True), strict=True, context=APART)
    for look in (_agreements, _references, *looks):
        taken = {place for place, _ in found}
        found += [(place, reason) for place, reason in look(marked) if place not in taken]
    return Judgement(settings, found, marked)


def _frozen(value: Any, depth: int = 1) -> Any:
    """The same with tuples for lists, as a strict check wants it; cut where no setting is that deep."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item, depth + 1) for key, item in value.items()}
    return value


def _mark(tree: dict[str, Any], place: Place) -> None:
    """Mark what is wrong: a section, an element of a list of sections, or a key of one."""
    section, *rest = place
    inner = tree.get(str(section))
    if rest and isinstance(inner, tuple) and isinstance(index := rest[0], int):
        element = inner[index]
        element = element | {rest[1]: UNSOUND} if rest[1:] and isinstance(element, dict) else UNSOUND
        tree[str(section)] = (*inner[:index], element, *inner[index + 1 :])
    elif rest and isinstance(inner, dict):
        tree[str(section)] = inner | {rest[0]: UNSOUND}
    else:
        tree[str(section)] = UNSOUND


def _filled(tree: Mapping[str, Any], *, stand_ins: bool = False) -> dict[str, Any]:
    """A tree without what is marked: defaults stand there, and stand-ins where there is none if so wanted."""
    filled: dict[str, Any] = {}
    for section, value in tree.items():
        needed = _needed(section) if stand_ins else {}
        if isinstance(value, tuple):
            filled[section] = tuple(
                needed | _plain_of(item) if isinstance(item, dict) or item is UNSOUND else item
                for item in value
            )
        elif isinstance(value, dict):
            filled[section] = _plain_of(value)
        elif value is not UNSOUND:
            filled[section] = value
        elif _is_list(section):
            filled[section] = ()
    return filled


def _plain_of(section: object) -> dict[str, Any]:
    items = section.items() if isinstance(section, dict) else ()
    return {key: value for key, value in items if value is not UNSOUND}


def _needed(section: str) -> dict[str, object]:
    prefix = f"{section}."
    return {key.removeprefix(prefix): value for key, value in _STAND_INS.items() if key.startswith(prefix)}


def _is_list(section: str) -> bool:
    info = Settings.model_fields.get(section)
    return info is not None and typing.get_origin(info.annotation) is tuple


def _agreements(tree: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for section, info in Settings.model_fields.items():
        model, value = section_of(info.annotation), tree.get(section)
        if model is None or not issubclass(model, Section):
            continue
        items = enumerate(value) if isinstance(value, tuple) else ()
        places = [((section,), value), *(((section, index), item) for index, item in items)]
        for place, inner in places:
            if not isinstance(inner, dict):
                continue
            for agreement in model.agreements:
                values = [_value(inner, key, model.model_fields[key]) for key in agreement.keys]
                known = all(value is not UNSOUND for value in values)
                if known and (reason := agreement.judge(*values)) is not None:
                    yield place, reason


def _value(section: Mapping[str, Any], key: str, info: FieldInfo) -> Any:
    name = info.alias or key
    return section[name] if name in section else info.get_default(call_default_factory=True)


def _references(tree: Mapping[str, Any]) -> list[tuple[Place, str]]:
    return reference_problems(Settings().model_dump(by_alias=True) | dict(tree))


def dotted(place: Place) -> str:
    """A place as people write it: ``oper.0.class``."""
    return ".".join(str(step) for step in place)
