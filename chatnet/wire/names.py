"""The grammars of names: nicks, user names, hosts, channels, servers.  Limits are in UTF-8 bytes.

https://modern.ircdocs.horse/#clients and https://modern.ircdocs.horse/#channels; where they leave a choice,
the stricter one that TS6 networks share.
"""

from __future__ import annotations

import re
from typing import Final

from chatnet.wire.text import byte_length

_NICK: Final = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
_CHANNEL: Final = re.compile(r"#[^\x00-\x20,\x7f-\x9f]*")
_NOT_IN_USERNAME: Final = re.compile(r"[^A-Za-z0-9\[\]\\`_^{|}.-]")
_HOSTNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_SERVER_NAME: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*")
_SID: Final = re.compile(r"[0-9][A-Z0-9]{2}")
_UID: Final = re.compile(r"[0-9][A-Z0-9]{2}[A-Z][A-Z0-9]{5}")
_REFERENCE_TAG: Final = re.compile(r"[A-Za-z0-9-]+")
_TAG: Final = re.compile(r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")

_ATOM: Final = r"""[^\x00-\x20\x7f()<>\[\]:;@\\,."]+"""
"""What may stand between the dots of an address for mail, and is not cut there by who reads it:
https://www.rfc-editor.org/rfc/rfc5322#section-3.2.3"""
_MAIL: Final = re.compile(
    rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_ATOM}(?:\.{_ATOM})*|\[[0-9A-Fa-f:.]+\])"
)

LONGEST_HOST: Final = 63
"""Bytes of a host, and of a server's name: what TS6 networks agree on."""


def is_nick(text: str, limit: int) -> bool:
    """ASCII letters, digits and ``[]\\`_^{|}-``, not starting with a digit or `-`."""
    return len(text) <= limit and _NICK.fullmatch(text) is not None


def nick_mistake(text: str, limit: int) -> str | None:
    """What is wrong with a nick, for people to read; None if it is one."""
    if is_nick(text, limit):
        return None
    if text[:1].isdecimal() or text[:1] == "-":
        return "it begins with a digit or a hyphen"
    if _NICK.fullmatch(text) is None:
        return "only ASCII letters, digits and []\\`_^{|}- may be in it"
    return f"it is longer than {limit} characters"


def is_channel(text: str, limit: int) -> bool:
    """`#` and anything but spaces, commas and control characters."""
    return _CHANNEL.fullmatch(text) is not None and byte_length(text) <= limit


def clean_username(text: str, limit: int) -> str:
    """What is left of the text when all that no user name holds is dropped; "" if nothing is.

    It is a letter or digit, then what nicks have and dots.  `~` is dropped too: the server alone says that a
    user name is unverified.
    """
    kept = _NOT_IN_USERNAME.sub("", text)
    return kept.lstrip("[]\\`_^{|}.-")[:limit]


def is_hostname(text: str) -> bool:
    """A host as a client may bear it: a name, an address, or a cloak with `:` and `/` in it."""
    return len(text) <= LONGEST_HOST and _HOSTNAME.fullmatch(text) is not None


def is_domain(text: str, limit: int) -> bool:
    """A host name, or the end of one: labels of letters, digits and inner `-`, with dots between."""
    return len(text) <= limit and _DOMAIN.fullmatch(text) is not None


def is_public_name(text: str, limit: int) -> bool:
    """A host name with a dot in it that cannot be taken for an address: its last label is not a number."""
    return is_domain(text, limit) and "." in text and not text.rpartition(".")[2].isdecimal()


def is_server_name(text: str) -> bool:
    """A name with a dot in it, which no nick has, of at most 63 bytes."""
    return len(text) <= LONGEST_HOST and _SERVER_NAME.fullmatch(text) is not None


def is_mail_address(text: str) -> bool:
    """An address for mail, as far as it can be told without asking its server; letters of all scripts.

    https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1, without quoted local parts.
    """
    return byte_length(text) <= 254 and text.isprintable() and _MAIL.fullmatch(text) is not None


def is_sid(text: str) -> bool:
    """A server's three characters in TS6: a digit, then two digits or capitals."""
    return _SID.fullmatch(text) is not None


def is_uid(text: str) -> bool:
    """A user's nine characters in TS6: the server's, a capital, and five capitals or digits."""
    return _UID.fullmatch(text) is not None


def is_tag_name(text: str) -> bool:
    """A message tag's key, without a ``+``: letters, digits and `-`, perhaps after ``vendor.example/``.

    https://ircv3.net/specs/extensions/message-tags#format
    """
    return _TAG.fullmatch(text) is not None


def is_reference_tag(text: str, limit: int) -> bool:
    """“Reference tag MUST contain only ASCII letters, numbers, and/or hyphen”.

    https://ircv3.net/specs/extensions/batch
    """
    return len(text) <= limit and _REFERENCE_TAG.fullmatch(text) is not None
