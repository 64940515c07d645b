"""Whatever one neighbour says, it costs us no other one: what goes on is as long as others read, and makes
sense to them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conversation import House
from mesh import SECRET, SOLANUM, Mesh, Pipe, Stranger, block, stranger, trusted

from chatnet.links import lifetimes
from chatnet.rules.stamps import Stamp
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob

NOW = 1_700_000_000
LONGEST = 24_000
"""Characters that fit into one line of a neighbour."""


@pytest.fixture
def mesh() -> Mesh:
    """Two servers, and neighbours of the first that the test plays."""
    mesh = Mesh("a", "b", link=[block("bad"), block("so1")])
    mesh.link("a", "b")
    mesh.settle()
    return mesh


@pytest.fixture
def bad(mesh: Mesh) -> Stranger:
    bad = stranger(mesh["a"], "bad.test", "9BD", SOLANUM + " CN1")
    bad >> f":9BD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9BDAAAAAA * * :Eve"
    bad >> f":9BD SJOIN {NOW} #c +nt :@9BDAAAAAA"
    mesh.settle()
    bad.lines()
    return bad


@pytest.mark.parametrize(
    "line",
    [
        # A mask that leaves no room for the command.
        f":9BD ENCAP {'*' * LONGEST} SU 9BDAAAAAA :ann",
        f":9BDAAAAAA ENCAP * LOGIN eve {'X' * LONGEST} :x",
        # What is wrong in it is for each to find out.
        ":9BD ENCAP * KLINE never * bad.example :spam",
        ":9BD ENCAP * DLINE -1 192.0.2.0/24 :spam",
        # Who set it leaves no room for what was set.
        f":9BD ETB 0 #c {NOW} {'x' * LONGEST} :topic",
        f":9BD TB #c {NOW} {'x' * LONGEST} :topic",
        f":9BD EBMASK {NOW} #c b :*!*@bad {NOW} {'x' * LONGEST}",
        # The name of who asks leaves no room for who is asked; without a source it becomes even longer.
        f"PING {'x' * 24565} :0BA",
        f":9BD PONG {'x' * LONGEST} :0BA",
        f"ENCAP * GCAP :{' '.join(f'TOKEN{n}' for n in range(2400))}",
        f":9BD ENCAP * GCAP :{'X' * LONGEST}",
    ],
)
def test_a_long_or_odd_line_costs_no_other_link(mesh: Mesh, bad: Stranger, line: str) -> None:
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    bad >> line
    mesh.settle()
    assert bad.gone is None
    mesh.check()
    for text in so1.lines():
        body = text.partition(" ")[2] if text.startswith("@") else text
        assert len(body) <= 510 and len(text) < LONGEST
    one, other = (house.node.network.channel("#c") for house in mesh)
    assert one is not None and other is not None and one.topic == other.topic
    assert len({user.account for house in mesh for user in house.node.network.users.values()}) == 1
    mesh.cut("a", "b")
    mesh.link("b", "a")  # and it is in no burst either
    mesh.settle()
    mesh.check()


@pytest.mark.parametrize("whom", ["9BD", "a.test", "8FF"])
def test_the_reason_of_a_split_has_an_end(mesh: Mesh, bad: Stranger, whom: str) -> None:
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    bad >> ":9BD SID far.test 2 8FF :x"
    bad.lines()
    bad >> f":9BD SQUIT {whom} :{'é' * 9000}"
    mesh.settle()
    assert all(len(line.encode()) <= 510 for line in [*bad.lines(), *so1.lines(), *mesh["a"].log.lines])
    mesh.check()


def test_who_is_killed_for_no_text_at_all_reads_utf8(mesh: Mesh, bad: Stranger) -> None:
    ann = mesh["a"].client("ann")
    bad >> ":9BD KILL 0AAAAAAAA :bad.test (\udcff)"
    ann << ":bad.test KILL ann :\ufffd"
    ann << "ERROR :Closing Link: 192.0.2.1 (Killed (bad.test (\ufffd)))"


def test_who_set_something_elsewhere_is_one_word(mesh: Mesh, bad: Stranger) -> None:
    """A colon in front of it would take what follows for its own."""
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c"
    bad >> f":9BD EBMASK {NOW} #c b :*!*@bad {NOW} :eve" >> f":9BD TB #c {NOW} {'é' * 300} :topic"
    mesh.settle()
    ann.lines()
    ann >> "MODE #c b"
    ann << f":a.test 367 ann #c *!*@bad eve {NOW}"
    ann << ":a.test 368 *"
    ann >> "TOPIC #c"
    assert ann.until(":a.test 333 ann #c *").endswith(f"é {NOW}")


@pytest.mark.parametrize(
    "line",
    [
        ":9BD ENCAP %s TEST x",
        ":9BDAAAAAA PRIVMSG $$%s :everybody",
        ":9BDAAAAAA TIME :%s",
        ":9BDAAAAAA LINKS a.test :%s",
        ":9BD SID %s 2 8XX :x",
    ],
)
def test_no_mask_is_too_long_to_be_compiled(
    mesh: Mesh, bad: Stranger, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That takes time and memory, and what was compiled is kept."""
    compiled: list[str] = []

    def note(pattern: str, fold: Folder) -> Callable[[str], bool]:
        compiled.append(pattern)
        return compile_glob(pattern, fold)

    for name, module in list(sys.modules.items()):
        if name.startswith("chatnet.") and hasattr(module, "compile_glob"):
            monkeypatch.setattr(module, "compile_glob", note)
    bad >> line % ("?a*" * 8000)
    mesh.settle()
    assert max(map(len, compiled), default=0) <= 200


