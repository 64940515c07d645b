"""Every route by every scope: who may is let through to the handler, who may not is told so."""

from __future__ import annotations

import itertools
from typing import Final

import pytest
from archive import Archive
from asking import Desk, Program, secret, token

from chatnet.api.routes import ROUTES
from chatnet.api.table import ANY, BASIC, CHANNEL, EITHER, NOBODY, Route
from chatnet.web.scopes import SCOPES, Scope, read_scope

VALUES: Final = {"channel": "club", "nick": "ann", "target": "%23club", "name": "scope"}
ROWS: Final = [row for row in ROUTES if row.scope not in (BASIC, EITHER)]


def filled(row: Route) -> str:
    """Its path with something in the place of the variables."""
    path = row.path
    for name in row.variables:
        path = path.replace(f"{{{name}}}", VALUES.get(name, "x"))
    return path


@pytest.fixture(scope="module")
def desk() -> Desk:
    blocks = [token(f"t-{word}", word) for word in SCOPES]
    others = [token(f"t-{word}", word) for word in ("all", "web", "chat")]
    some = token("t-some", f"{','.join(SCOPES)}:#ops")
    settings = {"clients": 1000, "burst": 100_000}
    return Desk(Archive(token=[*blocks, *others, some], api=settings))


def kind(desk: Desk, name: str, row: Route) -> str:
    """The kind of problem of who asks without a body; empty: none."""
    ask = Program(desk, secret(f"t-{name}") if name else "").made(row.method, filled(row))
    answered = desk.ask(ask)
    return answered.kind if answered.status >= 400 else ""


@pytest.mark.parametrize(
    ("row", "word"),
    list(itertools.product(ROWS, [*SCOPES, "all", "web", "chat"])),
    ids=lambda each: each if isinstance(each, str) else f"{each.method} {each.path}",
)
def test_a_route_and_a_scope(desk: Desk, row: Route, word: str) -> None:
    allowed = row.scope in (NOBODY, ANY) or row.scope in read_scope(word).words
    assert (kind(desk, word, row) == "scope") is not allowed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
def test_nobody(desk: Desk, row: Route) -> None:
    assert (kind(desk, "", row) == "unauthenticated") is (row.scope != NOBODY)


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.scope != NOBODY], ids=lambda row: f"{row.method} {row.path}"
)
def test_a_token_for_another_channel(desk: Desk, row: Route) -> None:
    found = kind(desk, "some", row)
    if CHANNEL in row.variables or not row.anywhere:
        assert found == "channel"


@pytest.mark.parametrize(
    ("text", "words", "channels"),
    [
        ("read", {"read"}, None),
        ("read,send:#ci,#a:b", {"read", "send"}, ("#ci", "#a:b")),
        ("chat", {"read", "send", "events"}, None),
        ("all", set(SCOPES), None),
    ],
)
def test_what_a_scope_says(text: str, words: set[str], channels: tuple[str, ...] | None) -> None:
    assert read_scope(text) == Scope(frozenset(words), channels)


@pytest.mark.parametrize(
    "text", ["", "fly", "read,", "read:", "read:ci", "read:#a b", "all:#ci", "read," * 200]
)
def test_what_is_no_scope(text: str) -> None:
    with pytest.raises(ValueError, match=r"has|is longer"):
        read_scope(text)
