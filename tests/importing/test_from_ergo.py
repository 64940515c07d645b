"""Ergo's database: what a real one says, the JSON that it imports, and logs that make no sense."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from club import logged_in, proved, scram
from hypothesis import given
from hypothesis import strategies as st
from planned import NOW, club_then, complaints, fields, file_of, opens, planned, sample, taken

from chatnet.importing import ergo
from chatnet.importing.neutral import Unreadable
from chatnet.importing.plan import Plan
from chatnet.importing.records import stamp_at

CREDENTIALS = {
    "Version": 1,
    "PassphraseHash": "JDJhJDEyJHNKb2t5TEo1cHgzTmI1MURFRGhzUS53aDhuZndFWXVNYlZZcnBxTzV2OVlseWowWXlWV2ou",
    "Certfps": ["ab" * 32, "ab"],
}


def log_of(*commands: tuple[str, ...]) -> BytesIO:
    """The log of these commands."""
    data = b""
    for words in commands:
        data += b"*%d\r\n" % len(words)
        for word in words:
            data += b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode())
    return BytesIO(data)


def account(name: str = "ann", **more: Any) -> list[tuple[str, ...]]:
    """The commands that make an account."""
    keys = {
        "exists": "1",
        "verified": "1",
        "name": name.title(),
        "registered.time": "1400000000000000000",
    } | more
    return [
        ("set", f"account.{key} {name}", value if isinstance(value, str) else json.dumps(value))
        for key, value in keys.items()
    ]


def channel(**more: Any) -> tuple[str, ...]:
    data = {"Name": "#club", "RegisteredAt": "2015-12-13T09:46:40.123456789Z", "Founder": "ann"} | more
    return ("set", "1 uuid", json.dumps(data))


def made(*commands: tuple[str, ...]) -> Plan:
    return planned(ergo.read(log_of(*commands), NOW))


def test_a_file_of_ergo() -> None:
    """Ergo 2.17 wrote it: two accounts, and a channel with a key, a ban, a rank and a topic."""
    club = club_then()
    plan = taken(ergo.read(sample("ergo.db"), NOW), club)
    assert complaints(plan) == [] and plan.weak == 0
    assert opens(plan, "ann", "correcthorse") and opens(plan, "bob", "anotherpass")
    ids = {each.name: records.entity for each, records in plan.accounts}
    found = fields(plan, "#club")
    assert found["founder"] == ids["ann"] and found[f"flags:{ids['bob']}"] == "AOehiortv 1795985816 *"
    assert (found["m:k"], found["m:n"], found["m:t"], found["m:C"]) == ("sesam", "", "", "")
    by = "ann!~u@9v9cy4h5zv23u.irc"
    assert found["m:topic"] == f"{by} :Hello ergo"
    assert found["m:b:*!*@bad.example.org"] == f"{by} *!*@bad.example.org"
    client = club.connecting()  # its keys of SCRAM are ours
    proved(client, scram(client, "ann", "correcthorse"))
    logged_in(client)
    again = planned(ergo.read(sample("ergo.db"), NOW), club)
    assert (again.accounts, again.channels, again.here) == ([], [], 3)


def test_what_keys_say_of_an_account() -> None:
    seconds = 60 * 1_000_000_000
    plan = made(
        *account(
            credentials=CREDENTIALS,
            additionalnicks="anna,ann2",
            settings={"Email": "ann@example.org", "NickEnforcement": 2},
            vhost={"Enabled": True, "ApprovedVHost": "ann.users.example.org"},
            lastseen={"phone": "2020-01-02T00:00:00Z", "": "2019-01-01T00:00:00Z"},
        ),
        *account(
            "bob",
            suspended={
                "TimeCreated": "2027-01-15T07:59:50Z",
                "Duration": seconds,
                "OperName": "oper",
                "Reason": "x",
            },
        ),
        ("del", "account.verified bob"),
        ("set", "account.unregistered carl", "1"),
    )
    ann = fields(plan, "Ann")
    assert opens(plan, "Ann", "this is my passphrase")
    assert ann["name"] == f"{stamp_at(1400000000, NOW)} Ann"
    assert "nick:anna" in ann and "nick:ann2" in ann and ann["vhost"] == "1 ann.users.example.org"
    assert ann["email"] == "1 ann@example.org" and ann["set:protect"] == "strict"
    assert ann["seen"] == "18263" and f"cert:{'ab' * 32}" in ann
    assert fields(plan, "Bob")["suspended"] == f"{NOW + 50} oper :x"
    assert complaints(plan) == ["0: Ann: a certificate is told by another hash than SHA-256"]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ({"AlwaysOn": 4, "AllowBouncer": 2, "AutoAway": 1}, "always-on on, auto-away off, multiclient on"),
        ({"AlwaysOn": 1, "AllowBouncer": 1, "AutoAway": 4}, "always-on off, auto-away on, multiclient off"),
        ({"AutoreplayMissed": True, "AutoreplayLines": 20}, "autoreplay-lines 20, autoreplay-missed on"),
        ({"AutoreplayMissed": False, "AutoreplayLines": 0}, "autoreplay-lines 0"),
        ({"AutoreplayLines": 10**9}, "autoreplay-lines 999999"),
        ({"DMHistory": 3}, "dm-history on"),
        ({"DMHistory": 2}, "dm-history off"),
        ({"DMHistory": 1, "NickEnforcement": 1}, "dm-history off, protect off"),
        (dict.fromkeys(("AlwaysOn", "AllowBouncer", "AutoAway", "DMHistory", "NickEnforcement"), 0), ""),
        ({"AlwaysOn": 2, "AutoAway": 3, "AllowBouncer": 9, "AutoreplayLines": None, "DMHistory": "x"}, ""),
    ],
)
def test_what_people_had_chosen_for_their_devices(there: dict[str, Any], here: str) -> None:
    found = fields(made(*account(settings=there)), "Ann")
    chosen = {name.partition(":")[2]: text for name, text in found.items() if name.startswith("set:")}
    assert ", ".join(f"{key} {text}" for key, text in sorted(chosen.items())) == here


def test_credentials_that_ergo_had_imported_itself() -> None:
    raw = "JHJhd3NoYTEkNDlmZmZhNTU0M2YyMWRkNmVmZmU4OGE3OTYzM2U0MDczZTM2YTgyOA=="  # $rawsha1$…
    plan = made(*account(credentials={"Version": -1, "PassphraseHash": raw}))
    assert opens(plan, "Ann", "shivarampassphrase") and plan.weak == 1


def test_what_a_channel_says() -> None:
    plan = made(
        *account(),
        *account("bob"),
        channel(
            Modes=[ord("n"), ord("R"), ord("M"), ord("u"), "x", -1, 10**9],
            UserLimit=7,
            Forward="#over",
            AccountToUMode={"ann": ord("q"), "bob": ord("h"), "carl": ord("v")},
            Excepts={"*!*@e": {"TimeCreated": "2020-01-01T00:00:00Z"}},
            Bans={"m:*!*@m": {}},
        ),
        (
            "set",
            "2 other",
            json.dumps({"Name": "#gone", "Oper": "oper", "Reason": "no", "PurgedAt": "2020-01-01T00:00:00Z"}),
        ),
    )
    found = fields(plan, "#club")
    bob = next(records.entity for each, records in plan.accounts if each.name == "Bob")
    assert found[f"flags:{bob}"] == "AHehirtv 1450000000 *"
    assert {name: value for name, value in found.items() if name.startswith("m:")} == {
        "m:n": "",
        "m:r": "",
        "m:R": "",
        "m:l": "7",
        "m:f": "#over",
        "m:e:*!*@e": "* *!*@e",
        "m:b:$q:*!*@m": "* $q:*!*@m",
    }
    assert fields(plan, "#gone")["suspended"] == "0 oper :no"
    assert complaints(plan) == ["0: #club: carl has a rank that cannot be given"]


def test_the_last_word_holds_in_a_log() -> None:
    plan = made(
        *account("gone"),
        ("flushdb",),
        *account(),
        ("set", "account.exists late", "1", "ae", "5"),
        ("set", "account.exists bob", "1"),
        ("del", "account.exists bob"),
        ("odd",),
    )
    assert [each.name for each, _ in plan.accounts] == ["Ann"]
    assert any("not known" in text for text in complaints(plan))


def test_what_is_behind_a_broken_place_is_told_as_lost() -> None:
    data = log_of(*account()).getvalue()
    for broken in (b"*x\r\n", b"*1\r\n$999999999\r\n", b"*1\r\n$5\r\nab", b"*99\r\n", b"text\r\n"):
        plan = planned(ergo.read(BytesIO(data + broken), NOW))
        assert [each.name for each, _ in plan.accounts] == ["Ann"]
        assert complaints(plan)[0].startswith(f"0: At byte {len(data)} the database makes no sense any more")


def test_the_json_that_it_imports() -> None:
    whole = {
        "version": 1,
        "source": "anope",
        "users": {
            "ann": {
                "name": "Ann",
                "hash": "sha1:49fffa5543f21dd6effe88a79633e4073e36a828",
                "email": "ann@example.org",
                "registeredAt": 1400000000000000000,
                "additionalNicks": ["anna"],
                "certfps": ["ab" * 32],
            },
            "odd": 7,
        },
        "channels": {
            "#club": {
                "name": "#club",
                "founder": "ann",
                "registeredAt": 1450000000000000000,
                "topic": "Hello",
                "topicSetBy": "ann",
                "topicSetAt": 1460000000000000000,
                "amode": {"ann": "q", "odd": "o"},
                "modes": "nt",
                "key": "sesam",
                "limit": 5,
            },
        },
    }
    plan = planned(ergo.read(file_of(json.dumps(whole)), NOW))
    assert opens(plan, "Ann", "shivarampassphrase") and "nick:anna" in fields(plan, "Ann")
    found = fields(plan, "#club")
    assert (found["m:k"], found["m:l"], found["m:n"], found["m:topic"]) == ("sesam", "5", "", "ann :Hello")
    assert complaints(plan) == ["0: #club: odd has a rank that cannot be given"]


@pytest.mark.parametrize(
    "text", ["", "nothing", "{}", '{"version": 1, "source": []}', '{"version": 2, "source": "anope"}']
)
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        ergo.read(file_of(text), NOW)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "Name",
        "RegisteredAt",
        "Founder",
        "Topic",
        "Modes",
        "Key",
        "UserLimit",
        "Bans",
        "AccountToUMode",
        "Email",
        "Version",
        "PassphraseHash",
        "Iters",
        "Salt",
        "StoredKey",
        "Enabled",
        "ApprovedVHost",
        "Certfps",
        "Duration",
    ]
)
KEYS = st.sampled_from(
    [
        "1 x",
        "2 x",
        *(
            f"account.{key} ann"
            for key in (
                "exists",
                "name",
                "registered.time",
                "credentials",
                "settings",
                "vhost",
                "suspended",
                "lastseen",
                "additionalnicks",
            )
        ),
    ]
)


@given(st.lists(st.tuples(KEYS, st.one_of(st.dictionaries(FIELDS, JSON, max_size=6), JSON)), max_size=8))
def test_no_values_are_an_error(commands: list[tuple[str, Any]]) -> None:
    made(*account(), *(("set", key, json.dumps(value)) for key, value in commands))


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(data: bytes) -> None:
    planned(ergo.read(BytesIO(log_of(*account()).getvalue() + data), NOW))


def test_who_was_never_seen_was_seen_now_and_does_not_end_as_nobodys() -> None:
    plan = made(*account(), channel())
    assert fields(plan, "Ann")["seen"] == fields(plan, "#club")["used"] == str(NOW // 86400)
