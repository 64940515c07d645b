"""One of several uplinks: the next takes the place of one that is lost, and is kept."""

from __future__ import annotations

from typing import Any

import pytest
from dialling import Dialling, introduce
from mesh import Pipe, block, trusted

from chatnet.links.dialling.dialler import RETREAT
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.settings import Settings

HUBS = ["hub1.test", "hub2.test", "hub3.test"]


class Leaf(Dialling):
    """A leaf with three uplinks, of which the first has two addresses."""

    def __init__(self, **links: Any) -> None:
        blocks = [
            block("hub1", addresses=["192.0.2.1:6900", "[2001:db8::1]:6900"], ca="ca.pem"),
            block("hub2", addresses=["192.0.2.2:6900"], ca="ca.pem"),
            block("hub3", addresses=["192.0.2.3:6900"], ca="ca.pem"),
        ]
        super().__init__(*blocks, uplinks=HUBS, **links)

    def link(self, number: int) -> Link:
        """The attempt under way is at this hub, and leads to a link."""
        link, pipe = self.open()
        assert link.name == HUBS[number - 1]
        introduce(link, pipe, link.name, f"1H{number}")
        assert self.sweep(3) == [], "one is enough"
        return link

    def lose(self, link: Link) -> None:
        link.connection_lost("Connection reset by peer")


def test_the_first_that_can_be_reached_is_linked_and_no_other() -> None:
    leaf = Leaf()
    assert leaf.sweep() == ["192.0.2.1:6900"]
    leaf.fail()
    assert leaf.sweep(1) == ["[2001:db8::1]:6900"]
    leaf.fail()
    assert leaf.sweep(1) == ["192.0.2.2:6900"], "without a pause"
    leaf.link(2)
    assert leaf.sweep(3600) == [], "the first is not taken again because it might be there"


def test_there_is_a_pause_when_none_can_be_reached() -> None:
    leaf = Leaf(reconnect_min=30.0)
    dialled = []
    for _ in range(4):
        dialled += leaf.sweep(1)
        leaf.fail()
    assert dialled == ["192.0.2.1:6900", "[2001:db8::1]:6900", "192.0.2.2:6900", "192.0.2.3:6900"]
    assert leaf.sweep(29) == []
    assert leaf.sweep(1) == ["192.0.2.1:6900"]


def test_the_next_takes_the_place_of_one_that_is_lost_within_seconds() -> None:
    leaf = Leaf(reconnect_min=30.0)
    leaf.sweep()
    first = leaf.link(1)
    leaf.sweep(600)
    leaf.lose(first)
    assert leaf.sweep(2) == ["192.0.2.2:6900"]
    second = leaf.link(2)
    leaf.sweep(600)
    leaf.lose(second)
    assert leaf.sweep(2) == ["192.0.2.1:6900"], "from the first on, but for the one that is gone"
    leaf.fail()
    assert leaf.sweep(1) == ["[2001:db8::1]:6900"]
    leaf.fail()
    assert leaf.sweep(1) == ["192.0.2.3:6900"]
    leaf.fail()
    assert leaf.sweep(1) == ["192.0.2.2:6900"]


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 0), (0.5, 5), (0.99, 10)])
def test_chance_spreads_those_who_lost_the_same_hub(chance: float, seconds: int) -> None:
    leaf = Leaf(failover_delay=10.0)
    leaf.house.parts.links.calling.chance = lambda: chance
    leaf.sweep()
    first = leaf.link(1)
    leaf.sweep(600)
    leaf.lose(first)
    assert next(n for n in range(100) if leaf.sweep(1 if n else 0)) == seconds


def test_links_that_come_and_go_are_made_ever_more_rarely() -> None:
    leaf = Leaf(reconnect_min=8.0, reconnect_max=64.0)
    leaf.sweep()
    waits = []
    for number in (1, 2, 1, 2, 1):
        leaf.lose(leaf.link(number))
        waits.append(next(n for n in range(1, 1000) if leaf.sweep(1)))
    assert waits == [16, 32, 64, 64, 64]
    link = leaf.link(2)
    leaf.sweep(600)
    leaf.lose(link)
    assert leaf.sweep(2) == ["192.0.2.1:6900"], "it had stood for long enough"


