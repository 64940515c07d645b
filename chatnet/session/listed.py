"""What becomes of somebody who comes in from an address that block lists have."""

from __future__ import annotations

from dataclasses import replace

from chatnet.model.bans import LOGIN, NAMES, REFUSE, NetworkBan
from chatnet.model.entities import User
from chatnet.rules.ban_targets import address_of
from chatnet.rules.blocklists import THEIRS, reason, worst
from chatnet.rules.visibility import public_identity
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.storage.interfaces import StoreError


def listed_as(shared: Shared, session: Session) -> NetworkBan | None:
    """As whom a session is sent away, which operators read then; None: it comes in.

    Where the list says so, the address is banned from the network.
    """
    user, address = session.user, session.peer.address
    listing = worst(session.listed, logged_in=user.account is not None)
    if listing is None:
        return None
    give_cloak(shared, user)
    if shared.network_bans.spares(user):
        return None
    action, now = listing.block.action, int(shared.node.clock.time())
    until = now + listing.block.ban_for if action == "ban" else None
    words, target = reason(listing, address), address_of(user)
    does = LOGIN if action == "require-login" else REFUSE
    ban = NetworkBan("D", "*", target, now, until, until, shared.network.me.name, words, True, does)
    public = f"Refused {public_identity(user)}: listed by {listing.text}"
    shared.notice("r", address, f"Refused {user.identity}: listed by {listing.text}", public)
    if action == "ban":
        # Operators read the reasons of bans who may see no addresses.
        kept = replace(ban, reason=reason(listing, THEIRS))
        shared.node.run(_ban(shared, kept))
    return ban


async def _ban(shared: Shared, ban: NetworkBan) -> None:
    """Ban an address, if there is room and nobody has."""
    network, most = shared.network, shared.node.settings.bans.most
    if shared.banning.known(ban.kind, ban.mask) is not None:
        return
    if shared.banning.is_full:
        text = f"There are {most} bans (bans.most): no more are set for what block lists say"
        shared.notice("k", "block lists", text)
        return
    try:
        await shared.banning.set(ban, network.me)
    except StoreError:
        return  # the ledger has told so; who is listed is refused all the same
    text = f"{network.me.name} added {NAMES[ban.kind]} for [{ban.mask}] [{ban.reason}]"
    public = f"{network.me.name} added {NAMES[ban.kind]} for what a block list says"
    shared.notice("k", ban.host, text, public)


def give_cloak(shared: Shared, user: User) -> None:
    """Have somebody who comes in have a cloak, since bans may be of it."""
    if user.cloak is None:
        user.cloak = shared.cloaks.of(user.real_host, user.address)


def tell_listed(shared: Shared, session: Session) -> None:
    """Operators read that somebody has come in whose address is in block lists."""
    user, lists = session.user, ", ".join(each.text for each in session.listed)
    public = f"Listed by {lists}: {public_identity(user)}"
    shared.notice("r", session.peer.address, f"Listed by {lists}: {user.identity}", public)
