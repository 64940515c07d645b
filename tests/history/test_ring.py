"""The ring of recent messages: what is found in it, and what it never exceeds."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from profiles import runs
from states import channel, far_join, far_server, far_user, set_modes, split

from chatnet.history.ring import PLAIN, SHELF, Ring, size_of
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, MessageRedacted, MessageSent
from chatnet.model.ids import UID
from chatnet.model.past import Key, Page, Record, Redaction, key_of
from chatnet.wire.multiline import Part


def texts(house: House, by: Client, target: Channel | User) -> list[str]:
    key = key_of(by.user, target)
    assert key is not None
    return [record.text for record in house.parts.history.since(key, 0.0)]


def test_what_is_remembered(house: House) -> None:
    ann, bob = house.client("ann", caps="message-tags"), house.client("bob", caps="message-tags")
    ann >> "JOIN #c"
    bob >> "JOIN #c" >> "NICK bert"
    house.clock.advance(1)
    ann >> "PRIVMSG #c :one" >> "@+draft/reply=1;+typing=done NOTICE #c :two" >> "PRIVMSG @#c :three"
    ann >> "PRIVMSG bert :four" >> "PRIVMSG ann :five"
    bob >> "PRIVMSG ann :six" >> "PRIVMSG #c :seven"
    place = channel(house)
    assert texts(house, ann, place) == ["one", "two", "three", "seven"]
    assert texts(house, ann, bob.user) == texts(house, bob, ann.user) == ["four", "six"]
    assert texts(house, ann, ann.user) == ["five"]
    assert texts(house, bob, bob.user) == []
    one, two, three, seven = house.parts.history.since(place, house.clock.time())
    assert (one.command, one.source, one.uid, one.at) == (
        "PRIVMSG", b"ann!~ann@192.0.2.1", ann.user.uid, house.clock.time(),
    )  # fmt: skip
    assert (two.command, two.tags) == ("NOTICE", b"+draft/reply=1;+typing=done")
    assert three.status == "@" and three.ranks
    assert house.parts.history.since(place, house.clock.time() + 1) == []
    assert seven.source.startswith(b"bert!")


def test_that_somebody_types_is_not_remembered(house: House) -> None:
    ann = house.client("ann", caps="message-tags")
    ann >> "JOIN #c" >> "@+typing=active TAGMSG #c" >> "@+draft/typing=done TAGMSG #c"
    assert texts(house, ann, channel(house)) == []
    ann >> "@+draft/reply=1;+draft/react=x TAGMSG #c" >> "@+typing=active PRIVMSG #c :x"
    assert texts(house, ann, channel(house)) == ["", "x"]


def test_sources_are_those_of_their_time(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :x" >> "NICK bea"
    house.parts.history.sweep(house.clock.time())
    ann >> "PRIVMSG #c :y" >> "NICK cyd"
    assert [r.source.partition(b"!")[0] for r in house.parts.history.since(channel(house), 0.0)] == [
        b"ann",
        b"bea",
    ]


def test_the_oldest_go(house: House) -> None:
    house = House(history={"messages": 3})
    ann = house.client("ann")
    ann >> "JOIN #c"
    for number in range(7):
        ann >> f"PRIVMSG #c :{number}"
        assert texts(house, ann, channel(house)) == [str(n) for n in range(max(0, number - 2), number + 1)]
        ann >> f"PRIVMSG ann :{number}"
    assert texts(house, ann, ann.user) == ["4", "5", "6"]
    house.check()


def test_what_was_redacted_leaves_room_for_another() -> None:
    house = House(history={"messages": 3})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :1" >> "PRIVMSG #c :2" >> "PRIVMSG #c :3"
    place, ring = channel(house), house.parts.history
    assert ring.redact(place, ring.since(place, 0.0)[1].msgid)
    ann >> "PRIVMSG #c :4"
    assert texts(house, ann, place) == ["1", "3", "4"]
    ann >> "PRIVMSG #c :5"
    assert texts(house, ann, place) == ["3", "4", "5"]


def test_what_is_too_old_goes(house: House) -> None:
    house = House(history={"duration": 100})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :old"
    house.clock.advance(60)
    ann >> "PRIVMSG #c :new" >> "PRIVMSG ann :new"
    house.clock.advance(41)
    house.parts.history.sweep(house.clock.time())
    assert texts(house, ann, channel(house)) == ["new"]
    house.clock.advance(60)
    house.parts.history.sweep(house.clock.time())
    assert house.parts.history.bytes == 0


def end_by_parting(house: House, ann: Client) -> None:
    ann >> "PART #c"


def end_by_a_kick(house: House, ann: Client) -> None:
    ann >> "KICK #c ann"


def end_by_quitting(house: House, ann: Client) -> None:
    ann >> "QUIT"


def end_by_a_split(house: House, ann: Client) -> None:
    far = far_server(house, "far.example")
    bob = far_user(house, far, "bob")
    far_join(house, "#c", (bob, 0))
    ann >> "PART #c"
    assert texts(house, ann, channel(house)) == ["x"]
    split(house, far)


def end_by_a_mode(house: House, ann: Client) -> None:
    set_modes(house, "#c", "+P")
    ann >> "PART #c"
    assert texts(house, ann, channel(house)) == ["x"]
    set_modes(house, "#c", "-P")


ENDS = [end_by_parting, end_by_a_kick, end_by_quitting, end_by_a_split, end_by_a_mode]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("most", [1, 2])
def test_a_channel_that_ends_is_forgotten_at_once(end: Callable[[House, Client], None], most: int) -> None:
    house = House(history={"messages": most})
    ann, dan = house.client("ann"), house.client("dan")
    dan >> "JOIN #d" >> "PRIVMSG #d :x"
    before = house.parts.history.bytes
    ann >> "JOIN #c" >> "PRIVMSG #c :x"
    place = channel(house)
    assert house.parts.history.bytes == before + SHELF + PLAIN
    end(house, ann)
    assert house.parts.history.bytes == before
    assert texts(house, ann, place) == []
    dan >> "JOIN #c" >> "PRIVMSG #c :y"
    assert texts(house, dan, channel(house)) == ["y"]
    assert texts(house, dan, channel(house, "#d")) == ["x"]
    house.check()


def test_a_channel_that_goes_on_keeps_its_messages(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "MODE #c +o ann"
    bob >> "JOIN #c" >> "PRIVMSG #c :x" >> "PART #c" >> "JOIN #c"
    ann >> "KICK #c bob" >> "MODE #c +i-i"
    bob >> "JOIN #c" >> "QUIT"
    assert texts(house, ann, channel(house)) == ["x"]


def test_what_is_told_after_its_target_ended_goes_with_the_next_sweep(house: House) -> None:
    """A fact that an observer commits waits for its turn, and its target may end before."""
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    gone, user = channel(house), bob.user
    bob >> "QUIT"
    ann >> "PART #c"
    targets: list[Channel | User] = [gone, user]
    for number, target in enumerate(targets):
        now = house.clock.time()
        house.node.commit(MessageSent("PRIVMSG", ann.user, target, "x", now, str(number)))
    house.parts.history.sweep(house.clock.time())
    assert house.parts.history.bytes == 0


def test_a_renamed_channel_keeps_its_messages(house: House) -> None:
    ann = house.client("ann", caps="draft/channel-rename")
    ann >> "JOIN #c" >> "PRIVMSG #c :x" >> "RENAME #c #d"
    house.parts.history.sweep(house.clock.time())
    assert texts(house, ann, channel(house, "#d")) == ["x"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_those_who_quit_are_forgotten_and_not_kept_alive(most: int) -> None:
    """What they said in a channel stays, without the user and all that hangs on them."""
    house = House(history={"messages": most})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "PRIVMSG ann :me"
    before = house.parts.history.bytes
    bob >> "JOIN #c"
    for _ in range(2):
        bob >> "PRIVMSG #c :hello" >> "PRIVMSG ann :hi" >> "PRIVMSG bob :me"
        ann >> "PRIVMSG bob :hi"
    user, place = bob.user, channel(house)
    uid = user.uid
    bob >> "QUIT"
    assert house.parts.history.bytes == before + SHELF + PLAIN * min(2, most)
    assert texts(house, ann, place) == ["hello"] * min(2, most)
    assert texts(house, ann, user) == texts(house, bob, user) == []
    assert texts(house, ann, ann.user) == ["me"]
    assert {record.uid for record in house.parts.history.since(place, 0.0)} == {uid}
    gc.collect()
    assert not [o for o in gc.get_referrers(user) if isinstance(o, MessageSent | tuple)]
    house.check()


def test_who_comes_and_goes_leaves_nothing(house: House) -> None:
    ann = house.client("ann")
    ann >> "PRIVMSG ann :x"

    def sets_after_a_visit() -> int:
        bob = house.client("bob")
        bob >> "JOIN #c" >> "PRIVMSG #c :x" >> "PRIVMSG ann :x"
        ann >> "PRIVMSG bob :x"
        bob >> "QUIT"
        ann.lines()
        gc.collect()
        return sum(type(o) is set for o in gc.get_objects())

    before, held = sets_after_a_visit(), house.parts.history.bytes
    assert [sets_after_a_visit() for _ in range(5)] == [before] * 5
    assert house.parts.history.bytes == held == SHELF + PLAIN


def test_what_is_remembered_is_nothing_for_the_garbage_collector(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "PRIVMSG #c :first" >> "PRIVMSG bob :first"
    gc.collect()
    before = len(gc.get_objects())
    for number in range(600):
        ann >> f"PRIVMSG #c :{number}" >> f"PRIVMSG bob :{number}"
        bob.lines()
    gc.collect()
    assert len(texts(house, ann, bob.user)) == 500
    assert len(gc.get_objects()) - before < 500


def test_without_messages_to_remember_nothing_is_heard(house: House) -> None:
    house = House(history={"messages": 0})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :x"
    assert MessageSent not in house.parts.history.hears
    assert house.parts.history.bytes == 0
    house.reload(history={"messages": 2})
    ann >> "PRIVMSG #c :y"
    assert texts(house, ann, channel(house)) == ["y"]
    ann >> "PRIVMSG #c :z" >> "PRIVMSG #c :zz"
    house.reload(history={"messages": 1})
    assert texts(house, ann, channel(house)) == ["zz"]
    ann >> "PRIVMSG #c :last"
    assert texts(house, ann, channel(house)) == ["last"]
    house.reload(history={"messages": 2})
    ann >> "PRIVMSG #c :very last"
    assert texts(house, ann, channel(house)) == ["last", "very last"]
    house.reload(history={"messages": 0})
    assert house.parts.history.bytes == 0
    ann >> "PRIVMSG #c :x"
    assert texts(house, ann, channel(house)) == []
    house.check()


def test_each_target_gives_up_its_oldest_when_all_is_too_much(house: House) -> None:
    house = House(history={"total_bytes": 65536, "messages": 10000})
    ann = house.client("ann")
    ann >> "JOIN #a,#b,#c"
    for name in ("#a", "#b"):
        for number in range(20):
            ann >> f"PRIVMSG {name} :{number}"
    for number in range(40):
        ann >> f"PRIVMSG #c :{number}"
    left = [len(texts(house, ann, channel(house, name))) for name in ("#a", "#b", "#c")]
    assert 58 <= sum(left) <= 61 and min(left) > 5
    assert texts(house, ann, channel(house, "#c"))[-1] == "39"
    assert house.parts.history.bytes <= 65536


def test_what_counts_is_about_what_it_takes(house: House) -> None:
    """Bytes are counted and not measured; for ASCII they are more than there really are."""
    ann = house.client("ann")
    ann >> "JOIN #c"
    history = house.parts.history
    before = history.bytes
    tracemalloc.start()
    lines = [b"PRIVMSG #c :" + b"%03d" % number + b"x" * 490 + b"\r\n" for number in range(300)]
    base = tracemalloc.get_traced_memory()[0]
    for line in lines:
        ann.session.receive(line)
    ann.lines()
    taken = tracemalloc.get_traced_memory()[0] - base
    tracemalloc.stop()
    assert 300 * PLAIN / 4 < taken < history.bytes - before == SHELF + 300 * PLAIN


def page(ring: Ring, place: Channel, since: float = 0.0, most: int = 10000) -> Page:
    """What other servers may know."""
    try:
        ring.page(place, since, most).send(None)
    except StopIteration as end:
        found: Page = end.value
        return found
    raise AssertionError("the ring waits for nothing")


def redactions(ring: Ring, place: Channel) -> list[str]:
    return [gone.redacted for gone in page(ring, place).redactions]


class Bounds(RuleBasedStateMachine):
    """Any messages, redactions, sweeps and reloads, against lists that are kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.house = House(
            history={"messages": 4, "target_bytes": 6144, "total_bytes": 65536, "duration": 50}
        )
        self.clients = [self.house.client(nick) for nick in ("ann", "bob", "cyd")]
        self.dan = self.house.client("dan")
        self.dan >> "JOIN #a,#b"
        self.ended: set[Key] = set()
        self.said: dict[Key, list[MessageSent]] = {}
        self.redacted: set[str] = set()
        self.deleted: set[str] = set()  # those in channels, known or not
        self.number = 0

    @property
    def ring(self) -> Ring:
        return self.house.parts.history

    def place(self, letter: str) -> Channel:
        return channel(self.house, f"#{letter}")

    @property
    def users(self) -> list[User]:
        return [client.user for client in self.clients]

    @property
    def targets(self) -> list[Channel | User]:
        return [*self.users, *(channel(self.house, name) for name in ("#a", "#b"))]

    def commit(self, fact: Fact) -> None:
        self.house.node.commit(fact)

    @rule(
        by=st.integers(0, 2),
        to=st.integers(0, 4),
        size=st.integers(1, 500),
        tags=st.one_of(st.just(0), st.integers(0, 4094)),
        ranks=st.sampled_from([0, 0, 0, 8]),
        times=st.integers(1, 9),
    )
    def say(self, by: int, to: int, size: int, tags: int, ranks: int, times: int) -> None:
        for _ in range(times):
            self.number += 1
            target = self.targets[to]
            fact = MessageSent(
                "PRIVMSG",
                self.users[by],
                target,
                "x" * size,
                self.house.clock.time(),
                f"{self.number:05d}",
                b"t" * tags,
                ranks,
                "@" if ranks else "",
            )
            fact.parts = (Part("x"),) * (tags % 4)  # type: ignore[misc]
            self.commit(fact)
            key = key_of(fact.by, target)
            assert key is not None
            self.said.setdefault(key, []).append(fact)
            limits = self.house.settings.history
            fits = limits.messages > 0 and SHELF + size_of(fact) <= limits.target_bytes
            assert (self.ring.known(key, fact.msgid) is not None) is fits

    @rule(by=st.integers(0, 2), to=st.integers(0, 4), number=st.integers(0, 60))
    def redact(self, by: int, to: int, number: int) -> None:
        target = self.targets[to]
        key = key_of(self.users[by], target)
        assert key is not None
        msgid = f"{max(0, self.number - number):05d}"
        if self.ring.known(key, msgid) is not None:
            self.redacted.add(msgid)
        self.commit(MessageRedacted(self.users[by], target, msgid, "", self.house.clock.time(), "r"))
        assert self.ring.known(key, msgid) is None
        if isinstance(target, Channel):
            self.deleted.add(msgid)
            limits, gone = self.house.settings.history, redactions(self.ring, target)
            size = sum(map(size_of, self.ring.since(target, 0.0))) + PLAIN * (len(gone) + 1)
            # Of what is equally old, the message is kept.
            assert msgid in gone or not limits.messages or SHELF + size > limits.target_bytes

    @rule(seconds=st.integers(0, 40))
    def sweep(self, seconds: int) -> None:
        self.house.clock.advance(seconds)
        now = self.house.clock.time()
        self.ring.sweep(now)
        assert all(r.at >= now - 50 for key in self.said for r in self.ring.since(key, 0.0))

    @rule(messages=st.integers(0, 6), target_bytes=st.integers(4096, 9000))
    def reload(self, messages: int, target_bytes: int) -> None:
        self.house.reload(history={"messages": messages, "target_bytes": target_bytes})

    @rule(which=st.integers(0, 2))
    def quit(self, which: int) -> None:
        client = self.clients[which]
        self.ended.update(key for key in self.said if isinstance(key, tuple) and client.user.uid in key)
        nick = client.user.nick
        client >> "QUIT"
        self.clients[which] = self.house.client(nick)

    @rule(name=st.sampled_from(["#a", "#b"]))
    def end(self, name: str) -> None:
        self.ended.add(channel(self.house, name))
        self.dan >> f"PART {name}" >> f"JOIN {name}"

    @invariant()
    def bounded_and_right(self) -> None:
        limits = self.house.settings.history
        total = 0
        for key in {*self.said, *map(self.place, "ab")}:
            said = self.said.get(key, [])
            kept = self.ring.since(key, 0.0)
            gone = redactions(self.ring, key) if isinstance(key, Channel) else []
            assert set(gone) <= self.deleted and not {r.msgid for r in kept} & set(gone)
            size = sum(map(size_of, kept)) + PLAIN * len(gone)
            assert max(len(kept), len(gone)) <= (0 if key in self.ended else limits.messages)
            if kept or gone:
                assert SHELF + size <= limits.target_bytes
                total += SHELF + size
            # The end of what was said, but for what was redacted, or did not fit.
            ids = [record.msgid for record in kept]
            assert ids == sorted(ids) and not self.redacted & set(ids)
            by_id = {fact.msgid: fact for fact in said}
            for record in kept:
                fact = by_id[record.msgid]
                assert isinstance(fact.by, User)
                assert tuple(record) == (
                    fact.msgid, fact.at, fact.command, fact.by.source, fact.by.uid, fact.text,
                    fact.tags, fact.ranks, fact.status, fact.parts, None, 0,
                )  # fmt: skip
                assert self.ring.known(key, record.msgid) == record
                others = [other for other in self.said if other != key]
                assert all(self.ring.known(other, record.msgid) is None for other in others)
        assert self.ring.bytes == total <= limits.total_bytes


