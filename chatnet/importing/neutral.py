"""Accounts and channels as they were at another program, whichever it is.

Times are Unix seconds.  `key` is what the other program tells one from all others by.  Names are as they were
written; nothing is folded, and nothing was judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Complaint(NamedTuple):
    """What of a file cannot be used: in which line (0: none in particular), and why."""

    line: int
    reason: str


class Password(NamedTuple):
    """What was kept of a password: a `verifier` as records have it, or the password itself, in `plain`.

    `weak`: whoever had the file has the password soon.
    """

    verifier: str = ""
    plain: str = ""
    weak: bool = False

    def __repr__(self) -> str:
        return "<Password>"


class Suspension(NamedTuple):
    """`until` when (0: for ever), and who said so, with what reason."""

    until: int
    by: str
    reason: str


@dataclass(slots=True)
class ForeignAccount:
    """An account; `nicks` are its further nicks, each with since when it has it (0: as long as there is
    the account).

    `pending`: its owner has not shown yet that the e-mail address is theirs.
    """

    key: str
    name: str
    registered: int
    line: int = 0
    password: Password | None = None
    email: str = ""
    pending: bool = False
    nicks: dict[str, int] = field(default_factory=dict)
    certificates: list[str] = field(default_factory=list)
    vhost: str = ""
    seen: int = 0
    suspended: Suspension | None = None
    settings: dict[str, str] = field(default_factory=dict)
    mark: tuple[str, str] | None = None
    """By whom, and what."""


class Target(NamedTuple):
    """Whom an entry of a list means: the account of a `key`, or else whoever fits a `mask`."""

    key: str = ""
    mask: str = ""


class Entry(NamedTuple):
    """What `target` may do, by letters of access; since when, and by whom."""

    target: Target
    letters: str
    at: int
    by: str
    line: int = 0


class Kept(NamedTuple):
    """Who is kept out until when (0: for ever)."""

    target: Target
    until: int
    by: str
    reason: str
    line: int = 0


class ListEntry(NamedTuple):
    """An entry of the lists b, e and I."""

    letter: str
    mask: str
    by: str
    at: int


class Topic(NamedTuple):
    """What was said, by whom and when."""

    text: str
    by: str
    at: int


@dataclass(slots=True)
class ForeignChannel:
    """A registered channel; `founder` and `successor` are keys of accounts; it was `used` last then.

    `modes` are those that it had, by letter, with their parameters or "".  `mlock` is as SET MLOCK says it.
    """

    key: str
    name: str
    registered: int
    line: int = 0
    ts: int = 0
    used: int = 0
    founder: str = ""
    successor: str = ""
    access: list[Entry] = field(default_factory=list)
    akicks: list[Kept] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    topic: Topic | None = None
    modes: dict[str, str] = field(default_factory=dict)
    lists: list[ListEntry] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    suspended: Suspension | None = None


@dataclass(slots=True)
class Found:
    """All that is in a file; `notes` tell what is not as it was, though nothing is wrong."""

    source: str
    accounts: dict[str, ForeignAccount] = field(default_factory=dict)
    channels: dict[str, ForeignChannel] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def complain(self, line: int, reason: str) -> None:
        """Say what cannot be used."""
        self.complaints.append(Complaint(line, reason))


class Unreadable(Exception):
    """The file is none of those that can be read; the text is one sentence for the operator."""
