"""Which local sessions are in which channel, grouped by what they understand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.session.outlet import Outlet
from chatnet.session.session import Session

DEAF: Final = 1 << 40
"""Beside the capabilities in a group's key: its users hear no channel messages (user mode D)."""

Groups = dict[int, dict[Outlet, Session]]
"""Capabilities (and :data:`DEAF`) → the outlets of the sessions that have exactly these."""


def key_of(session: Session) -> int:
    """Which group `session` belongs to."""
    return session.caps | DEAF if "D" in session.user.modes else session.caps


def add(groups: Groups, session: Session) -> None:
    """Enter `session` into its group."""
    key = key_of(session)
    group = groups.get(key)
    if group is None:
        group = groups[key] = {}
    group[session.outlet] = session


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
            if key in merged:
                merged[key].update(group)
            else:
                merged[key] = dict(group)
    return merged
