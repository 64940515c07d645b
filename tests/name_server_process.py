"""A name server on loopback, of twisted.names: ``python name_server_process.py PORT ZONE.json``.

The zone maps names to lists of IPv4 addresses (or of one name, for PTR), or to ``"silent"`` (nothing is
answered), ``"garbage"`` (bytes that are no message), ``"fails"`` (SERVFAIL), ``"truncated"`` (ask by TCP,
where nobody says a word) or ``"chatter"`` (a hundred addresses, none of which counts).  It answers by UDP,
and takes connections by TCP.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from twisted.internet import defer, protocol
from twisted.internet import reactor as the_reactor
from twisted.names import dns, error, server


class Zone:
    """What is known, for ``DNSServerFactory``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def query(self, query: Any, timeout: Any = None) -> defer.Deferred[Any]:
        name = query.name.name.decode().lower()
        found = json.loads(self.path.read_text()).get(name)
        if found is None or query.type not in (dns.A, dns.PTR):
            return defer.fail(error.DomainError(name))
        if query.type == dns.PTR:
            pointer = dns.RRHeader(name, dns.PTR, ttl=300, payload=dns.Record_PTR(found[0], 300))
            return defer.succeed(([pointer], [], []))
        if found == "fails":
            return defer.fail(error.ResolverError(name))
        if found == "chatter":
            found = [f"198.51.100.{n}" for n in range(100)]
        answers = [dns.RRHeader(name, dns.A, ttl=300, payload=dns.Record_A(each, 300)) for each in found]
        return defer.succeed((answers, [], []))


class Datagrams(dns.DNSDatagramProtocol):
    """Spoils what the zone says is to be spoilt."""

    path: Path

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        message = dns.Message()
        message.fromStr(data)
        found = json.loads(self.path.read_text()).get(message.queries[0].name.name.decode().lower())
        if found == "silent":
            return
        if found == "garbage":
            self.transport.write(b"\xff" * 3, addr)
            self.transport.write(data[:2] + b"\xff" * 200, addr)
        elif found == "truncated":
            self.transport.write(data[:2] + b"\x82" + data[3:], addr)
        else:
            super().datagramReceived(data, addr)


def main() -> None:
    reactor: Any = the_reactor
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    factory = server.DNSServerFactory(authorities=[Zone(path)])
    datagrams = Datagrams(factory)  # type: ignore[no-untyped-call]  # twisted.names is not typed
    datagrams.path = path
    reactor.listenUDP(port, datagrams, interface="127.0.0.1")
    reactor.listenTCP(port, protocol.Factory.forProtocol(protocol.Protocol), interface="127.0.0.1")
    print("ready", flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
