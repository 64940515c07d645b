"""What is stored crosses links as it is; and whatever else comes is nonsense, which harms nobody."""

from __future__ import annotations

from typing import Final

import pytest
from chronicles import ANN, BOB, CID
from hypothesis import given
from hypothesis import strategies as st

from chatnet.history.kept import row_of, told_of
from chatnet.links.codecs.solanum.history import TALK, stored_lines
from chatnet.links.exchange.records import Nonsense, StoredReader
from chatnet.model.ids import UID
from chatnet.model.modes import OP, at_least
from chatnet.model.past import Event, Record, Redaction
from chatnet.model.places import talk, with_guest
from chatnet.storage.messages.rows import BOT, CLOSED, OPER, Place
from chatnet.wire.casemap import folder
from chatnet.wire.multiline import Part

FOLD = folder("rfc1459")
AT = 1_700_000_000.123
EVE = UID("0AAAAAAAB")
SOURCE = b"eve!~eve@host.example.org"
MSGID = "117000000001230000010AAAAAAABI2M="

STORED: Final[dict[str, Record | Event | Redaction]] = {
    "a message": Record(MSGID, AT, "PRIVMSG", SOURCE, EVE, "hello :world", person=ANN, flags=CLOSED | BOT),
    "a notice of a server": Record("x", AT, "NOTICE", b"a.test", UID(""), "hi", flags=OPER),
    "a reaction": Record(MSGID, AT, "TAGMSG", SOURCE, EVE, "", b"+draft/react=x;+draft/reply=y"),
    "to ranks": Record(MSGID, AT, "PRIVMSG", SOURCE, EVE, "ops", ranks=at_least(OP), status="@"),
    "several lines": Record(
        MSGID,
        AT,
        "PRIVMSG",
        SOURCE,
        EVE,
        "one\ntwo",
        parts=(Part("one", False), Part("two", False)),
        person=ANN,
    ),
    "JOIN": Event("id", AT, "JOIN", SOURCE, "Eve :of all", ("*",), ANN),
    "PART": Event("id", AT, "PART", SOURCE, "", (), ANN),
    "PART with a reason": Event("id", AT, "PART", SOURCE, "bye", ("",), ANN),
    "PART with an empty reason": Event("id", AT, "PART", SOURCE, "", ("",)),
    "QUIT": Event("id", AT, "QUIT", SOURCE, "Quit: bye"),
    "NICK": Event("id", AT, "NICK", SOURCE, "adam"),
    "KICK": Event("id", AT, "KICK", SOURCE, "", ("adam",), ANN, OPER),
    "MODE": Event("id", AT, "MODE", b"a.test", "+ov eve adam"),
    "TOPIC": Event("id", AT, "TOPIC", SOURCE, ""),
    "RENAME": Event("id", AT, "RENAME", SOURCE, "why", ("#c", "#d")),
    "a redaction": Redaction("gone", AT, MSGID, SOURCE, EVE, "no", ANN),
    "a redaction by who was erased": Redaction("gone", AT, MSGID, b"", UID(""), "", ranks=at_least(OP)),
}


def reader(*, knows: bool = True) -> StoredReader:
    return StoredReader("#c", FOLD, knows=knows)


def read(lines: list[bytes], by: StoredReader) -> object:
    *rest, last = [line.decode() for line in lines]
    assert [by.take(line) for line in rest] == [None] * len(rest)
    return by.take(last)


@pytest.mark.parametrize("name", STORED)
def test_what_is_stored_is_told_as_it_is(name: str) -> None:
    told = STORED[name]
    found = read(stored_lines(told, "#c", 7), reader())
    assert found == told
    if not isinstance(told, Redaction):
        assert told_of(row_of(told, Place("c", "#c", "", 1), 0)) == told


@pytest.mark.parametrize("name", STORED)
def test_who_is_not_believed_of_accounts_tells_of_guests(name: str) -> None:
    found = read(stored_lines(STORED[name], "#c", 7), reader(knows=False))
    assert found == STORED[name]._replace(person=None)


def test_a_talk_is_of_its_two() -> None:
    said = Record(MSGID, AT, "PRIVMSG", SOURCE, EVE, "psst", person=ANN)
    lines = stored_lines(said, TALK, 0)
    for place in (talk(ANN, BOB), with_guest(ANN, "eve")):
        assert read(lines, StoredReader("@", FOLD, place, knows=True)) == said
        with pytest.raises(Nonsense):
            read(stored_lines(STORED["QUIT"], "#c", 0), StoredReader("@", FOLD, place, knows=True))
    for place, knows in ((talk(BOB, CID), True), (with_guest(BOB, "eve"), True), (talk(ANN, BOB), False)):
        with pytest.raises(Nonsense):
            read(lines, StoredReader("@", FOLD, place, knows=knows))
    with pytest.raises(Nonsense):
        read(lines, reader())


def test_a_guest_says_something_in_a_talk_with_a_guest_alone() -> None:
    said = Record(MSGID, AT, "PRIVMSG", SOURCE, EVE, "psst")
    lines = stored_lines(said, TALK, 0)
    assert read(lines, StoredReader("@", FOLD, with_guest(ANN, "eve"), knows=True)) == said
    with pytest.raises(Nonsense):
        read(lines, StoredReader("@", FOLD, talk(ANN, BOB), knows=True))


WORDS = [
    "#c",
    "#d",
    ":x",
    "JOIN",
    "MODE",
    "KICK",
    "PRIVMSG",
    "BATCH",
    "+1",
    "-1",
    "REDACT",
    ":a!b@c",
    "adam",
    "*",
]
TAGS = ["", "@time=2026-11-23T13:20:00.123Z;msgid=1 ", "@chatnet/account=x;msgid=1 ", "@batch=1 "]


@given(st.lists(st.tuples(st.sampled_from(TAGS), st.lists(st.sampled_from(WORDS), max_size=6)), max_size=5))
def test_nonsense_is_found_and_nothing_else_happens(lines: list[tuple[str, list[str]]]) -> None:
    by = reader()
    for tags, words in lines:
        try:
            by.take(tags + " ".join(words))
        except Nonsense:
            return
