"""Timed bans over links: taken away once, by all at their date, and nothing undone that was said later."""

from __future__ import annotations

import pytest
from chanserv import ask, founded
from clubs import Clubs
from conversation import START, Client
from mesh import SOLANUM, Mesh, Stranger, block, stranger
from street import NOW, Street, all_agree, the, user

from chatnet.links.exchange.digests import digest
from chatnet.rules.stamps import Stamp

OLDER_VERSION = SOLANUM + " CN1 CNLWW CNKEEP"
OURS = OLDER_VERSION + " CNMODE"


@pytest.fixture
def town() -> Street:
    street = Street()
    street.gather()
    return street


def bans(mesh: Mesh) -> list[list[tuple[str, int | None]]]:
    return [[(e.mask, e.until) for e in the(house).lists["b"].values()] for house in mesh]


def ends(client: Client) -> list[str]:
    return [line for line in client.lines() if " MODE #c -b " in line]


def test_on_three_servers_it_is_over_once(town: Street) -> None:
    town.say(town.ann, "TBAN #c 60s eve")
    assert bans(town.mesh) == [[("eve!*@*", NOW + 60)]] * 3
    town.say(town.cid, "MODE #c b")
    town.cid.until(f"* 367 cid #c eve!*@* * {NOW} :until 2023-11-14 22:14 UTC")
    town.mesh.advance(61)
    town.settle()
    assert bans(town.mesh) == [[]] * 3
    for client in town.clients:
        assert len(ends(client)) == 1
    town.agree()


def test_both_sides_of_a_split_take_it_away(town: Street) -> None:
    town.say(town.ann, "TBAN #c 60s eve")
    town.mesh.cut("a", "b")
    town.mesh.advance(90)
    assert [len(ends(client)) for client in town.clients] == [1, 1, 1]
    town.mesh.link("a", "b")
    town.settle()
    town.agree()
    assert bans(town.mesh) == [[]] * 3
    assert [ends(client) for client in town.clients] == [[], [], []]


@pytest.mark.parametrize("later", ["MODE #c +b eve!*@*", "TBAN #c 1h eve"])
def test_what_somebody_said_later_beyond_a_split_is_not_undone(town: Street, later: str) -> None:
    town.say(town.ann, "MODE #c +o bob", "TBAN #c 60s eve")
    town.mesh.cut("a", "b")
    town.settle()
    town.mesh.clock.elapsed += 30
    town.say(town.bob, later)
    town.mesh.advance(60)
    a, b, c = bans(town.mesh)
    assert a == [] and b == c and len(b) == 1
    town.mesh.link("a", "b")
    town.settle()
    town.agree()
    assert bans(town.mesh) == [b] * 3


def test_lifted_beyond_a_split_it_stays_lifted(town: Street) -> None:
    town.say(town.ann, "MODE #c +o bob", "TBAN #c 1h eve")
    town.mesh.cut("a", "b")
    town.mesh.clock.elapsed += 30
    town.say(town.bob, "MODE #c -b eve")
    town.mesh.link("a", "b")
    town.settle()
    town.agree()
    assert bans(town.mesh) == [[]] * 3


@pytest.mark.parametrize("stamped", [True, False])
def test_a_newcomer_learns_until_when(stamped: bool) -> None:
    mesh = Mesh("a", "b", links={"converge": stamped})
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +b dan" >> "TBAN #c 60s eve" >> "TBAN #c 90s $q:fay" >> "TBAN #c 60s gil"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    expected = {("dan!*@*", None), ("eve!*@*", NOW + 60), ("$q:fay!*@*", NOW + 90), ("gil!*@*", NOW + 60)}
    assert [set(each) for each in bans(mesh)] == [expected] * 2
    mesh.advance(100)
    mesh.settle()
    assert bans(mesh) == [[("dan!*@*", None)]] * 2


def test_what_is_over_is_not_taken() -> None:
    there, _, mesh = far(OURS)
    stamp = Stamp(int((START + 5) * 1000), 0, "1SO").text
    for line in (f"TMODE {NOW} #c +b eve!*@*", f"EBMASK {NOW} #c b :fay!*@* {NOW} ann"):
        there >> f"@chatnet/ts={stamp};chatnet/until={NOW} :1SO {line}"
        there >> f"@chatnet/ts={stamp};chatnet/until=x :1SO {line.replace('!', '1!')}"
    mesh.settle()
    assert [set(each) for each in bans(mesh)] == [{("eve1!*@*", None), ("fay1!*@*", None)}] * 2


# who does not know of it


