"""INFO and WHY: what is known of a channel, and of somebody in it."""

from __future__ import annotations

from chatnet.commands.chanserv.asking import may, registered, shown
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.rules import locks
from chatnet.rules.access import access_of, entries_of, founder_of, kept_out, muted, name_of, templates_of
from chatnet.wire.server_time import day, minute
from chatnet.wire.text import printable


@CHANSERV.command("INFO", min_params=1, penalty=2.0)
def info(errand: Errand) -> None:
    """`INFO <#channel>`: what is known of a registered channel; if it is private, to those with access."""
    errand.at_most(1)
    registration = registered(errand)
    mine = access_of(errand.network, registration, errand.user)
    errand.say(f"{registration.name}, registered {minute(registration.created)}:")
    if "private" in registration.settings and not mine and not errand.user.may("accounts"):
        errand.say("  it is private")
        return
    founder = founder_of(errand.network.registry, registration)
    errand.say(f"  founder: {shown(errand, founder) or 'nobody'}")
    if registration.successor:
        errand.say(f"  successor: {shown(errand, registration.successor)}")
    if mine or errand.user.may("accounts"):
        used = "never" if not registration.used else day(registration.used * 86400)
        errand.say(f"  used last by somebody with access: {used}")
    if mlock := registration.settings.get(locks.MLOCK):
        errand.say(f"  locked modes: {mlock.partition(' ')[0]}")
    if locks.TOPICLOCK in registration.settings:
        errand.say("  the topic is locked")
    if url := registration.settings.get("url"):
        errand.say(f"  see {url}")
    if mine or errand.user.may("accounts"):
        errand.say(f"  access: {len(registration.access)}, kept out: {len(registration.akicks)}")
    if errand.user.may("accounts"):
        errand.say(f"  id: {registration.id}")
        if registration.suspended(errand.now):
            status = registration.status
            until = f" until {minute(status.until)}" if status.until else ""
            errand.say(f"  it is suspended{until} by {status.by}: {status.reason}")


@CHANSERV.command("WHY", min_params=1, penalty=2.0)
async def why(errand: Errand) -> None:
    """`WHY <#channel> [<nick>]`: why you, or somebody else (with the flag A), have access or are kept out."""
    errand.at_most(2)
    registration = registered(errand)
    nick = errand.param(1) or errand.user.nick
    user = errand.network.user(nick)
    if user is None:
        errand.end(f"There is no {printable(nick)}.")
    if user is not errand.user:
        await may(errand, registration, "A")
    name, said = registration.name, False
    if user.account_id is not None and founder_of(errand.network.registry, registration) == user.account_id:
        errand.end(f"{user.nick} is the founder of {name}, by the account {user.account}.")
    named = templates_of(errand.settings.channels.templates, registration)
    for key in entries_of(errand.network, registration, user):
        entry = registration.access[key]
        letters, by = name_of(named, entry.letters), shown(errand, key)
        errand.say(f"{user.nick} has {letters} in {name}, by {by} (given by {entry.by}).")
        said = True
    found = kept_out(errand.network, registration, user, errand.now, seen=user is not errand.user)
    if found is not None:
        key, akick = found
        errand.say(f"{user.nick} is kept out of {name}, by {shown(errand, key)} ({akick.by}).")
        said = True
    quieted = muted(errand.network, registration, user, errand.now, seen=user is not errand.user)
    if quieted is not None:
        key, akick = quieted
        errand.say(f"{user.nick} may speak in {name} with a rank only, by {shown(errand, key)} ({akick.by}).")
        said = True
    if not said:
        errand.say(f"{user.nick} has no access to {name}.")
