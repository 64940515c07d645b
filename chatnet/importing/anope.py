"""Anope's ``anope.db`` (db_flatfile, 2.0 and 2.1) and ``anope.json`` (db_json, 2.1): objects of some types.

    OBJECT <type>          {"version": 1, "data": {"<type>": [{"@id": 1, "<field>": <value>, …}, …], …}}
    ID <number>
    DATA <field> <value>
    END

In 2.0 objects name accounts by what these are called (``nc``, ``founder``), in 2.1 by their id (``ncid``,
``founderid``), which is ``uniqueid`` of a NickCore.

https://github.com/anope/anope/blob/2.1/modules/database/db_flatfile.cpp
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

from chatnet.importing import anope_access, modes, passwords
from chatnet.importing.lines import lines, number_of, whole_json
from chatnet.importing.neutral import (
    Entry,
    ForeignAccount,
    ForeignChannel,
    Found,
    Kept,
    ListEntry,
    Suspension,
    Target,
    Topic,
    Unreadable,
)
from chatnet.wire.text import one_line

SOURCE: Final = "anope"
MOST_FIELDS: Final = 500
"""Of an object: others have a few dozen."""
_TYPES: Final = (
    "NickCore", "NickAlias", "NSSuspendInfo", "ChannelInfo", "CSSuspendInfo", "ModeLock", "ChanAccess",
    "AutoKick", "EntryMsg",
)  # fmt: skip
"""In this order: those that others speak of first."""
_NOBODY: Final = "*"


class Thing(NamedTuple):
    """An object: its fields as texts, and the line that it begins in (0 in JSON)."""

    line: int
    fields: Mapping[str, str]

    def text(self, *names: str) -> str:
        """The first of these fields that is there; empty if none is."""
        return next((found for name in names if (found := self.fields.get(name, ""))), "")

    def number(self, *names: str) -> int:
        """The same as a number; 0 for what is none, or less."""
        try:
            return number_of(self.text(*names))
        except ValueError:
            return 0

    def yes(self, name: str) -> bool:
        """Whether a field is set that is true or false; of before 2.0 it has a word in front."""
        return self.text(name, f"extensible:{name}") in ("1", "true")


def read(file: BinaryIO, now: int) -> Found:
    """All that can be used of a file; raises Unreadable."""
    begin = file.read(1)
    file.seek(0)
    found = Found(SOURCE)
    things = _json(file) if begin == b"{" else _flat(file, found)
    by_type: dict[str, list[Thing]] = {name: [] for name in _TYPES}
    for name, thing in things:
        if name in by_type:
            by_type[name].append(thing)
    if not any(by_type.values()):
        raise Unreadable("The file is no database of Anope: there are no accounts and channels in it.")
    reading = _Reading(found, now)
    for name in _TYPES:
        for thing in by_type[name]:
            try:
                reading.take(name, thing)
            except ValueError as error:
                found.complain(thing.line, str(error))
    reading.end()
    return found


def _flat(file: BinaryIO, found: Found) -> Iterator[tuple[str, Thing]]:
    name, start, fields = "", 0, dict[str, str]()
    for number, text in lines(file):
        if text is None:
            found.complain(number, "The line is too long")
            continue
        word, _, rest = text.partition(" ")
        if word == "OBJECT":
            name, start, fields = rest, number, {}
        elif word == "DATA" and name:
            key, _, value = rest.partition(" ")
            if len(fields) < MOST_FIELDS:
                fields[key] = value
        elif word == "END" and name:
            yield name, Thing(start, fields)
            name = ""
    if name:
        found.complain(start, f"The file ends within this {name}")


def _json(file: BinaryIO) -> Iterator[tuple[str, Thing]]:
    whole = whole_json(file)
    data = whole.get("data") if isinstance(whole, dict) else None
    if not isinstance(data, dict) or whole.get("version", 1) != 1:
        raise Unreadable("The file is no database of Anope of version 1.")
    for name, things in data.items():
        for thing in things if isinstance(things, list) else ():
            if isinstance(thing, dict):
                yield name, Thing(0, {key: _text(value) for key, value in thing.items()})


def _text(value: Any) -> str:
    """A value of JSON as it stands in the other file."""
    if isinstance(value, bool):
        return str(int(value))
    return one_line(str(value)) if isinstance(value, str | int) else ""


class _Reading:
    def __init__(self, found: Found, now: int) -> None:
        self.found = found
        self._now = now
        self._by_name: dict[str, ForeignAccount] = {}  # by their names and nicks, in lower case
        self._own: dict[str, ForeignAccount] = {}  # by their names alone
        self._vhosts: dict[str, dict[str, str]] = {}
        self._since: dict[str, int] = {}
        self._levels: dict[str, dict[str, int]] = {}
        self._on: dict[str, dict[str, str]] = {}
        self._off: dict[str, set[str]] = {}
        self._unknown: set[str] = set()
        self._take = {
            "NickCore": self._core,
            "NickAlias": self._alias,
            "NSSuspendInfo": self._account_suspended,
            "ChannelInfo": self._channel,
            "CSSuspendInfo": self._channel_suspended,
            "ModeLock": self._mode_lock,
            "ChanAccess": self._access,
            "AutoKick": self._akick,
            "EntryMsg": self._entry_message,
        }

    def take(self, name: str, thing: Thing) -> None:
        """Take one object; ValueError says why it cannot be used."""
        self._take[name](thing)

    # accounts

    def _core(self, thing: Thing) -> None:
        name = thing.text("display")
        if not name:
            raise ValueError("An account has no name")
        key = thing.text("uniqueid")
        key = name.lower() if key in ("", "0") else key
        if key in self.found.accounts or name.lower() in self._own:
            raise ValueError(f"The account {name} was there before")
        account = ForeignAccount(key, name, thing.number("registered"), thing.line)
        account.email = thing.text("email")
        account.pending = thing.yes("UNCONFIRMED")
        account.certificates = thing.text("cert").split()
        if thing.yes("NEVEROP"):
            account.settings["never-op"] = "on"
        if thing.yes("HIDE_EMAIL"):
            account.settings["hide-email"] = "on"
        if thing.yes("KILLPROTECT") or thing.yes("KILL_QUICK") or thing.yes("KILL_IMMED"):
            account.settings["protect"] = "guest"
        if language := thing.text("language"):
            account.settings["language"] = language.partition(".")[0].replace("_", "-").lower()
        self.found.accounts[key] = self._own[name.lower()] = self._by_name[name.lower()] = account
        if text := thing.text("pass"):
            try:
                account.password = passwords.of_anope(text)
            except ValueError as error:
                raise ValueError(f"The password of {name} cannot be checked here: {error}") from None

    def _account(self, thing: Thing, by_id: str, by_name: str) -> ForeignAccount | None:
        """The account that an object names in one of two ways, if it names one."""
        key, name = thing.text(by_id), thing.text(by_name)
        found = self.found.accounts.get(key) if key not in ("", "0") else self._own.get(name.lower())
        if found is None and (key not in ("", "0") or name):
            raise ValueError(f"There is no account {name or key}")
        return found

    def _alias(self, thing: Thing) -> None:
        account, nick = self._account(thing, "ncid", "nc"), thing.text("nick")
        if account is None or not nick:
            raise ValueError("A nick belongs to no account")
        registered = thing.number("registered", "time_registered")
        if registered:
            self._since[account.key] = min(registered, self._since.get(account.key, registered))
        account.seen = max(account.seen, thing.number("last_seen"))
        if nick.lower() != account.name.lower():
            account.nicks[nick] = registered
            if nick.lower() in self._by_name:
                raise ValueError(f"The nick {nick} was there before")
            self._by_name[nick.lower()] = account
        if host := thing.text("vhost_host"):
            self._vhosts.setdefault(account.key, {})[nick.lower()] = host

    def _account_suspended(self, thing: Thing) -> None:
        account = self._by_name.get(thing.text("nick").lower())
        if account is None:
            raise ValueError(f"There is no account {thing.text('nick')} that could be suspended")
        account.suspended = self._suspension(thing)

    @staticmethod
    def _suspension(thing: Thing) -> Suspension:
        return Suspension(thing.number("expires"), thing.text("by") or _NOBODY, thing.text("reason"))

    # channels

    def _channel(self, thing: Thing) -> None:
        name = thing.text("name")
        if not name or name.lower() in self.found.channels:
            raise ValueError(f"The channel {name} was there before" if name else "A channel has no name")
        registered = thing.number("registered", "time_registered")
        channel = ForeignChannel(name.lower(), name, registered, thing.line)
        channel.used = thing.number("last_used")
        self.found.channels[channel.key] = channel
        if topic := thing.text("last_topic"):
            by, at = thing.text("last_topic_setter") or _NOBODY, thing.number("last_topic_time")
            channel.topic = Topic(topic, by, at or registered)
        for key, field in (("private", "CS_PRIVATE"), ("topiclock", "TOPICLOCK")):
            if thing.yes(field):
                channel.settings[key] = "on"
        words = thing.text("levels").split()
        self._levels[channel.key] = {
            word: _level(level) for word, level in zip(words[::2], words[1::2], strict=False)
        }
        for word in thing.text("last_modes").split():
            self._last_mode(channel, word)
        successor = self._account_or_complain(channel, thing, "successorid", "successor")
        channel.successor = "" if successor is None else successor.key
        founder = self._account_or_complain(channel, thing, "founderid", "founder")
        channel.founder = "" if founder is None else founder.key
        if founder is None:
            self.found.complain(channel.line, f"{channel.name} has no founder")

    def _account_or_complain(
        self, channel: ForeignChannel, thing: Thing, by_id: str, by_name: str
    ) -> ForeignAccount | None:
        try:
            return self._account(thing, by_id, by_name)
        except ValueError as error:
            self.found.complain(channel.line, f"{channel.name}: {error}")
            return None

    def _last_mode(self, channel: ForeignChannel, word: str) -> None:
        """``NAME[,<value>]`` of 2.0, or ``+NAME[,<set at>,<by>,<value>]`` of 2.1."""
        by, at = _NOBODY, channel.registered
        name, mark, value = word.lstrip("+").partition(",")
        if word.startswith("+") and mark:
            parts = value.split(",", 2)
            if len(parts) == 3:
                at, by, value = _level(parts[0]) or at, parts[1] or by, parts[2]
        letter = self._letter(name)
        if letter in modes.LISTS and value:
            channel.lists.append(ListEntry(letter, value, by, at))
        elif letter and not modes.has_parameter(letter):
            channel.modes[letter] = ""
        elif letter and modes.is_parameter(letter, value):
            channel.modes[letter] = value

    def _letter(self, name: str) -> str:
        """The letter of a mode; empty for one that is not known here."""
        letter = modes.ANOPE.get(name, "")
        if not letter and name not in ("REGISTERED", "OPERONLY", "PERM", "LBAN"):
            self._unknown.add(name[:40])
        return letter

    def _of(self, thing: Thing, field: str = "ci") -> ForeignChannel:
        name = thing.text(field)
        channel = self.found.channels.get(name.lower())
        if channel is None:
            raise ValueError(f"There is no channel {name}")
        return channel

    def _channel_suspended(self, thing: Thing) -> None:
        self._of(thing, "chan").suspended = self._suspension(thing)

    def _mode_lock(self, thing: Thing) -> None:
        channel, letter, value = self._of(thing), self._letter(thing.text("name")), thing.text("param")
        if not letter or letter in modes.LISTS:
            return
        if thing.text("set") not in ("1", "true"):
            self._off.setdefault(channel.key, set()).add(letter)
        elif modes.has_parameter(letter) and not modes.is_parameter(letter, value):
            raise ValueError(f"{channel.name}: mode {letter} cannot be locked so")
        else:
            self._on.setdefault(channel.key, {})[letter] = value if modes.has_parameter(letter) else ""

    def _access(self, thing: Thing) -> None:
        channel, kind, data = self._of(thing), thing.text("provider"), thing.text("data")
        if kind == "access/access":
            letters = anope_access.by_level(_level(data), self._levels[channel.key])
        elif kind == "access/flags":
            letters = anope_access.by_flags(data)
        elif kind == "access/xop":
            letters = anope_access.by_list(data)
        else:
            raise ValueError(f"{channel.name}: entries of access by {kind or 'nothing'} are not known")
        target = self._target(thing.text("mask"))
        at, by = thing.number("created"), thing.text("creator") or _NOBODY
        if letters:
            channel.access.append(Entry(target, letters, at, by, thing.line))

    def _target(self, text: str) -> Target:
        account = self._by_name.get(text.lower())
        if account is not None:
            return Target(key=account.key)
        if text.startswith("#") or not any(sign in text for sign in "!@*?"):
            raise ValueError(f"{text or 'nothing'} is no account and no mask")
        return Target(mask=text)

    def _akick(self, thing: Thing) -> None:
        channel = self._of(thing)
        account = self._account(thing, "ncid", "nc")
        target = self._target(thing.text("mask")) if account is None else Target(key=account.key)
        by = thing.text("creator") or _NOBODY
        channel.akicks.append(Kept(target, 0, by, thing.text("reason"), thing.line))

    def _entry_message(self, thing: Thing) -> None:
        channel = self._of(thing)
        before = channel.settings.get("entrymsg")
        text = thing.text("message")
        channel.settings["entrymsg"] = text if before is None else f"{before} | {text}"

    # what they mean together

    def end(self) -> None:
        """What is known of an account when all its nicks are, and of a channel when all its locks are."""
        for account in self.found.accounts.values():
            first = self._since.get(account.key, 0)
            account.registered = min(filter(None, (account.registered, first)), default=0)
            hosts = self._vhosts.get(account.key, {})
            account.vhost = hosts.get(account.name.lower()) or next(iter(hosts.values()), "")
        for channel in self.found.channels.values():
            on = self._on.get(channel.key, {})
            channel.modes = {**channel.modes, **on}
            if text := modes.mlock(on, self._off.get(channel.key, ())):
                channel.settings["mlock"] = text
        if self._unknown:
            names = ", ".join(sorted(self._unknown)[:20])
            self.found.notes.append(f"Modes that there are none of here are left out: {names}.")


def _level(text: str) -> int:
    """A number that may be less than nothing; 0 for what is none."""
    try:
        return -number_of(text[1:]) if text.startswith("-") else number_of(text)
    except ValueError:
        return 0
