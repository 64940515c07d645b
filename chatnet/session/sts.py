"""STS: that a client shall come by TLS, now and for some time.  https://ircv3.net/specs/extensions/sts"""

from __future__ import annotations

from collections.abc import Callable

from chatnet.session.peer import Peer
from chatnet.settings import Settings


def policy(settings: Settings, peer: Peer, certified: Callable[[str], bool]) -> str | None:
    """``port=6697`` without TLS, ``duration=2592000,preload`` with it; None where nothing may be promised.

    Clients under TLS said which host they want, and are told of that one alone.  A plain connection names no
    host: the first block with a port speaks for all, and what the client finds at that port decides.  There
    is nothing to say on a UNIX socket, to browsers (WebSocket), to people behind a gateway, who reach that
    and not us, nor under the TLS of a proxy, which does not tell the name; and a promise about a host without
    a certificate that clients trust would lock them out for its duration.
    """
    blocks = settings.sts
    if not blocks or peer.address == "localhost" or peer.gateway is not None or _is_web(settings, peer):
        return None
    if not peer.secure:
        ports = (block.port for block in blocks if block.port is not None and certified(block.hostname))
        return next((f"port={port}" for port in ports), None)
    for block in blocks:
        if block.hostname == peer.hostname and certified(block.hostname):
            return f"duration={block.duration}" + (",preload" if block.preload else "")
    return None


def _is_web(settings: Settings, peer: Peer) -> bool:
    return any(one.endpoint == peer.listener and one.kind in ("websocket", "web") for one in settings.listen)
