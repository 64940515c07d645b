"""A server that has sessions of a user of another one: it speaks for them, and hears their channels."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

import pytest
from clubs import Clubs, FullClub
from conversation import Client
from mesh import read_away
from seating import OFFERED, WITHOUT

from chatnet.links.codecs.solanum import SEATS, Solanum
from chatnet.model.entities import Person, User
from chatnet.model.facts import Joined, MessageSent, Parted, SeatLeft, SeatTaken, UserQuit
from chatnet.model.ids import SID, UID
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp
from chatnet.session.seats import Sitter

BEGAN = Stamp(1_699_999_000_000, 0, "0AA").text
TAKEN = Stamp(1_699_999_000_001, 7, "0AA").text
TALKS = frozenset({"CN1", "EUID", "STAG", "CNREG", SEATS})


class Seats(Clubs):
    """ann is a person on a, and in #c with bob of b, behind which is c."""

    def __init__(self, *, linked: bool = True, **given: object) -> None:
        super().__init__("a", "b", "c", **given)  # type: ignore[arg-type]
        account = self["a"].account("ann", "correct-horse")
        self.ann = self["a"].client("ann_")
        self.ann >> "NS IDENTIFY ann correct-horse"
        self.ann.user.person = Person(account.id, BEGAN, stays=True)
        self["a"].node.network.persons[account.id] = self.ann.user
        self.link("a", "b")
        self.settle()
        if linked:
            self.link("b", "c")
            self.settle()
        self.bob = self["b"].client("bob")
        for client in (self.ann, self.bob):
            client >> "JOIN #c"
            self.settle()
        read_away([self.ann, self.bob])

    def there(self, name: str) -> User:
        """ann, as a house knows her."""
        return self[name].node.network.users[self.ann.user.uid]

    def server(self, name: str, other: str) -> Server:
        """The server `other`, as a house knows it."""
        return self[name].node.network.servers[SID(f"0{other.upper()}A")]

    def sit(self, name: str = "c") -> None:
        """ann's server says that another one has sessions of hers."""
        self[name].parts.sessions.sitters[self.there(name)] = Sitter(self.there(name), secure=False)
        self["a"].node.commit(SeatTaken(self.ann.user, self.server("a", name), self.clock.time(), TAKEN))
        self.settle()

    def rise(self, name: str = "c") -> None:
        self["a"].node.commit(SeatLeft(self.ann.user, self.server("a", name), self.clock.time(), TAKEN))
        self.settle()

    def says(self, name: str, text: str) -> None:
        """ann says something at a house that has sessions of hers."""
        node = self[name].node
        channel = node.network.channel("#c")
        assert channel is not None
        at = node.clock.time()
        msgid = node.message_ids.take(at, self.ann.user.uid, channel.place)
        node.commit(MessageSent("PRIVMSG", self.there(name), channel, text, at, msgid))
        self.settle()

    def check(self) -> None:
        """Channels are told to where somebody is, or has a seat, and nowhere else."""
        super().check()
        for house in self:
            links = house.parts.links
            memberships: Counter[object] = Counter()
            for channel in house.node.network.channels.values():
                behind = {links.way_to(seat) for user in channel.members for seat in user.seats}
                for user in channel.members:
                    if (way := links.way_to(user)) is not None:
                        behind.add(way)
                        memberships[way] += 1
                assert set(links.routes.behind(channel)) == behind - {None}
            assert {way: number for way, number in links.routes.memberships.items() if number} == memberships


def read_of(client: Client) -> list[str]:
    """What a client read."""
    return [line.partition(" :")[2] for line in client.lines() if " PRIVMSG " in line]


# the lines: golden examples


def person() -> User:
    user = User(Server(SID("0AA"), "a.test", ""), "192.0.2.1", "192.0.2.1")
    user.uid, user.nick, user.username, user.nick_ts = UID("0AAAAAAAA"), "ann", "~ann", 1795345575
    user.account_id = "abcdefghijklmnopqrst2"
    user.person = Person(user.account_id, "mfg2k1c7.0.0AA")
    return user


def test_an_introduction_says_which_person_it_is_and_since_when() -> None:
    user = person()
    line = b":0AA EUID ann 1 1795345575 + ~ann 192.0.2.1 192.0.2.1 0AAAAAAAA * * :"
    account = b"chatnet/account=abcdefghijklmnopqrst2"
    claim = b"chatnet/person=abcdefghijklmnopqrst2;chatnet/began=mfg2k1c7.0.0AA"
    assert list(Solanum(TALKS).user(user)) == [b"@%b;%b %b" % (claim, account, line)]
    assert list(Solanum(TALKS - {SEATS}).user(user)) == [b"@%b %b" % (account, line)]
    assert user.person is not None
    user.person.stays, user.account_id = True, None  # services of another make keep it
    assert list(Solanum(TALKS).user(user)) == [b"@%b;chatnet/stays=1 %b" % (claim, line)]
    user.person = None
    assert list(Solanum(TALKS).user(user)) == [line]


