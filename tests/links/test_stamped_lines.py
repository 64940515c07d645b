"""What servers say that stamp their changes, and how long they remember."""

from __future__ import annotations

import pytest
from conversation import START, Client, House
from mesh import SOLANUM, Mesh, Stranger, block, stranger
from street import NOW, snapshot, the, user

from chatnet.links.lifetimes import sweep
from chatnet.links.stamps.registers import Registers
from chatnet.rules.stamps import Stamp

CAPS = SOLANUM + " CN1 CNLWW"


def at(seconds: float, sid: str = "1SO") -> str:
    return Stamp(int((START + seconds) * 1000), 0, sid).text


@pytest.fixture
def far() -> Stranger:
    """A neighbour of ann's server that stamps what it changes; eve is there."""
    house = House(link=[block("so1")], server={"sid": "0AA"})
    far = stranger(house, "so1.test", "1SO", CAPS)
    user(far, "eve")
    return far


def ann(far: Stranger) -> Client:
    client = far.house.client("ann")
    client >> "JOIN #c"
    far.lines()
    client.lines()
    return client


def registers(house: House) -> Registers:
    found = house.parts.links.registers
    assert found is not None
    return found


def test_each_change_bears_a_stamp_and_clients_see_none(far: Stranger) -> None:
    client = far.house.client("bob")
    client >> "CAP REQ :message-tags server-time"
    far.lines()
    client >> "JOIN #c"
    stamp = at(0, "0AA")
    far << f"@chatnet/ts={stamp};msgid=* :0AA SJOIN {NOW} #c +nt :@0AAAAAAAA"
    client >> "TOPIC #c :tea" >> "MODE #c +b *!*@x" >> "PART #c :bye"
    number = Stamp(int(START * 1000), 1, "0AA").text
    far << f"@chatnet/ts={number};msgid=* :0AAAAAAAA ETB {NOW} #c {NOW} bob!~bob@192.0.2.1 :tea"
    far << f"@chatnet/ts=*.2.0AA;time=*;msgid=* :0AAAAAAAA TMODE {NOW} #c +b *!*@x"
    far << "@chatnet/ts=*.3.0AA;time=*;msgid=* :0AAAAAAAA PART #c :bye"
    far.silent()
    client >> "JOIN #d"
    far.lines()
    client.lines()
    far >> f"@chatnet/ts={at(1)};time=2023-11-14T22:13:20.000Z :1SOAAAAAA JOIN {NOW} #d +"
    client << "@time=2023-11-14T22:13:20.000Z;msgid=*.JOIN :eve!~eve@h.eve JOIN #d"


def test_the_later_change_holds_and_the_other_is_not_shown(far: Stranger) -> None:
    client = ann(far)
    far >> f"@chatnet/ts={at(-3)} :1SO TMODE {NOW} #c -t"
    client.silent()
    far >> f"@chatnet/ts={at(3)} :1SO TMODE {NOW} #c -t+k key"
    client << ":so1.test MODE #c -t+k key"
    far >> f"@chatnet/ts={at(2)} :1SO TMODE {NOW} #c +t-k *"
    client.silent()
    far >> f"@chatnet/ts={at(4)} :1SO TMODE {NOW} #c -t"  # known, but as of later
    far >> f"@chatnet/ts={at(3.5)} :1SO TMODE {NOW} #c +t"
    client.silent()
    far.silent()


def test_what_a_burst_tells_of(far: Stranger) -> None:
    """CNSTAMP marks what follows; what was removed, it removes; and who was put out reads so."""
    client = ann(far)
    client >> "MODE #c +mb *!*@x"
    far.house.clock.advance(10)
    client.lines()
    far >> f":1SO CNSTAMP {NOW} #c :m={at(5)}- b:*!*@x={at(5)}- t={at(-5)}- i={at(5)} 0AAAAAAAA={at(6)}-"
    client.silent()
    far >> f":1SO SJOIN {NOW} #c +is :1SOAAAAAA"
    client << ":so1.test KICK #c ann :Put out while servers did not see each other"
    channel = the(far.house)
    assert channel.flags == {"i", "n", "s", "t"} and not channel.lists["b"]
    assert [user.nick for user in channel.members] == ["eve"]


def test_a_rank_from_before_its_owner_left_and_came_again_is_none(far: Stranger) -> None:
    client = ann(far)
    far >> f"@chatnet/ts={at(1)} :1SOAAAAAA JOIN {NOW} #c +"
    client << ":eve!~eve@h.eve JOIN #c"
    (
        far
        >> f":1SO CNSTAMP {NOW} #c :1SOAAAAAA={at(3)} o:1SOAAAAAA={at(2)}"
        >> f":1SO SJOIN {NOW} #c + :1SOAAAAAA"
    )
    client.silent()
    assert {user.nick: ranks for user, ranks in the(far.house).members.items()} == {"ann": 4, "eve": 0}


