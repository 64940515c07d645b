"""Tokens: passwords of single clients, 100 random bits, of which the SHA-256 is kept.

Such a secret needs no slow hash, and is found by its hash: a phone that comes every minute costs next to
nothing.  Whoever came by one cannot change what the account is locked with.  What one is good for, its scope,
is the business of ``web/scopes.py``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from typing import Final, NamedTuple

from chatnet.model.logins import PASSWORD, Way
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import Token
from chatnet.records.claims import TOKENS
from chatnet.records.grammar import field
from chatnet.records.value_parts import keyed
from chatnet.services import refused
from chatnet.services.accounts import Accounts, Value
from chatnet.services.codes import LETTERS
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record
from chatnet.web.scopes import ALL, CHAT, WEB

KEY: Final = 6
"""Letters by which a record knows one."""
LOGS_IN: Final = frozenset({ALL, WEB, CHAT})
"""The scopes that log in over IRC: nothing would hold one there to a list."""
EXCHANGED: Final = 30 * 86400
"""Seconds after which the token of a page is exchanged for another one when it is used."""

_FORM: Final = re.compile(rf"cn(?:-?[{LETTERS}]{{4}}){{5}}")


def new_token() -> str:
    """A token as people copy it: ``cn-xxxx-xxxx-xxxx-xxxx-xxxx``."""
    return "-".join(["cn", *("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(5))])


def token_hash(secret: str) -> str | None:
    """The SHA-256 of a token, whatever is between its fours; None for what is none."""
    plain = secret.strip().lower()
    if _FORM.fullmatch(plain) is None:
        return None
    return sha256(plain.replace("-", "").encode()).hexdigest()


def tokens_of(records: Sequence[Record]) -> Sequence[tuple[str, Token]]:
    """The tokens of an account, by their keys, the oldest first."""
    return sorted(keyed(records, values.TOKEN, Token.read), key=lambda each: (each[1].made, each[1].label))


class Found(NamedTuple):
    """A token that is good now: whose it is, by which key their records know it, and what it says."""

    account: Account
    key: str
    token: Token


class Tokens:
    """Makes tokens, takes them away, and lets in who has one."""

    def __init__(self, node: Node, accounts: Accounts) -> None:
        self._node = node
        self._accounts = accounts

    async def enter(
        self, name: str, secret: str, *, address: str, owner: str, certfp: str | None = None
    ) -> tuple[Account, Way]:
        """Whose token or password it is, and by which they come; refuses as ``Accounts.check`` does."""
        accounts, hashed = self._accounts, token_hash(secret)
        if hashed is not None:
            attempt = accounts.attempt(name, address)
            found = await self.find(hashed)
            accounts.again(attempt)
            if found is not None and found.account in attempt.meant and found.token.scope in LOGS_IN:
                accounts.proved(found.account, attempt)
                return found.account, way_of(found)
        # It may look like a token, and be a password.
        account = await accounts.check(name, secret, address=address, owner=owner, certfp=certfp)
        return account, PASSWORD

    async def find(self, hashed: str) -> Found | None:
        """The token of this hash if it is not over, whatever it is for."""
        accounts = self._accounts
        try:
            claims = await accounts.ledger.store.owner(hashed, TOKENS)
        except StoreError:
            raise refused.unwritable() from None
        account = accounts.registry.account(claims[0].entity) if claims else None
        if account is None:
            return None
        for key, token in tokens_of(await accounts.read(account)):
            over = 0 < token.until <= self._node.clock.time()
            if token.hash == hashed and not over:
                return Found(account, key, token)
        return None

    async def listed(self, account: Account) -> Sequence[tuple[str, Token]]:
        """Those of an account, by their keys."""
        return tokens_of(await self._accounts.read(account))

    async def add(self, account: Account, label: str, scope: str, until: int) -> str:
        """A new token, which is shown once; `until` is a Unix time, or 0.

        Where an account has as many as it may, the oldest that logs in to the page makes room; who came by
        that has to log in anew.  The page may call several the same: they are numbered.
        """
        there, most = await self.listed(account), self._node.settings.accounts.tokens
        labels = {token.label.lower() for _, token in there}
        if scope == WEB:
            label = _numbered(label, labels)
        elif label.lower() in labels:
            raise Refused(
                refused.TOKEN_EXISTS, f"There is a token {label} already: TOKEN DEL {label} ends it"
            )
        given: dict[str, Value] = {}
        if len(there) >= most:
            oldest = next((key for key, token in there if token.scope == WEB), None)
            if oldest is None or not most:
                raise Refused(refused.TOO_MANY_TOKENS, f"An account has at most {most} tokens")
            given[field(values.TOKEN, oldest)] = None
        keys = {key for key, _ in there}
        key = next(key for key in iter(_new_key, "") if key not in keys)
        return await self._write(account, key, label, scope, until, given)

    async def exchange(self, found: Found, until: int) -> str:
        """Another secret for a token, in the place of the one it had, which is good for nothing then.

        Sessions that came by it stay: it is the same token by its key.
        """
        token = found.token
        return await self._write(found.account, found.key, token.label, token.scope, until, {})

    async def _write(
        self, account: Account, key: str, label: str, scope: str, until: int, given: dict[str, Value]
    ) -> str:
        text = new_token()
        hashed = token_hash(text)
        assert hashed is not None
        token = Token(hashed, int(self._node.clock.time()), until, scope, label)
        given[field(values.TOKEN, key)] = token.text
        try:
            await self._accounts.change(account, given, [(hashed, TOKENS)])
        except ValueError:
            raise refused.odd() from None
        return text

    async def remove(self, account: Account, word: str) -> bool:
        """Take a token away, by its label or its key; False if there is none of it."""
        there = await self.listed(account)
        for key, token in sorted(there, key=lambda each: each[1].label.lower() != word.lower()):
            if word.lower() in (token.label.lower(), key):
                return await self.remove_key(account, key)
        return False

    async def remove_key(self, account: Account, key: str) -> bool:
        """The same by its key alone."""
        if all(each != key for each, _ in await self.listed(account)):
            return False
        await self._accounts.change(account, {field(values.TOKEN, key): None})
        return True


def way_of(found: Found) -> Way:
    """By what somebody is logged in who came by a token."""
    chat = found.token.scope == CHAT
    return Way(f"token {found.token.label}", found.key, chat, not chat)


def is_old(token: Token, now: float) -> bool:
    """Whether the token of a page is to be exchanged when it is used at the Unix time `now`."""
    return token.scope == WEB and token.made + EXCHANGED <= now


def _numbered(label: str, labels: set[str]) -> str:
    """A label that no other token has."""
    if label.lower() not in labels:
        return label
    return next(each for number in count(2) if (each := f"{label} {number}").lower() not in labels)


def _new_key() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(KEY))
