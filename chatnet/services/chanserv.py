"""What this server does in the name of ChanServ: registering channels, and changing what they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from chatnet.model.entities import Channel, User
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.node import Node, Observer
from chatnet.records import channels
from chatnet.records.accounts import ACTIVE, CREATED, NAME, Created, Named, State
from chatnet.records.channels import MUTE, Entry
from chatnet.records.claims import CHANNELS
from chatnet.records.grammar import CHANNEL, STATUS, field, new_entity
from chatnet.records.metadata import META
from chatnet.rules.keeping import differs
from chatnet.rules.locks import Lock
from chatnet.rules.metadata import shown
from chatnet.services import refused
from chatnet.services.abroad import Abroad
from chatnet.services.accounts import Accounts, Value
from chatnet.services.channel_sweeping import ChannelSweeping
from chatnet.services.channels import ChannelAccess
from chatnet.services.hooks import Hooking
from chatnet.services.invites import Invites
from chatnet.services.keeping import Keeping
from chatnet.services.ledger import Change
from chatnet.services.mutes import Mutes
from chatnet.services.refused import Refused
from chatnet.services.waiting import Waiting
from chatnet.storage.interfaces import NameTaken, StoreError


class ChanServ:
    """The pseudo-user `user`, and who hears and does what people think it does.

    `tell` is ``(by, user, text)``: a user of this server, or one whom it serves, reads a NOTICE.
    """

    def __init__(
        self,
        node: Node,
        user: User,
        accounts: Accounts,
        keeping: Keeping,
        tell: Callable[[User, User, str], None],
        abroad: Abroad,
    ) -> None:
        self.user = user
        self.keeping = keeping
        self.sweeping = ChannelSweeping(node, accounts)
        self.access = ChannelAccess(node, user, self.sweeping.used, abroad)
        self.invites = Invites(node, accounts)
        self.waiting = Waiting(node, user, partial(tell, user))
        mutes = Mutes(node, keeping.state, self.lift)
        self.observers: Sequence[Observer] = (self.keeping, self.access, self.waiting, mutes)
        """In the order in which they hear facts."""
        self.hooking: Hooking | None = None
        """Who makes hooks; wiring hands it in."""
        self._node = node
        self._accounts = accounts
        self._registered = node.network.registry.channels

    def room(self, account: Account) -> None:
        """Refuse that an account becomes founder of one more channel, if it is of too many."""
        most = self._node.settings.channels.per_account
        if self._registered.founded[account.id] >= most:
            raise Refused(refused.TOO_MANY_CHANNELS, f"An account is founder of at most {most} channels")

    async def register(self, channel: Channel, account: Account, by: User) -> None:
        """Have a channel belong to an account, which is on the disk then."""
        name, folded = channel.name, channel.folded
        self._accounts.judge_now(name)
        if found := self._registered.asking(folded):
            if found[0].status.state is State.DROPPED:
                text = f"{name} was dropped: until it is erased only its founder has it, by UNDROP"
                raise Refused(refused.CHANNEL_EXISTS, text)
            raise Refused(refused.CHANNEL_EXISTS, f"{name} is registered already")
        self.room(account)
        if wait := self._accounts.throttle.registering_channel(self._accounts.throttle.address_of(by)):
            raise refused.try_again(wait, "Too many channels were registered")
        given: dict[str, Value] = {
            NAME: lambda stamp: Named(stamp, name).text,
            CREATED: Created(int(self._node.clock.time()), self._node.network.me.sid).text,
            STATUS: ACTIVE.text,
            channels.TS: str(channel.ts),
            channels.FOUNDER: account.id,
            **{field(META, key): value for key, value in shown(self._node.network, channel).items()},
        }
        try:
            with self._accounts.ledger.reserved([folded], CHANNELS):
                await self._write(new_entity(CHANNEL), given, [(folded, CHANNELS)])
        except NameTaken:
            raise Refused(refused.CHANNEL_EXISTS, f"Somebody is registering {name}") from None
        self._node.log.info(f"The channel {name} was registered by {account.shown}")

    async def rename(self, registration: RegisteredChannel, name: str) -> None:
        """Have a registered channel be registered by another name, which nobody asks for; all else stays."""
        folded = self._node.network.fold(name)
        self._accounts.judge_now(name)
        if any(each is not registration for each in self._registered.asking(folded)):
            raise Refused(refused.CHANNEL_EXISTS, f"{name} is registered to somebody")
        # Written otherwise it is the same name, which it has asked for since then.
        same, since = folded == self._node.network.fold(registration.name), registration.since
        given: dict[str, Value] = {NAME: lambda stamp: Named(since if same else stamp, name).text}
        try:
            with self._accounts.ledger.reserved([folded], CHANNELS):
                await self._write(registration.id, given, [(folded, CHANNELS)])
        except NameTaken:
            raise Refused(refused.CHANNEL_EXISTS, f"Somebody is registering {name}") from None

    async def change(self, registration: RegisteredChannel, given: Mapping[str, Value]) -> None:
        """Give fields of a registered channel other values, all or none, which are on the disk then."""
        await self._write(registration.id, given)

    async def lift(self, registration: RegisteredChannel, targets: Iterable[str]) -> None:
        """Have akicks be no more, nor the bans that they were."""
        given: dict[str, Value] = {}
        for target in targets:
            given |= self.lifted(registration, target)
        await self.change(registration, given)

    def muted(self, registration: RegisteredChannel, target: str) -> dict[str, Value]:
        """The change by which a target may not speak, if there is need of one: a ban, as all know it."""
        mask = self.access.mute_of(target)
        folded = self._node.network.fold(mask)
        if folded in self.keeping.state(registration).lists["b"]:
            return {}
        return {field(channels.REGISTER, f"b:{folded}"): Entry(self.user.mask, mask).text}

    def held(self, registration: RegisteredChannel, lock: Lock) -> dict[str, Value]:
        """The changes by which modes are as a lock says."""
        channel = self.keeping.state(registration)
        return {
            field(channels.REGISTER, letter): value
            for letter, value in lock.items()
            if differs(channel, letter, value)
        }

    def lifted(self, registration: RegisteredChannel, target: str) -> dict[str, Value]:
        """The changes by which an akick is no more, nor the ban that it was, whoever is in the channel."""
        found: dict[str, Value] = {field(channels.AKICK, target): None}
        akick, access = registration.akicks.get(target), self.access
        mask = access.mute_of(target) if akick and akick.how == MUTE else access.ban_of(target)
        folded = self._node.network.fold(mask)
        if folded in self.keeping.state(registration).lists["b"]:
            found[field(channels.REGISTER, f"b:{folded}")] = None
        return found

    async def _write(
        self, entity: str, given: Mapping[str, Value], names: Collection[tuple[str, int]] = ()
    ) -> None:
        changes = [Change(entity, name, value) for name, value in given.items()]
        try:
            await self._accounts.ledger.write(changes, names)
        except StoreError:
            raise refused.unwritable() from None
        except ValueError:
            raise refused.odd() from None
