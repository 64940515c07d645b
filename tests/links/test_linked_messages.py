"""What people say to each other over links: once to each neighbour, never back, with one id and one time.

``@time=…;msgid=… :<uid> PRIVMSG …`` as in https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md,
and https://ircv3.net/specs/extensions/message-ids: “the ID […] MUST be the same for all clients”.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from conversation import Client, matches
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import SOLANUM, Mesh, Stranger, block, read_away, stranger
from profiles import runs

from chatnet.links.codecs.solanum import Solanum
from chatnet.links.outbound.messages import MessagesOut
from chatnet.model.entities import Channel, User
from chatnet.model.facts import MessageSent
from chatnet.model.ids import SID, UID, Folded
from chatnet.model.server import Server

ALL = "message-tags server-time echo-message batch labeled-response draft/multiline draft/message-redaction"
TIME = "2023-11-14T22:13:20.000Z"


class Three(Mesh):
    """``a`` – ``b`` – ``c``, with ann, bob and cat in #x; bob is on the node between."""

    def __init__(self, caps: str = ALL, **sections: Any) -> None:
        super().__init__("a", "b", "c", sections_of={"b": {"link": [block("so1"), block("so2")]}}, **sections)
        self.link("a", "b")
        self.link("b", "c")
        self.settle()
        self.ann, self.bob, self.cat = (
            self[name].client(nick, caps=caps) for name, nick in (("a", "ann"), ("b", "bob"), ("c", "cat"))
        )
        self.settle()
        for client in self.all:
            client >> "JOIN #x"
            self.settle()
        self.forget()

    @property
    def all(self) -> list[Client]:
        """The three of them."""
        return [self.ann, self.bob, self.cat]

    def forget(self) -> None:
        """What was said so far is nobody's business any more."""
        self.settle()
        read_away(self.all)
        for wire in self.wires:
            for name in wire.ends:
                wire.pipes[name].said.clear()

    def says(self, client: Client, line: str) -> None:
        """A client says a line, and all that follows happens."""
        client >> line
        self.settle()

    def links(self, by: str, to: str) -> list[str]:
        """What one node said to another, but for signs of life."""
        return [line for line in self.said(by, to) if " PING " not in line and " PONG " not in line]


ANN, BOB, CAT = (client.user.uid for client in Three().all)
"""Their UIDs, which are the same in each test."""


@pytest.fixture
def three() -> Three:
    return Three()


def solanum(three: Three, name: str = "so1", sid: str = "1SO", caps: str = SOLANUM) -> Stranger:
    """A foreign neighbour of ``b`` with a member in #x, ``dan``."""
    found = stranger(three["b"], f"{name}.test", sid, caps)
    nick = "d" + name
    found >> f":{sid} EUID {nick} 1 1699999990 +i ~{nick} d.host 192.0.2.77 {sid}AAAAAA * * :Dan"
    found >> f":{sid} SJOIN 1700000000 #x + :@{sid}AAAAAA"
    three.forget()
    found.lines()
    return found


# channels and users


def test_a_message_to_a_channel_crosses_each_link_once(three: Three) -> None:
    for speaker in three.all:
        three.says(speaker, "PRIVMSG #x :hello")
        heard = {line for client in three.all for line in client.lines()}
        nick = speaker.user.nick
        assert len(heard) == 1  # the same bytes, with one id and one time, for everybody, the echo included
        assert matches(heard.pop(), f"@time={TIME};msgid=* :{nick}!~{nick}@192.0.2.1 PRIVMSG #x :hello")
    crossed = {pair: three.links(*pair) for pair in (("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"))}
    assert {pair: [line.split(" ")[1] for line in lines] for pair, lines in crossed.items()} == {
        ("a", "b"): [f":{ANN}"],
        ("b", "a"): [f":{BOB}", f":{CAT}"],
        ("b", "c"): [f":{ANN}", f":{BOB}"],
        ("c", "b"): [f":{CAT}"],
    }
    three.check()


def test_a_channel_without_members_behind_a_link_is_not_told_there(three: Three) -> None:
    three.says(three.cat, "PART #x")
    three.forget()
    three.says(three.ann, "PRIVMSG #x :hello")
    assert three.links("b", "c") == []
    three.bob << "* PRIVMSG #x :hello"


def test_a_private_message_goes_the_way_to_its_reader_and_nowhere_else(three: Three) -> None:
    three.says(three.ann, "PRIVMSG cat :psst")
    echo, heard = three.ann.lines(), three.cat.lines()
    assert echo == heard
    assert matches(heard[0], f"@time={TIME};msgid=* :ann!~ann@192.0.2.1 PRIVMSG cat :psst")
    three.bob.silent()
    three.says(three.cat, "NOTICE ann :yes?")
    three.ann << "* NOTICE ann :yes?"


