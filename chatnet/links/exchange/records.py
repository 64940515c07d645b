"""Reads what another server tells of the past: lines as ``codecs/solanum/history.py`` writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatnet.links.codecs.solanum.history import AUTHOR, FLAGS, NOBODY, PERSON, TALK
from chatnet.links.codecs.solanum.messages import MOST_BYTES, MOST_LINES
from chatnet.model.ids import MSGID, UID
from chatnet.model.modes import OP, RANK_OF_PREFIX, at_least
from chatnet.model.past import Event, Record, Redaction
from chatnet.model.places import is_key
from chatnet.rules.client_tags import relayed
from chatnet.storage.messages.gone import talkers
from chatnet.storage.messages.rows import Place
from chatnet.wire.message import split
from chatnet.wire.multiline import CONCAT, TYPE, Part, combine, is_blank
from chatnet.wire.names import is_uid
from chatnet.wire.server_time import read_time
from chatnet.wire.text import byte_length, cut

MOST_TEXT: Final = 510
"""Bytes of a text: no line of a client brings more, so nobody has to make room for it."""
MOST_TAGS: Final = 4094
"""Bytes of client-only tags.  https://ircv3.net/specs/extensions/message-tags#size-limit"""
MOST_SOURCE: Final = 400
"""Bytes of ``nick!user@host``."""

MOST_EVENT: Final = 16384
"""Bytes of what an event has beside its source: as much as stands in a line between chatnet servers."""

_SAID: Final = frozenset({"PRIVMSG", "NOTICE"})
_WORDS: Final = {
    "JOIN": (1, 1),
    "PART": (0, 0),
    "QUIT": (0, 0),
    "NICK": (0, 0),
    "KICK": (1, 1),
    "MODE": (0, 0),
    "TOPIC": (0, 0),
    "RENAME": (2, 2),
}
"""Verbs of events, and how many words each has beside its text, at least and at most."""


class Nonsense(ValueError):
    """What was told is no message, or not one that was asked for; the text says why."""


class Reader:
    """Makes records of lines about the channel `name`; of several lines, when the last of them came.

    Names are compared as `fold` has them.
    """

    __slots__ = ("_folded", "_opening", "_parts", "_size", "_verb", "fold")

    def __init__(self, name: str, fold: Callable[[str], str]) -> None:
        self.fold = fold
        self._folded = fold(name)
        self._opening: tuple[Mapping[str, str], str, str, str] | None = None  # tags, source, id, target
        self._verb = ""
        self._parts: list[Part] = []
        self._size = 0

    def read(self, text: str) -> Record | Redaction | None:
        """One line; None if there is more to come.  Nonsense if it is none of the channel."""
        tags, source, verb, params = split(text) or ({}, "", "", [])
        if verb == "BATCH" and params:
            return self._batch(tags, source, params)
        if not params or (self._opening is not None and "batch" not in tags):
            raise Nonsense("it is no message")
        if verb in _SAID and len(params) == 2:
            if "batch" in tags:
                self._part(tags, verb, params[1])
                return None
            return self._record(tags, source, verb, params[0], cut(params[1], MOST_TEXT))
        if verb == "TAGMSG":
            return self._record(tags, source, verb, params[0], "")
        if verb == "REDACT" and len(params) > 1 and MSGID.fullmatch(params[1]):
            record = self._record(
                tags, source, verb, params[0], cut(params[2], MOST_TEXT) if params[2:] else ""
            )
            by = b"" if source == NOBODY else record.source
            return Redaction(
                params[1], record.at, record.msgid, by, record.uid, record.text, ranks=record.ranks
            )
        raise Nonsense("it is no message")

    def _batch(self, tags: Mapping[str, str], source: str, params: list[str]) -> Record | None:
        sign, reference = params[0][:1], params[0][1:]
        if self._opening is None:
            if sign != "+" or len(params) < 3 or params[1] != TYPE:
                raise Nonsense("it is no message of several lines")
            self._opening = tags, source, reference, params[2]
            return None
        tags, source, begun, target = self._opening
        parts, self._parts = tuple(self._parts), []
        self._opening, self._size = None, 0
        if sign != "-" or reference != begun or is_blank(parts):
            raise Nonsense("a message of several lines does not end")
        return self._record(tags, source, self._verb, target, combine(parts), parts)

    def _part(self, tags: Mapping[str, str], verb: str, text: str) -> None:
        text = cut(text, MOST_TEXT)
        self._size += byte_length(text)
        if self._opening is None or tags["batch"] != self._opening[2]:
            raise Nonsense("a line is of no message")
        if len(self._parts) >= MOST_LINES or self._size > MOST_BYTES:
            raise Nonsense("a message has too many lines")
        self._verb = verb
        self._parts.append(Part(text, bool(self._parts) and CONCAT in tags))

    def _record(
        self, tags: Mapping[str, str], source: str, verb: str, target: str, text: str,
        parts: tuple[Part, ...] = (),
    ) -> Record:  # fmt: skip
        ranks, status = self._ranks(target)
        msgid, at, mask, author = self._said(tags, source)
        theirs = relayed(tags, ())
        theirs = theirs if len(theirs) <= MOST_TAGS else b""
        return Record(msgid, at, verb, mask, UID(author), text, theirs, ranks, status, parts)

    def _ranks(self, target: str) -> tuple[int, str]:
        """Of the members that it is for; Nonsense if it is about another channel."""
        prefix, mark, rest = target.partition("#")
        if self.fold(mark + rest) != self._folded:
            raise Nonsense("it is about another channel")
        if prefix == "=":
            return at_least(OP), ""
        if prefix and prefix not in RANK_OF_PREFIX:
            raise Nonsense("it is to no ranks")
        return (at_least(RANK_OF_PREFIX[prefix]), prefix) if prefix else (0, "")

    @staticmethod
    def _said(tags: Mapping[str, str], source: str) -> tuple[str, float, bytes, str]:
        """Id, time, source and UID; Nonsense if one of them is none."""
        author = tags.get(AUTHOR, "")
        if is_uid(author) == ("!" not in source):
            raise Nonsense("nobody has said it")
        return *_happened(tags, source), author


