"""Whether a mask of a b, e or I list, a plain one or an extended one, means a user.

Extended bans are Solanum's: ``$``, ``~`` for the contrary, a letter, and mostly ``:`` and data.  They are
kept as they are typed: nothing is made whole, and there is no other ``$``, which would begin a forward.

- ``$a`` is logged in, ``$a:account`` to an account of that name (with wildcards; ``*`` is everybody)
- ``$c:#channel`` is in that channel, unless it is secret or private, or hides them (x, D)
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

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from chatnet.model.entities import Channel, ListEntry, User
from chatnet.model.network import Network
from chatnet.rules.visibility import shows_address
from chatnet.wire.casemap import Folder
from chatnet.wire.masks import compile_glob, complete_mask, shown_mask
from chatnet.wire.networks import address_in, network_of

DEPTH: Final = 5
"""How deep ``$q``, ``$&`` and ``$|`` may be nested."""
PARTS: Final = 10
"""How many masks one ``$&`` or ``$|`` may join."""
ELSEWHERE: Final = 4096
"""Characters of masks after which no further channel is looked into for ``$j``, to answer one question; one
that is not looked into means nobody."""


class Bans:
    """Answers what the lists of a channel say of a user.

    `looked` is how many characters the masks had that were looked at so far, which is what it costs.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.looked = 0

    def banned(self, channel: Channel, user: User) -> ListEntry | None:
        """The ban that keeps `user` from joining, unless an exception lets them in."""
        bans = channel.lists["b"]
        if not bans:
            return None
        look = _Look(self._network, user)
        entry = look.first(bans.values(), muting=False)
        if entry is not None and look.first(channel.lists["e"].values(), muting=False) is not None:
            entry = None
        self.looked += look.looked
        return entry

    def meaning(self, channel: Channel, user: User, *, mutes: bool, seen: bool = False) -> list[ListEntry]:
        """All bans that mean `user`, or all `mutes`, whether an exception lets them in or not.

        With `seen` those that mean them by what everybody may see of them.
        """
        look = _Look(self._network, user, seen=seen)
        found = [
            entry
            for entry in channel.lists["b"].values()
            if (look.first((entry,), muting=False) is None if mutes else True)
            and look.first((entry,), muting=mutes) is not None
        ]
        self.looked += look.looked
        return found

    def muted(self, channel: Channel, user: User) -> bool:
        """True if a ban or a mute keeps `user` from speaking; remembered for members."""
        bans = channel.lists["b"]
        if not bans:
            return False
        verdict = channel.verdicts.get(user)
        if verdict is None:
            look = _Look(self._network, user)
            verdict = (
                look.first(bans.values(), muting=True) is not None
                and look.first(channel.lists["e"].values(), muting=True) is None
            )
            self.looked += look.looked
            if user in channel.members and not look.volatile:
                channel.verdicts[user] = verdict
        return verdict

    def invited(self, channel: Channel, user: User) -> bool:
        """True if the invite exceptions of `channel` mean `user`."""
        entries = channel.lists["I"]
        if not entries:
            return False
        look = _Look(self._network, user)
        found = look.first(entries.values(), muting=False) is not None
        self.looked += look.looked
        return found


def fitting(network: Network, user: User, masks: Iterable[str], *, seen: bool = False) -> list[str]:
    """Those of plain, folded `masks` that mean `user`, by whichever of their hosts.

    With `seen` by what everybody may see of them: who reads the answer could find out an address by asking
    about one mask after the other.
    """
    look = _Look(network, user, seen=seen)
    return list(_fitted(network.fold, look.front, look.faces, look.address, tuple(masks)))


@lru_cache(512)
def _fitted(
    fold: Folder, front: str, faces: tuple[str, ...], address: str, masks: tuple[str, ...]
) -> tuple[str, ...]:
    """Those of many masks that mean somebody, remembered: who comes and goes is looked at once."""
    fits: dict[str, bool] = {"": True}  # what stands before the host, where there is one
    found = []
    for mask in masks:
        before = mask.rpartition("@")[0]
        if before not in fits:
            fits[before] = compile_glob(before, fold)(front)
        if fits[before] and _means(fold, front, faces, address, mask):
            found.append(mask)
    return tuple(found)


def _means(fold: Folder, front: str, faces: tuple[str, ...], address: str, mask: str) -> bool:
    """Whether a plain mask means who has these `faces`, which begin with `front`, and an address."""
    matches = compile_glob(mask, fold)
    for face in faces:
        if matches(face):
            return True
    if "/" not in mask:
        return False
    before, _, host = mask.rpartition("@")
    network = network_of(host)
    if network is None or not compile_glob(before, fold)(front):
        return False
    return address_in(address, [network])


