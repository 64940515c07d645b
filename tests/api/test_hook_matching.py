"""Which events a hook tells."""

from __future__ import annotations

from typing import Any

import pytest

from chatnet.api.hooks.matching import MARK, Match, is_told, mentions
from chatnet.wire.casemap import folder

FOLD = folder("rfc1459")


def message(
    text: str = "!deploy now", nick: str = "ann", account: str = "Ann", **more: Any
) -> dict[str, Any]:
    return {"type": "message", "text": text, "from": {"nick": nick, "account": account}, "tags": {}, **more}


def told(event: dict[str, Any], types: tuple[str, ...] = ("message",), **match: Any) -> bool:
    return is_told(event, types, Match(**match), "Deployer", FOLD)


def test_of_its_types_alone() -> None:
    assert told(message()) and not told(message(), types=("joined",))
    assert told({"type": "joined", "from": {"nick": "ann"}}, types=("joined", "message"))
    event = message()
    del event["type"]  # as it stands in a stream, where the type is beside it
    assert told(event)


def test_never_what_came_of_a_hook_or_of_its_own_bot() -> None:
    assert not told(message(tags={MARK: "7kq2"}))
    assert not told(message(nick="dePLOYer"))


@pytest.mark.parametrize(
    ("prefix", "text", "fits"),
    [
        ("!deploy", "!deploy", True),
        ("!deploy", "!deploy now", True),
        ("!deploy", "!deploy: now", True),
        ("!deploy", "!deployment", False),
        ("!deploy", "say !deploy", False),
        ("!", "!weather", True),
    ],
)
def test_a_prefix_is_a_word_of_its_own(prefix: str, text: str, fits: bool) -> None:
    assert told(message(text), prefix=prefix) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Deployer: go", True),
        ("ask dEPLOYER!", True),
        ("deployers", False),
        ("pre-deployer", False),
        ("_deployer", False),
        ("", False),
    ],
)
def test_a_mention_is_a_word_of_its_own(text: str, fits: bool) -> None:
    assert mentions(text, "Deployer", FOLD) is fits
    assert told(message(text), mention=True) is fits


def test_by_nick_or_account_and_all_together() -> None:
    assert told(message(), by="ANN") and told(message(nick="annie"), by="ann")
    assert not told(message(nick="bob", account=""), by="ann")
    assert told(message(), prefix="!deploy", by="ann") and not told(message(), prefix="!build", by="ann")


def test_it_is_read_as_it_is_written() -> None:
    for match in (Match(), Match("!a"), Match("", True, "bob"), Match("ü", True)):
        assert Match.read(match.text) == match
    for odd in ("{", "[]", "3"):
        with pytest.raises(ValueError):
            Match.read(odd)
