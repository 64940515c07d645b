"""MODE on channels, as conversations, and random mode strings against a mirror."""

from __future__ import annotations

import pytest
from conversation import Client, House
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import runs
from states import channel, opered, set_modes

from chatnet.model.entities import Channel, mode_text
from chatnet.model.modes import CHANNEL_MODES, RANKS, kind_of
from chatnet.rules import modes
from chatnet.wire.modestring import parse_changes


def in_channel(house: House, *nicks: str, name: str = "#c") -> list[Client]:
    """Clients in a channel that the first of them made; all has been read."""
    clients = [house.client(nick) for nick in nicks]
    for client in clients:
        client >> f"JOIN {name}"
    for client in clients:
        client.lines()
    return clients


def test_the_modes_that_hold(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    cyd = house.client("cyd")
    ann >> "MODE #C"
    ann << ":irc.test 324 ann #c +nt"
    ann << ":irc.test 329 ann #c 1700000000"
    ann >> "MODE #c +klfj key 5 #c 2:10"
    ann << ":irc.test 696 ann #c f #c :A channel cannot forward to itself"
    ann << ":ann!~ann@192.0.2.1 MODE #c +klj key 5 2:10"
    bob << ":ann!~ann@192.0.2.1 MODE #c +klj key 5 2:10"
    for client, key in ((ann, "key"), (bob, "key"), (cyd, "*")):
        client >> "MODE #c"
        client << f":irc.test 324 * #c +ntklj {key} 5 2:10"
        client << ":irc.test 329 * #c 1700000000"
    opered(cyd, "channels")
    cyd >> "MODE #c"
    cyd << ":irc.test 324 cyd #c +ntklj key 5 2:10"


def test_no_such_channel(house: House) -> None:
    ann = house.client("ann")
    ann >> "MODE #nowhere" << ":irc.test 403 ann #nowhere :No such channel"
    ann >> "MODE #nowhere +i" << ":irc.test 403 ann #nowhere :No such channel"
    ann >> "MODE" << ":irc.test 461 ann MODE :Not enough parameters"
    ann >> "MODE :" << ":irc.test 401 ann * :No such nick/channel"


def test_only_what_differs_is_told(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    ann >> "MODE #c +nt-i+o-v ann bob"
    ann >> "MODE #c +i-i+v-v bob bob"
    ann >> "MODE #c -klj key"
    ann >> "MODE #c -b nobody!*@*"
    ann >> "MODE #c +"
    ann.silent()
    ann >> "MODE #c -n+i-i+m-t+n-n"
    bob << ":ann!~ann@192.0.2.1 MODE #c +m-tn"
    ann >> "MODE #c +k one" >> "MODE #c +k one" >> "MODE #c -k+k * two"
    bob << ":ann!~ann@192.0.2.1 MODE #c +k one"
    bob << ":ann!~ann@192.0.2.1 MODE #c +k two"
    bob.silent()


def test_ranks(house: House) -> None:
    ann, _, cyd = in_channel(house, "ann", "bob", "cyd")
    ann >> "MODE #c +vh BOB bob"
    cyd << ":ann!~ann@192.0.2.1 MODE #c +vh bob bob"
    ann.lines()
    ann >> "MODE #c +ovvv nobody irc.test ann cyd"
    ann << ":irc.test 401 ann nobody :No such nick/channel"
    ann << ":irc.test 401 ann irc.test :No such nick/channel"
    ann << ":ann!~ann@192.0.2.1 MODE #c +vv ann cyd"
    house.client("dan")
    ann >> "MODE #c +v dan" << ":irc.test 441 ann dan #c :They aren't on that channel"
    ann >> "MODE #c +o" << ":irc.test 696 ann #c o * :Name a member of the channel"
    ann >> "MODE #c -o+v ann ann"  # the rank of the beginning counts for the whole command
    ann << ":ann!~ann@192.0.2.1 MODE #c -o ann"
    ann >> "MODE #c +o ann" << ":irc.test 482 ann #c :You're not channel operator"


def test_who_may_give_and_take_ranks(house: House) -> None:
    clients = in_channel(house, "ann", "own", "adm", "opr", "hop", "voi")
    _, own, adm, opr, hop, voi = clients
    set_modes(house, "#c", "+qaohv-o", "own", "adm", "opr", "hop", "voi", "ann")
    refused = ":irc.test 482 * #c :You're not channel operator"

    def tries(client: Client, change: str, *, may: bool) -> None:
        for other in clients:
            other.lines()
        client >> f"MODE #c {change}"
        client << (f":{client.user.nick}!* MODE #c {change}" if may else refused)
        client.silent()

    tries(voi, "+v ann", may=False)
    tries(hop, "+v ann", may=True)
    tries(hop, "+h ann", may=False)
    tries(hop, "+l 5", may=True)
    tries(hop, "+b x!*@*", may=True)
    tries(hop, "+F", may=False)
    tries(opr, "+F", may=True)
    tries(opr, "+h ann", may=True)
    tries(opr, "+o ann", may=True)
    tries(opr, "-o ann", may=True)
    tries(opr, "+a ann", may=False)
    tries(adm, "+q adm", may=False)
    tries(adm, "+a ann", may=False)
    tries(own, "+a ann", may=True)
    tries(own, "-a adm", may=True)
    tries(own, "+o own", may=True)
    tries(opr, "-o own", may=False)
    tries(own, "-q own", may=True)
    tries(opr, "-o own", may=True)
    tries(hop, "-h hop", may=True)
    tries(voi, "-v voi", may=True)
    tries(voi, "-i", may=False)
    assert channel(house, "#c").members[voi.user] == 0


def test_every_mode_says_who_may_change_it() -> None:
    assert set(modes.RANK_FOR) | set(modes.PRIVILEGE_FOR) == set(CHANNEL_MODES)
    assert not set(modes.RANK_FOR) & set(modes.PRIVILEGE_FOR)


def test_refusals_are_told_once_and_the_rest_is_done(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    bob >> "MODE #c +imb-o x ann"
    bob << ":irc.test 482 bob #c :You're not channel operator"
    bob.silent()
    ann >> "MODE #c +XiU+XvLm bob"
    ann << ":irc.test 472 ann X :is unknown mode char to me"
    ann << ":irc.test 472 ann U :is unknown mode char to me"
    ann << ":irc.test 481 ann :Permission Denied- You're not an IRC operator"
    ann << ":ann!* MODE #c +ivm bob"
    ann.silent()
    ann >> "MODE #c " + ":+: " + "".join(map(chr, range(0x100, 0x140)))
    assert ann.numerics() == ["472"] * 10


def test_outsiders(house: House) -> None:
    ann, _ = in_channel(house, "ann", "bob")
    cyd = house.client("cyd")
    ann >> "MODE #c +beI x y z"
    ann.lines()
    cyd >> "MODE #c +im" << ":irc.test 442 cyd #c :You're not on that channel"
    cyd.silent()
    cyd >> "MODE #c b"
    cyd << ":irc.test 367 cyd #c x!*@* ann!~ann@192.0.2.1 1700000000"
    cyd << ":irc.test 368 cyd #c :End of channel ban list"
    cyd >> "MODE #c +eI" << ":irc.test 482 cyd #c :You're not channel operator"
    cyd.silent()


def test_lists(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    ann >> "MODE #c +bbeI one two!~u@h e I" << ":ann!* MODE #c +bbeI one!*@* two!~u@h e!*@* I!*@*"
    house.clock.advance(5)
    ann >> "MODE #c +b Three" >> "MODE #c bb-b+b"
    ann << ":ann!* MODE #c +b Three!*@*"
    ann << ":irc.test 367 ann #c one!*@* ann!~ann@192.0.2.1 1700000000"
    ann << ":irc.test 367 ann #c two!~u@h ann!~ann@192.0.2.1 1700000000"
    ann << ":irc.test 367 ann #c Three!*@* ann!~ann@192.0.2.1 1700000005"
    ann << ":irc.test 368 ann #c :End of channel ban list"
    ann.silent()
    ann >> "MODE #c +eI"
    ann << ":irc.test 348 ann #c e!*@* ann!~ann@192.0.2.1 1700000000"
    ann << ":irc.test 349 ann #c :End of channel exception list"
    ann << ":irc.test 346 ann #c I!*@* ann!~ann@192.0.2.1 1700000000"
    ann << ":irc.test 347 ann #c :End of channel invite exception list"
    ann >> "MODE #c +b ONE" >> "MODE #c +b :"
    ann << ":irc.test 367 *"
    ann.lines()
    bob.lines()
    bob >> "MODE #c e" << ":irc.test 482 bob #c :You're not channel operator"
    ann >> "MODE #c -bb+b one THREE!*@* one"  # the last word on one!*@* is that it stays
    ann << ":ann!* MODE #c -b Three!*@*"
    assert [entry.mask for entry in channel(house, "#c").lists["b"].values()] == ["one!*@*", "two!~u@h"]


def test_lists_have_an_end() -> None:
    house = House(limits={"mask_list": 3, "large_mask_list": 4})
    (ann,) = in_channel(house, "ann")
    ann >> "MODE #c +bbee a b a c"
    ann << ":irc.test 478 ann #c c!*@* :Channel list is full"
    ann << ":ann!* MODE #c +bbe a!*@* b!*@* a!*@*"
    ann >> "MODE #c +I-b+I c a c"
    ann << ":irc.test 478 ann #c c!*@* :Channel list is full"
    ann << ":ann!* MODE #c -b+I a!*@* c!*@*"
    ann >> "MODE #c +b b"
    ann.silent()
    set_modes(house, "#c", "+L")
    ann.lines()
    ann >> "MODE #c +bb x y"
    ann << ":irc.test 478 ann #c y!*@* :Channel list is full"
    ann << ":ann!* MODE #c +b x!*@*"
    house.check()


def test_lists_are_full_by_their_bytes_too() -> None:
    house = House(limits={"mask_bytes": 160, "large_mask_bytes": 320})
    (ann,) = in_channel(house, "ann")
    long, other = f"*!*@{'x' * 60}", f"*!*@é{'y' * 58}"
    ann >> f"MODE #c +bI {long} {other}" >> f"MODE #c +e {'z' * 29}!*@*"
    ann << f":ann!* MODE #c +bI {long} {other}"
    ann << f":irc.test 478 ann #c {'z' * 29}!*@* :Channel list is full"
    ann >> f"MODE #c -b+e {long} {'z' * 29}!*@*"
    ann << f":ann!* MODE #c -b+e {long} {'z' * 29}!*@*"
    set_modes(house, "#c", "+L")
    ann.lines()
    ann >> f"MODE #c +b {long}"
    ann << f":ann!* MODE #c +b {long}"
    house.check()


def test_all_the_lists_of_one_user_together_are_full() -> None:
    house = House(limits={"user_mask_bytes": 160})
    ann, bob = in_channel(house, "ann", "bob")
    mask = f"*!*@{'x' * 60}"
    ann >> "JOIN #d,#e" >> f"MODE #d +b {mask}"
    bob >> "JOIN #e"
    ann.lines()
    ann >> f"MODE #c +bb {mask} y"
    ann << f":ann!* MODE #c +bb {mask} y!*@*"
    ann >> f"MODE #e +b {mask}"
    ann << f":irc.test 478 ann #e {mask} :Channel list is full"
    set_modes(house, "#e", "+o", "bob")
    bob.lines()
    bob >> f"MODE #e +b {mask}"  # who may set none in the other channels is not answerable for them
    bob << f":ann!* MODE #e +b {mask}".replace(":ann", ":bob")
    ann.lines()
    ann >> f"MODE #d -b {mask}" >> "MODE #c +e z"
    ann << f":ann!* MODE #d -b {mask}"
    ann << ":ann!* MODE #c +e z!*@*"
    opered(ann, "channels")
    ann >> f"MODE #c +b {mask}1"
    ann << f":ann!* MODE #c +b {mask}1"
    house.check()


def test_only_so_many_parameters() -> None:
    house = House(limits={"modes": 2})
    ann, bob = in_channel(house, "ann", "bob")
    ann >> "MODE #c +vhoim bob bob bob"
    bob << ":ann!* MODE #c +vhim bob bob"
    ann >> "MODE #c +bbb x y z"
    bob << ":ann!* MODE #c +bb x!*@* y!*@*"


@pytest.mark.parametrize("mask", ["$y:x", "$", "$c:other", "$~q:x", "a$#b$#c", "$r:" + "x" * 160])
def test_masks_that_mean_nobody(house: House, mask: str) -> None:
    (ann,) = in_channel(house, "ann")
    ann >> f"MODE #c +b {mask}"
    ann << f":irc.test 743 ann #c b {mask} :Invalid ban mask"
    ann.silent()


def test_masks_are_completed_and_found_again(house: House) -> None:
    (ann,) = in_channel(house, "ann")
    long = "n" * 40 + "!" + "u" * 20 + "@" + "h" * 80
    for given_mask, shown in [
        ("Bob", "Bob!*@*"),
        ("x@y", "*!x@y"),
        ("192.0.2.0/24", "*!*@192.0.2.0/24"),
        ("$A", "$a"),
        ("$q:bob", "$q:bob!*@*"),
        ("$&:~a,m:bob", "$&:~a,m:bob"),
        ("$x:*BADword*", "$x:*BADword*"),
        ("$x:a#b", "$x:a#b"),
        ("x!*@*$", "x!*@*"),
        ("$a:x$", "$a:x"),
        (long, "n" * 30 + "!" + "u" * 10 + "@" + "h" * 63),
    ]:
        ann >> f"MODE #c +b {given_mask}" << f":ann!* MODE #c +b {shown}"
        ann >> f"MODE #c -b {given_mask.upper()}" << f":ann!* MODE #c -b {shown}"
    ann >> "MODE #c +e $r:real" << ":irc.test 743 ann #c e $r:real :Invalid ban mask"
    for mask in ("$r:a$b", "$x:a$b$c", "$&:a,$o", "x!$y@*", "$"):  # there is nothing but a forward behind a $
        ann >> f"MODE #c +b {mask}" << f":irc.test 743 ann #c b {mask} :Invalid ban mask"
    ann >> "MODE #c +I $q:real" << ":irc.test 743 ann #c I $q:real :Invalid ban mask"
    set_modes(house, "#c", "+b", "$y:elsewhere")  # as another server might
    ann.lines()
    ann >> "MODE #c -b $y:elsewhere" << ":ann!* MODE #c -b $y:elsewhere"


def test_a_list_that_is_asked_for_in_the_mode_that_changes_it_shows_the_change(house: House) -> None:
    (ann,) = in_channel(house, "ann")
    ann >> "MODE #c +bb gone!*@* stays!*@*"
    ann.lines()
    ann >> "MODE #c -b+bb gone!*@* new!*@*"
    ann << ":ann!* MODE #c -b+b gone!*@* new!*@*"
    ann << ":irc.test 367 ann #c stays!*@* *" << ":irc.test 367 ann #c new!*@* *" << ":irc.test 368 ann #c :*"
    ann.silent()


def test_a_word_in_the_real_name_keeps_out(house: House) -> None:
    """As Solanum: ``$x`` without a ``#`` is a pattern of ``nick!user@host#real name``, and stays as it is."""
    (ann,) = in_channel(house, "ann")
    ann >> "MODE #c +b $x:*!*@192.0.2.*Buys?Badwords*" << ":ann!* MODE #c +b $x:*!*@192.0.2.*Buys?Badwords*"
    bob = house.connect()
    bob >> "NICK bob" >> "USER bob 0 * :Who buys badwords here"
    bob.lines()
    bob >> "JOIN #c" << ":irc.test 474 bob #c :*"
    eve = house.client("eve")
    eve >> "JOIN #c" << ":eve!* JOIN #c"


def test_forwards(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    bob >> "JOIN #there,#free" >> "MODE #free +F"
    bob.lines()
    ann >> "MODE #c +f #nowhere" << ":irc.test 403 ann #nowhere :No such channel"
    ann >> "MODE #c +f nonsense" << ":irc.test 403 ann nonsense :No such channel"
    ann >> "MODE #c +f #there" << ":irc.test 482 ann #there :You're not channel operator"
    ann >> "MODE #c +f #FREE" << ":ann!* MODE #c +f #free"
    set_modes(house, "#there", "+F")
    ann >> "MODE #c +f #there" << ":ann!* MODE #c +f #there"
    ann >> "MODE #c -f" << ":ann!* MODE #c -f"
    ann >> "MODE #c +f" << ":irc.test 696 ann #c f * :This mode needs a parameter"
    ann >> "MODE #c +b bob$#nowhere" << ":irc.test 403 ann #nowhere :No such channel"
    ann >> "MODE #c +b bob$#there" << ":ann!* MODE #c +b bob!*@*$#there"
    ann >> "MODE #c b" << ":irc.test 367 ann #c bob!*@*$#there ann!~ann@192.0.2.1 1700000000"
    ann.lines()
    ann >> "MODE #c -b bob" << ":ann!* MODE #c -b bob!*@*$#there"
    ann >> "MODE #c +e bob$#there" << ":irc.test 743 ann #c e bob$#there :Invalid ban mask"
    ann >> "MODE #c +b $q:bob$#there" << ":irc.test 743 ann #c b $q:bob$#there :Invalid ban mask"


@pytest.mark.parametrize("key", [":a b", "a,b", "::x", "x\x07", ": "])
def test_keys_that_cannot_be(house: House, key: str) -> None:
    (ann,) = in_channel(house, "ann")
    ann >> f"MODE #c +k {key}"
    ann << ":irc.test 525 ann #c :Key is not well-formed"
    ann.silent()


def test_keys(house: House) -> None:
    (ann,) = in_channel(house, "ann")
    ann >> "MODE #c +k " + "é" * 20 << ":ann!* MODE #c +k " + "é" * 11
    ann >> "MODE #c -k whatever" << ":ann!* MODE #c -k *"
    ann >> "MODE #c +k x" >> "MODE #c -k"
    ann << ":ann!* MODE #c +k x"
    ann << ":ann!* MODE #c -k *"
    ann >> "MODE #c +k" << ":irc.test 696 ann #c k * :This mode needs a parameter"


@pytest.mark.parametrize("change", ["l 0", "l -1", "l x", "l 1e3", "l ٣", "l 9999999999",
                                    "j 5", "j 0:5", "j 5:0", "j a:b", "j 1:2:3", "j 5:99999"])  # fmt: skip
def test_numbers_that_cannot_be(house: House, change: str) -> None:
    (ann,) = in_channel(house, "ann")
    letter, parameter = change.split(" ")
    ann >> f"MODE #c +{change}"
    ann << f":irc.test 696 ann #c {letter} {parameter} :The *"
    ann.silent()


def test_numbers(house: House) -> None:
    (ann,) = in_channel(house, "ann")
    ann >> "MODE #c +lj 007 010:05" << ":ann!* MODE #c +lj 7 10:5"
    ann >> "MODE #c +l 7"
    ann.silent()
    ann >> "MODE #c -lj" << ":ann!* MODE #c -lj"


def test_modes_for_opers(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    opered(ann, "kill")
    ann >> "MODE #c +PL" << ":irc.test 723 ann channels :Insufficient oper privileges"
    ann.silent()
    opered(bob, "channels")
    bob >> "MODE #c +LOP" << ":bob!* MODE #c +LOP"
    ann.lines()
    ann >> "MODE #c -P" << ":irc.test 723 ann channels :Insufficient oper privileges"


def test_opers_override_and_are_seen(house: House) -> None:
    ann, bob = in_channel(house, "ann", "bob")
    root, cyd = house.client("root"), house.client("cyd")
    opered(root, "channels")
    opered(cyd, snomask="g")
    cyd.lines()
    root >> "MODE #c +oI-o bob x ann"
    ann << ":root!* MODE #c +oI-o bob x!*@* ann"
    cyd << ":irc.test NOTICE * :*** Notice -- root!* used MODE #c +oI-o bob x!*@* ann by override"
    root >> "MODE #c I"
    root << ":irc.test 346 *"
    root << ":irc.test 347 *"
    root >> "MODE #c +o bob" >> "MODE #c +P"
    opered(bob, "channels")
    bob >> "MODE #c +m"
    cyd.silent()


def test_the_last_one_out_leaves_a_permanent_channel(house: House) -> None:
    (root,) = in_channel(house, "root")
    opered(root, "channels")
    root >> "MODE #c +P" >> "PART #c"
    assert house.node.network.channel("#c") is not None
    root >> "MODE #c -P"
    assert house.node.network.channel("#c") is None
    house.check()


@pytest.mark.parametrize("mask", ["bob!*@*", "$q:bob", "$~a", "*!*@192.0.2.2", "$c:#c"])
def test_nobody_evades_by_nick(house: House, mask: str) -> None:
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann >> f"MODE #c +b {mask}"
    bob.lines()
    bob >> "PRIVMSG #c :hi" << ":irc.test 404 bob #c :Cannot send to channel (you are banned or muted here)"
    bob >> "NICK new" << ":irc.test 435 bob new #c :Cannot change nickname while banned or muted on channel"
    ann >> "MODE #c +v bob"
    bob.lines()
    bob >> "NICK new" << ":bob!* NICK new"
    ann >> "MODE #c -v+b new new"
    bob.lines()
    bob >> "NICK newer" << ":irc.test 435 *"
    ann >> "MODE #c +e new"
    bob.lines()
    bob >> "NICK newer" << ":new!* NICK newer"


def test_a_cloak_evades_nothing() -> None:
    house = House(cloak={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    for mask in ("*!*@192.0.2.2", f"*!*@{bob.user.cloak}"):
        ann >> f"MODE #c +b {mask}"
        bob.lines()
        for change in ("+x", "-x"):
            bob >> f"MODE bob {change}"
            bob.lines()
            bob >> "JOIN #c" << ":irc.test 474 *"
        ann >> f"MODE #c -b {mask}"


def test_isupport_tells_of_modes() -> None:
    client = House(limits={"modes": 3, "mask_list": 50}).connect()
    client >> "NICK ann" >> "USER ann 0 * :Ann"
    tokens = {token for line in client.lines() if line.split(" ")[1] == "005" for token in line.split(" ")}
    assert tokens >= {
        "CHANMODES=beI,k,EHWfjl,CDFLNOPQRSTVYcgimnprstxz",
        "PREFIX=(qaohv)~&@%+",
        "STATUSMSG=~&@%+",
        "EXTBAN=$,&acjmoqrsxz|",
        "MAXLIST=beI:50",
        "MODES=3",
        "EXCEPTS=e",
        "INVEX=I",
    }


# Random commands, and what a client would think holds

PARAMETERS = st.sampled_from(
    [
        "ann",
        "bob",
        "cyd",
        "nobody",
        "x",
        "X!*@*",
        "$a",
        "$~A",
        "$y",
        "*!*@h$#d",
        "#d",
        "#c",
        "5",
        "0",
        "2:10",
        "30d",
        "090D:Join",
        "~03:60",
        "*",
        "key",
        "é" * 20,
        "a,b",
        "n" * 200,
        ":",
        "$q:bob",
        "ann!*@*",
    ]
)
SEEN = "".join(letter for letter in CHANNEL_MODES if letter not in "xD")
"""Modes whose changes are told by MODE alone: who is not seen by all is left out (``test_veils.py``)."""
STRINGS = st.text(alphabet=f"+-{SEEN}XY:é", min_size=1, max_size=10)
COMMANDS = st.tuples(st.integers(0, 3), STRINGS, st.lists(PARAMETERS, max_size=6))


class Mirror:
    """The modes of a channel as somebody has them who only reads MODE lines."""

    def __init__(self, channel: Channel) -> None:
        self.flags = set(channel.flags)
        self.values: dict[str, str] = {}
        self.lists: dict[str, set[str]] = {letter: set() for letter in "beI"}
        self.ranks = {user.nick: ranks for user, ranks in channel.members.items()}

    def read(self, line: str) -> None:
        _, verb, _, text, *params = line.split(" ")
        assert verb == "MODE"
        changes, unknown = parse_changes(text, params, kind_of)
        assert not unknown
        for adding, letter, parameter in changes:
            if letter in RANKS:
                assert parameter is not None and bool(self.ranks[parameter] & RANKS[letter]) is not adding
                self.ranks[parameter] ^= RANKS[letter]
            elif letter in self.lists:
                assert parameter is not None and (parameter in self.lists[letter]) is not adding
                self.lists[letter] ^= {parameter}
            elif CHANNEL_MODES[letter][0] == "D":
                assert (letter in self.flags) is not adding
                self.flags ^= {letter}
            elif adding:
                assert parameter is not None and self.values.get(letter) != parameter
                self.values[letter] = parameter
            else:
                del self.values[letter]

    def same(self, channel: Channel) -> None:
        values = [self.values[letter] for letter in "klfjHWE" if letter in self.values]
        letters = "".join(sorted(self.flags)) + "".join(x for x in "klfjHWE" if x in self.values)
        assert mode_text(channel, show_key=True) == " ".join(["+" + letters, *values])
        assert self.ranks == {user.nick: ranks for user, ranks in channel.members.items()}
        for letter, entries in channel.lists.items():
            shown = {e.mask + (f"${e.forward}" if e.forward else "") for e in entries.values()}
            assert shown == self.lists[letter]


@example([31, 0, 0], 4, False, [(0, ":+n", ["x"])])
@settings(max_examples=runs(40, 5000), deadline=None)
@given(
    st.lists(st.integers(0, 31), min_size=3, max_size=3),
    st.integers(1, 6),
    st.booleans(),
    st.lists(COMMANDS, min_size=1, max_size=6),
)
def test_what_clients_see_is_what_holds(
    ranks: list[int], most: int, over: bool, commands: list[tuple[int, str, list[str]]]
) -> None:
    house = House(limits={"modes": most, "mask_list": 4})
    watcher, *_ = clients = in_channel(house, "watcher", "ann", "bob", "cyd")
    house.client("dan") >> "JOIN #d" >> "MODE #d +F"
    set_modes(house, "#c", "-o", "watcher")
    for client, bits in zip(clients[1:], ranks, strict=True):
        for letter, rank in RANKS.items():
            if bits & rank:
                set_modes(house, "#c", f"+{letter}", client.user.nick)
    clients.append(house.client("outside"))
    if over:
        opered(clients[1], "channels")
    watcher.lines()
    mirror = Mirror(channel(house, "#c"))
    for who, text, params in commands:
        client = clients[who + 1]
        client.lines()
        # (Behind a colon the parameters would be letters, too, and among them those that hide somebody.)
        client >> " ".join(["MODE", "#c", text, *([] if text.startswith(":") else params)])
        for line in watcher.lines():
            mirror.read(line)
        mirror.same(channel(house, "#c"))
        house.check()


@pytest.mark.parametrize("letter", ["b", "e", "I"])
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("*!*@2001:DB8:0:0:0:0:0:5", "*!*@2001:db8::5"),
        ("2001:db8:0::5", "*!*@2001:db8::5"),
        ("*!*@::ffff:192.0.2.7", "*!*@192.0.2.7"),
        ("$m:*!*@2001:db8:0::5", "$m:*!*@2001:db8:0::5"),  # extended bans stay as they are typed
        ("$&:~z,m:*!*@2001:db8:0::5", "$&:~z,m:*!*@2001:db8:0::5"),
    ],
)
def test_an_address_is_kept_in_the_spelling_in_which_it_is_shown(
    house: House, letter: str, typed: str, kept: str
) -> None:
    ann = house.client("ann") >> "JOIN #c"
    people = [house.client("v6", address="2001:db8::5"), house.client("v4", address="192.0.2.7")]
    ann.lines()
    ann >> f"MODE #c +{letter} {typed}"
    ann << f":ann!* MODE #c +{letter} {kept}"
    if letter == "b":
        meant, other = people if "2001" in kept.lower() else people[::-1]
        meant >> "JOIN #c"
        meant << ":irc.test 474 * #c :*"
        other >> "JOIN #c"
        other << ":* JOIN #c"
    ann.lines()
    ann >> f"MODE #c -{letter} {typed}"
    ann << f":ann!* MODE #c -{letter} {kept}"
    assert not any(house.node.network.channels[house.node.network.fold("#c")].lists.values())


def test_outsiders_read_of_a_hidden_channel_what_names_and_list_tell(house: House) -> None:
    """That is nothing of a secret one, and of a private one the modes: entries tell who is there."""
    ann, eve, root = house.client("ann"), house.client("eve"), house.client("root")
    ann >> "JOIN #c" >> "MODE #c +b-n x!*@*"
    opered(root, "channels")
    for letter, modes_of_it in (("s", "442 eve #c :*"), ("p", "324 eve #c +pt")):
        set_modes(house, "#c", "+" + letter)
        eve >> "MODE #c"
        eve << f":irc.test {modes_of_it}"
        eve.lines()
        eve >> "MODE #c b"
        eve << ":irc.test 442 eve #c :You're not on that channel"
        eve >> "MODE #c +beI"
        eve << ":irc.test 442 eve #c :You're not on that channel"
        eve.silent()
        root >> "MODE #c"
        root << f":irc.test 324 root #c +{letter}t"
        root >> "MODE #c b"
        root.until(":irc.test 367 root #c x!*@* ann!* *")
        root.lines()
        set_modes(house, "#c", "-" + letter)
    eve >> "MODE #c b"
    eve << ":irc.test 367 eve #c x!*@* ann!* *"
