"""All routes, by what they are about."""

from __future__ import annotations

from chatnet.api.routes import (
    accounts,
    channels,
    commands,
    events,
    hooks,
    invites,
    me,
    messages,
    operating,
    server,
    tokens,
    users,
    values,
)
from chatnet.api.table import Routes

ROUTES = Routes(
    server.ROUTES,
    tokens.ROUTES,
    accounts.ROUTES,
    me.ROUTES,
    invites.ROUTES,
    channels.ROUTES,
    messages.ROUTES,
    users.ROUTES,
    commands.ROUTES,
    events.ROUTES,
    hooks.ROUTES,
    values.ROUTES,
    operating.ROUTES,
)
"""In the order of the documents."""
