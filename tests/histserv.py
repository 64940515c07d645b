"""What people say to HistServ, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archive import Archive
from conversation import Client

from chatnet.wiring.exporting import ExportFolder


class AtOnce:
    """A folder of exports that is written at once, or not at all."""

    def __init__(self) -> None:
        self.folder: ExportFolder | None = None
        self.broken = False

    async def write(self, name: str, person: str, called: Callable[[str], str | None]) -> int:
        if self.broken or self.folder is None:
            raise OSError("No space left on device")
        return self.folder.write_now(name, person, called)

    async def remove(self, name: str, until: int) -> None:
        if self.broken or self.folder is None:
            raise OSError("Input/output error")
        self.folder.remove_now(name, until)


class Library(Archive):
    """An archive that writes exports."""

    def __init__(self, **sections: Any) -> None:
        self.exports = AtOnce()
        sections["history"] = {"export_pause": 0, **sections.get("history", {})}
        super().__init__(exports=self.exports, **sections)
        self.exports.folder = ExportFolder(Path(self.folder.name), self.messages.gathering, self.settings)

    def exported(self) -> list[dict[str, Any]]:
        """The messages in the one file there is."""
        (path,) = (Path(self.folder.name) / "exports").iterdir()
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()][1:]


def ask(client: Client, text: str) -> list[str]:
    """What HistServ answers; what else the client reads of it stays to be read."""
    client.lines()
    client >> f"PRIVMSG HistServ :{text}"
    return told(client)


def told(client: Client) -> list[str]:
    """What HistServ has said in NOTICEs; all else stays to be read."""
    client.house.settle()
    head = f":HistServ!HistServ@services.chatnet NOTICE {client.user.nick} :"
    lines = client.outlet.lines
    client.outlet.lines = [line for line in lines if not line.startswith(head)]
    return [line.removeprefix(head) for line in lines if line.startswith(head)]
