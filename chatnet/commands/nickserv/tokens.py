"""TOKEN: passwords of single clients."""

from __future__ import annotations

from collections.abc import Sequence

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.records.accounts import Token
from chatnet.web.scopes import ALL, CHAT, SCOPES, WEB, read_scope
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
        errand.say(described(token, errand.now))
    errand.say(f"{len(found) or 'No'} token{'' if len(found) == 1 else 's'} of {account.shown}.")


def described(token: Token, now: float) -> str:
    """What a list says of a token at the Unix time `now`."""
    end = "" if not token.until else f", until {minute(token.until)}"
    over = " (over)" if 0 < token.until <= now else ""
    return f"{token.label}: {token.scope}, since {minute(token.made)}{end}{over}"


@NICKSERV.command("TOKEN ADD", min_params=1, penalty=3.0)
async def token_add(errand: Errand) -> None:
    """`TOKEN ADD <label> [<scope>] [+<n><s|m|h|d|w>]`: a password for one client, which is shown once.

    The scope is ALL, CHAT, or a list. SASL PLAIN, PASS and IDENTIFY take the first two, and SCRAM does not.
    Who comes by one cannot change password, address, certificates or tokens, nor drop the account; with CHAT
    they can use neither ChanServ nor an operator's powers. A list is for programs that use the API alone:
    read, send, events, hooks, invites, manage, command, operate, metrics, with commas, and perhaps the
    channels it is for, as in `TOKEN ADD ci read,send:#ci,#alerts`. `TOKEN ADD phone CHAT +30d` is over in
    thirty days.
    """
    errand.at_most(3)
    account = errand.in_person()
    label = cut(one_line(errand.params[0]), LABEL)
    scope, until = scope_and_end(errand, errand.params[1:])
    secret = await errand.nickserv.tokens.add(account, label, scope, until)
    errand.say(f"The token {label}, shown only now, is {secret}")


def scope_and_end(errand: Errand, words: Sequence[str]) -> tuple[str, int]:
    """What a token is good for, and until when (0: for ever); ends the errand if `words` are neither."""
    scope, until = ALL, 0
    for word in words:
        if word[:1] == "+":
            until = errand.until(word[1:])
        elif (found := _scope(word)) is not None:
            scope = found
        else:
            errand.end(
                f"A token is for ALL, for CHAT, or for some of {', '.join(SCOPES)} with commas, and may be "
                "over in a while, as in +30d."
            )
    return scope, until


def _scope(text: str) -> str | None:
    """The scope that somebody wrote; None if it is none that people choose: that of a page it gives."""
    head, colon, channels = text.partition(":")
    scope = f"{head.lower()}{colon}{channels}"
    try:
        read_scope(scope)
    except ValueError:
        return None
    if head.lower() in (ALL, CHAT, WEB):
        return None if head.lower() == WEB else scope
    return ",".join(word for word in SCOPES if word in head.lower().split(",")) + f"{colon}{channels}"


@NICKSERV.command("TOKEN DEL", min_params=1, penalty=2.0)
async def token_del(errand: Errand) -> None:
    """`TOKEN DEL <label>`: have a token log in no more; who came by it is disconnected, on all servers."""
    account, label = errand.in_person(), " ".join(errand.params)
    if not await errand.nickserv.tokens.remove(account, label):
        errand.end("There is no such token. TOKEN LIST lists them.")
    errand.say(f"The token {printable(label)} is gone.")
