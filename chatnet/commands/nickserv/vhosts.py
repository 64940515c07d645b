"""VHOST: the host that who is logged in to an account is seen under."""

from __future__ import annotations

import re

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.records import accounts as values
from chatnet.records.accounts import Vhost
from chatnet.wire.names import LONGEST_HOST, is_public_name

_ODD = re.compile("[^a-z0-9]+")


@NICKSERV.command("VHOST ON", penalty=2.0)
async def vhost_on(errand: Errand) -> None:
    """`VHOST ON`: be seen under the host of your account whenever you are logged in."""
    await _switch(errand, True)


@NICKSERV.command("VHOST OFF", penalty=2.0)
async def vhost_off(errand: Errand) -> None:
    """`VHOST OFF`: be seen under it no more."""
    await _switch(errand, False)


@NICKSERV.command("VHOST TAKE", penalty=3.0)
async def vhost_take(errand: Errand) -> None:
    """`VHOST TAKE <host>`: take one of the hosts that this network gives out; without one, list them."""
    errand.at_most(1)
    account = errand.own
    patterns = [_pattern(each, account.shown) for each in errand.settings.accounts.vhosts]
    if not patterns:
        errand.end("This network gives out no hosts.")
    if not errand.params:
        errand.say("You may take, with a word of yours for each *:")
        for each in patterns:
            errand.say(f"  {each}")
        return
    host = errand.params[0].lower()
    if not any(_fits(host, each) for each in patterns):
        errand.end("That is none of the hosts that you may take. VHOST TAKE lists them.")
    for_all = [each.lower() for each in errand.settings.accounts.vhosts]
    if host not in for_all and errand.network.registry.has_host(host, account):
        errand.end("Somebody else has this host.")
    await errand.accounts.change(account, {values.VHOST: Vhost(True, host).text})
    errand.say(f"You are seen under {host} now.")


async def _switch(errand: Errand, on: bool) -> None:
    errand.at_most(0)
    account = errand.own
    if account.vhost is None:
        errand.end("Your account has no host. VHOST TAKE lists those that you may take.")
    await errand.accounts.change(account, {values.VHOST: account.vhost._replace(on=on).text})
    errand.say(f"The host {account.vhost.host} is {'on' if on else 'off'} now.")


@NICKSERV.command("VHOST SET", min_params=1, penalty=2.0, privilege="accounts")
async def vhost_set(errand: Errand) -> None:
    """`VHOST SET <account> [<host>]`: give an account a host, or take away the one it has."""
    errand.at_most(2)
    account, host = errand.account(0), errand.param(1)
    if host and not is_host(host):
        errand.end("That is no host: labels of letters, digits and hyphens, with dots between.")
    await errand.audit("VHOST SET", account, host)
    await errand.accounts.change(account, {values.VHOST: Vhost(True, host).text if host else None})
    errand.say(f"{account.shown} is seen under {host} now." if host else f"{account.shown} has no host now.")


def is_host(text: str) -> bool:
    """Whether people may be seen under it: it has a dot, and cannot be taken for an address."""
    return is_public_name(text, LONGEST_HOST)


def _pattern(pattern: str, name: str) -> str:
    """A pattern of the settings with the name of an account in it, as far as a host may have it."""
    return pattern.lower().replace("$account", _ODD.sub("-", name.lower()).strip("-") or "user")


def _fits(host: str, pattern: str) -> bool:
    """Whether `host` is one of a pattern, in which ``*`` is a label, or a part of one."""
    form = re.escape(pattern).replace(r"\*", "[a-z0-9-]+")
    return is_host(host) and re.fullmatch(form, host) is not None
