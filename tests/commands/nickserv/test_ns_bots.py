"""BOT: accounts of programs, which belong to somebody's, and go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from club import Club, plain
from clubs import Clubs
from conversation import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from nickserv import ask
from profiles import runs

from chatnet.model.registry import Registry
from chatnet.records.accounts import State
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

WORD = "correct-horse"
WRONG = ["The name or the password is incorrect."]


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club()
    club.account("ann", WORD)
    yield club
    club.check()


def come(club: Club, name: str = "ann") -> Client:
    client = club.client(name)
    assert ask(client, f"IDENTIFY ann {WORD}") == ["You are now identified for ann."]
    return client


def made(client: Client, name: str = "buildbot") -> str:
    """The token of a bot that somebody makes."""
    (told,) = ask(client, f"BOT ADD {name}")
    assert told.startswith(f"The bot {name} is yours. Its token, shown only now, is cn-")
    return told.rpartition(" ")[2]


def connected(club: Club, token: str, name: str = "buildbot") -> Client:
    bot = club.connecting()
    plain(bot, name, token)
    assert bot.user.account == name
    bot >> f"NICK {name}" >> f"USER {name} 0 * :Builds" >> "CAP END"
    bot.lines()
    return bot


def test_a_bot_logs_in_by_its_token_and_is_marked_as_one(club: Club) -> None:
    ann = come(club)
    bot = connected(club, made(ann))
    assert bot.user.account == "buildbot" and "B" in bot.user.modes
    ann >> "WHOIS buildbot"
    assert any(line == ":irc.test 335 ann buildbot :is a bot" for line in ann.lines())
    bot >> "MODE buildbot -B"
    assert "B" in bot.user.modes and bot.lines() == []
    listed = ask(ann, "BOT LIST")
    assert listed == ["buildbot is there as buildbot, since 2023-11-14 22:13 UTC", "1 bot of ann."]
    assert "  bots: buildbot" in ask(ann, "INFO")
    assert "  a bot of ann" in ask(ann, "INFO buildbot")


def test_who_logs_in_to_one_later_is_marked_too(club: Club) -> None:
    token = made(come(club))
    bob = club.client("bob")
    assert ask(bob, f"IDENTIFY buildbot {token}") == ["You are now identified for buildbot."]
    assert ":bob!~bob@192.0.2.1 MODE bob :+B" in bob.lines() and "B" in bob.user.modes


def test_it_stays_in_its_channels_without_a_connection(club: Club) -> None:
    token = made(come(club))
    bot = connected(club, token)
    bot >> "JOIN #ci" >> "QUIT"
    channel = club.node.network.channel("#ci")
    assert channel is not None and [user.nick for user in channel.members] == ["buildbot"]
    (user,) = channel.members
    assert user.away is None
    again = connected(club, token)
    assert again.user is user


def test_it_has_no_password_and_changes_no_lock(club: Club) -> None:
    ann = come(club)
    token = made(ann)
    assert ask(club.client("bob"), f"IDENTIFY buildbot {WORD}") == WRONG
    bot = connected(club, token)
    for words in ("TOKEN ADD x", "SET PASSWORD correct-horse", "CERT ADD", "BOT ADD other", "DROP buildbot"):
        assert ask(bot, words) == [
            "You came by a token, which cannot do that: /msg NickServ IDENTIFY <password> first."
        ]


def test_it_has_further_tokens_of_any_scope(club: Club) -> None:
    ann = come(club)
    made(ann)
    (told,) = ask(ann, "BOT TOKEN buildbot ADD ci send:#ci +1d")
    assert told.startswith("The token ci of buildbot, shown only now, is cn-")
    assert (
        ask(ann, "BOT TOKEN buildbot")
        == ask(ann, "BOT TOKEN BuildBot list")
        == [
            "ci: send:#ci, since 2023-11-14 22:13 UTC, until 2023-11-15 22:13 UTC",
            "first: all, since 2023-11-14 22:13 UTC",
            "2 tokens of buildbot.",
        ]
    )
    assert ask(ann, "BOT TOKEN buildbot DEL first") == ["The token first of buildbot is gone."]
    assert ask(ann, "BOT TOKEN buildbot DEL first") == [
        "There is no such token. BOT TOKEN buildbot LIST lists them."
    ]
    for words in ("ADD", "ADD x web", "DEL", "LIST x", "FLY"):
        assert ask(ann, f"BOT TOKEN buildbot {words}")[0] != "2 tokens of buildbot."
    assert ask(ann, "BOT TOKEN buildbot")[-1] == "1 token of buildbot."


def test_nobody_else_has_to_do_with_it(club: Club) -> None:
    made(come(club))
    club.account("bob", WORD)
    bob = club.client("bob")
    ask(bob, f"IDENTIFY bob {WORD}")
    for words in ("BOT DEL buildbot", "BOT TOKEN buildbot ADD x", "BOT DEL ann", "BOT DEL nobody"):
        assert ask(bob, words)[0].endswith("is no bot of yours. BOT LIST lists them.")
    assert ask(bob, "BOT ADD buildbot") == ["Somebody has registered this name already."]
    assert ask(bob, "BOT LIST") == ["No bots of bob."]
    assert ask(club.client("cat"), "BOT ADD other")[0].startswith("You are not logged in")


@pytest.mark.parametrize("name", ["ann", "1st", "NickServ", "cat", "Guest12345"])
def test_names_that_are_not_to_be_had(club: Club, name: str) -> None:
    club.client("cat")
    ann = come(club, "dan")
    assert not ask(ann, f"BOT ADD {name}")[0].startswith("The bot")
    assert ask(ann, "BOT LIST") == ["No bots of ann."]


def test_there_are_so_many_at_most_also_with_those_that_were_dropped(club: Club) -> None:
    club.reload(accounts={"bots": 2})
    ann = come(club)
    made(ann, "one")
    made(ann, "two")
    assert ask(ann, "BOT ADD three") == ["An account has at most 2 bots."]
    ask(ann, "BOT DEL two")
    assert ask(ann, "BOT ADD three") == ["An account has at most 2 bots."]
    assert ask(ann, "BOT LIST")[1].endswith("(dropped: BOT ADD brings it back)")


def test_one_that_was_dropped_goes_and_comes_back_by_adding_it(club: Club) -> None:
    ann = come(club)
    token = made(ann)
    bot = connected(club, token)
    bot >> "JOIN #ci"
    assert ask(ann, "BOT DEL buildbot") == [
        "The bot buildbot is dropped. Within 7 days you get it back: BOT ADD buildbot"
    ]
    assert bot.user.account is None
    assert ask(club.client("bob"), f"IDENTIFY buildbot {token}") == WRONG
    assert ask(ann, "BOT DEL buildbot") == ["buildbot is no bot of yours. BOT LIST lists them."]
    ident, other = club.named("buildbot").id, made(ann)
    assert club.named("buildbot").id == ident and other != token
    assert ask(club.client("cat"), f"IDENTIFY buildbot {other}") == ["You are now identified for buildbot."]


def test_it_is_dropped_and_erased_with_its_owner_and_back_with_them(club: Club) -> None:
    ann = come(club)
    bot = connected(club, made(ann))
    bot >> "JOIN #ci"
    owner = club.named()
    club.change(owner, status="dropped")
    assert bot.user.account is None and club.named("buildbot").status.state is State.DROPPED
    swept(club, 86400 * 30)
    assert "buildbot" in str(club.named("buildbot").shown)  # its owner has gone first
    club.change(owner, status="active")
    assert club.named("buildbot").usable(club.clock.time())
    club.change(owner, status="erased")
    swept(club, 120)
    assert club.node.network.registry.named("buildbot") is None
    assert not club.node.network.registry.bots
    assert any("buildbot is erased: its owner is" in line for line in club.log.lines)


def swept(club: Club, seconds: float) -> None:
    """A while later, and the sweeping has looked at all."""
    club.clock.advance(seconds)
    assert club.parts.nickserv is not None
    registry = club.node.network.registry
    owner = registry.named("ann")
    before = None if owner is None else owner.said
    if before is not None and before.state is State.DROPPED:
        return  # the owner would be erased
    for _ in range(2):
        club.parts.nickserv.sweeping.sweep()
        club.settle()


def test_it_is_suspended_with_its_owner(club: Club) -> None:
    ann = come(club)
    token = made(ann)
    bot = connected(club, token)
    club.change(club.named(), suspended="0 root :spam")
    assert bot.session.closed and "suspended: spam" in bot.lines()[-1]
    club.change(club.named(), suspended=None)
    connected(club, token).lines()


def test_a_restart_changes_nothing(club: Club) -> None:
    ann = come(club)
    token = made(ann)
    again = Club(club.store)
    assert again.named("buildbot").owner == again.named().id
    again.change(again.named(), status="dropped")
    third = Club(club.store)
    assert third.named("buildbot").status.state is State.DROPPED
    assert ask(third.client("bob"), f"IDENTIFY buildbot {token}") == WRONG


def test_on_several_servers() -> None:
    clubs = Clubs("a", "b")
    clubs["a"].account("ann", WORD)
    clubs.link("a", "b")
    clubs.settle()
    ann = come(clubs["a"])
    token = made(ann)
    clubs.settle()
    bot = connected(clubs["b"], token)
    clubs.settle()
    ann >> "WHOIS buildbot"
    assert any(re.fullmatch(r":a\.test 335 ann buildbot :is a bot", line) for line in ann.lines())
    ask(ann, "BOT DEL buildbot")
    clubs.settle()
    assert bot.user.account is None
    clubs.agree()
    clubs.check()


ENTITIES = ["a" + letter * 20 for letter in "abc"]
STAMP = "0m5x1k2ab.000000.0AA"
records = st.builds(
    lambda entity, said: Record(entity, said[0], STAMP, said[1]),
    st.sampled_from(ENTITIES),
    st.one_of(
        st.tuples(st.just("status"), st.sampled_from(["active", "dropped", "erased", "later"])),
        st.tuples(st.just("suspended"), st.sampled_from([None, "0 root :x", "1764000000 root :y"])),
        st.tuples(
            st.sampled_from([f"owner:{each}" for each in ENTITIES[:2]]), st.sampled_from([None, STAMP])
        ),
    ),
)


@settings(max_examples=runs(100, 5000))
@given(st.lists(records, max_size=25))
def test_what_a_bot_is_does_not_hang_on_the_order_in_which_it_is_told(told: list[Record]) -> None:
    """What comes one after the other is what is read at a start: the last word of each field."""
    known, gone = dict[tuple[str, str], Record](), set[str]()
    live = Registry(folder("rfc1459"))
    for record in told:
        name = record.field.partition(":")[0]
        if record.entity in gone or (name == "owner" and record.field.endswith(record.entity)):
            continue
        if record.value == "later":
            continue
        others = {field for entity, field in known if entity == record.entity} - {record.field}
        if name == "owner" and any(field.startswith("owner") for field in others):
            continue  # one has one owner, which does not change
        known[record[:2]] = record
        live.take([record])
        if (record.field, record.value) == ("status", "erased"):
            gone.add(record.entity)
            known = {key: each for key, each in known.items() if key[0] != record.entity or each is record}
    loaded = Registry(folder("rfc1459"))
    loaded.load(sorted(known.values()))
    assert {each.id: (each.status, each.owner) for each in live.accounts.values()} == {
        each.id: (each.status, each.owner) for each in loaded.accounts.values()
    }
    assert {owner: set(bots) for owner, bots in live.bots.items()} == {
        owner: set(bots) for owner, bots in loaded.bots.items()
    }
