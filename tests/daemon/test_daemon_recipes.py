"""The recipes of docs/hooks.md and docs/inlets.md, run as they stand there, against the real daemon."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from asking import secret
from daemon_process import DEADLINE, HOST, ROOT, Client, free_port
from test_daemon_hooks import Listening, Programs

pytestmark = pytest.mark.daemon

RECIPE = re.compile(r"<!-- recipe: ([a-z]+) -->\n```(sh|python)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
MADE = re.compile(r"^ +HOOK ADD (#\w+) (\w+)(?: (\w+))?$", re.MULTILINE)


def recipes(name: str) -> dict[str, tuple[str, str]]:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return {found[1]: (found[2], found[3]) for found in RECIPE.finditer(text)}


HOOKS, INLETS = recipes("hooks.md"), recipes("inlets.md")
PROGRAMS = {"sh": ["bash", "-c"], "python": [sys.executable, "-c"]}


def needs(text: str) -> None:
    """Skip a recipe whose programs are not installed."""
    for program in ("curl", "nc", "logger"):
        if re.search(rf"\b{program} ", text) and shutil.which(program) is None:
            pytest.skip(f"there is no {program} here")


def run(recipe: tuple[str, str], **given: object) -> str:
    """What a recipe prints."""
    kind, text = recipe
    needs(text)
    environment = {**os.environ, **{name: str(value) for name, value in given.items()}}
    done = subprocess.run(
        [*PROGRAMS[kind], text], env=environment, capture_output=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with Programs(tmp_path_factory.mktemp("recipes")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def ann(programs: Programs) -> Client:
    return programs.club()[0]


@pytest.fixture(scope="module")
def address(ann: Client) -> str:
    ann.send("CS HOOK ADD #club recipes")
    return ann.until(r"NOTICE ann :http://")[-1].rpartition(" :")[2].strip()


def bearer(ann: Client, label: str) -> str:
    ann.send(f"NS TOKEN ADD {label}")
    return ann.until(f"The token {label}")[-1].rpartition(" ")[2]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cron", r"PRIVMSG #club :The backup of \S+ failed"),
        ("output", r"PRIVMSG #club :.*%"),
        ("ci", r"PRIVMSG #club :\[CI\] Build 812 is green \(https://ci\.example\.org/812\)"),
        ("python", r"PRIVMSG #club :The door is open"),
    ],
)
def test_a_program_says_something(ann: Client, address: str, name: str, said: str) -> None:
    assert run(HOOKS[name], HOOK=address).strip() == "ok"
    ann.until(said)


POSTED: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "code": (
        {"X-GitHub-Event": "push"},
        {
            "ref": "refs/heads/main",
            "repository": {"full_name": "club/site"},
            "pusher": {"name": "ann"},
            "compare": "https://github.com/club/site/compare/a...b",
            "commits": [{"id": "0123456789", "message": "Say hello", "author": {"name": "Ann"}}],
        },
        r"\[club/site\] ann pushed 1 commit to main https://github\.com/club/site/compare/a\.\.\.b",
    ),
    "lab": (
        {"X-Gitlab-Event": "Pipeline Hook"},
        {
            "object_kind": "pipeline",
            "project": {"path_with_namespace": "club/site"},
            "object_attributes": {"id": 7, "ref": "main", "status": "failed", "url": "https://lab.test/7"},
        },
        r"\[club/site\] Pipeline 7 on main: failed https://lab\.test/7",
    ),
    "grafana": (
        {},
        {
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "Load", "instance": "db1"},
                    "annotations": {"summary": "too high"},
                    "panelURL": "https://grafana.test/d/1",
                }
            ],
            "title": "[FIRING:1] Load",
        },
        r"\[FIRING\] Load \(db1\): too high https://grafana\.test/d/1",
    ),
    "alerts": (
        {},
        {"version": "4", "alerts": [{"status": "resolved", "labels": {"alertname": "Down", "job": "site"}}]},
        r"\[RESOLVED\] Down \(site\)",
    ),
    "house": ({}, {"text": "The washing machine is done"}, "The washing machine is done"),
}
"""What those post whose recipe is a setting of theirs, by the label of the hook that is made in it."""


def test_what_services_post_is_said(programs: Programs, ann: Client) -> None:
    made = [found for found in MADE.findall((ROOT / "docs" / "hooks.md").read_text()) if found[1] in POSTED]
    assert {label for _, label, _ in made} == POSTED.keys()
    for channel, label, form in made:
        ann.send(f"JOIN {channel}", f"CS REGISTER {channel}")
        ann.until(f"{channel} (belongs to ann now|is registered already)")
        ann.send(f"CS HOOK ADD {channel} {label} {form}".rstrip())
        place = ann.until(r"NOTICE ann :http://")[-1].rpartition(" :")[2].strip()
        headers, payload, said = POSTED[label]
        request = urllib.request.Request(
            place, json.dumps(payload).encode(), {"Content-Type": "application/json", **headers}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            assert answer.read() == b"ok"
        ann.until(f"^:{label}!\\S+ PRIVMSG {channel} :{said}")


def test_a_program_is_told_and_answers(programs: Programs, ann: Client) -> None:
    port, token = free_port(), bearer(ann, "recipes")
    server = f"http://{HOST}:{programs.web}"
    told = Listening()  # only to have the key before the program starts
    made = json.loads(run(HOOKS["tell"], TOKEN=token, SERVER=server, PROGRAM=told.url))
    ann.until("^:weather!\\S+ JOIN #club")
    request = urllib.request.Request(
        f"{server}/api/v1/hooks/{made['id']}",
        json.dumps({"url": f"http://{HOST}:{port}/"}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=DEADLINE).close()
    kind, text = HOOKS["answer"]
    environment = {**os.environ, "KEY": made["secret"], "PORT": str(port)}
    program = subprocess.Popen([*PROGRAMS[kind], text], env=environment, stderr=subprocess.DEVNULL)
    try:
        ann.send("PRIVMSG #club :!weather")  # it may not listen yet: then it is tried again
        ann.until("^:weather!\\S+ PRIVMSG #club :21 degrees, ann")
    finally:
        program.terminate()
        program.wait(DEADLINE)


def test_a_feed_is_read(programs: Programs, ann: Client, address: str, tmp_path: Path) -> None:
    feeds = [
        b"<rss><channel><item><guid>1</guid><title>Old</title><link>https://f/1</link></item></channel></rss>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>2</id><title>New</title><link href="https://f/2"/>'
        b"</entry><entry><id>1</id><title>Old</title></entry></feed>",
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(feeds.pop(0) if len(feeds) > 1 else feeds[0])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer((HOST, 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    for _ in range(3):
        subprocess.run(
            [
                *(sys.executable, str(ROOT / "examples" / "feed_reader.py")),
                *(f"http://{HOST}:{server.server_port}/", address, str(tmp_path / "state")),
            ],
            check=True,
            timeout=DEADLINE,
        )
    ann.send("PRIVMSG #club :end")
    ann.send("PRIVMSG ann :end")
    lines = ann.until("PRIVMSG ann :end")
    assert [line.rpartition(" :")[2] for line in lines if ":recipes!" in line and "PRIVMSG" in line] == [
        "New https://f/2"
    ]


@pytest.mark.parametrize(
    ("name", "printed", "said"),
    [
        ("nc", "ok #sensors as greenhouse ok", "^:greenhouse!\\S+ PRIVMSG #sensors :21.5 degrees"),
        ("board", "ok #sensors as greenhouse ok ok", "^:greenhouse!\\S+ PRIVMSG #sensors :the door is open"),
        ("logger", "", "^:machines!\\S+ PRIVMSG #ops :\\[error\\] \\S+ backup: the disk is full"),
        ("udp", "", "^:board!\\S+ PRIVMSG #sensors :the door is open"),
        ("value", "", ""),
    ],
)
def test_machines_and_boards_are_heard(
    programs: Programs, ann: Client, name: str, printed: str, said: str
) -> None:
    ann.send("JOIN #sensors,#ops")
    ports = {"logger": programs.syslog, "udp": programs.udp}
    found = run(
        INLETS[name],
        TOKEN=secret("greenhouse"),
        HOST=HOST,
        PORT=ports.get(name, programs.line),
        SECRET="long-word",
        SERVER=f"http://{HOST}:{programs.web}",
    )
    assert " ".join(found.split()) == printed
    if said:
        ann.until(said)
    else:
        ann.send("METADATA #sensors GET value/temperature")
        ann.until(" 761 ann #sensors value/temperature \\* :21.5 °C")


def test_each_recipe_is_one_of_these() -> None:
    assert HOOKS.keys() == {"cron", "output", "ci", "python", "tell", "answer"}
    assert INLETS.keys() == {"nc", "board", "value", "logger", "udp"}
