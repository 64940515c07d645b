"""The description of the API: valid, and the same that the table says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from asking import Desk, Program
from conversation import House

from chatnet.api.problems import KINDS
from chatnet.api.routes import ROUTES
from chatnet.api.table import NOBODY, Routes


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = Program(Desk(House())).gets("/openapi.json").json
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(document)
    assert document["openapi"] == "3.1.0"


def test_every_row_is_in_it(document: dict[str, Any]) -> None:
    told = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert told == {(row.method, row.path) for row in ROUTES}
    ids = [each["operationId"] for item in document["paths"].values() for each in item.values()]
    assert len(set(ids)) == len(ids)
    for row in ROUTES:
        told_row = document["paths"][row.path][row.method.lower()]
        assert told_row["summary"] == row.summary
        assert row.summary.endswith(".")
        assert bool(told_row["security"]) == (row.scope != NOBODY)


def test_models_that_share_a_name_bear_that_of_their_file(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert all(name.isalpha() for name in schemas), list(schemas)
    assert {"Message", "Problem", "ChannelsChange", "MeChange"} <= schemas.keys()
    refs = set(re.findall(r'"#/components/schemas/([^"]*)"', json.dumps(document)))
    assert refs <= schemas.keys()


def test_every_problem_is_told(document: dict[str, Any]) -> None:
    types = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert [each.rpartition("/")[2] for each in types] == list(KINDS)


def test_bodies_refuse_what_they_do_not_know(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for row in ROUTES:
        if row.body is not None:
            told = document["paths"][row.path][row.method.lower()]["requestBody"]["content"]
            name = told["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert schemas[name]["additionalProperties"] is False


# the table


async def nothing(call: object) -> Any:
    """Nothing."""


def test_a_row_is_entered_once() -> None:
    routes = Routes()
    routes.route("GET", "/a/{id}", scope="read")(nothing)
    with pytest.raises(ValueError, match="is in the table already"):
        routes.route("GET", "/a/{id}", scope="read")(nothing)
    with pytest.raises(ValueError, match="'fly' is no scope"):
        routes.route("GET", "/b", scope="fly")


def test_what_is_written_out_counts_first() -> None:
    routes = Routes()
    for path in ("/a/{id}", "/a/b", "/{x}/b"):
        routes.route("GET", path, scope="read")(nothing)
    found = {
        path: routes.find(path.strip("/").split("/")) for path in ("/a/b", "/a/c", "/z/b", "/z/c", "/a/")
    }
    paths = {path: each and each[0]["GET"].path for path, each in found.items()}
    assert paths == {"/a/b": "/a/b", "/a/c": "/a/{id}", "/z/b": "/{x}/b", "/z/c": None, "/a/": None}
