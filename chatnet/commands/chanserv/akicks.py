"""AKICK: who is kept out of a registered channel."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import may, registered, shown, target
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.model.registered import RegisteredChannel
from chatnet.records import channels
from chatnet.records.channels import KICK, Akick
from chatnet.records.grammar import field
from chatnet.rules.access import founder_of, letters_of
from chatnet.services.accounts import Value
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

REASON: Final = 200
"""Bytes of a reason."""


@CHANSERV.command("AKICK", min_params=2, penalty=2.0)
async def akick(errand: Errand) -> None:
    """`AKICK <#channel> ADD|DEL|LIST [<target> [+<n><s|m|h|d|w>] [<reason> [| <note>]]]`: who is kept out.

    A target is an account, the nick of who is logged in, or a mask. AKICK #c ADD *!*@host +3d spam is over in
    three days; !T 3d means the same as +3d, and !P for ever. The note behind a bar is in the list only. Who
    has the flag e is never kept out.
    """
    word = errand.params[1].upper()
    registration = registered(errand)
    if word == "LIST":
        errand.at_most(2)
        await _list(errand, registration)
    elif word == "ADD" and len(errand.params) > 2:
        await _add(errand, registration)
    elif word == "DEL" and len(errand.params) == 3:
        await _remove(errand, registration)
    else:
        errand.end(say_it(errand.row))


async def _add(errand: Errand, registration: RegisteredChannel) -> None:
    key, name = target(errand, errand.params[2]), registration.name
    until, words = _until(errand, errand.params[3:])
    reason = cut(one_line(" ".join(words)), REASON)
    whom = shown(errand, key)
    mine = await may(errand, registration, "fr", whom)
    entry = registration.access.get(key)
    if key == founder_of(errand.network.registry, registration) or (
        entry is not None and not letters_of(entry.letters) <= mine
    ):
        errand.end(f"{whom} has flags in {name} that you do not have.")
    most, now = errand.settings.channels.akicks, errand.now
    over = [each for each, listed in registration.akicks.items() if 0 < listed.until <= now and each != key]
    if key not in registration.akicks and len(registration.akicks) - len(over) >= most:
        errand.end(f"{name} keeps out its {most} already. Let one in first.")
    by = "*" if errand.user.account is None else errand.user.account
    value = Akick(until, KICK, by, reason).text
    given: dict[str, Value] = {field(channels.AKICK, each): None for each in over}
    await errand.chanserv.change(registration, {**given, field(channels.AKICK, key): value})
    errand.say(f"{whom} is kept out of {name}{f' until {minute(until)}' if until else ''}.")


def _until(errand: Errand, words: list[str]) -> tuple[int, list[str]]:
    """Until when, as a Unix time (0: for ever), and the words behind that."""
    if not words:
        return 0, []
    text, rest = words[0], words[1:]
    if text.upper() == "!P":
        return 0, rest
    if text.upper() == "!T":
        text, rest = f"+{rest[0] if rest else ''}", rest[1:]
    elif text[:1] != "+":
        return 0, words
    return errand.until(text[1:]), rest


async def _remove(errand: Errand, registration: RegisteredChannel) -> None:
    key, name = target(errand, errand.params[2]), registration.name
    whom = shown(errand, key)
    await may(errand, registration, "fr", whom)
    if key not in registration.akicks:
        errand.end(f"{whom} is not kept out of {name}.")
    ban = errand.chanserv.access.ban_of(key)
    await errand.chanserv.change(registration, {field(channels.AKICK, key): None})
    channel = errand.network.channel(name)
    if channel is not None and (listed := channel.lists["b"].get(errand.network.fold(ban))) is not None:
        changes = (ModeChange(False, "b", listed.text),)
        errand.commit(ModesChanged(channel, changes, errand.chanserv.user, errand.now))
    errand.say(f"{whom} is not kept out of {name} any more.")


async def _list(errand: Errand, registration: RegisteredChannel) -> None:
    await may(errand, registration, "A")
    count = 0
    for key, each in list(registration.akicks.items()):
        if each.how != KICK or 0 < each.until <= errand.now:
            continue
        count += 1
        until = f" until {minute(each.until)}" if each.until else ""
        errand.say(f"  {shown(errand, key)}{until} (by {each.by}): {each.reason}")
    errand.say(f"{count or 'No'} entr{'y' if count == 1 else 'ies'} for {registration.name}.")
