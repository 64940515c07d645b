"""What was said, as people read it on a page: without colours, and without who hears it from where."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from chatnet.history.extra import read
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import Row
from chatnet.wire.multiline import combine
from chatnet.wire.text import ctcp_command, strip_formatting

MESSAGE: Final = "message"
NOTICE: Final = "notice"
ACTION: Final = "action"
TOPIC: Final = "topic"

_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that have what follows them written the other way round, beyond the text they are in."""


class Spoken(NamedTuple):
    """One of them: `at` is in milliseconds, `kind` one of the words above, `text` may have several lines."""

    at: int
    msgid: str
    nick: str
    kind: str
    text: str


def spoken(row: Row) -> Spoken | None:
    """What a row says; None: nothing that people read."""
    text, kind = row.text, MESSAGE
    parts = read(row.extra).parts
    if row.kind == rows.TOPIC:
        kind = TOPIC
    elif row.kind in (rows.PRIVMSG, rows.NOTICE):
        ctcp = ctcp_command(text)
        if ctcp == "ACTION":
            kind, text = ACTION, text[1:].partition("\x01")[0].partition(" ")[2]
        elif ctcp is not None:
            return None
        elif row.kind == rows.NOTICE:
            kind = NOTICE
    else:
        return None
    if parts:
        text = combine(parts)
    return Spoken(row.at, row.msgid, plain(row.source.partition("!")[0]), kind, plain(text))


def plain(text: str) -> str:
    """The text without colours, and without what turns the way it is written."""
    return _TURNING.sub("", strip_formatting(text))
