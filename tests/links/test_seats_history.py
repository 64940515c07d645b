"""A server with sessions of somebody stores what they can read, and answers what their own server does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from chronicles import Chronicle
from clubs import FullClub
from conversation import Client
from message_memory import MemoryMessages
from seating import FiledSeating, Seating

from chatnet.links.exchange.recall import Recall
from chatnet.model.ids import UIDs


def wait(mesh: Seating, seconds: int = 20) -> None:
    """Let time pass, and what is said be heard meanwhile."""
    for _ in range(seconds):
        mesh.advance(1)
    mesh.settle()


def say(mesh: Seating, client: Client, *lines: str) -> None:
    for line in lines:
        client >> line
        mesh.advance(1)


def past(client: Client, command: str) -> list[str]:
    """What a client is answered, without what is of its server alone."""
    client.lines()
    client >> command
    lines = client.lines()
    assert lines, command
    return [re.sub(r"(batch=|BATCH [+-])\w+|:\w+\.test ", "", line) for line in lines]


def agree(mesh: Seating, *devices: Client, target: str = "#c") -> None:
    """All devices read the same of what was said."""
    for command in (
        f"CHATHISTORY LATEST {target} * 50",
        f"CHATHISTORY LATEST {target} * 3",
        f"CHATHISTORY BEFORE {target} timestamp=2033-01-01T00:00:00.000Z 4",
        "CHATHISTORY TARGETS timestamp=2001-01-01T00:00:00.000Z timestamp=2033-01-01T00:00:00.000Z 50",
        f"HISTORY {target} 10",
        "SEARCH text=one",
    ):
        first, *others = [past(device, command) for device in devices]
        assert others == [first] * len(others), command


def test_a_seat_stores_the_channels_of_the_user_and_fills_what_was_said_before() -> None:
    mesh = Seating()
    bob = mesh.client("b", "bob", "bob")
    for client in (mesh.ann, bob):
        say(mesh, client, "JOIN #c", "PRIVMSG #c :one of " + client.user.nick)
    assert not mesh.rows("c")
    phone = mesh.sit("c")
    wait(mesh)
    say(mesh, bob, "PRIVMSG #c :two")
    assert mesh.texts("c") == ["one of ann", "one of bob", "two"] == mesh.texts("a")
    assert mesh.all_of("c") == mesh.all_of("a")
    say(mesh, phone, "PRIVMSG #c :three")
    assert mesh.texts("a") == mesh.texts("c") and len(mesh.texts("c")) == 4
    mesh.check()


def test_a_seat_stores_no_more_when_it_has_left_and_all_when_it_is_back() -> None:
    mesh = Seating()
    bob = mesh.client("b", "bob", "bob")
    for client in (mesh.ann, bob):
        say(mesh, client, "JOIN #c")
    mesh.sit("c")
    say(mesh, bob, "PRIVMSG #c :one", "PRIVMSG ann :secret one")
    wait(mesh)
    mesh.rise("c")
    say(mesh, bob, "PRIVMSG #c :two", "PRIVMSG ann :secret two")
    assert mesh.texts("c") == ["one"]
    assert mesh.sit("c").house is mesh["c"]
    wait(mesh)
    assert mesh.texts("c") == ["one", "two"]
    assert mesh.talk_at("c", "ann", "bob") == mesh.talk_at("a", "ann", "bob")
    assert len(mesh.talk_at("c", "ann", "bob")) == 2


def test_a_seat_asks_the_users_own_server_for_each_talk() -> None:
    mesh = Seating()
    bob = mesh.client("a", "bob", "bob")  # so that nobody else has it
    say(mesh, bob, "PRIVMSG ann :one")
    say(mesh, mesh.ann, "PRIVMSG bob :two")
    mesh.sit("d")
    wait(mesh)
    assert [text for _, _, text in mesh.talk_at("d", "ann", "bob")] == ["one", "two"]
    assert mesh.talk_at("d", "ann", "bob") == mesh.talk_at("a", "ann", "bob")
    assert mesh.talk_at("b", "ann", "bob") == [] == mesh.talk_at("c", "ann", "bob")


def test_the_users_own_server_asks_a_seat_what_was_said_there() -> None:
    """They may have been the user of another claim at that server, while the two were apart."""
    mesh = Seating()
    bob = mesh.client("c", "bob", "bob")
    mesh.cut("b", "c")
    mesh.settle()
    there = mesh.client("c", "ann", "ann")
    say(mesh, bob, "PRIVMSG ann :while you were away")
    assert mesh.talk_at("a", "ann", "bob") == []
    mesh.link("b", "c")
    wait(mesh)
    assert there.user is mesh.there("c") and there.user.server is not mesh["c"].node.network.me
    assert [text for _, _, text in mesh.talk_at("a", "ann", "bob")] == ["while you were away"]


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("seconds", [10, 600])
def test_all_servers_of_a_person_hear_what_was_said_on_both_sides_of_a_split(
    stays: bool, seconds: int
) -> None:
    """Also if no session is left there when the two meet; and for longer than messages overlap."""
    mesh = Seating(bouncer={"always_on": "all"})
    mesh["a"].account("carl")
    wait(mesh)
    bob = mesh.client("c", "bob", "bob")
    carl = mesh.client("a", "carl", "carl")
    mesh.sit("b")
    mesh.cut("b", "c")
    mesh.settle()
    there = mesh.client("c", "ann", "ann")
    say(mesh, bob, "PRIVMSG ann :over there")
    say(mesh, carl, "PRIVMSG ann :over here")
    if not stays:
        say(mesh, there, "QUIT")
    wait(mesh, seconds)
    mesh.link("b", "c")
    wait(mesh)
    for house in "abc" if stays else "ab":
        assert [text for _, _, text in mesh.talk_at(house, "ann", "bob")] == ["over there"]
        assert [text for _, _, text in mesh.talk_at(house, "ann", "carl")] == ["over here"]
    mesh.check()


def test_what_was_said_at_a_seat_when_its_link_was_about_to_be_lost_is_heard_later() -> None:
    """There it was said by the user of the host, of which the host heard nothing."""
    mesh = Seating(bouncer={"always_on": "all"})
    bob = mesh.client("a", "bob", "bob")
    phone = mesh.sit("c")
    for client in (mesh.ann, bob):
        say(mesh, client, "JOIN #c")
    wait(mesh)
    phone >> "PRIVMSG #c :on its way" >> "PRIVMSG bob :as well"
    mesh.cut("b", "c")
    wait(mesh, 60)
    mesh.link("b", "c")
    wait(mesh)
    assert mesh.texts("a") == mesh.texts("c") == ["on its way"]
    assert [text for _, _, text in mesh.talk_at("a", "ann", "bob")] == ["as well"]
    mesh.check()


class Mortal(Seating):
    """Houses that can die, and begin anew with what they had stored."""

    def __init__(self, **given: Any) -> None:
        self.given: dict[str, dict[str, Any]] = {}
        self.messages: dict[str, MemoryMessages] = {}
        super().__init__(**given)

    def make(self, **given: Any) -> FullClub:
        name = given["server"]["name"][0]
        again = name in self.given
        self.given[name] = given
        house = Chronicle(self.messages.setdefault(name, MemoryMessages()), **given)
        house.node.uids = UIDs(house.node.network.me.sid, 100_000 * again)
        return house

    def begin_anew(self, name: str) -> None:
        self.flush()
        records = self.known(name)
        self.houses[name] = self.make(**self.given[name])
        self.put(name, *records)


@pytest.mark.parametrize("sits", [True, False])
def test_a_server_that_was_away_is_asked_by_all_where_somebody_is(sits: bool) -> None:
    """Also if it claims nobody when it is back, since it has begun anew."""
    mesh = Mortal(bouncer={"always_on": "all"})
    bob = mesh.client("c", "bob", "bob")
    mesh.sit("b")
    mesh.sit("c")
    wait(mesh)
    mesh.cut("b", "c")
    mesh.settle()
    say(mesh, bob, "PRIVMSG ann :over there")
    wait(mesh, 600)
    mesh.begin_anew("c")
    mesh.link("b", "c")
    mesh.settle()
    if sits:
        mesh.client("c", "ann", "ann")
    wait(mesh)
    for house in "ab":
        assert [text for _, _, text in mesh.talk_at(house, "ann", "bob")] == ["over there"]
    mesh.check()


def test_a_server_that_dies_when_it_had_told_of_its_claim_is_asked_when_it_is_back() -> None:
    mesh = Mortal(bouncer={"always_on": "all"})
    bob = mesh.client("c", "bob", "bob")
    mesh.sit("b")
    mesh.cut("b", "c")
    mesh.settle()
    mesh.client("c", "ann", "ann")
    say(mesh, bob, "PRIVMSG ann :over there")
    wait(mesh, 600)
    mesh.link("b", "c")
    while not any(uid.startswith("0CA") for uid in mesh["a"].parts.links.claims.aliases):
        assert mesh.deliver_one(0)
    mesh.cut("b", "c")
    wait(mesh, 1)
    mesh.begin_anew("c")
    mesh.link("b", "c")
    wait(mesh)
    for house in "ab":
        assert [text for _, _, text in mesh.talk_at(house, "ann", "bob")] == ["over there"]
    mesh.check()


@pytest.mark.parametrize("seconds", [10, 600])
def test_a_server_that_began_anew_alone_asks_for_all_that_was_said_before(seconds: int) -> None:
    """A device is there before any other server is: its person is another one's when they meet."""
    mesh = Mortal(bouncer={"always_on": "all"})
    bob = mesh.client("b", "bob", "bob")
    mesh.sit("c")
    mesh.cut("b", "c")
    mesh.settle()
    say(mesh, bob, "PRIVMSG ann :over here")
    say(mesh, mesh.ann, "PRIVMSG bob :as well")
    wait(mesh, 600)
    mesh.begin_anew("c")
    there = mesh.client("c", "ann", "ann")
    wait(mesh, seconds)
    mesh.link("b", "c")
    wait(mesh)
    assert there.user is mesh.there("c") and there.user.server is not mesh["c"].node.network.me
    assert [text for _, _, text in mesh.talk_at("c", "ann", "bob")] == ["over here", "as well"]
    mesh.check()


