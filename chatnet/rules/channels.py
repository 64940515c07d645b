"""May she? What the modes and lists of a channel allow a user to do in it.

Nothing here looks at an oper's privilege to override: whoever asks decides about that
(``commands/override.py``).
"""

from __future__ import annotations

from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.modes import HALFOP, OP
from chatnet.model.network import Network
from chatnet.rules.bans import Bans
from chatnet.rules.refusal import Refusal
from chatnet.rules.throttles import Throttles
from chatnet.wire import numerics
from chatnet.wire.numerics import Numeric
from chatnet.wire.text import ctcp_request

HOPS: Final = 16
"""How many forwards are followed, one leading to the next."""
FORWARDS: Final = 8192
"""Characters of masks, in the lists of the channel that one is forwarded from and of these, after which no
further one is looked at."""


class JoinRefusal(Refusal):
    """Why somebody may not come in, and the channel they are sent to instead."""

    __slots__ = ("forward",)

    def __init__(self, forward: str | None, numeric: Numeric, *args: object) -> None:
        super().__init__(numeric, *args)
        self.forward = forward


def may_join(
    bans: Bans,
    throttles: Throttles,
    user: User,
    channel: Channel,
    key: str,
    *,
    unbans: bool = False,
    invites: bool = False,
) -> JoinRefusal | None:
    """Whether `user`, who is not in `channel`, may come in with `key`: 474, 475, 473, 471, 477, 480, 520.

    As Solanum: an invitation opens i, l, r and j; an invite exception opens i and k; nothing opens a ban, S
    and O.  A ban has a forward of its own, a wrong key has none, all else has the channel's (mode f).
    Who `unbans` could lift bans on themselves first, who `invites` could invite themselves, and read the key.
    """
    name, flags, lists = channel.name, channel.flags, channel.lists
    if lists["b"] and not unbans and (entry := bans.banned(channel, user)) is not None:
        return JoinRefusal(entry.forward, numerics.ERR_BANNEDFROMCHAN, name)
    excepted = bool(lists["I"]) and bans.invited(channel, user)
    if channel.key is not None and key != channel.key and not excepted and not invites:
        return JoinRefusal(None, numerics.ERR_BADCHANNELKEY, name)
    forward = channel.forward
    if channel not in user.invites and not invites:
        if "i" in flags and not excepted:
            return JoinRefusal(forward, numerics.ERR_INVITEONLYCHAN, name)
        if channel.limit is not None and len(channel.members) >= channel.limit:
            return JoinRefusal(forward, numerics.ERR_CHANNELISFULL, name)
        if "r" in flags and user.account is None:
            return JoinRefusal(forward, numerics.ERR_NEEDREGGEDNICK, name)
        if throttles.joins_exceeded(channel):
            return JoinRefusal(forward, numerics.ERR_THROTTLE, name)
    if "S" in flags and not user.secure:
        return JoinRefusal(forward, numerics.ERR_SECUREONLYCHAN, name)
    if "O" in flags and not user.operates:
        return JoinRefusal(forward, numerics.ERR_OPERONLY, name)
    return None


def forward_of(
    network: Network,
    bans: Bans,
    throttles: Throttles,
    user: User,
    refusal: JoinRefusal,
    key: str,
    looked: int,
) -> Channel | None:
    """Where `user` goes instead: the first channel along the forwards that lets them in or has them already.

    None if a channel on the way does not exist or takes no forwards (mode Q), or if the user takes none
    (user mode Q), or if their lists are too long.  A channel that was renamed is meant by its old name, too.
    `looked` is what `bans` had looked at before the first channel refused.
    """
    end = looked + FORWARDS
    found: JoinRefusal | None = refusal
    if "Q" in user.modes:
        return None
    for _ in range(HOPS):
        if found is None or found.forward is None or bans.looked > end:
            return None
        channel = network.channel_meant(found.forward)
        if channel is None or user in channel.members:
            return channel
        if "Q" in channel.flags:
            return None
        found = may_join(bans, throttles, user, channel, key)
        if found is None:
            return channel
    return None


