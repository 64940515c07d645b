"""What the operator of another server pastes into its configuration to link to this one."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from chatnet.settings import Settings
from chatnet.settings.endpoints import Endpoint, endpoint_in
from chatnet.transports.certificates import public_key_fingerprint
from chatnet.wire.networks import is_loopback
from chatnet.wire.text import printable
from chatnet.wiring.config import ConfigError, Loaded, os_reason
from chatnet.wiring.datafolder import locate

_HEAD = (
    "For the configuration of the other server, which is described likewise in this one's.",
    "The password is a suggestion: both take the same one, and nobody else knows it.",
)
_LOCAL = "(It is reached from its own machine alone, without TLS, where nothing but the password counts.)"
_ALSO = "(From its own machine it is reached without TLS as well: {keys}.)"
_RELATIVE = (
    "(It listens on the UNIX socket {path}, in the folder that it is started in: write the whole path.)"
)
_HANDED_OVER = "(It listens on a socket of systemd: write where that is.)"
_PASSIVE = '(It has no [[listen]] with kind = "server" that others reach: it has to connect.)'
ACCOUNTS = 'accounts = "full"  # both keep all accounts, and their passwords; without it each has its own'
_SECRET = 24
"""Bytes of chance in a suggested password."""


def link_block(loaded: Loaded) -> str:
    """The ``[[link]]`` that describes the server of this configuration, as TOML.

    Raises ConfigError if its certificate cannot be read; it is made when the server starts.  A server that is
    reached from its own machine alone, without TLS, needs none.
    """
    settings = loaded.settings
    secure, plain = _endpoints(settings, tls=True), _endpoints(settings, tls=False)
    far = [address for endpoint in secure if (address := _far(endpoint, settings.server.name))]
    near = [address for endpoint in plain if (address := _near(endpoint))]
    remarks = [remark for endpoint in (*secure, *plain) if (remark := _remark(endpoint))]
    local = [f"addresses = {_toml(near)}", *_without_tls(near)]
    proof: list[str] = []
    if plain and not secure and (near or remarks):
        where = local
        remarks.insert(0, _LOCAL)
    else:
        where = [f"addresses = {_toml(far)}"]
        proof = [f'spki_sha256 = ["SPKI:SHA2-256:{_pin(loaded)}"]']
        if near:
            remarks.append(_ALSO.format(keys=", ".join(local)))
        elif not far and not remarks:
            remarks.append(_PASSIVE)
    lines = [
        *(f"# {remark}" for remark in (*_HEAD, *remarks)),
        "[[link]]",
        f'name = "{settings.server.name}"',
        f'sid = "{settings.server.sid}"',
        *where,
        f'password = "{secrets.token_urlsafe(_SECRET)}"',
        *proof,
        *([ACCOUNTS] if settings.keeps_accounts else ()),
    ]
    return "".join(f"{line}\n" for line in lines)


def _endpoints(settings: Settings, *, tls: bool) -> list[Endpoint]:
    """Where servers may connect with, or without, TLS."""
    listeners = (listen for listen in settings.listen if listen.kind == "server" and listen.tls is tls)
    return [endpoint_in(listen.endpoint) for listen in listeners]


def _far(endpoint: Endpoint, name: str) -> str:
    """Where others reach it, if that can be told; all addresses go by the server's name."""
    if endpoint.place is None:
        return ""
    address, port = endpoint.place
    if address.is_unspecified:
        return f"{name}:{port}"
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"


def _near(endpoint: Endpoint) -> str:
    """Where programs on this machine reach it without TLS, if that can be told."""
    path = endpoint.arguments.get("address", "")
    if path.startswith("/"):
        return path
    place = endpoint.place
    if place is None or not (place[0].is_unspecified or is_loopback(str(place[0]))):
        return ""
    return _far(endpoint, "127.0.0.1")


def _remark(endpoint: Endpoint) -> str:
    """What the operator has to find out by themselves about an endpoint; empty if nothing."""
    path = endpoint.arguments.get("address", "")
    if path and not path.startswith("/"):
        return _RELATIVE.format(path=printable(path))
    return _HANDED_OVER if endpoint.kind == "systemd" else ""


def _without_tls(addresses: Iterable[str]) -> list[str]:
    """The key that says so, where it is not understood: a UNIX socket has no TLS."""
    return [] if all(address.startswith("/") for address in addresses) else ["tls = false"]


def _toml(addresses: list[str]) -> str:
    return json.dumps(addresses, ensure_ascii=False)


def _pin(loaded: Loaded) -> str:
    """The fingerprint of the key that this server shows others."""
    tls = loaded.settings.tls
    name = loaded.settings.links.certificate or tls.default
    folder: Path = loaded.base / tls.certificates if tls.certificates else locate(loaded) / "certificates"
    path = folder / f"{name}.pem"
    if not path.exists():
        path = folder / name / "fullchain.pem"
    try:
        return public_key_fingerprint(path)
    except OSError as error:
        raise ConfigError([f"{folder / name}.pem: {os_reason(error)} (the first start makes it)"]) from None
    except ValueError as error:
        raise ConfigError([str(error)]) from None
