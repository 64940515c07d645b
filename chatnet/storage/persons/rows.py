"""What is kept of people who stay, and of the channels that they are in, and how it is written.

Both are JSON in a column.  What a later version writes besides is overlooked, and what it leaves out is as by
default: so a server may be brought up to date, or back, while people stay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Seat(NamedTuple):
    """A channel that somebody is in: its name, its TS, and their ranks as letters (``ov``)."""

    channel: str
    ts: int
    ranks: str


class Device(NamedTuple):
    """Until when a device has heard all: Unix time in milliseconds, and an id that later ids exceed.

    The one without a name is ``""``.
    """

    name: str
    ms: int
    msgid: str


class Person(NamedTuple):
    """Somebody who stays, by the key of the account (``model/places.py``), which is called `account`.

    `modes` are user modes as letters, without ``o``.  `began` is the stamp of their introduction, empty if
    there is none.  `away` is what they had said themselves, None if they had not.  `seen` and `msgid` tell
    until when the last session was there, as of a device; 0: one is there.  `word` is whether they wish to
    stay, where that is not kept with the account; of whom nothing else is kept, the nick is empty.  Devices
    are in order, the one that was here last at the end.  `since` has stamps (``rules/stamps.py``) by the name
    of a channel: by "" that since when they are in it, by letters those of their ranks; what has not changed
    for long has none, and a channel is left out where nobody stamped.
    """

    key: str
    account: str
    nick: str
    nick_ts: int
    username: str
    realname: str
    host: str
    real_host: str
    address: str
    modes: str = ""
    began: str = ""
    away: str | None = None
    seen: int = 0
    msgid: str = ""
    word: bool | None = None
    seats: tuple[Seat, ...] = ()
    devices: tuple[Device, ...] = ()
    since: Mapping[str, Mapping[str, str]] = {}

    @property
    def text(self) -> str:
        """As the file has it."""
        return json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Person:
        """What the file says; ValueError if that is nobody."""
        given = _fields(text, cls, _TEXTS_OF_PERSON)
        since = given.get("since", {})
        if not isinstance(since, dict) or not all(_is_texts(each) for each in since.values()):
            raise ValueError("its since has no texts by channels")
        return cls(
            **given
            | {
                "seats": tuple(Seat(*_parts(each, str, int, str)) for each in _list(given, "seats")),
                "devices": tuple(Device(*_parts(each, str, int, str)) for each in _list(given, "devices")),
            }
        )


class Standing(NamedTuple):
    """A channel that people who stay are in: what it is like, or a restart would open what was closed.

    `registers` are modes, entries of lists and the topic as registered channels keep them
    (``rules/keeping.py``), each with its stamp; None: it was removed.
    """

    name: str
    ts: int
    registers: Mapping[str, tuple[str, str | None]]

    @property
    def text(self) -> str:
        """As the file has it."""
        return json.dumps(self._asdict(), separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Standing:
        """What the file says; ValueError if that is no channel."""
        given = _fields(text, cls, {"name": (str,), "ts": (int,)})
        registers = given.get("registers")
        if not isinstance(registers, dict):
            raise ValueError("it has no registers")
        found: dict[str, tuple[str, str | None]] = {}
        for register, each in registers.items():
            stamp, value = _parts(each, str, str, some=True)
            found[register] = (stamp, value)
        return cls(given["name"], given["ts"], found)


_NONE: Final = type(None)
_TEXTS_OF_PERSON: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        ("key", "account", "nick", "username", "realname", "host", "real_host", "address"), (str,)
    ),
    **dict.fromkeys(("modes", "began", "msgid"), (str,)),
    **dict.fromkeys(("nick_ts", "seen"), (int,)),
    "away": (str, _NONE),
    "word": (bool, _NONE),
}


def _fields(text: str, cls: type[Any], kinds: Mapping[str, tuple[type, ...]]) -> dict[str, Any]:
    """The fields of a tuple that is written as an object."""
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    given = {name: found[name] for name in cls._fields if name in found}
    if missing := [name for name in cls._fields if name not in given and name not in cls._field_defaults]:
        raise ValueError(f"it has no {missing[0]}")
    for name, allowed in kinds.items():
        if name in given and type(given[name]) not in allowed:
            raise ValueError(f"its {name} is of another kind")
    return given


def _is_texts(found: object) -> bool:
    return isinstance(found, dict) and all(isinstance(each, str) for each in found.values())


def _list(given: Mapping[str, Any], name: str) -> list[Any]:
    found = given.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"its {name} are no list")
    return found


def _parts(found: object, *kinds: type, some: bool = False) -> list[Any]:
    """Values of these kinds; with `some` the last may be none."""
    if not isinstance(found, list) or len(found) != len(kinds):
        raise ValueError("a part of it has another form")
    for index, (value, kind) in enumerate(zip(found, kinds, strict=True)):
        if type(value) is not kind and not (some and value is None and index == len(kinds) - 1):
            raise ValueError("a part of it is of another kind")
    return found
