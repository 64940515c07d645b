"""One person on two servers: a session at another server than that of the user is one more of them.

The table is that of history.md 6.2, between host and seat: what one of them does, and what the others read.
"""

from __future__ import annotations

import pytest
from conversation import Client
from sitting import ME, Houses
from states import opered

from chatnet.model.facts import Killed


class Both:
    """ann's desk at a, and her telephone at c, where bob is; all in #c, and nothing is left to be read."""

    def __init__(self, names: str = "abc", desk: str = "", phone: str = "", **given: object) -> None:
        self.mesh = Houses(*names, **given)
        self.desk = self.mesh.come(names[0], caps=desk)
        self.mesh.say(self.desk, "JOIN #c")
        self.phone = self.mesh.come(names[-1], caps=phone)
        self.all = (self.desk, self.phone, self.mesh.bob)
        self.read_away()

    def read_away(self) -> None:
        for client in self.all:
            client.lines()

    def say(self, client: Client, *lines: str) -> list[list[str]]:
        """What desk, phone and bob read when somebody says something."""
        self.mesh.say(client, *lines)
        return [each.lines() for each in self.all]


@pytest.fixture(params=["ab", "abc"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(request.param)


# sitting down


def test_a_login_elsewhere_is_one_more_session_and_nobody_else_sees_anything() -> None:
    mesh = Houses()
    desk = mesh.come("a")
    mesh.say(desk, "JOIN #c")
    mesh.say(mesh.bob, "TOPIC #c :tea")
    mesh.bob.lines()
    desk.lines()
    phone = mesh.begin("c", caps="draft/persistence")
    phone.silent()
    mesh.settle()
    welcome = phone.lines()
    assert welcome[0].startswith(":c.test 001 ann :Welcome ")
    assert ":c.test PERSISTENCE STATUS DEFAULT OFF" in welcome
    me, join, topic, by, names, end = welcome[-6:]
    assert (me, join) == (f"{ME} MODE ann :+i", f"{ME} JOIN #c")
    assert topic == ":c.test 332 ann #c :tea" and " 333 " in by
    assert (names, end) == (":c.test 353 ann = #c :@bob ann", ":c.test 366 ann #c :End of /NAMES list")
    mesh.bob.silent()
    desk.silent()
    assert phone.user is mesh.there("c") and mesh.seats("b") == ["c.test"]
    mesh.agree()


def test_who_asks_for_another_nick_is_another_user_unless_the_person_stays() -> None:
    mesh = Houses("a", "b")
    mesh.come("a")
    other = mesh.come("b", "ann_", "ann")
    assert other.user.nick == "ann_" and mesh.seats("a") == []
    mesh = Houses("a", "b", bouncer={"always_on": "all"})
    mesh.come("a")
    other = mesh.come("b", "ann_", "ann")
    assert other.user.nick == "ann" and mesh.seats("a") == ["b.test"]
    mesh.agree()


def test_more_sessions_at_a_seat_need_no_further_word(both: Both) -> None:
    seat = list(both.mesh.houses)[-1]
    both.mesh.said(seat, list(both.mesh.houses)[-2])
    tablet = both.mesh.come(seat)
    assert tablet.user is both.phone.user
    assert not any("CNSIT" in line for line in both.mesh.said(seat, list(both.mesh.houses)[-2]))
    both.phone >> "QUIT"
    both.mesh.settle()
    assert both.mesh.seats("a") == [f"{seat}.test"]
    both.mesh.agree()


def test_two_that_come_at_once_ask_once() -> None:
    mesh = Houses("a", "b")
    mesh.come("a")
    mesh.said("b", "a")
    one, two = mesh.begin("b"), mesh.begin("b")
    mesh.settle()
    assert one.user is two.user is mesh.there("b")
    assert sum("CNSIT" in line for line in mesh.said("b", "a")) == 1
    mesh.agree()


def test_the_nick_of_a_person_elsewhere_is_told_to_whom_it_is(both: Both) -> None:
    """Who has not logged in is told that SASL leads there, and not that it is somebody's."""
    seat = list(both.mesh.houses)[-1]
    stranger = both.mesh[seat].connect()
    both.mesh.say(stranger, "NICK ann", "USER ann 0 * :Ann")
    assert any("433" in line for line in stranger.lines())


# the table of who reads what


def test_messages_to_a_channel(both: Both) -> None:
    line = [f"{ME} PRIVMSG #c :tea?"]
    assert both.say(both.phone, "PRIVMSG #c :tea?") == [line, [], line]
    assert both.say(both.desk, "PRIVMSG #c :tea?") == [[], line, line]
    line = [f"{ME} NOTICE #c :tea?"]
    assert both.say(both.phone, "NOTICE #c :tea?") == [line, [], line]


def test_messages_to_a_channel_with_their_echo() -> None:
    both = Both(phone="echo-message", desk="echo-message")
    line = [f"{ME} PRIVMSG #c :tea?"]
    assert both.say(both.phone, "PRIVMSG #c :tea?") == [line, line, line]
    assert both.say(both.desk, "PRIVMSG #c :tea?") == [line, line, line]


def test_coming_into_a_channel_and_leaving_it(both: Both) -> None:
    desk, phone, bob = both.say(both.phone, "JOIN #d")
    for lines in (desk, phone):
        assert lines[0] == f"{ME} JOIN #d"
        assert [line.split(" ")[1] for line in lines[1:]] == ["MODE", "353", "366"]
    assert bob == []
    both.mesh.agree()
    assert both.say(both.desk, "PART #d :bye") == [[f"{ME} PART #d :bye"]] * 2 + [[]]
    both.say(both.desk, "JOIN #e")
    assert both.say(both.phone, "PART #e") == [[f"{ME} PART #e"]] * 2 + [[]]
    assert [each.name for each in both.mesh.there("a").channels] == ["#c"]
    both.mesh.agree()


def test_a_channel_that_a_seat_comes_into_shows_its_topic_to_all_of_them(both: Both) -> None:
    both.say(both.mesh.bob, "JOIN #d", "TOPIC #d :the topic")
    desk, phone, _ = both.say(both.phone, "JOIN #d")
    assert [line.split(" ")[1] for line in desk] == [line.split(" ")[1] for line in phone]
    assert [line.split(" ")[1] for line in desk] == ["JOIN", "332", "333", "353", "366"]


def test_what_is_done_in_a_channel(both: Both) -> None:
    both.say(both.mesh.bob, "MODE #c +o ann")
    for said in ("TOPIC #c :milk", "MODE #c +m", "MODE #c +v bob", "KICK #c bob :out"):
        line = f"{ME} {said}"
        assert both.say(both.phone, said) == [[line]] * 3
    both.say(both.mesh.bob, "JOIN #c")
    assert both.say(both.desk, "KICK #c bob :out") == [[f"{ME} KICK #c bob :out"]] * 3
    both.mesh.agree()


@pytest.mark.parametrize(
    ("said", "read"),
    [("NICK anna", "NICK anna"), ("NICK ANN", "NICK ANN"), ("SETNAME :Ann A.", "SETNAME :Ann A.")],
)
def test_what_all_of_them_and_all_others_read(said: str, read: str) -> None:
    both = Both(phone="setname", desk="setname")
    both.mesh.say(both.mesh.bob, "CAP REQ :setname")
    both.read_away()
    line = [f"{ME} {read}"]
    assert both.say(both.phone, said) == [line] * 3
    both.mesh.check()


def test_modes_of_oneself(both: Both) -> None:
    line = [f"{ME} MODE ann :+w"]
    assert both.say(both.phone, "MODE ann +w") == [line, line, []]
    phone = both.say(both.phone, "MODE ann")[1]
    assert phone == [f":{list(both.mesh.houses)[-1]}.test 221 ann +iw"]
    line = [f"{ME} MODE ann :-w"]
    assert both.say(both.desk, "MODE ann -w") == [line, line, []]


def test_what_is_refused_is_read_by_who_asked_alone(both: Both) -> None:
    name = f"{list(both.mesh.houses)[-1]}.test"
    refused = f":{name} 433 ann bob :Nickname is already in use"
    assert both.say(both.phone, "NICK bob") == [[], [refused], []]
    assert both.say(both.phone, "NICK :b b")[1][0].startswith(f":{name} 432 ann b")
    assert both.say(both.phone, "MODE ann +Y")[1] == [f":{name} 501 ann :Unknown MODE flag"]
    assert both.say(both.phone, "SETNAME : ")[1] == [
        f":{name} FAIL SETNAME INVALID_REALNAME :Realname is not valid"
    ]


def test_answers_bear_the_label_that_was_given() -> None:
    both = Both(phone="labeled-response batch")
    (answer,) = both.say(both.phone, "@label=x NICK bob")[1]
    assert answer == "@label=x :c.test 433 ann bob :Nickname is already in use"
    *_, ack = both.say(both.phone, "@label=y MODE ann +w")[1]
    assert ack == "@label=y :c.test ACK"


def test_a_session_waits_for_the_host_and_others_do_not(both: Both) -> None:
    both.phone >> "NICK anna" >> "PRIVMSG #c :one"
    both.mesh.bob.silent()
    both.mesh.settle()
    assert both.mesh.bob.lines() == [f"{ME} NICK anna", ":anna!~ann@192.0.2.1 PRIVMSG #c :one"]


def test_caller_id_is_of_the_person(both: Both) -> None:
    both.say(both.phone, "ACCEPT bob")
    assert list(both.mesh.there("a").accepts) == [both.mesh.there("a", "bob")]
    assert " 281 ann bob" in both.say(both.desk, "ACCEPT *")[0][0]
    assert " 281 ann bob" in both.say(both.phone, "ACCEPT *")[1][0]


# away


def test_somebody_is_away_if_all_of_them_are(both: Both) -> None:
    here, gone = ":You are no longer marked as being away", ":You have been marked as being away"
    desk, phone, _ = both.say(both.phone, "AWAY :out")
    seen = "Others do not see you away yet, for another session of yours is not: /msg NickServ CLIENTS LIST"
    assert (desk, len(phone)) == ([], 2) and phone[0].endswith(gone) and seen in phone[1]
    assert both.mesh.there("a").away is None
    desk, phone, _ = both.say(both.desk, "AWAY :asleep")
    assert [lines[0].endswith(gone) for lines in (desk, phone)] == [True, True]
    assert both.mesh.there("b").away == "asleep"
    both.mesh.agree()
    both.say(both.phone, "AWAY :again")
    assert both.mesh.there("b").away == "again"
    desk, phone, _ = both.say(both.phone, "AWAY")
    assert [lines[0].endswith(here) for lines in (desk, phone)] == [True, True]
    assert [len(lines) for lines in (desk, phone)] == [1, 1]
    both.mesh.agree()


def test_of_two_at_a_seat_one_that_is_there_is_enough(both: Both) -> None:
    tablet = both.mesh.come(list(both.mesh.houses)[-1])
    both.say(both.desk, "AWAY :a")
    phone = both.say(both.phone, "AWAY :b")[1]
    assert both.mesh.there("a").away is None and "Others do not see you away yet" in phone[1]
    tablet.lines()
    both.mesh.say(tablet, "AWAY :c")
    assert [line.split(" ")[1] for line in tablet.lines()] == ["306"]
    assert both.mesh.there("a").away == "c"
    both.mesh.say(tablet, "QUIT")
    assert both.mesh.there("a").away == "b"
    both.mesh.come(list(both.mesh.houses)[-1])
    assert both.mesh.there("a").away is None
    both.mesh.agree()


def test_who_is_nobody_does_not_bring_somebody_back() -> None:
    both = Both("ab")
    both.say(both.desk, "AWAY :out")
    both.say(both.phone, "AWAY *")
    assert both.mesh.there("b").away == "out"
    both.mesh.agree()


# secure


def test_somebody_is_secure_if_all_of_them_are() -> None:
    mesh = Houses("a", "b")
    desk = mesh.come("a", secure=True)
    phone = mesh.come("b", secure=True)
    assert "Z" in mesh.there("a").modes and "Z" in mesh.there("b").modes
    tablet = mesh.come("b")
    assert tablet.user is phone.user and "Z" not in mesh.there("a").modes
    assert f"{ME} MODE ann :-Z" in desk.lines()
    mesh.agree()
    mesh.say(tablet, "QUIT")
    assert "Z" in mesh.there("a").modes
    mesh.agree()
    mesh.say(mesh.come("a"), "AWAY")
    assert "Z" not in mesh.there("b").modes
    mesh.agree()


def test_a_channel_for_tls_keeps_an_open_session_out() -> None:
    mesh = Houses("a", "b")
    desk = mesh.come("a", secure=True)
    mesh.say(desk, "JOIN #s", "MODE #s +S")
    phone = mesh.come("b", secure=True)
    assert phone.user is mesh.there("b")
    tablet = mesh.begin("b")
    mesh.settle()
    lines = tablet.lines()
    assert any("You are in #s, which is for those who connect by TLS" in line for line in lines)
    assert any(" 433 " in line for line in lines) and tablet.user is not phone.user
    mesh.agree()


# the end


def test_a_seat_that_ends_is_seen_by_nobody(both: Both) -> None:
    both.mesh.say(both.phone, "QUIT :bye")
    assert both.desk.lines() == both.mesh.bob.lines() == []
    assert both.mesh.seats("a") == [] and both.mesh.seats("b") == []
    both.mesh.agree()


def test_the_last_session_is_the_end_wherever_it_is(both: Both) -> None:
    both.mesh.say(both.desk, "QUIT :desk")
    assert both.phone.lines() == both.mesh.bob.lines() == []
    both.mesh.agree()
    both.mesh.say(both.phone, "QUIT :bye")
    both.mesh.bob << f"{ME} QUIT :Quit: bye"
    assert both.mesh.user("a") is None
    both.mesh.check()


def test_who_stays_is_away_when_the_last_one_goes_at_a_seat() -> None:
    both = Both(bouncer={"always_on": "all"})
    both.mesh.say(both.desk, "QUIT")
    assert both.mesh.there("b").away is None
    both.mesh.say(both.phone, "QUIT")
    assert both.mesh.there("b").away == "Nobody is connected"
    phone = both.mesh.come("c")
    assert both.mesh.there("b").away is None and phone.user is both.mesh.there("c")
    both.mesh.agree()


def test_who_had_said_that_they_are_away_is_so_when_they_come_back_at_a_seat() -> None:
    both = Both("ab", bouncer={"always_on": "all"})
    both.mesh.say(both.phone, "QUIT")
    both.mesh.say(both.desk, "AWAY :on holiday", "QUIT")
    phone = both.mesh.begin("b")
    both.mesh.settle()
    assert any(" 306 " in line for line in phone.lines())
    assert both.mesh.there("a").away == "on holiday"
    both.mesh.say(phone, "AWAY")
    assert both.mesh.there("a").away is None
    both.mesh.agree()


def test_a_kill_ends_all_of_them(both: Both) -> None:
    both.mesh.say(both.mesh.bob, "JOIN #d")
    oper = both.mesh.come("a", "bob_", "bob")
    killer = oper.user
    both.mesh["a"].node.commit(Killed(both.mesh.there("a"), killer, "spam", both.mesh.clock.time()))
    both.mesh.settle()
    for client in (both.desk, both.phone):
        lines = client.lines()
        assert lines[-1].endswith("(Killed (bob_ (spam)))") and lines[-1].startswith("ERROR ")
        assert client.outlet.ended
    assert both.mesh.user("a") is None and both.mesh.user("b") is None
    assert sum(" QUIT " in line for line in both.mesh.bob.lines()) == 1
    both.mesh.check()


def test_a_kill_that_comes_from_the_seat_ends_all_of_them(both: Both) -> None:
    seat = list(both.mesh.houses)[-1]
    both.mesh[seat].node.commit(
        Killed(both.mesh.there(seat), both.mesh.there(seat, "bob"), "spam", both.mesh.clock.time())
    )
    both.mesh.settle()
    assert both.desk.outlet.ended and both.phone.outlet.ended
    assert both.mesh.user("a") is None and both.mesh.user("b") is None
    both.mesh.check()


def test_ghost_ends_all_of_them(both: Both) -> None:
    other = both.mesh.come("b", "ann_", "ann")
    both.mesh.say(other, "NS GHOST ann")
    assert both.desk.outlet.ended and both.phone.outlet.ended and both.mesh.user("a") is None
    both.mesh.check()


def test_the_account_is_of_all_of_them(both: Both) -> None:
    both.mesh.say(both.phone, "NS LOGOUT")
    assert any("Your sessions are one person" in line for line in both.phone.lines())
    assert both.mesh.there("a").account == "ann"


# questions


@pytest.mark.parametrize(
    "said", ["WHOIS ann ann", "STATS u a.test", "TIME a.test", "PING x a.test", "WHOIS ann b.test"]
)
def test_a_question_for_another_server_is_answered_to_who_asked(both: Both, said: str) -> None:
    desk, phone, bob = both.say(both.phone, said)
    assert phone and desk == bob == []
    both.mesh.check()
    assert no_strikes(both.mesh)


def test_answers_of_others_are_one_answer_under_a_label() -> None:
    both = Both(phone="labeled-response batch")
    phone = both.say(both.phone, "@label=q WHOIS ann ann")[1]
    assert phone[0] == "@label=q :c.test BATCH +2 labeled-response" and phone[-1] == ":c.test BATCH -2"
    assert any(" 312 ann ann a.test " in line for line in phone)
    assert any(" 317 ann ann " in line for line in phone)


def test_an_answer_of_others_shows_the_ranks_that_who_asked_knows() -> None:
    both = Both()
    both.say(both.mesh.bob, "MODE #c +ov ann ann")
    for caps, shown in (("", "@#c"), ("multi-prefix", "@+#c")):
        both.say(both.phone, f"CAP REQ :{caps}")
        for whom in ("ann", "ann ann"):
            phone = both.say(both.phone, f"WHOIS {whom}")[1]
            assert [line.rpartition(":")[2] for line in phone if " 319 " in line] == [shown]


def test_a_third_server_answers_as_well() -> None:
    both = Both()
    desk, phone, _ = both.say(both.phone, "TIME b.test")
    assert desk == [] and " 391 ann b.test " in phone[0]
    both.say(both.mesh.bob, "QUIT")
    assert both.say(both.phone, "TIME nowhere.test")[1] == [":c.test 402 ann nowhere.test :No such server"]


def test_no_word_of_a_seat_is_taken_for_somebody_elses(both: Both) -> None:
    """Whatever a session at a seat says, no server on the way takes the seat for a liar."""
    both.say(both.mesh.bob, "MODE #c +o ann", "JOIN #d", "MODE #d +i")
    for said in (
        "PRIVMSG bob :private", "NOTICE bob :private", "PRIVMSG #c,bob :both", "TOPIC #c :t", "INVITE bob #e",
        "KNOCK #d", "JOIN #e", "INVITE bob #e", "MODE #c +b x!*@*", "MODE #c +k key", "NAMES #c", "LIST",
        "WHO #c", "WHO bob", "WHOX", "WHOWAS bob", "USERHOST bob", "ISON bob", "MONITOR + bob", "LUSERS",
        "METADATA * SET url :x", "METADATA #c SET url :x", "MODE ann", "MODE #c", "STATS u", "TIME", "MOTD",
        "AWAY :x", "AWAY", "SETNAME :x", "NICK anna", "NICK ann", "ACCEPT bob", "NS INFO", "NS SESSIONS",
        "CS INFO #c", "NS SET MULTICLIENT ON", "NS GROUP", "PART #e :bye", "KICK #c bob :x", "HELP", "MAP",
    ):  # fmt: skip
        both.say(both.phone, said)
        both.mesh.advance(10.0)
        assert both.phone.session.backlog is None and not both.phone.session.held, said
    both.mesh.check()
    assert no_strikes(both.mesh)


def no_strikes(mesh: Houses) -> bool:
    return not any(link.conduct.strikes for wire in mesh.wires for link in wire.links.values())


def test_sessions_of_all_servers_are_listed_and_ended(both: Both) -> None:
    seat = list(both.mesh.houses)[-1]

    def listed(client: Client) -> list[str]:
        both.mesh.say(client, "NS CLIENTS LIST")
        return [line.partition(" :")[2] for line in client.lines() if "NOTICE" in line]

    desk, phone, end = listed(both.desk)
    assert desk.startswith("1. ann (you) on a.test from") and end == "2 sessions of ann."
    assert phone.startswith(f"2. ann on {seat}.test from 192.0.2.1, connected since")
    first, second, _ = listed(both.phone)
    assert first.startswith("1. ann on a.test ") and second.startswith(f"2. ann (you) on {seat}.test ")
    both.mesh.say(both.phone, "NS CLIENTS LOGOUT 1")
    assert both.desk.lines()[-1].startswith("ERROR ") and not both.phone.outlet.ended
    assert listed(both.phone)[-1] == "1 session of ann."
    both.mesh.come("a")
    both.mesh.say(both.phone, "NS LOGOUT ALL")
    assert listed(both.phone)[-1] == "1 session of ann."
    both.mesh.agree()


@pytest.mark.parametrize("word", ["phone", "PHONE"])
def test_a_device_is_ended_by_its_name_on_whatever_servers_it_is(word: str) -> None:
    mesh = Houses()
    desk = mesh.come("a", account="ann@desk")
    phones = [mesh.come(house, account="ann@phone") for house in ("a", "c", "c")]
    tablet = mesh.come("c", account="ann@tablet")
    mesh.say(desk, f"NS CLIENTS LOGOUT {word}")
    assert [line.partition(" :")[2] for line in desk.lines()] == [
        "Ended: ann by phone on a.test from 192.0.2.1.",
        "Ended: ann by phone on c.test from 192.0.2.1.",
        "Ended: ann by phone on c.test from 192.0.2.1.",
        "3 sessions of yours ended.",
    ]
    assert all(phone.session.closed for phone in phones)
    mesh.say(desk, f"NS CLIENTS LOGOUT {word}")
    (told,) = desk.lines()
    assert " :That is no number, device or nick of another session of yours. CLIENTS LIST" in told
    mesh.say(tablet, "NS CLIENTS LOGOUT tablet")
    (told,) = tablet.lines()
    assert told.endswith(" :That is the session that you ask by: QUIT ends it.")
    assert not tablet.session.closed and not desk.session.closed
    mesh.agree()


def test_the_numbers_of_sessions_are_the_same_whoever_looks() -> None:
    mesh = Houses()
    clients = [
        mesh.come(house, account=f"ann@{device}") for house, device in zip("cabca", "12345", strict=True)
    ]
    told = []
    for client in clients:
        mesh.say(client, "NS CLIENTS LIST")
        lines = [line.partition(" :")[2].replace(" (you)", "") for line in client.lines()]
        told.append([line.partition(" on ")[0] for line in lines])
    assert len(told[0]) == 6 and told == [told[0]] * 5
    mesh.agree()


def test_a_server_that_does_not_answer_is_not_said_to_have_ended_a_session() -> None:
    mesh = Houses("a", "b", bouncer={"command_timeout": 1})
    desk, _ = mesh.come("a"), mesh.come("b")
    desk >> "NS CLIENTS LOGOUT 2"
    mesh.clock.advance(1.0)  # it is asked which sessions it has
    mesh["a"].settle()
    mesh.clock.advance(1.0)  # and told to end one
    mesh["a"].settle()
    lines = [line.partition(" :")[2] for line in desk.lines()]
    told = "b.test does not answer now. CLIENTS LIST tells later whether that session ended."
    assert lines == [told, "0 sessions of yours ended."]


# who may not


def test_a_server_on_which_nobody_may_says_so(both: Both) -> None:
    mesh = Houses("a", "b", sections_of={"a": {"bouncer": {"sessions_most": 1}}})
    mesh.come("a")
    phone = mesh.begin("b")
    mesh.settle()
    lines = phone.lines()
    assert any("You have 1 connections already, and may have no more" in line for line in lines)
    assert any(" 433 " in line for line in lines)
    mesh.say(phone, "NICK ann2")
    assert any(" 001 ann2 " in line for line in phone.lines())
    assert mesh.seats("a") == []
    mesh.agree()


def test_who_does_not_wish_it_loses_the_seat(both: Both) -> None:
    both.mesh.say(both.desk, "NS SET MULTICLIENT OFF")
    both.mesh.settle()
    lines = both.phone.lines()
    assert lines[-1].startswith("ERROR ") and "one connection at a time" in lines[-1]
    assert both.mesh.seats("b") == []
    both.mesh.agree()


# what does not answer


def test_a_host_that_does_not_answer_is_told_of(both: Both) -> None:
    mesh = Houses("a", "b")
    desk = mesh.come("a")
    phone = mesh.begin("b")
    mesh["b"].clock.advance(5.0)
    mesh["b"].settle()
    assert phone.lines() == [
        "ERROR :Closing Link: 192.0.2.1 (Your other sessions are on a.test, which cannot be reached now)"
    ]
    mesh.settle()  # the answer comes late, and the seat is given up again
    assert mesh.seats("a") == [] and mesh.seats("b") == []
    desk.silent()
    mesh.agree()


def test_who_hangs_up_while_they_wait_leaves_no_seat() -> None:
    mesh = Houses("a", "b")
    mesh.come("a")
    phone = mesh.begin("b")
    phone.session.connection_lost("Connection reset")
    mesh.settle()
    assert mesh.seats("a") == [] and mesh.seats("b") == []
    mesh.agree()


def test_who_is_gone_meanwhile_is_another_user_then() -> None:
    mesh = Houses("a", "b")
    desk = mesh.come("a")
    phone = mesh.begin("b")
    desk >> "QUIT"
    mesh.settle()
    assert phone.user.server is mesh["b"].node.network.me and phone.user.nick == "ann"
    assert any(" 001 ann " in line for line in phone.lines())
    mesh.agree()


def test_a_host_that_is_lost_is_noticed_by_nobody_at_the_seat() -> None:
    both = Both("ab")
    phone = both.phone.user
    both.mesh.cut("a", "b")
    both.phone >> "PRIVMSG #c :still here"
    both.mesh.settle()
    assert both.mesh.bob.lines() == [f"{ME} PRIVMSG #c :still here"]
    both.phone.silent()
    assert phone is both.mesh.there("b") and phone.server is both.mesh["b"].node.network.me
    both.mesh.say(both.phone, "NICK anna")
    assert both.mesh.bob.lines() == [f"{ME} NICK anna"]
    both.mesh.check()
    both.mesh.say(both.phone, "QUIT :bye")
    assert both.mesh.user("b", "anna") is None
    both.mesh.check()


def test_sessions_wait_until_it_is_known_whose_they_are() -> None:
    """The host of three servers is lost: one of two seats is the heir, and the other one asks it."""
    mesh = Houses("b", "a", "c")
    desk = mesh.come("a")
    mesh.say(desk, "JOIN #c")
    left, right = mesh.come("b"), mesh.come("c")
    mesh.cut("b", "a")
    mesh.cut("a", "c")
    mesh.link("b", "c")
    left >> "PRIVMSG #c :from the left"
    right >> "PRIVMSG #c :from the right"
    mesh.settle()
    mesh.advance(5.0)
    assert left.user is mesh.there("b") and right.user is mesh.there("c")
    assert len(mesh.there("b").seats) == 1
    known = [(mesh.there(name).uid, mesh.seats(name)) for name in "bc"]
    assert known[0] == known[1]
    assert [line for line in mesh.bob.lines() if "QUIT" in line] == []
    mesh.say(left, "PRIVMSG #c :one")
    assert f"{ME} PRIVMSG #c :one" in mesh.bob.lines() and right.lines()[-1] == f"{ME} PRIVMSG #c :one"
    mesh.check()


def test_when_halves_meet_the_sessions_of_both_are_one_person_again() -> None:
    both = Both("ab")
    both.mesh.cut("a", "b")
    both.mesh.settle()
    assert both.mesh.there("a").server.name == "a.test" and both.mesh.there("b").server.name == "b.test"
    both.read_away()
    both.mesh.link("a", "b")
    both.mesh.settle()
    assert both.mesh.seats("a") == ["b.test"]
    both.mesh.agree()
    assert both.phone.user is both.mesh.there("b") and not both.phone.session.held
    for client in (both.desk, both.phone):
        assert not any("ann!" in line and (" JOIN " in line or " QUIT " in line) for line in client.lines())
    both.mesh.bob.lines()
    line = [f"{ME} PRIVMSG #c :both"]
    assert both.say(both.phone, "PRIVMSG #c :both") == [line, [], line]
    assert both.say(both.phone, "NICK anna")[0] == [f"{ME} NICK anna"]
    both.mesh.check()


def test_a_host_that_ends_hands_its_people_over() -> None:
    both = Both("ab", bouncer={"always_on": "all"})
    both.mesh["a"].parts.sessions.close_all("Maintenance")
    both.mesh.settle()
    both.mesh.cut("a", "b")
    both.mesh.advance(10.0)
    assert both.phone.user is both.mesh.there("b") and not both.phone.outlet.ended
    both.mesh["b"].check()


def test_who_stays_without_a_session_is_taken_over_and_idle() -> None:
    mesh = Houses("a", "b", bouncer={"always_on": "all"})
    mesh.come("a") >> "QUIT"
    mesh.settle()
    mesh.cut("a", "b")
    mesh.advance(10.0)
    ann = mesh.there("b")
    assert ann.server is mesh["b"].node.network.me and ann.away == "Nobody is connected"
    phone = mesh.come("b")
    assert phone.user is ann and ann.away is None
    mesh.check()


def test_a_seat_that_is_lost_ends_who_has_nothing_else() -> None:
    both = Both("ab")
    both.mesh.say(both.desk, "QUIT")
    both.mesh.cut("a", "b")
    both.mesh.settle()
    assert both.mesh.user("a") is None
    both.mesh.check()
    both = Both("ab")
    both.mesh.cut("a", "b")
    both.mesh.settle()
    assert both.mesh.there("a").nick == "ann" and not both.desk.outlet.ended
    both.mesh.check()


def test_a_command_that_nobody_answers_is_given_up() -> None:
    both = Both("ab")
    both.phone >> "NICK anna" >> "PRIVMSG #c :still here"
    both.mesh["b"].clock.advance(10.0)
    both.mesh["b"].settle()
    assert both.phone.lines()[0] == ":b.test 263 ann NICK :Please wait a while and try again."
    both.mesh.settle()
    assert both.mesh.there("b", "anna").nick == "anna"
    both.mesh.check()


@pytest.mark.parametrize("late", [False, True])
def test_a_command_is_done_here_if_the_host_was_lost_meanwhile(late: bool) -> None:
    """Whether it was said before anybody knew of that, or after."""
    both = Both("ab", phone="labeled-response batch")
    if late:
        both.mesh.cut("a", "b")
    both.phone >> "@label=1 NICK anna" >> "@label=2 MODE anna +g"
    if not late:
        both.mesh.cut("a", "b")
    both.mesh["b"].settle()
    both.mesh.advance(0.1)
    assert both.phone.lines() == [
        f"@label=1 {ME} NICK anna",
        "@label=2 :anna!~ann@192.0.2.1 MODE anna :+g",
    ]
    assert both.mesh.there("b", "anna").server is both.mesh["b"].node.network.me
    both.mesh.check()


def test_a_server_that_ends_gives_its_seats_up(both: Both) -> None:
    seat = list(both.mesh.houses)[-1]
    both.mesh[seat].parts.sessions.close_all("Maintenance")
    both.mesh.settle()
    assert both.mesh.seats("a") == [] and not both.desk.outlet.ended


# what services do for them


def test_regain_is_done_by_the_host(both: Both) -> None:
    both.mesh.say(both.phone, "NICK anna")
    both.mesh.advance(60.0)
    seat = list(both.mesh.houses)[-1]
    thief = both.mesh[seat].connect()
    both.mesh.say(thief, "NICK ann", "USER x 0 * :X")
    both.read_away()
    both.mesh.say(both.phone, "NS REGAIN ann")
    assert both.mesh.there("a").account == "ann" and both.mesh.there(seat).account == "ann"
    assert any("You are ann now" in line for line in both.phone.lines())
    assert ":anna!~ann@192.0.2.1 NICK ann" in both.desk.lines()
    both.mesh.check()


def test_ranks_of_a_registered_channel_that_a_seat_came_into_go_with_access() -> None:
    both = Both()
    both.say(both.mesh.bob, "JOIN #r", "CS REGISTER #r", "CS FLAGS #r ann +O")
    both.mesh.advance(5.0)
    both.say(both.phone, "JOIN #r")
    channel = both.mesh["a"].node.network.channel("#r")
    assert channel is not None and channel.members[both.mesh.there("a")]
    both.say(both.mesh.bob, "CS FLAGS #r ann -O")
    both.mesh.advance(5.0)
    assert not channel.members[both.mesh.there("a")]
    both.mesh.agree()


def test_somebody_is_idle_since_they_said_something_anywhere() -> None:
    both = Both()
    both.mesh.advance(100.0)

    def idle() -> int:
        both.mesh.say(both.mesh.bob, "WHOIS ann ann")
        return next(int(line.split(" ")[4]) for line in both.mesh.bob.lines() if " 317 " in line)

    assert idle() >= 100
    both.say(both.phone, "PRIVMSG #c :hello")
    assert idle() == 0
    both.mesh.advance(50.0)
    assert idle() == 50
    both.say(both.phone, "PRIVMSG bob :hello")
    assert idle() == 0
    both.say(both.phone, "QUIT")
    assert idle() >= 150


def test_the_person_elsewhere_comes_before_another_user_here() -> None:
    """Who bears another nick of the same account is nobody's person, and does not stay beside them."""
    mesh = Houses("a", "b")
    mesh.come("a")
    other = mesh.come("b", "ann_", "ann")
    mesh.say(other, "NS SET ALWAYS-ON ON")
    phone = mesh.come("b", "whatever", "ann")
    assert phone.user is mesh.there("b") and phone.user is not other.user
    mesh.say(other, "QUIT")
    assert mesh.user("b", "ann_") is None
    mesh.agree()


def test_an_invitation_is_read_by_all_of_them(both: Both) -> None:
    line = [":bob!~bob@192.0.2.1 INVITE ann #d"]
    both.say(both.mesh.bob, "JOIN #d", "MODE #d +i")
    desk, phone, _ = both.say(both.mesh.bob, "INVITE ann #d")
    assert desk == phone == line
    assert any(" JOIN #d" in line for line in both.say(both.phone, "JOIN #d")[0])
    both.mesh.agree()


def test_a_private_message_is_read_by_the_others_and_what_is_said_to_services_is_not(both: Both) -> None:
    line = [f"{ME} PRIVMSG bob :psst"]
    assert both.say(both.phone, "PRIVMSG bob :psst") == [line, [], line]
    assert both.say(both.desk, "PRIVMSG bob :psst") == [[], line, line]
    line = [":bob!~bob@192.0.2.1 PRIVMSG ann :what"]
    assert both.say(both.mesh.bob, "PRIVMSG ann :what") == [line, line, []]
    desk, phone, _ = both.say(both.phone, "PRIVMSG NickServ :INFO")
    assert desk == [] and all(":NickServ!" in each for each in phone)


def test_a_person_who_moves_renames_a_channel_and_deletes_at_a_seat() -> None:
    both = Both("ab", desk="draft/message-redaction message-tags draft/channel-rename")
    both.say(both.mesh.bob, "MODE #c +o ann", "CAP REQ :message-tags draft/message-redaction")
    both.mesh.say(
        both.phone, "CAP REQ :message-tags draft/message-redaction draft/channel-rename echo-message"
    )
    both.read_away()
    _, phone, _ = both.say(both.phone, "PRIVMSG #c :oops")
    msgid = phone[0].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    desk, _, bob = both.say(both.phone, f"REDACT #c {msgid} :typo")
    assert f"REDACT #c {msgid} :typo" in desk[0] and f"REDACT #c {msgid} :typo" in bob[0]
    desk, phone, _ = both.say(both.phone, "RENAME #c #d :better")
    assert "RENAME #c #d :better" in desk[0] and "RENAME #c #d :better" in phone[0]
    both.mesh.agree()


def test_a_person_to_whom_no_way_leads_cannot_be_reached() -> None:
    """Their server is said to be behind one that is gone: nobody asks for ever."""
    mesh = Houses("a", "b")
    mesh.come("a")
    links = mesh["b"].parts.links
    links.routes.direct.clear()
    phone = mesh.begin("b")
    assert "cannot be reached now" in phone.lines()[-1]
    assert mesh["b"].log.failures == []


def test_whose_account_is_gone_has_no_seat_any_more(both: Both) -> None:
    account = both.mesh["a"].named("ann")
    both.mesh["a"].change(account, status="dropped")
    both.mesh.settle()
    both.mesh.advance(2.0)
    assert both.mesh.there("a").account is None and both.mesh.seats("a") == []
    assert both.phone.outlet.ended and not both.desk.outlet.ended
    assert not both.mesh["a"].node.network.persons.get(account.id)
    both.mesh.check()


@pytest.mark.parametrize("first", ["desk", "phone"])
def test_whose_account_is_banned_does_not_stay_whichever_server_is_quicker(first: str) -> None:
    """The last session that goes leaves somebody idle, of whom nobody thinks when the ban is set."""
    both = Both("ab", bouncer={"always_on": "all"})
    mesh, by = both.mesh, both.mesh["b" if first == "phone" else "a"].client("oper", address="198.51.100.9")
    mesh.settle()
    opered(by, "bans", "see-all")
    mesh.settle()
    by >> "UBAN ADD account:ann 1d no"
    for name in ("ba" if first == "phone" else "ab") * 2:
        mesh[name].clock.advance(0)
        mesh.settle()
    mesh.advance(2.0)
    assert both.desk.session.closed and both.phone.session.closed
    assert mesh.user("a") is None and mesh.user("b") is None
    mesh.check()


def test_who_is_taken_over_and_banned_does_not_stay() -> None:
    mesh = Houses("a", "b", bouncer={"always_on": "all"})
    mesh.come("a") >> "QUIT"
    by = mesh["b"].client("oper", address="198.51.100.9")
    mesh.settle()
    opered(by, "bans", "see-all")
    mesh.cut("a", "b")
    mesh.say(by, "UBAN ADD account:ann 1d no")
    mesh.advance(10.0)
    assert mesh.user("b") is None
    mesh.check()


def test_what_was_typed_while_the_host_was_asked_and_lost_is_done_one_after_the_other() -> None:
    mesh = Houses("a", "b", "c")
    mesh.come("b", "ann")
    zoe = mesh["a"].client("zoe")
    zoe >> "JOIN #x"
    mesh.settle()
    phone = mesh.begin("a", "ann")
    phone >> "JOIN #x" >> "JOIN #x"
    zoe.lines()
    mesh.cut("a", "b")
    mesh.settle()
    mesh.advance(1.0)
    assert [line for line in zoe.lines() if " JOIN #x" in line] == [":ann!~ann@192.0.2.1 JOIN #x"]
    mesh.check()
