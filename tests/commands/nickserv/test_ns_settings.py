"""NickServ: SET, GET, VHOST, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, Club
from conversation import Client
from nickserv import answers, ask
from pydantic import ValidationError

from chatnet.settings import AccountsSettings

WORD = "correct-horse"
NEW = "battery-staple"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(accounts={"vhosts": ["$account.users.example.org", "*.club.example.org"]})
    club.account("ann", WORD)
    yield club
    club.check()


def come(club: Club, nick: str = "ann") -> Client:
    """Somebody who is logged in as ann."""
    client = club.client("x")
    ask(client, f"IDENTIFY ann {WORD}")
    client >> f"NICK {nick}"
    client.lines()
    return client


@pytest.mark.parametrize("verb", ["SET PASSWORD", "passwd"])
def test_another_password(club: Club, verb: str) -> None:
    ann = come(club)
    assert ask(ann, f"{verb} wrong-horse {NEW}") == ["The name or the password is incorrect."]
    assert ask(ann, f"{verb} {WORD} short") == ["The password is shorter than 8 characters."]
    assert ask(ann, f"{verb} {NEW}") == ["Say the old one as well: SET PASSWORD <old> <new>"]
    assert ask(ann, f"{verb} a b c") == [
        "These are too many words. Say it so: SET PASSWORD <old> <new> "
        "(a password with spaces begins with a colon)"
    ]
    assert ask(ann, f"{verb} {WORD} {NEW}") == ["Your password is changed."]
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY ann {WORD}") == ["The name or the password is incorrect."]
    assert ask(bob, f"IDENTIFY ann {NEW}") == ["You are now identified for ann."]
    assert ask(ann, f"{verb} {NEW} {WORD}") == [
        "Your password is changed.",
        "1 other session of yours: LOGOUT ALL ends them.",
    ]
    assert not any(word in line for line in club.log.lines for word in (WORD, NEW))


def test_a_first_password(club: Club) -> None:
    club.account("eve", WORD, certfp=CERTFP)
    club.change(club.named("eve"), verifier=None)
    eve = club.client("eve", secure=True, certfp=CERTFP)
    assert ask(eve, f"SET PASSWORD {NEW}") == ["Your password is changed."]
    assert ask(club.client("bob"), f"IDENTIFY eve {NEW}") == ["You are now identified for eve."]


def test_the_password_of_somebody_else_is_not_ones_own(club: Club) -> None:
    club.account("eve", NEW)
    club.change(club.named("eve"), name="zzzzzzzzz.000000.0CN ann")
    ann = come(club)
    assert ask(ann, f"SET PASSWORD {NEW} {NEW}x") == ["The old password is incorrect."]


def test_another_name(club: Club) -> None:
    club.account("eve", WORD)
    ann = come(club)
    assert ask(ann, "SET NAME annie") == ["Bear the nick first: /nick annie"]
    assert ask(ann, "SET NAME eve") == ["Bear the nick first: /nick eve"]
    ann >> "NICK annie"
    ann.lines()
    ann >> "PRIVMSG NickServ :ACCOUNTNAME annie"
    ann << ":irc.test 900 annie annie!~x@192.0.2.1 annie :You are now logged in as annie"
    assert answers(ann) == ["Your account is called annie now."]
    assert club.named().shown == "annie"  # ann is a nick of it
    assert ask(ann, "SET NAME Ann") == ["Your account is called Ann now."]
    assert ask(ann, "SET NAME ANN") == ["Your account is called ANN now."]
    assert ask(ann, "UNGROUP annie") == ["annie belongs to ANN no more."]


def test_an_old_name_that_finds_no_room_is_free(club: Club) -> None:
    club.reload(accounts={"nicks": 0})
    ann = come(club, "annie")
    free = "ann is free now: an account has at most 0 nicks beside its name."
    assert ask(ann, "SET NAME annie") == [free, "Your account is called annie now."]
    assert club.node.network.registry.named("ann") is None


def test_a_name_that_somebody_is_registering(club: Club) -> None:
    ann = come(club, "annie")
    with club.accounts.ledger.reserved(["annie"]):
        assert ask(ann, "SET NAME annie") == ["Somebody is registering this name."]
        assert ask(ann, "GROUP") == ["Somebody is registering this nick."]


def test_what_one_chooses(club: Club) -> None:
    ann = come(club)
    assert ask(ann, "GET") == [
        f"{key}: not chosen"
        for key in (
            *("protect", "hide-email", "never-op", "language", "dm-history", "autoreplay-lines"),
            *("autoreplay-missed", "always-on", "multiclient", "auto-away", "no-log"),
        )
    ]
    assert ask(ann, "SET PROTECT Strict") == ["protect is strict now."]
    assert ask(ann, "SET PROTECT always") == ["Choose one of GUEST, STRICT, GRACE, OFF and DEFAULT."]
    assert ask(ann, "SET HIDEMAIL off") == ["hide-email is off now."]
    assert ask(ann, "SET HIDEMAIL maybe") == ["Say ON or OFF."]
    assert ask(ann, "SET NEVEROP TRUE") == ["never-op is on now."]
    assert ask(ann, "SET LANGUAGE pt-BR") == ["language is pt-br now."]
    assert ask(ann, "SET LANGUAGE x") == ["That is no code of a language, such as de or pt-br."]
    assert ask(ann, "SET DM-HISTORY off") == ["dm-history is off now."]
    assert ask(ann, "SET AUTOREPLAY-LINES 020") == ["autoreplay-lines is 20 now."]
    assert ask(ann, "GET") == [
        *("protect: strict", "hide-email: off", "never-op: on", "language: pt-br"),
        *("dm-history: off", "autoreplay-lines: 20"),
        *("autoreplay-missed: not chosen", "always-on: not chosen"),
        *("multiclient: not chosen", "auto-away: not chosen", "no-log: not chosen"),
    ]
    assert ask(ann, "SET PROTECT default") == ["protect is as by default now."]
    assert ask(ann, "SET LANGUAGE DEFAULT") == ["language is as by default now."]
    kept = {"hide-email": "off", "never-op": "on", "dm-history": "off", "autoreplay-lines": "20"}
    assert club.named().settings == kept
    assert ask(ann, "SET NEVEROP ON please")[0].startswith("These are too many words.")


@pytest.mark.parametrize("setting", ["always-on", "multiclient", "auto-away", "autoreplay-missed"])
def test_what_one_chooses_for_ones_devices(club: Club, setting: str) -> None:
    ann = come(club)
    for word, chosen in (
        ("on", "on"),
        ("OFF", "off"),
        ("true", "on"),
        ("No", "off"),
        ("yes", "on"),
        ("FALSE", "off"),
    ):
        assert ask(ann, f"SET {setting.upper()} {word}") == [f"{setting} is {chosen} now."]
        assert club.named().settings == {setting: chosen}
        assert f"{setting}: {chosen}" in ask(ann, "GET")
    assert ask(ann, f"SET {setting} Default") == [f"{setting} is as by default now."]
    assert club.named().settings == {}
    for odd in ("maybe", "", "1"):
        assert ask(ann, f"SET {setting} :{odd}") == ["Say ON, OFF or DEFAULT."]
    assert ask(ann, f"SET {setting} on please")[0].startswith("These are too many words.")
    assert ask(ann, f"HELP SET {setting}")[0].startswith(f"SET {setting.upper()} ON|OFF|DEFAULT")
    assert ask(club.client("bob"), f"SET {setting} ON")[0].startswith("You are not logged in: ")


@pytest.mark.parametrize(
    ("bouncer", "said", "why"),
    [
        ({"always_on": "off"}, "always-on on", "On this server nobody stays without a connection."),
        ({"always_on": "all"}, "always-on off", "On this server everybody stays who has an account."),
        ({"sessions": "off"}, "multiclient on", "On this server a nick is for one connection at a time."),
        ({"sessions": "all"}, "multiclient off", "On this server everybody may be on several devices."),
        (
            {"auto_away": "off"},
            "auto-away on",
            "On this server nobody is away only because no device is connected.",
        ),
        (
            {"auto_away": "all"},
            "auto-away off",
            "On this server everybody is away while no device is connected.",
        ),
    ],
)
def test_what_this_server_has_otherwise_is_kept_and_has_no_effect_here(
    club: Club, bouncer: dict[str, str], said: str, why: str
) -> None:
    club.reload(bouncer=bouncer)
    ann, (setting, word) = come(club), said.split()
    assert ask(ann, f"SET {said}") == [
        f"{setting} is {word} now.",
        f"But it has no effect here. {why}",
    ]
    assert club.named().settings == {setting: word}


def test_who_declines_several_devices_does_not_stay_either(club: Club) -> None:
    ann = come(club)
    assert ask(ann, "SET ALWAYS-ON on") == ["always-on is on now."]
    assert ask(ann, "SET MULTICLIENT off") == [
        "multiclient is off now.",
        "But always-on has no effect then. You could not come back.",
    ]
    assert ask(ann, "SET ALWAYS-ON on")[1:] == [
        "But it has no effect here. You may not be on several devices (MULTICLIENT), and so could not come "
        "back."
    ]


def test_a_name_that_does_not_stay_a_nick(club: Club) -> None:
    club.reload(accounts={"nicks": 1})
    ann = come(club)
    ann >> "NICK annie"
    assert ask(ann, "SET NAME annie") == ["Your account is called annie now."]
    ann >> "NICK anna"
    free = "annie is free now: an account has at most 1 nicks beside its name."
    assert ask(ann, "SET NAME anna") == [free, "Your account is called anna now."]
    assert club.accounts.registry.owner("annie") is None
    assert ask(ann, "SET NAME ann") == [free.replace("annie", "anna"), "Your account is called ann now."]
    ann >> "NICK anna"  # ann is a nick of it, too
    assert ask(ann, "SET NAME anna") == ["Your account is called anna now."]


def test_hosts_of_the_network(club: Club) -> None:
    ann = come(club)
    assert ask(ann, "VHOST ON") == ["Your account has no host. VHOST TAKE lists those that you may take."]
    assert ask(ann, "VHOST TAKE") == [
        "You may take, with a word of yours for each *:",
        "  ann.users.example.org",
        "  *.club.example.org",
    ]
    for host in (
        "bob.users.example.org",
        "a.b.club.example.org",
        ".club.example.org",
        "club.example.org",
        "-.club.example.org",
    ):
        assert ask(ann, f"VHOST TAKE {host}") == [
            "That is none of the hosts that you may take. VHOST TAKE lists them."
        ]
    assert ask(ann, "VHOST TAKE Chess.club.example.org") == ["You are seen under chess.club.example.org now."]
    ann << ":irc.test 396 ann chess.club.example.org :is now your displayed host"
    assert ask(ann, "VHOST OFF") == ["The host chess.club.example.org is off now."]
    assert ann.user.host == "192.0.2.1"
    assert ask(ann, "VHOST ON") == ["The host chess.club.example.org is on now."]
    assert come(club, "annie").user.host == "chess.club.example.org"
    assert ask(ann, "VHOST TAKE a b")[0].startswith("These are too many words.")
    club.reload(accounts={"vhosts": []})
    assert ask(ann, "VHOST TAKE chess.club.example.org") == ["This network gives out no hosts."]


def test_names_that_no_host_has(club: Club) -> None:
    club.account("[x]_Y", WORD)
    bob = club.client("bob")
    ask(bob, f"IDENTIFY [x]_Y {WORD}")
    assert ask(bob, "VHOST TAKE")[1] == "  x-y.users.example.org"


def test_nobody_takes_the_host_of_somebody_else(club: Club) -> None:
    club.reload(accounts={"vhosts": ["$account.users.example.org", "*.club.example.org", "All.example.org"]})
    ann = come(club)
    club.account("[x]", WORD)
    other = club.account("x", WORD)
    bob, eve = club.client("bob"), club.client("eve")
    ask(bob, f"IDENTIFY [x] {WORD}")
    ask(eve, f"IDENTIFY x {WORD}")
    for host in ("x.users.example.org", "chess.club.example.org"):
        assert ask(bob, f"VHOST TAKE {host}") == [f"You are seen under {host} now."]
        assert ask(bob, f"VHOST TAKE {host}") == [f"You are seen under {host} now."]
        assert ask(bob, "VHOST OFF")[0].endswith("off now.")
        assert ask(eve, f"VHOST TAKE {host}") == ["Somebody else has this host."]
    # Once it is given up, or nobody has it any more, it is free.
    assert ask(eve, "VHOST TAKE x.users.example.org") == ["You are seen under x.users.example.org now."]
    club.change(other, status="erased")
    assert ask(bob, "VHOST TAKE x.users.example.org") == ["You are seen under x.users.example.org now."]
    # One without a word of theirs is for all.
    for client in (ann, bob):
        assert ask(client, "VHOST TAKE all.example.org") == ["You are seen under all.example.org now."]


def test_who_lost_a_name_has_no_host_of_it(club: Club) -> None:
    ann = come(club)
    account = club.accounts.registry.named("ann")
    assert account is not None
    club.change(club.account("tmp", WORD), name="000000000.000000.0CN ann")
    assert ask(ann, "VHOST TAKE")[1] == f"  ann-{account.id[1:5]}.users.example.org"


@pytest.mark.parametrize("pattern", ["", "a b", "$account", "users..example.org", "$name.example.org", "*.4"])
def test_no_pattern_of_hosts(pattern: str) -> None:
    with pytest.raises(ValidationError, match="such as"):
        AccountsSettings(vhosts=(pattern,))
