"""What happens to a store: kill -9, a loss of power, a full disk, garbled pages.

``HYPOTHESIS_PROFILE=nightly scripts/test tests/storage/test_store_faults.py`` kills until 10,000 were
answered.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from profiles import runs
from storage_calls import Calls
from storage_kinds import ANN, BOB, MEANING, Told, named, stamp
from storage_process import Writer, consistent

from chatnet.records.grammar import new_entity
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record
from chatnet.storage.sqlite import connect
from chatnet.storage.store import SQLiteStore, open_store


def opened(path: Path) -> SQLiteStore:
    return open_store(path, MEANING, sid="0AA", casemapping="rfc1459", serving=True)


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path, random = tmp_path / "accounts.sqlite", Random(1)
    answered: set[tuple[str, str]] = set()
    enough = runs(300, 10_000)
    while len(answered) < enough:
        writer = Writer(path)
        answered |= writer.read(random.randrange(1, 200))
        writer.process.send_signal(signal.SIGKILL)
        answered |= writer.read(10**9)
        writer.end()
        assert answered <= consistent(path).keys()


def test_after_a_loss_of_power_all_is_there_that_was_answered(tmp_path: Path) -> None:
    """A process is stopped at random moments: what is on the disk then has all that was answered before."""
    path, random = tmp_path / "accounts.sqlite", Random(2)
    writer = Writer(path)
    answered = writer.read(1)
    for number in range(runs(10, 100)):
        answered |= writer.read(random.randrange(1, 300))
        writer.process.send_signal(signal.SIGSTOP)
        os.waitpid(writer.process.pid, os.WUNTRACED)
        answered |= writer.written()
        folder = tmp_path / str(number)
        folder.mkdir()
        copies = [folder / f"accounts.sqlite{end}" for end in ("", "-wal")]
        for copy in copies:
            shutil.copy(path.with_name(copy.name), copy)
        assert answered <= consistent(copies[0]).keys()
        writer.process.send_signal(signal.SIGCONT)
        shutil.rmtree(folder)
    writer.end()
    assert answered <= consistent(path).keys()


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder with a megabyte of room."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def small_files(folder: Path) -> Iterator[Path]:
    """A folder in which no file grows beyond a megabyte."""
    folder.mkdir()
    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, most))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))


def large(ms: int) -> list[Record]:
    """Records that take 340 kB: two of these fit, and leave some room."""
    entity = new_entity("a")
    return [Record(entity, f"set:{number}", stamp(ms), "x" * 8000) for number in range(35)]


@pytest.mark.parametrize("small", [small_disk, small_files])
def test_a_full_disk_refuses_what_has_no_room_and_nothing_else(small: object, tmp_path: Path) -> None:
    assert callable(small)
    with small(tmp_path / "small") as folder:
        calls = Calls()
        store = open_store(
            folder / "accounts.sqlite", MEANING, sid="0AA", casemapping="rfc1459", serving=True, call=calls
        )
        told = Told(store)
        before = store.write([named(ANN, "ann", 5)])
        store.start()
        calls.wait(before)
        whole = [large(number) for number in range(32)]
        failed = [store.write(records) for records in whole]
        beside = store.write([named(BOB, "bob", 5)])
        kept = []
        for answer, records in zip(failed, whole, strict=True):
            try:
                calls.wait(answer)
                kept += records
            except StoreError as error:
                assert str(error) == "This server cannot write to its disk"
                assert error.reason
        calls.wait(beside)
        assert 0 < len(kept) < 32 * 35
        assert calls.wait(store.entity(ANN)) == [named(ANN, "ann", 5)]
        assert set(told.take()) == {named(ANN, "ann", 5), named(BOB, "bob", 5), *kept}
        calls.wait(store.close())
        assert set(consistent_beside(folder / "accounts.sqlite")) == {
            named(ANN, "ann", 5),
            named(BOB, "bob", 5),
            *kept,
        }


def consistent_beside(path: Path) -> list[Record]:
    """All records, read without writing."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(map(Record._make, connection.execute("SELECT entity, field, stamp, value FROM record")))


def test_no_value_stands_in_what_is_said_of_it(tmp_path: Path) -> None:
    """The driver quotes what it cannot read."""
    path = tmp_path / "accounts.sqlite"
    store = opened(path)
    at_once(store.write([named(ANN, "ann", 5)]))
    with closing(connect(path)) as connection:
        connection.execute("UPDATE record SET value = CAST(x'ff' || 'planted' AS TEXT)")
    for job in (store.entity, lambda entity: store.write([named(entity, "ann", 6)])):
        with pytest.raises(StoreError) as refused:
            at_once(job(ANN))
        assert refused.value.reason == "what is in it is no text"
    with pytest.raises(StoreError) as refused:
        list(store.load())
    assert refused.value.reason == "what is in it is no text"


def test_garbled_pages_are_told_and_end_no_thread(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    store = opened(path)
    at_once(store.write([record for number in range(3) for record in large(number)]))
    at_once(store.close())
    with path.open("r+b") as file:
        file.seek(200_000)
        file.write(b"\xff" * 400_000)
    calls = Calls()
    store = open_store(path, MEANING, sid="0AA", casemapping="rfc1459", serving=True, call=calls)
    with pytest.raises(StoreError, match=r"^This server cannot read from its disk$") as refused:
        list(store.load())
    # It depends on what lay there: a page of a tree, or a part of a long value.
    assert refused.value.reason in ("database disk image is malformed", "what is in it is no text")
    store.start()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"^This server cannot read from its disk$"):
            calls.wait(store.page(0, 1000))
    calls.wait(store.close())
