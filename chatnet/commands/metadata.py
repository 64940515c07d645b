"""METADATA: what people and channels say of themselves.  https://ircv3.net/specs/extensions/metadata

Who asked for ``draft/metadata-2`` is answered in its words; all others in those of ``draft/metadata-3``, as
https://github.com/ircv3/ircv3-specifications/pull/613 has them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.model.entities import Channel, User
from chatnet.model.metadata import MOST_WORDS, Target
from chatnet.records.metadata import is_key
from chatnet.rules.metadata import (
    by_privilege,
    channel_named,
    invalid_value,
    known,
    may_describe,
    recorded,
    shown,
    would_run,
)
from chatnet.rules.visibility import may_see_channel, may_see_member
from chatnet.services.refused import Refused
from chatnet.session.metadata import ALL, Batch, answer, aware, older, postpone, tell_keys
from chatnet.session.rates import wait
from chatnet.session.scans import Scan
from chatnet.wire import numerics
from chatnet.wire.text import middle

LOOKED: Final = 0.001
"""Penalty for each of those of whom SUB tells what there is."""

Answer = Awaitable[None] | None


class _Subcommand(NamedTuple):
    """What answers it; how many parameters it takes behind it, at least and at most (None: any number)."""

    handler: Callable[[Request], Answer]
    least: int = 0
    most: int | None = 0


@CLIENT.command("METADATA", phase=Phase.ANY, penalty=1.0)
def metadata(request: Request) -> Answer:
    """`METADATA <target> GET|LIST|SET|CLEAR|SUB|UNSUB|SUBS|SYNC [<key> …]`: what somebody shows.

    The target is a nick, a channel, or `*` for yourself.  GET <key> … and LIST show it; SET <key> [:<value>]
    has a key be a value, or none; CLEAR takes all away.  You change your own, and that of channels where you
    are an operator, or would be if you came.  SUB <key> … has you told of changes, UNSUB no more, SUBS lists
    these keys, and SYNC tells what there is of them (needs `draft/metadata-3` or `draft/metadata-2`, and
    `batch`).
    https://ircv3.net/specs/extensions/metadata
    Refuses with FAIL: INVALID_TARGET, INVALID_PARAMS (a subcommand, or how it is used), INVALID_KEY,
    INVALID_VALUE, KEY_NO_PERMISSION, LIMIT_REACHED (too many keys, or subscriptions); 774 and 775 tell after
    how many seconds to ask again.
    """
    settings = request.settings.metadata
    if not settings.enabled:
        request.stop(numerics.ERR_UNKNOWNCOMMAND, "METADATA")
    if not request.session.registered and not settings.before_connect:
        request.stop(numerics.ERR_NOTREGISTERED)
    given = request.param(1)
    subcommand, count = _SUBCOMMANDS.get(given.upper()), len(request.params) - 2
    if subcommand is None:
        return _unknown(request, given)
    if count < subcommand.least:
        if older(request.session):
            request.stop(numerics.ERR_NEEDMOREPARAMS, "METADATA")
        return _fail(request, "INVALID_PARAMS", "Not enough parameters", given)
    if subcommand.most is not None and count > subcommand.most and not older(request.session):
        return _fail(request, "INVALID_PARAMS", "Too many parameters", given)
    return subcommand.handler(request)


def _unknown(request: Request, given: str) -> Answer:
    if not older(request.session):
        word = "*" if not given or " " in given or given[0] == ":" else given
        text = f'Unknown subcommand "{given}"' if given else "Not enough parameters"
        return _fail(request, "INVALID_PARAMS", text, word)
    if not given:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "METADATA")
    return _fail(request, "SUBCOMMAND_INVALID", "There is no such subcommand", middle(given))


# how it is refused


def _fail(request: Request, code: str, text: str, *context: str) -> Answer:
    request.session.fail("METADATA", code, text, *context)
    return None


def _invalid_key(request: Request, key: str, kind: str = "FAIL") -> Answer:
    """Of one of several keys the newer draft warns."""
    old = older(request.session)
    code = "KEY_INVALID" if old else "INVALID_KEY"
    text = "A key is 1 to 64 of a-z, 0-9, _ . / and -"
    request.session.standard_reply("FAIL" if old else kind, "METADATA", code, text, middle(key))
    return None


def _invalid_target(request: Request) -> None:
    name = middle(request.params[0])
    _fail(request, "INVALID_TARGET", f"There is no {name} to speak of", name)


def _no_permission(request: Request, name: str, key: str) -> Answer:
    return _fail(request, "KEY_NO_PERMISSION", f"You may not change what is said of {name}", name, key)


def _limited(request: Request, seconds: int) -> Answer:
    """Too many changes: after so many seconds there may be another one."""
    target, subcommand, *words = request.params
    if older(request.session):
        key = middle(words[0]) if words else "*"
        text = f"Too many changes: try again in {seconds} seconds"
        return _fail(request, "RATE_LIMITED", text, middle(target), key, str(seconds))
    *others, last = [subcommand, *words]
    text = " ".join([*map(middle, others), f":{last}" if words else last])
    request.reply(numerics.ERR_METADATARATELIMIT, seconds, middle(target), text)
    return None


# whom it is about


def _target(request: Request) -> Target | None:
    """Whom the first parameter means; None if there is nobody whom the asker may know of."""
    name, network = request.params[0], request.network
    if name == "*":
        return request.user
    if name[:1] == "#":
        channel = channel_named(network, name)
        if channel is None or not (may_see_channel(request.user, channel) or _would_run(request, channel)):
            return None
        return channel
    user = network.user(name)
    return user if user is not None and not user.server.virtual else None


def _would_run(request: Request, target: Target) -> bool:
    return isinstance(target, Channel) and would_run(request.network, request.user, target, request.now)


def _may_describe(request: Request, target: Target) -> bool:
    return may_describe(request.user, target) or _would_run(request, target)


def _name(request: Request, target: Target) -> str:
    if isinstance(target, Channel):
        return target.name
    return target.nick if request.session.registered else "*"


def _about(request: Request) -> Target | None:
    """The same; None, and FAIL, if there is nobody.  Who is no user yet speaks of nobody else."""
    target = _target(request) if request.session.registered or request.params[0] == "*" else None
    if target is None:
        _invalid_target(request)
    return target


def _values(request: Request, target: Target) -> Mapping[str, str]:
    """What a target shows; of who is no user yet with what they have set."""
    values = shown(request.network, target)
    if request.session.registered:
        return values
    early = {**values, **request.sessions.subscriptions.early(request.session)}
    return {key: value for key, value in early.items() if value is not None}


# looking


def _get(request: Request) -> None:
    target = _about(request)
    if target is None:
        return
    values, name = _values(request, target), _name(request, target)
    with Batch(request.session, "metadata", name) as batch:
        for key in request.params[2:]:
            if is_key(key):
                batch.answer(name, key, values.get(key))
            else:
                _invalid_key(request, key, "WARN")
                batch.take_in()


def _list(request: Request) -> None:
    target = _about(request)
    if target is None:
        return
    name = _name(request, target)
    with Batch(request.session, "metadata", name) as batch:
        for key, value in _values(request, target).items():
            batch.answer(name, key, value)


# changing


def _set(request: Request) -> Answer:
    key, value = request.params[2], request.param(3) or None
    target = _about(request)
    if target is None:
        return None
    values, name = _values(request, target), _name(request, target)
    if not is_key(key):
        return _invalid_key(request, key)
    if not _may_describe(request, target):
        return _no_permission(request, name, key)
    if value is None and key not in values and older(request.session):
        return _fail(request, "KEY_NOT_SET", "This key is not set", name, key)
    if value is not None and (why := _unfit(request, target, key, value)) is not None:
        if older(request.session):
            return _fail(request, "VALUE_INVALID", why)
        return _fail(request, "INVALID_VALUE", why, key)
    most = request.settings.metadata.keys
    if value is not None and key not in values and not _room(request, target, key, len(values)):
        text = f"No more than {most} keys can be set"
        context = (name,) if older(request.session) else ("SET", name, str(most))
        return _fail(request, "LIMIT_REACHED", text, *context)
    if values.get(key) != value and (seconds := _wait(request)):
        return _limited(request, seconds)
    if not request.session.registered:
        request.sessions.subscriptions.early(request.session)[key] = value
        answer(request.session, name, key, value)
        return None
    return _change(request, target, {key: value}, partial(_tell_set, request, target, key))


def _room(request: Request, target: Target, key: str, count: int) -> bool:
    """Whether there may be one more key, of a target that has so many, and in memory.

    Those that were removed are remembered by records as well, each for long.
    """
    settings, network = request.settings.metadata, request.network
    if recorded(network, target) is not None:
        words = known(network, target)
        return count < settings.keys and (key in words or len(words) < MOST_WORDS)
    return count < settings.keys and network.metadata.size < settings.register_words


def _unfit(request: Request, target: Target, key: str, value: str) -> str | None:
    return invalid_value(request.settings, target if request.session.registered else None, key, value)


def _wait(request: Request) -> int:
    settings = request.settings.metadata
    return wait(request.session, "metadata", settings.set_rate, settings.set_period)


def _tell_set(request: Request, target: Target, key: str) -> None:
    answer(request.session, _name(request, target), key, shown(request.network, target).get(key))


def _clear(request: Request) -> Answer:
    target = _about(request)
    if target is None:
        return None
    values, name = dict(_values(request, target)), _name(request, target)
    if not _may_describe(request, target):
        return _no_permission(request, name, "*")
    if values and (seconds := _wait(request)):
        return _limited(request, seconds)
    if not request.session.registered:
        request.sessions.subscriptions.early(request.session).update(dict.fromkeys(values))
        _tell_cleared(request, name, values)
        return None
    return _change(request, target, dict.fromkeys(values), partial(_tell_cleared, request, name, values))


def _tell_cleared(request: Request, name: str, values: Mapping[str, str]) -> None:
    """766 for each key; by the older draft 761, with what it was."""
    with Batch(request.session, "metadata", name) as batch:
        for key, value in values.items():
            batch.answer(name, key, value if older(request.session) else None)


async def _change(
    request: Request, target: Target, given: Mapping[str, str | None], done: Callable[[], None]
) -> None:
    if by_privilege(request.user, target) and not _would_run(request, target):
        request.note_down(_name(request, target), " ".join(given))
    try:
        await request.sessions.describing.change(target, given, request.session)
    except Refused as why:
        _fail(request, why.code, why.text)
    else:
        done()


# being told


def _of_oneself(request: Request) -> bool:
    """Whether it is about the asker, who knows what these subcommands lead to; else it was refused."""
    name = request.params[0]
    if name != "*" and not (request.session.registered and request.network.user(name) is request.user):
        _invalid_target(request)
        return False
    return _is_aware(request)


def _is_aware(request: Request) -> bool:
    if aware(request.session):
        return True
    text = "Ask for the capabilities draft/metadata-3 and batch first"
    _fail(request, "INVALID_PARAMS", text, request.params[1].upper())
    return False


def _sub(request: Request) -> None:
    if not _of_oneself(request):
        return
    session, subscriptions = request.session, request.sessions.subscriptions
    most = request.settings.metadata.subscriptions
    taken: dict[str, None] = {}
    news: list[str] = []
    too_many: str | None = None
    for key in request.params[2:]:
        known = subscriptions.of(session)
        if not is_key(key):
            _invalid_key(request, key, "WARN")
            continue
        if len(known) >= most:  # "the server does not process any further keys", though it be one of these
            too_many = key
            break
        if key not in known:
            subscriptions.subscribe(session, key)
            news.append(key)
        taken[key] = None
    tell_keys(session, numerics.RPL_METADATASUBOK, taken)
    if too_many is not None:
        text = f"You are told of {most} keys, and no more"
        if older(session):
            _fail(request, "TOO_MANY_SUBS", text, too_many)
        else:
            _fail(request, "LIMIT_REACHED", text, "SUB", too_many, str(most))
    if news and session.registered:
        _tell_all(request, news)


def _tell_all(request: Request, keys: Iterable[str]) -> None:
    """The values of these keys: "the server MUST then either send a `metadata` batch with `*ALL` as its
    parameter […] or a `774 ERR_METADATASYNCLATER` message with `*ALL` as its `<Target>`"."""
    session, subscriptions = request.session, request.sessions.subscriptions
    sees = subscriptions.sees(session)
    if sees <= request.settings.metadata.sync_members:
        told = 0
        with Batch(session, "metadata", request.user.nick if older(session) else ALL) as batch:
            for target in subscriptions.visible(session):
                told += subscriptions.tell(session, batch, target, keys)
        request.charge(LOOKED * sees + told / 100)
    elif older(session):
        for channel in request.user.channels:
            postpone(session, channel.name)
    else:
        postpone(session, ALL)


