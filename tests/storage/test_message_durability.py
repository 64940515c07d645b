"""kill -9 of who stores messages: what was answered is there, what was deleted is not, and the file is sound.

``HYPOTHESIS_PROFILE=nightly scripts/test tests/storage/test_message_durability.py`` kills until 100,000 were
answered.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random

import message_model as model
from message_writer import CLUB
from profiles import runs

from chatnet.storage.answers import at_once
from chatnet.storage.messages.reading import ALL_KINDS
from chatnet.storage.messages.rows import View, Wanted
from chatnet.storage.messages.store import open_messages

TESTS = Path(__file__).parent.parent


def killed(path: Path, first: int, least: int) -> list[int]:
    """Have a process store messages, kill it some time after so many, and give which it was answered."""
    command = [sys.executable, str(TESTS / "message_writer.py"), str(path), str(first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(least)]
        process.kill()
        lines += process.stdout.readlines()
    return [int(line) for line in lines if line.endswith(b"\n")]


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path, random = tmp_path / "history.sqlite", Random(1)
    answered: set[int] = set()
    first = 1
    while len(answered) < runs(2000, 100_000):
        answered |= set(killed(path, first, random.randrange(1, runs(700, 5000))))
        first = max(map(abs, answered)) + 100
        store = open_messages(path)
        rows = at_once(store.page(View(CLUB), Wanted(ALL_KINDS, 1_000_000))).rows
        there = [row.at - model.NOW for row in rows]
        assert len(there) == len(set(there))
        assert {number for number in answered if number > 0} <= set(there)
        assert not {-number for number in answered if number < 0} & set(there)
        assert store.heard > 0
        at_once(store.close())
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            connection.execute("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)")
