"""What a session hears, put together again: lines, and batches as one thing each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chatnet.wire.message import split

LABELLED: Final = "labeled-response"
"""The type of the batch that a long answer is.  https://ircv3.net/specs/extensions/labeled-response"""
MOST_OPEN: Final = 1000
"""Batches that are open; no server has so many."""


class Heard:
    """A line; or a batch, whose `command` is BATCH, with its type and parameters, and all in it."""

    __slots__ = ("command", "inner", "params", "source", "tags")

    def __init__(
        self,
        tags: Mapping[str, str],
        source: str,
        command: str,
        params: Sequence[str],
        inner: list[Heard] | None = None,
    ) -> None:
        self.tags = tags
        self.source = source
        self.command = command
        self.params = params
        self.inner = inner

    @property
    def kind(self) -> str:
        """The type of a batch; empty for a line."""
        return self.params[0] if self.inner is not None and self.params else ""

    @property
    def words(self) -> str:
        """The last parameter, which is what people read."""
        return self.params[-1] if self.params else ""


class Reader:
    """Takes bytes, and gives what is whole to `tell`: lines at once, a batch at its end."""

    def __init__(self, tell: Callable[[Heard], object]) -> None:
        self._tell = tell
        self._open: dict[str, tuple[Heard, bool]] = {}

    def feed(self, data: bytes, everything: bool) -> None:
        """Whole lines.  Unless `everything` is wanted, only answers to what was asked, and PING, are read."""
        for raw in data.split(b"\r\n"):
            if not raw or not (everything or self._counts(raw)):
                continue
            parts = split(raw.decode("utf-8", "replace"))
            if parts is not None:
                self._take(Heard(*parts))

    def _counts(self, raw: bytes) -> bool:
        """Whether a line may be an answer; of some others that is not seen at a glance."""
        if b"label=" in raw or b"PING " in raw:
            return True
        return bool(self._open) and (b"batch=" in raw or b"BATCH " in raw)

    def _take(self, heard: Heard) -> None:
        around = self._open.get(heard.tags.get("batch", ""))
        if heard.command == "BATCH" and heard.params:
            reference = heard.params[0]
            if reference[:1] == "-":
                ended = self._open.pop(reference[1:], None)
                if ended is not None and ended[1]:
                    self._tell(ended[0])
                return
            heard = Heard(heard.tags, heard.source, "BATCH", heard.params[1:], [])
            if len(self._open) < MOST_OPEN:
                self._open[reference[1:]] = heard, around is None
            if around is not None:
                _into(around[0], heard)
        elif around is not None:
            _into(around[0], heard)
        else:
            self._tell(heard)


def _into(around: Heard, heard: Heard) -> None:
    assert around.inner is not None
    around.inner.append(heard)


def lines_of(heard: Heard) -> Sequence[Heard]:
    """What a labelled answer consists of: nothing (ACK), a line or a batch, or all that is in its batch."""
    if heard.command == "ACK":
        return ()
    if heard.kind == LABELLED:
        assert heard.inner is not None
        return heard.inner
    return (heard,)
