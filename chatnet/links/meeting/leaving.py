"""A server that gives up one neighbour for another: the one that it left lets it go.

A leaf that cannot reach its hub goes to the next one after a while (``links.failover_after``), and the hub
waits for it for longer (``links.resume_grace``).  Meanwhile the next one knows it as a server behind the hub.

    CNLEFT <sid> <session>                        in the handshake, before SERVER: my link to that one is over
    :<sid> ENCAP <server> CNLEFT <sid> <session>  to the server that was left: the first one is here

The one that was left ends the link, if it is that session still, and the other one goes on with its
handshake when it reads of the split: so the server is never in two places.  Only the two ends of a session
knew its name: it is the proof that one of them has given it up.
"""

from __future__ import annotations

from typing import Final

from chatnet.dispatch import Phase
from chatnet.links.codecs.solanum import encode
from chatnet.links.neighbour.link import Link, State
from chatnet.links.neighbour.resume import NOTHING
from chatnet.links.speech.encap import ENCAPSULATED, by_server
from chatnet.links.speech.line import LINK, Line, is_sid
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.ids import SID
from chatnet.model.server import Server

MOST: Final = 8
"""Neighbours of which it is told that they were left."""


class Leaving(Follower):
    """The sessions that this server has given up lately, and the servers that come here from elsewhere."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._left: dict[Server, tuple[str, float]] = {}  # until a monotonic time

    # we leave

    def ended(self, link: Link) -> None:
        """A link to a server is over for us; for the other side perhaps not yet."""
        session, gone = link.streams.session, link.server
        if gone is not None and session != NOTHING:
            self._left = {server: left for server, left in self._left.items() if server.sid != gone.sid}
            self._left[gone] = session, self._links.node.clock.monotonic() + 2 * link.patience

    def lines(self, greeted: str) -> list[bytes]:
        """``CNLEFT <sid> <session>``, of those that may wait for us, to the server `greeted`."""
        now, servers = self._links.node.clock.monotonic(), self._links.node.network.servers
        self._left = {
            server: (session, until)
            for server, (session, until) in self._left.items()
            # If there is another link to it, it has let the old one go.
            if until > now and server.sid not in servers
        }
        others = [(each, session) for each, (session, _) in self._left.items() if each.name != greeted]
        return [b"CNLEFT %b %b" % (encode(each.sid), encode(session)) for each, session in others[-MOST:]]

    # others come

    def ask(self, link: Link, there: Server) -> bool:
        """Ask, once, for the end of the link that `there` left to come here; False if it did not say so."""
        uplink = there.uplink
        way = self._links.way_to(there)
        session = link.greeting.left.get(uplink.sid) if uplink is not None else None
        if uplink is None or way is None or session is None:
            return False
        if uplink.sid not in link.greeting.asked_to_let_go:
            link.greeting.asked_to_let_go.add(uplink.sid)
            way.send(self._request(way, uplink, there, session))
        return True

    def has_asked(self, link: Link, there: Server) -> bool:
        """Whether that was done already."""
        return there.uplink is not None and there.uplink.sid in link.greeting.asked_to_let_go

    def again(self, link: Link) -> list[bytes]:
        """The same for a neighbour to which a link begins anew, before it is told who is here."""
        uplink = link.server
        assert uplink is not None
        return [
            self._request(link, uplink, other.server, session)
            for other in self._links.neighbours()
            if other.server is not None and (session := other.greeting.left.get(uplink.sid)) is not None
        ]

    def _request(self, way: Link, uplink: Server, there: Server, session: str) -> bytes:
        me = self._links.node.network.me
        return way.codec.encap(me, [uplink.name, "CNLEFT", there.sid, session])


@LINK.command("CNLEFT", min_params=2, phase=Phase.ANY)
def cnleft(line: Line) -> None:
    """The neighbour has given up a session with another server.

    # <- CNLEFT 0BA OR2XE5TXPB4XUMBR
    """
    link, sid = line.link, is_sid(line.params[0])
    if link.state is not State.GREETING or link.greeting.waits is not None:
        line.violate("CNLEFT out of place")
    if sid is not None and len(link.greeting.left) < MOST:
        link.greeting.left[sid] = line.params[1]


@ENCAPSULATED.believed("CNLEFT", by_server, 2)
def let_go(line: Line) -> None:
    """A neighbour of ours has given us up, and is where this comes from.

    # <- :0AA ENCAP irc.example.org CNLEFT 2CN OR2XE5TXPB4XUMBR
    """
    server = line.network.servers.get(SID(line.params[0]))
    link = line.links.routes.direct.get(server) if server is not None else None
    session = line.params[1]
    if link is None or link is line.link or session == NOTHING or link.streams.session != session:
        raise Ignored
    link.close(f"It went to {line.server_of_source().name}")
