"""The file of a store: whose it is, who may read it, and what is said if it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from storage_kinds import ANN, BOB, MEANING, named

from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.sqlite import connect
from chatnet.storage.store import SQLiteStore, open_store


def opened(
    path: Path, *, sid: str = "0AA", casemapping: str = "rfc1459", serving: bool = True
) -> SQLiteStore:
    return open_store(path, MEANING, sid=sid, casemapping=casemapping, serving=serving)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.sqlite"


def refusal(path: Path, **options: str) -> str:
    with pytest.raises(StoreError) as refused:
        opened(path, **options)  # type: ignore[arg-type]
    return str(refused.value)


def test_nobody_else_may_read_it_or_what_lies_beside_it(path: Path) -> None:
    before = os.umask(0)
    try:
        store = opened(path)
        at_once(store.write([named(ANN, "ann", 5)]))
        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == [path.name, f"{path.name}-shm", f"{path.name}-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)
    at_once(store.close())
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_is_answered_survives_a_loss_of_power(path: Path) -> None:
    """By the settings of the connection that writes; a test cannot cut the power."""
    at_once(opened(path).close())
    with closing(connect(path)) as connection:
        asked = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    assert asked == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 0, "busy_timeout": 2000, "query_only": 0}


def test_what_is_erased_is_not_in_the_file_any_more(path: Path) -> None:
    store = opened(path)
    at_once(store.write([named(ANN, "ann", 5)._replace(field=f"set:{n}", value="planted") for n in range(9)]))
    at_once(
        store.write([named(BOB, "bob", 5), named(BOB, "bob", 5)._replace(field="email", value="planted")])
    )
    at_once(store.write([named(ANN, "ann", 6)._replace(field="status", value="erased")]))
    at_once(store.write([named(BOB, "bob", 6)._replace(field="email", value="1 bob@example.org")]))
    at_once(store.close())
    content = path.read_bytes()
    assert b"planted" not in content and b"bob@example.org" in content


def test_nothing_is_open_before_the_start(path: Path) -> None:
    """The process forks after this, as daemons do, and locks are not inherited."""
    store = open_store(path, MEANING, sid="0AA", casemapping="rfc1459", serving=True, call=lambda *_: None)
    assert list(store.load()) == []
    assert not [each for each in os.listdir("/proc/self/fd") if links_to(each, path)]


def links_to(descriptor: str, path: Path) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(path))
    except OSError:
        return False


def test_names_that_were_folded_otherwise(path: Path) -> None:
    store = opened(path)
    at_once(store.close())
    store = opened(path, casemapping="ascii")  # nobody has a name yet
    at_once(store.write([named(ANN, "ann", 5)]))
    at_once(store.close())
    assert refusal(path, casemapping="rfc1459") == (
        f"The names in {path} are folded by ascii: server.casemapping has to be that."
    )
    assert list(opened(path, casemapping="ascii").load()) == [named(ANN, "ann", 5)]


def test_the_newest_stamp_is_told_though_its_record_is_gone(path: Path) -> None:
    store = opened(path)
    assert store.newest == ""
    at_once(store.write([named(ANN, "ann", 9), named(BOB, "bob", 5)]))
    at_once(store.write([named(ANN, "ann", 9)._replace(field="status", value="erased", stamp=STAMP)]))
    at_once(store.close())
    assert opened(path).newest == named(ANN, "ann", 9).stamp


STAMP = named(ANN, "ann", 4).stamp


def test_what_is_no_file(path: Path) -> None:
    path.mkdir()
    assert refusal(path) == f"The accounts in {path} cannot be used: Is a directory."
    path.rmdir()
    path.symlink_to(path.parent / "elsewhere")
    assert refusal(path) == f"The accounts in {path} cannot be used: Too many levels of symbolic links."
    path.unlink()
    os.mkfifo(path)
    assert refusal(path) == f"The accounts in {path} cannot be used: is not a file."
    path.unlink()
    assert refusal(path / "below" / "that").endswith("cannot be used: No such file or directory.")


def test_what_is_no_store(path: Path) -> None:
    path.write_bytes(b"These are no accounts. " * 100)
    assert refusal(path) == f"The accounts in {path} cannot be used: file is not a database."
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")
    assert refusal(path) == f"The accounts in {path} cannot be used: no such table: accounts_version."
    path.unlink()
    at_once(opened(path).close())
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM accounts_version")
    assert refusal(path) == f"The accounts in {path} cannot be used: no schema is noted in them."


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(open_folder: Path) -> None:
    """A tool that root runs before the first start does not keep the server from its own file."""
    os.chown(open_folder, 65534, 65534)
    path = open_folder / "accounts.sqlite"
    store = opened(path, serving=False)
    at_once(store.write([named(ANN, "ann", 5)]))
    assert {(file.stat().st_uid, file.stat().st_mode & 0o777) for file in open_folder.iterdir()} == {
        (65534, 0o600)
    }
    at_once(store.close())


def test_a_file_of_another_user(open_folder: Path) -> None:
    path = open_folder / "accounts.sqlite"
    at_once(opened(path).close())
    sentence = f"The accounts in {path} cannot be used: Permission denied."
    if os.geteuid():
        path.chmod(0)
        assert refusal(path) == sentence
        return
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.setuid(65534)
            os.write(writing, refusal(path).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        assert pipe.read() == sentence
    os.wait()
