"""A name server of its own process for a test, which may change what it knows as it goes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from daemon_process import free_port, wait_for
from process import Process


class NameServer(Process):
    """Answers on `port` of loopback by ``zone.json``; see ``name_server_process.py``."""

    def __init__(self, folder: Path, zone: Mapping[str, list[str] | str]) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._zone = folder / "zone.json"
        self.knows(zone)
        program = Path(__file__).with_name("name_server_process.py")
        self.run([sys.executable, program, str(self.port), self._zone], os.environ)
        wait_for(lambda: "ready" in self.output(), "the name server")

    def knows(self, zone: Mapping[str, list[str] | str]) -> None:
        """Answer by this zone from now on."""
        new = self._zone.with_suffix(".new")
        new.write_text(json.dumps(zone))
        new.replace(self._zone)
