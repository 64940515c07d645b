"""Records merge to the same in whatever order they come, and all agree who has which name."""

from __future__ import annotations

from functools import reduce
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from chatnet.records import claims
from chatnet.records.grammar import MOST_FIELD, field, fixed, is_field, is_stamp, split
from chatnet.records.merging import ends, is_news
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Claim, Record
from chatnet.wire.casemap import folder

ENTITIES = ["a" + letter * 20 for letter in "ab"]
STAMPS = st.builds(
    lambda ms, number, sid: fixed(Stamp(ms, number, sid).text),
    st.integers(1, 3),
    st.integers(0, 1),
    st.sampled_from(["0AA", "9ZZ"]),
)
VALUES = st.sampled_from([None, "", "active", "dropped", "erased", "x"])
RECORDS = st.builds(Record, st.sampled_from(ENTITIES), st.sampled_from(["status", "name"]), STAMPS, VALUES)

State = dict[tuple[str, str], Record]


def merge(state: State, *records: Record) -> State:
    """What is known after these have come: what a store does, in the fewest words."""
    state = dict(state)
    for record in records:
        status = state.get((record.entity, "status"))
        if record.field != "status" and status is not None and ends(status):
            continue
        if is_news(record, state.get((record.entity, record.field))):
            state[record.entity, record.field] = record
            if ends(record):
                state = {
                    key: each for key, each in state.items() if key[0] != record.entity or each is record
                }
    return state


def all_of(*states: State) -> State:
    return reduce(lambda one, other: merge(one, *other.values()), states, {})


STATES = st.lists(RECORDS, max_size=8).map(lambda records: merge({}, *records))


@given(RECORDS, RECORDS, RECORDS)
def test_one_of_two_is_news_to_the_other(one: Record, two: Record, three: Record) -> None:
    """As records of one field they are in a total order."""
    one, two, three = (Record(ENTITIES[0], one.field, each.stamp, each.value) for each in (one, two, three))
    assert is_news(one, two) + is_news(two, one) == (one != two)
    assert not (is_news(three, two) and is_news(two, one)) or is_news(three, one)
    assert is_news(one, None)


@given(st.lists(RECORDS), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: list[Record], random: Random) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    assert merge({}, *records) == merge({}, *shuffled, *records)


@given(STATES, STATES, STATES)
def test_stores_merge_to_the_same(one: State, two: State, three: State) -> None:
    assert all_of(one, two) == all_of(two, one)
    assert all_of(all_of(one, two), three) == all_of(one, all_of(two, three))
    assert all_of(one, one) == one


@given(st.from_regex(r"[a-z][a-z0-9-]{0,9}", fullmatch=True), st.text(min_size=1))
def test_a_field_is_read_as_it_was_written(name: str, key: str) -> None:
    text = field(name, key)
    assert split(text) == (name, key)
    fits = len(text.encode("utf-8", "surrogatepass")) <= MOST_FIELD
    assert is_field(text) is (fits and not any(c in "\r\n\0" or "\ud800" <= c <= "\udfff" for c in key))


@given(st.integers(0, 36**9 - 1), st.integers(0, 36**6 - 1), st.integers(0, 36**9 - 1))
def test_the_order_of_stamps_is_that_of_their_texts(ms: int, number: int, other: int) -> None:
    one, two = Stamp(ms, number, "0AA"), Stamp(other, number, "9ZZ")
    assert is_stamp(fixed(one.text))
    assert (one < two) is (fixed(one.text) < fixed(two.text))


LETTERS = st.text("ab", min_size=12, max_size=12).map(lambda text: "a" + text + "22222222")
NAMES = st.sampled_from(["ann", "Ann", "annabella", "annabelle", "a[b", "a{b"])


@given(
    st.dictionaries(LETTERS, st.tuples(NAMES, STAMPS), max_size=12),
    st.lists(st.tuples(st.sampled_from(["ann", "annabella", "x"]), STAMPS, LETTERS), max_size=4),
    st.sampled_from([9, 12, 30]),
    st.randoms(use_true_random=False),
)
def test_all_are_called_differently_whatever_the_order(
    accounts: dict[str, tuple[str, str]],
    grouped: list[tuple[str, str, str]],
    limit: int,
    random: Random,
) -> None:
    fold = folder("rfc1459")
    asked = [Claim(fold(name), claims.NAMES, since, entity) for entity, (name, since) in accounts.items()]
    asked += [Claim(nick, claims.NAMES, since, entity) for nick, since, entity in grouped]

    def shown() -> dict[str, str]:
        order = list(asked)
        random.shuffle(order)
        owner = {
            folded: claims.owner(each for each in order if each.folded == folded)
            for folded in {each.folded for each in order}
        }
        losers = {entity for entity, (name, _) in accounts.items() if owner[fold(name)] != entity}
        return {
            entity: claims.shown_lost(name, entity, losers, limit) if entity in losers else name
            for entity, (name, _) in accounts.items()
        }

    names = shown()
    assert names == shown()
    assert len(set(names.values())) == len(names)
    assert len({fold(name) for name in names.values() if claims.MARK not in name}) == sum(
        claims.MARK not in name for name in names.values()
    )
    first: dict[str, Claim] = {}
    for claim in asked:
        if claim.folded not in first or (claim.since, claim.entity) < first[claim.folded][2:]:
            first[claim.folded] = claim
    assert {fold(name): entity for entity, name in names.items() if claims.MARK not in name} == {
        folded: each.entity
        for folded, each in first.items()
        if each.entity in accounts and fold(accounts[each.entity][0]) == folded
    }
