"""A message of several lines that a client is sending, until its last line has come.

https://ircv3.net/specs/extensions/multiline and …/client-batch
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from chatnet.node import Node
from chatnet.session.labels import Labelled
from chatnet.wire.multiline import CONCAT, Part
from chatnet.wire.text import byte_length, middle

REFERENCE: Final = 64
"""Bytes that the reference tag of a client's batch may have."""

INVALID: Final = "MULTILINE_INVALID"

_ANYTIME: Final = frozenset({"PING", "PONG", "QUIT", "BATCH"})
"""Signs of life, and what ends the batch: of these only a BATCH may concern it, and that one looks itself."""


class Multiline:
    """The batch `reference` for `target`, as far as it has come; :attr:`Session.multiline` while it is open.

    `tags` are the client-only tags to relay, and `labelled` the labelled command that opened it, which has
    its answer when all is over.  What goes wrong is told once, by ``refuse(labelled, "BATCH", code, …)``;
    from then on the batch is `failed`, and what still comes of it is ignored until it is closed.
    """

    __slots__ = (
        "_bytes",
        "_node",
        "_refuse",
        "command",
        "failed",
        "heard",
        "labelled",
        "parts",
        "reference",
        "tags",
        "target",
    )

    def __init__(
        self,
        node: Node,
        refuse: Callable[..., object],
        reference: str,
        target: str,
        tags: bytes,
        labelled: Labelled | None,
    ) -> None:
        self._node = node
        self._refuse = refuse
        self._bytes = 0
        self.reference = reference
        self.target = target
        self.tags = tags
        self.labelled = labelled
        self.command = ""  # of all its lines: PRIVMSG or NOTICE
        self.parts: list[Part] = []
        self.failed = False
        self.heard = node.clock.monotonic()

    def takes(self, command: str, params: list[str], tags: Mapping[str, str]) -> bool:
        """Take a line of this batch; False if it is a command of its own.

        “Once a client has opened a batch, it MUST NOT send any messages that are not part of the batch, until
        it is closed”: the batch fails of such a command, which is done nevertheless.
        """
        reference = tags.get("batch")
        if self.failed:
            return reference == self.reference and command != "BATCH"
        if command in _ANYTIME:
            return False
        if reference is None:
            self.fail(INVALID, f"{middle(command[:32])} came in the midst of the batch")
            return False
        if reference != self.reference or command not in ("PRIVMSG", "NOTICE"):
            self.fail(INVALID, "Invalid multiline batch")
        else:
            self._add(command, params, CONCAT in tags)
        return True

    def _add(self, command: str, params: list[str], joined: bool) -> None:
        """The line's target, its command and the limits are looked at now, the target itself at the end."""
        node = self._node
        limits, fold = node.settings.limits, node.network.fold
        self.heard = node.clock.monotonic()
        if len(params) != 2 or (self.command and command != self.command):
            return self.fail(INVALID, "Invalid multiline batch")
        target, text = params
        if fold(target) != fold(self.target):
            code = "MULTILINE_INVALID_TARGET"
            return self.fail(code, "Invalid multiline target", middle(self.target), middle(target))
        if joined and not text:
            return self.fail(INVALID, "Invalid multiline batch with concatenated blank line")
        # What the first line would go on with is missing: it begins the text like any other.
        joined = joined and bool(self.parts)
        self._bytes += byte_length(text) + (bool(self.parts) and not joined)
        if self._bytes > limits.multiline_bytes:
            most = str(limits.multiline_bytes)
            return self.fail("MULTILINE_MAX_BYTES", "Multiline batch max-bytes exceeded", most)
        if len(self.parts) >= limits.multiline_lines:
            most = str(limits.multiline_lines)
            return self.fail("MULTILINE_MAX_LINES", "Multiline batch max-lines exceeded", most)
        self.command = command
        return self.parts.append(Part(text, joined))

    def fail(self, code: str, description: str, *context: str) -> None:
        """``FAIL BATCH code …``, unless it failed before; nothing of it is kept."""
        if self.failed:
            return
        self.failed = True
        self.parts.clear()
        self._refuse(self.labelled, "BATCH", code, description, *context)

    def expire(self, now: float) -> None:
        """Fail if the client has left it open for too long.

        “`TIMEOUT <reference-tag>`: the batch was left open for too long, all past and future messages in this
        batch will be ignored.”  https://ircv3.net/specs/extensions/client-batch
        """
        if now - self.heard >= self._node.settings.limits.batch_timeout:
            self.fail("TIMEOUT", "The batch was left open for too long", self.reference)
