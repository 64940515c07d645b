"""Atheme's services.db: what a real one says, and what each kind of row comes to."""

from __future__ import annotations

from io import BytesIO

import pytest
from club import logged_in, plain
from hypothesis import given
from hypothesis import strategies as st
from planned import NOW, club_then, complaints, fields, file_of, opens, planned, sample, taken

from chatnet.importing import atheme
from chatnet.importing.neutral import Unreadable
from chatnet.importing.plan import Plan
from chatnet.importing.records import stamp_at

HEAD = "GRVER 1\nDBV 12\nCF +AFHORVabefhioqrstv\nTS 1700000000\n"
ANN = "MU AAAAAAAAB ann $1$hcspif$nCm4r3S14Me9ifsOPGuJT. ann@example.org 1400000000 1690000000 +C default \n"
BOB = "MU AAAAAAAAC bob a-secret-word bob@example.org 1500000000 0 + de \n"
CLUB = "MC #club 1450000000 1690000000 + 272 1 0  \nCA #club ann +AFRefiorstv 1450000000 * \n"


def made(text: str, charybdis: bool = False, head: str = HEAD) -> Plan:
    return planned(atheme.read(file_of(head + text), NOW, charybdis=charybdis))


def test_a_file_of_atheme_7_2() -> None:
    """Atheme 7.2.12 wrote it: two accounts, a nick that was grouped, a channel with lists and MLOCK."""
    club = club_then()
    plan = taken(atheme.read(sample("atheme.db"), NOW), club)
    assert complaints(plan) == [] and plan.conflicts == [] and plan.weak == 0
    assert opens(plan, "ann", "a-secret-word") and opens(plan, "bob", "another-word")
    ann, channel = fields(plan, "ann"), fields(plan, "#club")
    assert ann["name"] == f"{stamp_at(1795985894, NOW)} ann"
    assert ann["nick:ann_"] == f"{stamp_at(1795985895, NOW)} ann_"
    assert ann["created"] == "1795985894 000" and ann["status"] == "active"
    assert ann["email"] == "1 ann@example.org" and ann["seen"] == "20786"
    assert "vhost" not in ann  # private:host:vhost is where they were seen last
    ids = {account.name: records.entity for account, records in plan.accounts}
    assert channel["founder"] == ids["ann"] and channel["ts"] == "1795985896"
    assert channel[f"flags:{ids['bob']}"] == "AOeiort 1795985897 ann"
    assert f"flags:{ids['ann']}" not in channel
    assert channel["akick:*!*@bad.example.org"] == "0 k ann :no more | note"
    assert channel["set:mlock"] == "+nstk-i sesam" and channel["used"] == str(1795985897 // 86400)
    assert {name: value for name, value in channel.items() if name.startswith("m:")} == {
        "m:k": "sesam", "m:n": "", "m:s": "", "m:t": "",
    }  # fmt: skip
    client = club.connecting()
    plain(client, password="a-secret-word")
    logged_in(client)
    registration = club.node.network.registry.channels.at(club.node.network.fold("#CLUB"))
    assert registration is not None and registration.founder == ids["ann"]


def test_taking_it_twice_is_nothing_new() -> None:
    club = club_then()
    taken(atheme.read(sample("atheme.db"), NOW), club)
    again = planned(atheme.read(sample("atheme.db"), NOW + 1000), club)
    assert (again.accounts, again.channels, again.here, again.conflicts) == ([], [], 3, [])
    on_another = planned(atheme.read(sample("atheme.db"), NOW + 1000), club_then())
    first = planned(atheme.read(sample("atheme.db"), NOW), club_then())
    assert list(on_another.entities) == list(first.entities)


def test_what_is_erased_stays_so() -> None:
    club = club_then()
    taken(atheme.read(sample("atheme.db"), NOW), club)
    club.change(club.named(), status="erased")
    again = planned(atheme.read(sample("atheme.db"), NOW), club)
    assert (again.accounts, again.here, again.erased) == ([], 2, 1)


def test_what_rows_say_of_an_account() -> None:
    plan = made(
        ANN.replace("+C ", "+CEns ")
        + BOB.replace(" + ", " +W ")
        + "MDU ann private:usercloak ann.users.example.org\nMDU ann private:mark:setter an oper\n"
        "MDU ann private:mark:reason a good one\nMDU bob private:freeze:freezer oper\n"
        "MDU bob private:freeze:reason spam and eggs\nMCFP ann "
        + "AB" * 32
        + "\nMCFP ann "
        + "ab" * 20
        + "\n"
    )
    ann, bob = fields(plan, "ann"), fields(plan, "bob")
    assert ann["vhost"] == "1 ann.users.example.org" and ann["mark"] == "an_oper :a good one"
    assert (ann["set:protect"], ann["set:never-op"], ann["set:hide-email"]) == ("guest", "on", "on")
    assert f"cert:{'ab' * 32}" in ann and f"cert:{'ab' * 20}" not in ann
    assert bob["suspended"] == "0 oper :spam and eggs" and bob["email"] == "0 bob@example.org"
    assert bob["set:language"] == "de" and bob["seen"] == str(1700000000 // 86400)
    assert (bob["verifier"] or "").startswith("- SCRAM-SHA-256$")  # a password that was kept as it is
    assert opens(plan, "ann", "shivarampassphrase") and opens(plan, "bob", "a-secret-word")
    assert plan.weak == 2
    assert complaints(plan) == ["5: ann: a certificate is told by another hash than SHA-256"]


def test_who_is_not_verified_has_a_week() -> None:
    assert fields(made(BOB.replace(" + ", " +W ")), "bob")["status"] == f"pending {NOW + 7 * 86400}"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("MU AAAAAAAAD carl", "5: Words are missing in it"),
        ("MU AAAAAAAAD carl x x x 0 +C de", "5: There is no number where one should be"),
        (f"MU AAAAAAAAD carl x x {'9' * 16} 0 +C de", "5: There is no number"),
        ("MU AAAAAAAAD carl x x 1 0 +C de", "5: The password of carl cannot be checked here"),
        ("MU AAAAAAAAD 9carl * x 1 0 + de", "5: The account 9carl is left out: it has to have a nick"),
        ("MU AAAAAAAAD NickServ * x 1 0 + de", "5: The account NickServ is left out: nobody may have"),
        ("MU AAAAAAAAD carl * x 0 0 + de", "5: The account carl is left out: it is not said when"),
        ("MU AAAAAAAAD carl my secret words x@y 1 0 + de", "5: There is no number where one should be"),
        ("MN dora dora 1 1", "5: There is no account dora"),
        ("CA #none ann +v 1 *", "5: There is no channel #none"),
        ("MC #club 1 1 + 0 0 0 ", "5: #club has no founder"),
        ("x" * 70000, "5: The line is too long"),
        ("MDU", "5: Words are missing in it"),
        ("GACL !none ann +c", "5: There is no group !none"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told(row: str, reason: str) -> None:
    plan = made(f"{row}\n{ANN}")
    assert complaints(plan)[0].startswith(reason)
    assert "verifier" in fields(plan, "ann")


def test_what_was_there_before_is_told() -> None:
    plan = made(ANN + ANN + ANN.replace(" ann ", " anna ") + CLUB + CLUB)
    assert complaints(plan) == [
        "6: The account ann was there before",
        "7: Another account has the id of anna",
        "10: The channel #club was there before",
    ]


@pytest.mark.parametrize("text", ["", "nothing\n", "GRVER 1\n", "GRVER 1\nDBV 7\n", "GRVER 1\n" + ANN])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        atheme.read(file_of(text), NOW)


def test_what_rows_say_of_a_channel() -> None:
    plan = made(
        ANN + BOB + CLUB.replace(" + ", " +tpn ") + "CA #club *!*@x.example.org +V 5 ann \n"
        "CA #club bob +FO 1460000000 ann \nMDC #club private:topic:text Hello  world\n"
        "MDC #club private:topic:setter ann\nMDC #club private:topic:ts 1680000000\n"
        "MDC #club private:channelts 1440000000\nMDC #club private:templates op=+AOv reg=+V\n"
        "MDC #club private:entrymsg Welcome here\nMDC #club url https://example.org\n"
        "CA #club *!*@late +b 1 ann\nMDA #club *!*@late expires 5\n"
        f"CA #club *!*@soon +b 1 ann\nMDA #club *!*@soon expires {NOW + 5}\n"
        "MDA #club *!*@soon reason so it is\n"
    )
    channel = fields(plan, "#club")
    ids = {account.name: records.entity for account, records in plan.accounts}
    assert channel["founder"] == ids["ann"]  # the one for longest
    assert channel[f"flags:{ids['bob']}"] == "FO 1460000000 ann"
    assert channel["flags:*!*@x.example.org"] == "V 5 ann"
    assert channel["m:topic"] == "ann :Hello  world" and channel["ts"] == "1440000000"
    assert (channel["template:op"], channel["template:reg"]) == ("AOv", "V")
    assert channel["set:entrymsg"] == "Welcome here" and channel["set:url"] == "https://example.org"
    assert [channel[f"set:{key}"] for key in ("topiclock", "private", "nosync")] == ["on"] * 3
    assert "akick:*!*@late" not in channel
    assert channel["akick:*!*@soon"] == f"{NOW + 5} k ann :so it is"
    topic = next(each for each in plan.channels[0][1].records if each.field == "m:topic")
    assert topic.stamp == stamp_at(1680000000, NOW) and complaints(plan) == []


def test_a_channel_that_was_closed() -> None:
    plan = made(ANN + CLUB + "MDC #club private:close:closer oper\nMDC #club private:close:reason no\n")
    assert fields(plan, "#club")["suspended"] == "0 oper :no"


def test_a_group_becomes_its_members() -> None:
    found = atheme.read(
        file_of(
            HEAD + ANN + BOB + "GRP AAAAAAAAF !all 1 + \nGRP AAAAAAAAG !some 1 + \nGACL !all !some +c \n"
            "GACL !some !all +c \nGACL !some bob +c \nGACL !some ann +A \n"
            + CLUB
            + "CA #club !all +V 7 ann \n"
        ),
        NOW,
    )
    plan = planned(found)
    ids = {account.name: records.entity for account, records in plan.accounts}
    flags = {name: value for name, value in fields(plan, "#club").items() if name.startswith("flags:")}
    assert flags == {f"flags:{ids['bob']}": "V 7 ann"}  # ann's flags in it are not for channels
    assert found.notes == ["The group !all has become its members in 1 entry of access."]


def test_bits_of_one_kind_of_server_need_to_be_named() -> None:
    bits = 0x10 | 0x1000 | 0x20000  # n, c, P
    text = (
        ANN + f"MC #club 1 1 + {bits} 4 0 \nCA #club ann +F 1 *\nMDC #club private:mlockext f#over j5:10 l\n"
    )
    plain_, known = made(text), made(text, charybdis=True)
    assert fields(plain_, "#club")["set:mlock"] == "+n-l"
    assert fields(known, "#club")["set:mlock"] == "+cnfj-l #over 5:10"
    assert fields(known, "#club")["m:j"] == "5:10"
    assert len(atheme.read(file_of(HEAD + text), NOW).notes) == 1


def test_a_database_from_before_the_flag_e() -> None:
    plan = made(ANN + BOB + CLUB + "CA #club bob +r 7 ann \n", head=HEAD.replace("e", ""))
    assert any(value == "er 7 ann" for value in fields(plan, "#club").values())


def test_an_account_that_is_left_out_has_no_access() -> None:
    plan = made(ANN + BOB.replace("bob", "9bob", 1) + CLUB + "CA #club 9bob +V 7 ann \n")
    assert not any(name.startswith("flags:") for name in fields(plan, "#club"))
    assert any("an account that is left out has access" in text for text in complaints(plan))


ROWS = st.lists(
    st.one_of(
        st.sampled_from((ANN + BOB + CLUB).splitlines()),
        st.builds(
            lambda word, rest: f"{word} {rest}",
            st.sampled_from(
                ["MU", "MN", "MDU", "MCFP", "MC", "MDC", "CA", "MDA", "GRP", "GACL", "CF", "TS", "DBV"]
            ),
            st.text("ann #club*!@ 0123456789+-=:\t\x00\xe9", max_size=60),
        ),
    ),
    max_size=12,
)


@given(ROWS, st.booleans())
def test_no_rows_are_an_error(rows: list[str], charybdis: bool) -> None:
    try:
        made("\n".join(rows), charybdis)
    except Unreadable:
        assert any(row.startswith("DBV") for row in rows)


@given(st.binary(max_size=300))
def test_no_bytes_are_an_error(data: bytes) -> None:
    planned(atheme.read(BytesIO(HEAD.encode() + ANN.encode() + data), NOW))
