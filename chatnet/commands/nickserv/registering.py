"""REGISTER, DROP, UNDROP: how accounts begin and end."""

from __future__ import annotations

from chatnet.commands.accounts import tell_registered
from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.logins import PASSWORD
from chatnet.model.registry import Account
from chatnet.records.accounts import ACTIVE, State, Status
from chatnet.records.grammar import STATUS
from chatnet.rules.shields import stopped
from chatnet.services.refused import duration
from chatnet.session.logins import log_in
from chatnet.wire.text import printable


@NICKSERV.command("REGISTER", min_params=1, penalty=3.0, trailing=True)
async def register(errand: Errand) -> None:
    """`REGISTER <password> [<email>]`: make the nick that you bear yours: an account of that name.

    From then on nobody has it who does not know the password. A password with spaces begins with a colon. An
    address is shown to operators only; where it is verified a code is sent there, which VERIFY takes.
    """
    errand.at_most(2)
    user, session = errand.user, errand.session
    if not errand.settings.accounts.registration:
        errand.end("Nobody can register accounts here.")
    if errand.sessions.shield.stop_registrations:
        errand.end(f"{stopped(errand.settings)}.")
    if user.account is not None:
        errand.end(f"You are logged in as {user.account}. For another account LOGOUT first.")
    if errand.nickserv.protection.guests.includes(user.nick):
        errand.end("This is the nick of a guest. Take one of your own first: /nick <nick>")
    email = errand.param(1) or None
    account = await errand.nickserv.addresses.register(user.nick, errand.params[0], email, by=user)
    if session.closed:
        return
    tell_registered(errand, account.shown)
    if account.status.state is State.PENDING:
        command = f"/msg {errand.bot.nick} VERIFY {account.shown} <code>"
        errand.end(f"A code was sent to {printable(email or '')}, which makes the account yours: {command}")
    if user.account is None:
        log_in(session, account, PASSWORD)
    errand.say(f"The account {account.name} is yours, and you are logged in.")


@NICKSERV.command("DROP", min_params=1, penalty=2.0)
async def drop(errand: Errand) -> None:
    """`DROP <account> [<code>]`: give up your account; the first time it tells you a code.

    You are logged out. For some days UNDROP brings everything back, then it is erased, and its names are
    free.
    """
    account = errand.in_person()
    if errand.account(0) is not account:
        errand.end(f"You are logged in as {account.shown}: nobody drops other people's accounts.")
    bot, nickserv = errand.bot.nick, errand.nickserv
    if not errand.param(1):
        code = nickserv.code("drop", account.id, errand.user)
        errand.end(f"To give up the account {account.shown}: /msg {bot} DROP {account.shown} {code}")
    if not nickserv.is_code(errand.param(1), "drop", account.id, errand.user):
        errand.end(f"That is not the code. DROP {account.shown} tells it.")
    name = account.shown
    errand.notice("a", f"{errand.user.nick} dropped the account {name}")
    await errand.accounts.change(account, {STATUS: Status(State.DROPPED).text})
    grace = duration(errand.settings.accounts.drop_grace)
    errand.say(f"The account {name} is dropped. Within {grace} you get it back: UNDROP {name} <password>")


@NICKSERV.command("UNDROP", min_params=2, penalty=3.0, trailing=True)
async def undrop(errand: Errand) -> None:
    """`UNDROP <account> <password>`: have an account back that you dropped, if it is not erased yet."""
    errand.at_most(2)
    account = await _dropped(errand)
    await errand.accounts.change(account, {STATUS: ACTIVE.text})
    if errand.session.closed:
        return
    errand.notice("a", f"{errand.user.nick} has the account {account.shown} back, which was dropped")
    log_in(errand.session, account, PASSWORD)
    errand.say(f"The account {account.shown} is yours again, and you are logged in.")


async def _dropped(errand: Errand) -> Account:
    peer = errand.session.peer
    name, password = errand.params
    return await errand.accounts.check_dropped(
        name, password, address=peer.address, owner=errand.sessions.owner(peer.address)
    )
