"""The tag that tells when something was said."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from chatnet.wire.server_time import read_ms, seconds, time_tag, written_ms

TIMES = st.lists(st.integers(0, 253_402_300_799_999), min_size=1, max_size=5)


@given(TIMES)
def test_each_time_is_told_to_the_millisecond_whatever_was_told_before(times: list[int]) -> None:
    for ms in times:
        text = time_tag(seconds(ms)).decode().removeprefix("time=")
        assert text == written_ms(ms)
        assert read_ms(text) == ms
        assert datetime.fromisoformat(text).astimezone(UTC).year == int(text[:4])
