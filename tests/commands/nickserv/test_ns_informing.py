"""NickServ: INFO, STATUS, ACC, HELP, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, Club
from nickserv import ask
from states import opered

from chatnet.commands.errand import form, is_alias
from chatnet.commands.nickserv import NICKSERV
from chatnet.dispatch import Row

WORD = "correct-horse"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    club.account("ann", WORD)
    yield club
    club.check()


def test_what_everybody_may_know(club: Club) -> None:
    club.change(
        club.named(), seen="19675", email="1 ann@example.org", **{"nick:annie": "zzzzzzzzz.000000.0CN annie"}
    )
    bob = club.client("bob")
    told = ["The account ann, registered 2023-11-14 22:13 UTC:", "  last login: 2023-11-14"]
    assert ask(bob, "INFO ann") == told
    assert ask(bob, "INFO ANNIE") == told
    club.change(club.named(), **{"set:hide-email": "off"})
    assert ask(bob, "INFO ann") == [*told, "  e-mail: ann@example.org (verified)"]
    assert ask(bob, "INFO nobody") == ["nobody is no account."]
    assert ask(bob, "INFO") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    ask(bob, f"REGISTER {WORD}")
    ask(bob, "LOGOUT")
    assert ask(bob, "INFO") == ["You are not logged in: /msg NickServ IDENTIFY <password>"]


def test_what_the_owner_knows(club: Club) -> None:
    stamp = "zzzzzzzzz.000000.0CN"
    club.account("bob", WORD, certfp=CERTFP)
    club.change(
        club.named(),
        email="0 ann@example.org",
        vhost="1 ann.users.example.org",
        **{
            "nick:annie": f"{stamp} annie",
            "nick:bob": f"{stamp} bob",
            f"cert:{'ab' * 32}": f"{stamp} phone",
            "set:protect": "strict",
            "set:never-op": "on",
        },
    )
    eve = club.client("eve")
    ask(eve, f"IDENTIFY ann {WORD}")
    told = [
        "The account ann, registered 2023-11-14 22:13 UTC:",
        "  logged in: eve",
        "  e-mail: ann@example.org (not verified)",
        "  nicks: annie",
        "  waiting, since somebody else has them for longer: bob",
        "  certificates: 1 (CERT LIST)",
        "  vhost: ann.users.example.org (on)",
        "  settings: never-op on, protect strict",
        "  devices: several at once, gone with the last one",
    ]
    assert ask(eve, "INFO") == told
    root = club.client("root")
    opered(root, "accounts")
    club.change(club.named(), mark="root :knows her", status="suspended 1800000000 root :spam")
    assert ask(root, "INFO ann") == [
        told[0],
        "  it is suspended until 2027-01-15 08:00 UTC by root: spam",
        "  last login: 2023-11-14",
        *told[2:],
        f"  id: {club.named().id}",
        "  mark by root: knows her",
    ]
    assert "  it is suspended until 2027-01-15 08:00 UTC" in ask(club.client("joe"), "INFO ann")


@pytest.mark.parametrize(
    ("bouncer", "chosen", "told"),
    [
        ({}, {"always-on": "on"}, "several at once, always on, away without any"),
        ({}, {"always-on": "on", "auto-away": "off"}, "several at once, always on, not away without any"),
        ({}, {"always-on": "on", "multiclient": "off"}, "one at a time"),
        ({"always_on": "all", "auto_away": "off"}, {}, "several at once, always on, not away without any"),
        ({"sessions": "off"}, {"multiclient": "on", "always-on": "on"}, "one at a time"),
        ({"always_on": "off"}, {"always-on": "on"}, "several at once, gone with the last one"),
    ],
)
def test_what_holds_for_the_devices_of_the_owner(
    club: Club, bouncer: dict[str, str], chosen: dict[str, str], told: str
) -> None:
    club.reload(bouncer=bouncer)
    club.change(club.named(), **{f"set:{key}": word for key, word in chosen.items()})
    eve, bob = club.client("eve"), club.client("bob")
    ask(eve, f"IDENTIFY ann {WORD}")
    assert f"  devices: {told}" in ask(eve, "INFO")
    assert not any("devices" in line for line in ask(bob, "INFO ann"))


def test_whose_name_was_lost(club: Club) -> None:
    club.account("eve", WORD)
    lost = club.named("eve")
    club.change(lost, name="zzzzzzzzz.000000.0CN ann")
    bob = club.client("bob")
    assert ask(bob, f"INFO {lost.shown}")[:2] == [
        f"The account {lost.shown}, registered 2023-11-14 22:13 UTC:",
        "  it asks for the name ann, which somebody else has for longer",
    ]


def test_values_of_a_later_version_are_left_out(club: Club) -> None:
    club.change(club.named(), email="what is this", mark="?", seen="yesterday", **{"set:hide-email": "off"})
    root = club.client("root")
    opered(root, "accounts")
    assert ask(root, "INFO ann")[1:] == [
        "  settings: hide-email off",
        "  devices: several at once, gone with the last one",
        f"  id: {club.named().id}",
    ]


def test_whether_somebody_is_logged_in(club: Club) -> None:
    bob, ann = club.client("bob"), club.client("ann")
    assert ask(bob, "ACC") == ["bob ACC 0"]
    assert ask(bob, "ACC ann") == ["ann ACC 1"]
    assert ask(bob, "STATUS ANN") == ["STATUS ann 1"]
    assert ask(bob, "STATUS nobody") == ["STATUS nobody 0"]
    ask(ann, f"IDENTIFY {WORD}")
    assert ask(bob, "ACC ann") == ["ann ACC 3"]
    assert ask(bob, "STATUS ann") == ["STATUS ann 3 ann"]
    assert ask(bob, "ACC NickServ") == ["NickServ ACC 0"]


def test_help_lists_all_that_one_may_do(club: Club) -> None:
    bob = club.client("bob")
    told = "\n".join(ask(bob, "HELP"))
    verbs = {row.verb for row in NICKSERV if not is_alias(row)}
    mighty = {verb for verb in verbs if NICKSERV.rows[verb].privilege is not None}
    for verb in verbs - mighty:
        assert f"\n  {verb}" in told, verb
    for verb in mighty:
        assert f"\n  {verb} " not in told, verb
    opered(bob, "accounts")
    told = "\n".join(ask(bob, "HELP"))
    for verb in verbs:
        assert f"\n  {verb}" in told, verb
    assert NICKSERV.rows.keys() - verbs == {
        *("ID", "LOGIN", "LISTLOGINS", "CLIENTS LIST", "PASSWD", "ACCOUNTNAME", "RECOVER"),
    }
    assert told.count("\n  IDENTIFY") == 1


def test_help_on_one_command(club: Club) -> None:
    bob = club.client("bob")
    told = ask(bob, "help Set Password")
    assert told[0] == "SET PASSWORD <old> <new>: have another password; PASSWD is the same."
    assert told == ask(bob, "HELP PASSWD")
    told = ask(bob, "HELP CERT")
    assert [line.split("  ")[1].partition(":")[0] for line in told if line.startswith("  CERT")] == [
        "CERT LIST",
        "CERT ADD [<fingerprint> [<label>]]",
        "CERT DEL <fingerprint>",
    ]
    assert ask(bob, "HELP frobnicate") == ["There is no help on that. HELP lists what I do."]


@pytest.mark.parametrize("row", list(NICKSERV), ids=lambda row: row.verb)
def test_every_command_explains_itself(club: Club, row: Row) -> None:
    assert row.verb == row.verb.upper() and row.help.startswith("`")
    assert row.penalty >= 1.0
    bob = club.client("bob")
    assert ask(bob, f"HELP {row.verb}")[0].startswith(form(row))


def test_a_subcommand_alone(club: Club) -> None:
    bob = club.client("bob")
    shown = [line.split(" ")[2] for line in ask(bob, "HELP CLIENTS") if line.startswith("  ")]
    assert shown == ["CLIENTS", "SESSIONS"]  # by whatever name a form begins
    words = ["CERT what? There is CERT with one of these: ADD, DEL, LIST."]
    assert ask(bob, "CERT") == ask(bob, "cert FOO") == words
    assert "SET with one of these: " in ask(bob, "SET my-password")[0]
    assert ask(bob, "CLIENTS") == ["CLIENTS what? There is CLIENTS with one of these: LIST, LOGOUT."]
    assert ask(bob, "SET PASSWORD") == ["There is something missing. Say it so: SET PASSWORD <old> <new>"]


def test_errands_cost_what_their_rows_say() -> None:
    club = Club(flood={"enabled": True})
    bob = club.client("bob")
    before = bob.session.penalty
    ask(bob, "IDENTIFY wrong-horse")
    assert bob.session.penalty - before > 1.0
