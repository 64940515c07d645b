"""What operators with the privilege `accounts` may do to the accounts of others.  All of it is noted."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.naming import rename
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.commands.surveying import survey
from chatnet.commands.suspending import lifted, noted, suspension, told
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import Mark, State, Status
from chatnet.records.grammar import STATUS
from chatnet.wire.text import cut, one_line, printable

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
NOTE: Final = 300
"""Bytes of a mark."""


def new_password() -> str:
    """A password that nobody guesses: 100 random bits, in fours."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(20))
    return "-".join(letters[begin : begin + 4] for begin in range(0, 20, 4))


@NICKSERV.command("SAREGISTER", min_params=1, penalty=2.0, privilege="accounts", trailing=True)
async def saregister(errand: Errand) -> None:
    """`SAREGISTER <account> [<password>]`: register an account for somebody.

    Without a password one is made, and shown once.
    """
    errand.at_most(2)
    name, password = errand.params[0], errand.param(1) or new_password()
    await errand.note("SAREGISTER", printable(name))
    account = await errand.accounts.register_for(
        name, password, owner=errand.sessions.owner(errand.session.peer.address)
    )
    made = "" if errand.param(1) else f" Its password, shown only now, is {password}"
    errand.say(f"The account {account.shown} is registered.{made}")


@NICKSERV.command("SAVERIFY", min_params=1, penalty=2.0, privilege="accounts")
async def saverify(errand: Errand) -> None:
    """`SAVERIFY <account>`: take an account, and its address, for verified without a code."""
    errand.at_most(1)
    account = errand.account(0)
    await errand.audit("SAVERIFY", account)
    await errand.nickserv.addresses.vouch(account)
    errand.say(f"{account.shown} is verified.")


@NICKSERV.command("SETPASS", min_params=1, penalty=2.0, privilege="accounts")
async def setpass(errand: Errand) -> None:
    """`SETPASS <account>`: have an account another password, which is made and shown once."""
    errand.at_most(1)
    account, password = errand.account(0), new_password()
    await errand.audit("SETPASS", account)
    await errand.accounts.set_password(account, password)
    errand.say(f"The password of {account.shown}, shown only now, is {password}")


@NICKSERV.command("SUSPEND", min_params=2, penalty=2.0, privilege="accounts")
async def suspend(errand: Errand) -> None:
    """`SUSPEND <account> [+<n><s|m|h|d|w>] <reason>`: nobody logs in to it; who is logged in is disconnected.

    `SUSPEND ann +3d spam` is over in three days. An account that was dropped does not come back meanwhile.
    """
    account = errand.account(0)
    asked = suspension(errand, "<account>")
    await errand.audit("SUSPEND", account, noted(asked))
    await errand.accounts.change(account, {values.SUSPENSION: asked.text})
    errand.say(told(account.shown, asked))


@NICKSERV.command("UNSUSPEND", min_params=1, penalty=2.0, privilege="accounts")
async def unsuspend(errand: Errand) -> None:
    """`UNSUSPEND <account>`: end a suspension."""
    errand.at_most(1)
    account = errand.account(0)
    if account.suspension is None and account.status.state is not State.SUSPENDED:
        errand.end(f"{account.shown} is not suspended.")
    await errand.audit("UNSUSPEND", account)
    await errand.accounts.change(account, lifted(account.said))
    errand.say(f"{account.shown} is suspended no more.")


@NICKSERV.command("ERASE", min_params=1, penalty=2.0, privilege="accounts")
async def erase(errand: Errand) -> None:
    """`ERASE <account> [<code>]`: end an account for good; the first time it tells you a code.

    Nothing of it is kept, nothing brings it back, and its names are free at once.
    """
    errand.at_most(2)
    account, bot = errand.account(0), errand.bot.nick
    if not errand.param(1):
        code = errand.nickserv.code("erase", account.id, errand.user)
        errand.end(f"To erase {account.shown} for good: /msg {bot} ERASE {account.shown} {code}")
    if not errand.nickserv.is_code(errand.param(1), "erase", account.id, errand.user):
        errand.end(f"That is not the code. ERASE {account.shown} tells it.")
    name = account.shown
    await errand.audit("ERASE", account)
    await errand.accounts.change(account, {STATUS: Status(State.ERASED).text})
    errand.say(f"The account {name} is erased.")


@NICKSERV.command("RENAME", min_params=2, penalty=2.0, privilege="accounts")
async def rename_(errand: Errand) -> None:
    """`RENAME <account> <nick>`: have an account called otherwise; nobody may bear the nick."""
    errand.at_most(2)
    account, before = errand.account(0), errand.account(0).shown
    await errand.audit("RENAME", account, printable(errand.params[1]))
    await rename(errand, account, errand.params[1], None)
    errand.say(f"The account {before} is called {account.shown} now.")


@NICKSERV.command("MARK", min_params=1, penalty=2.0, privilege="accounts")
async def mark(errand: Errand) -> None:
    """`MARK <account> [<text>]`: a note for other operators, which INFO shows them; without a text, none."""
    account, text = errand.account(0), cut(one_line(" ".join(errand.params[1:])), NOTE)
    await errand.audit("MARK", account, text)
    await errand.accounts.change(account, {values.MARK: Mark(errand.user.nick, text).text if text else None})
    errand.say(f"{account.shown} is {'marked' if text else 'not marked any more'}.")


@NICKSERV.command("FORGET", min_params=1, privilege="accounts")
async def forget(errand: Errand) -> None:
    """`FORGET <server>`: a full server will not come back, and is waited for no more."""
    errand.at_most(1)
    roll, name = errand.accounts.roll, errand.params[0]
    server = next((each for each in roll.all() if each.name.lower() == name.lower()), None)
    if server is None:
        errand.end("There is no such server; STATS a lists them.")
    if server not in roll.away():
        errand.end(f"{server.name} is there.")
    await errand.note("FORGET", server.name)
    await roll.strike(server, errand.user.nick)
    errand.say(f"{server.name} is forgotten. If it comes back it is one of them again.")


@NICKSERV.command("LIST", min_params=1, penalty=3.0, privilege="accounts", reads=True)
def list_(errand: Errand) -> None:
    """`LIST <mask>`: the accounts whose name, or a nick of theirs, fits a mask such as ann*.

    It shows a hundred of them.
    """
    registry = errand.network.registry

    def names(account: Account) -> Sequence[str] | None:
        return (account.shown, *account.nicks) if registry.account(account.id) is account else None

    def line(account: Account) -> str:
        state = account.state(errand.now)
        return f"{account.shown}{'' if state is State.ACTIVE else f' ({state.value})'}"

    survey(errand, "account", registry.accounts.values, names, line)
