"""Whether a mask of a b, e or I list, a plain one or an extended one, means a user.

Extended bans are Solanum's: ``$``, ``~`` for the contrary, a letter, and mostly ``:`` and data.  They are
kept as they are typed: nothing is made whole, and there is no other ``$``, which would begin a forward.

- ``$a`` is logged in, ``$a:account`` to an account of that name (with wildcards; ``*`` is everybody)
- ``$c:#channel`` is in that channel, unless it is secret or private
- ``$j:#channel`` is banned in that channel (where ``$j`` counts for nothing)
- ``$m:mask`` a plain mask (useful with ``~`` and ``&``)
- ``$o`` is an IRC operator, ``$o:privilege`` with that privilege or of that oper class
- ``$q:mask`` may not speak, but may join; the mask may be an extended one.  Not in I
- ``$r:real name`` and ``$s:server``: in b only, since users choose the one and cannot prove the other
- ``$x:nick!user@host#real name``; without a ``#``, any pattern of all that, such as ``$x:*word*``
- ``$z`` is connected over TLS, ``$z:fingerprint`` with that client certificate
- ``$&:~a,m:mask`` all of these, ``$|:a,m:mask`` one of these: at most ten, each without its ``$``, and
  brackets around data with commas: ``$&:~a,|:(m:mask,s:server)``.  ``\\`` goes before a comma that is none

A channel that was renamed is meant by its old name as well, until another has that.

What is not well-formed, or speaks of a channel that is not to be seen, means nobody, with a ``~`` as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from chatnet.model.entities import Channel, ListEntry, User, split_forward
from chatnet.model.facts import Fact, ModesChanged
from chatnet.model.network import Network
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import address_in, compile_glob, complete_mask, parse_network

DEPTH: Final = 5
"""How deep ``$q``, ``$&`` and ``$|`` may be nested."""
PARTS: Final = 10
"""How many masks one ``$&`` or ``$|`` may join."""
ELSEWHERE: Final = 8
"""How many channels are looked into for ``$j`` to answer one question; what lies beyond means nobody."""


class Bans:
    """Answers what the lists of a channel say of a user; an observer, to read each mask as it is set."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.hears: Mapping[type[Fact], Callable[[Any, object], None]] = {ModesChanged: self._modes_changed}

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        # Else the next question would take as long as it takes to read all the masks it is about.
        for change in fact.changes:
            if change.adding and change.letter in fact.channel.lists and change.parameter is not None:
                key = self._network.fold(split_forward(change.parameter)[0])
                entry = fact.channel.lists[change.letter].get(key)
                if entry is not None:
                    _reading(entry, self._network.fold)

    def banned(self, channel: Channel, user: User) -> ListEntry | None:
        """The ban that keeps `user` from joining, unless an exception lets them in."""
        bans = channel.lists["b"]
        if not bans:
            return None
        look = _Look(self._network, user)
        entry = look.first(bans.values(), muting=False)
        if entry is None or look.first(channel.lists["e"].values(), muting=False) is not None:
            return None
        return entry

    def muted(self, channel: Channel, user: User) -> bool:
        """True if a ban or a mute keeps `user` from speaking; remembered for members."""
        bans = channel.lists["b"]
        if not bans:
            return False
        verdict = channel.verdicts.get(user)
        if verdict is None:
            look = _Look(self._network, user)
            exceptions = channel.lists["e"]
            verdict = (
                look.first(bans.values(), muting=True) is not None
                and look.first(exceptions.values(), muting=True) is None
            )
            if user in channel.members and not self._volatile(bans, exceptions):
                channel.verdicts[user] = verdict
        return verdict

    def _volatile(self, *lists: Mapping[Any, ListEntry]) -> bool:
        readings = (_reading(entry, self._network.fold) for entries in lists for entry in entries.values())
        return any(reading.extended is not None and reading.extended.volatile for reading in readings)

    def invited(self, channel: Channel, user: User) -> bool:
        """True if the invite exceptions of `channel` mean `user`."""
        entries = channel.lists["I"]
        return bool(entries) and _Look(self._network, user).first(entries.values(), muting=False) is not None


