"""Messages: taken apart, put together, and both in a circle."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.wire.message import (
    Message,
    escape_tag_value,
    format_message,
    format_tags,
    parse,
    parse_tags,
    unescape_tag_value,
)


def params(line: str) -> list[str]:
    message = parse(line)
    assert message is not None
    return message.params


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (":irc.example.com CAP * LIST :", Message({}, "irc.example.com", "CAP", ["*", "LIST", ""])),
        ("CAP * LS :multi-prefix sasl", Message({}, "", "CAP", ["*", "LS", "multi-prefix sasl"])),
        (":dan!d@host PRIVMSG #chan :Hey!", Message({}, "dan!d@host", "PRIVMSG", ["#chan", "Hey!"])),
        (":dan!d@host PRIVMSG #chan Hey!", Message({}, "dan!d@host", "PRIVMSG", ["#chan", "Hey!"])),
        (":dan!d@host PRIVMSG #chan ::-)", Message({}, "dan!d@host", "PRIVMSG", ["#chan", ":-)"])),
        ("@id=2AB :d!d@h PRIVMSG #c :Hi you!", Message({"id": "2AB"}, "d!d@h", "PRIVMSG", ["#c", "Hi you!"])),
        ("@a=b  :src   CMD   x", Message({"a": "b"}, "src", "CMD", ["x"])),
        ("@a;+b=  CMD", Message({"a": "", "+b": ""}, "", "CMD", [])),
    ],
)
def test_examples(line: str, expected: Message) -> None:
    assert parse(line) == expected


def test_commands_become_capitals() -> None:
    assert parse("privmsg ann hi") == Message({}, "", "PRIVMSG", ["ann", "hi"])


def test_spaces_are_forgiven() -> None:
    assert params("   JOIN    #a    key  ") == ["#a", "key"]
    assert params("USER a 0 *   :A B  C ") == ["a", "0", "*", "A B  C "]


def test_only_the_space_separates() -> None:
    assert params("CMD a\tb c\xa0d \u3000") == ["a\tb", "c\xa0d", "\u3000"]


def test_colons_within_words_are_ordinary() -> None:
    assert params("CMD a:b c: :d :e") == ["a:b", "c:", "d :e"]


@pytest.mark.parametrize(
    "line", ["", " ", "   ", ":", ":src", ":src ", ":src :x", "@a=b", "@a=b ", "@a=b :src", " :x"]
)
def test_nothing_in_it(line: str) -> None:
    assert parse(line) is None


@pytest.mark.parametrize(
    ("escaped", "value"),
    [
        (r"raw+:=,escaped\:\s\\", r"raw+:=,escaped; " + "\\"),
        (r"a\r\nb", "a\r\nb"),
        ("test\\", "test"),
        (r"\b\c", "bc"),
        (r"\\s", r"\s"),
        (r"\\\s", "\\ "),
        (r"\\\\", r"\\"),
        ("\\\\\\", "\\"),
        ("", ""),
    ],
)
def test_unescaping(escaped: str, value: str) -> None:
    assert unescape_tag_value(escaped) == value


def test_tags_by_example() -> None:
    assert parse_tags("id=123AB;rose") == {"id": "123AB", "rose": ""}
    assert parse_tags("url=;netsplit=tur,ty") == {"url": "", "netsplit": "tur,ty"}
    assert parse_tags("a=1;a=2;;=x;b=c=d") == {"a": "2", "b": "c=d"}
    assert format_tags({"a": "1 2", "+vendor.example/b": ""}) == r"a=1\s2;+vendor.example/b"


def test_formatting_by_example() -> None:
    assert format_message("PRIVMSG", ["#c", "hi"], "a!b@c") == ":a!b@c PRIVMSG #c hi"
    assert format_message("PRIVMSG", ["#c", "hi there"], tags={"t": "1"}) == "@t=1 PRIVMSG #c :hi there"
    assert format_message("PRIVMSG", ["#c", ":)"]) == "PRIVMSG #c ::)"
    assert format_message("TOPIC", ["#c", ""]) == "TOPIC #c :"
    assert format_message("LIST", []) == "LIST"


@pytest.mark.parametrize(
    ("command", "parameters", "source", "tags"),
    [
        ("", [], "", {}),
        ("TO PIC", [], "", {}),
        (":X", [], "", {}),
        ("X", ["", "b"], "", {}),
        ("X", ["a b", "c"], "", {}),
        ("X", [":a", "b"], "", {}),
        ("X", ["a\nb"], "", {}),
        ("X", ["a\rb", "c"], "", {}),
        ("X", ["a\0"], "", {}),
        ("X", [], "a b", {}),
        ("X", [], "", {"a b": ""}),
        ("X", [], "", {"": "x"}),
        ("X", [], "", {"a": "\0"}),
    ],
)
def test_what_no_line_can_carry(
    command: str, parameters: list[str], source: str, tags: dict[str, str]
) -> None:
    with pytest.raises(ValueError):
        format_message(command, parameters, source, tags)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"))
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n "), min_size=1)
MIDDLE = WORD.filter(lambda word: word[0] != ":")
VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
KEY = st.from_regex(r"\+?([a-z]+\.example/)?[a-zA-Z0-9-]+", fullmatch=True)
MESSAGES = st.builds(
    Message,
    tags=st.dictionaries(KEY, VALUE, max_size=3),
    source=st.just("") | WORD,
    command=st.from_regex("[A-Z]+|[0-9]{3}", fullmatch=True),
    params=st.builds(list.__add__, st.lists(MIDDLE, max_size=4), st.lists(TEXT, max_size=1)),
)


@settings(max_examples=150)
@given(MESSAGES)
def test_what_is_put_together_comes_apart_the_same(message: Message) -> None:
    line = format_message(message.command, message.params, message.source, message.tags)
    assert parse(line) == message


@settings(max_examples=100)
@given(VALUE)
def test_escaping_is_undone(value: str) -> None:
    escaped = escape_tag_value(value)
    assert not set("; \r\n") & set(escaped)
    assert unescape_tag_value(escaped) == value


@settings(max_examples=100)
@given(st.text(st.sampled_from(" :@;=\\aB0#")))
def test_any_line_can_be_taken_apart(line: str) -> None:
    message = parse(line)
    if message is not None:
        assert message.command
        assert all(word and " " not in word and word[0] != ":" for word in message.params[:-1])
