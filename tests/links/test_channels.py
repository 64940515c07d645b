"""Channels over links: every verb in both directions, and bursts.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conversation import START, Client
from mesh import SOLANUM, Mesh, block, read_away, stranger
from states import opered
from street import NOW, PEOPLE, Street, all_agree, host, make_owner, ranks, the

from chatnet.model.entities import Channel, mode_text
from chatnet.model.facts import Kicked, Killed, ModeChange, ModesChanged
from chatnet.model.modes import ADMIN, OP, OWNER


@pytest.fixture
def street() -> Street:
    return Street()


@pytest.fixture
def town(street: Street) -> Street:
    """The street, with everybody in #c; ann is its operator."""
    street.gather()
    return street


# each verb in both directions


def test_a_channel_is_made_and_joined(street: Street) -> None:
    street.say(street.bob, "JOIN #c")
    read_away(street.clients)
    assert [channel.ts for channel in street.channels()] == [NOW] * 3
    street.say(street.ann, "JOIN #c")
    street.bob << f":{host(street.ann)} JOIN #c"
    street.say(street.cid, "JOIN #c")
    street.ann.until(f":{host(street.cid)} JOIN #c")
    street.cid << f":{host(street.cid)} JOIN #c"
    street.cid << ":c.test 353 cid = #c :*"
    for channel in street.channels():
        ranks = {user.nick: ranks for user, ranks in channel.members.items()}
        assert ranks == {"bob": OP, "ann": 0, "cid": 0}
        assert channel.flags == {"n", "t"}
    street.agree()


def test_what_is_said_on_the_link(street: Street) -> None:
    """The creator comes as ``SJOIN <ts> #c +nt :@<uid>``, others with JOIN."""
    street.mesh.said("a", "b")
    street.say(street.ann, "JOIN #c", "PART #c :bye", "JOIN #d")
    assert street.mesh.said("a", "b") == [
        f":0AA SJOIN {NOW} #c +nt :@0AAAAAAAA",
        "@time=2023-11-14T22:13:20.000Z :0AAAAAAAA PART #c :bye",
        f":0AA SJOIN {NOW} #d +nt :@0AAAAAAAA",
    ]
    street.mesh.said("b", "c")
    street.say(street.bob, "JOIN #d")
    assert street.mesh.said("b", "c") == [f":0BAAAAAAA JOIN {NOW} #d +"]


@pytest.mark.parametrize("speaker", PEOPLE)
def test_part(town: Street, speaker: str) -> None:
    who = getattr(town, speaker)
    town.say(who, "PART #c :off I go")
    for client in town.clients:
        client << f":{host(who)} PART #c :off I go"
        client.silent()
    town.agree()
    assert all(len(channel.members) == 2 for channel in town.channels())


def test_part_without_a_reason_and_all_at_once(town: Street) -> None:
    town.say(town.cid, "PART #c")
    town.ann << f":{host(town.cid)} PART #c"
    town.say(town.bob, "JOIN #d", "JOIN 0")
    town.ann << f":{host(town.bob)} PART #c"
    town.agree()
    assert town.channels("#d") == []


@pytest.mark.parametrize("victim", ["bob", "cid"])
def test_kick(town: Street, victim: str) -> None:
    town.say(town.ann, f"KICK #c {victim} :out with you")
    for client in town.clients:
        client << f":{host(town.ann)} KICK #c {victim} :out with you"
        client.silent()
    town.agree()


def test_modes_lists_and_ranks(town: Street) -> None:
    town.say(town.ann, "MODE #c +mk-t sesame", "MODE #c +bb *!*@bad $q:worse!*@*", "MODE #c +oh bob cid")
    for client in town.clients:
        client << f":{host(town.ann)} MODE #c +mk-t sesame"
        client << f":{host(town.ann)} MODE #c +bb *!*@bad $q:worse!*@*"
        client << f":{host(town.ann)} MODE #c +oh bob cid"
    town.say(town.cid, "MODE #c -k+l * 9")
    town.ann << f":{host(town.cid)} MODE #c -k+l * 9"
    town.agree()
    assert [mode_text(channel, show_key=True) for channel in town.channels()] == ["+mnl 9"] * 3
    town.say(town.bob, "MODE #c -b *!*@bad")
    town.agree()
    assert [len(channel.lists["b"]) for channel in town.channels()] == [1] * 3


