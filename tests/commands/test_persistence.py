"""Who stays when no device is connected, as clients choose and are told: PERSISTENCE.

Each sentence with MUST or SHOULD for servers of
https://github.com/ircv3/ircv3-specifications/pull/503 is quoted where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import Club, plain, said
from clubs import Clubs
from conversation import Client, House
from nickserv import ask
from states import logged_in, second_session

from chatnet.model.facts import AccountChanged
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules.persons import ALWAYS_ON, MULTICLIENT
from chatnet.wire.capabilities import BY_NAME

CAPS = "draft/persistence"
REQUIRED = ":irc.test FAIL PERSISTENCE ACCOUNT_REQUIRED :An account is required"
INVALID = ":irc.test FAIL PERSISTENCE INVALID_PARAMETERS :Say it so: *"
NOBODY = "On this server nobody stays without a connection"
EVERYBODY = "On this server everybody stays who has an account"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    club.account("ann")
    yield club
    club.check()


def member(club: Club, nick: str, account: str = "ann", caps: str = CAPS) -> Client:
    """A client who is logged in."""
    client = club.client(nick, caps=f"sasl {caps}".strip())
    plain(client, account)
    client.lines()
    return client


def comes(client: Client, nick: str = "ann", *, account: str | None = "ann", caps: str = CAPS) -> list[str]:
    """A client registers, logged in or not: its welcome from 001 on."""
    client >> "CAP LS 302" >> f"CAP REQ :sasl {caps}"
    if account is not None:
        client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', account, 'correct horse')}"
    client >> "CAP END" >> f"NICK {nick}" >> f"USER {nick} 0 * :x"
    lines = client.lines()
    return lines[next(n for n, line in enumerate(lines) if " 001 " in line) :]


def status(own: str, effective: str) -> str:
    return f":irc.test PERSISTENCE STATUS {own} {effective}"


def record(club: Club, name: str = "ann") -> str | None:
    """What the account says."""
    return club.named(name).settings.get(ALWAYS_ON)


def test_the_name_of_the_capability_is_that_of_the_draft() -> None:
    # "Software implementing this work-in-progress specification MUST NOT use the unprefixed `persistence` CAP
    # name. Instead, implementations SHOULD use the `draft/persistence` CAP name".
    assert [name for name in BY_NAME if "persistence" in name] == ["draft/persistence"]


def test_a_client_enables_persistence_where_that_is_opt_in(club: Club) -> None:
    # "The server replies with a `PERSISTENCE STATUS` command as specified above."
    ann = member(club, "ann")
    ann >> "PERSISTENCE GET"
    ann << status("DEFAULT", "OFF")
    ann >> "PERSISTENCE SET ON"
    ann << status("ON", "ON")
    ann >> "persistence get"
    ann << status("ON", "ON")
    ann >> "PERSISTENCE SET off"
    ann << status("OFF", "OFF")
    ann >> "PERSISTENCE SET Default"
    ann << status("DEFAULT", "OFF")
    ann.silent()


def test_what_is_chosen_is_kept_with_the_account(club: Club) -> None:
    ann = member(club, "ann")
    for word, kept in (("ON", "on"), ("OFF", "off"), ("DEFAULT", None)):
        ann >> f"PERSISTENCE SET {word}"
        assert record(club) == kept
    ann >> "PERSISTENCE SET ON"
    again = Club(club.store)
    assert status("ON", "ON") in comes(again.connect())
    again.check()


def test_nothing_is_written_that_is_so_already(club: Club) -> None:
    ann = member(club, "ann")
    ann >> "PERSISTENCE SET ON"
    ann.lines()
    before = set(club.store.load())
    ann >> "PERSISTENCE SET ON"
    ann << status("ON", "ON")
    assert set(club.store.load()) == before


@pytest.mark.parametrize("features", ["", " batch draft/extended-isupport"])
def test_the_welcome_tells_it_behind_005_and_before_the_message_of_the_day(club: Club, features: str) -> None:
    # "If the client is authenticated and the `draft/persistence` capability is negotiated, servers MUST send
    # a `PERSISTENCE STATUS` command to the client as part of the registration burst, after the last `005`
    # numeric but before either `376 RPL_ENDOFMOTD` or `422 ERR_NOMOTD`."
    club.change(club.named(), **{field(SETTING, ALWAYS_ON): "on"})
    lines = comes(club.connect(), caps=CAPS + features)
    at = lines.index(status("ON", "ON"))
    kinds = [line.split(" ")[1] for line in lines]
    assert max(n for n, line in enumerate(lines) if " 005 " in line) < at
    assert at < min(n for n, kind in enumerate(kinds) if kind in ("375", "422"))
    assert kinds.count("PERSISTENCE") == 1


@pytest.mark.parametrize(("account", "caps"), [(None, CAPS), ("ann", "sasl")])
def test_guests_and_others_are_told_nothing(club: Club, account: str | None, caps: str) -> None:
    client = club.connect()
    assert not any("PERSISTENCE" in line for line in comes(client, account=account, caps=caps))
    club.change(club.named(), **{field(SETTING, ALWAYS_ON): "on"})
    client.silent()


def test_all_clients_are_told_what_another_one_changed(club: Club) -> None:
    # "If the `draft/persistence` capability is negotiated and an event occurs asynchronously that changes the
    # persistence status (e.g. a server configuration change or `PERSISTENCE SET` from another client
    # connection), servers SHOULD send `PERSISTENCE STATUS` to inform the client."
    ann, phone, old = member(club, "ann"), member(club, "phone"), member(club, "old", caps="")
    bob = member(club, "bob", club.account("bob").shown)
    second = second_session(ann)
    club.parts.delivery.recap(second.session, BY_NAME[CAPS])
    ann >> "PERSISTENCE SET ON"
    for client in (ann, phone, second):
        client << status("ON", "ON")
        client.silent()
    old.silent()
    bob.silent()
    old >> "PERSISTENCE SET OFF"
    for client in (ann, phone, second, old):
        client << status("OFF", "OFF")
        client.silent()
    bob.silent()


def test_who_is_attached_is_told_in_the_welcome_and_then_their_channels(club: Club) -> None:
    # "If persistence is enabled, the server MUST send a `JOIN` line for each channel the client is joined to,
    # subsequent to sending either `376` or `422`."
    ann = member(club, "ann")
    ann >> "JOIN #c,#d" >> "PERSISTENCE SET ON" >> "QUIT"
    for _ in range(2):  # comes back, and another device besides
        client = club.connect()
        lines = comes(client)
        kinds = [line.split(" ")[1] for line in lines]
        end = kinds.index("422" if "422" in kinds else "376")
        assert kinds.index("PERSISTENCE") < end and lines.count(status("ON", "ON")) == 1
        joins = [line for line in lines if " JOIN " in line]
        assert [line.rpartition(" ")[2] for line in joins] == ["#c", "#d"]
        assert min(n for n, line in enumerate(lines) if " JOIN " in line) > end
    [user] = club.node.network.logged_in[club.named().id]
    assert len(club.parts.delivery.sessions_of(user)) == 2


def test_who_stays_no_longer_is_gone_with_the_last_device(club: Club) -> None:
    ann, bob = member(club, "ann"), club.client("bob")
    ann >> "JOIN #c" >> "PERSISTENCE SET ON"
    bob >> "JOIN #c"
    ann >> "QUIT"
    bob.lines()
    assert ann.user in club.node.network.users.values()
    club.change(club.named(), **{field(SETTING, ALWAYS_ON): None})  # on another server, say
    bob << ":ann!~ann@192.0.2.1 QUIT :*"
    assert club.parts.sessions.persistence._told == {}


def test_a_change_of_the_configuration_is_told_if_it_makes_a_difference(club: Club) -> None:
    ann, bob = member(club, "ann"), member(club, "bob", club.account("bob").shown)
    guest = club.client("guest", caps=CAPS)
    bob >> "PERSISTENCE SET ON"
    bob.lines()
    club.reload(bouncer={"always_on": "opt-out"})
    ann << status("DEFAULT", "ON")
    bob.silent()
    club.reload(bouncer={"sessions": "off", "always_on": "opt-in"})
    ann << status("DEFAULT", "OFF")
    bob << status("ON", "OFF")
    club.reload(bouncer={"expire": 3})
    for client in (ann, bob, guest):
        client.silent()


def test_what_nickserv_was_told_is_told(club: Club) -> None:
    ann = member(club, "ann")
    assert ask(ann, "SET ALWAYS-ON ON") == ["always-on is on now."]
    ann << status("ON", "ON")
    assert ask(ann, "SET MULTICLIENT OFF")[0] == "multiclient is off now."
    ann << status("ON", "OFF")
    assert ask(ann, "SET MULTICLIENT DEFAULT") == ["multiclient is as by default now."]
    ann << status("ON", "ON")
    ask(ann, "SET MULTICLIENT ON")  # which makes no difference
    ann.silent()


def test_what_was_chosen_on_another_server_is_told_here() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh["a"].account("ann")
    mesh.settle()
    here, there = member(mesh["a"], "ann"), member(mesh["b"], "phone")
    mesh.settle()
    here.lines()
    there.lines()
    here >> "PERSISTENCE SET ON"
    mesh.settle()
    here << ":a.test PERSISTENCE STATUS ON ON"
    there << ":b.test PERSISTENCE STATUS ON ON"
    here.silent()
    there.silent()
    mesh.check()


def test_who_logs_in_later_is_told_then(club: Club) -> None:
    client = club.client("ann", caps=f"sasl {CAPS}")
    plain(client)
    client.until(":irc.test 900 *")
    assert status("DEFAULT", "OFF") in client.lines()
    ask(client, "LOGOUT")
    client.lines()
    client >> "PERSISTENCE GET"
    client << REQUIRED


def test_without_an_account_nobody_can_stay(club: Club) -> None:
    # "Servers MUST NOT allow unauthenticated clients to become persistent, since there is no way for the
    # client to reconnect in that case. Unauthenticated clients attempting to issue `GET` or `SET` MUST
    # receive" this.
    club.reload(bouncer={"always_on": "all"})
    guest = club.client("guest", caps=CAPS)
    for command in ("GET", "SET ON", "SET OFF", "SET DEFAULT"):
        guest >> f"PERSISTENCE {command}"
        guest << REQUIRED
    assert not club.parts.sessions.persistence.policy.stays(guest.user)
    early = club.connect()
    early >> "PERSISTENCE GET"
    early << ":irc.test 451 * :You have not registered"


@pytest.mark.parametrize("command", ["", "SET", "SET MAYBE", "SET :", "SET :ON OFF", "set 1"])
def test_what_cannot_be_meant(club: Club, command: str) -> None:
    # "On invalid parameters, the server MUST return" this.
    ann = member(club, "ann")
    ann >> f"PERSISTENCE {command}".strip()
    ann << INVALID
    ann.silent()
    assert record(club) is None


@pytest.mark.parametrize("command", ["WHATEVER", "STATUS ON ON", "WHATEVER :x", "SETX ON", "\u00e4"])
def test_what_is_not_known_is_ignored(club: Club, command: str) -> None:
    # "Implementations SHOULD ignore unrecognized subcommands, to be compatible with future extensions of this
    # specification."
    ann, guest = member(club, "ann"), club.client("guest", caps=CAPS)
    for client in (ann, guest):
        client >> f"PERSISTENCE {command}"
        client.silent()


def test_the_disk_is_full(club: Club) -> None:
    # "If persistence cannot be accessed or modified due to an error, the `INTERNAL_ERROR` error code SHOULD
    # be returned."
    ann, phone = member(club, "ann"), member(club, "phone")
    club.store.broken = True
    ann >> "PERSISTENCE SET ON"
    ann << ":irc.test FAIL PERSISTENCE INTERNAL_ERROR :Accounts cannot be used now: try again later"
    phone.silent()
    club.store.broken = False
    ann >> "PERSISTENCE SET ON"
    ann << status("ON", "ON")
    phone << status("ON", "ON")


@pytest.mark.parametrize(
    ("bouncer", "word", "effective", "why"),
    [
        ({"always_on": "off"}, "ON", "OFF", NOBODY),
        ({"always_on": "all"}, "OFF", "ON", EVERYBODY),
        (
            {"sessions": "off"},
            "ON",
            "OFF",
            "On this server a nick is for one connection at a time, so that nobody could come back to it",
        ),
    ],
)
def test_what_the_server_does_not_allow_is_kept_and_does_not_hold(
    club: Club, bouncer: dict[str, str], word: str, effective: str, why: str
) -> None:
    # "servers MAY accept the change in client setting while not changing the effective setting. […] In this
    # event, the server MUST NOT send a `FAIL` response, but MUST send a `PERSISTENCE STATUS` response
    # describing the current settings. The server MAY send a `WARN` or `NOTE` response explaining why the
    # change was refused."
    club.reload(bouncer=bouncer)
    ann = member(club, "ann")
    ann >> f"PERSISTENCE SET {word}"
    ann << status(word, effective)
    ann << f":irc.test WARN PERSISTENCE NOT_EFFECTIVE :{why}"
    ann.silent()
    assert record(club) == word.lower()
    ann >> "PERSISTENCE SET DEFAULT"
    ann << status("DEFAULT", effective)
    ann.silent()


def test_the_answer_bears_the_label_and_the_news_of_others_do_not(club: Club) -> None:
    ann, phone = member(club, "ann", caps=f"{CAPS} batch labeled-response"), member(club, "phone")
    ann >> "@label=7 PERSISTENCE SET ON"
    assert ann.lines() == [f"@label=7 {status('ON', 'ON')}"]
    phone >> "PERSISTENCE SET OFF"
    assert ann.lines() == [status("OFF", "OFF")]
    ann >> "@label=8 PERSISTENCE WHATEVER"
    assert ann.lines() == ["@label=8 :irc.test ACK"]


# Where services of another make keep accounts there are no records.


@pytest.fixture
def elsewhere() -> Iterator[House]:
    house = House(accounts={"authority": "external"})
    yield house
    house.check()


def test_the_word_of_who_has_no_record_here_is_kept_all_the_same(elsewhere: House) -> None:
    ann, phone, bob = (elsewhere.client(nick, caps=CAPS) for nick in ("ann", "phone", "bob"))
    for client, account in ((ann, "Ann"), (phone, "ann"), (bob, "bob")):
        logged_in(client, account)
    ann >> "PERSISTENCE SET ON"
    ann << status("ON", "ON")
    phone << status("ON", "ON")
    bob.silent()
    policy = elsewhere.parts.sessions.persistence.policy
    assert policy.stated == {"name:ann": True}
    assert [policy.stays(client.user) for client in (ann, phone, bob)] == [True, True, False]
    phone >> "PERSISTENCE SET DEFAULT"
    for client in (phone, ann):
        client << status("DEFAULT", "OFF")
        client.silent()
    assert policy.stated == {}
    elsewhere.node.commit(AccountChanged(ann.user, None, elsewhere.clock.time(), ann.user.account))
    ann.lines()
    ann >> "PERSISTENCE GET"
    ann << REQUIRED


def test_no_more_words_are_kept_than_people(elsewhere: House) -> None:
    elsewhere.reload(bouncer={"persons": 1})
    ann, bob = (elsewhere.client(nick, caps=CAPS) for nick in ("ann", "bob"))
    logged_in(ann, "ann")
    logged_in(bob, "bob")
    ann >> "PERSISTENCE SET ON"
    ann << status("ON", "ON")
    bob >> "PERSISTENCE SET ON"
    bob << ":irc.test FAIL PERSISTENCE INTERNAL_ERROR :This server keeps nobody else's choice"
    ann >> "PERSISTENCE SET OFF"
    ann << status("OFF", "OFF")
    ann >> "PERSISTENCE SET DEFAULT"
    ann.lines()
    bob >> "PERSISTENCE SET ON"
    bob << status("ON", "ON")


def test_of_who_left_nothing_is_remembered(club: Club) -> None:
    ann = member(club, "ann")
    ann >> "PERSISTENCE GET" >> "QUIT"
    assert club.parts.sessions.persistence._told == {}


def test_multiclient_is_a_setting_of_the_account(club: Club) -> None:
    ann = member(club, "ann")
    policy = club.parts.sessions.persistence.policy
    assert policy.attaches(ann.user) and policy.refusal(ann.user, 1, False) is None
    club.change(club.named(), **{field(SETTING, MULTICLIENT): "off"})
    assert not policy.attaches(ann.user)
    assert policy.refusal(ann.user, 1, False) is not None
