"""Tables of verbs: which handler, how many parameters, when, for whom, and what it costs.

One table serves clients; links and service bots are others of the same shape.  What a row declares, no
handler checks again, and HELP is made from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import IntEnum
from typing import Any, Final, TypeVar

Handler = Callable[[Any], Awaitable[None] | None]
H = TypeVar("H", bound=Handler)


class Phase(IntEnum):
    """When a command may be used."""

    ANY = 0  # before and after registration
    REGISTERED = 1  # only after


class Row:
    """One verb: `penalty` is its cost in seconds of the flood clock, `privilege` what it needs of an oper.

    `trailing`, of those of pseudo-users: words that begin with a colon may have spaces in them.  `reads`, of
    those with a privilege: it changes nothing, and so is not noted for good.
    """

    __slots__ = (
        "bytes",
        "count",
        "handler",
        "min_params",
        "penalty",
        "phase",
        "privilege",
        "reads",
        "trailing",
        "verb",
    )

    def __init__(
        self,
        verb: str,
        handler: Handler,
        min_params: int,
        phase: Phase,
        penalty: float,
        privilege: str | None,
        trailing: bool = False,
        reads: bool = False,
    ) -> None:
        self.verb = verb
        self.handler = handler
        self.min_params = min_params
        self.phase = phase
        self.penalty = penalty
        self.privilege = privilege
        self.trailing = trailing
        self.reads = reads
        self.count = 0  # times used, for STATS m
        self.bytes = 0  # bytes received with it

    @property
    def audited(self) -> bool:
        """Whether each use of it is noted for good: all that takes a privilege, but for what only reads."""
        return self.privilege is not None and not self.reads

    @property
    def help(self) -> str:
        """What the handler's docstring says; it is asked for seldom, and tables are made often."""
        return inspect.getdoc(self.handler) or ""

    @property
    def usage(self) -> str:
        """The first line of the help: the wire form and what it does."""
        return self.help.partition("\n")[0]


class Table:
    """Verb → :class:`Row`; it may begin with the rows of another table."""

    def __init__(self, beginning: Iterable[Row] = ()) -> None:
        self.rows: Final[dict[str, Row]] = {row.verb: row for row in beginning}

    def command(
        self,
        verb: str,
        *,
        min_params: int = 0,
        phase: Phase = Phase.REGISTERED,
        penalty: float = 1.0,
        privilege: str | None = None,
        trailing: bool = False,
        reads: bool = False,
    ) -> Callable[[H], H]:
        """Enter the decorated handler under `verb`, which nobody has taken yet.

        One with a `privilege` notes for good what it does, unless it `reads`: tests/commands/test_audited.py.
        """

        def enter(handler: H) -> H:
            if verb in self.rows:
                raise ValueError(f"{verb} is in the table already")
            self.rows[verb] = Row(verb, handler, min_params, phase, penalty, privilege, trailing, reads)
            return handler

        return enter

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows.values())