def test_owners_and_admins_cross_between_chatnet_servers(town: Street) -> None:
    make_owner(town.mesh["a"], town.ann)
    town.settle()
    town.say(town.ann, "MODE #c +qa bob cid")
    town.agree()
    ranks = {user.nick: ranks for user, ranks in town.channels()[2].members.items()}
    assert ranks == {"ann": OWNER | OP, "bob": OWNER, "cid": ADMIN}


def test_a_tmode_has_at_most_four_parameters_for_another_make() -> None:
    """Among chatnet servers it is one line, as it is one event."""
    mesh = Mesh("a", "b", limits={"modes": 9}, sections_of={"a": {"link": [block("so1")]}})
    mesh.link("a", "b")
    ann = mesh["a"].client("ann")
    mesh.settle()
    ann >> "JOIN #c"
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    mesh.settle()
    mesh.said("a", "b")
    so1.lines()
    ann >> "MODE #c +bbbbbim a!*@* b!*@* c!*@* d!*@* e!*@*"
    mesh.settle()
    head = f"@time=2023-11-14T22:13:20.000Z :0AAAAAAAA TMODE {NOW} #c "
    assert mesh.said("a", "b") == [head + "+bbbbbim a!*@* b!*@* c!*@* d!*@* e!*@*"]
    assert so1.lines() == [head + "+bbbb a!*@* b!*@* c!*@* d!*@*", head + "+bim e!*@*"]
    all_agree(mesh)


@pytest.mark.parametrize("speaker", PEOPLE)
def test_topic(town: Street, speaker: str) -> None:
    who = getattr(town, speaker)
    town.say(town.ann, "MODE #c -t")
    read_away(town.clients)
    town.mesh.clock.advance(10)
    who >> "TOPIC #c :tea and cake"
    town.mesh.clock.advance(20)
    town.settle()
    for client in town.clients:
        client << f":{host(who)} TOPIC #c :tea and cake"
    # When it was set comes with it, however long it was on its way.
    assert [c.topic and (c.topic.by, c.topic.at) for c in town.channels()] == [(host(who), NOW + 10)] * 3
    town.say(who, "TOPIC #c :")
    town.agree()
    assert town.channels()[0].topic is None


def test_invite_and_those_who_may_know(town: Street) -> None:
    """Only the server of the invited one needs to know, and members with invite-notify want to."""
    eve = town.mesh["c"].client("eve")
    dan = town.mesh["a"].client("dan", caps="invite-notify")
    town.settle()
    town.say(town.ann, "MODE #c +i", "INVITE dan #c")
    town.say(dan, "JOIN #c")
    town.say(town.ann, "MODE #c +o dan", "MODE #c +o bob")
    read_away([*town.clients, eve, dan])
    town.say(town.bob, "INVITE eve #c")
    town.bob << ":b.test 341 bob eve #c"
    eve << f":{host(town.bob)} INVITE eve #c"
    dan << f":{host(town.bob)} INVITE eve #c"
    dan.silent()
    town.cid.silent()
    town.say(eve, "JOIN #c")
    eve << f":{host(eve)} JOIN #c"
    town.agree()


def test_who_saw_the_invite_pass_hears_of_it_once(town: Street) -> None:
    eve = town.mesh["c"].client("eve")
    fay = town.mesh["b"].client("fay", caps="invite-notify")
    town.say(fay, "JOIN #c")
    town.say(town.ann, "MODE #c +o fay")
    read_away([*town.clients, eve, fay])
    town.say(town.ann, "INVITE eve #c")
    fay << f":{host(town.ann)} INVITE eve #c"
    fay.silent()
    eve << f":{host(town.ann)} INVITE eve #c"
    eve.silent()


