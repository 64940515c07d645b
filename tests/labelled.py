"""What a client makes of labels and batches: each answer by its label, and what is no answer."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.wire.message import Message, parse

LABELS = "batch labeled-response"
"""The capabilities that labels need."""


class Answers:
    """The lines of one client, sorted.  Whatever breaks a rule of the specifications is an AssertionError.

    `by_label` has the messages of each answer, without the BATCH lines around it; `others` are all messages
    that are in no answer.  https://ircv3.net/specs/extensions/batch and …/labeled-response
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.by_label: dict[str, list[Message]] = {}
        self.others: list[Message] = []
        self._open: dict[str, tuple[str, list[Message]]] = {}  # reference → (outer reference, its messages)
        self._closed: set[str] = set()
        for text in lines:
            message = parse(text)
            assert message is not None, text
            self._take(message)
        assert not self._open, f"batches that were not ended: {self._open}"

    def _take(self, message: Message) -> None:
        outer = message.tags.get("batch", "")
        assert not outer or outer in self._open, f"not in an open batch: {message}"
        label = message.tags.get("label")
        if label is not None:
            assert label, message
            assert not outer, f"a label within a batch: {message}"
            assert label not in self.by_label, f"{label} is answered twice: {message}"
            self.by_label[label] = []
        if message.command == "BATCH":
            self._batch(message, outer, label)
        elif label is not None:
            self.by_label[label].append(message)
        else:
            self._within(outer).append(message)

    def _batch(self, message: Message, outer: str, label: str | None) -> None:
        sign, reference = message.params[0][:1], message.params[0][1:]
        assert reference.isascii() and reference.replace("-", "").isalnum(), message
        if sign == "+":
            assert reference not in self._open and reference not in self._closed, message
            inner = self.by_label[label] if label is not None else self._within(outer)
            self._open[reference] = (outer, inner)
        else:
            assert sign == "-" and label is None and len(message.params) == 1, message
            begun_in, _ = self._open.pop(reference)
            assert begun_in == outer, f"begun in {begun_in}: {message}"
            self._closed.add(reference)

    def _within(self, reference: str) -> list[Message]:
        return self._open[reference][1] if reference else self.others
