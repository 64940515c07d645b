"""Linked houses that keep accounts and store what is said, in memory; and what their stores know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clubs import Clubs, FullClub, new_store
from conversation import Client
from leftovers import store_of_a_test
from message_memory import MemoryMessages

from chatnet.history.archive import ALL
from chatnet.model.facts import AccountChanged
from chatnet.model.ids import AccountName
from chatnet.storage.answers import at_once
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import NOTICE, PRIVMSG, Place, Redacted, Row, View, Wanted
from chatnet.storage.messages.store import open_messages

ANN = "aannnnnnnnnnnnnnnnnnn"
BOB = "abobbbbbbbbbbbbbbbbbb"
CID = "acidddddddddddddddddd"


class Chronicle(FullClub):
    """A club that stores what is said; `stored` has it if that is in memory."""

    def __init__(self, messages: MessageStore, **given: Any) -> None:
        self.messages = messages
        super().__init__(new_store(given["server"]["sid"]), messages=messages, **given)

    @property
    def stored(self) -> MemoryMessages:
        assert isinstance(self.messages, MemoryMessages)
        return self.messages


class Chronicles(Clubs):
    """A mesh of them, with stores in memory."""

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
        found = list(self.rows(name, channel).values())
        found = [row for row in found if row.kind in (PRIVMSG, NOTICE)]
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
        messages, here = self[name].messages, self.place(name, channel)
        view, wanted = View(here, closed=None, ranks=-1), Wanted(ALL, 1_000_000)
        rows = at_once(messages.page(view, wanted)).rows
        gone = at_once(messages.redactions(here, 0, 1_000_000))
        return {row.msgid: row for row in rows}, {each.redacted: each for each in gone}


class Filed(Chronicles):
    """The same with files in a `folder`."""

    def __init__(self, folder: Path, *names: str, **sections: Any) -> None:
        self.folder = folder
        super().__init__(*names, **sections)

    def make(self, **given: Any) -> FullClub:
        path = self.folder / f"{given['server']['sid']}.sqlite"
        return Chronicle(store_of_a_test(open_messages(path, now=given["clock"].time)), **given)


def logs_in(client: Client, name: str, key: str) -> None:
    """Log a client in to an account with this key."""
    node, user = client.house.node, client.user
    node.commit(AccountChanged(user, AccountName(name), node.clock.time(), user.account, key))
    client.lines()
