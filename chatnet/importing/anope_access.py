"""What entries of Anope's access lists let somebody do, as letters of access.

There are three kinds of entries, and each comes down to privileges: by a number that a channel compares with
one of its own for each privilege (``access/access``), by letters (``access/flags``), and by the name of a
list (``access/xop``).  Numbers, letters and lists are those of ``chanserv.example.conf``.  Nobody may do more
than before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple


class Privilege(NamedTuple):
    """The letters it is here, the number and the letter it has there, and on which list it begins."""

    letters: str
    level: int
    flag: str
    xop: str


FOUNDER: Final = 10000
NEVER: Final = 10001
"""As a level: the founder alone has it."""
PRIVILEGES: Final[Mapping[str, Privilege]] = {
    "ACCESS_CHANGE": Privilege("f", 10, "f", "SOP"),
    "ACCESS_LIST": Privilege("A", 3, "f", "VOP"),
    "AUTOHALFOP": Privilege("H", 4, "H", "HOP"),
    "AUTOOP": Privilege("O", 5, "O", "AOP"),
    "AUTOOWNER": Privilege("Oq", 9999, "Q", "QOP"),
    "AUTOPROTECT": Privilege("Oa", 10, "A", "SOP"),
    "AUTOVOICE": Privilege("V", 3, "V", "VOP"),
    "HALFOP": Privilege("h", 5, "h", "AOP"),
    "INVITE": Privilege("i", 5, "i", "AOP"),
    "KICK": Privilege("r", 4, "k", "HOP"),
    "OP": Privilege("o", 5, "o", "SOP"),
    "SET": Privilege("s", 9999, "s", "QOP"),
    "TOPIC": Privilege("t", 5, "t", "AOP"),
    "UNBANME": Privilege("e", 4, "U", "HOP"),
    "VOICE": Privilege("v", 4, "v", "HOP"),
}
"""Those that are letters here.  FOUNDER is none: only one account is founder."""
_LISTS: Final = ("VOP", "HOP", "AOP", "SOP", "QOP")
"""Each has what those before it have."""


def by_level(level: int, own: Mapping[str, int]) -> str:
    """What a number lets one do in a channel that has numbers of its `own` for some privileges."""
    if level >= FOUNDER:
        level = FOUNDER
    found = [
        each for name, each in PRIVILEGES.items() if -NEVER < own.get(name, each.level) <= level and level > 0
    ]
    return _together(found)


def by_flags(flags: str) -> str:
    """What letters let one do."""
    return _together(each for each in PRIVILEGES.values() if each.flag in flags)


def by_list(name: str) -> str:
    """What the list of a name lets one do; nothing if there is no such list."""
    if name not in _LISTS:
        return ""
    place = _LISTS.index(name)
    return _together(each for each in PRIVILEGES.values() if _LISTS.index(each.xop) <= place)


def _together(privileges: Iterable[Privilege]) -> str:
    """Their letters; of the ranks that one gets by oneself the highest."""
    letters = {letter for each in privileges for letter in each.letters}
    if "O" in letters:
        letters -= {"H", "V"}
    elif "H" in letters:
        letters -= {"V"}
    if "q" in letters:
        letters -= {"a"}
    return "".join(sorted(letters))