def test_a_server_that_comes_and_goes_costs_no_look_at_all_users(mesh: Mesh, bad: Stranger) -> None:
    """A hub can say so a thousand times in one chunk: by the calls and steps that are made."""
    network = mesh["a"].node.network

    class Users(dict[Any, Any]):
        looked = 0

        def __reversed__(self) -> Iterator[Any]:
            for uid in list(self)[::-1]:
                Users.looked += 1
                yield uid

        def values(self) -> Any:
            Users.looked += 1
            return Values(self)

    class Values:
        def __init__(self, users: Users) -> None:
            self.users = users

        def __iter__(self) -> Iterator[Any]:
            for uid in list(self.users):
                Users.looked += 1
                yield self.users[uid]

        def __reversed__(self) -> Iterator[Any]:
            return (self.users[uid] for uid in reversed(self.users))

    for number in range(50):
        bad >> f":9BD EUID u{number} 1 {NOW} + u h 0 9BDAAB{number:03d} * * :x"
    network.users = Users(network.users)
    bad >> ":9BD SID far.test 2 8FF :x" >> ":9BD SQUIT 8FF :x"
    bad >> ":9BD SID far.test 2 8FF :x" >> f":8FF EUID fay 1 {NOW} + u h 0 8FFAAAAAA * * :x"
    bad >> ":9BD SQUIT 8FF :x"
    assert Users.looked < 10
    assert network.user("fay") is None and network.user("u49") is not None
    mesh.check()


@pytest.mark.parametrize(
    "line",
    [":9BDAAAAAA KNOCK #c", ":9BDAAAAAA PRIVMSG @#c :ops", ":9BDAAAAAA INVITE 0AAAAAAAB #c"],
)
def test_what_is_for_a_few_members_here_costs_no_look_at_all_of_them(
    mesh: Mesh, bad: Stranger, line: str
) -> None:
    """A short line for the operators of a channel with thousands of members on other servers."""
    ann, bob = mesh["a"].client("ann", caps="invite-notify"), mesh["a"].client("bob")
    bad >> f":9BD SJOIN {NOW} #c +n :@9BDAAAAAA"
    ann >> "JOIN #c"
    bad >> f":9BD TMODE {NOW} #c +o 0AAAAAAAA"
    ann.lines()
    channel = mesh["a"].node.network.channel("#c")
    assert channel is not None

    class Members(dict[Any, Any]):
        def items(self) -> Any:
            raise AssertionError("all were looked at")

        __iter__ = items

    channel.members = Members(channel.members)
    bad >> line
    assert len(ann.lines()) == 1
    assert ("INVITE" in line) == bool(bob.lines())
    assert mesh["a"].log.failures == []


