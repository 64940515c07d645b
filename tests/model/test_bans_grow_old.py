"""Bans that are records, as they grow old."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model import recorded_bans
from chatnet.model.bans import NetworkBan
from chatnet.model.ending import AT_ONCE, SPARE, Ending
from chatnet.model.recorded import AHEAD, SLICE
from chatnet.model.recorded_bans import RecordedBans
from chatnet.model.registry import Registry
from chatnet.records.bans import BanValue
from chatnet.records.grammar import ban_entity, fixed, is_ban_entity
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

FOLD = folder("rfc1459")
ENTITY = ban_entity("K", "*@bad.example")


def record(ms: int, value: str | None) -> Record:
    return Record(ENTITY, "ban", fixed(Stamp(ms, 0, "0AA").text), value)


def tidied(bans: RecordedBans, now: float) -> int:
    """Let them be tidied; how many turns others had meanwhile."""
    return sum(1 for _ in bans.tidy(now, 1000))


def test_what_is_over_is_known_by_its_time_and_in_the_end_forgotten() -> None:
    bans = RecordedBans(FOLD)
    bans.take(record(1_000_000, "1000 2000 refuse ann K *@Bad.example :x"))
    assert bans.changed("K", "*@BAD.example") == 1000
    tidied(bans, 1500)
    assert (ban := bans.get(ENTITY)) is not None and ban.until == 2000
    tidied(bans, 2500)
    assert bans.get(ENTITY) is None and bans.changed("K", "*@bad.example") == 2000
    tidied(bans, 3500)
    assert bans.changed("K", "*@bad.example") is None and len(bans) == 0


def test_they_are_looked_at_in_slices_while_others_change_them() -> None:
    bans = RecordedBans(FOLD)
    for number in range(3 * SLICE):
        value = f"1000 2000 refuse ann K *@h{number}.example :x"
        stamp = fixed(Stamp(1_000_000, 0, "0AA").text)
        bans.take(Record(ban_entity("K", f"*@h{number}.example"), "ban", stamp, value))
    turns = bans.tidy(9000, 1000)
    next(turns)
    assert 2 * SLICE < len(bans) < 3 * SLICE
    late = Record(ban_entity("K", "*@h2999.example"), "ban", fixed(Stamp(8_000_000, 0, "0AA").text), None)
    bans.take(late)
    assert len(list(turns)) == 2
    assert len(bans) == 1 and bans.changed("K", "*@h2999.example") == 8000


KINDS = st.sampled_from(["K", "D", "X", "R", "A", "C", "EK", "ED", "Z"])
MASKS = st.text(st.sampled_from("aB*?@.:/[\\s ~\n"), min_size=1, max_size=6)
VALUES = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.builds(
        "{} {} {} {} {} {} :{}".format,
        st.sampled_from([0, 1000, 10**9, "x"]),
        st.sampled_from([0, 2000, -1]),
        st.sampled_from(["refuse", "login", "exempt", "sing"]),
        st.sampled_from(["ann", "ann" * 200]),
        KINDS,
        MASKS,
        st.sampled_from(["", "x|y", "x" * 900]),
    ),
)


@given(st.lists(st.tuples(KINDS, MASKS, VALUES, st.booleans()), max_size=12), st.integers(1, 5))
def test_those_of_a_start_are_what_they_would_be_one_after_the_other(
    several: list[tuple[str, str, str | None, bool]], together: int
) -> None:
    """And what makes no sense stops no start."""
    records = {}
    for kind, mask, value, right in several:
        words = (value or "").split(" ", 6)
        if right and len(words) == 7:
            kind, mask = words[4:6]
        entity = ban_entity(kind, FOLD(mask))
        records[entity] = Record(entity, "ban", fixed(Stamp(1_000_000, 0, "0AA").text), value)
    one, many = RecordedBans(FOLD), RecordedBans(FOLD)
    for each in records.values():
        with suppress(ValueError):
            one.take(each)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded_bans, "TOGETHER", together)
        many.load(records.values())
    assert len(one) == len(many)
    for entity in records:
        assert one.since(entity) == many.since(entity)
        mine, theirs = one.get(entity), many.get(entity)
        assert (mine and astuple(mine)) == (theirs and astuple(theirs))


def test_one_that_says_it_was_set_in_a_far_future_can_be_changed() -> None:
    bans = RecordedBans(FOLD)
    bans.take(record(1_000_000, f"{10**15 - 1} 0 refuse ann K *@bad.example :x"))
    assert bans.changed("K", "*@bad.example") == 1000 + AHEAD
    again = RecordedBans(FOLD)
    again.load([record(1_000_000, f"{10**15 - 1} 0 refuse ann K *@bad.example :x")])
    assert again.changed("K", "*@bad.example") == 1000 + AHEAD


def test_what_is_lifted_is_later_than_what_was_set() -> None:
    bans = RecordedBans(FOLD)
    bans.take(record(1_000_000, "1000 0 refuse ann K *@bad.example :x"))
    bans.take(record(1_000_001, None))
    ban = bans.get(ENTITY)
    assert ban is not None and (ban.created, ban.holds(1001)) == (1001, False)
    again = RecordedBans(FOLD)  # after a restart nobody knows what it was
    again.take(record(1_000_001, None))
    assert again.get(ENTITY) is None and again.changed("K", "*@bad.example") == 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 2 refuse x K",
        "x 0 refuse a K *@b :x",
        "1 2 refuse a K *@b x",
        "1  refuse a K *@b :x",
        "1 ² refuse a K b :x",
    ],
)
def test_what_is_no_ban(text: str) -> None:
    with pytest.raises(ValueError, match="it is no ban"):
        BanValue.read(text)


def test_a_value_is_read_as_it_was_written() -> None:
    value = BanValue(1, 0, "login", "a!b@c", "D", "192.0.2.0/24", "school : 1|b")
    assert BanValue.read(value.text) == value


def test_of_many_that_end_at_once_some_go_at_a_time() -> None:
    ending = Ending()
    ending.load(NetworkBan("K", "*", f"h{n}", 0, 5, 5, "", "", True) for n in range(2 * AT_ONCE + 1))
    assert [len(list(ending.until(5))) for _ in range(4)] == [AT_ONCE, AT_ONCE, 1, 0]


def test_bans_that_others_took_the_place_of_are_forgotten() -> None:
    ending = Ending()
    bans = [NetworkBan("K", "*", f"h{n}", 0, 5, 5, "", "", True) for n in range(SPARE + 10)]
    for ban in bans:
        ending.add(ban)
    ending.tidy(3, lambda ban: ban is bans[-1])
    assert len(ending) == 1 and list(ending.until(5)) == [bans[-1]]


KNOWN = [("K", "*@Bad.example"), ("D", "192.0.2.0/24"), ("X", "a\\sb"), ("ED", "192.0.2.7"), ("R", "#c[")]


@pytest.mark.parametrize(("kind", "mask"), KNOWN)
def test_an_entity_is_that_of_its_own_mask_alone(kind: str, mask: str) -> None:
    entity = ban_entity(kind, FOLD(mask))
    assert [each for each in KNOWN if is_ban_entity(entity, each[0], FOLD(each[1]))] == [(kind, mask)]
    assert not is_ban_entity("a" + entity[1:], kind, FOLD(mask))
    assert not is_ban_entity(entity + "a", kind, FOLD(mask))


def test_a_start_takes_what_is_taken_one_after_the_other() -> None:
    texts = [
        "5 9 refuse ann K *@Bad.example :x|y",
        "7 0 login bob D 192.0.2.0/24 :x",
        None,
        "nonsense",
        "7 0 x y",
    ]
    texts += [
        "5 0 exempt ann D 192.0.2.0/24 :",
        "5 0 refuse ann K *@other.example :",
        "5 0 refuse ann K nobody :",
    ]
    entities = [ENTITY, ban_entity("D", "192.0.2.0/24"), ban_entity("X", "a")] + [ENTITY[:-1] + "q"] * 5
    records = [
        Record(entity, "ban", fixed(Stamp(1_000_000, 0, "0AA").text), text)
        for entity, text in zip(entities, texts, strict=True)
    ]
    records.append(Record(ENTITY, "other", records[0].stamp, "1 2 refuse ann K *@bad.example :x"))
    registry, one = Registry(FOLD), RecordedBans(FOLD)
    registry.load(records)
    for each in records:
        with suppress(ValueError):
            one.take(each)
    asked = [("K", "*@BAD.example"), ("D", "192.0.2.0/24"), ("X", "a"), ("K", "nobody")]
    assert list(map(repr, registry.bans.all())) == list(map(repr, one.all()))
    assert [registry.bans.changed(*each) for each in asked] == [5, 7, 1000, None]
    assert [one.changed(*each) for each in asked] == [5, 7, 1000, None]
