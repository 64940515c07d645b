"""May she come by this link? Who may make one, by which nobody comes any more, and why.

Everything here is a function of the records and of who is where, so that all servers answer alike, and nobody
writes one because an account has gone, or is no operator any more.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.ids import Folded
from chatnet.model.invites import Invite
from chatnet.model.modes import OP
from chatnet.model.network import Network
from chatnet.model.registered import RegisteredChannel
from chatnet.records.invites import OPERATOR
from chatnet.rules.access import ALL, NONE, founder_of, letters_of

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
LENGTH: Final = 16
"""Letters of what a link has in it: 80 random bits."""
_FORM: Final = re.compile(f"[{LETTERS}]{{{LENGTH}}}")

OVER: Final = "its time is over"
USED_UP: Final = "as many have come by it as may"
MAKER_GONE: Final = "the account of who made it is gone"
NO_OPERATOR: Final = "who made it may not invite there any more"


def secret_hash(text: str) -> str | None:
    """The SHA-256 of what a link has in it; None for what is none, as most keys of channels are."""
    plain = text.lower()
    return sha256(plain.encode()).hexdigest() if _FORM.fullmatch(plain) is not None else None


class Place(NamedTuple):
    """A channel that people are to come into: its folded name, and whether it is somebody's."""

    name: str
    folded: str
    registration: RegisteredChannel | None

    @property
    def word(self) -> str:
        """What records call it."""
        return word_of(self.folded, self.registration)


def place_of(network: Network, name: str) -> Place:
    """The channel of a name, whether anybody is in it or not."""
    folded = network.fold(name)
    registration = network.registry.channels.at(folded)
    return Place(name if registration is None else registration.name, folded, registration)


def word_of(folded: str, registration: RegisteredChannel | None) -> str:
    """What a record calls a channel: a registered one is the same whatever its name is."""
    return folded if registration is None else registration.id


def letters_of_account(
    network: Network, registration: RegisteredChannel | None, entity: str
) -> frozenset[str]:
    """What an account may do in a channel, by whatever session: masks on the list say nothing of it."""
    if registration is None:
        return NONE
    if founder_of(network.registry, registration) == entity:
        return ALL
    access = registration.access.get(entity)
    return NONE if access is None else letters_of(access.letters)


def may_invite(
    network: Network, by: str, folded: str, registration: RegisteredChannel | None, now: float
) -> str | None:
    """Whether `by`, as a record names them, may have people come into a channel by a link; if not, why.

    It takes the flag i, or being an operator of it now; an operator of the network may into any.
    """
    if by[:1] == OPERATOR:
        return None
    account = network.registry.account(by)
    if account is None or not account.usable(now):
        return MAKER_GONE
    if "i" in letters_of_account(network, registration, by):
        return None
    channel = network.channels.get(Folded(folded))
    users = network.logged_in.get(by, ())
    if channel is not None and any(channel.members.get(user, 0) >= OP for user in users):
        return None
    return NO_OPERATOR


def needs_account(invite: Invite, user: User) -> bool:
    """Whether `user` has to log in before they come by it."""
    return user.account is None and invite.said is not None and not invite.said.guests


def ended(invite: Invite, now: float, more: int = 0, *, again: bool = False) -> str | None:
    """Why nobody comes by it any more, into whatever channel; None: it is open.

    So many `more` have come by it than is known of it; who has may come `again`, though it is used up.
    """
    said = invite.said
    if said is None or said.until <= now:
        return OVER
    if invite.closed is not None:
        return f"{invite.closed.by} took it back"
    if len(invite.used) + more >= said.most and not again:
        return USED_UP
    return None
