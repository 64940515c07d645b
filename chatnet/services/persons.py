"""What the server, and people for their accounts, have chosen about having several sessions, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.places import Places
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules import persons
from chatnet.rules.past import AUTOREPLAY
from chatnet.rules.persons import ALWAYS_ON, NOTHING_CHOSEN, OFF, ON, Own, chosen
from chatnet.services.accounts import Accounts
from chatnet.services.refused import TEMPORARILY_UNAVAILABLE, Refused


class Status(NamedTuple):
    """Whether somebody wishes to stay without a session (None: it is all the same), and whether they do."""

    own: bool | None
    effective: bool


class Policy:
    """What holds for somebody who is logged in, by the settings in force and by what they chose.

    Where accounts are kept here they chose it by records.  Elsewhere there are none: whether they wish to
    stay is `stated`, and of all else the settings decide.
    """

    def __init__(self, node: Node, places: Places, accounts: Accounts | None) -> None:
        self._node = node
        self._places = places
        self._accounts = accounts
        self.stated: Final[dict[str, bool]] = {}
        """By the keys of accounts (``model/places.py``)."""
        self.chosen: Final[list[Callable[[str], object]]] = []
        """Who is told by whose key something else is `stated`: no fact tells it."""

    def key(self, user: User) -> str | None:
        """The key of the account that they are logged in to; None of a guest."""
        return self._places.person(user)

    def own(self, user: User) -> Own:
        """What they chose."""
        key = self.key(user)
        account = self._node.network.registry.account(key)
        if account is not None:
            return own_of(account)
        return NOTHING_CHOSEN if key is None else Own(always_on=self.stated.get(key))

    async def choose(self, user: User, word: bool | None) -> None:
        """Have somebody who is logged in wish to stay, or not, or neither; it is kept then.

        Raises ``Refused`` where nothing can be written, or there is no room.
        """
        key = self.key(user)
        account = self._node.network.registry.account(key)
        if account is not None and self._accounts is not None:
            text = None if word is None else ON if word else OFF
            await self._accounts.change(account, {field(SETTING, ALWAYS_ON): text})
            return
        if key is None:
            return
        if word is None:
            self.stated.pop(key, None)
        elif key in self.stated or len(self.stated) < self._node.settings.bouncer.persons:
            self.stated[key] = word
        else:
            raise Refused(TEMPORARILY_UNAVAILABLE, "This server keeps nobody else's choice")
        self.tell(key)

    def tell(self, key: str) -> None:
        """Something else is `stated` of somebody."""
        for hear in self.chosen:
            hear(key)

    def status(self, user: User) -> Status | None:
        """Whether they wish to stay, and do; None of a guest, who never does."""
        if self.key(user) is None:
            return None
        own = self.own(user)
        return Status(own.always_on, persons.stays(self._node.settings.bouncer, own))

    def overruled(self, user: User, setting: str) -> str | None:
        """Why it is not as they chose, as a sentence."""
        return persons.overruled(self._node.settings.bouncer, setting, self.own(user))

    # what holds

    def refusal(self, user: User, sessions: int, secure: bool, *, here: bool = False) -> str | None:
        """Why no further session is attached to `user`, who has so many; `secure`: it comes by TLS.

        `here`: its server had it before, as one of theirs.
        """
        return persons.may_attach(self._node.settings, self.own(user), user, sessions, secure, here=here)

    def attaches(self, user: User) -> bool:
        """Whether they may have several sessions."""
        return self.key(user) is not None and persons.attaches(self._node.settings.bouncer, self.own(user))

    def stays(self, user: User) -> bool:
        """Whether they are always on."""
        return self.key(user) is not None and persons.stays(self._node.settings.bouncer, self.own(user))

    def goes_away(self, user: User) -> bool:
        """Whether they are away while nobody is connected, if they stay."""
        return persons.goes_away(self._node.settings.bouncer, self.own(user))

    def replays(self, user: User) -> bool:
        """Whether a client of theirs that cannot ask is shown what it missed."""
        return persons.replays(self._node.settings.bouncer, self.own(user))

    def lines(self, user: User) -> int:
        """How many messages of a channel they are shown that they come into."""
        account = self._node.network.registry.account(user.account_id)
        text = None if account is None else account.settings.get(AUTOREPLAY)
        history = self._node.settings.history
        if text is None or not text.isdecimal() or len(text) > 6:
            return history.autoreplay
        return min(int(text), history.replay)


def own_of(account: Account) -> Own:
    """What is chosen for an account that is kept here."""
    get = account.settings.get
    return Own(
        chosen(get(ALWAYS_ON)),
        chosen(get(persons.MULTICLIENT)),
        chosen(get(persons.AUTO_AWAY)),
        chosen(get(persons.AUTOREPLAY_MISSED)),
    )
