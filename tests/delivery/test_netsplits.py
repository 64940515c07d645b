"""Servers that part and meet.  https://ircv3.net/specs/batches/netsplit"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import LABELS
from profiles import runs
from states import channel, far_join, far_server, far_user, opered, second_session, split

from chatnet.model.entities import User
from chatnet.model.facts import HostChanged, NetJoinBegan, NetJoinEnded
from chatnet.model.ids import AccountName
from chatnet.model.modes import OP, VOICE
from chatnet.model.server import Server
from chatnet.session import batches, netsplits, render
from chatnet.wire.capabilities import ACCOUNT_TAG, BATCH, SERVER_TIME
from chatnet.wire.message import parse

FAR = "~f@far.example"


def met(house: House, name: str, *clients: Client) -> None:
    for client in clients:
        client >> f"JOIN {name}"
    for client in clients:
        client.lines()


def begin(house: House, far: Server) -> None:
    house.node.commit(NetJoinBegan(house.node.network.me, far, house.clock.time()))


def end(house: House, far: Server) -> None:
    house.node.commit(NetJoinEnded(far, house.clock.time()))


@pytest.fixture
def far(house: House) -> Server:
    return far_server(house, "other.host")


# Splits


def test_a_netsplit(house: House, far: Server) -> None:
    """When a netsplit occurs, the server MUST put all resulting QUITs into a single netsplit batch.

    ":irc.host BATCH +yXNAbvnRHTRBv netsplit irc.hub other.host
    @batch=yXNAbvnRHTRBv :aji!a@a QUIT :irc.hub other.host"
    """
    ann, bob = house.client("ann", caps="batch"), house.client("bob")
    met(house, "#atheme,#ircv3", ann, bob)
    aji, nenolod, jilles = (far_user(house, far, nick) for nick in ("aji", "nenolod", "jilles"))
    far_join(house, "#atheme", (aji, 0), (nenolod, OP))
    far_join(house, "#ircv3", (nenolod, 0), (jilles, VOICE))
    far_join(house, "#elsewhere", (jilles, 0))
    ann.lines()
    bob.lines()
    split(house, far)
    ann << ":irc.test BATCH +1 netsplit irc.test other.host"
    *quits, last = ann.lines()
    assert last == ":irc.test BATCH -1"
    assert sorted(quits) == [
        f"@batch=1 :{nick}!{FAR} QUIT :irc.test other.host" for nick in ("aji", "jilles", "nenolod")
    ]
    # “Clients that do not understand […] can safely interpret the batched QUITs […] as standard QUITs”
    assert sorted(bob.lines()) == [
        f":{nick}!{FAR} QUIT :irc.test other.host" for nick in ("aji", "jilles", "nenolod")
    ]
    network = house.node.network
    assert set(network.channels) == {"#atheme", "#ircv3"} and list(network.servers) == [network.me.sid]
    assert list(channel(house, "#atheme").members) == [ann.user, bob.user]
    ann >> "WHOWAS aji"
    ann << ":irc.test 314 ann aji ~f far.example * :Aji"


def test_the_batch_is_opened_first_and_closed_last(house: House, far: Server) -> None:
    ann = house.client("ann", caps="batch server-time account-tag")
    met(house, "#a,#b", ann)
    for index, place in enumerate(["#a", "#b"] * 3):
        far_join(house, place, (far_user(house, far, f"f{index}", account=AccountName(f"acc{index}")), 0))
    ann.lines()
    house.clock.advance(1)
    split(house, far)
    lines = ann.lines()
    time = "time=2023-11-14T22:13:21.000Z"
    assert lines[0] == f"@{time} :irc.test BATCH +1 netsplit irc.test other.host"
    assert lines[-1] == f"@{time} :irc.test BATCH -1"
    assert len(lines) == 8
    for line in lines[1:-1]:
        message = parse(line)
        assert message is not None and message.command == "QUIT"
        nick = line.split(":f")[1][0]
        assert message.tags == {"batch": "1", "time": time[5:], "account": f"acc{nick}"}


def test_servers_behind_the_one_that_is_lost(house: House, far: Server) -> None:
    """Both types have 2 arguments, which are the names of the servers that are splitting or joining."""
    ann = house.client("ann", caps="batch")
    met(house, "#a", ann)
    leaf = far_server(house, "leaf.host", far)
    stays, goes = far_user(house, far, "stays"), far_user(house, leaf, "goes")
    far_join(house, "#a", (stays, 0), (goes, 0))
    ann.lines()
    split(house, leaf)
    ann << ":irc.test BATCH +1 netsplit other.host leaf.host"
    ann << f"@batch=1 :goes!{FAR} QUIT :other.host leaf.host"
    ann << ":irc.test BATCH -1"
    ann.silent()
    split(house, far)
    ann << ":irc.test BATCH +2 netsplit irc.test other.host"
    ann << f"@batch=2 :stays!{FAR} QUIT :irc.test other.host"


def test_hidden_links() -> None:
    """[…] or *.net *.split and *.net *.join if the server has chosen to hide links."""
    house = House(server={"hide_servers": True})
    far = far_server(house, "other.host")
    ann, bob, oper = house.client("ann", caps="batch"), house.client("bob"), house.client("oper")
    opered(oper, snomask="x")
    met(house, "#a", ann, bob)
    begin(house, far)
    far_join(house, "#a", (far_user(house, far, "fay"), 0))
    end(house, far)
    split(house, far)
    ann << ":irc.test BATCH +1 netjoin *.net *.join"
    ann << f"@batch=1 :fay!{FAR} JOIN #a"
    ann << ":irc.test BATCH -1"
    ann << ":irc.test BATCH +2 netsplit *.net *.split"
    ann << f"@batch=2 :fay!{FAR} QUIT :*.net *.split"
    ann << ":irc.test BATCH -2"
    bob << f":fay!{FAR} JOIN #a"
    bob << f":fay!{FAR} QUIT :*.net *.split"
    # The operators know better.
    oper << ":irc.test NOTICE * :* Notice -- Netjoin irc.test other.host"
    oper << ":irc.test NOTICE * :* Notice -- Netsplit irc.test other.host (1 servers, 1 users)"
    house.check()


def test_a_stranger_hears_nothing_and_has_no_empty_batch(house: House, far: Server) -> None:
    ann, bob = house.client("ann", caps="batch"), house.client("bob", caps="batch")
    met(house, "#a", ann)
    met(house, "#b", bob)
    far_join(house, "#a", (far_user(house, far, "fay"), 0))
    far_user(house, far, "alone")
    bob.lines()
    begin(house, far)
    end(house, far)
    split(house, far)
    bob.silent()
    ann.until(":irc.test BATCH -*")
    ann.silent()


def test_who_monitors_them_is_told(house: House, far: Server) -> None:
    ann = house.client("ann")
    ann >> "MONITOR + fay,fox"
    far_user(house, far, "Fay")
    ann.lines()
    split(house, far)
    ann << ":irc.test 731 ann :Fay"
    ann.silent()


def test_a_line_is_made_once_for_each_format(
    house: House, far: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many read it: by the number of renderings, and of texts appended to each outlet."""
    formats = ["", "batch", "batch server-time", "server-time", "away-notify", "batch extended-join"]
    clients = [house.client(f"u{index}", caps=formats[index % 6]) for index in range(30)]
    met(house, "#a,#b", *clients)
    users = [far_user(house, far, f"f{index}") for index in range(40)]
    far_join(house, "#a", *[(user, 0) for user in users])
    far_join(house, "#b", *[(user, 0) for user in users[20:]])
    for client in clients:
        client.lines()
    made: list[User] = []
    quits = netsplits.quits

    def counted(users: list[User], *others: Any) -> list[bytes]:
        made.extend(users)
        return quits(users, *others)

    monkeypatch.setattr(netsplits, "quits", counted)
    split(house, far)
    assert len(made) == len(users) * 4  # away-notify and extended-join make no difference to a QUIT
    assert [len(client.session.outlet.out) for client in clients[:6]] == [1] * 6
    for index, client in enumerate(clients):
        assert len(client.lines()) == len(users) + 2 * ("batch" in formats[index % 6])