@pytest.mark.parametrize("again", [True, False])
def test_who_is_not_answered_with_whom_somebody_talked_asks_again(
    monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    mesh = Seating(bouncer={"always_on": "all"})
    bob = mesh.client("a", "bob", "bob")
    say(mesh, bob, "PRIVMSG ann :one")
    with monkeypatch.context() as patched:
        patched.setattr(Recall, "_may_know_talks", lambda self, question: False)
        mesh.sit("c")
        wait(mesh, 200 if again else 20)
        assert mesh.talk_at("c", "ann", "bob") == []
    if again:
        mesh.rise("c")
        wait(mesh, 600)
        mesh.sit("c")
        wait(mesh)
    else:
        wait(mesh, 60)
    assert [text for _, _, text in mesh.talk_at("c", "ann", "bob")] == ["one"]
    mesh.check()


def test_a_talk_of_which_nothing_is_told_is_asked_for_when_somebody_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mesh = Seating(bouncer={"always_on": "all"})
    bob = mesh.client("a", "bob", "bob")
    say(mesh, bob, "PRIVMSG ann :one")
    with monkeypatch.context() as patched:
        patched.setattr(
            Recall, "_may_know_talks", lambda self, question: getattr(question, "how", "") == "targets"
        )
        mesh.sit("c")
        for _ in range(40):
            mesh.advance(100)
            mesh.settle()
        assert mesh.talk_at("c", "ann", "bob") == []
    mesh.rise("c")
    mesh.sit("c")
    wait(mesh)
    assert [text for _, _, text in mesh.talk_at("c", "ann", "bob")] == ["one"]
    mesh.check()


def test_who_has_no_seat_any_more_is_told_nothing() -> None:
    mesh = Seating()
    bob = mesh.client("b", "bob", "bob")
    for client in (mesh.ann, bob):
        say(mesh, client, "JOIN #c", "PRIVMSG #c :one")
    mesh.sit("c")
    wait(mesh)
    mesh.rise("c")
    mesh.said("a", "b")
    for text in ("999 0AA latest #c * 500 * -", f"998 0AA targets @{mesh.key('ann')} * 9 * -"):
        mesh.wire("b", "c").connections["b"].receive(f":0CA CNHIST {text}\r\n".encode())
    wait(mesh)
    answers = [line for line in mesh.said("a", "b") if " CNHR 99" in line]
    assert sorted(line.split(" CNHR ")[1] for line in answers) == ["998 0CA NO", "999 0CA NO"]


# what clients read


def test_all_devices_are_answered_the_same(tmp_path: Path) -> None:
    mesh = FiledSeating(tmp_path)
    bob = mesh.client("b", "bob", "bob")
    for client in (mesh.ann, bob):
        say(mesh, client, "JOIN #c", "PRIVMSG #c :one of " + client.user.nick)
    say(mesh, bob, "PRIVMSG ann :one for you")
    phone = mesh.sit("c")
    wait(mesh)
    agree(mesh, mesh.ann, phone)
    agree(mesh, mesh.ann, phone, target="bob")
    say(mesh, phone, "PRIVMSG #c :one from here", "PRIVMSG bob :one as well")
    say(mesh, mesh.ann, "PRIVMSG bob :one from there")
    agree(mesh, mesh.ann, phone)
    agree(mesh, mesh.ann, phone, target="bob")


def test_a_seat_shows_what_was_said_behind_closed_doors_to_who_was_there(tmp_path: Path) -> None:
    mesh = FiledSeating(tmp_path)
    bob = mesh.client("b", "bob", "bob")
    say(mesh, bob, "JOIN #c", "MODE #c +s", "PRIVMSG #c :one before she came")
    say(mesh, mesh.ann, "JOIN #c", "PRIVMSG #c :one that she heard")
    say(mesh, mesh.ann, "PART #c")
    say(mesh, bob, "PRIVMSG #c :one when she was away")
    say(mesh, mesh.ann, "JOIN #c")
    phone = mesh.sit("c")
    wait(mesh)
    say(mesh, bob, "PRIVMSG #c :one that both heard")
    agree(mesh, mesh.ann, phone)
    texts = [
        line.rpartition(" :")[2] for line in past(phone, "CHATHISTORY LATEST #c * 50") if "PRIVMSG" in line
    ]
    assert texts == ["one that she heard", "one that both heard"]
