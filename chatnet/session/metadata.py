"""How clients are told what people and channels say of themselves, in the words of one draft or the other.

Both are https://ircv3.net/specs/extensions/metadata: ``draft/metadata-2`` as it stands there, and
``draft/metadata-3`` as https://github.com/ircv3/ircv3-specifications/pull/613 has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.session.batches import inside
from chatnet.session.packing import pack
from chatnet.session.render import encode
from chatnet.session.session import Session
from chatnet.wire import capabilities as cap
from chatnet.wire.numerics import ERR_METADATASYNCLATER, RPL_KEYNOTSET, RPL_KEYVALUE, Numeric

EITHER: Final = cap.METADATA_2 | cap.METADATA_3
PARAMS: Final = 12
"""Keys in one numeric: old clients read 15 parameters of a line at most."""
ALL: Final = "*ALL"
"""The target of all that a client is told of.  Only -3 knows it."""


def aware(session: Session) -> bool:
    """Whether it is told of changes: "A *metadata-aware client* is a client who has negotiated both the
    `draft/metadata-3` capability and the `batch` capability"."""
    return bool(session.caps & EITHER and session.caps & cap.BATCH)


def older(session: Session) -> bool:
    """Whether it reads the words of ``draft/metadata-2``."""
    return bool(session.caps & cap.METADATA_2)


def tell_change(session: Session, target: str, key: str, value: str | None) -> None:
    """What a key is now: 761 or 766, or to the older ones ``METADATA target key * :value``."""
    if not older(session):
        answer(session, target, key, value)
        return
    head = f":{session.sessions.server_name} METADATA {target} {key} *"
    session.send(encode(head if value is None else f"{head} :{value}"))


def answer(session: Session, target: str, key: str, value: str | None) -> None:
    """What a key is, to who asked: 761, or 766."""
    if value is None:
        session.numeric(RPL_KEYNOTSET, target, key)
    else:
        session.numeric(RPL_KEYVALUE, target, key, value)


def tell_keys(session: Session, numeric: Numeric, keys: Iterable[str]) -> int:
    """Keys in as many numerics as it takes; so many."""
    several, lines = list(keys), 0
    for begin in range(0, len(several), PARAMS):
        for text in pack(session, numeric, several[begin : begin + PARAMS], " "):
            session.numeric(numeric, text)
            lines += 1
    return lines


def postpone(session: Session, target: str) -> None:
    """774: the client is to ask for it later."""
    session.numeric(ERR_METADATASYNCLATER, target, session.sessions.node.settings.metadata.sync_wait)


class Batch:
    """A batch that is open: what is said within :meth:`said` is in it; without the capability there is none.

    ``BATCH +<reference> metadata <target>`` or ``BATCH +<reference> metadata-subs``
    """

    __slots__ = ("_reference", "_session")

    def __init__(self, session: Session, kind: str, *params: str) -> None:
        self._session = session
        self._reference: bytes | None = None
        if session.caps & cap.BATCH:
            self._reference = session.sessions.references.take()
            self._say("+", kind, *params)

    def _say(self, sign: str, *words: str) -> None:
        assert self._reference is not None
        text = " ".join([f"{sign}{self._reference.decode()}", *words])
        self._session.send(encode(f":{self._session.sessions.server_name} BATCH {text}"))

    def __enter__(self) -> Batch:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._reference is not None:
            self._say("-")

    def take_in(self, lines: int = 1) -> None:
        """The last lines that were said are in it."""
        out = self._session.outlet.out
        if self._reference is not None and not self._session.closed:
            for index in range(len(out) - lines, len(out)):
                out[index] = inside(out[index], self._reference)

    def answer(self, target: str, key: str, value: str | None) -> None:
        """761 or 766 in it."""
        answer(self._session, target, key, value)
        self.take_in()

    def tell(self, target: str, key: str, value: str) -> None:
        """The same as those who are told of a change read it."""
        tell_change(self._session, target, key, value)
        self.take_in()
