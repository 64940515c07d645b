"""Registered channels on several full servers: each sees to its own users, and all agree."""

from __future__ import annotations

from chanserv import ask, come, founded, ranks
from club import Club
from clubs import Clubs
from conversation import Client
from mesh import block, stranger

from chatnet.model.modes import ADMIN, OP, OWNER, VOICE


def both(mesh: Clubs, name: str = "#c") -> dict[str, int]:
    """The ranks of all who are in a channel, on which all servers agree."""
    mesh.settle()
    found = []
    for club in mesh:
        channel = club.node.network.channel(name)
        assert channel is not None
        found.append({user.nick: bits for user, bits in channel.members.items()})
    assert all(each == found[0] for each in found)
    return found[0]


def linked() -> Clubs:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    return mesh


def come_to(mesh: Clubs, server: str, name: str) -> Client:
    mesh.settle()
    client = come(mesh[server], name)
    mesh.settle()
    return client


def test_access_counts_on_every_server() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    bob = come_to(mesh, "b", "bob")
    ask(ann, "SOP #c ADD bob")
    mesh.settle()
    bob >> "JOIN #c"
    assert both(mesh) == {"ann": OP | OWNER, "bob": OP | ADMIN}
    ann >> "PART #c"
    mesh.settle()
    eve = mesh["b"].client("eve")
    ask(bob, "VOP #c ADD eve!*@*")
    mesh.settle()
    bob >> "PART #c"
    mesh.settle()
    eve >> "JOIN #c"
    assert both(mesh) == {"eve": VOICE}
    mesh.check()


def test_each_server_sees_to_its_own_users() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    bob, eve = come_to(mesh, "b", "bob"), mesh["b"].client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
    mesh.settle()
    bob.lines()
    ask(ann, "AOP #c ADD bob")
    mesh.settle()
    bob << ":ChanServ!ChanServ@services.chatnet MODE #c +o bob"
    assert both(mesh)["bob"] == OP
    ask(ann, "AKICK #c ADD eve!*@* spam")
    mesh.settle()
    assert "eve" not in both(mesh)
    eve >> "JOIN #c"
    assert ranks(eve) is None
    # what ChanServ does at one server to those of another
    assert ask(ann, "DEOP #c bob") == []
    assert both(mesh)["bob"] == 0
    assert ask(bob, "UP #c") == []
    assert both(mesh)["bob"] == OP
    assert ask(bob, "TOPIC #c of the club") == []
    mesh.settle()
    topics = [club.node.network.channels["#c"].topic for club in mesh]  # type: ignore[index]
    assert [topic is not None and topic.text for topic in topics] == ["of the club"] * 2
    assert ask(ann, "KICK #c bob") == []
    assert "bob" not in both(mesh)
    mesh.check()


def test_of_two_registrations_the_first_counts_and_the_other_waits() -> None:
    mesh = linked()
    mesh.cut("a", "b")
    founded(mesh["a"], "ann")
    mesh["b"].clock.advance(5)
    bob = founded(mesh["b"], "bob")
    assert ranks(bob) == OP | OWNER
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    assert "  founder: ann" in ask(bob, "INFO #c")
    code = ask(mesh["a"].client("zoe"), "DROP #c")
    assert code == ["You are not the founder of #c."]
    mesh.check()


def test_a_server_of_another_make_hears_of_ranks_and_no_pseudo_user() -> None:
    club = Club(accounts={"authority": "here"}, link=[block("so1")])
    so1 = stranger(club, "so1.test", "1SO")
    bob = club.client("bob")
    ann = founded(club)
    so1.lines()
    ann >> "PART #c"
    bob >> "JOIN #c"
    lines = so1.lines()
    assert [line for line in lines if " SJOIN " in line and "+nt" in line and bob.user.uid in line]
    ann >> "JOIN #c"
    ask(ann, "VOP #c ADD bob!*@*")
    ask(ann, "TOPIC #c of the club")
    ask(ann, "KICK #c bob")
    lines = so1.lines()
    assert [line for line in lines if " TMODE " in line and f"+v {bob.user.uid}" in line]
    assert [line for line in lines if " KICK #c " in line]
    assert not [line for line in lines if "00SAAAAA" in line]
    club.check()
