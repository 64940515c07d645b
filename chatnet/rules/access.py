"""Who may do what in a registered channel: letters of access, and the ranks that they explain.

The letters are Atheme's.  Everything here is a function of the records, so that all servers answer alike, and
nobody writes one because an account has gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.model.modes import ADMIN, HALFOP, OP, OWNER, RANKS, VOICE
from chatnet.model.network import Network
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Registry
from chatnet.records.accounts import State
from chatnet.records.channels import KICK, MUTE, Akick
from chatnet.records.grammar import ACCOUNT, is_entity
from chatnet.rules.bans import fitting

LETTERS: Final[dict[str, str]] = {
    "v": "may give and take voice",
    "V": "is voiced",
    "h": "may give and take half-operators their rank",
    "H": "is a half-operator",
    "o": "may give and take operators their rank",
    "O": "is an operator",
    "a": "with O: is an admin, and may make others so",
    "q": "with O: is an owner, and may make others so",
    "i": "may invite, also themselves and by links, and read the key",
    "r": "may kick, ban and mute, and lift that",
    "t": "may change the topic",
    "s": "may change settings",
    "f": "may change access and who is kept out",
    "A": "may see the access list",
    "R": "may RECOVER, SYNC and CLEAR the channel",
    "e": "is never kept out, and may lift bans on themselves",
    "S": "may become founder when there is none",
    "F": "founder: all of these",
}
"""All letters of access, and what each does."""
ALL: Final = frozenset(LETTERS)
NONE: Final[frozenset[str]] = frozenset()
TEMPLATES: Final[dict[str, str]] = {
    "VOP": "AV",
    "HOP": "AHehitrv",
    "AOP": "AOehiortv",
    "SOP": "AOaefhiorstv",
    "FOUNDER": "".join(LETTERS),
}
"""Sets of letters with a name."""
_GIVES: Final = {"v": "V", "h": "H", "o": "O"}
"""Who may give a rank for now may give it for good, if they may change access at all."""
_SUCCEEDS: Final = "SRf"
"""Who is founder when neither founder nor successor is: whoever has the first of these, for longest."""


def letters_of(text: str) -> frozenset[str]:
    """The letters of an entry: what is no letter of access means nothing, F means all."""
    found = ALL.intersection(text)
    return ALL if "F" in found else found


def in_order(letters: Iterable[str]) -> str:
    """Letters as they are shown and stored: capitals first."""
    return "".join(sorted(letters))


def templates_of(wide: Mapping[str, str], registration: RegisteredChannel | None = None) -> dict[str, str]:
    """All sets of letters with a name that a channel has, by their names; without one, those of all channels.

    Those of `wide` are the network's, and its own come before those; there is one for each name, in upper or
    lower case.
    """
    found = {name: (name, letters) for name, letters in {**TEMPLATES, **wide}.items()}
    for name, letters in sorted(() if registration is None else registration.templates.items()):
        if name.upper() != "FOUNDER":
            found[name.upper()] = name, letters
    return dict(found.values())


def template(templates: Mapping[str, str], text: str) -> frozenset[str] | None:
    """The letters of the one that is called `text`."""
    for name, letters in templates.items():
        if name.upper() == text.upper():
            return letters_of(letters)
    return None


def name_of(templates: Mapping[str, str], text: str) -> str:
    """Which of them an entry is, or its letters with a plus."""
    for name, letters in templates.items():
        if set(letters) == set(text):
            return name
    return f"+{in_order(set(text))}"


def _takes_part(registry: Registry, entity: str) -> bool:
    account = registry.account(entity)
    return account is not None and account.status.state in (State.ACTIVE, State.SUSPENDED)


def founder_of(registry: Registry, registration: RegisteredChannel) -> str:
    """The id of the account that is founder; empty if nobody is.

    It is the one that was named, or else the successor; or else, of the active accounts that have S, then R,
    then f, the one that has been on the list for longest.
    """
    for entity in (registration.founder, registration.successor):
        if entity and _takes_part(registry, entity):
            return entity
    for letter in _SUCCEEDS:
        found = [
            (access.at, target)
            for target, access in registration.access.items()
            if letter in letters_of(access.letters)
            and (account := registry.account(target)) is not None
            and account.status.state is State.ACTIVE
        ]
        if found:
            return min(found)[1]
    return ""


def entries_of(network: Network, registration: RegisteredChannel, user: User) -> list[str]:
    """The targets on the list that mean `user`: the account that they are logged in to, masks that fit.

    A mask fits what everybody may see of them: what they get by it is seen, and would tell a host that is
    hidden to whoever writes the list.
    """
    masks = [target for target in registration.access if not is_account(target)]
    found = fitting(network, user, masks, seen=True) if masks else []
    if user.account_id is not None and user.account_id in registration.access:
        found.append(user.account_id)
    return found


def access_of(network: Network, registration: RegisteredChannel, user: User) -> frozenset[str]:
    """What `user` may do: by the account that they are logged in to, and by masks that fit them."""
    if user.account_id is not None and founder_of(network.registry, registration) == user.account_id:
        return ALL
    found: frozenset[str] = NONE
    for target in entries_of(network, registration, user):
        found |= letters_of(registration.access[target].letters)
    return found


def ranks_for(letters: frozenset[str]) -> int:
    """The ranks that somebody with this access has in the channel, as bits."""
    if "O" in letters:
        return OP | (OWNER if "q" in letters else ADMIN if "a" in letters else 0)
    if "H" in letters:
        return HALFOP
    return VOICE if "V" in letters else 0


def ranks_allowed(letters: frozenset[str]) -> int:
    """The ranks that somebody with this access may have, as bits: by it, or since they may give them."""
    return ranks_for(letters) | sum(bit for letter, bit in RANKS.items() if letter in letters)


def may_change(mine: frozenset[str], before: Iterable[str], after: Iterable[str]) -> bool:
    """Whether somebody with the access `mine` may have an entry become `after`, which was `before`.

    One gives what one has, and touches nobody who has what one lacks.
    """
    if "f" not in mine:
        return False
    reach = mine | {given for letter, given in _GIVES.items() if letter in mine}
    return reach.issuperset(before) and reach.issuperset(after)


def may_keep_out(mine: frozenset[str]) -> bool:
    """Whether somebody with this access may say who is kept out."""
    return {"f", "r"} <= mine


def kept_out(
    network: Network, registration: RegisteredChannel, user: User, now: float, *, seen: bool = False
) -> tuple[str, Akick] | None:
    """The akick, by its target, that keeps `user` out at the Unix time `now`; who has e is never kept out.

    As with bans a mask may fit a host of theirs that is hidden; with `seen` only what everybody may see.
    """
    found = _listed(network, registration, user, KICK, now, seen=seen)
    if found is None or "e" in access_of(network, registration, user):
        return None
    return found


def muted(
    network: Network, registration: RegisteredChannel, user: User, now: float, *, seen: bool = False
) -> tuple[str, Akick] | None:
    """The aquiet, by its target, that means `user` at the Unix time `now`; who has a rank may speak."""
    return _listed(network, registration, user, MUTE, now, seen=seen)


def _listed(
    network: Network, registration: RegisteredChannel, user: User, how: str, now: float, *, seen: bool
) -> tuple[str, Akick] | None:
    akicks = _in_force(registration.akicks, how, now)
    if not akicks:
        return None
    target = user.account_id if user.account_id in akicks else None
    if target is None:
        masks = [each for each in akicks if not is_account(each)]
        target = next(iter(fitting(network, user, masks, seen=seen)), None)
    return None if target is None else (target, akicks[target])


def _in_force(akicks: Mapping[str, Akick], how: str, now: float) -> Mapping[str, Akick]:
    return {each: akick for each, akick in akicks.items() if akick.how == how and not 0 < akick.until <= now}


def is_account(target: str) -> bool:
    """Whether a target of access is an account, and no mask."""
    return target[:1] == ACCOUNT and is_entity(target)
