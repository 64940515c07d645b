"""Who is suspended on one side of a split stays so, whatever they do on the other meanwhile."""

from __future__ import annotations

from chanserv import founded
from clubs import Clubs
from conversation import Client
from nickserv import ask
from staff import HASH, oper
from states import opered

WORD = "correct-horse"


def parted() -> tuple[Clubs, Client, Client]:
    """Two servers that are apart, an operator on one, and ann on the other."""
    mesh = Clubs(
        "a",
        "b",
        oper_class=[{"name": "admin", "privileges": ["rehash"]}],
        oper=[{"name": "root", "class": "admin", "password": HASH}],
    )
    mesh.link("a", "b")
    mesh.settle()
    root = oper(mesh["a"], "root")
    opered(root, "accounts")
    ann = founded(mesh["b"])
    mesh.settle()
    mesh.cut("a", "b")
    return mesh, root, ann


def again(mesh: Clubs) -> None:
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_an_account_that_is_dropped_and_had_back_meanwhile() -> None:
    mesh, root, ann = parted()
    assert ask(root, "SUSPEND ann spam") == ["ann is suspended."]
    mesh.clock.advance(5)
    ask(ann, ask(ann, "DROP ann")[0].rpartition("NickServ ")[2])
    mesh.clock.advance(5)
    assert ask(ann, f"UNDROP ann {WORD}")[-1] == "The account ann is yours again, and you are logged in."
    again(mesh)
    assert ann.lines()[-1].startswith("ERROR :Closing Link: ")
    for name in ("a", "b"):
        eve = mesh[name].client("eve")
        assert ask(eve, f"IDENTIFY ann {WORD}") == ["The account ann is suspended: spam."]


def test_an_account_that_is_dropped_meanwhile_does_not_come_back() -> None:
    mesh, root, ann = parted()
    assert ask(root, "SUSPEND ann spam") == ["ann is suspended."]
    mesh.clock.advance(5)
    ask(ann, ask(ann, "DROP ann")[0].rpartition("NickServ ")[2])
    again(mesh)
    assert ask(ann, f"UNDROP ann {WORD}") == ["The account ann is suspended: spam."]
    assert ask(root, "UNSUSPEND ann") == ["ann is suspended no more."]
    mesh.settle()
    assert ask(ann, f"UNDROP ann {WORD}")[-1] == "The account ann is yours again, and you are logged in."
