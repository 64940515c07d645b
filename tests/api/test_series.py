"""Some figures as they went."""

from __future__ import annotations

from pathlib import Path

from conversation import House
from watched import figures_of

from chatnet.api.series import COLUMNS, LONG_SAMPLES, SAMPLES, STEP, TOGETHER, Series, memory


def test_there_are_sixteen_of_them_in_little_room() -> None:
    assert len(COLUMNS) == 16
    assert len(COLUMNS) * (SAMPLES + LONG_SAMPLES) * 8 < 310_000


def test_a_sample_each_ten_seconds() -> None:
    house = House()
    series = Series(figures_of(house))
    series.start()
    house.clock.advance(STEP)
    house.client("ann")
    house.clock.advance(STEP * 2)
    told = series.told("users", "hour")
    assert len(told) == SAMPLES
    assert told[-4:] == [None, 0, 1, 1]
    assert series.until == house.clock.time()


def test_what_is_counted_is_told_as_a_rate() -> None:
    house = House()
    ann = house.client("ann")
    series = Series(figures_of(house))
    series.start()
    house.clock.advance(STEP)
    ann >> "JOIN #c"
    for _ in range(20):
        ann >> "PRIVMSG #c :hi"
    house.clock.advance(STEP * 2)
    assert series.told("messages", "hour")[-3:] == [None, 2.0, 0.0]


def test_what_begins_anew_is_no_rate_below_nothing() -> None:
    house = House()
    house.node.counts.opened["irc"] = 5
    series = Series(figures_of(house))
    series.start()
    house.clock.advance(STEP)
    house.node.counts.opened["irc"] = 1
    house.clock.advance(STEP)
    assert series.told("opened", "hour")[-1] == 0.0


def test_of_a_week_there_are_means_of_five_minutes() -> None:
    house = House()
    series = Series(figures_of(house))
    series.start()
    house.clock.advance(STEP * TOGETHER / 2)
    house.client("ann")
    house.clock.advance(STEP * TOGETHER / 2)
    told = series.told("users", "week")
    assert len(told) == LONG_SAMPLES
    assert told[-2:] == [None, 0.5]
    assert len(series.told("users", "day")) == 288
    assert series.long_until == house.clock.time()


def test_the_oldest_samples_go() -> None:
    house = House()
    series = Series(figures_of(house))
    series.start()
    house.client("ann")
    house.clock.advance(STEP * (SAMPLES + 5))
    assert series.told("users", "hour") == [1.0] * SAMPLES


def test_memory_is_what_the_system_says(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("100 7 3 1 0 2 0\n")
    assert memory(statm) == 7 * memory_page()
    assert memory(tmp_path / "nowhere") != memory(tmp_path / "nowhere")  # no number


def memory_page() -> int:
    from os import sysconf

    return sysconf("SC_PAGE_SIZE")
