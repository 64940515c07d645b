"""Whatever happens to a registered channel on several full servers, they come to the same in the end.

People change its modes, lists and topic on all of them; links are lost and made again, and servers start
anew.  Then all have the same records and the same channel, which is as the records say.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, Final

from chanserv import WORD, ask, come
from clubs import Clubs, FullClub
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.links.exchange.digests import digest
from chatnet.links.neighbour.link import State
from chatnet.model.entities import Channel
from chatnet.rules.keeping import is_kept, set_in, value_of
from chatnet.rules.locks import letters_of, lock_of

COMMANDS: Final = [
    *["MODE #c +m", "MODE #c -m", "MODE #c +is", "MODE #c -is"],
    *["MODE #c +k key", "MODE #c -k *", "MODE #c +l 9", "MODE #c +l 12", "MODE #c -l"],
    *["MODE #c +b *!*@x", "MODE #c -b *!*@x", "MODE #c +b *!*@y", "MODE #c -b *!*@y", "MODE #c +e $a"],
    *["TOPIC #c :one", "TOPIC #c :two", "TOPIC #c :"],
    *["PART #c", "PART #c", "JOIN #c", "JOIN #c", "JOIN #c"],
    *["CS SET #c MLOCK +n-m", "CS SET #c MLOCK", "CS SET #c MLOCK +l 9", "CS SET #c TOPICLOCK ON"],
    "CS AQUIET #c ADD *!*@z",
    "CS AQUIET #c DEL *!*@z",
]


def steps(names: str, pairs: list[str], waits: list[float]) -> st.SearchStrategy[list[tuple[str, Any, Any]]]:
    """What happens, one thing after the other."""
    say = st.tuples(st.just("say"), st.sampled_from(names), st.sampled_from(COMMANDS))
    return st.lists(
        st.one_of(
            say,
            say,
            st.tuples(st.just("link"), st.sampled_from(pairs), st.none()),
            st.tuples(st.just("cut"), st.sampled_from(pairs), st.none()),
            st.tuples(st.just("deliver"), st.integers(0, 99), st.integers(1, 30)),
            st.tuples(st.just("wait"), st.sampled_from(waits), st.none()),
            st.tuples(st.just("start"), st.sampled_from("abc"), st.none()),
        ),
        max_size=25,
    )


NEAR: Final = steps("abc", ["ab", "bc", "ac"], [0.001, 0.3, 1.0, 5.0, 86400.0 * 20])
FAR: Final = steps("abcz", ["ab", "bc", "ac", "az", "az"], [0.001, 0.3, 1.0, 5.0])


class Edged(Clubs):
    """A mesh whose house ``z`` keeps no records."""

    def make(self, **given: Any) -> Any:
        return House(**given) if given["server"]["name"] == "z.test" else super().make(**given)

    def __getitem__(self, name: str) -> Any:
        return self.houses[name]


class Story:
    """Three full servers, and somebody on each who may do anything in #c; perhaps z, which is not full."""

    def __init__(self, names: str = "abc") -> None:
        self.names = names
        self.mesh = Edged(*names, links={"stamp_memory": 60})
        self.mesh.link("a", "b")
        self.mesh.link("b", "c")
        self.mesh.settle()
        for name in "abc":
            self.sign(name)
        self.people: dict[str, Client] = {}
        ann = self.people["a"] = come(self.mesh["a"], "ann")
        self.mesh.settle()
        ann >> "JOIN #c"
        ask(ann, "REGISTER #c")
        for server, name in (("b", "bob"), ("c", "cat")):
            self.mesh["a"].account(name, WORD)
            ask(ann, f"FLAGS #c {name} +*")
            self.mesh.settle()
            self.people[server] = come(self.mesh[server], name)
            self.people[server] >> "JOIN #c"
            self.mesh.settle()
        if "z" in names:
            self.mesh.link("a", "z")
            self.mesh.settle()
            self.people["z"] = self.mesh["z"].client("zed")
            self.people["z"] >> "JOIN #c"
            self.mesh.settle()

    def sign(self, name: str) -> None:
        """A server writes that it keeps records, as it does at its start."""
        nickserv = self.mesh[name].parts.nickserv
        assert nickserv is not None
        nickserv.sweeping.sweep()
        self.mesh.settle()

    def joined(self, one: str, other: str) -> bool:
        seen = todo = {one}
        while todo:
            todo = {end for wire in self.mesh.wires if todo & set(wire.ends) for end in wire.ends} - seen
            seen = seen | todo
        return other in seen

    def bury(self) -> None:
        for wire in list(self.mesh.wires):
            if any(link.state is State.GONE for link in wire.links.values()):
                self.mesh.wires.remove(wire)
                wire.lose({})

    def step(self, what: str, which: Any, more: Any) -> None:
        mesh = self.mesh
        self.bury()
        mesh.clock.advance(0.001)
        if what == "say":
            self.people[which] >> more
        elif what == "link" and not self.joined(*which):
            mesh.link(*which)
        elif what == "cut" and any(set(wire.ends) == set(which) for wire in mesh.wires):
            mesh.cut(*which)
        elif what == "deliver":
            for number in range(more):
                mesh.deliver_one(which + 7 * number)
        elif what == "wait":
            mesh.clock.advance(which)
        elif what == "start":
            self.start(which)

    def start(self, name: str) -> None:
        """Another process, which was told to stop before."""
        mesh, old = self.mesh, self.mesh[name]
        for wire in [wire for wire in mesh.wires if name in wire.ends]:
            mesh.cut(*wire.ends)
        chanserv = old.parts.chanserv
        assert chanserv is not None
        old.done(chanserv.keeping.write())
        old.store.taken = lambda records: None
        mesh.houses[name] = FullClub(
            old.store, clock=mesh.clocks[name], **old.settings.model_dump(by_alias=True)
        )
        old.store.start()
        self.people[name] = come(mesh[name], {"a": "ann", "b": "bob", "c": "cat"}[name])

    def end(self) -> None:
        mesh = self.mesh
        mesh.settle()
        for one, other in [*combinations(self.names, 2)] * 2:
            self.bury()
            if not self.joined(one, other):
                mesh.link(one, other)
                mesh.settle()
        for _ in range(6):
            mesh.advance(1.5)
        assert all(mesh.known(name) == mesh.known("a") for name in "bc")
        mesh.check()
        here = [mesh[name].node.network.channels.get("#c") for name in self.names]
        if any(here):
            assert len({digest(each) for each in here}) == 1, [described(each) for each in here]
            self.as_kept(here[0])

    def as_kept(self, channel: Channel) -> None:
        """The channel is as the records say."""
        registration = self.mesh["a"].node.network.registry.channels.at("#c")
        assert registration is not None and registration.ts == channel.ts
        kept = {key for key, each in registration.kept.items() if each.value is not None and is_kept(key)}
        assert kept == set(set_in(channel))
        for register in kept & {"k", "l"}:
            assert registration.kept[register].value == value_of(channel, register)
        assert channel.locked == letters_of(lock_of(self.mesh["a"].node.network, registration))


