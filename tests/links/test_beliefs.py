"""What a server does not believe of a neighbour it does not carry on: others would believe it of us.

Each verb that means something for others than who says it, by what the neighbour may do and who says it.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from conversation import START
from mesh import Mesh, Stranger, block, stranger

from chatnet.links.speech.encap import ENCAPSULATED, POWERS
from chatnet.model.ids import UID

NOW: Final = int(START)

SERVER, OPER, USER, SERVICE, FAR = "1SO", "1SOAAAAAO", "1SOAAAAAU", "1SOAAAAAS", "2FA"
"""Who says it: the neighbour, its users (an operator, a plain one, one of services), one behind it."""

ALL: Final = frozenset({SERVER, OPER, USER, FAR})
SERVERS: Final = frozenset({SERVER, FAR})
MIGHTY: Final = SERVERS | {OPER}
USERS: Final = frozenset({OPER, USER})
NOBODY: Final[frozenset[str]] = frozenset()

BANS: Final = (
    f"BAN K * bad.example {NOW} 60 60 * :x", f"BAN X * *spam* {NOW} 60 60 * :x",
    f"BAN R * Foo* {NOW} 60 60 * :x",
    f"BAN K * old.example {NOW + 1} 0 60 * :x",
    "ENCAP * KLINE 60 * *.de :x", "ENCAP * DLINE 60 10.0.0.0/8 :x", "ENCAP * XLINE 60 *spam* 2 :x",
    "ENCAP * RESV 60 Foo* 0 :x", "ENCAP c.test KLINE 60 * bad.example :x", "ENCAP * UNKLINE * old.example",
    "ENCAP * UNDLINE 192.0.2.9", "ENCAP * UNXLINE *spam*", "ENCAP * UNRESV Foo*",
)  # fmt: skip
FOR_ALL: Final = (
    f"BAN K * * {NOW} 60 60 * :x", f"BAN K * *.* {NOW} 60 60 * :x", f"BAN K ~* 0::/0 {NOW} 60 60 * :x",
    f"BAN X * * {NOW} 60 60 * :x", f"BAN R * #* {NOW} 60 60 * :x", "ENCAP * KLINE 60 ?* *e* :x",
    "ENCAP * DLINE 60 0.0.0.0/1 :x", "ENCAP * DLINE 60 0::ffff:0:0/97 :x", "ENCAP * XLINE 60 *\\s* 2 :x",
    "ENCAP * RESV 60 * 0 :x",
)  # fmt: skip
OF_SERVICES: Final = (
    "ENCAP * SU {ann} ann", "ENCAP c.test SVSLOGIN {ann} bob b h.example ann",
    f"ENCAP c.test RSFNC {{ann}} bob {NOW} {NOW}", "ENCAP * NICKDELAY 60 bob", "ENCAP * MECHLIST :PLAIN",
    "ENCAP c.test SASL {source} {ann} C :+",
)  # fmt: skip
OF_OPERS: Final = (
    "WALLOPS :x", "NOTICE $$*.test :x", "PRIVMSG $#* :x", "@+typing=active @ TAGMSG $$*.test",
    "ENCAP * DIE c.test", "ENCAP * REHASH", "ENCAP * GRANT ann admin", "ENCAP * modload x",
)  # fmt: skip
CHANGING_HOST: Final = ("CHGHOST", "ENCAP * CHGHOST", "ENCAP * IDENTIFIED")
OF_THEMSELVES: Final = (
    "AWAY :gone", "SETNAME :Somebody", f"SIGNON new new new.host {NOW} account", f"NICK new {NOW}",
    "QUIT :bye", f"JOIN {NOW} #c +",
)  # fmt: skip
"""Of others than themselves these say nothing: a server cannot."""


def rows() -> list[tuple[str, dict[str, Any], frozenset[str]]]:
    """What is said, the settings of the link, and who is believed of those who say it."""
    found: list[tuple[str, dict[str, Any], frozenset[str]]] = []
    for line in BANS:
        found += [
            (line, {}, MIGHTY),
            (line, {"allow_bans": False}, NOBODY),
            (line, {"allow_opers": False}, SERVERS),
            (line, {"role": "services"}, ALL | {SERVICE}),
            (line, {"role": "services", "allow_bans": False}, NOBODY),
        ]
    for line in FOR_ALL:
        found += [
            (line, {}, SERVERS),
            (line, {"allow_bans": False}, NOBODY),
            (line, {"role": "services"}, ALL | {SERVICE}),
        ]
    for line in OF_SERVICES:
        found += [(line, {}, NOBODY), (line, {"role": "relay"}, NOBODY), (line, {"role": "services"}, ALL)]
    for line in OF_OPERS:
        found += [(line, {}, MIGHTY), (line, {"allow_opers": False}, SERVERS)]
    found += [
        ("OPERWALL :x", {}, frozenset({OPER})),
        ("OPERWALL :x", {"allow_opers": False}, NOBODY),
        ("OPER god admin", {}, USERS),
        ("OPER god admin", {"allow_opers": False}, NOBODY),
        ("ENCAP * OPER god", {}, USERS),
        ("ENCAP * OPER god", {"allow_opers": False}, NOBODY),
        ("MODE {source} :+o", {"allow_opers": False}, NOBODY),
        ("KILL {ann} :x (y)", {}, ALL),
        ("KILL {ann} :x (y)", {"allow_kill": False}, NOBODY),
        ("SQUIT b.test :x", {"allow_squit_others": False}, NOBODY),
        ("SQUIT c.test :x", {"allow_squit_others": False}, NOBODY),
        ("ENCAP * SNOTE s :x", {}, SERVERS),
        ("ENCAP * GCAP :QS", {}, SERVERS),
        ("ENCAP * CNLEFT 0CA x", {}, SERVERS),
        ("ENCAP * INVITED 1SOAAAAAO {ann} #c", {}, NOBODY),
        ("ENCAP * INVITED 1SOAAAAAO 1SOAAAAAU #c", {}, frozenset({SERVER, USER})),
        *((f"{verb} {{ann}} :h.example", {}, NOBODY) for verb in CHANGING_HOST),
        *((f"{verb} {{ann}} :h.example", {"role": "services"}, ALL) for verb in CHANGING_HOST),
        *((f"{verb} 1SOAAAAAU :h.example", {}, frozenset({SERVER, USER})) for verb in CHANGING_HOST),
        *((said, {}, USERS) for said in OF_THEMSELVES),
        ("MODE {ann} :+i", {}, NOBODY),
        ("MODE 1SOAAAAAU :+w", {}, frozenset({USER})),
        ("SAVE {ann} 1", {}, NOBODY),
        ("ENCAP * CERTFP :f00d", {}, USERS),
        ("ENCAP * REALHOST :h.example", {}, USERS),
        ("ENCAP * LOGIN :ann", {}, USERS),
        ("ENCAP * REDACT #c id :x", {}, ALL),
        ("ENCAP * WHATEVER x", {"allow_bans": False, "allow_opers": False, "allow_kill": False}, ALL),
    ]
    return found


def ident(value: object) -> str:
    """A name of a case that is the same in each process."""
    if isinstance(value, dict):
        return ",".join(f"{key}={setting}" for key, setting in value.items()) or "-"
    return "+".join(sorted(value)) or "nobody" if isinstance(value, frozenset) else str(value)


@pytest.mark.parametrize(("said", "may", "believed"), rows(), ids=ident)
def test_what_is_not_believed_goes_no_further(
    said: str, may: dict[str, Any], believed: frozenset[str]
) -> None:
    """a hears it; c is beyond b, and both believe the neighbour's name whatever it says."""
    mesh, so1 = linked(said, may)
    before = known_bans(mesh)
    for source in sorted(ALL - believed):
        assert went_on(mesh, so1, said, source) == (), source
        assert known_bans(mesh) == before
        assert mesh["c"].node.network.users[UID("0CAAAAAAA")].nick == "ann"
    assert so1.gone is None
    mesh.check()
    some = {USER, SERVICE} if may.get("role") == "services" else believed
    for source in sorted(believed & some):
        mesh, so1 = linked(said, may)
        assert went_on(mesh, so1, said, source), source
        mesh.check()


