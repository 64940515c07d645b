"""Tokens: passwords of single clients, 100 random bits, of which the SHA-256 is kept.

Such a secret needs no slow hash, and is found by its hash: a phone that comes every minute costs next to
nothing.  Whoever came by one cannot change what the account is locked with.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from chatnet.model.logins import PASSWORD, Way
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import Token
from chatnet.records.claims import TOKENS
from chatnet.records.grammar import field
from chatnet.records.value_parts import keyed
from chatnet.services import refused
from chatnet.services.accounts import Accounts
from chatnet.services.codes import LETTERS
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record

ALL: Final = "all"
CHAT: Final = "chat"
"""The scopes that log in; with others one is not let in here."""
KEY: Final = 6
"""Letters by which a record knows one."""

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
            found = await self._found(hashed)
            accounts.again(attempt)
            if found is not None and found[0] in attempt.meant:
                accounts.proved(found[0], attempt)
                return found
        # It may look like a token, and be a password.
        account = await accounts.check(name, secret, address=address, owner=owner, certfp=certfp)
        return account, PASSWORD

    async def _found(self, hashed: str) -> tuple[Account, Way] | None:
        """The account that a token of this hash lets in now."""
        found = await self.find(hashed)
        if found is None:
            return None
        account, key, token = found
        if token.scope not in (ALL, CHAT):
            return None
        return account, Way(f"token {token.label}", key, token.scope == CHAT)

    async def find(self, hashed: str) -> tuple[Account, str, Token] | None:
        """Whose token has this hash and is not over, whatever it is for: its account, and its key there."""
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
                return account, key, token
        return None

    async def listed(self, account: Account) -> Sequence[tuple[str, Token]]:
        """Those of an account, by their keys."""
        return tokens_of(await self._accounts.read(account))

    async def add(self, account: Account, label: str, scope: str, until: int) -> str:
        """A new token, which is shown once; `until` is a Unix time, or 0."""
        there, most = await self.listed(account), self._node.settings.accounts.tokens
        if any(token.label.lower() == label.lower() for _, token in there):
            raise Refused(
                refused.TOKEN_EXISTS, f"There is a token {label} already: TOKEN DEL {label} ends it"
            )
        if len(there) >= most:
            raise Refused(refused.TOO_MANY_TOKENS, f"An account has at most {most} tokens")
        text = new_token()
        hashed = token_hash(text)
        assert hashed is not None
        keys = {key for key, _ in there}
        key = next(key for key in iter(_new_key, "") if key not in keys)
        token = Token(hashed, int(self._node.clock.time()), until, scope, label)
        await self._accounts.change(account, {field(values.TOKEN, key): token.text}, [(hashed, TOKENS)])
        return text

    async def remove(self, account: Account, label: str) -> bool:
        """Take a token away, by its label; False if there is none of it."""
        for key, token in await self.listed(account):
            if token.label.lower() == label.lower():
                await self._accounts.change(account, {field(values.TOKEN, key): None})
                return True
        return False


def _new_key() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(KEY))
