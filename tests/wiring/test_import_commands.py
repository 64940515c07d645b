"""``chatnet import``, ``chatnet export`` and ``chatnet account refill``: what they say and leave behind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest

from chatnet.services.credentials import foreign
from chatnet.storage.answers import at_once
from chatnet.storage.record import Record
from chatnet.wiring import import_commands
from chatnet.wiring.cli import main
from chatnet.wiring.config import load
from chatnet.wiring.datafolder import DataFolder
from chatnet.wiring.store import store_beside

Captured = pytest.CaptureFixture[str]
HEAD = "GRVER 1\nDBV 12\nCF +AFHORVabefhioqrstv\nTS 1700000000\n"
MD5 = "$rawmd5$ce4bd864f37ffaa1b871aef22eea82ff"
ANN = f"MU AAAAAAAAB ann {MD5} ann@example.org 1400000000 1690000000 +C default \n"
CLUB = "MC #club 1450000000 1690000000 + 272 1 0  \nCA #club ann +AFRefiorstv 1450000000 * \n"


class Tool:
    """The command, in a folder of its own."""

    def __init__(self, folder: Path, captured: Captured) -> None:
        self.folder = folder
        self.captured = captured
        self.config = folder / "chatnet.toml"
        self.config.write_text("[accounts]\niterations = 4096\n")
        self.data = folder / "chatnet-data"

    def __call__(self, *words: str, fails: bool = False) -> str:
        """What is printed, or (if it fails) said on the other stream."""
        place = 2 if words[0] == "account" else 1
        status = main([*words[:place], "--config", str(self.config), *words[place:]])
        out, err = self.captured.readouterr()
        assert status == (1 if fails else 0), err
        assert (out == "") if fails else (err == "")
        return err if fails else out

    def file(self, text: str, name: str = "services.db") -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def records(self) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.data / "accounts.sqlite")) as connection:
            return connection.execute(
                "SELECT entity, field, stamp, value FROM record ORDER BY 1, 2"
            ).fetchall()

    def audits(self) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.data / "accounts.sqlite")) as connection:
            return connection.execute("SELECT verb, about, detail FROM audit ORDER BY id").fetchall()


@pytest.fixture
def tool(tmp_path: Path, capsys: Captured) -> Tool:
    return Tool(tmp_path, capsys)


def test_a_dry_run_says_all_and_does_nothing(tool: Tool) -> None:
    file = tool.file(HEAD + ANN + "MN nobody nobody 1 1\n" + CLUB)
    assert tool("import", "atheme", file, "--dry-run").splitlines() == [
        f"{file}:6: There is no account nobody.",
        "account ann, registered 2014-05-13, a password, weakly kept",
        "channel #club, registered 2015-12-13",
        "1 account and 1 channel would be taken.",
        "1 password kept in a form from which they are soon found out, until their owners have logged in by "
        "PLAIN once.",
        "1 thing of the file cannot be used, as said above.",
        "Nothing was written: this was a dry run.",
    ]
    assert tool.records() == [] and tool.audits() == []


def test_an_import_and_the_same_once_more(tool: Tool) -> None:
    file = tool.file(HEAD + ANN + CLUB)
    assert tool("import", "atheme", file).splitlines()[0] == "1 account and 1 channel are taken."
    records = tool.records()
    assert len(records) == 15 and tool.audits() == [("IMPORT", "atheme", "1 accounts, 1 channels")]
    assert "ann" in tool("account", "list") and "yes" in tool("account", "info", "ann")
    assert tool("import", "atheme", file).splitlines() == [
        "0 accounts and 0 channels are taken.",
        "2 accounts and channels of the file are here already.",
    ]
    assert tool.records() == records


@pytest.mark.parametrize("running", [False, True])
def test_many_are_written_in_several_transactions_with_pauses_for_a_server(
    tool: Tool, running: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(import_commands, "TOGETHER", 3)
    monkeypatch.setattr("time.sleep", pauses.append)
    folder = DataFolder(tool.data)
    if not running:
        folder.close()
    file = tool.file(
        HEAD + "".join(f"MU AAAAA{number:04} ann{number} * x@y 1400000000 0 + en \n" for number in range(10))
    )
    assert tool("import", "atheme", file).splitlines() == [
        "10 accounts and 0 channels are taken.",
        "10 accounts without a password that can be checked: chatnet account passwd gives one.",
    ]
    assert len(tool("account", "list").splitlines()) == 10
    assert pauses == ([import_commands.PAUSE] * 3 if running else [])
    folder.close()


def test_the_older_one_keeps_the_name_and_it_is_told_who_does_not(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("correct-horse\n"))
    tool("account", "add", "Ann")
    other = ANN.replace("AAAAAAAAB ann ", "AAAAAAAAC ann{ ").replace("1400000000", "1500000000")
    file = tool.file(HEAD + ANN + other + "MN ann{ ann[ 1300000000 1\n")
    dry = tool("import", "atheme", file, "--dry-run").splitlines()
    said = [line for line in dry if "longer" in line]
    assert len(said) == 1
    assert said[0].startswith("Ann, who is here, will be called Ann~")
    tool("import", "atheme", file)
    shown = {line.split()[0] for line in tool("account", "list").splitlines()}
    assert shown == {"ann", "ann{", said[0].split()[7].rstrip(":")}


def test_a_channel_that_is_here_waits_for_an_older_one(tool: Tool) -> None:
    younger = CLUB.replace("#club", "#CLUB").replace("1450000000", "1550000000")
    tool("import", "atheme", tool.file(HEAD + ANN + younger))
    told = tool("import", "atheme", tool.file(HEAD + ANN + CLUB), "--dry-run")
    assert "#club is registered twice: what is in the file counts, for it is older." in told


def test_without_the_module_nothing_is_done(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "find_spec", lambda name: None)
    bcrypt = "$2a$06$ohenGeFSDABnUHh5SeDd6.ag71YUUK2lOIXs5ixAvAJ34tmmodOwy"
    file = tool.file(HEAD + ANN.replace(MD5, bcrypt))
    told = "The passwords of 1 account cannot be checked without a module for Python: pip install bcrypt"
    assert tool("import", "atheme", file, fails=True).startswith(told)
    assert tool.records() == []
    assert told in tool("import", "atheme", file, "--dry-run")


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("atheme", "nothing", "The file is no database of Atheme: it does not begin with GRVER."),
        ("anope", "nothing", "The file is no database of Anope: there are no accounts and channels in it."),
        ("ergo", "nothing", "The file is no database of Ergo."),
        ("chatnet", "nothing", "The file is no export of chatnet: its first line does not say so."),
        (
            "chatnet",
            '{"chatnet": "records", "version": 2}',
            "The file is of version 2: this chatnet reads 1.",
        ),
        (
            "chatnet",
            '{"chatnet": "records", "version": 1, "casemapping": "ascii"}',
            "The names in the file are folded by 'ascii': server.casemapping has to be that.",
        ),
    ],
)
def test_other_files_are_refused_in_one_sentence(tool: Tool, source: str, text: str, told: str) -> None:
    file = tool.file(text)
    assert tool("import", source, file, fails=True) == f"{file}: {told}\n"


def test_a_file_that_is_not_there(tool: Tool) -> None:
    missing = str(tool.folder / "none")
    assert tool("import", "ergo", missing, fails=True) == f"{missing}: No such file or directory.\n"


# export, and back


def test_an_export_is_private_and_can_be_taken_elsewhere(
    tool: Tool, tmp_path: Path, capsys: Captured
) -> None:
    tool("import", "atheme", tool.file(HEAD + ANN + CLUB))
    file = tmp_path / "all.jsonl"
    assert tool("export", str(file)).splitlines()[0] == f"wrote  {file}: 15 records"
    assert file.stat().st_mode & 0o777 == 0o600
    assert tool("export", str(file), fails=True) == f"{file} is there already.\n"
    assert tool("export").splitlines() == file.read_text().splitlines()
    (tmp_path / "other").mkdir()
    other = Tool(tmp_path / "other", capsys)
    told = other("import", "chatnet", str(file), "--dry-run").splitlines()
    assert told[0] == "15 records would be taken; 0 are here already, or something later."
    assert other.records() == []
    assert other("import", "chatnet", str(file)).startswith("15 records are taken; 0 are here already")
    assert other.records() == tool.records()
    assert other("import", "chatnet", str(file)).startswith("0 records are taken; 15 are here already")


def test_what_is_said_later_stays_and_what_is_erased_as_well(tool: Tool) -> None:
    tool("import", "atheme", tool.file(HEAD + ANN + CLUB))
    file = tool.folder / "all.jsonl"
    tool("export", str(file))
    tool("account", "suspend", "ann", "because")
    assert tool("import", "chatnet", str(file)).startswith("0 records")
    assert "suspended" in tool("account", "list")
    tool("account", "erase", "ann", "--yes")
    assert tool("import", "chatnet", str(file)).startswith("0 records")
    assert tool("account", "list") == ""


def test_lines_of_an_export_that_make_no_sense_are_told(tool: Tool) -> None:
    good = {
        "entity": "a" * 21,
        "field": "name",
        "stamp": "0hv5fupkw.000000.0AA",
        "value": "0hv5fupkw.000000.0AA x",
    }
    lines = [
        {"chatnet": "records", "version": 1, "casemapping": "rfc1459"},
        good,
        good | {"entity": "A"},
        good | {"value": 7},
        good | {"field": ["name"]},
        good | {"stamp": "zzzzzzzzz.000000.0AA"},
        good | {"entity": "n0aa", "field": "name", "value": "irc.example.org"},
        [],
    ]
    file = tool.file("\n".join(map(json.dumps, lines)) + "\n{\n" + "x" * 70000 + "\n")
    told = tool("import", "chatnet", file).splitlines()
    assert [line.removeprefix(f"{file}:").partition(":")[0] for line in told[:-2]] == [
        "3",
        "4",
        "5",
        "6",
        "8",
        "9",
        "10",
    ]
    assert told[3].endswith("Its stamp is of a time to come.")
    assert told[-2] == "1 record are taken; 0 are here already, or something later."
    assert len(tool.records()) == 1  # which servers there are is no matter of a file


# refill


def known(tool: Tool, sid: str) -> None:
    """Have the store know a full server."""
    store = store_beside(tool.data, load(str(tool.config), {}).settings)
    record = Record(f"n{sid.lower()}", "name", "0hv5fupkw.000000.0AA", f"irc{sid}.example.org")
    at_once(store.write([record]))
    at_once(store.close())


def test_a_server_is_fed_anew_only_where_others_can(tool: Tool) -> None:
    tool("import", "atheme", tool.file(HEAD + ANN))
    told = "No other full server is known that could feed this one: nothing was done.\n"
    assert tool("account", "refill", fails=True) == told
    known(tool, "0AB")
    folder = DataFolder(tool.data)
    assert tool("account", "refill", fails=True).endswith(" Stop the server first.\n")
    folder.close()
    aside = tool.data / "before-refill.sqlite"
    assert (
        tool("account", "refill")
        == f"The accounts are in {aside} now. Start the server: the others feed it.\n"
    )
    assert not (tool.data / "accounts.sqlite").exists() and aside.exists()
    assert tool("account", "list", fails=True).startswith("There are no accounts yet")
    aside.replace(tool.data / "accounts.sqlite")
    assert "ann" in tool("account", "list")
