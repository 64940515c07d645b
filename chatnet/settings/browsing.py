"""Where the web client is to be found, and what else web listeners serve, for people."""

from __future__ import annotations

from ipaddress import IPv6Address

from chatnet.settings.endpoints import endpoint_in
from chatnet.settings.server import ListenSettings
from chatnet.settings.whole import Settings


def addresses(settings: Settings) -> list[str]:
    """The address of the client at each listener that has it, as a browser takes it."""
    return _serving("client", settings)


def base(settings: Settings) -> str:
    """What addresses of hooks begin with, without a slash at the end."""
    return _reached("hooks", settings) or f"https://{settings.server.name}"


def link_to(settings: Settings, secret: str) -> str | None:
    """The address by which people come in who have an invite with that in it; None: no client is here."""
    found = _reached("client", settings)
    return None if found is None else f"{found}/join/{secret}"


def _reached(what: str, settings: Settings) -> str | None:
    """The address by which people reach what is served, without a slash at the end.

    A host in ``web.hosts`` is reached by https, be it that of a proxy; else it is a listener's, by TLS if one
    has it.
    """
    found = sorted(_serving(what, settings), key=lambda each: not each.startswith("https:"))
    if found and settings.web.hosts:
        return f"https://{settings.web.hosts[0]}"
    return found[0].removesuffix("/") if found else None


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
