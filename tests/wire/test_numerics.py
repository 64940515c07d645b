"""The table of numerics holds together."""

from __future__ import annotations

import re

import pytest

from chatnet.wire import numerics
from chatnet.wire.message import parse
from chatnet.wire.numerics import ALL, Numeric

SHARED = {"367", "404", "480", "482"}
"""Solanum answers both +j and +S with 480; 482 says which rank, or flag, is missing; 367 until when a ban is
there, and 404 why somebody may not speak now: slow mode, the same again, a filter."""


def test_every_numeric_is_a_constant_of_its_name() -> None:
    constants = {name: value for name, value in vars(numerics).items() if isinstance(value, Numeric)}
    assert constants == ALL
    assert all(name == numeric.name for name, numeric in ALL.items())


def test_every_code_is_three_digits_and_used_once() -> None:
    codes = [numeric.code for numeric in ALL.values()]
    assert all(re.fullmatch("[0-9]{3}", code) for code in codes)
    assert {code for code in codes if codes.count(code) > 1} == SHARED


@pytest.mark.parametrize("numeric", ALL.values(), ids=list(ALL))
def test_every_form_makes_a_line(numeric: Numeric) -> None:
    kinds = re.findall("%[0-9]*([sd])", numeric.form)
    text = numeric.form % tuple(7 if kind == "d" else "word" for kind in kinds)
    message = parse(f":irc.example {numeric.code} ann {text}")
    assert message is not None
    assert message.command == numeric.code
    assert message.params[0] == "ann"
    assert "" not in message.params
    assert "%" not in text


def test_forms_by_example() -> None:
    assert numerics.RPL_TOPIC.form % ("#lobby", "Welcome all") == "#lobby :Welcome all"
    assert numerics.RPL_WELCOME.code == "001"
    assert numerics.RPL_STATSUPTIME.form % (1, 2, 3, 4) == ":Server Up 1 days 2:03:04"