@pytest.mark.parametrize(("mode", "numeric"), [("g", 716), ("G", 716), ("R", 486)])
def test_who_takes_nothing_from_somebody_is_not_invited_by_them(
    town: Street, mode: str, numeric: int
) -> None:
    """As on one server; whom somebody accepts only their own server knows."""
    eve = town.mesh["c"].client("eve")
    town.say(eve, f"MODE eve +{mode}")
    read_away([*town.clients, eve])
    town.say(town.ann, "INVITE eve #c")
    town.ann << ":a.test 341 ann eve #c" << f":c.test {numeric} ann eve :*"
    eve.silent()
    assert not eve.user.invites
    town.say(eve, "ACCEPT ann")
    town.say(town.ann, "INVITE eve #c")
    town.ann << ":a.test 341 ann eve #c"
    town.ann.silent()
    eve << f":{host(town.ann)} INVITE eve #c"


def test_an_invitation_within_a_server_is_known_elsewhere(town: Street) -> None:
    dan = town.mesh["c"].client("dan", caps="invite-notify")
    town.mesh["a"].client("eve")
    town.settle()
    town.say(dan, "JOIN #c")
    town.say(town.ann, "MODE #c +o dan")
    read_away([*town.clients, dan])
    town.say(town.ann, "INVITE eve #c")
    dan << f":{host(town.ann)} INVITE eve #c"
    dan.silent()


def test_knock(town: Street) -> None:
    eve = town.mesh["c"].client("eve")
    town.settle()
    town.say(town.ann, "MODE #c +i")
    read_away(town.clients)
    town.say(eve, "KNOCK #c")
    eve << ":c.test 711 eve #c :*"
    town.ann << f":a.test 710 ann #c {host(eve)} :*"
    town.cid.silent()


def test_rename(town: Street) -> None:
    town.say(town.ann, "TOPIC #c :tea", "MODE #c +b *!*@bad")
    read_away(town.clients)
    town.say(town.ann, "RENAME #c #d :a better name")
    assert town.channels("#c") == []
    assert len(town.channels("#d")) == 3
    town.cid.until(f":{host(town.cid)} JOIN #d")
    town.agree()


def test_members_are_counted_by_link(town: Street) -> None:
    """A channel's lines go where it has members, and nowhere else."""
    b = town.mesh["b"]
    links = b.parts.links

    def behind() -> set[str]:
        channels = b.node.network.channels.values()
        return {link.name for channel in channels for link in links.routes.behind(channel)}

    assert behind() == {"a.test", "c.test"}
    town.say(town.cid, "PART #c")
    assert behind() == {"a.test"}
    town.say(town.cid, "JOIN #c")
    assert behind() == {"a.test", "c.test"}
    town.say(town.cid, "QUIT")
    assert behind() == {"a.test"}
    town.say(town.ann, "KICK #c ann")
    assert behind() == set()


def test_nothing_is_asked_of_what_a_server_says(town: Street) -> None:
    """cid is nobody in #c; but their server is trusted to have judged that."""
    house = town.mesh["c"]
    network = house.node.network
    channel = network.channel("#c")
    assert channel is not None
    house.node.commit(ModesChanged(channel, (ModeChange(True, "m"),), town.cid.user, START))
    ann = network.users[town.ann.user.uid]
    house.node.commit(Kicked(channel, ann, town.cid.user, "because", START))
    town.settle()
    town.ann << f":{host(town.cid)} MODE #c +m"
    town.ann << f":{host(town.cid)} KICK #c ann :because"
    town.agree()


# bursts


def populate(mesh: Mesh, name: str, number: int) -> list[Client]:
    """Some people of a house in #own<name> and in #c."""
    clients = [mesh[name].client(f"{name}{i}") for i in range(number)]
    for client in clients:
        client >> f"JOIN #own{name}" >> "JOIN #c"
    clients[0] >> f"MODE #own{name} +ikl-n key{name} {number + 3}" >> f"TOPIC #own{name} :of {name}"
    clients[0] >> f"MODE #own{name} +beI *!*@b{name} *!*@e{name} *!*@i{name}"
    clients[0] >> f"MODE #own{name} +vo {clients[1].user.nick} {clients[2].user.nick}"
    return clients


