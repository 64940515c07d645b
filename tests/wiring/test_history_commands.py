"""``chatnet history``, and what ``chatnet backup`` copies of it: what they say and leave behind."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatnet.history import exported
from chatnet.history.kinds import COMMANDS
from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import CLOSED, PRIVMSG, Began, Entry, Place, Row, View, Wanted
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.wire.server_time import written_ms
from chatnet.wiring import history_commands
from chatnet.wiring.cli import main
from chatnet.wiring.datafolder import DataFolder

Captured = pytest.CaptureFixture[str]
NOW = 1_790_000_000_000
CLUB = Place("c", "#club", "", 1_780_000_000)
WORD = "correct-horse"


class Tool:
    """The command, in a folder of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, captured: Captured) -> None:
        self.folder = folder
        self.patch = patch
        self.captured = captured
        self.config = folder / "chatnet.toml"
        self.data = folder / "chatnet-data"
        self.configure("")
        patch.setattr("chatnet.wiring.history_commands.time.time", lambda: NOW / 1000)

    def configure(self, text: str) -> None:
        self.config.write_text(f"[accounts]\niterations = 4096\n{text}")

    def __call__(self, *words: str, fails: bool = False) -> str:
        """What is printed of ``chatnet history``, or (if it fails) said on the other stream."""
        return self.run("history", words[0], "--config", str(self.config), *words[1:], fails=fails)

    def run(self, *words: str, fails: bool = False) -> str:
        status = main(words)
        out, err = self.captured.readouterr()
        assert status == (1 if fails else 0), err
        assert (out == "") if fails else (err == "")
        return err if fails else out

    def account(self, name: str) -> str:
        """Register one; its id."""
        self.patch.setattr("sys.stdin", io.StringIO(WORD))
        self.run("account", "add", "--config", str(self.config), name)
        shown = self.run("account", "info", "--config", str(self.config), name)
        return dict(line.split(None, 1) for line in shown.splitlines())["id:"]

    def opened(self) -> SQLiteMessages:
        self.data.mkdir(mode=0o700, exist_ok=True)
        return open_messages(self.data / "history.sqlite")

    def keep(self, *entries: Entry) -> None:
        store = self.opened()
        at_once(store.put(entries))
        at_once(store.close())

    def kept(self, place: Place = CLUB) -> list[Row]:
        store = self.opened()
        everything = Wanted(frozenset(COMMANDS), 1000)
        found = at_once(store.page(View(place, closed=None), everything))
        at_once(store.close())
        return list(found.rows)

    def file(self, *lines: str, name: str = "history.jsonl") -> str:
        path = self.folder / name
        path.write_text(exported.head("rfc1459") + "".join(lines))
        return str(path)


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Tool:
    return Tool(tmp_path, monkeypatch, capsys)


def row(place: Place, ms: int, person: str | None = None, text: str = "", **fields: Any) -> Row:
    at = NOW - 1_000_000 + ms
    found = Row(place, at, f"1{at:013}0000000AAAAAAAA", PRIVMSG, 0, person, "x!x@x", text or f"text {ms}")
    return found._replace(**fields)


def objects(text: str) -> list[dict[str, Any]]:
    """The lines of an export behind its first one."""
    return [json.loads(line) for line in text.splitlines()[1:]]


def test_an_account_has_its_own_and_its_talks(tool: Tool) -> None:
    ann, bob = tool.account("Ann"), tool.account("bob")
    low, high = sorted((ann, bob))
    talk = Place("d", low, high)
    tool.keep(
        Began(CLUB, "#Club", 1),
        Began(talk, "Ann bob", 1),
        row(CLUB, 1, ann),
        row(CLUB, 2, bob),
        row(talk, 3, bob),
        row(CLUB, 4, ann, flags=CLOSED),
    )
    found = objects(tool("export", "--account", "ann"))
    assert [(each["target"], each["text"], each["account"]) for each in found] == [
        ("#Club", "text 1", "Ann"),
        ("Ann bob", "text 3", "bob"),
        ("#Club", "text 4", "Ann"),
    ]
    assert [each["person"] for each in found] == [ann, bob, ann]
    assert tool("export", "--account", ann) == tool("export", "--account", "ANN")
    tool.run("account", "erase", "--config", str(tool.config), "Ann", "--yes")
    assert [each["account"] for each in objects(tool("export", "--account", ann))] == [None, "bob", None]


