"""What filters look for is made ready once, and not anew for each that changes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.model.filters import CHANNEL, GLOB, Filter, filter_entity
from chatnet.rules import ready_patterns
from chatnet.rules.expressions import Patterns, plain_globs
from chatnet.rules.filters import Matching
from chatnet.rules.ready_patterns import FEW, LATE, Ready, ReadyPatterns
from chatnet.settings import FiltersSettings

WORDS = [f"*word{number}x*" for number in range(3 * LATE)]


class Made:
    """Notes how many patterns were made ready."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __call__(self, patterns: Sequence[str]) -> Patterns:
        if patterns:
            self.numbers.append(len(patterns))
        return plain_globs(patterns)


def test_of_many_only_those_that_are_new_are_made_ready() -> None:
    made = Made()
    ready = ReadyPatterns(made)
    many = [f"*old{number}*" for number in range(FEW + 10)]
    ready.take(many)
    assert made.numbers == [len(many)]
    ready.take([*many[1:], "*new*"])
    ready.take([*many[2:], "*new*"])
    assert made.numbers == [len(many), 1]
    assert ready.fitting("a new text") == ["*new*"]
    assert ready.fitting("one old5x") == ["*old5*"]
    ready.take([*many, *WORDS[: LATE + 1]])  # too many, to be apart
    assert made.numbers == [len(many), 1, len(many) + LATE + 1]
    assert ready.fitting("a new text") == [] and ready.fitting("word1x") == ["*word1x*"]


def test_few_are_always_together() -> None:
    made = Made()
    ready = ReadyPatterns(made)
    for number in range(1, 5):
        ready.take(WORDS[:number])
    ready.take(WORDS[1:4])
    ready.take(WORDS[1:4])
    assert made.numbers == [1, 2, 3, 4, 3]


@given(steps=st.lists(st.sets(st.integers(0, len(WORDS) - 1)), min_size=1, max_size=8), data=st.data())
@settings(max_examples=runs(50, 2000))
def test_whatever_changes_all_are_found_that_are_there(steps: list[set[int]], data: st.DataObject) -> None:
    few = data.draw(st.sampled_from([0, FEW]))
    ready = Ready(1000)
    ready_patterns.FEW = few  # type: ignore[misc]
    try:
        for step in steps:
            filters = [
                Filter(filter_entity(GLOB, WORDS[place]), GLOB, WORDS[place], strangers=place % 2 == 0)
                for place in step
            ]
            matching = Matching(filters, FiltersSettings(), ready)
            text = " ".join(f"word{place}x" for place in range(0, len(WORDS), 3))
            for stranger in (False, True):
                found = matching.of_text(text, CHANNEL, stranger=stranger)
                assert {each.pattern for each in found} == {
                    WORDS[place] for place in step if place % 3 == 0 and (stranger or place % 2)
                }
                assert set(found) <= set(filters)
    finally:
        ready_patterns.FEW = FEW  # type: ignore[misc]