def linked(said: str, may: dict[str, Any]) -> tuple[Mesh, Stranger]:
    """A network with something to lift, if `said` lifts it."""
    far = {"links": {"services": ["so1.test", "far.test"]}}
    mesh = Mesh("a", "b", "c", sections_of={"a": {"link": [block("so1", **may)]}, "b": far, "c": far})
    mesh.link("a", "b")
    mesh.link("b", "c")
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    so1 >> ":1SO SID far.test 2 2FA :x"
    for nick, modes in (("o", "+io"), ("u", "+i"), ("s", "+iS")):
        so1 >> f":1SO EUID {nick} 1 {NOW} {modes} {nick} so1.host 192.0.2.9 1SOAAAAA{nick.upper()} * * :x"
    mesh["c"].client("ann") >> "JOIN #c"
    if may.get("allow_bans", True):
        so1 >> f":1SO BAN K * old.example {NOW} 60 60 * :x"
        if " UN" in said:
            for line in (
                "KLINE 60 * old.example",
                "DLINE 60 192.0.2.9",
                "XLINE 60 *spam* 2",
                "RESV 60 Foo* 0",
            ):
                so1 >> f":1SO ENCAP * {line} :x"
    mesh.settle()
    return mesh, so1


def went_on(mesh: Mesh, so1: Stranger, said: str, source: str) -> tuple[str, ...]:
    """What c is told of it, by b."""
    for one, other in ("ab", "bc"):
        mesh.said(one, other)
    tags, _, rest = said.rpartition("@ ")
    so1 >> f"{tags}:{source} {rest}".format(ann="0CAAAAAAA", source=source)
    mesh.settle()
    told = tuple(line for line in mesh.said("a", "b") if "SNOTE" not in line or "SNOTE" in said)
    beyond = tuple(line for line in mesh.said("b", "c") if "SNOTE" not in line or "SNOTE" in said)
    assert bool(told) is bool(beyond)
    return beyond


def known_bans(mesh: Mesh) -> dict[str, dict[str, int | None]]:
    """Which bans the first server has, and until when they hold."""
    known = mesh["a"].node.network.bans
    return {kind: {str(mask): ban.until for mask, ban in several.items()} for kind, several in known.items()}


def test_each_command_that_is_not_everybodys_is_in_the_table() -> None:
    words = " ".join(said for said, _, _ in rows()).upper().split()
    assert set(ENCAPSULATED.beliefs) - set(words) <= set(POWERS)
