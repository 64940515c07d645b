"""The folder with files of what people have said: ``exports/`` in the data folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from twisted.internet.threads import deferToThread

FOLDER: Final = "exports"


class ExportFolder:
    """It is written in a thread; nobody but the user of the server may look into it."""

    def __init__(self, data: Path) -> None:
        self._path = data / FOLDER

    async def write(self, name: str, text: str, *, first: bool, last: bool) -> None:
        """Append to a file that is there under its name after the `last` of it.  Raises OSError."""
        await deferToThread(self.append, name, text, first, last)

    def append(self, name: str, text: str, first: bool, last: bool) -> None:
        """The same; it blocks."""
        self._path.mkdir(mode=0o700, exist_ok=True)
        part = self._path / f"{name}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | (os.O_TRUNC if first else os.O_APPEND)
        with open(os.open(part, flags, 0o600), "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        if last:
            os.replace(part, self._path / name)