class _Look:
    """A user as masks see them, made once for one question about many masks.

    `looked` is how many characters of masks were looked at.  It is `volatile` once it has looked at another
    channel: the answer may change then without a change of the user or of the list it was asked of.  With
    `seen` hosts and an address that are hidden do not count.
    """

    __slots__ = (
        "_banned",
        "_elsewhere",
        "_fold",
        "_network",
        "address",
        "faces",
        "front",
        "looked",
        "user",
        "volatile",
    )

    def __init__(self, network: Network, user: User, *, seen: bool = False) -> None:
        self._network = network
        self._fold: Folder = network.fold
        self.user = user
        hidden = seen and not shows_address(user)
        self.address = "" if hidden else user.address
        self.front = f"{user.nick}!{user.username}"
        # A ban on any of somebody's hosts holds, so that neither a cloak nor its absence evades it.
        hosts = {user.host}
        if not hidden:
            hosts |= {user.real_host, user.address, user.cloak or user.host}
        self.faces = tuple(f"{self.front}@{host}" for host in hosts)
        self.looked = self._elsewhere = 0
        self.volatile = False
        self._banned: dict[Channel, bool] | None = {}  # by $j; None while such a channel is looked into

    def first(self, entries: Iterable[ListEntry], *, muting: bool) -> ListEntry | None:
        """The first entry that means the user; one with ``$q`` counts only if `muting` is asked about."""
        for entry in entries:
            mask = entry.mask
            self.looked += len(mask)
            if mask[:1] != "$":
                if self.plain(mask):
                    return entry
            elif (
                (extended := parse(mask)) is not None
                and (muting or extended.letter != "q")
                and self._is(extended)
            ):
                return entry
        return None

    def plain(self, mask: str) -> bool:
        """Whether a plain mask means the user."""
        return _means(self._fold, self.front, self.faces, self.address, mask)

    def _is(self, parsed: Extended) -> bool:
        return _TESTS[parsed.letter](self, parsed) is parsed.wanted

    def _glob(self, pattern: str, text: str) -> bool:
        return compile_glob(pattern, self._fold)(text)

    def _account(self, parsed: Extended) -> bool:
        account = self.user.account
        if parsed.data is None:
            return account is not None
        return self._glob(parsed.data, account or "")

    def _in_channel(self, parsed: Extended) -> bool | None:
        self.volatile = True
        channel = self._network.channel_meant(parsed.data or "")
        if channel is None or not channel.flags.isdisjoint("sp") or channel.hides(self.user):
            return None
        return self.user in channel.members

    def _banned_elsewhere(self, parsed: Extended) -> bool | None:
        self.volatile = True
        channel = self._network.channel_meant(parsed.data or "")
        known = self._banned
        if channel is None or known is None:
            return None
        if channel not in known:
            if self._elsewhere >= ELSEWHERE:
                return None
            self._banned = None
            before = self.looked
            known[channel] = (
                self.first(channel.lists["b"].values(), muting=False) is not None
                and self.first(channel.lists["e"].values(), muting=False) is None
            )
            self._banned = known
            self._elsewhere += self.looked - before
        return known[channel]

    def _mask(self, parsed: Extended) -> bool:
        return self.plain(shown_mask(parsed.data or ""))

    def _mute(self, parsed: Extended) -> bool:
        return self._is(parsed.parts[0]) if parsed.parts else self._mask(parsed)

    def _oper(self, parsed: Extended) -> bool:
        oper, data = self.user.oper, parsed.data
        return oper is not None and (data is None or data in oper.privileges or data == oper.oper_class)

    def _realname(self, parsed: Extended) -> bool:
        return self._glob(parsed.data or "", self.user.realname)

    def _server(self, parsed: Extended) -> bool:
        return self.user.server.is_called(lambda name: self._glob(parsed.data or "", name))

    def _full(self, parsed: Extended) -> bool:
        whole, realname = parsed.data or "", self.user.realname
        mask, mark, wanted = whole.partition("#")
        if mark:
            return self.plain(shown_mask(mask)) and self._glob(wanted, realname)
        return any(self._glob(whole, f"{face}#{realname}") for face in self.faces)

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


# Text of extended bans


@dataclass(slots=True, frozen=True)
class Extended:
    """An extended ban: `wanted` is False with ``~``; `data` is None without a colon; `parts` are those of
    ``$&`` and ``$|``, or what ``$q`` mutes.
    """

    wanted: bool
    letter: str
    data: str | None
    parts: tuple[Extended, ...]

    @property
    def letters(self) -> str:
        """Its letter and those of all its parts."""
        return self.letter + "".join(part.letters for part in self.parts)


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


@lru_cache(1024)
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
    return Extended(wanted, letter, text if colon else None, parts)


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