class StoredReader(Reader):
    """Reads all that is stored, events too, of a channel, or of a `talk`.

    Unless who tells it `knows` accounts, nobody was logged in.
    """

    __slots__ = ("_knows", "_people")

    def __init__(
        self, name: str, fold: Callable[[str], str], talk: Place | None = None, *, knows: bool
    ) -> None:
        super().__init__(name if talk is None else TALK, fold)
        self._people: tuple[str | None, ...] = () if talk is None else talkers(talk)
        if talk is not None and talk.kind == "g":
            self._people += (None,)
        self._knows = knows

    @property
    def of_talk(self) -> bool:
        """Whether it is of a talk."""
        return bool(self._people)

    def take(self, text: str) -> Record | Event | Redaction | None:
        """One line; None if there is more to come.  Nonsense if it is none of what was asked for."""
        tags, source, verb, params = split(text) or ({}, "", "", [])
        if self._opening is None and verb in _WORDS:
            return self._event(tags, source, verb, params)
        opened = None if self._opening is None else self._opening[0]
        found = self.read(text)
        if found is None:
            return None
        person, flags = self._of(tags if opened is None else opened)
        if isinstance(found, Redaction):
            return found._replace(person=person, flags=flags)
        if self._people and (person not in self._people or found.ranks):
            raise Nonsense("it is of another talk")
        return found._replace(person=person, flags=flags)

    def _of(self, tags: Mapping[str, str]) -> tuple[str | None, int]:
        person = tags.get(PERSON)
        if person is not None and not is_key(person):
            raise Nonsense("there is no such account")
        flags = sum(flag for tag, flag in FLAGS.items() if tag in tags)
        return person if self._knows else None, flags

    def _ranks(self, target: str) -> tuple[int, str]:
        if not self._people:
            return super()._ranks(target)
        if target != TALK:
            raise Nonsense("it is of another talk")
        return 0, ""

    def _event(self, tags: Mapping[str, str], source: str, verb: str, params: list[str]) -> Event:
        if not params or self._people:
            raise Nonsense("it is no event of a channel")
        if self._ranks(params[0])[0] or byte_length(" ".join(params)) > MOST_EVENT:
            raise Nonsense("it is no event of the channel")
        msgid, at, mask = _happened(tags, source)
        person, flags = self._of(tags)
        words, last = tuple(params[1:-1]), params[-1] if params[1:] else ""
        least, most = _WORDS[verb]
        if not least <= len(words) <= most or (not params[1:] and verb != "PART"):
            raise Nonsense(f"it is no {verb}")
        if verb == "PART" and params[1:]:
            words = ("",)  # a reason was given
        return Event(msgid, at, verb, mask, last, words, person, flags)


def _happened(tags: Mapping[str, str], source: str) -> tuple[str, float, bytes]:
    """Id, time and source; Nonsense if one of them is none."""
    msgid, at = tags.get("msgid", ""), read_time(tags.get("time", ""))
    if not MSGID.fullmatch(msgid) or at is None:
        raise Nonsense("it has no id or no time")
    if not 0 < byte_length(source) <= MOST_SOURCE:
        raise Nonsense("nobody has said it")
    return msgid, at, source.encode("utf-8", "surrogateescape")
