"""Filters: what operators may set, those that stand in the configuration, and those that are built in."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from chatnet.settings.base import Line, Section

Action = Literal["report", "login", "block", "mute", "kick", "kill", "ban"]
Where = Literal["channel", "private", "part", "quit", "away", "topic", "user"]

_LEAST: Final = 2


def _or_none(number: int) -> int:
    if 0 < number < _LEAST:
        raise ValueError(f"must be 0, or at least {_LEAST}")
    return number


def _channel(text: str) -> str:
    if text[:1] != "#" or any(sign.isspace() or sign == "," for sign in text):
        raise ValueError("is not the name of a channel")
    return text


ChannelName = Annotated[str, AfterValidator(_channel)]


def _somewhere(where: tuple[Where, ...]) -> tuple[Where, ...]:
    if not where:
        raise ValueError("must have at least one entry")
    return where


class FiltersSettings(Section):
    """``[filters]``: filters of what people say. Those that are built in are off, and then only report."""

    most: Annotated[int, Field(ge=0, le=10_000)] = 1000
    """Filters that this server uses; one more can be set, but not here."""
    expression: Annotated[int, Field(ge=10, le=5000)] = 300
    """Instructions of one regular expression: how long it takes, at worst, for each letter of a text."""
    expressions: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000
    """Instructions of all regular expressions together; each takes 3 nanoseconds for a letter, at worst."""
    guest_time: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    """Seconds for which who is not logged in is a stranger; 0: as long as they are here."""
    account_time: Annotated[int, Field(ge=0, le=31_536_000)] = 3600
    """Seconds after its registration for which who is logged in to an account is a stranger."""
    mute_time: Annotated[int, Field(ge=1, le=31_536_000)] = 600
    """Seconds for which a filter mutes that does not say for how long."""
    ban_time: Annotated[int, Field(ge=1, le=31_536_000)] = 3600
    """Seconds for which a filter bans that does not say for how long."""
    exempt_channels: tuple[ChannelName, ...] = ()
    """Channels at which no filter looks."""
    last_hits: Annotated[int, Field(ge=1, le=1000)] = 10
    """The last hits of each filter that FILTER HITS shows, besides their number."""
    repeat_own: Annotated[int, Field(ge=0, le=1000), AfterValidator(_or_none)] = 0
    """The same text so often by one person, within ``repeat_time``, is a hit of the filter ``repeat``; 0:
    never."""
    repeat_many: Annotated[int, Field(ge=0, le=1000), AfterValidator(_or_none)] = 0
    """The same text by so many people, within ``repeat_time``, is one, too; 0: never."""
    repeat_time: Annotated[int, Field(ge=1, le=86_400)] = 60
    """Seconds."""
    repeat_letters: Annotated[int, Field(ge=1, le=400)] = 12
    """Characters of the shortest text that counts as the same one."""
    mentions: Annotated[int, Field(ge=0, le=1000), AfterValidator(_or_none)] = 0
    """Members of a channel who are named in one message to it: a hit of the filter ``mentions``; 0: never."""
    channels: Annotated[int, Field(ge=0, le=1000), AfterValidator(_or_none)] = 0
    """Channels that one person writes to within ``channels_time``: a hit of the filter ``channels``; 0:
    never."""
    channels_time: Annotated[int, Field(ge=1, le=86_400)] = 10
    """Seconds."""
    builtin_action: Action = "block"
    """What those three do."""
    builtin_dry: bool = True
    """Whether they do that only while a shield makes filters act, and else report."""
    builtin_strangers: bool = True
    """Whether they look at strangers only."""


class FilterSettings(Section):
    """``[[filter]]``: a filter of this server that stands here, and that no command lifts."""

    pattern: Line
    """What fits a whole text, with ``*`` for anything and ``?`` for one character; or ``/…/``, a regular
    expression (RE2) that fits some part of it. Small and capital letters are the same."""
    action: Action = "report"
    """What becomes of it: each is more than the one before."""
    where: Annotated[tuple[Where, ...], AfterValidator(_somewhere)] = (
        *("channel", "private", "part", "quit", "away", "topic"),
    )
    """Where it looks; ``user`` is who they are: ``nick!user@host#real name``."""
    strangers: bool = True
    """Whether it looks at strangers only: see ``filters.guest_time``."""
    dry: bool = True
    """Whether it does no more than report, until this is false."""
    quiet: bool = False
    """Whether who says it is not told that it was not said."""
    seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    """Seconds of a mute or a ban; 0: as ``[filters]`` says."""
    exempt_channels: tuple[ChannelName, ...] = ()
    """Channels that it does not look at."""
    reason: Line = ""
    """Why: whom it hits reads it."""