def described(channel: Channel | None) -> object:
    if channel is None:
        return None
    members = {user.nick: ranks for user, ranks in channel.members.items()}
    return channel.ts, channel.locked, members, {each: value_of(channel, each) for each in set_in(channel)}


def tell(story: Story, steps: list[tuple[str, Any, Any]]) -> None:
    for step in steps:
        story.step(*step)
    story.end()


@settings(max_examples=runs(20, 3000))
@given(NEAR)
def test_all_stories_end_the_same(steps: list[tuple[str, Any, Any]]) -> None:
    tell(Story(), steps)


@settings(max_examples=runs(20, 3000))
@given(FAR)
def test_so_do_those_of_a_server_that_does_not_know(steps: list[tuple[str, Any, Any]]) -> None:
    tell(Story("abcz"), steps)


def test_all_start_anew_while_a_server_that_does_not_know_has_it_as_it_was() -> None:
    steps = [
        ("say", "a", "CS SET #c TOPICLOCK ON"), ("say", "a", "MODE #c +k key"), ("say", "a", "MODE #c +m"),
        ("cut", "az", None), ("start", "b", None), ("start", "c", None), ("say", "z", "TOPIC #c :one"),
        ("start", "a", None), ("wait", 0.3, None),
    ]  # fmt: skip
    tell(Story("abcz"), steps)


def test_who_was_to_lock_a_mode_starts_anew_before_it_heard_of_it() -> None:
    tell(Story("abcz"), [("say", "b", "CS SET #c MLOCK +l 9"), ("start", "a", None)])
