"""May she? Which client-only tags of a message go on to other clients."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from chatnet.wire.message import format_tags


def relayed(tags: Mapping[str, str], denied: Collection[str]) -> bytes:
    """Those of `tags` that others get, as ``+typing=active;+draft/reply=abc``; empty if there are none.

    "Tags without the client-only prefix MUST be removed by the server before being relayed with any message
    to another client." Names are not validated, and values are untrusted; one that is not UTF-8 is dropped.
    `denied` is read as CLIENTTAGDENY has it.  https://ircv3.net/specs/extensions/message-tags#client-only-tags
    """
    found = {
        key: value if _is_utf8(value) else ""
        for key, value in tags.items()
        if key[0] == "+" and len(key) > 1 and not is_denied(key[1:], denied) and _is_utf8(key)
    }
    return format_tags(found).encode() if found else b""


def is_denied(name: str, denied: Collection[str]) -> bool:
    """Whether the tag `name` (without its ``+``) is blocked by ``foo,bar`` or not exempt in ``*,-foo,-bar``.

    https://ircv3.net/specs/extensions/message-tags#rpl_isupport-tokens
    """
    return f"-{name}" not in denied if "*" in denied else name in denied


def has_any(tags: Mapping[str, str]) -> bool:
    """Whether there is any client-only tag, denied or not."""
    return any(key[0] == "+" for key in tags)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a byte that was not UTF-8 is a lone surrogate
        return False
    return True
