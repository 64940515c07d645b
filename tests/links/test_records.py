"""What servers tell each other of the past is read as it was written, and anything else is nonsense."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.links.codecs.solanum.history import line_of, lines_of
from chatnet.links.exchange.records import Nonsense, Reader
from chatnet.model.ids import UID
from chatnet.model.modes import OP, RANK_OF_PREFIX, at_least
from chatnet.model.past import Record, Redaction
from chatnet.wire.casemap import folder
from chatnet.wire.multiline import Part, combine

FOLD = folder("ascii")
TEXT = st.text(
    st.characters(exclude_characters="\0\r\n", max_codepoint=0x2FF) | st.sampled_from("\udcff\udc80 :@"),
    max_size=60,
)
SAID = TEXT.filter(bool)
MSGID = st.text("abc0129=-_", min_size=1, max_size=20)
AT = st.integers(11 * 10**11, 21 * 10**11).map(lambda milliseconds: milliseconds / 1000)
"""From 2004 to 2036: there, and not in general, a float tells milliseconds exactly."""
AUTHOR = st.sampled_from(
    [(b"ann!~ann@host", UID("0AAAAAAAB")), (b"irc.example", UID("")), (b"\xff!x@y", UID("1SOZZZZZ9"))]
)
TAGS = st.sampled_from([b"", b"+typing=active", b"+a=b\\:c\\s;+d/e", b"+x"])
TARGET = st.one_of(
    st.just((0, "")),
    st.just((at_least(OP), "")),
    st.sampled_from(sorted(RANK_OF_PREFIX)).map(lambda sign: (at_least(RANK_OF_PREFIX[sign]), sign)),
)
PARTS = st.lists(st.builds(Part, TEXT, st.booleans()), min_size=1, max_size=5).filter(
    lambda parts: any(part.text for part in parts)
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    source, uid = draw(AUTHOR)
    ranks, status = draw(TARGET)
    command = draw(st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG"]))
    text = ""
    parts: tuple[Part, ...] = ()
    if command != "TAGMSG":
        text = draw(SAID)
        if draw(st.booleans()):
            first, *more = draw(PARTS)
            parts = (Part(first.text), *more)
            text = combine(parts)
    return Record(draw(MSGID), draw(AT), command, source, uid, text, draw(TAGS), ranks, status, parts)


@settings(deadline=None)
@given(st.lists(records(), min_size=1, max_size=3), st.sampled_from(["#c", "#CHAN", "#é"]))
def test_records_are_read_as_they_were_written(several: list[Record], name: str) -> None:
    reader = Reader(name, FOLD)
    for number, record in enumerate(several):
        *begun, last = lines_of(record, name, number)
        for line in begun:
            assert reader.read(line.decode("utf-8", "surrogateescape")) is None
        assert reader.read(last.decode("utf-8", "surrogateescape")) == record


@settings(deadline=None)
@given(MSGID, AT, MSGID, AUTHOR, TEXT)
def test_redactions_are_read_as_they_were_written(
    redacted: str, at: float, msgid: str, author: tuple[bytes, UID], reason: str
) -> None:
    redaction = Redaction(redacted, at, msgid, *author, reason)
    line = line_of(redaction, "#c").decode("utf-8", "surrogateescape")
    assert Reader("#c", FOLD).read(line) == redaction


PIECES: Final = """
@time=2023-11-14T22:13:20.000Z;msgid=1;chatnet/uid=0AAAAAAAB @batch=1 @;= :ann!a@h : PRIVMSG NOTICE TAGMSG
REDACT BATCH +1 -1 draft/multiline #c @#c =#c #d # :text :
"""
WORDS = st.lists(st.sampled_from(PIECES.split()) | TEXT, max_size=8)


@settings(deadline=None)
@given(st.lists(WORDS.map(" ".join), max_size=6))
def test_anything_else_is_nonsense(lines: list[str]) -> None:
    reader = Reader("#c", FOLD)
    for line in lines:
        try:
            found = reader.read(line)
        except Nonsense:
            continue
        assert found is None or (found.msgid and found.source)
