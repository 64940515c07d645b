"""Making hooks, changing them and taking them away; and an end of those whose channel has none.

A hook that hears has a secret in its address, of which the SHA-256 is kept; one that tells has a key, which
signs what it tells.  Each is shown once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Final, Protocol

from chatnet.model.hooks import Hook
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import hooks
from chatnet.records.accounts import ACTIVE, CREATED, Created, State, Status
from chatnet.records.grammar import HOOK, STATUS, new_entity
from chatnet.records.hooks import Closed, Keys
from chatnet.services import refused
from chatnet.services.codes import LETTERS
from chatnet.services.ledger import Change, Ledger
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.wire.server_time import DAY

TOO_MANY_HOOKS: Final = "TOO_MANY_HOOKS"
NO_HOOK: Final = "NO_HOOK"
SECRET: Final = 26
"""Letters of the secret in an address: 130 bits."""
LEAST: Final = 4
"""Letters of its name by which people may mean a hook, if it is the only one that begins so."""
BOTH: Final = DAY
"""Seconds for which what is told is signed with the key before as well."""
NUMBERS: Final = 10
"""Up to which a number stands behind the name of a bot."""
LOOK: Final = 3600.0
"""Seconds between two looks for hooks of channels that are no more."""


class Bots(Protocol):
    """Makes accounts that programs speak by."""

    def named(self, owner: Account, name: str) -> Account | None:
        """The bot of an account that has a name."""

    def add(self, owner: Account, name: str) -> Awaitable[Account]:
        """A new one; raises `Refused`."""


def secret_hash(secret: str) -> str:
    """What is kept of the secret of an address."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def is_secret(hook: Hook | None, secret: str) -> bool:
    """Whether it is the one in the address of a hook that hears; of no hook it takes as long."""
    known = hook.secret if hook is not None and hook.works and not hook.tells else "0" * 64
    return hmac.compare_digest(secret_hash(secret), known)


