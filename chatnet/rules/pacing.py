"""May she, now?  Slow mode (W) and the repeat filter (E) of channels, for those who have no rank there.

The server of who speaks sees to it.  What somebody said is known of them as long as it counts, whether they
leave and come back or not; of an account also if they connect anew.
"""

from __future__ import annotations

from math import ceil

from chatnet.model.entities import User
from chatnet.model.pace import Pace, Said
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics
from chatnet.wire.likeness import likeness


def may_go_on(pace: Pace, user: User, channel: str, text: str, now: float, most: int) -> Refusal | None:
    """Whether `user` may say `text` in the channel of this name and `pace`, which counts if they may (404).

    `now` is the time on the clock that nobody sets; `most` is of how many people it is known what they said.
    """
    said, key = pace.said, user.account_id or user.account or user.subject
    longest = max(pace.slow, pace.seconds)
    mine = [each for each in said.pop(key, ()) if each.at > now - longest]
    like = likeness(text) if pace.times else b""
    refusal = _refusal(pace, mine, channel, like, now)
    if refusal is None:
        mine.append(Said(now, like))
        # Of both modes what was said before the last `times` texts makes no difference but for E.
        del mine[: -_kept(pace)]
    if mine:
        said[key] = mine
    _forget(said, now - longest, most)
    return refusal


def _kept(pace: Pace) -> int:
    """How much of what one person said is looked at: what they say in turns is found, too."""
    return max(1, 3 * pace.times)


def _refusal(pace: Pace, mine: list[Said], channel: str, like: bytes, now: float) -> Refusal | None:
    if pace.slow and mine and (left := mine[-1].at + pace.slow - now) > 0:
        return Refusal(numerics.ERR_SLOWMODE, channel, pace.slow, ceil(left))
    if pace.times:
        same = [each.at for each in mine if each.likeness == like and each.at > now - pace.seconds]
        if len(same) >= pace.times:
            left = same[-pace.times] + pace.seconds - now
            return Refusal(numerics.ERR_REPEATED, channel, pace.times, pace.seconds, ceil(left))
    return None


def _forget(said: dict[str, list[Said]], since: float, most: int) -> None:
    """Forget who said nothing lately, and who spoke first of more than `most`."""
    while said:
        first = next(iter(said))
        if len(said) <= most and said[first][-1].at > since:
            return
        del said[first]
