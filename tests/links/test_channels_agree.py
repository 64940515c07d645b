"""Whatever people and servers do to channels, all servers know the same in the end."""

from __future__ import annotations

from typing import Any, Final
from unittest import mock

from conversation import House
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import SOLANUM, Mesh, block, stranger
from profiles import runs
from street import NOW, OLDER, PEOPLE, YOUNGER, Street, all_agree, user

from chatnet.links.meeting import handshake

COMMANDS = st.sampled_from(
    [
        "JOIN #{c}",
        "JOIN #{c} key",
        "PART #{c} :bye",
        "PART #{c}",
        "JOIN 0",
        "TOPIC #{c} :one",
        "TOPIC #{c} :two",
        "TOPIC #{c} :",
        "KICK #{c} {n} :out",
        "MODE #{c} +o {n}",
        "MODE #{c} -o {n}",
        "MODE #{c} +hv {n} {n}",
        "MODE #{c} -hv {n} {n}",
        "MODE #{c} +mi-t",
        "MODE #{c} -mi+t",
        "MODE #{c} +kl key 7",
        "MODE #{c} -k+l * 99",
        "MODE #{c} -l+j 9:9",
        "MODE #{c} -j",
        "MODE #{c} +be *!*@{n} {n}!*@*",
        "MODE #{c} -b+I *!*@{n} {n}!*@*",
        "MODE #{c} +b $q:{n}!*@*",
        "MODE #{c} -be $q:{n}!*@* {n}!*@*",
        "INVITE {n} #{c}",
        "KNOCK #{c}",
        "RENAME #{c} #{d}",
    ]
)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        COMMANDS,
        st.sampled_from("xy"),
        st.sampled_from("xyz"),
        st.sampled_from(PEOPLE),
    ),
    min_size=10,
    max_size=50,
)


Steps = list[tuple[int, str, str, str, str]]


def begin() -> Street:
    """Everybody is in #x; ann and bob are operators of it."""
    street = Street(limits={"former_name_time": 0}, flood={"enabled": False, "rename_period": 0})
    for client in street.clients:
        street.say(client, "JOIN #x")
    street.say(street.ann, "MODE #x +oo bob ann")
    return street


def walk(street: Street, steps: Steps) -> None:
    """Say one thing after the other; each is known everywhere before the next."""
    for number, command, channel, other, nick in steps:
        street.clients[number] >> command.format(c=channel, d=other, n=nick)
        street.mesh.advance(1)
    street.settle()


@settings(max_examples=runs(30, 3000), deadline=None)
@given(STEPS)
def test_all_houses_know_the_same_after_each_command(steps: Steps) -> None:
    street = begin()
    walk(street, steps)
    street.agree()


@settings(max_examples=runs(30, 3000), deadline=None)
@given(STEPS, st.booleans(), STEPS)
def test_houses_that_were_apart_come_to_know_the_same(before: Steps, near: bool, apart: Steps) -> None:
    """Two channels of one name become one.

    Who set an entry or a topic, and when, may differ if both sides set the same: nobody tells of that again.
    """
    street = begin()
    walk(street, before)
    ends = ("a", "b") if near else ("c", "b")
    street.mesh.cut(*ends)
    street.mesh.advance(1)
    walk(street, apart)
    street.mesh.link(*ends)
    street.settle()
    street.agree("topic", "lists")
    first, *others = [masks_and_topics(house) for house in street.mesh]
    assert others == [first, first]


def masks_and_topics(house: House) -> dict[str, Any]:
    return {
        folded: (
            channel.topic and channel.topic.text,
            {(letter, e.text) for letter, entries in channel.lists.items() for e in entries.values()},
        )
        for folded, channel in house.node.network.channels.items()
    }


LITTLE = "QS EX IE ENCAP EUID"


@settings(max_examples=runs(20, 2000), deadline=None)
@given(st.sampled_from([SOLANUM, LITTLE]), STEPS, STEPS)
def test_all_houses_know_the_same_in_the_words_of_others(tokens: str, before: Steps, after: Steps) -> None:
    """As if none of them knew the others for chatnet's: but for half-operators, all of it crosses.

    Who knows no TB is not told of topics in a burst, nor where a channel takes another name.
    """
    lost = (" +hv", "RENAME") if "TB" not in tokens.split() else (" +hv",)
    before, after = (
        [step for step in steps if not any(word in step[1] for word in lost)] for steps in (before, after)
    )
    with mock.patch.object(handshake, "OURS", tokens.split()):
        street = begin()
        walk(street, before)
        agree_in_other_words(street)
        street.mesh.cut("a", "b")
        street.mesh.advance(1)
        walk(street, after)
        street.mesh.link("a", "b")
        street.settle()
        if "TB" in tokens.split():
            agree_in_other_words(street)


def agree_in_other_words(street: Street) -> None:
    street.agree("lists", "topic")
    first, *others = [masks_and_topics(house) for house in street.mesh]
    assert others == [first, first]


WORDS: Final = """
#c #d #C #e,#f nochan 0 -1 5 +nt + - +ntlkj -o+v +b +q-q +qahov -nPz +lkjf +X b e I q x $q: $q:$q:a *!*@bad
$&:a 1SOAAAAAA 1SOAAAAAB @1SOAAAAAA @%&~+1SOAAAAAA @ 0AAAAAAAA 2SOAAAAAA ann eve 0AA 1SO a.test key 3:10
0:0 #x$#y *!*@x$#d \udcff \u00b2
"""
VERBS: Final = """
SJOIN,JOIN,PART,KICK,TMODE,BMASK,EBMASK,MLOCK,TOPIC,TB,ETB,INVITE,KNOCK,RENAME,ENCAP * INVITED
"""
TIMES: Final = [str(ts) for ts in (0, OLDER, NOW, YOUNGER, 10**12, 10**30)]
STAMPS: Final = [f"@chatnet/ts={stamp}.1SO " for stamp in ("loyw3v27.0", "loyw3v29.0", "zzzzzzzzz.zzzzzz")]
HOSTILE = st.lists(
    st.tuples(
        st.sampled_from(["", *STAMPS]),
        st.sampled_from(["1SO", "1SOAAAAAA"]),
        st.sampled_from(VERBS.strip().split(",")),
        st.one_of(
            st.tuples(st.sampled_from(TIMES), st.sampled_from(["#c", "#d", "#" + "x" * 250])),
            st.tuples(st.sampled_from(["#c", "#d"]), st.sampled_from(WORDS.split())),
            st.tuples(),
        ),
        st.lists(st.sampled_from(WORDS.split()), max_size=3),
        st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=3).map(" ".join),
    ),
    min_size=10,
    max_size=40,
)


@settings(max_examples=runs(30, 3000), deadline=None)
@given(st.sampled_from([SOLANUM, LITTLE, SOLANUM + " CN1", SOLANUM + " CN1 CNLWW"]), HOSTILE)
def test_whatever_a_server_says_of_channels_the_others_agree(tokens: str, lines: list[Any]) -> None:
    mesh = Mesh("a", "b", link=[block("so1")])
    mesh.link("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "MODE #c +be *!*@x y!*@*"
    so1 = stranger(mesh["a"], "so1.test", "1SO", tokens)
    user(so1, "eve")
    for stamp, source, verb, front, middle, last in lines:
        if so1.gone is None:
            so1 >> f"{stamp}:{source} {' '.join([verb, *front, *middle])} :{last}"
    mesh.settle()
    all_agree(mesh)
    assert mesh["a"].node.network.users[ann.user.uid] is ann.user
