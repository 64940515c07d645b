"""Modes D, E, N, V, W, Y and x over links: registers as all others, for those who know them."""

from __future__ import annotations

import pytest
from chanserv import ask, founded
from clubs import Clubs
from conversation import START, Client
from mesh import SOLANUM, Mesh, Stranger, block, stranger
from sitting import Houses
from street import NOW, Street, all_agree, the, user

from chatnet.links.exchange.digests import digest
from chatnet.model.entities import mode_text
from chatnet.model.ids import AccountName
from chatnet.model.modes import CHANNEL_MODES, OWN_MODES, kind_of
from chatnet.rules.stamps import Stamp

OLDER_VERSION = SOLANUM + " CN1 CNLWW CNKEEP"
OURS = OLDER_VERSION + " CNMODE"


def modes(mesh: Mesh) -> list[str]:
    return [mode_text(the(house), show_key=True) for house in mesh]


@pytest.fixture
def town() -> Street:
    street = Street()
    street.gather()
    return street


def test_on_three_servers(town: Street) -> None:
    town.say(town.ann, "MODE #c +NVWE 10 2:60", "MODE #c +DYx", "MODE #c +W 20")
    for client in town.clients:
        client << "* MODE #c +NVWE 10 2:60" << "* MODE #c +DYx"
        client.until("* MODE #c +W 20")
    town.agree()
    assert modes(town.mesh) == ["+DNVYntxWE 20 2:60"] * 3
    town.say(town.ann, "MODE #c -DENVWYx")
    town.agree()
    assert modes(town.mesh) == ["+nt"] * 3


@pytest.mark.parametrize(("before", "here", "there", "after"), [
    ("+W 5", "+W 60", "-W", ""), ("-W", "+W 60", "+W 7", "W 7"), ("+E 3:60", "-E", "+E 2:5", "E 2:5"),
    ("+N", "-N", "+D", "D"), ("-D", "+D", "+V", "DV"), ("+x", "-x", "+Y", "Y"),
])  # fmt: skip
def test_the_latest_word_holds_after_a_split(
    town: Street, before: str, here: str, there: str, after: str
) -> None:
    town.say(town.ann, "MODE #c +o bob", "MODE #c -nt", f"MODE #c {before}")
    town.mesh.cut("a", "b")
    town.settle()
    for client, change in ((town.ann, here), (town.bob, there)):
        town.mesh.clock.elapsed += 5
        town.say(client, f"MODE #c {change}")
    town.mesh.link("a", "b")
    town.settle()
    town.agree()
    assert set(modes(town.mesh)) == {"+" + after}


def test_each_server_sees_to_its_own_people(town: Street) -> None:
    town.say(town.ann, "MODE #c +NW 10")
    for client in (town.bob, town.cid):
        client.lines()
        town.say(client, "PRIVMSG #c :one", "PRIVMSG #c :two", "NICK other")
        client.until("* 404 *")
        client.until("* 447 *")
    town.say(town.ann, "PRIVMSG #c :three", "PRIVMSG #c :four")
    assert [line.rpartition(":")[2] for line in town.ann.lines() if "PRIVMSG" in line] == ["one", "one"]


def test_the_devices_of_a_person_share_the_time_between_two_messages() -> None:
    mesh = Houses("a", "b", "c")
    laptop, phone = mesh.come("a", "ann"), mesh.come("b", "ann")
    mesh.say(laptop, "JOIN #c")
    mesh.say(mesh.bob, "MODE #c +W 10", "PRIVMSG #c :ranks are free", "PRIVMSG #c :to speak")
    mesh.say(laptop, "PRIVMSG #c :one")
    mesh.say(phone, "PRIVMSG #c :two", "TAGMSG #c")
    phone.until("* 404 *")
    mesh.advance(10.0)
    mesh.say(phone, "PRIVMSG #c :three")
    mesh.say(laptop, "NOTICE #c :four", "PRIVMSG #c :five")
    laptop.until("* 404 *")
    assert [line.rpartition(":")[2] for line in mesh.bob.lines() if " PRIVMSG #c " in line] == [
        "one",
        "three",
    ]
    mesh.check()


def test_who_comes_anew_to_another_server_waits_as_well(town: Street) -> None:
    """Known by the account; of the repeat filter, too."""
    town.say(town.ann, "MODE #c +E 1:60")
    for house in town.mesh:
        for nick in ("bob", "cid"):
            known = house.node.network.user(nick)
            assert known is not None
            known.account = AccountName("bob")
            known.renew_tagged()
    town.say(town.bob, "PRIVMSG #c :the same")
    town.say(town.cid, "PRIVMSG #c :The  SAME!")
    town.cid.until("* 404 *")
    town.say(town.cid, "PRIVMSG #c :another")
    town.say(town.bob, "PRIVMSG #c :another")
    town.bob.until("* 404 *")


