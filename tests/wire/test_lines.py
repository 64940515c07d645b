"""The line buffer: the same lines however the bytes arrive, and never more kept than allowed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.lines import OVERLONG, LineBuffer

LIMIT = 8


def test_line_ends() -> None:
    assert LineBuffer(512).feed(b"a\r\nb\nc\rd\r\r\n\n\r\n e \n") == [b"a", b"b", b"c", b"d", b" e "]


def test_half_lines_wait() -> None:
    buffer = LineBuffer(512)
    assert buffer.feed(b"PRIV") == []
    assert buffer.feed(b"MSG a :b\r") == [b"PRIVMSG a :b"]
    assert buffer.feed(b"\nQUIT\r\nPI") == [b"QUIT"]
    assert buffer.feed(b"NG x\n") == [b"PING x"]


def test_nul_is_dropped() -> None:
    assert LineBuffer(512).feed(b"a\0b\n\0\n") == [b"ab"]


def test_the_longest_line_and_one_byte_more() -> None:
    buffer = LineBuffer(LIMIT)
    assert buffer.feed(b"x" * LIMIT + b"\r\n") == [b"x" * LIMIT]
    assert buffer.feed(b"x" * (LIMIT + 1) + b"\r\nab\n") == [OVERLONG, b"ab"]


def test_an_endless_line_is_told_once() -> None:
    buffer = LineBuffer(LIMIT)
    assert buffer.feed(b"x" * 9) == [OVERLONG]
    assert buffer.feed(b"x" * 100) == []
    assert buffer.feed(b"xx\nQUIT\n") == [b"QUIT"]


def reference(data: bytes) -> list[bytes]:
    lines = data.replace(b"\0", b"").replace(b"\r", b"\n").split(b"\n")
    last = lines.pop()
    lines = [line if len(line) <= LIMIT else OVERLONG for line in lines if line]
    return lines + ([OVERLONG] if len(last) > LIMIT else [])


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=20) | st.text("ab \r\n\0", max_size=20).map(str.encode)))
def test_any_chunking_gives_the_same_lines(chunks: list[bytes]) -> None:
    buffer = LineBuffer(LIMIT)
    lines = []
    for chunk in chunks:
        lines += buffer.feed(chunk)
        assert len(buffer._tail) <= LIMIT
    assert lines == reference(b"".join(chunks))
    assert all(line == OVERLONG or not set(b"\0\r\n") & set(line) for line in lines)
