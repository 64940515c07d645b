"""What a Solanum is told it takes, and it does there what it does here.

``tests/solanum.py`` knows what it refuses; every stranger of these tests that is no chatnet server does so.
"""

from __future__ import annotations

import pytest
from conversation import START, Client, House
from mesh import REFUSED, SOLANUM, Mesh, Stranger, block, stranger
from solanum import Solanum
from states import opered

from chatnet.links.exchange.queries import PLACES
from chatnet.model.entities import Topic

NOW = int(START)
OLD = SOLANUM.replace(" EOPMOD", "").replace(" TB", "").replace(" EUID", "")
"""Tokens of one that knows less."""


class Town:
    """Two chatnet servers; a Solanum is linked to the first, and dan is there."""

    def __init__(self, caps: str = SOLANUM) -> None:
        self.mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1")]}})
        self.mesh.link("a", "b")
        self.ann, self.bob = self.mesh["a"].client("ann"), self.mesh["b"].client("bob")
        for client in (self.ann, self.bob):
            client >> "JOIN #c"
            self.mesh.settle()
        self.ann >> "MODE #c -t"
        self.mesh.settle()
        self.so1 = stranger(self.mesh["a"], "so1.test", "1SO", caps)
        self.so1 >> f":1SO UID dan 1 {NOW} +io ~dan dan.host 192.0.2.9 1SOAAAAAA :Dan"
        self.so1 >> f":1SO SJOIN {NOW} #c +n :@1SOAAAAAA"
        self.mesh.settle()
        self.heard()

    def says(self, who: Client, *lines: str) -> None:
        for line in lines:
            who >> line
        self.mesh.settle()

    def heard(self) -> list[str]:
        """What the Solanum was told, without tags."""
        return [line.partition(" ")[2] if line[0] == "@" else line for line in self.so1.lines()]

    def topic(self) -> Topic | None:
        channels = [house.node.network.channel("#c") for house in self.mesh]
        topics = {channel.topic for channel in channels if channel is not None}
        assert len(topics) == 1
        return topics.pop()


@pytest.fixture
def town() -> Town:
    return Town()


# topics


def test_what_holds_of_two_topics_that_crossed_is_told_as_a_server_may(town: Town) -> None:
    """“TOPIC” of a server needs five words there, and Solanum drops the link: it is ETB."""
    town.says(town.bob, "TOPIC #c :here")
    town.so1 >> ":1SOAAAAAA TOPIC #c :there"
    assert town.heard() == [
        f":0BAAAAAAA ETB 0 #c {NOW} bob!~bob@192.0.2.1 :here",
        f":0AA ETB 0 #c {NOW} a.test :there",
    ]


def test_topics_within_one_second_are_all_told_so_that_they_hold(town: Town) -> None:
    """With the TS of the channel a second one of the same second would be none."""
    for number in range(3):
        town.says(town.bob, f"TOPIC #c :number {number}")
    heard = town.heard()
    assert [line.partition(" :")[2] for line in heard] == ["number 0", "number 1", "number 2"]
    assert all(" ETB 0 #c " in line for line in heard)


def test_a_topic_of_who_is_no_member_is_no_topic_command(town: Town) -> None:
    """“442 You're not on that channel”."""
    opered(town.ann, "channels")
    town.says(town.ann, "PART #c")
    town.heard()
    town.says(town.ann, "TOPIC #c :by an operator")
    who = "ann!~ann@192.0.2.1"
    assert town.heard()[-1] == f":0AAAAAAAA ETB 0 #c {NOW} {who} :by an operator"
    town.says(town.ann, "TOPIC #c :")
    assert town.heard()[-1] == f":0AAAAAAAA ETB 0 #c {NOW} {who} :"


def test_who_does_not_know_etb_is_told_in_the_name_of_the_server() -> None:
    town = Town(OLD)
    town.says(town.bob, "TOPIC #c :here")
    assert town.heard() == [f":0BA TOPIC #c bob!~bob@192.0.2.1 {NOW} :here"]
    town.says(town.ann, "TOPIC #c :hers")
    assert town.heard() == [":0AAAAAAAA TOPIC #c :hers"]


def test_a_server_may_say_so_too(town: Town) -> None:
    town.so1 >> f":1SO TOPIC #c eve!e@h {NOW - 5} :from a server"
    town.mesh.settle()
    assert town.topic() == Topic("from a server", "eve!e@h", NOW - 5)


