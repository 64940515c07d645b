"""A browser for the tests of the modules of the web client: one for each worker, a page for each file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import opened, served
from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def page(browser: Browser, address: str) -> Iterator[Page]:
    with opened(browser, address) as page:
        yield page
