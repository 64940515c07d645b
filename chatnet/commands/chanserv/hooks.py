"""HOOK: addresses by which programs elsewhere say something in a channel, or are told what is said there."""

from __future__ import annotations

from typing import Final

from chatnet.commands.chanserv.asking import may, registered
from chatnet.commands.chanserv.table import CHANSERV
from chatnet.commands.errand import Errand, say_it
from chatnet.model.modes import OP
from chatnet.model.registered import RegisteredChannel
from chatnet.services.hooks import Hooking
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

LABEL: Final = 30
"""Bytes of what people call a hook."""


@CHANSERV.command("HOOK LIST", min_params=1, penalty=2.0)
async def hook_list(errand: Errand) -> None:
    """`HOOK LIST <#channel>`: its hooks: what programs elsewhere say something by, or are told by."""
    errand.at_most(1)
    registration = registered(errand)
    hooks = await _hooks(errand, registration)
    found = hooks.known.of(registration.id)
    for hook in found:
        how = f"tells {printable(hook.url)}" if hook.tells else f"hears {hook.format.partition(' ')[0]}"
        bot = errand.network.registry.account(hook.bot)
        end = f", closed {minute(hook.closed.at)}: {hook.closed.why}" if hook.closed else ""
        errand.say(
            f"  {hook.name[:8]} {hook.label}: {how}, by {'nobody' if bot is None else bot.shown}, "
            f"since {minute(hook.created)}{end}"
        )
    errand.say(f"{len(found) or 'No'} hook{'' if len(found) == 1 else 's'} of {registration.name}.")


@CHANSERV.command("HOOK ADD", min_params=2, penalty=5.0)
async def hook_add(errand: Errand) -> None:
    """`HOOK ADD <#channel> <label> [BY <bot>] [<format>]`: an address by which a program says something.

    The address is shown once, and whoever knows it can use it. Without a format it takes what Slack and
    Mattermost take, and plain text; others are github, gitlab, alertmanager, grafana, and template with a
    text such as template {repository.name}: {message}. A bot of yours speaks there: one that is called as
    the hook is, and made if need be, or the one that you name.
    """
    registration = registered(errand)
    hooks = await _hooks(errand, registration)
    label, words, by = _label(errand, errand.params[1]), errand.params[2:], errand.in_person()
    bot = None
    if len(words) > 1 and words[0].upper() == "BY":
        bot, words = errand.nickserv.bots.named(by, words[1]), words[2:]
        if bot is None:
            errand.end("That is no bot of yours. BOT LIST of NickServ lists them.")
    form = " ".join(words) or "any"
    if (wrong := hooks.wrong(form)) is not None:
        errand.end(f"The format {wrong}.")
    hook, secret = await hooks.hear(registration, label, form, by, bot)
    errand.say(f"The hook {hook.label} of {registration.name}, shown only now, is at")
    errand.say(hooks.address(hook, secret))
    speaker = errand.network.registry.account(hook.bot)
    errand.say(f"{'Nobody' if speaker is None else speaker.shown} speaks by it. Try: curl -d hello <address>")


@CHANSERV.command("HOOK DEL", min_params=2, penalty=2.0)
async def hook_del(errand: Errand) -> None:
    """`HOOK DEL <#channel> <hook>`: make an end of a hook, by its label or what HOOK LIST shows before it."""
    errand.at_most(2)
    registration = registered(errand)
    hooks = await _hooks(errand, registration)
    hook = hooks.find(registration, errand.params[1])
    await hooks.remove(hook)
    errand.say(f"The hook {hook.label} of {registration.name} is gone.")


def _label(errand: Errand, text: str) -> str:
    label = cut(one_line(text), LABEL)
    if not label or " " in label:
        errand.end(say_it(errand.row))
    return label


async def _hooks(errand: Errand, registration: RegisteredChannel) -> Hooking:
    """What sees to hooks; ends the errand unless the asker has the flag s, or is an operator."""
    hooks = errand.chanserv.hooking
    assert hooks is not None
    channel = errand.network.channel(registration.name)
    if channel is None or channel.members.get(errand.user, 0) < OP:
        await may(errand, registration, "s")
    return hooks
