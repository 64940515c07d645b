"""``chatnet invite``, by what it prints, and by who comes in."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatnet.rules.invites import secret_hash
from chatnet.wiring.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path, capsys: Captured) -> Path:
    config = tmp_path / "chatnet.toml"
    config.write_text("[accounts]\niterations = 4096\n")
    assert main(["account", "list", "--config", str(config)]) == 1  # there are none yet
    capsys.readouterr()
    (tmp_path / "given").write_text("correct-horse\n")
    return config


def founded(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(config.parent / "given", encoding="utf-8") as given:
        monkeypatch.setattr("sys.stdin", given)
        assert main(["account", "add", "--config", str(config), "ann"]) == 0


def rows(config: Path) -> dict[str, str]:
    with closing(sqlite3.connect(config.parent / "chatnet-data" / "accounts.sqlite")) as connection:
        return dict(connection.execute("SELECT entity, value FROM record WHERE field = 'invite'").fetchall())


def test_a_link_is_made_and_shown_once(
    config: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    founded(config, monkeypatch)
    capsys.readouterr()
    words = ["--days", "3", "--most", "5", "--voice", "--accounts", "--register", "--label", "the fair"]
    assert main(["invite", "#Club,#tea", "--config", str(config), *words]) == 0
    first, second = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"/join #Club,#tea (\w{16}),\1", first)
    assert found is not None
    assert re.fullmatch(
        r"5 may come by it until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. It is not shown again\.", second
    )
    (value,) = rows(config).values()
    made, until, rest = value.split(" ", 2)
    assert int(until) - int(made) == 3 * 86400
    assert re.fullmatch(rf"5 1 0 V \*\S+ {secret_hash(found[1])} #club,#tea :the fair", rest)
    with closing(sqlite3.connect(config.parent / "chatnet-data" / "accounts.sqlite")) as connection:
        noted = connection.execute("SELECT verb, about FROM audit").fetchall()
    assert ("INVITE", "#Club,#tea") in noted


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["club"], "'club' is no channel."),
        (["#club", "--days", "0"], "A link is good for 1 to 366 days."),
        (["#club", "--days", "400"], "A link is good for 1 to 366 days."),
        (["#club", "--most", "0"], "1 to 100000 people may come by a link."),
    ],
)
def test_what_it_does_not_do(
    config: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    founded(config, monkeypatch)
    capsys.readouterr()
    assert main(["invite", *words, "--config", str(config)]) == 1
    assert capsys.readouterr().err == f"{why}\n"
    assert rows(config) == {}


def test_where_there_are_no_accounts_yet_it_says_so(config: Path, capsys: Captured) -> None:
    assert main(["invite", "#club", "--config", str(config)]) == 1
    assert "There are no accounts yet" in capsys.readouterr().err
