"""The table of routes: what is asked under which path, by which scope, at what price, and what is answered.

What a row declares, no handler checks again; the description for programs (OpenAPI) and the table in the
documents are made of it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

from chatnet.web.exchange import Reply
from chatnet.web.scopes import SCOPES

Handler = Callable[[Any], Awaitable[Reply]]
H = TypeVar("H", bound=Handler)

NOBODY: Final = ""
"""The scope of what is answered without a token."""
ANY: Final = "any"
"""The scope of what every token may ask."""
BASIC: Final = "basic"
"""The scope of what is asked with the name and the password of an account: the handler looks at them."""
EITHER: Final = "either"
"""The scope of what is asked with a token or without one: the handler looks who it is."""
CHANNEL: Final = "channel"
"""The variable of a path that names a channel, where tokens for some channels alone are good for these."""
_VARIABLE: Final = re.compile(r"\{([a-z]+)\}")


class Body(BaseModel):
    """What a request has in its body or its query: a key that nobody knows is a mistake."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,18})?Z$"
"""How a time is written."""


class Object(BaseModel):
    """What an answer has; more may come to be in it."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Route(NamedTuple):
    """One row.

    `path` has variables, as ``/channels/{channel}``; `cost` is how many requests it counts for.  It `speaks`
    if it needs the user of the token.  One without a channel in its path is for tokens of all channels,
    unless it may be asked `anywhere`.  `media` is what an answer without a model is.
    """

    method: str
    path: str
    handler: Handler
    scope: str
    cost: float
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    speaks: bool
    anywhere: bool
    media: str

    @property
    def variables(self) -> Sequence[str]:
        """The variables of its path, in their order."""
        return _VARIABLE.findall(self.path)

    @property
    def help(self) -> str:
        """What the handler's docstring says."""
        return inspect.getdoc(self.handler) or ""

    @property
    def summary(self) -> str:
        """The first line of it."""
        return self.help.partition("\n")[0]


class Routes:
    """Rows, by method and path."""

    def __init__(self, *others: Iterable[Route]) -> None:
        self.rows: Final[list[Route]] = []
        self._by_size: Final[dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]]] = {}
        for each in others:
            for row in each:
                self.enter(row)

    def __iter__(self) -> Iterator[Route]:
        return iter(self.rows)

    def route(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        cost: float = 1.0,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        speaks: bool = True,
        anywhere: bool = False,
        media: str = "application/json",
    ) -> Callable[[H], H]:
        """Enter the decorated handler; see :class:`Route`."""
        if scope not in SCOPES and scope not in (NOBODY, ANY, BASIC, EITHER):
            raise ValueError(f"{scope!r} is no scope")

        def enter(handler: H) -> H:
            self.enter(
                Route(
                    method, path, handler, scope, cost, body, query, answer, status,
                    speaks and scope not in (NOBODY, BASIC, EITHER), anywhere, media,
                )
            )  # fmt: skip
            return handler

        return enter

    def enter(self, row: Route) -> None:
        """Take in a row, of which there is none of its method and path."""
        pieces = tuple(row.path.strip("/").split("/"))
        places = self._by_size.setdefault(len(pieces), [])
        methods = next((each for others, each in places if others == pieces), None)
        if methods is None:
            methods = {}
            places.append((pieces, methods))
            # What is written out counts before what is any word.
            places.sort(key=lambda place: [piece[:1] == "{" for piece in place[0]])
        if row.method in methods:
            raise ValueError(f"{row.method} {row.path} is in the table already")
        methods[row.method] = row
        self.rows.append(row)

    def find(self, pieces: Sequence[str]) -> tuple[Mapping[str, Route], dict[str, str]] | None:
        """The rows of a path, by their methods, with the values of its variables; None if there are none."""
        for others, methods in self._by_size.get(len(pieces), ()):
            values = _values(others, pieces)
            if values is not None:
                return methods, values
        return None


def _values(form: Sequence[str], pieces: Sequence[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for each, piece in zip(form, pieces, strict=True):
        if each[:1] == "{":
            if not piece:
                return None
            values[each[1:-1]] = piece
        elif each != piece:
            return None
    return values
