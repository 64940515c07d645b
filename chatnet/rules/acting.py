"""Which server acts for a channel where any of several could: one, or people would read things twice."""

from __future__ import annotations

from chatnet.model.entities import Channel
from chatnet.model.network import Network
from chatnet.model.server import Server


def acts(network: Network, channel: Channel) -> bool:
    """Whether this server acts for `channel`: it has the lowest SID of those that keep records and are near.

    Near is who has a member, or is the nearest one that keeps records to somebody's server.  Where nobody is
    in the channel, all are.
    """
    servers = {user.server for user in channel.members} or set(network.servers.values())
    return min(_keeper_of(network, server).sid for server in servers) == network.me.sid


def _keeper_of(network: Network, server: Server) -> Server:
    """The server itself, or the next one towards us, that keeps records."""
    hop = server
    while not keeps_records(network, hop) and hop.uplink is not None:
        hop = hop.uplink
    return hop


def keeps_records(network: Network, server: Server) -> bool:
    """Whether a server keeps all records, as this one does: its own users are judged by them there."""
    known = network.registry.servers.get(server.sid)
    return server is network.me or (known is not None and not known.gone)