def test_who_has_a_seat_is_told_by_the_server_that_the_user_is_on() -> None:
    user, seat = person(), Server(SID("0CA"), "c.test", "")
    codec = Solanum(TALKS)
    assert (
        codec.seat(user, seat, "mfg2k1c8.0.0AA", taken=True) == b":0AA CNSEAT 0AAAAAAAA 0CA + mfg2k1c8.0.0AA"
    )
    assert (
        codec.seat(user, seat, "mfg2k1c8.0.0AA", taken=False) == b":0AA CNSEAT 0AAAAAAAA 0CA - mfg2k1c8.0.0AA"
    )


# who has a seat


def test_all_servers_know_who_has_a_seat() -> None:
    mesh = Seats()
    mesh.sit()
    for name in "abc":
        assert [seat.name for seat in mesh.there(name).seats] == ["c.test"]
        known = mesh.there(name).person
        assert known is not None and (known.began, known.stays) == (BEGAN, True)
    mesh.check()
    mesh.rise()
    assert [mesh.there(name).seats for name in "abc"] == [(), (), ()]
    mesh.check()


def test_a_newcomer_is_told_as_well_and_a_seat_goes_with_its_server() -> None:
    mesh = Seats(linked=False)
    mesh.sit("b")
    mesh.link("b", "c")
    mesh.settle()
    assert [seat.name for seat in mesh.there("c").seats] == ["b.test"]
    mesh.check()
    mesh.cut("a", "b")
    mesh.settle()
    assert mesh.ann.user.seats == () and not mesh["a"].node.network.seated
    assert not mesh["b"].node.network.seated and not mesh["c"].node.network.seated
    mesh.check()


def test_whose_server_is_lost_sits_nowhere_any_more() -> None:
    """The host goes, the seat stays: what is said in the channel is not told there for nobody's sake."""
    mesh = Seats()
    mesh.sit()
    mesh.cut("a", "b")
    mesh.settle()
    mesh.check()
    before = len(mesh.said("b", "c"))
    mesh.bob >> "PRIVMSG #c :hello"
    mesh.settle()
    assert not any("hello" in line for line in mesh.said("b", "c")[before:])


def test_a_neighbour_that_knows_nothing_of_seats_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OFFERED, WITHOUT)
    mesh = Seats()
    mesh.sit()
    assert not any("CNSEAT" in line or "chatnet/person" in line for line in mesh.said("a", "b"))
    assert mesh.there("b").person is None
    mesh.check()


# what a seat does


def test_a_seat_hears_the_channels_of_the_user_and_speaks_for_them() -> None:
    mesh = Seats()
    mesh.sit()
    mesh.bob >> "PRIVMSG #c :hello"
    mesh.settle()
    assert sum("hello" in line for line in mesh.said("b", "c")) == 1
    mesh.says("c", "from my telephone")
    assert read_of(mesh.bob) == ["from my telephone"]
    assert read_of(mesh.ann) == ["hello", "from my telephone"]
    mesh.check()


def test_a_seat_joins_and_parts_for_the_user_everywhere() -> None:
    mesh = Seats()
    mesh.sit()
    mesh.bob >> "JOIN #d"
    mesh.settle()
    read_away([mesh.ann, mesh.bob])
    node = mesh["c"].node
    channel = node.network.channel("#d")
    assert channel is not None
    node.commit(Joined(channel, ((mesh.there("c"), 0),), node.clock.time()))
    mesh.settle()
    mesh.bob << ":ann_!~ann_@192.0.2.1 JOIN #d"
    assert any(" JOIN #d" in line for line in mesh.ann.lines())
    mesh.check()
    node.commit(Parted(channel, mesh.there("c"), "bye", node.clock.time()))
    mesh.settle()
    mesh.bob << ":ann_!~ann_@192.0.2.1 PART #d :bye"
    assert [each.name for each in mesh.ann.user.channels] == ["#c"]
    mesh.check()


def test_who_has_risen_speaks_for_nobody() -> None:
    mesh = Seats()
    mesh.sit()
    mesh.rise()
    mesh.says("c", "still there")
    assert read_of(mesh.bob) == [] and read_of(mesh.ann) == []


def test_a_seat_of_a_process_that_is_gone_is_none_of_the_next_one() -> None:
    """What the host said to it came to the next one, which its neighbour believed; the host knows of none."""
    mesh = Seats()
    mesh.wire("a", "b").connections["b"].receive(
        f":0AA CNSEAT {mesh.ann.user.uid} 0CA + {TAKEN}\r\n".encode()
    )
    assert mesh.there("b").seats
    mesh.settle()
    assert not any(mesh.there(name).seats for name in "abc")
    mesh.check()


