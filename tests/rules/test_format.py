"""The format of records, by golden examples: frozen for good.

Servers of all versions of a network tell each other records, and keep each other's.  So nothing here may ever
change: what comes later brings kinds and fields of its own, and examples of these.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from chatnet.records import accounts, channels, claims, invites
from chatnet.records.accounts import State, Status
from chatnet.records.grammar import (
    field,
    fixed,
    is_entity,
    is_field,
    is_record,
    is_stamp,
    is_value,
    new_entity,
    seconds_of,
    server_entity,
    split,
)
from chatnet.records.meaning import RecordMeaning
from chatnet.records.merging import ends, is_news, outdated
from chatnet.records.value_parts import number
from chatnet.rules.stamps import Stamp, stamp_of
from chatnet.storage.digests import bucket, row
from chatnet.storage.record import Claim, Record
from chatnet.wire.casemap import folder

ANN = "a234567abcdefghijklmn"
BOB = "a765432abcdefghijklmn"
CLUB = "cabcdefghijklmnopqrst"
LINK = "i22222222222222222222"
SINCE = "0m5x1k2ab.000000.0AA"
LATER = "0m5x1k2ab.00000z.9ZZ"
HASH = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# grammar


@pytest.mark.parametrize(
    "text",
    [
        *(ANN, CLUB, "n0aa", "n9z9"),
        # of kinds that nobody knows yet, or that later pages brought
        *("babcdefghijklmnopqrst", "habcdefghijklmnopqrst", "i22222222222222222222", "vabcdefghijklmnopqrst"),
        "zabcdefghijklmnopqrst",
    ],
)
def test_entities(text: str) -> None:
    assert is_entity(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "a",
            "n",
            "aabc",
            ANN + "a",
            ANN[:-1],
            ANN.upper(),
            "a" + "1" * 20,
            "a" + "8" * 20,
            "1" + ANN[1:],
        ),
        *("n0AA", "naaa", "n0aaa", "nabcdefghijklmnopqrst", "a0aa", ANN + "\n", " " + ANN[1:], "ä" + ANN[1:]),
    ],
)
def test_what_is_no_entity(text: str) -> None:
    assert not is_entity(text)


def test_entities_are_made() -> None:
    assert server_entity("0AA") == "n0aa" and is_entity("n0aa")
    made = {new_entity("a") for _ in range(100)}
    assert len(made) == 100 and all(is_entity(each) and each[0] == "a" for each in made)


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        ("name", "name", ""),
        ("nick:ann{}", "nick", "ann{}"),
        ("set:hide-email", "set", "hide-email"),
        (f"cert:{HASH}", "cert", HASH),
        ("m:b:*!*@*.example.org", "m", "b:*!*@*.example.org"),
        (r"m:b:$r:a\sreal\sname", "m", "b:$r:a real name"),
        (r"akick:a\\b\s*!*@*", "akick", r"a\b *!*@*"),
        ("template:Ä", "template", "Ä"),
        ("m:::", "m", "::"),
        # that nobody knows yet
        ("future", "future", ""),
        ("x-2:it:is", "x-2", "it:is"),
    ],
)
def test_fields(text: str, name: str, key: str) -> None:
    assert is_field(text)
    assert split(text) == (name, key)
    assert field(name, key or None) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", ":key", "name:", "Name", "2fa", "-x", "a b", "a_b", "nick:a b", "nick:a\r", "nick:a\n"),
        *("nick:a\0", "nick:\\", "nick:\\n", "nick:\\\\\\", "nick:" + "x" * 296, "nick:" + "ä" * 148),
        "nick:\udcff",
    ],
)
def test_what_is_no_field(text: str) -> None:
    assert not is_field(text)


def test_fields_and_values_have_room() -> None:
    assert is_field("nick:" + "x" * 295)
    assert is_value("") and is_value("x" * 8192) and is_value("ä" * 4096) and is_value(" :, ")
    assert not any(map(is_value, ("x" * 8193, "ä" * 4097, "a\rb", "a\nb", "a\0b", "\udcff")))


def test_stamps_are_of_fixed_width() -> None:
    stamp = Stamp(1_764_000_000_000, 35, "0AA")
    assert stamp.text == "midc1z40.z.0AA"
    assert fixed(stamp.text) == "0midc1z40.00000z.0AA"
    assert stamp_of("0midc1z40.00000z.0AA") == stamp_of("midc1z40.z.0AA") == stamp
    assert seconds_of("0midc1z40.00000z.0AA") == 1_764_000_000
    assert fixed(Stamp(36**9 - 1, 36**6 - 1, "9ZZ").text) == "zzzzzzzzz.zzzzzz.9ZZ"
    assert is_stamp("0midc1z40.00000z.0AA")
    for text in (
        "",
        "midc1z40.z.0AA",
        "0midc1z40.00000z.0aa",
        "0MIDE68N4.00000z.0AA",
        "0midc1z40.00000z.AAA",
    ):
        assert not is_stamp(text)
    with pytest.raises(ValueError):
        stamp_of("0midc1z40.00000z")


@pytest.mark.parametrize(
    "record",
    [
        Record(ANN, "name", SINCE, f"{SINCE} Ann"),
        Record(ANN, "seen", SINCE, ""),
        Record(ANN, "nick:anna", SINCE, None),
        # of a kind and with a field that nobody knows: they are kept, and passed on
        Record("zabcdefghijklmnopqrst", "future:a\\sb", SINCE, "  any : text "),
    ],
)
def test_records(record: Record) -> None:
    assert is_record(record)


@pytest.mark.parametrize(
    "record",
    [
        Record("ann", "name", SINCE, ""),
        Record(ANN, "a b", SINCE, ""),
        Record(ANN, "name", "midc1z40.z.0AA", ""),
        Record(ANN, "name", SINCE, "a\nb"),
    ],
)
def test_what_is_no_record(record: Record) -> None:
    assert not is_record(record)


def test_no_value_stands_in_a_repr() -> None:
    record = Record(ANN, f"cert:{HASH}", SINCE, "planted")
    assert repr(record) == f"<Record {ANN} cert {SINCE}>"
    assert "planted" not in repr(accounts.Verifier((), "planted"))


# merging


@pytest.mark.parametrize(
    ("record", "known", "news"),
    [
        (Record(ANN, "vhost", SINCE, "1 a"), None, True),
        (Record(ANN, "vhost", SINCE, None), None, True),
        (Record(ANN, "vhost", LATER, "1 a"), Record(ANN, "vhost", SINCE, "1 b"), True),
        (Record(ANN, "vhost", SINCE, "1 b"), Record(ANN, "vhost", LATER, "1 a"), False),
        (Record(ANN, "vhost", SINCE, "1 b"), Record(ANN, "vhost", SINCE, "1 a"), True),
        (Record(ANN, "vhost", SINCE, "1 a"), Record(ANN, "vhost", SINCE, "1 a"), False),
        (Record(ANN, "vhost", SINCE, ""), Record(ANN, "vhost", SINCE, None), True),
        (Record(ANN, "vhost", SINCE, None), Record(ANN, "vhost", SINCE, ""), False),
        (Record(ANN, "vhost", LATER, None), Record(ANN, "vhost", SINCE, "1 a"), True),
        (Record(ANN, "status", SINCE, "erased"), Record(ANN, "status", LATER, "active"), True),
        (Record(ANN, "status", LATER, "active"), Record(ANN, "status", SINCE, "erased"), False),
        (Record(ANN, "status", LATER, None), Record(ANN, "status", SINCE, "erased"), False),
        (Record(ANN, "status", LATER, "erased"), Record(ANN, "status", SINCE, "erased"), True),
        # another field may say so, and ends nothing
        (Record(ANN, "vhost", SINCE, "erased"), Record(ANN, "vhost", LATER, "1 a"), False),
    ],
)
def test_which_record_is_news(record: Record, known: Record | None, news: bool) -> None:
    assert is_news(record, known) is news


def test_what_ends_an_entity() -> None:
    assert ends(Record(ANN, "status", SINCE, "erased")) and ends(Record(CLUB, "status", SINCE, "erased"))
    assert not ends(Record(ANN, "status", SINCE, "dropped"))
    assert not ends(Record(ANN, "set:status", SINCE, "erased"))
    assert RecordMeaning.ending == "status"


@pytest.mark.parametrize(
    "record",
    [
        Record("babcdefghijklmnopqrst", "ban", SINCE, "1 1764600000 refuse ann K *@a.example :spam"),
        Record(LINK, "invite", SINCE, f"1 1764600000 50 0 1 - {ANN} {HASH} {CLUB} :"),
        Record(LINK, f"used:{ANN}", SINCE, "1 1764600000"),
        Record(LINK, "closed", SINCE, "1 1764600000 bob :"),
    ],
)
def test_what_is_over_by_itself_says_when_in_each_record(record: Record) -> None:
    """So that all of an invite is forgotten at one time, and whoever brings one of them back is not heard."""
    assert not outdated(record, fixed(Stamp(1_764_600_000_000, 0, "000").text))
    assert outdated(record, fixed(Stamp(1_764_600_001_000, 0, "000").text))


# digests; the numbers are those of `b2sum -l 64`


@pytest.mark.parametrize(
    ("record", "digest"),
    [
        (Record(ANN, "name", SINCE, f"{SINCE} Ann"), 0x5FEC14800E31ED44),
        (Record(ANN, "name", SINCE, None), 0xE8BF21BB3352C689),
        (Record(ANN, "seen", "0m5x1k2ab.000001.0AA", ""), 0x281534D57FAFEC9E),
        (Record(ANN, "seen", "0m5x1k2ab.000001.0AA", None), 0xA010DF49746F0FE8),
        (Record(CLUB, "set:url", LATER, "http://example.org/ü"), 0x3B97B5E01FC61BA6),
    ],
)
def test_the_digest_of_a_row(record: Record, digest: int) -> None:
    assert row(record) == digest


def test_the_bucket_of_an_entity() -> None:
    assert [bucket(entity) for entity in (ANN, CLUB, "n0aa")] == [0xEF, 0x46, 0x0F]


# values


class Value(Protocol):
    """What a value is read as."""

    @property
    def text(self) -> str: ...


VALUES: list[tuple[str, Value]] = [
    (f"{SINCE} Ann", accounts.Named(SINCE, "Ann")),
    (f"{SINCE} #club", accounts.Named(SINCE, "#club")),
    ("1764000000 0AA", accounts.Created(1764000000, "0AA")),
    (
        "- SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        accounts.Verifier(
            (),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
            "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        ),
    ),
    (f"{SINCE},{LATER} import$rawsha1$x", accounts.Verifier((SINCE, LATER), "import$rawsha1$x")),
    (
        "- $argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
        accounts.Verifier((), "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"),
    ),
    ("active", Status(State.ACTIVE)),
    ("pending 1764000000", Status(State.PENDING, 1764000000)),
    ("suspended 0 bob :", Status(State.SUSPENDED, 0, "bob")),
    ("suspended 1764000000 bob :he knows: why", Status(State.SUSPENDED, 1764000000, "bob", "he knows: why")),
    ("0 bob :", accounts.Suspension(0, "bob", "")),
    ("1764000000 bob :he knows: why", accounts.Suspension(1764000000, "bob", "he knows: why")),
    ("dropped", Status(State.DROPPED)),
    ("erased", Status(State.ERASED)),
    ("0 ann@example.org", accounts.Email(False, "ann@example.org")),
    ("1 ann@example.org", accounts.Email(True, "ann@example.org")),
    (f"{HASH} 1764000000", accounts.Code(HASH, 1764000000)),
    (f"{SINCE} my phone", accounts.Certificate(SINCE, "my phone")),
    (f"{SINCE} ", accounts.Certificate(SINCE, "")),
    (f"{HASH} 1764000000 0 all the phone", accounts.Token(HASH, 1764000000, 0, "all", "the phone")),
    (
        f"{HASH} 1764000000 1765000000 read,post ",
        accounts.Token(HASH, 1764000000, 1765000000, "read,post", ""),
    ),
    ("1 ann.users.example.org", accounts.Vhost(True, "ann.users.example.org")),
    ("0 ann.users.example.org", accounts.Vhost(False, "ann.users.example.org")),
    ("bob :a friend: of ours", accounts.Mark("bob", "a friend: of ours")),
    (f"{ANN} 1764000000", channels.Transfer(ANN, 1764000000)),
    (f"{ANN} 1764000000 {BOB}", channels.Transfer(ANN, 1764000000, BOB)),
    (f"AOv 1764000000 {ANN}", channels.Access("AOv", 1764000000, ANN)),
    ("0 k bob :spam", channels.Akick(0, "k", "bob", "spam")),
    ("1764000000 q bob :", channels.Akick(1764000000, "q", "bob", "")),
    ("bob!bob@192.0.2.1 *!*@192.0.2.7", channels.Entry("bob!bob@192.0.2.1", "*!*@192.0.2.7")),
    ("bob!bob@192.0.2.1 :", channels.Topic("bob!bob@192.0.2.1", "")),
    ("bob!bob@192.0.2.1 : Welcome :)", channels.Topic("bob!bob@192.0.2.1", " Welcome :)")),
    (
        f"1764000000 1764600000 50 0 1 - {ANN} {HASH} {CLUB} :",
        invites.InviteValue(1764000000, 1764600000, 50, False, True, "", ANN, HASH, (CLUB,), ""),
    ),
    (
        f"1764000000 1764600000 1 1 0 AV *root {HASH} {CLUB},#tea: :for the fair",
        invites.InviteValue(
            1764000000, 1764600000, 1, True, False, "AV", "*root", HASH, (CLUB, "#tea:"), "for the fair"
        ),
    ),
    ("1764000000 1764600000", invites.Used(1764000000, 1764600000)),
    ("1764000000 1764600000 bob :", invites.Closed(1764000000, 1764600000, "bob", "")),
    ("1764000000 1764600000 bob :too: many", invites.Closed(1764000000, 1764600000, "bob", "too: many")),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text: str, value: Value) -> None:
    read: Value = type(value).read(text)  # type: ignore[attr-defined]  # each has its own
    assert read == value
    assert read.text == value.text == text
    assert is_value(text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((accounts.Named, text) for text in ("", "Ann", f"{SINCE} ", f"{SINCE} a b", "midc1z40.z.0AA Ann")),
        *(
            (accounts.Created, text)
            for text in ("", "1764000000", "1764000000 ", "1764000000 irc1", "now 0AA")
        ),
        *((accounts.Verifier, text) for text in ("", "x", "- ", "- a b", "-, x", f"{SINCE}, x", " x")),
        *((Status, text) for text in ("", "Active", "active ", "erased 1", "gone", "pending", "pending x")),
        *((Status, f"suspended {text}") for text in ("", "0", "0 bob", "0 bob why", "x bob :why", "0  :why")),
        *((accounts.Email, text) for text in ("", "1", "1 ", "2 a@b", "ann@example.org", "1 a b@c")),
        *(
            (accounts.Code, text)
            for text in ("", HASH, f"{HASH} x", f"{HASH.upper()} 1", "abc 1", f"{HASH} 1 1")
        ),
        *((accounts.Certificate, text) for text in ("", SINCE, "1764000000 phone")),
        *(
            (accounts.Token, text)
            for text in ("", HASH, f"{HASH} 1 0 all", f"{HASH} 1  all x", f"{HASH} 1 - all x")
        ),
        *((accounts.Vhost, text) for text in ("", "1", "1 ", "on a", "1 a b")),
        *((accounts.Mark, text) for text in ("", "bob", "bob x", " :x")),
        *(
            (channels.Transfer, text)
            for text in (
                "",
                ANN,
                "ann 1764000000",
                f"{ANN} soon",
                f"{ANN} 1764000000 ",
                f"{ANN} 1764000000 bob",
            )
        ),
        *((channels.Access, text) for text in ("", "AO", "AO 1764000000", "AO x bob", "AO 1764000000 bob b")),
        *((channels.Akick, text) for text in ("", "0 k bob", "0 x bob :", "x k bob :", "0 k bob spam")),
        *((channels.Entry, text) for text in ("", "bob", "bob ", "bob a b")),
        *((channels.Topic, text) for text in ("", "bob", "bob topic", " :topic")),
        *(
            (invites.InviteValue, text)
            for text in (
                *("", f"1 2 50 0 1 - {ANN} {HASH} #c", f"1 2 50 0 1 - {ANN} {HASH} #c label"),
                *(f"1 0 50 0 1 - {ANN} {HASH} #c :", f"1 2 x 0 1 - {ANN} {HASH} #c :"),
                *(f"1 2 50 2 1 - {ANN} {HASH} #c :", f"1 2 50 0 1 1 {ANN} {HASH} #c :"),
                *(f"1 2 50 0 1 - {ANN} {HASH[1:]} #c :", f"1 2 50 0 1 - {ANN} {HASH} #c, :"),
            )
        ),
        *((invites.Used, text) for text in ("", "1", "1 0", "1 x", "1 2 3")),
        *((invites.Closed, text) for text in ("", "1 2", "1 2 bob", "1 2 bob why", "1 0 bob :why")),
    ],
)
def test_what_is_no_value(kind: type[Value], text: str) -> None:
    with pytest.raises(ValueError):
        kind.read(text)  # type: ignore[attr-defined]


def test_values_of_one_word() -> None:
    """`seen`, `ts`, `heard`: a number; `founder`, `successor`, the key of `owner`: an id."""
    assert number("0") == 0 and number("20421") == 20421
    for text in ("", "-1", "1.5", "x", "٣", " 1", "1" * 16):
        with pytest.raises(ValueError):
            number(text)
    assert channels.entity(CLUB) == CLUB and accounts.owner_of(ANN) == ANN
    for text in ("", "ann"):
        with pytest.raises(ValueError):
            channels.entity(text)
    for text in ("", "ann", CLUB):
        with pytest.raises(ValueError):
            accounts.owner_of(text)


def test_names_of_fields() -> None:
    assert [
        *(accounts.NAME, accounts.CREATED, accounts.VERIFIER, accounts.EMAIL, accounts.CODE, accounts.NICK),
        *(accounts.CERTIFICATE, accounts.TOKEN, accounts.OWNER, accounts.SETTING, accounts.VHOST),
        *(accounts.SEEN, accounts.MARK),
    ] == [
        *("name", "created", "verifier", "email", "code", "nick", "cert", "token", "owner", "set", "vhost"),
        *("seen", "mark"),
    ]
    assert [
        *(channels.TS, channels.FOUNDER, channels.SUCCESSOR, channels.TRANSFER, channels.FLAGS),
        *(channels.AKICK, channels.TEMPLATE, channels.REGISTER, channels.HEARD, channels.GONE),
    ] == ["ts", "founder", "successor", "transfer", "flags", "akick", "template", "m", "heard", "gone"]
    assert [invites.FIELD, invites.USED, invites.CLOSED] == ["invite", "used", "closed"]


# claims


@pytest.mark.parametrize(
    ("record", "claim"),
    [
        (Record(ANN, "name", LATER, f"{SINCE} A[b"), Claim("a{b", claims.NAMES, SINCE, ANN)),
        (Record(ANN, "nick:a{c", LATER, f"{SINCE} A[c"), Claim("a{c", claims.NAMES, SINCE, ANN)),
        (Record(ANN, f"cert:{HASH}", LATER, f"{SINCE} "), Claim(HASH, claims.CERTIFICATES, SINCE, ANN)),
        (Record(ANN, "token:abcdef", LATER, f"{HASH} 1 0 all "), Claim(HASH, claims.TOKENS, LATER, ANN)),
        (Record(CLUB, "name", LATER, f"{SINCE} #Club"), Claim("#club", claims.CHANNELS, SINCE, CLUB)),
        (
            Record(LINK, "invite", LATER, f"1 2 50 0 1 - {ANN} {HASH} {CLUB} :"),
            Claim(HASH, claims.INVITES, LATER, LINK),
        ),
        (Record(LINK, "invite", LATER, "of a version to come"), None),
        (Record(ANN, "invite", LATER, f"1 2 50 0 1 - {ANN} {HASH} {CLUB} :"), None),
        *(
            (Record(ANN, field, LATER, value), None)
            for field, value in (
                ("name", None),
                ("name", "Ann"),
                ("name", f"{SINCE} ann~k3fq"),
                ("nick:ann", None),
                ("nick:ann", SINCE),
                ("nick", f"{SINCE} ann"),
                ("cert:abc", f"{SINCE} "),
                ("token:abcdef", HASH),
                ("vhost", f"{SINCE} ann"),
            )
        ),
        (Record(CLUB, "nick:ann", LATER, f"{SINCE} ann"), None),
        (Record("n0aa", "name", LATER, f"{SINCE} irc.example.org"), None),
        (Record("zabcdefghijklmnopqrst", "name", LATER, f"{SINCE} ann"), None),
    ],
)
def test_which_name_a_record_asks_for(record: Record, claim: Claim | None) -> None:
    assert claims.claim(record, folder("rfc1459")) == claim
    assert RecordMeaning(folder("rfc1459")).claim(record) == claim


def test_kinds_of_names() -> None:
    kinds = (claims.NAMES, claims.CERTIFICATES, claims.CHANNELS, claims.TOKENS, claims.INVITES)
    assert kinds == (0, 1, 2, 3, 4)


def test_who_has_a_name() -> None:
    other = "a777777abcdefghijklmn"
    assert claims.owner([]) is None
    assert claims.owner([Claim("ann", 0, LATER, ANN), Claim("ann", 0, SINCE, other)]) == other
    assert claims.owner([Claim("ann", 0, SINCE, other), Claim("ann", 0, SINCE, ANN)]) == ANN


@pytest.mark.parametrize(
    ("name", "others", "limit", "shown"),
    [
        ("ann", [], 30, "ann~2345"),
        ("ann", ["a2346" + "a" * 16], 30, "ann~2345"),
        ("ann", ["a2345" + "a" * 16], 30, "ann~234567"),
        ("ann", ["a234567ax" + "a" * 12], 30, "ann~234567ab"),
        ("annabella", [], 9, "anna~2345"),
        ("annabella", ["a2345" + "a" * 16], 9, "an~234567"),
    ],
)
def test_what_the_other_one_is_called(name: str, others: list[str], limit: int, shown: str) -> None:
    assert claims.shown_lost(name, ANN, [ANN, *others], limit) == shown