def test_a_channel_since_a_time(tool: Tool) -> None:
    tool.account("ann")
    tool.keep(Began(CLUB, "#Club", 1), *(row(CLUB, ms) for ms in (1, 100_000, 900_000)))
    assert len(objects(tool("export", "--channel", "#CLUB"))) == 3
    for since in ("15m", written_ms(NOW - 900_000), "2026-09-21T13:58:20Z"):
        (_, last) = objects(tool("export", "--channel", "#club", "--since", since))
        assert last["text"] == "text 900000"
    assert objects(tool("export", "--channel", "#club", "--since", "2026-09-22")) == []
    assert len(objects(tool("export", "--channel", "#club", "--since", "2026-09-21"))) == 3


def test_a_file_is_private_and_new(tool: Tool) -> None:
    tool.account("ann")
    tool.keep(row(CLUB, 1))
    file = tool.folder / "club.jsonl"
    assert tool("export", "--channel", "#club", str(file)) == f"wrote  {file}: 1 message\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == tool("export", "--channel", "#club")
    assert tool("export", "--channel", "#club", str(file), fails=True) == f"{file} is there already.\n"


def test_an_import_is_what_was_exported(tool: Tool, tmp_path: Path) -> None:
    ann = tool.account("ann")
    said = [row(CLUB, 1, ann), row(CLUB, 2, flags=CLOSED, text="a\nb"), row(CLUB, 3, ann)]
    tool.keep(Began(CLUB, "#Club", 1), *said)
    file = tool.folder / "club.jsonl"
    tool("export", "--channel", "#club", str(file))
    (tool.data / "history.sqlite").unlink()
    assert tool("import", str(file)) == "3 messages taken; 0 are here already, or were deleted or erased.\n"
    assert tool.kept() == said
    store = tool.opened()
    (target,) = at_once(store.standing())
    assert target.shown == "#Club" and target.heard == NOW
    at_once(store.close())
    assert (tool.data / "history.sqlite").stat().st_mode & 0o777 == 0o600
    assert tool("import", str(file)) == "0 messages taken; 3 are here already, or were deleted or erased.\n"


def test_many_messages_are_written_in_several_parts(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_commands, "TOGETHER", 2)
    file = tool.file(*(exported.line("#Club", row(CLUB, ms), None) for ms in range(5)))
    assert tool("import", file).startswith("5 messages taken")
    assert len(tool.kept()) == 5


def test_what_cannot_be_used_is_told_line_by_line(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "MOST_LINE", 400)
    monkeypatch.setattr(history_commands, "COMPLAINTS", 4)
    good = exported.line("#club", row(CLUB, 1), None)
    future = exported.line("#club", row(CLUB, 1_000_001), None)
    file = tool.file("nonsense\n", '{"at": 7}\n', good, future, "x" * 500 + "\n", "[]\n", "{}\n")
    assert tool("import", file).splitlines() == [
        f"{file}:2: Expecting value: line 1 column 1 (char 0).",
        f"{file}:3: place is none.",
        f"{file}:5: It was said in a time to come.",
        f"{file}:6: The line is too long.",
        "1 message taken; 0 are here already, or were deleted or erased.",
        "6 lines of the file cannot be used.",
    ]


