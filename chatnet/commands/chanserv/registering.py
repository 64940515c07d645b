"""REGISTER, DROP, UNDROP: how channels become somebody's, and nobody's again."""

from __future__ import annotations

from chatnet.commands.chanserv.asking import dropped_at, may, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand
from chatnet.model.modes import OP
from chatnet.model.registered import RegisteredChannel
from chatnet.records.accounts import ACTIVE, State, Status
from chatnet.records.grammar import STATUS
from chatnet.rules.access import founder_of
from chatnet.services.refused import duration
from chatnet.wire.text import printable


@CHANSERV.command("REGISTER", min_params=1, penalty=3.0)
async def register(errand: Errand) -> None:
    """`REGISTER <#channel>`: make a channel yours that you are an operator of.

    From then on you are its owner whenever you are logged in, and say who else may do what: HELP FLAGS.
    """
    errand.at_most(1)
    account, user = errand.own, errand.user
    if not errand.settings.channels.registration:
        errand.end("Nobody can register channels here.")
    channel = errand.network.channel(errand.params[0])
    if channel is None or user not in channel.members:
        errand.end(f"You are not in {printable(errand.params[0])}.")
    if channel.members[user] < OP:
        errand.end(f"You are no operator of {channel.name}.")
    name = channel.name
    await errand.chanserv.register(channel, account, user)
    errand.notice("a", f"{user.nick} ({account.shown}) registered {name}")
    errand.say(f"{name} belongs to {account.shown} now.")


@CHANSERV.command("DROP", min_params=1, penalty=2.0)
async def drop(errand: Errand) -> None:
    """`DROP <#channel> [<code>]`: give up a channel that you are founder of; the first time it tells a code.

    For some days UNDROP brings all of it back, then it is erased, and anybody may register it. Operators with
    the privilege accounts may drop any. Where your registration waits for that of somebody else, it is yours
    that you give up.
    """
    errand.at_most(2)
    user, bot = errand.user, errand.bot.nick
    registration = _waiting(errand) or registered(errand)
    founder = founder_of(errand.network.registry, registration)
    if (not founder or founder != user.account_id) and not user.may("accounts"):
        errand.end(f"You are not the founder of {registration.name}.")
    name = registration.name
    if not errand.param(1):
        code = errand.nickserv.code("drop", registration.id, user)
        errand.end(f"To give up {name}: /msg {bot} DROP {name} {code}")
    if not errand.nickserv.is_code(errand.param(1), "drop", registration.id, user):
        errand.end(f"That is not the code. DROP {name} tells it.")
    if founder != user.account_id:
        await may(errand, registration, "F")
    errand.notice("a", f"{user.nick} dropped {name}")
    await errand.chanserv.change(registration, {STATUS: Status(State.DROPPED).text})
    grace = duration(errand.settings.accounts.drop_grace)
    errand.say(f"{name} is dropped. Within {grace} you get it back: /msg {bot} UNDROP {name}")


def _waiting(errand: Errand) -> RegisteredChannel | None:
    """The registration of the asker that waits for another one of the same name."""
    channels, account = errand.network.registry.channels, errand.user.account_id
    for each in channels.asking(errand.network.fold(errand.params[0])):
        if account and channels.waits(each) and founder_of(errand.network.registry, each) == account:
            return each
    return None


@CHANSERV.command("UNDROP", min_params=1, penalty=2.0)
async def undrop(errand: Errand) -> None:
    """`UNDROP <#channel>`: have a channel back that was dropped, if it is not erased yet."""
    errand.at_most(1)
    registration, user = dropped_at(errand, errand.params[0]), errand.user
    if registration is None:
        errand.end(f"{printable(errand.params[0])} was not dropped.")
    name, founder = registration.name, founder_of(errand.network.registry, registration)
    if not founder or founder != user.account_id:
        await may(errand, registration, "F")
    await errand.chanserv.change(registration, {STATUS: ACTIVE.text})
    errand.notice("a", f"{user.nick} has {name} back, which was dropped")
    whose = errand.network.registry.account(founder)
    errand.say(f"{name} belongs to {'nobody' if whose is None else whose.shown} again.")
