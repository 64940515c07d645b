"""Who hears what: each fact told to the right people, once each, in the form they asked for."""

from __future__ import annotations

from conversation import Client, House
from states import channel, opered, second_session

from chatnet.delivery.audience import Groups
from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    AwayChanged,
    Fact,
    HostChanged,
    Invited,
    Joined,
    Kicked,
    MessageSent,
    ModeChange,
    ModesChanged,
    RealnameChanged,
    ServerNotice,
    TopicChanged,
    UserIntroduced,
    UserModesChanged,
    UserQuit,
    WallopsSent,
)
from chatnet.model.ids import AccountName
from chatnet.model.modes import OP, VOICE

NOW = 1_700_000_000.0


def commit(house: House, fact: Fact) -> None:
    house.node.commit(fact)
    house.settle()


def meet(house: House, channels: str, *clients: Client) -> None:
    for client in clients:
        client >> f"JOIN {channels}"
    for client in clients:
        client.lines()


def groups_of(house: House) -> dict[str, Groups]:
    return {channel.name: groups for channel, groups in house.parts.delivery.channels.items()}


def test_join_part_and_topic(house: House) -> None:
    ann, bob, eve = house.client("ann"), house.client("bob"), house.client("eve")
    meet(house, "#c", ann)
    bob >> "JOIN #c"
    ann << ":bob!~bob@192.0.2.1 JOIN #c"
    bob << ":bob!~bob@192.0.2.1 JOIN #c"
    bob << ":irc.test 353 bob = #c :@ann bob"
    bob << ":irc.test 366 bob #c :*"
    commit(house, TopicChanged(channel(house, "#c"), "tea", ann.user, NOW))
    for client in (ann, bob):
        client << ":ann!~ann@192.0.2.1 TOPIC #c :tea"
    bob >> "PART #c :bye"
    for client in (ann, bob):
        client << ":bob!~bob@192.0.2.1 PART #c :bye"
        client.silent()
    eve.silent()
    bob >> "JOIN #c"
    bob << ":bob!~bob@192.0.2.1 JOIN #c"
    bob << ":irc.test 332 bob #c :tea"
    bob << ":irc.test 333 bob #c ann!~ann@192.0.2.1 1700000000"


def test_a_new_channel_tells_its_modes(house: House) -> None:
    ann = house.client("ann", caps="server-time")
    ann >> "JOIN #c"
    at = "@time=2023-11-14T22:13:20.000Z "
    ann << at + ":ann!~ann@192.0.2.1 JOIN #c"
    ann << at + ":irc.test MODE #c +nt"
    ann << at + ":irc.test 353 ann = #c :@ann"