# keys


def test_a_key_is_cut_where_others_would_cut_it() -> None:
    """Else people type the whole key there, where another one is known."""
    mesh = Mesh("a", "b", link=[block("so1")], limits={"key": 64})
    mesh.link("a", "b")
    bob = mesh["b"].client("bob")
    bob >> "JOIN #c"
    mesh.settle()
    bob.lines()
    bob >> f"MODE #c +k {'k' * 40}"
    bob << f":bob!~bob@192.0.2.1 MODE #c +k {'k' * 40}"
    bob.silent()
    mesh.settle()
    watch = mesh["a"].client("watch")
    opered(watch, snomask="x")
    so1 = Stranger(mesh["a"], "so1.test", "1SO")
    so1 >> "PASS linkpw TS 6 :1SO" >> f"CAPAB :{SOLANUM}" >> "SERVER so1.test 1 :x" >> f"SVINFO 6 6 0 :{NOW}"
    mesh.settle()
    assert f":0AA SJOIN {NOW} #c +ntk {'k' * 23} :@0BAAAAAAA" in so1.lines()
    notice = "*** Notice -- so1.test knows 23 bytes of the key of #c: who types all of it there is kept out"
    assert f":a.test NOTICE * :{notice}" in watch.lines()
    bob >> f"MODE #c -k+k x {'l' * 24}"
    bob << ":b.test NOTICE bob :#c: its key is cut to 23 bytes, as other servers would do"
    bob << f":bob!~bob@192.0.2.1 MODE #c +k {'l' * 23}"
    mesh.settle()


# what would end the link


@pytest.mark.parametrize(
    "said",
    [
        ":2SO WALLOPS :", ":2SOAAAAAA OPERWALL :", ":2SO ENCAP * :",
        f":2SO BAN K * x.example {NOW} 60 60 * :", f":2SO EUID nemo 1 {NOW} +i nemo host 0 2SOAAAAAB * * :",
        f":2SO UID nemo 1 {NOW} +i n host 0 2SOAAAAAB :", ":2SO SID far.test 2 3SO :",
        f":2SO TB #c {NOW} :", f":2SO TB #c {NOW} :x :", f":2SOAAAAAA ETB 0 #c {NOW} x :",
        ":2SOAAAAAA OPER x :", ":2SOAAAAAA TOPIC #c :", ":2SOAAAAAA PRIVMSG dan :",
        ":2SOAAAAAA NOTICE #c :", ":2SOAAAAAA AWAY :", f":2SO BMASK {NOW} #c b :",
        f":2SO EBMASK {NOW} #c b :", f":2SO MLOCK {NOW} #c :", ":2SO KICK #c 1SOAAAAAA :",
        ":2SO KILL 1SOAAAAAA :", ":2SO SQUIT 3SO :", f":2SO TMODE {NOW} #c +k :",
        f":2SOAAAAAA SIGNON eve eve eve.host {NOW} :", ":2SO PING :", ":2SO PONG x :1SO",
        "@time=2026-11-23T13:20:00.123Z :2SOAAAAAA TAGMSG #c", ":2SOAAAAAA INVITE 1SOAAAAAA :#c",
        ":2SOAAAAAA STATS u :so1.test", ":2SOAAAAAA WHOWAS x 1 :so1.test",
        ":2SOAAAAAA WHOIS 1SOAAAAAA :dan", ":2SOAAAAAA TIME :so1.test", ":2SOAAAAAA VERSION :1SO",
        ":2SO CHGHOST 2SOAAAAAA :x.host", f":2SO SAVE 1SOAAAAAA {NOW}", f":2SOAAAAAA NICK eva :{NOW}",
        ":2SOAAAAAA KNOCK #c",
    ],
)  # fmt: skip
def test_an_odd_line_of_another_does_not_cost_its_link(said: str) -> None:
    """What has too few words there, or an empty one where one is needed, drops the link."""
    house = House(link=[block("so1"), block("so2")])
    so1, so2 = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    so1 >> f":1SO EUID dan 1 {NOW} +io ~dan dan.host 192.0.2.9 1SOAAAAAA * * :Dan"
    so2 >> f":2SO EUID eve 1 {NOW} +io ~eve eve.host 192.0.2.9 2SOAAAAAA * * :Eve"
    so1 >> f":1SO SJOIN {NOW} #c +nt :@1SOAAAAAA"
    so2 >> f":2SO SJOIN {NOW} #c +nt :@2SOAAAAAA"
    so2 >> said
    assert REFUSED == []
    assert so2.gone is None
    late = stranger(house, "so1.test", "1SO")  # the same in a burst
    assert late.gone is None
    house.check()


