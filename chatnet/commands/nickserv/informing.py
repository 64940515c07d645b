"""INFO: what is known of an account."""

from __future__ import annotations

from datetime import UTC, datetime

from chatnet.commands.errand import Errand
from chatnet.commands.nickserv.identifying import users_of
from chatnet.commands.nickserv.table import NICKSERV
from chatnet.model.registry import Account
from chatnet.records import accounts as values
from chatnet.records.accounts import ACTIVE, Email, Mark, State, Status
from chatnet.rules.persons import Own, attaches, goes_away, stays
from chatnet.services.persons import own_of
from chatnet.settings import BouncerSettings
from chatnet.wire.server_time import DAY, minute


@NICKSERV.command("INFO", penalty=2.0)
async def info(errand: Errand) -> None:
    """`INFO [<account>|<nick>]`: what is known of an account; of your own, everything.

    Operators with the privilege accounts read everything of all.
    """
    account = errand.account(0) if errand.params else errand.own
    everything = account.id == errand.user.account_id or errand.user.may("accounts")
    records = {record.field: record.value for record in await errand.accounts.read(account)}
    errand.say(f"The account {account.shown}, registered {minute(account.created)}:")
    owner = errand.network.registry.account(account.owner)
    if owner is not None:
        errand.say(f"  a bot of {owner.shown}")
    if account.lost:
        errand.say(f"  it asks for the name {account.name}, which somebody else has for longer")
    if account.state(errand.now) is not State.ACTIVE:
        errand.say(f"  it is {_status(account.status, everything)}")
    kept = account.suspension
    if kept is not None and account.status.state is not State.SUSPENDED and kept.holds(errand.now):
        errand.say(f"  once it is back it is {_status(kept.on(ACTIVE), everything)}")
    users = users_of(errand, account)
    if users and everything:
        errand.say_list("  logged in:", [user.nick for user in users])
    elif not users and (day := records.get(values.SEEN)) is not None and day.isdigit():
        errand.say(f"  last login: {_date(int(day))}")
    shown = everything or account.settings.get("hide-email") == "off"
    if shown and (email := _email(records.get(values.EMAIL))) is not None:
        errand.say(f"  e-mail: {email.address} ({'verified' if email.verified else 'not verified'})")
    if everything:
        tokens = len(await errand.nickserv.tokens.listed(account))
        _tell_everything(errand, account, records, tokens)


def _tell_everything(errand: Errand, account: Account, records: dict[str, str | None], tokens: int) -> None:
    registry = errand.network.registry
    nicks = [folded for folded in account.nicks if registry.owner(folded) is account]
    if nicks:
        errand.say_list("  nicks:", nicks)
    if waiting := [folded for folded in account.nicks if folded not in nicks]:
        errand.say_list("  waiting, since somebody else has them for longer:", waiting)
    if account.certificates:
        errand.say(f"  certificates: {len(account.certificates)} (CERT LIST)")
    if away := errand.accounts.roll.away():
        errand.say_list("  servers that are away, and know it as it was:", [each.name for each in away])
    if bots := errand.nickserv.bots.of(account):
        errand.say_list("  bots:", [str(bot.shown) for bot in bots])
    if tokens:
        errand.say(f"  tokens: {tokens} (TOKEN LIST)")
    if account.vhost is not None:
        errand.say(f"  vhost: {account.vhost.host} ({'on' if account.vhost.on else 'off'})")
    settings = {
        name.partition(":")[2]: value
        for name, value in records.items()
        if name.startswith(values.SETTING + ":") and value is not None
    }
    if settings:
        errand.say_list("  settings:", [f"{key} {value}" for key, value in sorted(settings.items())])
    errand.say(f"  devices: {_devices(errand.settings.bouncer, own_of(account))}")
    if errand.user.may("accounts"):
        errand.say(f"  id: {account.id}")
        if (mark := _mark(records.get(values.MARK))) is not None:
            errand.say(f"  mark by {mark.by}: {mark.note}")


def _devices(settings: BouncerSettings, own: Own) -> str:
    """What holds on this server."""
    if not attaches(settings, own):
        return "one at a time"
    if not stays(settings, own):
        return "several at once, gone with the last one"
    away = "away" if goes_away(settings, own) else "not away"
    return f"several at once, always on, {away} without any"


def _status(status: Status, everything: bool) -> str:
    if status.state is not State.SUSPENDED:
        return str(status.state.value)
    until = "" if not status.until else f" until {minute(status.until)}"
    return f"suspended{until}" + (f" by {status.by}: {status.reason}" if everything else "")


def _email(text: str | None) -> Email | None:
    try:
        return Email.read(text or "")
    except ValueError:
        return None


def _mark(text: str | None) -> Mark | None:
    try:
        return Mark.read(text or "")
    except ValueError:
        return None


def _date(day: int) -> str:
    return datetime.fromtimestamp(min(day * DAY, 253_402_300_799), UTC).strftime("%Y-%m-%d")
