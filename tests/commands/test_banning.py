"""KLINE, DLINE, XLINE, RESV and what undoes them, TESTLINE and TESTMASK, on one server."""

from __future__ import annotations

import pytest
from club import Club
from conversation import START, Client, House
from states import far_server, far_user, logged_in, opered

NOW = int(START)


@pytest.fixture
def club() -> Club:
    return Club(server={"help": "help@example.org"})


@pytest.fixture
def root(club: Club) -> Client:
    return staff(club)


def staff(house: House, *privileges: str) -> Client:
    """An operator who may ban, among many people, so that few of them are a small part."""
    for number in range(20):
        house.client(f"p{number}", address=f"203.0.113.{number + 1}")
    root = house.client("root", address="198.51.100.1")
    opered(root, *(privileges or ("bans", "see-all")), snomask="k")
    return root


def said(client: Client, line: str) -> list[str]:
    """What a client reads of a command, without the server's name and its own."""
    client >> line
    found = client.lines()
    return [text.partition(" ")[2].replace(f"NOTICE {client.user.nick} :", "") for text in found]


def refused(house: House, nick: str, address: str, name: str = "Somebody") -> list[str]:
    client = house.connect(address)
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :{name}"
    assert not client.session.registered and client.outlet.ended == "closed"
    return client.lines()


def test_a_kline_sends_away_whom_it_means_and_keeps_them_out(club: Club, root: Client) -> None:
    vic = club.client("vic", address="192.0.2.9")
    assert said(root, "KLINE 60 *@192.0.2.9 :spam|seen in #x") == [
        "NOTICE * :*** Notice -- root added global 60 min. K-Line for [*@192.0.2.9] [spam|seen in #x]",
        "Added global 60 min. K-Line [*@192.0.2.9]",
        "1 user here, 0 elsewhere. To undo: /UNKLINE *@192.0.2.9",
    ]
    club.clock.advance(0)
    words = "spam (until 2023-11-14 23:13 UTC). Questions: help@example.org"
    vic << f":irc.test 465 vic :You are banned from this server- {words}"
    vic << f"ERROR :Closing Link: 192.0.2.9 (Banned: {words})"
    assert (
        refused(club, "vic", "192.0.2.9")[0] == f":irc.test 465 vic :You are banned from this server- {words}"
    )
    club.clock.advance(3601)
    club.client("vic", address="192.0.2.9")
    club.check()


def test_durations_are_minutes_or_have_units(club: Club, root: Client) -> None:
    for text, seconds in (("5", 300), ("1d12h", 129_600), ("90s", 90), ("1w", 604_800), ("0", None)):
        assert said(root, f"KLINE {text} bad{text}.example :x")[-1].endswith(f"/UNKLINE *@bad{text}.example")
        ban = club.node.network.bans["K"][club.node.network.fold(f"*@bad{text}.example")]
        assert (ban.until, ban.created) == (None if seconds is None else NOW + seconds, NOW)


def test_a_nick_means_all_users_at_its_address(club: Club, root: Client) -> None:
    club.client("vic", address="192.0.2.9")
    club.client("six", address="2001:db8:7:9:1:2:3:4")
    assert said(root, "KLINE vic :x")[-1] == "1 user here, 0 elsewhere. To undo: /UNKLINE *@192.0.2.9"
    assert said(root, "KLINE SIX :x")[-1] == "1 user here, 0 elsewhere. To undo: /UNKLINE *@2001:db8:7:9::/64"
    assert said(root, "KLINE nobody :x") == ["401 root nobody :No such nick/channel"]
    assert said(root, "DLINE p3 :x")[-1] == "1 user here, 0 elsewhere. To undo: /UNDLINE 203.0.113.4"


def test_a_dline_refuses_an_address_and_its_network(club: Club, root: Client) -> None:
    assert said(root, "DLINE 10 192.0.2.77/24 :bots")[-2:] == [
        "Added global 10 min. D-Line [192.0.2.0/24]",
        "0 users here, 0 elsewhere. To undo: /UNDLINE 192.0.2.0/24",
    ]
    gone = club.connect("192.0.2.9")
    assert gone.lines()[0].startswith(":irc.test 465 * :You are banned from this server- bots")
    assert said(root, "DLINE nonsense..x :y") == ["401 root nonsense..x :No such nick/channel"]
    assert said(root, "UNDLINE 192.0.2.77/24")[-1] == "Removed D-Line of [192.0.2.0/24], for the network"
    club.client("vic", address="192.0.2.9")


