"""What was said as JSON Lines: one object a message, for people who ask for it, and for moving a server.

The first line says what it is: ``{"chatnet": "history", "version": 1, "casemapping": …}``.  The others::

    {"target": "#club", "at": "2026-11-29T12:04:05.123Z", "msgid": …, "command": "PRIVMSG",
     "source": "ann!ann@example.org", "account": "Ann", "text": "Hello",
     "place": ["c", "#club", "", 1790000000], "person": "a5tq…"}

`target` and `account` are for people: what the channel is called (of a talk, the nicks of both), and the name
of the account that said it.  `place` and `person` are the same as the store has them, and count when it is
read again.  Where there is something to say, there are also `tags` (client-only tags, as they stand on the
wire), `parts` (the lines of a message of several: text, and whether it goes on with the line before),
`status` and `ranks` (of what was for ranks only), `closed` (said behind closed doors), `bot`, `oper`,
`refers` (the message that a reaction is to), `uid` and `words` (see ``history/extra.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from chatnet.history import extra
from chatnet.history.extra import Extra
from chatnet.history.kinds import COMMANDS, KINDS
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import Place, Row
from chatnet.wire.multiline import Part
from chatnet.wire.server_time import read_ms, written_ms

VERSION: Final = 1
MOST_LINE: Final = 8 * 1024 * 1024
"""Bytes of a line: a message of as many lines as settings allow, written twice."""
MOST_WORD: Final = 2048
"""Characters of a name, an id, a key or a source."""
_FLAGS: Final = {"closed": rows.CLOSED, "bot": rows.BOT, "oper": rows.OPER}
_RANKS: Final = 1 << 16
"""Ranks are fewer bits than that has."""
_WORD: Final = re.compile(r"[^\x00-\x20\x7f]+")
_ODD: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile(r"[\x00\r\n]")


def head(casemapping: str) -> str:
    """The first line, with what ends it."""
    return json.dumps({"chatnet": "history", "version": VERSION, "casemapping": casemapping}) + "\n"


def written(
    messages: Iterable[tuple[str, Row]], casemapping: str, called: Callable[[str], str | None]
) -> Iterator[str]:
    """All lines: of each message, and what its target is called; `called` gives the name of an account."""
    yield head(casemapping)
    for target, row in messages:
        yield line(target, row, None if row.person is None else called(row.person))


def line(target: str, row: Row, account: str | None) -> str:
    """The line of a message, with what ends it."""
    more = extra.read(row.extra)
    found: dict[str, Any] = {
        "target": target,
        "at": written_ms(row.at),
        "msgid": row.msgid,
        "command": COMMANDS[row.kind],
        "source": row.source,
        "account": account,
        "text": row.text,
        "place": list(row.place),
        "person": row.person,
    }
    optional: dict[str, Any] = {
        "tags": more.tags.decode("utf-8", "replace"),
        "parts": [list(part) for part in more.parts],
        "status": more.status,
        "ranks": row.flags >> rows.RANKS,
        "refers": row.refers,
        "uid": more.uid,
        "words": list(more.words),
    }
    optional |= {name: bool(row.flags & flag) for name, flag in _FLAGS.items()}
    found |= {key: value for key, value in optional.items() if value}
    text = json.dumps(found, ensure_ascii=False) + "\n"
    # Names may have odd bytes (decisions/0006), which are no UTF-8.
    return text if _ODD.search(text) is None else json.dumps(found) + "\n"


def complaint_of(data: Mapping[str, object], casemapping: str) -> str:
    """Why a file with that first line cannot be read here, as a sentence; empty if it can."""
    if data.get("chatnet") != "history":
        return "The file is no export of history: its first line does not say so."
    if data.get("version") != VERSION:
        return f"The file is of version {data.get('version')!r}: this chatnet reads {VERSION}."
    if data.get("casemapping") != casemapping:
        return (
            f"The names in the file are folded by {data.get('casemapping')!r}: "
            "server.casemapping has to be that."
        )
    return ""


def read(data: Mapping[str, Any], latest: int) -> tuple[str, Row]:
    """A message, and what its target is called.  Raises ValueError.

    One that was said after `latest`, in Unix milliseconds, is that of a clock that was wrong.
    """
    place = _place(data.get("place"))
    at = read_ms(_text(data, "at"))
    if at is None or at <= 0:
        raise ValueError("at is no time")
    if at > latest:
        raise ValueError("It was said in a time to come")
    kind = KINDS.get(_text(data, "command"))
    if kind is None:
        raise ValueError("command is none that is kept")
    parts = tuple(_part(each) for each in _list(data, "parts"))
    words = tuple(_free(each, "words") for each in _list(data, "words"))
    tags = _free(data.get("tags", ""), "tags")
    if " " in tags:
        raise ValueError("tags has spaces")
    ranks = data.get("ranks", 0)
    if type(ranks) is not int or not 0 <= ranks < _RANKS:
        raise ValueError("ranks is no set of ranks")
    flags = ranks << rows.RANKS
    for name, flag in _FLAGS.items():
        is_set = data.get(name, False)
        if type(is_set) is not bool:
            raise ValueError(f"{name} is neither true nor false")
        flags |= flag if is_set else 0
    status, uid = _optional(data, "status") or "", _optional(data, "uid") or ""
    more = extra.written(Extra(tags.encode(), parts, status, uid, words))
    if more is not None:
        flags |= rows.EXTRA
    text = _text(data, "text")
    if "\0" in text or "\r" in text:
        raise ValueError("text has control characters")
    shown = data.get("target")
    row = Row(
        place, at, _word(data.get("msgid"), "msgid"), kind, flags, _optional(data, "person"),
        _word(data.get("source"), "source"), text, _optional(data, "refers"), more,
    )  # fmt: skip
    return (shown if isinstance(shown, str) else place.name), row


def _place(given: object) -> Place:
    if not isinstance(given, list) or len(given) != 4:
        raise ValueError("place is none")
    kind, name, other, ts = given
    if kind not in ("c", "d", "g") or type(ts) is not int or not 0 <= ts < 1 << 40:
        raise ValueError("place is none")
    if kind == "c" and other == "" and isinstance(name, str) and name.startswith("#"):
        return Place(kind, _word(name, "place"), "", ts)
    if kind != "c" and ts == 0:
        return Place(kind, _word(name, "place"), _word(other, "place"), 0)
    raise ValueError("place is none")


def _part(given: object) -> Part:
    if not isinstance(given, list) or len(given) != 2 or type(given[1]) is not bool:
        raise ValueError("parts are none")
    return Part(_free(given[0], "parts"), given[1])


def _list(data: Mapping[str, Any], key: str) -> list[object]:
    found = data.get(key, [])
    if not isinstance(found, list):
        raise ValueError(f"{key} is no list")
    return found


def _text(data: Mapping[str, Any], key: str) -> str:
    found = data.get(key)
    if not isinstance(found, str):
        raise ValueError(f"{key} is no text")
    return found


def _free(given: object, key: str) -> str:
    """A text that fits into a line."""
    if not isinstance(given, str) or _CONTROL.search(given):
        raise ValueError(f"{key} is no text of one line")
    return given


def _word(given: object, key: str) -> str:
    if not isinstance(given, str) or len(given) > MOST_WORD or not _WORD.fullmatch(given):
        raise ValueError(f"{key} is no word")
    return given


def _optional(data: Mapping[str, Any], key: str) -> str | None:
    found = data.get(key)
    return None if found is None else _word(found, key)
