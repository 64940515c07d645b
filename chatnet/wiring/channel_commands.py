"""``chatnet channel``: list and show registered channels, also while the server runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

from chatnet.model.registered import RegisteredChannel
from chatnet.records.accounts import State
from chatnet.rules.access import founder_of, is_account
from chatnet.wire.masks import compile_glob
from chatnet.wire.server_time import day, minute
from chatnet.wire.text import printable
from chatnet.wiring.account_commands import opened
from chatnet.wiring.keeper import Keeper, KeeperError

DAY = 86400


def run(arguments: argparse.Namespace) -> None:
    """Do one of the commands; KeeperError or ConfigError says in a sentence why not."""
    act: Callable[[Keeper, argparse.Namespace], None] = _COMMANDS[arguments.action]
    with opened(arguments) as keeper:
        act(keeper, arguments)


def _list(keeper: Keeper, arguments: argparse.Namespace) -> None:
    matches = compile_glob(arguments.mask.lower(), str.lower)
    channels = [
        channel
        for channel in keeper.registry.channels.by_id.values()
        if channel.name and matches(channel.name.lower())
    ]
    width = max((len(channel.name) for channel in channels), default=0)
    for channel in sorted(channels, key=lambda channel: (channel.name.lower(), channel.since, channel.id)):
        state, registered = _state(keeper, channel), minute(channel.created)[:10]
        print(f"{channel.name:{width}}  {state:9}  {registered}  {_founder(keeper, channel)}")


def _state(keeper: Keeper, channel: RegisteredChannel) -> str:
    """What it is; ``waiting`` where somebody else has its name for longer."""
    if keeper.registry.channels.waits(channel):
        return "waiting"
    return str(channel.status.at(keeper.now).value)


def _founder(keeper: Keeper, channel: RegisteredChannel) -> str:
    return _called(keeper, founder_of(keeper.registry, channel)) or "nobody"


def _called(keeper: Keeper, target: str) -> str:
    """The name of an account; a mask is as it is."""
    account = keeper.registry.account(target)
    return target if account is None else account.shown


def _info(keeper: Keeper, arguments: argparse.Namespace) -> None:
    channels = keeper.registry.channels
    found = [channels.by_id[arguments.name]] if arguments.name in channels.by_id else []
    found = found or channels.asking(keeper.fold(arguments.name))
    if not found:
        raise KeeperError(f"There is no registered channel {arguments.name!r}.")
    for channel in found:
        for name, value in _rows(keeper, channel):
            print(f"{name + ':':13} {printable(value)}")


def _rows(keeper: Keeper, channel: RegisteredChannel) -> Iterator[tuple[str, str]]:
    yield "name", channel.name
    yield "id", channel.id
    yield "registered", minute(channel.created)
    state, status = _state(keeper, channel), channel.status
    if state == State.SUSPENDED.value:
        until = f" until {minute(status.until)}" if status.until else ""
        state += f"{until} by {status.by}: {status.reason}"
    yield "status", state
    yield "founder", _founder(keeper, channel)
    if channel.successor:
        yield "successor", _called(keeper, channel.successor)
    yield "used last", day(channel.used * DAY) if channel.used else "never"
    for target, access in sorted(channel.access.items()):
        if not (is_account(target) and keeper.registry.account(target) is None):
            yield "access", f"{_called(keeper, target)} +{access.letters}"
    for target, akick in sorted(channel.akicks.items()):
        until = f" until {minute(akick.until)}" if akick.until else ""
        yield "kept out", f"{_called(keeper, target)}{until} by {akick.by}: {akick.reason}"
    yield from sorted(channel.settings.items())


_COMMANDS: dict[str, Callable[[Keeper, argparse.Namespace], None]] = {"list": _list, "info": _info}
