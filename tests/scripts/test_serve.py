"""What scripts/serve has a server listen on that nobody configured."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from daemon_process import ROOT

from chatnet.settings import Settings
from chatnet.settings.browsing import addresses

USUAL = [
    {"endpoint": "tcp:6667:interface=127.0.0.1"},
    {"endpoint": "tcp:6697:interface=127.0.0.1", "tls": True},
    {"endpoint": "tcp:8080:interface=127.0.0.1", "kind": "web"},
]


@pytest.mark.parametrize(
    ("arguments", "before", "listens"),
    [
        ([], None, USUAL),
        (["--config", "chatnet.toml"], None, None),
        (["--config=chatnet.toml"], None, None),
        (["-c", "chatnet.toml"], None, None),
        ([], [{"endpoint": "tcp:1"}], [{"endpoint": "tcp:1"}]),
    ],
)
def test_where_a_server_listens(
    tmp_path: Path, arguments: list[str], before: object, listens: object
) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "environment").write_text('environment() { :; }\ncd "$(dirname "$0")/.."\n')
    shutil.copy(ROOT / "scripts" / "serve", tmp_path / "scripts")
    twistd = tmp_path / ".venv" / "bin" / "twistd"
    twistd.parent.mkdir(parents=True)
    twistd.write_text('#!/bin/sh\nprintf "%s\\n%s" "$*" "${CHATNET__LISTEN:-null}"\n')
    twistd.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin"}
    if before is not None:
        environment["CHATNET__LISTEN"] = json.dumps(before)
    done = subprocess.run(
        [tmp_path / "scripts" / "serve", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    command, _, found = done.stdout.partition("\n")
    assert command == " ".join(["--nodaemon --pidfile= chatnet", *arguments])
    assert json.loads(found) == listens


def test_it_is_told_where_to_chat_in_a_browser() -> None:
    def told(**listen: object) -> list[str]:
        web = {"hosts": ["chat.example.org"]}
        return addresses(Settings.model_validate({"listen": [{"kind": "web", **listen}], "web": web}))

    assert told(endpoint="tcp:8080:interface=127.0.0.1") == ["http://127.0.0.1:8080/"]
    assert told(endpoint=r"tcp6:8080:interface=\:\:1") == ["http://[::1]:8080/"]
    assert told(endpoint="tcp6:443", tls=True) == ["https://chat.example.org/"]
    assert told(endpoint="tcp:80") == ["http://chat.example.org/"]
    assert told(endpoint="tcp:80", serves=["redirect"]) == told(endpoint="unix:web.sock") == []
    assert addresses(Settings.model_validate({"listen": USUAL})) == ["http://127.0.0.1:8080/"]
