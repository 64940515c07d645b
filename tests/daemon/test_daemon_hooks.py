"""The real daemon, and programs: hooks that hear and tell, a line by nc, what logger says, a plugin."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from asking import secret, token
from daemon_process import DEADLINE, HOST, ROOT, Client, Daemon, free_port
from slack_sdk.webhook import WebhookClient
from standardwebhooks.webhooks import Webhook

pytestmark = pytest.mark.daemon

PASSWORD = "planted-secret-one"
CONFIGURATION = """
[server]
name = "irc.example.org"
[flood]
enabled = false
[accounts]
iterations = 4096
nick_protection = "off"
bots = 20
[hooks]
private_networks = ["127.0.0.0/8"]
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
[[listen]]
endpoint = "tcp:LINE:interface=127.0.0.1"
kind = "line"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
kind = "line"
tls = true
[[token]]
name = "greenhouse"
nick = "greenhouse"
hash = "HASH"
scope = "read,send,events"
[[inlet]]
kind = "syslog"
endpoint = "udp:SYSLOG:interface=127.0.0.1"
from = ["127.0.0.1"]
channel = "#ops"
nick = "machines"
[[inlet]]
kind = "udp"
endpoint = "udp:UDP:interface=127.0.0.1"
from = ["127.0.0.1"]
channel = "#sensors"
nick = "board"
secret = "long-word"
"""


class Programs(Daemon):
    """A daemon that serves programs in all ways."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web, self.line, self.syslog, self.udp = (free_port() for _ in range(4))
        text = CONFIGURATION.replace("HASH", token("greenhouse")["hash"])
        for word, port in (
            ("WEB", self.web),
            ("LINE", self.line),
            ("SYSLOG", self.syslog),
            ("UDP", self.udp),
        ):
            text = text.replace(f":{word}:", f":{port}:")
        self.text = text
        self.configure(text)

    def person(self, nick: str, channel: str) -> Client:
        client = self.client(nick)
        client.send(f"JOIN {channel}")
        client.until(f" 366 {nick} ")
        return client

    def club(self) -> tuple[Client, str]:
        """Who has registered #club, and the address of a hook there."""
        ann = self.client("ann")
        ann.send(f"NS REGISTER {PASSWORD}")
        ann.until("The account ann is yours")
        ann.send("JOIN #club", "CS REGISTER #club")
        ann.until("#club belongs to ann now")
        ann.send("CS HOOK ADD #club ci")
        address = re.search(r"http://\S+", ann.until(r"http://127\.0\.0\.1:\d+/hooks/")[-1])
        assert address is not None
        return ann, address[0]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with Programs(tmp_path) as daemon:
        yield daemon


