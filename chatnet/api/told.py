"""Lines of IRC as objects for programs: messages, and everything else that happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from chatnet.api.reading import Heard
from chatnet.wire.multiline import CONCAT, TYPE, Part, combine
from chatnet.wire.server_time import read_ms

Object = dict[str, Any]

SAID: Final = {"PRIVMSG": "message", "NOTICE": "notice"}
REPLY: Final = "+reply"
REACT: Final = "+draft/react"
UNREACT: Final = "+draft/unreact"
_REPLIES: Final = (REPLY, "+draft/reply")
_REACTS: Final = (REACT, "+react")
_UNREACTS: Final = (UNREACT, "+unreact")
_TYPING: Final = ("+typing", "+draft/typing")
_ACTION: Final = "\x01ACTION "


def author(source: str, tags: Mapping[str, str]) -> Object:
    """Who did something; of a server there is only a name."""
    nick, mark, rest = source.partition("!")
    found: Object = {"nick": nick}
    if mark:
        found["user"], _, found["host"] = rest.partition("@")
    if account := tags.get("account"):
        found["account"] = account
    found["bot"] = "bot" in tags
    return found


def cursor_of(heard: Heard) -> str | None:
    """``<ms>-<msgid>``: where it stands among all that was said; None of what has no id."""
    msgid, time = heard.tags.get("msgid"), heard.tags.get("time")
    ms = None if not msgid or time is None else _ms(time)
    return None if ms is None else f"{ms}-{msgid}"


_ms: Final = lru_cache(maxsize=64)(read_ms)
"""What is said in one turn has one time, and is told to several."""


def message(heard: Heard) -> Object | None:
    """A message, of one line or several; None if it is none."""
    command, text = heard.command, heard.words
    if heard.kind == TYPE:
        lines = [each for each in heard.inner or () if each.command in SAID]
        if not lines or len(heard.params) < 2:
            return None
        command, target = lines[0].command, heard.params[1]
        text = combine(Part(each.words, CONCAT in each.tags) for each in lines)
    elif command in SAID and len(heard.params) > 1:
        target = heard.params[0]
    else:
        return None
    kind = SAID[command]
    if command == "PRIVMSG" and text.startswith(_ACTION):
        kind, text = "action", text[len(_ACTION) :].removesuffix("\x01")
    tags = heard.tags
    return {
        "type": "message",
        "id": tags.get("msgid"),
        "time": tags.get("time"),
        "target": target,
        "from": author(heard.source, tags),
        "kind": kind,
        "text": text,
        "reply_to": _first(tags, _REPLIES),
        "tags": {name: value for name, value in tags.items() if name[:1] == "+"},
        "redacted": False,
        "cursor": cursor_of(heard),
    }


def _first(tags: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((tags[name] for name in names if tags.get(name)), None)


def _param(heard: Heard, index: int) -> str | None:
    return heard.params[index] if len(heard.params) > index else None


def _joined(heard: Heard) -> Object:
    found: Object = {"type": "joined", "target": _param(heard, 0)}
    if len(heard.params) > 2:
        account = heard.params[1]
        found["account"] = None if account == "*" else account
        found["realname"] = heard.params[2]
    return found


def _tagged(heard: Heard) -> Object | None:
    tags, target = heard.tags, _param(heard, 0)
    for names, removed in ((_REACTS, False), (_UNREACTS, True)):
        emoji = _first(tags, names)
        if emoji is not None:
            return {
                "type": "reaction",
                "target": target,
                "reply_to": _first(tags, _REPLIES),
                "emoji": emoji,
                "removed": removed,
            }
    typing = _first(tags, _TYPING)
    if typing is not None:
        return {"type": "typing", "target": target, "state": typing}
    return None


_TOLD: Final[Mapping[str, Callable[[Heard], Object | None]]] = {
    "JOIN": _joined,
    "PART": lambda heard: {"type": "parted", "target": _param(heard, 0), "reason": _param(heard, 1)},
    "QUIT": lambda heard: {"type": "quit", "reason": _param(heard, 0)},
    "KICK": lambda heard: {
        "type": "kicked",
        "target": _param(heard, 0),
        "nick": _param(heard, 1),
        "reason": _param(heard, 2),
    },
    "NICK": lambda heard: {"type": "nick", "nick": _param(heard, 0)},
    "TOPIC": lambda heard: {"type": "topic", "target": _param(heard, 0), "topic": _param(heard, 1)},
    "MODE": lambda heard: {
        "type": "mode",
        "target": _param(heard, 0),
        "modes": _param(heard, 1),
        "params": list(heard.params[2:]),
    },
    "RENAME": lambda heard: {
        "type": "renamed",
        "old": _param(heard, 0),
        "target": _param(heard, 1),
        "reason": _param(heard, 2),
    },
    "REDACT": lambda heard: {
        "type": "redacted",
        "target": _param(heard, 0),
        "message": _param(heard, 1),
        "reason": _param(heard, 2),
    },
    "TAGMSG": _tagged,
    "INVITE": lambda heard: {"type": "invited", "target": _param(heard, 1), "nick": _param(heard, 0)},
    "AWAY": lambda heard: {"type": "away", "reason": _param(heard, 0)},
    "ACCOUNT": lambda heard: {
        "type": "account",
        "account": None if _param(heard, 0) == "*" else _param(heard, 0),
    },
}
TYPES: Final = (
    "message", "joined", "parted", "quit", "kicked", "nick", "topic", "mode", "renamed", "redacted",
    "reaction", "typing", "invited", "away", "account", "split", "rejoined", "notice", "link", "ban",
    "line",
)  # fmt: skip
"""What a stream may be asked for."""


def _together(heard: Heard) -> Object:
    """A netsplit, or its end, as one: who, and between which servers."""
    lines = heard.inner or ()
    found: Object = {
        "type": "split" if heard.kind == "netsplit" else "rejoined",
        "servers": list(heard.params[1:]),
        "nicks": list(dict.fromkeys(each.source.partition("!")[0] for each in lines if "!" in each.source)),
    }
    if heard.kind == "netjoin":
        found["channels"] = list(
            dict.fromkeys(each.params[0] for each in lines if each.command == "JOIN" and each.params)
        )
    return found


def line(heard: Heard) -> Object:
    """A line as it is, for what there is no better word."""
    return {
        "type": "line",
        "time": heard.tags.get("time"),
        "from": author(heard.source, heard.tags),
        "command": heard.command,
        "params": list(heard.params),
        "tags": dict(heard.tags),
    }


def event(heard: Heard) -> Object | None:
    """What happened; None of what only answers a question (a page of history, say)."""
    said = message(heard)
    if said is not None:
        return said
    if heard.inner is not None:
        if heard.kind not in ("netsplit", "netjoin"):
            return None
        found: Object | None = _together(heard)
    else:
        teller = _TOLD.get(heard.command)
        found = None if teller is None else teller(heard)
    if found is None:
        return line(heard)
    found["time"] = heard.tags.get("time")
    found["from"] = author(heard.source, heard.tags)
    if msgid := heard.tags.get("msgid"):
        found["id"] = msgid
        found["cursor"] = cursor_of(heard)
    return found
