"""What each store does, whatever it keeps records in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from storage_kinds import (
    ANN,
    BOB,
    CAT,
    CLUB,
    InDatabases,
    InFiles,
    InMemory,
    Kind,
    Told,
    grouped,
    named,
    stamp,
)

from chatnet.records.claims import CHANNELS, INVITES, NAMES
from chatnet.records.grammar import ban_entity
from chatnet.storage.answers import at_once as wait
from chatnet.storage.digests import bucket, row
from chatnet.storage.interfaces import FIRST, NOWHERE, NameTaken, Position, Store
from chatnet.storage.record import Audit, Claim, Record


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.client)])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param == "postgresql":
        databases = InDatabases(tmp_path, request.getfixturevalue("postgres"))
        yield databases
        databases.close()
    else:
        yield InMemory() if request.param == "memory" else InFiles(tmp_path)


@pytest.fixture
def store(kind: Kind) -> Store:
    return kind.make()


OF_ONE_SERVER = pytest.mark.parametrize("kind", ["memory", "sqlite"], indirect=True)
"""What a file is, and a database is not: its copies are those of a server."""


def has(store: Store) -> dict[tuple[str, str], Record]:
    return {(record.entity, record.field): record for record in store.load()}


# writing


def test_what_was_written_is_there(store: Store) -> None:
    told = Told(store)
    records = [named(ANN, "ann", 5), Record(ANN, "seen", stamp(5), "")]
    assert wait(store.write(records)) is None
    assert told.take() == records
    assert wait(store.entity(ANN)) == records
    assert wait(store.entity(BOB)) == []
    assert list(store.load()) == records


def test_some_fields_need_not_be_loaded(store: Store) -> None:
    records = [
        named(ANN, "ann", 5),
        Record(ANN, "set:seen", stamp(5), ""),
        Record(BOB, "seen", stamp(5), "1"),
    ]
    wait(
        store.write([*records, Record(ANN, "verifier", stamp(5), "v"), Record(BOB, "verifier", stamp(5), "")])
    )
    assert list(store.load(without={"verifier", "absent"})) == records
    assert list(store.load(without={"verifier", "seen"})) == records[:2]


def test_of_all_stamps_the_last_ones_are_told(store: Store) -> None:
    """Of each server, of each span of 17 hours, and of those the last that was no other one's successor."""
    span = 36**5
    later = f"{stamp(9)[:10]}000002{stamp(9)[16:]}"
    stamps = [stamp(5), stamp(8), later, stamp(7, "0BB"), stamp(span - 1, "0BB"), stamp(span, "0BB")]
    wait(store.write([Record(ANN, f"set:{number}", each, "") for number, each in enumerate(stamps)]))
    assert set(store.stamps()) == {stamp(8), later, stamp(span - 1, "0BB"), stamp(span, "0BB")}


def test_the_later_word_holds(store: Store) -> None:
    told = Told(store)
    later = Record(ANN, "vhost", stamp(7), "1 later")
    wait(store.write([later]))
    wait(store.write([Record(ANN, "vhost", stamp(6), "1 earlier"), Record(ANN, "vhost", stamp(7), "1 a")]))
    assert told.take() == [later]
    assert wait(store.entity(ANN)) == [later]
    removed = Record(ANN, "vhost", stamp(8), None)
    wait(store.write([removed]))
    assert told.take() == wait(store.entity(ANN)) == [removed]


def test_of_what_is_erased_nothing_is_kept_or_taken(store: Store) -> None:
    told = Told(store)
    erased = Record(ANN, "status", stamp(2), "erased")
    wait(
        store.write(
            [named(ANN, "ann", 5), grouped(ANN, "anna", 5), Record(ANN, "status", stamp(6), "active")]
        )
    )
    wait(store.write([named(BOB, "bob", 5)]))
    told.take()
    wait(store.write([erased]))
    wait(store.write([named(ANN, "ann", 9), Record(ANN, "status", stamp(9), "active")]))
    assert told.take() == [erased]
    assert has(store) == {(ANN, "status"): erased, (BOB, "name"): named(BOB, "bob", 5)}
    assert wait(store.owner("ann", NAMES)) == wait(store.owner("anna", NAMES)) == []
    later = Record(ANN, "status", stamp(10), "erased")
    wait(store.write([later]))
    assert wait(store.entity(ANN)) == [later]


