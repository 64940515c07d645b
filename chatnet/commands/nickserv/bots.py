"""BOT: accounts of programs, which belong to one's own."""

from __future__ import annotations

from typing import Final

from chatnet.commands.errand import Errand, say_it
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.commands.nickserv.tokens import LABEL, described, scope_and_end
from chatnet.model.registry import Account
from chatnet.records.accounts import State
from chatnet.services.refused import duration
from chatnet.web.scopes import ALL
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

FIRST: Final = "first"
"""What the token is called that a bot has from the beginning."""


@NICKSERV.command("BOT ADD", min_params=1, penalty=3.0)
async def bot_add(errand: Errand) -> None:
    """`BOT ADD <nick>`: an account for a program of yours, which logs in by a token that is shown once.

    It has no password, is marked as a bot (mode B), and stays in its channels when it is not connected. It
    belongs to you: it is dropped with your account. Who had it dropped has it back by this.
    """
    errand.at_most(1)
    owner = errand.in_person()
    bot = await errand.nickserv.bots.add(owner, errand.params[0])
    secret = await _new_token(errand, bot, FIRST, ALL, 0)
    errand.notice("a", f"{errand.user.nick} ({owner.shown}) has the bot {bot.shown}")
    errand.say(f"The bot {bot.shown} is yours. Its token, shown only now, is {secret}")


@NICKSERV.command("BOT LIST", penalty=2.0)
def bot_list(errand: Errand) -> None:
    """`BOT LIST`: your bots, whether they are there, and since when you have them."""
    errand.at_most(0)
    owner = errand.own
    found = errand.nickserv.bots.of(owner)
    for bot in found:
        users = errand.network.logged_in.get(bot.id, ())
        there = f" is there as {', '.join(user.nick for user in users)}" if users else " is not there"
        dropped = " (dropped: BOT ADD brings it back)" if bot.said.state is State.DROPPED else ""
        errand.say(f"{bot.shown}{there}, since {minute(bot.created)}{dropped}")
    errand.say(f"{len(found) or 'No'} bot{'' if len(found) == 1 else 's'} of {owner.shown}.")


@NICKSERV.command("BOT DEL", min_params=1, penalty=2.0)
async def bot_del(errand: Errand) -> None:
    """`BOT DEL <nick>`: give up a bot of yours. It goes at once; for some days BOT ADD brings it back."""
    errand.at_most(1)
    errand.in_person()
    bot = _bot(errand)
    await errand.nickserv.bots.drop(bot)
    grace = duration(errand.settings.accounts.drop_grace)
    errand.say(f"The bot {bot.shown} is dropped. Within {grace} you get it back: BOT ADD {bot.shown}")


@NICKSERV.command("BOT TOKEN", min_params=1, penalty=3.0)
async def bot_token(errand: Errand) -> None:
    """`BOT TOKEN <nick> LIST|ADD|DEL [<label> [<scope>] [+<n><s|m|h|d|w>]]`: what a bot of yours logs in by.

    As TOKEN for yourself, with the same scopes.
    """
    errand.in_person()
    bot, tokens, words = _bot(errand), errand.nickserv.tokens, errand.params[1:] or ["LIST"]
    word, rest = words[0].upper(), words[1:]
    if word == "LIST" and not rest:
        found = await tokens.listed(bot)
        for _, token in found:
            errand.say(described(token, errand.now))
        errand.say(f"{len(found) or 'No'} token{'' if len(found) == 1 else 's'} of {bot.shown}.")
    elif word == "ADD" and 1 <= len(rest) <= 3:
        label = cut(one_line(rest[0]), LABEL)
        secret = await _new_token(errand, bot, label, *scope_and_end(errand, rest[1:]))
        errand.say(f"The token {label} of {bot.shown}, shown only now, is {secret}")
    elif word == "DEL" and rest:
        label = " ".join(rest)
        if not await tokens.remove(bot, label):
            errand.end(f"There is no such token. BOT TOKEN {bot.shown} LIST lists them.")
        errand.say(f"The token {printable(label)} of {bot.shown} is gone.")
    else:
        errand.end(say_it(errand.row))


async def _new_token(errand: Errand, bot: Account, label: str, scope: str, until: int) -> str:
    tokens = errand.nickserv.tokens
    if label == FIRST:  # it may have one from before it was dropped
        await tokens.remove(bot, FIRST)
    return await tokens.add(bot, label, scope, until)


def _bot(errand: Errand) -> Account:
    """The bot of the asker that the first parameter names; ends the errand if there is none."""
    bot = errand.nickserv.bots.named(errand.own, errand.params[0])
    if bot is None:
        errand.end(f"{printable(errand.params[0])} is no bot of yours. BOT LIST lists them.")
    return bot
