"""Whose a token is, and what it may be used for."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from chatnet.api.problems import Problem
from chatnet.model.facts import Fact, Hearer, RecordsTaken, SettingsChanged
from chatnet.model.logins import NO_WAY, Way
from chatnet.node import Node
from chatnet.rules.logins import tokens_taken
from chatnet.services import refused
from chatnet.services.accounts import Accounts
from chatnet.services.refused import Refused
from chatnet.services.throttle import Throttle
from chatnet.services.tokens import Tokens, token_hash
from chatnet.settings import TokenSettings
from chatnet.web.scopes import WEB, Scope, read_scope
from chatnet.wire.networks import address_in, networks_of

BEARER: Final = "bearer "
MOST_KNOWN: Final = 10_000
"""Tokens of accounts that are remembered, so that not every request has to ask the store; and as many of
those that were taken away."""


K = TypeVar("K")
V = TypeVar("V")


class Identity(NamedTuple):
    """Who asks: `key` is the token's own, `account` the id of an account or empty, `until` Unix time or 0."""

    key: str
    nick: str
    scope: Scope
    account: str = ""
    way: Way = NO_WAY
    oper_class: str | None = None
    until: int = 0
    page: bool = False
    """Whether it is that of a page, whose person is on the network by a connection of its own."""

    def allows(self, word: str) -> bool:
        """Whether it may be used for what a word of a scope says."""
        return word in self.scope.words


class Identities:
    """Finds them: those of the configuration, and those of accounts, where this server keeps these.

    An observer: what it remembers of an account is forgotten when that changes.
    """

    def __init__(self, node: Node, accounts: Accounts | None, tokens: Tokens | None) -> None:
        self._node = node
        self._accounts = accounts
        self._tokens = tokens
        self._throttle = Throttle(node) if accounts is None else accounts.throttle
        self._known: dict[str, Identity] = {}
        self._taken: dict[tuple[str, str], None] = {}  # of which account, and the key; the oldest first
        self._named: dict[str, tuple[Identity, TokenSettings]] = {}
        self._settings: object = None
        self._inside: set[Identity] = set()
        self.hears: Mapping[type[Fact], Hearer] = {
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }

    async def of(self, authorization: str, address: str) -> Identity:
        """Whose a header ``Authorization: Bearer cn-…`` is; raises Problem if it is nobody's."""
        if authorization[: len(BEARER)].lower() != BEARER:
            raise Problem("unauthenticated")
        wait = self._throttle.address_waits(address)
        if wait:
            raise Problem("too-many", "Too many logins failed from this address", retry=int(wait) + 1)
        hashed = token_hash(authorization[len(BEARER) :])
        found = None if hashed is None else self._configured(hashed, address)
        if found is None and hashed is not None:
            found = await self._of_account(hashed)
        if found is None:
            self._throttle.failed(address, None)
            raise Problem("unauthenticated", "The token is wrong, over or taken back")
        return found

    def is_good(self, identity: Identity) -> bool:
        """Whether somebody who was found once is still to be found, as far as this server has read."""
        if identity.account:
            account = self._node.network.registry.account(identity.account)
            now = self._node.clock.time()
            if account is None or not account.usable(now) or 0 < identity.until <= now:
                return False
            return (identity.account, identity.way.token) not in self._taken
        self._read()
        return identity in self._inside or any(each == identity for each, _ in self._named.values())

    def may_watch(self, identity: Identity) -> bool:
        """Whether somebody may read the figures of the server, by a token that is for that.

        One of the configuration may; one of an account only while its user is an operator.
        """
        if not identity.allows("metrics") or identity.scope.channels is not None:
            return False
        users = self._node.network.logged_in.get(identity.account, ())
        return not identity.account or any(user.oper is not None for user in users)

    def know(self, identity: Identity, good: bool) -> None:
        """Somebody of this server's own, who needs no token, is good from now on, or not any more."""
        (self._inside.add if good else self._inside.discard)(identity)

    def spares(self, address: str) -> bool:
        """Whether nothing is counted against `address`."""
        return self._throttle.spared(address)

    # of the configuration

    def _read(self) -> None:
        settings = self._node.settings
        if settings is self._settings:
            return
        self._settings = settings
        self._named = {
            block.hash: (
                Identity(
                    f"token {block.name}", block.nick, read_scope(block.scope), oper_class=block.oper_class
                ),
                block,
            )
            for block in settings.token
        }

    def _configured(self, hashed: str, address: str) -> Identity | None:
        self._read()
        found = self._named.get(hashed)
        if found is None or not hmac.compare_digest(found[1].hash, hashed):
            return None
        identity, block = found
        networks = networks_of(block.addresses)
        return identity if not networks or address_in(address, networks) else None

    # of accounts

    async def _of_account(self, hashed: str) -> Identity | None:
        if self._accounts is None or self._tokens is None:
            return None
        known = self._known.get(hashed)
        if known is not None and self.is_good(known):
            return known
        try:
            found = await self._tokens.find(hashed)
        except Refused as why:
            kind = "unavailable" if why.code == refused.TEMPORARILY_UNAVAILABLE else "unauthenticated"
            raise Problem(kind, why.text) from None
        if found is None:
            return None
        account, key, token = found
        if not account.usable(self._node.clock.time()):
            return None
        try:
            scope = read_scope(token.scope)
        except ValueError:
            return None  # of a newer version, perhaps: it is not for this one to guess
        chat, operates = "command" not in scope.words, "operate" in scope.words
        way = Way(f"token {token.label}", key, chat, operates)
        identity = Identity(
            *(f"{account.id} {key}", account.shown, scope, account.id, way),
            until=token.until,
            page=token.scope == WEB,
        )
        if not self.is_good(identity):
            return None  # it was taken away while the store was asked
        _put(self._known, hashed, identity)
        self._node.run(self._accounts.note_seen(account))
        return identity

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for account, key in tokens_taken(fact.records):
            _put(self._taken, (str(account), key), None)
        if self._known:
            entities = {record.entity for record in fact.records}
            gone = [hashed for hashed, each in self._known.items() if each.account in entities]
            for hashed in gone:
                del self._known[hashed]

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        self._settings = None


def _put(among: dict[K, V], key: K, value: V) -> None:
    """Remember one more, and forget the oldest if there are too many."""
    if len(among) >= MOST_KNOWN:
        del among[next(iter(among))]
    among[key] = value
