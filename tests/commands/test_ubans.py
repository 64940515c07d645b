"""UBAN: what it does, what it says of that before, and how it is undone."""

from __future__ import annotations

import pytest
from club import CERTFP, Club
from conversation import START, Client
from states import far_server, far_user, logged_in, opered

NOW = int(START)
DAY = "2023-11-15 22:13 UTC"


@pytest.fixture
def club() -> Club:
    return Club()


@pytest.fixture
def root(club: Club) -> Client:
    return helper(club, "bans", "see-all")


def helper(club: Club, *privileges: str) -> Client:
    """An operator among many people, so that a few of them are a small part."""
    for number in range(40):
        club.client(f"p{number}", address=f"203.0.113.{number + 1}")
    root = club.client("root", address="198.51.100.1")
    opered(root, *privileges, snomask="k")
    return root


def said(client: Client, line: str) -> list[str]:
    """The notices that a client reads of a command, without the server's and its own name."""
    client >> line
    start = f":irc.test NOTICE {client.user.nick} :"
    return [text.removeprefix(start) for text in client.lines() if "*** Notice" not in text]


def test_a_nick_means_the_account_or_else_the_address(club: Club, root: Client) -> None:
    spammer = club.client("spammer", address="192.0.2.7")
    assert said(root, "uban add spammer 1d flooding") == [
        "Bans address 192.0.2.7 (spammer) for 1d: 1 user here, 0 elsewhere (spammer)",
        "Done, on all servers. To undo: /UBAN DEL 192.0.2.7",
    ]
    club.clock.advance(0)
    assert spammer.lines() == [
        f":irc.test 465 spammer :You are banned from this server- flooding (until {DAY})",
        f"ERROR :Closing Link: 192.0.2.7 (Banned: flooding (until {DAY}))",
    ]
    bob = club.client("bob", address="192.0.2.8")
    logged_in(bob, "bob")
    assert said(root, "UBAN ADD bob :no|seen in #x") == [
        "Bans account:bob (bob) for ever: 1 user here, 0 elsewhere (bob)",
        "Done, on all servers. To undo: /UBAN DEL account:bob",
        "They came from 192.0.2.8: /UBAN ADD 192.0.2.8 if they come back as another",
    ]
    club.clock.advance(1)
    assert bob.session.closed
    six = club.client("six", address="2001:db8:1:2:3:4:5:6")
    assert said(root, "UBAN ADD DURATION 1d12h six")[1].endswith("/UBAN DEL 2001:db8:1:2::/64")
    club.clock.advance(1)
    assert six.session.closed
    club.check()


def test_what_would_be_done_is_told_without_doing_it(club: Club, root: Client) -> None:
    far = far_server(club, "far.test")
    far_user(club, far, "dan", address="203.0.113.1")
    assert said(root, "UBAN TEST 203.0.113.1 2d spam") == [
        "Bans address 203.0.113.1 for 2d: 1 user here, 1 elsewhere (p0, dan)",
        "Nothing is done yet. To do it: /UBAN ADD 203.0.113.1 2d spam",
    ]
    assert said(root, "UBAN TEST 203.0.113.0/24") == [
        "Bans address 203.0.113.0/24 for ever: 40 users here, 1 elsewhere"
        " (p0, dan, p1, p2, p3, p4, p5, p6, p7, p8, …)",
        "203.0.113.0/24 means 41 of 42 people (97 %; bans.most_hit is 10)."
        " If you mean it: /UBAN ADD FORCE 203.0.113.0/24",
    ]
    assert not any(club.node.network.bans.values())


def test_require_sasl_lets_in_who_has_an_account(club: Club, root: Client) -> None:
    club.account("ann")
    assert said(root, "UBAN ADD REQUIRE-SASL 192.0.2.0/24 school") == [
        "Bans address 192.0.2.0/24 for ever, except who is logged in: 0 users here, 0 elsewhere",
        "Done, on all servers. To undo: /UBAN DEL 192.0.2.0/24",
    ]
    stranger = club.connect("192.0.2.9")
    stranger >> "NICK vic" >> "USER vic 0 * :x"
    assert stranger.lines()[0] == (
        ":irc.test FAIL * ACCOUNT_REQUIRED :log in to an account before you come in: school"
    )
    ann = club.connect("192.0.2.9")
    ann >> "PASS :ann:correct horse" >> "NICK ann" >> "USER ann 0 * :x"
    assert ann.session.registered
    assert said(root, "UBAN INFO ann")[:2] == [
        "ann is logged in to account:ann, at 192.0.2.9",
        f"192.0.2.0/24 (for ever, log in first; by {root.user.mask}, 2023-11-14 22:13 UTC): school",
    ]
    ann >> "NS LOGOUT"
    assert ann.session.closed
    club.check()


