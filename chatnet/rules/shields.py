"""What closes at which level of the shields."""

from __future__ import annotations

from math import ceil
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.network import Network
from chatnet.model.shields import Shields
from chatnet.rules.channels import JoinRefusal
from chatnet.rules.durations import duration
from chatnet.rules.refusal import Refusal
from chatnet.settings import FloodSettings, Settings, ShieldSettings
from chatnet.wire import numerics
from chatnet.wire.server_time import minute

OPEN: Final = ShieldSettings.model_construct(level=0, title="open")
"""What level 0 does: nothing."""
_RATES: Final = ("join_rate", "target_rate", "nick_rate", "invite_rate")
USUAL: Final = (
    ShieldSettings(level=1, title="watchful", slower=2.0, filters_act=True),
    ShieldSettings(
        level=2, title="guarded", slower=2.0, filters_act=True, stop_registrations=True, channel_modes="R"
    ),
    ShieldSettings(
        level=3,
        title="closed",
        slower=4.0,
        filters_act=True,
        stop_registrations=True,
        channel_modes="Rr",
        require_login=True,
    ),
)
"""What levels do for which there is no ``[[shield]]``."""


def shield_at(settings: Settings, level: int) -> ShieldSettings:
    """What a level does here; of one that another server alone has, what the highest usual one does."""
    if not level:
        return OPEN
    for block in settings.shield:
        if block.level == level:
            return block
    return USUAL[min(level, len(USUAL)) - 1]


def slowed(flood: FloodSettings, shield: ShieldSettings) -> FloodSettings:
    """The rates by which people live at a level."""
    slower = shield.slower
    if slower == 1:
        return flood
    rates = {name: max(1, int(getattr(flood, name) / slower)) for name in _RATES}
    return flood.model_copy(update={"penalty_scale": flood.penalty_scale * slower, **rates})


def levels(settings: Settings) -> list[ShieldSettings]:
    """All that operators of this server may set, the lowest first."""
    known = {each.level: each for each in (*USUAL, *settings.shield)}
    return [known[level] for level in sorted(known)]


def effects(shield: ShieldSettings) -> str:
    """What it does, for people."""
    words = []
    if shield.require_login:
        words.append("new people have to log in")
    elif shield.require_login_from:
        words.append("from some networks new people have to log in")
    if shield.stop_registrations:
        words.append("no accounts are registered")
    if "R" in shield.channel_modes:
        words.append("guests may not speak in channels that nobody has registered")
    if "r" in shield.channel_modes:
        words.append("nor join them" if "R" in shield.channel_modes else "guests may not join channels")
    if shield.slower > 1:
        words.append("everything is slower")
    return ", ".join(words)


def told(shields: Shields, shield: ShieldSettings) -> str:
    """What all people read of it, in one line."""
    until = "" if shields.until is None else f" (until {minute(shields.until)})"
    if shield.notice:
        return f"{shield.notice}{until}"
    does = effects(shield)
    return f"This network is being attacked, and more careful for a while{until}{': ' if does else ''}{does}"


OVER: Final = "What was closed because of an attack is open again"
"""What all people read in the end."""


def stopped(settings: Settings) -> str:
    """What somebody reads who wants to register an account meanwhile."""
    help = f". Questions: {settings.server.help}" if settings.server.help else ""
    return f"No accounts are registered while the network is being attacked: try again later{help}"


def described(shields: Shields, shield: ShieldSettings, now: float) -> str:
    """The level in words, for operators."""
    if not shields.level:
        return f"The shields are at level 0: open{f', by {shields.by}' if shields.by != '*' else ''}"
    title = f" ({shield.title})" if shield.title else ""
    reason = f": {shields.reason}" if shields.reason else ""
    until = "until they are changed"
    if shields.until is not None:
        until = f"until {minute(shields.until)}, {duration(max(0, ceil(shields.until - now)))} from now"
    who = f"set {minute(shields.set)} by {shields.by}"
    return f"The shields are at level {shields.level}{title}, {until} ({who}){reason}"


def may_speak(shut: str, network: Network, user: User, channel: Channel) -> Refusal | None:
    """Whether the letters that unregistered channels have for now let somebody speak there."""
    if "R" not in shut or user.account is not None or channel.members.get(user):
        return None
    if network.registry.channels.at(channel.folded) is not None:
        return None
    return Refusal(numerics.ERR_MSGNEEDREGGEDNICK, channel.name)


def may_join(shut: str, network: Network, user: User, channel: Channel) -> JoinRefusal | None:
    """Whether they let somebody in; an invitation does."""
    if "r" not in shut or user.account is not None or channel in user.invites:
        return None
    if network.registry.channels.at(channel.folded) is not None:
        return None
    return JoinRefusal(None, numerics.ERR_NEEDREGGEDNICK, channel.name)
