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
from chatnet.model.registry import Account
from chatnet.rules.durations import seconds_in
from chatnet.rules.opers import may_use
from chatnet.services.accounts import Accounts
from chatnet.services.auditing import known_as
from chatnet.services.chanserv import ChanServ
from chatnet.services.nickserv import NickServ
from chatnet.session.packing import fill
from chatnet.session.render import LINE, encode
from chatnet.wire.text import one_line, printable

NOT_FOR_YOU: Final = "This is for operators with the privilege {privilege}."


ON_OR_OFF: Final = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
"""How people say that something is to be so, or is not: other makes have taught them each of these."""
FOR_CHAT: Final = "You came by a token that is for chatting only: /msg NickServ IDENTIFY <password> first."


SPACED: Final = "a password with spaces begins with a colon"


class Unwilling(Exception):
    """Raised in a handler to end the errand with one sentence, which says what to do."""


class Errand(Request):
    """What `user` asks of the pseudo-user `bot`."""

    __slots__ = ("bot",)

    def __init__(self, request: Request, bot: User, row: Row, params: list[str]) -> None:
        self.bot = bot
        super().__init__(request.sessions, request.session, params, {}, row)

    @property
    def accounts(self) -> Accounts:
        """The accounts that are kept here."""
        accounts = self.sessions.accounts
        assert accounts is not None
        return accounts

    @property
    def nickserv(self) -> NickServ:
        """What this server does in the name of NickServ."""
        nickserv = self.sessions.nickserv
        assert nickserv is not None
        return nickserv

    @property
    def chanserv(self) -> ChanServ:
        """What this server does in the name of ChanServ."""
        chanserv = self.sessions.chanserv
        assert chanserv is not None
        return chanserv

    @property
    def own(self) -> Account:
        """The account that the asker is logged in to; ends the errand if there is none."""
        account = self.network.registry.account(self.user.account_id)
        if account is None:
            name = "" if self.network.registry.named(self.user.nick) is not None else "<account> "
            raise Unwilling(
                f"You are not logged in: /msg {self.nickserv.user.nick} IDENTIFY {name}<password>"
            )
        return account

    def in_person(self) -> Account:
        """The same; ends the errand if they came by a token, which is for less than that."""
        account = self.own
        self.judge_way(account)
        return account

    def judge_way(self, account: Account) -> None:
        """End the errand if the asker came to `account`, their own, by a token."""
        if self.session.way.token and account.id == self.user.account_id:
            raise Unwilling(
                "You came by a token, which cannot do that: /msg NickServ IDENTIFY <password> first."
            )

    def account(self, index: int) -> Account:
        """The account that a parameter names, or a nick of it; ends the errand if there is none."""
        name = self.params[index]
        account = self.network.registry.named(name)
        if account is None:
            raise Unwilling(f"{printable(name)} is no account.")
        return account

    def need(self, privilege: str) -> None:
        """End it unless the asker is an operator with this privilege."""
        if self.session.way.chat:
            raise Unwilling(FOR_CHAT)
        if not self.session.way.operates:
            raise Unwilling("You came by a token, which is not for what operators do.")
        if may_use(self.user, privilege) is not None:
            raise Unwilling(NOT_FOR_YOU.format(privilege=privilege))

    async def audit(self, verb: str, account: Account, detail: str = "") -> None:
        """Note for good what an operator does to an account, before it is done; others read of it."""
        await self.note(verb, f"{account.shown} ({account.id})", detail)

    async def note(self, verb: str, about: str, detail: str = "") -> None:
        """The same of what is no account."""
        by, detail = known_as(self.user), one_line(detail)
        await self.sessions.auditing.written(self.user, verb, about, detail)
        self.notice("a", f"{by} used {verb} on {about}{': ' if detail else ''}{detail}")

    def at_most(self, count: int) -> None:
        """End it if more words were given: a password with a space in it would be cut without a word."""
        if len(self.params) > count:
            text = f"These are too many words. {say_it(self.row)}"
            raise Unwilling(f"{text} ({SPACED})" if self.row.trailing else text)

    def until(self, duration: str) -> int:
        """The Unix time at which a duration from now on is over; ends the errand if it is none."""
        seconds = seconds_in(duration)
        if seconds is None:
            raise Unwilling("That is no duration: a number and s, m, h, d or w, as in +3d.")
        return int(self.now) + seconds

    def say(self, text: str) -> None:
        """A NOTICE of the pseudo-user to the asker."""
        self.session.notice_by(self.bot, text)

    def say_list(self, head: str, items: Iterable[str]) -> None:
        """`head` and the items behind it, with commas, in as many NOTICEs as it takes."""
        frame = f":{self.bot.mask} NOTICE {self.user.nick} :{head} "
        for text in fill(items, ", ", LINE - len(encode(frame))):
            self.say(f"{head} {text}")

    def end(self, text: str) -> NoReturn:
        """End it with a sentence."""
        raise Unwilling(text)


def say_it(row: Row) -> str:
    """How a command is to be written."""
    return f"Say it so: {form(row)}"


def on_or_off(word: str) -> bool | None:
    """Whether something is to be so, in any of the usual words; None: it is none of them."""
    return ON_OR_OFF.get(word.lower())


def is_alias(row: Row) -> bool:
    """Whether a command is another word for one: the form in its help begins with that one."""
    return not f"{form(row)} ".startswith(f"{row.verb} ")


def form(row: Row) -> str:
    """The form of a command: what stands between the first two backquotes of its help."""
    return row.help.split("`", 2)[1]
