"""What Solanum refuses of what a neighbour says: it drops the link, answers an error, or ignores the line.

Its handlers, as of July 2026 (``struct Message`` in its ``modules/``): how many words a line of each kind of
source needs, the verb among them, of which the last may not be empty; None if it is not for such sources.
"""

from __future__ import annotations

import re
from typing import Final

NEEDS: Final[dict[str, tuple[int | None, int | None]]] = {
    "ADMIN": (0, None), "AWAY": (0, None), "BAN": (9, 9), "BATCH": (2, 2), "BMASK": (None, 5),
    "CHGHOST": (3, 3), "CONNECT": (4, 4), "EBMASK": (None, 5), "ECHO": (3, None), "ENCAP": (3, 3),
    "ERROR": (None, 0), "ETB": (5, 5), "EUID": (None, 12), "INFO": (0, None), "INVITE": (3, None),
    "JOIN": (2, None), "KICK": (3, 3), "KILL": (2, 2), "KLINE": (5, 5), "KNOCK": (2, None),
    "LINKS": (0, None), "LUSERS": (0, None), "MLOCK": (None, 3), "MODE": (3, 3), "MOTD": (0, None),
    "NICK": (3, None), "NOTICE": (0, 0), "OPER": (2, None), "OPERWALL": (2, None), "PART": (2, None),
    "PING": (2, 2), "PONG": (None, 2), "PRIVMSG": (0, None), "QUIT": (0, None), "RESV": (4, 4),
    "SAVE": (None, 3), "SERVER": (None, 4), "SID": (None, 5), "SIGNON": (6, None), "SJOIN": (None, 4),
    "SQUIT": (0, 0), "STATS": (3, None), "SVINFO": (None, 5), "TAGMSG": (0, None), "TB": (None, 4),
    "TIME": (2, None), "TMODE": (4, 4), "TOPIC": (2, 5), "TRACE": (0, None), "UID": (None, 9),
    "UNKLINE": (4, 4), "UNRESV": (3, 3), "UNXLINE": (3, 3), "USERS": (0, None), "VERSION": (0, 0),
    "WALLOPS": (2, 2), "WHOIS": (2, None), "WHOWAS": (4, None), "XLINE": (5, 5),
}  # fmt: skip
"""Verb → words that it needs of a user, and of a server."""

ENCAPSULATED: Final = {
    "CERTFP": 2, "CHGHOST": 3, "DLINE": 4, "GCAP": 2, "IDENTIFIED": 3, "KLINE": 5, "LOGIN": 2, "MECHLIST": 2,
    "NICKDELAY": 3, "OPER": 2, "REALHOST": 2, "RESV": 5, "RSFNC": 4, "SASL": 5, "SNOTE": 3, "SU": 2,
    "SVSLOGIN": 6, "TGINFO": 2, "UNDLINE": 2, "UNKLINE": 3, "UNRESV": 2, "UNXLINE": 2, "XLINE": 5,
}  # fmt: skip
"""The same of a command in ENCAP; others mean nothing there."""

WORDS: Final = 15
"""Words of a line, its verb among them; what comes after is lost."""
KEY: Final = 23
"""Bytes of a channel's key; of a longer one the rest is lost."""

_WITH_PARAMETER: Final = frozenset("beIqovklfj")


