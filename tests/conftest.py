"""Fixtures that many tests use, and the rule that CI skips no test of an IRC client."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from conversation import House


@pytest.fixture
def house() -> Iterator[House]:
    """A node in memory; after the test its model is checked."""
    house = House()
    yield house
    house.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true, a test marked `client` must not be skipped: its program was to be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("client"):
        report.outcome = "failed"
        report.longrepr = f"must not be skipped in CI: {report.longreprtext}"
    return report
