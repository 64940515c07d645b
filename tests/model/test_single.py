"""A mapping with one entry."""

from __future__ import annotations

import pytest

from chatnet.model.single import Single


def test_it_is_as_a_dictionary_of_one_entry() -> None:
    single, expected = Single("ann", "first"), {"ann": "first"}
    assert single == expected and dict(single) == expected
    assert (len(single), list(single), list(single.items())) == (1, ["ann"], [("ann", "first")])
    assert single["ann"] == "first" and "ann" in single
    assert single.get("bob") is None and "bob" not in single
    with pytest.raises(KeyError):
        single["bob"]
