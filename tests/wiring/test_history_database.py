"""A database of messages in the configuration, and in the commands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from conversation import ManualClock
from postgresql_server import PASSWORD, Postgres
from test_history_commands import CLUB, NOW, WORD, Captured, Tool, objects

from chatnet.settings import Settings
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.rows import PRIVMSG, Began, Row
from chatnet.wiring.config import ConfigError, load
from chatnet.wiring.reload import fixed
from chatnet.wiring.store import messages_in


def message(number: int, person: str) -> Row:
    at = NOW - 60_000 + number
    return Row(CLUB, at, f"1{at}0000000AAAAAAAA", PRIVMSG, 0, person, "ann!a@h", f"word {number}")


URL = "postgresql://chat@db.example.org/chat"
OTHER = "postgresql://chat@db.example.org/history"


@pytest.mark.parametrize(
    ("store", "url", "expected"),
    [
        ("", None, None),
        ("", URL, URL),
        ("file", URL, None),
        ("off", URL, None),
        (OTHER, None, OTHER),
        (OTHER, URL, OTHER),
    ],
)
def test_messages_are_where_accounts_are_unless_told_otherwise(
    store: str, url: str | None, expected: str | None
) -> None:
    settings = Settings.model_validate({"storage": {"url": url}, "history": {"store": store}})
    found = settings.messages_url
    assert (None if found is None else found.get_secret_value()) == expected


def test_another_place_is_that_of_the_next_start() -> None:
    old, new = (Settings.model_validate({"history": {"store": store}}) for store in (URL, "off"))
    kept, notes = fixed(old, new)
    assert notes == ["history.store changes at the next restart only"]
    assert kept.messages_url == old.messages_url


def test_what_is_no_url_is_told_without_it() -> None:
    pytest.importorskip("psycopg")
    for url in ("postgresql://ann:plan@ted@db/x", "postgresql://ann:planted@db:nonsense/x", "planted"):
        with pytest.raises(ConfigError) as caught:
            load(None, {"CHATNET__HISTORY__STORE": url})
        [problem] = caught.value.problems
        assert problem.startswith("environment CHATNET__HISTORY__STORE: ") and "ted" not in problem
    settings = load(None, {"CHATNET__HISTORY__STORE": f"postgresql://ann:{PASSWORD}@db/x"}).settings
    assert PASSWORD not in repr(settings)
    assert load(None, {"CHATNET__HISTORY__STORE": "file"}).settings.history.stores


@pytest.mark.client
def test_messages_move_from_a_file_into_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, postgres: Postgres
) -> None:
    tool = Tool(tmp_path, monkeypatch, capsys)
    ann = tool.account("ann")
    tool.keep(Began(CLUB, "#Club", NOW - 9), *(message(number, ann) for number in range(5)))
    url = postgres.url(postgres.database(), "chat", PASSWORD)
    tool.configure(f'[history]\nstore = "{url}"\n')
    moved = tmp_path / "club.jsonl"
    assert "5 messages" in tool("export", "--channel", "#club", str(moved))
    error = tool("import", str(moved), fails=True)
    assert "history.store names a database" in error and PASSWORD not in error
    (tool.data / "history.sqlite").rename(tmp_path / "history.sqlite")
    assert tool("import", str(moved)).startswith("5 messages taken; 0 are here already")
    assert tool("import", str(moved)).startswith("0 messages taken; 5 are here already")
    assert tool("export", "--channel", "#club") == moved.read_text()
    assert WORD not in moved.read_text()


@pytest.mark.client
def test_names_of_before_are_accounts_in_a_database_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, postgres: Postgres
) -> None:
    tool = Tool(tmp_path, monkeypatch, capsys)
    tool.keep(Began(CLUB, "#Club", NOW - 9), message(1, "name:ann"), message(2, "name:eve"))
    ann = tool.account("ann")
    moved = tmp_path / "club.jsonl"
    tool("export", "--channel", "#club", str(moved))
    url = postgres.url(postgres.database(), "chat", PASSWORD)
    tool.configure(f'[history]\nstore = "{url}"\n')
    (tool.data / "history.sqlite").unlink()
    tool("import", str(moved))
    (tool.data / SPOOL).touch()
    assert tool("rekey", fails=True) == (
        f"Messages wait in {tool.data / SPOOL} for the database: start the server once.\n"
    )
    (tool.data / SPOOL).unlink()
    assert tool("rekey").startswith("1 account of before known by id from now on.\n")
    [found] = objects(tool("export", "--account", "ann"))
    assert (found["person"], found["text"]) == (ann, "word 1")
    assert tool("backup", str(tmp_path / "copy"), fails=True) == (
        "What is said is kept in a database (history.store): its own programs copy it.\n"
    )


def test_what_waits_for_a_database_is_not_left_behind(tmp_path: Path) -> None:
    (tmp_path / SPOOL).touch()
    settings = Settings.model_validate({})
    with pytest.raises(StoreError, match=r"Messages wait in .*history\.spool for a database"):
        messages_in(tmp_path, settings, lambda: settings, ManualClock(), SimpleNamespace(callFromThread=None))