class Hooking:
    """Writes hooks; `bots` are those who speak by them, and are made where nobody is named for that.

    `told` hears what the maker of a hook should know; `wrong` says what is wrong with a format, as the end of
    a sentence, and `base` is what addresses of this server begin with, as ``https://chat.example.org``.
    """

    def __init__(
        self,
        node: Node,
        ledger: Ledger,
        bots: Bots,
        told: Callable[[Account, str], object],
        wrong: Callable[[str], str | None],
        base: Callable[[], str],
    ) -> None:
        self._node = node
        self._ledger = ledger
        self._bots = bots
        self._told = told
        self.wrong = wrong
        self._base = base
        self.known = node.network.registry.hooks

    def room(self, channel: RegisteredChannel) -> None:
        """Refuse one more hook of a channel that has as many as it may have."""
        most = self._node.settings.hooks.per_channel
        if len(self.known.of(channel.id)) >= most:
            raise Refused(TOO_MANY_HOOKS, f"A channel has at most {most} hooks")

    def address(self, hook: Hook, secret: str) -> str:
        """Where a program posts to a hook."""
        return f"{self._base()}/hooks/{hook.name}/{secret}"

    def named(self, name: str) -> Hook | None:
        """The hook of a whole name, as it stands in an address."""
        return self.known.by_id.get(f"{HOOK}{name}")

    def find(self, channel: RegisteredChannel, name: str) -> Hook:
        """The hook of a channel that is called so, or whose name begins so; refuses if there is none."""
        text = name.lower()
        mine = self.known.of(channel.id)
        found = [each for each in mine if each.label.lower() == text]
        if len(text) >= LEAST:
            found += [each for each in mine if each.name.startswith(text) and each not in found]
        if len(found) != 1:
            what = "are several hooks" if found else "is no hook"
            raise Refused(NO_HOOK, f"There {what} of {channel.name} that this means", name)
        return found[0]

    async def hear(
        self, channel: RegisteredChannel, label: str, form: str, by: Account, bot: Account | None = None
    ) -> tuple[Hook, str]:
        """Make a hook that hears, with the secret of its address, which is shown once."""
        secret = "".join(secrets.choice(LETTERS) for _ in range(SECRET))
        given = {hooks.SECRET: secret_hash(secret), hooks.FORMAT: form}
        return await self._make(channel, label, by, bot, given), secret

    async def tell(
        self,
        channel: RegisteredChannel,
        label: str,
        url: str,
        key: str,
        by: Account,
        bot: Account | None = None,
        *,
        types: tuple[str, ...],
        match: str = "",
    ) -> Hook:
        """Make a hook that tells, and signs with a key."""
        given = {hooks.URL: url, hooks.KEY: Keys(key).text, hooks.TYPES: ",".join(types)}
        if match:
            given[hooks.MATCH] = match
        return await self._make(channel, label, by, bot, given)

    async def _make(
        self,
        channel: RegisteredChannel,
        label: str,
        by: Account,
        bot: Account | None,
        given: Mapping[str, str],
    ) -> Hook:
        self.room(channel)
        if bot is None:
            bot = await self._bot(by, label)
            self.room(channel)  # others went on meanwhile
        entity = new_entity(HOOK)
        now, sid = int(self._node.clock.time()), self._node.network.me.sid
        await self._write(
            entity,
            {
                hooks.CHANNEL: channel.id,
                hooks.BOT: bot.id,
                hooks.BY: by.id,
                hooks.LABEL: label,
                CREATED: Created(now, sid).text,
                STATUS: ACTIVE.text,
                **given,
            },
        )
        self._node.log.info(f"The hook {entity} of {channel.name} was made by {by.shown}")
        return self.known.by_id[entity]

    async def _bot(self, owner: Account, label: str) -> Account:
        """A bot of an account that is called as a hook is, or with a number behind that."""
        most = self._node.settings.limits.nick
        for number in ("", *map(str, range(2, NUMBERS))):
            name = f"{label[: most - len(number)]}{number}"
            found = self._bots.named(owner, name)
            if found is not None:
                return found
            try:
                return await self._bots.add(owner, name)
            except Refused as why:
                if why.code != refused.ACCOUNT_EXISTS:
                    raise
        raise Refused(refused.ACCOUNT_EXISTS, f"{label}, and all with a number behind it, are somebody's")

    async def change(self, hook: Hook, given: Mapping[str, str | None]) -> None:
        """Give fields of a hook other values, all or none."""
        await self._write(hook.id, given)

    async def renew_secret(self, hook: Hook) -> str:
        """Have a hook that hears be at another address; that before is nobody's at once."""
        secret = "".join(secrets.choice(LETTERS) for _ in range(SECRET))
        await self._write(hook.id, {hooks.SECRET: secret_hash(secret), hooks.CLOSED: None})
        return secret

    async def renew_key(self, hook: Hook, key: str) -> None:
        """Have a hook sign with another key, and for a day with that before as well."""
        before = "" if hook.keys is None else hook.keys.key
        until = int(self._node.clock.time()) + BOTH
        await self._write(hook.id, {hooks.KEY: Keys(key, before, until if before else 0).text})

    async def close(self, hook: Hook, why: str) -> None:
        """Have a hook tell nothing any more, and its maker read of it; who changes it may open it again."""
        await self._write(hook.id, {hooks.CLOSED: Closed(int(self._node.clock.time()), why).text})
        self.say(hook, f"The hook {hook.label} was closed: {why}")

    def say(self, hook: Hook, text: str) -> None:
        """Have the maker of a hook read something, if they are here."""
        maker = self._node.network.registry.account(hook.by)
        if maker is not None:
            self._told(maker, text)

    async def remove(self, hook: Hook) -> None:
        """Have a hook be no more, for good."""
        await self._write(hook.id, {STATUS: Status(State.ERASED).text})
        self._node.log.info(f"The hook {hook.id} was taken away")

    async def _write(self, entity: str, given: Mapping[str, str | None]) -> None:
        try:
            await self._ledger.write([Change(entity, name, value) for name, value in given.items()])
        except StoreError:
            raise refused.unwritable() from None
        except ValueError:
            raise refused.odd() from None

    # what ends

    def sweep(self) -> None:
        """End hooks of channels that are erased; to be called every `LOOK` seconds."""
        channels = self._node.network.registry.channels.by_id
        gone = [each for each in self.known.by_id.values() if each.channel not in channels]
        if gone:
            self._node.run(self._end(gone))

    async def _end(self, gone: list[Hook]) -> None:
        for hook in gone:
            try:
                await self.remove(hook)
            except Refused:
                return  # the ledger has told it; another time
