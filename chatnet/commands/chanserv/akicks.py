"""AKICK and AQUIET: who is kept out of a registered channel, and who may not speak there."""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.commands.chanserv.asking import may, registered, shown, target
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.registered import RegisteredChannel
from chatnet.records import channels
from chatnet.records.channels import KICK, MUTE, Akick
from chatnet.records.grammar import field
from chatnet.rules.access import founder_of, letters_of, ranks_for
from chatnet.rules.modes import size_of_lists
from chatnet.services.accounts import Value
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

REASON: Final = 200
"""Bytes of a reason."""


class _Kind(NamedTuple):
    """One of the two lists: what it does to people, as records and as sentences have it."""

    how: str
    is_on: str
    is_off: str


_OUT: Final = _Kind(KICK, "is kept out of", "is not kept out of")
_MUTE: Final = _Kind(MUTE, "may not speak in", "may speak in")


@CHANSERV.command("AKICK", min_params=2, penalty=2.0)
async def akick(errand: Errand) -> None:
    """`AKICK <#channel> ADD|DEL|LIST [<target> [+<n><s|m|h|d|w>] [<reason> [| <note>]]]`: who is kept out.

    A target is an account, the nick of who is logged in, or a mask. AKICK #c ADD *!*@host +3d spam is over in
    three days; !T 3d means the same as +3d, and !P for ever. The note behind a bar is in the list only. Who
    has the flag e is never kept out.
    """
    await _ask(errand, _OUT)


@CHANSERV.command("AQUIET", min_params=2, penalty=2.0)
async def aquiet(errand: Errand) -> None:
    """`AQUIET <#channel> ADD|DEL|LIST [<target> [+<n><s|m|h|d|w>] [<reason> [| <note>]]]`: who is mute.

    As AKICK, but they may come in, and read. It is a ban of the kind $q:, which stays until DEL, or until
    its time is over.
    """
    await _ask(errand, _MUTE)


async def _ask(errand: Errand, kind: _Kind) -> None:
    word = errand.params[1].upper()
    registration = registered(errand)
    if word == "LIST":
        errand.at_most(2)
        await _list(errand, registration, kind)
    elif word == "ADD" and len(errand.params) > 2:
        await _add(errand, registration, kind)
    elif word == "DEL" and len(errand.params) == 3:
        await _remove(errand, registration, kind)
    else:
        errand.end(say_it(errand.row))


async def _add(errand: Errand, registration: RegisteredChannel, kind: _Kind) -> None:
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
    given: dict[str, Value] = {}
    for each in over:
        given |= errand.chanserv.lifted(registration, each)
    if key in registration.akicks and registration.akicks[key].how != kind.how:
        given |= errand.chanserv.lifted(registration, key)
    given[field(channels.AKICK, key)] = Akick(until, kind.how, by, reason).text
    if kind is _MUTE:
        given |= _muted(errand, registration, key)
    await errand.chanserv.change(registration, given)
    errand.say(f"{whom} {kind.is_on} {name}{f' until {minute(until)}' if until else ''}.")
    if entry is None:
        return
    letters = letters_of(entry.letters)
    if kind is _OUT and "e" in letters:
        errand.say(f"But {whom} has the flag e in {name}, and comes in all the same: FLAGS {name} {whom} -e")
    elif kind is _MUTE and ranks_for(letters):
        errand.say(f"But {whom} has a rank in {name} by the access list, and may speak by that.")


def _muted(errand: Errand, registration: RegisteredChannel, key: str) -> dict[str, Value]:
    """The ban by which who is on the list may not speak, also on servers that know no such list."""
    given, limits = errand.chanserv.muted(registration, key), errand.settings.limits
    channel = errand.chanserv.keeping.state(registration)
    most = limits.large_mask_list if "L" in channel.flags else limits.mask_list
    if given and size_of_lists(channel)[0] >= most:
        errand.end(f"The lists of {registration.name} are full. Lift a ban first.")
    return given


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


async def _remove(errand: Errand, registration: RegisteredChannel, kind: _Kind) -> None:
    key, name = target(errand, errand.params[2]), registration.name
    whom = shown(errand, key)
    await may(errand, registration, "fr", whom)
    listed = registration.akicks.get(key)
    if listed is None or listed.how != kind.how:
        errand.end(f"{whom} {kind.is_off} {name}.")
    await errand.chanserv.change(registration, errand.chanserv.lifted(registration, key))
    errand.say(f"{whom} {kind.is_off} {name} any more." if kind is _OUT else f"{whom} {kind.is_off} {name}.")


async def _list(errand: Errand, registration: RegisteredChannel, kind: _Kind) -> None:
    await may(errand, registration, "A")
    count = 0
    for key, each in list(registration.akicks.items()):
        if each.how != kind.how or 0 < each.until <= errand.now:
            continue
        count += 1
        until = f" until {minute(each.until)}" if each.until else ""
        errand.say(f"  {shown(errand, key)}{until} (by {each.by}){': ' if each.reason else ''}{each.reason}")
    errand.say(f"{count or 'No'} entr{'y' if count == 1 else 'ies'} for {registration.name}.")