def test_a_kick_of_somebody_unknown_counts_when_they_come(far: Stranger) -> None:
    ann(far)
    far >> f"@chatnet/ts={at(3)} :1SO KICK #c 1SOAAAAAB :out"
    user(far, "bea", 1)
    far >> f"@chatnet/ts={at(2)} :1SOAAAAAB JOIN {NOW} #c +"
    assert len(the(far.house).members) == 1
    far >> f"@chatnet/ts={at(4)} :1SOAAAAAB JOIN {NOW} #c +"
    assert len(the(far.house).members) == 2


@pytest.mark.parametrize(
    "line",
    [
        f"CNSTAMP {NOW} #c :",
        f"CNSTAMP {NOW} #c := =- m=x m={at(1)}-- o:={at(1)}- b:={at(1)}- q:1SOAAAAAA={at(1)} xyz={at(1)}-",
        f"CNSTAMP {NOW} nochan :m={at(1)}-",
        "CNDIG * 0 xyz",
        "CNDIG #c 5 0123456789abcdef",
        "CNDIG #nosuch 5 0123456789abcdef",
        "CNDIG * 1 0",
        f"TMODE {NOW} #c +m",
        "KICK #c nobody :out",
        f"ETB {NOW} #c {NOW} x :text without a stamp",
        "RESYNC #nosuch 5",
    ],
)
def test_odd_lines_do_no_harm(far: Stranger, line: str) -> None:
    ann(far)
    before = snapshot(far.house, "topic")
    far >> f":1SO {line}" >> f":1SO SJOIN {NOW} #c + :"
    assert far.gone is None
    far.house.check()
    assert snapshot(far.house, "topic") == before


@pytest.mark.parametrize("skew", [6, -6, 3600, -3600, 86_400, -86_400, 86_401, -86_401])
def test_a_neighbour_whose_clock_is_off_is_told_of_and_beyond_the_horizon_not_linked(skew: int) -> None:
    house = House(link=[block("so1")], server={"sid": "0AA"})
    far = Stranger(house, "so1.test", "1SO")
    far >> "PASS linkpw TS 6 :1SO" >> f"CAPAB :{CAPS}" >> "SERVER so1.test 1 :there"
    far >> f"SVINFO 6 6 0 :{NOW + skew}"
    if abs(skew) > 86_400:
        assert far.gone == "Its clock is 86401 seconds off, more than links.stamp_horizon (86400)"
    else:
        words = f"The clock of so1.test is {abs(skew)} seconds {'ahead' if skew > 0 else 'behind'}"
        assert far.gone is None and house.log.lines.count(words) == 1


def test_stamps_and_channels_that_ended_are_forgotten_in_time() -> None:
    mesh = Mesh("a", "b", links={"stamp_memory": 900, "burst_timeout": 10**6, "ping_timeout": 10**6})
    mesh.link("a", "b")
    client = mesh["a"].client("ann")
    mesh.settle()
    for number in range(5):
        client >> f"JOIN #c{number}" >> f"MODE #c{number} +b x!*@*" >> f"PART #c{number}"
    mesh.settle()

    def pass_time(seconds: float) -> None:
        for _ in range(int(seconds / 60)):
            mesh.clock.elapsed += 60
            for house in mesh:
                for link in house.parts.links.all:
                    link.pulse.heard = mesh.clock.monotonic()
                sweep(house.parts.links)
            mesh.settle()

    def kept() -> list[tuple[int, int]]:
        return [(len(registers(house)), len(house.node.network.memory.ended or ())) for house in mesh]

    assert kept() == [(20, 5)] * 2  # three modes of each, and ann, whose rank ended with her
    pass_time(840)
    assert kept() == [(20, 5)] * 2
    mesh.cut("a", "b")
    pass_time(3600)
    assert kept() == [(20, 5)] * 2, "a neighbour is away"
    mesh.link("a", "b")
    mesh.settle()
    pass_time(960)
    assert kept() == [(0, 0)] * 2


def test_no_more_are_remembered_than_the_setting_says() -> None:
    mesh = Mesh("a", "b", links={"stamps": 1000, "ping_timeout": 1000})
    mesh.link("a", "b")
    client = mesh["a"].client("ann")
    mesh.settle()
    client >> "JOIN #c"
    for number in range(1500):
        mesh.clock.elapsed += 0.002
        client >> f"MODE #c {'+-'[number % 2]}b h{number // 2 * 2}!*@*"
    for number in range(1200):
        client >> f"JOIN #c{number}" >> f"PART #c{number}"
    mesh.settle()
    assert len(registers(mesh["b"])) > 2000
    mesh.clock.elapsed += 61
    for house in mesh:
        sweep(house.parts.links)
        assert len(registers(house)) <= 1000
        assert len(house.node.network.memory.ended or ()) <= 1000


def test_a_server_alone_remembers_nothing() -> None:
    house = House()
    client = house.client("ann")
    client >> "JOIN #c" >> "MODE #c +m" >> "PART #c"
    assert house.parts.links.registers is None and house.node.network.memory.ended is None
