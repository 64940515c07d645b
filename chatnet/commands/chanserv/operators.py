"""What operators with the privilege `accounts` may do to the channels of others.  All of it is noted."""

from __future__ import annotations

from functools import partial
from typing import Final

from chatnet.commands.chanserv.asking import registered, shown
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.records.accounts import ACTIVE, State, Status
from chatnet.records.grammar import STATUS
from chatnet.rules.access import founder_of
from chatnet.rules.durations import seconds_in
from chatnet.session.scans import Scan
from chatnet.wire.masks import price_of, read_glob
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line

REASON: Final = 200
"""Bytes of the reason of a suspension."""
LISTED: Final = 100
"""Channels that one LIST shows."""


@CHANSERV.command("SUSPEND", min_params=2, penalty=2.0, privilege="accounts")
async def suspend(errand: Errand) -> None:
    """`SUSPEND <#channel> [+<n><s|m|h|d|w>] <reason>`: nobody comes in, and who is in has to leave.

    `SUSPEND #c +3d spam` is over in three days. Operators with the privilege channels come in.
    """
    registration, words, until = registered(errand), errand.params[1:], 0
    if words[0][:1] == "+":
        seconds = seconds_in(words[0][1:])
        if seconds is None:
            errand.end("That is no duration: a number and s, m, h, d or w, as in +3d.")
        words, until = words[1:], int(errand.now) + seconds
    reason = cut(one_line(" ".join(words)), REASON)
    if not reason:
        errand.end("Say why, too: SUSPEND <#channel> [+3d] <reason>")
    about = f"{registration.name} ({registration.id})"
    await errand.note("SUSPEND", about, f"{minute(until)}: {reason}" if until else reason)
    status = Status(State.SUSPENDED, until, errand.user.nick, reason)
    await errand.chanserv.change(registration, {STATUS: status.text})
    errand.say(f"{registration.name} is suspended{f' until {minute(until)}' if until else ''}.")


@CHANSERV.command("UNSUSPEND", min_params=1, penalty=2.0, privilege="accounts")
async def unsuspend(errand: Errand) -> None:
    """`UNSUSPEND <#channel>`: end a suspension."""
    errand.at_most(1)
    registration = registered(errand)
    if registration.status.state is not State.SUSPENDED:
        errand.end(f"{registration.name} is not suspended.")
    await errand.note("UNSUSPEND", f"{registration.name} ({registration.id})")
    await errand.chanserv.change(registration, {STATUS: ACTIVE.text})
    errand.say(f"{registration.name} is suspended no more.")


@CHANSERV.command("LIST", min_params=1, penalty=3.0, privilege="accounts")
def list_(errand: Errand) -> None:
    """`LIST <mask>`: the registered channels whose name fits a mask such as #club*.

    It shows a hundred of them.
    """
    if errand.session.held:
        errand.end("Ask that in a message of its own.")
    errand.scan(partial(_list, errand, errand.params[0]))


async def _list(errand: Errand, mask: str, scan: Scan) -> None:
    registry, matches, price = errand.network.registry, read_glob(mask, errand.network.fold), price_of(mask)
    count = 0
    for registration in list(registry.channels.by_id.values()):
        if scan.spend(1 + price):
            await scan.pause()
        if registration.id not in registry.channels.by_id or not matches(registration.name):
            continue
        if count == LISTED:
            errand.say("There are more. Ask for fewer, with another mask.")
            return
        count += 1
        state = " (suspended)" if registration.suspended(errand.now) else ""
        waiting = registry.channels.at(errand.network.fold(registration.name)) is not registration
        founder = shown(errand, founder_of(registry, registration)) or "nobody"
        errand.say(f"{registration.name} of {founder}{state}{' (waiting)' if waiting else ''}")
    errand.say(f"{count or 'No'} channel{'' if count == 1 else 's'}.")
