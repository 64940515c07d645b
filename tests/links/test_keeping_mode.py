"""Mode H of channels over links: a register as k, l, f and j, for those who know it."""

from __future__ import annotations

import pytest
from chanserv import ask, founded
from clubs import Clubs
from conversation import START, Client
from mesh import SOLANUM, Mesh, Stranger, block, stranger
from street import NOW, YOUNGER, Street, all_agree, the, user

from chatnet.links.exchange.digests import digest
from chatnet.model.entities import mode_text
from chatnet.rules.stamps import Stamp

OLDER_VERSION = SOLANUM + " CN1 CNLWW"


def modes(mesh: Mesh) -> list[str]:
    return [mode_text(the(house), show_key=True) for house in mesh]


@pytest.fixture
def town() -> Street:
    street = Street()
    street.gather()
    return street


def test_on_three_servers(town: Street) -> None:
    town.say(town.ann, "MODE #c +mHl 30d:join 9")
    for client in town.clients:
        client << "* MODE #c +mHl 30d:join 9"
    town.agree()
    assert modes(town.mesh) == ["+mntlH 9 30d:join"] * 3
    town.say(town.ann, "MODE #c -H")
    town.agree()
    assert modes(town.mesh) == ["+mntl 9"] * 3


@pytest.mark.parametrize("last", ["+H 0", "-H", "+H 5d"])
def test_the_latest_word_holds_after_a_split(town: Street, last: str) -> None:
    town.say(town.ann, "MODE #c +o bob", "MODE #c +H 90d")
    town.mesh.cut("a", "b")
    town.settle()
    town.mesh.clock.elapsed += 5
    town.say(town.ann, "MODE #c +H 10d:all")
    town.mesh.clock.elapsed += 5
    town.say(town.bob, f"MODE #c {last}")
    town.mesh.link("a", "b")
    town.settle()
    town.agree()
    assert {text.partition("H")[2] for text in modes(town.mesh)} == {
        last.partition(" ")[2] and " " + last[3:]
    }


def test_a_newcomer_learns_it_in_the_burst() -> None:
    mesh = Mesh("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +kH key 2w"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    assert the(mesh["b"]).keep == the(mesh["a"]).keep is not None


@pytest.mark.parametrize("stamped", [True, False])
def test_of_two_channels_that_become_one_the_longer_holds(stamped: bool) -> None:
    mesh = Mesh("a", "b", links={"converge": stamped})
    for name, span in (("a", "30d:all"), ("b", "720h:join")):
        client = mesh[name].client(f"of{name}")
        client >> "JOIN #c" >> f"MODE #c +H {span}"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    assert modes(mesh) == ["+ntH 720h:join"] * 2


# who does not know it


def far(house_caps: str) -> tuple[Stranger, Client, Mesh]:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1")]}})
    mesh.link("a", "b")
    ann = mesh["b"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +H 3d"
    mesh.settle()
    there = stranger(mesh["a"], "so1.test", "1SO", house_caps)
    user(there, "eve")
    mesh.settle()
    return there, ann, mesh


@pytest.mark.parametrize("caps", [SOLANUM, OLDER_VERSION])
def test_it_stays_among_those_who_know_it(caps: str) -> None:
    there, ann, mesh = far(caps)
    assert not [line for line in there.pipe.said if "3d" in line]
    ann >> "MODE #c +mH 30d" >> "MODE #c +H 5d" >> "MODE #c -H" >> "MODE #c +lH 5 0"
    mesh.settle()
    told = [line.partition("#c ")[2] for line in there.lines() if " TMODE " in line]
    assert told == ["+m", "+l 5"]
    if caps != SOLANUM:
        there >> ":1SO RESYNC #c"
        assert [line.partition(" :")[0] for line in there.lines() if " SJOIN " in line] == [
            f":0AA SJOIN {NOW} #c +mntl 5"
        ]


def test_what_an_older_version_says_of_others_goes_on() -> None:
    there, ann, mesh = far(OLDER_VERSION)
    stamp = Stamp(int((START + 5) * 1000), 0, "1SO").text
    there >> f"@chatnet/ts={stamp} :1SO TMODE {NOW} #c +m"
    mesh.settle()
    ann.until("* MODE #c +m")
    assert modes(mesh) == ["+mntH 3d"] * 2


def test_digests_with_an_older_version_leave_it_out() -> None:
    there, _, mesh = far(OLDER_VERSION)
    channel = the(mesh["a"])
    before = digest(channel, frozenset("H"))
    assert digest(channel) != before
    channel.keep = None
    assert digest(channel) == digest(channel, frozenset("H")) == before
    assert there.gone is None


def test_what_another_make_means_by_the_letter_is_not_this() -> None:
    there, _, mesh = far(SOLANUM)
    there >> f":1SO SJOIN {NOW} #c +ntH :@1SOAAAAAA" >> f":1SO TMODE {NOW} #c -H+m"
    mesh.settle()
    assert modes(mesh) == ["+mntH 3d"] * 2


@pytest.mark.parametrize("value", ["", "30", "1000d", "30d:", "0d", "x" * 300])
def test_a_value_that_makes_no_sense_is_passed_over(value: str) -> None:
    there, _, mesh = far(OLDER_VERSION + " CNKEEP")
    stamp = Stamp(int((START + 5) * 1000), 0, "1SO").text
    there >> f"@chatnet/ts={stamp} :1SO TMODE {NOW} #c +mH {value}".rstrip()
    mesh.settle()
    assert modes(mesh) == ["+mntH 3d"] * 2
    mesh.check()


def test_the_younger_of_two_channels_loses_it() -> None:
    there, _, mesh = far(OLDER_VERSION + " CNKEEP")
    there >> f":1SO SJOIN {NOW - 50} #c +ntH 9d :@1SOAAAAAA"
    mesh.settle()
    assert modes(mesh) == ["+ntH 9d"] * 2
    there >> f":1SO SJOIN {YOUNGER} #c +ntH 99d :@1SOAAAAAA"
    mesh.settle()
    assert modes(mesh) == ["+ntH 9d"] * 2


# registered channels


def test_a_registered_channel_keeps_it_and_locks_it() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann = founded(mesh["a"])
    mesh.settle()
    assert ask(ann, "SET #c MLOCK +H 30d:join") == ["The modes +H 30d:join of #c are locked now."]
    mesh.advance(2)
    ann >> "PART #c"
    mesh.advance(2)
    bob = mesh["b"].client("bob")
    mesh.settle()
    bob >> "JOIN #c"
    mesh.advance(2)
    all_agree(mesh)
    assert modes(mesh) == ["+ntH 30d:join"] * 2
    ann >> "JOIN #c"
    mesh.settle()
    ann.lines()
    ann >> "MODE #c +H 0"
    ann << "* 742 ann #c H H :*"
    assert ask(ann, "SET #c MLOCK +H 30") == ["These cannot be locked so: H 30."]
