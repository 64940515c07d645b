"""The full servers that the network has: which are here, and which are away.

Each writes of itself what it is called, and once a day that it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatnet.model.registry import FullServer
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.channels import GONE, HEARD, MACHINE
from chatnet.records.grammar import server_entity
from chatnet.services import refused
from chatnet.services.ledger import Change, Ledger
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.wire.server_time import DAY


class Roll:
    """Who keeps all records; `learning` tells whether this server is still told what there is.

    `processes` are the SIDs of all processes of this server, if there are several: a majority counts them
    once.
    """

    def __init__(
        self, node: Node, ledger: Ledger, learning: Callable[[], bool], processes: Sequence[str] = ()
    ) -> None:
        self.processes = processes
        self._node = node
        self._ledger = ledger
        self._learning = learning
        self._signing = False

    # who is there

    def all(self) -> list[FullServer]:
        """All but those of which operators say that they are gone, by their names."""
        servers = self._node.network.registry.servers.values()
        return sorted((each for each in servers if not each.gone), key=lambda each: (each.name, each.sid))

    def others(self) -> list[FullServer]:
        """Those of them that are linked, but this server."""
        network = self._node.network
        return [each for each in self.all() if each.sid in network.servers and each.sid != network.me.sid]

    def away(self) -> list[FullServer]:
        """Those of them that are not linked now."""
        return [each for each in self.all() if each.sid not in self._node.network.servers]

    # who may give out names

    def judge_unknown(self, name: str) -> None:
        """Refuse to say anything of `name`, which nobody here has, while others may know whose it is."""
        if self._learning():
            why = "This server is still learning the accounts"
            raise Refused(refused.TEMPORARILY_UNAVAILABLE, why, name)

    def judge(self, name: str) -> None:
        """Refuse to give out `name` now, while others might give it out as well."""
        self.judge_unknown(name)
        if self._node.settings.accounts.names == "majority":
            every = {each.machine for each in self.all()}
            here = {each.machine for each in self.all() if each.sid in self._node.network.servers}
            if 2 * len(here) <= len(every):
                why = "Too many servers are away to give out names"
                raise Refused(refused.TEMPORARILY_UNAVAILABLE, why, name)

    # what this server says of itself

    def sign(self) -> None:
        """Write that this server is there, if that is not written yet; to be called now and then."""
        if not self._signing and (changes := self._due()):
            self._signing = True
            self._node.run(self._sign(changes))

    def _due(self) -> list[Change]:
        me, today = self._node.network.me, int(self._node.clock.time()) // DAY
        known, entity = self._node.network.registry.servers.get(me.sid), server_entity(me.sid)
        changes: list[Change] = []
        if known is None or known.name != me.name:
            changes.append(Change(entity, values.NAME, me.name))
        if known is None or known.heard < today:
            changes.append(Change(entity, HEARD, str(today)))
        machine = self.processes[0] if self.processes else me.sid
        if (me.sid if known is None else known.machine) != machine:
            changes.append(Change(entity, MACHINE, None if machine == me.sid else machine))
        for each in self.all():
            if each.machine == me.sid != each.sid and each.sid not in self.processes:
                changes.append(Change(server_entity(each.sid), GONE, me.name))  # there were more once
        if known is not None and known.gone:
            changes.append(Change(entity, GONE, None))
        return changes

    async def _sign(self, changes: list[Change]) -> None:
        try:
            await self._ledger.write(changes)
        except StoreError:
            pass  # the ledger has told it; another time
        finally:
            self._signing = False

    async def strike(self, server: FullServer, by: str) -> None:
        """An operator says that a server does not come back: it is waited for no more."""
        await self._ledger.write([Change(server_entity(server.sid), GONE, by)])
