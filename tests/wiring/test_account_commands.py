"""``chatnet account``, by what it prints and leaves behind."""

from __future__ import annotations

import getpass
import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatnet.wiring.cli import main

Captured = pytest.CaptureFixture[str]
WORD = "correct-horse"


class Tool:
    """The command, for one data folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, captured: Captured) -> None:
        self.folder = folder
        self.patch = patch
        self.captured = captured
        self.config = folder / "chatnet.toml"
        self.config.write_text("[accounts]\niterations = 4096\n")

    def __call__(self, *words: str, given: str = "", fails: bool = False) -> str:
        """What is printed of one command, or (if it fails) said on the other stream."""
        self.patch.setattr("sys.stdin", io.StringIO(given))
        action, *rest = words
        status = main(["account", action, "--config", str(self.config), *rest])
        out, err = self.captured.readouterr()
        assert status == (1 if fails else 0), err
        assert (out == "") if fails else (err == "")
        return err if fails else out

    @property
    def file(self) -> Path:
        return self.folder / "chatnet-data" / "accounts.sqlite"

    def audits(self) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute('SELECT "by", verb, about, detail FROM audit ORDER BY id').fetchall()


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Tool:
    return Tool(tmp_path, monkeypatch, capsys)


def test_an_account_from_its_beginning_to_its_end(tool: Tool) -> None:
    assert tool("add", "Ann", given=f"{WORD}\n") == "The account Ann is registered.\n"
    tool("add", "bob", given=WORD)
    date = tool("list").split()[2]
    assert tool("list") == f"Ann  active     {date}\nbob  active     {date}\n"
    assert tool("list", "A*") == f"Ann  active     {date}\n"
    shown = dict(line.split(None, 1) for line in tool("info", "ann").splitlines())
    assert shown["name:"] == "Ann" and shown["password:"] == "yes" and shown["status:"] == "active"
    assert tool("info", shown["id:"]).splitlines()[0] == "name:         Ann"
    assert tool("passwd", "ANN", given="battery-staple") == "The password of Ann is changed.\n"
    told = tool("suspend", "ann", "--for", "3d", "spam", "and", "eggs")
    assert told.startswith("The account Ann is suspended until ")
    assert "by " + getpass.getuser() + ": spam and eggs" in tool("info", "ann")
    assert tool("list", "ann").split()[1] == "suspended"
    assert tool("unsuspend", "ann") == "The account Ann is suspended no more.\n"
    assert tool("suspend", "ann", "again") == "The account Ann is suspended.\n"
    assert tool("erase", "ann", "--yes") == "The account Ann is erased.\n"
    assert tool("list") == f"bob  active     {date}\n"
    by = f"{getpass.getuser()} (chatnet account)"
    audits = tool.audits()
    assert {audit[0] for audit in audits} == {by}
    assert [audit[1] for audit in audits] == [
        "ADD", "ADD", "PASSWD", "SUSPEND", "UNSUSPEND", "SUSPEND", "ERASE",
    ]  # fmt: skip
    assert audits[3][3].endswith(" UTC: spam and eggs")
    assert WORD.encode() not in tool.file.read_bytes() and "battery" not in str(audits)


@pytest.mark.parametrize(
    ("words", "given", "sentence"),
    [
        (["add", "ann"], WORD, "Somebody has registered this name already.\n"),
        (["add", "NickServ"], WORD, "Somebody else bears this nick.\n"),
        (["add", "Guest12345"], WORD, "This name is reserved.\n"),
        (["add", "1st"], WORD, "An account has a nick for its name: *\n"),
        (["add", "eve"], "short", "The password is shorter than 8 characters.\n"),
        (["add", "eve"], "", "The password is shorter than 8 characters.\n"),
        (["passwd", "nobody"], WORD, "There is no account 'nobody'.\n"),
        (["passwd", "ann"], "short", "The password is shorter than 8 characters.\n"),
        (["suspend", "ann", "--for", "3x", "spam"], "", "'3x' is no duration: *\n"),
        (["unsuspend", "ann"], "", "The account ann is not suspended.\n"),
        (["erase", "ann"], "ann\n", "Nothing brings an erased account back: --yes says that you mean it.\n"),
    ],
)
def test_what_cannot_be_done(tool: Tool, words: list[str], given: str, sentence: str) -> None:
    tool("add", "ann", given=WORD)
    before = len(tool.audits())
    told = tool(*words, given=given, fails=True)
    head, star, tail = sentence.partition("*")
    assert told.startswith(head) and told.endswith(tail) and (star or told == sentence)
    assert told.count("\n") == 1
    assert len(tool.audits()) == before


def test_passwords_are_asked_for(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = [WORD, WORD, WORD, "another-horse"]
    monkeypatch.setattr(getpass, "getpass", lambda prompt: answers.pop(0))
    monkeypatch.setattr("sys.stdin", Terminal("no\nann\n"))
    config = ["--config", str(tool.config)]
    assert main(["account", "add", *config, "ann"]) == 0
    assert main(["account", "passwd", *config, "ann"]) == 1
    assert tool.captured.readouterr().err == "These were two different passwords.\n"
    assert main(["account", "erase", *config, "ann"]) == 1
    assert "Nothing was done." in tool.captured.readouterr().err
    assert main(["account", "erase", *config, "ann"]) == 0


def test_a_reason_and_a_name_of_many_lines(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    tool.patch.setenv("LOGNAME", "root\n:irc.test KILL")
    tool("suspend", "ann", "spam\r\nQUIT", "x\udcff")
    with closing(sqlite3.connect(tool.file)) as connection:
        values = [
            value for (value,) in connection.execute("SELECT value FROM record WHERE field = 'suspended'")
        ]
    assert values == ["0 root_:irc.test_KILL :spam QUIT x\ufffd"]
    assert tool.audits()[-1][0] == "root :irc.test KILL (chatnet account)"
    assert tool.audits()[-1][3] == "spam QUIT x\ufffd"


def test_what_was_dropped_is_suspended_when_it_comes_back(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    with closing(sqlite3.connect(tool.file)) as connection:
        connection.execute("UPDATE record SET value = 'dropped' WHERE field = 'status'")
        connection.commit()
    assert tool("suspend", "ann", "spam") == "The account ann is suspended.\n"
    assert "status:       dropped\n" in tool("info", "ann")
    with closing(sqlite3.connect(tool.file)) as connection:
        connection.execute("UPDATE record SET value = 'active' WHERE field = 'status'")
        connection.commit()
    assert "status:       suspended by" in tool("info", "ann")


def test_a_suspension_of_an_older_form_is_ended_as_well(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    with closing(sqlite3.connect(tool.file)) as connection:
        connection.execute("UPDATE record SET value = 'suspended 0 root :spam' WHERE field = 'status'")
        connection.commit()
    assert tool("unsuspend", "ann") == "The account ann is suspended no more.\n"
    assert "status:       active\n" in tool("info", "ann")


def test_where_there_is_nothing(tool: Tool) -> None:
    told = tool("list", fails=True)
    assert told == f"There are no accounts yet: {tool.file} comes to be when the server starts.\n"
    assert not tool.file.parent.exists()
    tool.config.write_text('[accounts]\nauthority = "external"\n')
    assert tool("add", "ann", given=WORD, fails=True) == (
        "Services of another make keep the accounts of this server (accounts.authority).\n"
    )
    tool.config.write_text("[accounts]\nfoo = 1\n")
    assert "accounts.foo" in tool("list", fails=True)


def test_those_of_another_server_are_left_as_they_are(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    before = tool.file.read_bytes()
    tool.config.write_text('[server]\nsid = "9ZZ"\n')
    assert tool("list", fails=True) == (
        f"The accounts in {tool.file} are those of the server 0CN, and not of 9ZZ: name its configuration.\n"
    )
    assert tool.file.read_bytes() == before


def test_a_folder_that_others_may_change_is_not_used(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    tool.file.parent.chmod(0o777)
    assert "chmod go-w" in tool("list", fails=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
def test_those_of_another_user_are_theirs_to_change(tool: Tool) -> None:
    tool("add", "ann", given=WORD)
    for path in (tool.file.parent, tool.file):
        os.chown(path, 12345, 12345)
    assert tool("list", fails=True) == (
        f"{tool.file.parent} belongs to another user, of the number 12345: run this as them.\n"
    )


def test_a_store_that_is_none(tool: Tool) -> None:
    tool.file.parent.mkdir(mode=0o700)
    tool.file.write_text("this is no database" * 100)
    told = tool("list", fails=True)
    assert told.startswith(f"The accounts in {tool.file} cannot be used: ") and told.count("\n") == 1
