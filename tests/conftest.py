"""Fixtures that many tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conversation import House


@pytest.fixture
def house() -> Iterator[House]:
    """A node in memory; after the test its model is checked."""
    house = House()
    yield house
    house.check()
