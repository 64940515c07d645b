"""LISTCHANS: where an account has access."""

from __future__ import annotations

from functools import partial

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.commands.surveying import LISTED
from chatnet.rules.access import founder_of, name_of, templates_of
from chatnet.session.scans import Scan


@NICKSERV.command("LISTCHANS", penalty=3.0)
def listchans(errand: Errand) -> None:
    """`LISTCHANS [<account>]`: the registered channels that your account has access to.

    It shows a hundred of them. Operators with the privilege accounts may ask for other accounts.
    """
    errand.at_most(1)
    account = errand.account(0) if errand.params else errand.own
    if account.id != errand.user.account_id:
        errand.need("accounts")
    if errand.session.held:
        errand.end("Ask that in a message of its own.")
    errand.scan(partial(_list, errand, account.id))


async def _list(errand: Errand, entity: str, scan: Scan) -> None:
    registry, count = errand.network.registry, 0
    for each in list(registry.channels.by_id.values()):
        if scan.spend(1):
            await scan.pause()
        entry = each.access.get(entity)
        founder = each.may_be_founder(entity) and founder_of(registry, each) == entity
        if not each.holds or not (founder or entry is not None):
            continue
        if count == LISTED:
            errand.say("There are more.")
            return
        count += 1
        letters = "" if entry is None else entry.letters
        named = templates_of(errand.settings.channels.templates, each)
        what = "FOUNDER" if founder else name_of(named, letters)
        errand.say(f"{each.name} {what}{' (waiting)' if registry.channels.waits(each) else ''}")
    errand.say(f"{count or 'No'} channel{'' if count == 1 else 's'}.")
