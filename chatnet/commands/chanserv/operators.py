"""What operators with the privilege `accounts` may do to the channels of others.  All of it is noted."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.commands.chanserv.asking import registered, shown
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.commands.surveying import survey
from chatnet.commands.suspending import lifted, noted, suspension, told
from chatnet.model.registered import RegisteredChannel
from chatnet.records.accounts import SUSPENSION, State
from chatnet.rules.access import founder_of


@CHANSERV.command("SUSPEND", min_params=2, penalty=2.0, privilege="accounts")
async def suspend(errand: Errand) -> None:
    """`SUSPEND <#channel> [+<n><s|m|h|d|w>] <reason>`: nobody comes in, and who is in has to leave.

    `SUSPEND #c +3d spam` is over in three days. Operators with the privilege channels come in.
    """
    registration = registered(errand)
    asked = suspension(errand, "<#channel>")
    await errand.note("SUSPEND", f"{registration.name} ({registration.id})", noted(asked))
    await errand.chanserv.change(registration, {SUSPENSION: asked.text})
    errand.say(told(registration.name, asked))


@CHANSERV.command("UNSUSPEND", min_params=1, penalty=2.0, privilege="accounts")
async def unsuspend(errand: Errand) -> None:
    """`UNSUSPEND <#channel>`: end a suspension."""
    errand.at_most(1)
    registration = registered(errand)
    if registration.status.state is not State.SUSPENDED:
        errand.end(f"{registration.name} is not suspended.")
    await errand.note("UNSUSPEND", f"{registration.name} ({registration.id})")
    await errand.chanserv.change(registration, lifted(registration.said))
    errand.say(f"{registration.name} is suspended no more.")


@CHANSERV.command("LIST", min_params=1, penalty=3.0, privilege="accounts", reads=True)
def list_(errand: Errand) -> None:
    """`LIST <mask>`: the registered channels whose name fits a mask such as #club*.

    It shows a hundred of them.
    """
    registry = errand.network.registry
    channels = registry.channels

    def names(registration: RegisteredChannel) -> Sequence[str] | None:
        return (registration.name,) if registration.id in channels.by_id else None

    def line(registration: RegisteredChannel) -> str:
        state = registration.status.at(errand.now)
        founder = shown(errand, founder_of(registry, registration)) or "nobody"
        words = [] if state is State.ACTIVE else [str(state.value)]
        words += ["waiting"] if channels.waits(registration) else []
        return f"{registration.name} of {founder}" + (f" ({', '.join(words)})" if words else "")

    survey(errand, "channel", channels.by_id.values, names, line)