class Solanum:
    """One server of that make, by what it was told: :meth:`hear` gives what it would not take of a line."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.members: dict[str, set[str]] = {}
        self.topics: dict[str, int] = {}  # those that were set with ETB: their TS
        self._linked = False

    def hear(self, line: str) -> str | None:
        """Why it refuses a line of its neighbour; None if it takes it."""
        tags, words = "", line
        if line.startswith("@"):
            tags, _, words = line.partition(" ")
        source = ""
        if words.startswith(":"):
            source, _, words = words[1:].partition(" ")
        head, mark, last = words.partition(" :")
        parts = [*head.split(), *([last] if mark else [])]
        verb = parts[0]
        if verb == "SERVER" and not source:
            self._linked = True
            return None
        if not self._linked:
            return None
        if len(parts) > WORDS:
            return f"{len(parts)} words"
        by_user = len(source) == 9
        if verb.isdigit():
            return "a numeric of a user" if by_user or len(parts) < 2 else None
        if verb not in NEEDS:
            return "421 unknown command"
        least = NEEDS[verb][0 if by_user else 1]
        if least is None:
            return f"not for {'users' if by_user else 'servers'}"
        if len(parts) < least or (least and not parts[least - 1]):
            return f"insufficient parameters, {least} are needed"
        why: str | None = getattr(self, f"_{verb.lower()}", self._taken)(source, parts, tags)
        return why

    def _taken(self, source: str, parts: list[str], tags: str) -> str | None:
        return None

    def _encap(self, source: str, parts: list[str], tags: str) -> str | None:
        command = parts[2:]
        least = ENCAPSULATED.get(command[0].upper(), 0)
        short = len(command) < least or (least and not command[least - 1])
        return f"{command[0]} with too few parameters" if short else None

    def _euid(self, source: str, parts: list[str], tags: str) -> str | None:
        self.users.add(parts[8])
        return None

    _uid = _euid

    def _quit(self, source: str, parts: list[str], tags: str) -> str | None:
        for there in self.members.values():
            there.discard(source)
        self.users.discard(source)
        return None

    def _kill(self, source: str, parts: list[str], tags: str) -> str | None:
        return self._quit(parts[1], parts, tags)

    def _sjoin(self, source: str, parts: list[str], tags: str) -> str | None:
        there = self.members.setdefault(_fold(parts[2]), set())
        there.update(word.lstrip("@+") for word in parts[-1].split())
        return self._key(parts[3], parts[4:-1])

    def _join(self, source: str, parts: list[str], tags: str) -> str | None:
        if parts[1] == "0":
            for there in self.members.values():
                there.discard(source)
        else:
            self.members.setdefault(_fold(parts[2]), set()).add(source)
        return None

    def _part(self, source: str, parts: list[str], tags: str) -> str | None:
        for name in parts[1].split(","):
            if source not in self.members.get(_fold(name), ()):
                return f"442 {name} You're not on that channel"
            self.members[_fold(name)].discard(source)
        return None

    def _kick(self, source: str, parts: list[str], tags: str) -> str | None:
        self.members.get(_fold(parts[1]), set()).discard(parts[2])
        return None

    def _tmode(self, source: str, parts: list[str], tags: str) -> str | None:
        return self._key(parts[3], parts[4:])

    def _key(self, letters: str, params: list[str]) -> str | None:
        adding, rest = True, list(params)
        for letter in letters:
            if letter in "+-":
                adding = letter == "+"
            elif letter in _WITH_PARAMETER and (adding or letter not in "lfj") and rest:
                word = rest.pop(0)
                if letter == "k" and adding and len(word.encode()) > KEY:
                    return f"a key of {len(word)} bytes"
        return None

    def _topic(self, source: str, parts: list[str], tags: str) -> str | None:
        name = _fold(parts[1])
        if len(source) == 9 and source not in self.members.get(name, ()):
            return f"442 {parts[1]} You're not on that channel"
        self.topics.pop(name, None)
        return None

    def _etb(self, source: str, parts: list[str], tags: str) -> str | None:
        name, ts = _fold(parts[2]), int(parts[3])
        if parts[1] != "0" and ts <= self.topics.get(name, -1):
            return "a topic that is not newer"
        self.topics[name] = ts
        if not parts[-1]:
            del self.topics[name]
        return None

    def _tagmsg(self, source: str, parts: list[str], tags: str) -> str | None:
        return None if re.search(r"[@;]\+", tags) else "no client tag"


def _fold(name: str) -> str:
    return name.lower()
