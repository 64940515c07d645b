"""People who stay, in their file: written by a thread, read at the start, whatever happens in between."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from person_writer import PEOPLE, club, somebody
from profiles import runs
from storage_calls import Calls

from chatnet.storage.files import Damaged
from chatnet.storage.interfaces import CANNOT_WRITE, StoreError
from chatnet.storage.persons.file import Changes, PersonFile
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Device, Person, Seat, Standing
from chatnet.storage.persons.store import PersonStore

TESTS = Path(__file__).parent.parent
NOW = 1_700_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "persons.sqlite"


@pytest.fixture
def calls() -> Calls:
    return Calls()


def opened(path: Path, calls: Calls, drain: float = 30.0) -> PersonStore:
    """A store that tries again at once what failed."""
    store = PersonStore(path, calls, lambda: 0.0, lambda: NOW, lambda: drain, pauses=(0.0,))
    store.load()
    return store


def kept(path: Path) -> Stayed:
    """What another process would find."""
    found = PersonFile(path, lambda: NOW).load()
    return Stayed(sorted(found.people), sorted(found.channels, key=lambda each: each.name))


# rows

TEXT = st.text(st.characters(codec=None), max_size=8)
NUMBER = st.integers(0, 2**63)
PERSON = st.builds(
    Person,
    *(TEXT, TEXT, TEXT, NUMBER, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
    away=st.none() | TEXT,
    seen=NUMBER,
    msgid=TEXT,
    word=st.none() | st.booleans(),
    seats=st.lists(st.builds(Seat, TEXT, NUMBER, TEXT), max_size=3).map(tuple),
    devices=st.lists(st.builds(Device, TEXT, NUMBER, TEXT), max_size=3).map(tuple),
    since=st.dictionaries(TEXT, st.dictionaries(TEXT, TEXT, max_size=3), max_size=3),
)
STANDING = st.builds(
    Standing, TEXT, NUMBER, st.dictionaries(TEXT, st.tuples(TEXT, st.none() | TEXT), max_size=3)
)


@given(PERSON)
def test_somebody_is_read_as_they_were_written(person: Person) -> None:
    assert person.text.isascii() and Person.read(person.text) == person


@given(STANDING)
def test_a_channel_is_read_as_it_was_written(standing: Standing) -> None:
    assert standing.text.isascii() and Standing.read(standing.text) == standing


JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.data(), st.sampled_from([somebody("ann", 1), club(1)]))
def test_whatever_stands_there_is_read_or_a_value_error(data: st.DataObject, row: Person | Standing) -> None:
    read: Callable[[str], Person | Standing] = type(row).read
    tree = json.loads(row.text)
    name = data.draw(st.sampled_from(sorted(tree)))
    tree[name] = data.draw(JSON)
    try:
        found = read(json.dumps(tree))
    except ValueError:
        return
    assert type(row).read(found.text) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "it is no object"),
        ("{}", "it has no key"),
        (somebody("ann")._replace(seen=True).text, "its seen is of another kind"),
    ],
)
def test_what_is_nobody(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Person.read(text)


def test_what_a_later_version_writes_besides_is_overlooked_and_what_it_leaves_out_as_by_default() -> None:
    tree = json.loads(somebody("ann", 7).text)
    del tree["devices"], tree["away"], tree["began"]
    assert Person.read(json.dumps({**tree, "mood": "good"})) == somebody("ann", 7)._replace(devices=())


# the file


def test_who_stays_is_there_at_the_next_start(path: Path, calls: Calls) -> None:
    store = opened(path, calls)
    odd = somebody("b\udcffb")
    store.keep(somebody("ann", 1))
    store.keep(odd)
    store.keep(somebody("cyd"))
    store.keep_channel("#club", club(1))
    store.keep_channel("#\udcff", Standing("#\udcff", 1, {}))
    store.start()
    calls.wait(store.flush())
    assert path.stat().st_mode & 0o777 == 0o600
    store.keep(somebody("ann", 2))
    store.forget("acyd")
    store.forget("anobody")
    store.forget_channel("#\udcff")
    calls.wait(store.close())
    assert kept(path) == Stayed(sorted([somebody("ann", 2), odd]), [club(1)])
    again = opened(path, calls)
    assert sorted(again.load().people) == sorted([somebody("ann", 2), odd])
    calls.wait(again.close())


def test_what_cannot_be_read_is_left_out(path: Path, calls: Calls) -> None:
    store = opened(path, calls)
    store.keep(somebody("ann"))
    calls.wait(store.close())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO person VALUES ('x', '{}'), ('y', x'ff')")
        connection.execute("INSERT INTO standing VALUES ('x', '[]')")
        connection.commit()
    assert kept(path) == Stayed([somebody("ann")], [])


def test_a_file_of_a_newer_version_is_left_alone(path: Path, calls: Calls) -> None:
    calls.wait(opened(path, calls).close())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE persons_version SET version_num = '0002'")
        connection.commit()
    with pytest.raises(StoreError, match="are of a newer chatnet: schema 0002, and not 0001"):
        PersonFile(path, lambda: NOW).load()


class Disk:
    """What writing comes to, one time after the other; then it goes well."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *errors: StoreError) -> None:
        self.batches: list[int] = []
        self._errors = list(errors)
        write = PersonFile.write

        def failing(file: PersonFile, changes: Changes) -> None:
            self.batches.append(len(changes))
            if self._errors:
                raise self._errors.pop(0)
            write(file, changes)

        monkeypatch.setattr(PersonFile, "write", failing)