def test_an_uplink_behind_another_is_there_already() -> None:
    leaf = Leaf()
    leaf.sweep()
    leaf.fail()
    leaf.sweep(1)
    leaf.fail()
    leaf.sweep(1)
    second = leaf.link(2)
    second.connection.receive(b":1H2 SID hub1.test 2 1H1 :behind\r\n")
    assert leaf.sweep(600) == []
    leaf.lose(second)
    assert leaf.sweep(2) == ["192.0.2.1:6900"]


def test_connect_is_for_the_one_it_names() -> None:
    leaf = Leaf()
    leaf.sweep()
    leaf.link(1)
    assert leaf.dialler.dial("hub3.test") is None
    assert leaf.attempts[-1].address == "192.0.2.3:6900"
    leaf.fail()
    assert leaf.sweep(600) == []


def test_without_autoconnect_an_uplink_waits_for_connect() -> None:
    leaf = Leaf()
    one, two, three = (b.model_dump() for b in leaf.house.node.settings.link)
    leaf.change({**one, "autoconnect": False}, two, three)
    assert leaf.sweep() == ["192.0.2.2:6900"]


def test_a_reload_begins_anew() -> None:
    leaf = Leaf(reconnect_min=30.0)
    for _ in range(4):
        leaf.sweep(1)
        leaf.fail()
    one, two, three = (b.model_dump() for b in leaf.house.node.settings.link)
    leaf.change(one, {**two, "addresses": ["192.0.2.22:6900"]}, three)
    assert leaf.sweep() == ["192.0.2.1:6900"]
    for _ in range(2):
        leaf.fail()
        address = leaf.sweep(1)
    assert address == ["192.0.2.22:6900"]


def untrusted() -> Identity:
    """Somebody without the right certificate."""
    return Identity("192.0.2.1", secure=True, vouched=lambda settings: False)


def second_best(**links: Any) -> tuple[Leaf, Link]:
    """A leaf that is linked to the second hub since the first could not be reached."""
    leaf = Leaf(prefer_return=True, return_after=60.0, **links)
    leaf.sweep()
    leaf.fail()
    leaf.sweep(1)
    leaf.fail()
    leaf.sweep(1)
    return leaf, leaf.link(2)


def test_who_prefers_the_first_looks_for_it_when_nothing_happens() -> None:
    leaf, second = second_best()
    for _ in range(10):  # somebody speaks
        assert leaf.sweep(20) == []
        second.connection.receive(b":1H2 PING hub2.test\r\n" * 5)
    assert leaf.sweep(59) == []
    assert leaf.sweep(2) == ["192.0.2.1:6900"]
    assert not second.gone
    leaf.fail()
    assert leaf.sweep(59) == []
    assert leaf.sweep(2) == ["192.0.2.1:6900"]
    link, pipe = leaf.open()
    # The second hears first: the first may have us behind it yet.
    assert second.gone and second.reason == "Going back to hub1.test"
    assert pipe.said == []
    leaf.house.clock.advance(RETREAT)
    assert [line.split()[0] for line in pipe.said] == ["PASS", "CAPAB", "CNRES", "SERVER"]
    introduce(link, pipe, "hub1.test", "1H1")
    assert leaf.sweep(3600) == []


def test_an_uplink_is_not_left_for_one_that_is_not_the_first() -> None:
    leaf, second = second_best()
    leaf.sweep(62)
    attempt = leaf.attempts[-1]
    assert attempt.address == "192.0.2.1:6900"
    pipe = Pipe()
    link = attempt.opened(pipe, untrusted())
    assert link.gone and not second.gone
    assert leaf.sweep(59) == []


def test_a_return_in_vain_is_tried_ever_more_rarely() -> None:
    leaf, _ = second_best()
    leaf.sweep(62)
    link, _ = leaf.open()
    link.connection.receive(b"ERROR :Closing Link: 192.0.2.9 (Invalid credentials)\r\n")
    dialled = leaf.sweep(3)
    while dialled != ["192.0.2.2:6900"]:
        leaf.fail("refused")
        dialled = leaf.sweep(1)
    leaf.link(2)
    assert leaf.sweep(110) == []
    assert leaf.sweep(20) == ["192.0.2.1:6900"]


# an uplink that is suspended


