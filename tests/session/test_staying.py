"""People who are always on, over the end of their server, and over its death."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from archive import Archive
from club import plain
from conversation import Client
from mesh import block
from states import opered
from test_always_on import ON, TIMED, here, texts
from test_several_sessions import one_more

from chatnet.model.entities import Person as Claimed
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, Joined, Killed, UserIntroduced
from chatnet.model.ids import SID, UID, AccountName, Folded
from chatnet.model.modes import ALL_PREFIXES
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp
from chatnet.session.presence.staying import SLICE, SOON
from chatnet.storage.interfaces import StoreError
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person, Standing


class People:
    """A store that is a dictionary; what it is told it has."""

    def __init__(self, before: People | None = None) -> None:
        self.people: dict[str, str] = {} if before is None else dict(before.people)
        self.channels: dict[str, str] = {} if before is None else dict(before.channels)
        self.troubled: Callable[[StoreError | None], None] = lambda error: None
        self.lost: Callable[[], None] = lambda: None

    def load(self) -> Stayed:
        return Stayed(
            [Person.read(text) for text in self.people.values()],
            [Standing.read(text) for text in self.channels.values()],
        )

    def keep(self, person: Person) -> None:
        self.people[person.key] = person.text

    def forget(self, key: str) -> None:
        self.people.pop(key, None)

    def keep_channel(self, folded: str, standing: Standing) -> None:
        self.channels[folded] = standing.text

    def forget_channel(self, folded: str) -> None:
        self.channels.pop(folded, None)

    async def flush(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Hearing:
    """An observer that hears this."""

    def __init__(self, hears: Mapping[type[Fact], Hearer]) -> None:
        self.hears = hears


class Home(Archive):
    """A house of people who stay; it can end, or be killed, and begin anew."""

    def __init__(self, before: Home | None = None, people: People | None = None, **sections: Any) -> None:
        self.kept = people or People()
        super().__init__(before, people=self.kept, **({"bouncer": ON} | sections))

    def begun_anew(self, *, killed: bool) -> Home:
        recorder = self.parts.recorder
        assert recorder is not None
        if not killed:
            self.parts.sessions.close_all("The end")
        recorder.flush()
        self.clock.advance(100)
        home = Home(self, People(self.kept))
        staying = home.parts.sessions.staying
        assert staying is not None
        staying.revive(home.kept.load())
        return home


@pytest.fixture(params=[False, True], ids=["ended", "killed"])
def again(request: pytest.FixtureRequest) -> Callable[[Home], Home]:
    """How a house begins anew."""

    def begin(home: Home) -> Home:
        home.clock.advance(1)
        return home.begun_anew(killed=request.param)

    return begin


Again = Callable[[Home], Home]


def home_of_ann(caps: str = "") -> tuple[Home, Client]:
    home = Home()
    for name in ("ann", "bob"):
        home.account(name)
    return home, here(home, caps)


def names(home: Home, channel: str) -> str:
    """Who is in a channel, with their prefixes."""
    found = home.node.network.channel(channel)
    members = {} if found is None else found.members
    return " ".join(ALL_PREFIXES[ranks] + user.nick for user, ranks in members.items())


def test_they_are_where_they_were(again: Again) -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c" >> "JOIN #d" >> "NICK annie" >> "MODE annie -i+w" >> "SETNAME :Ann Smith"
    home = again(home)
    user = home.node.network.user("annie")
    assert user is not None and user.account == "ann" and user.realname == "Ann Smith"
    assert user.modes == {"w"}
    assert names(home, "#c") == "@annie"
    back = one_more(home, "whatever")
    lines = back.lines()
    assert lines[0].startswith(":irc.test 001 annie ")
    assert [line.split(" ")[2] for line in lines if " JOIN " in line] == ["#c", "#d"]


def test_where_nobody_knows_until_when_it_was_so_what_others_say_holds() -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(SOON)
    home = Home(home, People(home.kept))
    staying, heard = home.parts.sessions.staying, list[object]()
    assert staying is not None
    staying._alive = None  # it was killed before any message was stored
    home.node.observe_too(Hearing({Joined: lambda fact, origin: heard.append(origin)}))
    staying.revive(home.kept.load())
    assert names(home, "#c") == "@ann" and heard == [Stamp(1, 0, home.node.network.me.sid)]


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_done_to_who_came_back_is_stamped_before_there_is_a_neighbour(linked: bool) -> None:
    """Or it would not hold against what a neighbour knows of them from before."""
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(SOON)
    home = Home(home, People(home.kept), **({"link": [block("b")]} if linked else {}))
    bob = one_more(home, "bob", account="bob")
    bob >> "JOIN #c"
    staying = home.parts.sessions.staying
    assert staying is not None
    staying.revive(home.kept.load())
    bob >> "KICK #c ann"
    registers, key = home.parts.links.registers, home.accounts.registry.named("ann")
    assert (registers is not None) is linked and key is not None
    if registers is not None:
        assert not registers.members(Folded("#c"))[key.id].adding


def test_a_closed_channel_stays_closed(again: Again) -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c" >> "MODE #c +kil sesame 5" >> "MODE #c +b *!*@bad.example" >> "TOPIC #c :tea"
    channel = home.node.network.channel("#c")
    assert channel is not None
    ts = channel.ts
    home = again(home)
    channel = home.node.network.channel("#c")
    assert channel is not None and channel.ts == ts
    assert channel.flags == {"n", "t", "i"} and channel.key == "sesame" and channel.limit == 5
    assert [entry.mask for entry in channel.lists["b"].values()] == ["*!*@bad.example"]
    assert channel.topic is not None and channel.topic.text == "tea"
    bob = home.client("bob")
    bob >> "JOIN #c sesame"
    bob << ":irc.test 473 bob #c *"


def test_a_channel_without_modes_has_none(again: Again) -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c" >> "MODE #c -nt"
    home = again(home)
    channel = home.node.network.channel("#c")
    assert channel is not None and channel.flags == set()


def test_who_is_idle_is_away_and_who_said_so_stays_so(again: Again) -> None:
    home, ann = home_of_ann()
    ann >> "AWAY :on holiday" >> "QUIT"
    home = again(home)
    user = home.node.network.user("ann")
    assert user is not None and user.away == "on holiday"
    back = one_more(home)
    assert [line for line in back.lines() if " 306 " in line] != []
    assert back.session.user.away == "on holiday"


def test_what_was_missed_is_told_after_it_too(again: Again) -> None:
    home, ann = home_of_ann(TIMED)
    bob = home.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    bob >> "PRIVMSG #c :one"
    home.clock.advance(1)
    ann >> "QUIT"
    home.clock.advance(1)
    bob >> "PRIVMSG #c :two"
    home = again(home)
    bob = home.client("bob")
    bob >> "JOIN #c" >> "PRIVMSG #c :three"
    back = one_more(home, caps=TIMED)
    told = [line.rpartition(" :")[2] for line in texts(back) if " PRIVMSG " in line]
    assert told == ["two", "three"]


def test_who_has_quit_does_not_come_back(again: Again) -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(1)
    assert home.kept.people and home.kept.channels
    home.reload(bouncer={"always_on": "off"})
    assert home.kept.people == {} and home.kept.channels == {}
    ann >> "QUIT"
    home = again(home)
    assert home.node.network.user("ann") is None


def test_operators_have_to_say_so_again(again: Again) -> None:
    home, ann = home_of_ann()
    opered(ann, "kill")
    home = again(home)
    user = home.node.network.user("ann")
    assert user is not None and user.oper is None and "o" not in user.modes


def test_a_nick_that_is_taken_is_not_taken_away() -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(1)
    recorder = home.parts.recorder
    assert recorder is not None
    recorder.flush()
    new = Home(home, People(home.kept))
    other = new.client("ann")
    staying = new.parts.sessions.staying
    assert staying is not None
    staying.revive(new.kept.load())
    (user,) = new.node.network.logged_in[new.named("ann").id]
    assert user.nick == user.uid and other.user.nick == "ann"
    back = one_more(new)
    assert back.lines()[0].startswith(f":irc.test 001 {user.uid} ")


@pytest.mark.parametrize("person", [True, False])
def test_a_person_of_another_server_does_not_come_back_here(person: bool) -> None:
    """Somebody else who is logged in to the account there keeps nobody away."""
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(1)
    recorder = home.parts.recorder
    assert recorder is not None
    recorder.flush()
    new = Home(home, People(home.kept))
    far = User(Server(SID("0FA"), "far.test", ""), "192.0.2.7", "192.0.2.7")
    far.uid, far.nick, far.folded = UID("0FAAAAAAA"), "annie", Folded("annie")
    far.account, far.account_id = AccountName("ann"), new.named("ann").id
    if person:
        far.person = Claimed(far.account_id, "mfg2k1c7.0.0FA")
    new.node.commit(UserIntroduced(far, new.clock.time()))
    staying = new.parts.sessions.staying
    assert staying is not None
    staying.revive(new.kept.load())
    assert (new.node.network.user("ann") is None) is person
    assert (new.kept.people == {}) is person


def test_who_was_quicker_comes_back_to_their_channels() -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c" >> "MODE #c +i"
    home.clock.advance(1)
    recorder = home.parts.recorder
    assert recorder is not None
    recorder.flush()
    new = Home(home, People(home.kept))
    back = here(new)
    staying = new.parts.sessions.staying
    assert staying is not None
    staying.revive(new.kept.load())
    back.until(":ann!* JOIN #c")
    assert names(new, "#c") == "@ann"
    channel = new.node.network.channel("#c")
    assert channel is not None and "i" in channel.flags and back.user in channel.members


def test_one_of_two_users_of_an_account_goes() -> None:
    home, ann = home_of_ann()
    guest = home.client("guest", caps="sasl")
    plain(guest)
    assert guest.user.account == "ann" and guest.user is not ann.user
    home.clock.advance(1)
    home.node.commit(Killed(guest.user, home.node.network.me, "enough", home.clock.time()))
    home.clock.advance(1)
    (text,) = home.kept.people.values()
    assert Person.read(text).nick == "ann"


def test_many_come_back_a_few_at_a_time() -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(1)
    (text,) = home.kept.people.values()
    one = Person.read(text)
    accounts = [home.account(f"ann{number}") for number in range(SLICE + 1)]
    new = Home(home, People())
    for account in accounts:
        new.kept.keep(one._replace(key=account.id, account=account.shown, nick=account.shown))
    staying = new.parts.sessions.staying
    assert staying is not None
    stayed = Stayed(new.kept.load().people, list(home.kept.load().channels))
    new.kept.people.clear()
    staying.revive(stayed)
    assert len(new.node.network.users) == SLICE and not new.kept.people
    new.clock.step()
    assert len(new.node.network.users) == len(accounts)
    new.clock.advance(SOON)
    assert len(new.kept.people) == len(accounts) and new.kept.channels


def test_who_was_banned_while_the_server_was_not_there_does_not_come_back() -> None:
    home, ann = home_of_ann()
    ann >> "JOIN #c"
    home.clock.advance(1)
    people, oper = People(home.kept), home.client("oper", address="198.51.100.9")
    opered(oper, "bans", "see-all")
    oper >> "UBAN ADD account:ann 1d no"
    home.kept.people, home.kept.channels = (
        people.people,
        people.channels,
    )  # it is killed before it has written that
    home = Home(home, People(people))
    staying = home.parts.sessions.staying
    assert staying is not None
    staying.revive(home.kept.load())
    home.clock.advance(0)
    assert home.node.network.user("ann") is None and not home.parts.sessions.persons.idle
    home.check()
