"""What RPL_ISUPPORT says of this server, every token true under the settings in force, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatnet.model import modes
from chatnet.rules.bans import EXTENDED
from chatnet.session.batches import closing, inside, opening
from chatnet.session.session import Session
from chatnet.settings import Settings
from chatnet.wire import capabilities as cap
from chatnet.wire.isupport import format_tokens
from chatnet.wire.numerics import RPL_ISUPPORT

_BATCHED: Final = cap.BATCH | cap.EXTENDED_ISUPPORT


def tokens(settings: Settings, storing: bool) -> dict[str, str | None]:
    """The tokens and their values; `storing`: messages are stored.

    https://modern.ircdocs.horse/#rplisupport-parameters
    """
    limits = settings.limits
    ranks = modes.letters("P")
    found: dict[str, str | None] = {
        "ACCEPT": str(limits.accept),
        "ACCOUNTEXTBAN": "a",  # https://ircv3.net/specs/extensions/account-extban
        "AWAYLEN": str(limits.away),
        "BOT": "B",
        "CALLERID": "g",
        "CASEMAPPING": settings.server.casemapping,
        "CHANLIMIT": f"#:{limits.channels}",
        "CHANMODES": ",".join(modes.letters(kind) for kind in "ABCD"),
        "CHANNELLEN": str(limits.channel),
        "CHANTYPES": "#",
        "DEAF": "D",
        "ELIST": "CMNTU",
        "EXCEPTS": "e",
        "EXTBAN": f"$,{EXTENDED}",
        "HOSTLEN": str(limits.host),
        "INVEX": "I",
        "KEYLEN": str(limits.key),
        "KICKLEN": str(limits.kick),
        "KNOCK": None,
        "MAXLIST": f"beI:{limits.mask_list}",
        "MODES": str(limits.modes),
        "MONITOR": str(limits.monitor),
        "NAMELEN": str(limits.realname),
        "NETWORK": settings.server.network,
        "NICKLEN": str(limits.nick),
        "PREFIX": f"({ranks}){''.join(modes.PREFIX_OF[letter] for letter in ranks)}",
        "STATUSMSG": "".join(modes.PREFIX_OF[letter] for letter in ranks),
        "TARGMAX": (
            f"NAMES:1,LIST:,KICK:{limits.targets},WHOIS:1,"
            f"PRIVMSG:{limits.targets},NOTICE:{limits.targets},TAGMSG:{limits.targets},"
            "ACCEPT:,MONITOR:,JOIN:,PART:"
        ),
        "TOPICLEN": str(limits.topic),
        "USERLEN": str(limits.user),
        "WHOX": None,
    }
    if storing:
        # https://ircv3.net/specs/extensions/chathistory#isupport-tokens
        found["CHATHISTORY"] = str(settings.history.page)
        found["MSGREFTYPES"] = "msgid,timestamp"
    if limits.client_tags_denied:
        # https://ircv3.net/specs/extensions/message-tags#rpl_isupport-tokens
        found["CLIENTTAGDENY"] = ",".join(limits.client_tags_denied)
    if settings.accounts.required:
        # https://ircv3.net/specs/extensions/account-registration#isupport-token
        found["draft/ACCOUNTREQUIRED"] = None
    if settings.server.icon:
        found["draft/ICON"] = settings.server.icon  # https://ircv3.net/specs/extensions/network-icon
    if settings.server.utf8_only:
        found["UTF8ONLY"] = None
    return found


def isupport(settings: Settings, storing: bool) -> list[str]:
    """The tokens as texts for RPL_ISUPPORT."""
    return format_tokens(tokens(settings, storing))


def changes(old: Settings, new: Settings, storing: bool) -> list[str]:
    """Texts that tell a client who knows `old` of `new`, for instance ``TOPICLEN=300 -UTF8ONLY``.

    https://modern.ircdocs.horse/#rplisupport-005
    """
    before, after = tokens(old, storing), tokens(new, storing)
    found = {key: value for key, value in after.items() if key not in before or before[key] != value}
    found.update((f"-{key}", None) for key in before if key not in after)
    return format_tokens(found)


def in_batches(session: Session) -> bool:
    """Whether `session` may be told 005 in a batch only.  https://ircv3.net/specs/extensions/extended-isupport"""
    return session.caps & _BATCHED == _BATCHED


def show_isupport(session: Session, texts: Sequence[str]) -> None:
    """005 for each text, in a batch of type ``draft/isupport`` for those who asked for that."""
    if not in_batches(session) or session.closed:
        for text in texts:
            session.numeric(RPL_ISUPPORT, text)
        return
    sessions, outlet, caps = session.sessions, session.outlet, session.caps
    source, reference, at = (
        sessions.node.network.me.source,
        sessions.references.take(),
        sessions.node.clock.time(),
    )
    outlet.send(opening(source, reference, b"draft/isupport", at=at, key=caps))
    for text in texts:
        session.numeric(RPL_ISUPPORT, text)
        outlet.out[-1] = inside(outlet.out[-1], reference)
    outlet.send(closing(source, reference, at, caps))