def test_two_populated_nodes_meet() -> None:
    mesh = Mesh("a", "b", "c")
    mesh.link("a", "b")
    mesh.settle()
    populate(mesh, "a", 3)
    mesh.settle()
    mesh.clock.advance(30)
    newcomers = populate(mesh, "c", 60)
    newcomers[0] >> "MODE #c +mb *!*@lost" >> "TOPIC #c :younger"
    mesh["c"].node.network.check()
    mesh.link("c", "b")
    mesh.settle()
    all_agree(mesh)
    channel = mesh["c"].node.network.channel("#c")
    assert channel is not None and channel.ts == NOW
    assert {user.nick for user, ranks in channel.members.items() if ranks} == {"a0"}
    assert len(channel.members) == 63
    assert channel.flags == {"n", "t"} and not channel.lists["b"]
    own = mesh["a"].node.network.channel("#ownc")
    assert own is not None and own.topic is not None and own.topic.text == "of c"
    assert mode_text(own, show_key=True) == "+itkl keyc 63"


def test_a_link_is_cut_and_made_again() -> None:
    mesh = Mesh("a", "b", "c")
    mesh.link("a", "b")
    mesh.link("b", "c")
    people = {name: populate(mesh, name, 3) for name in "abc"}
    mesh.settle()
    all_agree(mesh)
    mesh.cut("b", "c")
    mesh.settle()
    mesh.advance(60)
    people["c"][0] >> "MODE #c +m" >> "PART #ownc" >> "JOIN #owna"
    people["c"][1] >> "PART #c" >> "JOIN #c"
    people["a"][0] >> "MODE #c +s" >> "MODE #owna +h a1" >> "MODE #c +b x!*@*"
    mesh.settle()
    mesh.link("c", "b")
    mesh.settle()
    all_agree(mesh)


def test_who_told_of_an_older_channel_and_lost_it_meanwhile_learns_its_ts_again() -> None:
    """Else one would know it as old, by bob who came for a moment, and the other as new."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    ann >> "JOIN #c"
    mesh.settle()
    mesh.clock.advance(9)
    ann >> "PART #c" >> "JOIN #c"
    bob >> "JOIN #c"
    mesh.deliver("a", "b")  # the PART
    bob >> "PART #c"
    mesh.settle()
    all_agree(mesh)
    assert the(mesh["b"]).ts == NOW


def test_who_learns_the_ts_again_asks_for_the_modes() -> None:
    """It comes without them, and takes those away that the younger channel had."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.settle()
    bob >> "JOIN #c"
    mesh.clock.advance(1)
    ann >> "JOIN #c"
    bob >> "PART #c"
    mesh.settle()
    all_agree(mesh)
    assert (the(mesh["b"]).ts, the(mesh["b"]).flags) == (NOW, {"n", "t"})


@pytest.fixture(params=[True, False], ids=["stamped", "plain"])
def pair(request: pytest.FixtureRequest) -> tuple[Mesh, Client, Client]:
    """ann and bob on two servers; ann is the operator of #c."""
    mesh = Mesh("a", "b", limits={"former_name_time": 0}, links={"converge": request.param})
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    ann >> "JOIN #c" >> "MODE #c +kb key *!*@bad"
    mesh.settle()
    mesh.clock.advance(9)
    return mesh, ann, bob


def test_who_joins_by_the_name_that_a_channel_had_until_now(pair: tuple[Mesh, Client, Client]) -> None:
    mesh, ann, bob = pair
    ann >> "RENAME #c #d"
    bob >> "JOIN #c key" >> "PRIVMSG #c :hello?"
    mesh.settle()
    all_agree(mesh)
    assert ranks(mesh["a"], "#d") == {"ann": OP, "bob": 0}
    ann.until(f":{host(bob)} PRIVMSG #d :hello?")