Bounds.TestCase.settings = settings(max_examples=runs(20, 2000), stateful_step_count=30, deadline=None)
TestBounds = Bounds.TestCase


@given(st.lists(st.integers(0, 70), min_size=1, max_size=300))
@settings(max_examples=30, deadline=None)
def test_all_together_never_exceed_the_total(targets: list[int]) -> None:
    house = House(history={"messages": 5, "total_bytes": 65536})
    ann = house.client("ann").user
    network = house.node.network
    channels = [Channel(f"#{n}", network.fold(f"#{n}"), 0) for n in range(71)]
    ring = house.parts.history
    for number, target in enumerate(targets):
        house.node.commit(MessageSent("PRIVMSG", ann, channels[target], "x", 1.0, str(number)))
        assert ring.bytes <= 65536
        assert ring.known(channels[target], str(number)) is not None
    house.check()


# what other servers tell


def said(number: int, at: float, text: str = "x") -> Record:
    return Record(f"id{number}", at, "PRIVMSG", b"far!~far@h", UID("0BAAAAAAA"), text)


def deleted(number: int, at: float) -> Redaction:
    return Redaction(f"id{number}", at, f"r{number}", b"far!~far@h", UID("0BAAAAAAA"), "")


def test_what_others_tell_stands_where_its_time_puts_it(house: House) -> None:
    ann = house.client("ann")
    now = house.clock.time()
    ann >> "JOIN #c" >> "PRIVMSG #c :1"
    house.clock.advance(10)
    ann >> "PRIVMSG #c :3"
    place, ring = channel(house), house.parts.history
    several = said(4, now + 6, "a\nb")._replace(
        parts=(Part("a"), Part("b")), tags=b"+x", ranks=28, status="@"
    )
    told = Page((said(2, now + 5, "2"), several, said(0, now - 5, "0"), said(2, now + 5, "2")))
    assert ring.remember(place, told) == 3
    assert ring.remember(place, told) == 0
    assert texts(house, ann, place) == ["0", "1", "2", "a\nb", "3"]
    assert ring.known(place, "id4") == several
    assert ring.bytes == SHELF + sum(map(size_of, ring.since(place, 0.0)))
    assert page(ring, place, now, 3).records == ring.since(place, now)[-3:]
    assert page(ring, place, most=0) == Page()
    ann >> "PART #c"
    assert ring.remember(place, told) == 0 == ring.bytes


