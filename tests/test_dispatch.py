"""Tables of verbs and what their rows declare."""

from __future__ import annotations

import pytest

from chatnet.commands import CLIENT
from chatnet.dispatch import Phase, Table


def make() -> Table:
    table = Table()

    @table.command("FOO", min_params=1, penalty=2.5, privilege="kill")
    def foo(request: object) -> None:
        """`FOO <bar>`: does it.

        More about it.
        """

    return table


def test_a_row_says_what_no_handler_checks_again() -> None:
    row = make().rows["FOO"]
    assert (row.verb, row.min_params, row.penalty, row.privilege) == ("FOO", 1, 2.5, "kill")
    assert row.phase is Phase.REGISTERED
    assert row.usage == "`FOO <bar>`: does it."
    assert row.help.endswith("More about it.")
    assert (row.count, row.bytes) == (0, 0)


def test_a_verb_is_taken_once() -> None:
    table = make()
    with pytest.raises(ValueError, match="FOO is in the table already"):
        table.command("FOO")(lambda request: None)
    table.command("BAR")(lambda request: None)
    assert [row.verb for row in table] == ["FOO", "BAR"]


def test_every_command_of_a_client_explains_itself() -> None:
    for row in CLIENT:
        assert row.verb == row.verb.upper()
        assert row.usage.startswith(f"`{row.verb}"), row.verb
        assert row.penalty >= 0
