"""The folder with files of what people have said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatnet.settings import Settings
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.rows import PRIVMSG, Place, Row
from chatnet.wiring.exporting import ExportFolder


class Shelf:
    """In the place of a store: some messages, and then perhaps the end of the disk."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.broken = False

    def of_person(self, key: str, since: int) -> Iterator[tuple[str, Row]]:
        for number, text in enumerate(self.texts):
            yield "#c", Row(Place("c", "#c"), number, f"m{number}", PRIVMSG, 0, key, "ann!a@b", text)
        if self.broken:
            raise StoreError("The disk is gone")


def nobody(key: str) -> str | None:
    return None


def test_a_file_is_there_when_it_is_whole_and_is_nobody_elses(tmp_path: Path) -> None:
    shelf = Shelf("one", "two")
    folder = ExportFolder(tmp_path, shelf, Settings())
    assert folder.write_now("a1.jsonl", "a1", {"a1": "Ann"}.get) == 2
    path = tmp_path / "exports" / "a1.jsonl"
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(each["text"], each["account"]) for each in found[1:]] == [("one", "Ann"), ("two", "Ann")]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    before = path.read_bytes()
    shelf.broken = True
    with pytest.raises(StoreError):
        folder.write_now("a1.jsonl", "a1", nobody)
    assert [each.read_bytes() for each in path.parent.iterdir()] == [before]
    shelf.broken, shelf.texts = False, ()
    assert folder.write_now("a1.jsonl", "a1", nobody) == 0
    assert len(path.read_text("utf-8").splitlines()) == 1
