"""ChanServ: ranks, INVITE, UNBAN, KICK, TOPIC, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import ask, come, founded, ranks
from club import Club
from conversation import Client
from mesh import block, stranger
from staff import oper, sections
from states import opered

from chatnet.model.modes import ADMIN, HALFOP, OP, OWNER, VOICE

BOT = ":ChanServ!ChanServ@services.chatnet"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections())
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_each_rank_is_given_and_taken(club: Club, ann: Client) -> None:
    bob, eve = club.client("bob"), club.client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
    for verb, rank, letter in (
        ("VOICE", VOICE, "v"),
        ("HALFOP", HALFOP, "h"),
        ("OP", OP, "o"),
        ("ADMIN", ADMIN, "a"),
        ("OWNER", OWNER, "q"),
    ):
        assert ask(ann, f"{verb} #c bob eve bob") == []
        ann << f"{BOT} MODE #c +{letter * 2} bob eve"
        assert (ranks(bob), ranks(eve)) == (rank, rank)
        assert ask(ann, f"{verb} #c bob") == ["bob already has that rank."]
        assert ask(ann, f"DE{verb} #c bob") == []
        assert (ranks(bob), ranks(eve)) == (0, rank)
        assert ask(ann, f"DE{verb} #c bob") == ["bob does not have that rank."]
        ask(ann, f"DE{verb} #c eve")
    assert ask(ann, "OP #c nobody") == ["nobody is not in #c."]


def test_up_and_down(club: Club, ann: Client) -> None:
    assert ask(ann, "UP #c") == ["You have all ranks in #c that your access gives you."]
    assert ask(ann, "DOWN #c") == []
    assert ranks(ann) == 0
    assert ask(ann, "DOWN #c") == ["You have no rank in #c."]
    assert ask(ann, "OP #c") == []
    assert ranks(ann) == OP
    assert ask(ann, "UP #c") == []
    ann << f"{BOT} MODE #c +q ann"
    assert ranks(ann) == OP | OWNER
    ann >> "PART #c"
    assert ask(ann, "UP #c") == ["You are not in #c."]
    club.client("bob") >> "JOIN #c"
    assert ask(ann, "UP #c") == ["You are not in #c."]


def test_who_has_access_gives_ranks_within_it(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
    assert ask(bob, "VOICE #c") == ["You need the flag v in #c for that."]
    ask(ann, "AOP #c ADD bob")
    assert ask(bob, "ADMIN #c eve") == ["You need the flag a in #c for that."]
    assert ask(bob, "VOICE #c eve") == []
    assert ask(bob, "DEOP #c ann") == ["ann has a higher rank than you."]
    assert ask(bob, "KICK #c ann") == ["ann has a higher rank than you."]
    assert ask(eve, "DEVOICE #c") == []
    assert ranks(eve) == 0
    root = oper(club, "root")
    opered(root, "channels", snomask="g")
    assert ask(root, "DEOP #c ann") == []
    assert [line for line in root.lines() if "used ChanServ without access: DEOP #c ann" in line]
    # a voice has ranks by access, and may have them again
    ask(ann, "FLAGS #c bob V")
    ask(ann, "FLAGS #c bob -*+V")
    ask(bob, "DOWN #c")
    assert ask(bob, "VOICE #c") == []
    assert ask(bob, "OP #c") == ["You need the flag o in #c for that."]


def test_asking_in(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    ask(ann, "AOP #c ADD bob")
    ann >> "MODE #c +i"
    assert ask(eve, "INVITE #c") == ["You need the flag i in #c for that."]
    assert ask(bob, "INVITE #c nobody") == ["There is no nobody."]
    assert ask(bob, "INVITE #c NickServ") == ["There is no NickServ."]
    assert ask(bob, "INVITE #c ann") == ["ann is in #c already."]
    assert ask(bob, "INVITE #c eve") == ["Inviting eve to #c."]
    eve << ":bob!~bob@192.0.2.1 INVITE eve #c"
    eve >> "JOIN #c"
    assert ranks(eve) == 0
    bob >> "JOIN #c"
    assert ranks(bob) is None
    assert ask(bob, "INVITE #c") == ["Inviting bob to #c."]
    bob << ":ChanServ!ChanServ@services.chatnet INVITE bob #c"
    bob >> "JOIN #c"
    assert ranks(bob) == OP
    zoe = club.client("zoe")
    zoe >> "MODE zoe +g"
    assert ask(bob, "INVITE #c zoe") == ["zoe takes nothing from you."]


def test_other_servers_read_who_asked_to_come_in() -> None:
    """Of ChanServ they do not know."""
    club = Club(accounts={"authority": "here"}, link=[block("so1")])
    ann = founded(club)
    so1 = stranger(club, "so1.test", "1SO")
    bob = come(club, "bob")
    ask(ann, "AOP #c ADD bob")
    so1.lines()
    ask(bob, "INVITE #c")
    so1 << f":0CN ENCAP * INVITED {bob.user.uid} {bob.user.uid} #c"
    club.check()


def test_lifting_bans(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    eve = club.client("eve")
    ann >> "MODE #c +bbb bob!*@* $a:bob *!*@elsewhere"
    ask(ann, "FLAGS #c bob +e")
    assert ask(bob, "UNBAN #c eve") == ["You need the flag r in #c for that."]
    assert ask(bob, "UNBAN #c nobody") == ["There is no nobody."]
    assert ask(bob, "UNBAN #c") == ["Unbanned \x02bob\x02 from \x02#c\x02."]
    assert list(club.node.network.channels["#c"].lists["b"]) == ["*!*@elsewhere"]  # type: ignore[index]
    assert ask(bob, "UNBAN #c") == ["No ban in #c means bob."]
    assert ask(eve, "UNBAN #c") == ["You need the flag r in #c for that."]
    ann >> "MODE #c +b eve!*@*"
    assert ask(ann, "UNBAN #c eve") == []
    assert ask(ann, "UNBAN #c NickServ") == ["There is no NickServ."]
    assert ask(ann, "UNBAN #c *!*@ELSEWHERE") == []
    assert ask(ann, "UNBAN #c *!*@elsewhere") == ["No ban in #c means *!*@elsewhere."]
    assert bans(club) == []


def bans(club: Club) -> list[str]:
    """The entries of the list of bans."""
    channel = club.node.network.channel("#c")
    assert channel is not None
    return [entry.text for entry in channel.lists["b"].values()]


def test_banning(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve", address="198.51.100.7")
    for client in (bob, eve):
        client >> "JOIN #c"
    assert ask(bob, "BAN #c eve") == ["You need the flag r in #c for that."]
    ask(ann, "HOP #c ADD bob")
    ann.lines()
    assert ask(bob, "BAN #c eve") == []
    ann << f"{BOT} MODE #c +b *!*@198.51.100.7"
    assert ranks(eve) == 0
    eve >> "PART #c" >> "JOIN #c"
    assert ranks(eve) is None
    assert ask(bob, "BAN #c eve") == ["It is so already."]
    assert ask(bob, "BAN #c ann") == ["ann has a higher rank than you."]
    assert ask(bob, "BAN #c nobody") == ["There is no nobody."]
    assert ask(bob, "BAN #c ChanServ") == ["There is no ChanServ."]
    assert ask(bob, "BAN #c $nonsense") == ["$nonsense is no mask."]
    assert ask(bob, f"BAN #c $a:{'x' * 160}") == [f"$a:{'x' * 160} is no mask."]
    assert ask(bob, "BAN #c $a:eve joe!*@*.example.org host.test") == []
    assert bans(club) == ["*!*@198.51.100.7", "$a:eve", "joe!*@*.example.org", "*!*@host.test"]
    assert ask(bob, "UNBAN #c eve host.test $a:eve") == []
    assert bans(club) == ["joe!*@*.example.org"]
    assert ask(bob, "BAN #c a b c d e")[0].startswith("These are too many words.")


def test_muting(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve", address="198.51.100.7")
    for client in (bob, eve):
        client >> "JOIN #c"
    assert ask(bob, "QUIET #c eve") == ["You need the flag r in #c for that."]
    assert ask(ann, "QUIET #c eve") == []
    assert bans(club) == ["$q:*!*@198.51.100.7"]
    ann.lines()
    eve.lines()
    eve >> "PRIVMSG #c :hello"
    eve << ":irc.test 404 eve #c :*"
    ask(ann, "QUIET #c joe!*@*")
    ask(ann, "BAN #c eve!*@*")
    assert ask(bob, "UNQUIET #c") == ["You need the flag r in #c for that."]
    assert ask(ann, "UNBAN #c eve") == []  # each lifts its own
    assert bans(club) == ["$q:*!*@198.51.100.7", "$q:joe!*@*"]
    assert ask(ann, "UNBAN #c eve") == ["No ban in #c means eve."]
    assert ask(ann, "UNQUIET #c eve joe!*@*") == []
    assert bans(club) == []
    assert ask(ann, "UNQUIET #c eve") == ["No mute in #c means eve."]
    ask(ann, "QUIET #c bob!*@*")
    ask(ann, "FLAGS #c bob +e")
    assert ask(bob, "UNQUIET #c") == []


@pytest.mark.parametrize(
    ("limits", "most"), [({"mask_list": 2}, 2), ({"mask_bytes": 160}, 6), ({"mask_list": 1}, 1)]
)
def test_a_list_that_is_full(limits: dict[str, int], most: int) -> None:
    club = Club(limits=limits | {"targets": 10})
    ann = founded(club)
    for number in range(most):
        assert ask(ann, f"BAN #c *!*@host{number}.example.org.test") == []
    full = ["The list of bans in #c is full."]
    assert ask(ann, "BAN #c *!*@another.example.org.test") == full
    assert len(bans(club)) == most
    ann >> "MODE #c +b *!*@another.example.org.test"
    ann.until(":irc.test 478 *")
    # nor does ChanServ set more when it puts somebody out
    club.client("bob") >> "JOIN #c"
    ask(ann, "AKICK #c ADD bob!*@*.with.a.name.that.is.long")
    ask(ann, "AKICK #c ADD bob!*@*")
    assert len(bans(club)) == most
    ask(ann, "UNBAN #c *!*@host0.example.org.test")
    assert ask(ann, "BAN #c *!*@another.example.org.test *!*@third.example.org.test") == full
    assert ask(ann, "BAN #c *!*@another.example.org.test") == []


def test_the_key(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(bob, "GETKEY #c") == ["You need the flag i in #c for that."]
    ask(ann, "FLAGS #c bob +i")
    assert ask(bob, "GETKEY #c") == ["#c has no key."]
    ann >> "MODE #c +k sesame"
    assert ask(bob, "GETKEY #c") == ["The key of #c is sesame"]
    assert ask(bob, "GETKEY #none") == ["#none is not registered."]


def test_putting_out(club: Club, ann: Client) -> None:
    bob = club.client("bob")
    bob >> "JOIN #c"
    assert ask(bob, "KICK #c ann") == ["You need the flag r in #c for that."]
    ann.lines()
    assert ask(ann, "KICK #c bob too loud") == []
    ann << f"{BOT} KICK #c bob :too loud (ann)"
    bob >> "JOIN #c"
    ann.lines()
    assert ask(ann, "KICK #c bob") == []
    ann << f"{BOT} KICK #c bob :ann"
    assert ask(ann, "KICK #c bob") == ["bob is not in #c."]


def test_the_topic(club: Club, ann: Client) -> None:
    bob = club.client("bob")
    assert ask(bob, "TOPIC #c mine") == ["You need the flag t in #c for that."]
    assert ask(ann, "TOPIC #c of the club") == []
    ann << f"{BOT} TOPIC #c :of the club"
    assert ask(ann, "TOPIC #c of the club") == ["It is so already."]
    assert ask(ann, "TOPIC #c") == []
    ann << f"{BOT} TOPIC #c :"


def test_all_of_it_needs_a_channel_with_somebody_in_it(club: Club, ann: Client) -> None:
    ann >> "PART #c"
    for text in (
        *("OP #c", "INVITE #c", "UNBAN #c", "KICK #c ann", "TOPIC #c x", "GETKEY #c"),
        *("BAN #c ann", "QUIET #c ann", "UNQUIET #c", "SYNC #c", "RECOVER #c", "CLEAR #c USERS"),
        *("CLEAR #c BANS", "CLEAR #c MODES"),
    ):
        assert ask(ann, text) == ["Nobody is in #c."], text
