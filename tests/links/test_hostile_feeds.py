"""A full neighbour that is broken, or hostile: what it says costs a bounded amount, and others nothing."""

from __future__ import annotations

import pytest
from clubs import Clubs
from mesh import SOLANUM, Stranger, block, stranger
from twisted.internet.defer import Deferred

from chatnet.links.codecs.solanum.base import LONG
from chatnet.links.exchange.feed import LEARNED, MOST_PAGES, PAGE, WINDOW, Feed
from chatnet.model.ids import SID
from chatnet.records.grammar import MOST_VALUE, fixed
from chatnet.rules.stamps import Stamp
from chatnet.storage.answers import at_once
from chatnet.storage.digests import bucket, row
from chatnet.storage.interfaces import Part, Position
from chatnet.storage.record import Record

ANN = "a234567abcdefghijklmn"
STAMP = "1.0.9BD"
FIXED = "000000001.000000.9BD"
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class Hostile:
    """Two full servers, and a full neighbour of the first that the test plays."""

    def __init__(self) -> None:
        self.mesh = Clubs("a", "b", link=[block("bad", accounts="full")])
        self.mesh.link("a", "b")
        self.mesh.settle()
        self.bad = self.arrives()

    def arrives(self) -> Stranger:
        bad = stranger(self.mesh["a"], "bad.test", "9BD", SOLANUM + " CN1 CNREG")
        bad.pipe.longest = LONG
        bad >> ":9BD CNHAVE * * 0 0 acn 00S x" >> ":9BD CNPAGE s r 0 0 0" >> ":9BD CNEVEN"
        self.mesh.settle()
        bad.lines()
        return bad

    @property
    def feed(self) -> Feed:
        feed = self.mesh["a"].parts.links.feeds.of(self.bad.link)
        assert feed is not None
        return feed

    def page(self, *records: str, seq: int = 1, count: int | None = None) -> None:
        size = len(records) if count is None else count
        lines = [f":9BD CNPAGE s r {size} {seq} {seq}", *(f":9BD CNREC {each}" for each in records)]
        for line in lines:
            if self.bad.gone is None:
                self.bad.link.connection.receive(line.encode() + b"\r\n")
        self.mesh.settle()

    def unharmed(self) -> None:
        """The other two go on, and what is registered with one is known at the other."""
        account = self.mesh["a"].account("witness")
        self.mesh.settle()
        there = self.mesh["b"].node.network.registry.named("witness")
        assert there is not None and there.id == account.id
        self.mesh.agree()
        self.mesh.check()


@pytest.fixture
def hostile() -> Hostile:
    return Hostile()


def ids(count: int, kind: str = "a") -> list[str]:
    """So many ids."""
    found = []
    for number in range(count):
        letters = ""
        for _ in range(20):
            letters += LETTERS[number % 32]
            number //= 32
        found.append(kind + letters)
    return found


@pytest.mark.parametrize(
    "words",
    [
        "CNHAVE",
        "CNHAVE * * 0 0 ACN 00S x",
        "CNHAVE s r -1 0 acn 00S x",
        f"CNHAVE {'x' * 9000} r 0 0 acn 00S x",
        "CNPAGE",
        "CNPAGE s r 201 1 1",
        "CNPAGE s r x 1 1",
        "CNPAGE ! r 1 1 1",
        f"CNREC {ANN} name {STAMP} :x",  # outside a page
        f"CNREC {ANN}",
        "CNGOT s x",
        "CNGOT s",
        "CNBKT a x 0",
        "CNBKT a 256 8f14e45fceea167a",
        "CNBKT",
        "CNWANT a 256",
        "CNWANT a",
        "CNWANT",
        "CNNEWS s x",
        "CNNEWS s! 1",
        "CNNEWS s",
    ],
)
def test_garbage_in_a_verb_ends_the_link_in_words(hostile: Hostile, words: str) -> None:
    before = hostile.mesh.known("a")
    for _ in range(20):
        if hostile.bad.gone is None:
            hostile.bad >> f":9BD {words}"
    assert hostile.bad.gone is not None and (
        " page" in hostile.bad.gone or words[:6].strip() in hostile.bad.gone
    )
    assert hostile.mesh.known("a") == before
    hostile.unharmed()


@pytest.mark.parametrize("words", [
    "CNGOT s 5", "CNGOT s 999999999999999999", "CNEVEN", "CNEVEN x", "CNGOT s 0",
    "CNBKT z * 8f14e45fceea167a", "CNWANT z 1", "CNNEWS s 5", "CNNEWS s 999999999999999999",
])  # fmt: skip
def test_what_makes_no_sense_changes_nothing(hostile: Hostile, words: str) -> None:
    hostile.bad.lines()
    for _ in range(100):
        hostile.bad >> f":9BD {words}"
    assert not any(" CN" in line for line in hostile.bad.lines())
    assert hostile.bad.gone is None
    hostile.unharmed()


