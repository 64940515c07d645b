"""Whatever is said on both sides of splits, and in whatever order lines come: all show the same then."""

from __future__ import annotations

from chanserv import WORD
from clubs import Clubs
from conversation import Client, House
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs

from chatnet.model.metadata import Target
from chatnet.rules.metadata import shown

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "1", "2"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 3), st.booleans(), KEYS, VALUES),
        st.tuples(st.just("clear"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("deliver"), st.integers(1, 30), st.integers(0, 7)),
        st.tuples(st.just("cut"), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from([0.0, 0.001, 2.0])),
        st.tuples(st.just("log"), st.integers(0, 3)),
    ),
    max_size=25,
)


def values(house: House, name: str) -> dict[str, str]:
    network = house.node.network
    target: Target | None = network.channel(name) if name[0] == "#" else network.user(name)
    assert target is not None, f"{name} is unknown at {network.me.name}"
    return dict(shown(network, target))


def run(
    mesh: Mesh, people: list[Client], steps: list[tuple[object, ...]], wires: list[tuple[str, str]]
) -> None:
    """Do all of it, heal, and compare."""
    whole = set(wires)
    for kind, *words in steps:
        if kind in ("set", "clear"):
            index, own, *rest = words
            client = people[int(str(index)) % len(people)]
            target = "*" if own else "#c"
            client >> f"METADATA {target} {f'SET {rest[0]} :{rest[1]}' if rest else 'CLEAR'}"
        elif kind == "deliver":
            for _ in range(int(str(words[0]))):
                mesh.deliver_one(int(str(words[1])))
        elif kind == "cut":
            wire = wires[int(str(words[0])) % len(wires)]
            mesh.settle()
            if wire in whole:
                mesh.cut(*wire)
                whole.discard(wire)
            else:
                mesh.link(*wire)
                whole.add(wire)
            mesh.settle()
        elif kind == "log":
            client = people[int(str(words[0])) % len(people)]
            word = "LOGOUT" if client.user.account else f"IDENTIFY ann {WORD}"
            client >> f"PRIVMSG NickServ :{word}"
        else:
            mesh.clock.advance(float(str(words[0])))
    mesh.settle()
    for wire in set(wires) - whole:
        mesh.link(*wire)
    mesh.settle()
    mesh.advance(3)
    for name in ["#c", *(client.user.nick for client in people)]:
        found = {house.node.network.me.name: values(house, name) for house in mesh}
        assert len({tuple(sorted(each.items())) for each in found.values()}) == 1, (name, found)
    mesh.check()


def all_in(mesh: Mesh, people: list[Client]) -> None:
    """All are operators of one channel."""
    mesh.settle()
    for client in people:
        client >> "JOIN #c"
        mesh.settle()
    for client in people[1:]:
        people[0] >> f"MODE #c +o {client.user.nick}"
    mesh.settle()
    mesh.advance(1)


@given(STEPS)
@settings(max_examples=runs(15, 2000), phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_guests(steps: list[tuple[object, ...]]) -> None:
    mesh = Mesh("a", "b", "c")
    wires = [("a", "b"), ("b", "c")]
    for wire in wires:
        mesh.link(*wire)
    people = [mesh[name].client(name * 3) for name in "abc"]
    all_in(mesh, people)
    run(mesh, people, [step for step in steps if step[0] != "log"], wires)


@given(STEPS, st.booleans())
@settings(max_examples=runs(15, 2000), phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_accounts_and_an_edge(steps: list[tuple[object, ...]], registered: bool) -> None:
    """``a`` and ``b`` keep accounts, ``e`` does not; all but one are logged in to the same."""
    kept = {name: {"accounts": {"authority": "here" if name in "ab" else "remote"}} for name in "abe"}
    mesh = Clubs("a", "b", "e", sections_of=kept)
    wires = [("a", "b"), ("b", "e")]
    for wire in wires:
        mesh.link(*wire)
    mesh.settle()
    mesh.advance(1)
    for name in "ab":
        mesh[name].reload(accounts={"nick_protection": "off", "iterations": 4096})
    mesh["a"].account("ann", WORD)
    mesh.settle()
    people = [
        mesh[name].client(nick) for name, nick in (("a", "one"), ("b", "two"), ("e", "tre"), ("e", "gus"))
    ]
    mesh.settle()
    for client in people[:3]:
        client >> f"PRIVMSG NickServ :IDENTIFY ann {WORD}"
    mesh.settle()
    assert all(client.user.account == "ann" for client in people[:3])
    all_in(mesh, people)
    if registered:
        people[0] >> "PRIVMSG ChanServ :REGISTER #c"
        mesh.settle()
        for client in people[1:]:
            people[0] >> f"MODE #c +o {client.user.nick}"
    mesh.settle()
    run(mesh, people, steps, wires)
    mesh_agrees(mesh)


def mesh_agrees(mesh: Clubs) -> None:
    """Both who keep accounts have the same records."""
    assert mesh.known("a") == mesh.known("b")
