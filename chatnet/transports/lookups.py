"""The host name of an address, by DNS, believed only if the name leads back to the address."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatnet.wire.names import is_hostname

log = Logger()


async def host_of(
    address: str, timeout: float, *, resolver: Any = None, clock: IReactorTime | None = None
) -> str | None:
    """The name of `address`, in lower case; None if it has none to be believed within `timeout` seconds.

    twisted.names is imported, and the system's configuration of resolvers read, when the first name is asked
    for.
    """
    if resolver is None:
        from twisted.names.client import getResolver

        resolver = getResolver()
    if clock is None:
        from twisted.internet import reactor

        clock = IReactorTime(reactor)
    answer: Deferred[str | None] = Deferred.fromCoroutine(_confirmed(address, resolver))
    answer.addTimeout(timeout, clock)
    try:
        return await answer
    except Exception as error:  # whatever went wrong, there is no name
        log.debug("No host name for {address}: {error!r}", address=address, error=error)
        return None


async def _confirmed(address: str, resolver: Any) -> str | None:
    from twisted.names import dns

    parsed = ip_address(address)
    answers, _, _ = await resolver.lookupPointer(parsed.reverse_pointer)
    names = [str(answer.payload.name).rstrip(".").lower() for answer in answers if answer.type == dns.PTR]
    # A name of digits only could pass for an address.
    if not names or not is_hostname(names[0]) or names[0].rpartition(".")[2].isdecimal():
        return None
    ask, kind = (
        (resolver.lookupAddress, dns.A) if parsed.version == 4 else (resolver.lookupIPV6Address, dns.AAAA)
    )
    answers, _, _ = await ask(names[0])
    if any(answer.type == kind and ip_address(answer.payload.address) == parsed for answer in answers):
        return names[0]
    return None
