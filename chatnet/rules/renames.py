"""May she give a channel this name, and what a name that a channel had means to others meanwhile.

https://ircv3.net/specs/extensions/channel-rename
"""

from __future__ import annotations

from dataclasses import dataclass

from chatnet.model.entities import Channel, User
from chatnet.model.memory import Former
from chatnet.model.modes import OP
from chatnet.model.network import Network
from chatnet.model.registered import RegisteredChannel
from chatnet.model.server import Server
from chatnet.rules.access import access_of
from chatnet.rules.channels import may_act
from chatnet.rules.refusal import Refusal
from chatnet.settings import Settings
from chatnet.wire import numerics


@dataclass(slots=True, frozen=True)
class CannotRename:
    """Why a channel does not get a name: the code of a FAIL, and its description."""

    code: str
    description: str


def may_rename(
    network: Network, settings: Settings, channel: Channel, name: str, now: float
) -> CannotRename | None:
    """Whether `channel` may be called `name`, a well-formed name, at the Unix time `now`.

    A name that leads to a renamed channel is taken as well, so that nobody catches those who still join by
    it; that channel itself may have it back.  Servers of other makes cannot rename a channel: those of their
    users who are in it would be left behind.
    """
    folded = network.fold(name)
    other = network.channels.get(folded)
    if other is None:
        former = network.memory.former.get(folded)
        if former is not None and _leads(settings, former, now):
            other = former.channel
    elif other is channel and name == channel.name:
        return CannotRename("CHANNEL_NAME_IN_USE", "The channel has this name already")
    if other is not None and other is not channel:
        return CannotRename("CHANNEL_NAME_IN_USE", "The channel name is already taken")
    if folded != channel.folded and network.registry.channels.asking(folded):
        return CannotRename("CHANNEL_NAME_IN_USE", "The channel name is registered to somebody")
    if len(channel.members) > settings.limits.rename_members and folded != channel.folded:
        return CannotRename("CANNOT_RENAME", "This channel has too many members")
    if not all(_knows_renames(network, user.server) for user in channel.members):
        return CannotRename("CANNOT_RENAME", "This channel has members on servers that cannot rename it")
    return None


def may_rename_registered(
    network: Network, registration: RegisteredChannel, channel: Channel, user: User
) -> Refusal | None:
    """Whether `user` is in a registered channel (442) and may change its settings, as its name is (482)."""
    refusal = may_act(user, channel, 0)
    if refusal is None and "s" not in access_of(network, registration, user):
        return Refusal(numerics.ERR_FLAGNEEDED, channel.name, "s")
    return refusal


def _knows_renames(network: Network, server: Server) -> bool:
    """True if `server`, and all servers on the way to it, are chatnet's."""
    hop: Server | None = server
    while hop is not None and hop is not network.me:
        if "CN1" not in hop.caps:
            return False
        hop = hop.uplink
    return True


def renamed_from(network: Network, settings: Settings, user: User, name: str, now: float) -> Channel | None:
    """The channel that `user` is led to who joins by `name`, which it had; None if the name is free for them.

    It is free for the operators of that channel, who mean another one, and after ``limits.former_name_time``;
    and if the channel is secret (mode s), for the answer would tell strangers of it.
    """
    former = network.memory.former.get(network.fold(name))
    if former is None or not _leads(settings, former, now):
        return None
    return former.channel if former.channel.members.get(user, 0) < OP else None


def _leads(settings: Settings, former: Former, now: float) -> bool:
    return "s" not in former.channel.flags and now < former.at + settings.limits.former_name_time
