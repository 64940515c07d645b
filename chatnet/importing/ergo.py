"""Ergo's ``ircd.db``, and the JSON that it imports itself (``version`` 1).

The database is a log: arrays of bulk strings as Redis has them, ``set <key> <value> [ex <s>|ae <unix s>]``,
``del <key>``, ``flushdb``.  What was set last holds.

    account.exists <name>  account.verified …  account.name …  account.registered.time …    (ns)
    account.credentials …  account.additionalnicks …  account.settings …  account.vhost …  account.suspended …
    account.lastseen …     account.unregistered <name>
    1 <uuid>               a channel, as JSON           2 <uuid>    one that was purged

https://github.com/ergochat/ergo/blob/master/irc/accounts.go, https://github.com/tidwall/buntdb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

from chatnet.importing import modes, passwords
from chatnet.importing.lines import decoded, number_of, some_json, whole_json
from chatnet.importing.neutral import (
    Entry,
    ForeignAccount,
    ForeignChannel,
    Found,
    ListEntry,
    Password,
    Suspension,
    Target,
    Topic,
    Unreadable,
)
from chatnet.rules.access import TEMPLATES
from chatnet.rules.nicks import PROTECT
from chatnet.rules.past import AUTOREPLAY, DM_HISTORY
from chatnet.rules.persons import ALWAYS_ON, AUTO_AWAY, AUTOREPLAY_MISSED, MULTICLIENT, OFF, ON
from chatnet.wire.text import one_line

SOURCE: Final = "ergo"
MOST_TEXT: Final = 1024 * 1024
"""Bytes of a key or a value: a channel with all its bans has less."""
MOST_WORDS: Final = 16
_NS: Final = 1_000_000_000
_NS_DIGITS: Final = 19
_NOBODY: Final = "*"
_RANKS: Final = {
    "q": "".join(sorted(set(TEMPLATES["SOP"]) | {"q", "R"})),
    "a": TEMPLATES["SOP"],
    "o": TEMPLATES["AOP"],
    "h": TEMPLATES["HOP"],
    "v": TEMPLATES["VOP"],
}
"""What somebody may do who is given a rank by AMODE."""
_LETTERS: Final = {**{letter: letter for letter in "imnstC"}, "R": "r", "M": "R", "U": "z"}
"""Modes of channels there, and what they are here.  irc/modes/modes.go"""
_SETTINGS: Final[dict[str, tuple[str, Mapping[int, str]]]] = {
    "NickEnforcement": (PROTECT, {1: "off", 2: "strict"}),
    "AllowBouncer": (MULTICLIENT, {1: OFF, 2: ON}),
    "AlwaysOn": (ALWAYS_ON, {1: OFF, 4: ON}),
    "AutoAway": (AUTO_AWAY, {1: OFF, 4: ON}),
    "AutoreplayMissed": (AUTOREPLAY_MISSED, {1: ON}),  # OFF is what all have who said nothing
    "DMHistory": (DM_HISTORY, {1: OFF, 2: OFF, 3: ON}),  # 2 is in memory only
}
"""Settings of an account: what they are here, and the words for their numbers.

0 is what the server has for all.
"""
_MOST_REPLAYED: Final = 999_999


def read(file: BinaryIO, now: int) -> Found:
    """All that can be used of a file; raises Unreadable."""
    begin = file.read(1)
    file.seek(0)
    found = Found(SOURCE)
    if begin == b"{":
        _from_json(whole_json(file), found)
    elif begin == b"*":
        _from_keys(_keys(file, found, now), found)
    else:
        raise Unreadable("The file is no database of Ergo.")
    return found


# the log


def _commands(file: BinaryIO, found: Found) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The commands, and at which byte each begins; what is behind one that makes no sense is told as lost."""
    while line := file.readline(MOST_WORDS):
        place = file.tell() - len(line)
        if not line.strip(b"\0"):
            continue
        try:
            words = [_bulk(file) for _ in range(_count(line.lstrip(b"\0"), b"*", MOST_WORDS))]
        except ValueError as error:
            found.complain(0, f"At byte {place} the database makes no sense any more: {error}")
            return
        yield place, words


def _count(line: bytes, sign: bytes, most: int) -> int:
    if line[:1] != sign or line[-2:] != b"\r\n":
        raise ValueError("there is no number where one should be")
    count = number_of(line[1:-2].decode("latin-1"))
    if count > most:
        raise ValueError("something is too long")
    return count


def _bulk(file: BinaryIO) -> bytes:
    size = _count(file.readline(MOST_WORDS), b"$", MOST_TEXT)
    data = file.read(size + 2)
    if len(data) != size + 2 or data[-2:] != b"\r\n":
        raise ValueError("it ends too early")
    return data[:-2]


