"""A person whom several servers claim: all end with the smallest claim, and nobody sees it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from mesh import block, stranger
from sitting import Houses
from staff import PASSWORD, sections

from chatnet.history.ring import Ring
from chatnet.links.codecs.solanum import SEATS
from chatnet.links.exchange.taken import GATHERED
from chatnet.links.inbound.collisions import defeat
from chatnet.model.entities import User
from chatnet.model.modes import RANKS
from chatnet.rules.stamps import Stamp

CAPS = "echo-message message-tags draft/message-redaction"
ME = ":ann!~ann@192.0.2.1"


class Apart(Houses):
    """ann is on a and, since the two were apart, on b as well; both are in #c there, and linked again."""

    def __init__(self, *names: str, **given: Any) -> None:
        super().__init__(*(names or ("a", "b")), **given)
        self.cut("a", "b")
        self.settle()
        self.ann = self.come("a", "ann")
        self.advance(1.0)
        self.phone = self.come("b", "ann")
        for client in (self.ann, self.phone):
            self.say(client, "JOIN #c")
            client.lines()
        self.bob.lines()

    def meet(self) -> None:
        """Both halves are one again."""
        self.link("a", "b")
        self.settle()

    def key(self) -> str:
        return self["a"].named("ann").id

    def person(self, house: str) -> User | None:
        """ann, as a house knows them."""
        return self[house].node.network.persons.get(self.key())


def test_two_who_are_one_person_become_one_user() -> None:
    mesh = Apart()
    old = mesh.ann.user.uid
    mesh.meet()
    for house in ("a", "b"):
        known = mesh.person(house)
        assert known is not None and known.uid == old and known.server.name == "a.test"
        assert len(mesh[house].node.network.users) == 2
    assert mesh.phone.user is mesh.person("b")
    assert not any(" QUIT " in line or " NICK " in line for line in mesh.bob.lines())
    mesh.check()


def test_operators_are_told_who_takes_people_from_their_server() -> None:
    mesh = Apart(**sections())
    mesh.say(mesh.bob, f"OPER root {PASSWORD}", "MODE bob +s +x")
    mesh.meet()
    mesh.advance(GATHERED)
    told = [line for line in mesh.bob.lines() if "older claims" in line]
    text = "a.test has older claims to people of this server, who are its users now: ann"
    assert told == [f":b.test NOTICE * :*** Notice -- {text}"]
    assert any(text in line for line in mesh["b"].log.lines)


def test_the_same_nick_with_another_time_is_no_change_that_anybody_reads_of() -> None:
    mesh = Apart()
    mesh.meet()
    times = [user.nick_ts for house in ("a", "b") if (user := mesh.person(house)) is not None]
    assert len(times) == 2 and times[0] == times[1]
    read = [line for client in (mesh.ann, mesh.phone, mesh.bob) for line in client.lines()]
    assert not any(" NICK " in line for line in read)
    mesh.check()


def test_what_was_done_on_either_side_holds_if_it_is_later() -> None:
    mesh = Apart()
    mesh.advance(1.0)
    mesh.say(mesh.ann, "JOIN #old", "PART #c")
    mesh.advance(1.0)
    mesh.say(mesh.phone, "JOIN #new", "NICK annie")
    mesh.meet()
    for house in ("a", "b"):
        known = mesh.person(house)
        assert known is not None and known.nick == "annie"
        assert sorted(channel.name for channel in known.channels) == ["#new", "#old"]
    mesh.check()


def test_a_nick_that_was_taken_before_the_one_of_another_claim_does_not_hold() -> None:
    """Their own server had not heard of that one when it said so."""
    mesh = Apart()
    mesh.meet()
    mesh.advance(5.0)
    mesh.said("b", "a")
    known = mesh.person("b")
    assert known is not None
    mesh.wire("a", "b").connections["b"].receive(f":{known.uid} NICK ann_ :1600000000\r\n".encode())
    mesh["b"].settle()
    assert known.nick == "ann"
    assert any(f"CNNICK {known.uid} ann {known.nick_ts}" in line for line in mesh.said("b", "a"))
    mesh.settle()
    mesh.check()


