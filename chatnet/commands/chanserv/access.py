"""FLAGS, ACCESS and lists by templates: who may do what in a channel.  It is one list under several names."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import may, registered, shown, target
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.registered import RegisteredChannel
from chatnet.records import channels
from chatnet.records.channels import Access
from chatnet.records.grammar import field
from chatnet.rules.access import (
    ALL,
    LETTERS,
    TEMPLATES,
    founder_of,
    in_order,
    is_account,
    letters_of,
    may_change,
    name_of,
    template,
    templates_of,
)
from chatnet.wire.server_time import day
from chatnet.wire.text import printable

_LIST: Final = "LIST"


@CHANSERV.command("FLAGS", min_params=1, penalty=2.0)
async def flags(errand: Errand) -> None:
    """`FLAGS <#channel> [<target> [<flags>|<template>]]`: who may do what; change it.

    A target is an account, the nick of who is logged in, or a mask such as *!*@host.example.org for whoever
    fits it. FLAGS #c ann +Vt-o changes flags, FLAGS #c ann VOP gives those of a template, FLAGS #c ann -*
    takes all.
    """
    errand.at_most(3)
    if len(errand.params) == 1:
        await _list(errand, None)
        return
    registration = registered(errand)
    key = target(errand, errand.params[1])
    before = _letters(registration, key)
    if len(errand.params) == 2:
        if key != errand.user.account_id:
            await may(errand, registration, "A")
        errand.say(f"{shown(errand, key)} has {_named(errand, registration, before)} in {registration.name}.")
        return
    after = changed(errand, registration, before, errand.params[2])
    await _give(errand, registration, key, after)


@CHANSERV.command("ACCESS", min_params=2, penalty=2.0)
async def access(errand: Errand) -> None:
    """`ACCESS <#channel> ADD|DEL|LIST [<target> [<template>|<flags>]]`: the same list as that of FLAGS.

    ADD needs a template (VOP, HOP, AOP, SOP) or flags behind the target.
    """
    errand.at_most(4)
    word = errand.params[1].upper()
    if word == _LIST:
        await _list(errand, None)
    elif word == "ADD" and len(errand.params) == 4:
        registration = registered(errand)
        key = target(errand, errand.params[2])
        after = changed(errand, registration, frozenset(), errand.params[3])
        await _give(errand, registration, key, after)
    elif word == "DEL" and len(errand.params) == 3:
        registration = registered(errand)
        await _take(errand, registration, target(errand, errand.params[2]))
    else:
        errand.end(say_it(errand.row))


async def _by_template(name: str, errand: Errand) -> None:
    errand.at_most(3)
    word = errand.params[1].upper()
    if word == _LIST:
        await _list(errand, name)
    elif word in ("ADD", "DEL") and len(errand.params) == 3:
        registration = registered(errand)
        key = target(errand, errand.params[2])
        if word == "ADD":
            letters = template(templates(errand, registration), name)
            await _give(errand, registration, key, frozenset(TEMPLATES[name]) if letters is None else letters)
        elif name_of(templates(errand, registration), _text(registration, key)).upper() != name:
            errand.end(f"{shown(errand, key)} is not on this list.")
        else:
            await _take(errand, registration, key)
    else:
        errand.end(say_it(errand.row))


@CHANSERV.command("VOP", min_params=2, penalty=2.0)
async def vop(errand: Errand) -> None:
    """`VOP <#channel> ADD|DEL|LIST [<target>]`: who is voiced."""
    await _by_template("VOP", errand)


@CHANSERV.command("HOP", min_params=2, penalty=2.0)
async def hop(errand: Errand) -> None:
    """`HOP <#channel> ADD|DEL|LIST [<target>]`: who is a half-operator."""
    await _by_template("HOP", errand)


@CHANSERV.command("AOP", min_params=2, penalty=2.0)
async def aop(errand: Errand) -> None:
    """`AOP <#channel> ADD|DEL|LIST [<target>]`: who is an operator."""
    await _by_template("AOP", errand)


@CHANSERV.command("SOP", min_params=2, penalty=2.0)
async def sop(errand: Errand) -> None:
    """`SOP <#channel> ADD|DEL|LIST [<target>]`: who is an admin, and may change these lists."""
    await _by_template("SOP", errand)


def _text(registration: RegisteredChannel, key: str) -> str:
    entry = registration.access.get(key)
    return "" if entry is None else entry.letters


def _letters(registration: RegisteredChannel, key: str) -> frozenset[str]:
    return letters_of(_text(registration, key))


def templates(errand: Errand, registration: RegisteredChannel) -> dict[str, str]:
    """The sets of letters with a name that there are in a channel."""
    return templates_of(errand.settings.channels.templates, registration)


def _named(errand: Errand, registration: RegisteredChannel, letters: frozenset[str]) -> str:
    return name_of(templates(errand, registration), in_order(letters)) if letters else "no flags"


def changed(
    errand: Errand, registration: RegisteredChannel, before: frozenset[str], text: str
) -> frozenset[str]:
    """What `before` becomes by the name of a template, or by flags such as ``+Vt-o`` and ``-*``."""
    if (letters := template(templates(errand, registration), text)) is not None:
        return letters
    found, adding = set(before), True
    for sign in text:
        if sign in "+-":
            adding = sign == "+"
        elif sign == "*" and not adding:
            found.clear()
        elif sign == "*":
            found |= ALL - {"F"}
        elif sign not in LETTERS:
            errand.end(f"There is no flag {printable(sign)}, and no template of that name.")
        elif adding:
            found |= letters_of(sign)
        else:
            found -= {sign, "F"}  # who lacks one is no founder
    return frozenset(found)


async def _take(errand: Errand, registration: RegisteredChannel, key: str) -> None:
    if key not in registration.access:
        errand.end(f"{shown(errand, key)} has no access to {registration.name}.")
    await _give(errand, registration, key, frozenset())


async def _give(errand: Errand, registration: RegisteredChannel, key: str, after: frozenset[str]) -> None:
    """Have an entry be these letters, or none, if the asker may say so."""
    whom, name, before = shown(errand, key), registration.name, _letters(registration, key)
    own = key == errand.user.account_id
    if not (own and after <= before):  # one's own access one may give up
        mine = await may(errand, registration, "f", f"{whom} {_named(errand, registration, after)}")
        before = _letters(registration, key)
        if not may_change(mine, before, after):
            errand.end(f"You cannot give or take flags in {name} that you do not have.")
    if after and not own and is_account(key):
        account = errand.network.registry.account(key)
        if account is not None and account.settings.get("never-op") == "on":
            errand.end(f"{whom} takes no access to channels.")
    most = errand.settings.channels.access
    if after and key not in registration.access and len(registration.access) >= most:
        errand.end(f"{name} has its {most} entries of access. Take one away first.")
    if after == before and (after or key not in registration.access):
        errand.end(f"{whom} has {_named(errand, registration, after)} in {name} already.")
    by = "*" if errand.user.account is None else errand.user.account
    value = Access(in_order(after), int(errand.now), by).text if after else None
    await errand.chanserv.change(registration, {field(channels.FLAGS, key): value})
    errand.say(f"{whom} has {_named(errand, registration, after)} in {name} now.")


async def _list(errand: Errand, wanted: str | None) -> None:
    registration = registered(errand)
    await may(errand, registration, "A")
    founder = founder_of(errand.network.registry, registration)
    if wanted is None and founder:
        errand.say(f"  {shown(errand, founder)} FOUNDER")
    count, named = 0, templates(errand, registration)
    for key, entry in list(registration.access.items()):
        name = name_of(named, entry.letters)
        if wanted is None or name.upper() == wanted:
            count += 1
            errand.say(f"  {shown(errand, key)} {name} (by {entry.by}, {day(entry.at)})")
    errand.say(f"{count or 'No'} entr{'y' if count == 1 else 'ies'} for {registration.name}.")