def test_that_there_is_no_seat_is_passed_on_by_who_knew_of_none() -> None:
    """What the host said before was on its way past b when b lost c, and came to the next process there."""
    mesh = Seats()
    mesh.wire("b", "c").connections["c"].receive(
        f":0AA CNSEAT {mesh.ann.user.uid} 0CA + {TAKEN}\r\n".encode()
    )
    assert mesh.there("c").seats and not mesh.there("b").seats
    mesh.settle()
    assert not any(mesh.there(name).seats for name in "abc")
    mesh.check()


@pytest.mark.parametrize("line", ["NICK eve 1795345580", "QUIT :bye", "AWAY :gone", "MODE {uid} :+i"])
def test_what_only_the_own_server_says_is_not_believed_of_a_seat(line: str) -> None:
    mesh = Seats()
    mesh.sit()
    uid = mesh.ann.user.uid
    mesh.wire("b", "c").connections["b"].receive(f":{uid} {line.format(uid=uid)}\r\n".encode())
    mesh.settle()
    there = mesh.there("b")
    assert (there.nick, there.away) == ("ann_", None)
    assert mesh.bob.lines() == []


# what somebody does at a seat, by a client of the same kind as all


def at_seat(mesh: Seats) -> Client:
    """A client of c that is ann's."""
    client = mesh["c"].client("telephone")
    session, node, alone = client.session, mesh["c"].node, client.user
    mesh["c"].parts.sessions.local.detach(session)
    session.user = mesh.there("c")
    mesh["c"].parts.sessions.local.attach(session)
    node.commit(UserQuit(alone, "It is ann", node.clock.time()))
    mesh.settle()
    read_away([client, mesh.ann, mesh.bob])
    return client


def test_one_person_reads_the_same_at_both_servers() -> None:
    mesh = Seats()
    mesh.sit()
    phone = at_seat(mesh)
    mesh.bob >> "PRIVMSG #c :hello"
    mesh.settle()
    phone >> "PRIVMSG #c :from my telephone"
    mesh.settle()
    mesh.ann >> "PRIVMSG #c :from my desk"
    mesh.settle()
    assert read_of(mesh.ann) == ["hello", "from my telephone"]
    assert read_of(phone) == ["hello", "from my desk"]
    assert read_of(mesh.bob) == ["from my telephone", "from my desk"]


def test_a_channel_that_is_made_at_a_seat_is_made_everywhere() -> None:
    mesh = Seats()
    mesh.sit()
    phone = at_seat(mesh)
    phone >> "JOIN #d"
    mesh.settle()
    me = ":ann_!~ann_@192.0.2.1"
    for client in (phone, mesh.ann):
        client << f"{me} JOIN #d"
        client << ":*.test MODE #d +nt"
        client << ":*.test 353 ann_ = #d :@ann_"
        client << ":*.test 366 ann_ #d :*"
    assert [mesh.there(name).channels.keys() for name in "ab"] == [
        {mesh[name].node.network.channel(each) for each in ("#c", "#d")} for name in "ab"
    ]
    mesh.check()


def test_channels_are_run_at_a_seat() -> None:
    mesh = Seats()
    mesh.sit()
    phone = at_seat(mesh)
    phone >> "JOIN #d"
    mesh.settle()
    mesh.bob >> "JOIN #d"
    mesh.settle()
    read_away([phone, mesh.ann, mesh.bob])
    me = ":ann_!~ann_@192.0.2.1"
    for said, read in {
        "TOPIC #d :tea": "TOPIC #d :tea",
        "MODE #d +mv bob": "MODE #d +mv bob",
        "KICK #d bob :out": "KICK #d bob :out",
    }.items():
        phone >> said
        mesh.settle()
        for client in (phone, mesh.ann, mesh.bob):
            client << f"{me} {read}"
    phone >> "INVITE bob #d"
    mesh.settle()
    mesh.bob << f"{me} INVITE bob #d"
    phone << ":c.test 341 ann_ bob #d"
    phone >> "PART #d :bye"
    mesh.settle()
    for client in (phone, mesh.ann):
        client << f"{me} PART #d :bye"
    assert [mesh[name].node.network.channel("#d") for name in "abc"] == [None] * 3
    mesh.check()


