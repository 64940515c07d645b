"""CLEAR and RECOVER: what puts a channel right that others have made a mess of."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import living, may, may_there, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.entities import Channel, parameters
from chatnet.model.facts import Invited, ModeChange, ModesChanged
from chatnet.model.registered import RegisteredChannel
from chatnet.records import channels
from chatnet.records.channels import KICK
from chatnet.records.grammar import field
from chatnet.rules.access import letters_of, may_change, ranks_for
from chatnet.rules.modes import PRIVILEGE_FOR
from chatnet.services.accounts import Value
from chatnet.wire.text import cut

NEW: Final = frozenset("nt")
"""The modes of a channel that is new."""


@CHANSERV.command("CLEAR", min_params=2, penalty=3.0)
async def clear(errand: Errand) -> None:
    """`CLEAR <#channel> USERS|BANS|MODES|FLAGS|AKICKS [<reason>]`: make an end of all of these.

    USERS: put out all but you and those of a higher rank than yours, for a reason if you like. BANS: lift
    all bans and mutes. MODES: have those of a new channel, but for what is locked. FLAGS: take all access
    away that you may take; the founder stays. AKICKS: let in all who are kept out.
    """
    word, registration = errand.params[1].upper(), registered(errand)
    if word == "USERS":
        _users(errand, registration)
        return
    errand.at_most(2)
    if word == "BANS":
        _bans(errand, registration)
    elif word == "MODES":
        _modes(errand, registration)
    elif word == "FLAGS":
        await _flags(errand, registration)
    elif word == "AKICKS":
        await _akicks(errand, registration)
    else:
        errand.end(say_it(errand.row))


def _users(errand: Errand, registration: RegisteredChannel) -> None:
    mine = ranks_for(may_there(errand, registration, "R")).bit_length()
    channel = living(errand, registration)
    users = [
        user
        for user, ranks in channel.members.items()
        if user is not errand.user and ranks.bit_length() <= mine
    ]
    if not users:
        errand.end(f"There is nobody in {channel.name} to put out.")
    text = " ".join(errand.params[2:])
    reason = cut(f"{text} ({errand.user.nick})" if text else errand.user.nick, errand.settings.limits.kick)
    errand.chanserv.access.put_out(channel, registration, users, reason, errand.now)
    errand.say(f"{len(users)} {'was' if len(users) == 1 else 'were'} put out of {channel.name}.")


def _bans(errand: Errand, registration: RegisteredChannel) -> None:
    may_there(errand, registration, "R")
    channel = living(errand, registration)
    _change(errand, channel, [ModeChange(False, "b", entry.text) for entry in channel.lists["b"].values()])


def _modes(errand: Errand, registration: RegisteredChannel) -> None:
    may_there(errand, registration, "R")
    channel = living(errand, registration)
    kept = NEW | set(channel.locked) | PRIVILEGE_FOR.keys()
    gone = [ModeChange(False, letter) for letter in sorted(channel.flags - kept)]
    gone += _unset(channel, "".join(parameters(channel).keys() - kept))
    missing = [ModeChange(True, letter) for letter in sorted(NEW - channel.flags - set(channel.locked))]
    _change(errand, channel, gone + missing)


def _unset(channel: Channel, letters: str) -> list[ModeChange]:
    """What unsets those of some modes with a parameter that are set."""
    return [
        ModeChange(False, letter, "*" if letter == "k" else None)
        for letter in parameters(channel)
        if letter in letters
    ]


def _change(errand: Errand, channel: Channel, changes: list[ModeChange]) -> None:
    if not changes:
        errand.end("It is so already.")
    errand.commit(ModesChanged(channel, tuple(changes), errand.chanserv.user, errand.now))


async def _flags(errand: Errand, registration: RegisteredChannel) -> None:
    mine = await may(errand, registration, "Rf", "FLAGS")
    given: dict[str, Value] = {
        field(channels.FLAGS, key): None
        for key, access in registration.access.items()
        if key != errand.user.account_id and may_change(mine, letters_of(access.letters), ())
    }
    if not given:
        errand.end(f"There is no access to {registration.name} that you may take away.")
    await errand.chanserv.change(registration, given)
    entries = "1 entry" if len(given) == 1 else f"{len(given)} entries"
    errand.say(f"{entries} of access to {registration.name} taken away.")


async def _akicks(errand: Errand, registration: RegisteredChannel) -> None:
    await may(errand, registration, "Rfr", "AKICKS")
    name = registration.name
    kept_out = [key for key, akick in registration.akicks.items() if akick.how == KICK]
    if not kept_out:
        errand.end(f"Nobody is kept out of {name}.")
    await errand.chanserv.lift(registration, kept_out)
    errand.say(f"Nobody is kept out of {name} any more.")


@CHANSERV.command("RECOVER", min_params=1, penalty=3.0)
def recover(errand: Errand) -> None:
    """`RECOVER <#channel>`: have a channel back that others took over.

    They lose all ranks that the access list does not give them, nobody comes in or speaks (modes i and m),
    key and limit are gone, bans on you are lifted, and you are invited, or have your ranks if you are in.
    """
    errand.at_most(1)
    registration, user = registered(errand), errand.user
    may_there(errand, registration, "R")
    channel = living(errand, registration)
    access = errand.chanserv.access
    access.sync(channel, registration, errand.now, but=user)
    bans = errand.sessions.bans.meaning(channel, user, mutes=False)
    bans += errand.sessions.bans.meaning(channel, user, mutes=True)
    changes = [ModeChange(False, "b", entry.text) for entry in bans] + _unset(channel, "kl")
    changes += [ModeChange(True, letter) for letter in "im" if letter not in channel.flags]
    if changes:
        _change(errand, channel, changes)
    if user in channel.members:
        access.raise_up(channel, registration, user, errand.now)
    else:
        errand.commit(Invited(user, channel, errand.bot, errand.now))
    errand.say(f"{channel.name} is yours again. MODE -im lets others in and speak.")