def _keys(file: BinaryIO, found: Found, now: int) -> dict[str, str]:
    keys: dict[str, str] = {}
    for place, words in _commands(file, found):
        verb, *rest = map(decoded, words)
        if verb.lower() == "set" and len(rest) in (2, 4):
            keys[rest[0]] = rest[1]
            # (What ends in some seconds does so from when the file was written, which is not known.)
            if len(rest) == 4 and rest[2].lower() == "ae" and _whole(rest[3]) <= now:
                del keys[rest[0]]
        elif verb.lower() == "del" and len(rest) == 1:
            keys.pop(rest[0], None)
        elif verb.lower() == "flushdb":
            keys.clear()
        else:
            found.complain(0, f"At byte {place} there is a command that is not known")
    return keys


def _whole(text: str) -> int:
    try:
        return number_of(text)
    except ValueError:
        return 0


# what the keys say


def _from_keys(keys: Mapping[str, str], found: Found) -> None:
    gone = 0
    for key in keys:
        word, _, name = key.partition(" ")
        if word == "account.exists":
            _tried(found, f"The account {name}", _account, keys, name, found)
        gone += word == "account.unregistered"
    for key, value in keys.items():
        word, _, name = key.partition(" ")
        if word in ("1", "2"):
            _tried(found, f"The channel {name}", _channel if word == "1" else _purged, name, value, found)
    if gone:
        found.notes.append(
            f"Ergo gave {gone} name(s) to nobody, since they were unregistered: they are free."
        )


def _tried(found: Found, what: str, take: Callable[..., None], *given: object) -> None:
    try:
        take(*given)
    except ValueError as error:
        found.complain(0, f"{what}: {error}")


def _account(keys: Mapping[str, str], name: str, found: Found) -> None:
    def of(kind: str) -> str:
        return keys.get(f"account.{kind} {name}", "")

    def json(kind: str) -> dict[str, Any]:
        text = of(kind)
        try:
            return some_json(text) if text else {}
        except ValueError as error:
            found.complain(0, f"account.{kind} of {name}: {error}")
            return {}

    registered = number_of(of("registered.time"), _NS_DIGITS) // _NS
    account = ForeignAccount(name, of("name") or name, registered)
    found.accounts[name] = account
    account.pending = f"account.verified {name}" not in keys
    settings, vhost, suspended = json("settings"), json("vhost"), json("suspended")
    account.email = _text(settings, "Email")
    for there, (here, words) in _SETTINGS.items():
        if word := words.get(_integer(settings, there)):
            account.settings[here] = word
    if settings.get("AutoreplayLines") is not None:
        account.settings[AUTOREPLAY] = str(min(_integer(settings, "AutoreplayLines"), _MOST_REPLAYED))
    account.nicks = {nick: 0 for nick in of("additionalnicks").split(",") if nick}
    if vhost.get("Enabled") is True:
        account.vhost = _text(vhost, "ApprovedVHost")
    account.seen = _last_seen(of("lastseen"))
    if suspended:
        since, seconds = _time(suspended, "TimeCreated"), _integer(suspended, "Duration") // _NS
        by = _text(suspended, "OperName") or _NOBODY
        account.suspended = Suspension(since + seconds if seconds else 0, by, _text(suspended, "Reason"))
    credentials = json("credentials")
    account.certificates = list(_texts(credentials, "Certfps"))
    try:
        account.password = passwords.of_ergo(credentials)
    except (ValueError, TypeError) as error:
        found.complain(0, f"The password of {account.name} cannot be checked here: {error}")


def _last_seen(text: str) -> int:
    """The latest of the times of somebody's devices, by device."""
    try:
        devices = some_json(text) if text else {}
    except ValueError:
        return 0
    return max((_time(devices, name) for name in devices), default=0)


def _channel(key: str, value: str, found: Found) -> None:
    data = some_json(value)
    name, registered = _text(data, "Name"), _time(data, "RegisteredAt")
    channel = ForeignChannel(key, name, registered)
    channel.founder = _text(data, "Founder")
    if channel.founder not in found.accounts:
        found.complain(0, f"{name} has no founder: there is no account {channel.founder}")
        channel.founder = ""
    if topic := _text(data, "Topic"):
        by, at = _text(data, "TopicSetBy") or _NOBODY, _time(data, "TopicSetTime")
        channel.topic = Topic(topic, by, at or registered)
    letters = data.get("Modes")
    for mode in letters if isinstance(letters, list) else ():
        # (A mode is a rune of Go there, and so a number in JSON.)
        if isinstance(mode, int) and 0 < mode < 128:
            _mode(channel, _LETTERS.get(chr(mode), ""), "")
    for letter, field in (("k", "Key"), ("f", "Forward")):
        if text := _text(data, field):
            _mode(channel, letter, text)
    if limit := _integer(data, "UserLimit"):
        _mode(channel, "l", str(limit))
    for letter, field in (("b", "Bans"), ("e", "Excepts"), ("I", "Invites")):
        channel.lists += _list(data.get(field), letter)
    ranks = data.get("AccountToUMode")
    for account, rank in ranks.items() if isinstance(ranks, dict) else ():
        letters = _RANKS.get(chr(rank)) if isinstance(rank, int) and 0 < rank < 128 else None
        _rank(found, channel, account, letters)
    found.channels[key] = channel


