"""Where the web client is to be found, for people who start a server."""

from __future__ import annotations

from ipaddress import IPv6Address

from chatnet.settings import ListenSettings, Settings
from chatnet.settings.endpoints import endpoint_in


def addresses(settings: Settings) -> list[str]:
    """The address of the client at each listener that has it, as a browser takes it."""
    found = [_address(listen, settings) for listen in settings.listen if listen.kind == "web"]
    return [each for each in found if each is not None]


def _address(listen: ListenSettings, settings: Settings) -> str | None:
    place = endpoint_in(listen.endpoint).place
    if place is None or "client" not in listen.serves:
        return None
    address, port = place
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    if address.is_unspecified:
        host = next(iter(settings.web.hosts), settings.server.name)
    scheme, usual = ("https", 443) if listen.tls else ("http", 80)
    return f"{scheme}://{host}/" if port == usual else f"{scheme}://{host}:{port}/"
