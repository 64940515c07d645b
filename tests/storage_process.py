"""A process that writes into a file, or a database, without end, and what is asked of the file afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from storage_kinds import MEANING

from chatnet.records.claims import NAMES
from chatnet.storage.answers import at_once
from chatnet.storage.digests import bucket, row
from chatnet.storage.record import Claim, Record
from chatnet.storage.store import open_store

TESTS = Path(__file__).parent


def consistent(path: Path) -> dict[tuple[str, str], Record]:
    """All records of a file that was found so, in which all belongs together."""
    store = open_store(path, MEANING, sid="0AA", casemapping="rfc1459", serving=True)
    records = {record[:2]: record for record in store.load()}
    digests = [0] * 256
    for record in records.values():
        digests[bucket(record.entity)] ^= row(record)
        if record.field == "name":
            assert at_once(store.owner(record.entity, NAMES)) == [
                Claim(record.entity, NAMES, record.stamp, record.entity)
            ]
            assert (record.entity, "seen") in records  # they were written together
    assert list(at_once(store.digests("a"))) == digests
    page = at_once(store.page(0, len(records) + 1))
    assert {record[:2] for record in page.records} == records.keys() and page.seq == page.head
    at_once(store.close())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return records


class Writer:
    """A process that writes without end, and what it was answered."""

    def __init__(self, path: Path, *database: str) -> None:
        command = [sys.executable, str(TESTS / "storage_writer.py"), str(path), *database]
        environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        self._rest = b""

    def read(self, least: int) -> set[tuple[str, str]]:
        """What was answered since, once it is so much or all."""
        assert self.process.stdout is not None
        found: set[tuple[str, str]] = set()
        while len(found) < least and (data := os.read(self.process.stdout.fileno(), 65536)):
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                entity, _, field = line.decode().partition(" ")
                found.add((entity, field or "name"))
        return found

    def written(self) -> set[tuple[str, str]]:
        """What was answered, of a process that is stopped."""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        try:
            return self.read(10**9)
        except BlockingIOError:
            return set()
        finally:
            os.set_blocking(self.process.stdout.fileno(), True)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
