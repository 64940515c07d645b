"""What every test run shares."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true, a test of an IRC client must not be skipped: its program was to be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("client"):
        report.outcome = "failed"
        report.longrepr = f"must not be skipped in CI: {report.longreprtext}"
    return report