def test_exemptions(club: Club, root: Client) -> None:
    said(root, "UBAN ADD *@192.0.2.* :school")
    said(root, "UBAN ADD 198.51.100.128/25 :bots")
    assert said(root, "UBAN EXEMPT 192.0.2.7 :the teacher") == [
        "Exempts address 192.0.2.7 from bans for ever: 0 users here, 0 elsewhere",
        "Done, on all servers. To undo: /UBAN EXEMPT DEL 192.0.2.7",
    ]
    said(root, f"UBAN EXEMPT ADD cert:{CERTFP} 1d")
    said(root, "UBAN EXEMPT 198.51.100.200")
    club.client("teacher", address="192.0.2.7")
    club.client("cat", address="192.0.2.8", certfp=CERTFP, secure=True)
    club.client("bot", address="198.51.100.200")
    assert "465" in club.connect("198.51.100.201").lines()[0]
    assert said(root, "UBAN EXEMPT")[-1] == "3 exemptions"
    assert said(root, "UBAN LIST EXEMPT 192*") == [
        f"exempt: 192.0.2.7 (for ever; by {root.user.mask}, 2023-11-14 22:13 UTC): the teacher",
        "1 exemption",
    ]
    assert said(root, "UBAN EXEMPT DEL 192.0.2.7")[0].startswith("Lifted: exempt: 192.0.2.7")
    assert said(root, "UBAN EXEMPT #c")[0].endswith("account:<name> and cert:<SHA-256> are exempt")
    other = club.connect("192.0.2.7")
    other >> "NICK other" >> "USER x 0 * :x"
    assert other.session.closed
    club.check()


def test_info_tells_why_somebody_cannot_come_in(club: Club, root: Client) -> None:
    gone = club.client("gone", address="192.0.2.9")
    gone >> "QUIT"
    said(root, "UBAN ADD 192.0.2.0/25 1d spam|private")
    ban = f"192.0.2.0/25 (until {DAY}; by {root.user.mask}, 2023-11-14 22:13 UTC): spam|private"
    assert said(root, "UBAN INFO gone") == [
        "gone was here until 2023-11-14 22:13 UTC, not logged in, at 192.0.2.9",
        "192.0.2.9: 0 users here, 0 elsewhere",
        ban,
    ]
    assert said(root, "UBAN INFO 192.0.2.9")[-1] == ban
    assert said(root, "UBAN INFO 192.0.2.0/25")[-1] == ban
    assert said(root, "UBAN INFO p1") == ["p1 is not logged in, at 203.0.113.2", "No ban means p1"]
    assert said(root, "UBAN INFO nobody")[0].startswith(
        ":irc.test FAIL UBAN INVALID_PARAMS :nobody was not here lately"
    )


def test_info_and_del_know_who_was_here_by_account_and_address(club: Club, root: Client) -> None:
    vic = club.client("vic", address="192.0.2.9")
    vic >> "NS REGISTER secret-word-1"
    assert said(root, "UBAN ADD vic 1d x")[0].startswith("Bans account:vic (vic)")
    club.clock.advance(1)
    assert vic.session.closed
    info = said(root, "UBAN INFO vic")
    assert info[0].endswith(", logged in to account:vic, at 192.0.2.9")
    assert [line.split()[0] for line in info[2:]] == ["account:vic"]
    said(root, "UBAN ADD 192.0.2.9 1d x")
    assert [line.split()[:2] for line in said(root, "UBAN DEL vic")] == [
        ["Lifted:", "account:vic"], ["But", "192.0.2.9"],
    ]  # fmt: skip
    assert [line.split()[:2] for line in said(root, "UBAN DEL vic")] == [["Lifted:", "192.0.2.9"]]
    assert said(root, "UBAN DEL vic") == [
        "There is no ban of account:vic; UBAN LIST shows those that there are"
    ]
    assert said(root, "UBAN INFO vic")[-1] == "No ban means vic"


