"""What was said in the handshake of a link, until it is one."""

from __future__ import annotations

from typing import Generic, TypeVar

from chatnet.links.neighbour.resume import Offer
from chatnet.model.ids import SID
from chatnet.model.server import Server

L = TypeVar("L")


class Greeting(Generic[L]):
    """`password` is what its PASS says; `received` counts bytes before SERVER; `greeted`: we said ours.

    `offered` is the CNRES that we said, `offer` the one that it said.  `heir` is the link (an `L`) that goes
    on with the connection that was made for this one.  It has `left` sessions with others, as it says, of
    whom some were `asked_to_let_go`.  While one has not, it `waits`: as what it is known elsewhere, and how
    it describes itself.
    """

    __slots__ = (
        "asked_to_let_go", "greeted", "heir", "left", "offer", "offered", "password", "received", "waits",
    )  # fmt: skip

    def __init__(self) -> None:
        self.password: str | None = None
        self.received = 0
        self.greeted = False
        self.offered: Offer | None = None
        self.offer: Offer | None = None
        self.heir: L | None = None
        self.left: dict[SID, str] = {}
        self.asked_to_let_go: set[SID] = set()
        self.waits: tuple[Server, str] | None = None
