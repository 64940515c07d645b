"""What machines say by syslog, one datagram each, in the form of today or of before.

    <34>1 2003-10-11T22:14:15.003Z host app pid id [data] text     RFC 5424
    <34>Oct 11 22:14:15 host app[pid]: text                        RFC 3164

https://www.rfc-editor.org/rfc/rfc5424#section-6, https://www.rfc-editor.org/rfc/rfc3164#section-4,
https://www.rfc-editor.org/rfc/rfc5426#section-3.1 (a datagram has one message, and nothing around it)
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SEVERITIES: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
"""By their numbers.  https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1"""
UNKNOWN: Final = 13
"""The priority of what says none: user, notice (RFC 3164, section 4.3.3)."""
NAME: Final = 64
"""Characters of the name of a host or a program that are kept."""

_PRIORITY: Final = re.compile(r"<([0-9]{1,3})>", re.ASCII)
_TODAY: Final = re.compile(r"1 ([^ ]{1,64}) ([^ ]{1,255}) ([^ ]{1,48}) ([^ ]{1,128}) ([^ ]{1,32}) ", re.ASCII)
_BEFORE: Final = re.compile(
    r"(?:[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?) ",
    re.ASCII,
)
_HOST: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9.:_-]{0,254}) (?=\S)", re.ASCII)
_TAG: Final = re.compile(r"([A-Za-z0-9_./@-]{1,128})(?:\[([^\[\]\s]{1,128})\])?: ?", re.ASCII)
_DATA: Final = re.compile(r'\[[^ \]"=]{1,32}(?: [^ \]"=]{1,32}="(?:[^"\\\]]|\\.)*")*\]', re.DOTALL)
_NIL: Final = "-"


class Told(NamedTuple):
    """What a machine said: how severe it is (0 is worst), where, and which program; these may be empty."""

    severity: int
    host: str
    app: str
    pid: str
    text: str


def read(data: bytes) -> Told:
    """What a datagram says; there is none that could not be read somehow."""
    text = data.decode("utf-8", "replace").strip("\0\r\n ")
    priority, rest = UNKNOWN, text
    found = _PRIORITY.match(text)
    if found is not None and int(found[1]) <= 191:
        priority, rest = int(found[1]), text[found.end() :]
    severity = priority & 7
    today = _TODAY.match(rest) if found is not None else None
    if today is not None and (said := _behind_data(rest[today.end() :])) is not None:
        _, host, app, pid, _ = ("" if part == _NIL else part for part in today.groups())
        return Told(severity, host[:NAME], app[:NAME], pid[:NAME], said)
    return _before(severity, rest)


def _behind_data(text: str) -> str | None:
    """The text behind structured data; None if that is malformed, and so it is not of today's form."""
    if text[:1] == _NIL:
        rest = text[1:]
    else:
        end = 0
        while (found := _DATA.match(text, end)) is not None:
            end = found.end()
        if not end:
            return None
        rest = text[end:]
    if rest[:1] not in ("", " "):
        return None
    return rest[1:].removeprefix("\ufeff")


def _before(severity: int, text: str) -> Told:
    host = ""
    when = _BEFORE.match(text)
    if when is not None:
        text = text[when.end() :]
        # What is sent to a socket of one's own machine has no host in it.
        named = _HOST.match(text)
        if named is not None and named[1][-1] != ":":
            host, text = named[1], text[named.end() :]
    tag = _TAG.match(text)
    if tag is None:
        return Told(severity, host[:NAME], "", "", text)
    return Told(severity, host[:NAME], tag[1][:NAME], (tag[2] or "")[:NAME], text[tag.end() :])
