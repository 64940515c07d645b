"""Chunks of Base64 as SASL sends them.  https://ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command"""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.wire.sasl import CHUNK, is_data


@given(st.binary(min_size=1, max_size=300))
def test_all_base64_that_fits_is_data(secret: bytes) -> None:
    assert is_data(b64encode(secret).decode())


@pytest.mark.parametrize("text", ["", "*", "a b", "=\n", "-_", "ä", "A" * (CHUNK + 1)])
def test_what_is_no_data(text: str) -> None:
    assert not is_data(text)


def test_nothing_is_a_sign() -> None:
    assert is_data("+")
