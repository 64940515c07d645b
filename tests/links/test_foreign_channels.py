"""Channels as servers of another make know them: their words, and who wins when two servers meet.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

import pytest
from conversation import START, Client, House
from mesh import SOLANUM, Stranger, block, read_away, stranger
from street import NOW, OLDER, YOUNGER, host, make_owner, ranks, snapshot, the, user

from chatnet.model.entities import mode_text
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.model.modes import OP, VOICE


@pytest.fixture
def house() -> House:
    return House(link=[block("so1"), block("so2"), block("old")])


@pytest.fixture
def so1(house: House) -> Stranger:
    return stranger(house, "so1.test", "1SO")


@pytest.fixture
def ann(house: House, so1: Stranger) -> Client:
    ann = house.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    so1.lines()
    return ann


def test_owners_are_operators_and_half_operators_nobody_elsewhere(
    house: House, so1: Stranger, ann: Client
) -> None:
    bob = house.client("bob")
    bob >> "JOIN #c"
    so1.lines()
    make_owner(house, ann)  # who is an operator there already
    so1.silent()
    ann >> "MODE #c +h bob"
    so1.silent()
    ann >> "MODE #c +av bob bob"
    so1 << f"@time=* :0CNAAAAAA TMODE {NOW} #c +ov 0CNAAAAAB 0CNAAAAAB"
    ann >> "MODE #c +o bob"
    so1.silent()
    ann >> "MODE #c -o bob"
    so1.silent()
    ann >> "MODE #c -av bob bob"
    so1 << f"@time=* :0CNAAAAAA TMODE {NOW} #c -ov 0CNAAAAAB 0CNAAAAAB"


def test_who_loses_o_elsewhere_loses_all_that_is_o_there(house: House, so1: Stranger, ann: Client) -> None:
    eve = user(so1, "eve")
    so1 >> f":{eve} JOIN {NOW} #c +" >> f":1SO TMODE {NOW} #c +ov {eve} {eve}"
    make_owner(house, ann)
    ann.lines()
    so1 >> f":{eve} TMODE {NOW} #c -o+h ann {eve}"
    ann << ":eve!~eve@h.eve MODE #c -qo ann ann"
    assert ranks(house) == {"ann": 0, "eve": OP | VOICE}


def test_mutes_are_a_list_of_their_own_elsewhere(house: House, so1: Stranger, ann: Client) -> None:
    ann >> "MODE #c +bbe $q:bad!*@* *!*@worse $q:fine!*@*"
    so1 << f"@time=* :0CNAAAAAA TMODE {NOW} #c +qb bad!*@* *!*@worse"
    so1 >> f":1SO TMODE {NOW} #c +q-q loud!*@* bad!*@*"
    assert list(the(house).lists["b"]) == ["*!*@worse", "$q:loud!*@*"]
    so1 >> f":1SO BMASK {NOW} #c q :one!*@* two!*@*"
    assert list(the(house).lists["b"])[2:] == ["$q:one!*@*", "$q:two!*@*"]


def test_a_channel_in_a_burst(house: House) -> None:
    """Simple letters first, then l k f j with their parameters in that order."""
    ann = house.client("ann")
    ann >> "JOIN #d" >> "JOIN #c" >> "TOPIC #c :tea" >> "MODE #c +kljf secret 5 3:10 #d" >> "MODE #c +m"
    ann >> "MODE #c +bbeI *!*@bad $q:worse!*@* *!*@good *!*@guest"
    make_owner(house, ann)
    so1 = Stranger(house, "so1.test", "1SO")
    so1 >> "PASS linkpw TS 6 :1SO" >> f"CAPAB :{SOLANUM}" >> "SERVER so1.test 1 :x"
    who = host(ann)
    assert [line for line in so1.lines() if "#c" in line] == [
        f":0CN SJOIN {NOW} #c +mntlkfj 5 secret #d 3:10 :@0CNAAAAAA",
        f":0CN EBMASK {NOW} #c b :*!*@bad {NOW} {who}",
        f":0CN EBMASK {NOW} #c q :worse!*@* {NOW} {who}",
        f":0CN EBMASK {NOW} #c e :*!*@good {NOW} {who}",
        f":0CN EBMASK {NOW} #c I :*!*@guest {NOW} {who}",
        f":0CN TB #c {NOW} {who} :tea",
    ]


def test_nobody_is_told_of_their_own_members(house: House) -> None:
    """Bursts cross: what comes in while one is handed out is not told back."""
    house.reload(links={"burst_slice": 1})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #d"
    so1 = Stranger(house, "so1.test", "1SO")
    burst = f"PASS linkpw TS 6 :1SO|CAPAB :{SOLANUM}|SERVER so1.test 1 :x|SVINFO 6 6 0 :{NOW}"
    burst += f"|:1SO EUID eve 1 {NOW} + eve h.eve 192.0.2.9 1SOAAAAAA * * :eve"
    burst += f"|:1SO SJOIN {OLDER} #d +m :@1SOAAAAAA|PING :1SO|"
    so1.link.connection.receive(burst.replace("|", "\r\n").encode())
    assert [line for line in so1.lines() if " SJOIN " in line] == [
        f":0CN SJOIN {NOW} #c +nt :@0CNAAAAAA",
        f":0CN SJOIN {OLDER} #d +m :0CNAAAAAB",
        f":0CN SJOIN {OLDER} #d 0 :",
    ]
    assert ranks(house, "#d") == {"bob": 0, "eve": OP}


def test_a_neighbour_that_knows_little(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c" >> "TOPIC #c :tea" >> "MODE #c +b *!*@bad"
    old = Stranger(house, "old.test", "1SO")
    old >> "PASS linkpw TS 6 :1SO" >> "CAPAB :QS EX IE ENCAP" >> "SERVER old.test 1 :x"
    assert [line for line in old.lines() if "#c" in line] == [
        f":0CN SJOIN {NOW} #c +nt :@0CNAAAAAA",
        f":0CN BMASK {NOW} #c b :*!*@bad",
    ]
    ann >> "TOPIC #c :cake" >> "PART #c"
    old << ":0CNAAAAAA TOPIC #c :cake"
    old << ":0CNAAAAAA PART #c"


def test_a_large_channel_is_several_lines(house: House) -> None:
    clients = [house.client(f"u{number}") for number in range(120)]
    for client in clients:
        client >> "JOIN #c"
    clients[0] >> "MODE #c +k key"
    so1 = Stranger(house, "so1.test", "1SO")
    so1 >> "PASS linkpw TS 6 :1SO" >> f"CAPAB :{SOLANUM}" >> "SERVER so1.test 1 :x"
    lines = [line for line in so1.lines() if " SJOIN " in line]
    assert len(lines) == 3 and all(len(line) <= 510 for line in lines)
    assert all(line.startswith(f":0CN SJOIN {NOW} #c +ntk key :") for line in lines)
    told = [word for line in lines for word in line.partition(" :")[2].split()]
    assert told == ["@" + clients[0].user.uid, *(client.user.uid for client in clients[1:])]


def test_what_is_too_long_for_others_is_cut(so1: Stranger, ann: Client) -> None:
    ann.house.reload(limits={"topic": 400, "kick": 400, "key": 64})
    ann >> f"TOPIC #c :{'x' * 400}" >> f"MODE #c +k {'k' * 64}" >> f"PART #c :{'y' * 400}"
    assert [line.rpartition(" ")[2] for line in so1.lines()] == [":" + "x" * 390, "k" * 23, ":" + "y" * 260]


def test_members_must_be_behind_the_link(house: House, so1: Stranger, ann: Client) -> None:
    so2 = stranger(house, "so2.test", "2SO")
    eve, dan = user(so1, "eve"), user(so2, "dan")
    so1.lines()
    so1 >> f":1SO SJOIN {NOW} #c +nt :@{dan} @{eve} @0CNAAAAAA @1SOAAAAAZ"
    assert ranks(house) == {"ann": OP, "eve": OP}
    so2 << f":1SO SJOIN {NOW} #c +nt :@{eve}"
    so1 >> f":1SO SJOIN {NOW} #e +nt :@{dan}"
    assert house.node.network.channel("#e") is None
    house.check()


@pytest.mark.parametrize(
    "line",
    [
        "SJOIN {now} nochannel +nt :@{eve}",
        "SJOIN {now} #a,b +nt :@{eve}",
        "SJOIN {now} #new +nt :",
        "TMODE {later} #c +m",
        "TMODE {now} #none +m",
        "TMODE {now} #c +Xo nobody",
        "TMODE {now} #c +lkjf 0 :bad 0:0 none",
        "TMODE {now} #c +b",
        "BMASK {later} #c b :*!*@bad",
        "BMASK {now} #c x :*!*@bad",
        "EBMASK {now} #c b :*!*@bad",
        "EBMASK {now} #c b :*!*@bad soon me",
        "EBMASK {now} #c b :*!*@bad 1234567890123456 me",
        "EBMASK {now} #c b ::x 5 me",
        "MLOCK {later} #c :nt",
        "KICK #c {eve} :not there",
        "TB #none 5 :topic",
        "TB #c 5 :",
        "ETB {later} #c 5 me :",
        "RENAME {later} #c #d :x",
        "RENAME {now} #c nochannel :x",
        "RENAME {now} #c #d :x",
        "RESYNC #c",
        "INVITE 0CNAAAAAA #c",
        "ENCAP * INVITED {eve} 0CNAAAAAA #c",
    ],
)
def test_what_means_nothing_is_ignored(house: House, so1: Stranger, ann: Client, line: str) -> None:
    eve = user(so1, "eve")
    before = snapshot(house)
    so1 >> ":1SO " + line.format(now=NOW, later=YOUNGER, eve=eve)
    ann.silent()
    so1.silent()
    assert snapshot(house) == before
    assert so1.gone is None
    house.check()


# whose channel is older  (the table of federation, one test for each row, over the wire)


@pytest.fixture
def merging(house: House, so1: Stranger, ann: Client) -> tuple[House, Stranger, Stranger, Client, str]:
    """ann's #c of now, with all kinds of modes; so1 has eve, and so2 hears what comes of it."""
    so2 = stranger(house, "so2.test", "2SO")
    ann >> "MODE #c +mklj ours 5 3:10" >> "MODE #c +beI *!*@bad *!*@good *!*@guest" >> "TOPIC #c :ours"
    house.client("guest")
    ann >> "INVITE guest #c"
    eve = user(so1, "eve")
    read_away([ann])
    so1.lines()
    so2.lines()
    return house, so1, so2, ann, eve


