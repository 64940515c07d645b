"""What is posted to a hook, by the format that the hook has and by the type that the body is of.

any          JSON as Slack and Mattermost have it, a form with ``payload=`` that JSON, or plain text
template     JSON of any kind, and how its text is made of it
github, gitlab, alertmanager, grafana      what these post
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from chatnet.api.hooks import slack
from chatnet.api.hooks.posted import INVALID_PAYLOAD, NO_TEXT, Posted, Unread, plain
from chatnet.api.hooks.ready import READY
from chatnet.api.hooks.templates import filled, problem

ANY: Final = "any"
TEMPLATE: Final = "template"
FORMATS: Final = (ANY, TEMPLATE, *READY)
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
FIELDS: Final = 50
"""Fields that a form may have."""
_TEXT_FIELDS: Final = frozenset({"text", "username", "channel", "icon_url", "icon_emoji"})


def wrong(form: str) -> str | None:
    """What is wrong with a format as people write it (``template {a}: {b}``), as the end of a sentence."""
    name, _, template = form.partition(" ")
    if name not in FORMATS:
        return f"is none of {', '.join(FORMATS)}"
    if name == TEMPLATE:
        return problem(template)
    return f"takes no words behind {name}" if template else None


def read(form: str, headers: Mapping[str, str], body: bytes) -> Posted | None:
    """What is said by a hook of a format; None: there is nothing to say of that.  Raises `Unread`."""
    name, _, template = form.partition(" ")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if name == ANY:
        return _any(kind, body)
    data = _json(_payload(body) if kind == FORM else body)
    text = filled(template, data) if name == TEMPLATE else READY[name](data, headers)
    said = plain(text)
    return Posted(said) if said.strip() else None


def _any(kind: str, body: bytes) -> Posted:
    if kind == JSON or (kind.startswith("application/") and kind.endswith("+json")):
        return slack.read(_json(body))
    if kind == FORM:
        # curl sends whatever it is given with -d as this type, also a text that is no form at all.
        if body.startswith(b"payload=") or b"&payload=" in body:
            return slack.read(_json(_payload(body)))
        fields = _fields(body)
        if "text" in fields and fields.keys() <= _TEXT_FIELDS:
            return slack.read(fields)
    elif kind.partition("/")[0] not in ("text", ""):
        raise Unread(INVALID_PAYLOAD)
    said = plain(body.decode("utf-8", "replace"))
    if not said.strip():
        raise Unread(NO_TEXT)
    return Posted(said)


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError:  # too many, or not UTF-8
        return {}


def _payload(body: bytes) -> bytes:
    found = _fields(body).get("payload")
    if found is None:
        raise Unread(INVALID_PAYLOAD)
    return found.encode("utf-8", "replace")


def _json(body: bytes) -> object:
    try:
        found: object = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # also what is no UTF-8, or stands too deep in itself
        raise Unread(INVALID_PAYLOAD) from None
    return found
