"""What the operator of another server pastes into its configuration to link to this one."""

from __future__ import annotations

import re
import secrets

from chatnet.settings import Settings
from chatnet.transports.certificates import public_key_fingerprint
from chatnet.wiring.config import ConfigError, Loaded, os_reason
from chatnet.wiring.datafolder import locate

_HEAD = """\
# For the configuration of the other server, which is described likewise in this one's.
# The password is a suggestion: both take the same one, and nobody else knows it.
"""
_PASSIVE = """\
# (This server has no [[listen]] with kind = "server" on TCP and tls = true: it has to connect.)
"""
_SECRET = 24
"""Bytes of chance in a suggested password."""


def link_block(loaded: Loaded) -> str:
    """The ``[[link]]`` that describes the server of this configuration, as TOML.

    Raises ConfigError if its certificate cannot be read; it is made when the server starts.
    """
    settings = loaded.settings
    name = settings.links.certificate or settings.tls.default
    folder = loaded.base / settings.tls.certificates if settings.tls.certificates else None
    folder = folder or locate(loaded) / "certificates"
    path = folder / f"{name}.pem"
    if not path.exists():
        path = folder / name / "fullchain.pem"
    try:
        pin = public_key_fingerprint(path)
    except OSError as error:
        raise ConfigError([f"{folder / name}.pem: {os_reason(error)} (the first start makes it)"]) from None
    except ValueError as error:
        raise ConfigError([str(error)]) from None
    addresses = _addresses(settings)
    return _HEAD + ("" if addresses else _PASSIVE) + "\n".join([
        "[[link]]",
        f'name = "{settings.server.name}"',
        f'sid = "{settings.server.sid}"',
        f"addresses = [{addresses}]",
        f'password = "{secrets.token_urlsafe(_SECRET)}"',
        f'spki_sha256 = ["SPKI:SHA2-256:{pin}"]',
        "",
    ])  # fmt: skip


def _addresses(settings: Settings) -> str:
    """Where servers may connect, as far as listeners tell, for a list in TOML."""
    found = []
    for listen in settings.listen:
        if listen.kind != "server" or not listen.tls:
            continue
        if port := re.match(r"tcp6?:(?:port=)?(\d+)(?::|$)", listen.endpoint):
            interface = re.search(r":interface=((?:\\.|[^:\\])+)", listen.endpoint)
            host = interface[1].replace("\\", "") if interface else ""
            if host in ("", "0.0.0.0", "::"):
                host = settings.server.name
            found.append(f'"[{host}]:{port[1]}"' if ":" in host else f'"{host}:{port[1]}"')
    return ", ".join(found)
