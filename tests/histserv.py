"""What people say to HistServ, and what it says."""

from __future__ import annotations

import json
from typing import Any

from archive import Archive
from conversation import Client


class PaperExports:
    """In the place of a folder: files as texts, once they are whole."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.broken = False

    async def write(self, name: str, text: str, *, first: bool, last: bool) -> None:
        if self.broken:
            raise OSError("No space left on device")
        self.parts[name] = text if first else self.parts[name] + text
        if last:
            self.files[name] = self.parts.pop(name)

    def read(self) -> list[dict[str, Any]]:
        """The objects of the one file there is."""
        (text,) = self.files.values()
        return [json.loads(line) for line in text.splitlines()]


class Library(Archive):
    """An archive that writes exports."""

    def __init__(self, **sections: Any) -> None:
        self.exports = PaperExports()
        super().__init__(exports=self.exports, **sections)


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
