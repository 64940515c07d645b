"""LINK, and JOIN by one: who may make a link, who comes by it, what it opens, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from chanserv import ask, come, founded, living, ranks
from club import Club
from clubs import FullClub, new_store
from conversation import Client
from states import opered

from chatnet.model.modes import OP, VOICE
from chatnet.rules.invites import secret_hash
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics

NEEDED = "You need the flag i in {} for that, or to be its operator, and to be logged in."
DAY = 86400


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    yield club
    club.check()


def made(client: Client, words: str = "#c") -> tuple[str, str]:
    """The key that a link has in it, and the id that it is listed by."""
    link, how = ask(client, f"LINK ADD {words}")
    found = re.fullmatch(r"The link, shown only now: /join \S+ (\w{16})(?:,\1)*", link)
    known = re.fullmatch(r"\d+ may come by it until .* UTC; LINK DEL \S+ (\w{6}) takes it back\.", how)
    assert found is not None and known is not None
    return found[1], known[1]


def joins(client: Client, key: str, channel: str = "#c") -> str:
    """The first line that somebody reads who joins with a key."""
    client.lines()
    client >> f"JOIN {channel} {key}"
    return client.lines()[0]


def test_a_link_opens_what_an_invitation_and_the_key_open(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +iklrj sesame 1 1:600"
    key, _ = made(ann)
    bob = club.client("bob")
    assert joins(bob, "wrong") == ":irc.test 475 bob #c :Cannot join channel (+k) - bad key"
    assert joins(bob, key.upper()) == ":bob!~bob@192.0.2.1 JOIN :#c".replace(" :#c", " #c")
    club.clock.advance(1)
    assert ask(ann, "LINK LIST #c")[0].startswith(
        f"{ask_id(ann)} by ann, until 2023-11-21 22:13 UTC, 1 of 50 came"
    )


def ask_id(client: Client, channel: str = "#c") -> str:
    """The id of the first link in the list."""
    return ask(client, f"LINK LIST {channel}")[0].split()[0]


@pytest.mark.parametrize("mode", ["+b *!*@*", "+S", "+O"])
def test_but_no_ban_and_neither_s_nor_o(club: Club, mode: str) -> None:
    ann = founded(club)
    key, _ = made(ann)
    opered(ann, "channels")
    ann >> f"MODE #c {mode}"
    assert not joins(club.client("bob"), key).endswith("JOIN #c")
    assert "0 of 50 came" in ask(ann, "LINK LIST #c")[0]


def test_nor_what_plugins_are_against(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann)
    sessions = club.parts.sessions
    sessions.judges["join"].append(
        lambda user, channel, text: Refusal(numerics.ERR_BANNEDFROMCHAN, channel.name)
    )
    sessions.judged()
    assert joins(club.client("bob"), key).startswith(":irc.test 474 bob #c")
    assert "0 of 50 came" in ask(ann, "LINK LIST #c")[0]


def test_a_link_opens_what_the_shields_close(club: Club) -> None:
    club.reload(shield=[{"level": 1, "channel_modes": "r"}])
    ann = come(club, "ann")
    ann >> "JOIN #c"
    key, _ = made(ann)
    root = club.client("root")
    opered(root, "shields")
    root >> "SHIELDS 1 :waves"
    bob = club.client("bob")
    assert joins(bob, "wrong").startswith(":irc.test 477 bob #c")
    assert joins(bob, key).endswith("JOIN #c")


def test_nor_who_is_kept_out_nor_a_channel_that_is_suspended(club: Club) -> None:
    ann = founded(club)
    key, _ = made(ann)
    ask(ann, "AKICK #c ADD bob!*@* spam")
    assert joins(club.client("bob"), key).startswith(":irc.test 474 bob #c")
    cat, root = club.client("cat"), club.client("root")
    opered(root, "accounts")
    ask(root, "SUSPEND #c spam")
    assert joins(cat, key).startswith(":irc.test 474 cat #c")
    assert "0 of 50 came" in ask(root, "LINK LIST #c")[0]


def test_the_key_of_the_channel_itself_uses_nothing_up(club: Club) -> None:
    ann = founded(club)
    key, _ = made(ann)
    ann >> f"MODE #c +k {key}"
    assert joins(club.client("bob"), key).endswith("JOIN #c")
    assert "0 of 50 came" in ask(ann, "LINK LIST #c")[0]


def test_each_account_and_each_guest_counts_once_and_may_come_again(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann, "#c MOST 2")
    bob, cat = come(club, "bob"), club.client("cat", address="192.0.2.7")
    for _ in range(2):
        for client in (bob, cat):
            assert joins(client, key).endswith("JOIN #c")
            client >> "PART #c"
    assert "2 of 2 came (closed: as many have come by it as may)" in ask(ann, "LINK LIST #c")[0]
    dan = club.client("dan", address="192.0.2.9")
    assert joins(dan, key) == ":irc.test 473 dan #c :Cannot join channel (+i) - you must be invited"
    again = club.client("again", address="192.0.2.7")
    assert joins(again, key).endswith("JOIN #c")


def test_a_link_is_over_when_its_time_is(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann, "#c +1h")
    club.clock.advance(3600)
    assert joins(club.client("bob"), key).startswith(":irc.test 473 bob #c")
    assert "(closed: its time is over)" in ask(ann, "LINK LIST #c")[0]


def test_a_link_is_taken_back(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, known = made(ann, "#c the fair")
    for word in ("aaaaaa", known[:5], ""):
        ask(ann, f"LINK DEL #c {word}")
    assert joins(club.client("bob"), key).endswith("JOIN #c")
    assert ask(ann, f"LINK DEL #c {known}") == [f"Nobody comes by the link {known} any more."]
    assert ask(ann, f"LINK DEL #c {known}") == ["There is no such link. LINK LIST #c lists them."]
    assert joins(club.client("cat"), key).startswith(":irc.test 473 cat #c")
    listed = ask(ann, "LINK LIST #c")
    assert listed[0].startswith(f"{known} (the fair) by ann, ") and "(closed: ann took it back)" in listed[0]
    assert listed[1] == "1 link to #c."


def test_a_link_holds_as_long_as_who_made_it_may_invite(club: Club) -> None:
    ann, bob = founded(club), come(club, "bob")
    ann >> "MODE #c +i"
    ask(ann, "FLAGS #c bob +i")
    key, _ = made(bob)
    assert joins(club.client("cat"), key).endswith("JOIN #c")
    ask(ann, "FLAGS #c bob -i")
    dan = club.client("dan")
    assert joins(dan, key).startswith(":irc.test 473 dan #c")
    assert "(closed: who made it may not invite there any more)" in ask(ann, "LINK LIST #c")[0]
    ask(ann, "FLAGS #c bob +i")
    assert joins(dan, key).endswith("JOIN #c")
    club.change(club.named("bob"), status="dropped")
    assert joins(club.client("eve"), key).startswith(":irc.test 473 eve #c")
    assert "(closed: the account of who made it is gone)" in ask(ann, "LINK LIST #c")[0]


def test_an_operator_of_the_channel_may_make_one_registered_or_not(club: Club) -> None:
    ann, bob = come(club, "ann"), come(club, "bob")
    ann >> "JOIN #c"
    key, _ = made(ann)
    ann >> "MODE #c +i"
    assert joins(bob, key).endswith("JOIN #c")
    assert ask(bob, "LINK ADD #c") == [NEEDED.format("#c")]
    ann >> "MODE #c +o bob"
    other, _ = made(bob)
    ann >> "MODE #c -o bob"
    cat = club.client("cat")
    assert joins(cat, other).startswith(":irc.test 473 cat #c")
    ann >> "PART #c"
    assert joins(cat, key).startswith(":irc.test 473 cat #c")
    bob >> "PART #c"
    assert joins(cat, key).endswith("JOIN #c") and ranks(cat) == OP  # it is another channel, and theirs


def test_a_link_follows_a_registered_channel_and_not_its_name(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann)
    ann >> "RENAME #c #d"
    assert joins(club.client("bob"), key, "#d").endswith("JOIN #d")
    cat = come(club, "cat")
    cat >> "JOIN #c"
    assert joins(club.client("dan"), key, "#d").endswith("JOIN #d")


def test_where_nobody_is_a_link_opens_a_registered_channel_too(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +ik sesame"
    key, _ = made(ann)
    club.clock.advance(2)
    ann >> "PART #c"
    bob = club.client("bob")
    assert joins(bob, "wrong").startswith(":irc.test 475 bob")
    assert joins(bob, key).endswith("JOIN #c") and ranks(bob) == 0


def test_who_has_an_account_gets_what_a_link_grants_once(club: Club) -> None:
    ann, bob = founded(club), come(club, "bob")
    key, _ = made(ann, "#c VOICE")
    assert joins(bob, key).endswith("JOIN #c") and ranks(bob) == VOICE
    assert ask(ann, "FLAGS #c bob") == ["bob has +V in #c."]
    guest = club.client("cat")
    assert joins(guest, key).endswith("JOIN #c") and ranks(guest) == 0
    ask(ann, "FLAGS #c bob -*")
    bob >> "PART #c"
    assert joins(bob, key).endswith("JOIN #c") and ranks(bob) == 0
    dan = come(club, "dan")
    dan >> "NS SET NEVEROP ON"
    assert joins(dan, key).endswith("JOIN #c") and ranks(dan) == 0


def test_a_link_grants_no_more_than_who_made_it_may(club: Club) -> None:
    ann, bob, cat = founded(club), come(club, "bob"), come(club, "cat")
    ask(ann, "FLAGS #c bob +iv")
    assert ask(bob, "LINK ADD #c VOICE") == [
        "You cannot give flags in #c that you do not have, and need f for that."
    ]
    ask(ann, "FLAGS #c bob +f")
    key, _ = made(bob, "#c VOICE")
    ask(ann, "FLAGS #c bob -f")
    assert joins(cat, key).endswith("JOIN #c") and ranks(cat) == 0
    bob >> "JOIN #d"
    assert ask(bob, "LINK ADD #d VOICE") == ["#d is not registered: nobody gets flags there."]


def test_a_full_list_of_access_grants_nothing_and_lets_in(club: Club) -> None:
    club.reload(channels={"access": 0})
    ann, bob = founded(club), come(club, "bob")
    key, _ = made(ann, "#c VOICE")
    assert joins(bob, key).endswith("JOIN #c") and ranks(bob) == 0


def test_one_for_accounts_lets_no_guest_in(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann, "#c ACCOUNTS")
    bob = club.client("bob")
    assert (
        joins(bob, key)
        == ":irc.test 477 bob #c :Cannot join channel (+r) - you need to be logged in to an account"
    )
    club.account("bobby", "correct-horse")
    bob >> "NS IDENTIFY bobby correct-horse"
    assert joins(bob, key).endswith("JOIN #c")
    ann >> "MODE #c -i"
    cat = club.client("cat")
    assert joins(cat, key).endswith("JOIN #c")  # the channel is open
    assert "1 of 50 came, accounts only" in ask(ann, "LINK LIST #c")[0]


def test_one_for_several_channels_counts_once(club: Club) -> None:
    ann = founded(club)
    founded_too = ann
    founded_too >> "JOIN #d"
    ask(ann, "REGISTER #d")
    for name in ("#c", "#d"):
        ann >> f"MODE {name} +i"
    key, _ = made(ann, "#c,#d")
    bob = club.client("bob")
    bob >> f"JOIN #c,#d {key},{key}"
    assert {channel.name for channel in bob.user.channels} == {"#c", "#d"}
    assert "1 of 50 came, into #c,#d" in ask(ann, "LINK LIST #d")[0]
    ask(ann, f"LINK DEL #d {ask_id(ann)}")
    assert "(closed: ann took it back)" in ask(ann, "LINK LIST #c")[0]


def test_it_takes_the_flag_i(club: Club) -> None:
    founded(club)
    bob, guest = come(club, "bob"), club.client("guest")
    for words in ("LINK ADD #c", "LINK LIST #c", "LINK DEL #c aaaaaa", "LINK ADD #nowhere"):
        name = words.split()[2]
        assert ask(bob, words) == ask(guest, words) == [NEEDED.format(name)]
    assert ask(bob, "LINK ADD c") == ["c is no channel."]


def test_operators_of_the_network_may_into_any_channel_and_it_is_noted(club: Club) -> None:
    ann, root = founded(club), club.client("root")
    ann >> "MODE #c +i"
    opered(root, "accounts")
    key, _ = made(root, "#c MOST 3 VOICE REGISTER the fair")
    assert (club.store.audits[-1].verb, club.store.audits[-1].about) == ("LINK ADD", "#c")
    bob = come(club, "bob")
    assert joins(bob, key).endswith("JOIN #c") and ranks(bob) == VOICE
    assert re.search(
        r"\(the fair\) by root_\(root\), until .*, 1 of 3 came, \+V, with registration$",
        ask(ann, "LINK LIST #c")[0],
    )
    assert ask(ann, "LINK ADD #c REGISTER") == ["Only operators with the privilege accounts may do that."]
    made(root, "#nowhere")
    root >> "JOIN #nowhere"


@pytest.mark.parametrize(
    "words",
    [
        "#c +x",
        "#c +367d",
        "#c MOST",
        "#c MOST x",
        "#c MOST 0",
        "#c MOST 100001",
        "#c,",
        ",".join(f"#{n}" for n in range(11)),
    ],
)
def test_words_that_make_none(club: Club, words: str) -> None:
    ann = founded(club)
    opered(ann, "accounts")
    assert "The link" not in ask(ann, f"LINK ADD {words}")[0]
    assert ask(ann, "LINK LIST #c") == ["No links to #c."]


def test_there_are_so_many_at_most(club: Club) -> None:
    club.reload(invites={"per_channel": 1})
    ann = founded(club)
    _, known = made(ann)
    assert ask(ann, "LINK ADD #c") == ["There are 1 links to #c already: take one of them back first."]
    ask(ann, f"LINK DEL #c {known}")
    made(ann)


def test_the_key_is_shown_once_and_kept_nowhere(club: Club) -> None:
    ann = founded(club)
    key, _ = made(ann)
    joins(club.client("bob"), key)
    shown = [str(tuple(record)) for record in club.store.load()] + club.log.lines + ask(ann, "LINK LIST #c")
    assert not any(key in line for line in shown)
    assert any(secret_hash(key) in line for line in shown if secret_hash(key) is not None)  # type: ignore[operator]


def test_where_nothing_can_be_written_people_come_in_all_the_same(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann)
    club.store.broken = True
    assert joins(club.client("bob"), key).endswith("JOIN #c")
    assert "0 of 50 came" in ask(ann, "LINK LIST #c")[0]
    assert ask(ann, "LINK ADD #c") == ["Accounts cannot be used now: try again later."]


def test_who_come_in_one_moment_are_not_more_than_may() -> None:
    club = FullClub(new_store("0CN"))
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann, "#c MOST 1")
    club.store.held = True
    assert joins(club.client("bob", address="192.0.2.7"), key).endswith("JOIN #c")
    assert joins(club.client("cat", address="192.0.2.8"), key).startswith(":irc.test 473 cat")
    assert "1 of 1 came" in ask(ann, "LINK LIST #c")[0]
    club.store.release()
    assert "1 of 1 came" in ask(ann, "LINK LIST #c")[0]
    assert len(living(club).members) == 2
    club.check()


def test_a_restart_changes_nothing(club: Club) -> None:
    ann = founded(club)
    ann >> "MODE #c +i"
    key, _ = made(ann)
    taken, known = made(ann)
    ask(ann, f"LINK DEL #c {known}")
    assert joins(club.client("bob"), key).endswith("JOIN #c")
    club.clock.advance(2)
    again = Club(club.store)
    guest = again.client("bob")
    assert joins(guest, taken).startswith(":irc.test 473 bob")
    assert joins(guest, key).endswith("JOIN #c")
    listed = ask(come(again, "ann"), "LINK LIST #c")
    assert sorted("1 of 50 came" in line for line in listed) == [False, False, True]


def test_it_is_told_for_a_week_how_one_ended_and_then_forgotten(club: Club) -> None:
    ann = founded(club)
    made(ann, "#c +1d")
    _, known = made(ann, "#c +100d")
    ask(ann, f"LINK DEL #c {known}")
    assert club.parts.nickserv is not None
    club.clock.advance(DAY * 8 - 60)
    club.parts.nickserv.sweeping.sweep()
    club.settle()
    assert ask(ann, "LINK LIST #c")[-1] == "1 link to #c."
    club.clock.advance(DAY)
    club.parts.nickserv.sweeping.sweep()
    club.settle()
    assert ask(ann, "LINK LIST #c") == ["No links to #c."]
    invites = club.node.network.registry.invites
    assert not invites.by_id and any(record.entity[0] == "i" for record in club.store.load())
