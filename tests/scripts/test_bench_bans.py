"""``scripts/bench-bans`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import pytest
from bench_bans.__main__ import main


def test_each_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--bans", "300", "--users", "40"])
    text = capsys.readouterr().out
    for row in (
        "an index of 300 bans:",
        "a newcomer is judged in",
        "whom D 192.0.2.7 means of 40:",
        "a start with 300",
    ):
        assert row in text