def test_who_has_a_tag_or_a_long_name_has_the_line_of_any_quit(house: House, far: Server) -> None:
    """The others' lines are made in a shorter way, to the same end."""
    users = [
        far_user(house, far, "plain"),
        far_user(house, far, "acc", account=AccountName("acc")),
        far_user(house, far, "long", realname="x"),
    ]
    house.node.commit(HostChanged(users[2], "long", "h" * 600, users[2].source, 1.0))
    for key in (0, BATCH, BATCH | SERVER_TIME, SERVER_TIME | ACCOUNT_TAG, BATCH | ACCOUNT_TAG):
        lines = [render.quit_line(user, b"a b", 1.5, key) for user in users]
        expected = [batches.inside(line, b"7") if key & BATCH else line for line in lines]
        assert netsplits.quits(users, b"a b", 1.5, key, b"7") == expected


@pytest.mark.parametrize("readers", [4, 24])
def test_what_a_split_costs_does_not_depend_on_who_reads_with_whom(readers: int) -> None:
    """Each user is looked at once, though each was in other channels than all others: by the calls made."""

    def calls(users: int) -> int:
        house = House()
        far = far_server(house, "far.test")
        clients = [house.client(f"r{index}", caps=["", "batch"][index % 2]) for index in range(readers)]
        for index, client in enumerate(clients):
            met(house, ",".join(f"#c{(index + place) % 8}" for place in range(5)), client)
        for number in range(users):
            user = far_user(house, far, f"f{number}")
            for place in range(8):
                if number >> place & 1:
                    far_join(house, f"#c{place}", (user, 0))
        found = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal found
            found += event == "call"

        sys.setprofile(count)
        try:
            split(house, far)
        finally:
            sys.setprofile(None)
        house.check()
        return found

    assert calls(120) - calls(60) < 60 * 7