def test_real_names_and_names(club: Club, root: Client) -> None:
    said(root, "XLINE 60 *free?money* 2 :no")
    assert "465" in refused(club, "vic", "192.0.2.9", "get FREE money now")[0]
    said(root, "XLINE :a\\sb")  # no reason
    assert said(root, "XLINE some\\sbody :x")[-2:-1] == ["Added global X-Line [some\\sbody]"]
    assert "465" in refused(club, "vic", "192.0.2.9", "some body")[0]
    assert said(root, "RESV 60 foo* :services")[-1] == "Nobody may have it. To undo: /UNRESV foo*"
    assert said(root, "RESV #secret :no")[-2] == "Added global RESV [#secret]"
    ann = club.client("ann")
    ann >> "NICK FooServ" << ":irc.test 432 ann FooServ :Erroneous nickname: it is reserved"
    ann >> "JOIN #Secret" << ":irc.test 479 ann #Secret :Illegal channel name: it is reserved"
    said(root, "UNRESV #SECRET")
    ann >> "JOIN #secret" << ":ann!~ann@192.0.2.1 JOIN #secret"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("KLINE *@bad.example", "461 root KLINE :Not enough parameters"),
        ("KLINE 60 *@bad.example", "461 root KLINE :Not enough parameters"),
        ("KLINE *@bad.example :", "461 root KLINE :Not enough parameters"),
        ("RESV 12 :x", "461 root RESV :Not enough parameters"),
        ("KLINE nick!*@bad.example :x", "nick!*@bad.example is no user@host, or an ill-formed address"),
        ("KLINE *@192.0.2.1/99 :x", "*@192.0.2.1/99 is no user@host, or an ill-formed address"),
        ("UNKLINE *@bad.example", "There is no K-Line of [*@bad.example]"),
        ("TESTLINE #x", "726 root #x :No matches"),
        ("TESTLINE a@", "Invalid syntax for TESTLINE"),
        ("TESTMASK nobody", "Invalid parameters: TESTMASK [nick!]user@host [:real name]"),
    ],
)  # fmt: skip
def test_what_makes_no_sense(root: Client, line: str, answer: str) -> None:
    assert said(root, line)[0] == answer
    assert not any(root.house.node.network.bans.values())


def test_what_means_many_needs_force(club: Club, root: Client) -> None:
    for mask, why in (
        ("*@203.0.113.0/24", "*@203.0.113.0/24 means 20 of 21 people (95 %; bans.most_hit is 10)."),
        ("*@*", "*@* means as good as everybody."),
        ("*@198.51.100.1", "*@198.51.100.1 means yourself, too: 1 user here, 0 elsewhere."),
    ):
        assert said(root, f"KLINE 60 {mask} :x") == [f"{why} If you mean it: /KLINE 1h {mask} FORCE :x"]
    assert (
        said(root, "KLINE 60 *@203.0.113.0/24 FORCE :x")[-2]
        == "Added global 60 min. K-Line [*@203.0.113.0/24]"
    )
    club.clock.advance(0)
    assert len(club.node.network.users) == 1
    assert "KLINE" in [each.verb for each in club.store.audits]


def test_a_longer_ban_stays_and_a_shorter_one_becomes_longer(club: Club, root: Client) -> None:
    said(root, "KLINE 60 bad.example :spam")
    assert said(root, "KLINE 30 bad.example :x") == [
        f"[*@bad.example] is banned already by [{root.user.mask}] - spam"
    ]
    assert said(root, "KLINE bad.example :for good")[-2] == "Added global K-Line [*@bad.example]"
    assert said(root, "KLINE 30 bad.example :x")[0].startswith("[*@bad.example] is banned already")


def test_bans_have_an_end_and_a_most() -> None:
    club = Club(bans={"most": 2, "reason": 50})
    root = staff(club)
    said(root, "KLINE 60 one.example :" + "x" * 100)
    (ban,) = club.node.network.bans["K"].values()
    assert ban.reason == "x" * 50
    said(root, "RESV two :x")
    assert said(root, "KLINE 60 three.example :x") == [
        "There are 2 bans (bans.most); lift one before you set another"
    ]
    assert said(root, "KLINE 90 one.example :x")[-2] == "Added global 90 min. K-Line [*@one.example]"
    club.clock.advance(91 * 60)
    assert said(root, "KLINE 60 three.example :x")[-2] == "Added global 60 min. K-Line [*@three.example]"
    assert len(club.node.network.bans["K"]) == 1


def test_only_who_may_ban_does(club: Club) -> None:
    ann = club.client("ann")
    for line in (
        "KLINE a@b :x",
        "DLINE 192.0.2.1 :x",
        "XLINE x :y",
        "RESV x :y",
        "UBAN LIST",
        "TESTLINE x",
        "AUDIT",
    ):
        assert said(ann, line) == ["481 ann :Permission Denied- You're not an IRC operator"]
    opered(ann, "kill")
    assert said(ann, "KLINE a@b :x") == ["723 ann bans :Insufficient oper privileges"]
    assert said(ann, "AUDIT") == ["723 ann audit :Insufficient oper privileges"]


