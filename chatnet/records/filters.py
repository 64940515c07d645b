"""What stands in the field of records of filters, which are of the kind of bans.

    filter  <set> <until or 0> <action> <by> <kind> <seconds> <where> <options> <channels> <pattern>
            :<reason>

In one line.  `set` and `until` are Unix times, until 0 is for ever; `seconds` is how long a mute or ban
lasts.  `where`, `options` and `channels` are words with commas between, or ``-`` for none.  In the pattern
and in channels a space is ``\\s`` and a backslash ``\\\\``.  The entity is made of kind and pattern
(``grammar.ban_entity``), so that a filter is the same one wherever it is set.  One that is lifted has no
value.  Reading raises ValueError for what is no such value.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatnet.records.value_parts import number, remark, words

FIELD: Final = "filter"
NONE: Final = "-"
_ESCAPES: Final = re.compile(r"\\(.?)", re.DOTALL)


class FilterValue(NamedTuple):
    """A filter: what it looks for, where, what comes of it, who has set it, since when, until when."""

    set: int
    until: int
    action: str
    by: str
    kind: str
    seconds: int
    where: tuple[str, ...]
    options: tuple[str, ...]
    channels: tuple[str, ...]
    pattern: str
    reason: str

    @property
    def text(self) -> str:
        """As a record has it."""
        lists = [",".join(each) or NONE for each in (self.where, self.options, map(_escaped, self.channels))]
        return " ".join(
            [
                *(str(self.set), str(self.until), self.action, self.by, self.kind, str(self.seconds)),
                *(*lists, _escaped(self.pattern), f":{self.reason}"),
            ]
        )

    @classmethod
    def read(cls, text: str) -> FilterValue:
        """What a record says."""
        at, until, action, by, kind, seconds, where, options, channels, pattern, reason = words(text, 11)
        return cls(
            *(number(at), number(until), action, by, kind, number(seconds)),
            *(_listed(where), _listed(options), tuple(map(_plain, _listed(channels)))),
            *(_plain(pattern), remark(reason)),
        )


def _listed(text: str) -> tuple[str, ...]:
    return () if text == NONE else tuple(text.split(","))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(" ", "\\s")


def _plain(text: str) -> str:
    return _ESCAPES.sub(lambda found: " " if found[1] == "s" else found[1], text)
