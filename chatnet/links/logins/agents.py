"""Logging in by SASL: the services that look at passwords (agents), and who is just talking to one of them.

A client's words go to its agent in ``ENCAP <server> SASL <uid> * <letter> …``, to that server alone, and the
answers come back to the server of the UID.
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#sasl
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from chatnet.links.codecs.solanum.base import address
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import TOLD, Neighbours
from chatnet.model.applicant import Applicant
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, MechanismsChanged, NetSplit, SettingsChanged
from chatnet.model.ids import UID
from chatnet.model.server import Server
from chatnet.wire.networks import is_loopback
from chatnet.wire.sasl import is_data

MOST_MECHANISMS: Final = 20
"""Mechanisms that one agent may have; others are not offered."""

_MECHANISM: Final = re.compile(r"[A-Z0-9_-]{1,20}")  # RFC 4422, section 3.1


class Agents:
    """Who can be asked, and who is being asked: an observer of what becomes of them."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._known: dict[Server, tuple[str, ...]] = {}
        self._carried: set[Server] = set()  # those of whom others know from us
        self._talks: dict[UID, tuple[Applicant, Server]] = {}
        self._mechanisms: tuple[str, ...] = ()  # those of the agent who is asked now
        self.hears: Mapping[type[Fact], Hearer] = {
            NetSplit: self._split,
            SettingsChanged: self._settings_changed,
        }

    @property
    def any_time(self) -> bool:
        """Services take no login of who is a user already for true; a server that keeps accounts does."""
        return self._links.node.settings.accounts.authority == "remote"

    def mechanisms(self, secure: bool) -> tuple[str, ...]:
        """Those of the agent who is asked now, who looks at the rest."""
        return self._mechanisms

    # the agents

    def told(self, link: Link) -> Iterator[bytes]:
        """What a newcomer is told of those that are services: ``ENCAP * MECHLIST``."""
        for agent in list(self._known):
            if agent in self._carried and self._links.way_to(agent) is not link:
                yield self._line(link, agent)

    def _line(self, link: Link, agent: Server) -> bytes:
        return link.codec.encap(agent, ["*", "MECHLIST", ",".join(self._known[agent])])

    def tells(self, server: Server, listed: str) -> None:
        """`server` has an agent with these mechanisms, in one word with commas; with none, no agent."""
        found = [name for name in listed.upper().split(",") if _MECHANISM.fullmatch(name)]
        if found:
            self._known[server] = tuple(dict.fromkeys(found))[:MOST_MECHANISMS]
            if self._serves(server):  # what it says is carried on
                self._carried.add(server)
        else:
            self._known.pop(server, None)
            self._carried.discard(server)
        self._choose()

    def _agent(self) -> Server | None:
        """The nearest one that is of services and can be asked safely."""
        near = [server for server in self._known if self._good(server)]
        return min(near, key=lambda server: (server.hops, server.sid), default=None)

    def _serves(self, server: Server) -> bool:
        link = self._links.way_to(server)
        return link is not None and self._links.serves(server, link)

    def _good(self, server: Server) -> bool:
        """Whether it is of services, and nobody on the way from here to the next server reads along."""
        link = self._links.way_to(server)
        if link is None or not self._links.serves(server, link):
            return False
        if self._links.node.settings.sasl.plaintext_links:
            return True
        return link.identity.secure or is_loopback(link.identity.address)

    def _choose(self) -> None:
        agent = self._agent()
        mechanisms = () if agent is None else self._known[agent]
        if mechanisms != self._mechanisms:
            self._mechanisms = mechanisms
            self._links.node.commit(MechanismsChanged(mechanisms), TOLD)

    def _split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        for server in [server for server in self._known if server in gone]:
            del self._known[server]
            self._carried.discard(server)
        for uid, (applicant, agent) in list(self._talks.items()):
            if agent in gone:
                del self._talks[uid]
                applicant.ended(False)
        self._choose()

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        for agent in self._known:
            if agent not in self._carried and self._serves(agent):
                self._carried.add(agent)
                for link in self._links.others(self._links.way_to(agent)):
                    link.send(self._line(link, agent))
        self._choose()

    # the talks

    @property
    def sid(self) -> str:
        """The server whose connections they are."""
        return self._links.node.network.me.sid

    def begin(self, applicant: Applicant, mechanism: str, agent: Server | None = None) -> bool:
        """Let `applicant` talk to an agent; False if there is none."""
        agent = agent or self._agent()
        if agent is None:
            return False
        came = applicant.came
        self._talks[came.uid] = applicant, agent
        secure = "S" if came.secure else "P"
        self._say(agent, came, "H", came.real_host, address(came.address), secure)
        certificate = () if came.certfp is None else (came.certfp,)
        self._say(agent, came, "S", mechanism, *certificate)
        return True

    def say(self, applicant: Applicant, data: str) -> None:
        """One chunk of what `applicant` answers."""
        talk = self._talks.get(applicant.came.uid)
        if talk is not None:
            self._say(talk[1], applicant.came, "C", data)

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""
        talk = self._talks.pop(applicant.came.uid, None)
        if talk is not None:
            self._say(talk[1], applicant.came, "D", "A")

    def _say(self, agent: Server, came: User, *words: str) -> None:
        """By the UID of who came by the connection: several of them may be of one user, and talk at once."""
        link = self._links.way_to(agent)
        if link is not None:
            me = self._links.node.network.me
            link.send(link.codec.encap(me, [agent.name, "SASL", came.uid, "*", *words]))

    def applicant(self, uid: UID, agent: Server) -> Applicant | None:
        """Who of our connections talks to `agent` under this UID."""
        talk = self._talks.get(uid)
        return talk[0] if talk is not None and talk[1] is agent else None

    def answered(self, applicant: Applicant, letter: str, text: str) -> None:
        """The agent says something to `applicant`: a chunk (C), its mechanisms (M), or that it ends (D)."""
        if letter == "C" and is_data(text):
            applicant.challenged(text)
        elif letter == "M" and all(_MECHANISM.fullmatch(name) for name in text.split(",")):
            applicant.shown(text)
        elif letter == "D":
            del self._talks[applicant.came.uid]
            applicant.ended(text == "S")
