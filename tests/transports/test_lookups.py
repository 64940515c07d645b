from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.names import dns
from twisted.names.error import DNSNameError

from chatnet.transports.lookups import host_of


class Zone:
    """A resolver that knows a few records, and keeps silent about `silent` ones."""

    def __init__(self, *, silent: tuple[str, ...] = (), **records: Any) -> None:
        self.silent = silent
        self.cancelled: list[str] = []
        self.pointers: dict[str, str] = records.get("pointers", {})
        self.addresses: dict[str, list[str]] = records.get("addresses", {})

    def _answer(self, name: str, payloads: list[Any]) -> Deferred[Any]:
        if name in self.silent:
            return Deferred(lambda _: self.cancelled.append(name))
        if not payloads:
            return fail(DNSNameError())
        return succeed(([dns.RRHeader(name, p.TYPE, payload=p) for p in payloads], [], []))

    def lookupPointer(self, name: str) -> Deferred[Any]:
        alias = [dns.Record_CNAME("elsewhere.example")]
        return self._answer(
            name, [*alias, dns.Record_PTR(self.pointers[name])] if name in self.pointers else []
        )

    def lookupAddress(self, name: str) -> Deferred[Any]:
        return self._answer(name, [dns.Record_A(a) for a in self.addresses.get(name, ()) if ":" not in a])

    def lookupIPV6Address(self, name: str) -> Deferred[Any]:
        return self._answer(name, [dns.Record_AAAA(a) for a in self.addresses.get(name, ()) if ":" in a])


V4 = "1.2.0.192.in-addr.arpa"
V6 = "9." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"


def ask(zone: Zone, address: str = "192.0.2.1") -> str | None:
    (answer,) = asked(zone, address, Clock())
    return answer


def asked(zone: Zone, address: str, clock: Clock) -> list[str | None]:
    answers: list[str | None] = []
    Deferred.fromCoroutine(host_of(address, 4.0, resolver=zone, clock=clock)).addCallback(answers.append)
    return answers


def test_a_name_that_leads_back() -> None:
    zone = Zone(pointers={V4: "Host.Example.Org"}, addresses={"host.example.org": ["192.0.2.7", "192.0.2.1"]})
    assert ask(zone) == "host.example.org"


def test_ipv6() -> None:
    zone = Zone(pointers={V6: "six.example.org"}, addresses={"six.example.org": ["2001:db8::9", "192.0.2.1"]})
    assert ask(zone, "2001:db8::9") == "six.example.org"


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("host.example.org", ["192.0.2.2"]),
        ("host.example.org", []),
        ("no_such~name.example.org", ["192.0.2.1"]),
        ("192.0.2.1", ["192.0.2.1"]),
        ("a" * 60 + ".example.org", ["192.0.2.1"]),
    ],
)
def test_a_name_not_to_be_believed(name: str, addresses: list[str]) -> None:
    assert ask(Zone(pointers={V4: name}, addresses={name: addresses})) is None


def test_no_name() -> None:
    assert ask(Zone()) is None
    assert ask(Zone(), "localhost") is None


@pytest.mark.parametrize("silent", [V4, "host.example.org"])
def test_the_deadline_is_for_all_questions_together(silent: str) -> None:
    zone = Zone(silent=(silent,), pointers={V4: "host.example.org"})
    clock = Clock()
    answers = asked(zone, "192.0.2.1", clock)
    clock.advance(3.9)
    assert not answers
    clock.advance(0.2)
    assert answers == [None]
    assert zone.cancelled == [silent]
    assert not clock.getDelayedCalls()
