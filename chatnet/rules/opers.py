"""May she? Who may become an IRC operator, with what powers, and what an operator may do."""

from __future__ import annotations

import hmac
from typing import Final

from chatnet.model.entities import Oper, User
from chatnet.model.facts import Fact, Opered, UserModesChanged
from chatnet.model.modes import SNOMASKS, USER_MODES
from chatnet.rules.refusal import Refusal
from chatnet.settings import OperSettings, Settings, TokenSettings
from chatnet.wire import numerics
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob
from chatnet.wire.networks import address_in, network_of

NOT_BY_OPER = frozenset("oxZ")
"""User modes that a block cannot set: o comes with the rest, x changes a host, Z is about the connection."""

TITLE: Final = "is an IRC Operator"
"""What WHOIS says of an operator of another server, who may do nothing here that needs an operator."""

OPERS_ONLY: Final = "sz"
"""User modes that only opers may set, and that go with their powers."""


def may_use(user: User, privilege: str) -> Refusal | None:
    """Whether `user` is an oper (481) whose class grants `privilege` (723)."""
    if user.oper is None:
        return Refusal(numerics.ERR_NOPRIVILEGES)
    if not user.may(privilege):
        return Refusal(numerics.ERR_NOPRIVS, privilege)
    return None


def blocks_for(settings: Settings, user: User, fold: Folder) -> list[OperSettings]:
    """The ``[[oper]]`` blocks that `user` might use from where they are: host and certificate fit."""
    return [b for b in settings.oper if _fits_host(b, user, fold) and _fits_certificate(b, user)]


def misfit(settings: Settings, name: str, user: User, fold: Folder) -> str:
    """Why no block of that name is for `user`, for operators and the log: whoever asks is not told."""
    blocks = [block for block in settings.oper if block.name == name]
    if not blocks:
        return "no block has that name"
    if not any(_fits_host(block, user, fold) for block in blocks):
        return "they are not at one of its hosts"
    return "they have not the certificate of its certfp"


def _fits_host(block: OperSettings, user: User, fold: Folder) -> bool:
    if not block.hosts:
        return True
    for mask in block.hosts:
        name, mark, host = mask.rpartition("@")
        if mark and not compile_glob(name, fold)(user.username):
            continue
        matches = compile_glob(host, fold)
        if matches(user.real_host) or matches(user.address):
            return True
        network = network_of(host)
        if network is not None and address_in(user.address, [network]):
            return True
    return False


def _fits_certificate(block: OperSettings, user: User) -> bool:
    return block.certfp is None or hmac.compare_digest(block.certfp, user.certfp or "")


def granted(settings: Settings, block: OperSettings) -> Oper:
    """What `block` makes of a user."""
    title = next(c.title for c in settings.oper_class if c.name == block.oper_class)
    return Oper(block.name, block.oper_class, settings.privileges(block.oper_class), title)


def granted_to_token(settings: Settings, block: TokenSettings) -> Oper | None:
    """What ``[[token]]`` makes of its user; None: no operator.  No ``[[oper]]`` can have such a name."""
    if block.oper_class is None:
        return None
    title = next(c.title for c in settings.oper_class if c.name == block.oper_class)
    return Oper(f"token {block.name}", block.oper_class, settings.privileges(block.oper_class), title)


def granted_elsewhere(settings: Settings, name: str, oper_class: str) -> Oper:
    """What an operator of another server is here, by our class of the same name; only a title without one."""
    titles = [c.title for c in settings.oper_class if c.name == oper_class]
    return Oper(name, oper_class, settings.privileges(oper_class), *titles or (TITLE,))


def modes_of(block: OperSettings) -> tuple[str, str]:
    """The user modes that `block` gives beside o, and with s the letters of the server notices."""
    snomask = "".join(letter for letter in SNOMASKS if letter in block.snomask)
    letters = "".join(
        letter
        for letter in USER_MODES
        if letter in block.modes and letter not in NOT_BY_OPER and (letter != "s" or snomask)
    )
    return letters, snomask if "s" in letters else ""


def opered(settings: Settings, block: OperSettings, user: User, at: float) -> tuple[Fact, ...]:
    """The facts that make `user` an oper, with the modes of `block`."""
    letters, snomask = modes_of(block)
    added = "o" + "".join(letter for letter in letters if letter not in user.modes)
    return (
        Opered(user, granted(settings, block), at),
        UserModesChanged(user, added, "", snomask or user.snomask, at),
    )


def resigned(user: User, at: float) -> tuple[Fact, ...]:
    """The facts that make an oper an ordinary user again, without what only opers have."""
    removed = "".join(sorted(user.modes & {"o", *OPERS_ONLY}))
    return UserModesChanged(user, "", removed, "", at), Opered(user, None, at)