def test_what_others_say_to_each_other_is_not_remembered_on_the_way(three: Three) -> None:
    three.says(three.ann, "PRIVMSG cat :psst")
    msgid = three.cat.lines()[0].split("msgid=")[1].split(" ")[0]
    key = three.ann.user.uid, three.cat.user.uid
    found = [house.parts.history.known(key, msgid) is not None for house in three]
    assert found == [True, False, True]


def test_labels_and_echoes_are_as_on_one_server(three: Three) -> None:
    three.says(three.ann, "@label=1 PRIVMSG cat :psst")
    three.ann << "@label=1;time=*;msgid=* :ann!~ann@192.0.2.1 PRIVMSG cat :psst"
    three.says(three.ann, "@label=2 PRIVMSG #x :hi")
    three.ann << "@label=2;time=*;msgid=* :ann!~ann@192.0.2.1 PRIVMSG #x :hi"
    three.ann.silent()


def test_away_is_answered_at_home(three: Three) -> None:
    three.says(three.cat, "AWAY :asleep")
    three.forget()
    three.says(three.ann, "PRIVMSG cat :psst")
    assert three.ann.until("* 301 *").endswith(":a.test 301 ann cat :asleep")


def test_statusmsg_reaches_the_ranks_it_is_for(three: Three) -> None:
    three.says(three.ann, "MODE #x +v cat")
    three.forget()
    three.says(three.ann, "PRIVMSG @#x :operators")
    three.cat.silent()
    three.ann << "* PRIVMSG @#x :operators"
    three.says(three.ann, "PRIVMSG +#x :voices")
    three.cat << "* PRIVMSG +#x :voices"
    three.bob.silent()
    three.says(three.cat, "NOTICE @#x :sir")
    three.ann.until("* :cat!~cat@192.0.2.1 NOTICE @#x :sir")


def test_what_mode_z_shows_to_operators(three: Three) -> None:
    three.says(three.ann, "MODE #x +mz")
    three.forget()
    three.says(three.cat, "PRIVMSG #x :may I?")
    three.ann << "* :cat!~cat@192.0.2.1 PRIVMSG #x :may I?"
    three.bob.silent()
    assert three.links("c", "b")[0].endswith(f" :{CAT} PRIVMSG =#x :may I?")


def test_tagmsg_and_client_only_tags(three: Three) -> None:
    three.says(three.ann, "@+typing=active;+draft/x=a\\:b;vendor/y=1 TAGMSG #x")
    expected = f"@time={TIME};msgid=*;+typing=active;+draft/x=a\\:b :ann!~ann@192.0.2.1 TAGMSG #x"
    for client in three.all:
        client << expected
    three.says(three.cat, "@+reply=abc PRIVMSG ann :yes")
    three.ann << "@time=*;msgid=*;+reply=abc :cat!~cat@192.0.2.1 PRIVMSG ann :yes"


def test_internal_tags_never_reach_clients(three: Three) -> None:
    so1 = solanum(three)
    so1 >> "@time=2023-11-14T22:13:19.500Z;msgid=abc;chatnet/x=1;account=root;+ok=1 :1SOAAAAAA PRIVMSG #x :hi"
    three.settle()
    for client in three.all:
        client << "@time=2023-11-14T22:13:19.500Z;msgid=abc;+ok=1 :dso1!~dso1@d.host PRIVMSG #x :hi"


# foreign servers


def test_a_message_without_an_id_gets_one_where_it_comes_in(three: Three) -> None:
    so1 = solanum(three, caps=SOLANUM.replace(" STAG", ""))
    so1 >> ":1SOAAAAAA PRIVMSG #x :hello" >> f":1SOAAAAAA PRIVMSG {ANN} :psst"
    three.settle()
    said = [client.lines() for client in three.all]
    assert said[0][0] == said[1][0] == said[2][0]
    assert matches(said[0][0], f"@time={TIME};msgid=1*1SOAAAAAAI3g= :dso1!~dso1@d.host PRIVMSG #x :hello")
    assert matches(said[0][1], f"@time={TIME};msgid=1*1SOAAAAAA :dso1!~dso1@d.host PRIVMSG ann :psst")


@pytest.mark.parametrize("msgid", ["", "a b", "a;b", "x" * 600, "é"])
def test_an_id_that_no_tag_can_hold_is_replaced(three: Three, msgid: str) -> None:
    so1 = solanum(three)
    escaped = msgid.replace(";", "\\:").replace(" ", "\\s")
    so1 >> f"@msgid={escaped} :1SOAAAAAA PRIVMSG #x :hello"
    three.settle()
    three.cat << "@time=*;msgid=1*1SOAAAAAAI3g= :dso1!~dso1@d.host PRIVMSG #x :hello"


