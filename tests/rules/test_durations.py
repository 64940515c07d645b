"""Durations as people write them."""

from __future__ import annotations

import pytest

from chatnet.rules.durations import seconds_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("12h", 43_200), ("3d", 259_200), ("2w", 1_209_600), ("1s", 1)],
)
def test_durations(text: str, seconds: int) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "d", "0d", "-1d", "1.5h", "3 d", "3D", "1234567s", "3d4h", "٣d"])
def test_no_durations(text: str) -> None:
    assert seconds_in(text) is None
