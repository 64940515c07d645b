"""Words about a server that starts, for its log."""

from __future__ import annotations

import re

from chatnet.settings import ListenSettings, Settings


def plain_port(settings: Settings) -> str:
    """Address and port of the first plain TCP listener, as ``nc`` takes them; empty if there is none."""
    for listen in settings.listen:
        if (
            listen.kind == "irc"
            and not listen.tls
            and (found := re.match(r"tcp:(\d+)(?::interface=([\d.]+))?$", listen.endpoint))
        ):
            return f"{found[2] or '127.0.0.1'} {found[1]}"
    return ""


def kept_from_now(settings: Settings) -> str:
    """What a server says that begins to store messages."""
    history = settings.history
    kept = []
    if history.channels:
        kept.append(f"messages to channels for {history.channels_keep} days")
    if history.direct:
        kept.append(f"private messages of those who are logged in for {history.direct_keep} days")
    return f"From now on these are stored: {', '.join(kept) or 'nothing'} ([history] says otherwise)"


def kind_of(listen: ListenSettings) -> str:
    """What is spoken at a listener, for the log."""
    if listen.kind == "websocket":
        return "WebSocket over TLS" if listen.tls else "WebSocket"
    if listen.kind == "web":
        return "web over TLS" if listen.tls else "web"
    if listen.kind == "line":
        return "lines over TLS" if listen.tls else "lines, plain"
    if listen.kind == "server":
        return "servers over TLS" if listen.tls else "servers, plain"
    return "TLS" if listen.tls else "plain"
