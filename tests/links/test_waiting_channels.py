"""A channel registered on both sides of a split: the first counts, the founder of the other is told."""

from __future__ import annotations

from chanserv import ask, come, founded, ranks, told
from clubs import Clubs
from conversation import Client
from staff import HASH, oper
from states import opered

from chatnet.model.modes import OP, OWNER

WORD = "correct-horse"
WAITS = (
    "While servers were apart #c was registered twice, and the other one was first (2023-11-14 22:13 UTC). "
    "Your registration waits: nothing of it is applied until the other one is gone. To give it up: "
    "/msg ChanServ DROP #c"
)


def parted() -> tuple[Clubs, Client, Client]:
    """ann has registered #c on one side, and bob on the other, later; they are not linked again."""
    mesh = Clubs(
        "a",
        "b",
        oper_class=[{"name": "admin", "privileges": ["rehash"]}],
        oper=[{"name": "root", "class": "admin", "password": HASH}],
    )
    ann = founded(mesh["a"])
    mesh.clock.advance(5)
    bob = founded(mesh["b"], "bob")
    return mesh, ann, bob


def met() -> tuple[Clubs, Client, Client]:
    mesh, ann, bob = parted()
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    return mesh, ann, bob


def test_its_founder_is_told_and_nothing_of_it_is_applied() -> None:
    mesh, ann, bob = parted()
    eve = come(mesh["b"], "eve")
    ask(bob, "SOP #c ADD eve")
    ask(bob, "SET #c ENTRYMSG of bob")
    eve >> "JOIN #c"
    for client in (bob, eve):
        client.lines()
    mesh.link("a", "b")
    mesh.settle()
    assert told(bob) == [WAITS]
    assert told(ann) == told(eve) == []
    note = "#c was registered twice while servers were apart: that of bob waits (c"
    for club in mesh:
        assert [line.startswith(note) for line in club.log.lines if "registered twice" in line] == [True]
    mesh.clock.advance(1)  # ranks that the first one explains
    mesh.settle()
    for club in mesh:
        channel = club.node.network.channel("#c")
        assert channel is not None
        assert {user.nick: bits for user, bits in channel.members.items()} == {
            "ann": OP | OWNER,
            "bob": 0,
            "eve": 0,
        }
    eve >> "PART #c" >> "JOIN #c"
    assert (ranks(eve), told(eve)) == (0, [])
    ask(ann, "VOP #c ADD eve")  # other news of the channel are none of this
    mesh.settle()
    assert told(bob) == []
    mesh.check()


def test_it_is_told_at_each_login() -> None:
    mesh, ann, bob = met()
    bob >> "NS LOGOUT"
    bob.lines()
    bob >> f"NS IDENTIFY bob {WORD}"
    assert told(bob) == [WAITS]
    # on another server, while connecting, and after a restart as well
    again = mesh["a"].connect()
    again >> "CAP REQ :sasl" >> f"PASS bob:{WORD}" >> "NICK bobby" >> "USER bobby 0 * :bobby" >> "CAP END"
    mesh.settle()
    assert [line for line in again.lines() if line.endswith(f"NOTICE bobby :{WAITS}")]
    ann >> "NS LOGOUT"
    ann >> f"NS IDENTIFY ann {WORD}"
    assert told(ann) == []
    mesh.check()


def test_who_waits_gives_it_up() -> None:
    mesh, _, bob = met()
    bob.lines()
    code = ask(bob, "DROP #c")[0].rpartition("ChanServ ")[2]
    assert ask(bob, code) == ["#c is dropped. Within 7 days you get it back: /msg ChanServ UNDROP #c"]
    mesh.settle()
    bob >> "NS LOGOUT"
    bob >> f"NS IDENTIFY bob {WORD}"
    assert told(bob) == []
    assert "  founder: ann" in ask(bob, "INFO #c")
    mesh.check()


def test_it_counts_when_the_other_is_gone() -> None:
    mesh, ann, bob = met()
    root = oper(mesh["a"], "root")
    opered(root, "accounts")
    told(bob)
    assert ask(root, "LIST #c") == ["#c of ann", "#c of bob (waiting)", "2 channels."]
    ask(ann, ask(ann, "DROP #c")[0].rpartition("ChanServ ")[2])
    mesh.settle()
    assert ask(root, "LIST #c") == ["#c of ann (dropped)", "#c of bob (waiting)", "2 channels."]
    assert told(bob) == []  # it may come back
    mesh.clock.advance(604_801)
    for club in mesh:
        assert club.parts.chanserv is not None
        club.parts.chanserv.sweeping.sweep()
    mesh.settle()
    assert told(bob) == ["Your registration of #c counts now: the other one is gone."]
    assert ranks(bob) == OP | OWNER
    mesh.agree()
    mesh.check()