Merging = tuple[House, Stranger, Stranger, Client, str]


def test_an_older_channel_wins(merging: Merging) -> None:
    house, so1, so2, ann, eve = merging
    so1 >> f":1SO MLOCK {NOW} #c :s"
    so1 >> f":1SO SJOIN {OLDER} #C +sk theirs :@{eve}"
    channel = the(house)
    assert channel.ts == OLDER and channel.name == "#C"
    assert mode_text(channel, show_key=True) == "+sk theirs"
    assert ranks(house) == {"ann": 0, "eve": OP}
    assert not any(channel.lists.values()) and not channel.invited and not channel.locked
    assert channel.topic is not None and channel.topic.text == "ours"
    assert so1.lines() == [f":0CN SJOIN {OLDER} #C 0 :"]
    assert so2.lines() == [f":1SO MLOCK {NOW} #c :s", f":1SO SJOIN {OLDER} #C +sk theirs :@{eve}"]
    ann << f":irc.test NOTICE #C :*** Notice -- TS for #C changed from {NOW} to {OLDER}"
    house.check()


def test_channels_of_the_same_age_are_merged(merging: Merging) -> None:
    house, so1, so2, _, eve = merging
    so1 >> f":1SO SJOIN {NOW} #C +sklj zzz 4 3:11 :@{eve}"
    channel = the(house)
    assert channel.ts == NOW and channel.name == "#c"
    assert mode_text(channel, show_key=True) == "+mnstklj zzz 5 3:11"
    assert ranks(house) == {"ann": OP, "eve": OP}
    assert channel.invited and [len(entries) for entries in channel.lists.values()] == [1, 1, 1]
    assert so2.lines() == [f":1SO SJOIN {NOW} #c +mnstlkj 5 zzz 3:11 :@{eve}"]
    so1 >> f":1SO BMASK {NOW} #c b :*!*@bad *!*@worse"
    assert len(channel.lists["b"]) == 2
    assert so2.lines() == [f":1SO EBMASK {NOW} #c b :*!*@worse {NOW} so1.test"]