def far(house_caps: str) -> tuple[Stranger, Client, Mesh]:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1")]}})
    mesh.link("a", "b")
    ann = mesh["b"].client("ann")
    ann >> "JOIN #c"
    mesh.settle()
    there = stranger(mesh["a"], "so1.test", "1SO", house_caps)
    eve = user(there, "eve")
    there >> f":1SO SJOIN {NOW} #c 0 :{eve}"
    mesh.settle()
    there.lines()
    return there, ann, mesh


def tmodes(there: Stranger) -> list[str]:
    return [line.partition(" ")[2] for line in there.lines() if " TMODE " in line]


def test_another_make_is_told_when_it_is_over() -> None:
    there, ann, mesh = far(SOLANUM)
    ann >> "TBAN #c 60s cyd" >> "TBAN #c 60s $q:dan"
    mesh.settle()
    assert tmodes(there) == [
        f":{ann.user.uid} TMODE {NOW} #c +b cyd!*@*", f":{ann.user.uid} TMODE {NOW} #c +q dan!*@*",
    ]  # fmt: skip
    mesh.advance(61)
    assert sorted(tmodes(there)) == [
        f":0AA TMODE {NOW} #c -b cyd!*@*", f":0AA TMODE {NOW} #c -q dan!*@*",
    ]  # fmt: skip


def test_an_older_version_is_told_when_it_is_over() -> None:
    there, ann, mesh = far(OLDER_VERSION)
    ann >> "TBAN #c 60s cyd"
    mesh.settle()
    (told,) = [line for line in there.pipe.said if "TMODE" in line]
    assert told.endswith(f" TMODE {NOW} #c +b cyd!*@*") and f"chatnet/until={NOW + 60}" in told
    mesh.advance(61)
    (first, last) = [line for line in there.pipe.said if "TMODE" in line]
    assert last.endswith(f" TMODE {NOW} #c -b cyd!*@*")
    # later than what it ends, and than nothing else
    text = first.split("chatnet/ts=")[1].split(";")[0].split(" ")[0]
    ms, number, sid = text.split(".")
    assert f"chatnet/ts={ms}.{int(number) + 1}.{sid}" in last


@pytest.mark.parametrize(("caps", "timed"), [(OURS, True), (OURS + " CNGUEST", False)])
def test_digests_leave_it_out_for_clocks_may_be_apart(caps: str, timed: bool) -> None:
    """But for the version before, which has it in them."""
    there, ann, mesh = far(caps)
    ann >> "TBAN #c 2h cyd" >> "MODE #c +b dan"
    mesh.settle()
    mesh.advance(61)
    there >> ":1SO CNDIG * 0 0123456789abcdef"
    mesh.settle()
    (value,) = {line.split(" ")[-1] for line in there.pipe.said if " CNDIG #c " in line}
    channel = the(mesh["a"])
    assert int(value, 16) == digest(channel, timed=timed) != digest(channel, timed=not timed)


# registered channels


def test_a_registered_channel_keeps_it_until_then() -> None:
    mesh = Clubs("a", "b", links={"stamp_memory": 60})
    mesh.link("a", "b")
    mesh.settle()
    ann = founded(mesh["a"])
    mesh.settle()
    assert ask(ann, "BAN #c +10m eve!*@*") == ["eve!*@* until 2023-11-14 22:23 UTC."]
    assert ask(ann, "QUIET #c +1h *!*@there") == ["$q:*!*@there until 2023-11-14 23:13 UTC."]
    mesh.advance(5)
    ann >> "PART #c"
    mesh.advance(100)
    bob = mesh["b"].client("bob")
    mesh.settle()
    bob >> "JOIN #c"
    mesh.advance(2)
    assert [dict(each).keys() for each in bans(mesh)] == [{"eve!*@*", "$q:*!*@there"}] * 2
    bob >> "PART #c"
    mesh.advance(1000)
    bob.lines()
    bob >> "JOIN #c"
    mesh.advance(2)
    assert [dict(each).keys() for each in bans(mesh)] == [{"$q:*!*@there"}] * 2
    assert ends(bob) == []
    mesh.advance(4000)
    assert bans(mesh) == [[]] * 2 and len(ends(bob)) == 1
    mesh.advance(10)
    mesh.agree()
    for house in mesh:
        registration = house.node.network.registry.channels.at(house.node.network.fold("#c"))
        assert registration is not None
        assert {kept.value for register, kept in registration.kept.items() if register[:2] == "b:"} == {None}


def test_words_that_are_no_duration() -> None:
    mesh = Clubs("a")
    ann = founded(mesh["a"])
    assert ask(ann, "BAN #c +x eve!*@*") == ["+x is no duration: say +15m, +12h or +1d12h."]
    assert ask(ann, "BAN #c +5m") == ["Say it so: BAN <#channel> [+<duration>] <nick|mask> …"]
