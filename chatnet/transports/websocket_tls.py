"""WebSocket clients under TLS: frames go into records, and requests come out of them."""

from __future__ import annotations

from OpenSSL import SSL
from wsproto.frame_protocol import CloseReason

from chatnet.transports.tls import TLSOutlet, TLSProtocol
from chatnet.transports.websocket import FrameOutlet, WebSocketProtocol


class TLSFrameOutlet(FrameOutlet, TLSOutlet):
    """An outlet whose lines become frames, and those TLS records."""

    def peer_left(self) -> None:
        self.answer_close(CloseReason.NORMAL_CLOSURE)


class WebSocketTLSProtocol(TLSProtocol, WebSocketProtocol):
    """A WebSocket client under TLS. It is asked for no certificate: browsers would ask people for one."""

    outlet_class = TLSFrameOutlet
    spoken = b"http/1.1"

    def make_connection(self, context: SSL.Context) -> SSL.Connection:
        connection = super().make_connection(context)
        connection.set_verify(SSL.VERIFY_NONE)
        return connection
