"""A server that links to the one under load: what it says first, and a burst of a large network.

It says that it is chatnet, so that it is told all that chatnet servers tell each other, with tags.
"""

from __future__ import annotations

import time

from bench_load.server import NEIGHBOUR, PASSWORD

SID = "9ZZ"
TOKENS = "BAN CHW CN1 EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB"
END = b"PING :9ZZ\r\n"
"""Its answer says that all before was taken in."""

MEMBERS = 20
USERS_FOR_A_CHANNEL = 10
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def uid(number: int) -> str:
    """Nine characters: the SID, and the number."""
    text = ""
    for _ in range(5):
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return f"{SID}A{text}"


def greeting() -> bytes:
    """The handshake."""
    return (
        f"PASS {PASSWORD} TS 6 :{SID}\r\nCAPAB :{TOKENS}\r\nSERVER {NEIGHBOUR} 1 :load\r\n"
        f"SVINFO 6 6 0 :{int(time.time())}\r\n"
    ).encode()


def user(number: int) -> bytes:
    """One user."""
    who = f"n{number} 1 {int(time.time()) - number} +i ~u{number % 100} host{number % 50}.example.org"
    return f":{SID} EUID {who} 192.0.2.1 {uid(number)} * * :User {number}\r\n".encode()


def member(channel: bytes) -> bytes:
    """One user in a channel that exists already, and the end of the burst."""
    return user(0) + b":%b SJOIN %d %b + :%b\r\n" % (
        SID.encode(), int(time.time()) + 1, channel, uid(0).encode()
    ) + END  # fmt: skip


def burst(users: int) -> list[bytes]:
    """Everybody; for each tenth a channel of 20 with a topic, and two bans in it."""
    now, lines = int(time.time()), [user(number) for number in range(users)]
    for number in range(users // USERS_FOR_A_CHANNEL):
        uids = [uid((number * 7 + place * 101) % users) for place in range(MEMBERS)]
        lines += [
            f":{SID} {line}\r\n".encode()
            for line in (
                f"SJOIN {now - number} #c{number} +nt :@{' '.join(uids)}",
                f"EBMASK {now - number} #c{number} b :*!*@bad{number}.org {now} n0 *!*@worse {now} n0",
                f"TB #c{number} {now} n0!~u0@host0.example.org :Topic {number}",
            )
        ]
    return lines
