"""Which place, in the words of the store, a message of somebody to somebody is kept for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.ids import AccountName
from chatnet.model.network import Network
from chatnet.records.grammar import ACCOUNT, is_entity
from chatnet.settings import Settings
from chatnet.storage.messages.rows import Place
from chatnet.wire.names import is_channel, is_nick, is_uid
from chatnet.wire.text import sanitise

BY_NAME: Final = "name:"
"""What the key of an account begins with that services of another make keep: its folded name follows."""
MOST_NAME: Final = 64
"""Bytes of such a name."""
MOST_CHANNEL: Final = 200
"""Bytes of the name of a channel, on whatever server."""


def is_key(text: str) -> bool:
    """Whether it can be the key of an account."""
    if text.startswith(BY_NAME):
        return is_nick(text.removeprefix(BY_NAME), MOST_NAME)
    return is_entity(text) and text[0] == ACCOUNT


DEVICE: Final = re.compile(r"[A-Za-z0-9_.\-]{1,32}", re.ASCII)
"""What a device may be called; what is longer, or has other characters, is no name."""
OF_DEVICE: Final = "="
"""What the spot of a device begins with: its name follows, or nothing if it has none."""


def is_spot(text: str) -> bool:
    """Whether it can be a channel, ``@`` and the key of an account, a nick, or a device: see ``Marked``."""
    if text[:1] == "@":
        return is_key(text[1:])
    if text[:1] == OF_DEVICE:
        return text == OF_DEVICE or DEVICE.fullmatch(text[1:]) is not None
    return is_channel(text, MOST_CHANNEL) if text[:1] == "#" else is_nick(text, MOST_NAME)


def talk(person: str, other: str) -> Place:
    """The place of what two accounts say to each other."""
    return Place("d", min(person, other), max(person, other))


def with_guest(person: str, nick: str) -> Place:
    """The place of what an account and a guest say to each other, by the folded nick of the guest."""
    return Place("g", person, nick)


def called(place: Place) -> str:
    """A talk, as servers call it: ``@<account key>,@<account key>``, or ``@<account key>,<nick>``."""
    return f"@{place.name},{other_called(place, place.name)}"


def other_called(place: Place, person: str) -> str:
    """The other one of a talk of `person`, as servers call them: ``@<account key>``, or a nick."""
    if place.kind == "g":
        return place.other
    return f"@{place.other if place.name == person else place.name}"


def talk_called(name: str, fold: Callable[[str], str]) -> Place | None:
    """The place of a talk that servers call so; None if it is none."""
    person, comma, other = name.partition(",")
    return talk_with(person[1:], other, fold) if person[:1] == "@" and comma else None


def talk_with(person: str, other: str, fold: Callable[[str], str]) -> Place | None:
    """The same, of `person` and whom servers call `other`."""
    if not is_key(person):
        return None
    if other[:1] == "@":
        return talk(person, other[1:]) if is_key(other[1:]) else None
    return with_guest(person, fold(other)) if is_nick(other, MOST_NAME) or is_uid(other.upper()) else None


class Places:
    """Places of channels and talks, and the keys of the accounts that people are logged in to.

    A key is the id of an account.  Where services of another make keep accounts it is made of its name: then
    a name that is dropped and taken again has the past of both.
    """

    def __init__(self, network: Network, settings: Settings) -> None:
        self._network = network
        self.by_name = not settings.keeps_accounts and settings.accounts.authority != "remote"

    def person(self, user: User) -> str | None:
        """The key of the account that somebody is logged in to; None of a guest.

        One whose server is behind one of an older version may have no id here, and then is a guest.
        """
        if not self.by_name or user.account is None:
            return user.account_id
        return self.named(user.account)

    def named(self, account: AccountName) -> str:
        """The key of an account that services of another make keep."""
        return BY_NAME + self._network.fold(account)

    def channel(self, channel: Channel) -> Place:
        """The place of a channel, as it is called and as old as it is now."""
        return Place("c", channel.folded, "", channel.ts)

    def between(self, user: User, other: User) -> Place | None:
        """The place of what two users say to each other; None if neither is logged in."""
        return self.talk(self.person(user), user.folded, self.person(other), other.folded)

    def shown(self, place: Place, user: User, other: User) -> str:
        """What a talk of two users is called: the nick of its guest, or of both, of the lower key first."""
        mine, nick, other_nick = self.person(user), sanitise(user.nick), sanitise(other.nick)
        if place.kind == "g":
            return other_nick if place.name == mine else nick
        return f"{nick} {other_nick}" if place.name == mine else f"{other_nick} {nick}"

    def talk(self, person: str | None, nick: str, other: str | None, other_nick: str) -> Place | None:
        """The same, of two keys, and folded nicks that count where there is no key."""
        if person is None:
            person, nick, other, other_nick = other, other_nick, person, nick
        if person is None:
            return None
        if other is None:
            return with_guest(person, other_nick)
        return talk(person, other)