def test_what_is_said_of_the_user_of_another_claim_is_said_of_the_person() -> None:
    """Lines that crossed the claim: a rank, and a JOIN."""
    mesh = Apart()
    lost = mesh.phone.user.uid
    mesh.link("a", "b")
    wire = mesh.wire("a", "b")
    while not any(lost.encode() in line for line in wire.pipes["b"].lines):
        assert mesh.deliver_one(0)
    mesh.say(mesh.bob, "MODE #c +v ann")
    for house in ("a", "b"):
        known, channel = mesh.person(house), mesh[house].node.network.channel("#c")
        assert known is not None and channel is not None and known in channel.members
        assert not mesh[house].parts.links.claims.aliases
    assert [known.channels for known in (mesh.person("a"),) if known] != []
    mesh.check()


def test_operators_powers_go_with_the_claim() -> None:
    mesh = Apart(**sections())
    mesh.say(mesh.phone, f"OPER root {PASSWORD}")
    assert mesh.phone.user.oper is not None
    mesh.meet()
    known = mesh.person("b")
    assert known is not None and known.oper is None and "o" not in known.modes
    assert any(" MODE ann :-o" in line or " MODE ann -o" in line for line in mesh.phone.lines())
    mesh.check()


@pytest.mark.parametrize(("elder", "younger"), ["ab", "ba"])
def test_a_person_comes_from_where_the_claim_that_holds_says(elder: str, younger: str) -> None:
    """Bans, and operators who ask, have to do with that of one claim, and nothing of the other is left."""
    mesh = Houses("a", "b")
    mesh.cut("a", "b")
    mesh.settle()
    mesh.come(elder, "ann", address="192.0.2.7")
    mesh.advance(1.0)
    mesh.come(younger, "ann", address="192.0.2.8", secure=True, certfp="ab" * 32)
    mesh.link("a", "b")
    mesh.settle()
    for house in ("a", "b"):
        known = mesh.there(house)
        assert known.server.name == f"{elder}.test" and len(mesh[house].node.network.users) == 2
        assert (known.address, known.real_host, known.certfp) == ("192.0.2.7", "192.0.2.7", None)
        assert (known.cloak is not None) is (house == elder)
    mesh.check()


def test_who_is_the_user_of_another_claim_takes_back_what_they_said_before() -> None:
    """In a channel, and to somebody; and on the other server, which has heard of it since."""
    mesh = Houses("a", "b")
    mesh.cut("a", "b")
    mesh.settle()
    ann = mesh.come("a", "ann", caps=CAPS)
    mesh.advance(1.0)
    phone = mesh.come("b", "ann", caps=CAPS)
    old = phone.user.uid
    mesh.say(phone, "JOIN #c")
    msgids = []
    for target in ("#c", "bob", "bob"):
        phone.lines()
        mesh.say(phone, f"PRIVMSG {target} :hello")
        msgids += [line.partition("msgid=")[2].partition(" ")[0].partition(";")[0] for line in phone.lines()]
    mesh.link("a", "b")
    mesh.settle()
    assert phone.user.uid != old
    for house in ("a", "b"):
        assert old in mesh.there(house).uids
    mesh.advance(120.0)
    for house in ("a", "b"):
        ring = mesh[house].parts.sessions.history
        assert isinstance(ring, Ring)
        ring.sweep(mesh.clock.time())
    for client, target, msgid in zip((ann, phone, phone), ("#c", "bob", "bob"), msgids, strict=True):
        client.lines()
        mesh.say(client, f"REDACT {target} {msgid} :typo")
        assert [line for line in client.lines() if f"REDACT {target} {msgid} :typo" in line]
    mesh.check()


def test_other_makes_read_of_one_user_after_the_other() -> None:
    mesh = Apart(sections_of={"b": {"link": [block("so1")]}})
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    lost = mesh.phone.user.uid
    mesh.meet()
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    gone = told.index(f":{lost} QUIT :Moved")
    assert " EUID ann " in told[gone + 1] and f" {mesh.ann.user.uid} " in told[gone + 1]
    assert not any(line.split(" ")[1] in ("KILL", "SAVE") for line in told)


class Barred(Apart):
    """Nobody lets others claim people."""

    blocks: ClassVar[dict[str, Any]] = {**Apart.blocks, "allow_seats": False}


def test_where_nobody_may_claim_people_nick_rules_apply() -> None:
    mesh = Barred()
    mesh.meet()
    nicks = {user.nick for user in mesh["a"].node.network.users.values()}
    assert len(nicks) == 3
    assert not any(SEATS in line for line in mesh.said("a", "b") + mesh.said("b", "a"))
    assert mesh["a"].node.network.users.keys() == mesh["b"].node.network.users.keys()
    mesh.check()


