"""``chatnet channel``, by what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatnet.records.meaning import RecordMeaning
from chatnet.storage.answers import at_once
from chatnet.storage.record import Record
from chatnet.storage.store import open_store
from chatnet.wire.casemap import folder
from chatnet.wiring.cli import main

ANN, BOB = "a" + "a" * 20, "a" + "b" * 20
CLUB, LATER, GONE = "c" + "a" * 20, "c" + "b" * 20, "c" + "c" * 20
STAMP = "000000001.000000.0CN"
AT = 1764000000  # 2025-11-24 16:00 UTC


def named(entity: str, name: str, since: int) -> list[Record]:
    stamp = f"00000000{since}.000000.0CN"
    return [
        Record(entity, "name", stamp, f"{stamp} {name}"),
        Record(entity, "created", stamp, f"{AT} 0CN"),
    ]


RECORDS = [
    *named(ANN, "ann", 1),
    *named(BOB, "bob", 1),
    *named(CLUB, "#Club", 2),
    *named(LATER, "#club", 3),
    *named(GONE, "#gone", 4),
    Record(CLUB, "founder", STAMP, ANN),
    Record(CLUB, "successor", STAMP, BOB),
    Record(CLUB, f"flags:{BOB}", STAMP, f"AO {AT} ann"),
    Record(CLUB, "akick:*!*@bad.example", STAMP, "0 k ann :spam \x02and\x02 eggs"),
    Record(CLUB, "set:mlock", STAMP, "+n"),
    Record(CLUB, "used", STAMP, "20416"),
    Record(GONE, "status", STAMP, "dropped"),
    Record(GONE, "suspended", STAMP, "0 root :noise"),
]

LISTED = """\
#Club  active     2025-11-24  ann
#club  waiting    2025-11-24  nobody
#gone  dropped    2025-11-24  nobody
"""
SHOWN = f"""\
name:         #Club
id:           {CLUB}
registered:   2025-11-24 16:00 UTC
status:       active
founder:      ann
successor:    bob
used last:    2025-11-24
access:       bob +AO
kept out:     *!*@bad.example by ann: spam \\x02and\\x02 eggs
mlock:        +n
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "chatnet-data").mkdir(mode=0o700)
    store = open_store(
        tmp_path / "chatnet-data" / "accounts.sqlite",
        RecordMeaning(folder("rfc1459")),
        sid="0CN",
        casemapping="rfc1459",
        serving=False,
    )
    at_once(store.merge(RECORDS, "elsewhere", "9ZZ", None))
    at_once(store.close())
    config = tmp_path / "chatnet.toml"
    config.touch()
    return str(config)


def test_all_channels(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channel", "list", "--config", config]) == 0
    assert capsys.readouterr().out == LISTED
    assert main(["channel", "list", "--config", config, "#G*"]) == 0
    assert capsys.readouterr().out == LISTED.splitlines(keepends=True)[2]


def test_one_channel(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channel", "info", "--config", config, CLUB]) == 0
    assert capsys.readouterr().out == SHOWN
    assert main(["channel", "info", "--config", config, "#CLUB"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(SHOWN) and f"id:           {LATER}\n" in out
    assert main(["channel", "info", "--config", config, "#else"]) == 1
    assert capsys.readouterr().err == "There is no registered channel '#else'.\n"
