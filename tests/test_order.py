"""Files of tests that wait are run between those that compute."""

from __future__ import annotations

from order import mixed


def test_those_that_wait_are_spread_and_none_of_them_comes_last() -> None:
    waiting, others = [["w1"], ["w2"]], [["a"] * 30, ["b"] * 30, ["c"] * 30, ["d"] * 10]
    assert [file[0] for file in mixed(waiting, others)] == ["w1", "a", "b", "w2", "c", "d"]


def test_the_longest_of_those_that_wait_comes_first() -> None:
    short, long = ["s"], ["l"] * 3
    assert mixed([short, long, ["t"]], [["a"], ["b"], ["c"]])[0] == long


def test_there_may_be_only_one_kind() -> None:
    files = [["a"], ["b"]]
    assert mixed(files, []) == mixed([], files) == files
