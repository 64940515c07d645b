"""What ChanServ does at one of three servers holds on all; each sees to the ranks of its own users."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded
from clubs import Clubs
from conversation import Client
from mesh import read_away

from chatnet.model.modes import OP, OWNER, VOICE
from chatnet.services.channels import SETTLED


@pytest.fixture
def mesh() -> Iterator[Clubs]:
    """Three servers in a row."""
    mesh = Clubs("a", "b", "c")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    yield mesh
    mesh.settle()
    mesh.agree()
    mesh.check()


@pytest.fixture
def ann(mesh: Clubs) -> Client:
    ann = founded(mesh["a"])
    mesh.settle()
    return ann


def coming(mesh: Clubs, server: str, name: str) -> Client:
    """Somebody with an account who is in the channel, on one of them."""
    client = come(mesh[server], name)
    mesh.settle()
    client >> "JOIN #c"
    mesh.settle()
    return client


def said(mesh: Clubs, client: Client, text: str) -> list[str]:
    found = ask(client, text)
    mesh.settle()
    return found


def ranks(mesh: Clubs) -> dict[str, int]:
    """The ranks of all who are in, on which all agree."""
    found = []
    for club in mesh:
        channel = club.node.network.channel("#c")
        assert channel is not None
        found.append({user.nick: bits for user, bits in channel.members.items()})
    assert all(each == found[0] for each in found)
    return found[0]


def bans(mesh: Clubs) -> list[str]:
    found = []
    for club in mesh:
        channel = club.node.network.channel("#c")
        assert channel is not None
        found.append(sorted(entry.text for entry in channel.lists["b"].values()))
    assert all(each == found[0] for each in found)
    return found[0]


def test_access_gives_and_takes_on_every_server(mesh: Clubs, ann: Client) -> None:
    bob, eve = coming(mesh, "c", "bob"), coming(mesh, "b", "eve")
    said(mesh, ann, "AOP #c ADD bob")
    said(mesh, ann, "VOP #c ADD eve")
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": OP, "eve": VOICE}
    read_away([ann, bob, eve])
    said(mesh, ann, "AOP #c DEL bob")
    ann << ":* MODE #c -o bob"
    ann.silent()
    bob << ":ChanServ!ChanServ@services.chatnet MODE #c -o bob"  # once, by the server they are on
    bob.silent()
    eve >> "NS LOGOUT"
    mesh.settle()
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": 0, "eve": 0}


def test_what_changed_in_a_split_is_given_and_taken_afterwards(mesh: Clubs, ann: Client) -> None:
    coming(mesh, "c", "bob")
    coming(mesh, "b", "eve")
    joe = coming(mesh, "c", "joe")
    said(mesh, ann, "AOP #c ADD bob")
    said(mesh, ann, "OP #c joe")
    mesh.cut("b", "c")
    mesh.settle()
    said(mesh, ann, "AOP #c DEL bob")
    said(mesh, ann, "AOP #c ADD eve")
    said(mesh, ann, "VOP #c ADD joe")
    mesh.link("b", "c")
    mesh.settle()
    mesh.clock.advance(SETTLED)
    mesh.settle()
    # what joe was given by hand stays
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": 0, "eve": OP, "joe": OP | VOICE}
    assert joe.user.account == "joe"


def test_nosync_holds_after_a_split(mesh: Clubs, ann: Client) -> None:
    coming(mesh, "c", "bob")
    said(mesh, ann, "AOP #c ADD bob")
    said(mesh, ann, "SET #c NOSYNC ON")
    mesh.cut("b", "c")
    said(mesh, ann, "AOP #c DEL bob")
    mesh.link("b", "c")
    mesh.settle()
    assert ranks(mesh)["bob"] == OP
    assert said(mesh, ann, "SYNC #c") == ["The ranks in #c are those of its access list now."]
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": 0}


def test_the_successor_is_founder_at_once_wherever_they_are(mesh: Clubs, ann: Client) -> None:
    bob = coming(mesh, "c", "bob")
    said(mesh, ann, "SET #c SUCCESSOR bob")
    ann.lines()
    ann >> "NS DROP ann"
    code = next(line for line in ann.lines() if "DROP ann" in line).rsplit(" ", 1)[1]
    read_away([bob])
    ann >> f"NS DROP ann {code}"
    mesh.settle()
    assert ranks(mesh) == {"ann": 0, "bob": OP | OWNER}
    assert "  founder: bob" in ask(bob, "INFO #c")
    ann >> f"NS UNDROP ann {WORD}"
    mesh.settle()
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": 0}


def test_what_is_done_to_those_who_are_elsewhere(mesh: Clubs, ann: Client) -> None:
    bob, eve = coming(mesh, "c", "bob"), coming(mesh, "b", "eve")
    said(mesh, ann, "BAN #c $a:joe")
    said(mesh, ann, "QUIET #c bob")
    assert bans(mesh) == ["$a:joe", "$q:*!*@192.0.2.1"]
    said(mesh, ann, "UNQUIET #c bob")
    assert bans(mesh) == ["$a:joe"]
    said(mesh, ann, "CLEAR #c BANS")
    assert bans(mesh) == []
    ann >> "MODE #c +oo bob eve"
    mesh.settle()
    eve >> "MODE #c +kb key ann!*@*"
    eve >> "MODE #c -qo ann ann"
    mesh.settle()
    assert said(mesh, ann, "RECOVER #c") == ["#c is yours again. MODE -im lets others in and speak."]
    assert (ranks(mesh), bans(mesh)) == ({"ann": OP | OWNER, "bob": 0, "eve": 0}, [])
    said(mesh, ann, "CLEAR #c MODES")
    for club in mesh:
        channel = club.node.network.channel("#c")
        assert channel is not None and (channel.flags, channel.key) == ({"n", "t"}, None)
    read_away([bob, eve])
    assert said(mesh, ann, "CLEAR #c USERS out") == ["2 were put out of #c."]
    bob.until(":* KICK #c bob :out (ann)")
    assert list(ranks(mesh)) == ["ann"]


def test_templates_and_drops_are_known_everywhere(mesh: Clubs, ann: Client) -> None:
    bob = coming(mesh, "c", "bob")
    said(mesh, ann, "TEMPLATE #c crew +AVf")
    said(mesh, ann, "FLAGS #c bob crew")
    assert said(mesh, bob, "FLAGS #c bob") == ["bob has crew in #c."]
    said(mesh, ann, ask(ann, "DROP #c")[0].rpartition("ChanServ ")[2])
    assert said(mesh, bob, "FLAGS #c bob") == ["#c was dropped; UNDROP gives it back to its founder."]
    again = mesh["c"].client("anna")
    again >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    assert said(mesh, again, "UNDROP #c") == ["#c belongs to ann again."]
    assert ranks(mesh) == {"ann": OP | OWNER, "bob": VOICE}


def test_what_one_side_of_a_split_offered_is_not_for_who_became_founder_on_the_other_to_lose(
    mesh: Clubs, ann: Client
) -> None:
    bob, eve = coming(mesh, "a", "bob"), coming(mesh, "c", "eve")
    mesh.cut("b", "c")
    mesh.settle()
    again = mesh["c"].client("annie")
    again >> f"NS IDENTIFY ann {WORD}"
    said(mesh, again, "SET #c FOUNDER eve")
    assert said(mesh, eve, "SET #c FOUNDER eve") == ["eve is the founder of #c now."]
    mesh.clock.advance(1)
    said(mesh, ann, "SET #c FOUNDER bob")  # the later word, of who is founder no more
    mesh.link("b", "c")
    mesh.settle()
    assert said(mesh, bob, "SET #c FOUNDER bob") == ["You are not the founder of #c."]
    for client in (bob, eve):
        assert "  founder: eve" in ask(client, "INFO #c")
    assert said(mesh, eve, "SET #c FOUNDER bob")[0].startswith("bob has to say the same within a day")
    assert said(mesh, bob, "SET #c FOUNDER bob") == ["bob is the founder of #c now."]
    assert "  founder: bob" in ask(eve, "INFO #c")
