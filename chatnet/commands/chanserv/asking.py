"""What most commands of ChanServ ask first: which channel is meant, whom, and whether the asker may."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.model.entities import Channel, User
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.records.accounts import State
from chatnet.rules.access import ALL, access_of, is_account
from chatnet.wire.masks import complete_mask
from chatnet.wire.text import printable


def registered(errand: Errand) -> RegisteredChannel:
    """The registered channel that the first parameter names; ends the errand if there is none.

    Nobody but operators does anything with one that is suspended.
    """
    return named(errand, errand.params[0])


def named(errand: Errand, name: str) -> RegisteredChannel:
    """The same of the registered channel of a name."""
    found = errand.network.registry.channels.at(errand.network.fold(name))
    if found is None:
        if dropped_at(errand, name) is not None:
            errand.end(f"{printable(name)} was dropped; UNDROP gives it back to its founder.")
        former = errand.network.memory.former.get(errand.network.fold(name))
        if former is not None:  # who joins it is led there, too
            errand.end(f"{printable(name)} is called {former.channel.name} now.")
        errand.end(f"{printable(name)} is not registered.")
    if found.suspended(errand.now) and not errand.user.may("accounts"):
        errand.end(f"{found.name} is suspended.")
    return found


def dropped_at(errand: Errand, name: str) -> RegisteredChannel | None:
    """The registration of a name that was dropped, and is not erased yet."""
    asking = errand.network.registry.channels.asking(errand.network.fold(name))
    return asking[0] if asking and asking[0].status.state is State.DROPPED else None


async def may(
    errand: Errand, registration: RegisteredChannel, letters: str, detail: str = ""
) -> frozenset[str]:
    """The access of the asker, who needs all of these letters; ends the errand if they lack one.

    It is for what a registration is: operators with the privilege `accounts` may in spite of that, as if they
    had all, and it is noted for good.
    """
    mine = _access(errand, registration, letters, "accounts")
    if mine.issuperset(letters):
        return mine
    await errand.note(errand.row.verb, f"{registration.name} ({registration.id})", detail)
    return ALL


def may_there(errand: Errand, registration: RegisteredChannel, letters: str) -> frozenset[str]:
    """The same for what is done to those who are in it: with the privilege `channels`, as in all channels."""
    mine = _access(errand, registration, letters, "channels")
    if mine.issuperset(letters):
        return mine
    words = " ".join([errand.row.verb, *errand.params])
    errand.note_down(
        registration.name, f"without access: {printable(' '.join(errand.params[1:]))}".rstrip(" :")
    )
    errand.notice("g", f"{errand.user.mask} used {errand.bot.nick} without access: {printable(words)}")
    return ALL


def _access(errand: Errand, registration: RegisteredChannel, letters: str, privilege: str) -> frozenset[str]:
    mine = access_of(errand.network, registration, errand.user)
    if not mine.issuperset(letters) and not errand.user.may(privilege):
        errand.end(f"You need the flag {' and '.join(letters)} in {registration.name} for that.")
    return mine


def living(errand: Errand, registration: RegisteredChannel) -> Channel:
    """The channel as it is now; ends the errand if nobody is in it.

    It may be a secret one: ask first whether the asker may do anything there.
    """
    channel = errand.network.channel(registration.name)
    if channel is None:
        errand.end(f"Nobody is in {registration.name}.")
    return channel


def own_channel(errand: Errand, registration: RegisteredChannel) -> Channel:
    """The channel as it is now; ends the errand if the asker is not in it."""
    channel = errand.network.channel(registration.name)
    if channel is None or errand.user not in channel.members:
        errand.end(f"You are not in {registration.name}.")
    return channel


def member(errand: Errand, channel: Channel, nick: str) -> User:
    """Who bears this nick, and is in the channel; ends the errand if nobody is.

    As with `living`, ask first whether the asker may.
    """
    user = errand.network.user(nick)
    if user is None or user not in channel.members:
        errand.end(f"{printable(nick)} is not in {channel.name}.")
    return user


def account(errand: Errand, text: str) -> Account | None:
    """The account of this name, or that who bears this nick is logged in to."""
    registry, user = errand.network.registry, errand.network.user(text)
    return registry.named(text) or registry.account(None if user is None else user.account_id)


def is_mask(text: str) -> bool:
    """Whether it looks like a mask, and not like a nick."""
    return text[:1] == "$" or any(sign in text for sign in "!@*?.:/")


def target(errand: Errand, text: str) -> str:
    """Whom access is for: the id of an account, or a folded mask; ends the errand if it is neither."""
    found = account(errand, text)
    if found is not None:
        return found.id
    if not is_mask(text) or text[:1] == "$":
        errand.end(f"{printable(text)} is neither an account nor a mask such as *!*@host.example.org.")
    limits = errand.settings.limits
    return errand.network.fold(complete_mask(text, limits.nick, limits.user))


def shown(errand: Errand, key: str) -> str:
    """Whom access is for, as people read it."""
    if not is_account(key):
        return key
    found = errand.network.registry.account(key)
    return key if found is None else str(found.shown)