# Joins


def test_a_netjoin(house: House, far: Server) -> None:
    """Similarly, all netjoin-related JOINs MUST be put into a single netjoin batch.

    ":irc.host BATCH +4lMeQwsaOMs6s netjoin irc.hub other.host
    @batch=4lMeQwsaOMs6s :aji!a@a JOIN #atheme"
    """
    ann, bob = house.client("ann", caps="batch"), house.client("bob")
    met(house, "#atheme,#ircv3", ann, bob)
    begin(house, far)
    aji, nenolod, eliza = (far_user(house, far, nick) for nick in ("aji", "nenolod", "Elizacat"))
    far_join(house, "#atheme", (aji, 0), (nenolod, 0))
    far_join(house, "#ircv3", (nenolod, 0), (eliza, 0))
    far_join(house, "#theirs", (eliza, OP))
    joins = [
        f":aji!{FAR} JOIN #atheme",
        f":nenolod!{FAR} JOIN #atheme",
        f":nenolod!{FAR} JOIN #ircv3",
        f":Elizacat!{FAR} JOIN #ircv3",
    ]
    ann << ":irc.test BATCH +1 netjoin irc.test other.host"
    assert ann.lines() == [f"@batch=1 {line}" for line in joins]
    end(house, far)
    ann << ":irc.test BATCH -1"
    ann.silent()
    assert bob.lines() == joins
    far_join(house, "#atheme", (eliza, 0))
    ann << f":Elizacat!{FAR} JOIN #atheme"  # an ordinary one
    end(house, far)
    ann.silent()


def test_states_within_a_netjoin(house: House, far: Server) -> None:
    """Servers MAY include additional data within these batches relevant to the state of joined or split
    clients, such as AWAY status to clients who have enabled the away-notify capability and MODEs for channel
    operator, voice, or other channel status.
    """
    ann = house.client("ann", caps="batch away-notify extended-join")
    bob = house.client("bob", caps="account-tag")
    met(house, "#a", ann, bob)
    begin(house, far)
    leaf = far_server(house, "leaf.host", far)  # what is behind it comes with it
    members = (
        (far_user(house, far, "f1"), OP | VOICE),
        (far_user(house, leaf, "f2", away="tea", account=AccountName("acc")), OP),
        (far_user(house, leaf, "f3"), 0),
        (far_user(house, far, "f4"), OP | VOICE),
    )
    far_join(house, "#a", *members)
    end(house, far)
    assert ann.lines() == [
        ":irc.test BATCH +1 netjoin irc.test other.host",
        f"@batch=1 :f1!{FAR} JOIN #a * :F1",
        f"@batch=1 :f2!{FAR} JOIN #a acc :F2",
        f"@batch=1 :f3!{FAR} JOIN #a * :F3",
        f"@batch=1 :f4!{FAR} JOIN #a * :F4",
        f"@batch=1 :f2!{FAR} AWAY :tea",
        "@batch=1 :irc.test MODE #a +ovoo f1 f1 f2 f4",
        "@batch=1 :irc.test MODE #a +v f4",
        ":irc.test BATCH -1",
    ]
    assert bob.lines() == [
        f":f1!{FAR} JOIN #a",
        f"@account=acc :f2!{FAR} JOIN #a",
        f":f3!{FAR} JOIN #a",
        f":f4!{FAR} JOIN #a",
        ":irc.test MODE #a +ovoo f1 f1 f2 f4",
        ":irc.test MODE #a +v f4",
    ]


