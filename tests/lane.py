"""Two linked houses in memory, one of which dials the other: the test answers its attempts."""

from __future__ import annotations

from typing import Any

from mesh import Mesh, Wire, block

from chatnet.links import lifetimes
from chatnet.links.dialling.attempts import Attempt
from chatnet.links.neighbour.link import Link
from chatnet.settings import Settings

ADDRESSES = ["192.0.2.1:6900", "[2001:db8::1]:6900"]


class Lane:
    """Two linked houses. The first dials the second, by two addresses; its attempts wait for the test."""

    def __init__(self, **more: Any) -> None:
        self.mesh = Mesh("a", "b")
        self.attempts: list[Attempt] = []
        house = self.mesh["a"]
        self.dialler = house.parts.links.dialler
        house.parts.links.calling.connect = self.attempts.append
        house.parts.links.calling.chance = lambda: 0.5
        self.reload(link=[block("b", **{"addresses": ADDRESSES, "ca": "ca.pem", **more})])
        self.pass_time(0)
        self.connect()

    def reload(self, **sections: Any) -> None:
        """The first house reads other settings: lists as they are here, of other sections some keys."""
        node = self.mesh["a"].node
        settings = node.settings.model_dump(by_alias=True)
        for name, section in sections.items():
            settings[name] = settings[name] | section if isinstance(section, dict) else section
        node.change_settings(Settings.model_validate(settings))

    def pass_time(self, seconds: float) -> list[str]:
        """Let time pass, with a look at the dialler each second; the addresses that are dialled meanwhile."""
        before = len(self.attempts)
        self.sweep()
        while seconds > 0:
            self.mesh.clock.advance(min(1.0, seconds))
            self.sweep()
            seconds -= 1.0
        return [attempt.address for attempt in self.attempts[before:]]

    def sweep(self) -> None:
        """What servers do each second."""
        for house in self.mesh:
            lifetimes.sweep(house.parts.links)
        self.mesh.settle()
        self.dialler.sweep()
        self.mesh["a"].parts.links.standbys.sweep()

    def connect(self) -> Wire:
        """The last attempt is connected, and everything is delivered."""
        wire = self.mesh.link("a", "b", self.attempts[-1])
        self.mesh.settle()
        return wire

    def fail(self) -> None:
        self.attempts[-1].failed("connection refused")

    def reset(self) -> list[str]:
        """The connection is lost; the addresses that are dialled at once."""
        before = len(self.attempts)
        self.mesh.reset("a", "b")
        self.mesh.settle()
        return [attempt.address for attempt in self.attempts[before:]]

    @property
    def link(self) -> Link:
        link = self.mesh["a"].parts.links.neighbour("b.test")
        assert link is not None
        return link