def may_speak(bans: Bans, user: User, channel: Channel, command: str, text: str) -> Refusal | None:
    """Whether `user` may send `text` to `channel` with PRIVMSG, NOTICE or TAGMSG (and no text).

    https://modern.ircdocs.horse/#privmsg-message and the modes n, m, b, R, T, C.
    """
    flags = channel.flags
    if "C" in flags and ctcp_request(text):
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "+C: no CTCP here")
    if "T" in flags and command == "NOTICE":
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "+T: no NOTICE here")
    ranks = channel.members.get(user)
    if ranks:
        return None
    if ranks is None and "n" in flags:
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "+n: join it first")
    if "m" in flags:
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "+m: with voice or a rank only")
    if "R" in flags and user.account is None:
        return Refusal(numerics.ERR_MSGNEEDREGGEDNICK, channel.name)
    if channel.lists["b"] and bans.muted(channel, user):
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "you are banned or muted here")
    return None


def may_act(user: User, channel: Channel, rank: int) -> Refusal | None:
    """Whether `user` is in `channel` (442) with this rank or a higher one (482); 0 is any member."""
    ranks = channel.members.get(user)
    if ranks is None:
        return Refusal(numerics.ERR_NOTONCHANNEL, channel.name)
    if ranks < rank:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name)
    return None


def may_set_topic(bans: Bans, user: User, channel: Channel) -> Refusal | None:
    """Whether `user` may change the topic: half-operators, without mode t all who may speak (442, 482)."""
    refusal = may_act(user, channel, HALFOP if "t" in channel.flags else 0)
    if refusal is None and may_speak(bans, user, channel, "PRIVMSG", "") is not None:
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name)
    return refusal


def may_invite(user: User, channel: Channel) -> Refusal | None:
    """Whether `user` may invite others: every member, but operators alone under V, or i without g (442, 482).

    "they SHOULD reject it when the channel has invite-only mode set, and the user is not a channel operator."
    https://modern.ircdocs.horse/#invite-message
    """
    if "V" in channel.flags and channel.members.get(user, OP) < OP:
        return Refusal(numerics.ERR_NOINVITE, channel.name)
    return may_act(user, channel, OP if "i" in channel.flags and "g" not in channel.flags else 0)


def invitation_opens(user: User, channel: Channel) -> bool:
    """Whether an invitation by `user` lets somebody in in spite of modes: that of a plain member is but told.

    Who is no member may invite by privilege alone.
    """
    ranks = channel.members.get(user)
    return ranks is None or ranks >= OP or "g" in channel.flags or user.operates


def may_kick(user: User, channel: Channel, target: User) -> Refusal | None:
    """Whether `user` may put `target`, a member, out (442, 482).

    Half-operators and above may, but nobody of a higher rank than theirs; a half-operator not another one;
    and nobody under mode Y.
    """
    refusal = may_act(user, channel, HALFOP)
    if refusal is None and "Y" in channel.flags:
        return Refusal(numerics.ERR_NOKICK, channel.name)
    if refusal is not None or target is user:
        return refusal
    mine, theirs = channel.members[user].bit_length(), channel.members[target].bit_length()
    if theirs > mine or theirs == mine == HALFOP.bit_length():
        return Refusal(numerics.ERR_CHANOPRIVSNEEDED, channel.name)
    return None


def may_knock(bans: Bans, user: User, channel: Channel) -> Refusal | None:
    """Whether `user` may ask to be invited: 714 (in it), 713 (it is open), 404 (mode p, or banned)."""
    if user in channel.members:
        return Refusal(numerics.ERR_KNOCKONCHAN, channel.name)
    full = channel.limit is not None and len(channel.members) >= channel.limit
    if "i" not in channel.flags and channel.key is None and not full:
        return Refusal(numerics.ERR_CHANOPEN, channel.name)
    if "p" in channel.flags:
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "+p: nobody may knock here")
    if bans.muted(channel, user):
        return Refusal(numerics.ERR_MAYNOTSPEAK, channel.name, "you are banned or muted here")
    return None
