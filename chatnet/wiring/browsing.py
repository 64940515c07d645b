"""Where the web client is to be found, and what else web listeners serve, for people."""

from __future__ import annotations

from ipaddress import IPv6Address

from chatnet.settings import ListenSettings, Settings
from chatnet.settings.endpoints import endpoint_in


def addresses(settings: Settings) -> list[str]:
    """The address of the client at each listener that has it, as a browser takes it."""
    return _serving("client", settings)


def base(settings: Settings) -> str:
    """What addresses of hooks begin with, without a slash at the end; by TLS, where there is that."""
    found = sorted(_serving("hooks", settings), key=lambda each: not each.startswith("https:"))
    if found:
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
