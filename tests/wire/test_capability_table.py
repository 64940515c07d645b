"""The table of capabilities."""

from __future__ import annotations

from chatnet.wire import capabilities


def test_every_capability_is_one_bit_of_its_own() -> None:
    bits = capabilities.BY_NAME.values()
    assert all(bit.bit_count() == 1 for bit in bits)
    assert len(set(bits)) == len({name.removeprefix("draft/") for name in capabilities.BY_NAME})


def test_constants_are_named_as_on_the_wire() -> None:
    for name, bit in capabilities.BY_NAME.items():
        assert getattr(capabilities, name.rpartition("/")[2].replace("-", "_").upper()) == bit


def test_names_of_a_set() -> None:
    bits = capabilities.CHGHOST | capabilities.MULTI_PREFIX
    assert capabilities.names(bits) == ["multi-prefix", "chghost"]
    assert capabilities.names(0) == []