def test_who_is_not_known_yet_reaches_nobody(mesh: Mesh) -> None:
    ann = mesh["a"].client("ann")
    mesh.settle()
    mesh.said("a", "b")
    unknown = Stranger(mesh["a"], "bad.test", "9BD")
    for verb in ("PING", "PONG", "NOTICE"):
        unknown >> f"{verb} x :0AAAAAAAA" >> f"{verb} x :0BA" >> f":ann {verb} ann :0BA"
    assert unknown.gone is None
    unknown.silent()
    ann.silent()
    assert mesh.said("a", "b") == []


def test_only_three_digits_are_an_answer(mesh: Mesh, bad: Stranger) -> None:
    ann = mesh["a"].client("ann")
    bad >> ":9BD ²²² 0AAAAAAAA :squares" >> ":9BD ٣١١ 0AAAAAAAA :other digits"
    ann.silent()
    bad >> ":9BD 391 0AAAAAAAA bad.test :now"
    ann << ":bad.test 391 ann bad.test :now"


def test_an_operator_has_one_word_for_the_block_and_one_for_the_class(mesh: Mesh, bad: Stranger) -> None:
    bad >> ":9BDAAAAAA OPER god :admin of all"
    mesh.settle()
    opers = [user.oper for house in mesh for user in house.node.network.opers]
    assert [(oper.name, oper.oper_class) for oper in opers if oper is not None] == [("god", "admin")] * 2


def test_all_of_a_channel_is_told_so_often_only(mesh: Mesh, bad: Stranger) -> None:
    for _ in range(100):
        bad >> ":9BD RESYNC #c"
    mesh["a"].clock.advance(11)
    for _ in range(100):
        bad >> ":9BD RESYNC #c"
    assert bad.gone is None
    bad >> ":9BD RESYNC #c"
    assert bad.gone == "Too many RESYNC"
    mesh.settle()
    mesh.check()


def test_what_lacks_a_parameter_is_told_once(mesh: Mesh) -> None:
    """A server of another make may not know better; but nobody fills our disk."""
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    for _ in range(100):
        so1 >> ":1SO KILL" >> ":1SO TB #c"
    assert so1.gone is None
    told = [line for line in mesh["a"].log.lines if "too few" in line]
    assert told == [f"so1.test sent {verb} with too few parameters" for verb in ("KILL", "TB")]


def test_a_server_of_another_dialect_is_told_as_that() -> None:
    """What ircd-hybrid 8.2 says when it dials, and what it answers when it is dialled."""
    house = House(link=[block("hy1")])
    log = house.log.lines
    dials = Stranger(house, "hy1.test", "1HY")
    dials >> f"PASS {SECRET}" >> "CAPAB :KNOCK TBURST EOB" >> "SERVER hy1.test 1 1HY + :ircd-hybrid"
    assert dials.gone is not None
    why = "it does not speak our dialect (TS6, as Solanum does)"
    assert f"Refused a link to 'hy1.test' from 192.0.2.200: {why}" in log
    link = house.parts.links.open(Pipe(), trusted(), house.settings.link[0])
    for _ in range(3):
        link.connection.receive(b":hy1.test 461 irc.test SERVER :Not enough parameters\r\n")
    assert not link.gone
    told = [line for line in log if "does not understand us" in line]
    assert told == ["hy1.test does not understand us, and says: 461 SERVER Not enough parameters"]


def test_a_clock_that_is_off_is_told_once(mesh: Mesh) -> None:
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    for _ in range(10):
        so1 >> f"SVINFO 6 6 0 :{NOW - 100}"
    assert so1.gone is None
    assert sum("100 seconds behind" in line for line in mesh["a"].log.lines) == 1


def test_the_channels_of_a_network_have_an_end() -> None:
    house = House(link=[block("so1")], links={"channels": 3})
    ann = house.client("ann")
    for name in "abcd":
        ann >> f"JOIN #{name}"  # what our own users may have is said elsewhere
    ann >> "PART #b,#c,#d"
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> f":1SO SJOIN {NOW} #x +P :" >> f":1SO SJOIN {NOW} #y +P :" >> f":1SO SJOIN {NOW} #y +n :"
    assert so1.gone is None and len(house.node.network.channels) == 3
    so1 >> f":1SO SJOIN {NOW} #z +P :"
    assert so1.gone == "Too many channels"
    house.check()


