"""NickServ: CERT, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, Club
from nickserv import ask
from states import opered

from chatnet.storage.answers import at_once
from chatnet.storage.record import Record

WORD = "correct-horse"
OTHER = "ab" * 32


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(accounts={"certificates": 2})
    club.account("ann", WORD)
    yield club
    club.check()


def test_the_certificate_that_one_shows(club: Club) -> None:
    ann = club.client("x", secure=True, certfp=CERTFP)
    assert ask(ann, "CERT ADD") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    ask(ann, f"IDENTIFY ann {WORD}")
    assert ask(ann, "CERT LIST") == ["No certificates of ann."]
    assert ask(ann, "CERT ADD") == ["Your certificate logs in to ann from now on."]
    assert ask(ann, f"CERT ADD {CERTFP}") == ["This certificate logs in to that account already."]
    assert ask(ann, "CERT LIST") == [f"{CERTFP} since 2023-11-14 22:13 UTC", "1 certificate of ann."]
    again = club.client("y", secure=True, certfp=CERTFP)
    assert again.user.account == "ann"
    assert ask(ann, f"CERT DEL {OTHER}") == ["This is no certificate of that account. CERT LIST lists them."]
    assert ask(ann, f"CERT DEL {CERTFP.upper()}") == ["It logs in to ann no more."]
    assert club.client("z", secure=True, certfp=CERTFP).user.account is None


def test_another_one_counts_from_its_first_use_on(club: Club) -> None:
    ann = club.client("x")
    ask(ann, f"IDENTIFY ann {WORD}")
    assert ask(ann, "CERT ADD") == ["You show no certificate now. Name one: CERT ADD <fingerprint>"]
    assert ask(ann, "CERT ADD f00d") == ["That is not a SHA-256 fingerprint of 64 hex digits."]
    coloned = ":".join(CERTFP[n : n + 2] for n in range(0, 64, 2))
    assert ask(ann, f"CERT ADD {coloned} phone") == [
        "It counts when somebody shows it who logs in with the password, within 7 days."
    ]
    assert ask(ann, "CERT LIST") == ["No certificates of ann."]
    phone = club.client("y", secure=True, certfp=CERTFP)
    assert phone.user.account is None  # else one would bind strangers
    ask(phone, f"IDENTIFY ann {WORD}")
    assert ask(ann, "CERT LIST")[0].endswith("UTC phone")
    assert club.client("z", secure=True, certfp=CERTFP).user.account == "ann"


def test_one_of_a_version_to_come_is_not_listed(club: Club) -> None:
    """Its record is kept, and means nothing here."""
    ann = club.client("x", secure=True, certfp=CERTFP)
    ask(ann, f"IDENTIFY ann {WORD}")
    ask(ann, "CERT ADD")
    strange = Record(club.named().id, f"cert:{OTHER}", "000000001.000000.9ZZ", "in another form")
    at_once(club.store.merge([strange], "elsewhere", "9ZZ", None))
    assert ask(ann, "CERT LIST") == [f"{CERTFP} since 2023-11-14 22:13 UTC", "1 certificate of ann."]


def test_limits(club: Club) -> None:
    for number in range(3):
        certfp = f"{number:064}"
        ann = club.client(f"x{number}", secure=True, certfp=certfp)
        ask(ann, f"IDENTIFY ann {WORD}")
        told = ask(ann, "CERT ADD")
    assert told == ["An account has at most 2 certificates."]
    club.account("eve", WORD)
    eve = club.client("y", secure=True, certfp=f"{0:064}")
    ask(eve, f"IDENTIFY eve {WORD}")
    assert ask(eve, "CERT ADD") == ["This certificate logs in to another account."]


def test_those_that_are_waited_for_are_limited_too(club: Club) -> None:
    ann = club.client("x")
    ask(ann, f"IDENTIFY ann {WORD}")
    account = club.accounts.registry.named("ann")
    assert account is not None

    def codes() -> int:
        records = club.done(club.accounts.read(account))
        return sum(each.field.startswith("code:") and each.value is not None for each in records)

    for number in (0, 1, 0):  # one takes the place of one of its label
        assert ask(ann, f"CERT ADD {number:064} label{number}")[0].startswith("It counts when")
    assert codes() == 2
    assert ask(ann, f"CERT ADD {OTHER} label2") == ["An account has at most 2 certificates."]
    assert codes() == 2
    club.clock.advance(8 * 86400)
    assert ask(ann, f"CERT ADD {OTHER} label2")[0].startswith("It counts when")
    assert codes() == 1  # those whose time is over are gone


def test_those_of_others_are_for_operators(club: Club) -> None:
    ann, root = club.client("x", secure=True, certfp=CERTFP), club.client("root")
    ask(ann, f"IDENTIFY ann {WORD}")
    ask(ann, "CERT ADD")
    denied = ["This is for operators with the privilege accounts."]
    for words in ("CERT LIST ann", f"CERT DEL {CERTFP} ann", f"CERT ADD {OTHER} phone ann"):
        assert ask(root, words) == denied
    opered(root, "accounts")
    assert ask(root, "CERT LIST ann")[-1] == "1 certificate of ann."
    assert ask(root, f"CERT ADD {OTHER} phone ann")[0].startswith("It counts when")
    assert ask(root, f"CERT DEL {CERTFP} ann") == ["It logs in to ann no more."]
    assert [(each.verb, each.detail) for each in club.store.audits] == [
        ("CERT ADD", OTHER),
        ("CERT DEL", CERTFP),
    ]
