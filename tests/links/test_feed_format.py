"""The lines by which full servers tell each other records, by golden examples: frozen for good.

Servers of all versions of a network say them to each other, as `tests/rules/test_format.py` has the records
themselves.  So nothing here may ever change: what comes later brings words behind these, or verbs of its own.
"""

from __future__ import annotations

import string
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.links.codecs import feeds
from chatnet.links.codecs.feeds import Beginning, Have
from chatnet.links.codecs.solanum import Solanum
from chatnet.links.codecs.solanum.base import LONG, RECORDS
from chatnet.model.entities import User
from chatnet.model.ids import SID, UID, AccountName
from chatnet.model.server import Server
from chatnet.records.grammar import MOST_FIELD, MOST_VALUE, is_record
from chatnet.storage.interfaces import NOWHERE, Page, Position
from chatnet.storage.record import Record
from chatnet.wire.message import Message, parse

ANN: Final = "a234567abcdefghijklmn"
STAMP: Final = "0midc1z40.00000z.0AA"
STORE: Final = "6f0c9d1e2a3b4c5d6e7f"
RUN: Final = "0123456789abcdef0123"


def heard(line: bytes) -> Message:
    """A line as a neighbour takes it apart."""
    message = parse(line.decode())
    assert message is not None and message.source == "0AA"
    return message


def params(line: bytes) -> list[str]:
    return heard(line).params


# golden examples


def test_the_token_of_capab() -> None:
    assert RECORDS == "CNREG"


@pytest.mark.parametrize(
    ("have", "line"),
    [
        (
            Have(None, NOWHERE, "acn", "00S", "5b1c0a2b3c4d5e6f"),
            ":0AA CNHAVE * * 0 0 acn 00S 5b1c0a2b3c4d5e6f",
        ),
        (
            Have(STORE, Position(RUN, 4711, 4712), "abchinv", "00S", "5b1c0a2b3c4d5e6f"),
            f":0AA CNHAVE {STORE} {RUN} 4711 4712 abchinv 00S 5b1c0a2b3c4d5e6f",
        ),
        # a store whose run it has never heard of
        (Have(STORE, NOWHERE, "a", "9ZS", "x"), f":0AA CNHAVE {STORE} * 0 0 a 9ZS x"),
    ],
)
def test_have(have: Have, line: str) -> None:
    assert feeds.have("0AA", have).decode() == line
    assert feeds.read_have(line.split()[2:]) == have
    assert feeds.read_have([*line.split()[2:], "later", "words"]) == have


def test_a_page() -> None:
    records = [
        Record(ANN, "name", STAMP, f"{STAMP} Ann"),
        Record("zabcdefghijklmnopqrst", r"m:b:$r:a\sreal\sname", "000000000.000000.9ZZ", ""),
        Record("n0aa", "gone", "zzzzzzzzz.zzzzzz.9ZZ", None),
        Record(ANN, "mark", STAMP, ":  any : text ü "),
    ]
    assert [line.decode() for line in feeds.page("0AA", STORE, Page(records, RUN, 12, 4711))] == [
        f":0AA CNPAGE {STORE} {RUN} 4 12 4711",
        f":0AA CNREC {ANN} name midc1z40.z.0AA :{STAMP} Ann",
        r":0AA CNREC zabcdefghijklmnopqrst m:b:$r:a\sreal\sname 0.0.9ZZ :",
        ":0AA CNREC n0aa gone zzzzzzzzz.zzzzzz.9ZZ",
        f":0AA CNREC {ANN} mark midc1z40.z.0AA ::  any : text ü ",
    ]
    # The beginning of a feed, and a page of a bucket, which moves no number.
    assert feeds.page("0AA", STORE, Page((), "-", 7, 7)) == [f":0AA CNPAGE {STORE} - 0 7 7".encode()]
    assert feeds.read_page([STORE, RUN, "200", "12", "4711"], 200) == Beginning(
        STORE, 200, Position(RUN, 12, 4711)
    )
    assert feeds.read_page([STORE, "-", "1", "0", "0", "later"], 200).position == Position("-", 0, 0)


@pytest.mark.parametrize("stamp", ["midc1z40.z.0AA", STAMP, "0midc1z40.z.0AA"])
def test_a_stamp_is_read_with_and_without_its_zeros(stamp: str) -> None:
    assert feeds.read_record([ANN, "seen", stamp, "x"]) == Record(ANN, "seen", STAMP, "x")
    assert feeds.read_record([ANN, "seen", stamp]) == Record(ANN, "seen", STAMP, None)
    assert feeds.read_record([ANN, "seen", stamp, "x", "later"]) == Record(ANN, "seen", STAMP, "x")


