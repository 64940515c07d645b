"""Messages as JSON Lines: what is written is read as it was, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.history import exported, extra
from chatnet.history.extra import Extra
from chatnet.history.kinds import COMMANDS
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import Place, Row
from chatnet.wire.multiline import Part

LATEST = 1 << 42
AT = 1_790_000_000_123
C = Place("c", "#club", "", 1_790_000_000)
ROW = Row(C, AT, "1179", rows.PRIVMSG, 0, "a" * 21, "ann!ann@example.org", "Hello", None, None)


def data_of(row: Row, target: str = "#Club", account: str | None = "Ann") -> dict[str, Any]:
    found = json.loads(exported.line(target, row, account))
    assert isinstance(found, dict)
    return found


def test_what_a_line_is() -> None:
    assert exported.line("#Club", ROW, "Ann") == (
        '{"target": "#Club", "at": "2026-09-21T14:13:20.123Z", "msgid": "1179", "command": "PRIVMSG", '
        '"source": "ann!ann@example.org", "account": "Ann", "text": "Hello", '
        '"place": ["c", "#club", "", 1790000000], "person": "aaaaaaaaaaaaaaaaaaaaa"}\n'
    )


def test_what_few_messages_have() -> None:
    more = extra.written(Extra(b"+draft/reply=7", (Part("a"), Part("b", True)), "@", "0AAAAAAAB"))
    flags = rows.CLOSED | rows.OPER | rows.EXTRA | 3 << rows.RANKS
    data = data_of(ROW._replace(flags=flags, text="ab", person=None, extra=more), account=None)
    assert {key: data[key] for key in list(data)[5:]} == {
        "account": None,
        "text": "ab",
        "place": ["c", "#club", "", 1_790_000_000],
        "person": None,
        "tags": "+draft/reply=7",
        "parts": [["a", False], ["b", True]],
        "status": "@",
        "ranks": 3,
        "uid": "0AAAAAAAB",
        "closed": True,
        "oper": True,
    }


def test_a_whole_file() -> None:
    first, second, third = exported.written(
        [("#Club", ROW), ("#Club", ROW._replace(person=None))], "rfc1459", {"a" * 21: "Ann"}.get
    )
    assert json.loads(first) == {"chatnet": "history", "version": 1, "casemapping": "rfc1459"}
    assert json.loads(second)["account"] == "Ann" and json.loads(third)["account"] is None


words = st.text(
    st.characters(codec="utf-8", exclude_characters="".join(map(chr, range(33))) + "\x7f"),
    min_size=1,
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"))
channels = st.builds(lambda name, ts: Place("c", "#" + name, "", ts), words, st.integers(0, 1 << 33))
talks = st.builds(lambda kind, name, other: Place(kind, name, other), st.sampled_from("dg"), words, words)


@st.composite
def messages(draw: st.DrawFn) -> Row:
    more = extra.written(
        Extra(
            draw(words).encode(),
            tuple(Part(text, joined) for text, joined in draw(st.lists(st.tuples(texts, st.booleans())))),
            draw(st.sampled_from(["", "@", "+"])),
            draw(st.sampled_from(["", "*", "0AAAAAAAB"])),
            tuple(draw(st.lists(texts, max_size=3))),
        )
    )
    flags = draw(st.integers(0, 7)) | draw(st.integers(0, 63)) << rows.RANKS
    return Row(
        draw(channels | talks), draw(st.integers(1, LATEST)), draw(words),
        draw(st.sampled_from(list(COMMANDS))), flags | (rows.EXTRA if more else 0),
        draw(st.none() | words), draw(words), "\n".join(draw(st.lists(texts))), draw(st.none() | words), more,
    )  # fmt: skip


@given(messages(), words, st.none() | words)
def test_what_is_written_is_read(row: Row, target: str, account: str | None) -> None:
    line = exported.line(target, row, account)
    assert line.count("\n") == 1 and line.encode()
    assert exported.read(json.loads(line), LATEST) == (target, row)


def test_odd_bytes_of_names_are_kept() -> None:
    row = ROW._replace(place=Place("c", "#\udcff", "", 7))
    line = exported.line("#\udcff", row, None)
    assert line.isascii()
    assert exported.read(json.loads(line), LATEST) == ("#\udcff", row)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"at": "yesterday"}, "at is no time"),
        ({"at": 7}, "at is no text"),
        ({"at": "1970-01-01T00:00:00Z"}, "at is no time"),
        ({"at": "9999-01-01T00:00:00Z"}, "It was said in a time to come"),
        ({"command": "QUIZ"}, "command is none that is kept"),
        ({"msgid": "a b"}, "msgid is no word"),
        ({"msgid": ""}, "msgid is no word"),
        ({"msgid": "a" * 3000}, "msgid is no word"),
        ({"source": None}, "source is no word"),
        ({"person": 7}, "person is no word"),
        ({"text": None}, "text is no text"),
        ({"text": "a\rb"}, "text has control characters"),
        ({"place": ["c", "club", "", 7]}, "place is none"),
        ({"place": ["c", "#club", "x", 7]}, "place is none"),
        ({"place": ["c", "#club", "", True]}, "place is none"),
        ({"place": ["c", "#club", "", -1]}, "place is none"),
        ({"place": ["d", "a", "b", 7]}, "place is none"),
        ({"place": ["x", "a", "b", 0]}, "place is none"),
        ({"place": ["d", "a", "", 0]}, "place is no word"),
        ({"place": "#club"}, "place is none"),
        ({"tags": "+a\r\n"}, "tags is no text of one line"),
        ({"tags": "+a b"}, "tags has spaces"),
        ({"parts": [["a"]]}, "parts are none"),
        ({"parts": [["a\nb", False]]}, "parts is no text of one line"),
        ({"parts": 7}, "parts is no list"),
        ({"words": ["a\n"]}, "words is no text of one line"),
        ({"ranks": True}, "ranks is no set of ranks"),
        ({"ranks": 1 << 20}, "ranks is no set of ranks"),
        ({"closed": 1}, "closed is neither true nor false"),
    ],
)
def test_what_is_no_message(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        exported.read({**data_of(ROW), **changed}, LATEST)


@given(st.dictionaries(st.sampled_from(list(data_of(ROW))), st.recursive(st.none() | st.text(), st.lists)))
def test_any_object_is_read_or_complained_of(changed: dict[str, Any]) -> None:
    try:
        _, row = exported.read({**data_of(ROW), **changed}, LATEST)
    except ValueError:
        return
    assert exported.line("x", row, None)


@pytest.mark.parametrize(
    ("first", "complaint"),
    [
        ({"chatnet": "records", "version": 1, "casemapping": "rfc1459"}, "The file is no export of history"),
        ({"chatnet": "history", "version": 2, "casemapping": "rfc1459"}, "The file is of version 2"),
        (
            {"chatnet": "history", "version": 1, "casemapping": "ascii"},
            "The names in the file are folded by 'ascii'",
        ),
        (json.loads(exported.head("rfc1459")), ""),
    ],
)
def test_which_files_can_be_read(first: dict[str, Any], complaint: str) -> None:
    told = exported.complaint_of(first, "rfc1459")
    assert told.startswith(complaint) and bool(told) is bool(complaint)