FULL = StoreError(CANNOT_WRITE, "database or disk is full")


def test_a_full_disk_is_told_once_and_when_it_is_over(
    path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, FULL, FULL, FULL)
    store = opened(path, calls)
    told: list[StoreError | None] = []
    store.troubled = told.append
    for number in range(10):  # what is said later takes the place of what waits
        store.keep(somebody("ann", number))
    store.keep_channel("#club", club(1))
    store.start()
    calls.wait(store.flush())
    assert told == [FULL, None] and disk.batches == [2, 2, 2, 2]
    calls.wait(store.close())
    assert kept(path) == Stayed([somebody("ann", 9)], [club(1)])


def test_what_is_said_while_it_fails_holds(path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    Disk(monkeypatch, FULL)
    store = opened(path, calls)

    def trouble(error: StoreError | None) -> None:
        if error is not None:
            store.keep(somebody("ann", 2))
            store.forget("abob")

    store.troubled = trouble
    store.keep(somebody("ann", 1))
    store.keep(somebody("bob"))
    store.start()
    calls.wait(store.flush())
    calls.wait(store.close())
    assert kept(path) == Stayed([somebody("ann", 2)], [])


def test_closing_takes_no_longer_than_it_may(
    path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    Disk(monkeypatch, *[FULL] * 1000)
    store = opened(path, calls, drain=0.0)
    store.keep(somebody("ann"))
    store.start()
    answer = store.flush()
    calls.wait(store.close())
    with pytest.raises(StoreError, match=CANNOT_WRITE):
        calls.wait(answer)
    with pytest.raises(StoreError, match=CANNOT_WRITE):
        calls.wait(store.flush())


def garble(path: Path) -> None:
    """Write over the beginning of a file that is closed."""
    with path.open("r+b") as file:
        file.write(b"this is no database " * 200)


def test_a_file_that_is_damaged_at_the_start_is_set_aside(path: Path, calls: Calls) -> None:
    store = opened(path, calls)
    store.keep(somebody("ann"))
    calls.wait(store.close())
    garble(path)
    again = opened(path, calls)
    assert again.load() == Stayed([], [])
    again.keep(somebody("bob"))
    calls.wait(again.close())
    assert kept(path) == Stayed([somebody("bob")], [])
    assert path.with_name(f"persons.sqlite.damaged-{NOW}").stat().st_mode & 0o777 == 0o600


def test_a_file_that_becomes_damaged_is_begun_anew_and_all_is_said_again(
    path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(path, calls)
    store.keep(somebody("ann"))
    store.start()
    calls.wait(store.flush())
    Disk(monkeypatch, Damaged(CANNOT_WRITE, "database disk image is malformed"))
    told: list[StoreError | None] = []
    store.troubled = told.append
    store.lost = lambda: store.keep(somebody("ann"))
    store.keep(somebody("bob"))
    calls.wait(store.flush())
    calls.wait(store.flush())
    assert [error is None for error in told] == [False, True]
    calls.wait(store.close())
    assert kept(path) == Stayed([somebody("ann"), somebody("bob")], [])
    assert path.with_name(f"persons.sqlite.damaged-{NOW}").exists()


# kill -9


def killed(path: Path, first: int, least: int) -> list[int]:
    """Have a process write, kill it some time after so many rounds, and give which it had written."""
    command = [sys.executable, str(TESTS / "person_writer.py"), str(path), str(first)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(least)]
        process.kill()
        lines += process.stdout.readlines()
    return [int(line) for line in lines if line.endswith(b"\n")]


def rounds(stayed: Stayed) -> Iterator[int]:
    """Of which rounds those are who are kept."""
    yield from (person.seen for person in stayed.people)
    yield from (int(standing.registers["k"][0].partition(".")[0]) for standing in stayed.channels)


def test_kill_9_leaves_everybody_as_they_were_together(path: Path) -> None:
    random, first = Random(1), 1
    for _ in range(runs(4, 200)):
        last = killed(path, first, random.randrange(1, 40))[-1]
        stayed = kept(path)
        [found] = set(rounds(stayed))
        assert len(stayed.people) == PEOPLE and found >= last
        assert stayed == Stayed(
            sorted(somebody(f"p{index}", found) for index in range(PEOPLE)), [club(found)]
        )
        first = found + 1
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