def _unsub(request: Request) -> None:
    if not _of_oneself(request):
        return
    gone: dict[str, None] = {}
    for key in request.params[2:]:
        if is_key(key):
            request.sessions.subscriptions.unsubscribe(request.session, key)
            gone[key] = None
        else:
            _invalid_key(request, key, "WARN")
    tell_keys(request.session, numerics.RPL_METADATAUNSUBOK, gone)


def _subs(request: Request) -> None:
    if not _of_oneself(request):
        return
    keys = request.sessions.subscriptions.of(request.session)
    with Batch(request.session, "metadata-subs") as batch:
        batch.take_in(tell_keys(request.session, numerics.RPL_METADATASUBS, keys))


def _sync(request: Request) -> None:
    if not _is_aware(request):
        return None
    session, settings = request.session, request.settings.metadata
    everything = request.params[0].upper() == ALL and not older(session)
    target = request.user if everything else _about(request)
    if target is None:
        return None
    whom, name = target, ALL if everything else _name(request, target)
    if not session.registered:
        return postpone(session, name)
    if seconds := wait(session, "sync", settings.sync_rate, settings.sync_period):
        return request.reply(numerics.ERR_METADATASYNCLATER, name, seconds)

    async def tell(scan: Scan) -> None:
        subscriptions = request.sessions.subscriptions
        several = subscriptions.visible(session) if everything else _with_members(request, whom)
        with Batch(session, "metadata", name) as batch:
            for each in several:
                told = subscriptions.tell(session, batch, each)
                if scan.spend(1 + 5 * told):
                    session.hand_over()
                    await scan.pause()

    return request.scan(tell)


def _with_members(request: Request, target: Target) -> list[Target]:
    """A target, and those whom the asker sees in it: of a channel they are not in, nobody."""
    if isinstance(target, User) or request.user not in target.members:
        return [target]
    user = request.user
    return [target, *(member for member in target.members if may_see_member(user, target, member))]


_SUBCOMMANDS: Final[Mapping[str, _Subcommand]] = {
    "GET": _Subcommand(_get, 1, None),
    "LIST": _Subcommand(_list),
    "SET": _Subcommand(_set, 1, 2),
    "CLEAR": _Subcommand(_clear),
    "SUB": _Subcommand(_sub, 1, None),
    "UNSUB": _Subcommand(_unsub, 1, None),
    "SUBS": _Subcommand(_subs),
    "SYNC": _Subcommand(_sync),
}
