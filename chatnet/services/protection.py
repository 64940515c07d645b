"""Nicks that belong to accounts: who is not logged in to one does not bear its nicks for long.

Each server sees to this for its own users, and for those of servers that keep no accounts which hang at it:
these were let in, and are put off after the grace.  Who connects with such a nick, or bears it when it is
somebody's, is remembered to want it, and has it as soon as they log in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Hearer,
    NetSplit,
    NickChanged,
    NickHeld,
    RecordsTaken,
    UserIntroduced,
    UserQuit,
)
from chatnet.model.ids import Folded
from chatnet.model.registry import Account
from chatnet.node import Node, Timer
from chatnet.records.accounts import State
from chatnet.records.grammar import seconds_of
from chatnet.rules.nicks import Guests, Protection, keeper, names_of, protection_of
from chatnet.rules.refusal import Refusal
from chatnet.services.abroad import Abroad
from chatnet.settings import AccountsSettings
from chatnet.wire import numerics
from chatnet.wire.server_time import minute

SETTLED: Final = 1.0
"""Seconds after a nick became somebody's until who bears it hears of that: it may be they, logging in."""
Tell = Callable[[User, str], None]
"""Says something to a user of this server, in the name of NickServ."""


class NickProtection:
    """An observer, and what is asked when somebody wants a nick.  `chance` gives numbers from 0 to 1."""

    def __init__(
        self, node: Node, nickserv: str, tell: Tell, chance: Callable[[], float], abroad: Abroad
    ) -> None:
        self._node = node
        self._abroad = abroad
        self._network = node.network
        self._registry = node.network.registry
        self._nickserv = nickserv
        self._tell = tell
        self._chance = chance
        self._wishes: dict[User, str] = {}
        self._graces: dict[User, Timer] = {}
        self.hears: Mapping[type[Fact], Hearer] = {
            AccountChanged: self._account_changed,
            NickChanged: self._nick_changed,
            RecordsTaken: self._records_taken,
            UserIntroduced: self._user_introduced,
            UserQuit: self._user_quit,
            NetSplit: self._net_split,
        }

    @property
    def _settings(self) -> AccountsSettings:
        return self._node.settings.accounts

    @property
    def guests(self) -> Guests:
        """The nicks of guests."""
        return Guests(self._settings.guest_nick, self._node.settings.limits.nick)

    # what is asked

    def sees_to(self, user: User) -> bool:
        """Whether this server deals with the nick of `user`, and no other one."""
        return user.server is self._network.me or self._abroad.serves(user)

    def wish(self, user: User) -> str | None:
        """The nick that `user` wanted, and does not have since they were not logged in."""
        return self._wishes.get(user)

    def keeper(self, user: User, folded: Folded) -> Account | None:
        """The account that keeps a nick from `user`, who may not even bear it for a while."""
        account = keeper(self._registry, self._settings, user, folded)
        if account is None or protection_of(account, self._settings) is Protection.GRACE:
            return None
        return account

    def owns(self, user: User, folded: Folded) -> bool:
        """Whether a nick is of the account that `user` is logged in to."""
        owner = self._registry.owner(folded)
        return owner is not None and owner.id == user.account_id

    def is_bound(self, user: User, folded: Folded) -> bool:
        """Whether `user` has to bear a nick of their account, and `folded` is none (``nick_is_account``)."""
        account = self._registry.account(user.account_id)
        if account is None or account.lost or not self._settings.nick_is_account:
            return False
        return folded not in names_of(account, self._network.fold)

    def entering(self, user: User) -> Refusal | str | None:
        """A connection becomes a user: None if it may bear its nick, or the nick it bears instead, or 433."""
        if user.account_id is not None and self.is_bound(user, user.folded):
            account = self._registry.account(user.account_id)
            assert account is not None
            if self._network.user(account.name) is None:
                return account.name
        account = self.keeper(user, user.folded)
        if account is None:
            return None
        nick = None
        if protection_of(account, self._settings) is not Protection.STRICT:
            nick = self.guests.nick(self._chance(), self._is_taken)
        return nick or Refusal(numerics.ERR_NICKNAMEINUSE, user.nick)

    def entered(self, user: User, wanted: str) -> None:
        """They have read the welcome; `wanted` is the nick that they came with."""
        if wanted != user.nick and self.keeper(user, self._network.fold(wanted)) is not None:
            self._wishes[user] = wanted
            self._tell(
                user,
                f"{wanted} belongs to an account{self._waiting(wanted)}, so you are {user.nick} for now. "
                f"/msg {self._nickserv} {self._proof(wanted)} gives you the nick.",
            )
            self._tell_way_in(user, wanted)
        elif self._registry.owner(user.folded) is not None:
            self._judge(user)
            if user in self._graces:
                self._tell_way_in(user, wanted)
        self._tell_if_lost(user)

    def _tell_way_in(self, user: User, nick: str) -> None:
        """Who is only told of IDENTIFY does not find out how to be the same user on several devices."""
        if not self._is_pending(nick):
            self._tell(user, f"To have it at once, on all your devices, {self._way_in(nick, user.secure)}.")

    def _way_in(self, nick: str, secure: bool) -> str:
        """How one logs in while one connects, to the account of a nick; `secure`: by TLS."""
        tls = "" if secure or not self._node.settings.sasl.tls_only else "over TLS, "
        return (
            f"log in while you connect: {tls}by SASL, a certificate, or PASS {nick}[@<device>]:<password> "
            "(in old clients: the password of the server)"
        )

    def refused(self, nick: str) -> str:
        """What somebody reads who cannot take a nick since it belongs to an account."""
        return (
            f"{nick} belongs to an account{self._waiting(nick)}. To bear it log in to that: "
            f"/msg {self._nickserv} {self._proof(nick, f'IDENTIFY {nick} <password>')}"
        )

    def _is_pending(self, nick: str) -> bool:
        owner = self._registry.owner(self._network.fold(nick))
        return owner is not None and owner.state(self._node.clock.time()) is State.PENDING

    def _waiting(self, nick: str) -> str:
        """What is said of an account that nobody can log in to yet by its password."""
        return ", which waits for the code that was sent by mail" if self._is_pending(nick) else ""

    def _proof(self, nick: str, otherwise: str = "IDENTIFY <password>") -> str:
        """What is to be said to NickServ by whose nick it is."""
        return f"VERIFY {nick} <code>" if self._is_pending(nick) else otherwise

    def refused_early(self, nick: str, secure: bool) -> str:
        """The same for who is no user yet, and connects by TLS if `secure`."""
        return f"{nick} belongs to an account: {self._way_in(nick, secure)}; or choose another nick."

    def bound(self, user: User) -> str:
        """What somebody reads who has to bear a nick of their account."""
        return (
            f"Here everybody who is logged in bears a nick of their account: {user.account}, or one that "
            f"/msg {self._nickserv} GROUP adds."
        )

    # what is done

    def take(self, user: User, nick: str) -> bool:
        """Give `user` a nick of theirs that nobody bears; False if somebody does."""
        folded = self._network.fold(nick)
        holder = self._network.nicks.get(folded)
        if holder is not None and holder is not user:
            return False
        self.release(nick)
        if nick != user.nick:
            self._rename(user, nick)
        return True

    def _rename(self, user: User, nick: str) -> None:
        node = self._node
        if user.server is not self._network.me:
            self._abroad.rename(user, nick)
            return
        folded, now = self._network.fold(nick), node.clock.time()
        node.commit(NickChanged(user, nick, folded, now, user.nick, user.source))

    def release(self, nick: str) -> None:
        """A nick is kept free no more."""
        self._node.commit(NickHeld(self._network.fold(nick), self._node.clock.monotonic()))
        self._abroad.hold(nick, 0)

    def put_off(self, user: User) -> str:
        """Give a user the nick of a guest, which is returned, and keep theirs free for a while."""
        nick, folded, seconds = user.nick, user.folded, self._settings.nick_hold
        guest = self.guests.nick(self._chance(), self._is_taken) or user.uid
        self._rename(user, guest)
        self._node.commit(NickHeld(folded, self._node.clock.monotonic() + seconds))
        if user.server is not self._network.me:
            self._abroad.hold(nick, seconds)
        self._wishes[user] = nick
        return guest

    def _is_taken(self, nick: str) -> bool:
        folded = self._network.fold(nick)
        return folded in self._network.nicks or self._registry.owner(folded) is not None

    # what is heard

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user = fact.user
        if not self.sees_to(user):
            return
        self._judge(user)
        account = self._registry.account(user.account_id)
        if account is None:
            return
        wish = self._wishes.get(user)
        if wish is not None and self.owns(user, self._network.fold(wish)):
            del self._wishes[user]
            if not self.take(user, wish):
                self._tell(
                    user, f"Somebody bears {wish} now: /msg {self._nickserv} REGAIN {wish} gives it to you."
                )
        elif self.is_bound(user, user.folded):
            self.take(user, account.name)
        if fact.old_account != fact.account:
            self._tell_if_lost(user)

    def _tell_if_lost(self, user: User) -> None:
        """At each login: whose account has lost its name reads what happened, and what to do."""
        account = self._registry.account(user.account_id)
        if account is None or not account.lost:
            return
        folded = self._network.fold(account.name)
        owner = self._registry.owner(folded)
        assert owner is not None  # else it would not be lost
        when = minute(seconds_of(self._registry.since(owner, folded)))
        self._tell(
            user,
            f"While servers were apart {account.name} was registered twice, and the other one was first "
            f"({when}). Your account is called {account.shown} now; password, certificates and channels are "
            f"yours as before. To choose another name: /nick <nick>, and "
            f"/msg {self._nickserv} SET NAME <nick>",
        )

    def _nick_changed(self, fact: NickChanged, origin: object) -> None:
        user = fact.user
        if not self.sees_to(user):
            return
        if origin is not None and not self.guests.includes(fact.nick):
            self._wishes.pop(user, None)  # they chose another one
        self._judge(user)

    def _user_introduced(self, fact: UserIntroduced, origin: object) -> None:
        """Somebody comes in elsewhere, who is not asked before."""
        user = fact.user
        if user.server is not self._network.me and self._registry.owner(user.folded) is not None:
            self.look_at((user,))

    def look_at(self, users: Iterable[User]) -> None:
        """People of other servers are here, who bear nicks that may be somebody's."""
        for user in users:
            if self._registry.owner(user.folded) is not None and self._abroad.serves(user):
                self._judge(user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for entity in fact.touched:
            account = self._registry.account(entity)
            for folded in () if account is None else names_of(account, self._network.fold):
                user = self._network.nicks.get(Folded(folded))
                if user is None or not self.sees_to(user):
                    continue
                if keeper(self._registry, self._settings, user, user.folded) is None:
                    self._end_grace(user)
                elif user not in self._graces:
                    self._node.clock.later(SETTLED, partial(self._look_again, user))

    def _look_again(self, user: User) -> None:
        if self._network.users.get(user.uid) is user:
            self._judge(user)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        if self._wishes:
            self._wishes.pop(fact.user, None)
        if self._graces:
            self._end_grace(fact.user)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        for user in [each for each in self._wishes if each.server in gone]:
            del self._wishes[user]
        for user in [each for each in self._graces if each.server in gone]:
            self._end_grace(user)

    # the grace

    def _judge(self, user: User) -> None:
        """Begin the grace of who bears a nick that is not theirs, or end it."""
        account = keeper(self._registry, self._settings, user, user.folded)
        if account is None:
            self._end_grace(user)
        elif user not in self._graces:
            seconds = self._settings.grace
            self._graces[user] = self._node.clock.later(seconds, lambda: self._expire(user))
            self._tell(
                user,
                f"{user.nick} belongs to an account{self._waiting(user.nick)}. "
                f"Log in within {seconds:.0f} seconds: /msg {self._nickserv} {self._proof(user.nick)}. "
                "Or choose another nick: else you get one.",
            )

    def _end_grace(self, user: User) -> None:
        timer = self._graces.pop(user, None)
        if timer is not None:
            timer.cancel()

    def _expire(self, user: User) -> None:
        del self._graces[user]
        if keeper(self._registry, self._settings, user, user.folded) is not None:
            nick = user.nick
            guest = self.put_off(user)
            self._tell(user, f"You are {guest} now, since {nick} belongs to an account.")
