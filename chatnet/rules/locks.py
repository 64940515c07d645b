"""What founders keep as it is: modes (MLOCK) and the topic (TOPICLOCK) of registered channels.

A lock on modes is written as modes are: ``+ntl-k 50``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from chatnet.model.entities import PARAMETERS, Channel, User
from chatnet.model.modes import kind_of
from chatnet.model.network import Network
from chatnet.model.registered import RegisteredChannel
from chatnet.rules.access import access_of
from chatnet.rules.keeping import understood
from chatnet.rules.modes import PRIVILEGE_FOR
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics
from chatnet.wire.modestring import parse_changes

MLOCK: Final = "mlock"
TOPICLOCK: Final = "topiclock"
"""Keys of ``set:<key>``."""

Lock = Mapping[str, str | None]
"""Mode → its value as it is kept (``rules/keeping.py``); None if it is not to be set."""
UNLOCKED: Final[Lock] = {}


def read_lock(network: Network, text: str, params: Sequence[str]) -> tuple[Lock, list[str]]:
    """A lock as people write it, and what of it is none: letters, or letters with a parameter.

    A key that is not to be set needs no parameter here.
    """
    changes, unknown = parse_changes(text, params, _kind_of)
    found: dict[str, str | None] = {}
    for adding, letter, parameter in changes:
        value = (parameter or "") if adding else None
        if kind_of(letter) not in ("B", "C", "D") or letter in PRIVILEGE_FOR:
            unknown.append(letter)
        elif value is not None and not understood(network, letter, value):
            unknown.append(f"{letter} {value}".rstrip())
        else:
            found[letter] = value
    return found, unknown


def _kind_of(letter: str) -> str | None:
    return "C" if letter == "k" else kind_of(letter)


def text_of(lock: Lock) -> str:
    """A lock as a record has it: modes that are set, then those that are not, then parameters."""
    set_ = sorted((letter for letter, value in lock.items() if value is not None), key=_order)
    unset = sorted(letter for letter, value in lock.items() if value is None)
    letters = ("+" + "".join(set_) if set_ else "") + ("-" + "".join(unset) if unset else "")
    return " ".join([letters, *(value for each in set_ if (value := lock[each]))])


def _order(letter: str) -> tuple[bool, str]:
    return letter in PARAMETERS, letter


def lock_of(network: Network, registration: RegisteredChannel) -> Lock:
    """The modes of a channel that are locked."""
    text = registration.settings.get(MLOCK)
    if text is None:
        return UNLOCKED
    letters, *params = text.split(" ")
    return read_lock(network, letters, params)[0]


def letters_of(lock: Lock) -> str:
    """The letters that links tell (MLOCK)."""
    return "".join(sorted(lock))


def may_set_mode(network: Network, channel: Channel, letter: str) -> Refusal | None:
    """Whether anybody may change a mode here: not one that services, or its founder, have locked (742).

    As Solanum: a locked letter is not looked at any further, whoever asks and whatever it would become.
    https://github.com/solanum-ircd/solanum/blob/main/ircd/chmode.c
    """
    locked = channel.locked
    if letter not in locked:
        registration = network.registry.channels.at(channel.folded)
        if registration is None or MLOCK not in registration.settings:
            return None
        locked = letters_of(lock_of(network, registration))
    if letter not in locked:
        return None
    return Refusal(numerics.ERR_MLOCKRESTRICTED, channel.name, letter, locked)


def lets_set_topic(network: Network, channel: Channel, user: User) -> Refusal | None:
    """Whether the lock on the topic lets `user` change it: who has the flag t may (482)."""
    registration = network.registry.channels.at(channel.folded)
    if registration is None or TOPICLOCK not in registration.settings:
        return None
    if "t" in access_of(network, registration, user):
        return None
    return Refusal(numerics.ERR_FLAGNEEDED, channel.name, "t")
