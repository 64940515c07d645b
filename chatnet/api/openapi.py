"""The API described for programs, made of the table of routes.  https://spec.openapis.org/oas/v3.1.0"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import chatnet
from chatnet.api.problems import BASE, KINDS, MEDIA
from chatnet.api.table import BASIC, EITHER, NOBODY, Route, Routes
from chatnet.web.scopes import SCOPES

Refs = Mapping[type[BaseModel], Any]
"""How each model is referred to."""
_OURS: Final = "chatnet.api.routes."
_LONG: Final = re.compile(r"chatnet__api__(?:\w+__)?([a-z]+)__([A-Z][A-Za-z]*)")
_REF: Final = "#/components/schemas/{model}"
_PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [f"{BASE}/problems/{name}" for name in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "numeric": {"type": "string", "description": "The numeric of IRC, or the code of a FAIL."},
        "command": {"type": "string"},
        "params": {"type": "array", "items": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["pointer", "detail"],
            },
        },
    },
}
_KEY: Final[Mapping[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request with the same key is done once, and answered as before.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[ -~]+$"},
}
_LAST: Final[Mapping[str, Any]] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The id of the last event that was read.",
    "schema": {"type": "string", "pattern": r"^[0-9]{1,14}-[!-~]{1,64}$"},
}
_TICKET: Final[Mapping[str, Any]] = {
    "name": "ticket",
    "in": "query",
    "required": False,
    "description": "In the place of a token.",
    "schema": {"type": "string"},
}


def described(routes: Routes, network: str) -> dict[str, Any]:
    """The whole document."""
    models = {model for row in routes for model in (row.body, row.answer) if model is not None}
    ordered = sorted(models, key=lambda model: (model.__name__, model.__module__))
    named, found = models_json_schema(
        [(model, "validation") for model in ordered], by_alias=True, ref_template=_REF
    )
    refs = {model: named[model, "validation"] for model in ordered}
    paths: dict[str, dict[str, Any]] = {}
    for row in routes:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, refs)
    return _shortened(
        {
            "openapi": "3.1.0",
            "info": {
                "title": f"The API of {network}",
                "version": chatnet.__version__,
                "description": "Programs speak here as users of the network. docs/api.md tells more.",
            },
            "servers": [{"url": BASE}],
            "paths": paths,
            "components": {
                "schemas": {**found.get("$defs", {}), "Problem": _PROBLEM},
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "; ".join(f"{word}: {text}" for word, text in SCOPES.items()),
                    },
                    "password": {"type": "http", "scheme": "basic"},
                },
            },
        }
    )


def _shortened(document: dict[str, Any]) -> dict[str, Any]:
    """The same, in which models that share a name bear that of their file before it."""
    text = _LONG.sub(lambda found: found[1].title().replace("_", "") + found[2], json.dumps(document))
    short: dict[str, Any] = json.loads(text)
    return short


def _family(module: str) -> str:
    """What operations of a file, or a folder of files, are called after."""
    if module.startswith(_OURS):
        return module.removeprefix(_OURS).partition(".")[0]
    return module.rpartition(".")[2]  # of a plugin


def _operation(row: Route, refs: Refs) -> dict[str, Any]:
    parameters: list[Any] = [_variable(name) for name in row.variables]
    if row.query is not None:
        parameters += _of_query(row.query)
    if row.method == "POST" and row.scope not in (NOBODY, BASIC, EITHER):
        parameters.append(_KEY)
    if row.path == "/events":
        parameters += [_LAST, _TICKET]
    found: dict[str, Any] = {
        "operationId": f"{_family(row.handler.__module__)}_{row.handler.__name__}",
        "summary": row.summary,
        "responses": _responses(row, refs),
        "security": _security(row),
    }
    if parameters:
        found["parameters"] = parameters
    if row.body is not None:
        needed = any(field.is_required() for field in row.body.model_fields.values())
        found["requestBody"] = {
            "required": needed,
            "content": {"application/json": {"schema": refs[row.body]}},
        }
    if row.scope in SCOPES:
        found["x-scope"] = row.scope
    return found


def _variable(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _VARIABLES.get(name, ""),
        "schema": {"type": "string", "minLength": 1},
    }


_VARIABLES: Final[Mapping[str, str]] = {
    "channel": "A channel; without its `#` too, which is `%23` in an address.",
    "nick": "A nick.",
    "id": "An id.",
    "emoji": "A reaction.",
    "target": "A channel with its `#` (`%23`), or a nick.",
    "name": "A name.",
}


def _of_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(by_alias=True, ref_template=_REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": each.get("description", ""),
            "schema": _without_null({key: value for key, value in each.items() if key != "description"}),
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What an optional parameter of a query may be: null it cannot."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key not in ("anyOf", "default")}, **kinds[0]}


def _responses(row: Route, refs: Refs) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if row.status != 204:
        schema = {"type": "string"} if row.media.startswith("text/") else _answered(row, refs)
        good = {"description": "The answer.", "content": {row.media: {"schema": schema}}}
    found: dict[str, Any] = {str(row.status): good}
    if row.handler.__name__.startswith("say_"):
        found["202"] = {
            "description": "It waits for somebody who may be back in a moment, and has no id yet."
        }
    if row.body is not None:
        # It is refused before anybody has looked for whom it is.
        words = {"text/plain": {"schema": {"type": "string"}}}
        found["413"] = {"description": KINDS["too-large"].text, "content": words}
    found["default"] = {
        "description": "A problem.",
        "content": {MEDIA: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    return found


def _answered(row: Route, refs: Refs) -> Any:
    return {"type": "object"} if row.answer is None else refs[row.answer]


def _security(row: Route) -> list[dict[str, list[str]]]:
    if row.scope == NOBODY:
        return []
    if row.scope == EITHER:
        return [{"token": []}, {}]
    return [{"password": []}] if row.scope == BASIC else [{"token": []}]