def test_a_time_of_the_future_is_now(three: Three) -> None:
    so1 = solanum(three)
    so1 >> "@time=2999-01-01T00:00:00.000Z :1SOAAAAAA PRIVMSG #x :a"
    so1 >> "@time=gibberish :1SOAAAAAA PRIVMSG #x :b"
    three.settle()
    three.cat << f"@time={TIME};* PRIVMSG #x :a" << f"@time={TIME};* PRIVMSG #x :b"


def test_a_clock_that_is_ahead_is_believed_as_far_as_clocks_may_differ(three: Three) -> None:
    """Everybody reads the same time, which was made at the origin."""
    so1 = solanum(three)
    so1 >> "@time=2023-11-14T22:20:00.123Z :1SOAAAAAA PRIVMSG #x :a"
    three.settle()
    three.cat << "@time=2023-11-14T22:20:00.123Z;* PRIVMSG #x :a"


def test_each_kind_of_neighbour_gets_what_it_knows(three: Three) -> None:
    tagged = solanum(three)
    plain = solanum(three, "so2", "2SO", "QS EX IE ENCAP EUID TB")
    tagged.lines()
    three.says(three.ann, "@+typing=active;+other=1 PRIVMSG #x :hello")
    tagged << f"@time={TIME};msgid=*;+typing=active;+other=1 :{ANN} PRIVMSG #x :hello"
    plain << f":{ANN} PRIVMSG #x :hello"
    three.says(three.ann, "@+typing=active TAGMSG #x")
    tagged << f"@time={TIME};msgid=*;+typing=active :{ANN} TAGMSG #x"
    plain.silent()
    three.says(three.ann, "PRIVMSG @#x :operators")
    tagged << f"@time=*;msgid=* :{ANN} PRIVMSG @#x :operators"
    plain.silent()  # no CHW
    three.says(three.ann, "PRIVMSG dso2 :psst")
    plain << f":{ANN} PRIVMSG 2SOAAAAAA :psst"
    tagged.silent()


def test_ranks_that_others_do_not_know() -> None:
    """Halfops and above are their operators; owners and admins they cannot tell from those."""
    user, channel = _user(), Channel("#x", Folded("#x"), 0)
    for status, abroad in (("~", None), ("&", None), ("@", b"@#x"), ("%", b"@#x"), ("+", b"+#x")):
        fact = MessageSent("NOTICE", user, channel, "hi", 0.0, "id", b"", 1, status)
        lines = Solanum(frozenset({"CHW"})).message(fact)
        assert lines == ([] if abroad is None else [b":0AAAAAAAA NOTICE %b :hi" % abroad])
        [core] = Solanum(frozenset({"CN1"})).message(fact)
        assert core.endswith(f" NOTICE {status}#x :hi".encode())


def test_lines_are_cut_between_characters(three: Three) -> None:
    so1 = solanum(three)
    three.says(three.ann, "PRIVMSG #x :" + "é" * 245)
    [heard] = so1.lines()
    assert len(heard.partition(" ")[2].encode()) <= 510 and heard.endswith("é")
    long = MessageSent("PRIVMSG", _user(), Channel("#x", Folded("#x"), 0), "é" * 20000, 0.0, "id")
    for caps, most in (("", 510), ("STAG", 510), ("CN1", 16384)):
        [line] = Solanum(frozenset(caps.split())).message(long)
        body = line if line[:1] != b"@" else line.partition(b" ")[2]
        assert most - 2 < len(body) <= most
        body.decode()


def test_bytes_that_are_not_utf8_are_kept_for_servers_and_replaced_for_clients(three: Three) -> None:
    so1, so2 = solanum(three), solanum(three, "so2", "2SO")
    so1.lines()
    so1.link.connection.receive(b":1SOAAAAAA PRIVMSG #x :caf\xe9 \xff\r\n")
    three.settle()
    so2 << "* :1SOAAAAAA PRIVMSG #x :caf\udce9 \udcff"
    assert three.said("b", "c")[-1].endswith(":caf\udce9 \udcff")
    for client in three.all:
        client << "* PRIVMSG #x :caf\ufffd \ufffd"
    so1.link.connection.receive(b":1SOAAAAAA PRIVMSG #x :" + b"\xff" * 480 + b"\r\n")
    three.settle()
    [line] = three.cat.lines()
    assert len(line.partition(" ")[2].encode()) <= 510 and line.endswith(":" + "\ufffd" * 159)