def test_an_exemption_is_lifted_in_either_order_of_words(root: Client) -> None:
    for words in ("EXEMPT DEL", "DEL EXEMPT"):
        said(root, "UBAN EXEMPT 192.0.2.9 our bot")
        assert said(root, "UBAN DEL 192.0.2.9") == [
            "There is no ban of 192.0.2.9, but an exemption: /UBAN EXEMPT DEL 192.0.2.9 lifts it"
        ]
        assert said(root, f"UBAN {words} 192.0.2.9")[0].startswith("Lifted: exempt: 192.0.2.9 ")
    assert "is no target" in said(root, "UBAN EXEMPT DEL realname:bot")[0]
    assert said(root, "UBAN EXEMPT DEL 192.0.2.9") == [
        "There is no exemption for 192.0.2.9; UBAN EXEMPT shows those that there are"
    ]


def test_what_is_refused_is_not_told_as_if_it_were_done(root: Client) -> None:
    assert said(root, "UBAN ADD *@* 1d x") == [
        "*@* means as good as everybody. If you mean it: /UBAN ADD FORCE *@* 1d x"
    ]


def test_the_list_shows_the_newest_first(club: Club, root: Client) -> None:
    for number in range(3):
        said(root, f"UBAN ADD 192.0.2.{number} 1d x")
        club.clock.advance(1)
    said(root, "UBAN ADD realname:*free?money* :y")
    said(root, "UBAN ADD name:foo*")
    assert [line.split()[0] for line in said(root, "UBAN LIST")] == [
        "realname:*free?money*", "name:foo*", "192.0.2.2", "192.0.2.1", "192.0.2.0", "5",
    ]  # fmt: skip
    assert [line.split()[0] for line in said(root, "UBAN LIST *.2")] == ["192.0.2.2", "1"]
    assert said(root, "UBAN DEL name:FOO*")[0].startswith("Lifted: name:foo*")
    assert said(root, "UBAN DEL name:foo*") == [
        "There is no ban of name:foo*; UBAN LIST shows those that there are"
    ]


def test_who_sees_no_addresses_bans_by_cloak_and_reads_none() -> None:
    club = Club(cloak={"enabled": True})
    root = helper(club, "bans")
    vic = club.client("vic", address="192.0.2.9")
    assert said(root, "UBAN ADD vic 1d x")[0] == (
        f"Bans *@{vic.user.host} (vic) for 1d: 1 user here, 0 elsewhere, by the hosts that you see (vic)"
    )
    club.clock.advance(1)
    assert vic.session.closed
    again = club.connect("192.0.2.9")
    again >> "NICK vic" >> "USER x 0 * :x"
    assert again.session.closed
    assert said(root, "UBAN INFO vic")[1].startswith(f"*@{vic.user.host} (until ")
    assert said(root, "UBAN DEL vic")[0].startswith(f"Lifted: *@{vic.user.host} (until ")
    bob = club.client("bob", address="192.0.2.11")
    logged_in(bob, "bob")
    assert said(root, "UBAN ADD bob")[2] == (
        f"They came from {bob.user.host}: /UBAN ADD *@{bob.user.host} if they come back as another"
    )
    said(root, "UBAN DEL account:bob")
    other = club.client("other", address="192.0.2.10")
    opered(other, "bans", "see-all")
    said(other, "UBAN ADD 192.0.2.44")
    said(root, "UBAN ADD 192.0.2.55")
    assert said(root, "UBAN LIST an?addr*")[0].startswith("an address (for ever")
    assert said(root, "UBAN LIST *2.44*") == ["No bans"]  # who asks again and again finds it out else
    assert said(root, "UBAN LIST 192.0.2.44")[0].startswith("192.0.2.44 (for ever")
    assert said(root, "UBAN LIST *55*")[0].startswith("192.0.2.55 (for ever")  # they have written it
    assert said(root, "UBAN INFO 192.0.2.44")[-1].startswith("192.0.2.44 (for ever")


