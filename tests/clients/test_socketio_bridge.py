"""The example of a bridge to Socket.IO, with a page's client at one end and irc at the other."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from asking import secret, token
from daemon_process import DEADLINE, HOST, ROOT, Client, Daemon, free_port

pytestmark = pytest.mark.daemon

CONFIGURATION = f"""
[server]
name = "irc.example.org"
[cloak]
enabled = false
[accounts]
iterations = 4096
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
[[token]]
name = "bridge"
nick = "bridge"
hash = "{token("bridge")["hash"]}"
scope = "read,send,events"
"""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    if os.environ.get("CI") != "true" and not (find_spec("socketio") and find_spec("aiohttp")):
        pytest.skip("python-socketio or aiohttp is not installed, which the example is written for")
    daemon = Daemon(tmp_path)
    web = free_port()
    daemon.configure(CONFIGURATION.replace("WEB", str(web)))
    daemon.environment["WEB"] = str(web)
    with daemon:
        yield daemon
    daemon.end()


@pytest.fixture
def bridge(daemon: Daemon) -> Iterator[str]:
    """Its address."""
    port = free_port()
    program = [sys.executable, str(ROOT / "examples" / "socketio_bridge.py")]
    arguments = [f"http://{HOST}:{daemon.environment['WEB']}", str(port), "#club", "#lobby"]
    process = subprocess.Popen([*program, *arguments], env={**os.environ, "TOKEN": secret("bridge")})
    try:
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait()


async def connected(address: str) -> Any:
    """A page's client, as soon as the bridge answers."""
    import socketio

    for _ in range(int(10 * DEADLINE)):
        page = socketio.AsyncSimpleClient()
        try:
            await page.connect(address)
        except socketio.exceptions.ConnectionError:
            await asyncio.sleep(0.1)
        else:
            return page
    raise AssertionError("waited in vain for the bridge")


async def heard(page: Any, seconds: float) -> tuple[str, str]:
    """Who said the next thing that a page is told of, and what; empty if nothing comes."""
    import socketio

    try:
        name, message = await page.receive(timeout=seconds)
    except socketio.exceptions.TimeoutError:
        return "", ""
    assert name == "message" and message["target"] == "#club"
    return message["from"]["nick"], message["text"]


async def talk(ann: Client, bridge: str) -> None:
    page, other = await connected(bridge), await connected(bridge)
    assert await page.call("join", "#Club") is None
    assert await other.call("join", "#ops") == {"error": "Channels are #club, #lobby"}
    found = "", ""
    while found[0] != "ann":  # not before the bridge is in the channel
        ann.send("PRIVMSG #club :do you hear me?")
        found = await heard(page, 1)
    assert found == ("ann", "do you hear me?")
    answer = await page.call("say", {"channel": "#club", "nick": "kim", "text": "hello ann"})
    assert set(answer) == {"id"}
    line = (await asyncio.to_thread(ann.until, r":bridge!\S+ PRIVMSG #club :\[kim\] hello ann$"))[-1]
    assert f"msgid={answer['id']}" in line
    while found[0] == "ann":
        found = await heard(page, DEADLINE)
    assert found == ("bridge", "[kim] hello ann")
    assert (await page.call("say", {"channel": "#club", "text": ""}))["error"]
    assert await page.call("say", "hm") == {"error": "Channels are #club, #lobby"}
    assert await heard(other, 0.1) == ("", ""), "who has joined nothing hears nothing"
    await page.disconnect()
    await other.disconnect()


def test_pages_and_people_hear_each_other(daemon: Daemon, bridge: str) -> None:
    with daemon.client("ann") as ann:
        ann.send("CAP REQ message-tags", "JOIN #club")
        ann.until(" 366 ")
        with ThreadPoolExecutor() as pool:  # a browser of other tests may have a loop in this thread
            pool.submit(asyncio.run, talk(ann, bridge)).result()