def test_answers_are_utf8_too(three: Three) -> None:
    so1 = solanum(three)
    so1 >> ":1SO EUID fay 1 1699999990 +i fay f.host 192.0.2.78 1SOAAAAAB * * :caf\udce9"
    so1 >> ":1SOAAAAAB AWAY :\udcff" >> f":1SO 371 {ANN} :\udcff"
    three.settle()
    three.ann << "* 371 ann :\ufffd"
    three.says(three.ann, "WHOIS fay")
    assert three.ann.until("* 311 *").endswith(" fay fay f.host * :caf\ufffd")
    assert three.ann.until("* 301 *").endswith(" :\ufffd")


def test_bytes_that_are_not_utf8_pass_where_the_settings_allow_them() -> None:
    three = Three(server={"utf8_only": False})
    so1 = solanum(three)
    so1.link.connection.receive(b":1SOAAAAAA PRIVMSG #x :caf\xe9\r\n")
    three.settle()
    three.cat << "* PRIVMSG #x :caf\udce9"


def test_others_read_thirty_tags(three: Three) -> None:
    """“If tags are supplied, there is a limit of 30 tags.”"""
    so1 = solanum(three)
    tags = ";".join(f"+t{number}" for number in range(40))
    three.says(three.ann, f"@{tags} PRIVMSG #x :hello")
    [line] = so1.lines()
    assert line.partition(" ")[0].split(";")[-1] == "+t27"
    assert three.cat.lines()[0].partition(" ")[0].endswith(";+t39")


def test_a_text_longer_than_any_client_sends_is_cut(three: Three) -> None:
    so1 = solanum(three, caps=SOLANUM + " CN1")
    so1 >> f":1SOAAAAAA PRIVMSG #x :{'é' * 5000}"
    three.settle()
    [channel] = three["c"].node.network.channels.values()
    [record] = three["c"].parts.history.since(channel, 0)
    assert record.text == "é" * 255


# several lines

LINES = ("PRIVMSG #x :one", "PRIVMSG #x :two", "PRIVMSG #x :!")


def multiline(three: Three, client: Client, target: str = "#x") -> None:
    client >> f"BATCH +1 draft/multiline {target}"
    client >> f"@batch=1 PRIVMSG {target} :one" >> f"@batch=1 PRIVMSG {target} :two"
    client >> f"@batch=1;draft/multiline-concat PRIVMSG {target} :!"
    three.says(client, "BATCH -1")


def test_a_message_of_several_lines_is_one_for_everybody(three: Three) -> None:
    multiline(three, three.ann)
    ids = set()
    for client in three.all:
        opening, *lines, closing = client.lines()
        tags, _, rest = opening.partition(" ")
        ids.add(tags)
        reference = rest.split("+")[1].split(" ")[0]
        assert rest == f":ann!~ann@192.0.2.1 BATCH +{reference} draft/multiline #x"
        assert [line.partition(" :ann!~ann@192.0.2.1 ") for line in lines] == [
            (f"@batch={reference}", " :ann!~ann@192.0.2.1 ", "PRIVMSG #x :one"),
            (f"@batch={reference}", " :ann!~ann@192.0.2.1 ", "PRIVMSG #x :two"),
            (f"@batch={reference};draft/multiline-concat", " :ann!~ann@192.0.2.1 ", "PRIVMSG #x :!"),
        ]
        assert closing.endswith(f"BATCH -{reference}")
    assert len(ids) == 1
    assert len(three.links("b", "c")) == 5
    multiline(three, three.cat, "ann")
    assert three.ann.until("* BATCH +* draft/multiline ann")
    three.bob.silent()
    three.check()


def test_references_are_never_the_same_twice(three: Three) -> None:
    multiline(three, three.ann)
    multiline(three, three.bob)
    multiline(three, three.ann, "cat")
    references = [line.split(" ")[3] for line in three.links("b", "c") if " BATCH +" in line]
    assert len(set(references)) == len(references) == 3


def test_others_get_its_lines(three: Three) -> None:
    """“Servers MUST only include a message ID on the first message of a batch when sending a fallback”."""
    so1, so2 = solanum(three), solanum(three, "so2", "2SO", "QS EX IE ENCAP EUID TB")
    so1.lines()
    three.ann >> "BATCH +1 draft/multiline #x" >> "@batch=1 PRIVMSG #x :one" >> "@batch=1 PRIVMSG #x :"
    three.says(three.ann >> "@batch=1;draft/multiline-concat PRIVMSG #x :two", "BATCH -1")
    so1 << f"@time={TIME};msgid=1* :{ANN} PRIVMSG #x :one" << f"@time={TIME} :{ANN} PRIVMSG #x :two"
    so2 << f":{ANN} PRIVMSG #x :one" << f":{ANN} PRIVMSG #x :two"
    so1.silent()
    so2.silent()


