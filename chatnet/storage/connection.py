"""What is needed of a driver's connection (DB-API), whichever it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement answers with."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def __iter__(self) -> Iterator[Any]: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """Runs statements, with parameters by name."""

    def execute(self, statement: str, parameters: Mapping[str, object] = ..., /) -> Rows: ...

    def executemany(self, statement: str, parameters: Iterable[Mapping[str, object]], /) -> object: ...