class _Look:
    """A user as masks see them, made once for one question about many masks."""

    __slots__ = ("_banned", "_faces", "_fold", "_front", "_masks", "_network", "user")

    def __init__(self, network: Network, user: User) -> None:
        self._network = network
        self._fold: Folder = network.fold
        self.user = user
        self._front = f"{user.nick}!{user.username}"
        # A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it.
        hosts = {user.host, user.real_host, user.address, user.cloak or user.host}
        self._faces = tuple(f"{self._front}@{host}" for host in hosts)
        self._masks: Mapping[str, _Mask] = {}  # those of the extended mask that is looked at
        self._banned: dict[Channel, bool] | None = {}  # by $j; None while such a channel is looked into

    def first(self, entries: Iterable[ListEntry], *, muting: bool) -> ListEntry | None:
        """The first entry that means the user; one with ``$q`` counts only if `muting` is asked about."""
        fold = self._fold
        for entry in entries:
            reading = entry.reading or _reading(entry, fold)
            if reading.plain is not None:
                if self._plain(reading.plain):
                    return entry
            elif (extended := reading.extended) is not None and (muting or extended.letter != "q"):
                self._masks = reading.masks
                if self._is(extended):
                    return entry
        return None

    def _plain(self, mask: _Mask) -> bool:
        matches = mask.matches
        for face in self._faces:
            if matches(face):
                return True
        if mask.network is None or not mask.front(self._front):
            return False
        return address_in(self.user.address, [mask.network])

    def _is(self, parsed: Extended) -> bool:
        return _TESTS[parsed.letter](self, parsed) is parsed.wanted

    def _glob(self, pattern: str, text: str) -> bool:
        return self._masks[pattern].matches(text)

    def _account(self, parsed: Extended) -> bool:
        account = self.user.account
        if parsed.data is None:
            return account is not None
        return self._glob(parsed.data, account or "")

    def _in_channel(self, parsed: Extended) -> bool | None:
        channel = self._network.channel_meant(parsed.data or "")
        if channel is None or not channel.flags.isdisjoint("sp"):
            return None
        return self.user in channel.members

    def _banned_elsewhere(self, parsed: Extended) -> bool | None:
        channel = self._network.channel_meant(parsed.data or "")
        known = self._banned
        if channel is None or known is None:
            return None
        if channel not in known:
            if len(known) >= ELSEWHERE:
                return None
            self._banned = None
            masks = self._masks
            known[channel] = (
                self.first(channel.lists["b"].values(), muting=False) is not None
                and self.first(channel.lists["e"].values(), muting=False) is None
            )
            self._banned, self._masks = known, masks
        return known[channel]

    def _mask(self, parsed: Extended) -> bool:
        return self._plain(self._masks[parsed.data or ""])

    def _mute(self, parsed: Extended) -> bool:
        return self._is(parsed.parts[0]) if parsed.parts else self._mask(parsed)

    def _oper(self, parsed: Extended) -> bool:
        oper, data = self.user.oper, parsed.data
        return oper is not None and (data is None or data in oper.privileges or data == oper.oper_class)

    def _realname(self, parsed: Extended) -> bool:
        return self._glob(parsed.data or "", self.user.realname)

    def _server(self, parsed: Extended) -> bool:
        return self._glob(parsed.data or "", self.user.server.name)

    def _full(self, parsed: Extended) -> bool:
        whole, realname = parsed.data or "", self.user.realname
        mask, mark, wanted = whole.partition("#")
        if mark:
            return self._plain(self._masks[mask]) and self._glob(wanted, realname)
        return any(self._glob(whole, f"{face}#{realname}") for face in self._faces)

    def _secure(self, parsed: Extended) -> bool:
        return self.user.secure and (parsed.data is None or parsed.data.lower() == self.user.certfp)

    def _all(self, parsed: Extended) -> bool | None:
        return self._until(parsed, False)

    def _any(self, parsed: Extended) -> bool | None:
        return self._until(parsed, True)

    def _until(self, parsed: Extended, verdict: bool) -> bool | None:
        """Whether a part comes to `verdict`, which decides; before it none may speak of what is not seen."""
        for part in parsed.parts:
            found = _TESTS[part.letter](self, part)
            if found is None:
                return None
            if (found is part.wanted) is verdict:
                return verdict
        return not verdict


class _Mask:
    """A plain mask, or any pattern: what it matches; for ``nick!user@192.0.2.0/24`` the network as well."""

    __slots__ = ("front", "matches", "network")

    def __init__(self, text: str, fold: Folder) -> None:
        self.matches = self.front = compile_glob(text, fold)
        front, _, host = text.rpartition("@")
        self.network = parse_network(host) if "/" in text else None
        if self.network is not None:
            self.front = compile_glob(front, fold)


class _Reading:
    """A mask made ready: a plain one, or an extended one with all the patterns in it, or neither.

    To read a mask takes a hundred times as long as to match it, and who sets bans in many channels has more
    of them than a cache for everybody should hold; so each entry keeps its own.
    """

    __slots__ = ("extended", "masks", "plain")

    def __init__(self, mask: str, fold: Folder) -> None:
        self.plain = _Mask(mask, fold) if mask[:1] != "$" else None
        self.extended = parse(mask) if self.plain is None else None
        found = () if self.extended is None else _patterns(self.extended)
        self.masks = {pattern: _Mask(pattern, fold) for pattern in found}


def _reading(entry: ListEntry, fold: Folder) -> _Reading:
    reading: _Reading | None = entry.reading
    if reading is None:
        reading = entry.reading = _Reading(entry.mask, fold)
    return reading


# Text of extended bans


