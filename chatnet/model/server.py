"""A node of the network."""

from __future__ import annotations

from chatnet.model.ids import SID


class Server:
    """A server as the network knows it; `source` is its name as bytes, for the front of a line.

    `users` counts who is on it; ``Network.apply`` does.
    """

    __slots__ = ("caps", "description", "hops", "name", "sid", "source", "tagged", "uplink", "users")

    def __init__(
        self, sid: SID, name: str, description: str, hops: int = 0, uplink: Server | None = None
    ) -> None:
        self.sid = sid
        self.name = name
        self.description = description
        self.hops = hops
        self.caps: frozenset[str] = frozenset()  # the tokens of its CAPAB or GCAP
        self.uplink = uplink
        self.source = name.encode()
        self.users = 0
        self.tagged = 0  # no tag tells anything about a server

    @property
    def mask(self) -> str:
        """What stands before a line this server says: its name."""
        return self.name

    def __repr__(self) -> str:
        return f"<Server {self.sid} {self.name}>"
