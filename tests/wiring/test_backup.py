"""`chatnet backup`: copies of a running server's files, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from person_writer import somebody
from storage_calls import Calls
from storage_kinds import ANN, MEANING, named
from storage_process import Writer, consistent

from chatnet.storage.answers import at_once
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.rows import Came, Entry, Place
from chatnet.storage.messages.spool import Spool
from chatnet.storage.persons.file import PersonFile
from chatnet.storage.persons.store import FILE as PERSONS
from chatnet.storage.persons.store import PersonStore
from chatnet.storage.store import FILE, open_store
from chatnet.wiring.cli import main

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of a server with one account, without a configuration."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "chatnet-data"
    data.mkdir(mode=0o700)
    store = open_store(data / FILE, MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    at_once(store.write([named(ANN, "ann", 5)]))
    at_once(store.close())
    (data / "cloak.key").write_text("k" * 64 + "\n")
    return data


def said(arguments: list[str], captured: Captured) -> tuple[int, str]:
    """The exit status, and the one line of a refusal."""
    status = main(["backup", *arguments])
    return status, captured.readouterr().err


def test_a_backup_is_private_and_whole(data: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "some" / "where"
    assert main(["backup", str(folder)]) == 0
    assert capsys.readouterr().out == f"wrote  {folder}/accounts.sqlite\nwrote  {folder}/cloak.key\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["accounts.sqlite", "cloak.key"]
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert (folder / "cloak.key").read_bytes() == (data / "cloak.key").read_bytes()
    store = open_store(folder / FILE, MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    assert list(store.load()) == [named(ANN, "ann", 5)]


def test_what_waits_for_a_database_is_in_a_backup(data: Path, tmp_path: Path, capsys: Captured) -> None:
    spool = Spool(data / SPOOL, lambda: 1_000_000, full=False)
    group: list[Entry] = [Came(Place("c", "#club", "", 1), ANN, 5)]
    spool.put([group])
    folder = tmp_path / "backup"
    assert main(["backup", str(folder)]) == 0
    assert f"wrote  {folder}/{SPOOL}\n" in capsys.readouterr().out
    assert Spool(folder / SPOOL, lambda: 1_000_000, full=False).first(10) == (1, group)
    (folder / "accounts.sqlite").unlink()
    assert said([str(folder)], capsys) == (
        1,
        f"{folder} has a backup already: {SPOOL} would be overwritten.\n",
    )


def test_who_stays_is_in_a_backup(data: Path, tmp_path: Path, capsys: Captured) -> None:
    calls = Calls()
    store = PersonStore(data / PERSONS, calls, lambda: 0.0, lambda: 0.0, lambda: 5.0)
    store.load()
    store.keep(somebody("ann"))
    calls.wait(store.close())
    folder = tmp_path / "backup"
    assert main(["backup", str(folder)]) == 0
    assert f"wrote  {folder}/{PERSONS}\n" in capsys.readouterr().out
    assert (folder / PERSONS).stat().st_mode & 0o777 == 0o600
    assert PersonFile(folder / PERSONS, lambda: 0.0).load().people == [somebody("ann")]
    (folder / "accounts.sqlite").unlink()
    assert said([str(folder)], capsys) == (
        1,
        f"{folder} has a backup already: {PERSONS} would be overwritten.\n",
    )


def test_a_backup_of_a_server_that_runs(tmp_path: Path) -> None:
    """What was answered before it was asked for is in it."""
    data = tmp_path / "var"
    data.mkdir(mode=0o700)
    config = tmp_path / "chatnet.toml"
    config.write_text('[server]\ndata = "var"\n')
    writer = Writer(data / FILE)
    answered = writer.read(1)
    for number in range(3):
        answered |= writer.read(100)
        folder = tmp_path / str(number)
        assert main(["backup", str(folder), "--config", str(config)]) == 0
        assert answered <= consistent(folder / FILE).keys()
    writer.end()


def test_a_folder_that_has_one_is_left_alone(data: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "backup"
    for name in ("accounts.sqlite", "cloak.key"):
        folder.mkdir()
        (folder / name).symlink_to("nowhere")
        assert said([str(folder)], capsys) == (
            1,
            f"{folder} has a backup already: {name} would be overwritten.\n",
        )
        assert [file.name for file in folder.iterdir()] == [name]
        (folder / name).unlink()
        folder.rmdir()


def test_what_else_is_refused(data: Path, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    folder.chmod(0o770)
    assert said([str(folder)], capsys) == (1, f"{folder} may be changed by others: chmod go-w {folder}\n")
    assert said([str(data / FILE)], capsys) == (1, f"{data / FILE}: File exists.\n")
    assert said([str(data / FILE / "x")], capsys) == (1, f"{data / FILE / 'x'}: Not a directory.\n")
    assert said(["x", "--config", "absent.toml"], capsys) == (
        1,
        "absent.toml: cannot be read: No such file or directory\n",
    )
    (data / FILE).write_bytes(b"garbage " * 1000)
    assert said(["x"], capsys) == (1, f"{data / FILE} cannot be copied to x: file is not a database.\n")
    (data / FILE).unlink()
    assert said(["x"], capsys) == (1, f"There is nothing to keep in {data}: it has no accounts.sqlite.\n")


def test_a_configured_cloak_key_is_not_in_it(data: Path, tmp_path: Path, capsys: Captured) -> None:
    (data / "cloak.key").unlink()
    assert main(["backup", str(tmp_path / "backup")]) == 0
    assert [file.name for file in (tmp_path / "backup").iterdir()] == ["accounts.sqlite"]
