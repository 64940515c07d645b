"""The accounts of a server for a program beside it, without a reactor: everything is done at once.

Rules and records are those of the server, which hears of what is written within seconds if it runs.
"""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from chatnet.model.ids import SID
from chatnet.model.network import Network
from chatnet.model.registry import Account
from chatnet.model.server import Server
from chatnet.node import Node, Timer
from chatnet.records.grammar import STATUS
from chatnet.records.invites import OPERATOR
from chatnet.records.merging import ends, is_news
from chatnet.rules.invites import place_of
from chatnet.rules.nicks import Guests
from chatnet.rules.stamps import Clock
from chatnet.services.accounts import Accounts
from chatnet.services.credentials import verifiers
from chatnet.services.invites import Invites, Wish
from chatnet.services.ledger import Ledger
from chatnet.services.pseudo_users import seat
from chatnet.services.refused import Refused
from chatnet.services.roll import Roll
from chatnet.settings import AccountsSettings, Settings
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record
from chatnet.storage.store import FILE, SQLiteStore
from chatnet.transports.private import others_write
from chatnet.wire.casemap import folder
from chatnet.wire.names import is_channel
from chatnet.wire.text import one_line
from chatnet.wiring.store import store_beside

T = TypeVar("T")
OWNER = "chatnet account"
"""For whom passwords are hashed here."""


class KeeperError(Exception):
    """It cannot be done; the text is one sentence for the operator."""


class Operated(Roll):
    """The operator of a machine gives out names there whoever is away, which is not known here."""

    def judge(self, name: str) -> None:
        """Everything may be given out."""


class Keeper:
    """Reads and changes accounts.  What is refused raises KeeperError."""

    def __init__(self, settings: Settings, store: SQLiteStore) -> None:
        network = Network(
            Server(SID(settings.server.sid), settings.server.name, ""),
            folder(settings.server.casemapping),
            whowas=0,
        )
        self._now = _Now()
        node = Node(network, settings, self._now, _Quiet(), _run)
        seat(node)
        guests = Guests(settings.accounts.guest_nick, settings.limits.nick)
        self.registry = network.registry
        self.fold = network.fold
        self.settings = settings
        self._guests = guests
        self._network = network
        self._node = node
        self._store = store
        self._looked_at: tuple[str, dict[str, Record]] = ("", {})
        self._ledger = ledger = Ledger(node, store, Clock(settings.server.sid))
        self._accounts = Accounts(
            node,
            ledger,
            Operated(node, ledger, lambda: False),
            _Hashes(settings.accounts),
            lambda name: b"",
            guests.includes,
        )

    @property
    def now(self) -> float:
        """Unix time in seconds."""
        return self._now.time()

    def account(self, name: str) -> Account:
        """The account of a name, a grouped nick, or an id."""
        account = self.registry.account(name) or self.registry.named(name)
        if account is None:
            raise KeeperError(f"There is no account {name!r}.")
        return account

    def records(self, account: Account) -> list[Record]:
        """All that is stored of an account."""
        return list(_done(self._accounts.read(account)))

    def all_records(self) -> Iterator[Record]:
        """All that is stored, as of one moment, those of an entity behind each other."""
        try:
            yield from self._store.load()
        except StoreError as error:
            raise KeeperError(f"{error}.") from None

    def is_known(self, entity: str) -> bool | None:
        """Whether an id is here: True, that it was and is erased: False, or that it is not: None."""
        records = self._records(entity)
        return not any(map(ends, records)) if records else None

    def _records(self, entity: str) -> list[Record]:
        async def look() -> list[Record]:
            return list(await self._store.entity(entity))

        return _done(look())

    def is_news(self, record: Record) -> bool:
        """Whether a record would be taken; it is quick for those of an entity one after the other."""
        if record.entity != self._looked_at[0]:
            known = self._records(record.entity)
            self._looked_at = record.entity, {each.field: each for each in known}
        fields = self._looked_at[1]
        end = fields.get(STATUS)
        if record.field != STATUS and end is not None and ends(end):
            return False
        return is_news(record, fields.get(record.field))

    def is_reserved(self, name: str) -> bool:
        """Whether nobody may have a name: it is that of a guest, or of NickServ, say."""
        return self._guests.includes(name) or self.fold(name) in self._network.nicks

    def take(self, records: Sequence[Record]) -> None:
        """Take records that bear stamps already, all or none."""
        _done(self._ledger.take(records))

    def note(self, verb: str, about: str, detail: str) -> None:
        """Note for good what is done."""
        self._audit(verb, about, detail)

    def register(self, name: str, password: str) -> Account:
        """A new account."""
        # Before it is hashed and noted: most mistakes are these.
        try:
            self._accounts.acceptable_name(name)
            self._accounts.acceptable_password(password, name)
        except Refused as refused:
            raise KeeperError(f"{refused.text}.") from None
        self._audit("ADD", name)
        return _done(self._accounts.register_for(name, password, owner=OWNER))

    def set_password(self, account: Account, password: str) -> None:
        """Have an account another password."""
        try:
            self._accounts.acceptable_password(password, account.shown)
        except Refused as refused:
            raise KeeperError(f"{refused.text}.") from None
        self._audit("PASSWD", _about(account))
        _done(self._accounts.set_password(account, password, owner=OWNER))

    def invite(self, names: Sequence[str], wish: Wish) -> str:
        """What a new link into channels has in it; whoever runs this program invites."""
        places = []
        for name in names:
            if not is_channel(name, self.settings.limits.channel):
                raise KeeperError(f"{name!r} is no channel.")
            places.append(place_of(self._network, name))
        invites = Invites(self._node, self._accounts)
        by = OPERATOR + user().replace(" ", "_")
        secret, invite = _done(invites.add(by, list(dict.fromkeys(each.word for each in places)), wish))
        self._audit("INVITE", ",".join(each.name for each in places), invite.id)
        return secret

    def change(self, account: Account, verb: str, given: Mapping[str, str | None], detail: str = "") -> None:
        """Give fields of an account other values; `verb` and `detail` are noted."""
        self._audit(verb, _about(account), detail)
        _done(self._accounts.change(account, given))

    def _audit(self, verb: str, about: str, detail: str = "") -> None:
        async def note() -> None:
            await self._store.audit(f"{user()} (chatnet account)", verb, about, detail, self.now)

        _done(note())


