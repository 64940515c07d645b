"""``scripts/bench-accounts`` prints its rows; what stands in them is nobody's to assert."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bench_accounts.seeds import records, sow
from bench_accounts.servers import Person
from daemon_process import HOST, ROOT

from chatnet.records.grammar import is_record
from chatnet.records.meaning import RecordMeaning
from chatnet.storage.answers import at_once
from chatnet.storage.store import open_store
from chatnet.wire.casemap import folder


def test_seeds_are_records_of_different_accounts(tmp_path: Path) -> None:
    found = list(records(1000))
    assert len(found) == len({(each.entity, each.field) for each in found}) == 5630
    assert all(map(is_record, found))
    path = tmp_path / "seeds.sqlite"
    assert sow(path, "0AA", 1000) == 5630
    store = open_store(
        path, RecordMeaning(folder("rfc1459")), sid="0AA", casemapping="rfc1459", serving=False
    )
    assert list(store.load()) == sorted(found)
    [claim] = at_once(store.owner("user7", 0))
    assert claim.entity == next(each.entity for each in found if each.value and "user7" in each.value)


def test_who_registers_asks_again_while_a_server_learns_of_another_one() -> None:
    said = (
        b":a.bench MODE ann +i",
        b":a.bench FAIL REGISTER TEMPORARILY_UNAVAILABLE ann :This server is still learning the accounts",
        b":a.bench REGISTER SUCCESS ann :Account created",
    )
    with socket.create_server((HOST, 0)) as server, ThreadPoolExecutor() as pool:
        coming = pool.submit(Person, server.getsockname()[1], "ann")
        there = server.accept()[0]
        with there:
            there.sendall(b"".join(line + b"\r\n" for line in said))
            person = coming.result()
            person.registered()
            person.close()
            heard = b"".join(iter(lambda: there.recv(4096), b""))
    assert heard.count(b"\r\nREGISTER * * ") == 1


@pytest.mark.daemon
def test_all_is_measured() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench_accounts", "--accounts", "100", "--scale", "0.02"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| (.+?),? .*\| .*\d.* \|$", done.stdout, re.MULTILINE)
    assert {row.split(",")[0].split()[0] for row in rows} == {
        "SCRAM",
        "PLAIN",
        "REGISTER",
        "start",
        "A",
        "filling",
        *("wrong", "the", "their"),  # passwords that are guessed
        *("PING", "200", "memory", "these"),  # who does not come to an end, or to a wrong one
    }
    assert "load average" in done.stdout