def _rank(found: Found, channel: ForeignChannel, account: str, letters: str | None) -> None:
    if letters is None or account not in found.accounts:
        found.complain(0, f"{channel.name}: {account} has a rank that cannot be given")
    elif account != channel.founder:
        channel.access.append(Entry(Target(key=account), letters, channel.registered, _NOBODY))


def _mode(channel: ForeignChannel, letter: str, value: str) -> None:
    if modes.takes(letter) and (
        modes.is_parameter(letter, value) if modes.has_parameter(letter) else not value
    ):
        channel.modes[letter] = value


def _list(entries: Any, letter: str) -> Iterator[ListEntry]:
    for mask, entry in entries.items() if isinstance(entries, dict) else ():
        if isinstance(entry, dict):
            by = _text(entry, "CreatorNickmask") or _NOBODY
            mute = f"$q:{mask[2:]}" if mask.startswith("m:") else mask
            yield ListEntry(letter, one_line(mute), by, _time(entry, "TimeCreated"))


def _purged(key: str, value: str, found: Found) -> None:
    data = some_json(value)
    name, at = _text(data, "Name"), _time(data, "PurgedAt")
    channel = ForeignChannel(f"2 {key}", name, at)
    by = _text(data, "Oper") or _NOBODY
    channel.suspended = Suspension(0, by, _text(data, "Reason"))
    found.channels[channel.key] = channel


# what it imports itself


def _from_json(whole: Any, found: Found) -> None:
    password = _SOURCES.get(_text(whole, "source")) if isinstance(whole, dict) else None
    if password is None or whole.get("version") != 1:
        raise Unreadable(
            "The file is no JSON that Ergo imports: its version is not 1, or its source not known."
        )
    users, channels = whole.get("users"), whole.get("channels")
    for name, user in users.items() if isinstance(users, dict) else ():
        if isinstance(user, dict):
            _tried(found, f"The account {name}", _user, name, user, password, found)
    for name, data in channels.items() if isinstance(channels, dict) else ():
        if isinstance(data, dict):
            _tried(found, f"The channel {name}", _json_channel, name, data, found)


_SOURCES: Final[Mapping[str, Callable[[str], Password]]] = {
    "atheme": lambda text: passwords.of_atheme(text, crypted=True),
    "anope": passwords.of_anope,
}


def _user(name: str, user: dict[str, Any], password: Callable[[str], Password], found: Found) -> None:
    name = one_line(name)
    account = ForeignAccount(name.lower(), _text(user, "name") or name, _integer(user, "registeredAt") // _NS)
    found.accounts[account.key] = account
    account.email = _text(user, "email")
    account.vhost = _text(user, "vhost")
    account.nicks = dict.fromkeys(_texts(user, "additionalNicks"), 0)
    account.certificates = list(_texts(user, "certfps"))
    if made := _text(user, "hash"):
        try:
            account.password = password(made)
        except ValueError as error:
            found.complain(0, f"The password of {account.name} cannot be checked here: {error}")


def _json_channel(name: str, data: dict[str, Any], found: Found) -> None:
    name, registered = one_line(name), _integer(data, "registeredAt") // _NS
    channel = ForeignChannel(name.lower(), _text(data, "name") or name, registered)
    channel.founder = _text(data, "founder").lower()
    if channel.founder not in found.accounts:
        found.complain(0, f"{name} has no founder: there is no account {channel.founder}")
        channel.founder = ""
    if topic := _text(data, "topic"):
        at = _integer(data, "topicSetAt") // _NS
        channel.topic = Topic(topic, _text(data, "topicSetBy") or _NOBODY, at or registered)
    for letter in _text(data, "modes"):
        _mode(channel, _LETTERS.get(letter, ""), "")
    for letter, field in (("k", "key"), ("f", "forward")):
        if text := _text(data, field):
            _mode(channel, letter, text)
    if limit := _integer(data, "limit"):
        _mode(channel, "l", str(limit))
    ranks = data.get("amode")
    for account, rank in ranks.items() if isinstance(ranks, dict) else ():
        _rank(found, channel, one_line(account).lower(), _RANKS.get(rank) if isinstance(rank, str) else None)
    found.channels[channel.key] = channel


# values of JSON, which may be anything


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return one_line(value) if isinstance(value, str) else ""


def _texts(data: Mapping[str, Any], name: str) -> Iterator[str]:
    values = data.get(name)
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str):
            yield one_line(value)


def _integer(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    return value if isinstance(value, int) and 0 <= value < 1 << 63 else 0


def _time(data: Mapping[str, Any], name: str) -> int:
    """A time as Go writes it (RFC 3339), in seconds; 0 for what is none."""
    try:
        at = datetime.fromisoformat(_text(data, name))
        return max(int(at.replace(tzinfo=at.tzinfo or UTC).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0