def test_an_older_server_between_sees_two_users_and_loses_no_link() -> None:
    """b is of a version that knows nothing of persons; nick rules apply, once."""
    mesh = Old("a", "b", "c")
    before = sum(len(wire.pipes[end].said) for wire in mesh.wires for end in wire.ends)
    mesh.link("a", "b")
    mesh.settle()
    after = sum(len(wire.pipes[end].said) for wire in mesh.wires for end in wire.ends)
    assert after - before < 200
    for house in "abc":
        users = mesh[house].node.network.users
        assert len([user for user in users.values() if user.account == "ann"]) == 2
        assert users.keys() == mesh["a"].node.network.users.keys()
    mesh.check()


class Old(Houses):
    """ann is on a and on c; b is between, and a is not linked yet."""

    blocks: ClassVar[dict[str, Any]] = {**Houses.blocks, "allow_seats": False}

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.cut("a", "b")
        self.settle()
        self.ann, self.phone = self.come("a", "ann"), self.come("c", "ann")
        for client in (self.ann, self.phone):
            self.say(client, "JOIN #c")


def test_a_claim_of_the_future_ends_the_link() -> None:
    mesh = Houses("a", "b")
    key = mesh["a"].named("ann").id
    ahead = Stamp(int((mesh.clock.time() + 10 * 86400) * 1000), 0, "0AA").text
    line = (
        f"@chatnet/person={key};chatnet/began={ahead};chatnet/account={key}"
        f" :0AA EUID ann 1 1700000000 + a h 0 0AAAAAAZZ * ann :ann"
    )
    mesh.wire("a", "b").connections["b"].receive(line.encode() + b"\r\n")
    mesh.settle()
    assert mesh["b"].parts.links.neighbour("a.test") is None


@pytest.mark.parametrize("verb", ["NICK eve 1700000100", "AWAY :gone", "MODE {uid} :+w", "SETNAME :eve"])
def test_what_a_server_says_of_a_user_who_is_not_the_person_is_not_said_of_the_person(verb: str) -> None:
    """It counts if that claim holds after all."""
    mesh = Apart("a", "b")
    key = mesh.key()
    mesh.meet()
    links = mesh["b"].parts.links
    late = Stamp(int(mesh.clock.time() * 1000), 0, "0AA").text
    claim = (
        f"@chatnet/person={key};chatnet/began={late};chatnet/account={key}"
        f" :0AA EUID ann 1 1700000000 + ~ann 192.0.2.1 0 0AAAAAAZZ * ann :ann"
    )
    said = f":0AAAAAAZZ {verb.format(uid='0AAAAAAZZ')}"
    for line in (claim, said):
        mesh.wire("a", "b").connections["b"].receive(line.encode() + b"\r\n")
    mesh["b"].settle()
    known = mesh.person("b")
    assert known is not None and (known.nick, known.away, known.realname) == ("ann", None, "Ann")
    assert [alias.user.uid for alias in links.claims.aliases.values()] == ["0AAAAAAZZ"]
    streams = mesh.wire("a", "b").links["b"].streams
    confirmed = streams.applied
    mesh.wire("a", "b").connections["b"].receive(f":{known.uid} QUIT :bye\r\n".encode())
    mesh["b"].settle()
    assert known.uid == "0AAAAAAZZ" and not links.claims.aliases
    assert streams.applied == confirmed + 1  # else that side ends the link
    later = (known.nick == "eve", known.away == "gone", "w" in known.modes, known.realname == "eve")
    assert sum(later) == 1


def test_who_was_put_out_while_their_server_was_lost_is_out_as_the_person() -> None:
    """b hears of the KICK by the UID of somebody whom it knows no more, and then meets the person."""
    mesh = Houses("a", "b", "c")
    ann = mesh.come("a", "ann")
    mesh.say(ann, "JOIN #c")
    mesh.bob >> "KICK #c ann :out"
    mesh.cut("a", "b")
    assert mesh.user("b") is None
    mesh.settle()
    mesh.advance(1.0)
    mesh.link("a", "b")
    mesh.settle()
    for house in ("a", "b", "c"):
        assert not mesh.there(house).channels
    assert any(" KICK #c ann " in line for line in ann.lines())
    mesh.check()