@dataclass(slots=True, frozen=True)
class Extended:
    """An extended ban: `wanted` is False with ``~``; `data` is None without a colon; `parts` are those of
    ``$&`` and ``$|``, or what ``$q`` mutes.

    It is `volatile` if it looks at other channels: what it means then changes without a change of the user or
    of the list it stands in.
    """

    wanted: bool
    letter: str
    data: str | None
    parts: tuple[Extended, ...]
    volatile: bool

    @property
    def letters(self) -> str:
        """Its letter and those of all its parts."""
        return self.letter + "".join(part.letters for part in self.parts)


def _patterns(extended: Extended) -> Iterator[str]:
    """All the patterns that it takes to test for `extended`."""
    data = extended.data
    if data is not None and extended.letter == "x":
        mask, mark, realname = data.partition("#")
        yield from (mask, realname) if mark else (data,)
    elif data is not None and (extended.letter in "amrs" or (extended.letter == "q" and not extended.parts)):
        yield data
    for part in extended.parts:
        yield from _patterns(part)


_TESTS: Final[dict[str, Callable[[_Look, Extended], bool | None]]] = {
    "a": _Look._account,
    "c": _Look._in_channel,
    "j": _Look._banned_elsewhere,
    "m": _Look._mask,
    "o": _Look._oper,
    "q": _Look._mute,
    "r": _Look._realname,
    "s": _Look._server,
    "x": _Look._full,
    "z": _Look._secure,
    "&": _Look._all,
    "|": _Look._any,
}

EXTENDED: Final = "".join(sorted(_TESTS))
"""Letters of the extended bans, as in ISUPPORT EXTBAN."""

_NEED_DATA: Final = frozenset("cjmqrsx&|")
_NOT_IN: Final[dict[str, frozenset[str]]] = {"e": frozenset("rs"), "I": frozenset("rsq")}
_ESCAPED: Final = "(),\\"


@lru_cache(4096)
def parse(mask: str, depth: int = 0) -> Extended | None:
    """``$~a:name`` in its parts; None if it is not a well-formed extended ban, or nested too deep."""
    rest = mask[1:]
    wanted = rest[:1] != "~"
    if not wanted:
        rest = rest[1:]
    letter, colon, text = rest[:1], rest[1:2], rest[2:]
    if letter not in _TESTS or colon not in ("", ":") or (letter in _NEED_DATA and not text) or depth > DEPTH:
        return None
    parts: tuple[Extended, ...] = ()
    if letter == "q":
        if not wanted or depth:
            return None
        if text[0] == "$":
            inner = parse(text, depth + 1)
            if inner is None:
                return None
            parts = (inner,)
    elif letter in "&|":
        found = [parse("$" + part, depth + 1) for part in _split(text) or ()]
        parts = tuple(part for part in found if part is not None)
        if len(parts) < len(found) or not 0 < len(parts) <= PARTS:
            return None
    elif (letter in "cj" and text[0] != "#") or (letter == "x" and text.find("#") == len(text) - 1):
        return None
    volatile = letter in "cj" or any(part.volatile for part in parts)
    return Extended(wanted, letter, text if colon else None, parts, volatile)


def _split(data: str) -> list[str] | None:
    """The parts of ``$&`` or ``$|``, without the backslashes that are for this list; None if they are none.

    "component bans are separated by commas, but commas between matching pairs of parens are skipped. …
    Parens, commas and backslashes can be escaped by backslashes", says Solanum's extb_combi.
    """
    if data[:1] == "(":
        if data[-1] != ")" or len(data) < 3:
            return None
        data = data[1:-1]
    parts, part, depth = [], "", 0
    signs = iter(data)
    for sign in signs:
        if sign == "\\":
            escaped = next(signs, "")
            part += escaped if escaped in _ESCAPED else sign + escaped
            continue
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            return None
        if sign == "," and not depth:
            parts.append(part)
            part = ""
        else:
            part += sign
    return None if depth else [*parts, part]


def complete(text: str, kind: str, nick: int = 30, user: int = 10) -> str | None:
    """`text`, without a forward, as it is entered into a list (`kind` b, e or I); None if it can mean nobody.

    A plain mask is made whole, also that of a mute, each part cut to its limit in bytes.  An extended one is
    kept as it is typed, but that its letter may be a capital, and a ``!`` stand for the ``~``.  The first
    space ends it.
    """
    text = text.partition(" ")[0]
    if text[:1] != "$":
        return complete_mask(text, nick, user)
    text = _begin(text)
    if text[:3] == "$q:" and len(text) > 3:
        text = "$q:" + (_begin(text[3:]) if text[3] == "$" else complete_mask(text[3:], nick, user))
    parsed = parse(text)
    if parsed is None or not _NOT_IN.get(kind, frozenset()).isdisjoint(parsed.letters):
        return None
    return text


def _begin(text: str) -> str:
    """``$!A:data`` as ``$~a:data``."""
    negated = text[1:2] in ("~", "!")
    at = 2 if negated else 1
    return f"${'~' if negated else ''}{text[at : at + 1].lower()}{text[at + 1 :]}"