def test_an_end_counts_within_a_page_as_well(store: Store) -> None:
    end = Record(ANN, "status", stamp(2), "erased")
    news = wait(store.merge([named(ANN, "ann", 5), end, grouped(ANN, "anna", 6)], "s", "0BB", None))
    assert news == [named(ANN, "ann", 5), end]
    assert list(store.load()) == [end]
    assert wait(store.owner("ann", NAMES)) == []


def test_the_last_of_several_words_in_a_page_holds(store: Store) -> None:
    told = Told(store)
    words = [Record(ANN, "vhost", stamp(ms), f"1 v{ms}") for ms in (5, 7, 6)]
    assert wait(store.merge(words, "s", "0BB", None)) == words[:2]
    # What did not last need not be told: a copy of a database never sees it.
    assert told.take() in (words[:2], words[1:2])
    assert wait(store.entity(ANN)) == words[1:2]


def test_odd_texts_are_kept_as_they_are(store: Store) -> None:
    records = [
        Record(ANN, "set:ä\\s\\\\'\"%?:x", stamp(1), "  '; DROP TABLE record; -- ?:% 💬 "),
        Record("zabcdefghijklmnopqrst", "future:x", stamp(1), ""),
    ]
    wait(store.write(records))
    assert list(store.load()) == records


def test_text_is_in_the_order_of_its_code_points(store: Store) -> None:
    """Of equal stamps the greater value holds, for which all have to agree."""
    for key, (less, more) in enumerate((("Ä", "💬"), ("Z", "a"), ("", " "), ("a", "ab"), ("\uffff", "💬"))):
        for value in (less, more, less):
            wait(store.write([Record(ANN, f"set:{key}", stamp(1), value)]))
        assert wait(store.entity(ANN))[-1].value == more


# names


def test_who_asked_first_has_a_name(store: Store) -> None:
    wait(store.merge([named(BOB, "A[n", 7), named(ANN, "a{N", 6), grouped(CAT, "a{n", 7)], "s", "0BB", None))
    claims = [Claim("a{n", NAMES, stamp(at), entity) for entity, at in ((ANN, 6), (BOB, 7), (CAT, 7))]
    assert wait(store.owner("a{n", NAMES)) == claims
    assert wait(store.owner("a{n", CHANNELS)) == wait(store.owner("ann", NAMES)) == []
    wait(store.write([named(ANN, "ann", 8)]))
    assert wait(store.owner("a{n", NAMES)) == claims[1:]
    assert wait(store.owner("ann", NAMES)) == [Claim("ann", NAMES, stamp(8), ANN)]
    wait(store.write([Record(CAT, "nick:a{n", stamp(9), None), Record(BOB, "name", stamp(9), "nonsense")]))
    assert wait(store.owner("a{n", NAMES)) == []


def test_two_claims_of_one_account_count_until_both_are_gone(store: Store) -> None:
    wait(store.write([named(ANN, "ann", 5), grouped(ANN, "ann", 4)]))
    assert len(wait(store.owner("ann", NAMES))) == 2
    wait(store.write([Record(ANN, "nick:ann", stamp(6), None)]))
    assert wait(store.owner("ann", NAMES)) == [Claim("ann", NAMES, stamp(5), ANN)]


def test_a_name_that_is_to_be_free_is_not_given_out_twice(store: Store) -> None:
    told = Told(store)
    wait(store.write([named(ANN, "ann", 5)], free=[("ann", NAMES)]))
    with pytest.raises(NameTaken) as refused:
        wait(store.write([named(BOB, "ann", 6), Record(BOB, "seen", stamp(6), "")], free=[("ann", NAMES)]))
    assert (refused.value.folded, refused.value.kind) == ("ann", NAMES)
    assert told.take() == list(store.load()) == [named(ANN, "ann", 5)]
    wait(store.write([grouped(ANN, "ann", 7)], free=[("ann", NAMES), ("x", NAMES)]))  # it is their own
    wait(store.write([named(CLUB, "ann", 7)], free=[("ann", CHANNELS)]))  # another kind
    wait(store.write([named(BOB, "ann", 8)]))  # nobody asked
    assert [claim.entity for claim in wait(store.owner("ann", NAMES))] == [ANN, ANN, BOB]


def test_names_of_the_erased_are_free(store: Store) -> None:
    wait(store.write([named(ANN, "ann", 5)]))
    wait(store.write([Record(ANN, "status", stamp(6), "erased")]))
    wait(store.write([named(BOB, "ann", 7)], free=[("ann", NAMES)]))
    assert [claim.entity for claim in wait(store.owner("ann", NAMES))] == [BOB]


# pages


