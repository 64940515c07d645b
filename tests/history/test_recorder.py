"""What the store is told of conversations: the entries, in order."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, cast

from clubs import FullClub
from conversation import START, Client, House
from mesh import Mesh
from twisted.internet.defer import succeed

from chatnet.history.extra import Extra, read
from chatnet.history.recorder import hidden_uid, uid_in
from chatnet.model.facts import AccountChanged
from chatnet.model.ids import UID, AccountName
from chatnet.storage.messages import rows
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import (
    Began,
    Came,
    Ended,
    Entry,
    Gap,
    Kept,
    Moved,
    Place,
    Redacted,
    Row,
    Silent,
    Went,
)
from chatnet.wire.multiline import Part

NOW = int(START * 1000)
C = Place("c", "#c", "", int(START))


class Noted:
    """In the place of a store: takes down what it is told."""

    def __init__(self) -> None:
        self.heard = 0
        self.groups: list[list[Entry]] = []
        self.rows: dict[str, Row] = {}

    def put(self, entries: Sequence[Entry]) -> Awaitable[None]:
        self.groups.append(list(entries))
        rows = [_row(entry) for entry in entries if type(entry) is tuple]
        self.rows |= {row.msgid: row for row in rows}
        return succeed(None)

    async def find(self, place: Place, msgid: str) -> Row | None:
        row = self.rows.get(msgid)
        return row if row is not None and row.place == place else None

    async def target(self, place: Place) -> None:
        """Nothing is known of any."""

    async def gaps(self, place: Place) -> Sequence[Gap]:
        return ()

    async def tell(self, place: Place, since: int, until: int) -> int:
        return 0

    @property
    def entries(self) -> list[Entry]:
        return [entry for group in self.groups for entry in group]

    def store(self) -> MessageStore:
        return cast(MessageStore, self)


class Chronicle(FullClub):
    """A house that keeps accounts, and of which is noted what it stores."""

    def __init__(self, **sections: Any) -> None:
        self.noted = Noted()
        super().__init__(messages=self.noted.store(), **sections)

    def told(self) -> list[Entry]:
        """What was told since the last look, with messages as rows."""
        assert self.parts.recorder is not None
        self.parts.recorder.flush()
        entries, self.noted.groups = self.noted.entries, []
        return [_row(entry) if type(entry) is tuple else entry for entry in entries]


def _row(said: Any) -> Row:
    place, at, msgid, kind, flags, person, source, text = said
    return Row(place, int(at * 1000), msgid, kind, flags, person, source.decode(), text)


def logs_in(client: Client, name: str | None, key: str | None = None) -> None:
    """Log a client in to an account with this key, or out."""
    node, user = client.house.node, client.user
    account = None if name is None else AccountName(name)
    node.commit(AccountChanged(user, account, node.clock.time(), user.account, key))
    client.lines()


def msgid(client: Client) -> str:
    """That of the message which a client reads next."""
    return client.until("@*").split("msgid=", 1)[1].split(";")[0].split(" ")[0]


def test_a_channel_begins_with_its_first_member_here_and_is_silent_after_the_last() -> None:
    house = Chronicle()
    ann = house.client("ann")
    ann >> "JOIN #C"
    assert house.told() == [Began(C, "#C", NOW)]
    bob = house.client("bob", caps="message-tags")
    bob >> "JOIN #c"
    bob.lines()
    ann >> "PRIVMSG #c :hello"
    said = Row(C, NOW, msgid(bob), rows.PRIVMSG, 0, None, "ann!~ann@192.0.2.1", "hello")
    assert house.told() == [said]
    ann >> "PART #c"
    assert house.told() == []
    bob >> "QUIT"
    assert house.told() == [Silent(C, NOW), Ended(C, NOW)]
    house.check()


def test_a_group_goes_to_the_store_after_its_time_or_when_it_is_large() -> None:
    house = Chronicle(history={"commit_interval": 0.1, "group_most": 3})
    ann = house.client("ann")
    ann >> "JOIN #c"
    house.told()
    ann >> "PRIVMSG #c :1"
    assert house.noted.groups == []
    house.clock.advance(0.1)
    assert [len(group) for group in house.noted.groups] == [1]
    for text in "2345":
        ann >> f"PRIVMSG #c :{text}"
    assert [len(group) for group in house.noted.groups] == [1, 3]
    house.clock.advance(0.1)
    assert [len(group) for group in house.noted.groups] == [1, 3, 1]
    house.check()


def test_what_is_not_plain_is_told_whole() -> None:
    house = Chronicle()
    ann = house.client("ann", caps="message-tags batch draft/multiline labeled-response")
    ann >> "JOIN #c" >> "MODE ann +B"
    house.told()
    ann >> "@+draft/reply=x;+draft/react=:-) TAGMSG #c" >> "@+typing=active TAGMSG #c"
    ann >> "PRIVMSG @#c :for ops"
    ann >> "BATCH +1 draft/multiline #c"
    ann >> "@batch=1 PRIVMSG #c :one" >> "@batch=1 PRIVMSG #c :two" >> "BATCH -1"
    reaction, ranks, lines = house.told()
    assert isinstance(reaction, Row) and isinstance(ranks, Row) and isinstance(lines, Row)
    assert (reaction.kind, reaction.refers) == (rows.TAGMSG, "x")
    assert read(reaction.extra) == Extra(b"+draft/reply=x;+draft/react=:-)")
    assert reaction.flags == rows.BOT | rows.EXTRA
    assert ranks.flags >> rows.RANKS and read(ranks.extra).status == "@"
    assert (lines.text, read(lines.extra).parts) == ("one\ntwo", (Part("one"), Part("two")))
    house.check()


def test_private_messages_are_kept_for_two_accounts_or_one_and_a_guest() -> None:
    house = Chronicle()
    ann, bob, guest = house.client("ann"), house.client("bob"), house.client("Carl[1]")
    logs_in(ann, "ann", "a2")
    logs_in(bob, "bob", "a1")
    house.told()
    ann >> "PRIVMSG bob :1" >> "NOTICE ann :2" >> "PRIVMSG Carl[1] :3"
    guest >> "PRIVMSG ann :4"
    bob >> "PRIVMSG ann :5" >> "PRIVMSG ann :6"
    told = [(entry.place, entry.person, entry.text) for entry in house.told() if isinstance(entry, Row)]
    both, mine, theirs = Place("d", "a1", "a2"), Place("d", "a2", "a2"), Place("g", "a2", "carl{1}")
    assert told == [
        (both, "a2", "1"), (mine, "a2", "2"), (theirs, "a2", "3"), (theirs, None, "4"), (both, "a1", "5"),
        (both, "a1", "6"),
    ]  # fmt: skip
    house.check()


def test_a_talk_is_known_by_the_nicks_that_the_two_had_last() -> None:
    house = Chronicle()
    ann, bob, guest = house.client("ann"), house.client("bob"), house.client("Carl[1]")
    logs_in(ann, "ann", "a2")
    logs_in(bob, "bob", "a1")
    house.told()
    ann >> "PRIVMSG bob :1" >> "PRIVMSG bob :2" >> "PRIVMSG Carl[1] :3"
    guest >> "PRIVMSG ann :4"
    bob >> "NICK Bob2"
    guest >> "NICK carl{1}"
    bob >> "PRIVMSG ann :5"
    guest >> "PRIVMSG ann :6"
    told = [(entry.place.kind, entry.shown) for entry in house.told() if isinstance(entry, Began)]
    assert told == [("d", "bob ann"), ("g", "Carl[1]"), ("d", "Bob2 ann"), ("g", "carl{1}")]
    house.check()


def test_the_ring_has_for_a_guest_what_they_and_an_account_say_to_each_other() -> None:
    house = Chronicle()
    ann, guest = house.client("ann"), house.client("guest", caps="message-tags,draft/message-redaction")
    logs_in(ann, "ann", "a1")
    ann >> "PRIVMSG guest :1"
    guest >> "PRIVMSG ann :2"
    ring = house.parts.history
    assert [record.text for record in ring.talk(guest.user, ann.user)] == ["1", "2"]
    assert list(ring.talkers(guest.user)) == [ann.user]
    bob = house.client("bob")
    assert (ring.talk(guest.user, bob.user), ring.talkers(bob.user)) == ([], [])
    house.check()


def test_guests_among_themselves_and_what_is_not_stored_stay_in_the_ring() -> None:
    house = Chronicle(history={"direct": False, "channels": False})
    ann, bob = house.client("ann"), house.client("bob", caps="message-tags")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    logs_in(ann, "ann", "a1")
    house.told()
    ann >> "PRIVMSG bob :1" >> "PRIVMSG #c :2"
    assert house.told() == []
    network, ring = house.node.network, house.parts.history
    ids = [line.split("msgid=")[1].split(";")[0].split(" ")[0] for line in bob.lines() if " PRIVMSG " in line]
    keys = [(min(ann.user.uid, bob.user.uid), max(ann.user.uid, bob.user.uid)), network.channel("#c")]
    assert [ring.known(key, msgid) is not None for key, msgid in zip(keys, ids, strict=True)] == [True, True]  # type: ignore[arg-type]
    house.check()


def test_what_services_are_told_is_kept_nowhere() -> None:
    house = Chronicle()
    ann = house.client("ann")
    logs_in(ann, "ann", "a1")
    service = house.client("Agent")
    service.user.modes |= {"S"}
    house.told()
    ann >> "PRIVMSG NickServ :IDENTIFY hunter2" >> "PRIVMSG Agent :IDENTIFY hunter2"
    service >> "NOTICE ann :Your token is hunter3"
    assert house.told() == [] and house.parts.history.bytes == 0
    house.check()


def test_stays_of_accounts_are_told_once_for_all_their_users() -> None:
    house = Chronicle()
    ann, two, bob = house.client("ann"), house.client("ann2"), house.client("bob")
    logs_in(ann, "ann", "a1")
    logs_in(two, "ann", "a1")
    ann >> "JOIN #c"
    two >> "JOIN #c"
    bob >> "JOIN #c"
    assert house.told() == [Began(C, "#c", NOW), Came(C, "a1", NOW)]
    logs_in(bob, "bob", "a2")
    assert house.told() == [Came(C, "a2", NOW)]
    ann >> "PART #c"
    assert house.told() == []
    logs_in(two, None)
    assert house.told() == [Went(C, "a1", NOW)]
    bob >> "PART #c"
    assert house.told() == [Went(C, "a2", NOW)]
    house.check()


def test_what_is_said_behind_closed_doors_is_marked() -> None:
    house = Chronicle()
    ann = house.client("ann")
    ann >> "JOIN #c" >> "MODE #c +s"
    house.told()
    ann >> "PRIVMSG #c :1" >> "MODE #c -s+k key" >> "PRIVMSG #c :2" >> "MODE #c -k key" >> "PRIVMSG #c :3"
    flags = [entry.flags for entry in house.told() if isinstance(entry, Row) and entry.kind == rows.PRIVMSG]
    assert flags == [rows.CLOSED, rows.CLOSED, 0]
    house.check()


def test_redactions_are_told() -> None:
    house = Chronicle()
    ann = house.client("ann", caps="message-tags echo-message draft/message-redaction")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "PRIVMSG #c :oops"
    said = msgid(ann)
    house.told()
    ann >> f"REDACT #c {said} :typo"
    own = msgid(ann)
    assert house.told() == [Redacted(C, said, NOW, own, None, "ann!~ann@192.0.2.1", "typo")]
    house.check()


def test_a_channel_that_is_renamed_moves() -> None:
    house = Chronicle()
    ann = house.client("ann", caps="draft/channel-rename")
    ann >> "JOIN #c"
    house.told()
    ann >> "RENAME #c #D"
    told = house.told()
    assert [entry for entry in told if isinstance(entry, Moved)] == [Moved(C, C._replace(name="#d"), "#D")]
    house.check()


def test_a_hidden_author_is_noted() -> None:
    assert hidden_uid("0CNAAAAAA", "10000000000000000000" + "0CNAAAAAA" + "I2M=") == ""
    assert hidden_uid("0CNAAAAAA", "theirs") == "0CNAAAAAA"
    assert hidden_uid("", "theirs") == ""
    assert hidden_uid("", "10000000000000000000" + "0CNAAAAAA") == "*"
    assert UID(uid_in("10000000000000000000" + "0CNAAAAAA")) == "0CNAAAAAA"


class Chronicles(Mesh):
    """A mesh of houses of which is noted what they store."""

    def make(self, **given: Any) -> House:
        return Chronicle(**given)

    def __getitem__(self, name: str) -> Chronicle:
        found = self.houses[name]
        assert isinstance(found, Chronicle)
        return found


def apart() -> tuple[Chronicles, Client, Client]:
    """Ann at a, and bob at b, who is logged in, in a channel; what was told until then is read."""
    mesh = Chronicles("a", "b", accounts={"authority": "external"})
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    logs_in(bob, "bob")
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    assert Came(C, "name:bob", NOW) in mesh["a"].told()
    return mesh, ann, bob


def test_a_split_ends_no_stay_of_who_is_on_the_other_side() -> None:
    mesh, _, _ = apart()
    mesh.cut("a", "b")
    assert mesh["a"].told() == []
    mesh.link("a", "b")
    mesh.settle()
    assert [entry for entry in mesh["a"].told() if isinstance(entry, Came | Went)] == []


def test_who_left_during_a_split_was_there_until_it() -> None:
    mesh, _, bob = apart()
    at = int(mesh["a"].clock.time() * 1000)
    mesh.cut("a", "b")
    mesh.clock.advance(10.0)
    bob >> "PART #c"
    mesh.link("a", "b")
    mesh.settle()
    assert [entry for entry in mesh["a"].told() if isinstance(entry, Came | Went)] == [
        Went(C, "name:bob", at)
    ]


def test_who_comes_back_from_elsewhere_did_not_hear_what_was_said_meanwhile() -> None:
    mesh, _, _ = apart()
    at = int(mesh["a"].clock.time() * 1000)
    mesh.cut("a", "b")
    mesh.clock.advance(10.0)
    bob = mesh["a"].client("bob")
    logs_in(bob, "bob")
    bob >> "JOIN #c"
    assert [entry for entry in mesh["a"].told() if isinstance(entry, Came | Went)] == [
        Went(C, "name:bob", at),
        Came(C, "name:bob", at + 10_000),
    ]


def test_events_are_rows_of_each_channel() -> None:
    everything = ["JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC", "RENAME"]
    house = Chronicle(history={"events": everything})
    ann, bob = house.client("ann", caps="draft/channel-rename"), house.client("bob")
    logs_in(bob, "bob", "a1")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann >> "TOPIC #c :tea" >> "MODE #c +k secret" >> "MODE #c -k+v secret bob" >> "KICK #c bob :out"
    bob >> "JOIN #c"
    ann >> "NICK amy"
    bob >> "PART #c"
    ann >> "RENAME #c #d :why" >> "QUIT :bye"
    told = [entry for entry in house.told() if isinstance(entry, Row)]
    assert all(len(entry.msgid) > 28 for entry in told) and len({entry.msgid for entry in told}) == len(told)
    found = [(entry.kind, entry.person, entry.text, read(entry.extra).words) for entry in told]
    assert found == [
        (rows.JOIN, None, "Ann", ("*",)),
        (rows.JOIN, "a1", "Bob", ("bob",)),
        (rows.TOPIC, None, "tea", ()),
        (rows.MODE, None, "+k *", ()),
        (rows.MODE, None, "-k+v * bob", ()),
        (rows.KICK, None, "out", ("bob",)),
        (rows.JOIN, "a1", "Bob", ("bob",)),
        (rows.NICK, None, "amy", ()),
        (rows.PART, "a1", "", ()),
        (rows.RENAME, None, "why", ("#c", "#d")),
        (rows.QUIT, None, "Quit: bye", ()),
    ]
    house.check()


def test_events_that_are_not_stored_are_no_rows() -> None:
    house = Chronicle(history={"events": ["TOPIC"]})
    ann = house.client("ann")
    ann >> "JOIN #c" >> "MODE #c +s" >> "TOPIC #c :tea" >> "PART #c"
    told = [(entry.kind, entry.flags) for entry in house.told() if isinstance(entry, Row)]
    assert told == [(rows.TOPIC, rows.CLOSED)]
    house.check()


def test_a_channel_says_how_long_it_is_kept() -> None:
    house = Chronicle()
    ann = house.client("ann")
    ann >> "JOIN #c" >> "MODE #c +H 30d:join"
    assert Kept(C, 30 * 86_400_000, "join") in house.told()
    ann >> "MODE #c +H 0" >> "PRIVMSG #c :for nobody later"
    told = house.told()
    assert Kept(C, 0, None) in told
    assert [entry.kind for entry in told if isinstance(entry, Row)] == [rows.MODE]
    ann >> "MODE #c -H" >> "PRIVMSG #c :again"
    told = house.told()
    assert Kept(C, None, None) in told
    assert [entry.kind for entry in told if isinstance(entry, Row)] == [rows.MODE, rows.PRIVMSG]
    house.check()
