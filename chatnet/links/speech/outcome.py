"""What becomes of a line that is not simply done."""

from __future__ import annotations


class Ignored(Exception):
    """The line means nothing here, without anybody being at fault: its user was killed meanwhile, say.

    The text is what the line was, if not simply its verb.
    """


class Violation(Exception):
    """The neighbour broke the protocol or its limits; the text says how, and the link is closed for it."""
