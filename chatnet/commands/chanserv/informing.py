"""INFO: what is known of a channel."""

from __future__ import annotations

from chatnet.commands.chanserv.asking import registered, shown
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.rules.access import access_of, founder_of
from chatnet.wire.server_time import minute


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
