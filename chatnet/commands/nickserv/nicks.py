"""GROUP, UNGROUP, GHOST, REGAIN, RELEASE: the nicks of an account, and getting them back."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.identifying import IDENTIFIED, proved
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.entities import User
from chatnet.model.facts import Killed
from chatnet.model.logins import PASSWORD
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import Named
from chatnet.records.claims import NAMES
from chatnet.records.grammar import field
from chatnet.rules.persons import elsewhere
from chatnet.session.logins import log_in
from chatnet.storage.interfaces import NameTaken
from chatnet.wire.text import printable


@NICKSERV.command("GROUP", penalty=3.0)
async def group(errand: Errand) -> None:
    """`GROUP`: have the nick that you bear belong to your account, too."""
    errand.at_most(0)
    account, user, accounts = errand.own, errand.user, errand.accounts
    nick, folded, most = user.nick, user.folded, errand.settings.accounts.nicks
    if errand.network.registry.owner(folded) is account:
        errand.end(f"{nick} belongs to your account already.")
    if errand.nickserv.protection.guests.includes(nick):
        errand.end("This is the nick of a guest. Take one of your own first: /nick <nick>")
    accounts.acceptable_name(nick, user)
    if len(account.nicks) >= most:
        errand.end(f"An account has at most {most} nicks beside its name. UNGROUP gives one up.")
    try:
        with accounts.ledger.reserved([folded]):
            await accounts.change(
                account,
                {field(values.NICK, folded): lambda stamp: Named(stamp, nick).text},
                [(folded, NAMES)],
            )
    except NameTaken:
        errand.end("Somebody is registering this nick.")
    errand.say(f"{nick} belongs to {account.shown} now.")


@NICKSERV.command("UNGROUP", penalty=2.0)
async def ungroup(errand: Errand) -> None:
    """`UNGROUP [<nick>]`: give up a nick of your account: the one you bear, if you name none."""
    errand.at_most(1)
    account, nick = errand.own, errand.param(0) or errand.user.nick
    folded = errand.network.fold(nick)
    if folded not in account.nicks:
        if folded == errand.network.fold(account.name):
            errand.end("That is the name of your account: SET NAME gives it another one, DROP gives it up.")
        errand.end(f"{printable(nick)} is no nick of your account.")
    await errand.accounts.change(account, {field(values.NICK, folded): None})
    errand.say(f"{printable(nick)} belongs to {account.shown} no more.")


@NICKSERV.command("GHOST", min_params=1, penalty=3.0, trailing=True)
async def ghost(errand: Errand) -> None:
    """`GHOST <nick> [<password>]`: disconnect who bears a nick of yours, or is another session of yours.

    With the password you are logged in, and so may have the nick; a guest who wanted it has it.
    """
    account = await _whose(errand)
    holder = _holder(errand, account)
    if holder is None:
        errand.end(f"Nobody bears {printable(errand.params[0])}.")
    if holder is errand.user:
        errand.end(f"You bear {holder.nick} yourself.")
    nick = holder.nick
    _disconnect(errand, holder, "GHOST")
    errand.say(f"The connection of {nick} was killed.")


@NICKSERV.command("RECOVER", min_params=1, penalty=3.0, trailing=True)
@NICKSERV.command("REGAIN", min_params=1, penalty=3.0, trailing=True)
async def regain(errand: Errand) -> None:
    """`REGAIN <nick> [<password>]`: take a nick of yours from whoever bears it; RECOVER is the same.

    They get the nick of a guest; on another server they are disconnected. Who is you on this server, and
    always on, keeps it: GHOST ends them. With the password you are logged in.
    """
    account = await _whose(errand)
    holder = _holder(errand, account)
    folded = errand.network.fold(errand.params[0])
    if errand.network.registry.owner(folded) is not account:
        errand.end(f"{printable(errand.params[0])} is no nick of your account.")
    protection = errand.nickserv.protection
    if len(errand.params) > 1 and errand.user.account_id != account.id:
        log_in(errand.session, account, PASSWORD)
        holder = _holder(errand, account)  # whose nick it was may have it by that
    if holder is not None and holder is not errand.user:
        if holder.account_id == account.id and errand.sessions.persistence.policy.stays(holder):
            errand.end(elsewhere(holder.nick, account.shown))
        if holder.server is errand.network.me:
            protection.put_off(holder)
        else:
            _disconnect(errand, holder, "REGAIN")
    if errand.is_elsewhere:
        await errand.by_host("NICK", errand.params[0])
        had = errand.user.folded == folded
    else:
        had = protection.take(errand.user, errand.params[0])
    if not had:
        errand.end("Somebody else was quicker. Try again.")
    errand.say(f"You are {errand.params[0]} now.")


@NICKSERV.command("RELEASE", min_params=1, penalty=2.0, trailing=True)
async def release(errand: Errand) -> None:
    """`RELEASE <nick> [<password>]`: let a nick of yours be taken again that is kept free for you.

    With the password you are logged in.
    """
    account = await _whose(errand)
    folded = errand.network.fold(errand.params[0])
    if errand.network.registry.owner(folded) is not account:
        errand.end(f"{printable(errand.params[0])} is no nick of your account.")
    errand.nickserv.protection.release(errand.params[0])
    errand.say(f"{printable(errand.params[0])} is free now.")


async def _whose(errand: Errand) -> Account:
    """The account that the asker is logged in to, or the one whose nick and password they know.

    Who was not logged in is so then: there are programs that know no other way to have their nick, and send
    GHOST in the place of IDENTIFY where they do not bear it.
    """
    errand.at_most(2)
    if len(errand.params) > 1:
        account = await proved(errand, errand.params[0], errand.params[1])
        if errand.session.closed:
            errand.end("")
        if errand.user.account_id is None:
            log_in(errand.session, account, PASSWORD)
            errand.say(IDENTIFIED.format(account=account.shown))
        return account
    return errand.own


def _holder(errand: Errand, account: Account) -> User | None:
    """Who bears the nick that was named, whom the owner of `account` may have go; ends the errand if not."""
    holder = errand.network.user(errand.params[0])
    if holder is None:
        return None
    if holder.account_id != account.id and errand.network.registry.owner(holder.folded) is not account:
        errand.end(f"{holder.nick} is no nick of your account.")
    return holder


def _disconnect(errand: Errand, user: User, why: str) -> None:
    errand.commit(Killed(user, errand.network.me, f"{why} by {errand.user.nick}", errand.now))
