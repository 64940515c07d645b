"""Web listeners under TLS: requests come out of records, and answers go into them."""

from __future__ import annotations

from chatnet.transports.outlets import Receiver
from chatnet.transports.web import WebProtocol
from chatnet.transports.websocket_tls import WebSocketTLSProtocol


class WebTLSProtocol(WebSocketTLSProtocol, WebProtocol):
    """A connection to a web listener, under TLS."""

    def read_for(self, receiver: Receiver) -> None:
        """Records are still to be opened first."""
