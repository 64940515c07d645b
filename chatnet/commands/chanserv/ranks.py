"""OP, VOICE and so on, UP, DOWN and SYNC: ranks of those who are in a registered channel."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.commands.chanserv.asking import living, may_there, member, own_channel, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.model.entities import Channel, User
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.model.modes import RANKS, rank_letters
from chatnet.model.registered import RegisteredChannel
from chatnet.rules.access import access_of, ranks_for


def _give(errand: Errand, letter: str) -> None:
    registration = registered(errand)
    if errand.params[1:] or not ranks_for(_mine(errand, registration)) & RANKS[letter]:
        may_there(errand, registration, letter)
    channel, users = _asked(errand, registration)
    changes = [
        ModeChange(True, letter, None, user)
        for user in users
        if user in channel.members and not channel.members[user] & RANKS[letter]
    ]
    _state(errand, channel, changes, f"{_nicks(users)} already has that rank.")


def _take(errand: Errand, letter: str) -> None:
    registration = registered(errand)
    above = ranks_for(_mine(errand, registration)).bit_length()
    if any(errand.network.user(nick) is not errand.user for nick in errand.params[1:]):
        may_there(errand, registration, letter)
        channel, users = _asked(errand, registration)
        for user in users:
            ranks = channel.members.get(user, 0)
            if user is not errand.user and ranks.bit_length() > above and not errand.user.may("channels"):
                errand.end(f"{user.nick} has a higher rank than you.")
    else:  # a rank of one's own one may give up
        channel, users = own_channel(errand, registration), [errand.user]
    changes = [
        ModeChange(False, letter, None, user)
        for user in users
        if channel.members.get(user, 0) & RANKS[letter]
    ]
    _state(errand, channel, changes, f"{_nicks(users)} does not have that rank.")


def _asked(errand: Errand, registration: RegisteredChannel) -> tuple[Channel, list[User]]:
    """The channel, and those who are named; nobody named means the asker."""
    channel = living(errand, registration)
    errand.at_most(1 + errand.settings.limits.targets)
    nicks = errand.params[1:] or [errand.user.nick]
    users = dict.fromkeys(member(errand, channel, nick) for nick in nicks)
    return channel, list(users)


def _mine(errand: Errand, registration: RegisteredChannel) -> frozenset[str]:
    return access_of(errand.network, registration, errand.user)


def _nicks(users: Sequence[User]) -> str:
    return ", ".join(user.nick for user in users)


def _state(errand: Errand, channel: Channel, changes: Sequence[ModeChange], nothing: str) -> None:
    if not changes:
        errand.end(nothing)
    errand.commit(ModesChanged(channel, tuple(changes), errand.chanserv.user, errand.now))


@CHANSERV.command("OP", min_params=1, penalty=2.0)
def op(errand: Errand) -> None:
    """`OP <#channel> [<nick> …]`: make yourself or others operators."""
    _give(errand, "o")


@CHANSERV.command("DEOP", min_params=1, penalty=2.0)
def deop(errand: Errand) -> None:
    """`DEOP <#channel> [<nick> …]`: make them operators no more; nobody of a higher rank than yours."""
    _take(errand, "o")


@CHANSERV.command("HALFOP", min_params=1, penalty=2.0)
def halfop(errand: Errand) -> None:
    """`HALFOP <#channel> [<nick> …]`: make yourself or others half-operators."""
    _give(errand, "h")


@CHANSERV.command("DEHALFOP", min_params=1, penalty=2.0)
def dehalfop(errand: Errand) -> None:
    """`DEHALFOP <#channel> [<nick> …]`: make them half-operators no more."""
    _take(errand, "h")


@CHANSERV.command("VOICE", min_params=1, penalty=2.0)
def voice(errand: Errand) -> None:
    """`VOICE <#channel> [<nick> …]`: voice yourself or others."""
    _give(errand, "v")


@CHANSERV.command("DEVOICE", min_params=1, penalty=2.0)
def devoice(errand: Errand) -> None:
    """`DEVOICE <#channel> [<nick> …]`: voice them no more."""
    _take(errand, "v")


@CHANSERV.command("ADMIN", min_params=1, penalty=2.0)
def admin(errand: Errand) -> None:
    """`ADMIN <#channel> [<nick> …]`: make yourself or others admins."""
    _give(errand, "a")


@CHANSERV.command("DEADMIN", min_params=1, penalty=2.0)
def deadmin(errand: Errand) -> None:
    """`DEADMIN <#channel> [<nick> …]`: make them admins no more."""
    _take(errand, "a")


@CHANSERV.command("OWNER", min_params=1, penalty=2.0)
def owner(errand: Errand) -> None:
    """`OWNER <#channel> [<nick> …]`: make yourself or others owners."""
    _give(errand, "q")


@CHANSERV.command("DEOWNER", min_params=1, penalty=2.0)
def deowner(errand: Errand) -> None:
    """`DEOWNER <#channel> [<nick> …]`: make them owners no more."""
    _take(errand, "q")


@CHANSERV.command("UP", min_params=1, penalty=2.0)
def up(errand: Errand) -> None:
    """`UP <#channel>`: have all ranks there that your access gives you."""
    errand.at_most(1)
    registration = registered(errand)
    channel, user = own_channel(errand, registration), errand.user
    if not errand.chanserv.access.raise_up(channel, registration, user, errand.now):
        errand.end(f"You have all ranks in {channel.name} that your access gives you.")


@CHANSERV.command("DOWN", min_params=1, penalty=2.0)
def down(errand: Errand) -> None:
    """`DOWN <#channel>`: give up all ranks that you have there, until UP."""
    errand.at_most(1)
    channel, user = own_channel(errand, registered(errand)), errand.user
    letters = rank_letters(channel.members[user])
    changes = [ModeChange(False, letter, None, user) for letter in letters]
    _state(errand, channel, changes, f"You have no rank in {channel.name}.")


@CHANSERV.command("SYNC", min_params=1, penalty=3.0)
def sync(errand: Errand) -> None:
    """`SYNC <#channel>`: have all who are in have the ranks of the access list, and no others.

    Who may give a rank keeps it.
    """
    errand.at_most(1)
    registration = registered(errand)
    may_there(errand, registration, "R")
    channel = living(errand, registration)
    errand.chanserv.access.sync(channel, registration, errand.now)
    errand.say(f"The ranks in {channel.name} are those of its access list now.")
