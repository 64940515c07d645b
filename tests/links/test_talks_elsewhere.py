"""What an account said is found on each server that it logs in to, wherever it was said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from chronicles import ANN, BOB, Chronicles, logs_in
from clubs import FullClub
from conversation import Client

from chatnet.model.facts import AccountChanged
from chatnet.model.ids import AccountName
from chatnet.model.places import talk, with_guest
from chatnet.storage.messages.rows import Place

LONG = 400
"""Seconds, more than the overlap of what is asked for twice."""
WITH_GUS = with_guest(ANN, "gus")


class NamedChronicles(Chronicles):
    """Services of another make keep accounts, by name."""

    def make(self, **given: Any) -> FullClub:
        return super().make(**given, accounts={"authority": "external"})


class Row:
    """Houses called by letters, in a row as far as they are `linked`; people come, with an account or not."""

    def __init__(
        self, names: str, linked: str = "", mesh: type[Chronicles] = Chronicles, **sections: Any
    ) -> None:
        self.mesh = mesh(*names, **sections)
        for one, two in pairwise(linked or names):
            self.mesh.link(one, two)
        self.mesh.settle()

    def ann(self, house: str, nick: str = "ann") -> Client:
        return self.comes(house, nick, "ann", ANN)

    def comes(self, house: str, nick: str, name: str = "", key: str = "") -> Client:
        client = self.mesh[house].client(nick)
        if name:
            logs_in(client, name, key)
        self.wait(1)
        return client

    def say(self, client: Client, *lines: str) -> None:
        for line in lines:
            client >> line
            self.wait(1)

    def wait(self, seconds: int = LONG) -> None:
        for _ in range(seconds):
            self.mesh.advance(1)

    def texts(self, house: str, place: Place = WITH_GUS) -> list[str]:
        """What a house has stored of a talk, the oldest first."""
        self.mesh.flush()
        rows = [row for row in self.mesh[house].stored.rows.values() if row.place == place]
        return [row.text for row in sorted(rows, key=lambda row: (row.at, row.msgid))]


def test_where_no_talk_is_stored_none_is_that_was_elsewhere() -> None:
    row = Row("ab", sections_of={"b": {"history": {"direct": False}}})
    row.ann("a")
    row.say(row.comes("a", "gus"), "PRIVMSG ann :hello")
    row.say(row.comes("a", "bob", "bob", BOB), "PRIVMSG ann :me too")
    row.ann("b", "away")
    row.wait()
    assert row.texts("a") == ["hello"] and row.texts("a", talk(ANN, BOB)) == ["me too"]
    assert row.texts("b") == row.texts("b", talk(ANN, BOB)) == []


@pytest.mark.parametrize("names", ["abcd", "abcdef"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_talk_is_found_however_far_away_it_was(names: str, is_there: bool) -> None:
    """Also if more servers are nearer than are asked at once."""
    row, far = Row(names), names[-1]
    ann = row.ann(far)
    row.say(row.comes(far, "gus"), "PRIVMSG ann :hello")
    if not is_there:
        row.say(ann, "QUIT")
    row.ann("a", "away")
    row.wait()
    assert row.texts("a") == ["hello"]


@pytest.mark.parametrize("other", ["", "bob"])
def test_a_talk_is_found_when_the_server_is_back_where_it_was(other: str) -> None:
    """Who was there has come here meanwhile, and nobody of the account is there any more."""
    row = Row("abc")
    ann, gus = row.ann("c"), row.comes("c", "gus", other, BOB)
    row.say(gus, "PRIVMSG ann :hello")
    row.mesh.cut("b", "c")
    row.say(ann, "QUIT")
    row.ann("a")
    row.wait()
    row.mesh.link("b", "c")
    row.wait()
    assert row.texts("a", talk(ANN, BOB) if other else WITH_GUS) == ["hello"]


def test_a_talk_is_found_when_the_server_comes_where_it_was() -> None:
    """One that was never here since the start."""
    row = Row("abc", linked="ab")
    ann = row.ann("c")
    row.say(row.comes("c", "gus"), "PRIVMSG ann :hello")
    row.say(ann, "QUIT")
    row.ann("a")
    row.wait()
    row.mesh.link("b", "c")
    row.wait()
    assert row.texts("a") == ["hello"]


def logs_out(client: Client) -> None:
    user, node = client.user, client.house.node
    node.commit(AccountChanged(user, None, node.clock.time(), user.account, None, user.account_id))


class TwoUsers(Row):
    """ann is here by one nick, and there by another, and talks there."""

    def __init__(self) -> None:
        super().__init__("abc")
        self.here, self.there = self.ann("a"), self.ann("c", "away")
        self.wait()
        self.say(self.comes("c", "gus"), "PRIVMSG away :hello")
        self.wait()

    def ends(self, client: Client, how: str) -> None:
        """One of the two goes, or logs out."""
        if how == "quits":
            self.say(client, "QUIT")
        else:
            logs_out(client)
        self.wait()


@pytest.mark.parametrize("how", ["quits", "logs out"])
def test_who_is_here_by_another_nick_finds_what_was_said_when_that_ends(how: str) -> None:
    row = TwoUsers()
    row.ends(row.there, how)
    assert row.texts("a") == ["hello"]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("how", ["quits", "logs out"])
def test_who_comes_back_finds_what_was_said_while_they_were_here_by_another_nick(
    how: str, there: bool
) -> None:
    row = TwoUsers()
    row.ends(row.here, how)
    if not there:
        row.say(row.there, "QUIT")
    row.wait()
    if how == "quits":
        row.ann("a")
    else:
        logs_in(row.here, "ann", ANN)
    row.wait()
    assert row.texts("a") == ["hello"]


def test_who_is_here_twice_and_leaves_once_is_here_still() -> None:
    row = TwoUsers()
    row.say(row.ann("a", "again"), "QUIT")
    row.wait()
    row.say(row.there, "QUIT")
    row.wait()
    assert row.texts("a") == ["hello"]


def test_a_talk_that_is_the_same_there_is_not_told_again() -> None:
    """However long it is: of an account of which it is not known when it was here last."""
    row = Row("ab")
    row.ann("a")
    row.say(row.comes("a", "gus"), "PRIVMSG ann :hello")
    row.ann("b", "away")
    row.wait()
    row.mesh.said("a", "b")
    row.ann("b", "again")
    row.wait()
    said = row.mesh.said("a", "b")
    assert [line for line in said if " CNHR " in line and "gus timestamp=" in line]
    assert row.texts("b") == ["hello"] and not any("PRIVMSG" in line for line in said)


def test_a_talk_is_found_by_two_questions() -> None:
    """Not by one for each month in which there may have been something."""
    row = Row("ab")
    row.ann("a")
    row.say(row.comes("a", "gus"), "PRIVMSG ann :hello")
    row.wait()
    row.mesh.said("b", "a")
    row.ann("b", "away")
    row.wait()
    asked = [line for line in row.mesh.said("b", "a") if f"@{ANN},gus" in line]
    assert [line.split(" ")[4] for line in asked] == ["latest", "before"] and row.texts("b") == ["hello"]


def test_talks_of_accounts_that_services_keep_are_found_elsewhere() -> None:
    row = Row("abc", mesh=NamedChronicles)
    ann, bob, gus = row.comes("a", "ann"), row.comes("a", "bob"), row.comes("a", "gus")
    named(ann)
    named(bob)
    row.say(bob, "PRIVMSG ann :hello")
    row.say(gus, "PRIVMSG ann :hi")
    assert row.comes("c", "other").user.account is None
    row.wait()
    assert row.texts("c", talk("name:ann", "name:bob")) == row.texts("c", with_guest("name:ann", "gus")) == []
    named(row.comes("c", "away"), "ann")
    row.wait()
    assert row.texts("c", talk("name:ann", "name:bob")) == ["hello"]
    assert row.texts("c", with_guest("name:ann", "gus")) == ["hi"]


def named(client: Client, name: str = "") -> None:
    """Services log somebody in."""
    user, node = client.user, client.house.node
    node.commit(AccountChanged(user, AccountName(name or user.nick), node.clock.time(), user.account))


def test_what_a_guest_said_is_found_between_the_two_servers_of_a_talk() -> None:
    """Who is behind another neighbour than who tells it; the message passed here, and was not kept."""
    row = Row("abc")
    row.ann("b", "away")
    ann, gus = row.ann("a"), row.comes("c", "gus")
    row.wait()
    row.say(gus, "PRIVMSG ann :hello")
    row.say(ann, "QUIT")
    row.wait()
    assert row.texts("b") == ["hello"]


def test_what_our_own_guest_is_said_to_have_said_is_not_taken() -> None:
    row = Row("ab")
    row.ann("a")
    gus = row.comes("b", "gus")
    row.wait()
    row.say(gus, "PRIVMSG ann :hello")
    row.mesh.flush()
    row.mesh["b"].stored.rows.clear()
    row.ann("b", "away")
    row.wait()
    assert row.texts("a") == ["hello"] and row.texts("b") == []


def test_who_leaves_while_a_server_is_away_finds_later_what_they_said_there() -> None:
    """They came there, and went, while the two did not hear each other."""
    row = Row("ab")
    here = row.ann("a")
    row.wait()
    row.mesh.cut("a", "b")
    there = row.ann("b", "away")
    row.say(row.comes("b", "gus"), "PRIVMSG away :hello")
    row.say(there, "QUIT")
    row.wait()
    row.say(here, "QUIT")
    row.mesh.link("a", "b")
    row.wait()
    row.ann("a")
    row.wait()
    assert row.texts("a") == ["hello"]
