"""What is known of the other end of a connection before it says its first word."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Peer:
    """Where a client comes from.

    `address` is an IP address in its canonical text (IPv4-mapped ones as IPv4), or ``"localhost"`` for a UNIX
    socket; `port` its remote port (0 where there is none); `listener` the endpoint string it came in by.
    `secure` tells that it is under TLS (ours, or a proxy's that said so); `certfp` is the SHA-256 of its
    certificate's DER in lower-case hex, if it showed one; `tls` names version and cipher for WHOIS;
    `hostname` is the host it asked for under our TLS (SNI), in lower case.  A client that came through a
    gateway (WEBIRC) has the `gateway`'s name and address; all else is about the client then, but `listener`.
    One that is `inside` is a part of this process, which knows who it is: nothing has to be proved.
    Never changed once a session has it; not frozen, for that costs a microsecond.
    """

    address: str
    port: int = 0
    listener: str = ""
    secure: bool = False
    tls: str | None = None
    certfp: str | None = None
    connection_class: str | None = None
    hostname: str | None = None
    gateway: str | None = None
    gateway_address: str | None = None
    inside: bool = False
