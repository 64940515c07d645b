"""Links on several full servers, also while they are apart: all agree in the end."""

from __future__ import annotations

from itertools import pairwise

from chanserv import ask, come, founded
from clubs import Clubs
from conversation import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from test_cs_links import joins, made


def linked(*names: str) -> Clubs:
    mesh = Clubs(*names)
    for one, two in pairwise(names):
        mesh.link(one, two)
    mesh.settle()
    return mesh


def test_a_link_is_good_on_every_server_and_counted_by_all() -> None:
    mesh = linked("a", "b", "c")
    ann = founded(mesh["a"])
    ann >> "MODE #c +i"
    key, known = made(ann, "#c MOST 2")
    mesh.settle()
    for server, nick in (("b", "bob"), ("c", "cat")):
        assert joins(mesh[server].client(nick, address=f"192.0.2.{ord(server)}"), key).endswith("JOIN #c")
        mesh.settle()
    dan = mesh["a"].client("dan", address="192.0.2.250")
    assert joins(dan, key).startswith(":a.test 473 dan")
    assert "2 of 2 came" in ask(ann, "LINK LIST #c")[0] and known in ask(ann, "LINK LIST #c")[0]
    # Where they come from is the same everywhere: who came may come again, at whatever server.
    again = mesh["c"].client("again", address=f"192.0.2.{ord('b')}")
    assert joins(again, key).endswith("JOIN #c")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_servers_that_are_apart_count_for_themselves_and_then_together() -> None:
    mesh = linked("a", "b")
    ann = founded(mesh["a"])
    ann >> "MODE #c +i"
    bob = come(mesh["b"], "bob")
    key, known = made(ann, "#c MOST 1")
    mesh.settle()
    mesh.cut("a", "b")
    cat = mesh["a"].client("cat", address="192.0.2.7")
    assert joins(cat, key).endswith("JOIN #c")
    assert joins(bob, key).endswith("JOIN #c")
    ask(ann, f"LINK DEL #c {known}")
    dan = mesh["b"].client("dan", address="192.0.2.9")
    mesh.link("a", "b")
    mesh.settle()
    assert joins(dan, key).startswith(":b.test 473 dan")
    listed = ask(ann, "LINK LIST #c")[0]
    assert "2 of 1 came (closed: ann took it back)" in listed
    mesh.agree()
    mesh.check()


def test_what_a_link_grants_counts_on_every_server() -> None:
    mesh = linked("a", "b")
    ann = founded(mesh["a"])
    key, _ = made(ann, "#c VOICE")
    mesh.settle()
    bob = come(mesh["b"], "bob")
    assert joins(bob, key).endswith("JOIN #c")
    mesh.settle()
    assert ask(ann, "FLAGS #c bob") == ["bob has +V in #c."]
    assert [user.nick for user in mesh["a"].node.network.channels["#c"].members] == ["ann", "bob"]  # type: ignore[index]
    mesh.agree()
    mesh.check()


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "join", "del", "flag", "unflag", "cut", "link", "wait"]),
        st.integers(0, 1),
        st.integers(0, 5),
    ),
    max_size=30,
)


@settings(max_examples=runs(15, 1500), deadline=None)
@given(steps)
def test_whatever_happens_on_both_sides_all_say_the_same_in_the_end(
    story: list[tuple[str, int, int]],
) -> None:
    mesh = linked("a", "b")
    ann = founded(mesh["a"])
    ann >> "MODE #c +i"
    people = [ann, come(mesh["b"], "bob")]
    ask(ann, "FLAGS #c bob +if")
    mesh.settle()
    keys: list[tuple[str, str]] = []
    whole = True
    for number, (what, side, which) in enumerate(story):
        club, by = mesh["ab"[side]], people[side]
        if what == "add" and may_make(by):
            keys.append(made(by, f"#c MOST {1 + which} +{1 + which}h"))
        elif what == "join" and keys:
            guest = club.client(f"g{number}", address=f"198.51.100.{number}")
            joins(guest, keys[which % len(keys)][0])
            guest >> "QUIT"
        elif what == "del" and keys:
            ask(by, f"LINK DEL #c {keys[which % len(keys)][1]}")
        elif what in ("flag", "unflag"):
            ask(ann, f"FLAGS #c bob {'+' if what == 'flag' else '-'}i")
        elif what == "cut" and whole:
            mesh.cut("a", "b")
            whole = False
        elif what == "link" and not whole:
            mesh.link("a", "b")
            whole = True
        elif what == "wait":
            mesh.advance(1000 * (1 + which))
        if whole:
            mesh.settle()
    if not whole:
        mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    ask(ann, "FLAGS #c bob +if")
    mesh.settle()
    assert ask(people[0], "LINK LIST #c") == ask(people[1], "LINK LIST #c")
    for number, (key, _) in enumerate(keys):
        said = {
            joins(mesh[server].client(f"z{server}{number}", address="203.0.113.5"), key).split()[1]
            for server in ("a", "b")
        }
        mesh.settle()
        assert len(said) == 1, "one server lets people in whom the other does not"
    mesh.check()


def may_make(client: Client) -> bool:
    """Whether somebody may make links now."""
    return "You need" not in ask(client, "LINK LIST #c")[0]
