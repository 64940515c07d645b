"""Servers that part and meet, as clients read of them: many lines at a time, in one batch.

https://ircv3.net/specs/batches/netsplit  All lines of a text share the format of `key`; who has the
capability ``batch`` gets them in the batch of `reference`, everybody else as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatnet.model.entities import Channel, User
from chatnet.model.facts import ModeChange, Source
from chatnet.model.modes import rank_letters
from chatnet.session import render
from chatnet.session.batches import inside, tagged
from chatnet.wire import capabilities as cap


def names(near: str, far: str, ending: str, *, hidden: bool) -> tuple[bytes, bytes]:
    """The two parameters of the batch: "the names of the servers that are splitting or joining, or *.net
    *.split and *.net *.join if the server has chosen to hide links"; `ending` is ``split`` or ``join``.
    """
    return (b"*.net", b"*." + ending.encode()) if hidden else (near.encode(), far.encode())


def quits(users: Iterable[User], reason: bytes, at: float, key: int, reference: bytes) -> list[bytes]:
    """``:nick!user@host QUIT :near far``, a line for each.

    Most have no tags of their own, and their lines are made of what is the same for all of them.
    """
    tag = b"batch=" + reference if key & cap.BATCH else b""

    def alone(user: User) -> bytes:
        text = render.quit_line(user, reason, at, key)
        return tagged(text, tag) if tag else text

    front = render.tags(at, key, None, b"")
    front = (tagged(front, tag) if tag else front) + b":"
    back = b" QUIT :%b\r\n" % reason
    longest = render.LINE - len(b": QUIT :%b" % reason)
    return [
        alone(user) if user.tagged & key or len(user.source) > longest else front + user.source + back
        for user in users
    ]


def joins(
    channel: Channel, members: Sequence[tuple[User, int]], by: Source, at: float, key: int, most: int,
    reference: bytes, msgid: str = "",
) -> bytes:  # fmt: skip
    """``:nick!user@host JOIN #channel`` for each, who is away for those who want to know, and their ranks.

    The ranks stand in MODE lines by the server `by`, with at most `most` of them in one.  A JOIN of one's own
    will has an id meanwhile, too.
    """
    lines = [render.joined(user, channel, at, key, msgid) for user, _ in members]
    if key & cap.AWAY_NOTIFY:
        lines += [render.away_changed(user, at, key) for user, _ in members if user.away is not None]
    changes = tuple(
        ModeChange(True, letter, None, user) for user, ranks in members for letter in rank_letters(ranks)
    )
    if changes:
        bodies = render.mode_lines(by.source, channel.source, changes, most)
        lines += [render.line(body, at, key) for body in bodies]
    text = b"".join(lines)
    return inside(text, reference) if key & cap.BATCH else text