class Listening:
    """A program that is told: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.taken: Queue[tuple[dict[str, str], bytes]] = Queue()
        self.answers: list[tuple[int, bytes]] = []
        listening = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listening.taken.put(({name.lower(): text for name, text in self.headers.items()}, body))
                status, answer = listening.answers.pop(0) if listening.answers else (200, b"")
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer((HOST, 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server.server_port}/in"


def test_hooks_hear_and_tell(programs: Programs) -> None:
    ann, address = programs.club()
    response = WebhookClient(address).send(text="Build 812 is <https://ci.test|green>")
    assert (response.status_code, response.body) == (200, "ok")
    ann.until("^:ci!\\S+ PRIVMSG #club :Build 812 is green")
    assert WebhookClient(address[:-1] + "A").send(text="x").body == "no_service"
    curl = shutil.which("curl")
    if curl is not None:
        for given in (["-d", "disk is full"], ["--data-binary", "@-"]):
            run = subprocess.run(
                [curl, "-sS", *given, address], input=b"from a\nfile", capture_output=True, timeout=DEADLINE
            )
            assert run.stdout == b"ok", run
        ann.until("PRIVMSG #club :disk is full")
        ann.until("PRIVMSG #club :file")
    # and the other way, by the API
    ann.send("NS TOKEN ADD api")
    bearer = ann.until("The token api")[-1].rpartition(" ")[2]
    listening = Listening()
    made = asked(programs, "POST", "/channels/club/hooks", bearer, label="weather", url=listening.url)
    listening.answers = [(503, b""), (200, b'{"text": "21 degrees"}')]
    ann.until("^:weather!\\S+ JOIN")
    ann.send("PRIVMSG #club :!weather")
    for _ in range(2):
        headers, body = listening.taken.get(timeout=DEADLINE)
        told = Webhook(made["secret"]).verify(body, headers)
        assert told["data"]["text"] == "!weather" and told["data"]["from"]["nick"] == "ann"
    ann.until("^:weather!\\S+ PRIVMSG #club :21 degrees")
    assert listening.taken.empty()
    tries = asked(programs, "GET", f"/hooks/{made['id']}/deliveries", bearer)["items"]
    assert [each["status"] for each in tries] == [200, 503]
    for secret_ in (address.rpartition("/")[2], made["secret"]):
        assert secret_ not in programs.output()


def asked(daemon: Programs, method: str, path: str, bearer: str, **body: Any) -> Any:
    """What the API answers."""
    connection = http.client.HTTPConnection(HOST, daemon.web, timeout=DEADLINE)
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, (answer.status, text)
    return json.loads(text)


def test_a_board_says_a_line(programs: Programs) -> None:
    ann = programs.person("ann", "#sensors")
    first = f"{secret('greenhouse')}+ #sensors\n"
    nc = shutil.which("nc")
    if nc is not None:
        run = subprocess.run(
            [nc, "-w", "5", "-q", "2", HOST, str(programs.line)],
            input=f"{first}21.5 degrees\n=temperature 21.5\n".encode(),
            capture_output=True,
            timeout=DEADLINE,
        )
        assert run.stdout.splitlines() == [b"ok #sensors as greenhouse", b"ok", b"ok"], run
        ann.until("^:greenhouse!\\S+ PRIVMSG #sensors :21.5 degrees")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((HOST, programs.tls_port), DEADLINE) as plain,
        context.wrap_socket(plain) as board,
    ):
        lines = board.makefile("rw", encoding="utf-8", newline="\n")
        print(first, end="", file=lines, flush=True)
        assert lines.readline() == "ok #sensors as greenhouse\r\n"
        ann.send("PRIVMSG #sensors :on")
        assert lines.readline() == "ann on\r\n"
        print("door open", file=lines, flush=True)
        assert lines.readline() == "ok\r\n"
        ann.until("PRIVMSG #sensors :door open")
    values = asked(programs, "GET", "/channels/sensors/values", secret("greenhouse"))["items"]
    assert [(each["key"], each["value"]) for each in values] == [("temperature", "21.5")] or nc is None


def test_machines_log_and_a_reload_changes_where(programs: Programs) -> None:
    ann = programs.person("ann", "#ops")
    ann.send("JOIN #sensors")
    ann.until(" 366 ann #sensors")
    logger = shutil.which("logger")
    if logger is not None:
        subprocess.run(
            [
                *(logger, "--udp", "--server", HOST, "--port", str(programs.syslog), "-p", "daemon.err"),
                *("-t", "backup", "disk is full"),
            ],
            check=True,
            timeout=DEADLINE,
        )
        ann.until("^:machines!\\S+ PRIVMSG #ops :\\[error\\] \\S+ backup: disk is full")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"<8>panic", (HOST, programs.syslog))
        ann.until("PRIVMSG #ops :\\[emergency\\] 127.0.0.1: panic")
        datagrams.sendto(b"wrong-word 3", (HOST, programs.udp))
        datagrams.sendto("long-word 21.5 °C".encode(), (HOST, programs.udp))
        ann.until("^:board!\\S+ PRIVMSG #sensors :21.5 °C")
        programs.configure(programs.text.replace('channel = "#ops"', 'channel = "#sensors"'))
        programs.reload()
        datagrams.sendto(b"<8>moved", (HOST, programs.syslog))
        ann.until("PRIVMSG #sensors :\\[emergency\\] 127.0.0.1: moved")
        programs.configure(re.sub(r"\[\[inlet\]\].*", "", programs.text, flags=re.DOTALL))
        programs.reload()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind((HOST, programs.syslog))  # it is free


def with_plugin(folder: Path, module: str) -> Daemon:
    daemon = Daemon(folder)
    daemon.environment["PYTHONPATH"] += f":{ROOT / 'examples' / 'plugins'}"
    daemon.copied = False
    block = f'[[plugin]]\nmodule = "{module}"\nsettings = ["channel=#lobby", "text=Welcome!"]\n'
    daemon.configure(f'[[listen]]\nendpoint = "tcp:PORT:interface=127.0.0.1"\n{block}')
    return daemon


def test_a_plugin_greets_newcomers(tmp_path: Path) -> None:
    with with_plugin(tmp_path, "greeter") as daemon:
        ann = daemon.client("ann")
        ann.send("JOIN #lobby")
        ann.until("NOTICE ann :Welcome!")


def test_a_plugin_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    daemon = with_plugin(tmp_path, "nobody")
    daemon.launch()
    daemon.wait()
    assert "the plugin nobody cannot be started: ModuleNotFoundError" in daemon.output()
