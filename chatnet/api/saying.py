"""Texts of any length as the lines in which they are said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chatnet.api.answers import Answer
from chatnet.api.client import Client
from chatnet.api.problems import Problem
from chatnet.api.told import Object, message
from chatnet.wire.multiline import CONCAT, TYPE, Part, fitted
from chatnet.wire.text import byte_length

LINE: Final = 510
"""Bytes of a line without its tags and its line end."""
_REFERENCE: Final = "m"


async def say(client: Client, command: str, target: str, text: str, tags: Mapping[str, str]) -> Object | None:
    """Say something; the message as it was sent.  None: it is on its way, or kept for who may be back."""
    parts = _parts(client, command, target, text)
    if len(parts) == 1:
        answer = await client.ask(command, [target, parts[0].text], tags)
    else:
        answer = await client.batch(_batch(command, target, parts, tags))
        if answer.problem is not None:
            raise answer.problem
    return _echo(answer, client.user.nick)


def _parts(client: Client, command: str, target: str, text: str) -> list[Part]:
    """Lines that fit, whoever reads them with the sender before them."""
    room = LINE - len(client.user.source) - byte_length(f": {command} {target} :")
    lines = text.replace("\r\n", "\n").strip("\n").split("\n")
    if not any(line.strip() for line in lines):
        raise Problem("invalid", "There is no text to say")
    return fitted([Part(line) for line in lines], room)


def _batch(
    command: str, target: str, parts: list[Part], tags: Mapping[str, str]
) -> list[tuple[str, list[str], dict[str, str]]]:
    """https://ircv3.net/specs/extensions/multiline"""
    said: list[tuple[str, list[str], dict[str, Any]]] = [
        ("BATCH", [f"+{_REFERENCE}", TYPE, target], dict(tags)),
    ]
    for part in parts:
        within = {"batch": _REFERENCE, **({CONCAT: ""} if part.joined else {})}
        said.append((command, [target, part.text], within))
    said.append(("BATCH", [f"-{_REFERENCE}"], {}))
    return said


def _echo(answer: Answer, nick: str) -> Object | None:
    """What one reads of what one said; services answer with what they say themselves."""
    for each in answer.lines:
        found = message(each)
        if found is not None and found["from"]["nick"] == nick:
            return found
    return None
