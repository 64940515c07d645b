"""Mail about accounts: it waits in the store until the operator's relay has taken it.

    waits      its time comes, the relay takes it          gone
    waits      the relay does not take it now              waits: 5 and 30 minutes, 2, 8 and 24 hours longer
    waits      the relay never will, or after all that     given up: operators and the log read of it

Which server sends it?  The one that was asked.  What is in it is a secret, and told nowhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Mapping
from typing import Final, Protocol

from chatnet.node import Node
from chatnet.rules.allowances import Allowances
from chatnet.rules.pool import Limit
from chatnet.services import refused
from chatnet.services.letters import Purpose, letter
from chatnet.services.refused import Refused
from chatnet.services.throttle import Throttle
from chatnet.storage.interfaces import Letter, Store, StoreError
from chatnet.wire.text import one_line

LOOK: Final = 15.0
"""Seconds between two looks at what is due."""
AGAIN: Final = (300, 1800, 7200, 28800, 86400)
"""Seconds until it is tried again, after the first try, the second, and so on."""
STALE: Final = 2 * 86400
"""Seconds after its time from which on a mail is not sent any more: it came out of a backup, say."""
AT_A_TIME: Final = 20
"""Mails that are read together; they are sent one after the other."""
_ALL: Final = ""


class Unsent(Exception):
    """The relay did not take a mail; `for_good` if it never will.  The text has no secret in it."""

    def __init__(self, reason: str, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Send(Protocol):
    """Hands mail to the relay that the settings name."""

    def __call__(self, to: str, message: str) -> Awaitable[None]:
        """Hand in one mail, in ASCII, for one address; raises :class:`Unsent`."""


class Mailing:
    """Writes mail, and has it sent."""

    def __init__(self, node: Node, store: Store, throttle: Throttle, nickserv: str, send: Send) -> None:
        self.trouble = ""
        """Why the last mail could not be sent; empty if it was."""
        self._node = node
        self._store = store
        self._throttle = throttle
        self._nickserv = nickserv
        self._send = send
        self._sending = False

        def allowed(most: str) -> Allowances:
            def rate() -> tuple[int, float]:
                mail = node.settings.mail
                return getattr(mail, most), mail.period

            return Allowances(node.clock.monotonic, rate, lambda: node.settings.accounts.counted)

        self._everything = allowed("rate")
        self._addresses = allowed("per_address")
        self._askers = allowed("asked")
        self.limits: Final[Mapping[str, Limit]] = {
            "mail": self._everything,
            "mail to an address": self._addresses,
            "mail of an address": self._askers,
        }
        """What all processes of a server count together."""

    @property
    def ready(self) -> bool:
        """Whether there is a relay to send mail by."""
        return bool(self._node.settings.mail.relay)

    def claim(self, purpose: Purpose, to: str, asker: str) -> None:
        """Count a mail to the address `to` that is asked for from `asker`; refuse it if there were too many.

        It counts before it is written, which takes a while: many who ask at once get no more than one does.
        """
        if not self.ready:
            raise Refused(refused.TEMPORARILY_UNAVAILABLE, "This server sends no mail now")
        counted = self._counted(purpose, to, asker)
        if wait := max(allowed.wait(key) for allowed, key in counted):
            raise refused.try_again(wait, "Too much mail was sent")
        for allowed, key in counted:
            allowed.count(key)

    def give_back(self, purpose: Purpose, to: str, asker: str) -> None:
        """Nothing came of the mail that was claimed."""
        for allowed, key in self._counted(purpose, to, asker):
            allowed.take_back(key)

    def _counted(self, purpose: Purpose, to: str, asker: str) -> list[tuple[Allowances, str]]:
        counted = [(self._everything, _ALL), (self._addresses, f"{purpose.value} {to.lower()}")]
        if not self._throttle.spared(asker):
            counted.append((self._askers, self._throttle.owner(asker)))
        return counted

    async def post(self, purpose: Purpose, to: str, account: str, **words: str) -> None:
        """Write a mail that was claimed, about an account; when this returns it is on the disk.

        Raises StoreError.
        """
        node = self._node
        now, settings = node.clock.time(), node.settings
        domain = settings.mail.sender.rpartition("@")[2] or node.network.me.name
        text = letter(
            purpose, to, settings.mail.sender, now, f"<{secrets.token_hex(16)}@{domain}>",
            network=settings.server.network, account=account, nickserv=self._nickserv, **words,
        )  # fmt: skip
        await self._store.post(f"{to} {purpose.value} {account}\n{text}", now)
        self.send()

    async def notify(self, purpose: Purpose, to: str, account: str, **words: str) -> None:
        """The same of what nobody asked for, and which is left out where mail cannot be sent."""
        try:
            self.claim(purpose, to, "localhost")
            await self.post(purpose, to, account, **words)
        except (Refused, StoreError):
            pass  # those who are logged in read it, too

    def send(self) -> None:
        """Send what is due, one mail after the other; to be called every LOOK seconds as well."""
        if self.ready and not self._sending:
            self._sending = True
            self._node.run(self._work())

    async def _work(self) -> None:
        try:
            while self.ready and (due := await self._store.letters(self._node.clock.time(), AT_A_TIME)):
                for each in due:
                    await self._try(each)
        except StoreError:
            pass  # another time
        finally:
            self._sending = False

    async def _try(self, waiting: Letter) -> None:
        """Have a mail be sent, or wait, or be given up."""
        head, _, text = waiting.body.partition("\n")
        to, purpose, account = head.split(" ", 2)
        now = self._node.clock.time()
        what = f"A mail ({purpose}) for the owner of {account}"
        if waiting.due < now - STALE:
            await self._store.discard(waiting.id)
            self._node.log.info(f"{what} was not sent: its time was over long ago")
            return
        try:
            await self._send(to, text)
        except Unsent as why:
            # A relay may repeat whom it is for, which is nobody's business.
            self.trouble = one_line(str(why)).replace(to, "<address>")
            if why.for_good or waiting.tries >= len(AGAIN):
                await self._store.discard(waiting.id)
                told = f"{what} was given up: {self.trouble}"
                self._node.notice("a", told)
            else:
                wait = AGAIN[waiting.tries]
                await self._store.put_off(waiting.id, now + wait)
                told = f"{what} is tried again in {refused.duration(wait)}: {self.trouble}"
            self._node.log.warn(told)
        else:
            self.trouble = ""
            await self._store.discard(waiting.id)