def _about(account: Account) -> str:
    return f"{account.shown} ({account.id})"


def user() -> str:
    """Who runs this program."""
    try:
        return one_line(getpass.getuser())
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _done(doing: Coroutine[Any, Any, T]) -> T:
    try:
        return at_once(doing)
    except Refused as refused:
        raise KeeperError(f"{refused.text}.") from None
    except StoreError as error:
        raise KeeperError(f"{error}.") from None


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    at_once(coroutine)


class _Now:
    """The clock; nothing happens later."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def later(self, seconds: float, function: object) -> Timer:
        raise RuntimeError("nothing happens later in a program that ends")


class _Quiet:
    """What the server would log, the command says itself."""

    def info(self, text: str) -> None:
        """Not said."""

    def often(self, text: str) -> None:
        """Not said."""

    def warn(self, text: str) -> None:
        """Not said: it is an error of the command as well."""

    def failure(self, text: str) -> None:
        raise RuntimeError(text)


class _Hashes:
    """Hashes at once."""

    def __init__(self, settings: AccountsSettings) -> None:
        self._settings = settings

    async def make(self, owner: str, password: str) -> str:
        return verifiers.make(self._settings, password)

    async def check(self, owner: str, form: str, password: str) -> bool:
        return verifiers.matches(form, password)


@contextmanager
def kept_in(data: Path, settings: Settings, *, make: bool) -> Iterator[Keeper]:
    """The accounts in the data folder of a server, which may run; with `make` they are made if need be.

    Raises KeeperError.
    """
    if not settings.keeps_accounts:
        where = (
            "Another server keeps"
            if settings.accounts.authority == "remote"
            else "Services of another make keep"
        )
        raise KeeperError(f"{where} the accounts of this server (accounts.authority).")
    file = data / FILE
    if not file.exists() and not make:
        raise KeeperError(f"There are no accounts yet: {file} comes to be when the server starts.")
    ready(data, file)
    try:
        store = store_beside(data, settings)
        keeper = Keeper(settings, store)
    except StoreError as error:
        raise KeeperError(str(error)) from None
    try:
        yield keeper
    finally:
        store.close()


def ready(data: Path, file: Path) -> None:
    """Have the data folder be one in which this process may read and write `file`; raises KeeperError."""
    try:
        data.mkdir(mode=0o700, exist_ok=True)
        if others_write(data):
            raise KeeperError(f"The data folder {data} may be changed by others: chmod go-w {data}")
        owner = (file if file.exists() else data).stat().st_uid
    except OSError as error:
        raise KeeperError(f"{error.filename or data}: {error.strerror}.") from None
    if owner != os.geteuid():
        # Else there would be files that the server cannot write to.
        raise KeeperError(f"{data} belongs to another user, of the number {owner}: run this as them.")
