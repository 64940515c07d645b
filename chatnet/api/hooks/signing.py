"""Signatures of what is sent to hooks, as Standard Webhooks has them: whoever gets it can tell who sent it.

    webhook-id          the same for each try
    webhook-timestamp   Unix time, seconds
    webhook-signature   v1,<Base64 of HMAC-SHA256 of "id.timestamp.body">, one for each key, a space between

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from secrets import token_bytes
from typing import Final

PREFIX: Final = "whsec_"
"""What a key begins with, as people see it."""
SIZE: Final = 32
"""Bytes of a key: "between 24 bytes (192 bits) and 64 bytes (512 bits)"."""


def new_key() -> str:
    """A key that nobody has had, as people see it."""
    return PREFIX + b64encode(token_bytes(SIZE)).decode()


def is_key(text: str) -> bool:
    """Whether it is a key, as people see it."""
    try:
        return text.startswith(PREFIX) and 24 <= len(_bytes(text)) <= 64
    except ValueError:  # no base64, or not even ASCII
        return False


def _bytes(key: str) -> bytes:
    return b64decode(key.removeprefix(PREFIX), validate=True)


def headers(keys: Iterable[str], event: str, at: int, body: bytes) -> dict[str, str]:
    """What a request bears that is made at a Unix time, signed with each of some keys."""
    signed = b"%b.%d.%b" % (event.encode(), at, body)
    signatures = [b64encode(hmac.digest(_bytes(key), signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": event,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
