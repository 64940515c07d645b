"""May she? What the modes and lists of a channel allow a user to do in it."""

from __future__ import annotations

from chatnet.model.channel import Channel

from chatnet.model.user import User
from chatnet.rules.bans import Bans
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics
from chatnet.wire.text import ctcp_command


def may_speak(bans: Bans, user: User, channel: Channel, command: str, text: str) -> Refusal | None:
    """Whether `user` may send `text` to `channel` with PRIVMSG or NOTICE.

    https://modern.ircdocs.horse/#privmsg-message and the modes n, m, b, R, T, C.
    """
    flags = channel.flags
    if "C" in flags and text[:1] == "\1" and ctcp_command(text) != "ACTION":
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, channel.name)
    if "T" in flags and command == "NOTICE":
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, channel.name)
    ranks = channel.members.get(user)
    if ranks:
        return None
    if "m" in flags or (ranks is None and "n" in flags):
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, channel.name)
    if "R" in flags and user.account is None:
        return Refusal(numerics.ERR_MSGNEEDREGGEDNICK, channel.name)
    if channel.lists["b"] and bans.muted(channel, user):
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, channel.name)
    return None