def test_the_other_lines() -> None:
    assert feeds.got("0AA", STORE, 4711).decode() == f":0AA CNGOT {STORE} 4711"
    assert feeds.even("0AA") == b":0AA CNEVEN"
    assert feeds.bucket("0AA", "a", None, 0x8F14E45FCEEA167A) == b":0AA CNBKT a * 8f14e45fceea167a"
    assert feeds.bucket("0AA", "c", 255, 0x2A) == b":0AA CNBKT c 255 000000000000002a"
    assert feeds.want("0AA", "a", 17) == b":0AA CNWANT a 17"
    assert feeds.news("0AA", STORE, 4712).decode() == f":0AA CNNEWS {STORE} 4712"
    assert feeds.read_news([STORE, "4712", "later"]) == (STORE, 4712)
    assert feeds.read_bucket(["a", "*", "8f14e45fceea167a"]) == ("a", None, 0x8F14E45FCEEA167A)
    assert feeds.read_bucket(["z", "0", "0000000000000000", "later"]) == ("z", 0, 0)


def logged_in(*, known: bool = True) -> User:
    user = User(Server(SID("0AA"), "a.test", "A"), "192.0.2.1", "h.test")
    user.uid, user.nick, user.username, user.realname = UID("0AAAAAAAB"), "ann_", "~ann", "Ann A"
    user.nick_ts, user.modes = 1764000000, frozenset("i")
    user.account, user.account_id = AccountName("ann"), ANN if known else None
    return user


OURS: Final = Solanum(frozenset({"EUID", "CN1", RECORDS}))


def test_who_is_logged_in_is_told_with_the_id_of_the_account() -> None:
    assert list(OURS.user(logged_in())) == [
        b"@chatnet/account=%b :0AA EUID ann_ 1 1764000000 +i ~ann h.test 192.0.2.1 0AAAAAAAB * ann :Ann A"
        % ANN.encode()
    ]
    assert OURS.signon(logged_in()) == (
        b"@chatnet/account=%b :0AAAAAAAB SIGNON ann_ ~ann h.test 1764000000 ann" % ANN.encode()
    )
    gone = logged_in(known=False)
    gone.account = None
    assert OURS.signon(gone) == b":0AAAAAAAB SIGNON ann_ ~ann h.test 1764000000 0"


@pytest.mark.parametrize("caps", [{"EUID"}, {"EUID", "STAG"}, {"EUID", RECORDS}])
def test_no_id_is_told_to_servers_of_other_makes(caps: set[str]) -> None:
    codec = Solanum(frozenset(caps))
    assert not any(line.startswith(b"@") for line in codec.user(logged_in()))
    assert codec.signon(logged_in()).startswith(b":0AAAAAAAB SIGNON ")
    assert next(iter(OURS.user(logged_in(known=False)))).startswith(b":0AA EUID ")


# what is none


@pytest.mark.parametrize(
    "words",
    [
        "* * 0 0 - 00S x",
        "* * 0 0 ACN 00S x",
        f"* * 0 0 {'a' * 27} 00S x",
        f"{'x' * 65} r 0 0 acn 00S x",
        "s r! 0 0 acn 00S x",
        "s r -1 0 acn 00S x",
        "s r 0 ٣ acn 00S x",
        f"s r {'9' * 19} 0 acn 00S x",
    ],
)
def test_what_is_no_have(words: str) -> None:
    with pytest.raises(ValueError):
        feeds.read_have(words.split())


@pytest.mark.parametrize("words", ["s r 201 0 0", "s r x 0 0", "s! r 1 0 0", "s r -1 0 0", "s r 1 1.5 0"])
def test_what_is_no_page(words: str) -> None:
    with pytest.raises(ValueError):
        feeds.read_page(words.split(), 200)


@pytest.mark.parametrize(
    "words",
    [
        ["ann", "name", "1.1.0AA", "x"],
        [ANN, "Name", "1.1.0AA", "x"],
        [ANN, "nick:a b", "1.1.0AA", "x"],
        [ANN, "name", "1.1", "x"],
        [ANN, "name", "1.1.0aa", "x"],
        [ANN, "name", f"{'z' * 10}.1.0AA", "x"],
        [ANN, "name", f"1.{'z' * 7}.0AA", "x"],
        [ANN, "name", "1.1.0AA", "x" * (MOST_VALUE + 1)],
        [ANN, "name", "1.1.0AA", "\udcff"],
    ],
)
def test_what_is_no_record(words: list[str]) -> None:
    with pytest.raises(ValueError):
        feeds.read_record(words)