def test_beside_a_server_that_runs(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is of the last minute the server may be writing, under the same numbers."""
    pauses: list[float] = []
    monkeypatch.setattr(history_commands, "TOGETHER", 1)
    monkeypatch.setattr("chatnet.wiring.history_commands.time.sleep", pauses.append)
    server = DataFolder(tool.data)
    store = tool.opened()
    file = tool.file(*(exported.line("#c", row(CLUB, ms), None) for ms in (1, 2, 940_000, 940_001)))
    assert tool("import", file).splitlines() == [
        "3 messages taken; 0 are here already, or were deleted or erased.",
        "1 message of the last minute not taken, for the server runs: import the file once more.",
    ]
    assert pauses == [history_commands.PAUSE] * 3
    assert len(at_once(store.page(View(CLUB), Wanted(frozenset({PRIVMSG}), 10))).rows) == 3
    tool.account("ann")
    assert len(objects(tool("export", "--channel", "#club"))) == 3
    at_once(store.close())
    server.close()
    assert tool("import", file).startswith("1 message taken; 3 are")


def test_a_backup_is_a_store(tool: Tool) -> None:
    tool.account("ann")
    tool.keep(row(CLUB, 1))
    copy = tool.folder / "copy.sqlite"
    assert tool("backup", str(copy)) == f"wrote  {copy}\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT text FROM message").fetchall() == [("text 1",)]
    assert tool("backup", str(copy), fails=True) == f"{copy} is there already.\n"
    folder = tool.folder / "all"
    assert tool.run("backup", "--config", str(tool.config), str(folder)).splitlines() == [
        f"wrote  {folder}/accounts.sqlite",
        f"wrote  {folder}/history.sqlite",
    ]
    assert (folder / "history.sqlite").stat().st_mode & 0o777 == 0o600
    again = tool.folder / "again"
    again.mkdir()
    (again / "history.sqlite").touch()
    told = tool.run("backup", "--config", str(tool.config), str(again), fails=True)
    assert told == f"{again} has a backup already: history.sqlite would be overwritten.\n"


def test_what_is_refused(tool: Tool) -> None:
    file = tool.data / "history.sqlite"
    nothing = f"Nothing is stored yet: {file} comes to be when the server starts.\n"
    tool.account("ann")
    assert tool("export", "--account", "ann", fails=True) == nothing
    backup = f"There is nothing to keep in {tool.data}: it has no history.sqlite.\n"
    assert tool("backup", "x", fails=True) == backup
    assert tool("import", "x", fails=True) == "x: No such file or directory.\n"
    tool.keep(row(CLUB, 1))
    assert tool("export", "--account", "nobody", fails=True) == "There is no account 'nobody'.\n"
    assert tool("export", "--channel", "#c", "--since", "yore", fails=True) == (
        "'yore' is no time: a day as 2026-11-29, 2026-11-29T12:00:00Z, or a duration as 30d.\n"
    )
    assert tool("export", "--channel", "#c", "/nowhere/x", fails=True) == (
        "/nowhere/x: No such file or directory.\n"
    )
    assert tool("backup", "/nowhere/x", fails=True).endswith(": No such file or directory.\n")
    tool.data.chmod(0o770)
    may = f"The data folder {tool.data} may be changed by others: chmod go-w {tool.data}\n"
    assert tool("export", "--channel", "#c", fails=True) == may
    tool.data.chmod(0o700)
    other = tool.folder / "other"
    other.write_text('{"chatnet": "records", "version": 1}\n')
    refusal = f"{other}: The file is no export of history: its first line does not say so.\n"
    assert tool("import", str(other), fails=True) == refusal
    other.write_text("\n")
    assert tool("import", str(other), fails=True) == refusal
    file.write_bytes(b"garbage " * 1000)
    assert tool("export", "--channel", "#c", fails=True) == (
        f"The messages in {file} cannot be used: file is not a database.\n"
    )
    assert tool("backup", str(tool.folder / "y"), fails=True) == (
        f"{file} cannot be copied to {tool.folder / 'y'}: file is not a database.\n"
    )
    file.unlink()
    tool.configure('[history]\nstore = "off"\n')
    assert tool("import", str(other), fails=True) == (
        "Nothing of what is said is stored here (history.store).\n"
    )


def test_accounts_that_services_of_another_make_keep(tool: Tool) -> None:
    tool.configure('authority = "external"\n')
    tool.keep(row(CLUB, 1, "name:ann{"), row(CLUB, 2, "name:bob"))
    (found,) = objects(tool("export", "--account", "Ann["))
    assert (found["account"], found["person"]) == ("ann{", "name:ann{")


def test_accounts_that_another_server_keeps(tool: Tool) -> None:
    tool.configure('authority = "remote"\n')
    key = "a" + "b" * 20
    tool.keep(row(CLUB, 1, key))
    (found,) = objects(tool("export", "--account", key))
    assert (found["account"], found["person"]) == (None, key)
    assert tool("export", "--account", "ann", fails=True) == (
        "Another server keeps the accounts of this server: "
        "give the id that `chatnet account info` shows there.\n"
    )


def test_names_of_before_are_accounts_from_now_on(tool: Tool) -> None:
    talk = Place("d", "name:ann", "name:bob")
    tool.keep(
        Began(talk, "Ann bob", 1), row(CLUB, 1, "name:ann"), row(CLUB, 2, "name:eve"), row(talk, 3, None)
    )
    ann, bob = tool.account("Ann"), tool.account("bob")
    assert tool("rekey").splitlines() == [
        "2 accounts of before known by id from now on.",
        "No account here has the name of 1 other, which stay as they are:",
        "  eve",
    ]
    assert [each.person for each in tool.kept()] == [ann, "name:eve"]
    low, high = sorted((ann, bob))
    assert len(tool.kept(Place("d", low, high))) == 1
    assert [each["text"] for each in objects(tool("export", "--account", "bob"))] == ["text 3"]
    server = DataFolder(tool.data)
    assert tool("rekey", fails=True) == (
        "The server runs, and knows accounts by the keys that they have: stop it first.\n"
    )
    server.close()
    tool.configure('authority = "external"\n')
    assert tool("rekey", fails=True) == (
        "Services of another make keep the accounts of this server (accounts.authority).\n"
    )
