"""A server that keeps no accounts, and what it says of people of other servers: nothing that counts."""

from __future__ import annotations

import pytest
from clubs import Clubs
from sitting import ME, Houses

from chatnet.rules.stamps import Stamp


class Edged(Houses):
    """ann is a person on a, her telephone on b; behind b is e, an edge, which says what a test has it say."""

    def __init__(self, *, stays: bool = False) -> None:
        kept = {"authority": "here", "iterations": 4096, "nick_protection": "off"}
        sections = {name: {"accounts": kept} for name in "ab"}
        sections["e"] = {"accounts": {"authority": "remote"}}
        bouncer = {"always_on": "all"} if stays else {}
        Clubs.__init__(self, "a", "b", "e", sections_of=sections, bouncer=bouncer)
        self["a"].account("ann")
        self["a"].account("bob")
        for one, other in ("ab", "be"):
            self.link(one, other)
            self.settle()
        self.advance(2.0)
        self.desk = self.come("a")
        self.say(self.desk, "JOIN #c")
        self.phone = self.come("b")
        self.eve = self["e"].client("eve")
        self.say(self.eve, "JOIN #c")
        self.uid, self.key = self.desk.user.uid, self.desk.user.account_id
        self.read_away()

    def read_away(self) -> None:
        for client in (self.desk, self.phone, self.eve):
            client.lines()

    def lies(self, *lines: str) -> None:
        """b hears of e what a test says."""
        began = Stamp(1, 0, "0CA").text
        for line in lines:
            text = line.format(uid=self.uid, key=self.key, began=began, eve=self.eve.user.uid)
            self.wire("b", "e").links["e"].send(text.encode())
            self.settle()


def calm(mesh: Edged) -> None:
    """ann is who she was, where she was, on all servers that keep accounts."""
    for name in "ab":
        ann = mesh.there(name)
        assert (ann.uid, ann.server.name, ann.account_id) == (mesh.uid, "a.test", mesh.key)
        assert mesh.seats(name) == ["b.test"] and ann.away is None and ann.oper is None
    assert mesh["b"].node.network.persons[mesh.key or ""] is mesh.there("b")
    for client in (mesh.desk, mesh.phone):  # the edge may have been put off the network for what it said
        assert [
            line for line in client.lines() if not line.startswith(":eve!~eve@192.0.2.1 QUIT :b.test")
        ] == []


@pytest.mark.parametrize(
    "line",
    [
        ":0CA CNSIT 17 {uid} {key} S",
        ":0CA CNSIT 17 0BA YES",
        ":0CA CNRISE {uid} :bye",
        ":0CA CNAWAY {uid} AWAY :gone",
        ":0CA CNDO 18 {uid} :NICK mine",
        ":0CA CNDO 18 {uid} :OPER eve admin",
        ":0CA CNASK 19 0BA {uid} :CLIENTS",
        ":0CA CNASK 19 0BA {uid} :CLIENTS ALL",
        ":0CA CNDONE 1 0BA ::a.test 381 ann :You are now an IRC operator",
        ":0CA CNDONE 1 0BA WAIT",
        ":0CA CNSEAT {uid} 0CA + {began}",
        ":0AA CNSEAT {uid} 0CA + {began}",
        ":0AA CNSEAT {uid} 0BA - {began}",
        ":0CA CNPERSON {uid} {key} {began} S",
        ":0CA CNPERSON {eve} {key} {began} S",
        ":0CA CNNICK {uid} mine 1800000000",
        ":0CA CNKNOW {uid} 9f86d081884c7d65 ASKED",
        ":0CA CNCOPY 0BA {uid} PRIVMSG bob :as she",
        ":{uid} PRIVMSG #c :as she",
        ":{uid} NICK mine 1800000000",
        ":{uid} QUIT :bye",
        ":{uid} PART #c",
        ":{uid} AWAY :gone",
        "@chatnet/why=ending :{uid} QUIT :bye",
        ":0CA CNCLAIM {key} {began}",
    ],
)
def test_an_edge_has_no_seats_and_speaks_for_nobody_else(line: str) -> None:
    mesh = Edged()
    mesh.lies(line, line)
    calm(mesh)
    mesh.say(mesh.phone, "PRIVMSG #c :still here")
    assert mesh.desk.lines() == [f"{ME} PRIVMSG #c :still here"]
    assert mesh["b"].log.failures == []


@pytest.mark.parametrize("stays", [False, True])
def test_an_edge_claims_nobody(stays: bool) -> None:
    """Neither with the tags of a claim, which is older, nor once her server is lost."""
    mesh = Edged(stays=stays)
    tags = "chatnet/account={key};chatnet/person={key};chatnet/began={began};chatnet/stays=1"
    claim = f"@{tags} :0CA EUID ann_ 1 1 + ann 192.0.2.9 192.0.2.9 0CAAAAAAX * ann :Ann"
    mesh.lies(claim, ":0CA CNPERSON 0CAAAAAAX {key} {began} S")
    calm(mesh)
    other = mesh.there("b", "ann_")
    assert other.person is None and other is not mesh.there("b")
    mesh.cut("a", "b")
    mesh.settle()
    mesh.advance(5.0)
    assert mesh.there("b").server.name == "b.test" and mesh.phone.user is mesh.there("b")
    mesh.lies(claim.replace("0CAAAAAAX", "0CAAAAAAY").replace(" ann_ ", " ann__ "))
    assert mesh.there("b").server.name == "b.test"
    assert mesh["b"].log.failures == []


def test_who_logs_in_at_an_edge_is_another_user() -> None:
    """Docs say so: there one has sessions of that server only."""
    mesh = Edged(stays=True)
    mesh.come("e", "ann_", "ann")
    known = mesh.there("b", "ann_")
    assert known.account == "ann" and known.person is None and known is not mesh.there("b")
    calm(mesh)


def test_an_edge_shows_the_metadata_of_who_is_taken_over() -> None:
    """There somebody else has come, of whom it knows nothing that it is not told."""
    mesh = Edged(stays=True)
    mesh.say(mesh.desk, "METADATA * SET color :red")
    mesh.cut("a", "b")
    mesh.settle()
    mesh.advance(1.0)
    mesh.settle()
    assert mesh.there("e").uid == mesh.there("b").uid != mesh.uid
    mesh.say(mesh.eve, "METADATA ann GET color")
    assert mesh.eve.lines()[-1].endswith(" ann color * :red")