def test_pages_are_in_the_order_of_arrival(store: Store) -> None:
    first, second, third = named(ANN, "ann", 9), named(BOB, "bob", 8), named(CAT, "cat", 7)
    for record in (first, second, third):
        wait(store.write([record]))
    page = wait(store.page(0, 2))
    assert (page.records, page.seq, page.head) == ([first, second], 2, 3)
    page = wait(store.page(2, 2))
    assert (page.records, page.seq, page.head) == ([third], 3, 3)
    page = wait(store.page(3, 2))
    assert (page.records, page.seq, page.head) == ([], 3, 3)


def test_what_changes_moves_to_the_end(store: Store) -> None:
    for record in (named(ANN, "ann", 5), named(BOB, "bob", 5), named(ANN, "anna", 6)):
        wait(store.write([record]))
    page = wait(store.page(0, 9))
    assert (page.records, page.seq, page.head) == ([named(BOB, "bob", 5), named(ANN, "anna", 6)], 3, 3)
    wait(store.write([Record(ANN, "status", stamp(7), "erased")]))
    page = wait(store.page(0, 1))
    assert (page.records, page.seq, page.head) == ([named(BOB, "bob", 5)], 2, 4)


def test_what_is_no_news_gets_no_number(store: Store) -> None:
    wait(store.write([named(ANN, "ann", 5)]))
    wait(store.merge([named(ANN, "ann", 5)], "s", "0BB", None))
    assert wait(store.page(0, 9)).head == 1


def test_an_empty_store_has_an_empty_page(store: Store) -> None:
    page = wait(store.page(0, 9))
    assert (page.records, page.seq, page.head) == ([], 0, 0)


def test_what_is_corrected_holds_though_it_is_earlier(store: Store, kind: Kind) -> None:
    wait(store.write([named(ANN, "ann", 9), Record(ANN, "seen", stamp(9), "1")]))
    told = Told(store)
    earlier = named(ANN, "ann", 5)
    wait(store.correct([earlier, named(BOB, "bob", 5)]))
    assert told.take() == [earlier]
    assert has(store)[ANN, "name"] == earlier and (BOB, "name") not in has(store)
    assert [claim.since for claim in wait(store.owner("ann", NAMES))] == [stamp(5)]
    page = wait(store.page(0, 10))
    assert [record.field for record in page.records] == ["seen", "name"]
    digests = [0] * 256
    for record in store.load():
        digests[bucket(record.entity)] ^= row(record)
    assert list(wait(store.digests("a"))) == digests
    assert has(kind.restarted(store)) == has(store)


def test_what_was_changed_meanwhile_is_not_corrected(store: Store) -> None:
    wait(store.write([named(ANN, "ann", 9)]))
    for each in (9, 10):
        wait(store.correct([named(ANN, "other", each)]))
    assert has(store)[ANN, "name"] == named(ANN, "ann", 9)


# runs, and how far others are read


def test_how_far_another_store_is_read(store: Store, kind: Kind) -> None:
    assert wait(store.position("s")) == NOWHERE
    assert wait(store.last("0BA")) is None
    wait(store.merge([named(ANN, "ann", 5)], "s", "0BB", Position("r1", 7, 9)))
    wait(store.merge([], "t", "0CC", Position("r2", 1, 1)))
    assert wait(store.position("s")) == Position("r1", 7, 9)
    wait(store.merge([], "s", "0BB", None))
    assert wait(store.position("s")) == Position("r1", 7, 9)
    wait(store.merge([], "s", "0BB", Position("r3", 2, 2)))
    again = kind.restarted(store)
    assert wait(again.position("s")) == Position("r3", 2, 2)
    assert wait(again.position("t")) == Position("r2", 1, 1)
    assert wait(again.last("0BB")) == ("s", Position("r3", 2, 2))
    assert wait(again.last("0CC")) == ("t", Position("r2", 1, 1))


def read(store: Store) -> Position:
    """All of it, as somebody remembers who reads it."""
    page = wait(store.page(0, 99))
    return Position(page.run, page.seq, page.head)


def test_from_where_somebody_has_to_read_on(store: Store, kind: Kind) -> None:
    wait(store.write([named(ANN, "ann", 5), named(BOB, "bob", 5)]))
    position = read(store)
    assert wait(store.begin(NOWHERE)) == 0
    assert wait(store.begin(position)) == 2
    assert wait(store.begin(Position("unknown", 2, 2))) == 0
    again = kind.restarted(store)
    assert wait(again.begin(position)) == 2
    assert wait(again.begin(Position(position.run, 1, 2))) == 1
    assert again.id == store.id
    assert wait(again.begin(read(again))) == 2


