"""Filters that are records of full servers: on all, the later word holds, and each text is judged once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from club import Club
from clubs import Clubs
from conversation import START, Client
from hypothesis import given
from hypothesis import strategies as st
from mesh import block, stranger
from seating import Seating
from states import opered

from chatnet.model.entities import User
from chatnet.model.filters import ACTIONS, EXPRESSION, GLOB, WHERE, Filter, filter_entity
from chatnet.model.recorded import AHEAD
from chatnet.model.recorded_filters import RecordedFilters, filter_value
from chatnet.model.server import Server
from chatnet.records.filters import FIELD
from chatnet.records.grammar import fixed, is_record
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record

NOW = int(START)


@pytest.fixture
def clubs() -> Clubs:
    return full("a", "b", "c")


def full(*names: str) -> Clubs:
    clubs = Clubs(*names, oper_class=[{"name": "staff", "privileges": ["filters", "see-all", "audit"]}])
    for near, far in pairwise(names):
        clubs.link(near, far)
    clubs.settle()
    for name in names:  # they write that they are there
        nickserv = clubs[name].parts.nickserv
        assert nickserv is not None
        nickserv.sweeping.sweep()
    clubs.settle()
    return clubs


def root(clubs: Clubs, name: str) -> Client:
    found = clubs[name].client(f"root{name}", address="198.51.100.1")
    clubs.settle()
    opered(found, "filters", "see-all", "audit", snomask="m")
    clubs.settle()
    return found


def say(clubs: Clubs, client: Client, line: str) -> list[str]:
    client >> line
    clubs.settle()
    return [text.partition(" :")[2] for text in client.lines()]


def held_back(clubs: Clubs, text: str) -> str:
    """On which servers a text is not said."""
    found = ""
    for name in clubs.houses:
        client = clubs[name].client("probe", address="192.0.2.200")
        client >> f"PRIVMSG probe :{text}"
        found += name * any(" 492 " in line for line in client.lines())
        client >> "QUIT"
        clubs.settle()
    return found


def test_a_filter_holds_on_all_full_servers(clubs: Clubs) -> None:
    ann, cyd = root(clubs, "a"), root(clubs, "c")
    clubs.said("a", "b")
    answer = say(clubs, ann, "FILTER ADD block live *free money* -- no adverts")
    assert answer[-1].startswith("Done, on all servers. ")
    assert len([line for line in clubs.said("a", "b") if " CNREC b" in line]) == 1
    (notice,) = cyd.lines()
    handle = answer[-1].split()[-1]
    assert notice.endswith(f" roota set the filter {handle} block strangers text: *free money* -- no adverts")
    assert held_back(clubs, "free money") == "abc"
    assert say(clubs, cyd, f"FILTER DEL {handle}")[-1].startswith("Lifted: ")
    assert held_back(clubs, "free money") == ""
    clubs.agree()
    clubs.check()


def test_hits_are_told_to_operators_of_all_servers_and_gathered_from_all(clubs: Clubs) -> None:
    ann, cyd = root(clubs, "a"), root(clubs, "c")
    plain = clubs["b"].client("plain", address="198.51.100.7")
    opered(plain, "filters", snomask="m")
    clubs.settle()
    (done,) = [line for line in say(clubs, ann, "FILTER ADD block live *money*") if "Done" in line]
    handle = done.split()[-1]
    for client in (ann, cyd, plain):
        client.lines()
    for name in "acb":
        clubs.advance(60)
        eve = clubs[name].client(f"eve{name}", address=f"192.0.2.{ord(name)}")
        say(clubs, eve, "JOIN #eve")
        say(clubs, eve, f"PRIVMSG #eve :money from {name}")
    told = f"Filter {handle} (block) hit eve%s (~eve%s@192.0.2.%s) [192.0.2.%s] in #eve: money from %s"
    for client in (ann, cyd):
        heard = [line.partition("*** Notice -- ")[2] for line in client.lines() if "*** Notice" in line]
        assert [line.partition(" hit ")[2][:4] for line in heard] == ["evea", "evec", "eveb"]
        mine = client.user.nick[-1]
        assert told % (mine, mine, ord(mine), ord(mine), mine) in heard
    first, *hits, end = say(clubs, ann, f"FILTER HITS {handle}")
    assert first == f"{handle} block strangers text: *money*: 3 hits, acted 3 times"
    assert [line.partition("UTC ")[2] for line in hits] == [
        f"[{name}.test] eve{name}!~eve{name}@192.0.2.{ord(name)} in #eve: money from {name}" for name in "acb"
    ]
    assert end == "End of FILTER HITS: of each server, since it started"
    assert say(clubs, cyd, "FILTER HITS") == [first, hits[-1], end]
    clubs.cut("b", "c")
    clubs.settle()
    assert say(clubs, ann, f"FILTER HITS {handle}") == [
        first.replace("3 hits, acted 3", "2 hits, acted 2"),
        *(line for line in hits if "[c.test]" not in line),
        "Nothing, or not all, from c.test: it is away",
        end,
    ]
    clubs.check()


def test_what_another_server_says_of_hits_is_held_against_what_can_be_so(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    say(clubs, ann, "FILTER ADD block live *money*")
    (entity,) = clubs["a"].node.network.filters
    parts: list[list[object]] = [
        ["count", entity, -1, 0, "x"], ["count", entity, 2, "one", "x"], ["count", entity, True],
        ["hit", entity, 1e300, "soon"], ["hit", "nothing", 1.0, "who?"], ["nonsense", entity, 1, 1], [1], [],
        ["count", entity, 2, 0, "x"], ["hit", entity, 1.0, "a\r\nb"],
    ]  # fmt: skip

    def obey(server: Server, number: int, user: User, words: Sequence[str]) -> None:
        orders = clubs["c"].parts.links.orders
        for part in parts:
            orders.say(server, number, part)  # type: ignore[arg-type]
        orders.end(server, number)

    clubs["c"].parts.links.orders.obey = obey
    first, hit, _ = say(clubs, ann, "FILTER HITS *money*")
    assert first.endswith(": 2 hits") and hit == "- 1970-01-01 00:00 UTC [c.test] a b"
    clubs.check()


def test_of_one_that_was_set_here_and_lifted_there_the_later_word_holds(clubs: Clubs) -> None:
    ann, cyd = root(clubs, "a"), root(clubs, "c")
    say(clubs, ann, "FILTER ADD block live *one*")
    say(clubs, ann, "FILTER ADD block live *two*")
    clubs.cut("b", "c")
    clubs.advance(5)
    say(clubs, cyd, "FILTER DEL *one*")
    say(clubs, ann, "FILTER DEL *two*")
    say(clubs, ann, "FILTER ADD block live *three*")
    clubs.advance(5)
    say(clubs, ann, "FILTER ADD kill *one* -- changed before they knew")
    say(clubs, cyd, "FILTER ADD block live /two/ -- another pattern")
    say(clubs, cyd, "FILTER DEL *two*")
    clubs.advance(5)
    say(clubs, cyd, "FILTER ADD block live *one* -- the last word")
    clubs.link("b", "c")
    clubs.settle()
    clubs.advance(2)
    assert held_back(clubs, "one") == held_back(clubs, "two") == held_back(clubs, "three") == "abc"
    say(clubs, ann, "FILTER DEL /two/")
    assert held_back(clubs, "two") == ""
    assert [len(clubs[name].node.network.filters) for name in "abc"] == [2, 2, 2]
    clubs.agree()
    clubs.check()


def test_filters_are_there_after_a_restart(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    say(clubs, ann, r"FILTER ADD mute live all quiet time=1h not=#C,#d where=channel /a\sb c\\d/ -- a | b")
    say(clubs, ann, "FILTER ADD block live *gone*")
    say(clubs, ann, "FILTER DEL *gone*")
    say(clubs, ann, "FILTER ADD block live for=1m *over*")
    clubs.advance(61)
    before = clubs["a"].node.network.filters
    again = Club(clubs["a"].store, server={"sid": "0AA", "name": "a.test"})
    again.clock.advance(61)
    (found,) = again.parts.sessions.filters.all()
    (same,) = [each for each in before.values() if each.holds(again.clock.time())]
    assert filter_value(found) == filter_value(same)
    assert (found.pattern, found.kind, found.reason) == (r"a\sb c\\d", EXPRESSION, "a | b")
    assert found.spared == {"#c", "#d"} and found.quiet and found.record


def test_neighbours_that_keep_no_records_are_told_nothing() -> None:
    mesh = Clubs("a", "b", sections_of={"b": {"link": [block("so1")]}})
    mesh.link("a", "b")
    mesh.settle()
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    so1 >> ":1SO EUID oz 1 1699999990 +io ~oz oz.host 192.0.2.77 1SOAAAAAA * * :Oz"
    mesh.settle()
    ann = root(mesh, "a")
    so1.lines()
    say(mesh, ann, "FILTER ADD kick live all *money*")
    assert not so1.lines()
    so1 >> f":1SOAAAAAA PRIVMSG {ann.user.uid} :money"  # what its people say is its own to judge
    mesh.settle()
    assert "money" in ann.lines()[-1]
    bob = mesh["a"].client("bob")
    bob >> "JOIN #c" >> "PRIVMSG #c :money"
    mesh.settle()
    lines = so1.lines()
    assert not [line for line in lines if " PRIVMSG " in line]
    assert [line for line in lines if f":0AA KICK #c {bob.user.uid} " in line]
    mesh.check()


def test_a_kill_goes_everywhere(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    say(clubs, ann, "FILTER ADD kill live all *money*")
    vic = clubs["c"].client("vic", address="192.0.2.9")
    clubs.settle()
    vic >> "PRIVMSG roota :money"
    clubs.settle()
    assert vic.session.closed and clubs["a"].node.network.user("vic") is None
    clubs.check()


def test_what_a_person_says_is_judged_once_where_they_say_it() -> None:
    mesh = Seating("a", "b", "c")
    device = mesh.sit("c")
    bob = mesh.client("b", "bob")
    for client in (mesh.ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    oper = mesh.client("a", "oper")
    opered(oper, "filters")
    mesh.settle()
    for line in ("FILTER ADD block live all *money*", "FILTER ADD block live all where=user gold!*"):
        oper >> line
        mesh.settle()
    bob.lines(), device.lines()
    for line in ("PRIVMSG #c :money", "AWAY :money", "NICK gold", "PRIVMSG #c :hello", "TOPIC #c :money"):
        device >> line
        mesh.settle()
    assert [line for line in bob.lines() if " PRIVMSG #c :hello" in line]
    told = " ".join(device.lines())
    assert " 404 ann #c " in told and " FAIL AWAY BLOCKED " in told and " 432 ann gold " in told
    counts = {
        name: sorted(count.hits for count in mesh[name].parts.sessions.filters.counts.values())
        for name in "abc"
    }
    assert counts == {"a": [1], "b": [], "c": [3]}  # of another nick their own server judges
    mesh.check()


def test_who_is_muted_at_a_seat_takes_no_other_name_by_their_own_server() -> None:
    """The mute is of the server that they said it at."""
    mesh = Seating("a", "b", "c", oper_class=[{"name": "staff", "privileges": ["filters"]}])
    device = mesh.sit("c")
    bob = mesh.client("b", "bob")
    for client in (mesh.ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    oper = mesh.client("a", "oper")
    opered(oper, "filters")
    mesh.settle()
    oper >> "FILTER ADD mute live all *money*"
    mesh.settle()
    bob.lines(), device.lines()
    for line in ("PRIVMSG #c :money", "NICK hello", "SETNAME :hello", "AWAY :hello"):
        device >> line
        mesh.settle()
    told = " ".join(device.lines())
    for answer in (" 435 ann hello #c ", " FAIL SETNAME CANNOT_CHANGE_REALNAME ", " FAIL AWAY BLOCKED "):
        assert answer in told
    assert not bob.lines() and mesh.there("a").nick == "ann" and mesh.there("a").away is None
    oper >> "FILTER UNMUTE ann"
    mesh.settle()
    assert oper.lines()[-1].endswith(":ann may speak again in 1 channel")
    device >> "PRIVMSG #c :hello"
    mesh.settle()
    bob << "* :ann!* PRIVMSG #c :hello"
    oper >> "FILTER UNMUTE bob"
    mesh.settle()
    assert oper.lines()[-1].endswith(":No filter has muted bob")
    mesh.check()


filters = st.builds(
    lambda kind, pattern, **rest: Filter(filter_entity(kind, pattern), kind, pattern, record=True, **rest),
    st.sampled_from([GLOB, EXPRESSION]),
    st.text("aA \\s*,:-\u20ac", min_size=1, max_size=20),
    action=st.sampled_from(list(ACTIONS)),
    where=st.frozensets(st.sampled_from(WHERE)),
    strangers=st.booleans(),
    dry=st.booleans(),
    quiet=st.booleans(),
    seconds=st.integers(0, 10**9),
    spared=st.frozensets(st.sampled_from(["#a", "#b\\s", "#c"])),
    reason=st.text("a -:\\|", max_size=9),
    by=st.just("ann!~ann@host"),
    created=st.integers(1, NOW + AHEAD),
    until=st.none() | st.integers(1, 10**10),
)


@given(filters)
def test_a_record_says_all_of_a_filter(filter: Filter) -> None:
    record = Record(filter.entity, FIELD, fixed(Stamp(NOW * 1000, 0, "0AA").text), filter_value(filter))
    assert is_record(record)
    known = RecordedFilters(str.lower)
    known.take(record)
    found = known.get(filter.entity)
    assert found is not None and filter_value(found) == filter_value(filter)
    assert all(getattr(found, name) == getattr(filter, name) for name in Filter.__dataclass_fields__)


@given(st.text("0123 abF-,:\\sR\u20ac\U0001f600", max_size=60))
def test_what_is_no_filter_means_nothing(text: str) -> None:
    entity = filter_entity(GLOB, "*a*")
    known = RecordedFilters(str.lower)
    with pytest.raises(ValueError, match=r"it is|is no|there is"):
        known.take(Record(entity, FIELD, fixed(Stamp(NOW * 1000, 0, "0AA").text), text))
    assert known.get(entity) is None


def test_records_that_nobody_here_would_have_written(clubs: Clubs) -> None:
    """Of a version to come, or of somebody who means harm: they are kept, listed, and harm nobody."""
    ann = root(clubs, "a")
    stamp = fixed(Stamp(NOW * 1000, 0, "0AA").text)

    def told(kind: str, pattern: str, *, action: str = "kill", entity: str = "") -> None:
        value = f"{NOW} 0 {action} x {kind} 0 channel,private,smell everybody,loud - {pattern} :why"
        clubs.put("a", Record(entity or filter_entity(kind, pattern), FIELD, stamp, value))

    for pattern in ("(a", "a{1000}", "x*", "a" * 400):
        told(EXPRESSION, pattern)
    told(GLOB, "*")
    told(GLOB, "*money*", entity=filter_entity(GLOB, "*gold*"))
    told(GLOB, "*silver*", action="explode")
    told(GLOB, "*iron*")
    again = Club(clubs["a"].store, server={"sid": "0AA", "name": "a.test"})
    shown = again.parts.sessions.filters
    assert [each.pattern for each in shown.matching.usable] == ["*iron*"]
    assert sorted(each.pattern for each in shown.matching.useless) == ["(a", "*", "a{1000}", "x*"]
    vic = again.client("vic")
    vic >> "PRIVMSG vic :aaa money gold silver"
    assert not vic.session.closed
    vic >> "PRIVMSG vic :iron"
    assert vic.session.closed
    assert ann.user.oper is not None
    again.check()
