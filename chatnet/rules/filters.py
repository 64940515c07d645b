"""Which filters fit what somebody says, and who is a stranger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from chatnet.model.entities import User
from chatnet.model.filters import EXPRESSION, GLOB, USER, Filter
from chatnet.rules.ready_patterns import Ready, ReadyPatterns
from chatnet.settings import FiltersSettings
from chatnet.wire.text import as_seen, sanitise, strip_formatting

MOST_TEXT: Final = 4096
"""Characters of a text that is looked at as a whole; each line of one that is longer is looked at anyway."""

_ACTION: Final = "\x01ACTION "


def is_stranger(user: User, settings: FiltersSettings, now: float) -> bool:
    """Whether somebody is a guest, or one who came lately; or has an account that was registered lately."""
    if user.account is not None:
        since = user.account_since
        return since is not None and now - since < settings.account_time
    return not settings.guest_time or now - user.signon < settings.guest_time


def as_read(text: str) -> str:
    """A text as people read it: without colours, signs that nobody sees, and what makes it an action."""
    if text.startswith(_ACTION):
        text = text[len(_ACTION) :].rstrip("\x01")
    if not (text.isascii() and text.isprintable()):
        front = "\x01" if text.startswith("\x01") else ""  # other CTCP: a pattern may say so
        text = front + as_seen(strip_formatting(sanitise(text)))
    return text[:MOST_TEXT]


def described(nick: str, user: User, realname: str, host: str) -> str:
    """``nick!user@host#real name``, as people read it."""
    return as_seen(strip_formatting(sanitise(f"{nick}!{user.username}@{host}#{realname}")))


class _Group:
    """Some filters, by their patterns, which are ready to be held against texts."""

    def __init__(
        self, filters: Sequence[Filter], ready_globs: ReadyPatterns, ready_expressions: ReadyPatterns
    ) -> None:
        self.looks = bool(filters)
        self._globs = {each.pattern: each for each in filters if each.kind == GLOB}
        self._expressions = {each.pattern: each for each in filters if each.kind == EXPRESSION}
        ready_globs.take(self._globs)
        ready_expressions.take(self._expressions)
        self._fitting_globs = ready_globs.fitting
        self._fitting_expressions = ready_expressions.fitting

    def fitting(self, text: str) -> list[Filter]:
        found: list[Filter] = []
        if self._globs:
            found += filter(None, map(self._globs.get, self._fitting_globs(text.lower())))
        if self._expressions:
            found += filter(None, map(self._expressions.get, self._fitting_expressions(text)))
        return found


class Matching:
    """Holds texts against `filters`; those that cannot be used here are in `useless`, with the reason.

    Of several of one pattern the last one counts.  `ready` is what was made ready for others before, which
    are held against nothing any more.
    """

    def __init__(
        self, filters: Iterable[Filter], settings: FiltersSettings, ready: Ready | None = None
    ) -> None:
        self.useless: dict[Filter, str] = {}
        self._usable: list[Filter] = []
        self._groups: dict[tuple[bool, bool], _Group] = {}
        self._ready = ready or Ready(settings.expression)
        wanted: dict[tuple[str, str], None] = {}
        room = settings.expressions
        for number, each in enumerate(filters):
            if number >= settings.most:  # not even looked at: somebody else may have set very many
                self.useless[each] = "is one too many (filters.most)"
                continue
            wanted[each.kind, each.pattern] = None
            why, size = self._ready.judge(each.kind, each.pattern)
            if why is None:
                room -= size
                if room < 0:
                    why = "has no room beside the others (filters.expressions)"
            if why is None:
                self._usable.append(each)
            else:
                self.useless[each] = why
        self._ready.forget_but(wanted)

    @property
    def usable(self) -> Sequence[Filter]:
        """Those that can be used."""
        return self._usable

    def looks(self, *, stranger: bool) -> bool:
        """Whether any looks at what somebody writes who is, or is not, a stranger."""
        return self._group(stranger, of_users=False).looks

    def of_text(self, text: str, where: str, *, stranger: bool) -> list[Filter]:
        """Those that fit a text which somebody, perhaps a stranger, writes there."""
        return [each for each in self._group(stranger, of_users=False).fitting(text) if where in each.where]

    def of_user(self, text: str, *, stranger: bool) -> list[Filter]:
        """Those that fit who somebody is."""
        return self._group(stranger, of_users=True).fitting(text)

    def _group(self, stranger: bool, *, of_users: bool) -> _Group:
        group = self._groups.get((stranger, of_users))
        if group is None:
            only = {USER} if of_users else None
            group = self._groups[stranger, of_users] = _Group(
                [
                    each
                    for each in self._usable
                    if (stranger or not each.strangers)
                    and (USER in each.where if only else bool(each.where - {USER}))
                ],
                self._ready.patterns(stranger, of_users, GLOB),
                self._ready.patterns(stranger, of_users, EXPRESSION),
            )
        return group
