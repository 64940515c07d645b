"""What is measured: a server's folder, whose store is full of made-up talk; it can be kept and used again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench_history.talk import Talk
from chatnet.storage.messages.rows import Place

FILE: Final = "ground.json"
"""In the folder, once it is filled."""


class Ground(NamedTuple):
    """A folder with so many messages; `places` are the channels in which most is said, and are registered."""

    folder: Path
    messages: int
    places: list[Place]

    @property
    def store(self) -> Path:
        """The file with the messages."""
        return self.folder / "data" / "history.sqlite"

    def talk(self) -> Talk:
        """What is said in it."""
        talk = Talk(self.messages)
        talk.places[: len(self.places)] = self.places
        return talk

    def keep(self) -> None:
        """Have it be found again: it is filled now."""
        text = json.dumps({"messages": self.messages, "places": self.places})
        (self.folder / FILE).write_text(f"{text}\n")


def found(folder: Path) -> Ground | None:
    """What was kept in a folder, or None if nothing is in it; ends the program if it is something else."""
    try:
        kept: Any = json.loads((folder / FILE).read_text())
    except FileNotFoundError:
        if folder.exists() and any(folder.iterdir()):
            raise SystemExit(f"{folder} is not empty, and was not filled to its end") from None
        return None
    return Ground(folder, kept["messages"], [Place(*place) for place in kept["places"]])