def test_what_was_deleted_stays_away(house: House) -> None:
    """Whichever of the two is known first, as long as the one would be remembered."""
    ann = house.client("ann")
    ann >> "JOIN #c"
    now, place, ring = house.clock.time(), channel(house), house.parts.history
    assert ring.remember(place, Page((said(1, now), said(2, now)), (deleted(2, now),))) == 1
    assert ring.remember(place, Page((), (deleted(1, now), deleted(3, now)))) == 0
    assert ring.remember(place, Page((said(1, now), said(3, now)))) == 0
    assert texts(house, ann, place) == []
    assert redactions(ring, place) == ["id2", "id1", "id3"]
    house.clock.advance(house.settings.history.duration + 1)
    ring.sweep(house.clock.time())
    assert ring.bytes == 0


def test_what_others_tell_is_bounded() -> None:
    house = House(history={"messages": 4, "total_bytes": 65536})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :mine"
    now, place, ring = house.clock.time(), channel(house), house.parts.history
    ring.remember(place, Page([said(n, now + n) for n in range(9)], [deleted(n, now) for n in range(50, 90)]))
    assert [r.msgid for r in ring.since(place, 0.0)] == ["id5", "id6", "id7", "id8"]
    assert redactions(ring, place) == ["id86", "id87", "id88", "id89"]
    assert ring.bytes == SHELF + 8 * PLAIN
    house.reload(history={"messages": 0})
    assert ring.remember(place, Page([said(1, now)])) == 0 == ring.bytes
