"""What two servers compare before they tell each other what was said."""

from __future__ import annotations

from hashlib import blake2b

from chatnet.model.past import Page


def tally(page: Page, until: float) -> str:
    """How many messages are from before the Unix time `until`, and a sum of their ids (``2.9f86d081``).

    Two servers that have the same one need not tell each other.
    """
    ids = [record.msgid for record in page.records if record.at < until]
    ids += ["-" + gone.redacted for gone in page.redactions if gone.at < until]
    total = sum(int.from_bytes(blake2b(id_.encode(), digest_size=8).digest(), "big") for id_ in ids)
    return f"{len(ids)}.{total % 2**64:016x}"
