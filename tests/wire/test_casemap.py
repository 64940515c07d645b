"""Case mapping."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.casemap import fold_many, folder


def test_rfc1459_folds_brackets_too() -> None:
    assert folder("rfc1459")("Ann[A]\\~") == "ann{a}|^"


def test_ascii_folds_letters_only() -> None:
    assert folder("ascii")("Ann[A]\\~") == "ann[a]\\~"


def test_beyond_ascii_nothing_changes() -> None:
    text = "ÄÖÜ İ K \udcff"
    assert folder("rfc1459")(text) == "ÄÖÜ İ k \udcff"
    assert folder("ascii")("ÄÖÜ") == "ÄÖÜ"


@pytest.mark.parametrize("mapping", ["ascii", "rfc1459"])
def test_what_is_folded_already_takes_no_memory_of_its_own(mapping: str) -> None:
    name = "".join(["ann", "{b}"])
    assert folder(mapping)(name) is name


def test_one_function_per_mapping() -> None:
    assert folder("rfc1459") is folder("rfc1459")


def test_an_unknown_mapping_is_refused() -> None:
    with pytest.raises(ValueError, match="rfc7613"):
        folder("rfc7613")


@settings(max_examples=100)
@given(st.sampled_from(["ascii", "rfc1459"]), st.text())
def test_folding_twice_is_folding_once(mapping: str, text: str) -> None:
    fold = folder(mapping)
    assert fold(fold(text)) == fold(text)
    assert len(fold(text)) == len(text)


@settings(max_examples=100)
@given(
    st.sampled_from(["ascii", "rfc1459"]), st.lists(st.text(st.sampled_from("aB[]\n~ \udcffÄ"), max_size=4))
)
def test_many_are_folded_as_each_is(mapping: str, texts: list[str]) -> None:
    fold = folder(mapping)
    found = fold_many(fold, texts)
    assert found == list(map(fold, texts))
    if "\n" not in "".join(texts):  # what is folded already takes no memory of its own
        assert all(each is text for each, text in zip(found, texts, strict=True) if each == text)