def test_who_parts_by_the_name_that_a_channel_had_until_now(pair: tuple[Mesh, Client, Client]) -> None:
    mesh, ann, bob = pair
    bob >> "JOIN #c key"
    mesh.settle()
    ann >> "RENAME #c #d"
    bob >> "PART #c"
    mesh.settle()
    all_agree(mesh)
    assert ranks(mesh["b"], "#d") == {"ann": OP}


@pytest.mark.parametrize("stays", ["", "P"])
def test_a_channel_is_renamed_while_another_of_that_name_is_made(
    pair: tuple[Mesh, Client, Client], stays: str
) -> None:
    mesh, ann, bob = pair
    eve = mesh["b"].client("eve")
    if stays:
        house = mesh["a"]
        house.node.commit(ModesChanged(the(house), (ModeChange(True, "P"),), house.node.network.me, START))
    eve >> "JOIN #c key"
    mesh.settle()
    ann >> "RENAME #c #d"
    bob >> "JOIN #d" >> "MODE #d +mb *!*@lost"
    mesh.settle()
    all_agree(mesh)
    assert list(mesh["b"].node.network.channels) == ["#d"]
    assert ranks(mesh["b"], "#d") == {"ann": OP, "bob": 0, "eve": 0}
    assert mode_text(the(mesh["b"], "#d"), show_key=True) == f"+{stays}ntk key"
    assert list(the(mesh["b"], "#d").lists["b"]) == ["*!*@bad"]


def test_who_is_led_into_a_channel_of_that_name_reads_their_own_join_first(
    pair: tuple[Mesh, Client, Client],
) -> None:
    mesh, ann, bob = pair
    eve, fay = mesh["b"].client("eve"), mesh["b"].client("fay")
    eve >> "JOIN #c key"
    fay >> "JOIN #c key"
    mesh.settle()
    ann >> "RENAME #c #d"
    bob >> "JOIN #d"
    read_away([bob, eve, fay])
    mesh.settle()
    eve.until(f":{host(eve)} PART #c :")
    eve << f":{host(eve)} JOIN #d" << ":b.test 353 eve = #d :*" << ":b.test 366 eve #d :*"
    eve << f":{host(fay)} JOIN #d" << f":{host(ann)} JOIN #d" << ":b.test MODE #d +o ann"
    all_agree(mesh)


