"""Whether slow mode and the repeat filter let somebody say what members of a channel read."""

from __future__ import annotations

from chatnet.commands.request import Request
from chatnet.model.entities import Channel
from chatnet.rules.pacing import may_go_on
from chatnet.rules.refusal import Refusal


def paced(request: Request, channel: Channel, text: str) -> Refusal | None:
    """Why the asker may not say it now (404); if they may it counts, be it a message, a topic or a reason."""
    if channel.pace is None or channel.members.get(request.user):
        return None
    now, most = request.sessions.node.clock.monotonic(), request.sessions.limits.paced
    return may_go_on(channel.pace, request.user, channel.name, text, now, most)
