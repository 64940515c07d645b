"""What registered channels are kept as: what is written of one makes it again, and nonsense makes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.model.entities import Channel, ListEntry, Topic, parameters, split_forward
from chatnet.model.ids import SID, Folded
from chatnet.model.network import Network
from chatnet.model.registered import Kept, RegisteredChannel
from chatnet.model.server import Server
from chatnet.rules import keeping, locks
from chatnet.rules.stamps import Stamp
from chatnet.wire.casemap import folder

ME = Server(SID("0AA"), "a.test", "")
FLAGS = "CFQRSTcgimnprstzLOP"
WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=" ,:"),
    min_size=1,
    max_size=12,
)
MASKS = st.lists(WORD.map(lambda word: f"{word.replace('$', '')}!*@*"), max_size=4)


def network() -> Network:
    return Network(ME, folder("rfc1459"), 0)


def registration(ts: int = 1000) -> RegisteredChannel:
    found = RegisteredChannel("c" + "a" * 20)
    found.name, found.ts = "#c", ts
    found.since = keeping.text_of(Stamp(2_000_000, 0, "0AA"))
    return found


@st.composite
def channels(draw: st.DrawFn) -> Channel:
    channel, fold = Channel("#c", Folded("#c"), 1000), folder("rfc1459")
    channel.flags = set(draw(st.sets(st.sampled_from(FLAGS))))
    channel.key = draw(st.none() | WORD)
    channel.limit = draw(st.none() | st.integers(1, 999_999_999))
    channel.throttle = draw(st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
    channel.forward = draw(st.sampled_from([None, "#d"]))
    for letter in keeping.LISTS:
        for mask in draw(MASKS):
            forward = draw(st.sampled_from([None, "#d"])) if letter == "b" else None
            channel.lists[letter][Folded(fold(mask))] = ListEntry(mask, "ann!~ann@h", 1500, forward)
    if draw(st.booleans()):
        channel.topic = Topic(draw(WORD) + " :" + draw(WORD), "ann!~ann@h", 1500)
    return channel


def same(one: Channel, other: Channel) -> bool:
    return all(
        getattr(one, name) == getattr(other, name) for name in ("ts", "flags", "lists", "topic", "name")
    ) and parameters(one) == parameters(other)


@settings(max_examples=runs(40, 5000))
@given(channels(), channels())
def test_what_is_written_of_a_channel_makes_it_again(channel: Channel, other: Channel) -> None:
    net, stamp = network(), keeping.text_of(Stamp(1_500_000, 0, "0AA"))
    kept = {}
    for register in keeping.set_in(channel):
        value = keeping.value_of(channel, register)
        assert keeping.is_kept(register) and value is not None
        assert keeping.understood(net, register, value)
        kept[register] = Kept(stamp, value)
    again = keeping.restored(net, registration(), kept, 1500.0)
    assert same(again, channel) if kept else again.flags == {"n", "t"}
    # and what another one has to become it
    wanted = {register: Kept(stamp, None) for register in keeping.set_in(other)} | kept
    for fact in keeping.facts_of(other, wanted, ME, 1500.0):
        net.apply(fact)
    for register in {*wanted}:
        assert not keeping.differs(other, register, wanted[register].value)
    assert set(keeping.set_in(other)) == set(kept)


@given(st.text(max_size=12), st.text(max_size=20))
def test_nonsense_is_not_understood_or_does_no_harm(register: str, value: str) -> None:
    net = network()
    if keeping.is_kept(register) and keeping.understood(net, register, value):
        channel = keeping.restored(
            net, registration(), {register: Kept(keeping.text_of(Stamp(1, 0, "0AA")), value)}, 0.0
        )
        assert keeping.set_in(channel) == [register]


@pytest.mark.parametrize(
    ("register", "value"),
    [
        ("n", "x"), ("k", ""), ("k", "a b"), ("k", "x" * 65), ("l", "0"), ("l", "many"), ("l", "07"),
        ("j", "5"), ("j", "0:5"), ("f", "d"), ("f", ""), ("topic", "ann"), ("topic", "ann :"),
        ("b:*!*@x", "*!*@x"), ("b:*!*@x", "ann *!*@y"), ("b:*!*@x", "ann *!*@x y"), ("b::x", "ann :x"),
        ("b:" + "x" * 201, "ann " + "x" * 201),
    ],
)  # fmt: skip
def test_what_is_not_understood(register: str, value: str) -> None:
    assert keeping.is_kept(register)
    assert not keeping.understood(network(), register, value)


@pytest.mark.parametrize(
    "register", ["", "o", "q", "b", "B", "X", "o:0AAAAAAAA", "z:x", "lock", "name", "topics"]
)
def test_what_is_not_kept(register: str) -> None:
    assert not keeping.is_kept(register)


def test_what_has_no_stamp_is_as_old_as_it_is() -> None:
    channel, registered = Channel("#c", Folded("#c"), 1000), registration()
    channel.flags = {"n"}
    channel.topic = Topic("x", "ann", 1500)
    channel.lists["b"][Folded("x")] = ListEntry("x", "ann", 9999)
    found = [keeping.unmarked(registered, channel, each) for each in ("n", "topic", "b:x", "b:gone")]
    # an entry of the future is not later than the registration
    assert found == [
        Stamp(ms, 0, "0AA") for ms in (1_000_000, 1_500_000, 2_000_000, 1_000_000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("nt", "+nt"), ("+tn-lk", "+nt-kl"), ("-k+l 50", "+l-k 50"), ("+klj key 50 3:10", "+jkl 3:10 key 50"),
        ("+m-m", "-m"), ("", ""),
    ],
)  # fmt: skip
def test_locks_are_written_in_one_way(text: str, written: str) -> None:
    net = network()
    letters, *params = text.split(" ")
    lock, unknown = locks.read_lock(net, letters, params)
    assert unknown == [] and locks.text_of(lock) == written
    registered = registration()
    registered.settings = {locks.MLOCK: written}
    assert locks.lock_of(net, registered) == lock
    assert set(locks.letters_of(lock)) == set(lock)
    assert split_forward(written)[1] is None