def test_who_is_not_full_is_not_listened_to() -> None:
    mesh = Clubs("a", "b", link=[block("bad")])
    mesh.link("a", "b")
    mesh.settle()
    bad = stranger(mesh["a"], "bad.test", "9BD", SOLANUM + " CN1 CNREG")
    before = mesh.known("a")
    bad >> ":9BD CNHAVE * * 0 0 acn 00S x" >> ":9BD CNPAGE s r 1 1 1" >> f":9BD CNREC {ANN} mark {STAMP} :x"
    for words in ("CNWANT a 1", "CNBKT a * 8f14e45fceea167a", "CNGOT s 1", "CNEVEN", "CNNEWS s 5"):
        bad >> f":9BD {words}"
    mesh.settle()
    assert not any(" CN" in line for line in bad.lines())
    assert mesh.known("a") == before and bad.gone is None
    mesh.check()


@pytest.mark.parametrize("bad", [
    "ann mark 1.0.9BD :x", f"{ANN} Mark 1.0.9BD :x", f"{ANN} mark 1 :x", f"{ANN} mark 1.0.9BD :{'x' * 8193}",
    f"{ANN} nick:\\x 1.0.9BD :x", f"{ANN} mark x",
])  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_page_with_one_bad_record_is_forgotten_and_asked_for_again(
    hostile: Hostile, bad: str, place: int
) -> None:
    good = [f"{each} mark {STAMP} :root :x" for each in ids(3)]
    before = hostile.mesh.known("a")
    hostile.page(*good[:place], bad, *good[place + 1 :])
    assert hostile.mesh.known("a") == before and hostile.bad.gone is None
    hostile.page(*good, seq=2)  # of which nothing is taken before what is missing
    assert hostile.mesh.known("a") == before
    hostile.bad.lines()
    hostile.mesh.advance(5)
    [have] = [line for line in hostile.bad.lines() if " CNHAVE " in line]
    assert have.startswith(":0AA CNHAVE * * 0 0 abcin 00S ")
    hostile.bad >> ":9BD CNPAGE s r 0 0 0"
    hostile.page(*good, seq=2)
    assert len(hostile.mesh.known("a") - before) == 3
    hostile.unharmed()


def test_a_page_of_more_than_it_said_is_a_mistake_each(hostile: Hostile) -> None:
    records = [f"{each} mark {STAMP} :root :x" for each in ids(PAGE + 1)]
    hostile.page(*records, count=PAGE)
    assert hostile.bad.gone is None
    assert len([each for each in hostile.mesh.known("a") if each.field == "mark"]) == PAGE
    hostile.page(*records, count=PAGE + 1)
    assert hostile.bad.gone is not None and "a record outside a page" in hostile.bad.gone
    hostile.unharmed()


def test_what_nobody_knows_yet_is_kept_and_passed_on(hostile: Hostile) -> None:
    """10,000 records of all kinds and with fields that no version has."""
    kinds = "abcdefghijklmopqrstuvwxyz"  # "n" has other ids
    entities = [each for kind in kinds for each in ids(100, kind)]
    fields = ("future", "x-2:it:is", r"future:a\sb", "future:Ä")
    records = [f"{each} {field} {STAMP} :any : text ü" for each in entities for field in fields]
    assert len(records) == 10_000
    for first in range(0, len(records), PAGE):
        hostile.page(*records[first : first + PAGE], seq=first + PAGE)
    assert hostile.bad.gone is None
    future = {each for each in hostile.mesh.known("b") if each.field.startswith(("future", "x-2"))}
    assert len(future) == 10_000
    assert Record(entities[0], r"future:a\sb", FIXED, "any : text ü") in future
    assert len(hostile.feed.learned) <= LEARNED
    assert not any(" CNREC " in line for line in hostile.bad.lines())
    hostile.unharmed()


def test_a_stamp_of_the_year_2106_ends_the_link_in_words(hostile: Hostile) -> None:
    before = hostile.mesh.known("a")
    good, late = f"{ids(2)[0]} mark {STAMP} :root :x", f"{ids(2)[1]} mark 1z141z400.0.9BD :root :x"
    hostile.page(good, late, good)
    assert hostile.bad.gone is not None and "links.stamp_horizon" in hostile.bad.gone
    assert f"A record of {ids(2)[1]} is " in hostile.bad.gone
    hostile.bad = hostile.arrives()
    hostile.page(late)
    assert hostile.bad.gone is not None and "seconds ahead" in hostile.bad.gone
    assert hostile.mesh.known("a") == before
    hostile.unharmed()
    stamps = [each.stamp for each in hostile.mesh.known("a")]
    assert max(stamps) < "0m" and not any("9BD" in each for each in stamps)


