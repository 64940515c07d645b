"""The folder with files of what people have said: ``exports/`` in the data folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.internet.threads import deferToThread

from chatnet.history import exported
from chatnet.settings import Settings
from chatnet.storage.messages.interfaces import Gathers
from chatnet.wiring.new_file import write_lines

FOLDER: Final = "exports"


class ExportFolder:
    """It is written in a thread; nobody but the user of the server may look into it."""

    def __init__(self, data: Path, gathering: Gathers, settings: Settings) -> None:
        self._path = data / FOLDER
        self._gathering = gathering
        self._casemapping = settings.server.casemapping

    async def write(self, name: str, person: str, called: Callable[[str], str | None]) -> int:
        """Write all of an account into a file; see ``history/histserv.py``."""
        return await deferToThread(self.write_now, name, person, called)

    def write_now(self, name: str, person: str, called: Callable[[str], str | None]) -> int:
        """The same; it blocks."""
        self._path.mkdir(mode=0o700, exist_ok=True)
        part = self._path / f"{name}.part"
        part.unlink(missing_ok=True)
        lines = exported.written(self._gathering.of_person(person, 0), self._casemapping, called)
        count = write_lines(part, lines)
        os.replace(part, self._path / name)
        return count - 1  # the first line tells what it is
