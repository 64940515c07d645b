"""What opers do in channels although the channel's rules forbid it."""

from __future__ import annotations

from chatnet.commands.request import Request
from chatnet.model.entities import Channel
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics


def overrides(request: Request, channel: Channel, refusal: Refusal) -> bool:
    """True if the asker's privilege `channels` outweighs `refusal`; the other opers are told then.

    Mode S is a promise to the members about how everybody is connected, which no privilege makes true.
    """
    user = request.user
    if not user.may("channels") or refusal.numeric is numerics.ERR_SECUREONLYCHAN:
        return False
    verb, reason = request.row.verb, refusal.numeric.name
    request.note_down(channel.name, f"in spite of {reason}")
    request.notice("g", f"{user.mask} used {verb} {channel.name} in spite of {reason}")
    return True
