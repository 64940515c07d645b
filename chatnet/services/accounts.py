"""Accounts as everything that deals with people uses them: registering, logging in, changing.

Whoever asks may be refused with :class:`Refused`, which commands tell in their own way: FAIL, numeric,
NOTICE.  What is awaited takes a while; then everything is to be looked up again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.registry import Account, Registry
from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import ACTIVE, Certificate, Code, Created, Email, Named, State, Verifier
from chatnet.records.claims import CERTIFICATES, MARK, NAMES
from chatnet.records.grammar import ACCOUNT, STATUS, field, new_entity
from chatnet.rules.registration import invalid_email, unacceptable_password, weak_password
from chatnet.services import refused
from chatnet.services.codes import codes_of
from chatnet.services.credentials import scram, verifiers
from chatnet.services.hashes import Busy, Hashes
from chatnet.services.ledger import Change, Ledger
from chatnet.services.refused import Refused
from chatnet.services.roll import Roll
from chatnet.services.throttle import Throttle
from chatnet.storage.interfaces import NameTaken, StoreError
from chatnet.storage.record import Record
from chatnet.wire.names import nick_mistake
from chatnet.wire.server_time import DAY

MOST_MEANT: Final = 4
"""Accounts whose password may be meant by one name: its owner, and others that lost it in a split."""
CERTIFICATE_WAITS: Final = 7 * 86400
"""Seconds within which a certificate that was told of has to be shown."""

_PENDING: Final = "cert"
"""The purpose of a code that is the fingerprint of a certificate which has not been shown yet."""
_NOBODY: Final = ACCOUNT + "a" * 20
"""An id that no account has: looked up where there is no account, since time would tell."""

Value = str | Callable[[str], str] | None
"""What a field is to be: a text, none (removed), or a function of the stamp that the change is given."""


class Attempt(NamedTuple):
    """Somebody at `address` wants to log in by a `name`, which may mean several accounts: the owner's first.

    Failures are counted for `key`.
    """

    name: str
    address: str
    meant: Sequence[Account]
    key: str


class Accounts:
    """The accounts that this server keeps.

    `secret_for` makes of a name what stands in for the verifier of an account that does not exist;
    `reserved` tells whether nobody may have a nick.
    """

    def __init__(
        self,
        node: Node,
        ledger: Ledger,
        roll: Roll,
        hashes: Hashes,
        secret_for: Callable[[str], bytes],
        reserved: Callable[[str], bool],
    ) -> None:
        self.ledger = ledger
        self.registry: Registry = node.network.registry
        self.throttle = Throttle(node)
        self.roll = roll
        self._node = node
        self._hashes = hashes
        self._secret_for = secret_for
        self._reserved = reserved
        self._seen: set[str] = set()  # on this day
        self._day = 0

    # what is acceptable

    def judge_now(self, name: str) -> None:
        """Refuse to give out `name`, of an account or a channel, while that might be wrong."""
        self.roll.judge(name)
        if self.ledger.stamped_to > self._node.clock.time() + self._node.settings.links.stamp_skew:
            # It would look as if the name had been asked for when nobody had.
            raise Refused(refused.TEMPORARILY_UNAVAILABLE, "The clock of this server is wrong", name)

    def acceptable_name(self, name: str, by: User | None = None) -> None:
        """Refuse a name that `by` cannot give to an account, or group with one."""
        network = self._node.network
        self.judge_now(name)
        mistake = nick_mistake(name, self._node.settings.limits.nick)
        if mistake is not None:
            raise Refused(refused.BAD_ACCOUNT_NAME, f"An account has a nick for its name: {mistake}", name)
        if self._reserved(name):
            raise Refused(refused.BAD_ACCOUNT_NAME, "This name is reserved", name)
        folded = network.fold(name)
        if self.registry.owner(folded) is not None:
            raise Refused(refused.ACCOUNT_EXISTS, "Somebody has registered this name already", name)
        if network.nicks.get(folded, by) is not by:
            raise Refused(refused.ACCOUNT_EXISTS, "Somebody else bears this nick", name)

    def acceptable_password(self, password: str, name: str, email: str = "") -> None:
        """Refuse a password that is weak, or with which one could not log in everywhere."""
        settings = self._node.settings.accounts
        if (mistake := unacceptable_password(settings, password)) is not None:
            raise Refused(refused.UNACCEPTABLE_PASSWORD, mistake, name)
        if (mistake := weak_password(settings, password, (name, email), self._node.network.fold)) is not None:
            raise Refused(refused.WEAK_PASSWORD, mistake, name)

    @staticmethod
    def acceptable_email(email: str, name: str) -> None:
        """Refuse what is no address."""
        if (mistake := invalid_email(email)) is not None:
            raise Refused(refused.INVALID_EMAIL, mistake, name)

    # who is meant

    def meant(self, name: str) -> Sequence[Account]:
        """Whom somebody may mean who logs in as `name`: an account's name or a grouped nick, in any case.

        What stands behind a ``/`` or ``@`` tells which of their clients it is.
        """
        plain = self._plain(name)
        if MARK in plain:
            found = self.registry.named(plain)
            return () if found is None else (found,)
        return self.registry.asking(self._node.network.fold(plain))[:MOST_MEANT]

    def _plain(self, name: str) -> str:
        """A name without a client behind it, and not much longer than one can be."""
        return name.partition("/")[0].partition("@")[0][: self.registry.most_name + 1]

    def by_certificate(self, user: User) -> Account | None:
        """The account that the certificate of `user` logs in to, if it is there; it may be suspended."""
        account = None if user.certfp is None else self.registry.certified(user.certfp)
        if account is None or account.status.state not in (State.ACTIVE, State.SUSPENDED):
            return None
        return account

    def check_certificate(self, user: User) -> Account | None:
        """The same, when they log in by it; refuses an account that is suspended."""
        account = self.by_certificate(user)
        if account is not None:
            address = self.throttle.address_of(user)
            self.proved(account, Attempt(account.shown, address, (account,), account.id))
        return account

    # logging in

    async def check(
        self, name: str, password: str, *, address: str, owner: str, certfp: str | None = None
    ) -> Account:
        """The account that a password belongs to, tried against all that `name` may mean.

        `address` is where they are, and `owner` for whom the hashing waits.  With the right password a
        certificate `certfp` counts from now on that was told of before.
        """
        attempt = self.attempt(name, address)
        account, records, form = await self._owned(attempt, password, owner)
        self.proved(account, attempt)
        self._node.run(self._after(account, records, form, password, owner, certfp))
        return account

    async def check_dropped(self, name: str, password: str, *, address: str, owner: str) -> Account:
        """The same of an account that was dropped, and is to be brought back; refuses all others."""
        attempt = self.attempt(name, address)
        account, _, _ = await self._owned(attempt, password, owner)
        if account.status.state is not State.DROPPED or self.registry.account(account.id) is not account:
            self.failed(attempt)
            raise refused.wrong(name)
        suspension = account.suspension
        if suspension is not None and suspension.holds(self._node.clock.time()):
            raise refused.suspended(account.shown, suspension.reason)
        return account

    async def _owned(
        self, attempt: Attempt, password: str, owner: str
    ) -> tuple[Account, Sequence[Record], str]:
        """Whose password it is of those who are meant, with all that is stored of them and its verifier."""
        if not attempt.meant:
            self.roll.judge_unknown(attempt.name)
        for account in attempt.meant or (None,):
            records = await self.read(account)
            form = _form(records)
            if form is not None and account is not None and (module := verifiers.lacking(form)):
                text = f"The password of {account.shown} cannot be checked without a module for Python"
                self._node.log.often(f"{text}: pip install {module}")
            try:
                right = await self._hashes.check(owner, form or self._dummy(attempt.name), password)
            except Busy:
                raise refused.busy() from None
            self.again(attempt)
            if right and form is not None and account is not None:
                return account, records, form
        self.failed(attempt)
        raise refused.wrong(attempt.name)

    def attempt(self, name: str, address: str) -> Attempt:
        """Begin to log in; refuses who has failed too often."""
        meant = self.meant(name)
        key = meant[0].id if meant else self._node.network.fold(self._plain(name))
        attempt = Attempt(name, address, meant, key)
        self.again(attempt)
        return attempt

    def again(self, attempt: Attempt) -> None:
        """Refuse who has failed too often, also since they began: many at a time try no more than one does.

        It is asked before it is told whether the password was right.
        """
        if wait := self.throttle.waits(attempt.address, attempt.key):
            raise refused.try_again(wait, refused.TOO_MANY_FAILED)

    async def read(self, account: Account | None) -> Sequence[Record]:
        """All that is stored of an account; where there is none it takes as long."""
        try:
            return await self.ledger.store.entity(_NOBODY if account is None else account.id)
        except StoreError:
            raise refused.unwritable() from None

    def fake(self, name: str) -> scram.Form:
        """What SCRAM is talked with where there is no verifier."""
        return scram.fake(self._secret_of(name), self._node.settings.accounts.iterations)

    def _dummy(self, name: str) -> str:
        """What a password is held against where there is no verifier."""
        return verifiers.fake(self._node.settings.accounts, self._secret_of(name))

    def pseudonym(self, text: str) -> bytes:
        """What stands for a text of several words, the same on all servers, and tells nothing of it."""
        return self._secret_for(text)

    def _secret_of(self, name: str) -> bytes:
        return self._secret_for(self._node.network.fold(self._plain(name)))

    async def has_password(self, account: Account) -> bool:
        """Whether one can log in to it with a password."""
        return _form(await self.read(account)) is not None

    async def scram_form(self, account: Account | None, name: str) -> scram.Form:
        """What SCRAM is talked with; where there is none, what no password belongs to."""
        form = verifiers.scram_of(_form(await self.read(account)) or "")
        return form if form is not None and form.usable else self.fake(name)

    def failed(self, attempt: Attempt) -> None:
        """It was not the right password."""
        self.throttle.failed(attempt.address, attempt.key)

    def proved(self, account: Account, attempt: Attempt) -> None:
        """They have proved whose account it is; refuses one that nobody may be logged in to now."""
        self.judge(account, attempt)
        self.throttle.succeeded(attempt.address, account.id)
        self._node.run(self.note_seen(account))

    def judge(self, account: Account, attempt: Attempt) -> None:
        """Refuse an account that nobody may be logged in to."""
        now = self._node.clock.time()
        if self.registry.account(account.id) is account:
            if account.usable(now):
                return
            if account.status.state is State.PENDING and account.status.until > now:
                text = (
                    f"{account.shown} waits for the code that was sent by mail: VERIFY {account.shown} <code>"
                )
                raise Refused(refused.VERIFICATION_REQUIRED, text, account.shown)
            if account.suspended(now):
                raise refused.suspended(account.shown, account.status.reason)
        self.failed(attempt)
        raise refused.wrong(attempt.name)

    async def _after(
        self,
        account: Account,
        records: Sequence[Record],
        form: str,
        password: str,
        owner: str,
        certfp: str | None,
    ) -> None:
        """What a right password is good for, beside the login: nobody waits for it."""
        now = self._node.clock.time()
        try:
            for name, code in codes_of(records):
                if name.partition(" ")[0] == _PENDING and code.hash == certfp and code.until > now:
                    label = name.partition(" ")[2]
                    await self.add_certificate(account, certfp, label)
                    await self.change(account, {field(values.CODE, name): None})
            if verifiers.is_old(self._node.settings.accounts, form):
                await self._renew(account, records, password, owner)
        except Refused:
            pass  # another time

    async def _renew(self, account: Account, records: Sequence[Record], password: str, owner: str) -> None:
        """Make the verifier of the password that `records` have anew, which is no change of the password."""
        form = await self._hash(owner, password)
        for record in records:
            if record.field == values.VERIFIER:
                value = Verifier((record.stamp, *_past(record))[: values.MOST_PAST], form).text
                await self._write(account.id, {values.VERIFIER: value}, after=record.stamp)

    async def note_seen(self, account: Account) -> None:
        """Write on which day somebody was logged in to an account last, once a day."""
        day = int(self._node.clock.time()) // DAY
        if day != self._day:
            self._day, self._seen = day, set()
        if account.id in self._seen:
            return
        self._seen.add(account.id)
        try:
            known = value_of(await self.read(account), values.SEEN)
            if known is None or not known.isdigit() or int(known) < day:
                await self.change(account, {values.SEEN: str(day)})
        except Refused:
            self._seen.discard(account.id)

    # registering

    async def register(
        self,
        name: str,
        password: str,
        email: str | None,
        *,
        by: User,
        given: Mapping[str, Value] = MappingProxyType({}),
    ) -> Account:
        """A new account, which is on the disk; None is no address.  `given` are fields that it has besides.

        Refuses with ``BAD_ACCOUNT_NAME``, ``ACCOUNT_EXISTS``, ``WEAK_PASSWORD``, ``UNACCEPTABLE_PASSWORD``,
        ``INVALID_EMAIL`` and ``TEMPORARILY_UNAVAILABLE``.
        """
        self.acceptable_name(name, by)
        self.acceptable_password(password, name, email or "")
        if email is not None:
            self.acceptable_email(email, name)
        address = self.throttle.address_of(by)
        if wait := self.throttle.registering(address):
            text = refused.try_again(wait, "Too many accounts were registered").text
            raise Refused(refused.TEMPORARILY_UNAVAILABLE, text, name)
        try:
            return await self._register(name, password, email, by, self.throttle.queue_of(by), given)
        except Refused:
            self.throttle.not_registered(address)
            raise

    async def register_for(self, name: str, password: str, *, owner: str) -> Account:
        """A new account for somebody who is not there: nobody may bear its nick.  Hashing waits for `owner`.

        Refuses as :meth:`register`, but for how often that may be.
        """
        self.acceptable_name(name)
        self.acceptable_password(password, name)
        return await self._register(name, password, None, None, owner, {})

    async def _register(
        self,
        name: str,
        password: str,
        email: str | None,
        by: User | None,
        owner: str,
        besides: Mapping[str, Value],
    ) -> Account:
        try:
            with self.ledger.reserved([self._node.network.fold(name)]):
                form = await self._hash(owner, password, name)
                self.acceptable_name(name, by)
                given: dict[str, Value] = {values.VERIFIER: Verifier((), form).text}
                if email is not None:
                    given[values.EMAIL] = Email(False, email).text
                given.update(besides)
                return await self._make(name, given)
        except NameTaken:
            raise Refused(refused.ACCOUNT_EXISTS, "Somebody is registering this name", name) from None

    async def register_bot(self, name: str, owner: Account, given: Mapping[str, Value]) -> Account:
        """A new account without a password that belongs to another one; nobody may bear its nick.

        Refuses as :meth:`register`, but for how often that may be.
        """
        self.acceptable_name(name)
        owned: dict[str, Value] = {field(values.OWNER, owner.id): lambda stamp: stamp}
        try:
            with self.ledger.reserved([self._node.network.fold(name)]):
                return await self._make(name, {**owned, **given})
        except NameTaken:
            raise Refused(refused.ACCOUNT_EXISTS, "Somebody is registering this name", name) from None

    async def _make(self, name: str, besides: Mapping[str, Value]) -> Account:
        """Write a new account, whose name is reserved."""
        entity, now = new_entity(ACCOUNT), int(self._node.clock.time())
        given: dict[str, Value] = {
            values.NAME: lambda stamp: Named(stamp, name).text,
            values.CREATED: Created(now, self._node.network.me.sid).text,
            STATUS: ACTIVE.text,
            **besides,
        }
        await self._write(entity, given, [(self._node.network.fold(name), NAMES)])
        account = self.registry.account(entity)
        if account is None:
            raise refused.wrong(name)
        self._node.counts.registered += 1
        self._node.log.info(f"The account {account.shown} was registered")
        return account

    async def _hash(self, owner: str, password: str, *context: str) -> str:
        try:
            return await self._hashes.make(owner, password)
        except Busy:
            raise refused.busy(*context) from None

    # changing

    async def change(
        self, account: Account, given: Mapping[str, Value], names: Collection[tuple[str, int]] = ()
    ) -> None:
        """Give fields of an account other values, all or none, which are on the disk then.

        `names` are as in ``Ledger.write``: :class:`NameTaken` if one of them is somebody else's.
        """
        await self._write(account.id, given, names)

    async def _write(
        self,
        entity: str,
        given: Mapping[str, Value],
        names: Collection[tuple[str, int]] = (),
        after: str = "",
    ) -> None:
        changes = [Change(entity, name, value) for name, value in given.items()]
        try:
            await self.ledger.write(changes, names, after=after)
        except StoreError:
            raise refused.unwritable() from None

    async def set_password(
        self,
        account: Account,
        new: str,
        *,
        owner: str = "",
    ) -> None:
        """Have an account another password, whose hashing waits for `owner`.

        Codes for another one, which somebody may have asked for, are good for nothing from then on.
        """
        form = await self._hash(owner or account.id, new, account.shown)
        past: tuple[str, ...] = ()
        records = await self.read(account)
        for record in records:
            if record.field == values.VERIFIER:
                past = (record.stamp, *_past(record))[: values.MOST_PAST]
        await self.change(
            account, {values.VERIFIER: Verifier(past, form).text, **void(records, values.RESET)}
        )

    async def add_certificate(self, account: Account, fingerprint: str, label: str = "") -> None:
        """Have a certificate log in to an account: one that was shown, for else one would bind strangers."""
        if fingerprint in account.certificates:
            return
        self._room_for_certificate(account)
        given: dict[str, Value] = {
            field(values.CERTIFICATE, fingerprint): lambda stamp: Certificate(stamp, label).text
        }
        try:
            await self.change(account, given, [(fingerprint, CERTIFICATES)])
        except NameTaken:
            text = "This certificate logs in to another account"
            raise Refused(refused.CERTIFICATE_TAKEN, text, account.shown) from None

    def _room_for_certificate(self, account: Account, waiting: int = 0) -> None:
        """Refuse one more than there may be, with those that are waited for."""
        most = self._node.settings.accounts.certificates
        if len(account.certificates) + waiting >= most:
            text = f"An account has at most {most} certificates"
            raise Refused(refused.TOO_MANY_CERTIFICATES, text, account.shown)

    async def expect_certificate(self, account: Account, fingerprint: str, label: str = "") -> None:
        """Have a certificate log in that was not shown yet, once somebody logs in with it by the password."""
        now = int(self._node.clock.time())
        name = f"{_PENDING} {label}".rstrip()
        given: dict[str, Value] = {field(values.CODE, name): Code(fingerprint, now + CERTIFICATE_WAITS).text}
        waiting = 0
        for each, code in codes_of(await self.read(account)):
            if each.partition(" ")[0] == _PENDING and each != name:
                if code.until <= now:
                    given[field(values.CODE, each)] = None
                else:
                    waiting += 1
        self._room_for_certificate(account, waiting)
        await self.change(account, given)

    async def remove_certificate(self, account: Account, fingerprint: str) -> None:
        """Have a certificate log in no more; one that the account does not have is no matter."""
        if fingerprint in account.certificates:
            await self.change(account, {field(values.CERTIFICATE, fingerprint): None})


def value_of(records: Sequence[Record], name: str) -> str | None:
    """What a field is, of all that is stored of an account."""
    return next((record.value for record in records if record.field == name), None)


def void(records: Sequence[Record], *purposes: str) -> dict[str, Value]:
    """What makes the codes of an account good for nothing that are for one of these."""
    return {
        field(values.CODE, each): None for each, _ in codes_of(records) if each.partition(" ")[0] in purposes
    }


def _form(records: Sequence[Record]) -> str | None:
    """The form of the verifier; None if there is no password."""
    try:
        return Verifier.read(value_of(records, values.VERIFIER) or "").form
    except ValueError:
        return None


def _past(record: Record) -> tuple[str, ...]:
    """The stamps of the verifiers that came before."""
    try:
        return Verifier.read(record.value or "").past
    except ValueError:
        return ()
