"""Which local sessions are in which channel, grouped by what they understand."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from chatnet.session.outlet import Outlet
from chatnet.session.session import Session

DEAF: Final = 1 << 40
"""Beside the capabilities in a group's key: its users hear no channel messages (user mode D)."""


class Group(dict[Outlet, list[bytes]]):
    """Outlets that get the very same bytes, each with its ``out``, which is where a message is appended.

    `marked` is the turn in which all of them were marked for the flush: in that turn more can be appended
    without looking again (but not during the flush, see ``Turn.serial``).
    """

    __slots__ = ("marked",)

    def __init__(self, outlets: Iterable[Outlet] = ()) -> None:
        super().__init__((outlet, outlet.out) for outlet in outlets)
        self.marked = -1


Groups = dict[int, Group]
"""Capabilities (and :data:`DEAF`) → the outlets of the sessions that have exactly these."""


def key_of(session: Session) -> int:
    """Which group `session` belongs to."""
    return session.caps | DEAF if "D" in session.user.modes else session.caps


def add(groups: Groups, session: Session) -> None:
    """Enter `session` into its group."""
    key = key_of(session)
    group = groups.get(key)
    if group is None:
        group = groups[key] = Group()
    group[session.outlet] = session.outlet.out
    group.marked = -1


def remove(groups: Groups, session: Session, key: int) -> None:
    """Take `session` out of the group of `key`."""
    group = groups[key]
    del group[session.outlet]
    if not group:
        del groups[key]


def merge(several: Iterable[Groups]) -> Groups:
    """Everybody of several channels, each once."""
    merged: Groups = {}
    for groups in several:
        for key, group in groups.items():
            merged.setdefault(key, Group()).update(group)
    return merged


def select(
    groups: Groups, *, having: int = 0, lacking: int = 0, but: Collection[Outlet] = frozenset()
) -> Groups:
    """Those of `groups` that have all bits of `having` and none of `lacking`, without some outlets."""
    return {
        key: Group(outlet for outlet in group if outlet not in but)
        for key, group in groups.items()
        if key & having == having and not key & lacking
    }