def test_testline_tells_which_ban_means_somebody(club: Club, root: Client) -> None:
    said(root, "KLINE 60 ~x*@*.bad.example :spam|private")
    said(root, "DLINE 192.0.2.0/24 :bots")
    said(root, "RESV foo* :reserved")
    said(root, "XLINE *spam* :no")
    assert said(root, "TESTLINE ~xavier@a.bad.example") == ["725 root k 60 ~x*@*.bad.example :spam|private"]
    assert said(root, "TESTLINE foox!y@z.example") == ["725 root Q 0 foo* :reserved"]
    assert said(root, "TESTLINE foox") == ["725 root Q 0 foo* :reserved"]
    club.client("vic", address="198.18.0.9")
    said(root, "UBAN ADD REQUIRE-SASL 198.18.0.0/24 school")
    assert said(root, "TESTLINE vic") == ["725 root D 0 198.18.0.0/24 :school"]
    opered(root, "bans")
    assert said(root, "TESTLINE vic") == ["726 root vic :No matches"]
    assert said(root, "TESTLINE 192.0.2.7") == ["725 root D 0 192.0.2.0/24 :bots"]
    assert said(root, "TESTLINE other@a.bad.example") == ["726 root other@a.bad.example :No matches"]
    assert said(root, "TESTGECOS :some spam here") == ["725 root X 0 *spam* :no"]
    assert said(root, "TESTGECOS :nothing") == ["726 root nothing :No matches"]


def test_testmask_counts(club: Club, root: Client) -> None:
    far = far_server(club, "far.test")
    far_user(club, far, "dan", address="203.0.113.77")
    answers = said(root, "TESTMASK *@203.0.113.0/24") + said(root, "TESTMASK p1*!*@* :P1*")
    assert answers == [
        "727 root 20 1 *!*@203.0.113.0/24 * :Local/remote clients match",
        "727 root 11 0 p1*!*@* P1* :Local/remote clients match",
    ]


def test_bans_of_the_configuration_and_their_reload() -> None:
    club = Club(
        ban=[
            {"target": "192.0.2.0/24", "reason": "bots"},
            {"target": "realname:*spam*", "require_login": True},
            {"target": "name:foo*"},
        ],
        exempt=[{"target": "192.0.2.7"}],
    )
    root = staff(club)
    assert "bots" in club.connect("192.0.2.9").lines()[0]
    club.client("ok", address="192.0.2.7")
    assert refused(club, "vic", "192.0.9.9", "a spam bot") == [
        ":irc.test FAIL * ACCOUNT_REQUIRED :log in to an account before you come in",
        ":irc.test 465 vic :You are banned from this server- log in to an account before you come in",
        "ERROR :Closing Link: 192.0.9.9 (Banned: log in to an account before you come in)",
    ]
    assert said(root, "UNDLINE 192.0.2.0/24") == [
        "D-Line of [192.0.2.0/24] cannot be lifted: it stands in the configuration"
    ]
    later = club.node.settings.model_copy(update={"ban": (), "exempt": ()})
    club.node.change_settings(later)
    club.client("vic", address="192.0.2.9")
    club.node.change_settings(club.node.settings.model_copy(update={"ban": (club_ban("*@192.0.2.9"),)}))
    club.clock.advance(1)
    assert club.node.network.user("vic") is None
    club.check()


def club_ban(target: str) -> object:
    """A block of the configuration."""
    from chatnet.settings import BanSettings

    return BanSettings(target=target)


def test_who_logs_in_to_a_banned_account_has_to_go(club: Club, root: Client) -> None:
    ann = club.client("ann")
    said(root, "UBAN ADD account:Troll 1d no")
    logged_in(ann, "troll")
    assert ann.session.closed
    club.check()


def test_where_no_records_are_kept_bans_are_in_memory() -> None:
    house = House()
    root = staff(house)
    assert said(root, "KLINE bad.example :x")[-2:] == [
        "Added global 524160 min. K-Line [*@bad.example]",
        "0 users here, 0 elsewhere, until this server is restarted. To undo: /UNKLINE *@bad.example",
    ]
    opered(root, "bans", "audit")
    assert said(root, "AUDIT") == [
        "This server keeps no file of accounts, and so no notes of what operators do"
    ]
    house.check()


def test_stats_lists_bans_of_all_kinds(club: Club, root: Client) -> None:
    said(root, "UBAN ADD account:troll 1d x|y")
    said(root, "UBAN EXEMPT 192.0.2.7 ours")
    said(root, "DLINE 192.0.2.0/24 :bots")
    by = root.user.mask
    assert said(root, "STATS b") == [
        f"249 root b :account:troll [{by}, 86400 s left, network] x|y",
        "219 root b :End of /STATS report",
    ]
    assert said(root, "STATS E")[0] == f"249 root E :192.0.2.7 [{by}, for ever, network] ours"
    assert said(root, "STATS d")[0] == f"225 root D 192.0.2.0/24 :[{by}, for ever, network] bots"


def test_a_nick_means_its_host_to_those_who_see_no_addresses() -> None:
    house = House(cloak={"enabled": True})
    root, vic = house.client("root"), house.client("vic", address="192.0.2.9")
    opered(root, "bans")
    root >> "DLINE vic :x"
    root << ":irc.test NOTICE root :You see no addresses (see-all): /KLINE vic bans by host"
    root >> "KLINE 60 vic FORCE :x"
    house.clock.advance(1)
    assert vic.session.closed and not any("192.0.2.9" in line for line in root.lines())
