"""The processes of one server in memory, linked as they are on a machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mesh import Mesh

from chatnet.settings import Settings
from chatnet.wiring.processes.derived import derived, process_of

SECRET = "a-secret-for-one-run-of-a-server"
DATA = Path("/data")
UP = 3600.0
"""Seconds for which the server has been up when its processes are made."""


class Processes(Mesh):
    """The processes of a server as houses, ``irc``, ``irc-2`` and so on; all are connected to the first.

    `sections` are settings of the server.
    """

    def __init__(self, count: int, **sections: Any) -> None:
        super().__init__()
        quiet = {"cloak": {"enabled": False}, "flood": {"enabled": False}}
        server = {"name": "irc.test", "processes": count} | sections.pop("server", {})
        whole = Settings.model_validate({**quiet, **sections, "server": server})
        self.processes = []
        for number in range(1, count + 1):
            process = process_of(whole, number, began=self.clock.monotonic() - UP)
            self.processes.append(process)
            self.houses[process.name.removesuffix(".test")] = self.make(
                clock=self.clock, process=process, settings=derived(whole, number, DATA, SECRET)
            )
        for name in list(self.houses)[1:]:
            self.link(name, "irc")
        self.settle()
