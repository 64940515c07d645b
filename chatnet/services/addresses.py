"""Addresses of accounts: verified by a code that is sent there, and what that is good for.

purpose          the code shows that                              kept in the field
verify           who has registered reads mail at the address     code:verify
email <address>  who wants another address reads mail there       code:email <address>
reset            who forgot the password reads the account's      code:reset
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import ACTIVE, Code, Email, State, Status
from chatnet.records.claims import EMAILS
from chatnet.records.grammar import STATUS, field
from chatnet.services import refused
from chatnet.services.accounts import Accounts, Value, value_of, void
from chatnet.services.codes import Codes, codes_of
from chatnet.services.letters import Purpose
from chatnet.services.mailing import Mailing
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record

VERIFY: Final = "verify"
EMAIL: Final = "email"
MOST_WAITING: Final = 3
"""Addresses of one account that wait for their code."""


class Addresses:
    """Has addresses verified.  Refuses with :class:`Refused`, as :class:`Accounts` does."""

    def __init__(self, node: Node, accounts: Accounts, mailing: Mailing) -> None:
        self._node = node
        self._accounts = accounts
        self._mailing = mailing
        self._codes = Codes(node)

    @property
    def verifies(self) -> bool:
        """Whether addresses are verified here."""
        return self._node.settings.accounts.email != "off"

    @property
    def required(self) -> bool:
        """Whether each account has to have one."""
        return self._node.settings.accounts.email == "required"

    # what is acceptable

    async def acceptable(self, address: str, name: str) -> None:
        """Refuse an address for the account `name` that is none, or is not to be had."""
        self._accounts.acceptable_email(address, name)
        if self.verifies and not address.isascii():
            raise Refused(refused.INVALID_EMAIL, "Mail can be sent to addresses in ASCII only", name)
        domain = address.rpartition("@")[2].lower()
        for blocked in self._node.settings.accounts.blocked_domains:
            if domain == blocked or domain.endswith(f".{blocked}"):
                text = "Addresses of this domain are not taken here"
                raise Refused(refused.UNACCEPTABLE_EMAIL, text, name)
        if self.verifies:
            await self._room(address, name)

    async def _room(self, address: str, name: str, entity: str = "") -> None:
        """Refuse an address that as many accounts have as may have one, beside `entity`."""
        try:
            claims = await self._accounts.ledger.store.owner(address.lower(), EMAILS)
        except StoreError:
            raise refused.unwritable() from None
        if len({claim.entity for claim in claims} - {entity}) >= self._node.settings.accounts.per_email:
            raise Refused(refused.UNACCEPTABLE_EMAIL, "Too many accounts have this address", name)

    def _of(self, by: User) -> str:
        """What somebody is counted by."""
        return self._accounts.throttle.address_of(by)

    def _find(self, records: Sequence[Record], purpose: str, code: str, by: User) -> str | None:
        """For what `by` says a code."""
        return self._codes.find(records, purpose, code, self._accounts.throttle.owner(self._of(by)))

    @contextmanager
    def _mail(self, purpose: Purpose, address: str, name: str, by: User) -> Iterator[None]:
        """Refuse mail that cannot be sent, or not now; it counts if what is done meanwhile is not refused."""
        try:
            self._mailing.claim(purpose, address, self._of(by))
        except Refused as why:
            raise Refused(refused.TEMPORARILY_UNAVAILABLE, why.text, name) from None
        try:
            yield
        except Refused:
            self._mailing.give_back(purpose, address, self._of(by))
            raise

    # registering

    async def register(self, name: str, password: str, email: str | None, *, by: User) -> Account:
        """A new account, which is on the disk; it is pending where a code was sent to `email` (None: none).

        Refuses as ``Accounts.register`` does, and with ``UNACCEPTABLE_EMAIL``.
        """
        accounts = self._accounts
        if email is None:
            if self.required:
                text = "An address for mail is needed: a code is sent there"
                raise Refused(refused.INVALID_EMAIL, text, name)
            return await accounts.register(name, password, None, by=by)
        accounts.acceptable_name(name, by)
        accounts.acceptable_password(password, name, email)
        await self.acceptable(email, name)
        if not self.verifies:
            return await accounts.register(name, password, email, by=by)
        until = self._node.clock.time() + self._node.settings.accounts.verify_within
        code, kept = self._codes.new(until)
        given: dict[str, Value] = {
            STATUS: Status(State.PENDING, int(until)).text,
            field(values.CODE, VERIFY): kept.text,
        }
        with self._mail(Purpose.VERIFY, email, name, by):
            account = await accounts.register(name, password, email, by=by, given=given)
            await self._post(Purpose.VERIFY, email, account, code, until)
        return account

    async def _post(self, purpose: Purpose, address: str, account: Account, code: str, until: float) -> None:
        time = refused.duration(int(until - self._node.clock.time()))
        try:
            await self._mailing.post(purpose, address, account.shown, code=code, time=time)
        except StoreError:
            raise refused.unwritable() from None

    async def verify(self, name: str, code: str, by: User) -> Account:
        """The account that was registered, which is theirs now; refuses with ``INVALID_CODE``."""
        accounts = self._accounts
        attempt = accounts.attempt(name, self._of(by))
        pending = [each for each in attempt.meant if each.status.state is State.PENDING]
        for account in pending or (None,):
            records = await accounts.read(account)
            accounts.again(attempt)
            email = _email(value_of(records, values.EMAIL))
            if account is None or email is None or self._find(records, VERIFY, code, by) is None:
                continue
            await self._room(email.address, name, account.id)
            await self._activate(account, email)
            accounts.proved(account, attempt)
            return account
        accounts.failed(attempt)
        raise _invalid(name)

    async def _activate(self, account: Account, email: Email | None) -> None:
        given: dict[str, Value] = {STATUS: ACTIVE.text, field(values.CODE, VERIFY): None}
        if email is not None:
            given[values.EMAIL] = Email(True, email.address).text
        await self._accounts.change(account, given)

    async def vouch(self, account: Account) -> None:
        """An operator says that an account is verified, or its address."""
        email = _email(value_of(await self._accounts.read(account), values.EMAIL))
        if account.status.state is State.PENDING:
            await self._activate(account, email)
        elif email is not None and not email.verified:
            await self._accounts.change(account, {values.EMAIL: Email(True, email.address).text})

    async def send_again(self, name: str, by: User) -> None:
        """Send another code to the address of an account that waits for one; the one before is void."""
        pending = [each for each in self._accounts.meant(name) if each.status.state is State.PENDING]
        account = pending[0] if pending else None
        email = _email(value_of(await self._accounts.read(account), values.EMAIL))
        until = account.status.until if account is not None else 0
        if account is None or email is None or until <= self._node.clock.time():
            raise Refused(refused.INVALID_CODE, "No account of that name waits for a code", name)
        code, kept = self._codes.new(until)
        with self._mail(Purpose.VERIFY, email.address, name, by):
            await self._accounts.change(account, {field(values.CODE, VERIFY): kept.text})
            await self._post(Purpose.VERIFY, email.address, account, code, until)

    # another address

    async def expect(self, account: Account, address: str, by: User) -> bool:
        """Have an account another address: at once, or (True) once a code that is sent there comes back."""
        accounts, name = self._accounts, account.shown
        await self.acceptable(address, name)
        if not self.verifies:
            await self._have(account, Email(False, address).text, await accounts.read(account))
            return False
        now = self._node.clock.time()
        until = now + self._node.settings.accounts.verify_within
        code, kept = self._codes.new(until)
        with self._mail(Purpose.EMAIL, address, name, by):
            await self._expect(account, address, kept, now)
            await self._post(Purpose.EMAIL, address, account, code, until)
        return True

    async def _expect(self, account: Account, address: str, kept: Code, now: float) -> None:
        """Keep the code of an address that an account is to have; a few of these wait at most."""
        purpose = f"{EMAIL} {address}"
        given: dict[str, Value] = {}
        waiting = [
            (each, old)
            for each, old in codes_of(await self._accounts.read(account))
            if each.partition(" ")[0] == EMAIL and each != purpose
        ]
        for number, (each, old) in enumerate(sorted(waiting, key=lambda pair: -pair[1].until), 1):
            if old.until <= now or number >= MOST_WAITING:
                given[field(values.CODE, each)] = None
        given[field(values.CODE, purpose)] = kept.text
        await self._accounts.change(account, given)

    async def confirm(self, account: Account, code: str, by: User) -> str:
        """The address that an account has from now on, since this is the code that was sent there."""
        accounts = self._accounts
        attempt = accounts.attempt(account.shown, self._of(by))
        records = await accounts.read(account)
        accounts.again(attempt)
        purpose = self._find(records, EMAIL, code, by)
        if purpose is None:
            accounts.failed(attempt)
            raise _invalid(account.shown)
        address = purpose.partition(" ")[2]
        await self._room(address, account.shown, account.id)
        await self._have(account, Email(True, address).text, records)
        old = _email(value_of(records, values.EMAIL))
        if old is not None and old.verified and old.address.lower() != address.lower():
            await self._mailing.notify(Purpose.MOVED, old.address, account.shown)
        return address

    async def remove(self, account: Account) -> None:
        """Have an account no address any more."""
        await self._have(account, None, await self._accounts.read(account))

    async def _have(self, account: Account, email: str | None, records: Sequence[Record]) -> None:
        """Have an account another address, or none; a code for its password was sent to the one before."""
        await self._accounts.change(account, {values.EMAIL: email, **void(records, EMAIL, values.RESET)})

    # a password that was forgotten

    def send_reset(self, name: str, by: User) -> None:
        """Send a code to the verified address of an account, if there are both.  Nobody reads whether."""
        self._node.run(self._send_reset(name, by))

    async def _send_reset(self, name: str, by: User) -> None:
        accounts = self._accounts
        now = self._node.clock.time()
        meant = [each for each in accounts.meant(name) if each.usable(now)]
        account = meant[0] if meant else None
        try:
            email = _email(value_of(await accounts.read(account), values.EMAIL))
            if account is None or email is None or not email.verified:
                return
            until = now + self._node.settings.accounts.verify_within
            code, kept = self._codes.new(until)
            with self._mail(Purpose.RESET, email.address, name, by):
                await accounts.change(account, {field(values.CODE, values.RESET): kept.text})
                await self._post(Purpose.RESET, email.address, account, code, until)
        except Refused:
            pass  # nobody shall tell by it which accounts there are

    async def reset(self, name: str, code: str, new: str, by: User) -> Account:
        """The account that has a `new` password, since this is the code that was sent to its address."""
        accounts = self._accounts
        attempt = accounts.attempt(name, self._of(by))
        account = attempt.meant[0] if attempt.meant else None
        records = await accounts.read(account)
        accounts.again(attempt)
        if account is None or self._find(records, values.RESET, code, by) is None:
            accounts.failed(attempt)
            raise _invalid(name)
        accounts.judge(account, attempt)
        email = _email(value_of(records, values.EMAIL))
        accounts.acceptable_password(new, account.shown, "" if email is None else email.address)
        await accounts.set_password(account, new, owner=accounts.throttle.queue_of(by))
        return account

    # what people are told without having asked

    async def tell(self, purpose: Purpose, account: Account, stamped: str) -> None:
        """Write to the verified address of an account, if the field `stamped` is of this server.

        All servers hear of it, and one of them is to write.
        """
        try:
            records = await self._accounts.read(account)
        except Refused:
            return
        email = _email(value_of(records, values.EMAIL))
        ours = any(
            record.field == stamped and record.stamp.endswith(f".{self._node.network.me.sid}")
            for record in records
        )
        if ours and email is not None and email.verified:
            await self._mailing.notify(purpose, email.address, account.shown, name=account.name)


def _email(text: str | None) -> Email | None:
    try:
        return Email.read(text or "")
    except ValueError:
        return None


def _invalid(name: str) -> Refused:
    return Refused(refused.INVALID_CODE, "No such code was sent, or its time is over", name)