@pytest.mark.parametrize("maker", ["a", "b"])
def test_members_on_all_servers_follow_into_a_channel_that_was_made_meanwhile(maker: str) -> None:
    """Nobody is moved by a server that they are not behind: one such line would end a link here."""
    mesh = Mesh("a", "b", "c", links={"strikes": 1})
    mesh.link("a", "b")
    mesh.link("b", "c")
    cat, ann, bob = (mesh[name].client(nick) for name, nick in (("c", "cat"), ("a", "ann"), ("b", "bob")))
    eve = mesh[maker].client("eve")
    mesh.settle()
    for client in (cat, ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    cat >> "MODE #c +m"
    mesh.advance(9)
    read_away([ann])
    cat >> "RENAME #c #d :better"
    eve >> "JOIN #d"
    mesh.settle()
    all_agree(mesh)
    assert list(mesh["a"].node.network.channels) == ["#d"]
    assert ranks(mesh["a"], "#d") == {"ann": 0, "bob": 0, "cat": OP, "eve": 0}
    ann.until(f":{host(ann)} PART #c :better")
    ann.until(f":{host(ann)} JOIN #d")


def test_a_channel_that_stays_and_becomes_another_is_gone_everywhere() -> None:
    mesh = Mesh("a", "b", link=[block("so1")])
    mesh.link("a", "b")
    so1 = stranger(mesh["a"], "so1.test", "1SO", SOLANUM + " CN1")
    so1 >> f":1SO SJOIN {NOW} #old +P :" >> f":1SO SJOIN {NOW} #new +P :"
    mesh.settle()
    so1 >> f":1SO RENAME {NOW} #old #new :one is enough"
    mesh.settle()
    all_agree(mesh)
    assert [list(house.node.network.channels) for house in mesh] == [["#new"], ["#new"]]


def test_a_channel_taken_for_gone_is_asked_for(pair: tuple[Mesh, Client, Client]) -> None:
    """JOIN tells nothing of modes, lists and topic, which are forgotten where the last member left.

    Who stamps changes remembers them for a while.
    """
    mesh, ann, bob = pair
    ann >> "TOPIC #c :tea"
    mesh.settle()
    bob >> "JOIN #c key"
    ann >> "PART #c"
    mesh.said("a", "b")
    mesh.settle()
    all_agree(mesh)
    asked = ":0AA RESYNC #c" in mesh.said("a", "b")
    assert asked is not mesh["a"].settings.links.converge
    channel = the(mesh["a"])
    assert mode_text(channel, show_key=True) == "+ntk key" and channel.lists["b"]
    assert channel.topic is not None and channel.topic.text == "tea"


def test_a_channel_made_anew_while_it_was_not_gone(pair: tuple[Mesh, Client, Client]) -> None:
    mesh, ann, bob = pair
    bob >> "JOIN #c key"
    ann >> "PART #c" >> "JOIN #c" >> "MODE #c +mb *!*@new"
    mesh.settle()
    all_agree(mesh)
    channel = the(mesh["a"])
    assert mode_text(channel, show_key=True) == "+ntk key" and list(channel.lists["b"]) == ["*!*@bad"]
    assert ranks(mesh["a"]) == {"ann": 0, "bob": 0}


def test_who_parts_while_a_burst_is_handed_out_is_not_left_behind() -> None:
    mesh = Mesh("a", "b", links={"burst_slice": 1})
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    eve = mesh["a"].client("eve")
    for client in (ann, eve):
        client >> "JOIN #c"
    ann >> "JOIN #d" >> "TOPIC #d :here"
    mesh.link("a", "b")
    for step in range(400):
        if step == 12:
            eve >> "PART #c" >> "JOIN #e"
        if step == 16:
            ann >> "MODE #c +m" >> "PART #d"
            bob >> "JOIN #c"
        if not mesh.deliver_one(step):
            break
    mesh.settle()
    all_agree(mesh)


@pytest.mark.parametrize("line", ["KICK #c cid :out", "KILL cid :out"])
def test_a_channel_that_stays_is_asked_for_where_its_last_member_was_put_out_meanwhile(line: str) -> None:
    street = Street()
    street.say(street.cid, "JOIN #c")
    opered(street.cid, "channels")
    opered(street.ann, "channels", "kill")
    street.settle()
    if line.startswith("KICK"):
        street.say(street.ann, "JOIN #c", "MODE #c +o ann")
        street.ann >> line >> "PART #c"
    else:
        street.ann >> line
    street.cid >> "MODE #c +mP"
    street.settle()
    street.agree()
    assert [(channel.flags, channel.members) for channel in street.channels()] == [(set("mntP"), {})] * 3


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("KICK #c bob :out", lambda channel: len(channel.members) == 1),
        ("MODE #c +k key", lambda channel: channel.key == "key"),
        ("TOPIC #c :tea", lambda channel: channel.topic is not None),
        ("RENAME #c #d", lambda channel: channel.name == "#d"),
    ],
)
def test_what_somebody_did_holds_where_they_were_killed_before_it_was_heard(
    town: Street, line: str, holds: Callable[[Channel], bool]
) -> None:
    """Their own server did it, and heard of the kill later."""
    node = town.mesh["c"].node
    node.commit(Killed(node.network.users[town.ann.user.uid], town.cid.user, "no", START), town.cid.session)
    town.ann >> line
    town.settle()
    town.agree("topic")  # there the server said it
    assert all(holds(channel) for house in town.mesh for channel in house.node.network.channels.values())


def test_the_topic_of_a_channel_that_ended_is_not_that_of_one_that_had_its_name() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "MODE #c +o bob"
    mesh.settle()
    mesh.cut("a", "b")
    ann >> "RENAME #c #d"
    bob >> "TOPIC #c :tea" >> "PART #c"
    mesh.link("a", "b")
    mesh.settle()
    all_agree(mesh)
    assert the(mesh["a"], "#d").topic is None
