"""Signatures of what hooks tell: as Standard Webhooks has them, by its own library."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chatnet.api.hooks.signing import headers, is_key, new_key


def now() -> int:
    return int(datetime.now(UTC).timestamp())


def test_others_believe_what_is_signed_and_nothing_else() -> None:
    key, body = new_key(), '{"type":"message","data":{"text":"grün"}}'.encode()
    signed = headers([key], "msg_1", now(), body)
    assert Webhook(key).verify(body, signed) == {"type": "message", "data": {"text": "grün"}}
    for changed, given in (
        (body + b" ", signed),
        (body, {**signed, "webhook-id": "msg_2"}),
        (body, {**signed, "webhook-timestamp": str(now() + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(changed, given)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_key()).verify(body, signed)


def test_the_library_signs_the_same() -> None:
    key, body, at = new_key(), '{"a":1}', datetime.fromtimestamp(now(), UTC)
    assert (
        Webhook(key).sign("msg_1", at, body)
        == headers([key], "msg_1", int(at.timestamp()), body.encode())["webhook-signature"]
    )


def test_while_a_key_is_changed_both_are_believed() -> None:
    old, new, body = new_key(), new_key(), b"{}"
    signed = headers([new, old], "msg_1", now(), body)
    assert signed["webhook-signature"].count("v1,") == 2
    for key in (old, new):
        assert Webhook(key).verify(body, signed) == {}


def test_keys_are_of_their_form() -> None:
    assert is_key(new_key()) and new_key() != new_key()
    for text in ("", "whsec_", "whsec_AAAA", "whsec_?", "whsec_\u00e9", new_key()[6:], "whsec_" + "A" * 100):
        assert not is_key(text)
