"""Labels: a client marks a command, and the answer to it bears the same mark, once.

https://ircv3.net/specs/extensions/labeled-response

While a labelled command is executed, :attr:`Session.labelled` is its :class:`Labelled`, which remembers where
in the outlet's ``out`` the answer began.  All that is appended until the end of the command is its answer: so
nobody who says something needs to know of labels, and a command without one costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping
from types import coroutine
from typing import Any, Final

from chatnet.node import Node
from chatnet.session.batches import References, closing, inside, is_whole, opening, tagged
from chatnet.session.outlet import Outlet
from chatnet.session.render import encode, line
from chatnet.wire.capabilities import BATCH, LABELED_RESPONSE
from chatnet.wire.message import escape_tag_value, parse_tags

LABEL: Final = 64
"""Bytes that a label may have, as it goes over the wire; the specification's."""

_NEEDED: Final = BATCH | LABELED_RESPONSE


def wanted(caps: int, tags: Mapping[str, str]) -> bytes | None:
    """The tag ``label=…`` that the answer to a command with these tags bears, as it goes over the wire.

    None without a label, if the client did not ask for labels *and* batches, or if the label is empty or too
    long: such a command is answered as one without.
    """
    label = tags.get("label", "")
    if label and caps & _NEEDED == _NEEDED and len(value := encode(escape_tag_value(label))) <= LABEL:
        return b"label=" + value
    return None


def wanted_by_refused(caps: int, raw: bytes, most: int) -> bytes | None:
    """The same for a line that is refused as it is, without being parsed: too long, or not UTF-8.

    Its label is honoured if its tags are UTF-8 and have at most `most` bytes.  Of a line that is too long for
    the buffer nothing is known any more, so the answer to it has no label.
    """
    head = raw.partition(b" ")[0]
    if head[:1] != b"@" or len(head) - 1 > most:
        return None
    try:
        return wanted(caps, parse_tags(head[1:].decode()))
    except UnicodeDecodeError:
        return None


class Labelled:
    """A labelled command that is being executed; `tag` is its label as it goes over the wire.

    The answer gets the label when it is complete.  One that takes long is a batch that was opened before.
    `caps` are the client's, who may change them before it has the whole answer.  Who has an answer end lets
    go of it as well: it knows no session.
    """

    __slots__ = ("_node", "_outlet", "_reference", "_references", "_start", "caps", "paused", "tag")

    def __init__(self, node: Node, references: References, outlet: Outlet, caps: int, tag: bytes) -> None:
        self._node = node
        self._references = references
        self._outlet = outlet
        self.caps = caps
        self.tag = tag
        self.paused = False  # True: the command waits for something, and what is said now is not its answer
        self._start = len(outlet.out)
        self._reference: bytes | None = None

    def leave_out(self) -> None:
        """What was said last is no answer: a message that one sent to oneself and now gets from oneself.

        https://ircv3.net/specs/extensions/labeled-response (“When a client sends a message to itself, the
        server MUST NOT include the label tag”)
        """
        out = self._outlet.out
        out.insert(self._start, out.pop())
        self._start += 1

    def hand_over(self) -> None:
        """Flush what was said so far, in a batch that stays open."""
        self._seal()
        self._outlet.flush()
        self._start = len(self._outlet.out)

    def _seal(self) -> None:
        said = self._said()
        if said:
            self._replace([*self._opened(), *self._inside(said)])

    def end(self) -> None:
        """Complete the answer: a line with the label, a batch, or ACK if there was none."""
        if self.paused:
            self.resume()
        said = self._said()
        source, at, caps = self._node.network.me.source, self._node.clock.time(), self.caps
        begun = self._reference
        if begun is not None:
            said = [*self._inside(said), closing(source, begun, at, caps)]
        elif not said:
            said = [tagged(line(b":%b ACK" % source, at, caps), self.tag)]
        elif len(said) == 1 or is_whole(said):
            said[0] = tagged(said[0], self.tag)
        else:
            opened = self._opened()
            assert self._reference is not None
            said = [*opened, *self._inside(said), closing(source, self._reference, at, caps)]
        self._replace(said)

    def pause(self) -> None:
        """The command waits; others may speak meanwhile."""
        self._seal()
        self.paused = True

    def resume(self) -> None:
        """What is said from now on is the answer again."""
        self.paused = False
        self._start = len(self._outlet.out)

    @coroutine
    def in_steps(self, waiting: Awaitable[None]) -> Generator[Any, Any, None]:
        """Await `waiting`, whose every step says a part of the answer."""
        steps = waiting.__await__()
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                wish = steps.send(value) if error is None else steps.throw(error)
            except StopIteration:
                return
            self.pause()
            value = error = None
            try:
                value = yield wish
            except Exception as thrown:
                error = thrown
            self.resume()

    def _said(self) -> list[bytes]:
        """The lines of the answer that have not been handed out; what is queued may be several lines each."""
        return b"".join(self._outlet.out[self._start :]).splitlines(True)

    def _opened(self) -> list[bytes]:
        """The line that opens the batch of this answer, unless it was opened before."""
        if self._reference is not None:
            return []
        self._reference = reference = self._references.take()
        source, at = self._node.network.me.source, self._node.clock.time()
        body = opening(source, reference, b"labeled-response", at=at, key=self.caps)
        return [tagged(body, self.tag)]

    def _inside(self, said: list[bytes]) -> list[bytes]:
        assert self._reference is not None
        return [inside(text, self._reference) for text in said]

    def _replace(self, lines: list[bytes]) -> None:
        """Put finished lines in the place of those of the answer; the list stays the same one."""
        outlet = self._outlet
        if not outlet.out:
            outlet.turn.mark(outlet)
        outlet.out[self._start :] = lines
        self._start = len(outlet.out)


class Question:
    """A command that another server answers, `labelled` or not; `wanted` if the client itself said PING."""

    __slots__ = ("labelled", "wanted")

    def __init__(self, labelled: Labelled | None, wanted: bool) -> None:
        self.labelled = labelled
        self.wanted = wanted
