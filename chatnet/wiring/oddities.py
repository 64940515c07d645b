"""Values that are right by their kind and mean nothing: letters of no mode, masks of nobody, half a hash."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chatnet.model.modes import SNOMASKS, USER_MODES
from chatnet.rules.opers import NOT_BY_OPER
from chatnet.wire.masks import parse_network
from chatnet.wiring.mistakes import Place

_HASH: Final = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{2,}\$[A-Za-z0-9+/]{2,}")
_LIKE_AN_ADDRESS: Final = re.compile(r"[0-9.]+|[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*|[0-9A-Fa-f.:*?]+/[0-9]*")
"""Digits and dots, colons as in IPv6, or a number behind a slash: what no name of a host has."""


def oddities(tree: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What is odd in a tree of settings, with its place."""
    for place, block in _blocks(tree):
        password = block.get("password")
        if isinstance(password, str) and password.startswith("$argon2") and not _HASH.fullmatch(password):
            reason = "is a piece of an argon2 hash: take the whole line that `chatnet hash-password` prints"
            yield (*place, "password"), reason
        if place[0] == "oper":
            yield from (((*place, *inner), reason) for inner, reason in _of_oper(block))


def _blocks(tree: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The sections in which passwords or letters stand, as far as they are known."""
    for section in ("server", "connection_class", "webirc", "oper"):
        value = tree.get(section)
        if isinstance(value, Mapping):
            yield (section,), value
        for index, item in enumerate(value if isinstance(value, tuple) else ()):
            if isinstance(item, Mapping):
                yield (section, index), item


def _of_oper(block: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    for key, known, what in (
        ("modes", "".join(sorted(USER_MODES.keys() - NOT_BY_OPER)), "user modes that OPER sets"),
        ("snomask", "".join(SNOMASKS), "letters of server notices"),
    ):
        letters = block.get(key)
        if isinstance(letters, str) and (odd := "".join(sorted(set(letters) - set(known)))):
            yield (key,), f"has {odd!r}, which are no {what}: write some of {known}"
    hosts = block.get("hosts")
    for index, mask in enumerate(hosts if isinstance(hosts, tuple) else ()):
        if not _may_fit(mask):
            yield ("hosts", index), "fits nobody: write a mask such as *@*.example.org or *@192.0.2.0/24"


def _may_fit(mask: str) -> bool:
    """Whether a ``user@host`` mask of an operator can be that of somebody."""
    user, mark, host = mask.rpartition("@")
    if not host or (mark and not user) or "!" in user or any(c.isspace() for c in mask):
        return False
    return parse_network(host) is not None or not _LIKE_AN_ADDRESS.fullmatch(host)
