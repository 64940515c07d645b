"""What routes for operators have in common: who may, what is kept for them, and how what was done is told."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from chatnet.api.answers import Answer
from chatnet.api.call import Call
from chatnet.api.operating import Operating
from chatnet.api.problems import Problem
from chatnet.api.table import Body, Object
from chatnet.model.entities import User
from chatnet.rules.opers import may_use
from chatnet.wire.server_time import written_ms

PAGE: Final = 200
"""Things that a page has at most."""
SLICE: Final = 500
"""Things that are looked at in one turn."""


class Paged(Body):
    """Which page: what is behind `after`."""

    after: Annotated[str, Field(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 100


class Why(Body):
    """Why something is done."""

    reason: Annotated[str, Field(max_length=300)] = ""


class Words(Object):
    """What the server said about it."""

    words: list[str]


def operator(call: Call, privilege: str | None = None) -> User:
    """The operator who asks; raises Problem of who is none, or lacks a privilege."""
    user = call.user
    if user.oper is None:
        raise Problem("not-operator", "The user of this token is no operator: OPER, or class of [[token]]")
    if privilege is not None and may_use(user, privilege) is not None:
        raise Problem("no-privilege", f"It takes the privilege {privilege}")
    return user


def kept(call: Call) -> Operating:
    """What is kept for operators."""
    operating = call.parts.operating
    if operating is None:
        raise Problem("not-here", "This server keeps no figures")
    return operating


def time_of(at: float) -> str:
    """A Unix time as programs read it."""
    return written_ms(int(at * 1000))


def done(answer: Answer, *begin: str) -> Words:
    """What was said about it; raises Problem if no word of it tells that it is done."""
    words = [each.words for each in answer.lines if each.command in ("NOTICE", "NOTE")]
    if not any(text.startswith(begin) for text in words):
        raise Problem("refused", " ".join(words), command=answer.command)
    return Words(words=words)
