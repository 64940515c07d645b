"""What would come of an import: who is new, who is here already, who is left out, and who is renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chatnet.importing.neutral import Complaint, ForeignAccount, ForeignChannel, Found
from chatnet.importing.records import Made, Rules, Writer
from chatnet.model.registry import Registry
from chatnet.records.accounts import Named
from chatnet.records.claims import shown_lost
from chatnet.records.grammar import split
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder
from chatnet.wire.names import is_channel, nick_mistake

Known = Callable[[str], bool | None]
"""Whether an id is here: True, that it was and is erased: False, or that it is not: None."""


class Limits(NamedTuple):
    """What names are taken here, and whether nobody may have one."""

    nick: int
    channel: int
    reserved: Callable[[str], bool]


@dataclass(slots=True)
class Plan:
    """`accounts` and `channels` are those that are new, each with its records."""

    accounts: list[tuple[ForeignAccount, Made]] = field(default_factory=list)
    channels: list[tuple[ForeignChannel, Made]] = field(default_factory=list)
    here: int = 0
    erased: int = 0
    conflicts: list[str] = field(default_factory=list)
    weak: int = 0
    without: int = 0
    """New accounts that nobody can log in to with a password."""
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def entities(self) -> Iterator[Made]:
        """The records of all that is new: accounts first, since channels name them."""
        yield from (made for _, made in self.accounts)
        yield from (made for _, made in self.channels)


def plan(found: Found, rules: Rules, limits: Limits, registry: Registry, known: Known) -> Plan:
    """What would come of it."""
    made = Plan(complaints=list(found.complaints))
    writer = Writer(found, rules)
    for account in found.accounts.values():
        mistake = _mistake(account, limits)
        if mistake is not None:
            text = f"The account {account.name} is left out: {mistake}"
            made.complaints.append(Complaint(account.line, text))
            del writer.ids[account.key]
        elif _is_new(made, known(writer.ids[account.key])):
            _drop_odd_nicks(account, limits, made)
            records = writer.account(account)
            made.accounts.append((account, records))
            made.weak += account.password is not None and account.password.weak
            made.without += account.password is None
            _tell(made, account.line, account.name, records)
    for channel in found.channels.values():
        mistake = _channel_mistake(channel, limits)
        if mistake is not None:
            text = f"The channel {channel.name} is left out: {mistake}"
            made.complaints.append(Complaint(channel.line, text))
            continue
        records = writer.channel(channel)
        if _is_new(made, known(records.entity)):
            made.channels.append((channel, records))
            _tell(made, channel.line, channel.name, records)
    made.complaints.sort()
    made.conflicts = [
        *_renamed(made, registry, rules.fold, limits.nick),
        *_waiting(made, registry, rules.fold),
    ]
    return made


def _is_new(made: Plan, known: bool | None) -> bool:
    made.here += known is True
    made.erased += known is False
    return known is None


def _tell(made: Plan, line: int, name: str, records: Made) -> None:
    made.complaints += [Complaint(line, f"{name}: {reason}") for reason in dict.fromkeys(records.lost)]


def _mistake(account: ForeignAccount, limits: Limits) -> str | None:
    if not account.registered:
        return "it is not said when it was registered"
    if (mistake := nick_mistake(account.name, limits.nick)) is not None:
        return f"it has to have a nick for its name, and {mistake}"
    return "nobody may have this name here" if limits.reserved(account.name) else None


def _channel_mistake(channel: ForeignChannel, limits: Limits) -> str | None:
    if not is_channel(channel.name, limits.channel):
        return f"it is no name for one, or longer than {limits.channel} bytes"
    return None if channel.registered else "it is not said when it was registered"


def _drop_odd_nicks(account: ForeignAccount, limits: Limits, made: Plan) -> None:
    for nick in list(account.nicks):
        if nick_mistake(nick, limits.nick) is not None or limits.reserved(nick):
            del account.nicks[nick]
            made.complaints.append(Complaint(account.line, f"{account.name}: {nick} is no nick here"))


# names

Asked = tuple[str, str]
"""Since when, and the id of who asks: the least one has the name."""


def _renamed(made: Plan, registry: Registry, fold: Folder, most: int) -> Iterator[str]:
    """Who would lose a name, or be given none."""
    asking: dict[str, dict[Asked, tuple[str, bool]]] = {}  # folded → who asks: what they are called, new?
    names: dict[str, str] = {}  # what each asks to be called, folded
    for account, records in made.accounts:
        names[records.entity] = fold(account.name)
        for folded, since in _asked(records.records, fold):
            claims = asking.setdefault(folded, {})
            # (Its name and a nick of it may fold alike: the one it has had for longer counts.)
            known = next((claim for claim in claims if claim[1] == records.entity), None)
            if known is None or since < known[0]:
                claims.pop(known or ("", ""), None)
                claims[since, records.entity] = account.name, True
    for folded, claims in asking.items():
        for other in registry.asking(folded):
            names[other.id] = fold(other.name)
            claims[registry.since(other, folded), other.id] = other.shown, False
    for folded, claims in sorted(asking.items()):
        first, *others = sorted(claims)
        losers = [entity for _, entity in others]
        for since, entity in others:
            name, new = claims[since, entity]
            owner = claims[first][0]
            if not new and not claims[first][1]:
                continue  # as before
            who = f"{name}, who is in the file" if new else f"{name}, who is here"
            if names[entity] == folded:
                shown = shown_lost(name, entity, losers, most)
                yield f"{who}, will be called {shown}: {owner} has had that name for longer."
            else:
                yield f"{who}, will not have the nick {folded}: {owner} has had it for longer."


def _asked(records: list[Record], fold: Folder) -> Iterator[tuple[str, str]]:
    for record in records:
        name, key = split(record.field)
        if name in ("name", "nick") and record.value is not None:
            named = Named.read(record.value)
            yield key or fold(named.name), named.since


def _waiting(made: Plan, registry: Registry, fold: Folder) -> Iterator[str]:
    """Channels that two registrations are of: the first counts, the others wait."""
    asking: dict[str, dict[Asked, bool]] = {}
    names: dict[str, str] = {}
    for channel, records in made.channels:
        folded = fold(channel.name)
        names[folded] = channel.name
        for _, since in _asked(records.records, fold):
            asking.setdefault(folded, {})[since, records.entity] = True
    for folded, claims in sorted(asking.items()):
        for other in registry.channels.asking(folded):
            claims[other.since, other.id] = False
        first, *others = sorted(claims)
        if any(claims[each] for each in (first, *others)) and others:
            place = "in the file" if claims[first] else "here"
            yield f"{names[folded]} is registered twice: what is {place} counts, for it is older."
