"""A node of the network."""

from __future__ import annotations

from chatnet.model.ids import SID


class Server:
    """A server as the network knows it; `source` is its name as bytes, for the front of a line.

    `users` counts who is on it; ``Network.apply`` does.  A `virtual` one is no program: on it are the
    pseudo-users that this server plays, such as NickServ.
    """

    __slots__ = (
        "caps", "description", "hops", "name", "sid", "source", "tagged", "uplink", "users", "virtual",
    )  # fmt: skip

    def __init__(
        self,
        sid: SID,
        name: str,
        description: str,
        hops: int = 0,
        uplink: Server | None = None,
        *,
        virtual: bool = False,
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
        self.virtual = virtual

    @property
    def mask(self) -> str:
        """What stands before a line this server says: its name."""
        return self.name

    def is_behind(self, far: Server) -> bool:
        """Whether it is `far`, or the way to it leads over that."""
        hop: Server | None = self
        while hop is not None and hop is not far:
            hop = hop.uplink
        return hop is far

    def is_reached_with(self, token: str) -> bool:
        """Whether it and all servers on the way to it know a word of CAPAB; so of this server itself."""
        hop = self
        while hop.uplink is not None:
            if token not in hop.caps:
                return False
            hop = hop.uplink
        return True

    def __repr__(self) -> str:
        return f"<Server {self.sid} {self.name}>"
