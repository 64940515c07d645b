"""BATCH: lines that belong together.  https://ircv3.net/specs/extensions/batch"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled import Answers

from chatnet.session.batches import References, closing, inside, is_inside, is_whole, opening, tagged
from chatnet.wire.capabilities import SERVER_TIME
from chatnet.wire.message import parse

SOURCE = b"irc.host"


def test_the_form() -> None:
    """“BATCH +reference-tag type [<parameter 1> [<parameter 2> ... [<parameter n>]]]”

    And “BATCH -reference-tag”.
    """
    opened = opening(SOURCE, b"yX", b"netsplit", b"irc.hub", b"other.host", at=0.0, key=0)
    assert opened == b":irc.host BATCH +yX netsplit irc.hub other.host\r\n"
    assert closing(SOURCE, b"yX", 0.0, 0) == b":irc.host BATCH -yX\r\n"
    time = b"@time=1970-01-01T00:00:01.500Z "
    assert closing(SOURCE, b"yX", 1.5, SERVER_TIME) == time + b":irc.host BATCH -yX\r\n"
    assert opening(SOURCE, b"yX", b"netsplit", at=1.5, key=SERVER_TIME).startswith(time)


def test_references() -> None:
    """“Reference tag MUST contain only ASCII letters, numbers, and/or hyphen, and MUST be case-sensitive.”"""
    references = References()
    taken = [references.take() for _ in range(2000)]
    assert len(set(taken)) == 2000 and all(text.isalnum() for text in taken)
    assert taken[:2] == [b"1", b"2"] and taken[35] == b"10" and max(map(len, taken)) == 3


def test_lines_of_a_batch() -> None:
    """“The batched events MUST use batch message tag referring to the batch's reference tag.”"""
    assert inside(b":a!a@a QUIT :x\r\n@time=1 :b!b@b QUIT :x\r\n", b"yX") == (
        b"@batch=yX :a!a@a QUIT :x\r\n@batch=yX;time=1 :b!b@b QUIT :x\r\n"
    )


def test_a_batch_within_a_batch() -> None:
    """“Start and end messages of one batch MAY refer to another batch. If they do, they both MUST have batch
    tag, and they MUST refer to the same batch.”
    """
    inner = (
        opening(SOURCE, b"inner", b"example.com/bar", at=0.0, key=0)
        + inside(b":nick!user@host PRIVMSG #channel :Hi\r\n", b"inner")
        + closing(SOURCE, b"inner", 0.0, 0)
    )
    assert inside(inner, b"outer").decode().splitlines() == [
        "@batch=outer :irc.host BATCH +inner example.com/bar",
        "@batch=inner :nick!user@host PRIVMSG #channel :Hi",
        "@batch=outer :irc.host BATCH -inner",
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b":a PRIVMSG #c :@batch=1", False),
        (b"@time=1 :a PRIVMSG #c :;batch=1 x", False),
        (b"@+batch=1 :a PRIVMSG #c :x", False),
        (b"@a/batch=1;notbatch=2 :a PRIVMSG #c :x", False),
        (b"@batch=1 :a PRIVMSG #c :x", True),
        (b"@time=1;batch=1;x :a PRIVMSG #c :x", True),
    ],
)
def test_is_inside(line: bytes, answer: bool) -> None:
    assert is_inside(line + b"\r\n") is answer
    message = parse(line.decode())
    assert message is not None and ("batch" in message.tags) is answer


def lines(*texts: str) -> list[bytes]:
    return [text.encode() + b"\r\n" for text in texts]


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["@time=1 :s BATCH +1 x", "@batch=1 :a PRIVMSG #c :x", "@time=1 :s BATCH -1"], True),
        ([":s BATCH +1 x y z :and more", ":s BATCH -1"], True),
        (
            [
                ":s BATCH +1 x",
                "@batch=1 :s BATCH +2 x",
                "@batch=2 :a x",
                "@batch=1 :s BATCH -2",
                ":s BATCH -1",
            ],
            True,
        ),
        ([":s BATCH +1 x", ":a PRIVMSG #c :x", ":s BATCH -1"], False),  # something beside it
        ([":s BATCH +1 x", ":s BATCH -1", ":s BATCH +2 x", ":s BATCH -2"], False),  # two
        ([":s BATCH +1 x", "@batch=1 :a PRIVMSG #c :x"], False),  # not ended
        (["@batch=0 :s BATCH +1 x", "@batch=0 :s BATCH -1"], False),  # in another
        ([":a PRIVMSG #c :BATCH +1 x", ":s BATCH -1"], False),
        ([":a PRIVMSG BATCH :+1", ":s BATCH -1"], False),
        ([":s 001", "ERROR :x"], False),
    ],
)
def test_is_whole(texts: list[str], answer: bool) -> None:
    assert is_whole(lines(*texts)) is answer


@given(st.lists(st.sampled_from("+m"), max_size=30))
def test_nested_to_any_depth(steps: list[str]) -> None:
    """What is put into a batch is read as one, however many batches it has itself."""
    references = References()
    text = b""
    for step in steps:
        if step == "+":
            reference = references.take()
            text = opening(SOURCE, reference, b"x", at=0.0, key=0) + inside(text, reference)
            text += closing(SOURCE, reference, 0.0, 0)
        elif step == "m":
            text += b":a PRIVMSG #c :x\r\n"
    wrapped = [
        *opening(SOURCE, b"out", b"x", at=0.0, key=0).splitlines(True),
        *inside(text, b"out").splitlines(True),
        *closing(SOURCE, b"out", 0.0, 0).splitlines(True),
    ]
    assert is_whole(wrapped)
    wrapped[0] = tagged(wrapped[0], b"label=y")
    answers = Answers(b"".join(wrapped).decode().splitlines())
    assert [m.command for m in answers.by_label["y"]] == ["PRIVMSG"] * steps.count("m") and not answers.others
