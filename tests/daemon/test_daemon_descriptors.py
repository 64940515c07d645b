"""The real daemon when its clients have taken all the descriptors that they may have."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from daemon_network import Network
from daemon_process import HOST, Client, wait_for

pytestmark = pytest.mark.daemon

LIMIT = 140
"""Descriptors that the process may have."""


def test_links_the_log_and_a_reload_have_descriptors_when_clients_get_none(network: Network) -> None:
    a, b = network.add("a"), network.add("b")
    network.configure("a", network.to("b"), more='[log]\nfile = "chat.log"')
    network.configure("b", network.to("a", True))
    a.wrapper = ["sh", "-c", f'ulimit -n {LIMIT}; exec "$@"', "sh"]
    log = a.folder / "chat.log"
    with ExitStack() as stack:
        a.start()
        people: list[Client] = []
        turned_away = 0
        while turned_away < 20:
            client = stack.enter_context(a.connect())
            client.send("PING :x")
            if client.line() is None:
                turned_away += 1
            else:
                people.append(client)
        assert LIMIT // 4 < len(people) < LIMIT - 64
        told = re.findall(r"A client was not let in: .*", log.read_text())
        assert told == [
            f"A client was not let in: {LIMIT - 64} descriptors are in use, and the others are kept. "
            "A higher limit (ulimit -n, or LimitNOFILE of systemd) lets more in."
        ]
        # A server comes in, and lives.
        b.start()
        wait_for(lambda: "Linked to b.test" in log.read_text(), "the link")
        # A reload opens files, a log that was moved and another port.
        log.rename(a.folder / "chat.log.1")
        assert a.config is not None
        more = f'[[listen]]\nendpoint = "unix:{a.folder}/chat.sock"\n'
        a.config.write_text(a.config.read_text() + more)
        a.reload()
        assert "The configuration was read again" in log.read_text()
        assert (a.folder / "chat.sock").exists()
        # Whoever goes makes room.
        people.pop().close()

        def somebody_gets_in() -> bool:
            with a.connect() as client:
                client.send("PING :x")
                return client.line() is not None

        wait_for(somebody_gets_in, f"room at {HOST}")
        assert "Traceback" not in a.output() + log.read_text()
