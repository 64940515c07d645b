"""``chatnet account``: list, show, add and change accounts, also while the server runs."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import ACTIVE, SUSPENSION, Email, Mark, State, Status, Suspension
from chatnet.records.grammar import STATUS
from chatnet.rules.durations import seconds_in
from chatnet.storage.interfaces import StoreError
from chatnet.wire.masks import compile_glob
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable
from chatnet.wiring.config import load
from chatnet.wiring.datafolder import locate
from chatnet.wiring.keeper import Keeper, KeeperError, kept_in, user
from chatnet.wiring.refill import refill
from chatnet.wiring.store import renumber

REASON = 200
"""Bytes of the reason of a suspension."""
LONGEST = 8192
"""Characters of a password that are read."""


def run(arguments: argparse.Namespace) -> None:
    """Do one of the commands; KeeperError or ConfigError says in a sentence why not."""
    if arguments.action == "refill":
        loaded = load(arguments.config, os.environ)
        aside = refill(locate(loaded), loaded.settings)
        print(f"The accounts are in {aside} now. Start the server: the others feed it.")
        return
    if arguments.action == "restored":
        _restored(arguments)
        return
    act: Callable[[Keeper, argparse.Namespace], None] = _COMMANDS[arguments.action]
    with opened(arguments, make=arguments.action == "add") as keeper:
        act(keeper, arguments)


@contextmanager
def opened(arguments: argparse.Namespace, *, make: bool = False) -> Iterator[Keeper]:
    """What keeps the accounts of the server with that configuration; with `make` there need be none yet."""
    loaded = load(arguments.config, os.environ)
    with kept_in(locate(loaded), loaded.settings, make=make) as keeper:
        yield keeper


def _restored(arguments: argparse.Namespace) -> None:
    try:
        renumber(load(arguments.config, os.environ).settings)
    except StoreError as error:
        raise KeeperError(str(error)) from None
    print("The database is numbered anew. Start the servers: what it has lost they put back.")


def _list(keeper: Keeper, arguments: argparse.Namespace) -> None:
    matches = compile_glob(arguments.mask.lower(), str.lower)
    accounts = [
        account
        for account in keeper.registry.accounts.values()
        if any(map(matches, (account.shown.lower(), *account.nicks)))
    ]
    width = max((len(account.shown) for account in accounts), default=0)
    for account in sorted(accounts, key=lambda account: account.shown.lower()):
        nicks = f"  {', '.join(account.nicks)}" if account.nicks else ""
        state = _state(keeper, account)
        print(f"{account.shown:{width}}  {state:9}  {minute(account.created)[:10]}{nicks}")


def _state(keeper: Keeper, account: Account) -> str:
    return str(account.state(keeper.now).value)


def _info(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account = keeper.account(arguments.name)
    records = {record.field: record.value for record in keeper.records(account)}
    rows = [("name", account.shown), ("id", account.id), ("registered", minute(account.created))]
    if account.lost:
        rows.append(("asks for", f"{account.name}, which somebody else has for longer"))
    owner = keeper.registry.account(account.owner)
    if owner is not None:
        rows.append(("a bot of", owner.shown))
    status, state = account.status, _state(keeper, account)
    if state == State.SUSPENDED.value:
        until = f" until {minute(status.until)}" if status.until else ""
        state += f"{until} by {status.by}: {status.reason}"
    rows.append(("status", state))
    rows += [("nick", nick) for nick in account.nicks]
    rows += [("certificate", fingerprint) for fingerprint in account.certificates]
    rows.append(("password", "no" if records.get(values.VERIFIER) is None else "yes"))
    rows += _readable(records)
    if account.vhost is not None:
        rows.append(("vhost", f"{account.vhost.host} ({'on' if account.vhost.on else 'off'})"))
    for name, value in sorted(records.items()):
        if name.startswith(values.SETTING + ":") and value is not None:
            rows.append((name.partition(":")[2], value))
    for name, value in rows:
        print(f"{name + ':':13} {printable(value)}")


def _readable(records: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    """What some fields say; what a later version wrote is left out."""
    try:
        email = Email.read(records.get(values.EMAIL) or "")
        yield "e-mail", f"{email.address} ({'verified' if email.verified else 'not verified'})"
    except ValueError:
        pass
    if (day := records.get(values.SEEN) or "").isdigit():
        yield "last login", minute(int(day) * 86400)[:10]
    try:
        mark = Mark.read(records.get(values.MARK) or "")
        yield "mark", f"{mark.note} ({mark.by})"
    except ValueError:
        pass


def _add(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account = keeper.register(arguments.name, _password())
    print(f"The account {account.shown} is registered.")


def _passwd(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account = keeper.account(arguments.name)
    keeper.set_password(account, _password())
    print(f"The password of {account.shown} is changed.")


def _suspend(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account, until = keeper.account(arguments.name), 0
    if arguments.duration is not None:
        seconds = seconds_in(arguments.duration)
        if seconds is None:
            raise KeeperError(f"{arguments.duration!r} is no duration: a number and s, m, h, d or w, as 3d.")
        until = int(keeper.now) + seconds
    reason = cut(one_line(" ".join(arguments.reason)), REASON)
    by = user().replace(" ", "_")
    detail = f"{minute(until)}: {reason}" if until else reason
    keeper.change(account, "SUSPEND", {SUSPENSION: Suspension(until, by, reason).text}, detail)
    print(f"The account {account.shown} is suspended{f' until {minute(until)}' if until else ''}.")


def _unsuspend(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account = keeper.account(arguments.name)
    if account.suspension is None and account.status.state is not State.SUSPENDED:
        raise KeeperError(f"The account {account.shown} is not suspended.")
    given: dict[str, str | None] = {SUSPENSION: None}
    if account.said.state is State.SUSPENDED:
        given[STATUS] = ACTIVE.text
    keeper.change(account, "UNSUSPEND", given)
    print(f"The account {account.shown} is suspended no more.")


def _erase(keeper: Keeper, arguments: argparse.Namespace) -> None:
    account = keeper.account(arguments.name)
    name = account.shown
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise KeeperError("Nothing brings an erased account back: --yes says that you mean it.")
        if input(f"Nothing brings {name} back. Its name, if you mean it: ").strip() != name:
            raise KeeperError("Nothing was done.")
    keeper.change(account, "ERASE", {STATUS: Status(State.ERASED).text})
    print(f"The account {name} is erased.")


def _password() -> str:
    """A line of standard input, or asked for twice; never shown."""
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise KeeperError("These were two different passwords.")
        return password
    return sys.stdin.readline(LONGEST).rstrip("\r\n")


_COMMANDS: dict[str, Callable[[Keeper, argparse.Namespace], None]] = {
    "list": _list,
    "info": _info,
    "add": _add,
    "passwd": _passwd,
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "erase": _erase,
}
