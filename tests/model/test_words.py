"""Words about users and channels: which holds, how many there are, and what records say of the same."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.entities import Channel, User
from chatnet.model.ids import SID, Folded
from chatnet.model.metadata import MOST_WORDS, NO_WORDS, Metadata, Word
from chatnet.model.registry import Registry
from chatnet.model.server import Server
from chatnet.records.metadata import is_key, is_value
from chatnet.storage.record import Record

ANN = "a" + "b" * 20
CHANNEL = "c" + "b" * 20
STAMPS = ["000000001.000000.0AA", "000000002.000000.0AA", "000000002.000000.0BA"]

words = st.builds(Word, st.sampled_from(STAMPS), st.sampled_from([None, "", "a", "b"]))


def user() -> User:
    return User(Server(SID("0AA"), "irc.test", ""), "192.0.2.1", "192.0.2.1")


@given(st.lists(words, min_size=1, max_size=4))
def test_all_orders_end_with_the_same_word(several: list[Word]) -> None:
    ends = set()
    for order in permutations(several):
        known: Word | None = None
        for word in order:
            known = word if word.beats(known) else known
        ends.add(known)
    assert len(ends) == 1


def test_the_later_word_holds_and_of_equal_ones_the_greater_value() -> None:
    old, new = Word(STAMPS[0], "z"), Word(STAMPS[1], None)
    assert new.beats(old) and not old.beats(new) and new.beats(None)
    assert Word(STAMPS[0], "z").beats(Word(STAMPS[0], "a")) and not old.beats(old)
    assert Word(STAMPS[0], "").beats(Word(STAMPS[0], None))


def test_what_was_removed_is_remembered_within_bounds() -> None:
    metadata, target = Metadata(), user()
    for number in range(MOST_WORDS + 50):
        stamp = f"{number:09}.000000.0AA"
        metadata.take(target, {f"k{number}": Word(stamp, "x" if number < 3 else None)}, ())
    kept = metadata.words(target)
    assert len(kept) == metadata.size == MOST_WORDS
    assert {"k0", "k1", "k2", f"k{MOST_WORDS + 49}"} <= set(kept) and "k3" not in kept
    metadata.take(target, {}, tuple(kept))
    assert not metadata and metadata.size == 0 and metadata.words(target) is NO_WORDS


def test_who_is_gone_is_forgotten() -> None:
    metadata, ann, channel = Metadata(), user(), Channel("#c", Folded("#c"), 1)
    metadata.take(ann, {"url": Word(STAMPS[0], "x")}, ())
    metadata.take(channel, {"url": Word(STAMPS[0], "x"), "b": Word(STAMPS[0], None)}, ())
    assert metadata.size == 3 and list(metadata) == [ann, channel]
    metadata.forget(channel)
    metadata.forget(channel)
    metadata.forget(ann)
    assert metadata.size == 0 and not metadata


def test_keys_and_values() -> None:
    assert all(map(is_key, ["a", "display-name", "a/b.c_9", "k" * 64]))
    assert not any(map(is_key, ["", "A", "a b", "é", "k" * 65, "a\n", "$url"]))
    assert all(map(is_value, ["x", "a b", "é" * 200, ":"]))
    assert not any(map(is_value, ["", "x" * 401, "a\nb", "a\0", "\udcff", "é" * 201]))


def test_what_records_say() -> None:
    registry = Registry(str.lower)
    for entity in (ANN, CHANNEL):
        registry.take(
            [
                Record(entity, "meta:url", STAMPS[0], "x"),
                Record(entity, "meta:URL", STAMPS[0], "no key"),
                Record(entity, "meta:long", STAMPS[0], "v" * 401),
                Record(entity, "meta:empty", STAMPS[0], ""),
                Record(entity, "meta", STAMPS[0], "no key"),
            ]
        )
    ann, channel = registry.account(ANN), registry.channels.by_id[CHANNEL]
    assert ann is not None and ann.metadata == channel.metadata == {"url": Word(STAMPS[0], "x")}
    for entity in (ANN, CHANNEL):
        registry.take([Record(entity, "meta:url", STAMPS[1], None)])
    assert ann.metadata == channel.metadata == {"url": Word(STAMPS[1], None)}