@pytest.mark.parametrize("sid", ["0AA", "0BA", "7XX"])
def test_records_with_the_stamps_of_others_are_records(hostile: Hostile, sid: str) -> None:
    """A store that was restored hears its own again; a stamp proves nothing, and who is full is trusted."""
    account = hostile.mesh["a"].account("ann")
    hostile.mesh.clock.advance(3600)
    known = {each.field: each for each in hostile.mesh.known("a") if each.entity == account.id}
    ms = int(known["name"].stamp[:9], 36) + 3_600_000
    later = Stamp(ms, 35, SID(sid)).text
    hostile.page(f"{account.id} mark {later} :root :x", f"n{sid.lower()} gone {later} :root")
    there = {each.field: each for each in hostile.mesh.known("b") if each.entity == account.id}
    assert there["mark"].value == "root :x"
    # What is changed here now is later than that, whatever the clock says.
    hostile.mesh["a"].change(account, mark="root :y")
    hostile.mesh.settle()
    there = {each.field: each for each in hostile.mesh.known("b") if each.entity == account.id}
    assert there["mark"].value == "root :y"
    assert there["mark"].stamp > fixed(later)
    hostile.unharmed()


# floods


def test_have_again_and_again_begins_once_in_a_second(hostile: Hostile) -> None:
    for each in ids(10):
        hostile.mesh.put("a", Record(each, "mark", FIXED, "root :x"))
    hostile.mesh.settle()
    hostile.mesh.advance(5)
    hostile.bad.lines()
    for _ in range(1000):
        hostile.bad >> ":9BD CNHAVE * * 0 0 acn 00S x"
    hostile.mesh.settle()
    heard = hostile.bad.lines()
    assert len([line for line in heard if " CNPAGE " in line]) == 2  # the beginning, and the page
    hostile.mesh.advance(1)
    heard = hostile.bad.lines()
    assert len([line for line in heard if " CNPAGE " in line]) == 2
    hostile.mesh.advance(60)
    assert not any(" CNPAGE " in line for line in hostile.bad.lines())
    assert hostile.bad.gone is None
    hostile.unharmed()


def test_what_is_not_confirmed_is_bounded_in_bytes(hostile: Hostile) -> None:
    value = "root :" + "x" * (MOST_VALUE - 6)
    hostile.mesh.put("a", *(Record(each, "mark", FIXED, value) for each in ids(2000)))
    hostile.mesh.settle()
    told = [line for line in hostile.bad.lines() if " CNREC " in line]
    assert WINDOW <= sum(map(len, told)) < WINDOW + PAGE * (MOST_VALUE + 400)
    assert hostile.feed.unconfirmed < WINDOW + PAGE * (MOST_VALUE + 400)
    # It goes on when it confirms, and to the end.
    store = hostile.mesh["a"].store.id
    seen = len(told)
    for _ in range(100):
        hostile.bad >> f":9BD CNGOT {store} {hostile.feed.told}"
        hostile.mesh.settle()
        seen += len([line for line in hostile.bad.lines() if " CNREC " in line])
    assert seen >= 2000 and not hostile.feed.on_the_way and hostile.feed.unconfirmed == 0
    hostile.unharmed()


@pytest.mark.parametrize("size", [1, 8000])
def test_pages_that_no_disk_can_follow_are_bounded(hostile: Hostile, size: int) -> None:
    """It tells without waiting for what is confirmed, while our disk is busy."""
    store = hostile.mesh["a"].store
    store.held = True
    entities = iter(ids(100_000))
    for number in range(200):
        value = "root :" + "x" * size
        hostile.page(f"{next(entities)} mark {STAMP} :{value}", seq=number + 1)
        assert len(hostile.feed.pages) <= MOST_PAGES
    store.release()
    hostile.mesh.settle()
    assert hostile.bad.gone is None
    assert any(
        "more pages of records than may be on their way" in each for each in hostile.mesh["a"].log.lines
    )
    assert hostile.feed.waiting == 0
    hostile.mesh.advance(5)
    hostile.unharmed()


def test_pages_that_only_count_take_no_room(hostile: Hostile) -> None:
    store = hostile.mesh["a"].store
    store.held = True
    for number in range(1000):
        hostile.page(seq=number + 1)
    assert len(hostile.feed.pages) <= 2
    store.release()
    hostile.mesh.settle()
    # The last one counts.
    assert at_once(store.last("9BD")) == ("s", Position("r", 1000, 1000))
    hostile.unharmed()


def test_a_neighbour_has_one_store(hostile: Hostile) -> None:
    """Or each page would leave a line in ours."""
    hostile.page(f"{ANN} mark {STAMP} :root :x")
    for number in range(19):
        hostile.bad >> f":9BD CNPAGE other{number} r 0 1 1"
    hostile.mesh.settle()
    assert any("a page of another store than before" in each for each in hostile.mesh["a"].log.lines)
    hostile.bad >> ":9BD CNPAGE another r 0 1 1"
    assert hostile.bad.gone is not None
    hostile.unharmed()