def test_a_younger_channel_loses(merging: Merging) -> None:
    house, so1, so2, _, eve = merging
    before = snapshot(house, "members")
    so1 >> f":1SO SJOIN {YOUNGER} #C +sklj zzz 9 9:11 :@{eve}" >> f":1SO BMASK {YOUNGER} #C b :*!*@worse"
    so1 >> f":1SO MLOCK {YOUNGER} #C :s" >> f":{eve} TMODE {YOUNGER} #C +i"
    assert snapshot(house, "members") == before
    assert ranks(house) == {"ann": OP, "eve": 0}
    assert so2.lines() == [f":1SO SJOIN {NOW} #c 0 :{eve}"]


@pytest.mark.parametrize(("ts", "kept"), [(OLDER, False), (NOW, True), (YOUNGER, True)])
def test_join_with_another_ts(merging: Merging, ts: int, kept: bool) -> None:
    """JOIN with lower TS: as lower-TS SJOIN but lists are kept; JOIN with higher TS: plain join."""
    house, so1, so2, _, eve = merging
    so1 >> f":{eve} JOIN {ts} #c +"
    channel = the(house)
    assert channel.ts == min(ts, NOW)
    assert ranks(house) == {"ann": OP if kept else 0, "eve": 0}
    assert mode_text(channel, show_key=True) == ("+mntklj ours 5 3:10" if kept else "+")
    assert [len(entries) for entries in channel.lists.values()] == [1, 1, 1]
    assert so2.lines() == [f":{eve} JOIN {min(ts, NOW)} #c +"]


