"""What an account said is found on each server that it logs in to, wherever it was said."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from chronicles import ANN, BOB, Chronicles, logs_in
from conversation import Client

from chatnet.model.places import talk, with_guest
from chatnet.storage.messages.rows import Place

LONG = 400
"""Seconds, more than the overlap of what is asked for twice."""
WITH_GUS = with_guest(ANN, "gus")


class Row:
    """Houses in a row, called by letters; people come to some, and are an account or a guest."""

    def __init__(self, names: str, **sections: Any) -> None:
        self.names = names
        self.mesh = Chronicles(*names, **sections)
        for one, two in pairwise(names):
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
