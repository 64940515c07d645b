"""Invites: links by which people come into channels.  They are made, used, counted and taken back here.

Which are open is in memory, so that JOIN asks nobody; that somebody came by one is written while they are in
already.  Each server counts what it knows of: servers that are apart may let in more together than was meant.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.invites import Invite
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.node import Node
from chatnet.records import channels as channel_values
from chatnet.records.accounts import State
from chatnet.records.channels import Access
from chatnet.records.claims import INVITES
from chatnet.records.grammar import CHANNEL, INVITE, field, new_entity
from chatnet.records.invites import CLOSED, FIELD, OPERATOR, USED, Closed, InviteValue, Used
from chatnet.rules.access import ALL, NONE, in_order, letters_of, may_change
from chatnet.rules.invites import (
    LENGTH,
    LETTERS,
    Place,
    ended,
    letters_of_account,
    may_invite,
    needs_account,
    secret_hash,
    word_of,
)
from chatnet.services import refused
from chatnet.services.accounts import Accounts
from chatnet.services.auditing import known_as
from chatnet.services.ledger import Change
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import StoreError

GUEST: Final = "g"
"""What stands before the letters that stand for where a guest comes from."""
_GUEST_LETTERS: Final = 16
PENDING: Final = 1000
"""Accounts that wait for their code and are remembered; those that came longest ago go."""
MOST: Final = 100_000
"""People who may come by one."""


class Wish(NamedTuple):
    """What an invite is to be: until which Unix time, for how many people at most, and what they get."""

    until: int
    most: int
    register: bool = False
    guests: bool = True
    grants: str = ""
    label: str = ""


class Invites:
    """Makes invites, and lets people in by them."""

    def __init__(self, node: Node, accounts: Accounts) -> None:
        self._node = node
        self._network = node.network
        self._accounts = accounts
        self._known = node.network.registry.invites
        self._writing: dict[Invite, set[str]] = {}
        """Who has come by one, of whom it is not on the disk yet."""
        self._pending: dict[tuple[str, str], str] = {}
        """Accounts that wait for their code, by the invite and where from they came by it."""

    # who comes

    def find(self, text: str) -> Invite | None:
        """The invite of a link by what that has in it, whether it is open or not."""
        hashed = secret_hash(text)
        return None if hashed is None else self._known.secret(hashed)

    def opening(
        self, text: str, user: User, folded: str, registration: RegisteredChannel | None
    ) -> Invite | None:
        """The invite that `text` is the link of, if it lets `user` into a channel; None: it is none, or over.

        Those who need an account for it may lack one.
        """
        invite = self.find(text)
        if invite is None or invite.said is None:
            return None
        if {folded, word_of(folded, registration)}.isdisjoint(invite.said.channels):
            return None
        now = self._node.clock.time()
        if self.ended(invite, self.who(invite, user)) is not None:
            return None
        if may_invite(self._network, invite.said.by, folded, registration, now) is not None:
            return None
        return invite

    def who(self, invite: Invite, user: User) -> str:
        """What somebody is counted as who comes by an invite: their account, or else where they come from."""
        if user.account_id is not None:
            return user.account_id
        account = self._stands_for(invite, user)
        if account is not None:
            return account
        owner = self._accounts.throttle.owner(user.address)
        digest = self._accounts.pseudonym(f"invite {invite.id} {owner}")
        return GUEST + b32encode(digest).decode().lower()[:_GUEST_LETTERS]

    def lacks_account(self, invite: Invite, user: User) -> bool:
        """Whether `user` has to log in before they come by it: who only waits for a code by mail need not."""
        return needs_account(invite, user) and self._stands_for(invite, user) is None

    def expect(self, invite: Invite, account: Account, address: str) -> None:
        """A guest from `address` stands for an account that came by an invite, until that is verified.

        Only this server knows it, and only as long as it runs.
        """
        place = invite.id, self._accounts.throttle.owner(address)
        self._pending.pop(place, None)
        self._pending[place] = account.id
        if len(self._pending) > PENDING:
            del self._pending[next(iter(self._pending))]

    def _stands_for(self, invite: Invite, user: User) -> str | None:
        """The account that waits for its code, whose guest somebody may be."""
        if not self._pending:
            return None
        entity = self._pending.get((invite.id, self._accounts.throttle.owner(user.address)))
        account = self._network.registry.account(entity)
        pending = account is not None and account.state(self._node.clock.time()) is State.PENDING
        return entity if pending else None

    def ended(self, invite: Invite, who: str | None = None) -> str | None:
        """Why nobody comes by it any more; None: it is open.  `who` has come by it may do so again."""
        again = who is not None and (who in invite.used or who in self._writing.get(invite, ()))
        return ended(invite, self._node.clock.time(), self._more(invite), again=again)

    def uses(self, invite: Invite) -> int:
        """How many have come by it."""
        return len(invite.used) + self._more(invite)

    def _more(self, invite: Invite) -> int:
        """How many of these are not on the disk yet."""
        return len(self._writing.get(invite, set()) - invite.used.keys())

    def use(self, invite: Invite, user: User) -> None:
        """Somebody comes by an invite; it is written in a moment, and counts from now on."""
        who = self.who(invite, user)
        if who not in invite.used and who not in self._writing.get(invite, ()):
            self._node.run(self._use_later(invite, who))

    async def _use_later(self, invite: Invite, who: str) -> None:
        with suppress(Refused):  # they are in already
            await self._use(invite, who)

    async def accept(self, invite: Invite, account: Account) -> None:
        """Have an account come by an invite that is open; it is on the disk then.

        It may join the channels by the link from then on, whether others may or not.
        """
        if account.id not in invite.used:
            await self._use(invite, account.id)

    async def _use(self, invite: Invite, who: str) -> None:
        said = invite.said
        assert said is not None  # or nobody could come by it
        used = Used(int(self._node.clock.time()), said.until)
        changes = [Change(invite.id, field(USED, who), used.text), *self._granted(said, who)]
        waiting = self._writing.setdefault(invite, set())
        waiting.add(who)
        try:
            await self._write(changes)
        finally:
            waiting.discard(who)
            if not waiting:
                self._writing.pop(invite, None)

    def _granted(self, said: InviteValue, who: str) -> Iterable[Change]:
        """The changes by which an account has the access that an invite grants."""
        account = self._network.registry.account(who)
        if account is None or not said.grants or account.settings.get("never-op") == "on":
            return
        for word in said.channels:
            registration = self._registered(word)
            if registration is None or not registration.holds:
                continue
            entry = registration.access.get(who)
            before = letters_of("" if entry is None else entry.letters)
            after = before | letters_of(said.grants)
            if after == before or not self.may_grant(said.by, registration, before, after):
                continue
            if entry is None and len(registration.access) >= self._node.settings.channels.access:
                continue
            access = Access(in_order(after), int(self._node.clock.time()), self.name_of(said.by))
            yield Change(registration.id, field(channel_values.FLAGS, who), access.text)

    def may_grant(
        self, by: str, registration: RegisteredChannel, before: frozenset[str], after: frozenset[str]
    ) -> bool:
        """Whether who invites may give an account this access."""
        mine = ALL if by[:1] == OPERATOR else letters_of_account(self._network, registration, by)
        return may_change(mine, before, after)

    def _registered(self, word: str) -> RegisteredChannel | None:
        channels = self._network.registry.channels
        return channels.by_id.get(word) if word[:1] == CHANNEL else channels.at(self._network.fold(word))

    # who invites

    def maker(self, user: User, places: Sequence[Place], *, mighty: bool = False) -> str:
        """Who invites into these, as records name them: the account of `user`, or they as an operator.

        What only operators may give is `mighty`.  Refuses with ``MAY_NOT_INVITE``.
        """
        account = self._network.registry.account(user.account_id)
        now, by_right, refused_here = self._node.clock.time(), user.may("accounts"), list(places)
        for place in places:
            if place.registration is not None and place.registration.suspended(now) and not by_right:
                raise Refused(refused.MAY_NOT_INVITE, f"{place.name} is suspended")
        if account is not None and not mighty:
            refused_here = [
                each
                for each in places
                if may_invite(self._network, account.id, each.folded, each.registration, now) is not None
            ]
            if not refused_here:
                return account.id
        if by_right:
            return OPERATOR + known_as(user).replace(" ", "_")
        if mighty:
            raise Refused(refused.MAY_NOT_INVITE, "Only operators with the privilege accounts may do that")
        names = ", ".join(each.name for each in refused_here)
        text = f"You need the flag i in {names} for that, or to be its operator, and to be logged in"
        raise Refused(refused.MAY_NOT_INVITE, text)

    def judge_grants(self, by: str, places: Iterable[Place], grants: str) -> None:
        """Refuse flags that who invites cannot give; ``MAY_NOT_INVITE``."""
        for place in places:
            if place.registration is None:
                raise Refused(
                    refused.MAY_NOT_INVITE, f"{place.name} is not registered: nobody gets flags there"
                )
            if not self.may_grant(by, place.registration, NONE, frozenset(grants)):
                text = f"You cannot give flags in {place.name} that you do not have, and need f for that"
                raise Refused(refused.MAY_NOT_INVITE, text)

    async def add(self, by: str, words: Sequence[str], wish: Wish) -> tuple[str, Invite]:
        """A new invite by an account, or an operator, into channels as records name these.

        Answers with what its link has in it, which is known only now.  Refuses with ``TOO_MANY_INVITES``.
        """
        most = self._node.settings.invites.per_channel
        for word in words:
            if sum(self.ended(each) is None for each in self._known.into([word])) >= most:
                text = f"There are {most} links to {self.name(word)} already: take one of them back first"
                raise Refused(refused.TOO_MANY_INVITES, text)
        secret = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        hashed = secret_hash(secret)
        assert hashed is not None
        until, limit, register, guests, grants, label = wish
        value = InviteValue(
            int(self._node.clock.time()),
            until,
            limit,
            register,
            guests,
            grants,
            by,
            hashed,
            tuple(words),
            label,
        )
        entity = new_entity(INVITE)
        await self._write([Change(entity, FIELD, value.text)], [(hashed, INVITES)])
        return secret, self._known.by_id[entity]

    async def close(self, invite: Invite, by: str, reason: str = "") -> None:
        """Take an invite back, in the name of somebody."""
        closed = Closed(int(self._node.clock.time()), invite.end, by.replace(" ", "_") or "*", reason)
        await self._write([Change(invite.id, CLOSED, closed.text)])

    async def _write(self, changes: Sequence[Change], names: Sequence[tuple[str, int]] = ()) -> None:
        try:
            await self._accounts.ledger.write(changes, names)
        except StoreError:
            raise refused.unwritable() from None
        except ValueError:
            raise refused.odd() from None

    # what is told of them

    def into(self, folded: str, registration: RegisteredChannel | None) -> list[Invite]:
        """Those into a channel, the oldest first; also such as nobody comes by any more, for a while."""
        return self._known.into(dict.fromkeys((folded, word_of(folded, registration))))

    def why_ended(self, invite: Invite, folded: str, registration: RegisteredChannel | None) -> str | None:
        """Why nobody comes by an invite into a channel now, for those who may invite there."""
        said = invite.said
        if (why := self.ended(invite)) is not None or said is None:
            return why
        return may_invite(self._network, said.by, folded, registration, self._node.clock.time())

    def channels(self, invite: Invite) -> Mapping[str, str]:
        """The folded names of the channels that one comes into by an invite now, and how they are written.

        Those are left out that nobody has, or into which who made it may not invite any more.
        """
        said, now, found = invite.said, self._node.clock.time(), dict[str, str]()
        for word in () if said is None else said.channels:
            registration = self._registered(word)
            if word[:1] == CHANNEL and (registration is None or not registration.holds):
                continue
            name = self.name(word)
            folded = self._network.fold(name)
            if registration is not self._network.registry.channels.at(folded):
                continue  # it waits for another one of its name
            if said is not None and may_invite(self._network, said.by, folded, registration, now) is None:
                found[folded] = name
        return found

    def name(self, word: str) -> str:
        """What people call a channel that a record names."""
        registration = self._registered(word)
        if registration is not None:
            return registration.name
        channel = self._network.channel(word)
        return word if channel is None else channel.name

    def name_of(self, by: str) -> str:
        """Who invites, as people know them."""
        if by[:1] == OPERATOR:
            return by[1:] or OPERATOR
        account = self._network.registry.account(by)
        return by if account is None else str(account.shown)
