"""Real servers with a standby connection: when the first is cut, they go on by the second at once."""

from __future__ import annotations

import re
import socket
import struct
from threading import Thread

import pytest
from daemon_network import Network, met
from daemon_process import HOST, wait_for

pytestmark = pytest.mark.daemon


class Road:
    """Leads one connection to a port, until it is cut; then there is nobody."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server((HOST, 0))
        self._ends: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        far = socket.create_connection((HOST, self._target))
        self._ends = [near, far]
        for source, sink in ((near, far), (far, near)):
            Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass

    def cut(self) -> None:
        """RST to both ends."""
        self._listener.close()
        for end in self._ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RD)  # wakes who reads from it
            end.close()


def test_a_cut_connection_is_gone_on_with_by_the_standby(network: Network) -> None:
    for name in "ab":
        network.add(name)
    road = Road(network.link_ports["a"])
    addresses = f'["{HOST}:{road.port}", "{HOST}:{network.link_ports["a"]}"]'
    network.configure("a", network.to("b"), grace=300)
    network.configure("b", network.to("a", addresses=addresses, standby="true"), grace=300)
    with network.daemons["a"] as a, network.daemons["b"] as b:
        network.linked("b")
        with a.client("ann") as ann, b.client("bob") as bob:
            met(ann, bob, "#c")
            wait_for(lambda: "A connection waits for b.test" in a.output(), "the standby")
            road.cut()
            for number in range(20):
                ann.send(f"PRIVMSG #c :{number}")
                bob.until(f"PRIVMSG #c :{number}$")
            assert re.search(r"Link to a\.test resumed after \d+\.\d s", b.output())
            assert "No link to a.test" not in b.output(), "it was not dialled again"
