"""To put statements into words takes longer than all else as a store is opened: a process does it once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.sql import ClauseElement
from storage_kinds import MEANING

from chatnet.storage.answers import at_once
from chatnet.storage.messages.store import open_messages
from chatnet.storage.persons.file import PersonFile
from chatnet.storage.store import open_store


def open_all(folder: Path) -> None:
    """A new store of each kind, of which something is asked, and that is closed."""
    folder.mkdir()
    store = open_store(folder / "accounts", MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    assert list(store.stamps()) == []
    at_once(store.close())
    messages = open_messages(folder / "messages")
    assert list(messages.gathering.of_person("ann")) == []
    at_once(messages.close())
    people = PersonFile(folder / "people", lambda: 0.0)
    assert people.load().people == []
    people.close()


def test_another_store_of_each_kind_makes_none_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_all(tmp_path / "one")
    monkeypatch.setattr(ClauseElement, "compile", None, raising=False)
    open_all(tmp_path / "two")