def resuming(leaf: Leaf) -> Link:
    """The first uplink, which can resume links, is linked."""
    link, _ = leaf.open()
    for line in (
        "PASS linkpw TS 6 :1H1", "CAPAB :QS EX IE ENCAP CN1 CNRES", "CNRES 1 ABCDEFGH IJKLMNOP 0",
        "SERVER hub1.test 1 :x", f"SVINFO 6 6 0 :{int(leaf.house.clock.time())}", "PING :1H1",
    ):  # fmt: skip
        link.connection.receive(line.encode() + b"\r\n")
    assert link.settled and leaf.sweep(30) == []
    link.connection.receive(b"PING :1H1\r\n")
    return link


def within(leaf: Leaf, seconds: float) -> list[str]:
    """The addresses that are dialled within some time."""
    before = len(leaf.attempts)
    for _ in range(int(seconds * 4)):
        leaf.house.clock.advance(0.25)
        leaf.dialler.sweep()
    return [attempt.address for attempt in leaf.attempts[before:]]


@pytest.fixture
def suspended() -> tuple[Leaf, Link]:
    """A leaf whose first uplink has lost its connection."""
    leaf = Leaf()
    leaf.sweep()
    link = resuming(leaf)
    leaf.lose(link)
    assert link.suspended
    return leaf, link


def test_an_uplink_that_listens_no_more_is_left_at_once(suspended: tuple[Leaf, Link]) -> None:
    leaf, link = suspended
    for _ in range(4):  # twice at both addresses
        within(leaf, 1)
        leaf.attempts[-1].failed("connection refused", True)
    assert link.gone
    assert within(leaf, 3) == ["192.0.2.2:6900"]


def test_an_uplink_that_does_not_answer_is_left_after_a_while(suspended: tuple[Leaf, Link]) -> None:
    leaf, link = suspended
    addresses = ["192.0.2.1:6900", "[2001:db8::1]:6900"]
    assert within(leaf, 10) == addresses, "and these attempts have no end"
    assert within(leaf, 1) == addresses, "once more, just before the time is over"
    assert link.suspended
    assert within(leaf, 4) == ["192.0.2.2:6900"]
    assert link.gone
    for attempt in leaf.attempts[-5:-1]:
        late = attempt.opened(Pipe(), trusted())
        assert late.gone and late.reason == "Another uplink takes its place"


def test_an_uplink_that_is_back_in_time_is_kept(suspended: tuple[Leaf, Link]) -> None:
    leaf, link = suspended
    within(leaf, 1)
    back, _ = leaf.open()
    session = link.streams.session
    for line in (
        "PASS linkpw TS 6 :1H1", "CAPAB :QS EX IE ENCAP CN1 CNRES",
        f"CNRES 1 ABCDEFGH {session} {link.streams.base}",
        "SERVER hub1.test 1 :x", f"SVINFO 6 6 0 :{int(leaf.house.clock.time())}",
    ):  # fmt: skip
        back.connection.receive(line.encode() + b"\r\n")
    assert not link.suspended
    assert within(leaf, 20) == [] and not link.gone


def test_a_single_uplink_is_waited_for() -> None:
    leaf = Leaf()
    blocks = leaf.house.node.settings.link
    assert all(map(leaf.dialler.replaceable, blocks))
    one, two, three = (block.model_dump() for block in blocks)
    leaf.change(one, {**two, "autoconnect": False}, {**three, "autoconnect": False})
    assert not leaf.dialler.replaceable(blocks[0])


@pytest.mark.parametrize(("after", "more"), [(29.0, 19.0), (5.0, 0.0)])
def test_a_reload_changes_when_another_takes_its_place(
    suspended: tuple[Leaf, Link], after: float, more: float
) -> None:
    leaf, link = suspended
    within(leaf, 10)
    old = leaf.house.node.settings
    new = old.model_copy(update={"links": old.links.model_copy(update={"failover_after": after})})
    leaf.house.node.change_settings(new)
    if more:
        within(leaf, more - 0.5)
        assert link.suspended
    within(leaf, 1)
    assert link.gone


@pytest.mark.parametrize(
    ("uplinks", "reason"),
    [
        (["hub9.test"], "there is no link 'hub9.test'"),
        (["hub1.test"], "the link 'hub1.test' has no addresses"),
    ],
)
def test_uplinks_are_links_that_can_be_dialled(uplinks: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Settings.model_validate({"links": {"uplinks": uplinks}, "link": [block("hub1")]})
