"""What systemd hears."""

from __future__ import annotations

import secrets
import socket
import time
from pathlib import Path

import pytest

from chatnet.wiring.notify import READY, notify, reloading


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@chatnet-{secrets.token_hex(8)}"


def test_a_state_is_one_datagram(address: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:] if address.startswith("@") else address)
        assert notify(READY, {"NOTIFY_SOCKET": address})
        assert notify("STATUS=hello", {"NOTIFY_SOCKET": address})
        assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"STATUS=hello"


def test_a_reload_says_when_it_began() -> None:
    before = time.monotonic_ns() // 1000
    state, _, moment = reloading().partition("\nMONOTONIC_USEC=")
    assert state == "RELOADING=1"
    assert before <= int(moment) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize("given", ["", "relative", "/nowhere/at/all", "@chatnet-nobody-listens"])
def test_nobody_hears(given: str) -> None:
    assert not notify(READY, {"NOTIFY_SOCKET": given} if given else {})
