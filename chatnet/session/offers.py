"""Which capabilities are offered, to whom, and with which values.

https://ircv3.net/specs/extensions/capability-negotiation  What clients may ask for stands in
``wire/capabilities.py``; here is what a configuration makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chatnet.records.metadata import MOST_KEY
from chatnet.session import sts
from chatnet.session.authority import Authority
from chatnet.session.peer import Peer
from chatnet.session.render import LINE, encode
from chatnet.session.session import Session
from chatnet.settings import Settings
from chatnet.wire import capabilities as cap
from chatnet.wire.text import byte_length

WITH_VALUES: Final = 302
"""The version of the negotiation from which on values are told, and long lists are marked."""


class Offers:
    """What one configuration offers.

    `certified` tells whether the server has a certificate for a host name that somebody else vouches for;
    the `authority` by which mechanisms people log in; `registering` whether accounts are registered here, and
    `storing` whether messages are stored.
    """

    def __init__(
        self,
        settings: Settings,
        certified: Callable[[str], bool],
        authority: Authority,
        registering: bool,
        storing: bool,
    ) -> None:
        self.settings = settings
        self.certified = certified
        self.registering = registering
        self.storing = storing
        self.mechanisms = {secure: authority.mechanisms(secure) for secure in (False, True)}
        # By any of its names: a client that asked for another one has it no more, either.
        self._withheld = cap.bits(settings.server.withheld_capabilities)
        self._common = {
            name: "" for name, bit in cap.BY_NAME.items() if not bit & self._withheld and name not in VALUES
        }

    def to(self, peer: Peer) -> dict[str, str]:
        """Capability → value (empty: none) of all that is offered to a client at the other end of `peer`.

        In the order of the table, which has in front what a client that reads one line needs most.
        """
        values = self._common.copy()
        for name, value_of in VALUES.items():
            if cap.BY_NAME.get(name, 0) & self._withheld:
                continue
            value = value_of(self, peer)
            if value is not None:
                values[name] = value
        return {name: values[name] for name in (*cap.BY_NAME, *values) if name in values}


Value = Callable[[Offers, Peer], str | None]


def _multiline(offers: Offers, peer: Peer) -> str:
    """https://ircv3.net/specs/extensions/multiline#capabilities"""
    limits = offers.settings.limits
    return f"max-bytes={limits.multiline_bytes},max-lines={limits.multiline_lines}"


def _sasl(offers: Offers, peer: Peer) -> str | None:
    """https://ircv3.net/specs/extensions/sasl-3.2#mechanism-list-in-cap-ls

    "Servers MUST NOT advertise the `sasl` capability if the authentication layer is unavailable."
    """
    if offers.settings.sasl.tls_only and not peer.secure:
        return None
    return ",".join(offers.mechanisms[peer.secure]) or None


def _redaction(offers: Offers, peer: Peer) -> str | None:
    """Where nothing is remembered, nobody's message can be found."""
    return "" if offers.storing or offers.settings.history.messages else None


def _storing(offers: Offers, peer: Peer) -> str | None:
    """What is of use where messages are stored."""
    return "" if offers.storing else None


def _searching(offers: Offers, peer: Peer) -> str | None:
    """Where words are found as well."""
    return "" if offers.storing and offers.settings.history.search != "off" else None


def _registration(offers: Offers, peer: Peer) -> str | None:
    """https://ircv3.net/specs/extensions/account-registration#capability

    "The capability MAY be advertised by servers with an OPTIONAL value: a comma (`,`) (0x2C) separated list
    of tokens."
    """
    if not offers.registering or not offers.settings.accounts.registration:
        return None
    early, needed = offers.settings.registers_early, offers.settings.accounts.email == "required"
    return ",".join([*(("before-connect",) if early else ()), *(("email-required",) if needed else ())])


def _metadata(offers: Offers, peer: Peer) -> str | None:
    """https://ircv3.net/specs/extensions/metadata#draftmetadata-2-capability

    "If the server does not provide a token indicating one of the above maximum limits, clients SHOULD assume
    that particular item has no limit."
    """
    metadata = offers.settings.metadata
    if not metadata.enabled:
        return None
    return ",".join(
        [
            *(("before-connect",) if metadata.before_connect else ()),
            f"max-subs={metadata.subscriptions}",
            f"max-keys={metadata.keys}",
            f"max-key-bytes={MOST_KEY}",
            f"max-value-bytes={metadata.value_bytes}",
        ]
    )