@pytest.mark.parametrize("command", ["UBAN ADD six 1h x", "KLINE 60 six :x"])
def test_another_address_of_the_same_home_evades_no_ban_by_a_cloak(command: str) -> None:
    club = Club(cloak={"enabled": True})
    root = helper(club, "bans")
    six = club.client("six", address="2001:db8:1:2::5")
    told = said(root, command)
    home = "*" + six.user.host[six.user.host.index(".") :]
    assert any(f"*@{home}" in line for line in told) and any("1 user here" in line for line in told)
    club.clock.advance(1)
    assert six.session.closed
    again = club.connect("2001:db8:1:2:ffff::1")
    again >> "NICK again" >> "USER x 0 * :x"
    assert again.session.closed
    club.client("other", address="2001:db8:1:3::5")
    assert said(root, "UBAN DEL six")[0].startswith(f"Lifted: *@{home} (until ")
    club.client("again", address="2001:db8:1:2:ffff::1")


def test_who_has_just_left_is_banned_by_their_nick(club: Club, root: Client) -> None:
    vic = club.client("vic", address="192.0.2.9")
    vic >> "QUIT"
    assert said(root, "UBAN ADD vic 1d hit and run") == [
        "Bans address 192.0.2.9 (vic, who left 2023-11-14 22:13 UTC) for 1d: 0 users here, 0 elsewhere",
        "Done, on all servers. To undo: /UBAN DEL 192.0.2.9",
    ]
    again = club.connect("192.0.2.9")
    again >> "NICK other" >> "USER x 0 * :x"
    assert again.session.closed
    bob = club.client("bob", address="192.0.2.10")
    logged_in(bob, "bobby")
    bob >> "QUIT"
    assert said(root, "UBAN ADD bob")[1:] == [
        "Done, on all servers. To undo: /UBAN DEL account:bobby",
        "They came from 192.0.2.10: /UBAN ADD 192.0.2.10 if they come back as another",
    ]


def test_a_ban_that_takes_the_place_of_another_says_so(root: Client) -> None:
    said(root, "UBAN ADD 192.0.2.9 for good|see 12")
    old = f"Instead of: 192.0.2.9 (for ever; by {root.user.mask}, 2023-11-14 22:13 UTC): for good|see 12"
    assert said(root, "UBAN TEST 192.0.2.9 1h")[1] == old
    assert said(root, "UBAN ADD 192.0.2.9 1h calm down") == [
        "Bans address 192.0.2.9 for 1h: 0 users here, 0 elsewhere",
        old,
        "Done, on all servers. To undo: /UBAN DEL 192.0.2.9",
    ]


