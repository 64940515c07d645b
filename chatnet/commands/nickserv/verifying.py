"""VERIFY, RESEND, SET EMAIL, VERIFYEMAIL, SENDPASS, RESETPASS: what codes are for that were sent by mail."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.logins import CODE
from chatnet.services import refused
from chatnet.session.logins import log_in
from chatnet.wire.text import printable


@NICKSERV.command("VERIFY", min_params=2, penalty=3.0)
async def verify(errand: Errand) -> None:
    """`VERIFY <account> <code>`: have the account that you registered, by the code that you got by mail."""
    errand.at_most(2)
    user, session = errand.user, errand.session
    if user.account is not None:
        errand.end(f"You are logged in as {user.account}. For another account LOGOUT first.")
    account = await errand.nickserv.addresses.verify(errand.params[0], errand.params[1], user)
    if session.closed:
        return
    log_in(session, account, CODE)
    errand.say(f"The account {account.shown} is yours, and you are logged in.")


@NICKSERV.command("RESEND", penalty=3.0)
async def resend(errand: Errand) -> None:
    """`RESEND [<account>]`: have another code sent for an account that waits for it: that of your nick.

    The code that was sent before is good for nothing then.
    """
    errand.at_most(1)
    name = errand.param(0) or errand.nickserv.protection.wish(errand.user) or errand.user.nick
    await errand.nickserv.addresses.send_again(name, errand.user)
    errand.say("Another code was sent.")


@NICKSERV.command("SET EMAIL", min_params=2, penalty=3.0, trailing=True)
async def set_email(errand: Errand) -> None:
    """`SET EMAIL <address>|NONE <password>`: have another address, or none.

    Where addresses are verified it counts from when you say the code that was sent there: VERIFYEMAIL.
    """
    errand.at_most(2)
    account, accounts, addresses = errand.in_person(), errand.accounts, errand.nickserv.addresses
    address, password = errand.params
    peer = errand.session.peer.address
    owner = errand.sessions.owner(peer)
    if await accounts.check(account.shown, password, address=peer, owner=owner) is not account:
        errand.end("The password is incorrect.")
    if address.upper() == "NONE":
        if addresses.required:
            errand.end("Here every account has an address.")
        await addresses.remove(account)
        errand.say("Your account has no address any more.")
    elif await addresses.expect(account, address, errand.user):
        errand.say(f"A code was sent to {printable(address)}: /msg {errand.bot.nick} VERIFYEMAIL <code>")
    else:
        errand.say(f"Your account has the address {printable(address)} now.")


@NICKSERV.command("VERIFYEMAIL", min_params=1, penalty=3.0)
async def verifyemail(errand: Errand) -> None:
    """`VERIFYEMAIL <code>`: have the address that you chose with SET EMAIL, by the code that was sent."""
    errand.at_most(1)
    account = errand.in_person()
    address = await errand.nickserv.addresses.confirm(account, errand.params[0], errand.user)
    errand.say(f"Your account has the address {printable(address)} now.")


@NICKSERV.command("SENDPASS", min_params=1, penalty=5.0)
def sendpass(errand: Errand) -> None:
    """`SENDPASS <account>`: have a code sent to the address of your account, if you forgot the password.

    RESETPASS takes it. The address has to be verified.
    """
    errand.at_most(1)
    mailing, name, user = errand.nickserv.mailing, errand.params[0], errand.user
    if not mailing.ready:
        errand.end("This server sends no mail. Ask an operator for another password.")
    errand.nickserv.addresses.send_reset(name, user)
    time = refused.duration(errand.settings.accounts.verify_within)
    errand.say(
        f"If {printable(name)} is an account with a verified address, a code was sent there that is good "
        f"for {time}: /msg {errand.bot.nick} RESETPASS {printable(name)} <code> <new password>"
    )


@NICKSERV.command("RESETPASS", min_params=3, penalty=5.0, trailing=True)
async def resetpass(errand: Errand) -> None:
    """`RESETPASS <account> <code> <new>`: choose another password, by the code that SENDPASS sent you."""
    errand.at_most(3)
    name, code, new = errand.params
    account = await errand.nickserv.addresses.reset(name, code, new, errand.user)
    errand.notice(
        "a", f"{errand.user.nick} has another password for {account.shown}, by a code that was sent"
    )
    errand.say(f"The password of {account.shown} is changed: /msg {errand.bot.nick} IDENTIFY <password>")
