"""The capabilities a client can ask for, each a bit.  https://ircv3.net/specs/extensions/capability-negotiation

Plain integers, since a session's set of them is masked for every fact that is told to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

MULTI_PREFIX: Final = 1 << 0
USERHOST_IN_NAMES: Final = 1 << 1
EXTENDED_JOIN: Final = 1 << 2
AWAY_NOTIFY: Final = 1 << 3
CHGHOST: Final = 1 << 4
SETNAME: Final = 1 << 5
INVITE_NOTIFY: Final = 1 << 6
CAP_NOTIFY: Final = 1 << 7
ACCOUNT_NOTIFY: Final = 1 << 8
SERVER_TIME: Final = 1 << 9
ECHO_MESSAGE: Final = 1 << 10
MESSAGE_TAGS: Final = 1 << 11
ACCOUNT_TAG: Final = 1 << 12
OPER_TAG: Final = 1 << 13
BATCH: Final = 1 << 14
LABELED_RESPONSE: Final = 1 << 15
STANDARD_REPLIES: Final = 1 << 16
PRE_AWAY: Final = 1 << 17
NO_IMPLICIT_NAMES: Final = 1 << 18
EXTENDED_MONITOR: Final = 1 << 19
EXTENDED_ISUPPORT: Final = 1 << 20
READ_MARKER: Final = 1 << 21
CHANNEL_RENAME: Final = 1 << 22
MULTILINE: Final = 1 << 23
MESSAGE_REDACTION: Final = 1 << 24
SASL: Final = 1 << 25
ACCOUNT_REGISTRATION: Final = 1 << 26
CHATHISTORY: Final = 1 << 27
EVENT_PLAYBACK: Final = 1 << 28
PERSISTENCE: Final = 1 << 29
SEARCH: Final = 1 << 31
METADATA_2: Final = 1 << 34
METADATA_3: Final = 1 << 35
PLAYBACK: Final = 1 << 32
SELF_MESSAGE: Final = 1 << 33

BY_NAME: Final[dict[str, int]] = {
    "sasl": SASL,  # before all that an old client can do without: it reads one line, and no more
    "multi-prefix": MULTI_PREFIX,
    "userhost-in-names": USERHOST_IN_NAMES,
    "extended-join": EXTENDED_JOIN,
    "away-notify": AWAY_NOTIFY,
    "chghost": CHGHOST,
    "setname": SETNAME,
    "invite-notify": INVITE_NOTIFY,
    "cap-notify": CAP_NOTIFY,
    "account-notify": ACCOUNT_NOTIFY,
    "server-time": SERVER_TIME,
    "echo-message": ECHO_MESSAGE,
    "message-tags": MESSAGE_TAGS,
    "account-tag": ACCOUNT_TAG,
    "draft/oper-tag": OPER_TAG,
    "batch": BATCH,
    "labeled-response": LABELED_RESPONSE,
    "standard-replies": STANDARD_REPLIES,
    "draft/pre-away": PRE_AWAY,
    "no-implicit-names": NO_IMPLICIT_NAMES,
    "draft/no-implicit-names": NO_IMPLICIT_NAMES,
    "extended-monitor": EXTENDED_MONITOR,
    "draft/extended-isupport": EXTENDED_ISUPPORT,
    "draft/extended-monitor": EXTENDED_MONITOR,
    "draft/channel-rename": CHANNEL_RENAME,
    "draft/multiline": MULTILINE,
    "draft/message-redaction": MESSAGE_REDACTION,
    "draft/account-registration": ACCOUNT_REGISTRATION,
    "draft/chathistory": CHATHISTORY,
    "draft/event-playback": EVENT_PLAYBACK,
    "draft/read-marker": READ_MARKER,
    "draft/persistence": PERSISTENCE,
    "soju.im/search": SEARCH,
    "draft/metadata-3": METADATA_3,
    "draft/metadata-2": METADATA_2,
    "znc.in/playback": PLAYBACK,
    "znc.in/self-message": SELF_MESSAGE,
}
"""Every capability by the name it has on the wire; some clients still use the name of the draft."""

EXCLUSIVE: Final = METADATA_2 | METADATA_3
"""Of these a client has one at most.  https://ircv3.net/specs/extensions/metadata"""


def bits(names: Iterable[str]) -> int:
    """The set of the capabilities of these names."""
    found = 0
    for name in names:
        found |= BY_NAME[name]
    return found


def names(bits: int) -> list[str]:
    """The names of the capabilities in a set of bits, in the order of the table."""
    return [name for name, bit in BY_NAME.items() if bits & bit]
