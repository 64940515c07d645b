"""BAN, UNBAN, QUIET, UNQUIET: who stays out of a channel, or says nothing there, by access without a rank."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import is_mask, living, may_there, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.entities import Channel, User
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.rules.access import access_of, ranks_for
from chatnet.rules.bans import complete
from chatnet.rules.durations import ban_units
from chatnet.rules.modes import MASK, are_full, size_of_lists
from chatnet.wire.server_time import minute
from chatnet.wire.text import byte_length, printable

MUTE = "$q:"
"""What stands before the mask of who may not speak."""
LIFTED: Final = "{done} \x02{whom}\x02 from \x02{channel}\x02."
"""In bold as Atheme has it: bots such as Limnoria find there where they may come in again."""


@CHANSERV.command("BAN", min_params=2, penalty=2.0)
def ban(errand: Errand) -> None:
    """`BAN <#channel> [+<duration>] <nick|mask> …`: ban somebody's host, or a mask.

    Nobody of a higher rank than yours. With a duration (+15m, +12h, +1d12h) it is over by itself. Who is in
    stays in: KICK puts them out, and AKICK does both.
    """
    _set(errand, "")


@CHANSERV.command("QUIET", min_params=2, penalty=2.0)
def quiet(errand: Errand) -> None:
    """`QUIET <#channel> [+<duration>] <nick|mask> …`: the same, but they may come in, and say nothing."""
    _set(errand, MUTE)


@CHANSERV.command("UNBAN", min_params=1, penalty=2.0)
def unban(errand: Errand) -> None:
    """`UNBAN <#channel> [<nick|mask>] …`: lift all bans on you (with the flag e, or r), or on others (r)."""
    _lift(errand, "")


@CHANSERV.command("UNQUIET", min_params=1, penalty=2.0)
def unquiet(errand: Errand) -> None:
    """`UNQUIET <#channel> [<nick|mask>] …`: the same, so that they may speak."""
    _lift(errand, MUTE)


def _set(errand: Errand, how: str) -> None:
    registration = registered(errand)
    timed = errand.params[1].startswith("+")
    errand.at_most(1 + timed + errand.settings.limits.targets)
    mine = ranks_for(may_there(errand, registration, "r"))
    channel = living(errand, registration)
    until, words = _until(errand, errand.params[1:])
    masks: dict[str, str] = {}
    for word in words:
        user = _named(errand, word)
        if user is None:
            mask = _mask(errand, how, word)
        else:
            if user is not errand.user and channel.members.get(user, 0).bit_length() > mine.bit_length():
                errand.end(f"{user.nick} has a higher rank than you.")
            mask = _mask(errand, how, f"*!*@{user.host}")
        folded = errand.network.fold(mask)
        entry = channel.lists["b"].get(folded)
        if entry is None or (entry.until is not None and entry.until != until):
            masks[folded] = mask
    if not masks:
        errand.end("It is so already.")
    count, size = size_of_lists(channel)
    for mask in (mask for folded, mask in masks.items() if folded not in channel.lists["b"]):
        size += byte_length(mask)
        if are_full(channel, errand.settings.limits, count, size):
            errand.end(f"The list of bans in {channel.name} is full.")
        count += 1
    _state(errand, channel, [ModeChange(True, "b", mask, until=until) for mask in masks.values()])
    if until is not None:
        errand.say(f"{', '.join(masks.values())} until {minute(until)}.")


def _until(errand: Errand, words: list[str]) -> tuple[int | None, list[str]]:
    """Until when, as a Unix time (None: for ever), and the words behind that."""
    if not words[0].startswith("+"):
        return None, words
    seconds = ban_units(words[0][1:])
    if not seconds:
        errand.end(f"{printable(words[0])} is no duration: say +15m, +12h or +1d12h.")
    if len(words) == 1:
        errand.end(say_it(errand.row))
    return int(errand.now) + seconds, words[1:]


def _named(errand: Errand, word: str) -> User | None:
    """Who bears this nick; None if it is a mask. Ends the errand if it is neither."""
    user = errand.network.user(word)
    if user is not None and not user.server.virtual:
        return user
    if user is not None or not is_mask(word):
        errand.end(f"There is no {printable(word)}.")
    return None


def _mask(errand: Errand, how: str, text: str) -> str:
    limits = errand.settings.limits
    mask = complete(how + text.removeprefix(how), "b", limits.nick, limits.user)
    if mask is None or "$" in mask.removeprefix(MUTE)[1:] or byte_length(mask) > MASK:
        errand.end(f"{printable(text)} is no mask.")
    return mask


def _lift(errand: Errand, how: str) -> None:
    registration = registered(errand)
    errand.at_most(1 + errand.settings.limits.targets)
    meant = {word: _named(errand, word) for word in errand.params[1:] or [errand.user.nick]}
    own = "e" in access_of(errand.network, registration, errand.user)
    if not own or any(user is not errand.user for user in meant.values()):
        may_there(errand, registration, "r")
    channel = living(errand, registration)
    lifted: dict[str, ModeChange] = {}
    who: list[str] = []
    for word, user in meant.items():
        if user is not None:
            seen = user is not errand.user
            entries = errand.sessions.bans.meaning(channel, user, mutes=bool(how), seen=seen)
        else:
            entry = channel.lists["b"].get(errand.network.fold(_mask(errand, how, word)))
            entries = [] if entry is None else [entry]
        who.append(user.nick if user is not None else printable(word))
        if not entries:
            errand.end(f"No {'mute' if how else 'ban'} in {channel.name} means {who[-1]}.")
        lifted |= {entry.text: ModeChange(False, "b", entry.text) for entry in entries}
    _state(errand, channel, list(lifted.values()))
    if errand.user not in channel.members:  # who is out sees no MODE
        for whom in who:
            errand.say(LIFTED.format(done="Unmuted" if how else "Unbanned", whom=whom, channel=channel.name))


def _state(errand: Errand, channel: Channel, changes: list[ModeChange]) -> None:
    errand.commit(ModesChanged(channel, tuple(changes), errand.chanserv.user, errand.now))
