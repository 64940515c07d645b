"""What this server does in the name of NickServ, beside keeping accounts: nicks, logins, codes."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable, Sequence
from typing import Final

from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.node import Node, Observer
from chatnet.records.accounts import NAME, VERIFIER
from chatnet.services.abroad import Abroad
from chatnet.services.accounts import Accounts
from chatnet.services.addresses import Addresses
from chatnet.services.bots import Bots
from chatnet.services.letters import Purpose
from chatnet.services.losses import Losses
from chatnet.services.mailing import Mailing
from chatnet.services.protection import NickProtection
from chatnet.services.sweeping import Sweeping
from chatnet.services.tokens import Tokens

DISPUTED: Final = (
    "Your password was changed on two servers while they were apart; the later one counts."
    " If that was not you: {cure}"
)
CURE: Final = "/msg {nickserv} SENDPASS {account}"
ASK: Final = "ask an operator for another password"
"""What to do where no code can be sent."""
CODE: Final = 8
"""Characters of a code that confirms what cannot be undone."""


class NickServ:
    """The pseudo-user, and who hears and does what people think it does.

    `tell` is ``(by, user, text)``: a user of this server, or one whom it serves, reads a NOTICE.
    """

    def __init__(
        self,
        node: Node,
        nickserv: User,
        accounts: Accounts,
        mailing: Mailing,
        tell: Callable[[User, User, str], None],
        chance: Callable[[], float],
        abroad: Abroad,
    ) -> None:
        self.user = nickserv

        def say(user: User, text: str) -> None:
            tell(nickserv, user, text)

        self._node = node
        self._say = say
        self.mailing = mailing
        self.tokens = Tokens(node, accounts)
        self.bots = Bots(node, accounts)
        self.addresses = Addresses(node, accounts, mailing)
        self.protection = NickProtection(node, nickserv.nick, say, chance, abroad)
        self.sweeping = Sweeping(node, accounts, abroad)

        def write(account: Account) -> None:
            node.run(self.addresses.tell(Purpose.LOST, account, NAME))

        self.observers: Sequence[Observer] = (self.protection, self.sweeping, Losses(node, write))
        """In the order in which they hear facts."""
        self._key = secrets.token_bytes(32)

    def disputed(self, entity: str) -> None:
        """The password of an account was changed on two servers while they were apart, by a thief perhaps."""
        network = self._node.network
        account = network.registry.account(entity)
        if account is None:
            return
        cure = CURE.format(nickserv=self.user.nick, account=account.shown) if self.mailing.ready else ASK
        for user in list(network.logged_in.get(entity, ())):
            if self.protection.sees_to(user):
                self._say(user, DISPUTED.format(cure=cure))
        text = f"The password of {account.shown} was changed on two servers while they were apart"
        self._node.log.warn(text)
        self._node.notice("a", text, common=True)
        self._node.run(self.addresses.tell(Purpose.DISPUTED, account, VERIFIER))

    def code(self, purpose: str, entity: str, by: User) -> str:
        """What `by` has to repeat to do something to an account; it is for them alone, until a restart."""
        text = f"{purpose} {entity} {by.uid} {by.account_id}".encode()
        return b32encode(hmac.digest(self._key, text, "sha256")).decode()[:CODE].lower()

    def is_code(self, given: str, purpose: str, entity: str, by: User) -> bool:
        """Whether `given` is that code."""
        return hmac.compare_digest(
            given.lower().encode("utf-8", "surrogateescape"), self.code(purpose, entity, by).encode()
        )