@pytest.fixture
def core(three: Three) -> Stranger:
    """A chatnet server that the test plays."""
    return solanum(three, caps=SOLANUM + " CN1")


def test_a_batch_acts_at_its_end_only(three: Three, core: Stranger) -> None:
    core >> "@msgid=m1 :1SOAAAAAA BATCH +q draft/multiline #x" >> "@batch=q :1SOAAAAAA PRIVMSG #x :one"
    core >> "@batch=r :1SOAAAAAA PRIVMSG #x :of no batch" >> ":1SOAAAAAA BATCH -r"
    three.settle()
    three.ann.silent()
    core >> "@batch=q :1SOAAAAAA PRIVMSG #x :two" >> ":1SOAAAAAA BATCH -q"
    three.settle()
    three.ann << "@time=*;msgid=m1 :dso1!~dso1@d.host BATCH +* draft/multiline #x"
    three.ann << "@batch=* PRIVMSG #x :one" << "@batch=* PRIVMSG #x :two" << "* BATCH -*"
    core >> ":1SOAAAAAA BATCH -q"
    three.settle()
    three.ann.silent()


@pytest.mark.parametrize(
    "lines",
    [
        [f"@batch=q :1SOAAAAAA PRIVMSG #x :{n}" for n in range(101)],
        [f"@batch=q :1SOAAAAAA PRIVMSG #x :{'x' * 15000}"] * 3,
        ["@batch=q :1SOAAAAAA PRIVMSG #x :a", "@batch=q :1SOAAAAAA NOTICE #x :b"],
        ["@batch=q :1SO PRIVMSG #x :in the name of another"],
        ["@batch=q;+typing=active :1SOAAAAAA TAGMSG #x"],
        ["@batch=q;+typing=active :1SOAAAAAA TAGMSG #x :a text"],
        ["@batch=q :1SOAAAAAA PRIVMSG #x :"],
        [],
    ],
)
def test_a_batch_that_is_none_is_dropped(three: Three, core: Stranger, lines: list[str]) -> None:
    core >> ":1SOAAAAAA BATCH +q draft/multiline #x"
    for line in lines:
        core >> line
    core >> ":1SOAAAAAA BATCH -q" >> ":1SOAAAAAA PRIVMSG #x :next"
    three.settle()
    three.ann << "* :dso1!~dso1@d.host PRIVMSG #x :next"
    three.ann.silent()
    assert core.gone is None
    three.check()


def test_too_many_open_batches_end_the_link(three: Three, core: Stranger) -> None:
    for number in range(64):
        core >> f":1SOAAAAAA BATCH +{number} draft/multiline #x"
    assert core.gone is None
    core >> ":1SOAAAAAA BATCH +64 draft/multiline #x"
    assert core.gone == "Too many batches"


def test_batches_of_those_who_are_gone_make_room(three: Three, core: Stranger) -> None:
    for number in range(64):
        core >> f":1SOAAAAAA BATCH +{number} draft/multiline #x"
    core >> ":1SOAAAAAA QUIT :bye" >> ":1SO EUID eve 1 1699999990 +i e e.host 192.0.2.7 1SOAAAAAB * * :Eve"
    core >> ":1SOAAAAAB BATCH +64 draft/multiline #x"
    assert core.gone is None


def test_a_batch_from_others_means_nothing(three: Three) -> None:
    so1 = solanum(three)
    so1 >> ":1SOAAAAAA BATCH +q draft/multiline #x" >> "@batch=q :1SOAAAAAA PRIVMSG #x :alone"
    three.settle()
    three.ann << "* :dso1!~dso1@d.host PRIVMSG #x :alone"


# redaction


def test_a_redaction_crosses(three: Three) -> None:
    three.says(three.ann, "PRIVMSG #x :oops")
    msgid = three.ann.lines()[0].split("msgid=")[1].split(" ")[0]
    three.forget()
    three.says(three.ann, f"REDACT #x {msgid} :typo")
    heard = {line for client in three.all for line in client.lines()}
    assert len(heard) == 1
    assert matches(heard.pop(), f"@time={TIME};msgid=1* :ann!~ann@192.0.2.1 REDACT #x {msgid} :typo")
    for house in three:
        [channel] = house.node.network.channels.values()
        assert house.parts.history.known(channel, msgid) is None
    three.says(three.cat, "PRIVMSG ann :oops")
    msgid = three.ann.lines()[0].split("msgid=")[1].split(" ")[0]
    three.says(three.cat, f"REDACT ann {msgid}")
    three.ann << f"@* :cat!~cat@192.0.2.1 REDACT ann {msgid}"


