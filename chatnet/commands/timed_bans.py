"""TBAN: a ban that is over by itself."""

from __future__ import annotations

from chatnet.commands.channel_modes import ModeCommand
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel
from chatnet.rules.ban_targets import host_of
from chatnet.rules.durations import MOST, ban_units
from chatnet.wire.modestring import Change
from chatnet.wire.server_time import minute
from chatnet.wire.text import middle


@CLIENT.command("TBAN", min_params=3, penalty=1.0)
def tban(request: Request) -> None:
    """`TBAN <channel> <duration> <mask>`: a ban that is over by itself, as `MODE +b` else.

    A duration is ``90s``, ``15m``, ``12h``, ``1d12h``, or seconds alone; a mask that mutes is ``$q:mask``.
    The list of bans (``MODE #c b``) tells until when.  TBAN again changes that, ``MODE -b`` ends it, ``MODE
    +b`` has it be for ever.
    https://docs.inspircd.org/4/modules/timedbans/  Refuses as MODE; a NOTICE tells of what is no duration,
    and of a mask that is banned for ever.
    """
    channel = request.channel(0)
    text, mask = request.params[1], request.params[2]
    seconds = int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else ban_units(text)
    if not seconds or seconds > MOST:
        hint = "90s, 15m, 12h or 1d12h, 100y at most: TBAN <channel> <duration> <mask>"
        request.session.notice(f"{middle(text)} is no duration: say {hint}")
        return
    until = int(request.now) + seconds
    command = ModeCommand(request, channel, until)
    for change in command.run([Change(True, "b", mask)]):
        what = "muted" if (change.parameter or "").startswith("$q:") else "banned"
        request.session.notice(f"{change.parameter} is {what} in {channel.name} until {minute(until)}")
        if change.parameter == f"{mask}!*@*" and not any(sign in mask for sign in "$*?"):
            _hint(request, channel, text, mask)


def _hint(request: Request, channel: Channel, length: str, nick: str) -> None:
    """Say what a ban of a nick alone leaves open: who is in stays, and may come back as another."""
    session, user = request.session, request.network.user(nick)
    if user is None:
        session.notice(f"Nobody is called {nick} now")
        return
    best = f"$a:{user.account}" if user.account is not None else f"*!*@{host_of(user)}"
    session.notice(f"It means the nick alone: /TBAN {channel.name} {length} {best} means them by any nick")
    if user in channel.members:
        session.notice(
            f"{user.nick} stays in {channel.name} until somebody says /KICK {channel.name} {user.nick}"
        )
