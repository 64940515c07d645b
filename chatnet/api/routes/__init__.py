"""All routes, by what they are about."""

from __future__ import annotations

from chatnet.api.routes import channels, commands, events, messages, operating, server, users
from chatnet.api.table import Routes

ROUTES = Routes(
    server.ROUTES,
    channels.ROUTES,
    messages.ROUTES,
    users.ROUTES,
    commands.ROUTES,
    events.ROUTES,
    operating.ROUTES,
)
"""In the order of the documents."""
