"""Whether a filter keeps back a text that is no message: a reason, a topic, that somebody is away."""

from __future__ import annotations

from chatnet.commands.request import Request
from chatnet.model.entities import Channel
from chatnet.session.filters import Verdict

CODE = "BLOCKED"
"""What FAIL says of it."""


def filtered(
    request: Request, where: str, text: str | None, channel: Channel | None = None
) -> Verdict | None:
    """Why the asker may not say a text; None if they may, or if there is none.

    Afterwards their session may be closed.
    """
    filters = request.sessions.filters
    return filters.said(request.session, where, text, channel) if filters.on and text else None