def test_an_address_that_all_see_is_banned_with_its_home() -> None:
    club = Club(cloak={"enabled": False})
    root = helper(club, "bans")
    club.client("six", address="2001:db8:1:2::5")
    assert said(root, "UBAN TEST six")[0] == (
        "Bans *@2001:db8:1:2::/64 (six) for ever: 1 user here, 0 elsewhere, by the hosts that you see (six)"
    )


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("UBAN NONSENSE", "UBAN ADD|TEST|DEL|INFO <target>, UBAN LIST, UBAN EXEMPT <target>; see HELP UBAN"),
        ("UBAN", "UBAN ADD|TEST|DEL|INFO <target>, UBAN LIST, UBAN EXEMPT <target>; see HELP UBAN"),
        ("UBAN ADD", "UBAN ADD|TEST|DEL|INFO <target>, UBAN LIST, UBAN EXEMPT <target>; see HELP UBAN"),
        ("UBAN ADD 1d FORCE", "Whom? A target is an address or network*"),
        ("UBAN ADD nobody", "nobody is nobody who is here, or was lately, and no account. A target is *"),
        ("UBAN ADD cert:beef", "cert:beef is nobody who is here*"),
        ("UBAN ADD REQUIRE-SASL account:ann", "REQUIRE-SASL makes no sense for account:ann"),
        ("UBAN ADD 192.0.2.9 1day x", "1day is no duration: say *: /UBAN ADD FORCE 192.0.2.9 1day x"),
        ("UBAN EXEMPT 192.0.2.9 1 day", "1 is no duration: say *: /UBAN EXEMPT FORCE 192.0.2.9 1 day"),
        ("UBAN DEL nobody", "nobody was not here lately, and is no target*"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(root: Client, line: str, answer: str) -> None:
    root >> line
    root << f":irc.test FAIL UBAN INVALID_PARAMS :{answer}"
    root.silent()


def test_a_reason_may_begin_with_a_number(root: Client) -> None:
    assert "Done, " in said(root, "UBAN ADD 192.0.2.9 FORCE 3rd time")[1]
    assert "Done, " in said(root, "UBAN ADD 192.0.2.10 1d 3 times")[1]
    assert [line.rpartition(": ")[2] for line in said(root, "UBAN LIST")] == ["3rd time", "3 times", "2 bans"]


def test_a_disk_that_takes_nothing_refuses_a_ban(club: Club, root: Client) -> None:
    club.store.broken = True
    assert said(root, "UBAN ADD 192.0.2.9 x")[1:] == [
        ":irc.test FAIL UBAN TEMPORARILY_UNAVAILABLE :This server cannot write to its disk"
    ]
    club.client("vic", address="192.0.2.9")
    club.store.broken = False
    assert said(root, "UBAN ADD 192.0.2.9 x")[1] == "Done, on all servers. To undo: /UBAN DEL 192.0.2.9"


def test_where_an_account_is_needed_none_is_made(club: Club, root: Client) -> None:
    said(root, "UBAN ADD REQUIRE-SASL 192.0.2.0/24 school")
    vic = club.connect("192.0.2.9")
    vic >> "CAP LS 302" >> "NICK vic" >> "USER vic 0 * :x"
    vic.lines()
    vic >> "REGISTER * * secret-word-1"
    vic << (
        ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE vic"
        " :From where you are people come in with an account that they have already"
    )


@pytest.mark.parametrize(
    "ask", ["UBAN TEST 192.0.0.0/8", "UBAN TEST *@192.0.2.9", "UBAN INFO ~vic@192.0.2.*"]
)
def test_who_sees_no_addresses_does_not_find_them_out_by_asking(ask: str) -> None:
    club = Club(cloak={"enabled": True})
    root = helper(club, "bans")
    club.client("vic", address="192.0.2.9")
    told = "\n".join(said(root, ask))
    assert "0 users here, 0 elsewhere, by the hosts that you see" in told and "vic," not in told
    opered(root, "bans", "see-all")
    assert "1 user here, 0 elsewhere (vic)" in "\n".join(said(root, ask))


def test_notices_of_bans_tell_addresses_to_those_alone_who_see_them(club: Club, root: Client) -> None:
    other = club.client("other", address="198.51.100.2")
    opered(other, "bans", snomask="k")
    assert said(root, "UBAN ADD REQUIRE-SASL 192.0.2.0/24 1d school")[0].startswith(
        "Bans address 192.0.2.0/24"
    )
    said(root, "KLINE *@192.0.2.9 :x|y")
    said(root, "KLINE *@bad.example :x|y")
    said(root, "UBAN DEL 192.0.2.0/24")
    assert [line.partition("-- ")[2] for line in other.lines() if "*** Notice" in line] == [
        "root added global 1440 min. D-Line (who is logged in comes in) for [a network] [school]",
        "root added global K-Line for [an address] [x|y]",
        "root added global K-Line for [*@bad.example] [x|y]",
        "root removed D-Line of [a network]",
    ]


def test_masks_against_which_everybody_is_held_are_few() -> None:
    club = Club(bans={"alike": 10})
    root = helper(club, "bans", "see-all")
    few = [f"UBAN ADD {number}?*a*{number}@x?{number}?*y 1d x" for number in range(10)]
    same = [f"UBAN ADD realname:*{number}?fre*{number}* 1d x" for number in range(10)]
    for line in (*few, *same):
        assert said(root, line)[-1].startswith("Done")
    for line in ("UBAN ADD FORCE *@z?1?*y 1d x", "UBAN ADD realname:*fre* 1d x"):
        assert "or the same as 10 others with wildcards (bans.alike)" in said(root, line)[-1]
    for line in (few[0], "UBAN ADD *@z?long?*y 1d x", "UBAN ADD realname:fre* 1d x", "UBAN ADD *@*.xy 1d x"):
        assert said(root, line)[-1].startswith("Done")
    club.check()


def test_the_audit_tells_setting_from_lifting(root: Client) -> None:
    opered(root, "bans", "see-all", "audit")
    for line in ("ADD 192.0.2.9 1d spam", "DEL 192.0.2.9", "EXEMPT 192.0.2.9 bot", "EXEMPT DEL 192.0.2.9"):
        said(root, f"UBAN {line}")
    assert [line.partition("UBAN ")[2] for line in said(root, "AUDIT 192.0.2.9")[3::-1]] == [
        "192.0.2.9: 1d: spam",
        "192.0.2.9: lifted: spam",
        "192.0.2.9: for ever, exempt: bot",
        "192.0.2.9: exemption lifted: bot",
    ]
