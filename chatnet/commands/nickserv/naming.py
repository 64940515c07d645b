"""What an account is called."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import Named
from chatnet.records.claims import NAMES
from chatnet.records.grammar import field
from chatnet.services.accounts import Value
from chatnet.storage.interfaces import NameTaken


async def rename(errand: Errand, account: Account, name: str, by: User | None) -> None:
    """Have `account` another name, which `by` bears.  The old one, if it is theirs, is a nick of it then.

    Where it has as many as it may have the old one is free, and whoever asked reads that.
    A new name is asked for from now on: so it is never taken from who had it before.
    """
    accounts, registry, fold = errand.accounts, errand.network.registry, errand.network.fold
    before, most = account.name, errand.settings.accounts.nicks
    old, folded = fold(before), fold(name)
    if registry.owner(folded) is not account:
        accounts.acceptable_name(name, by)
    given: dict[str, Value] = {values.NAME: lambda stamp: Named(stamp, name).text}
    if folded == old:
        since = account.since  # only its case is another one
        given[values.NAME] = Named(since, name).text
    elif not account.lost and (len(account.nicks) < most or old in account.nicks):
        given[field(values.NICK, old)] = Named(account.since, account.name).text
    try:
        with accounts.ledger.reserved([folded]):
            await accounts.change(account, given, [(folded, NAMES)])
    except NameTaken:
        errand.end("Somebody is registering this name.")
    if registry.owner(old) is None:
        errand.say(f"{before} is free now: an account has at most {most} nicks beside its name.")
