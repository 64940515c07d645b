"""Which client-only tags are relayed: https://ircv3.net/specs/extensions/message-tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatnet.rules.client_tags import relayed
from chatnet.settings import LimitSettings
from chatnet.wire.message import parse, parse_tags

LINES = st.text(st.sampled_from("+a1-/.=;\\: srnbé@,"), max_size=60)
"""Tag data as a client may write it; spaces end it."""


@given(LINES)
def test_what_is_relayed_means_what_was_sent(data: str) -> None:
    """As-is in meaning, the client's own tags only, and never longer than what came in."""
    message = parse(f"@{data} PRIVMSG #c :x")
    sent = {} if message is None else message.tags
    out = relayed(sent, ())
    assert parse_tags(out.decode()) == {k: v for k, v in sent.items() if k[0] == "+" and len(k) > 1}
    assert len(out) <= len(data.encode())
    assert not set(out) & set(b" \r\n\0")


@given(st.lists(st.sampled_from(["+a", "+b", "+c/d", "e"])), st.sets(st.sampled_from(["a", "b", "c/d"])))
def test_a_list_and_its_complement(keys: list[str], names: set[str]) -> None:
    """What `names` denies and what ``*`` with them exempt denies are the two halves of all."""
    tags = dict.fromkeys(keys, "")
    denied = parse_tags(relayed(tags, sorted(names)).decode()).keys()
    exempt = parse_tags(relayed(tags, ["*", *(f"-{name}" for name in names)]).decode()).keys()
    assert not denied & exempt
    assert denied | exempt == {key for key in keys if key[0] == "+"}


@pytest.mark.parametrize("denied", [["*"], ["a", "b.example/c-1"], ["*", "-a", "-draft/b"], []])
def test_lists_that_make_sense(denied: list[str]) -> None:
    assert LimitSettings.model_validate({"client_tags_denied": denied}).client_tags_denied == tuple(denied)


@pytest.mark.parametrize("denied", [["a", "*"], ["-a"], ["+a"], [""], ["a b"], ["a,b"], ["a=b"], ["*", "*"]])
def test_lists_that_do_not(denied: list[str]) -> None:
    with pytest.raises(ValidationError):
        LimitSettings.model_validate({"client_tags_denied": denied})
