"""A house that dials, in memory: the test is its transport, and answers its attempts."""

from __future__ import annotations

from typing import Any

from conversation import House
from mesh import Pipe, trusted

from chatnet.links.dialling.attempts import Attempt
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link, State
from chatnet.settings import Settings

FAR = {"addresses": ["192.0.2.1:6900"], "ca": "ca.pem"}


class Dialling:
    """A house with its own dialler, whose attempts wait in `attempts` for the test to answer them."""

    def __init__(self, *blocks: dict[str, Any], chance: float = 0.5, **links: Any) -> None:
        self.attempts: list[Attempt] = []
        self.house = House(connect=self.attempts.append, chance=lambda: chance, link=blocks, links=links)
        self.dialler = self.house.parts.links.dialler

    def sweep(self, seconds: float = 0.0) -> list[str]:
        """Let time pass by the second, sweeping; the addresses that were dialled meanwhile."""
        before = len(self.attempts)
        self.dialler.sweep()
        for _ in range(int(seconds)):
            self.house.clock.advance(1)
            self.dialler.sweep()
        return [attempt.address for attempt in self.attempts[before:]]

    def fail(self, reason: str = "connection refused") -> None:
        """The last attempt comes to nothing."""
        self.attempts[-1].failed(reason)

    def open(self, identity: Identity | None = None) -> tuple[Link, Pipe]:
        """The last attempt is connected."""
        pipe = Pipe()
        return self.attempts[-1].opened(pipe, identity or trusted()), pipe

    def change(self, *blocks: dict[str, Any]) -> None:
        """A reload brings these blocks."""
        old = self.house.node.settings
        new = Settings.model_validate({**old.model_dump(by_alias=True), "link": blocks})
        self.house.node.change_settings(new)


def introduce(link: Link, pipe: Pipe, name: str, sid: str) -> None:
    """The other end says who it is, and all it knows."""
    for line in ("PASS linkpw TS 6 :" + sid, "CAPAB :QS EX IE ENCAP", f"SERVER {name} 1 :x", f"PING :{sid}"):
        link.connection.receive(line.encode() + b"\r\n")
    assert link.state is State.LINKED
    pipe.lines.clear()