def test_a_netjoin_is_made_once_for_each_format(
    house: House, far: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = ["", "batch", "batch server-time", "extended-join", "away-notify", "batch away-notify"]
    clients = [house.client(f"u{index}", caps=formats[index % 6]) for index in range(30)]
    met(house, "#a", *clients)
    made: list[int] = []
    joins = netsplits.joins

    def counted(*arguments: Any) -> bytes:
        made.append(arguments[4])
        return joins(*arguments)

    monkeypatch.setattr(netsplits, "joins", counted)
    begin(house, far)
    far_join(house, "#a", *[(far_user(house, far, f"f{index}"), OP) for index in range(40)])
    assert len(made) == len(set(made)) == 4
    assert [len(client.session.outlet.out) for client in clients[:6]] == [1, 2, 2, 1, 1, 2]
    far_join(house, "#a", (far_user(house, far, "x", away="tea"), 0))
    assert len(made) == 4 + 6


def test_what_others_do_meanwhile_is_not_in_the_batch(house: House, far: Server) -> None:
    """Messages before start and after end of a batch […] MUST NOT refer to that batch.

    https://ircv3.net/specs/extensions/batch
    """
    ann, bob = house.client("ann", caps="batch"), house.client("bob", caps="batch")
    met(house, "#a", ann)
    other = far_server(house, "third.host")
    begin(house, far)
    begin(house, other)
    far_join(house, "#a", (far_user(house, far, "f1"), 0))
    bob >> "JOIN #a"
    far_join(house, "#a", (far_user(house, other, "f2"), 0))
    far_join(house, "#a", (far_user(house, far, "f3"), 0))
    end(house, far)
    end(house, other)
    assert ann.lines() == [
        ":irc.test BATCH +1 netjoin irc.test other.host",
        f"@batch=1 :f1!{FAR} JOIN #a",
        ":bob!~bob@192.0.2.1 JOIN #a",
        ":irc.test BATCH +2 netjoin irc.test third.host",
        f"@batch=2 :f2!{FAR} JOIN #a",
        f"@batch=1 :f3!{FAR} JOIN #a",
        ":irc.test BATCH -1",
        ":irc.test BATCH -2",
    ]
    bob.until(":irc.test 366 *")
    assert bob.lines() == [
        ":irc.test BATCH +2 netjoin irc.test third.host",
        f"@batch=2 :f2!{FAR} JOIN #a",
        ":irc.test BATCH +1 netjoin irc.test other.host",
        f"@batch=1 :f3!{FAR} JOIN #a",
        ":irc.test BATCH -1",
        ":irc.test BATCH -2",
    ]


def test_a_split_in_the_midst_of_a_netjoin(house: House, far: Server) -> None:
    """For every started batch, server MUST end that batch.  https://ircv3.net/specs/extensions/batch"""
    ann = house.client("ann", caps="batch")
    met(house, "#a", ann)
    leaf = far_server(house, "leaf.host", far)
    begin(house, leaf)
    far_join(house, "#a", (far_user(house, leaf, "fay"), 0))
    split(house, far)
    ann << ":irc.test BATCH +1 netjoin irc.test leaf.host"
    ann << f"@batch=1 :fay!{FAR} JOIN #a"
    ann << ":irc.test BATCH -1"
    ann << ":irc.test BATCH +2 netsplit irc.test other.host"
    ann << f"@batch=2 :fay!{FAR} QUIT :irc.test other.host"
    ann << ":irc.test BATCH -2"
    end(house, leaf)
    ann.silent()


def test_the_link_is_made_again_in_the_midst(house: House, far: Server) -> None:
    ann = house.client("ann", caps="batch")
    met(house, "#a", ann)
    begin(house, far)
    far_join(house, "#a", (far_user(house, far, "fay"), 0))
    begin(house, far)
    ann << ":irc.test BATCH +1 netjoin *"
    ann << f"@batch=1 :fay!{FAR} JOIN #a"
    ann << ":irc.test BATCH -1"
    ann.silent()


@pytest.mark.parametrize("label", ["", "@label=x "])
def test_giving_the_capability_back_in_the_midst_of_a_netjoin(house: House, far: Server, label: str) -> None:
    ann = house.client("ann", caps=LABELS)
    other = second_session(ann)
    met(house, "#a", ann)
    begin(house, far)
    far_join(house, "#a", (far_user(house, far, "f1"), 0))
    ann << ":irc.test BATCH +* netjoin *"
    ann << f"@batch=* :f1!{FAR} JOIN #a"
    ann >> f"{label}CAP REQ -batch"
    assert sorted(ann.lines()) == sorted([":irc.test BATCH -1", f"{label}:irc.test CAP ann ACK :-batch"])
    far_join(house, "#a", (far_user(house, far, "f2"), 0))
    ann << f":f2!{FAR} JOIN #a"
    end(house, far)
    ann.silent()
    assert not any("BATCH" in line or "batch" in line for line in other.lines())


def test_who_leaves_in_the_midst_is_not_kept(house: House, far: Server) -> None:
    ann = house.client("ann", caps="batch")
    met(house, "#a", ann)
    begin(house, far)
    far_join(house, "#a", (far_user(house, far, "f1"), 0))
    ann >> "QUIT"
    (join,) = house.parts.delivery._netsplits.joins.values()
    assert not join.opened
    far_join(house, "#a", (far_user(house, far, "f2"), 0))
    end(house, far)


# All of it


CAPS = ["batch", "server-time", "extended-join", "away-notify", "account-tag", "no-implicit-names"]
PLACES = ["#a", "#b", "#c"]
places = st.sets(st.sampled_from(PLACES))


@settings(max_examples=runs(30, 3000), deadline=None)
@given(
    readers=st.lists(st.tuples(st.sets(st.sampled_from(CAPS)), places), min_size=1, max_size=5),
    leaving=st.lists(st.tuples(places, st.booleans()), max_size=6),
    staying=st.lists(places, max_size=2),
)
def test_each_sees_each_neighbour_come_and_go_and_no_stranger(
    readers: list[tuple[set[str], set[str]]], leaving: list[tuple[set[str], bool]], staying: list[set[str]]
) -> None:
    house = House()
    far, other = far_server(house, "far.test"), far_server(house, "other.test")
    leaf = far_server(house, "leaf.test", far)
    clients: dict[Client, set[str]] = {}
    for index, (caps, inside) in enumerate(readers):
        client = house.client(f"u{index}", caps=" ".join(sorted(caps)))
        for name in sorted(inside):
            client >> f"JOIN {name}"
        clients[client] = inside
    for client in clients:
        client.lines()
    begin(house, far)
    users: dict[str, set[str]] = {}
    for index, (inside, behind) in enumerate(leaving):
        far_user(house, leaf if behind else far, f"f{index}")
        users[f"f{index}"] = inside
    for index, inside in enumerate(staying):
        user = far_user(house, other, f"s{index}")
        for name in sorted(inside):
            far_join(house, name, (user, 0))
    for name in PLACES:
        members = [house.node.network.nicks[house.node.network.fold(n)] for n in users if name in users[n]]
        if members:
            far_join(house, name, *[(user, OP) for user in members])
    end(house, far)
    house.settle()
    for client, inside in clients.items():
        expected = [
            (nick, name) for name in PLACES if name in inside for nick in users if name in users[nick]
        ]
        told = batched(client, "JOIN", "netjoin")
        assert [(nick, params[0]) for nick, params in told if nick[0] == "f"] == expected
    split(house, far)
    house.check()
    for client, inside in clients.items():
        told = batched(client, "QUIT", "netsplit")
        assert sorted(nick for nick, _ in told) == [nick for nick in users if users[nick] & inside]
        assert all(params == ["irc.test far.test"] for _, params in told)
    assert all(
        member.server not in (far, leaf) for c in house.node.network.channels.values() for member in c.members
    )


def batched(client: Client, command: str, kind: str) -> list[tuple[str, list[str]]]:
    """Who does `command`, with what, all in one batch of `kind` if `client` has batches."""
    has_batches = bool(client.session.caps & BATCH)
    reference = None
    ended = False
    found: list[tuple[str, list[str]]] = []
    for line in client.lines():
        message = parse(line)
        assert message is not None
        nick = line.partition(" :" if line[0] == "@" else ":")[2].partition("!")[0]
        if message.command == "BATCH":
            assert has_batches and not ended
            if message.params[0][0] == "+":
                assert reference is None and message.params[1] == kind
                reference = message.params[0][1:]
            else:
                assert message.params[0] == "-" + str(reference) and found
                ended = True
            continue
        if nick[0] == "s":  # of a server that has nothing to do with it
            assert "batch" not in message.tags
            continue
        assert message.tags.get("batch") == reference and not ended
        if message.command == command:
            found.append((nick, message.params))
        else:
            assert message.command == "MODE"
    assert ended is (has_batches and bool(found))
    return found
