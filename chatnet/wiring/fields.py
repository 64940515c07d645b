"""What the fields of the settings hold, by their annotations."""

from __future__ import annotations

import types
import typing
from typing import Annotated

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def kinds(annotation: object) -> tuple[object, ...]:
    """The types that a value may be of, without what only bounds them."""
    if typing.get_origin(annotation) is Annotated:
        return kinds(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(kind for arm in typing.get_args(annotation) for kind in kinds(arm))
    return (annotation,)


def bounds(field: FieldInfo) -> list[object]:
    """What bounds the number that a field holds, if it is there: ``Ge``, ``Le`` and their likes."""
    found = list(field.metadata)
    for arm in typing.get_args(field.annotation):
        if typing.get_origin(arm) is Annotated:
            found += [bound for info in arm.__metadata__ for bound in getattr(info, "metadata", ())]
    return found


def section_of(kind: object) -> type[BaseModel] | None:
    """The section that this kind of value is, or is a list of."""
    for candidate in (kind, *typing.get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None
