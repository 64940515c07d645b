"""Files of older schemas, and of newer ones."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from storage_kinds import ANN, MEANING, named

from chatnet.storage import opening
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.migrating import ALEMBIC, MIGRATIONS
from chatnet.storage.sqlite import connect
from chatnet.storage.store import SQLiteStore, open_store
from chatnet.storage.tables import SCHEMA

STEP = """
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    {body}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of today's schema, with two records."""
    path = tmp_path / "accounts.sqlite"
    store = opened(path)
    at_once(store.write([named(ANN, "ann", 5)]))
    at_once(store.close())
    return path


def opened(path: Path, *, serving: bool = True) -> SQLiteStore:
    return open_store(path, MEANING, sid="0AA", casemapping="rfc1459", serving=serving)


class Future:
    """A chatnet of tomorrow, with steps beyond today's schema."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.schema = SCHEMA
        self.monkeypatch = monkeypatch
        shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        monkeypatch.setattr(opening, "MIGRATIONS", folder)

    def step(self, body: str) -> None:
        before, self.schema = self.schema, f"{int(self.schema) + 1:04}"
        text = STEP.format(revision=self.schema, before=before, body=body)
        (self.folder / f"{self.schema}_step.py").write_text(text)
        self.monkeypatch.setattr(opening, "SCHEMA", self.schema)


@pytest.fixture
def future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Future:
    return Future(tmp_path / "a folder, 100% of tomorrow", monkeypatch)


def ask(path: Path, statement: str) -> list[object]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(statement)]


def test_steps_lead_to_the_schema_of_the_tables() -> None:
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [SCHEMA]
    assert all(len(step.revision) == 4 and step.revision.isdecimal() for step in script.walk_revisions())


def test_a_file_that_is_behind_takes_all_steps(path: Path, future: Future) -> None:
    future.step("op.execute(\"ALTER TABLE audit ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'\")")
    future.step("op.execute(\"UPDATE record SET value = value || 'a'\")")
    store = opened(path)
    assert [record.value for record in store.load()] == [(named(ANN, "ann", 5).value or "") + "a"]
    at_once(store.audit("bob", "ERASE", "ann", "", 5.0))
    assert ask(path, "SELECT colour FROM audit") == ["red"]
    assert ask(path, "SELECT version_num FROM accounts_version") == [f"{int(SCHEMA) + 2:04}"]
    copy = path.with_name(f"before-{SCHEMA}.sqlite")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert ask(copy, "SELECT value FROM record") == [named(ANN, "ann", 5).value]
    assert ask(copy, "SELECT version_num FROM accounts_version") == [SCHEMA]
    at_once(store.close())
    at_once(opened(path).close())
    assert sorted(each.name for each in path.parent.glob("*sqlite*")) == [path.name, copy.name]


def test_the_last_two_copies_are_kept(path: Path, future: Future) -> None:
    for _ in range(4):
        future.step("pass")
        at_once(opened(path).close())
    assert sorted(each.name for each in path.parent.glob("*before*")) == [
        f"before-{int(SCHEMA) + 2:04}.sqlite",
        f"before-{int(SCHEMA) + 3:04}.sqlite",
    ]


def test_all_steps_are_taken_or_none(path: Path, future: Future) -> None:
    future.step("op.execute('UPDATE record SET value = 0')")
    future.step("op.execute('ALTER TABLE absent ADD COLUMN x')")
    with pytest.raises(StoreError) as refused:
        opened(path)
    sentence = f"{path} cannot be brought up to date, and is as it was: no such table: absent."
    assert str(refused.value) == sentence
    assert ask(path, "SELECT value FROM record") == [named(ANN, "ann", 5).value]
    assert ask(path, "SELECT version_num FROM accounts_version") == [SCHEMA]


def test_a_tool_does_not_migrate_the_file_of_a_server_that_may_run(path: Path, future: Future) -> None:
    future.step("op.execute('UPDATE record SET value = 0')")
    with pytest.raises(StoreError) as refused:
        opened(path, serving=False)
    assert str(refused.value) == f"The accounts in {path} are of an older chatnet: start the server once."
    assert ask(path, "SELECT version_num FROM accounts_version") == [SCHEMA]


def test_a_file_of_a_newer_schema_is_left_alone(path: Path) -> None:
    with closing(connect(path)) as connection:
        connection.execute("UPDATE accounts_version SET version_num = '0007'")
    for serving in (True, False):
        with pytest.raises(StoreError) as refused:
            opened(path, serving=serving)
        assert str(refused.value) == (
            f"The accounts in {path} are of a newer chatnet: schema 0007, and not {SCHEMA}."
        )


def test_alembic_is_imported_only_then(path: Path) -> None:
    program = (
        "import sys, pathlib; from storage_kinds import *; from chatnet.storage.store import open_store;"
        "open_store(pathlib.Path(sys.argv[1]), MEANING, sid='0AA', casemapping='rfc1459', serving=True);"
        "print([name for name in ('alembic', 'sqlalchemy.orm', 'mako') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "[]\n"


def test_a_file_of_before_there_were_reports(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE report")
        connection.execute("DROP TABLE outbox")
        connection.execute("UPDATE accounts_version SET version_num = '0001'")
        connection.commit()
    store = opened(path)
    at_once(store.keep_report("0CN-1", "{}"))
    at_once(store.keep_report("0CN-1", "[]"))
    at_once(store.keep_report("0CN-2", "{}"))
    at_once(store.keep_report("0CN-2", None))
    assert list(at_once(store.reports())) == [("0CN-1", "[]")]
    assert ask(path, "SELECT version_num FROM accounts_version") == [SCHEMA]
    at_once(store.close())


def test_a_file_of_before_there_was_an_outbox(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE outbox")
        connection.execute("UPDATE accounts_version SET version_num = '0002'")
        connection.commit()
    store = opened(path)
    assert at_once(store.add_parcel("hook", "event", "{}", 5.0, 10)) == 0
    assert list(at_once(store.parcels())) == [("hook", 1)]
    assert ask(path, "SELECT name FROM sqlite_master WHERE name = 'outbox_hook'") == ["outbox_hook"]
    assert ask(path, "SELECT version_num FROM accounts_version") == [SCHEMA]
    at_once(store.close())
