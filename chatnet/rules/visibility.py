"""May she see it? Channels that are secret or private, users who are invisible."""

from __future__ import annotations

from chatnet.model.entities import Channel, User


def may_see_channel(user: User, channel: Channel) -> bool:
    """Whether `user` may learn that `channel` exists, and its topic (LIST, TOPIC).

    Secret channels (+s) are for members only.  https://modern.ircdocs.horse/#secret-channel-mode
    """
    return "s" not in channel.flags or user in channel.members or user.may("see-all")


def may_see_members(user: User, channel: Channel) -> bool:
    """Whether `user` may learn who is in `channel` (NAMES, WHO, WHOIS); not all of them, see `may_see_user`.

    Private channels (+p) are listed, as Solanum does, but only members learn who is there.
    """
    flags = channel.flags
    return ("s" not in flags and "p" not in flags) or user in channel.members or user.may("see-all")


def may_see_member(user: User, channel: Channel, other: User) -> bool:
    """Whether `user`, who may see members of `channel`, may learn that `other` is one of them.

    Of an auditorium (x), and of those who came in silently (D), only they do, and who has a rank there.
    """
    return (
        not channel.hides(other) or other is user or channel.members.get(user, 0) > 0 or user.may("see-all")
    )


def may_see_all_members(user: User, channel: Channel) -> bool:
    """Whether nobody is hidden from `user` in `channel`: who came and went is theirs to know."""
    hiding = "x" in channel.flags or "D" in channel.flags
    return not hiding or channel.members.get(user, 0) > 0 or user.may("see-all")


def may_meet(user: User, other: User) -> bool:
    """Whether the two are in one channel, as far as `user` may know."""
    return user.meets(other) and any(
        channel in other.channels and may_see_member(user, channel, other) for channel in user.channels
    )


def hears_of(user: User, other: User) -> bool:
    """Whether `user` is told what becomes of `other`, since both are in a channel that hides neither."""
    return user.meets(other) and any(
        channel in other.channels and (not channel.hides(other) or user.channels[channel] > 0)
        for channel in user.channels
    )


def may_see_user(user: User, other: User) -> bool:
    """Whether a search by `user` may find `other`.

    Invisible users (+i) are found only by those who share a channel with them.
    https://modern.ircdocs.horse/#invisible-user-mode
    """
    return "i" not in other.modes or user is other or may_meet(user, other) or user.may("see-all")


def may_see_address(user: User, other: User) -> bool:
    """Whether `user` may learn the address of `other`: of everybody whose visible host is the real one.

    Behind a cloak or another host, they themselves and opers who see all.
    """
    return shows_address(other) or user is other or user.may("see-all")


def shows_address(user: User) -> bool:
    """Whether everybody may learn the address of `user`, since their visible host is the real one."""
    return user.host == user.real_host


def public_identity(user: User) -> str:
    """``User.identity`` for those who may not see all: without what a cloak hides."""
    return user.identity if shows_address(user) else f"{user.nick} ({user.username}@{user.host})"
