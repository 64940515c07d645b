"""What the answers of a block list mean (DNSBL).  https://www.rfc-editor.org/rfc/rfc5782"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import islice
from typing import Final, NamedTuple

from chatnet.settings import DNSBLSettings

ACTIONS: Final = ("mark", "require-login", "refuse", "ban")
"""What is done to who is listed, the mildest first."""

MOST_REPLIES: Final = 32
"""Answers of one list about one address that are looked at."""

_REPLY: Final = "127."
_REFUSED: Final = "127.255."
"""How an answer begins by which a list says that it does not answer who asks so, or so much."""


class Listing(NamedTuple):
    """An address is in a list, which gave this reply."""

    block: DNSBLSettings
    reply: str

    @property
    def text(self) -> str:
        """For operators: without the address."""
        return f"{self.block.zone} ({self.reply})"


def name_of(address: str, zone: str) -> str | None:
    """What is asked of a list: ``1.2.0.192.<zone>``, or the nibbles of an IPv6 address; None for no address.

    https://www.rfc-editor.org/rfc/rfc5782#section-2.4
    """
    try:
        pointer = ip_address(address).reverse_pointer
    except ValueError:
        return None
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def of_lists(addresses: Iterable[str]) -> tuple[str, ...]:
    """What a list may answer, of what somebody did: no more than there is room to remember.

    Whoever answers with other addresses is no list, but sells names that nobody has.
    """
    return tuple(islice((each for each in addresses if each.startswith(_REPLY)), MOST_REPLIES))


def counting(block: DNSBLSettings, replies: Iterable[str]) -> str | None:
    """The first of the replies that counts for a list; None if none does."""
    for reply in replies:
        if block.replies or block.bits:
            if reply in block.replies or int(reply.rpartition(".")[2]) & block.bits:
                return reply
        elif not reply.startswith(_REFUSED):
            return reply
    return None


def worst(listings: Iterable[Listing], *, logged_in: bool) -> Listing | None:
    """The one by which most is done to somebody; None: they come in."""
    found = [
        each
        for each in listings
        if each.block.action != "mark"
        and not (logged_in and (each.block.spare_accounts or each.block.action == "require-login"))
    ]
    return max(found, key=lambda each: ACTIONS.index(each.block.action), default=None)


THEIRS: Final = "your address"
"""What stands for an address where others read it who may not see it."""


def reason(listing: Listing, address: str) -> str:
    """What who is listed reads, and behind a ``|`` what operators do."""
    known = {"address": address, "zone": listing.block.zone, "reply": listing.reply}
    return re.sub(r"\{(\w+)\}", lambda found: known[found[1]], listing.block.reason)
