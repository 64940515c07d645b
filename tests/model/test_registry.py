"""The registry: who has which name, and what the others are called, in whatever order it is told."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.registry import Account, Registry
from chatnet.records.accounts import Certificate, Created, Named, State, Status
from chatnet.records.grammar import field
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

ANN = "a" + "a" * 20
BEE = "a" + "b" * 20
CAT = "a" + "bbbb" + "c" * 16  # alike to BEE in what is shown first


def stamp(number: int) -> str:
    return f"{number:09d}.000000.0CN"


def name(entity: str, text: str, at: int, since: int | None = None) -> Record:
    return Record(entity, "name", stamp(at), Named(stamp(at if since is None else since), text).text)


def nick(entity: str, text: str, at: int) -> Record:
    return Record(entity, field("nick", text.lower()), stamp(at), Named(stamp(at), text).text)


def status(entity: str, value: Status, at: int) -> Record:
    return Record(entity, "status", stamp(at), value.text)


@pytest.fixture
def registry() -> Registry:
    return Registry(folder("rfc1459"))


def shown(registry: Registry) -> dict[str, str]:
    return {each.id: each.shown for each in registry.accounts.values()}


def test_who_asked_first_has_the_name(registry: Registry) -> None:
    registry.take([name(BEE, "Ann", 5), name(ANN, "ann", 3)])
    assert registry.owner("ann") is registry.accounts[ANN]
    assert shown(registry) == {ANN: "ann", BEE: "Ann~bbbb"}
    assert registry.named("ANN~BBBB") is registry.accounts[BEE]
    assert [each.id for each in registry.asking("ann")] == [ANN, BEE]


def test_two_who_would_be_shown_alike_are_told_apart(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), name(BEE, "ann", 2), name(CAT, "ann", 3)])
    assert shown(registry) == {ANN: "ann", BEE: "ann~bbbbbb", CAT: "ann~bbbbcc"}


def test_names_that_fold_alike_are_one(registry: Registry) -> None:
    registry.take([name(ANN, "a[b", 1), name(BEE, "a{b", 2)])
    assert registry.named("A{B") is registry.accounts[ANN]
    assert registry.accounts[BEE].lost


def test_a_name_that_is_lost_counts_again_when_the_first_one_goes(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), name(BEE, "ann", 2)])
    gone = status(ANN, Status(State.ERASED), 9)
    assert registry.touched([gone]) == {ANN, BEE}
    registry.take([gone])
    assert shown(registry) == {BEE: "ann"}
    assert registry.owner("ann") is registry.accounts[BEE]
    assert registry.named("ann~bbbb") is None


def test_a_grouped_nick_is_owned_like_a_name(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), nick(ANN, "Annie", 2), name(BEE, "annie", 3)])
    assert registry.owner("annie") is registry.accounts[ANN]
    assert shown(registry)[BEE] == "annie~bbbb"
    removal = Record(ANN, "nick:annie", stamp(4), None)
    assert registry.touched([removal]) == {ANN, BEE}
    registry.take([removal])
    assert shown(registry)[BEE] == "annie"


def test_a_nick_that_was_grouped_late_is_not_its_account_s(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), name(BEE, "bee", 2), nick(BEE, "Ann", 3)])
    assert registry.owner("ann") is registry.accounts[ANN]
    assert not registry.accounts[ANN].lost


def test_an_account_may_group_its_own_name_and_leave_it(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), nick(ANN, "ann", 2), Record(ANN, "nick:ann", stamp(3), None)])
    assert registry.owner("ann") is registry.accounts[ANN]


def test_who_renames_does_not_take_a_name_from_who_was_there_before(registry: Registry) -> None:
    registry.take([name(ANN, "ann", 1), name(BEE, "bee", 2), name(ANN, "bee", 3)])
    assert shown(registry) == {ANN: "bee~aaaa", BEE: "bee"}
    assert registry.owner("ann") is None


def test_a_certificate_logs_in_to_who_had_it_first(registry: Registry) -> None:
    finger = "ab" * 32
    for entity, at in ((BEE, 5), (ANN, 2)):
        registry.take(
            [
                name(entity, f"n{entity[1]}", at),
                Record(entity, f"cert:{finger}", stamp(at), Certificate(stamp(at), "").text),
            ]
        )
    assert registry.certified(finger) is registry.accounts[ANN]
    registry.take([Record(ANN, f"cert:{finger}", stamp(9), None)])
    assert registry.certified(finger) is registry.accounts[BEE]


@pytest.mark.parametrize(
    "record",
    [
        Record(ANN, "name", stamp(5), "nonsense"),
        Record(ANN, "status", stamp(5), "fabulous"),
        Record(ANN, "future:thing", stamp(5), "whatever"),
        Record("c" + "a" * 20, "name", stamp(5), f"{stamp(5)} #club"),
        Record("z" + "a" * 20, "name", stamp(5), f"{stamp(5)} what"),
    ],
)
def test_what_is_not_known_means_nothing(registry: Registry, record: Record) -> None:
    registry.take([name(ANN, "ann", 1), record])
    assert shown(registry) == {ANN: "ann"}


def test_a_shorter_limit_cuts_what_is_shown(registry: Registry) -> None:
    registry.take([name(ANN, "abcdefghij", 1), name(BEE, "abcdefghij", 2)])
    registry.resize(10)
    assert shown(registry) == {ANN: "abcdefghij", BEE: "abcde~bbbb"}
    assert registry.named("abcde~bbbb") is registry.accounts[BEE]
    assert registry.named("abcdefghij~bbbb") is None


def test_a_suspension_ends() -> None:
    registry = Registry(folder("ascii"))
    registry.take([name(ANN, "ann", 1), Record(ANN, "created", stamp(1), Created(7, "0CN").text)])
    registry.take([status(ANN, Status(State.SUSPENDED, 100, "oper", "spam"), 2)])
    account = registry.accounts[ANN]
    assert (account.suspended(99.0), account.suspended(100.0)) == (True, False)
    assert (account.usable(99.0), account.usable(100.0)) == (False, True)
    assert account.created == 7


entities = st.sampled_from([ANN, BEE, CAT])
texts = st.sampled_from(["ann", "Bee", "cat"])
changes = st.one_of(
    st.builds(lambda entity, text: (entity, "name", text), entities, texts),
    st.builds(lambda entity, text: (entity, f"nick:{text.lower()}", text), entities, texts),
    st.builds(lambda entity, text: (entity, f"nick:{text.lower()}", None), entities, texts),
    st.builds(lambda entity: (entity, "status", "erased"), entities),
)


@given(st.lists(changes, max_size=12), st.randoms())
def test_the_order_of_records_does_not_matter(
    story: Sequence[tuple[str, str, str | None]], random: Random
) -> None:
    """Fed in order, or at once in another order with only the last word of each field: it is the same."""
    registry = Registry(folder("ascii"))
    last: dict[tuple[str, str], Record] = {}
    for at, (entity, what, text) in enumerate(story, 1):
        value = text if text is None or what == "status" else Named(stamp(at), text).text
        record = Record(entity, what, stamp(at), value)
        if (entity, "status") in last:
            continue
        if what == "status":
            last = {key: each for key, each in last.items() if key[0] != entity}
        last[entity, what] = record
        touched = registry.touched([record])
        before = shown(registry)
        registry.take([record])
        after = shown(registry)
        assert {
            each for each in before.keys() | after.keys() if before.get(each) != after.get(each)
        } <= touched
    other = Registry(folder("ascii"))
    records = list(last.values())
    random.shuffle(records)
    other.load(records)
    assert shown(other) == shown(registry)
    for folded in ("ann", "bee", "cat"):
        assert [each.id for each in other.asking(folded)] == [each.id for each in registry.asking(folded)]
    called = [each.shown for each in registry.accounts.values() if each.name]
    assert len(set(called)) == len(called)


def state(registry: Registry) -> object:
    """All that is known of accounts, and who asks for which name."""
    accounts = {each.id: [getattr(each, slot) for slot in Account.__slots__] for each in known(registry)}
    names = ["ann", "bee", "b c", "a~b", "annie", ""]
    return accounts, {each: [one.id for one in registry.asking(each)] for each in names}


def known(registry: Registry) -> list[Account]:
    return list(registry.accounts.values())


SINCE = stamp(7)
VALUES: dict[str, list[str | None]] = {
    "name": [f"{SINCE} Ann", f"{SINCE} bee", f"{SINCE} a~b", f"{SINCE} ", "Ann", f"{SINCE} b c", None],
    "created": ["1764000000 0CN", "soon 0CN", "1", None],
    "nick:ann": [f"{SINCE} Ann", "Ann", None],
    "nick:annie": [f"{SINCE} Annie", f"{SINCE}"],
    r"nick:b\sc": [f"{SINCE} x"],
    "status": ["active", "dropped", "pending 99", "erased", "asleep", None],
    "suspended": ["0 root :spam", None],
    "set:protect": ["on", None],
}


@given(
    st.dictionaries(
        st.tuples(st.sampled_from([ANN, BEE]), st.sampled_from(sorted(VALUES))), st.integers(0, 9), max_size=9
    )
)
def test_what_is_loaded_is_as_if_it_had_been_told(chosen: dict[tuple[str, str], int]) -> None:
    """New accounts are taken by a shorter way when a server starts."""
    records = [
        Record(entity, what, stamp(9), VALUES[what][number % len(VALUES[what])])
        for (entity, what), number in sorted(chosen.items())
    ]
    loaded, told = Registry(folder("rfc1459")), Registry(folder("rfc1459"))
    loaded.load(records)
    told.take(records)
    assert state(loaded) == state(told)


def test_accounts_that_are_nothing_special_share_what_they_are(registry: Registry) -> None:
    """A start with 100,000 of them takes a third more memory otherwise."""
    changes = [status(BEE, Status(State.ACTIVE), 3), Record(BEE, "set:protect", stamp(4), "on")]
    registry.load([name(ANN, "ann", 1), name(BEE, "bee", 2), *changes])
    ann, bee = registry.accounts[ANN], registry.accounts[BEE]
    assert bee.status is ann.status
    assert bee.settings == {"protect": "on"}
    registry.take([Record(BEE, "set:protect", stamp(5), None)])
    assert bee.besides is ann.besides