@pytest.mark.parametrize("caps", [SOLANUM, f"{SOLANUM} CN1 CNLWW"])
@pytest.mark.parametrize(
    "line",
    [":9BD SJOIN {} #new +n :9BDAAAAAA", ":9BDAAAAAA JOIN {} #new +", ":9BD SJOIN {} #c +n :9BDAAAAAC"],
)
def test_the_memberships_of_a_link_have_an_end(caps: str, line: str) -> None:
    """Users and channels have limits of their own, but all users in all channels would be too much."""
    house = House(link=[block("bad", max_memberships=5)])
    house.client("ann") >> "JOIN #c"  # our own do not count
    bad = stranger(house, "bad.test", "9BD", caps)
    for letter in "ABCD":
        bad >> f":9BD EUID {letter} 1 {NOW} +i ~e eve.host 192.0.2.9 9BDAAAAA{letter} * * :Eve"
    bad >> f":9BD SJOIN {NOW} #c +n :9BDAAAAAA 9BDAAAAAB" >> f":9BDAAAAAA JOIN {NOW} #d +"
    bad >> f":9BDAAAAAD JOIN {NOW} #d +" >> ":9BDAAAAAD QUIT :bye"
    bad >> f":9BD SJOIN {NOW} #e +n :9BDAAAAAB 9BDAAAAAC"
    bad >> f":9BDAAAAAB JOIN {NOW} #e +" >> f":9BD SJOIN {NOW} #e +n :@9BDAAAAAB"  # who is there already
    assert bad.gone is None
    bad >> line.format(NOW)
    assert bad.gone == "there are too many memberships in channels behind it"
    assert house.parts.links.routes.memberships == {}
    house.check()


@pytest.mark.parametrize("caps", [SOLANUM, f"{SOLANUM} CN1 CNLWW"])
@pytest.mark.parametrize("line", ["EBMASK {} #d e :c!*@* 5 x d!*@* 5 x", "TMODE {} #d +ee c!*@* d!*@*"])
def test_the_entries_of_all_lists_have_an_end(caps: str, line: str) -> None:
    house = House(link=[block("bad")], links={"entries": 6})
    house.client("ann") >> "JOIN #c" >> "MODE #c +bb a!*@* b!*@*"
    bad = stranger(house, "bad.test", "9BD", caps)
    bad >> f":9BD SJOIN {NOW} #d +P :"
    for _ in range(9):  # what is there already counts once
        bad >> f":9BD EBMASK {NOW} #d b :a!*@* 5 x b!*@* 5 x" >> f":9BD EBMASK {NOW} #d I :e!*@* 5 x"
    assert bad.gone is None
    bad >> f"@chatnet/ts={STAMP} :9BD " + line.format(NOW)
    assert bad.gone == "Too many entries in the lists of channels"
    house.check()


@pytest.mark.parametrize("line", ["EBMASK {} #c b :c!*@* 5 x d!*@* 5 x", "TMODE {} #c +b-e+b c!*@* f d!*@*"])
def test_the_entries_of_a_list_have_an_end(line: str) -> None:
    """Each speaker is held against all of them, and each who asks is told them all."""
    house = House(link=[block("so1")], links={"list_entries": 3})
    house.client("ann") >> "JOIN #c" >> "MODE #c +b a!*@*"
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> f":1SO BMASK {NOW} #c b :b!*@* a!*@*" >> f":1SO TMODE {NOW} #c +eI e e"
    assert so1.gone is None
    so1 >> ":1SO " + line.format(NOW)
    assert so1.gone == "Too many entries of b in #c"
    house.check()


