"""One end of TLS over memory buffers: text goes in and records come out, and the other way round.

:class:`Tunnel` does so by what pyOpenSSL offers to everybody.  Of the time that takes two thirds are spent
around OpenSSL: a new buffer for each call, an exception whenever there is nothing more to read.
:class:`ThinTunnel` calls the same functions of the same binding, which pyOpenSSL has from cryptography, with
one buffer that is kept; both say the same bytes and fail alike.  What is no part of anybody's interface may
go, so :func:`tunnel_over` looks whether it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from OpenSSL import SSL
from twisted.internet.interfaces import IReactorTime

RECORD: Final = 16384
"""Bytes of plain text in the largest record."""

OVERHEAD: Final = 96
"""Bytes by which a record is longer than its text, at most."""

ROOM: Final = 65536
"""Bytes of the buffer that all thin tunnels share."""

GROWN: Final = 1024
"""Bytes at once after which OpenSSL's buffers of a connection are larger than is worth keeping."""

SPELL: Final = 0.25
"""Seconds for which they are kept nevertheless: who is told much is told more."""

TOGETHER: Final = 500
"""Connections whose buffers are given back in one turn."""


class Tunnel:
    """Our end of one connection, by the public functions of pyOpenSSL.

    All methods but :meth:`take` and :meth:`renew` may raise SSL.Error, after which there is no going on.
    """

    __slots__ = ("connection",)

    def __init__(self, connection: SSL.Connection) -> None:
        self.connection = connection

    def handshake(self, data: bytes) -> bool:
        """Go on with the handshake, by what the peer sent; whether it is done."""
        if data:
            self.connection.bio_write(data)
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def terms(self) -> str:
        """What the handshake led to: the version of TLS, and OpenSSL's name of the cipher."""
        connection = self.connection
        return f"{connection.get_protocol_version_name()}, {connection.get_cipher_name()}"

    def seal(self, text: bytes) -> bytes:
        """The records that say `text`, behind all that waits to be sent."""
        connection = self.connection
        size = len(text)
        if size <= RECORD:
            connection.send(text)
        else:
            connection.sendall(text)
        limit = size + OVERHEAD * (2 + size // RECORD)
        records = connection.bio_read(limit)
        return records if len(records) < limit else records + self.pending()

    def take(self, data: bytes) -> None:
        """The peer sent `data`, which is not empty."""
        self.connection.bio_write(data)

    def read(self) -> bytes | None:
        """The text of the next record, or of a part of it; None if more has to come first.

        Raises SSL.ZeroReturnError when the peer has said goodbye.
        """
        try:
            return self.connection.recv(RECORD)
        except SSL.WantReadError:
            return None

    def may_have_more(self) -> bool:
        """Whether :meth:`read` may still find something in what was taken."""
        return True

    def farewell(self) -> bytes:
        """The last records of all."""
        try:
            self.connection.shutdown()
        except SSL.Error:
            pass  # nothing can be said after an error; the alert has gone
        return self.pending()

    def pending(self) -> bytes:
        """What OpenSSL has to say of itself: the handshake, alerts, new keys."""
        parts = []
        try:
            while True:
                parts.append(self.connection.bio_read(RECORD))
        except SSL.WantReadError:
            return b"".join(parts)

    def renew(self) -> None:
        """Give back what OpenSSL's buffers took, if they are empty."""


class Grown:
    """Tunnels whose buffers grew, which are small again a moment later."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._tunnels: list[Tunnel] = []

    def note(self, tunnel: Tunnel) -> None:
        """The buffers of `tunnel` grew."""
        if not self._tunnels:
            self._clock.callLater(SPELL, self._renew)
        self._tunnels.append(tunnel)

    def _renew(self) -> None:
        tunnels, self._tunnels = self._tunnels[:TOGETHER], self._tunnels[TOGETHER:]
        if self._tunnels:
            self._clock.callLater(0, self._renew)
        for tunnel in tunnels:
            tunnel.renew()


_write: Callable[[Any, Any, int], int]
_read: Callable[[Any, Any, int], int]
_bio_write: Callable[[Any, Any, int], int]
_bio_read: Callable[[Any, Any, int], int]
_waiting: Callable[[Any, Any], int]
_error_of: Callable[[Any, int], int]
_shake: Callable[[Any], int]
_version_of: Callable[[Any], int]
_cipher_of: Callable[[Any], Any]
try:
    from cryptography.hazmat.bindings.openssl.binding import Binding

    _lib: Any = Binding.lib
    _ffi: Any = Binding.ffi
    _write, _read, _bio_write, _bio_read = _lib.SSL_write, _lib.SSL_read, _lib.BIO_write, _lib.BIO_read
    _waiting, _error_of, _want_read = _lib.BIO_get_mem_data, _lib.SSL_get_error, _lib.SSL_ERROR_WANT_READ
    _shake, _version_of, _cipher_of = _lib.SSL_do_handshake, _lib.SSL_version, _lib.SSL_get_current_cipher
    _new_buffer, _set_buffers, _memory = _lib.BIO_new, _lib.SSL_set_bio, _lib.BIO_s_mem()
    # Of the reactor's thread, as all that uses it: nothing is in it between two calls of a tunnel.
    _room: Any = _ffi.new("char[]", ROOM)
    _view: Any = _ffi.buffer(_room, ROOM)
    _null: Any = _ffi.NULL
    _from_buffer = _ffi.from_buffer
except (ImportError, AttributeError):
    _lib = None

_terms: Final[dict[tuple[int, Any], str]] = {}
"""By the number of the version and the cipher of OpenSSL's table: they are few."""


class ThinTunnel(Tunnel):
    """The same with OpenSSL's functions called where they are.

    Raises AttributeError if `connection` is not made as it was when this was written.
    """

    __slots__ = ("_from_ssl", "_grown", "_has_grown", "_into_ssl", "_ssl")

    def __init__(self, connection: SSL.Connection, grown: Grown) -> None:
        super().__init__(connection)
        inside: Any = connection
        self._ssl = inside._ssl
        self._into_ssl = inside._into_ssl
        self._from_ssl = inside._from_ssl
        inside._raise_ssl_error  # noqa: B018  # for when it is needed
        self._grown = grown
        self._has_grown = False

    def _fail(self, result: int) -> None:
        inside: Any = self.connection
        inside._raise_ssl_error(self._ssl, result)

    def _note(self) -> None:
        if not self._has_grown:
            self._has_grown = True
            self._grown.note(self)

    def handshake(self, data: bytes) -> bool:
        if data and _bio_write(self._into_ssl, data, len(data)) != len(data):
            raise MemoryError
        result = _shake(self._ssl)
        if result == 1:
            self._note()
            return True
        if _error_of(self._ssl, result) != _want_read:
            self._fail(result)
        return False

    def terms(self) -> str:
        ssl = self._ssl
        key = _version_of(ssl), _cipher_of(ssl)
        if (terms := _terms.get(key)) is None:
            terms = _terms[key] = super().terms()
        return terms

    def seal(self, text: bytes) -> bytes:
        size = len(text)
        if (written := _write(self._ssl, text, size)) != size:
            self._write_rest(_from_buffer(text), size, written)
        count = _bio_read(self._from_ssl, _room, ROOM)
        if 0 < count <= GROWN:
            return _view[:count]  # type: ignore[no-any-return]  # a slice of a buffer is bytes
        return self._rest(count)

    def _write_rest(self, text: Any, size: int, written: int) -> None:
        """OpenSSL took `written` bytes, one record, or failed."""
        total = 0
        while written > 0:
            total += written
            if total == size:
                return
            written = _write(self._ssl, text + total, size - total)
        self._fail(written)

    def take(self, data: bytes) -> None:
        size = len(data)
        if size > GROWN:
            self._note()
        if _bio_write(self._into_ssl, data, size) != size:
            raise MemoryError

    def read(self) -> bytes | None:
        count = _read(self._ssl, _room, RECORD)
        if count > 0:
            return _view[:count]  # type: ignore[no-any-return]  # a slice of a buffer is bytes
        if _error_of(self._ssl, count) != _want_read:
            self._fail(count)
        return None

    def may_have_more(self) -> bool:
        # OpenSSL takes out of the buffer what it needs of a record, and gives the whole of it at once.
        return _waiting(self._into_ssl, _null) > 0

    def pending(self) -> bytes:
        return self._rest(_bio_read(self._from_ssl, _room, ROOM))

    def _rest(self, count: int) -> bytes:
        """What was read into the buffer, `count` bytes if there was anything, and all that is behind it."""
        if count > GROWN:
            self._note()
        parts = []
        while count > 0:
            parts.append(_view[:count])
            count = _bio_read(self._from_ssl, _room, ROOM) if count == ROOM else 0
        return b"".join(parts)

    def renew(self) -> None:
        self._has_grown = False
        if _waiting(self._into_ssl, _null) > 0 or _waiting(self._from_ssl, _null) > 0:
            return  # it grows again, or ends
        into_ssl, from_ssl = _new_buffer(_memory), _new_buffer(_memory)
        if into_ssl == _null or from_ssl == _null:
            raise MemoryError
        _set_buffers(self._ssl, into_ssl, from_ssl)  # frees those before
        inside: Any = self.connection
        self._into_ssl = inside._into_ssl = into_ssl
        self._from_ssl = inside._from_ssl = from_ssl


def tunnel_over(connection: SSL.Connection, grown: Grown) -> Tunnel:
    """The thin one, if all that it needs is there."""
    if _lib is not None:
        try:
            return ThinTunnel(connection, grown)
        except AttributeError:
            pass
    return Tunnel(connection)
