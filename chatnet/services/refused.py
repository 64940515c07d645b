"""That something about an account or a channel is not done, in words for programs and for people."""

from __future__ import annotations

import math
from typing import Final

ACCOUNT_EXISTS: Final = "ACCOUNT_EXISTS"
ACCOUNT_SUSPENDED: Final = "ACCOUNT_SUSPENDED"
BAD_ACCOUNT_NAME: Final = "BAD_ACCOUNT_NAME"
CERTIFICATE_TAKEN: Final = "CERTIFICATE_TAKEN"
CHANNEL_EXISTS: Final = "CHANNEL_EXISTS"
INVALID_CODE: Final = "INVALID_CODE"
INVALID_CREDENTIALS: Final = "INVALID_CREDENTIALS"
INVALID_EMAIL: Final = "INVALID_EMAIL"
INVALID_TEXT: Final = "INVALID_TEXT"
MAY_NOT_INVITE: Final = "MAY_NOT_INVITE"
TEMPORARILY_UNAVAILABLE: Final = "TEMPORARILY_UNAVAILABLE"
TOKEN_EXISTS: Final = "TOKEN_EXISTS"
TOO_MANY_BOTS: Final = "TOO_MANY_BOTS"
TOO_MANY_CERTIFICATES: Final = "TOO_MANY_CERTIFICATES"
TOO_MANY_CHANNELS: Final = "TOO_MANY_CHANNELS"
TOO_MANY_INVITES: Final = "TOO_MANY_INVITES"
TOO_MANY_TOKENS: Final = "TOO_MANY_TOKENS"
TRY_AGAIN: Final = "TRY_AGAIN"
UNACCEPTABLE_EMAIL: Final = "UNACCEPTABLE_EMAIL"
UNACCEPTABLE_PASSWORD: Final = "UNACCEPTABLE_PASSWORD"
VERIFICATION_REQUIRED: Final = "VERIFICATION_REQUIRED"
WEAK_PASSWORD: Final = "WEAK_PASSWORD"

TOO_MANY_FAILED: Final = "Too many logins failed"


class Refused(Exception):
    """Something is not done: `code` for programs, `text` for people, `context` what the code speaks of.

    Of :data:`TRY_AGAIN` the context are the seconds until then.
    """

    def __init__(self, code: str, text: str, *context: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.context = context


def wrong(name: str) -> Refused:
    """The password is another one, or there is no such account: it does not tell which."""
    return Refused(INVALID_CREDENTIALS, "The name or the password is incorrect", name)


def suspended(name: str, reason: str) -> Refused:
    """Nobody may use the account of this name."""
    text = f"The account {name} is suspended{f': {reason}' if reason else ''}"
    return Refused(ACCOUNT_SUSPENDED, text, name)


def busy(*context: str) -> Refused:
    """Too many passwords wait."""
    text = "Too many passwords wait to be hashed: try again in a minute"
    return Refused(TEMPORARILY_UNAVAILABLE, text, *context)


def unwritable() -> Refused:
    """The store cannot be used."""
    return Refused(TEMPORARILY_UNAVAILABLE, "Accounts cannot be used now: try again later")


def odd() -> Refused:
    """What is to be kept is no text."""
    return Refused(INVALID_TEXT, "Only UTF-8 can be kept, of a few hundred bytes")


def try_again(seconds: float, what: str) -> Refused:
    """`what` (a sentence without its end) happened too often."""
    wait = math.ceil(seconds)
    return Refused(TRY_AGAIN, f"{what}: try again in {duration(wait)}", str(wait))


def duration(seconds: int) -> str:
    """Seconds as people say them: ``45 seconds``, ``12 minutes``, ``3 hours``, ``7 days``."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds > size:
            return f"{math.ceil(seconds / size)} {unit}s"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