def test_who_is_put_out_while_another_server_takes_them_over_is_out() -> None:
    """b hears of the KICK by the UID of a claim that is over since it took the person over itself."""
    mesh = Apart("a", "b", "c")
    mesh.link("a", "b")
    while (known := mesh.person("b")) is None or known.server.name != "a.test":
        assert mesh.deliver_one(0)
    while (known := mesh.person("c")) is None or known.server.name != "a.test":
        assert mesh.wire("b", "c").deliver("b")
    assert not known.seats  # a has not said yet that there are sessions on b
    mesh.bob >> "KICK #c ann :out"
    old = mesh.there("b").uid
    mesh.cut("a", "b")
    mesh.clock.advance(0.1)
    assert mesh.there("b").uid != old and mesh.phone.user is mesh.there("b")
    mesh.settle()
    for house in ("b", "c"):
        assert not mesh.there(house).channels
    mesh.link("a", "b")
    mesh.settle()
    for house in ("a", "b", "c"):
        assert not mesh.there(house).channels
    mesh.check()


def robbed(*names: str) -> tuple[Apart, User, str, int]:
    """ann after both halves are one and a SAVE took her nick; with that nick, and its TS."""
    mesh = Apart(*names)
    mesh.meet()
    known = mesh.person("b")
    assert known is not None
    nick, since = known.nick, known.nick_ts
    defeat(mesh["b"].parts.links, known)
    mesh.settle()
    return mesh, known, nick, since


def test_a_nick_that_was_told_before_its_teller_heard_of_a_save_is_the_nick_everywhere() -> None:
    mesh, known, _, since = robbed()
    for house in ("a", "b"):
        saved = mesh.person(house)
        assert saved is not None and saved.nick == saved.uid
    mesh.wire("a", "b").connections["b"].receive(f":0AA CNNICK {known.uid} ann_ {since + 5}\r\n".encode())
    mesh.settle()
    for house in ("a", "b"):
        named = mesh.person(house)
        assert named is not None and (named.nick, named.nick_ts) == ("ann_", since + 5)
    mesh.check()


def test_a_nick_that_a_save_took_does_not_come_back_by_who_had_not_heard_of_it() -> None:
    """Or a SAVE and the nick could follow one another around for ever."""
    mesh, known, nick, since = robbed()
    mesh.wire("a", "b").connections["b"].receive(f":0AA CNNICK {known.uid} {nick} {since}\r\n".encode())
    mesh.settle()
    for house in ("a", "b"):
        saved = mesh.person(house)
        assert saved is not None and saved.nick == saved.uid
    mesh.check()


def test_who_tells_of_a_nick_that_a_save_took_hears_which_one_they_have_since() -> None:
    """c and b have not heard of the SAVE, because ann had another nick there, or b has begun anew since."""
    mesh, known, nick, since = robbed("a", "b", "c")
    mesh.wire("a", "b").connections["b"].receive(f":0AA CNNICK {known.uid} ann_ {since - 5}\r\n".encode())
    mesh.settle()
    for house in ("b", "c"):
        person = mesh.person(house)
        assert person is not None and person.nick == "ann_"
        person.lost = None
    mesh.wire("b", "c").connections["b"].receive(f":0CA CNNICK {known.uid} {nick} {since}\r\n".encode())
    mesh.settle()
    for house in ("a", "b", "c"):
        named = mesh.person(house)
        assert named is not None and (named.nick, named.nick_ts) == ("ann_", since - 5)
    mesh.check()


