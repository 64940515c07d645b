"""Anope's databases: what a real one says, 2.1's JSON, and what each kind of entry lets somebody do."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from club import logged_in, plain
from hypothesis import given
from hypothesis import strategies as st
from planned import NOW, club_then, complaints, fields, file_of, opens, planned, sample, taken

from chatnet.importing import anope, anope_access
from chatnet.importing.neutral import Unreadable
from chatnet.importing.plan import Plan
from chatnet.importing.records import stamp_at

FOX = "$2a$10$YV4jDSGs0ZtQbpL6IHtNO.lt5Q.uzghIohCcnERQVBGyw7QJMfyhe"
CORE = "OBJECT NickCore\nDATA display ann\nDATA pass md5:ce4bd864f37ffaa1b871aef22eea82ff\nEND\n"
ALIAS = "OBJECT NickAlias\nDATA nick ann\nDATA nc ann\nDATA time_registered 1400000000\nEND\n"
CHANNEL = "OBJECT ChannelInfo\nDATA name #club\nDATA founder ann\nDATA time_registered 1400000000\nEND\n"


def made(text: str) -> Plan:
    return planned(anope.read(file_of(text), NOW))


def test_a_file_of_anope_2_0() -> None:
    """Anope 2.0.12 wrote it, with enc_sha256: two accounts, a nick that was grouped, a channel with lists."""
    club = club_then()
    plan = taken(anope.read(sample("anope.db"), NOW), club)
    assert complaints(plan) == [] and plan.weak == 2
    assert opens(plan, "ann", "a-secret-word") and opens(plan, "bob", "another-word")
    ann, channel = fields(plan, "ann"), fields(plan, "#club")
    assert ann["name"] == f"{stamp_at(1795985988, NOW)} ann"
    assert ann["nick:ann_"] == f"{stamp_at(1795985991, NOW)} ann_"
    assert ann["email"] == "1 ann@example.org" and ann["seen"] == str(1795985991 // 86400)
    ids = {account.name: records.entity for account, records in plan.accounts}
    assert channel["founder"] == ids["ann"] and channel["m:topic"] == "ann_ :Hello anope"
    assert channel[f"flags:{ids['bob']}"] == "AOehirtv 1795985994 ann_"
    # This channel has numbers of its own for a few privileges; what it has none for is as in all.
    assert channel["flags:*!*@good.example.org"] == "AOehiortv 1795985994 ann_"
    assert channel["akick:*!*@bad.example.org"] == "0 k ann_ :no more"
    assert channel["set:mlock"] == "+nstk-i sesam" and channel["m:k"] == "sesam"
    client = club.connecting()
    plain(client, password="a-secret-word")
    logged_in(client)
    again = planned(anope.read(sample("anope.db"), NOW), club)
    assert (again.accounts, again.channels, again.here) == ([], [], 3)


def test_what_objects_say_of_an_account() -> None:
    plan = made(
        CORE.replace(
            "END",
            "DATA UNCONFIRMED 1\nDATA HIDE_EMAIL 1\nDATA NEVEROP 1\n"
            f"DATA cert {'ab' * 32} \n"
            "DATA email ann@example.org\nDATA language de_DE.UTF-8\nDATA KILLPROTECT 1\nEND",
        )
        + ALIAS.replace("END", "DATA vhost_host ann.users.example.org\nDATA last_seen 1500000000\nEND")
        + CORE.replace("ann", "bob").replace("md5:ce4bd864f37ffaa1b871aef22eea82ff", "plain:YS1zZWNyZXQ=")
        + ALIAS.replace("ann", "bob")
        + "OBJECT NSSuspendInfo\nDATA nick bob\nDATA by an oper\nDATA reason spam and eggs\nEND\n"
    )
    ann, bob = fields(plan, "ann"), fields(plan, "bob")
    assert ann["status"] == f"pending {NOW + 7 * 86400}" and ann["email"] == "0 ann@example.org"
    assert ann["created"] == "1400000000 000" and ann["vhost"] == "1 ann.users.example.org"
    assert f"cert:{'ab' * 32}" in ann and ann["set:language"] == "de-de" and ann["set:protect"] == "guest"
    assert (ann["set:hide-email"], ann["set:never-op"]) == ("on", "on")
    assert bob["suspended"] == "0 an_oper :spam and eggs"
    assert opens(plan, "ann", "shivarampassphrase") and opens(plan, "bob", "a-secret")
    assert plan.weak == 2 and complaints(plan) == []


def test_what_objects_say_of_a_channel() -> None:
    plan = made(
        CORE
        + ALIAS
        + CHANNEL.replace(
            "END",
            "DATA TOPICLOCK 1\nDATA CS_PRIVATE 1\nDATA successor nobody\n"
            "DATA last_modes NOEXTERNAL BAN,*!*@x.example.org LIMIT,7 +SECRET "
            "+KEY,5,ann,word ODD\nEND",
        )
        + "OBJECT EntryMsg\nDATA ci #club\nDATA message one\nEND\n"
        "OBJECT EntryMsg\nDATA ci #club\nDATA message two\nEND\n"
        "OBJECT CSSuspendInfo\nDATA chan #club\nDATA by oper\nDATA reason no\nDATA expires 2000000000\nEND\n"
        "OBJECT ChanAccess\nDATA provider access/flags\nDATA ci #CLUB\nDATA mask nick*\nDATA data fto\nEND\n"
    )
    channel = fields(plan, "#club")
    assert [channel[f"set:{key}"] for key in ("topiclock", "private", "entrymsg")] == [
        "on",
        "on",
        "one | two",
    ]
    assert channel["suspended"] == "2000000000 oper :no"
    assert {name: value for name, value in channel.items() if name.startswith("m:")} == {
        "m:n": "",
        "m:s": "",
        "m:l": "7",
        "m:k": "word",
        "m:b:*!*@x.example.org": "* *!*@x.example.org",
    }
    assert channel["flags:nick*!*@*"] == "Afot 0 *"
    assert complaints(plan) == ["10: #club: There is no account nobody"]


def test_json_of_2_1_says_the_same() -> None:
    data: dict[str, Any] = {
        "NickCore": [
            {
                "display": "ann",
                "uniqueid": 17,
                "pass": f"bcrypt:{FOX}",
                "registered": 1400000000,
                "email": None,
                "HIDE_EMAIL": True,
            }
        ],
        "NickAlias": [
            {"nick": "ann", "ncid": 17, "registered": 1400000000},
            {"nick": "anna", "ncid": 17, "registered": 1400000001},
        ],
        "ChannelInfo": [{"name": "#club", "founderid": 17, "registered": 1400000000}],
        "AutoKick": [{"ci": "#club", "ncid": 17, "reason": "me"}, {"ci": "#club", "ncid": 18}],
        "odd": 7,
        "ChanAccess": [7, {"ci": "#club", "provider": "access/odd"}],
    }
    plan = made(json.dumps({"version": 1, "generator": "Anope", "data": data}))
    ann = fields(plan, "ann")
    assert opens(plan, "ann", "The quick brown fox jumps over the lazy dog")
    assert "nick:anna" in ann and "nick:ann" not in ann and ann["set:hide-email"] == "on"
    entity = plan.accounts[0][1].entity
    assert fields(plan, "#club")[f"akick:{entity}"] == "0 k * :me"
    assert complaints(plan) == [
        "0: #club: entries of access by access/odd are not known",
        "0: There is no account 18",
    ]


@pytest.mark.parametrize(
    ("level", "own", "letters"),
    [
        (10000, {}, "AOefhioqrstv"),
        (9999, {}, "AOefhioqrstv"),
        (10, {}, "AOaefhiortv"),
        (5, {}, "AOehiortv"),
        (4, {}, "AHerv"),
        (3, {}, "AV"),
        (2, {}, ""),
        (-5, {}, ""),
        (3, {"AUTOOP": 3, "AUTOVOICE": 10001}, "AO"),
        (9999, {"SET": 10001}, "AOefhioqrtv"),
        (5, {"OP": -10000}, "AOehiortv"),
    ],
)
def test_numbers_let_one_do_what_the_channel_says(level: int, own: dict[str, int], letters: str) -> None:
    assert anope_access.by_level(level, own) == letters


def test_lists_and_letters() -> None:
    assert anope_access.by_list("VOP") == "AV" and anope_access.by_list("HOP") == "AHerv"
    assert anope_access.by_list("AOP") == "AOehirtv" and anope_access.by_list("SOP") == "AOaefhiortv"
    assert anope_access.by_list("QOP") == "AOefhioqrstv" and anope_access.by_list("odd") == ""
    assert anope_access.by_flags("QOVf") == "AOfq" and anope_access.by_flags("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "{",
        "{}",
        '{"version": 2, "data": {}}',
        '{"version": 1, "data": 7}',
        "[" * 100000,
        '{"a":' * 100000,
        '{"version": 1, "data": {"NickCore": 7}}',
    ],
)
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        anope.read(file_of(text), NOW)


def test_a_file_that_ends_too_early_is_told() -> None:
    plan = made(CORE + ALIAS + CHANNEL[:-10])
    assert complaints(plan) == ["10: The file ends within this ChannelInfo"]


NAMES = (
    "NickCore",
    "NickAlias",
    "ChannelInfo",
    "ModeLock",
    "ChanAccess",
    "AutoKick",
    "NSSuspendInfo",
    "EntryMsg",
)
FIELDS = (
    "display",
    "nick",
    "nc",
    "name",
    "ci",
    "founder",
    "mask",
    "data",
    "provider",
    "pass",
    "uniqueid",
    "ncid",
    "levels",
    "last_modes",
    "param",
    "set",
    "expires",
    "time_registered",
    "cert",
)
OBJECTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.dictionaries(
            st.sampled_from(FIELDS),
            st.one_of(
                st.sampled_from(["ann", "#club", "1", "access/access", "access/xop", "KEY"]),
                st.text(max_size=20),
            ),
            max_size=8,
        ),
    ),
    max_size=10,
)


@given(OBJECTS, st.booleans())
def test_no_objects_are_an_error(objects: list[tuple[str, dict[str, str]]], as_json: bool) -> None:
    if as_json:
        data: dict[str, Any] = {}
        for name, each in objects:
            data.setdefault(name, []).append(each)
        text = json.dumps({"data": data | {"NickCore": [*data.get("NickCore", ()), {"display": "zoe"}]}})
    else:
        text = CORE + "".join(
            f"OBJECT {name}\n" + "".join(f"DATA {key} {value}\n" for key, value in each.items()) + "END\n"
            for name, each in objects
        )
    made(text)


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(data: bytes) -> None:
    planned(anope.read(BytesIO(CORE.encode() + data), NOW))