def test_a_redaction_passes_servers_that_do_not_know_it(three: Three) -> None:
    so1 = solanum(three)
    three.says(three.ann, "PRIVMSG #x :oops")
    msgid = three.ann.lines()[0].split("msgid=")[1].split(" ")[0]
    three.says(three.ann, f"REDACT #x {msgid} :typo")
    so1 << "* PRIVMSG #x :oops" << f"* :{ANN} ENCAP * REDACT #x {msgid} :typo"
    three.forget()
    so1 >> ":1SOAAAAAA ENCAP * REDACT #x someid :by way of others"
    three.settle()
    three.ann << "@time=*;msgid=* :dso1!~dso1@d.host REDACT #x someid :by way of others"
    three.ann.silent()  # once, though both ENCAP and REDACT could have brought it
    assert [line for line in three.links("b", "a") if "REDACT" in line] == [
        ":1SOAAAAAA ENCAP * REDACT #x someid :by way of others"
    ]


# servers, operators, everybody


def oper(three: Three, client: Client, modes: str = "") -> None:
    three.says(client, "OPER root secret")
    if modes:
        three.says(client, f"MODE {client.user.nick} {modes}")
    three.forget()


OPERS: dict[str, Any] = {
    "oper": [{"name": "root", "password": "$argon2-test$secret", "class": "all", "hosts": ["*"]}],
    "oper_class": [{"name": "all", "privileges": ["broadcast", "wallops", "operwall"]}],
}


def test_broadcasts_reach_the_servers_they_match() -> None:
    three = Three(**OPERS)
    oper(three, three.ann)
    three.says(three.ann, "NOTICE $$*.test :to all")
    for client in three.all:
        client << "* :ann!~ann@192.0.2.1 NOTICE $$*.test :to all"
    three.says(three.ann, "NOTICE $$c.test :to c")
    three.cat << "* NOTICE $$c.test :to c"
    three.bob.silent()
    three.says(three.ann, "NOTICE $$a.test :to a")
    assert [line for line in three.links("a", "b") if "$$a.test" in line] == []
    three.says(three.ann, "PRIVMSG $$nowhere.test :to nobody")
    three.ann.until("* 402 ann nowhere.test :No such server")


def test_a_broadcast_by_hosts(three: Three) -> None:
    so1 = solanum(three)
    eve = three["a"].client("eve", address="192.0.2.99")
    so1 >> ":1SOAAAAAA MODE 1SOAAAAAA :+o" >> ":1SOAAAAAA NOTICE $#*.99 :you"
    three.settle()
    eve << ":dso1!~dso1@d.host NOTICE $#*.99 :you"
    three.ann.silent()


def test_wallops_and_operwall() -> None:
    three = Three(**OPERS)
    so1 = solanum(three)
    oper(three, three.ann, "+wz")
    oper(three, three.cat, "+z-w")
    three.says(three.bob, "MODE bob +w")
    three.forget()
    so1.lines()
    three.says(three.ann, "WALLOPS :attention")
    three.bob << "* :ann!~ann@192.0.2.1 WALLOPS :attention"
    three.cat.silent()
    so1 << f"@time=* :{ANN} WALLOPS :attention"
    three.says(three.cat, "OPERWALL :on duty")
    three.ann.until("* :cat!~cat@192.0.2.1 WALLOPS :OPERWALL - on duty")
    so1 << f"@time=* :{CAT} OPERWALL :on duty"
    so1 >> ":1SO WALLOPS :from a server" >> ":1SO OPERWALL :no server says this"
    three.settle()
    three.bob << "* :so1.test WALLOPS :from a server"
    three.bob.silent()


def test_server_notices_that_cross() -> None:
    three = Three(**OPERS)
    so1 = solanum(three)
    oper(three, three.ann, "+s +ok")
    so1.lines()
    three.says(three.cat, "OPER root secret")
    assert three.ann.until("*:c.test NOTICE * :*** Notice -- *cat*")
    assert any(" ENCAP * SNOTE o :" in line for line in so1.lines())
    so1 >> ":1SO ENCAP * SNOTE k :from afar"
    three.settle()
    three.ann << "* :so1.test NOTICE * :*** Notice -- from afar"
    three.ann.silent()


