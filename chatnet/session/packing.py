"""Lists that may not fit into one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatnet.session.render import LINE, encode
from chatnet.session.session import Session
from chatnet.wire.numerics import Numeric
from chatnet.wire.text import byte_length


def pack(
    session: Session, numeric: Numeric, items: Iterable[str], separator: str, *args: object
) -> Iterator[str]:
    """The items joined, as many in each text as fit into one reply of `numeric` to `session`; none if none.

    A text is what comes after `args` in the numeric's form.
    """
    frame = f":{session.sessions.server_name} {numeric.code} {session.user.nick} {numeric.form % (*args, '')}"
    return fill(items, separator, LINE - len(encode(frame)))


def fill(items: Iterable[str], separator: str, room: int) -> Iterator[str]:
    """The items joined, as many in each text as `room` bytes hold, but at least one; none if none."""
    text = ""
    size = 0
    for item in items:
        length = byte_length(item) + 1
        if text and size + length > room:
            yield text
            text = ""
        text, size = (f"{text}{separator}{item}", size + length) if text else (item, length - 1)
    if text:
        yield text


def reply_packed(
    session: Session, numeric: Numeric, items: Iterable[str], separator: str, *args: object
) -> None:
    """Send the items in as many replies of `numeric` as it takes."""
    for text in pack(session, numeric, items, separator, *args):
        session.numeric(numeric, *args, text)
