"""What is shown of a user or channel as metadata, and who may change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.metadata import Target, Word, values_of
from chatnet.model.modes import OP
from chatnet.model.network import Network
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.records.metadata import is_value
from chatnet.rules.access import access_of, ranks_for
from chatnet.settings import Settings
from chatnet.wire.text import byte_length

LINE: Final = 510
"""Bytes of a line without CR LF."""
SERVER: Final = 63
"""Bytes of the longest name of a server: who reads it may be at another one than this."""
FRAME: Final = len(":") + SERVER + len(" 761 ") + len(" ") + len(" ") + len(" * :")
"""Bytes of a line that tells a value, but for reader, target, key and value."""


def recorded(network: Network, target: Target) -> Account | RegisteredChannel | None:
    """Whose records say what is shown of a target; None if that is said in memory only."""
    if isinstance(target, User):
        return network.registry.account(target.account_id)
    return network.registry.channels.at(target.folded)


def channel_named(network: Network, name: str) -> Channel | None:
    """The channel of that name; where nobody is in it, a stand-in if it is registered.

    That has of what it is kept as only who may know that there is such a channel.
    """
    channel = network.channel(name)
    if channel is not None:
        return channel
    registration = network.registry.channels.at(network.fold(name))
    if registration is None:
        return None
    channel = Channel(registration.name, network.fold(registration.name), registration.ts)
    channel.flags = {
        mode for mode in "ps" if (kept := registration.kept.get(mode)) is not None and kept.value is not None
    }
    return channel


def would_run(network: Network, user: User, channel: Channel, now: float) -> bool:
    """Whether `user` would be an operator of a registered channel if they came into it, where nobody is."""
    registration = network.registry.channels.at(channel.folded)
    return (
        not channel.members
        and registration is not None
        and not registration.suspended(now)
        and ranks_for(access_of(network, registration, user)) >= OP
    )


def shown(network: Network, target: Target) -> Mapping[str, str]:
    """What everybody reads of a target: key → value."""
    return values_of(known(network, target))


def known(network: Network, target: Target) -> Mapping[str, Word]:
    """The same with stamps, and with what is not set any more."""
    kept = recorded(network, target)
    return network.metadata.words(target) if kept is None else kept.metadata


def may_describe(user: User, target: Target) -> bool:
    """Whether `user` may change what is said of `target`.

    Their own, that of a channel of which they are an operator, and as opers who see to accounts anybody's.
    """
    return _is_theirs(user, target) or user.may("accounts")


def by_privilege(user: User, target: Target) -> bool:
    """Whether they may do so as opers alone."""
    return not _is_theirs(user, target) and user.may("accounts")


def _is_theirs(user: User, target: Target) -> bool:
    return user is target or (isinstance(target, Channel) and target.members.get(user, 0) >= OP)


def invalid_value(settings: Settings, target: Target | None, key: str, value: str) -> str | None:
    """Why a value cannot be said of a target (None: of who is no user yet): a sentence; None if it can.

    Key and value stand in one line with the names of target and reader.
    """
    size, most = byte_length(value), settings.metadata.value_bytes
    if size > most:
        return f"The value has more than {most} bytes"
    if not is_value(value):
        return "The value is not UTF-8 in one line"
    nick = settings.limits.nick
    name = byte_length(target.name) if isinstance(target, Channel) else nick
    room = LINE - FRAME - nick - name
    if len(key) + size > room:
        return f"Key and value together have more than {room} bytes"
    return None
