"""Registered channels: whose a name is, and what is known of them, in whatever order it is told."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.registry import Registry
from chatnet.records.accounts import Created, Named, State, Status
from chatnet.records.channels import Access, Akick
from chatnet.records.grammar import field
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

ANN = "a" + "a" * 20
BEE = "a" + "b" * 20
ONE = "c" + "a" * 20
TWO = "c" + "b" * 20


def stamp(number: int) -> str:
    return f"{number:09d}.000000.0CN"


def record(entity: str, name: str, value: str | None, at: int) -> Record:
    return Record(entity, name, stamp(at), value)


def name(entity: str, text: str, at: int) -> Record:
    return record(entity, "name", Named(stamp(at), text).text, at)


ERASED = Status(State.ERASED).text
DROPPED = Status(State.DROPPED).text


@pytest.fixture
def registry() -> Registry:
    return Registry(folder("rfc1459"))


def test_a_registration_is_known_by_its_folded_name(registry: Registry) -> None:
    registry.take(
        [
            name(ONE, "#Club[", 1),
            record(ONE, "created", Created(7, "0CN").text, 1),
            record(ONE, "ts", "5", 1),
            record(ONE, "founder", ANN, 1),
            record(ONE, "successor", BEE, 1),
            record(ONE, field("flags", BEE), Access("AV", 9, "ann").text, 1),
            record(ONE, field("flags", "*!*@a b"), Access("V", 9, "ann").text, 1),
            record(ONE, field("akick", "*!*@bad"), Akick(0, "k", "ann", "go away").text, 1),
            record(ONE, field("template", "crew"), "AVo", 1),
            record(ONE, field("set", "private"), "on", 1),
        ]
    )
    found = registry.channels.at("#club{")
    assert found is registry.channels.by_id[ONE]
    assert (found.name, found.created, found.ts, found.founder, found.successor) == (
        "#Club[",
        7,
        5,
        ANN,
        BEE,
    )
    assert found.access == {BEE: Access("AV", 9, "ann"), "*!*@a b": Access("V", 9, "ann")}
    assert found.akicks["*!*@bad"].reason == "go away"
    assert (dict(found.templates), dict(found.settings)) == ({"crew": "AVo"}, {"private": "on"})
    assert repr(found) == f"<RegisteredChannel {ONE} #Club[>"
    registry.take([record(ONE, "successor", None, 2), record(ONE, field("flags", BEE), None, 2)])
    assert found.successor == "" and list(found.access) == ["*!*@a b"]
    registry.take([record(ONE, field("flags", BEE), None, 3)])
    assert list(found.access) == ["*!*@a b"]


def test_who_asked_first_has_the_channel_and_the_other_waits(registry: Registry) -> None:
    registry.take([name(TWO, "#c", 5)])
    late = name(ONE, "#C", 3)
    assert registry.touched([late]) == {ONE, TWO}
    registry.take([late])
    assert registry.channels.at("#c") is registry.channels.by_id[ONE]
    assert [each.id for each in registry.channels.asking("#c")] == [ONE, TWO]
    gone = record(ONE, "status", ERASED, 9)
    assert registry.touched([gone]) == {ONE, TWO}
    registry.take([gone])
    assert registry.channels.at("#c") is registry.channels.by_id[TWO]


def test_a_registration_that_is_erased_is_gone(registry: Registry) -> None:
    registry.take([name(ONE, "#c", 1), record(ONE, "founder", ANN, 1)])
    assert registry.channels.founded[ANN] == 1
    registry.take([record(ONE, "status", ERASED, 2)])
    assert registry.channels.at("#c") is None and not registry.channels.asking("#c")
    assert not registry.channels.by_id and not registry.channels.founded


def test_one_that_is_dropped_keeps_its_name_and_is_nobody_s(registry: Registry) -> None:
    registry.take([name(ONE, "#c", 1), name(TWO, "#c", 2), record(ONE, "status", DROPPED, 3)])
    assert registry.channels.at("#c") is None


def test_founders_are_counted(registry: Registry) -> None:
    registry.take([record(ONE, "founder", ANN, 1), record(TWO, "founder", ANN, 1)])
    assert registry.channels.founded == {ANN: 2}
    registry.take([record(TWO, "founder", BEE, 2)])
    assert registry.channels.founded == {ANN: 1, BEE: 1}


def test_another_name_is_another_claim(registry: Registry) -> None:
    registry.take([name(ONE, "#c", 1), name(TWO, "#d", 2), name(ONE, "#d", 3)])
    assert registry.channels.at("#c") is None
    assert registry.channels.at("#d") is registry.channels.by_id[TWO]
    assert registry.touched([record(ONE, "founder", ANN, 4)]) == {ONE}


FIELDS = st.one_of(
    st.tuples(st.just("founder"), st.sampled_from([ANN, BEE, None])),
    st.tuples(st.just("successor"), st.sampled_from([ANN, BEE, None])),
    st.tuples(
        st.sampled_from([field("flags", each) for each in (ANN, BEE, "*!*@a")]),
        st.sampled_from(["AV 1 ann", "S 1 ann", "Rv 1 ann", "Af 1 ann", "F 1 ann", None]),
    ),
    st.tuples(st.just("status"), st.sampled_from(["active", DROPPED, ERASED])),
)


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), FIELDS), max_size=40))
def test_who_may_inherit_is_known_at_any_time(changes: list[tuple[str, tuple[str, str | None]]]) -> None:
    registry, erased = Registry(folder("rfc1459")), set[str]()
    for at, (entity, (text, value)) in enumerate(changes):
        if entity in erased:
            continue  # the store takes nothing of what is erased
        registry.take([record(entity, text, value, at)])
        erased |= {entity} if value == ERASED else set()
        for account in (ANN, BEE):
            found = registry.channels.inherited(account)
            expected = {
                each
                for each in registry.channels.by_id.values()
                if account in (each.founder, each.successor)
                or set("FSRf") & set(each.access[account].letters if account in each.access else "")
            }
            assert set(found) == expected and len(found) == len(expected)
            assert all(account in each.heirs for each in found)
        assert registry.channels.inherited("*!*@a") == ()


def test_a_suspension_stands_beside_the_status(registry: Registry) -> None:
    registry.take([name(ONE, "#c", 1), record(ONE, "suspended", "50 root :spam", 2)])
    found = registry.channels.by_id[ONE]
    assert found.holds and found.suspended(49) and not found.suspended(50)
    for status, holds in ((DROPPED, False), ("active", True), ("suspended 10 root :old", True)):
        registry.take([record(ONE, "status", status, 3)])
        assert (found.holds, found.suspended(49)) == (holds, holds)
    registry.take([record(ONE, "suspended", None, 4)])
    assert found.suspended(9) and not found.suspended(10)


def test_a_suspension_has_an_end(registry: Registry) -> None:
    registry.take([name(ONE, "#c", 1), record(ONE, "status", Status(State.SUSPENDED, 50, "r", "x").text, 2)])
    found = registry.channels.at("#c")
    assert found is not None
    assert found.suspended(49) and not found.suspended(50)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("founder", "nobody"),
        ("ts", "-1"),
        ("status", "odd"),
        (f"flags:{ANN}", "AV"),
        (f"akick:{ANN}", "0 z b :"),
    ],
)
def test_what_makes_no_sense_means_nothing(registry: Registry, name: str, value: str) -> None:
    registry.take([record(ONE, name, value, 1)])
    found = registry.channels.by_id[ONE]
    assert (found.founder, found.ts, found.status.state) == ("", 0, State.ACTIVE)
    assert not found.access and not found.akicks


@given(st.integers(0, 2**32))
def test_the_order_in_which_claims_come_does_not_matter(seed: int) -> None:
    records = [
        *(name(entity, f"#{number % 2}", number) for number, entity in enumerate((ONE, TWO, "c" + "d" * 20))),
        record(ONE, "founder", ANN, 1),
        record(TWO, "status", ERASED, 9),
    ]
    Random(seed).shuffle(records)
    # The store takes nothing of what is erased.
    erased = records.index(record(TWO, "status", ERASED, 9))
    records = [each for at, each in enumerate(records) if at <= erased or each.entity != TWO]
    registry = Registry(folder("rfc1459"))
    registry.take(records)
    assert registry.channels.at("#0") is registry.channels.by_id[ONE]
    assert registry.channels.at("#1") is None
    assert registry.channels.founded == {ANN: 1}
