"""``scripts/faults --persons``: what its people read, find by reading back, and complain of."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

import pytest
from fault_run.nodes import Node
from fault_run.persons import MEETING, Device, Message, Persons, where
from fault_run.waiting import Late
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

MIDNIGHT = 1_795_996_800.0
"""A Unix time: 2026-11-30T00:00:00Z."""


class Place:
    """A server, as far as anybody looks at it here."""

    def __init__(self, short: str) -> None:
        self.short = short
        self.name = f"{short}.test"


class Told(Device):
    """A device whose server remembers `rows`: second, msgid, author, target and text."""

    def __init__(self, nick: str, short: str) -> None:
        place: Any = Place(short)
        node: Node = place
        super().__init__(Clock(), node, nick, None)
        self.rows: list[tuple[int, str, str, str, str]] = []
        self.asked: list[str] = []

    def ask(self, *lines: str) -> Deferred[list[str]]:
        self.asked += lines
        _, how, target, point, count = lines[0].split(" ")
        rows = [row for row in self.rows if where(row[2], row[3]) == where(self.nick, target)]
        ids = [row[1] for row in rows]
        end = len(rows) if how == "LATEST" else ids.index(point.removeprefix("msgid="))
        for second, msgid, by, to, text in rows[max(0, end - int(count)) : end]:
            tags = f"@batch=1;msgid={msgid};time=2026-11-30T00:{second // 60:02}:{second % 60:02}.000Z"
            self.reads(f"{tags} :{by}!~{by}@h PRIVMSG {to} :m {text}")
        return succeed([])


def result(coroutine: Coroutine[Any, Any, Any]) -> Any:
    found: list[Any] = []
    Deferred.fromCoroutine(coroutine).addBoth(found.append)
    assert found, "it waits"
    return found[0]


def test_a_talk_is_one_place_for_both() -> None:
    assert where("ann", "bob") == where("bob", "ann") == "ann bob"
    assert where("ann", MEETING) == where("bob", MEETING) == MEETING


def test_a_device_knows_what_it_read_and_which_of_its_own_was_confirmed() -> None:
    device = Told("ann", "a")
    device.reads(f"@time=x :ann!~ann@h PRIVMSG {MEETING} :m ann@a/1")
    device.reads(":ann!~ann@h PRIVMSG bob :m ann@b/1")
    device.reads("@batch=7 :bob!~bob@h PRIVMSG ann :m bob@a/1")  # it had asked for that
    device.reads(":ann!~ann@h PRIVMSG ann :check ann@b/9")
    assert device.read == {(MEETING, "ann@a/1"), ("ann bob", "ann@b/1")}
    assert device.confirmed == {(MEETING, "ann@a/1")}
    assert device.checks == {"ann@b/9"}


def test_reading_back_goes_page_by_page_until_it_is_older_than_the_fault() -> None:
    device = Told("ann", "a")
    device.rows = [(second, f"id{second}", "bob", MEETING, f"bob@a/{second}") for second in range(250)]
    found = result(device.past(MEETING, MIDNIGHT + 120))
    assert {f"bob@a/{second}" for second in range(120, 250)} <= {text for _, text in found}
    assert len(device.asked) == 2, "and no further"
    assert device.read == set(), "that is not what it was told"


def people(*names: str) -> tuple[Persons, list[Told]]:
    """Persons with a device on each of two servers."""
    persons = Persons(Clock(), [], 0, [])
    devices = [Told(name, short) for name in names for short in "ab"]
    persons.names, persons.devices = list(names), list(devices)
    return persons, devices


def say(devices: list[Told], message: Message, by: Told, to: str) -> None:
    """A message that its author's server has confirmed, and all others have heard and remember."""
    by.confirmed.add(message)
    for device in devices:
        if to == MEETING or device.nick in (by.nick, to):
            device.read.add(message)
            device.rows.append((len(device.rows), message[1], by.nick, to, message[1]))


def test_what_one_device_does_not_find_is_told() -> None:
    persons, devices = people("ann", "bob")
    say(devices, (MEETING, "ann@a/1"), devices[0], MEETING)
    say(devices, ("ann bob", "ann@a/2"), devices[0], "bob")
    assert result(persons._forgotten(MIDNIGHT, ())) == []
    say(devices, ("ann bob", "ann@a/3"), devices[0], "bob")
    lost = devices[3].rows.pop()
    assert result(persons._forgotten(MIDNIGHT, ())) == [
        "bob@b finds 1 messages not, ('ann bob', 'ann@a/3') among them"
    ]
    devices[3].rows.append(lost)
    assert result(persons._forgotten(MIDNIGHT, ())) == []


@pytest.mark.parametrize("heard", [False, True])
def test_what_a_killed_server_confirmed_last_counts_if_somebody_heard_it(heard: bool) -> None:
    persons, devices = people("ann", "bob")
    message = (MEETING, "ann@a/1")
    devices[0].read.add(message)
    devices[0].confirmed.add(message)
    if heard:
        devices[1].read.add(message)
    assert bool(result(persons._forgotten(MIDNIGHT, {devices[0].node}))) is heard


def test_what_is_missing_is_told_of_one_fault_and_not_of_the_next() -> None:
    persons, devices = people("ann")
    say(devices, (MEETING, "ann@a/1"), devices[0], MEETING)
    devices[1].rows.clear()

    async def once(check: Any) -> Any:
        return [] if check in (persons._unlike, persons._apart) else await check()

    for device in devices:
        device.wire = cast(Any, object())
    persons._until_none = once  # type: ignore[method-assign]
    assert len(result(persons.broken(MIDNIGHT, ()))) == 1
    assert result(persons.broken(MIDNIGHT, ())) == []


def test_a_device_that_is_cut_off_meanwhile_is_a_finding_and_no_end_of_the_run() -> None:
    persons, _ = people("ann")
    back: list[Any] = []

    async def come_back(devices: Any) -> None:
        back.append(devices)

    persons.come_back = come_back  # type: ignore[method-assign]
    tries = iter([ConnectionError("ann was disconnected"), Late("waited in vain"), None])

    async def check() -> list[str]:
        if (error := next(tries)) is not None:
            raise error
        return []

    clock: Any = persons._reactor
    found: list[Any] = []
    Deferred.fromCoroutine(persons._until_none(check)).addBoth(found.append)
    for _ in range(3):
        clock.advance(1.0)
    assert found == [[]] and len(back) == 2


def test_what_perhaps_nobody_heard_is_not_wanted_in_the_next_fault_either() -> None:
    persons, devices = people("ann", "bob")
    message = (MEETING, "ann@a/1")
    devices[0].read.add(message)
    devices[0].confirmed.add(message)
    assert result(persons._forgotten(MIDNIGHT, {devices[0].node})) == []
    persons.looked()
    assert result(persons._forgotten(MIDNIGHT, ())) == []
    say(devices, (MEETING, "ann@a/2"), devices[0], MEETING)
    devices[3].rows.clear()
    assert len(result(persons._forgotten(MIDNIGHT, ()))) == 1


def test_what_was_said_before_a_fault_and_after_the_look_before_is_found() -> None:
    persons, devices = people("ann", "bob")
    persons._looked = MIDNIGHT
    persons.looked()
    for number in range(3):
        say(devices, (MEETING, f"ann@a/{number}"), devices[0], MEETING)
    for device in devices:
        device.rows += [(500 + n, f"late{n}", "ann", MEETING, f"ann@b/late{n}") for n in range(200)]
    assert result(persons._forgotten(MIDNIGHT + 600, ())) == []
