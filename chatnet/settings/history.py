"""What is kept of what was said."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from chatnet.settings.base import Agreement, Section
from chatnet.settings.storage import SCHEMES

PLACES = ("off", "file")
"""What ``history.store`` may be that is no URL."""
Days = Annotated[int, Field(ge=1, le=36500)]


def _within(keep: int, most: int) -> str | None:
    return "has a channels_most that is shorter than channels_keep" if most < keep else None


class HistorySettings(Section):
    """``[history]``: what is kept of what was said, for how long, and for whom.

    Unless it says otherwise here, messages to channels and private messages of those who are logged in are
    stored in the file history.sqlite of the data folder, for so many days as these lines tell, and those who
    may read them can look back. With store = "off" nothing is stored. docs/history.md tells more.
    """

    agreements: ClassVar[tuple[Agreement, ...]] = (Agreement(("channels_keep", "channels_most"), _within),)

    store: SecretStr = SecretStr("")
    """Where messages are kept: empty = as accounts are (``storage.url``, or a file in the data folder);
    ``file`` = in a file in any case; ``off`` = nowhere but in memory; or a URL of its own, as that of
    ``storage.url``. A change takes effect at a restart only."""
    sync: Literal["normal", "full"] = "normal"
    """``normal``: what is stored survives the end of the process, however sudden; ``full``: a loss of power
    too, at the price of waiting for the disk with each group. A change takes effect at a restart only."""
    durable_echo: bool = False
    """Whether somebody with the capability ``echo-message`` hears their own message when it is stored, and
    not before."""
    commit_interval: Annotated[float, Field(ge=0.01, le=60)] = 0.1
    """Seconds for which messages gather until they are written, as one group."""
    durable_interval: Annotated[float, Field(ge=0.001, le=60)] = 0.01
    """The same while somebody waits for that, with ``durable_echo``."""
    echo_timeout: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Seconds until who waits for an echo is told that the message was sent but is not stored."""
    drain_timeout: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """Seconds that writing the last group may take when the server ends."""
    group_most: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Messages that are written as one group, at most."""
    queue_bytes: Annotated[int, Field(ge=65536, le=1_099_511_627_776)] = 67_108_864
    """Bytes of memory that messages may take which wait to be written; beyond that the oldest are lost."""
    spool_bytes: Annotated[int, Field(ge=0, le=1_099_511_627_776)] = 1_073_741_824
    """Bytes of the file history.spool, in which groups wait as long as a database of messages is away; beyond
    that they wait in memory (``queue_bytes``). 0: there is none."""
    channels: bool = True
    """Whether messages to channels are stored."""
    direct: bool = True
    """Whether private messages are stored, of which one side at least is logged in; if not, none are asked of
    other servers either."""
    channels_keep: Days = 90
    """Days for which messages of a channel are kept, unless it says otherwise by its mode H."""
    channels_most: Days = 365
    """Days that a channel may say; not fewer than ``channels_keep``."""
    direct_keep: Days = 365
    """Days for which private messages are kept."""
    orphan_keep: Days = 1
    """Days for which messages of a channel that is no more are kept; nobody can read them."""
    tombstone_least: Days = 90
    """Days for which it is kept, at least, that a message was deleted, so that it does not come back."""
    visible_from: Literal["all", "account", "join"] = "all"
    """What members of a channel may read of the time before they came, unless it says otherwise by its mode
    H: ``all``; ``account``: what was said since they registered; ``join``: only what was said while they were
    in it."""
    entry_notice: bool = False
    """Whether those who come into a channel are told how long its messages are kept, if their client does not
    ask for history."""
    events: tuple[Literal["JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC", "RENAME"], ...] = (
        "KICK",
        "MODE",
        "TOPIC",
        "NICK",
        "RENAME",
    )
    """What is stored beside messages, for clients with ``draft/event-playback``."""
    page: Annotated[int, Field(ge=1, le=10000)] = 100
    """Messages that a client gets at once with CHATHISTORY."""
    search_page: Annotated[int, Field(ge=1, le=10000)] = 50
    """Messages that a client gets at once with SEARCH."""
    replay: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Messages of each channel or talk that a client gets by ``znc.in/playback``."""
    autoreplay: Annotated[int, Field(ge=0, le=10000)] = 0
    """Messages that those who come into a channel are shown, if their client does not ask for history."""
    context_most: Annotated[int, Field(ge=0, le=1000)] = 20
    """Reactions to each message of a page that are told with it, if they were said later."""
    search: Literal["off", "words", "trigrams"] = "words"
    """``words`` finds words and their beginnings, ``trigrams`` parts of words, for languages without spaces
    and at twice the size; ``off``: nothing. A change takes effect at a restart, for what comes after."""
    search_targets: Annotated[int, Field(ge=1, le=10000)] = 500
    """Channels and talks in which one search looks, those with the latest messages first."""
    readers: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that read. A change takes effect at a restart only."""
    waiting: Annotated[int, Field(ge=1, le=100_000)] = 64
    """Questions that may wait for them; one more takes the place of the last one of who has most of them."""
    query_timeout: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Seconds that the answer to one may take."""
    exports_waiting: Annotated[int, Field(ge=0, le=1000)] = 20
    """Files of HistServ EXPORT that may wait while one is written; more are refused."""
    export_pause: Annotated[float, Field(ge=0, le=31_536_000)] = 3600.0
    """Seconds until what an account has said can be exported anew."""
    ask_timeout: Annotated[float, Field(ge=0, le=60)] = 2.0
    """Seconds for which other servers are waited for, where something is missing here."""
    marks: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """Channels and talks of which it is kept how far one person has read."""
    mark_interval: Annotated[float, Field(ge=0, le=3600)] = 5.0
    """Seconds between two times that one such mark is stored."""
    mark_keep: Days = 365
    """Days for which a mark is kept that does not move."""
    erasure_keep: Days = 400
    """Days for which it is kept that messages were erased, for servers that are away."""
    fill_rate: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Messages a second that are asked of other servers, to fill what is missing here."""
    messages: Annotated[int, Field(ge=0, le=10000)] = 500
    """Messages of one channel, or between two users, that are remembered in memory where they are not stored,
    so that they can be deleted; 0 = none."""
    target_bytes: Annotated[int, Field(ge=4096, le=1_073_741_824)] = 1_048_576
    """Bytes of memory that they may take."""
    total_bytes: Annotated[int, Field(ge=65536, le=1_099_511_627_776)] = 67_108_864
    """Bytes of memory that all remembered messages may take."""
    duration: Annotated[float, Field(gt=0, le=31_536_000)] = 86400.0
    """Seconds after which a message is forgotten."""
    redaction_window: Annotated[int, Field(ge=0, le=31_536_000)] = 0
    """Seconds for which authors may redact their messages; 0 = as long as these are remembered. Operators of
    a channel are not bound by it."""

    @property
    def stores(self) -> bool:
        """Whether there is a store at all."""
        return self.store.get_secret_value() != "off"

    @field_validator("store")
    @classmethod
    def _check_store(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text not in ("", *PLACES) and not text.startswith(SCHEMES):
            raise ValueError("is neither empty nor file nor off nor a URL of a PostgreSQL database")
        return value
