"""Where the web client is to be found, and what else web listeners serve: for people, links and hooks."""

from __future__ import annotations

from ipaddress import IPv6Address

from chatnet.settings.endpoints import endpoint_in
from chatnet.settings.server import ListenSettings
from chatnet.settings.whole import Settings


def addresses(settings: Settings) -> list[str]:
    """The address of the client at each listener that has it, as a browser takes it."""
    return _serving("client", settings)


def link_to(settings: Settings, secret: str) -> str | None:
    """The address by which people come in who have an invite with that in it; None: there is no client here.

    A host in ``web.hosts`` is reached by https, be it that of a proxy; else it is the first address.
    """
    found = addresses(settings)
    if not found:
        return None
    base = f"https://{settings.web.hosts[0]}/" if settings.web.hosts else found[0]
    return f"{base}join/{secret}"


def base(settings: Settings) -> str:
    """What addresses of hooks begin with, without a slash at the end: as above."""
    found = _serving("hooks", settings)
    if found and not settings.web.hosts:
        return found[0].removesuffix("/")
    return f"https://{next(iter(settings.web.hosts), settings.server.name)}"


def _serving(what: str, settings: Settings) -> list[str]:
    listeners = [listen for listen in settings.listen if listen.kind == "web" and what in listen.serves]
    found = [_address(listen, settings) for listen in listeners]
    return [each for each in found if each is not None]


def _address(listen: ListenSettings, settings: Settings) -> str | None:
    place = endpoint_in(listen.endpoint).place
    if place is None:
        return None
    address, port = place
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    if address.is_unspecified:
        host = next(iter(settings.web.hosts), settings.server.name)
    scheme, usual = ("https", 443) if listen.tls else ("http", 80)
    return f"{scheme}://{host}/" if port == usual else f"{scheme}://{host}:{port}/"
