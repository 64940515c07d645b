"""``scripts/bench-filters`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import pytest
from bench_filters.__main__ import main


def test_each_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--filters", "20", "--messages", "30"])
    text = capsys.readouterr().out
    for row in (
        "20 filters of both kinds:",
        "10 filters with wildcards alone:",
        "10 filters the same without RE2:",
        "of the worst expressions:",
        "repeat:",
        "mentions:",
        "channels:",
    ):
        assert row in text
