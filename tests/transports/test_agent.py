"""Requests to places that people named: which addresses are connected to, and what is read of an answer."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionRefusedError
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.testing import MemoryReactorClock, StringTransportWithDisconnection
from twisted.python.failure import Failure
from zope.interface import implementer

from chatnet.transports.agent import ANSWER, BARRED, Courier
from chatnet.web.telling import Told, Untold

HEADERS = {"content-type": "application/json", "webhook-id": "m1"}


@implementer(IHostnameResolver)
class Names:
    """Knows what names mean; each time it is asked the next of several meanings."""

    def __init__(self) -> None:
        self.known: dict[str, list[list[str]]] = {}

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        meanings = self.known.get(hostName, [[]])
        found = meanings.pop(0) if len(meanings) > 1 else meanings[0]
        resolutionReceiver.resolutionBegan(self)
        for text in found:
            kind = IPv6Address if ":" in text else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", text, portNumber))
        resolutionReceiver.resolutionComplete()
        return self


@implementer(IReactorPluggableNameResolver)
class Reactor(MemoryReactorClock):
    """A reactor without sockets."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's is not typed
        self.names = Names()
        self.nameResolver = self.names

    def installNameResolver(self, resolver: Any) -> Any:
        raise NotImplementedError


class Street:
    """Somebody who tells others, over no real network."""

    def __init__(self, private: tuple[str, ...] = ("127.0.0.0/8",)) -> None:
        self.reactor = Reactor()
        self.courier = Courier(self.reactor, lambda: private, lambda: 10.0)
        self.known = self.reactor.names.known
        self.answers: list[Told] = []
        self.failures: list[Untold] = []

    def tell(self, url: str, body: bytes = b"{}") -> None:
        answer = Deferred.fromCoroutine(self.courier(url, HEADERS, body))
        answer.addCallbacks(self.answers.append, lambda failure: self.failures.append(failure.value))

    @property
    def asked(self) -> list[str]:
        """The addresses that are connected to."""
        return [host for host, *_ in self.reactor.tcpClients]

    def connected(self) -> tuple[Any, StringTransportWithDisconnection]:
        """The last connection, which is made; what reads it, and what was written."""
        factory: Any = self.reactor.tcpClients[-1][2]
        protocol = factory.buildProtocol(None)
        transport = StringTransportWithDisconnection()
        transport.protocol = protocol
        protocol.makeConnection(transport)
        return protocol, transport


def test_it_is_posted_and_the_answer_is_read() -> None:
    street = Street()
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test:8080/in?a=b", b'{"a": 1}')
    assert street.asked == ["127.0.0.1"] and street.reactor.tcpClients[0][1] == 8080
    protocol, transport = street.connected()
    head, _, body = transport.value().partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /in?a=b HTTP/1.1" and body == b'{"a": 1}'
    assert {b"Host: hooks.test:8080", b"Content-Length: 8", b"Webhook-Id: m1"} <= set(lines)
    assert not any(line.lower().startswith(b"accept-encoding") for line in lines)
    protocol.dataReceived(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert street.answers == [Told(200, "application/json", b"{}")]


@pytest.mark.parametrize(
    ("meaning", "url"),
    [
        (["127.0.0.1"], "https://hooks.test/"),
        (["10.0.0.1", "::1", "fe80::1", "169.254.169.254"], "https://hooks.test/"),
        (["::ffff:127.0.0.1"], "https://hooks.test/"),
        (["8.8.8.8"], "http://hooks.test/"),
        (["10.0.0.1"], "http://hooks.test/"),
    ],
)
def test_a_network_that_is_not_to_be_reached_is_not(meaning: list[str], url: str) -> None:
    street = Street(private=())
    street.known["hooks.test"] = [meaning]
    street.tell(url)
    assert street.asked == []
    (why,) = street.failures
    assert str(why) == BARRED and why.barred


@pytest.mark.parametrize("literal", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0"])
def test_nor_is_one_that_stands_there_itself(literal: str) -> None:
    street = Street(private=())
    street.known[literal.strip("[]")] = [["::1" if "::1" in literal else "127.0.0.1"]]
    street.tell(f"https://{literal}/")
    assert street.asked == [] and street.failures[0].barred


def test_of_several_addresses_only_those_are_tried_that_may_be() -> None:
    street = Street(private=())
    street.known["hooks.test"] = [["10.0.0.1", "8.8.8.8", "::1"]]
    street.tell("https://hooks.test/")
    street.reactor.advance(1)
    assert street.asked == ["8.8.8.8"]


def test_a_name_that_means_another_address_a_moment_later_leads_nowhere_else() -> None:
    street = Street(private=())
    street.known["hooks.test"] = [["8.8.8.8"], ["127.0.0.1"]]
    street.tell("https://hooks.test/")
    street.tell("https://hooks.test/")
    assert street.asked == ["8.8.8.8"] and street.failures[0].barred


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    street = Street()
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test/")
    protocol, _ = street.connected()
    protocol.dataReceived(b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    assert street.answers == [Told(302, "", b"")] and len(street.asked) == 1


def test_of_an_answer_no_more_is_read_than_is_wanted() -> None:
    street = Street()
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test/")
    protocol, transport = street.connected()
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(5):
        if transport.connected:
            protocol.dataReceived(b"x" * 5000)
    assert street.answers == [Told(200, "text/plain", b"x" * ANSWER)]
    assert not transport.connected


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_who_does_not_answer_in_time_is_left(answer: bytes) -> None:
    street = Street()
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test/")
    protocol, transport = street.connected()
    protocol.dataReceived(answer)
    street.reactor.advance(9.9)
    assert street.failures == []
    street.reactor.advance(0.2)
    assert [str(why) for why in street.failures] == ["it did not answer within 10 seconds"]
    assert not transport.connected


def test_of_an_answer_that_does_not_end_the_rest_is_not_waited_for() -> None:
    street = Street()
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test/")
    protocol, transport = street.connected()
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
    street.reactor.advance(10.1)
    assert street.answers == [Told(200, "", b"x")] and not transport.connected


def test_what_goes_wrong_is_told_in_our_own_words() -> None:
    street = Street()
    street.tell("http://nobody.test/")
    street.known["hooks.test"] = [["127.0.0.1"]]
    street.tell("http://hooks.test/")
    factory: Any = street.reactor.tcpClients[-1][2]
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError("secret words")))
    street.reactor.advance(1)
    street.tell("http://hooks.test/")
    protocol, _ = street.connected()
    protocol.connectionLost(Failure(ConnectionDone("secret words")))
    street.tell("http://hooks.test/")
    protocol, _ = street.connected()
    protocol.dataReceived(b"SMTP 220 secret words\r\n\r\n")
    street.tell("ftp://hooks.test/")
    words = [str(why) for why in street.failures]
    assert words[:3] == [
        "there is no such host", "nobody can be reached there", "it closed the connection",
    ]  # fmt: skip
    assert len(words) == 5 and not any("secret" in each for each in words)
    assert not any(why.barred for why in street.failures)