def test_servers_write_to_users_and_channels(three: Three) -> None:
    so1 = solanum(three)
    so1 >> f":1SO NOTICE {ANN} :*** hello" >> ":1SO NOTICE #x :to all" >> ":so1.test PRIVMSG cat :by name"
    three.settle()
    three.ann << "@time=*;msgid=1*1SO :so1.test NOTICE ann :*** hello" << "* :so1.test NOTICE #x :to all"
    three.cat << "* :so1.test NOTICE #x :to all" << "* :so1.test PRIVMSG cat :by name"


def test_a_nick_at_a_server(three: Three) -> None:
    so1 = solanum(three)
    so1 >> ":1SOAAAAAA PRIVMSG ann@a.test :hi"
    three.settle()
    three.ann << "* PRIVMSG ann :hi"


def test_services_are_addressed_with_their_server(three: Three) -> None:
    three.says(three.ann, "PRIVMSG cat@c.test :identify secret")
    three.cat << "* :ann!~ann@192.0.2.1 PRIVMSG cat :identify secret"
    three.forget()
    three.says(three.ann, "PRIVMSG cat@b.test :identify secret")
    three.ann << "* 401 ann cat@b.test :No such nick/channel"
    three.cat.silent()


def test_numerics_find_their_reader(three: Three) -> None:
    so1 = solanum(three)
    so1 >> f":1SO 371 {ANN} :info" >> f":1SO 001 {ANN} :Welcome" >> f":1SO 352 {CAT} #x u h s n :0 r"
    so1 >> ":1SO 401 nobody :x" >> ":1SO 401" >> f":1SOAAAAAA 371 {ANN} :not from a user"
    three.settle()
    three.ann << "* :so1.test 371 ann :info" << "* :so1.test 101 ann :Welcome"
    three.cat << "* :so1.test 352 cat #x u h s n :0 r"
    three.ann.silent()


# each server judges for its users


def test_caller_id_is_judged_where_the_reader_is(three: Three) -> None:
    for client in (three.ann, three.cat):
        three.says(client, "PART #x")
    three.says(three.cat, "MODE cat +g")
    three.forget()
    three.says(three.ann, "PRIVMSG cat :psst")
    three.ann << "* PRIVMSG cat :psst" << f"@time={TIME} :c.test 716 ann cat :is in +g mode and takes *"
    three.ann << f"@time={TIME} :c.test 717 ann cat :has been informed that you messaged them."
    assert matches(three.cat.lines()[0], "* :c.test 718 cat ann ~ann@192.0.2.1 *")
    three.says(three.ann, "PRIVMSG cat :psst")
    assert [line.split(" ")[2] for line in three.ann.lines()[1:]] == ["716"]
    three.cat.silent()
    three.says(three.ann, "NOTICE cat :psst")
    three.cat.silent()
    three.says(three.cat, "ACCEPT ann")
    three.says(three.ann, "PRIVMSG cat :psst")
    three.cat << "* PRIVMSG cat :psst"


def test_who_is_written_to_may_answer_over_links(three: Three) -> None:
    for client in (three.ann, three.cat):
        three.says(client, "PART #x")
    three.says(three.ann, "MODE ann +g")
    three.says(three.cat, "MODE cat +g")
    three.forget()
    three.says(three.ann, "PRIVMSG cat :psst")
    assert [line.split(" ")[2] for line in three.ann.lines()] == ["PRIVMSG", "716", "717"]  # the echo
    three.says(three.cat, "PRIVMSG ann :yes?")
    three.ann << "* :cat!* PRIVMSG ann :yes?"
    three.says(three.ann, "PRIVMSG cat :psst")
    three.cat.until("* :ann!* PRIVMSG cat :psst")


def test_who_wrote_first_is_answered_freely() -> None:
    """Those whom one may write to are counted, but not who wrote first, from whichever server."""
    three = Three(flood={"enabled": True, "target_rate": 1, "target_period": 60.0})
    eve = three["c"].client("eve")
    three.settle()
    for client in three.all:
        three.says(client, "PART #x")
    three.says(eve, "PRIVMSG ann :hi")
    three.forget()
    for nick, answer in (
        ("bob", "* PRIVMSG bob :x"),
        ("eve", "* PRIVMSG eve :x"),
        ("cat", "* 707 ann cat *"),
    ):
        three.says(three.ann, f"PRIVMSG {nick} :x")
        three.ann << answer


# hostile lines


