"""Measures a process with many bans and users in memory, in CPU time; nothing of it needs a socket.

scripts/bench-bans [--bans 100000] [--users 20000]
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time

from chatnet.model.bans import NetworkBan
from chatnet.model.entities import User
from chatnet.model.ids import SID, UID, AccountName
from chatnet.model.network import Network
from chatnet.model.recorded_bans import ban_value
from chatnet.model.server import Server
from chatnet.records.bans import FIELD
from chatnet.records.grammar import ban_entity, fixed
from chatnet.records.meaning import RecordMeaning
from chatnet.rules.ban_hits import meant
from chatnet.rules.network_bans import NetworkBans
from chatnet.rules.stamps import Stamp
from chatnet.storage.answers import at_once
from chatnet.storage.record import Record
from chatnet.storage.store import FILE, open_store
from chatnet.wire.casemap import folder

NOW = 1_790_000_000
FOLD = folder("rfc1459")
TOP = "net", "org", "de"
LETTERS = "aaaabcdeeeeefghiiijklllmmnnnnoooprrrsssttuuvwxyz"


def word(chance: random.Random) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(5, 9)))


def address(chance: random.Random) -> str:
    if chance.random() < 0.3:
        home = f"2001:db8:{chance.randrange(1, 65536):x}:{chance.randrange(1, 65536):x}"
        return f"{home}::{chance.randrange(1, 99):x}"
    return ".".join(str(chance.randrange(1, 255)) for _ in range(4))


def host(chance: random.Random) -> str:
    return f"{word(chance)}-{chance.randrange(1000)}.{word(chance)}.example.{chance.choice(TOP)}"


def bans(count: int, chance: random.Random) -> Iterator[NetworkBan]:
    """Bans of all kinds, as networks have them: mostly addresses and hosts."""
    for _ in range(count):
        kind = chance.choices(("D", "K", "X", "R", "A", "C"), (40, 40, 5, 5, 8, 2))[0]
        user = "*"
        if kind == "D":
            text = address(chance)
            if chance.random() < 0.2:
                text = text + ("/64" if ":" in text else "/24")
        elif kind == "K":
            user = chance.choice(("*", "*", f"*{word(chance)}"))
            text = chance.choice(
                (address(chance), host(chance), f"*.{word(chance)}.example.net", f"{word(chance)}*")
            )
        elif kind == "X":
            text = f"*{word(chance)}?{word(chance)}*"
        elif kind == "R":
            text = f"{word(chance)}*"
        elif kind == "A":
            text = f"{word(chance)}{chance.randrange(10000)}"
        else:
            text = f"{chance.getrandbits(256):064x}"
        until = NOW + chance.randrange(1000, 10_000_000) if chance.random() < 0.7 else None
        yield NetworkBan(kind, user, text, NOW, until, until, "ann!ann@staff", "spam|seen in #chatnet", True)


def users(count: int, chance: random.Random) -> Iterator[User]:
    server = Server(SID("0AA"), "a.test", "")
    for number in range(count):
        user = User(server, address(chance), host(chance))
        user.nick, user.username, user.realname = (
            f"nick{number}",
            f"~{word(chance)}",
            f"{word(chance)} {word(chance)}",
        )
        user.cloak = user.host = f"{chance.getrandbits(40):x}.{chance.getrandbits(40):x}.ip"
        if chance.random() < 0.5:
            user.account = AccountName(f"{word(chance)}{number}")
        yield user


def timed(what: str, count: int, do: Callable[[], object]) -> None:
    """Do something, and print how long it took for each."""
    begin = process_time()
    do()
    print(f"  {what}: {(process_time() - begin) / count * 1e6:.1f} µs each")


def judging(count: int, people: list[User], chance: random.Random) -> None:
    index = NetworkBans(FOLD, lambda: NOW)
    several = list(bans(count, chance))
    begin = process_time()
    network = Network(Server(SID("0AA"), "a.test", ""), FOLD, 10, 10, 10)
    network.load_bans(several)
    index.load(network.bans)
    print(f"an index of {count} bans: {process_time() - begin:.2f} s")
    times = []
    banned = 0
    for user in people[:5000]:
        begin = process_time()
        banned += index.user(user) is not None
        times.append(process_time() - begin)
    times.sort()
    print(
        f"a newcomer is judged in {statistics.mean(times) * 1e6:.0f} µs on average,"
        f" 99 of 100 in {times[len(times) * 99 // 100] * 1e6:.0f} µs ({banned} of {len(times)} were banned)"
    )


def hitting(people: list[User]) -> None:
    network = Network(people[0].server, FOLD, 10, 10, 10)
    begin = process_time()
    for user in people:
        network.whereabouts.add(user)
    print(f"somebody's address and hosts are noted in {(process_time() - begin) / len(people) * 1e6:.1f} µs")
    network.users.update((UID(str(number)), user) for number, user in enumerate(people))
    for kind, front, text in (
        ("D", "*", "192.0.2.7"),
        ("D", "*", "10.20.0.0/14"),
        ("D", "*", "2001:db8:7:9::/64"),
        ("K", "*", "*.kalo.example.net"),
        ("K", "*spam", "*.nowhere.test"),
        ("X", "*", "*free?money*"),
        ("A", "*", "nobody"),
    ):
        ban = NetworkBan(kind, front, text, NOW, None, None, "", "", False)
        begin = process_time()
        for _ in range(20):
            found = meant(network, ban)
        took = (process_time() - begin) / 20
        print(f"whom {kind} {ban.mask} means of {len(people)}: {took * 1000:.1f} ms, {len(found)} found")


def starting(count: int, chance: random.Random) -> None:
    """Nothing is collected, as in the daemon while it starts."""
    gc.disable()

    def read(path: Path) -> float:
        store = open_store(path, RecordMeaning(FOLD), sid="0AA", casemapping="rfc1459", serving=True)
        network = Network(Server(SID("0AA"), "a.test", ""), FOLD, 10, 10, 10)
        index = NetworkBans(FOLD, lambda: NOW)
        records: list[Record] = []
        begin = process_time()
        timed("read from the file", count, lambda: records.extend(store.load()))
        timed("taken by the registry", count, lambda: network.registry.load(records))
        timed(
            "known by the network",
            count,
            lambda: network.load_bans(ban for ban in network.registry.bans.all() if ban.holds(NOW)),
        )
        timed(
            "found by the index",
            count,
            lambda: index.load(network.bans),
        )
        took = process_time() - begin
        at_once(store.close())
        return took

    with tempfile.TemporaryDirectory() as folder_:
        path = Path(folder_) / FILE
        store = open_store(path, RecordMeaning(FOLD), sid="0AA", casemapping="rfc1459", serving=True)
        stamp = fixed(Stamp(NOW * 1000, 0, "0AA").text)
        records = [
            Record(ban_entity(ban.kind, FOLD(ban.mask)), FIELD, stamp, ban_value(ban))
            for ban in bans(count, chance)
        ]
        for begin in range(0, len(records), 1000):
            at_once(store.write(records[begin : begin + 1000]))
        at_once(store.close())
        print(f"a start with {count} bans takes {min(read(path) for _ in range(3)):.2f} s more")
    gc.enable()


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bans", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=20_000)
    options = parser.parse_args(words)
    print(f"load average {os.getloadavg()[0]:.1f}")
    chance = random.Random(1)
    people = list(users(options.users, chance))
    judging(options.bans, people, chance)
    hitting(people)
    starting(options.bans, chance)


if __name__ == "__main__":
    main()
