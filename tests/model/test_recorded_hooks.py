"""What records say of hooks, whatever they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.hooks import Hook, Hooks
from chatnet.records import hooks
from chatnet.records.hooks import Closed, Keys
from chatnet.storage.record import Record

STAMP = "000000001.000000.0CN"
ONE, TWO = "h" + "a" * 20, "h" + "b" * 20
CHANNEL, OTHER = "c" + "a" * 20, "c" + "b" * 20
HEARS = {
    "channel": CHANNEL,
    "bot": "a" * 21,
    "by": "a" * 21,
    "label": "ci",
    "created": "1700000000 0CN",
    "status": "active",
    "secret": "0" * 64,
    "format": "any",
}
TELLS = {**HEARS, "url": "https://x.test/", "key": "whsec_a", "types": "message,joined"}
FIELDS = st.sampled_from([*TELLS, "match", "closed", "of-a-version-to-come"])
VALUES = st.sampled_from(
    [None, *TELLS.values(), OTHER, "erased", "whsec_a whsec_b 5", "5 :enough", "", "x y z"]
)


def taken(given: dict[str, str | None], known: Hooks | None = None, entity: str = ONE) -> Hooks:
    known = known or Hooks()
    for field, value in given.items():
        known.take(Record(entity, field, STAMP, value))
    return known


def test_a_hook_hears_or_tells() -> None:
    known = taken(dict(TELLS), taken(dict(HEARS)), TWO)
    hears, tells = known.by_id[ONE], known.by_id[TWO]
    assert hears.works and not hears.tells and tells.works and tells.tells
    assert (hears.name, hears.sid, hears.created) == ("a" * 20, "0CN", 1_700_000_000)
    assert tells.types == ("message", "joined") and "whsec" not in repr(tells) + repr(tells.keys)
    assert [each.id for each in known.of(CHANNEL)] == [ONE, TWO]


@pytest.mark.parametrize("missing", ["channel", "bot", "secret"])
def test_one_that_lacks_something_does_not_work(missing: str) -> None:
    known = taken({name: value for name, value in HEARS.items() if name != missing})
    assert not known.by_id[ONE].works


def test_it_is_closed_opened_moved_and_erased() -> None:
    known = taken({**HEARS, "closed": "5 :enough"})
    hook = known.by_id[ONE]
    assert hook.closed == Closed(5, "enough") and not hook.works
    taken({"closed": None, "channel": OTHER}, known)
    assert hook.works and known.of(CHANNEL) == [] and known.of(OTHER) == [hook]
    taken({"status": "erased"}, known)
    assert known.of(OTHER) == [] and known.by_id == {}


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), FIELDS, VALUES), max_size=40))
def test_whatever_is_told_the_index_is_right(told: list[tuple[str, str, str | None]]) -> None:
    known = Hooks()
    for entity, field, value in told:
        known.take(Record(entity, field, STAMP, value))
    for channel in {hook.channel for hook in known.by_id.values()}:
        mine: list[Hook] = [hook for hook in known.by_id.values() if hook.channel == channel and channel]
        assert sorted(each.id for each in known.of(channel)) == sorted(each.id for each in mine)


@pytest.mark.parametrize("value", [Keys("a"), Keys("a", "b", 5), Closed(5, "why not")])
def test_values_are_read_as_they_are_written(value: Keys | Closed) -> None:
    assert type(value).read(value.text) == value


def test_keys_count_for_a_time() -> None:
    assert Keys("a", "b", 5).at(4) == ("a", "b") and Keys("a", "b", 5).at(5) == ("a",)
    for odd in ("a b", "a b c", ""):
        with pytest.raises(ValueError):
            Keys.read(odd)
    assert hooks.KEY == "key"
