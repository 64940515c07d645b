"""An errand: a command that somebody gives a pseudo-user, as its handler sees it.

It is a request whose answers are NOTICEs.  What was written is in `params` only, which are shown to nobody:
passwords are among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from chatnet.commands.request import Request
from chatnet.dispatch import Row
from chatnet.model.entities import User
from chatnet.rules.opers import may_use
from chatnet.session.packing import fill
from chatnet.session.render import LINE, encode

NOT_FOR_YOU: Final = "This is for operators with the privilege {privilege}."


class Unwilling(Exception):
    """Raised in a handler to end the errand with one sentence, which says what to do."""


class Errand(Request):
    """What `user` asks of the pseudo-user `bot`."""

    __slots__ = ("bot",)

    def __init__(self, request: Request, bot: User, row: Row, params: list[str]) -> None:
        self.bot = bot
        super().__init__(request.sessions, request.session, params, {}, row)

    def need(self, privilege: str) -> None:
        """End it unless the asker is an operator with this privilege."""
        if may_use(self.user, privilege) is not None:
            raise Unwilling(NOT_FOR_YOU.format(privilege=privilege))

    def at_most(self, count: int) -> None:
        """End it if more words were given: a password with a space in it would be cut without a word."""
        if len(self.params) > count:
            raise Unwilling(f"These are too many words. {say_it(self.row)}")

    def say(self, text: str) -> None:
        """A NOTICE of the pseudo-user to the asker."""
        say(self, self.bot, text)

    def say_list(self, head: str, items: Iterable[str]) -> None:
        """`head` and the items behind it, with commas, in as many NOTICEs as it takes."""
        frame = f":{self.bot.mask} NOTICE {self.user.nick} :{head} "
        for text in fill(items, ", ", LINE - len(encode(frame))):
            self.say(f"{head} {text}")

    def end(self, text: str) -> NoReturn:
        """End it with a sentence."""
        raise Unwilling(text)


def say(request: Request, bot: User, text: str) -> None:
    """A NOTICE of a pseudo-user to the session that asks, and to nobody else."""
    request.session.send(b":%b NOTICE %b :%b" % (bot.source, encode(request.user.nick), encode(text)))


def say_it(row: Row) -> str:
    """How a command is to be written."""
    return f"Say it so: {form(row)}"


def form(row: Row) -> str:
    """The form of a command: what stands between the first two backquotes of its help."""
    return row.help.split("`", 2)[1]
