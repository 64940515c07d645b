"""``chatnet account`` beside servers that have a database, and what a configuration may say of one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from postgresql_server import PASSWORD, Postgres
from storage_kinds import ANN, MEANING, named

from chatnet.settings import Settings
from chatnet.storage.answers import at_once
from chatnet.storage.store import FILE, SQLiteStore
from chatnet.wiring.cli import main
from chatnet.wiring.config import ConfigError, load
from chatnet.wiring.reload import fixed

Captured = pytest.CaptureFixture[str]
BAD = "is no URL such as postgresql://user:password@host/database"


def problems(url: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(None, {"CHATNET__STORAGE__URL": url})
    return list(refused.value.problems)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:planted@db/x",
        "host=db password=planted",
        "postgresql://ann:planted@db:nonsense/x",
        "postgresql://ann:plan%ted@db/x",
        "postgresql://ann:planted@db/x?nonsense=1",
        "postgresql://ann:plan@ted@db/x",
    ],
)
def test_what_is_no_url_is_told_without_it(url: str) -> None:
    assert problems(url) == [f"environment CHATNET__STORAGE__URL: {BAD}"]


def test_a_url_is_a_secret_and_may_come_from_the_environment(tmp_path: Path) -> None:
    url = f"postgresql://chat:{PASSWORD}@db.example.org/chat"
    settings = load(None, {"CHATNET__STORAGE__URL": url}).settings
    assert settings.storage.url is not None and settings.storage.url.get_secret_value() == url
    assert PASSWORD not in repr(settings) + str(settings)
    assert load(None, {"CHATNET__STORAGE__URL": ""}).settings.storage.url is None
    path = tmp_path / "chatnet.toml"
    path.write_text(f'[storage]\nurl = "{url}"\n')
    path.chmod(0o644)
    [warning] = load(str(path), {}).warnings
    assert "holds secrets, and everybody on this machine can read it" in warning


def test_over_a_network_tls_is_asked_for() -> None:
    parameters_of = pytest.importorskip("chatnet.storage.postgresql").parameters_of
    for here in ("", "localhost", "127.0.0.1:5433", "[::1]", "%2Ftmp"):
        assert "sslmode" not in parameters_of(f"postgresql://chat@{here}/chat")
    for there in (
        "db.example.org",
        "192.0.2.7",
        "localhost,db.example.org",
        "localhost/x?hostaddr=192.0.2.7",
    ):
        assert parameters_of(f"postgresql://chat@{there}")["sslmode"] == "require"
    assert parameters_of("postgresql://db.example.org/x?sslmode=verify-full")["sslmode"] == "verify-full"


def test_the_package_is_needed_by_who_has_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatnet.wiring.config.find_spec", lambda name: None)
    reason = "needs the Python package psycopg, which is not installed (chatnet's extra `postgresql`)"
    assert problems("postgresql://db/x") == [f"environment CHATNET__STORAGE__URL: {reason}"]
    assert load(None, {}).settings == Settings()


def test_nothing_of_it_is_imported_before_it_is_needed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; import chatnet.wiring.service, chatnet.wiring.store as s;"
        "from chatnet.settings import Settings; s.store_in(pathlib.Path(sys.argv[1]), Settings(),"
        " lambda: None, __import__('chatnet.wiring.clock').wiring.clock.ReactorClock(None),"
        " __import__('twisted.internet.reactor').internet.reactor);"
        "print([m for m in sys.modules if m.startswith(('psycopg', 'chatnet.storage.postgresql',"
        " 'chatnet.storage.shared', 'sqlalchemy.dialects.postgresql'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


def test_another_database_is_that_of_the_next_start() -> None:
    old, new = (Settings.model_validate({"storage": {"url": f"postgresql://{host}/x"}}) for host in "ab")
    kept, notes = fixed(old, new)
    assert notes == ["storage.url changes at the next restart only"]
    assert kept.storage.url == old.storage.url
    assert fixed(kept, old)[1] == []


class Tool:
    """The command, for a server that has a database."""

    def __init__(self, postgres: Postgres, folder: Path, captured: Captured) -> None:
        self.url = postgres.url(postgres.database(), "chat", PASSWORD)
        self.data = folder / "chatnet-data"
        self.data.mkdir(mode=0o700)
        self.config = folder / "chatnet.toml"
        self.config.write_text(f'[storage]\nurl = "{self.url}"\n[accounts]\niterations = 4096\n')
        self.captured = captured

    def server(self) -> SQLiteStore:
        from chatnet.storage.shared import open_shared

        sid = Settings().server.sid
        return open_shared(self.data / FILE, self.url, MEANING, sid=sid, casemapping="rfc1459", serving=True)

    def __call__(self, *words: str, fails: bool = False) -> str:
        action, *rest = words
        status = main(["account", action, "--config", str(self.config), *rest])
        out, err = self.captured.readouterr()
        assert status == (1 if fails else 0), err
        assert PASSWORD not in out + err
        return err if fails else out


@pytest.fixture
def tool(postgres: Postgres, tmp_path: Path, capsys: Captured) -> Tool:
    return Tool(postgres, tmp_path, capsys)


@pytest.mark.client
def test_accounts_of_the_database_are_listed_and_changed(tool: Tool, postgres: Postgres) -> None:
    assert "no accounts yet" in tool("list", fails=True)
    at_once(tool.server().close())
    assert tool("list") == ""
    server = tool.server()
    at_once(server.write([named(ANN, "ann", 5)]))
    assert tool("list").startswith("ann ")
    tool("suspend", "ann", "spam")
    server.watch()
    found = [record.value for record in at_once(server.entity(ANN)) if record.field == "suspended"]
    assert found and str(found[0]).endswith(":spam")
    at_once(server.close())
    postgres.stop()
    try:
        assert "suspended" in tool("list")
        assert "cannot be used now" in tool("unsuspend", "ann", fails=True)
        assert "The database of accounts cannot be reached" in tool("restored", fails=True)
    finally:
        postgres.start()
    assert "numbered anew" in tool("restored")
    assert "are no copy of the database: start the server once" in tool("list", fails=True)
    at_once(tool.server().close())
    assert tool("list").startswith("ann ")


def test_without_a_database_there_is_nothing_to_fill(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "chatnet.toml"
    config.write_text("")
    assert main(["account", "restored", "--config", str(config)]) == 1
    assert "No database is configured (storage.url)" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["chatnet.toml"]