@pytest.mark.parametrize(
    "line",
    [
        ":1SOAAAAAA PRIVMSG #nowhere :x", ":1SOAAAAAA PRIVMSG 9ZZAAAAAA :x", ":1SOAAAAAA PRIVMSG $ :x",
        ":1SOAAAAAA PRIVMSG $$ :x", ":1SOAAAAAA PRIVMSG = :x", ":1SOAAAAAA PRIVMSG @ :x",
        ":1SOAAAAAA PRIVMSG @+ :x", ":1SOAAAAAA PRIVMSG ?#x :x",
        "@+a=" + "x" * 5000 + " :1SOAAAAAA TAGMSG #x",
        ":1SOAAAAAA REDACT #x a;b :x", ":1SOAAAAAA REDACT #nowhere id :x", ":1SOAAAAAA ENCAP * REDACT #x",
        ":1SOAAAAAA ENCAP * SNOTE k :user", ":1SO ENCAP * SNOTE k", ":1SOAAAAAA BATCH +",
        ":1SOAAAAAA BATCH -nothing", ":1SOAAAAAA BATCH +q netsplit a b", f":{ANN} PRIVMSG #x :spoofed",
        ":0AA WALLOPS :spoofed", ":nobody PRIVMSG #x :x", f":1SO 999 {ANN}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("caps", [SOLANUM, SOLANUM + " CN1"])
def test_odd_lines_do_no_harm(line: str, caps: str) -> None:
    three = Three()
    so1 = solanum(three, caps=caps)
    so1 >> line
    three.settle()
    for client in three.all:
        client.silent()
    assert so1.gone is None
    three.check()
    three.says(three.ann, "PRIVMSG cat :still here")
    three.cat << "* PRIVMSG cat :still here"


@pytest.mark.parametrize(
    "text", ["PRIVMSG #x", "NOTICE #x", "TAGMSG", "REDACT #x", "BATCH", "WALLOPS", "OPERWALL"]
)
def test_too_few_parameters(text: str) -> None:
    """Foreign servers are forgiven; a chatnet server that says so is broken."""
    three = Three()
    so1, so2 = solanum(three), solanum(three, "so2", "2SO", SOLANUM + " CN1")
    so1 >> f":1SOAAAAAA {text}"
    three.settle()
    assert so1.gone is None
    three.ann.silent()
    so2 >> f":2SOAAAAAA {text}"
    assert so2.gone == f"{text.split(' ')[0]} with too few parameters"
    three.settle()
    three.check()


# the codec


def _user() -> User:
    user = User(Server(SID("0AA"), "a.test", ""), "192.0.2.1", "192.0.2.1")
    user.uid = UID("0AAAAAAAA")
    return user


@settings(max_examples=runs(60, 3000), deadline=None)
@given(
    text=st.text(
        st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1, max_size=300
    ),
    speaker=st.sampled_from([0, 1, 2]),
    private=st.booleans(),
)
def test_every_text_arrives_as_it_was_said(text: str, speaker: int, private: bool) -> None:
    three = _shared()
    client, reader = three.all[speaker], three.all[(speaker + 1) % 3]
    three.forget()
    client.send(f"PRIVMSG {reader.user.nick if private else '#x'} :{text}".encode() + b"\r\n")
    three.settle()
    echo = client.lines()
    assert echo == reader.lines() and len(echo) == 1
    three.check()


_SHARED: list[Three] = []


def _shared() -> Three:
    if not _SHARED:
        _SHARED.append(Three())
    return _SHARED[0]


def test_lines_are_made_once_for_each_kind_of_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = Mesh("a", "b", "c", "d", sections_of={"a": {"link": [block("so1")]}})
    for other in "bcd":
        mesh.link("a", other)
    mesh.settle()
    clients = [mesh[name].client(f"nick{name}") for name in "abcd"]
    for client in clients:
        mesh.settle()
        client >> "JOIN #x"
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    so1 >> ":1SO EUID dan 1 1699999990 +i dan d.host 192.0.2.77 1SOAAAAAA * * :D"
    so1 >> ":1SO SJOIN 1700000000 #x + :1SOAAAAAA"
    mesh.settle()
    read_away(clients)
    made = itertools.count()
    real = Solanum.message

    def message(self: Solanum, *args: object) -> list[bytes]:
        next(made)
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Solanum, "message", message)
    clients[0] >> "PRIVMSG #x :hi"
    assert next(made) == 2  # for b, c and d together, and for so1
    mesh.settle()
    for client in clients[1:]:
        client << ":nicka!~nicka@192.0.2.1 PRIVMSG #x :hi"


def test_the_observer_hears_of_all_that_is_said() -> None:
    mesh = Mesh("a", "b")
    heard = MessagesOut(mesh["a"].parts.links).hears
    assert {kind.__name__ for kind in heard} >= {
        "MessageSent", "MessageRedacted", "BroadcastSent", "WallopsSent", "ServerNotice", "NumericSent",
    }  # fmt: skip