def test_messages_of_all_kinds_are_said_at_a_seat() -> None:
    mesh = Seats()
    mesh.sit()
    phone = at_seat(mesh)
    caps = "batch message-tags draft/multiline draft/message-redaction draft/channel-rename"
    for client in (phone, mesh.ann, mesh.bob):
        client >> f"CAP REQ :{caps}"
        client.lines()
    me = ":ann_!~ann_@192.0.2.1"
    phone >> "@+typing=active TAGMSG #c"
    mesh.settle()
    mesh.bob << f"@*+typing=active* {me} TAGMSG #c"
    phone >> "BATCH +1 draft/multiline #c"
    phone >> "@batch=1 PRIVMSG #c :one"
    phone >> "@batch=1 PRIVMSG #c :two"
    phone >> "BATCH -1"
    mesh.settle()
    opening, one, two, _ = mesh.bob.lines()
    assert " BATCH +" in opening and one.endswith("PRIVMSG #c :one") and two.endswith("PRIVMSG #c :two")
    msgid = opening.partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    phone >> f"REDACT #c {msgid} :oops"
    mesh.settle()
    mesh.bob << f"@* {me} REDACT #c {msgid} :oops"
    phone >> "RENAME #c #d :moved"
    mesh.settle()
    mesh.bob << f"@* {me} RENAME #c #d :moved"
    mesh.check()


def test_what_the_person_does_at_their_own_server_is_read_at_the_seat() -> None:
    mesh = Seats()
    mesh.sit()
    phone = at_seat(mesh)
    mesh.ann >> "JOIN #e"
    mesh.settle()
    mesh.ann >> "NICK anna"
    mesh.settle()
    phone << ":ann_!~ann_@192.0.2.1 JOIN #e"
    phone << ":*.test MODE #e +nt"
    phone << ":*.test 353 ann_ = #e :@ann_"
    phone << ":*.test 366 ann_ #e :*"
    phone << ":ann_!~ann_@192.0.2.1 NICK anna"
    mesh.check()


# who may


class Barred(Seats):
    """Nobody lets servers sit down that are behind another one."""

    blocks: ClassVar[dict[str, Any]] = {**Seats.blocks, "allow_seats": False}


def test_who_may_not_sit_is_neither_a_person_nor_a_seat() -> None:
    mesh = Barred()
    mesh.sit()
    assert mesh.there("b").person is None and mesh.there("b").seats == ()
    mesh.says("c", "I am she")
    assert read_of(mesh.bob) == []


class Leaf(Seats):
    """All but c, behind b, may."""

    def make(self, **given: Any) -> FullClub:
        for block in given["link"]:
            block["allow_seats"] = block["name"] != "c.test"
        return super().make(**given)


def test_a_leaf_that_may_not_sit_is_no_seat_though_the_host_says_so() -> None:
    mesh = Leaf()
    mesh.sit()
    assert mesh.there("b").person is not None and mesh.there("b").seats == ()
    mesh.says("c", "I am she")
    assert read_of(mesh.bob) == [] and read_of(mesh.ann) == []


@pytest.mark.parametrize(
    "tags",
    [
        "chatnet/person=abcdefghijklmnopqrst2;chatnet/began=1.0.0CA",  # somebody else's account
        "chatnet/person=a*;chatnet/began=1.0.0CA",
        "chatnet/person={key};chatnet/began=yesterday",
        "chatnet/person={key}",
    ],
)
def test_forged_tags_make_nobody_a_person(tags: str) -> None:
    mesh = Seats()
    key = mesh.ann.user.account_id
    assert key is not None
    forged = (
        f"@chatnet/account={key};{tags.format(key=key)} :0CA EUID eve 1 1700000000 + e h 0 0CAAAAAAX * ann :e"
    )
    mesh.wire("b", "c").connections["b"].receive(forged.encode() + b"\r\n")
    mesh.settle()
    eve = mesh["b"].node.network.users[UID("0CAAAAAAX")]
    assert (eve.account_id, eve.person) == (key, None)


@pytest.mark.parametrize(
    "line",
    [
        "CNSEAT {uid} 0CA + {taken}",  # c says so itself, and is not the host
        "CNSEAT 0CAAAAAAX 0BA + {taken}",
        "CNSEAT {uid} 0ZZ + {taken}",
        "CNSEAT {uid} 0CA ? {taken}",
        "CNSEAT {uid} 0CA + now",
    ],
)
def test_only_the_server_of_a_person_says_who_has_a_seat(line: str) -> None:
    mesh = Seats()
    text = line.format(uid=mesh.ann.user.uid, taken=TAKEN)
    mesh.wire("b", "c").connections["b"].receive(f":0CA {text}\r\n".encode())
    mesh.settle()
    assert not mesh["b"].node.network.seated
    mesh.check()


def test_a_seat_of_the_future_ends_the_link() -> None:
    mesh = Seats()
    ahead = Stamp(int((mesh.clock.time() + 10 * 86400) * 1000), 0, "0AA").text
    mesh.wire("a", "b").connections["b"].receive(
        f":0AA CNSEAT {mesh.ann.user.uid} 0CA + {ahead}\r\n".encode()
    )
    mesh.settle()
    assert mesh["b"].parts.links.neighbour("a.test") is None
