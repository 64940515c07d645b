"""Users of several servers: who they are is the same everywhere, whatever happens where.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from conversation import START, Client, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh import Mesh, Stranger, block, stranger
from profiles import runs
from states import logged_in, opered

from chatnet.links.inbound.collisions import save
from chatnet.model.entities import User
from chatnet.model.facts import HostChanged, Killed
from chatnet.model.ids import UID

NOW = int(START)


def about(user: User) -> tuple[object, ...]:
    """All that every server should know of a user."""
    oper = user.oper and (user.oper.name, user.oper.oper_class)
    modes = "".join(sorted(user.modes - {"s"}))
    who = user.uid, user.nick, user.nick_ts, user.username, user.host, user.real_host, user.address
    return *who, user.realname, user.account, user.away, modes, oper, user.certfp, user.server.sid


def known(house: House) -> dict[UID, tuple[object, ...]]:
    """All users, as a house knows them."""
    return {uid: about(user) for uid, user in sorted(house.node.network.users.items())}


def same_everywhere(mesh: Mesh) -> None:
    """Nothing is on its way, and everybody knows the same users."""
    mesh.settle()
    mesh.check()
    first, *others = (known(house) for house in mesh)
    for other in others:
        assert other == first


def chain(**sections: Any) -> Mesh:
    """Three houses, a–b–c."""
    mesh = Mesh("a", "b", "c", **sections)
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    return mesh


def other_end(mesh: Mesh, name: str, client: Client) -> User:
    """A client, as another house knows them."""
    return mesh[name].node.network.users[client.user.uid]


# each verb, from one end of the network to the other


ENDS = pytest.mark.parametrize(("here", "there"), [("a", "c"), ("c", "a")])


@ENDS
def test_a_user_is_introduced(here: str, there: str) -> None:
    mesh = chain()
    ann = mesh[here].client("ann", certfp="f00d" * 16)
    same_everywhere(mesh)
    far = other_end(mesh, there, ann)
    assert (far.nick, far.username, far.realname) == ("ann", "~ann", "Ann")
    assert far.server.name == f"{here}.test" and far.server.hops == 2
    assert far.certfp == "f00d" * 16


@ENDS
def test_a_newcomer_is_told_of_everybody(here: str, there: str) -> None:
    mesh = Mesh("a", "b", "c")
    ann = mesh[here].client("ann", certfp="f00d" * 16, secure=True)
    logged_in(ann, "Ann")
    opered(ann)
    ann >> "AWAY :out" >> "MODE ann +wB"
    mesh.link("a", "b")
    mesh.link("b", "c")
    same_everywhere(mesh)
    far = other_end(mesh, there, ann)
    assert far.away == "out" and far.account == "Ann" and far.modes == {"B", "Z", "i", "o", "w"}
    assert far.secure


@ENDS
def test_a_nick_changes(here: str, there: str) -> None:
    mesh = chain()
    ann = mesh[here].client("ann")
    bob = mesh[there].client("bob")
    bob >> "MONITOR + ann,amy"
    mesh.settle()
    bob.lines()
    ann >> "NICK amy"
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).nick_ts == NOW + 1
    bob << f":{there}.test 731 bob :ann" << f":{there}.test 730 bob :amy!~ann@192.0.2.1"
    ann >> "NICK AMY"
    same_everywhere(mesh)
    far = other_end(mesh, there, ann)
    assert (far.nick, far.nick_ts) == ("AMY", NOW + 1)


@ENDS
def test_a_user_quits(here: str, there: str) -> None:
    mesh = chain()
    ann, bob = mesh[here].client("ann"), mesh[there].client("bob")
    mesh.settle()
    bob >> "MONITOR + ann"
    bob.lines()
    ann >> "QUIT :bye"
    same_everywhere(mesh)
    assert list(known(mesh[there])) == [bob.user.uid]
    bob << f":{there}.test 731 bob :ann"


@ENDS
def test_a_user_goes_away_and_comes_back(here: str, there: str) -> None:
    mesh = chain()
    ann, bob = mesh[here].client("ann"), mesh[there].client("bob")
    ann >> "AWAY :tea"
    same_everywhere(mesh)
    bob >> "WHOIS ann"
    assert bob.until("* 301 *") == f":{there}.test 301 bob ann :tea"
    assert other_end(mesh, there, ann).away == "tea"
    ann >> "AWAY"
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).away is None


@ENDS
def test_a_real_name_changes(here: str, there: str) -> None:
    mesh = chain()
    ann = mesh[here].client("ann")
    mesh.settle()
    ann >> "SETNAME :Ann of the Garden"
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).realname == "Ann of the Garden"


@ENDS
def test_a_host_changes(here: str, there: str) -> None:
    mesh = chain(cloak={"enabled": True})
    ann = mesh[here].client("ann")
    mesh.settle()
    far = other_end(mesh, there, ann)
    assert far.host == ann.user.cloak != far.real_host == "192.0.2.1"
    ann >> "MODE ann -x"
    same_everywhere(mesh)
    assert far.host == "192.0.2.1" and "x" not in far.modes


@ENDS
def test_user_modes_change(here: str, there: str) -> None:
    mesh = chain()
    ann = mesh[here].client("ann")
    mesh.settle()
    ann >> "MODE ann +wBgR-i"
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).modes == {"w", "B", "g", "R"}
    ann >> "MODE ann -wBgR"
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).modes == set()


@ENDS
def test_an_operator_is_one_everywhere_but_has_no_power_where_there_is_no_such_class(
    here: str, there: str
) -> None:
    oper = {"name": "ann", "class": "all", "password": "$argon2-test$x", "snomask": "k", "modes": "sw"}
    mine = {"oper": [oper], "oper_class": [{"name": "all", "privileges": ["kill", "see-all"]}]}
    mesh = chain(sections_of={here: mine})
    ann = mesh[here].client("ann")
    mesh.settle()
    ann >> "OPER ann x"
    same_everywhere(mesh)
    far = other_end(mesh, there, ann)
    assert far.oper is not None and (far.oper.name, far.oper.oper_class) == ("ann", "all")
    assert not far.may("kill") and far.modes == {"i", "o", "w"} and far.snomask == ""
    bob = mesh[there].client("bob")
    bob >> "WHOIS ann"
    assert bob.until("* 313 *") == f":{there}.test 313 bob ann :is an IRC Operator"
    ann >> "MODE ann -o"
    same_everywhere(mesh)
    assert far.oper is None and far not in mesh[there].node.network.opers


@ENDS
def test_an_account_is_known_everywhere(here: str, there: str) -> None:
    mesh = chain()
    ann = mesh[here].client("ann")
    mesh.settle()
    logged_in(ann, "Ann")
    same_everywhere(mesh)
    assert other_end(mesh, there, ann).account == "Ann"


@ENDS
def test_an_operator_kills_somebody_elsewhere(here: str, there: str) -> None:
    mesh = chain()
    ann, bob = mesh[here].client("ann"), mesh[there].client("bob")
    cid = mesh[there].client("cid")
    opered(ann, "kill")
    opered(cid, snomask="k")
    mesh.settle()
    cid.lines()
    ann >> "KILL bob :spam"
    same_everywhere(mesh)
    assert bob.user.uid not in known(mesh[here])
    assert bob.outlet.ended == "closed"
    assert bob.lines()[-1] == "ERROR :Closing Link: 192.0.2.1 (Killed (ann (spam)))"
    path = f"{here}.test!192.0.2.1!~ann!ann"
    assert cid.lines() == [
        f":{there}.test NOTICE * :*** Notice -- Received KILL message for bob!~bob@192.0.2.1."
        f" From ann Path: {path} (spam)"
    ]
    said = mesh.said("b", there)
    assert f":{ann.user.uid} KILL {bob.user.uid} :{path} (spam)" in said
    assert not [line for line in mesh.said(there, "b") if " QUIT " in line]


def test_who_is_killed_by_a_server_quits_for_those_around() -> None:
    mesh = chain()
    ann, bob = mesh["a"].client("ann"), mesh["c"].client("bob")
    mesh.settle()
    ann >> "MONITOR + bob"
    ann.lines()
    node = mesh["b"].node
    node.commit(Killed(node.network.users[bob.user.uid], node.network.me, "no", node.clock.time()))
    same_everywhere(mesh)
    ann << ":a.test 731 ann :bob"
    assert bob.lines()[-1] == "ERROR :Closing Link: 192.0.2.1 (Killed (b.test (no)))"


# lines, as servers of another make write and read them


CAPS = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC {}SERVICES STAG TB"
SAVE = CAPS.format("SAVE ")
NO_SAVE = CAPS.format("")
OLD = "QS EX IE ENCAP"


def house_of(*names: str, **policy: Any) -> House:
    """A house that lets servers of these names link, at the time of the lines below."""
    house = House(link=[block(name, **policy) for name in names])
    house.clock.elapsed = 1795345600 - START
    return house


GOLDEN = [
    ":1SO EUID alice 1 1795345575 +i ~alice 127.0.0.1 127.0.0.1 1SOAAAAAB * * :real alice",
    ":1SO EUID bob 1 1795345575 +Ziw ~bob cloaked 0::1 1SOAAAAAC host.test Bob :real bob",
    ":1SOAAAAAB AWAY :gone",
    ":1SOAAAAAB AWAY",
    ":1SOAAAAAB NICK alicia :1795345580",
    ":1SOAAAAAB ENCAP * CERTFP :f00d",
    ":1SOAAAAAB MODE 1SOAAAAAB :+w-i",
    ":1SOAAAAAC MODE 1SOAAAAAC :+o",
    ":1SOAAAAAC SIGNON bob ~bobby host.test 1795345575 Robert",
    ":1SO ENCAP * LOGGED :1SOAAAAAB",
    ":1SOAAAAAB QUIT :Quit: bye",
    ":1SO KILL 1SOAAAAAC :so1.test (no reason)",
]
"""What a Solanum said, in this order."""


def test_what_one_server_says_another_is_told() -> None:
    house = house_of("so1", "so2")
    one, two = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    one.lines()
    for line in GOLDEN:
        one >> line
        told = line.replace("EUID alice 1", "EUID alice 2").replace("EUID bob 1", "EUID bob 2")
        if "SIGNON" in line:  # what it changes is told of one after the other
            two << ":1SOAAAAAC SIGNON bob ~bobby host.test 1795345575 Bob"
        two << told
        two.silent()
    one.silent()
    assert one.gone is None and two.gone is None
    assert known(house) == {}
    house.check()


@pytest.mark.parametrize(
    "line", [":1SO CHGHOST 1SOAAAAAB h.test", ":1SOAAAAAB SIGNON alice ~alice h.test 1795345575 0"]
)
def test_a_change_of_host_far_away_is_a_join_of_somebody_who_is_away(line: str) -> None:
    house = house_of("so1")
    ann = house.client("ann", caps="away-notify")
    ann >> "JOIN #c"
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[0] >> ":1SOAAAAAB AWAY :gone" >> ":1SOAAAAAB JOIN 1795345575 #c +"
    ann.lines()
    one >> line
    ann.until(":alice!~alice@h.test JOIN #c")
    ann << ":alice!~alice@h.test AWAY :gone"
    house.check()


def test_what_a_server_says_of_its_users_is_known() -> None:
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    for line in GOLDEN[:9]:
        one >> line
    assert known(house) == {
        "1SOAAAAAB": (
            "1SOAAAAAB", "alicia", 1795345580, "~alice", "127.0.0.1", "127.0.0.1", "127.0.0.1",
            "real alice", None, None, "w", None, "f00d", "1SO",
        ),
        "1SOAAAAAC": (
            "1SOAAAAAC", "bob", 1795345575, "~bobby", "host.test", "host.test", "::1",
            "real bob", "Robert", None, "Ziow", ("", ""), None, "1SO",
        ),
    }  # fmt: skip
    house.check()


def test_a_server_that_knows_little_is_told_in_its_words() -> None:
    house = house_of("so1", "old")
    one, old = stranger(house, "so1.test", "1SO"), stranger(house, "old.test", "1LD", caps=OLD)
    one >> GOLDEN[1]
    old << ":1SO UID bob 2 1795345575 +Ziw ~bob cloaked 0::1 1SOAAAAAC :real bob"
    old << ":1SOAAAAAC ENCAP * REALHOST :host.test" << ":1SOAAAAAC ENCAP * LOGIN :Bob"
    one >> ":1SO CHGHOST 1SOAAAAAC vhost.test"
    assert old.lines()[0].endswith(" ENCAP * CHGHOST 1SOAAAAAC :vhost.test")
    one.lines()
    old >> ":1LD UID relay 1 1795345575 +i relay relay.test 0 1LDAAAAAA :PyLink"
    old >> ":1LDAAAAAA ENCAP * REALHOST :real.test" >> ":1LDAAAAAA ENCAP * LOGIN :Relay"
    old >> ":1LD ENCAP * CHGHOST 1LDAAAAAA :other.test"
    one << ":1LD EUID relay 2 1795345575 +i relay relay.test 0 1LDAAAAAA * * :PyLink"
    one << ":1LDAAAAAA ENCAP * REALHOST :real.test" << ":1LDAAAAAA ENCAP * LOGIN :Relay"
    one << ":1LD ENCAP * CHGHOST 1LDAAAAAA :other.test"
    one.silent()
    relay = house.node.network.users[UID("1LDAAAAAA")]
    assert (relay.host, relay.real_host, relay.account) == ("other.test", "real.test", "Relay")
    house.check()


def test_values_are_cut_for_servers_that_allow_less() -> None:
    house = house_of("so1")
    house.reload(limits={"realname": 100, "away": 400})
    one = stranger(house, "so1.test", "1SO")
    ann = house.connect()
    ann >> "NICK ann" >> f"USER ann 0 * :{'é' * 50}"
    one << f":0CN EUID ann 1 * +i ~ann 192.0.2.1 192.0.2.1 0CNAAAAAA * * :{'é' * 25}"
    ann >> f"AWAY :{'é' * 200}" >> "SETNAME :Annie"
    one << f":0CNAAAAAA AWAY :{'é' * 195}"
    one.silent()  # it has no word for the real name


# who may not say what


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("EUID bob 1 1 +i b h 0 2XXAAAAAA * * :b", "gave the UID '2XXAAAAAA', which is not one of its own"),
        ("EUID bob 1 1 +i b h 0 1SO1AAAAA * * :b", "gave the UID '1SO1AAAAA', which is not one of its own"),
        ("EUID bob 1 1 +i b h 0 1SOAAAAA * * :b", "gave the UID '1SOAAAAA', which is not one of its own"),
        ("EUID bob 1 1 +i b h 0 1SOAAAAAB * * :b", "so1.test gave the UID 1SOAAAAAB to two users"),
        ("EUID bob 1 x +i b h 0 1SOAAAAAC * * :b", "EUID: 'x' is no number"),
        ("EUID bob 1 1 +i b h 0 1SOAAAAAC * * :b b :c d", None),
        ("EUID bob 1 1 +i b h 0 1SOAAAAAC * * b :c", "EUID with too many parameters"),
        ("UID bob 1 1 +i b h 0 1SOAAAAAC b :c", "UID with too many parameters"),
        ("EUID bob 1 1 +i b@b h 0 1SOAAAAAC * * :b", None),
        ("EUID bob 1 1 +i b h!h 0 1SOAAAAAC * * :b", None),
    ],
)
def test_a_server_introduces_its_own_users_once(line: str, why: str | None) -> None:
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[0]
    one.lines()
    one >> f":1SO {line}"
    if why is None:
        assert one.gone is None
        if "@" in line or "!" in line:
            one << ":0CN KILL 1SOAAAAAC :irc.test (Bad user@host)"
            assert list(known(house)) == ["1SOAAAAAB"]
    else:
        assert one.gone is not None and why in one.gone
        assert known(house) == {}
    house.check()


def test_a_link_brings_no_more_users_than_it_may() -> None:
    house = house_of("so1", max_users=2)
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[0] >> GOLDEN[1] >> ":1SOAAAAAB QUIT :bye" >> GOLDEN[0].replace("AAB", "AAD")
    assert one.gone is None
    one >> ":1SO EUID cid 1 1 +i c h 0 1SOAAAAAE * * :c"
    assert one.gone == "there are too many users behind it"


def test_who_may_not_kill_does_not() -> None:
    house = house_of("so1", "so2", allow_kill=False)
    ann, oper = house.client("ann"), house.client("oper")
    opered(oper, snomask="k")
    one, two = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    one >> GOLDEN[0]
    two.lines()
    one >> f":1SOAAAAAB KILL {ann.user.uid} :so1.test!h!u!alice (spam)"
    two.silent()
    assert ann.user.uid in known(house)
    oper.until("* NOTICE * so1.test may not kill, but alice!~alice@127.0.0.1 did: ann *")
    one >> ":1SO KILL 1SOAAAAAB :so1.test (mine)"  # its own
    assert "1SOAAAAAB" not in known(house)
    two << ":1SO KILL 1SOAAAAAB :so1.test (mine)"


def test_operators_of_a_link_may_count_for_nothing() -> None:
    house = house_of("so1", allow_opers=False)
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[1].replace("+Ziw", "+aiow") >> ":1SOAAAAAC MODE 1SOAAAAAC :+o-w"
    one >> ":1SOAAAAAC OPER god admin"
    user = house.node.network.users[UID("1SOAAAAAC")]
    assert user.oper is None and user.modes == {"i"}
    house.check()


@pytest.mark.parametrize("role", ["hub", "services"])
def test_only_services_have_services(role: str) -> None:
    house = house_of("so1", role=role)
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[1].replace("+Ziw", "+Sio")
    modes = house.node.network.users[UID("1SOAAAAAC")].modes
    assert modes == ({"S", "i", "o"} if role == "services" else {"i", "o"})


def test_lines_about_nobody_mean_nothing() -> None:
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[0]
    ann = house.client("ann")
    before = known(house)
    one.lines()
    for line in (
        ":1SO KILL 1SOAAAAAZ :x (y)", ":1SO SAVE 1SOAAAAAZ 100", ":1SO CHGHOST 1SOAAAAAZ h.test",
        f":1SOAAAAAB MODE {ann.user.uid} :+o", ":1SO MODE 1SOAAAAAB :+o", ":1SO NICK bob :1",
        ":1SO QUIT :bye", ":1SO AWAY :tea", ":1SOAAAAAB SAVE 1SOAAAAAB 1795345575",
        ":1SO CHGHOST 1SOAAAAAB a@b", f":1SO SAVE {ann.user.uid} 5",
        ":1SO ENCAP * CERTFP :f00d", ":1SOAAAAAB ENCAP * CERTFP :not/hex",
    ):  # fmt: skip
        one >> line
    assert known(house) == before and one.gone is None
    one.silent()
    house.check()


def test_timestamps_of_the_future_are_taken_as_they_are() -> None:
    """They have to be the same on all servers."""
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    one >> GOLDEN[0].replace("1795345575", "1795349175")
    assert house.node.network.users[UID("1SOAAAAAB")].nick_ts == 1795349175


# nicks that two users want


SAME = "~u host.test"
ROWS = {
    # the newcomer's TS, whether it seems to be the same person, who loses
    "equal": (50, False, "both"),
    "equal, the same": (50, True, "both"),
    "none": (0, False, "both"),
    "older": (40, False, "existing"),
    "older, the same": (40, True, "new"),
    "newer": (60, False, "new"),
    "newer, the same": (60, True, "existing"),
}
TS = 1795345000


@pytest.mark.parametrize("new_saves", [True, False], ids=["new with SAVE", "new without"])
@pytest.mark.parametrize("holder", ["local", "SAVE", "no SAVE"])
@pytest.mark.parametrize("how", ["introduction", "rename"])
@pytest.mark.parametrize("row", ROWS)
def test_a_nick_has_one_user(row: str, how: str, holder: str, new_saves: bool) -> None:
    """The table of who loses a nick, and what everybody is told of it."""
    after, same, loser = ROWS[row]
    ts = TS + after if after else 0
    house = house_of("old", "new", "wit", "wi2")
    old = stranger(house, "old.test", "1OL", caps=NO_SAVE if holder == "no SAVE" else SAVE)
    new = stranger(house, "new.test", "1NE", caps=SAVE if new_saves else NO_SAVE)
    wit = stranger(house, "wit.test", "1WI", caps=SAVE)
    wi2 = stranger(house, "wi2.test", "2WI", caps=NO_SAVE)
    everybody = (old, new, wit, wi2)
    client = None
    if holder == "local":
        house.clock.elapsed = TS + 50 - START
        client = house.connect("192.0.2.9")
        client >> "NICK x" >> "USER u 0 * :the holder"
        house.node.commit(HostChanged(client.user, "~u", "host.test", client.user.source, START))
        client.lines()
        held = client.user
    else:
        old >> f":1OL EUID x 1 {TS + 50} +i ~u host.test 0 1OLAAAAAA * * :the holder"
        held = house.node.network.users[UID("1OLAAAAAA")]
    house.clock.elapsed = TS + 500 - START
    who = "~u host.test" if same else "~u other.test"
    if how == "rename":
        new >> f":1NE EUID y 1 {TS} +i {who} 0 1NEAAAAAA * * :the new one"
    for each in everybody:
        each.lines()
    if how == "rename":
        new >> f":1NEAAAAAA NICK x :{ts}"
    else:
        new >> f":1NE EUID x 1 {ts} +i {who} 0 1NEAAAAAA * * :the new one"
    house.check()
    users = house.node.network.users

    told: dict[Stranger, list[str]] = {each: [] for each in everybody}
    # The one who had it:
    if loser in ("existing", "both"):
        if holder == "no SAVE":
            for each in everybody:
                told[each].append(f":0CN KILL {held.uid} :irc.test (Nick collision)")
            assert held.uid not in users
        else:
            for each in everybody:
                can = each is wit or (each is new and new_saves) or (each is old and holder == "SAVE")
                can = can or (each is old and holder == "local")  # it knows SAVE then, too
                told[each].append(
                    f":0CN SAVE {held.uid} {TS + 50}" if can else f":{held.uid} NICK {held.uid} :100"
                )
            assert (held.nick, held.nick_ts) == (held.uid, 100)
    else:
        assert (held.nick, held.nick_ts) == ("x", TS + 50)
    # The one who wanted it:
    others = (old, wit, wi2)
    if loser == "existing":
        nick, nick_ts = "x", ts
    else:
        nick, nick_ts = "1NEAAAAAA", 100
    if loser != "existing" and not new_saves:
        kill = ":0CN KILL 1NEAAAAAA :irc.test (Nick collision)"
        for each in everybody if how == "rename" else (new,):
            told[each].append(kill)
        assert "1NEAAAAAA" not in users
    else:
        if loser != "existing":
            told[new].append(f":0CN SAVE 1NEAAAAAA {ts}")
        for each in others:
            told[each].append(
                f":1NEAAAAAA NICK {nick} :{nick_ts}"
                if how == "rename"
                else f":1NE EUID {nick} 2 {nick_ts} +i {who} 0 1NEAAAAAA * * :the new one"
            )
        assert (users[UID("1NEAAAAAA")].nick, users[UID("1NEAAAAAA")].nick_ts) == (nick, nick_ts)
    assert {each.name: each.lines() for each in everybody} == {e.name: told[e] for e in everybody}
    if client is not None and loser in ("existing", "both"):
        client << f":irc.test 043 x {held.uid} :Nick collision, forcing nick change to your unique ID"
        client << f":x!~u@host.test NICK {held.uid}"
        client.silent()


def test_a_user_who_lost_their_nick_takes_another() -> None:
    house = house_of("so1")
    ann = house.client("ann")
    one = stranger(house, "so1.test", "1SO")
    one >> f":1SO SAVE {ann.user.uid} {ann.user.nick_ts}"
    assert (ann.user.nick, ann.user.nick_ts) == (ann.user.uid, 100)
    ann.lines()
    ann >> "NICK ann"
    ann << f":{ann.user.uid}!~ann@192.0.2.1 NICK ann"
    # Later than the one they lost, so that nobody takes it for that.
    one << f":{ann.user.uid} NICK ann :1795345601"
    house.check()


def test_a_server_that_does_not_know_yet_that_its_user_lost_a_nick() -> None:
    """It changed the case of it meanwhile, or the user logged in: that gives nobody the nick back."""
    house = house_of("so1", "so2")
    one, two = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    one >> GOLDEN[0]
    one.lines()
    two >> ":2SO SAVE 1SOAAAAAB 1795345575"
    one << ":2SO SAVE 1SOAAAAAB 1795345575"
    two.lines()
    one >> ":1SOAAAAAB NICK ALICE :1795345575"
    two.silent()
    one >> ":1SOAAAAAB SIGNON alice ~alice 127.0.0.1 1795345575 Alice"
    two << ":1SOAAAAAB SIGNON 1SOAAAAAB ~alice 127.0.0.1 100 Alice"
    user = house.node.network.users[UID("1SOAAAAAB")]
    assert (user.nick, user.account) == ("1SOAAAAAB", "Alice")
    one >> ":1SOAAAAAB NICK alice :1795345590"  # that is a new one
    two << ":1SOAAAAAB NICK alice :1795345590"


@pytest.mark.parametrize("caps", [SAVE, NO_SAVE])
def test_a_nick_that_is_none_here_is_not_kept(caps: str) -> None:
    """A server whose users have longer nicks: each bears the UID here, which their server is told."""
    house = house_of("so1", "so2")
    one, two = stranger(house, "so1.test", "1SO", caps=caps), stranger(house, "so2.test", "2SO")
    long = "a" * 31
    one.lines()
    one >> GOLDEN[0].replace("EUID alice", f"EUID {long}")
    if caps == NO_SAVE:
        one << ":0CN KILL 1SOAAAAAB :irc.test (Nick collision)"
        two.silent()
        return
    one << ":0CN SAVE 1SOAAAAAB 1795345575"
    two << ":1SO EUID 1SOAAAAAB 2 100 *"
    one >> ":1SOAAAAAB NICK alice :1795345590" >> ":1SOAAAAAB NICK a!b :1795345591"
    one << ":0CN SAVE 1SOAAAAAB 1795345591"
    two << ":1SOAAAAAB NICK alice :1795345590" << ":1SOAAAAAB NICK 1SOAAAAAB :100"
    one >> ":1SO EUID 1SOAAAAAC 1 100 +i ~bob host 0 1SOAAAAAC * * :under the UID"
    assert house.node.network.users[UID("1SOAAAAAC")].nick == "1SOAAAAAC"
    house.check()


def test_a_connection_has_its_uid_before_it_is_a_user() -> None:
    """Services log people in by it, before they are introduced."""
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    first, second = house.connect(), house.connect()
    uids = first.user.uid, second.user.uid
    assert uids == ("0CNAAAAAA", "0CNAAAAAB") and known(house) == {}
    second >> "NICK bob" >> "USER bob 0 * :Bob"
    first >> "NICK ann" >> "USER ann 0 * :Ann"
    one << ":0CN EUID bob 1 * 0CNAAAAAB * * :Bob" << ":0CN EUID ann 1 * 0CNAAAAAA * * :Ann"
    assert (first.user.uid, second.user.uid) == uids
    house.check()


def test_who_has_not_registered_holds_no_nick() -> None:
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    slow = house.connect()
    slow >> "NICK alice"
    one >> GOLDEN[0]
    slow >> "USER slow 0 * :too late"
    slow << ":irc.test 433 alice alice :Nickname is already in use"
    slow >> "NICK slow"
    assert slow.session.registered
    house.check()


def test_whoever_is_behind_a_server_without_save_is_killed() -> None:
    """Every server on the way must know SAVE, not the neighbour alone."""
    house = house_of("so1")
    one = stranger(house, "so1.test", "1SO")
    house.clock.elapsed -= 100
    house.client("ann")
    one >> ":1SO SID far.test 2 2FA :far" >> ":2FA ENCAP * GCAP :QS EX IE ENCAP"
    one.lines()
    one >> ":2FA EUID ann 2 1795345599 +i ~x far.test 0 2FAAAAAAA * * :far"
    one << ":0CN KILL 2FAAAAAAA :irc.test (Nick collision)"
    one >> ":2FA ENCAP * GCAP :QS EX IE ENCAP SAVE"
    one >> ":2FA EUID ann 2 1795345599 +i ~x far.test 0 2FAAAAAAB * * :far"
    one << ":0CN SAVE 2FAAAAAAB 1795345599"
    house.check()


@pytest.mark.parametrize("order", range(4))
def test_two_servers_meet_that_have_the_same_nick(order: int) -> None:
    """However the lines cross, both judge alike; the older one keeps the nick."""
    mesh = Mesh("a", "b", "c")
    ann = mesh["a"].client("ann")
    mesh.clock.advance(10)
    other = mesh["c"].connect("192.0.2.77")
    other >> "NICK Ann" >> "USER other 0 * :Another"
    for pair in (("a", "b"), ("b", "c")) if order & 1 else (("c", "b"), ("b", "a")):
        mesh.link(*pair)
        if order & 2:
            mesh.settle()
    same_everywhere(mesh)
    assert ann.user.nick == "ann" and other.user.nick == other.user.uid
    other.until(f":c.test 043 Ann {other.user.uid} :*")


@pytest.mark.parametrize("how", ["kill", "save"])
def test_who_is_killed_or_renamed_while_they_are_lost_and_come_back(how: str) -> None:
    """c says so of the ann it knew; b meanwhile lost her, and told c of her anew."""
    mesh = chain()
    ann = mesh["a"].client("ann")
    mesh.settle()
    mesh.cut("a", "b")
    here, node = other_end(mesh, "c", ann), mesh["c"].node
    if how == "kill":
        node.commit(Killed(here, node.network.me, "no", node.clock.time()))
    else:
        save(mesh["c"].parts.links, here, node.network.me)
    mesh.link("a", "b")
    mesh.settle_between("a", "b")
    assert ann.user.uid in known(mesh["b"])
    same_everywhere(mesh)
    if how == "kill":
        assert ann.session.closed
    else:
        assert ann.user.nick == ann.user.uid


# random


def sessions(mesh: Mesh) -> list[Client]:
    """Three clients at each end of the network, one in the middle."""
    places = ("a", "a", "a", "b", "c", "c", "c")
    return [mesh[place].client(f"n{index}") for index, place in enumerate(places)]


NICKS = st.sampled_from(["x", "X", "y", "n0", "n4"])
RENAMING = st.tuples(st.just("say"), st.integers(0, 6), NICKS.map("NICK {}".format))
DELIVERING = st.tuples(st.just("deliver"), st.integers(0, 7), st.integers(1, 3))
STEPS = st.one_of(
    RENAMING,
    RENAMING,
    DELIVERING,
    DELIVERING,
    st.tuples(
        st.just("say"),
        st.integers(0, 6),
        st.sampled_from(
            [
                "AWAY :a", "AWAY :b", "AWAY", "MODE {nick} +w", "MODE {nick} -iw", "MODE {nick} +Bg",
                "MODE {nick} +x", "MODE {nick} -x", "SETNAME :one", "SETNAME :two", "QUIT :bye",
            ]
        ),
    ),
    st.tuples(st.just("log in"), st.integers(0, 6), st.sampled_from(["one", "two"])),
    st.tuples(st.just("kill"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("settle"), st.just(0), st.just(0)),
    st.tuples(st.just("cut"), st.sampled_from(["a", "c"]), st.just(0)),
    st.tuples(st.just("link"), st.sampled_from(["a", "c"]), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 3), st.just(0)),
)  # fmt: skip

TWO = st.sampled_from([0, 4])
RACING = st.one_of(
    st.tuples(st.just("say"), TWO, st.sampled_from(["NICK x", "NICK X", "NICK y"])),
    st.tuples(st.just("log in"), TWO, st.sampled_from(["one", "two"])),
    st.tuples(st.just("deliver"), st.integers(0, 3), st.just(1)),
    st.tuples(st.just("wait"), st.just(1), st.just(0)),
)
"""Two users, far from each other, who want the same nicks."""


@settings(max_examples=runs(60, 5000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=40) | st.lists(RACING, max_size=25))
def test_whatever_users_do_all_servers_agree_in_the_end(steps: list[tuple[str, Any, Any]]) -> None:
    mesh = Mesh("a", "b", "c", cloak={"enabled": True}, links={"burst_slice": 1})
    clients = sessions(mesh)
    up = dict.fromkeys("ac", False)
    whole = [("link", "a", 0), ("link", "c", 0), ("settle", 0, 0)]
    for kind, first, second in [*whole, *steps, *whole]:
        if kind == "settle":
            mesh.settle()
        elif kind == "deliver":
            for _ in range(second):
                mesh.deliver_one(first)
        elif kind == "wait":
            mesh.clock.advance(first)
        elif kind == "cut" and up[first]:
            mesh.cut(first, "b")
            up[first] = False
        elif kind == "link" and not up[first]:
            mesh.link(first, "b")
            up[first] = True
        elif kind in ("say", "log in", "kill"):
            client = clients[first]
            if client.session.closed:
                continue
            node = client.house.node
            if kind == "say":
                client >> second.format(nick=client.user.nick)
            elif kind == "log in":
                logged_in(client, second)
            elif (target := node.network.users.get(clients[second].user.uid)) is not None:
                node.commit(Killed(target, client.user, "no", node.clock.time()), client.session)
    same_everywhere(mesh)
    alive = sorted(client.user.uid for client in clients if not client.session.closed)
    assert list(known(mesh["b"])) == alive
    for house in mesh:
        links = house.parts.links
        for link in links.neighbours():
            behind = [user for user in house.node.network.users.values() if links.way_to(user) is link]
            assert links.routes.users.get(link, 0) == len(behind)


WORDS = st.sampled_from(
    [
        "1SOAAAAAB", "1SOAAAAAC", "1SOAAAAAD", "0AAAAAAAA", "0BAAAAAAA", "1XXAAAAAA", "1SO", "0AA", "0BA",
        "ann", "bob", "x", "so1.test", "a.test", "*", "", "0", "1", "100", "1795345575", "99999999999", "-1",
        "+iowSaxZ", "-iowx", "+", "*!*@*", "a b", ":", "é" * 40, "\udcff\udcfe", "x" * 300, "host.test",
    ]
)  # fmt: skip
VERBS = st.sampled_from(
    [
        "NICK", "SAVE", "QUIT", "AWAY", "SETNAME", "KILL", "CHGHOST", "MODE", "OPER", "SIGNON",
        "ENCAP * CERTFP", "ENCAP * REALHOST", "ENCAP * LOGIN", "ENCAP * CHGHOST", "ENCAP so1.test CERTFP",
    ]
)  # fmt: skip
KNOWN = st.sampled_from([f"1SOAAAAA{letter}" for letter in "BCD"])
ANYBODY = KNOWN | st.sampled_from(["0AAAAAAAA", "0BAAAAAAA"])
NAMES = st.sampled_from(["ann", "bob", "x", "X", "alice"])
STAMPS = st.integers(1795345598, 1795345602).map(str)
HOSTS = st.sampled_from(["host", "host.test", "a:b", "a@b"])
SAID = st.one_of(
    st.tuples(WORDS, VERBS, st.lists(WORDS, max_size=12)),
    st.tuples(KNOWN, st.just("NICK"), st.tuples(NAMES | WORDS, STAMPS)),
    st.tuples(KNOWN, st.just("SIGNON"), st.tuples(NAMES | WORDS, st.just("~v"), HOSTS, STAMPS, NAMES)),
    st.tuples(KNOWN, st.sampled_from(["QUIT", "AWAY", "SETNAME", "ENCAP * LOGIN"]), st.tuples(WORDS)),
    st.tuples(st.just("1SO"), st.sampled_from(["CHGHOST", "ENCAP * CHGHOST"]), st.tuples(ANYBODY, HOSTS)),
    st.tuples(st.just("1SO") | KNOWN, st.just("KILL"), st.tuples(ANYBODY, WORDS)),
    st.tuples(st.just("1SO"), st.just("SAVE"), st.tuples(ANYBODY, STAMPS)),
    st.tuples(KNOWN, WORDS).map(lambda both: (both[0], "MODE", both)),
    st.tuples(
        st.just("1SO"),
        st.just("EUID"),
        st.tuples(
            NAMES | WORDS, st.just("1"), STAMPS, WORDS, st.just("~u") | WORDS, HOSTS, WORDS,
            st.sampled_from([f"1SOAAAAA{letter}" for letter in "DEFGHIJKLMNOP"]), WORDS, WORDS, WORDS,
        ),
    ),
)  # fmt: skip


@settings(max_examples=runs(50, 5000), deadline=None)
@given(st.lists(SAID, max_size=15), st.booleans())
def test_whatever_a_server_says_of_users_the_others_agree(
    lines: list[tuple[str, str, Sequence[str]]], saves: bool
) -> None:
    """They may lose the link to it, but not the one between them."""
    mesh = Mesh("a", "b", link=[block("so1")])
    mesh.clock.elapsed = 1795345600 - START
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    one = stranger(mesh["a"], "so1.test", "1SO", caps=SAVE if saves else NO_SAVE)
    one >> GOLDEN[0] >> GOLDEN[1].replace(" bob ", " x ")
    mesh.settle()
    for source, verb, params in lines:
        *words, last = params or ["x"]
        middle = [word.replace(" ", "_").lstrip(":") or "x" for word in words]
        one >> " ".join([f":{source.replace(' ', '_') or 'x'}", verb, *middle, f":{last}"])
    same_everywhere(mesh)
    for client in (ann, bob):
        if not client.session.closed:
            client >> "PING here"
            client.until("* PONG * :here")


@pytest.mark.parametrize(
    ("told", "meant"),
    [("0::1", "::1"), ("0:1::2", "0:1::2"), ("0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"), ("0", "0")],
)
def test_an_address_loses_the_zero_that_keeps_it_from_starting_with_a_colon(told: str, meant: str) -> None:
    house = house_of("so1")
    stranger(house, "so1.test", "1SO") >> f":1SO EUID bob 1 1795345575 +i ~bob h.x {told} 1SOAAAAAC * * :Bob"
    assert [user.address for user in house.node.network.users.values()] == [meant]
    house.check()