def test_a_ts_of_0_merges_and_holds(merging: Merging) -> None:
    """If either TS is 0 the result is 0."""
    house, so1, so2, _, eve = merging
    so1 >> f":1SO SJOIN 0 #c +s :@{eve}"
    channel = the(house)
    assert channel.ts == 0 and mode_text(channel, show_key=True) == "+mnstklj ours 5 3:10"
    assert ranks(house) == {"ann": OP, "eve": OP} and channel.lists["b"]
    assert so2.lines() == [f":1SO SJOIN 0 #c +mnstlkj 5 ours 3:10 :@{eve}"]


def test_a_channel_that_comes_by_join_has_no_modes(house: House, so1: Stranger) -> None:
    eve = user(so1, "eve")
    so1 >> f":{eve} JOIN {OLDER} #new +"
    assert the(house, "#new").ts == OLDER and ranks(house, "#new") == {"eve": 0}
    so1.silent()  # RESYNC is for chatnet servers


def test_an_older_topic_of_a_burst_holds_and_a_newer_one_of_services(merging: Merging) -> None:
    house, so1, so2, ann, eve = merging
    so1 >> f":1SO TB #c {YOUNGER} eve :younger"
    so2.silent()
    so1 >> f":1SO TB #c {OLDER} eve :older"
    ann << ":so1.test TOPIC #c :older"
    topic = the(house).topic
    assert topic is not None and (topic.text, topic.by, topic.at) == ("older", "eve", OLDER)
    so2 << f":1SO TB #c {OLDER} eve :older"
    so1 >> f":1SO ETB {NOW} #c {OLDER} dan :not newer"
    so2.silent()
    so1 >> f":1SO ETB 0 #c {OLDER} dan :forced"
    so2 << f":1SO ETB 0 #c {OLDER} dan :forced"
    ann << ":so1.test TOPIC #c :forced"
    so1 >> f":1SO ETB 0 #c {NOW} dan :forced"
    ann.silent()
    so2 << f":1SO ETB 0 #c {NOW} dan :forced"
    so1 >> f":{eve} TOPIC #c :forced"
    ann.silent()
    so2 << f":{eve} ETB 0 #c {NOW} eve!*@* :forced"  # who is in no such channel


def test_a_time_before_time_is_the_beginning_of_it(house: House, so1: Stranger, ann: Client) -> None:
    """Other servers would not understand a TB with a negative time."""
    so1 >> "@time=0001-01-01T00:00:00.000Z :1SO TOPIC #c :old"
    topic = the(house).topic
    assert topic is not None and topic.at == 0


def test_a_channel_that_stays_may_be_empty(house: House, so1: Stranger) -> None:
    so2 = Stranger(house, "so2.test", "2SO")
    so2 >> "PASS linkpw TS 6 :2SO" >> f"CAPAB :{SOLANUM}" >> "SERVER so2.test 1 :x"
    so2 >> f":2SO SJOIN {OLDER} #p +Pn :" >> ":2SO PING 2SO"
    so1.lines()
    assert the(house, "#p").ts == OLDER and not the(house, "#p").members
    old = Stranger(house, "old.test", "3SO")
    old >> "PASS linkpw TS 6 :3SO" >> f"CAPAB :{SOLANUM}" >> "SERVER old.test 1 :x"
    assert f":0CN SJOIN {OLDER} #p +Pn :" in old.lines()
    so2 >> f":2SO TMODE {OLDER} #p -P"
    assert house.node.network.channel("#p") is None
    house.check()


# what services do


