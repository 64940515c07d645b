"""Who of those with tokens is on the network now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chatnet.api.client import Client, State
from chatnet.api.identities import Identities, Identity
from chatnet.api.problems import Problem
from chatnet.api.turns import settled
from chatnet.model.facts import Fact, Hearer, RecordsTaken, SettingsChanged
from chatnet.session.outlet import Turn
from chatnet.session.sessions import Sessions

LOOK: Final = 5.0
"""Seconds between two looks at who is not used any more, or whose token is over."""


class Clients:
    """One for each identity, made when it is needed; an observer of what ends identities.

    `over` hears of each that has ended.
    """

    def __init__(
        self,
        sessions: Sessions,
        turn: Turn,
        identities: Identities,
        over: Callable[[Client], object],
    ) -> None:
        self._sessions = sessions
        self._node = sessions.node
        self._turn = turn
        self._identities = identities
        self._over = over
        self._clients: dict[str, Client] = {}
        self._looking = False
        self.hears: Mapping[type[Fact], Hearer] = {
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }

    def __len__(self) -> int:
        return len(self._clients)

    async def of(self, identity: Identity) -> Client:
        """The one of an identity; raises Problem if it cannot be on the network."""
        await settled(self._node)  # who comes is a user at once
        client = self._clients.get(identity.key)
        if client is not None and client.identity != identity and not client.uses:
            client.close("Its token is another one now")  # it has another scope, or nick
            client = None
        if client is None:
            client = self._make(identity)
        with client.used():
            await client.ready()
        return client

    def _make(self, identity: Identity) -> Client:
        if not self._identities.is_good(identity):
            # It was found a while ago: by a ticket, or before something else was waited for.
            raise Problem("unauthenticated", "The token is over or taken back")
        if self._sessions.ending:
            raise Problem("unavailable", "The server stops")
        if len(self._clients) >= self._node.settings.api.clients:
            raise Problem("unavailable", "Too many tokens are in use")
        client = Client(self._sessions, self._turn, identity, self._ended)
        if client.state is not State.OVER:
            self._clients[identity.key] = client
            self._look_later()
        return client

    def _ended(self, client: Client) -> None:
        if self._clients.get(client.identity.key) is client:
            del self._clients[client.identity.key]
            self._over(client)

    def _look_later(self) -> None:
        if not self._looking and self._clients:
            self._looking = True
            self._node.clock.later(LOOK, self._look)

    def _look(self) -> None:
        self._looking = False
        now, linger = self._node.clock.monotonic(), self._node.settings.api.linger
        for client in list(self._clients.values()):
            # Who has closed the page is not here any more, whatever it had asked for.
            stays = LOOK if client.identity.page else linger
            if client.state is State.LIVE and not client.uses and client.idle_since <= now - stays:
                client.close("Not used any more")
        self._look_again(list(self._clients.values()))  # a token may be over by now
        self._look_later()

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        if self._clients:
            entities = {record.entity for record in fact.records}
            self._look_again([each for each in self._clients.values() if each.identity.account in entities])

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._look_again([each for each in self._clients.values() if not each.identity.account])

    def _look_again(self, clients: Sequence[Client]) -> None:
        """End those whose token is not good any more."""
        for client in clients:
            if not self._identities.is_good(client.identity):
                client.close("Its token is not good any more")