VALUES: Final[dict[str, Value]] = {
    "draft/multiline": _multiline,
    "draft/message-redaction": _redaction,
    "draft/account-registration": _registration,
    "draft/chathistory": _storing,
    "draft/event-playback": _storing,
    "draft/read-marker": _storing,
    "soju.im/search": _searching,
    "draft/metadata-3": _metadata,
    "draft/metadata-2": _metadata,
    "znc.in/playback": _storing,
    "znc.in/self-message": _storing,
    "sasl": _sasl,
    "sts": lambda offers, peer: sts.policy(offers.settings, peer, offers.certified),
}
"""Capability → its value, or None if it is not offered; those that are not here have none."""


def may_log_in(session: Session, authority: Authority) -> bool:
    """Whether AUTHENTICATE is of any use: with services users, and who is logged in already, read 907.

    "Servers SHOULD allow a client, authenticated or otherwise, to reauthenticate by sending a new
    `AUTHENTICATE` message at any time. If reauthentication is not available, an error appropriate to the
    circumstances MUST be sent (for instance, `ERR_SASLALREADY` …)": Atheme takes no login of who is a user
    already for true, and they would be logged in for us alone.
    https://ircv3.net/specs/extensions/sasl-3.2#sasl-reauthentication
    """
    return authority.any_time or (not session.registered and session.user.account is None)


def told(session: Session, offered: dict[str, str], authority: Authority) -> dict[str, str]:
    """Those of the capabilities `offered` that are of use to `session`."""
    if "sasl" in offered and not may_log_in(session, authority):
        del offered["sasl"]
    return offered


def words(offered: Mapping[str, str], version: int) -> list[str]:
    """``name=value`` for each, or the bare name to clients of an old `version` and where there is no value.

    What nobody can ask for is of use by its value only.
    """
    if version >= WITH_VALUES:
        return [f"{name}={value}" if value else name for name, value in offered.items()]
    return [name for name in offered if name in cap.BY_NAME]


def show(session: Session, subcommand: str, listed: Iterable[str]) -> None:
    """``CAP nick SUB :a b c`` in as many lines as it takes."""
    head, lines = _lines(session, subcommand, listed)
    for line in lines:
        session.send(encode(f"{head}:{line}"))


def show_all(session: Session, subcommand: str, listed: Iterable[str], version: int) -> None:
    """The same for LS and LIST, with a ``*`` in all lines but the last; clients of an old `version` read one.

    "Multiline LS and LIST replies must only be used for CAP 302": what does not fit is not told to others.
    https://ircv3.net/specs/extensions/capability-negotiation#multiline-replies-to-cap-ls-and-cap-list

    What is listed first stands in the last line: a library that knows of one line takes the marked ones for
    empty, and needs most what all have known for long.
    """
    head, lines = _lines(session, subcommand, listed)
    end, *more = lines if version >= WITH_VALUES else lines[:1]
    for line in reversed(more):
        session.send(encode(f"{head}* :{line}"))
    session.send(encode(f"{head}:{end}"))


def _lines(session: Session, subcommand: str, listed: Iterable[str]) -> tuple[str, list[str]]:
    """How each line begins, and the words of each."""
    head = f":{session.sessions.server_name} CAP {session.user.nick} {subcommand} "
    room = LINE - len(head) - len("* :")
    lines = [""]
    size = 0
    for word in listed:
        length = byte_length(word)
        if size and size + 1 + length > room:
            lines.append(word)
            size = length
        else:
            lines[-1] += (" " if size else "") + word
            size += length + (size > 0)
    return head, lines


def tell_changes(
    sessions: Iterable[Session],
    old: Offers,
    new: Offers,
    authority: Authority,
    recap: Callable[[Session, int], object],
) -> None:
    """After a change: CAP DEL and CAP NEW to those who know them; what is gone is taken from everybody.

    A value that changed is told as new, for the last one that a client reads counts.  `recap` is how a
    session gets other capabilities.
    https://ircv3.net/specs/extensions/capability-negotiation#the-cap-new-subcommand
    """
    for session in sessions:
        before, after = old.to(session.peer), new.to(session.peer)
        if before == after:
            continue
        # Nobody can ask for what has no bit, and so it cannot be taken away either.
        gone = [name for name in before if name not in after and name in cap.BY_NAME]
        news = {name: value for name, value in after.items() if before.get(name) != value}
        fresh = told(session, news, authority)
        notified = session.caps & cap.CAP_NOTIFY
        if gone and notified:
            show(session, "DEL", gone)
        caps = session.caps & ~cap.bits(gone)
        if caps != session.caps:
            recap(session, caps)
        if notified and (listed := words(fresh, session.cap_version)):
            show(session, "NEW", listed)
