"""What identifies somebody best: what a ban has to mean so that it means them, and few others."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.wire.ban_targets import Target, account_target, address_target, user_target
from chatnet.wire.masks import wire_address
from chatnet.wire.networks import aggregate, network_of

HOME = 64
"""Bits of an IPv6 address that one home has to itself: it takes another address there at will."""


def address_of(user: User) -> str:
    """The address that somebody has, or the network of it that is theirs alone."""
    if network_of(user.address) is None:
        return user.real_host
    return wire_address(aggregate(user.address, 32, HOME).removesuffix("/32"))


def target_of(user: User, *, sees: bool) -> Target | None:
    """The account that somebody is logged in to, else their address; for who `sees` none, their host."""
    if user.account is not None:
        return account_target(user.account)
    if not sees:
        return user_target(f"*@{user.host}")
    return address_target(address_of(user)) or user_target(f"*@{user.real_host}")
