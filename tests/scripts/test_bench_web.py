"""``scripts/bench-web`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import pytest
from bench_web.__main__ import main


def test_the_rows_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--rounds", "1", "--asks", "5", "--events", "20", "--streams", "3"])
    rows = capsys.readouterr().out.splitlines()
    assert [row[:37].strip() for row in rows] == [
        "a message that is posted",
        "a request without a token",
        "a message by IRC, nobody listens",
        "an event: 1 listening, 1 in a turn",
        "an event: 1 listening, 10 in a turn",
        "an event: 10 listening, 1 in a turn",
        "an event: 10 listening, 10 in a turn",
        "one more stream",
    ]