def test_a_kick_is_heard_by_the_kicked(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    meet(house, "#c", ann, bob)
    commit(house, Kicked(channel(house, "#c"), bob.user, ann.user, "enough", NOW))
    for client in (ann, bob):
        client << ":ann!~ann@192.0.2.1 KICK #c bob :enough"
    ann >> "PRIVMSG #c :gone?"
    bob.silent()


def test_several_common_channels_make_no_duplicates(house: House) -> None:
    everything = "away-notify account-notify setname chghost"
    ann, bob = house.client("ann"), house.client("bob", caps=everything)
    meet(house, "#a,#b,#c", ann, bob)
    ann >> "NICK anna"
    user = ann.user
    before = user.source
    commit(house, AwayChanged(user, "tea", NOW))
    commit(house, AwayChanged(user, None, NOW))
    commit(house, AccountChanged(user, AccountName("anna"), NOW, None))
    commit(house, AccountChanged(user, None, NOW, AccountName("anna")))
    commit(house, RealnameChanged(user, "Anna", NOW))
    commit(house, HostChanged(user, "~x", "example.org", before, NOW))
    ann >> "QUIT :bye"
    for expected in (
        ":ann!~ann@192.0.2.1 NICK anna",
        ":anna!~ann@192.0.2.1 AWAY :tea",
        ":anna!~ann@192.0.2.1 AWAY",
        ":anna!~ann@192.0.2.1 ACCOUNT anna",
        ":anna!~ann@192.0.2.1 ACCOUNT *",
        ":anna!~ann@192.0.2.1 SETNAME :Anna",
        ":anna!~ann@192.0.2.1 CHGHOST ~x example.org",
        ":anna!~x@example.org QUIT :Quit: bye",
    ):
        bob << expected
    bob.silent()


def test_what_was_not_asked_for_is_not_told(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    meet(house, "#c", ann, bob)
    commit(house, AwayChanged(ann.user, "tea", NOW))
    commit(house, AccountChanged(ann.user, AccountName("ann"), NOW, None))
    commit(house, RealnameChanged(ann.user, "Anna", NOW))
    ann << ":irc.test 900 ann ann!~ann@192.0.2.1 ann :*"
    ann.silent()
    bob.silent()


def test_what_users_hear_of_themselves(house: House) -> None:
    ann = house.client("ann", caps="away-notify account-notify setname chghost")
    meet(house, "#c", ann)
    commit(house, AwayChanged(ann.user, "tea", NOW))
    commit(house, AccountChanged(ann.user, AccountName("ann"), NOW, None))
    commit(house, RealnameChanged(ann.user, "Anna", NOW))
    commit(house, HostChanged(ann.user, "~ann", "example.org", ann.user.source, NOW))
    # "sent when the user's account name is set (whether by SASL or otherwise)", and first
    ann << ":irc.test 900 ann ann!~ann@192.0.2.1 ann :*"
    ann << ":ann!~ann@192.0.2.1 ACCOUNT ann"
    ann << ":ann!~ann@192.0.2.1 SETNAME :Anna"
    ann << ":ann!~ann@192.0.2.1 CHGHOST ~ann example.org"
    ann << ":irc.test 396 ann example.org :is now your displayed host"
    ann.silent()


def test_a_change_of_host_without_chghost(house: House) -> None:
    ann = house.client("ann")
    bob, eve = house.client("bob"), house.client("eve", caps="extended-join")
    meet(house, "#a,#b", ann, bob, eve)
    change = ModesChanged(channel(house, "#a"), (ModeChange(True, "v", None, ann.user),), ann.user, NOW)
    commit(house, change)
    for client in (ann, bob, eve):
        client.lines()
    commit(house, HostChanged(ann.user, "~ann", "example.org", ann.user.source, NOW))
    bob << ":ann!~ann@192.0.2.1 QUIT :Changing host"
    bob << ":ann!~ann@example.org JOIN #a"
    bob << ":irc.test MODE #a +ov ann ann"
    bob << ":ann!~ann@example.org JOIN #b"
    bob << ":irc.test MODE #b +o ann"
    bob.silent()
    eve.until(":ann!~ann@example.org JOIN #a * :Ann")
    ann << ":irc.test 396 ann example.org :is now your displayed host"
    ann.silent()


def test_who_comes_back_by_a_change_of_host_is_still_away(house: House) -> None:
    """ "clients will be sent an AWAY message … when a user joins and has an away message set"

    https://ircv3.net/specs/extensions/away-notify
    """
    ann, bob = house.client("ann"), house.client("bob", caps="away-notify extended-join")
    cyd, eve = house.client("cyd", caps="away-notify chghost"), house.client("eve")
    meet(house, "#a,#b", ann, bob, cyd, eve)
    ann >> "AWAY :tea"
    for client in (ann, bob, cyd, eve):
        client.lines()
    commit(house, HostChanged(ann.user, "~ann", "example.org", ann.user.source, NOW))
    bob << ":ann!~ann@192.0.2.1 QUIT :Changing host"
    for name in ("#a", "#b"):
        bob << f":ann!~ann@example.org JOIN {name} * :Ann"
        bob << f":irc.test MODE {name} +o ann"
        bob << ":ann!~ann@example.org AWAY :tea"
    cyd << ":ann!~ann@192.0.2.1 CHGHOST ~ann example.org"
    assert not any(" AWAY " in line for line in eve.lines())
    ann >> "AWAY"
    ann.lines(), bob.lines()
    commit(house, HostChanged(ann.user, "~ann", "example.net", ann.user.source, NOW))
    assert not any(" AWAY" in line for line in bob.lines())


def test_extended_join_and_those_who_come_in_away(house: House) -> None:
    ann, bob = house.client("ann", caps="extended-join away-notify"), house.client("bob")
    meet(house, "#c", ann)
    commit(house, AccountChanged(bob.user, AccountName("bobby"), NOW, None))
    commit(house, AwayChanged(bob.user, "tea", NOW))
    bob >> "CAP REQ away-notify" >> "JOIN #c"
    ann << ":bob!~bob@192.0.2.1 JOIN #c bobby :Bob"
    ann << ":bob!~bob@192.0.2.1 AWAY :tea"
    ann.silent()
    assert not any(" AWAY " in line for line in bob.lines())


def test_a_netjoin_tells_ranks(house: House) -> None:
    ann, bob, eve = house.client("ann"), house.client("bob"), house.client("eve")
    meet(house, "#c", ann)
    commit(house, Joined(channel(house, "#c"), ((bob.user, OP | VOICE), (eve.user, 0)), NOW))
    ann << ":bob!~bob@192.0.2.1 JOIN #c"
    ann << ":irc.test MODE #c +ov bob bob"
    ann << ":eve!~eve@192.0.2.1 JOIN #c"
    ann.silent()
    bob.until(":irc.test 366 bob #c :*")
    eve.until(":irc.test 366 eve #c :*")


def test_modes_are_told_in_lines_of_a_few(house: House) -> None:
    ann = house.client("ann")
    meet(house, "#c", ann)
    masks = [f"{letter * 30}!*@*" for letter in "abcdefghi"]
    changes = (ModeChange(True, "m"), *(ModeChange(True, "b", mask) for mask in masks))
    commit(house, ModesChanged(channel(house, "#c"), changes, ann.user, NOW))
    lines = ann.lines()
    assert [line.split(" ")[3] for line in lines] == ["+mbbbb", "+bbbb", "+b"]
    assert [word for line in lines for word in line.split(" ")[4:]] == masks


def test_an_invitation(house: House) -> None:
    caps = "invite-notify"
    ann, bob = house.client("ann", caps=caps), house.client("bob", caps=caps)
    carol, eve = house.client("carol"), house.client("eve")
    meet(house, "#c", ann, bob, carol)
    commit(house, Invited(eve.user, channel(house, "#c"), ann.user, NOW))
    eve << ":ann!~ann@192.0.2.1 INVITE eve #c"
    ann.silent()
    bob.silent()
    carol.silent()
    commit(house, Invited(eve.user, channel(house, "#c"), carol.user, NOW))
    ann << ":carol!~carol@192.0.2.1 INVITE eve #c"
    bob.silent()
    commit(house, ModesChanged(channel(house, "#c"), (ModeChange(True, "g"),), ann.user, NOW))
    bob.lines()
    commit(house, Invited(eve.user, channel(house, "#c"), carol.user, NOW))
    bob << ":carol!~carol@192.0.2.1 INVITE eve #c"


def test_two_sessions_of_one_user(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    meet(house, "#a,#b", ann, bob)
    second = second_session(ann)
    second >> "CAP REQ server-time"
    second.lines()
    bob >> "PRIVMSG #a :hi" >> "PRIVMSG ann :you" >> "NICK robert" >> "JOIN #x" >> "PART #b"
    for client, at in ((ann, ""), (second, "@time=2023-11-14T22:13:20.000Z ")):
        client << at + ":bob!~bob@192.0.2.1 PRIVMSG #a :hi"
        client << at + ":bob!~bob@192.0.2.1 PRIVMSG ann :you"
        client << at + ":bob!~bob@192.0.2.1 NICK robert"
        client << at + ":robert!~bob@192.0.2.1 PART #b"
        client.silent()
    bob.lines()
    second >> "PRIVMSG #a :from here"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #a :from here"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG #a :from here"
    second.silent()
    ann >> "JOIN #y"
    ann.until(":irc.test 366 ann #y *")
    second.until("*:irc.test 366 ann #y *")
    second >> "PART #y"
    ann << ":ann!~ann@192.0.2.1 PART #y"
    second << "*:ann!~ann@192.0.2.1 PART #y"
    ann >> "QUIT"
    bob.silent()
    assert house.node.network.user("ann") is second.user
    bob >> "PRIVMSG #a :still there?"
    second << "*:robert!~bob@192.0.2.1 PRIVMSG #a :still there?"
    second >> "QUIT"
    bob << ":ann!~ann@192.0.2.1 QUIT :Client Quit"
    assert house.node.network.user("ann") is None
    assert set(groups_of(house)) == {"#a", "#x"}


def test_a_user_without_a_session(house: House) -> None:
    ann = house.client("ann")
    meet(house, "#c", ann)
    network = house.node.network
    ghost = User(network.me, "192.0.2.7", "192.0.2.7")
    ghost.uid = house.node.uids.take()
    ghost.nick, ghost.folded, ghost.username = "ghost", network.fold("ghost"), "~g"
    ghost.renew_source()
    commit(house, UserIntroduced(ghost, NOW))
    commit(house, Joined(channel(house, "#c"), ((ghost, 0),), NOW))
    ann << ":ghost!~g@192.0.2.7 JOIN #c"
    ann >> "PRIVMSG ghost :boo"
    commit(house, MessageSent("PRIVMSG", ghost, channel(house, "#c"), "boo", NOW, "id"))
    ann << ":ghost!~g@192.0.2.7 PRIVMSG #c :boo"
    ann >> "PART #c"
    ann.lines()
    assert groups_of(house) == {}
    commit(house, UserModesChanged(ghost, "D", "", "", NOW))
    ann >> "JOIN #c"
    ann.lines()
    commit(house, UserQuit(ghost, "*.net *.split", NOW))
    ann << ":ghost!~g@192.0.2.7 QUIT :*.net *.split"


def test_wallops_and_server_notices(house: House) -> None:
    ann, bob, eve = house.client("ann"), house.client("bob"), house.client("eve")
    commit(house, UserModesChanged(bob.user, "w", "", "", NOW))
    bob.lines()
    commit(house, WallopsSent(ann.user, "tea time", NOW))
    bob << ":ann!~ann@192.0.2.1 WALLOPS :tea time"
    for client, letters in ((ann, "ck"), (bob, "c"), (eve, "c")):
        if client is not eve:
            opered(client)
        commit(house, UserModesChanged(client.user, "s", "", letters, NOW))
        client.lines()
    commit(house, ServerNotice("k", "somebody was killed", NOW))
    ann << ":irc.test NOTICE * :*** Notice -- somebody was killed"
    bob.silent()
    house.client("new")
    for client in (ann, bob):
        client << ":irc.test NOTICE * :*** Notice -- Client connecting: new (~new@192.0.2.1) [192.0.2.1] *"
    eve.silent()


def test_the_index_is_empty_when_all_have_gone(house: House) -> None:
    clients = [house.client(f"u{number}", caps="server-time" if number % 2 else "") for number in range(6)]
    for client in clients:
        client >> "JOIN #a,#b" >> "JOIN #c" >> "PART #b"
    house.node.commit(UserModesChanged(clients[0].user, "D", "", "", NOW))
    clients[3] >> "JOIN 0"
    for client in clients:
        client >> "QUIT"
    delivery = house.parts.delivery
    assert not delivery.channels and not delivery.users
    assert not house.node.network.channels and not house.parts.sessions.all
    assert house.parts.sessions.registered == 0


def test_what_is_told_twice_during_a_flush_is_not_forgotten(house: House) -> None:
    """Two that are cut off in one flush: their neighbours, flushed between the two QUITs, hear of both."""
    slow, bob, slower = house.client("slow"), house.client("bob"), house.client("slower")
    meet(house, "#c", slow, bob, slower)

    def cut_off(client: Client) -> None:
        client.outlet.out.clear()
        client.session.sendq_exceeded()

    slow.outlet.flush = lambda: cut_off(slow)  # type: ignore[method-assign]  # as a blocked socket does
    slower.outlet.flush = lambda: cut_off(slower)  # type: ignore[method-assign]
    for client in (slow, bob, slower):
        client.outlet.send(b":irc.test PING\r\n")
    house.turn.flush()
    assert bob.lines() == [
        ":irc.test PING",
        ":slow!~slow@192.0.2.1 QUIT :SendQ exceeded",
        ":slower!~slower@192.0.2.1 QUIT :SendQ exceeded",
    ]
    bob >> "PING still"
    bob << ":irc.test PONG irc.test :still"
