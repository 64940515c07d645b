"""Linked houses that keep accounts and store what is said, in memory; and what their stores know."""

from __future__ import annotations

from typing import Any

from clubs import Clubs, FullClub, new_store
from conversation import Client
from message_memory import MemoryMessages

from chatnet.model.facts import AccountChanged
from chatnet.model.ids import AccountName
from chatnet.storage.messages.rows import Place, Redacted, Row

ANN = "aannnnnnnnnnnnnnnnnnn"
BOB = "abobbbbbbbbbbbbbbbbbb"
CID = "acidddddddddddddddddd"


class Chronicle(FullClub):
    """A club that stores what is said."""

    def __init__(self, stored: MemoryMessages, **given: Any) -> None:
        self.stored = stored
        super().__init__(new_store(given["server"]["sid"]), messages=stored, **given)


class Chronicles(Clubs):
    """A mesh of them."""

    def make(self, **given: Any) -> FullClub:
        return Chronicle(MemoryMessages(), **given)

    def __getitem__(self, name: str) -> Chronicle:
        club = self.houses[name]
        assert isinstance(club, Chronicle)
        return club

    def flush(self) -> None:
        """Have all of them write what they have heard."""
        for name in self.houses:
            recorder, marks = self[name].parts.recorder, self[name].parts.marks
            assert recorder is not None and marks is not None
            marks.write()
            recorder.flush()

    def rows(self, name: str, channel: str = "#c") -> dict[str, Row]:
        """What a house has stored of a channel, by ids."""
        self.flush()
        found = self[name].stored.rows.values()
        return {row.msgid: row for row in sorted(found) if row.place.name == channel}

    def texts(self, name: str, channel: str = "#c") -> list[str]:
        """The texts of that, in order."""
        found = self.rows(name, channel).values()
        return [row.text for row in sorted(found, key=lambda row: (row.at, row.msgid))]

    def place(self, name: str, channel: str = "#c") -> Place:
        """That of a channel there is."""
        recorder, there = self[name].parts.recorder, self[name].node.network.channel(channel)
        assert recorder is not None and there is not None
        place = recorder.place(there)
        assert place is not None
        return place

    def all_of(self, name: str, channel: str = "#c") -> tuple[dict[str, Row], dict[str, Redacted]]:
        """All that a house knows of a channel."""
        self.flush()
        stored, here = self[name].stored, self.place(name, channel)
        rows = {row.msgid: row for row in stored.rows.values() if row.place == here}
        gone = {each.redacted: each for each in stored.redacted.values() if each.place == here}
        return rows, gone


def logs_in(client: Client, name: str, key: str) -> None:
    """Log a client in to an account with this key."""
    node, user = client.house.node, client.user
    node.commit(AccountChanged(user, AccountName(name), node.clock.time(), user.account, key))
    client.lines()
