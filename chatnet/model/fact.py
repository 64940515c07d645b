"""How a class becomes a fact."""

from __future__ import annotations

from typing import TypeVar, dataclass_transform

from chatnet.compiled import COMPILING

T = TypeVar("T")

if COMPILING:
    # What mypyc takes for a dataclass has to be called so.  This file is not compiled: when it runs, it is
    # the function below all the same.
    from dataclasses import dataclass as fact
else:
    from dataclasses import dataclass

    @dataclass_transform(frozen_default=True)
    def fact(cls: type[T]) -> type[T]:
        """Make `cls` a fact: slotted, compared by identity, frozen by agreement."""
        return dataclass(slots=True, eq=False)(cls)