@OF_ONE_SERVER
def test_each_start_is_a_run_of_its_own(store: Store, kind: Kind) -> None:
    run = read(store).run
    again = kind.restarted(store)
    assert read(again).run != run


@OF_ONE_SERVER
def test_a_store_that_was_restored_is_read_anew(store: Store, kind: Kind) -> None:
    wait(store.write([named(ANN, "ann", 5)]))
    early = read(store)
    saved = kind.saved(store)
    wait(store.write([named(BOB, "bob", 5)]))
    position = read(store)
    old = saved("0AA")
    assert old.id == store.id
    wait(old.write([named(CAT, "cat", 5)]))
    again = kind.restarted(old)
    assert wait(again.begin(early)) == 1
    assert wait(again.begin(position)) == 0
    # who had read only a part of what was lost has seen how far it went
    assert wait(again.begin(Position(early.run, 1, 2))) == 0


@OF_ONE_SERVER
def test_a_copy_for_another_server_is_another_store(store: Store, kind: Kind) -> None:
    wait(store.merge([named(ANN, "ann", 5)], "s", "0BB", Position("r1", 7, 9)))
    position = read(store)
    other = kind.saved(store)("1AA")
    assert other.id != store.id
    assert list(other.load()) == list(store.load())
    assert wait(other.begin(position)) == 0
    assert wait(other.position("s")) == Position("r1", 7, 9)
    # what it was copied of it has read so far
    assert wait(store.begin(wait(other.position(store.id)))) == 1


# digests


def test_digests_are_those_of_the_rows(store: Store) -> None:
    records = [named(ANN, "ann", 5), grouped(ANN, "anna", 5), named(BOB, "bob", 5), named(CLUB, "#club", 5)]
    wait(store.write(records))
    expected = [0] * 256
    for record in records[:3]:
        expected[bucket(record.entity)] ^= row(record)
    assert list(wait(store.digests("a"))) == expected
    assert [each for each in wait(store.digests("c")) if each] == [row(records[3])]
    assert not any(wait(store.digests("n")))
    changed = Record(ANN, "nick:anna", stamp(6), None)
    wait(store.write([changed]))
    expected[bucket(ANN)] ^= row(records[1]) ^ row(changed)
    assert list(wait(store.digests("a"))) == expected
    end = Record(ANN, "status", stamp(6), "erased")
    wait(store.write([end]))
    expected[bucket(ANN)] ^= row(records[0]) ^ row(changed) ^ row(end)
    assert list(wait(store.digests("a"))) == expected


def test_a_bucket_is_of_the_entities_that_belong_in_it(store: Store) -> None:
    records = [named(ANN, "ann", 5), grouped(ANN, "anna", 5), named(BOB, "bob", 5), named(CLUB, "#club", 5)]
    wait(store.write(records))
    assert bucket(ANN) != bucket(BOB)
    assert wait(store.bucket("a", bucket(ANN), FIRST, 9)) == (records[:2], None)
    assert wait(store.bucket("a", bucket(BOB), FIRST, 9)) == (records[2:3], None)
    assert wait(store.bucket("c", bucket(ANN), FIRST, 9)) == ([], None)


