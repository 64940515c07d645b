"""``scripts/bench-persons`` prints its row; what stands in it is nobody's to assert."""

from __future__ import annotations

import pytest
from bench_persons.__main__ import main


def test_the_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--people", "20", "--channels", "3", "--rounds", "1"])
    text = capsys.readouterr().out
    assert text.startswith("20 people, in 3 channels each, taken over by two servers: ")
