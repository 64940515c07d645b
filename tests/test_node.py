"""One door: facts are made true, then told in order, whatever the observers do."""

from __future__ import annotations

from collections.abc import Mapping

from conversation import ListLog, ManualClock

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, ServerNotice, SettingsChanged, UserIntroduced, WallopsSent
from chatnet.model.ids import SID
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.settings import Settings
from chatnet.wire.casemap import folder


class Listener:
    """Takes down what it hears under its name."""

    def __init__(self, name: str, heard: list[tuple[str, Fact, object]], *kinds: type[Fact]) -> None:
        self.name = name
        self.heard = heard
        self.hears: Mapping[type[Fact], Hearer] = dict.fromkeys(kinds, self.hear)

    def hear(self, fact: Fact, origin: object) -> None:
        self.heard.append((self.name, fact, origin))


def make() -> Node:
    me = Server(SID("0AA"), "irc.test", "")
    network = Network(me, folder("rfc1459"), 10)
    return Node(network, Settings(), ManualClock(), ListLog(), run=lambda coroutine: coroutine.close())


def note(text: str) -> ServerNotice:
    return ServerNotice("g", text, 1.0)


def test_observers_hear_in_their_order_what_they_asked_for() -> None:
    node = make()
    heard: list[tuple[str, Fact, object]] = []
    node.observe([Listener("a", heard, ServerNotice), Listener("b", heard, ServerNotice, WallopsSent)])
    fact, origin = note("x"), object()
    node.commit(fact, origin)
    wallops = WallopsSent(node.network.me, "hi", 1.0)
    node.commit(wallops)
    node.commit(UserIntroduced(User(node.network.me, "a", "a"), 1.0))
    assert heard == [("a", fact, origin), ("b", fact, origin), ("b", wallops, None)]


def test_a_fact_is_true_before_it_is_told() -> None:
    node = make()
    user = User(node.network.me, "192.0.2.1", "192.0.2.1")
    known: list[bool] = []

    class Looker:
        hears: Mapping[type[Fact], Hearer] = {
            UserIntroduced: lambda fact, origin: known.append(fact.user.uid in node.network.users)
        }

    node.observe([Looker()])
    node.commit(UserIntroduced(user, 1.0))
    assert known == [True]


def test_what_observers_commit_waits_until_all_have_heard() -> None:
    node = make()
    heard: list[tuple[str, Fact, object]] = []
    second, third = note("second"), note("third")

    class Eager(Listener):
        def hear(self, fact: Fact, origin: object) -> None:
            super().hear(fact, origin)
            if isinstance(fact, ServerNotice) and fact.text == "first":
                node.commit(second, "eager")
                node.commit(third)

    node.observe([Eager("a", heard, ServerNotice), Listener("b", heard, ServerNotice)])
    first = note("first")
    node.commit(first)
    assert heard == [
        ("a", first, None), ("b", first, None),
        ("a", second, "eager"), ("b", second, "eager"),
        ("a", third, None), ("b", third, None),
    ]  # fmt: skip


def test_one_that_fails_does_not_keep_it_from_the_others() -> None:
    node = make()
    heard: list[tuple[str, Fact, object]] = []

    class Broken(Listener):
        def hear(self, fact: Fact, origin: object) -> None:
            raise ZeroDivisionError

    node.observe([Broken("a", heard, ServerNotice), Listener("b", heard, ServerNotice)])
    fact = note("x")
    node.commit(fact)
    node.commit(fact)
    assert heard == [("b", fact, None)] * 2
    assert isinstance(node.log, ListLog)
    failures = [text.partition("\n")[0] for text in node.log.failures]
    assert failures == ["an observer failed on ServerNotice"] * 2


def test_notices_and_settings() -> None:
    node = make()
    heard: list[tuple[str, Fact, object]] = []
    node.observe([Listener("a", heard, ServerNotice, SettingsChanged)])
    old, new = node.settings, Settings.model_validate({"limits": {"whowas": 3}})
    node.change_settings(new)
    node.notice("k", "nobody is an oper yet: nobody hears it")
    user = User(node.network.me, "192.0.2.1", "192.0.2.1")
    node.network.opers[user] = None
    node.notice("k", "gone")
    (_, changed, _), (_, notice, _) = heard
    assert isinstance(changed, SettingsChanged) and isinstance(notice, ServerNotice)
    assert (changed.old, changed.new, node.settings) == (old, new, new)
    assert (notice.letter, notice.text) == ("k", "gone")
    assert node.network.whowas.size == 3


def test_new_observers_are_told_from_then_on() -> None:
    node = make()
    heard: list[tuple[str, Fact, object]] = []
    node.observe([Listener("a", heard, ServerNotice)])
    node.commit(note("x"))
    node.observe([Listener("b", heard, ServerNotice)])
    node.commit(note("y"))
    assert [name for name, _, _ in heard] == ["a", "b"]