@pytest.mark.parametrize(
    "line",
    [
        "CNHR x 0BA 1 :PRIVMSG #c :hello",
        "CNHR 5 0BA 1 :PRIVMSG #c :hello",
        "CNHIST x 0BA latest #c timestamp=2023-11-14T22:00:00Z 5 2023-11-14T22:00:00Z 0.0",
        "CNHIST 1 0BA latest #c timestamp=2023-11-14T22:00:00Z x 2023-11-14T22:00:00Z 0.0",
        "CNHIST 1 0BA sometime #c timestamp=2023-11-14T22:00:00Z 5 2023-11-14T22:00:00Z 0.0",
    ],
)
def test_who_carries_nonsense_about_the_past_on_is_not_to_blame(mesh: Mesh, line: str) -> None:
    bad = stranger(mesh["a"], "bad.test", "9BD", SOLANUM + " CN1 CNHIST")
    mesh.settle()
    for _ in range(30):
        bad >> f":9BD {line}"
    mesh.settle()
    mesh.check()


# stamps


STAMPING = SOLANUM + " CN1 CNLWW"
STAMP = "loyw3v28.0.9BD"
"""Of the time when the clock of a test starts."""


def stamping(house: House) -> Stranger:
    """A neighbour that stamps what it changes, with eve in #e."""
    bad = stranger(house, "bad.test", "9BD", STAMPING)
    bad >> f":9BD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9BDAAAAAA * * :Eve"
    bad >> f"@chatnet/ts={STAMP} :9BD SJOIN {NOW} #e + :@9BDAAAAAA"
    assert house.parts.links.registers is not None
    bad.lines()
    return bad


@pytest.mark.parametrize("stamp", ["", f"@chatnet/ts={STAMP} "])
@pytest.mark.parametrize(
    "line", [":9BD SJOIN {} #z +n :9BDAAAAAA", ":9BDAAAAAA JOIN {} #z +", ":9BD SJOIN {} #z +P :"]
)
def test_the_channels_of_who_stamps_have_an_end(stamp: str, line: str) -> None:
    house = House(link=[block("bad")], links={"channels": 3})
    bad = stamping(house)
    bad >> f":9BDAAAAAA JOIN {NOW} #x +" >> f":9BD SJOIN {NOW} #y +n :9BDAAAAAA"
    assert bad.gone is None and len(house.node.network.channels) == 3
    bad >> stamp + line.format(NOW)
    assert bad.gone == "Too many channels"
    house.check()


@pytest.mark.parametrize("line", ["EBMASK {} #c b :c!*@* 5 x d!*@* 5 x", "TMODE {} #c +b-e+b c!*@* f d!*@*"])
@pytest.mark.parametrize("stamp", ["", f"@chatnet/ts={STAMP} "])
def test_the_lists_of_who_stamps_have_an_end(stamp: str, line: str) -> None:
    house = House(link=[block("bad")], links={"list_entries": 3})
    bad = stamping(house)
    house.client("ann") >> "JOIN #c" >> "MODE #c +b a!*@*"
    bad >> f"{stamp}:9BD EBMASK {NOW} #c b :b!*@* 5 x a!*@* 5 x"
    bad >> f"@chatnet/ts={STAMP} :9BD TMODE {NOW} #c +eI e e"
    assert bad.gone is None
    if not stamp and line.startswith("TMODE"):
        stamp = "@chatnet/ts=loyw3v29.0.9BD "  # what has no stamp changes nothing
    bad >> f"{stamp}:9BD " + line.format(NOW)
    assert bad.gone == "Too many entries of b in #c"
    house.check()


def test_stamps_are_of_what_there_can_be(mesh: Mesh) -> None:
    """What is remembered is told in each burst, and must fit into a line."""
    bad = stamping(mesh["a"])
    odd = ("", "o", "Z", "b:", "o:*!*@*", f"b:{'x' * 23_000}", "x" * 24_000, "x:y", "9BDAAAAA", "b")
    for register in odd:
        bad >> f":9BD CNSTAMP {NOW} #c :{register}={STAMP}-" >> f":9BD SJOIN {NOW} #c + :9BDAAAAAA"
        mesh.settle()
    assert bad.gone is None
    for house in mesh:
        registers, channel = house.parts.links.registers, house.node.network.channel("#c")
        assert registers is not None and channel is not None and dict(registers.of(channel)) == {}
    bad >> f":9BD CNSTAMP {NOW} #c :m={STAMP}- b:*!*@bad={STAMP}-" >> f":9BD SJOIN {NOW} #c + :9BDAAAAAA"
    mesh.settle()
    for house in mesh:
        registers, channel = house.parts.links.registers, house.node.network.channel("#c")
        assert registers is not None and channel is not None
        assert list(registers.of(channel)) == ["m", "b:*!*@bad"]
    mesh.check()


