"""The server's side of one talk by SCRAM-SHA-256.  https://www.rfc-editor.org/rfc/rfc5802#section-5

The library reads and compares; who it is is known after the first message, and so it reads that twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scramp import ScramException, ScramMechanism

from chatnet.services.credentials.scram import SCHEME, Form

MOST_FIRST: Final = 512
"""Bytes of the first message: a name and a nonce. All scripts' letters are looked up one by one in a name."""

_MECHANISM = ScramMechanism(SCHEME)
_NOBODY = Form(4096, bytes(16), bytes(32), bytes(32))


class Exchange:
    """Begins with the client's first message; ValueError for what is none.

    ``n,,`` and ``y,,`` may stand before it: no channel is bound, and nobody logs in for somebody else.
    """

    __slots__ = ("_first", "_server", "name")

    def __init__(self, first: bytes) -> None:
        names: list[str] = []

        def note(name: str) -> tuple[bytes, bytes, bytes, int]:
            names.append(name)
            return _keys(_NOBODY)

        if len(first) > MOST_FIRST:
            raise ValueError("it is no first message of SCRAM")
        self._first = _text(first)
        self._server: Any = None
        self._begin(note)
        self.name = names[0]
        """Who wants to log in."""

    def _begin(self, keys: Callable[[str], tuple[bytes, bytes, bytes, int]]) -> Any:
        server = _MECHANISM.make_server(keys)
        try:
            server.set_client_first(self._first)
        except ScramException as error:
            raise ValueError("it is no first message of SCRAM") from error
        return server

    def challenge(self, form: Form) -> bytes:
        """The server's first message: ``r=<nonce>,s=<salt>,i=<iterations>``."""
        self._server = self._begin(lambda name: _keys(form))
        return str(self._server.get_server_first()).encode()

    def prove(self, final: bytes) -> bytes | None:
        """The server's last message, ``v=<signature>``; None if the proof in the client's is not right."""
        try:
            self._server.set_client_final(_text(final))
        except (ScramException, ValueError):
            return None
        return str(self._server.get_server_final()).encode()


def _keys(form: Form) -> tuple[bytes, bytes, bytes, int]:
    return form.salt, form.stored_key, form.server_key, form.iterations


def _text(message: bytes) -> str:
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