def test_a_newcomer_learns_them_in_the_burst() -> None:
    mesh = Mesh("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +kHEW key 2w 2:60 10" >> "MODE #c +DNVYx"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    assert modes(mesh) == ["+DNVYntxkHWE key 2w 10 2:60"] * 2


@pytest.mark.parametrize("stamped", [True, False])
def test_of_two_channels_that_become_one_the_stricter_holds(stamped: bool) -> None:
    mesh = Mesh("a", "b", links={"converge": stamped})
    for name, given in (("a", "+NWE 10 2:60"), ("b", "+YWE 20 5:60")):
        client = mesh[name].client(f"of{name}")
        client >> "JOIN #c" >> f"MODE #c {given}"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    assert modes(mesh) == ["+NYntWE 20 2:60"] * 2


# who does not know them


def far(house_caps: str, *, member: bool = True) -> tuple[Stranger, Client, Mesh]:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1")]}})
    mesh.link("a", "b")
    ann = mesh["b"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +NW 3"
    mesh.settle()
    there = stranger(mesh["a"], "so1.test", "1SO", house_caps)
    eve = user(there, "eve")
    if member:
        there >> f":1SO SJOIN {NOW} #c 0 :{eve}"
    mesh.settle()
    ann.lines()
    return there, ann, mesh


@pytest.mark.parametrize("caps", [SOLANUM, OLDER_VERSION])
def test_they_stay_among_those_who_know_them(caps: str) -> None:
    there, ann, mesh = far(caps)
    assert not [line for line in there.pipe.said if "SJOIN" in line and ("N" in line.split(" ")[4])]
    ann >> "MODE #c +mWE 30 2:7" >> "MODE #c +DVYx" >> "MODE #c +lW-N 5 9" >> "MODE #c -W"
    mesh.settle()
    told = [line.partition("#c ")[2] for line in there.lines() if " TMODE " in line]
    assert told == ["+m", "+l 5"]
    if caps != SOLANUM:
        there >> ":1SO RESYNC #c"
        assert [line.partition(" :")[0] for line in there.lines() if " SJOIN " in line] == [
            f":0AA SJOIN {NOW} #c +mntl 5"
        ]
    assert there.gone is None


@pytest.mark.parametrize("caps", [SOLANUM, OLDER_VERSION])
def test_who_sets_one_is_told_once_that_it_does_not_hold_everywhere(caps: str) -> None:
    _, ann, _ = far(caps)
    ann >> "MODE #c +DmW-N 30"
    ann << "* MODE #c +DmW-N 30"
    ann << ":* NOTICE ann :#c: +DW does not hold for members on servers that do not know it"
    ann.silent()
    ann >> "MODE #c -DmW" << "* MODE #c -DmW"
    ann.silent()


@pytest.mark.parametrize(("caps", "member"), [(OURS, True), (SOLANUM, False)])
def test_nobody_is_told_where_all_know_them(caps: str, member: bool) -> None:
    _, ann, _ = far(caps, member=member)
    ann >> "MODE #c +DW 30" << "* MODE #c +DW 30"
    ann.silent()


def test_one_that_knows_them_is_told() -> None:
    there, ann, mesh = far(OURS)
    ann >> "MODE #c +mWE-N 30 2:7"
    mesh.settle()
    assert [line.partition("#c ")[2] for line in there.lines() if " TMODE " in line] == ["+mWE-N 30 2:7"]


def test_what_an_older_version_says_of_others_goes_on() -> None:
    there, ann, mesh = far(OLDER_VERSION)
    stamp = Stamp(int((START + 5) * 1000), 0, "1SO").text
    there >> f"@chatnet/ts={stamp} :1SO TMODE {NOW} #c +m"
    mesh.settle()
    ann.until("* MODE #c +m")
    assert modes(mesh) == ["+NmntW 3"] * 2


def test_digests_with_an_older_version_leave_them_out() -> None:
    there, _, mesh = far(OLDER_VERSION)
    channel = the(mesh["a"])
    unknown = frozenset(OWN_MODES["CNMODE"])
    before = digest(channel, unknown)
    assert digest(channel) != before
    channel.pace = None
    channel.flags.discard("N")
    assert digest(channel) == digest(channel, unknown) == before
    assert there.gone is None


def test_what_another_make_means_by_the_letters_is_not_this() -> None:
    there, _, mesh = far(SOLANUM)
    there >> f":1SO TMODE {NOW} #c -NWDx+m" >> f":1SO SJOIN {NOW} #c +ntDxYV :"
    mesh.settle()
    assert modes(mesh) == ["+NmntW 3"] * 2


@pytest.mark.parametrize("given", ["+mW", "+mW 0", "+mW 99999", "+mE 2", "+mE 21:5", "+mE " + "x" * 300])
def test_a_value_that_makes_no_sense_is_passed_over(given: str) -> None:
    there, _, mesh = far(OURS)
    stamp = Stamp(int((START + 5) * 1000), 0, "1SO").text
    there >> f"@chatnet/ts={stamp} :1SO TMODE {NOW} #c {given}"
    mesh.settle()
    assert modes(mesh) == ["+NmntW 3"] * 2
    mesh.check()


def test_all_modes_of_its_own_are_modes() -> None:
    for letter in "".join(OWN_MODES.values()):
        assert kind_of(letter) in ("C", "D") and letter in CHANNEL_MODES


# registered channels


def test_a_registered_channel_keeps_and_locks_them() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann = founded(mesh["a"])
    mesh.settle()
    assert ask(ann, "SET #c MLOCK +NWE 10 2:60") == ["The modes +NEW 2:60 10 of #c are locked now."]
    ann >> "MODE #c +x"
    mesh.advance(2)
    ann >> "PART #c"
    mesh.advance(2)
    bob = mesh["b"].client("bob")
    mesh.settle()
    bob >> "JOIN #c"
    mesh.advance(2)
    all_agree(mesh)
    assert modes(mesh) == ["+NntxWE 10 2:60"] * 2
    ann >> "JOIN #c"
    mesh.settle()
    ann.lines()
    ann >> "MODE #c -W"
    ann << "* 742 ann #c W ENW :*"
    assert ask(ann, "SET #c MLOCK +W 0") == ["These cannot be locked so: W 0."]