@pytest.mark.parametrize(("most", "looked_at"), [(1, 1), (1, 5000), (2, 2), (3, 5000), (200, 3), (200, 5000)])
def test_a_bucket_is_read_in_parts(
    store: Store, most: int, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ids are looked at for one: all of it comes, in order and once."""
    monkeypatch.setattr("chatnet.storage.reading.LOOKED_AT", looked_at)
    ids = ["a" + "".join(letters) + "a" * 17 for letters in product("abcdefgh", repeat=3)]
    [(number, entities)] = Counter(map(bucket, ids)).most_common(1)
    records = [grouped(each, nick, 5) for each in ids for nick in ("one", "three", "two")]
    wait(store.write(records))
    assert entities > 2
    found: list[Record] = []
    behind: tuple[str, str] | None = FIRST
    while behind is not None:
        part = wait(store.bucket("a", number, behind, most))
        assert len(part.records) <= most
        found += part.records
        behind = part.behind
    assert found == [record for record in records if bucket(record.entity) == number]


# growing old


def test_removals_are_forgotten_and_not_taken_again(store: Store, kind: Kind) -> None:
    told = Told(store)
    old, younger = Record(ANN, "nick:a", stamp(5), None), Record(ANN, "nick:b", stamp(6), None)
    kept = named(ANN, "ann", 4)
    wait(store.write([old, younger, kept, Record(BOB, "nick:c", stamp(5), None)]))
    told.take()
    assert wait(store.forget(stamp(6))) == 2
    assert told.take() == []
    assert list(wait(store.entity(ANN))) == [kept, younger]
    assert wait(store.entity(BOB)) == []
    assert wait(store.digests("a"))[bucket(ANN)] == row(kept) ^ row(younger)
    assert wait(store.merge([old], "s", "0BB", None)) == []
    again = kind.restarted(store)
    assert wait(again.merge([old], "s", "0BB", None)) == []
    assert wait(again.forget(stamp(5))) == 0
    assert wait(again.merge([old], "s", "0BB", None)) == []
    assert wait(again.merge([Record(ANN, "nick:a", stamp(5), "x")], "s", "0BB", None)) != []


def test_no_number_is_given_out_twice_though_the_last_is_forgotten(store: Store) -> None:
    wait(store.write([named(BOB, "bob", 5), Record(ANN, "nick:a", stamp(5), None)]))
    position = read(store)
    assert wait(store.forget(stamp(6))) == 1
    page = wait(store.page(1, 9))
    assert (page.records, page.seq, page.head) == ([], 2, 2)
    wait(store.write([named(CAT, "cat", 6)]))
    assert wait(store.page(wait(store.begin(position)), 9)).records == [named(CAT, "cat", 6)]


# mail


def test_mail_waits_until_it_is_due_and_survives_a_restart(kind: Kind) -> None:
    store = kind.make()
    told = Told(store)
    for body, due in (("second", 20.9), ("first", 10.0), ("third", 20.0)):
        assert wait(store.post(body, due)) is None
    assert wait(store.letters(9.9, 10)) == []
    assert [each.body for each in wait(store.letters(20.0, 10))] == ["first", "second", "third"]
    (first,) = wait(store.letters(20.0, 1))
    assert (first.due, first.tries) == (10, 0) and "first" not in repr(first)
    wait(store.put_off(first.id, 30.0))
    store = kind.restarted(store)
    assert [(each.body, each.due, each.tries) for each in wait(store.letters(30.0, 10))] == [
        ("second", 20, 0),
        ("third", 20, 0),
        ("first", 30, 1),
    ]
    wait(store.discard(first.id))
    wait(store.discard(first.id))  # it is gone already
    assert [each.body for each in wait(store.letters(99.0, 10))] == ["second", "third"]
    assert told.take() == []


@OF_ONE_SERVER
def test_mail_goes_with_a_copy(kind: Kind) -> None:
    store = kind.make()
    wait(store.post("one", 1.0))
    copy = kind.saved(store)("0AA")
    wait(copy.post("two", 2.0))
    assert [each.body for each in wait(copy.letters(9.0, 9))] == ["one", "two"]
    assert [each.body for each in wait(store.letters(9.0, 9))] == ["one"]


def test_bans_that_were_over_before_are_forgotten_too_and_not_taken(store: Store, kind: Kind) -> None:
    ban = ban_entity("K", "*@bad.example")
    old = Record(ban, "ban", stamp(1_000_000), "1000 1500 refuse ann K *@bad.example :spam")
    later = Record(
        ban_entity("D", "192.0.2.7"), "ban", stamp(1_000_000), "1000 3000 refuse ann D 192.0.2.7 :x"
    )
    ever = Record(ban_entity("D", "192.0.2.8"), "ban", stamp(1_000_000), "1000 0 refuse ann D 192.0.2.8 :x")
    wait(store.write([old, later, ever, named(ANN, "ann", 1)]))
    assert wait(store.forget(stamp(1_400_000))) == 0
    assert wait(store.forget(stamp(2_000_000))) == 1
    assert set(store.load()) == {later, ever, named(ANN, "ann", 1)}
    assert wait(store.merge([old], "elsewhere", "0BB", None)) == []
    again = kind.restarted(store)
    assert wait(again.merge([old], "elsewhere", "0BB", None)) == []
    assert set(again.load()) == {later, ever, named(ANN, "ann", 1)}


def test_an_invite_that_was_over_before_is_forgotten_whole_and_not_taken(store: Store, kind: Kind) -> None:
    link, other, secret = "i" + "a" * 20, "i" + "b" * 20, "0f" * 32
    old = [
        Record(link, "invite", stamp(1_000_000), f"1000 1500 50 0 1 - {ANN} {secret} {CLUB} :"),
        Record(link, f"used:{ANN}", stamp(1_000_001), "1000 1500"),
        Record(link, "closed", stamp(1_000_002), "1000 1500 ann :"),
    ]
    later = Record(other, "invite", stamp(1_000_000), f"1000 3000 50 0 1 - {ANN} {'f0' * 32} {CLUB} :")
    wait(store.write([*old, later], [(secret, INVITES)]))
    with pytest.raises(NameTaken):
        wait(store.write([old[0]._replace(entity="i" + "c" * 20)], [(secret, INVITES)]))
    assert [claim.entity for claim in wait(store.owner(secret, INVITES))] == [link]
    assert wait(store.forget(stamp(1_400_000))) == 0
    assert wait(store.forget(stamp(2_000_000))) == 3
    assert wait(store.merge(old, "elsewhere", "0BB", None)) == []
    assert list(kind.restarted(store).load()) == [later]
    assert wait(store.owner(secret, INVITES)) == []


def test_notes_are_found_by_who_by_what_and_by_whom(store: Store) -> None:
    wait(store.audit("bob (bob)", "KLINE", "*@bad.example", "1d: spam", 5.0))
    wait(store.audit("eve (Eve)", "KILL", "bobby", "", 6.0))
    wait(store.audit("eve (Eve)", "UNKLINE", "*@bad.example", "", 7.0))

    def verbs(word: str, since: float = 0.0, most: int = 9) -> list[str]:
        return [each.verb for each in wait(store.audited(word, since, most))]

    assert verbs("") == ["UNKLINE", "KILL", "KLINE"]
    assert verbs("BOB") == ["KILL", "KLINE"]
    assert verbs("kline") == ["KLINE"]
    assert verbs("bad.", since=6.0) == ["UNKLINE"]
    assert verbs("", most=1) == ["UNKLINE"]
    assert wait(store.audited("kill", 0, 9)) == [Audit("eve (Eve)", "KILL", "bobby", "", 6)]


def test_old_notes_are_forgotten(store: Store) -> None:
    for at in range(9):
        wait(store.audit("bob", "KILL", "eve", "", float(at)))
    assert (wait(store.forget_audits(4.0)), wait(store.forget_audits(4.0))) == (4, 0)
    assert [each.at for each in wait(store.audited("", 0.0, 99))] == [8, 7, 6, 5, 4]


def test_reports_are_kept_until_they_are_not(store: Store) -> None:
    wait(store.keep_report("0CN-1", "one"))
    wait(store.keep_report("0CN-2", "two"))
    wait(store.keep_report("0CN-1", "another"))
    assert sorted(wait(store.reports())) == [("0CN-1", "another"), ("0CN-2", "two")]
    wait(store.keep_report("0CN-2", None))
    assert list(wait(store.reports())) == [("0CN-1", "another")]


def test_what_a_hook_is_to_be_told_waits_in_its_order(store: Store) -> None:
    for number, hook in enumerate(("one", "two", "one", "one")):
        assert wait(store.add_parcel(hook, f"event{number}", "{}", 10.0 + number, 10)) == 0
    assert sorted(wait(store.parcels())) == [("one", 3), ("two", 1)]
    first = wait(store.next_parcel("one"))
    assert first is not None
    assert (first.event, first.due, first.at, first.tries, first.body) == ("event0", 10, 10, 0, "{}")
    assert "{}" not in repr(first)
    wait(store.delay_parcel(first.id, 300.5))
    second = wait(store.next_parcel("one"))
    assert second is not None and second.event == "event2"
    wait(store.drop_parcel(second.id))
    third = wait(store.next_parcel("one"))
    assert third is not None and third.event == "event3"
    wait(store.drop_parcel(third.id))
    again = wait(store.next_parcel("one"))
    assert again == first._replace(due=300, tries=1)
    wait(store.drop_parcels("one"))
    assert wait(store.next_parcel("one")) is None
    assert list(wait(store.parcels())) == [("two", 1)]


def test_of_too_much_that_a_hook_is_to_be_told_the_first_goes(store: Store) -> None:
    gone = [wait(store.add_parcel("hook", f"event{number}", "{}", 10.0, 3)) for number in range(5)]
    assert gone == [0, 0, 0, 1, 1]
    assert wait(store.add_parcel("other", "event", "{}", 10.0, 3)) == 0
    assert wait(store.add_parcel("hook", "event5", "{}", 10.0, 1)) == 3
    found = wait(store.next_parcel("hook"))
    assert found is not None and found.event == "event5"
