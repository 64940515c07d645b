"""What a session answered to a command, and the problem it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from chatnet.api.problems import Problem, kind_of_code, kind_of_numeric
from chatnet.api.reading import Heard


class Answer(NamedTuple):
    """All that `command` was answered with: lines, and batches with what is in them.

    `within` are the commands of the lines that were said with it, in its batch.
    """

    command: str
    lines: Sequence[Heard]
    within: Set[str] = frozenset()

    def all(self, command: str) -> Iterator[Heard]:
        """The lines of this numeric or command that are in no batch."""
        return (each for each in self.lines if each.command == command)

    def first(self, *commands: str) -> Heard | None:
        """The first line of one of these."""
        return next((each for each in self.lines if each.command in commands), None)

    def batch(self, kind: str) -> Heard | None:
        """The first batch of this type."""
        return next((each for each in self.lines if each.kind == kind), None)

    @property
    def problem(self) -> Problem | None:
        """What the command is refused with, first of all; None if it is not.

        What else is told in its answer, as of how far one has read after a JOIN, is no refusal of it.
        """
        for each in self.lines:
            found = _problem(each, self.command, self.within)
            if found is not None:
                return found
        return None


def _problem(heard: Heard, command: str, within: Set[str]) -> Problem | None:
    if heard.command == "FAIL" and len(heard.params) > 2:
        by, code, *context = heard.params[:-1]
        if by not in ("*", command) and by not in within:
            return None
        named = command if by == "*" else by
        return Problem(kind_of_code(code), heard.words, numeric=code, command=named, params=context)
    if len(heard.command) == 3 and heard.command.isdigit():
        kind = kind_of_numeric(heard.command)
        if kind is not None:
            params = heard.params[1:-1]
            return Problem(kind, heard.words, numeric=heard.command, command=command, params=params)
    return None
