"""``chatnet audit``, by what it prints."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from chatnet.records.meaning import RecordMeaning
from chatnet.storage.answers import at_once
from chatnet.storage.store import open_store
from chatnet.wire.casemap import folder
from chatnet.wiring.cli import main


@pytest.fixture
def config(tmp_path: Path) -> str:
    config = tmp_path / "chatnet.toml"
    config.write_text('[server]\nname = "irc.example.org"\n')
    return str(config)


def noted(config: str) -> None:
    data = Path(config).parent / "chatnet-data"
    data.mkdir(mode=0o700)
    meaning = RecordMeaning(folder("rfc1459"))
    store = open_store(
        data / "accounts.sqlite",
        meaning,
        sid="0CN",
        casemapping="rfc1459",
        serving=False,
        timeout=lambda: 5.0,
    )
    at_once(store.audit("root (ann)", "KILL", "bob!~bob@192.0.2.7", "spam \x02b", 1764000000))
    at_once(store.audit("root (ann)", "OPERWALL", "who has user mode z", "", time.time() - 60))
    at_once(store.close())


def test_the_notes_as_lines(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--config", config]) == 1
    assert capsys.readouterr().err.startswith("There are no notes yet: ")
    noted(config)
    assert main(["audit", "--config", config]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "2025-11-24 16:00 UTC root (ann) KILL bob!~bob@192.0.2.7: spam \\x02b"
    assert second.endswith("root (ann) OPERWALL who has user mode z")
    assert main(["audit", "--config", config, "kill"]) == 0
    assert capsys.readouterr().out.splitlines() == [first]
    for since, shown in (("1h", [second]), ("2025-11-24", [first, second]), ("2025-11-25", [second])):
        assert main(["audit", "--config", config, "--since", since]) == 0
        assert capsys.readouterr().out.splitlines() == shown
    assert main(["audit", "--config", config, "--since", "often"]) == 1
    assert capsys.readouterr().err == "'often' is no time: a day as 2026-11-29, or a duration as 30d.\n"


def test_the_notes_as_json_lines(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    noted(config)
    assert main(["audit", "--config", config, "--json", "KILL"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {
            "time": "2025-11-24T16:00:00.000Z",
            "server": "irc.example.org",
            "by": "root (ann)",
            "verb": "KILL",
            "about": "bob!~bob@192.0.2.7",
            "detail": "spam \x02b",
        }
    ]
