"""May she, now?  Slow mode (W) and the repeat filter (E) of channels, for those who have no rank there.

The server where somebody speaks sees to it.  What they said is known of them as long as it counts, whether
they leave and come back or not; of an account also if they connect anew.  What was said on another server,
which let it through, counts as soon as it is heard.
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
    like = likeness(text) if pace.times else b""
    mine = _lately(pace, user, now)
    refusal = _refusal(pace, mine, channel, like, now)
    if refusal is None:
        _note(pace, user, mine, Said(now, like))
    _forget(pace, now, most)
    return refusal


def count(pace: Pace, user: User, text: str, now: float, most: int) -> None:
    """What `user` said on another server counts here, since `now` on the clock that nobody sets."""
    _note(pace, user, _lately(pace, user, now), Said(now, likeness(text) if pace.times else b""))
    _forget(pace, now, most)


def _whose(user: User) -> str:
    return user.account_id or user.account or user.subject


def _lately(pace: Pace, user: User, now: float) -> list[Said]:
    since = now - _longest(pace)
    return [each for each in pace.said.get(_whose(user), ()) if each.at > since]


def _longest(pace: Pace) -> int:
    return max(pace.slow, pace.seconds)


def _note(pace: Pace, user: User, mine: list[Said], said: Said) -> None:
    """Who spoke last stands at the end."""
    key = _whose(user)
    pace.said.pop(key, None)
    # Of both modes what was said before the last `times` texts makes no difference but for E.
    pace.said[key] = [*mine, said][-_kept(pace) :]


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


def _forget(pace: Pace, now: float, most: int) -> None:
    """Forget who said nothing lately, and who spoke first of more than `most`."""
    said, since = pace.said, now - _longest(pace)
    while said:
        first = next(iter(said))
        if len(said) <= most and said[first][-1].at > since:
            return
        del said[first]