def test_stamps_to_what_never_comes_have_an_end() -> None:
    house = House(link=[block("bad")], links={"stamps": 1000})
    bad = stamping(house)
    for begin in range(0, 1200, 200):
        words = " ".join(f"b:{number}={STAMP}" for number in range(begin, begin + 200))
        bad >> f":9BD CNSTAMP {NOW} #c :{words}"
    assert bad.gone == "Too many stamps"


@pytest.mark.parametrize(
    "line",
    [
        "@chatnet/ts={stamp} :9BD TMODE {now} #e +b {n}!*@*",
        "@chatnet/ts={stamp} :9BD KICK #{n} 9BDAAAAZZ :x",
        ":9BD SJOIN {now} #{n} +n :",
        ":9BD SJOIN {n} #one +n :",
        ":9BD SJOIN {now} #{n} + :9BDAAAAAA\r\n:9BD SJOIN {older} #{n} + :9BDAAAAAA\r\n"
        "@chatnet/ts={stamp} :9BDAAAAAA PART #{n}",
        ":9BD CNAGE {older} #{n} {now}",
        ":9BD CNAGE {n}0 #one {n}5",
    ],
)
def test_what_is_remembered_of_channels_is_bounded_within_seconds(line: str) -> None:
    house = House(link=[block("bad")], links={"stamps": 1000})
    bad = stamping(house)
    registers = house.parts.links.registers
    assert registers is not None
    lifetimes.sweep(house.parts.links)
    for number in range(3000):
        stamp = ahead(house, number / 1000)
        bad >> line.format(stamp=stamp, now=NOW, older=NOW - 1, n=number + 1)
    lifetimes.sweep(house.parts.links)
    ended, beaten = house.node.network.memory.ended, house.node.network.memory.beaten
    assert ended is not None and sum(map(len, ended.values())) <= 1000 and len(beaten) <= 1000
    assert all(len(ages) <= 8 for ages in beaten.values())
    assert len(registers) <= 1000 and bad.gone is None


def ahead(house: House, seconds: float, sid: str = "9BD") -> str:
    """A stamp of a server that is so many seconds ahead."""
    return Stamp(int((house.clock.time() + seconds) * 1000), 0, sid).text


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("sid", ["9BD", "9XX"])
def test_a_stamp_is_taken_as_it_is_or_ends_the_link(sid: str, before: int) -> None:
    """Twice the horizon: whoever has seen a stamp of a clock that is ahead stamps later than that."""
    most = 2 * 86400
    house = House(link=[block("bad")])
    bad = stamping(house)
    registers = house.parts.links.registers
    assert registers is not None
    text = ahead(house, most - before, sid)
    bad >> f"@chatnet/ts={text} :9BD TMODE {NOW} #e +m"
    channel = house.node.network.channel("#e")
    assert channel is not None and registers.of(channel)["m"].stamp.text == text and bad.gone is None
    bad >> f"@chatnet/ts={ahead(house, most + 7, sid)} :9BD TMODE {NOW} #e +n"
    assert bad.gone == f"The clock of {sid} is {most + 7} seconds ahead, more than links.stamp_horizon"
    assert "n" not in channel.flags


def foreign(house: House) -> Stranger:
    """A neighbour of another make, with eve."""
    bad = stranger(house, "bad.test", "9BD")
    bad >> f":9BD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9BDAAAAAA * * :Eve"
    return bad