@pytest.mark.parametrize("verb", sorted(PLACES))
def test_questions_and_answers_fit(town: Town, verb: str) -> None:
    opered(town.ann, "routing", "see-all")
    town.heard()
    question = {
        "CONNECT": "CONNECT x.test 6667 so1.test",
        "LINKS": "LINKS so1.test *", "LUSERS": "LUSERS * so1.test",
        "STATS": "STATS u so1.test",
        "WHOIS": "WHOIS dan dan", "WHOWAS": "WHOWAS x 1 so1.test",
    }.get(verb, f"{verb} so1.test")  # fmt: skip
    if verb != "USERS":  # which people here do not have
        town.says(town.ann, question)
        assert [line.split()[1] for line in town.heard()] == [verb]
    for server in ("0AA", "0BA"):
        words = ["x"] * 3
        words[PLACES[verb][0]] = server
        town.so1 >> f":1SOAAAAAA {verb} {' '.join(words[: PLACES[verb][1]])}"
        town.mesh.settle()
        town.heard()


def test_the_tokens_of_005_all_arrive(town: Town) -> None:
    """Of more than 15 words the rest is lost there."""
    town.so1 >> ":1SOAAAAAA VERSION :0BA"
    town.mesh.settle()
    told = [line.split()[3:] for line in town.heard() if " 105 " in line]
    assert max(len(line.split(" :")[0].split()) for line in [" ".join(words) for words in told]) == 12
    assert sum(word.startswith(("NETWORK=", "WHOX", "MONITOR=")) for words in told for word in words) == 3


def test_tags_without_client_tags_are_heard_by_chatnet_servers_alone(town: Town) -> None:
    bob = town.mesh["b"].client("bea", caps="message-tags")
    ann = town.mesh["a"].client("amy", caps="message-tags")
    for client in (ann, bob):
        client >> "JOIN #c"
        town.mesh.settle()
    for client in (ann, bob):
        client.lines()
    town.heard()
    town.says(ann, "TAGMSG #c")
    bob << "@*msgid=* :amy!~amy@192.0.2.1 TAGMSG #c"
    assert town.heard() == []
    town.says(ann, "@+typing=active TAGMSG #c")
    bob << "@*+typing=active :amy!~amy@192.0.2.1 TAGMSG #c"
    assert town.heard() == [":0AAAAAAAB TAGMSG #c"]
    ann.lines()
    town.so1 >> ":1SOAAAAAA TAGMSG #c" >> "@a=b :1SOAAAAAA TAGMSG #c"
    ann.silent()


# the one that refuses


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (":0AA TOPIC #c :hello", "insufficient parameters, 5 are needed"),
        (":0AAAAAAAA TOPIC #c :hello", "442 #c You're not on that channel"),
        (":0AAAAAAAA TB #c 5 x :hello", "not for users"),
        (":0AA PRIVMSG #c :hello", "not for servers"),
        (":0AA WALLOPS :", "insufficient parameters, 2 are needed"),
        (":0AA ENCAP * KLINE 5 * :x", "KLINE with too few parameters"),
        (":0AA RENAME 5 #c #d :x", "421 unknown command"),
        (":0AA 105 1SOAAAAAA " + "x " * 13 + ":are supported", "16 words"),
        ("@time=x :0AAAAAAAA TAGMSG #c", "no client tag"),
        (f":0AA TMODE 5 #c +ok 0AAAAAAAA {'k' * 24}", "a key of 24 bytes"),
        (":0AA ETB 5 #c 7 x :hello", None),
        ("@time=x :0AA NOTICE #c :hello", None),
    ],
)
def test_what_it_refuses(line: str, why: str | None) -> None:
    there = Solanum()
    assert there.hear("SERVER a.test 1 :x") is None
    assert there.hear(line) == why


def test_it_knows_which_topic_is_not_newer() -> None:
    there = Solanum()
    there.hear("SERVER a.test 1 :x")
    assert there.hear(":0AA ETB 5 #c 7 x :one") is None
    assert there.hear(":0AA ETB 5 #c 7 x :two") == "a topic that is not newer"
    assert there.hear(":0AA ETB 0 #c 7 x :two") is None
