"""Whatever the description allows, and much that it does not: no answer is a fault, and all are described."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from asking import secret
from hypothesis import HealthCheck, settings
from profiles import runs
from test_daemon_api import ApiDaemon

from chatnet.api.openapi import described
from chatnet.api.routes import ROUTES

schemathesis = pytest.importorskip("schemathesis")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")
not_a_server_error = pytest.importorskip("schemathesis.checks").not_a_server_error
pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiDaemon]:
    with ApiDaemon(tmp_path_factory.mktemp("api")) as daemon:
        yield daemon


schema = schemathesis.openapi.from_dict(described(ROUTES, "chatnet")).exclude(path="/events")
"""All but what has no end."""


@schema.parametrize()  # type: ignore[untyped-decorator]  # it is not there everywhere
@settings(max_examples=runs(4, 500), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_route(case: Any, api: ApiDaemon) -> None:
    base = f"http://127.0.0.1:{api.web}/api/v1"
    answer = case.call(base_url=base, headers={"Authorization": f"Bearer {secret('bot')}"})
    # A channel may be closed, a text hold what no line can: it takes more than a form to be accepted.
    excluded = [checks.positive_data_acceptance]
    if answer.status_code == HTTPStatus.NOT_IMPLEMENTED:  # as it should be, of what this server does not do
        excluded.append(not_a_server_error)
    case.validate_response(answer, excluded_checks=excluded)
