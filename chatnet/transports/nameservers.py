"""The name servers that are asked: for host names, and in block lists (DNSBL)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatnet.session.blocklists import Replies
from chatnet.settings import host_and_port
from chatnet.transports.lookups import host_of

PORT = 53
"""Where name servers listen if nothing else is said.  https://www.rfc-editor.org/rfc/rfc1035#section-4.2"""
SYSTEM = "/etc/resolv.conf"
"""Where the system tells its name servers."""
FIRST = 0.4
"""Part of the time after which a question is asked once more: datagrams may get lost."""

log = Logger()


async def replies_of(name: str, seconds: float, *, resolver: Any, clock: IReactorTime) -> Replies | None:
    """The IPv4 addresses of a name, none if there is no such name; None if that is not known in time."""
    from twisted.names import dns
    from twisted.names.error import DNSNameError

    times = seconds * FIRST, seconds - seconds * FIRST
    try:
        answer: Deferred[Any] = resolver.lookupAddress(name, times)
        answers, _, _ = await answer.addTimeout(seconds, clock)
    except DNSNameError:
        return Replies((), 0.0)
    except Exception as error:  # whatever went wrong, nothing is known
        log.debug("No answer about {name}: {error!r}", name=name, error=error)
        return None
    found = [each for each in answers if each.type == dns.A]
    addresses = tuple(each.payload.dottedQuad() for each in found)
    return Replies(addresses, float(min((each.ttl for each in found), default=0)))


class NameServers:
    """Those that `servers` gives, or (if it gives none) the system's.

    twisted.names is imported, and the system's configuration read, when the first name is asked for.
    """

    def __init__(self, reactor: Any, servers: Callable[[], tuple[str, ...]]) -> None:
        self._reactor = reactor
        self._servers = servers
        self._of: tuple[str, ...] | None = None  # for which servers the resolvers are
        self._plain: Any = None
        self._with_hosts: Any = None

    async def host_of(self, address: str, timeout: float) -> str | None:
        """As ``transports/lookups.py``."""
        self._renew()
        return await host_of(address, timeout, resolver=self._with_hosts, clock=self._reactor)

    async def listed(self, name: str, seconds: float) -> Replies | None:
        """What a block list answers; see ``session/blocklists.py``, where answers are remembered."""
        self._renew()
        return await replies_of(name, seconds, resolver=self._plain, clock=self._reactor)

    def _renew(self) -> None:
        servers = self._servers()
        if self._of == servers:
            return
        from twisted.names.client import Resolver, createResolver, getResolver

        places = [_place(text) for text in servers]
        if places:
            self._plain = Resolver(servers=places, reactor=self._reactor)
            self._with_hosts = createResolver(servers=places)
        else:
            self._plain = Resolver(resolv=SYSTEM, reactor=self._reactor)
            self._with_hosts = getResolver()
        self._of = servers


def _place(text: str) -> tuple[str, int]:
    """Address and port of a server, as the setting has them."""
    if text.startswith("[") or text.count(":") == 1:
        return host_and_port(text)
    return text, PORT