@pytest.mark.parametrize("verb", ["JOIN {} #new +", "SJOIN {} #new + :9BDAAAAAA", "NICK other {}"])
@pytest.mark.parametrize("most", [2 * 86400, 86400])
def test_a_ts_is_taken_as_it_is_or_ends_the_link(verb: str, most: int) -> None:
    """Else each server would have another one."""
    house = House(link=[block("bad")])
    bad = stamping(house) if most > 86400 else foreign(house)
    ts = NOW + most - 1
    bad >> f":{'9BD' if verb.startswith('SJOIN') else '9BDAAAAAA'} {verb.format(ts)}"
    channel, user = house.node.network.channel("#new"), house.node.network.user("other")
    assert bad.gone is None and ts in (channel and channel.ts, user and user.nick_ts)
    assert sum("of the future" in line for line in house.log.lines) == 1
    bad >> f":{'9BD' if verb.startswith('SJOIN') else '9BDAAAAAA'} {verb.format(NOW + most + 7)}"
    assert bad.gone is not None and "is a time of the future" in bad.gone


def test_the_horizon_is_taken_over_by_a_reload() -> None:
    house = House(link=[block("bad")])
    bad = stamping(house)
    links = house.settings.links.model_copy(update={"stamp_horizon": 3600.0})
    house.node.change_settings(house.settings.model_copy(update={"links": links}))
    bad >> f"@chatnet/ts={ahead(house, 7100)} :9BD TMODE {NOW} #e +m"
    assert bad.gone is None
    bad >> f"@chatnet/ts={ahead(house, 7300)} :9BD TMODE {NOW} #e +m"
    assert bad.gone is not None


def test_no_stamp_makes_ours_too_long(mesh: Mesh) -> None:
    """The number in a stamp has six digits: after the last one comes the next millisecond."""
    bad = stamping(mesh["a"])
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c"
    last = ahead(mesh["a"], 3000).replace(".0.", ".zzzzzz.")
    bad >> f"@chatnet/ts={last} :9BD TMODE {NOW} #e +m"
    ann >> "MODE #c +m" >> "TOPIC #c :hello"
    mesh.settle()
    assert bad.gone is None
    assert [channel.flags for house in mesh if (channel := house.node.network.channel("#c"))] == [
        {*"nmt"}
    ] * 2
    mesh.check()


def test_what_a_clock_stamped_beyond_the_horizon_is_stamped_anew(mesh: Mesh) -> None:
    """The neighbour has ended the link for it; when the clock is right both agree."""
    house, other = mesh["a"], mesh["b"]
    ann, bob = house.client("ann"), other.client("bob")
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    mesh.step_clock("a", 10**6)
    ann >> "MODE #c +m" >> "MODE #c +b x!*@*"
    mesh.settle()
    assert other.parts.links.neighbour("a.test") is None
    mesh.wires.clear()
    mesh.step_clock("a", -(10**6))
    lifetimes.sweep(house.parts.links)
    assert any("set right: 2 change(s) are stamped anew" in line for line in house.log.lines)
    ann >> "MODE #c +i"
    mesh.link("a", "b")
    mesh.settle()
    channels = [each.node.network.channel("#c") for each in mesh]
    assert [channel.flags for channel in channels if channel is not None] == [{*"inmt"}] * 2
    assert [[*channel.lists["b"]] for channel in channels if channel is not None] == [["x!*@*"]] * 2
    mesh.check()


@pytest.mark.parametrize("before", [(), ("PASS wrong TS 6 :9BD", "CAPAB :QS EX IE ENCAP CN1 CNRES")])
def test_who_is_not_known_says_nothing_behind_an_svinfo(mesh: Mesh, before: tuple[str, ...]) -> None:
    ann, bob = mesh["a"].client("ann"), mesh["a"].client("bob")
    stranger = Stranger(mesh["a"], "bad.test", "9BD")
    for line in before:
        stranger >> line
    stranger >> f"SVINFO 6 6 0 :{NOW}"
    assert stranger.gone == "SVINFO before SERVER"
    stranger >> f"PRIVMSG {bob.user.uid} :from nobody" >> f"KILL {ann.user.uid} :x (x)" >> "SQUIT 0BA :x"
    mesh.settle()
    mesh.check()
    assert [line for line in bob.lines() if "nobody" in line] == []
    assert "ann" in {user.nick for user in mesh["b"].node.network.users.values()}
