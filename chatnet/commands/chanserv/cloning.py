"""CLONE: what one channel has, another one has as well."""

from __future__ import annotations

from typing import NoReturn

from chatnet.commands.chanserv.asking import named, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.model.registered import RegisteredChannel
from chatnet.records import accounts as values
from chatnet.records import channels
from chatnet.records.channels import MUTE, Access
from chatnet.records.grammar import field
from chatnet.rules import locks
from chatnet.rules.access import founder_of, is_account
from chatnet.services.accounts import Value


@CHANSERV.command("CLONE", min_params=2, penalty=3.0)
async def clone(errand: Errand) -> None:
    """`CLONE <#channel> <#to>`: have another channel of yours get what this one has.

    Access, who is kept out, templates and what was chosen with SET are copied; what the other one has beside
    stays, and so do its founder and successor. You are founder of both.
    """
    errand.at_most(2)
    source, target = registered(errand), named(errand, errand.params[1])
    if source is target:
        errand.end("These are one channel.")
    founder = {founder_of(errand.network.registry, each) for each in (source, target)}
    if founder != {errand.user.account_id}:
        if not errand.user.may("accounts"):
            errand.end(f"You are not the founder of {source.name} and {target.name}.")
        await errand.note("CLONE", f"{target.name} ({target.id})", f"{source.name} ({source.id})")
    given = _copied(errand, source, target)
    if not given:
        errand.end(f"{target.name} has all of it already.")
    await errand.chanserv.change(target, given)
    errand.say(f"{target.name} has what {source.name} has now.")


def _copied(errand: Errand, source: RegisteredChannel, target: RegisteredChannel) -> dict[str, Value]:
    """The fields of the other channel that are not as they are to be."""
    registry, limits = errand.network.registry, errand.settings.channels
    founder, now = founder_of(registry, target), int(errand.now)
    by = "*" if errand.user.account is None else errand.user.account
    given: dict[str, Value] = {}
    there = set(target.access)
    for key, entry in source.access.items():
        known = target.access.get(key)
        account = registry.account(key)
        if (known is None or known.letters != entry.letters) and (account is not None or not is_account(key)):
            given[field(channels.FLAGS, key)] = Access(entry.letters, now, by).text
            there.add(key)
    if len(there) > limits.access:
        _too_many(errand, target, limits.access, "entries of access")
    kept_out = {key for key, akick in target.akicks.items() if not 0 < akick.until <= now}
    for key, akick in source.akicks.items():
        if key != founder and akick != target.akicks.get(key) and not 0 < akick.until <= now:
            given[field(channels.AKICK, key)] = akick.text
            if akick.how == MUTE:
                given |= errand.chanserv.muted(target, key)
            kept_out.add(key)
    if len(kept_out) > limits.akicks:
        _too_many(errand, target, limits.akicks, "who are kept out")
    templates = {each.upper(): each for each in target.templates}
    for name, letters in source.templates.items():
        key = templates.setdefault(name.upper(), name)
        if target.templates.get(key) != letters:
            given[field(channels.TEMPLATE, key)] = letters
    if len(templates) > limits.own_templates:
        _too_many(errand, target, limits.own_templates, "templates")
    for key, value in source.settings.items():
        if target.settings.get(key) != value:
            given[field(values.SETTING, key)] = value
            if key == locks.MLOCK:
                given |= errand.chanserv.held(target, locks.lock_of(errand.network, source))
    return given


def _too_many(errand: Errand, target: RegisteredChannel, most: int, what: str) -> NoReturn:
    errand.end(f"{target.name} has room for {most} {what}, and would have more.")