def test_services_lock_modes(house: House, so1: Stranger, ann: Client) -> None:
    so1 >> f":1SO MLOCK {NOW} #c :nm"
    ann >> "MODE #c -n+i"
    ann << ":* 742 ann #c n nm :*"
    ann << f":{host(ann)} MODE #c +i"
    so1.lines()
    so1 >> f":1SO TMODE {NOW} #c -n"
    ann << ":so1.test MODE #c -n"
    so1 >> f":1SO MLOCK {NOW} #c :"
    ann >> "MODE #c +n"
    ann << f":{host(ann)} MODE #c +n"


def test_a_lock_is_told_in_a_burst_and_onward(house: House, so1: Stranger, ann: Client) -> None:
    so2 = stranger(house, "so2.test", "2SO")
    so1 >> f":1SO MLOCK {NOW} #c :nt"
    so2 << f":1SO MLOCK {NOW} #c :nt"
    old = Stranger(house, "old.test", "3SO")
    old >> "PASS linkpw TS 6 :3SO" >> f"CAPAB :{SOLANUM}" >> "SERVER old.test 1 :x"
    assert f":0CN MLOCK {NOW} #c :nt" in old.lines()


def test_a_channel_with_members_elsewhere_is_not_renamed(house: House, so1: Stranger, ann: Client) -> None:
    eve = user(so1, "eve")
    so1 >> f":{eve} JOIN {NOW} #c +"
    ann.lines()
    so1.lines()
    ann >> "RENAME #c #d"
    ann << ":* FAIL RENAME CANNOT_RENAME #c #d :*"
    so1 >> f":{eve} PART #c"
    ann.lines()
    ann >> "RENAME #c #d :better"
    so1 << "@time=* :0CNAAAAAA PART #c :better"
    so1 << f":0CN SJOIN {NOW} #d +nt :@0CNAAAAAA"


def test_a_channel_that_stays_does_not_stay_under_its_old_name(
    house: House, so1: Stranger, ann: Client
) -> None:
    stay = (ModeChange(True, "P"),)
    house.node.commit(ModesChanged(the(house), stay, house.node.network.me, START))
    so1.lines()
    ann >> "RENAME #c #d :better"
    so1 << f"@time=* :0CN TMODE {NOW} #c -P"
    so1 << "@time=* :0CNAAAAAA PART #c :better"
    so1 << f":0CN SJOIN {NOW} #d +Pnt :@0CNAAAAAA"


def test_who_knows_no_tb_is_told_the_topic_of_a_renamed_channel_too(house: House) -> None:
    old = Stranger(house, "old.test", "3SO")
    old >> "PASS linkpw TS 6 :3SO" >> "CAPAB :QS EX IE ENCAP EUID" >> "SERVER old.test 1 :x"
    ann = house.client("ann")
    ann >> "JOIN #c" >> "TOPIC #c :hello"
    old.lines()
    ann >> "RENAME #c #d"
    old << ":0CNAAAAAA PART #c :"
    old << f":0CN SJOIN {NOW} #d +nt :@0CNAAAAAA"
    old << f":0CN TOPIC #d ann!~ann@192.0.2.1 {NOW} :hello"


# transcripts

TRANSCRIPT = """
:1SO SJOIN 1695345576 #one +ntlkj 5 secret 3:10 :+1SOAAAAAB @1SOAAAAAA
:1SO EBMASK 1695345576 #one b :*!*@bad 1695345576 alice!~alice@127.0.0.1
:1SO TB #one 1695345576 alice!~alice@127.0.0.1 :hello topic
:1SOAAAAAA INVITE 2SOAAAAAA #one 1695345576
:1SOAAAAAA TMODE 1695345576 #one +b-l *!*@worse
:1SOAAAAAA TOPIC #one :another
:2SO ETB 0 #one 1695345580 ChanServ :set by services
:2SOAAAAAA JOIN 1695345576 #one +
:1SOAAAAAA KICK #one 2SOAAAAAA :out
:1SO MLOCK 1695345576 #one :nt
:1SOAAAAAA PART #one :bye
"""
"""What a Solanum said, in its burst and after."""


def test_a_transcript_comes_out_as_it_went_in(house: House) -> None:
    so1, so2 = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    for there, nick in ((so1, "alice"), (so2, "carl")):
        user(there, nick)
    user(so1, "bob", 1)
    for line in TRANSCRIPT.strip().splitlines():
        said, heard = (so2, so1) if line.startswith(":2") else (so1, so2)
        so1.lines()
        so2.lines()
        said >> line
        (told,) = heard.lines()
        assert told[told.startswith("@") and told.index(" ") + 1 :] == line
    house.check()