# buckets


def crowd(hostile: Hostile, count: int) -> list[Record]:
    """So many records of one bucket, at the first server and, since it is told of them, the neighbour."""
    number = bucket(ANN)
    records = [
        Record(each, f"set:k{key}", FIXED, "x")
        for each in ids(40_000)
        if bucket(each) == number
        for key in range(10)
    ]
    assert len(records) >= count
    hostile.mesh.put("a", *records[:count])
    hostile.mesh.settle()
    while hostile.feed.on_the_way:
        hostile.bad >> f":9BD CNGOT {hostile.mesh['a'].store.id} {hostile.feed.told}"
        hostile.mesh.settle()
    hostile.bad.lines()
    return records[:count]


def test_a_large_bucket_is_told_page_by_page(hostile: Hostile) -> None:
    records = crowd(hostile, 1000)
    store = hostile.mesh["a"].store.id
    told: list[str] = []
    hostile.bad >> f":9BD CNWANT a {bucket(ANN)}"
    for _ in range(len(records) // PAGE + 2):
        hostile.mesh.settle()
        lines = [line for line in hostile.bad.lines() if " CNREC " in line or " CNPAGE " in line]
        assert len(lines) <= PAGE + 1
        told += [line.split(" ", 2)[2] for line in lines if " CNREC " in line]
        hostile.bad >> f":9BD CNGOT {store} 0"
    assert told == [f"{each.entity} {each.field} {STAMP} :x" for each in sorted(records)]
    hostile.unharmed()


def test_buckets_that_are_wanted_again_and_again_are_told_once(hostile: Hostile) -> None:
    crowd(hostile, 100)
    asked: list[int] = []
    store = hostile.mesh["a"].store
    read = store.bucket

    def counted(kind: str, number: int, behind: tuple[str, str], most: int) -> Deferred[Part]:
        asked.append(number)
        return read(kind, number, behind, most)

    store.bucket = counted  # type: ignore[method-assign]
    for _ in range(20):
        for number in range(256):
            hostile.bad >> f":9BD CNWANT a {number}"
    hostile.mesh.settle()
    assert len(asked) == 1  # one in a second
    hostile.mesh.advance(0.5)
    assert len(asked) == 1
    for _ in range(600):
        hostile.mesh.advance(1)
        hostile.bad >> f":9BD CNGOT {store.id} 0"
        hostile.bad >> ":9BD PONG 9BD :0AA"
    assert sorted(asked) == list(range(256))
    assert hostile.bad.gone is None
    hostile.unharmed()


def test_digests_are_compared_once_in_a_while(hostile: Hostile) -> None:
    records = crowd(hostile, 20)
    hostile.mesh.advance(61)
    hostile.bad >> ":9BD PONG 9BD :0AA"
    hostile.bad.lines()
    for _ in range(100):
        hostile.bad >> ":9BD CNBKT a * 0000000000000000"
    hostile.mesh.settle()
    heard = [line for line in hostile.bad.lines() if " CNBKT " in line]
    assert len(heard) == 256
    digest = 0
    for each in records:
        digest ^= row(each)
    assert heard[bucket(ANN)] == f":0AA CNBKT a {bucket(ANN)} {digest:016x}"
    for _ in range(100):
        hostile.bad >> f":9BD CNBKT a {bucket(ANN)} 0000000000000000"
    hostile.mesh.settle()
    heard = hostile.bad.lines()
    assert len([line for line in heard if " CNWANT " in line]) == 1
    assert len([line for line in heard if " CNREC " in line]) == 20
    assert hostile.mesh["a"].parts.links.feeds.comparing.mended == 1
    hostile.unharmed()


# a lost connection


@pytest.mark.parametrize("lines", range(16))
@pytest.mark.parametrize("for_long", [True, False])
def test_a_page_may_be_cut_at_each_line(lines: int, for_long: bool) -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    for each in ids(6):
        mesh.put("a", Record(each, "mark", FIXED, "root :x"), Record(each, "set:k", FIXED, None))
    mesh.said("a", "b")
    waits = list(mesh.wire("a", "b").pipes["a"].lines)
    assert len(waits) == 18
    arrived = sum(map(len, waits[:lines])) + 3  # and a part of the next line
    if for_long:
        links = mesh.wire("a", "b").links
        mesh.reset("a", "b", a=arrived)
        for link in links.values():
            link.expire()
    else:
        mesh.reset("a", "b", a=arrived)
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    assert {each.entity for each in mesh.known("b")} >= set(ids(6))
    mesh.check()
