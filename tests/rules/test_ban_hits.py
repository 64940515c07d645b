"""Whom of many a ban means: what is looked through as one finds what a look at each finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.bans import NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import HostChanged, RealHostChanged, UserIntroduced, UserQuit
from chatnet.model.ids import SID, UID, AccountName, Folded
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.ban_hits import hit, meant
from chatnet.rules.network_bans import means
from chatnet.wire.ban_targets import read_target, shown
from chatnet.wire.casemap import folder
from chatnet.wire.masks import parse_network
from chatnet.wire.networks import network_of

FOLD = folder("rfc1459")
SERVER = Server(SID("0AA"), "a.test", "")
ADDRESSES = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.sampled_from(
        ["192.0.2.1", "192.0.2.11", "192.0.20.1", "2001:db8::1", "2001:db8:0:1::1", "::1", "localhost"]
    ),
)
TEXT = st.text("aB[{.~*?\\\\ ", min_size=1, max_size=5)


@st.composite
def people(draw: st.DrawFn) -> User:
    address = draw(ADDRESSES)
    user = User(SERVER, address, draw(st.one_of(st.just(address), TEXT)))
    user.host, user.username, user.realname = draw(TEXT), draw(TEXT), draw(TEXT)
    user.cloak = draw(st.none() | TEXT)
    user.account = draw(st.none() | TEXT.map(AccountName))
    user.certfp = draw(st.none() | st.sampled_from(["aa", "bb"]))
    return user


@st.composite
def bans(draw: st.DrawFn) -> NetworkBan:
    kind = draw(st.sampled_from("KDXAC"))
    host = draw(TEXT)
    if kind == "D" or (kind == "K" and draw(st.booleans())):
        address = draw(ADDRESSES.filter(lambda text: text != "localhost"))
        host = f"{address}/{draw(st.integers(0, 32))}"
    if kind == "C":
        host = draw(st.sampled_from(["aa", "bb", "a*"]))
    return NetworkBan(
        kind, draw(st.just("*") | TEXT) if kind == "K" else "*", host, 0, None, None, "", "", False
    )


@given(st.lists(people(), max_size=6), bans())
def test_it_finds_what_a_look_at_each_finds(users: list[User], ban: NetworkBan) -> None:
    assert hit(users, ban, FOLD, lambda user: user) == [user for user in users if means(ban, user, FOLD)]


@given(st.lists(people(), max_size=6), bans(), st.data())
def test_those_of_a_network_are_looked_up(users: list[User], ban: NetworkBan, data: st.DataObject) -> None:
    network = Network(SERVER, FOLD, 1, 1, 1)
    for number, user in enumerate(users):
        user.uid, user.folded = UID(f"0AAAAAA{number:02}"), Folded(f"n{number}")
        network.apply(UserIntroduced(user, 0.0))
    for user in users:
        change = data.draw(st.integers(0, 4))
        if change == 1:
            network.apply(UserQuit(user, "", 0.0))
        elif change == 2:
            network.apply(HostChanged(user, user.username, data.draw(TEXT), b"", 0.0))
        elif change == 3:
            network.apply(RealHostChanged(user, data.draw(TEXT)))
    network.whereabouts.check(network.users.values())
    expected = [user for user in network.users.values() if means(ban, user, FOLD)]
    assert set(meant(network, ban)) == set(expected) and len(meant(network, ban)) == len(expected)


@given(
    st.text("0123456789abcdef.:/", max_size=24)
    | ADDRESSES
    | st.builds("{}/{}".format, ADDRESSES, st.integers(0, 130))
)
def test_a_network_is_read_as_the_standard_library_reads_it(text: str) -> None:
    network = parse_network(text)
    expected = None if network is None else (network.version, network.prefixlen, int(network.network_address))
    assert network_of(text) == expected


@given(st.text("aB*?@!:#/. 0127\\\\|", max_size=12) | ADDRESSES)
def test_what_is_shown_of_a_target_is_read_as_that(text: str) -> None:
    target = read_target(text)
    if target is not None:
        assert " " not in target.mask and target.host[0] != ":"
        assert read_target(shown(target.kind, target.mask)) == target


@pytest.mark.parametrize(
    ("text", "kind", "mask"),
    [
        ("192.0.2.7", "D", "192.0.2.7"),
        ("192.0.2.7/24", "D", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "D", "192.0.2.7"),
        ("::1", "D", "0::1"),
        ("2001:DB8::7/64", "D", "2001:db8::/64"),
        ("a@b", "K", "a@b"),
        ("*!a@b", "K", "a@b"),
        ("*@::1", "K", "*@0::1"),
        ("*@2001:DB8:0::/48", "K", "*@2001:db8::/48"),
        ("account:ann", "A", "ann"),
        ("realname:a b*", "X", "a\\sb*"),
        ("name:foo*", "R", "foo*"),
        ("#c", "R", "#c"),
        ("cert:" + "AB:" * 31 + "AB", "C", "ab" * 32),
    ],
)  # fmt: skip
def test_targets(text: str, kind: str, mask: str) -> None:
    target = read_target(text)
    assert target is not None and (target.kind, target.mask) == (kind, mask)


@pytest.mark.parametrize(
    "text",
    ["", "ann", "nick!a@b", "a@b/c", "*@1.2.3.4/99", "cert:zz", "account:", "name:a b", "x" * 301 + "@b"],
)
def test_what_is_no_target(text: str) -> None:
    assert read_target(text) is None
