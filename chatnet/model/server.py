"""A node of the network."""

from __future__ import annotations

from collections.abc import Callable

from chatnet.model.ids import SID


class Server:
    """A server as the network knows it.

    `name` is what other servers and operators know it by, `shown` what people do: of the processes of a
    server that is the same for all.  `source` is that as bytes, for the front of a line to people.

    `users` counts who is on it; ``Network.apply`` does.  A `virtual` one is no program: on it are the
    pseudo-users that this server plays, such as NickServ.
    """

    __slots__ = (
        "caps", "description", "hops", "name", "shown", "sid", "source", "tagged", "uplink",
        "users", "virtual",
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
        self.show_as(name)
        self.users = 0
        self.tagged = 0  # no tag tells anything about a server
        self.virtual = virtual

    def show_as(self, name: str) -> None:
        """People know it by that name from now on."""
        self.shown = name
        self.source = name.encode()

    @property
    def mask(self) -> str:
        """What is remembered of who set something, on all servers the same: its name."""
        return self.name

    def is_called(self, matches: Callable[[str], object]) -> bool:
        """Whether one of its names is meant: the process of a server by that of the server as well."""
        return bool(matches(self.name) or (self.shown != self.name and matches(self.shown)))

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