def test_whose_last_seat_is_lost_is_not_the_user_of_a_server_that_is_lost_with_it() -> None:
    """a hosts a person whose devices are on b; c behind it claims the same person, and both are lost."""
    mesh = Houses("a", "b", "c")
    ann = mesh.come("a", "ann")
    mesh.come("b", "ann")
    mesh.say(ann, "QUIT")
    assert mesh.seats("a") == ["b.test"]
    mesh.cut("b", "c")
    mesh.settle()
    mesh.come("c", "ann")
    mesh.link("b", "c")
    while not mesh["a"].parts.links.claims.aliases:
        assert mesh.deliver_one(0)
    mesh.cut("a", "b")
    mesh["a"].settle()
    assert mesh.user("a") is None
    mesh["a"].check()
    mesh.settle()
    mesh.advance(1.0)
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_who_is_put_out_by_a_claim_that_is_over_is_out_where_its_person_is_back() -> None:
    """b hears of the KICK when ann has left it, and the server of her other claim is lost."""
    mesh = Houses("a", "b", "c")
    mesh["a"].account("carol")
    mesh.settle()
    carol = mesh.come("a", "carol")
    mesh.say(carol, "JOIN #d")
    mesh.cut("b", "c")
    mesh.settle()
    ann = mesh.come("b", "ann")
    mesh.say(ann, "JOIN #d")
    mesh.come("c", "ann")
    mesh.link("b", "c")
    while not mesh["b"].parts.links.claims.aliases:
        assert any([mesh.wire("b", "c").deliver("b"), mesh.wire("b", "c").deliver("c")])
    while not ((known := mesh.user("c")) and any(channel.name == "#d" for channel in known.channels)):
        assert mesh.wire("b", "c").deliver("b")
    ann >> "QUIT"
    carol >> "KICK #d ann :out"
    mesh.cut("b", "c")
    mesh.settle()
    mesh.advance(1.0)
    assert mesh.user("b") is None and [channel.name for channel in mesh.there("c").channels] == ["#d"]
    mesh.link("b", "c")
    mesh.settle()
    for house in ("a", "b", "c"):
        assert not mesh.there(house).channels
    mesh.agree()


def test_who_is_given_a_rank_while_another_server_takes_them_over_has_it() -> None:
    """b hears of it by the UID of a claim that is over since it took the person over itself."""
    mesh = Houses("a", "b", "c")
    mesh.say(mesh.come("a", "ann"), "JOIN #c")
    mesh.come("b", "ann")
    old = mesh.there("b").uid
    mesh.bob >> "MODE #c +v ann"
    mesh.cut("a", "b")
    mesh["b"].settle()
    mesh.clock.advance(0.1)
    assert mesh.there("b").uid != old
    assert mesh.wire("b", "c").deliver("c")
    assert list(mesh.there("b").channels.values()) == [RANKS["v"]]
    mesh.settle()
    mesh.advance(1.0)
    mesh.link("a", "b")
    mesh.settle()
    assert [list(mesh.there(house).channels.values()) for house in "abc"] == [[RANKS["v"]]] * 3
    mesh.agree()


def test_who_is_killed_by_an_operator_while_another_server_takes_them_over_is_gone() -> None:
    """Not if a server says so: it means the claim, and that is over."""
    mesh = Houses("a", "b", "c")
    mesh.come("a", "ann")
    mesh.come("b", "ann")
    old, bob = mesh.there("b").uid, mesh.there("b", "bob").uid
    mesh.cut("a", "b")
    mesh["b"].settle()
    mesh.clock.advance(0.1)
    mesh.settle()
    assert mesh.there("b").uid != old
    for source, there in (("0CA", True), (bob, False)):
        line = f":{source} KILL {old} :c.test!bob (spam)\r\n"
        mesh.wire("b", "c").connections["b"].receive(line.encode())
        mesh.settle()
        assert [mesh.user(house) is not None for house in "bc"] == [there] * 2
    mesh.check()


@pytest.mark.parametrize("line", ["KICK #c ann :out", "MODE #c +v ann"])
@pytest.mark.parametrize("how", ["quit", "split"])
def test_what_was_on_its_way_when_its_claim_ended_is_of_the_person(how: str, line: str) -> None:
    """a takes ann over, unseen by the others, from whose network she is gone when b hears of it."""
    mesh = Houses("a", "b", "d", "c")
    mesh.cut("d", "c")
    mesh.link("b", "c")
    mesh.settle()
    host = mesh.come("d", "ann")
    mesh.say(host, "JOIN #c")
    mesh.come("a", "ann")
    assert mesh.seats("d") == ["a.test"]
    mesh.cut("a", "b")
    mesh.settle()
    mesh.advance(1.0)
    mesh.bob >> line
    if how == "quit":
        host >> "QUIT"
        while mesh.user("b") is not None:
            assert mesh.wire("b", "d").deliver("d")
    else:
        mesh.cut("b", "d")
        mesh["b"].settle()
        assert mesh.user("b") is None
    mesh.settle()
    mesh.advance(1.0)
    mesh.link("a", "b")
    mesh.settle()
    expected = [RANKS["v"]] if line.startswith("MODE") else []
    assert [list(mesh.there(house).channels.values()) for house in "abc"] == [expected] * 3
    mesh.check()
