"""Server notices of one process, which operators on all others of the same server read as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chatnet.model.facts import Fact, Hearer, ServerNotice
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.settings.processes import Process
from chatnet.wiring.processes.member import Member

ALONE: Final = frozenset("acfgnqrx")
"""Letters of what happens on one process alone.  Of bans and kills (``k``) all tell by themselves, and what
all servers are told (``m``, ``o``, ``p``) comes over the links."""


class Telling:
    """An observer that has the other processes hear what operators are told here."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self.hears: Mapping[type[Fact], Hearer] = {ServerNotice: self._server_notice}

    def _server_notice(self, fact: ServerNotice, origin: object) -> None:
        if fact.by is None and fact.letter in ALONE and not fact.common:
            self._member.noticed(fact.letter, fact.text, fact.public, fact.at)


class Hearing:
    """Tells the operators here what those of other processes are told."""

    def __init__(self, node: Node, process: Process) -> None:
        self._node = node
        # It may be no server of the network at the moment, since it has lost the others.
        named = enumerate(zip(process.names, process.sids, strict=True), 1)
        self._servers = {number: Server(SID(sid), name, "") for number, (name, sid) in named}

    def hear(self, process: int, notices: Sequence[Sequence[Any]]) -> None:
        """What that process has told: letter, text, the same without addresses or None, Unix time."""
        if self._node.tells_opers:
            by = self._servers[process]
            for letter, text, public, at in notices:
                self._node.commit(ServerNotice(letter, text, at, by, public))