@pytest.mark.parametrize(
    "words",
    ["aa * 8f14e45fceea167a", "A * 8f14e45fceea167a", "a 256 8f14e45fceea167a", "a * 8F14", "a x 8f14"],
)
def test_what_is_no_bucket(words: str) -> None:
    with pytest.raises(ValueError):
        feeds.read_bucket(words.split())


# parse∘serialise

WORDS: Final = st.text(string.ascii_letters + string.digits + "_-./", min_size=1, max_size=64)
NUMBERS: Final = st.integers(0, 10**18 - 1)
POSITIONS: Final = st.builds(Position, WORDS, NUMBERS, NUMBERS)
BASE36: Final = string.digits + string.ascii_lowercase
TEXT: Final = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=200)
SIDS: Final = st.from_regex(r"[0-9][0-9A-Z]{2}", fullmatch=True)
STAMPS: Final = st.builds(
    "{}.{}.{}".format, st.text(BASE36, min_size=9, max_size=9), st.text(BASE36, min_size=6, max_size=6), SIDS
)
KEYS: Final = TEXT.map(lambda key: ":" + key.replace("\\", "\\\\").replace(" ", "\\s") if key else "")
FIELDS: Final = st.builds("{}{}".format, st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), KEYS).filter(
    lambda field: len(field.encode()) <= MOST_FIELD
)
ENTITIES: Final = st.from_regex(r"n[0-9][0-9a-z]{2}|[a-mo-z][a-z2-7]{20}", fullmatch=True)
RECORD: Final = st.builds(Record, ENTITIES, FIELDS, STAMPS, st.none() | TEXT)


@given(
    st.builds(
        Have,
        WORDS,
        POSITIONS | st.just(NOWHERE),
        st.text(string.ascii_lowercase, min_size=1, max_size=26),
        SIDS,
        st.text("0123456789abcdef", min_size=16, max_size=16),
    )
)
def test_have_is_read_as_it_was_said(have: Have) -> None:
    assert feeds.read_have(params(feeds.have("0AA", have))) == have


@given(WORDS, st.lists(RECORD, max_size=3), WORDS, NUMBERS, NUMBERS)
def test_a_page_is_read_as_it_was_said(
    store: str, records: list[Record], run: str, seq: int, head: int
) -> None:
    first, *others = feeds.page("0AA", store, Page(records, run, seq, head))
    assert feeds.read_page(params(first), 200) == Beginning(store, len(records), Position(run, seq, head))
    assert [feeds.read_record(params(line)) for line in others] == records
    assert all(is_record(record) for record in records)


@given(st.sampled_from(string.ascii_lowercase), st.none() | st.integers(0, 255), st.integers(0, 2**64 - 1))
def test_a_bucket_is_read_as_it_was_said(kind: str, which: int | None, digest: int) -> None:
    assert feeds.read_bucket(params(feeds.bucket("0AA", kind, which, digest))) == (kind, which, digest)
    if which is not None:
        assert params(feeds.want("0AA", kind, which)) == [kind, str(which)]
        assert feeds.which_bucket(str(which)) == which


@given(WORDS, NUMBERS)
def test_news_are_read_as_they_were_said(store: str, seq: int) -> None:
    assert feeds.read_news(params(feeds.news("0AA", store, seq))) == (store, seq)


@pytest.mark.parametrize("words", [["s", "x"], ["s", "-1"], ["s!", "1"], ["s", "1" * 19], ["", "1"]])
def test_what_is_no_news(words: list[str]) -> None:
    with pytest.raises(ValueError):
        feeds.read_news(words)


def test_the_longest_record_fits_into_a_line() -> None:
    longest = Record(ANN, "m:" + "x" * (MOST_FIELD - 2), "zzzzzzzzz.zzzzzz.9ZZ", "x" * MOST_VALUE)
    assert is_record(longest)
    assert len(feeds.record("0AA", longest)) <= LONG


@given(st.lists(st.text(max_size=30), max_size=9))
def test_whatever_comes_is_read_or_refused(words: list[str]) -> None:
    for read, least in (
        (feeds.read_have, 7),
        (lambda given: feeds.read_page(given, 200), 5),
        (feeds.read_record, 3),
        (feeds.read_bucket, 3),
        (feeds.read_news, 2),
    ):
        if len(words) >= least:
            try:
                read(words)
            except ValueError as error:
                assert "\n" not in str(error)
