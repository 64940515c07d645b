"""JSON as it is sent: UTF-8, without spaces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

JSON: Final = "application/json"


def written(found: BaseModel | Mapping[str, Any]) -> bytes:
    """An object as bytes."""
    if isinstance(found, BaseModel):
        return found.model_dump_json(by_alias=True, exclude_none=True).encode()
    return _encode(found).encode("utf-8", "replace")


def _plain(found: Any) -> Any:
    if isinstance(found, BaseModel):
        return found.model_dump(mode="json", by_alias=True, exclude_none=True)
    raise TypeError(f"{type(found).__name__} cannot be written as JSON")


_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
