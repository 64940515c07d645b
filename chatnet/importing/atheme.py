"""Atheme's ``services.db``: rows of words, one a line, as its module backend/opensex writes them.

    DBV <version>                                         from 8 on; 10 brings ids, 12 another MDA
    MU <id> <name> <pass> <email> <registered> <lastlogin> <flags> <language>
    MDU <name> <key> <value>                              and MDC <channel>, MDA <channel> <entity or mask>
    MN <name> <nick> <registered> <lastseen>
    MCFP <name> <fingerprint>
    GRP <id> <name> <registered> <flags>                  groups, and their members
    GACL <group> <entity> <flags>
    MC <name> <registered> <used> <flags> <mlock on> <mlock off> <limit> <key>
    CA <channel> <entity or mask> <flags> <time> <setter>

https://github.com/atheme/atheme/blob/master/modules/backend/corestorage.c
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Final

from chatnet.importing import modes, passwords
from chatnet.importing.lines import lines, number_of
from chatnet.importing.neutral import (
    Entry,
    ForeignAccount,
    ForeignChannel,
    Found,
    Kept,
    Suspension,
    Target,
    Topic,
    Unreadable,
)
from chatnet.rules.access import LETTERS

SOURCE: Final = "atheme"
LEAST: Final = 8
"""The version of the database from which on flags are letters."""
_TEMPLATE: Final = re.compile(r"([^= ]+)=\+?([A-Za-z]*)")
_CHANACS: Final = "c"
"""The flag of a group's member by which the group's access to channels is theirs as well."""
_NOBODY: Final = "*"
MOST_EXPANDED: Final = 200_000
"""Entries that groups become at most: a small file could make any number of them."""


def read(file: BinaryIO, now: int, *, charybdis: bool = False) -> Found:
    """All that can be used of a file; raises Unreadable.

    The bits of modes that only servers of one kind have are known with `charybdis`.
    """
    reading = _Reading(now, charybdis)
    for number, text in lines(file):
        if text is None:
            reading.found.complain(number, "The line is too long")
        else:
            reading.row(number, text)
        if number == 1 and (text is None or text.split(" ")[0] not in ("GRVER", "DBV")):
            raise Unreadable("The file is no database of Atheme: it does not begin with GRVER.")
    reading.end()
    return reading.found


class _Group:
    def __init__(self) -> None:
        self.members: dict[str, None] = {}  # names of entities, in lower case


class _Row:
    """The words of a line, one after the other."""

    def __init__(self, text: str) -> None:
        self._words = text.split(" ")
        self._next = 0

    def word(self) -> str:
        """The next one; ValueError if there is none."""
        if self._next >= len(self._words):
            raise ValueError("Words are missing in it")
        self._next += 1
        return self._words[self._next - 1]

    def number(self) -> int:
        """The next one, as a number."""
        return number_of(self.word())

    def rest(self) -> str:
        """All that is left, as one text."""
        return " ".join(self._words[self._next :])


class _Reading:
    """Rows are taken in their order; what they mean together is made of them at the end."""

    def __init__(self, now: int, charybdis: bool) -> None:
        self.found = Found(SOURCE)
        self._now = now
        self._bits = {**modes.ATHEME, **(modes.CHARYBDIS if charybdis else {})}
        self._charybdis = charybdis
        self._version = 0
        self._time = now
        self._exempt = False  # whether the flag e was there
        self._groups: dict[str, _Group] = {}
        self._by_name: dict[str, ForeignAccount] = {}
        self._channels: dict[str, ForeignChannel] = {}
        self._data: dict[str, dict[str, str]] = {}  # of accounts
        self._channel_data: dict[str, dict[str, str]] = {}
        self._access: dict[str, list[tuple[int, str, str, int, str]]] = {}
        self._access_data: dict[tuple[str, str], dict[str, str]] = {}
        self._locked: dict[str, tuple[int, int, int, str]] = {}
        self._flags: dict[str, str] = {}
        self._expanded: Counter[str] = Counter()
        self._left_bits = 0
        self._room = MOST_EXPANDED
        self._rows: Mapping[str, Callable[[int, _Row], None]] = {
            "DBV": self._dbv,
            "CF": self._cf,
            "TS": self._ts,
            "MU": self._mu,
            "MN": self._mn,
            "MCFP": self._mcfp,
            "MDU": self._mdu,
            "GRP": self._grp,
            "GACL": self._gacl,
            "MC": self._mc,
            "MDC": self._mdc,
            "CA": self._ca,
            "MDA": self._mda,
        }

    def row(self, number: int, text: str) -> None:
        """Take a line; what is none of ours is passed over."""
        row = _Row(text)
        take = self._rows.get(row.word())
        if take is None:
            return
        try:
            take(number, row)
        except ValueError as error:
            self.found.complain(number, str(error))

    # rows

    def _dbv(self, line: int, row: _Row) -> None:
        self._version = row.number()
        if self._version < LEAST:
            raise Unreadable(
                f"The database is of version {self._version}: have Atheme 7 read and write it first."
            )

    def _cf(self, line: int, row: _Row) -> None:
        self._exempt = "e" in row.word()

    def _ts(self, line: int, row: _Row) -> None:
        self._time = row.number()

    def _mu(self, line: int, row: _Row) -> None:
        if not self._version:
            raise Unreadable("The file does not say of which version it is (DBV).")
        key = row.word() if self._version >= 10 else ""
        name, text, email = row.word(), row.word(), row.word()
        registered, login, flags, language = row.number(), row.number(), row.word(), row.rest().strip()
        if name.lower() in self._by_name:
            raise ValueError(f"The account {name} was there before")
        account = ForeignAccount(key or name.lower(), name, registered, line)
        if account.key in self.found.accounts:
            raise ValueError(f"Another account has the id of {name}")
        account.seen = login or self._time
        account.pending = "W" in flags
        if "@" in email:
            account.email = email
        account.settings.update(_settings(flags))
        if language and language not in ("default", "*"):
            account.settings["language"] = language
        self.found.accounts[account.key] = self._by_name[name.lower()] = account
        if "S" in flags or not text or text == _NOBODY:
            return  # no password
        try:
            account.password = passwords.of_atheme(text, "C" in flags)
        except ValueError as error:
            raise ValueError(f"The password of {name} cannot be checked here: {error}") from None

    def _account(self, name: str) -> ForeignAccount:
        account = self._by_name.get(name.lower())
        if account is None:
            raise ValueError(f"There is no account {name}")
        return account

    def _mn(self, line: int, row: _Row) -> None:
        account, nick, registered = self._account(row.word()), row.word(), row.number()
        if nick.lower() != account.name.lower():
            account.nicks[nick] = registered

    def _mcfp(self, line: int, row: _Row) -> None:
        self._account(row.word()).certificates.append(row.word())

    def _mdu(self, line: int, row: _Row) -> None:
        account, key = self._account(row.word()), row.word()
        self._data.setdefault(account.key, {})[key] = row.rest()

    def _grp(self, line: int, row: _Row) -> None:
        words = row.rest().split(" ")
        # Groups of before have no id: their names begin with !.
        self._groups[next((word for word in words[:2] if word.startswith("!")), "").lower()] = _Group()

    def _gacl(self, line: int, row: _Row) -> None:
        name, member, flags = row.word(), row.word(), row.rest().strip()
        group = self._groups.get(name.lower())
        if group is None:
            raise ValueError(f"There is no group {name}")
        if _CHANACS in flags:
            group.members[member.lower()] = None

    def _mc(self, line: int, row: _Row) -> None:
        name = row.word()
        if name.lower() in self._channels:
            raise ValueError(f"The channel {name} was there before")
        channel = ForeignChannel(name.lower(), name, row.number(), line)
        channel.used = row.number()
        self._flags[channel.key] = row.word()
        self._locked[channel.key] = row.number(), row.number(), row.number(), row.rest().strip()
        self.found.channels[channel.key] = self._channels[name.lower()] = channel

    def _channel(self, name: str) -> ForeignChannel:
        channel = self._channels.get(name.lower())
        if channel is None:
            raise ValueError(f"There is no channel {name}")
        return channel

    def _mdc(self, line: int, row: _Row) -> None:
        channel, key = self._channel(row.word()), row.word()
        self._channel_data.setdefault(channel.key, {})[key] = row.rest()

    def _ca(self, line: int, row: _Row) -> None:
        channel, target, flags, at = self._channel(row.word()), row.word(), row.word(), row.number()
        if not self._exempt and "r" in flags:
            flags += "e"
        setter = row.rest().strip() or _NOBODY
        self._access.setdefault(channel.key, []).append((line, target, flags, at, setter))

    def _mda(self, line: int, row: _Row) -> None:
        if self._version >= 12:
            name, target = row.word(), row.word()
        else:
            name, _, target = row.word().rpartition(":")
        key = row.word()
        self._access_data.setdefault((name.lower(), target.lower()), {})[key] = row.rest()

    # what they mean together

    def end(self) -> None:
        """Make of rows what they say of accounts and channels."""
        if not self._version:
            raise Unreadable("The file does not say of which version it is (DBV).")
        for account in self.found.accounts.values():
            data = self._data.get(account.key, {})
            account.suspended = _suspension(data, "freeze", "freezer")
            if (text := data.get("private:mark:reason")) is not None:
                account.mark = data.get("private:mark:setter") or _NOBODY, text
            # (private:host:vhost is the host that its owner was seen from last, and no vhost.)
            account.vhost = data.get("private:usercloak", "")
            if "private:doenforce" in data:
                account.settings.setdefault("protect", "guest")
        for channel in self.found.channels.values():
            self._finish(channel, self._channel_data.get(channel.key, {}))
        for name, count in sorted(self._expanded.items()):
            self.found.notes.append(
                f"The group {name} has become its members in {count} "
                f"{'entry' if count == 1 else 'entries'} of access."
            )
        if not self._room:
            self.found.complain(0, f"Groups have become {MOST_EXPANDED} entries, and the others are left out")
        if self._left_bits and not self._charybdis:
            self.found.notes.append(
                "Some modes of MLOCK are those of one kind of server: if it was Charybdis or Solanum, "
                "--protocol charybdis has them come along."
            )

    def _finish(self, channel: ForeignChannel, data: Mapping[str, str]) -> None:
        flags = self._flags[channel.key]
        channel.suspended = _suspension(data, "close", "closer")
        channel.ts = _number(data.get("private:channelts", ""))
        if (text := data.get("private:topic:text")) is not None:
            at = _number(data.get("private:topic:ts", "")) or channel.registered
            channel.topic = Topic(text, data.get("private:topic:setter") or _NOBODY, at)
        for key, letter in (("topiclock", "t"), ("private", "p"), ("nosync", "n")):
            if letter in flags:
                channel.settings[key] = "on"
        for key, name in (("entrymsg", "private:entrymsg"), ("url", "url")):
            if data.get(name):
                channel.settings[key] = data[name]
        for name, letters in _TEMPLATE.findall(data.get("private:templates", "")):
            exempt = "e" if not self._exempt and "r" in letters else ""
            channel.templates[name] = "".join(sorted(LETTERS.keys() & set(letters + exempt)))
        self._lock(channel, data.get("private:mlockext", ""))
        for line, target, letters, at, setter in self._access.get(channel.key, ()):
            self._enter(channel, line, target, letters, at, setter)
        founders = [entry for entry in channel.access if "F" in entry.letters and entry.target.key]
        if founders:
            channel.founder = min(founders, key=lambda entry: entry.at).target.key
            channel.access = [each for each in channel.access if each.target.key != channel.founder]
        else:
            self.found.complain(channel.line, f"{channel.name} has no founder")

    def _lock(self, channel: ForeignChannel, more: str) -> None:
        """The modes that are locked: they are those that the channel has, as far as it is known."""
        on_bits, off_bits, limit, key = self._locked[channel.key]
        on = {letter: "" for bit, letter in self._bits.items() if on_bits & bit}
        off = {letter for bit, letter in self._bits.items() if off_bits & bit}
        known = sum(self._bits) | modes.REGISTERED
        self._left_bits |= (on_bits | off_bits) & ~known
        on.pop("k", None)
        on.pop("l", None)
        if limit:
            on["l"] = str(limit)
        if key:
            on["k"] = key
        if self._charybdis:
            for word in more.split(" "):
                if word[1:]:
                    on[word[0]] = word[1:]
                else:
                    off |= set(word)
        for letter in list(on):
            if not modes.takes(letter):
                del on[letter]
            elif modes.has_parameter(letter) and not modes.is_parameter(letter, on[letter]):
                self.found.complain(channel.line, f"{channel.name}: mode {letter} cannot be locked so")
                del on[letter]
        channel.modes.update(on)
        if text := modes.mlock(on, filter(modes.takes, off)):
            channel.settings["mlock"] = text

    def _enter(
        self, channel: ForeignChannel, line: int, target: str, flags: str, at: int, setter: str
    ) -> None:
        """An entry of access, or who is kept out; a group is its members."""
        data = self._access_data.get((channel.name.lower(), target.lower()), {})
        targets = list(self._targets(target))
        if not targets:
            self.found.complain(line, f"{target} is no account, no group and no mask")
        for each in targets:
            if "b" in flags:
                until, reason = _number(data.get("expires", "")), data.get("reason", "")
                if not until or until > self._now:
                    channel.akicks.append(Kept(each, until, setter, reason, line))
            elif letters := "".join(sorted(LETTERS.keys() & set(flags))):
                channel.access.append(Entry(each, letters, at, setter, line))
        if target.startswith("!"):
            self._expanded[target] += 1

    def _targets(self, target: str) -> Iterator[Target]:
        name = target.lower()
        if name in self._by_name:
            yield Target(key=self._by_name[name].key)
        elif name in self._groups:
            for account in self._members(name):
                if self._room:
                    self._room -= 1
                    yield Target(key=account.key)
        elif any(sign in target for sign in "!@*?"):
            yield Target(mask=target)

    def _members(self, group: str) -> Iterator[ForeignAccount]:
        """The accounts of a group, and of those that are in it; each group once."""
        seen, ahead = {group}, [group]
        while ahead:
            for member in self._groups[ahead.pop()].members:
                if member in self._by_name:
                    yield self._by_name[member]
                elif member in self._groups and member not in seen:
                    seen.add(member)
                    ahead.append(member)


def _settings(flags: str) -> Iterator[tuple[str, str]]:
    if "n" in flags:
        yield "never-op", "on"
    if "s" in flags:
        yield "hide-email", "on"
    if "E" in flags:
        yield "protect", "guest"


def _suspension(data: Mapping[str, str], kind: str, by: str) -> Suspension | None:
    who = data.get(f"private:{kind}:{by}")
    return None if who is None else Suspension(0, who, data.get(f"private:{kind}:reason", ""))


def _number(text: str) -> int:
    """A time among the metadata; 0 for what is none."""
    try:
        return number_of(text)
    except ValueError:
        return 0
