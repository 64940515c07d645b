"""TOKEN: passwords of single clients."""

from __future__ import annotations

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.services.tokens import ALL, CHAT
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

LABEL = 50
"""Bytes of what people call a token."""


@NICKSERV.command("TOKEN LIST", penalty=2.0)
async def token_list(errand: Errand) -> None:
    """`TOKEN LIST`: the tokens that log in to your account."""
    errand.at_most(0)
    account = errand.own
    found = await errand.nickserv.tokens.listed(account)
    for _, token in found:
        end = "" if not token.until else f", until {minute(token.until)}"
        over = " (over)" if 0 < token.until <= errand.now else ""
        errand.say(f"{token.label}: {token.scope}, since {minute(token.made)}{end}{over}")
    errand.say(f"{len(found) or 'No'} token{'' if len(found) == 1 else 's'} of {account.shown}.")


@NICKSERV.command("TOKEN ADD", min_params=1, penalty=3.0)
async def token_add(errand: Errand) -> None:
    """`TOKEN ADD <label> [ALL|CHAT] [+<n><s|m|h|d|w>]`: a password for one client, which is shown once.

    SASL PLAIN, PASS and IDENTIFY take it, and SCRAM does not. Who comes by it cannot change password,
    address, certificates or tokens, nor drop the account; with CHAT they can use neither ChanServ nor
    an operator's powers. `TOKEN ADD phone CHAT +30d` is over in thirty days.
    """
    errand.at_most(3)
    account = errand.in_person()
    label, scope, until = cut(one_line(errand.params[0]), LABEL), ALL, 0
    for word in errand.params[1:]:
        if word[:1] == "+":
            until = errand.until(word[1:])
        elif word.lower() in (ALL, CHAT):
            scope = word.lower()
        else:
            errand.end("A token is for ALL or for CHAT, and may be over in a while, as in +30d.")
    secret = await errand.nickserv.tokens.add(account, label, scope, until)
    errand.say(f"The token {label}, shown only now, is {secret}")


@NICKSERV.command("TOKEN DEL", min_params=1, penalty=2.0)
async def token_del(errand: Errand) -> None:
    """`TOKEN DEL <label>`: have a token log in no more; who came by it is disconnected, on all servers."""
    errand.at_most(1)
    account, label = errand.in_person(), errand.params[0]
    if not await errand.nickserv.tokens.remove(account, label):
        errand.end("There is no such token. TOKEN LIST lists them.")
    errand.say(f"The token {printable(label)} is gone.")
