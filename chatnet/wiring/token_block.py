"""The ``[[token]]`` of a program, and its secret."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic import ValidationError

from chatnet.services.tokens import new_token, token_hash
from chatnet.settings import TokenSettings


def token_block(
    name: str, nick: str | None, scope: str, oper_class: str | None, addresses: Sequence[str]
) -> tuple[str, str]:
    """A new token, and the lines of the configuration that know it.  Raises ValueError with what is wrong."""
    secret = new_token()
    values: dict[str, object] = {
        "name": name,
        "nick": name if nick is None else nick,
        "hash": token_hash(secret),
        "scope": scope,
    }
    if oper_class is not None:
        values["class"] = oper_class
    if addresses:
        values["from"] = list(addresses)
    try:
        TokenSettings.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg'].removeprefix('Value error, ')}"
            for each in found
        ]
        raise ValueError("; ".join(told)) from None
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return secret, "\n".join(["[[token]]", *lines]) + "\n"
