"""Three linked servers answer as one would: the same talk on one node and on three, line by line.

Ann, bob and cid say the same lines, once all on one server, and once each on their own.  What each of them
reads after each line must be equal, but for the names of servers, how far they are, ids of messages, and how
long somebody has been idle, which only their own server knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from conversation import Client, House
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs
from staff import HASH, PASSWORD

NAMES = ("ann", "bob", "cid")
CAPS = (
    "account-notify account-tag away-notify batch chghost draft/channel-rename draft/message-redaction"
    " draft/multiline echo-message extended-join extended-monitor invite-notify message-tags multi-prefix"
    " labeled-response server-time setname userhost-in-names"
)
KINDS = {"plain": ("", "", ""), "IRCv3": (CAPS, CAPS, CAPS), "mixed": (CAPS, "", "batch server-time")}
"""What the clients of ann, bob and cid know."""
SECTIONS: dict[str, Any] = {
    "oper_class": [
        {"name": "admin", "privileges": ["kill", "see-all", "wallops", "operwall", "channels", "broadcast"]}
    ],
    "oper": [{"name": "root", "class": "admin", "password": HASH, "snomask": ""}],
}

IDLE = re.compile(r"^(@\S+ )?:\S+ 317 ")

Talk = tuple[tuple[str, str], ...]


def talk(text: str) -> Talk:
    """Lines ``who: what they say``."""
    lines = [line.strip().partition(": ") for line in text.strip().splitlines()]
    return tuple((who, said) for who, _, said in lines)


TALKS = {
    "channels": talk("""
        ann: JOIN #c
        bob: JOIN #c
        cid: JOIN #c
        bob: NAMES #c
        ann: MODE #c +o bob
        bob: MODE #c +v-t+b cid *!*@bad
        cid: MODE #c b
        cid: MODE #c
        ann: TOPIC #c :what we talk of
        cid: TOPIC #c
        cid: TOPIC #c :what we talked of
        bob: MODE #c +klim key 9
        ann: MODE #c -k+j key 3:10
        cid: PRIVMSG #c :voiced
        bob: NOTICE #c :a notice
        bob: PRIVMSG @#c :for operators
        ann: PRIVMSG #c :\x01ACTION waves\x01
        bob: KICK #c cid :away with you
        cid: JOIN #c key
        cid: KNOCK #c
        bob: INVITE cid #c
        cid: JOIN #c key
        bob: MODE #c +q cid
        ann: PART #c :good night
        ann: PRIVMSG #c :from outside
        cid: MODE #c +e *!*@good
        cid: MODE #c e
        bob: MODE #c +I *!*@friends
        bob: MODE #c I
        cid: MODE #c -qo cid bob
        cid: PART #c
        bob: PART #c
        ann: LIST
    """),
    "forwards and full channels": talk("""
        ann: JOIN #full
        ann: MODE #full +l 1
        bob: JOIN #full
        cid: JOIN #other
        cid: MODE #other +F
        ann: MODE #full +f #other
        bob: JOIN #full
        cid: JOIN #full
        ann: MODE #full +b *!*@192.0.2.2$#other
        bob: PART #other
        ann: MODE #full -l
        bob: JOIN #full
        ann: MODE #full +S
        ann: MODE #full +R
        bob: PRIVMSG #full :outside
    """),
    "ranks": talk("""
        ann: JOIN #r
        bob: JOIN #r
        cid: JOIN #r
        ann: MODE #r +q ann
        ann: MODE #r +ah bob cid
        cid: NAMES #r
        cid: MODE #r +v bob
        bob: MODE #r -h cid
        cid: PRIVMSG ~#r :for the owner
        bob: KICK #r ann
        ann: MODE #r -aq bob ann
        bob: WHO #r
    """),
    "several ranks": talk("""
        ann: JOIN #r
        bob: JOIN #r
        ann: MODE #r +hv-o ann ann ann
        bob: WHOIS ann
        bob: WHOIS ann ann
        ann: WHOIS ann
    """),
    "people": talk("""
        ann: PRIVMSG cid :hello
        cid: NOTICE ann :hello
        cid: AWAY :gone fishing
        ann: PRIVMSG cid :are you there?
        ann: WHOIS cid
        bob: WHOIS cid cid
        ann: USERHOST bob cid nobody
        bob: ISON ann cid nobody
        cid: AWAY
        bob: MONITOR + cid,nobody
        cid: NICK cyd
        bob: WHOWAS cid
        ann: WHOIS cid
        cid: NICK cid
        bob: SETNAME :Robert
        bob: JOIN #bob
        ann: JOIN #bob
        bob: SETNAME :Robert
        ann: WHOIS bob
        ann: NICK bob
        ann: PRIVMSG nobody :lost
        cid: MODE cid -i
        cid: MODE cid +B
        ann: WHOIS cid
        ann: NICK anna
        anna: PRIVMSG bob :still me
        cid: QUIT :good night
        bob: WHOWAS cid
        bob: MONITOR S
    """),
    "caller id": talk("""
        bob: MODE bob +g
        ann: PRIVMSG bob :may I?
        bob: ACCEPT ann
        ann: PRIVMSG bob :now
        bob: MODE bob +R-g
        ann: PRIVMSG bob :and now?
        cid: NOTICE bob :and I?
    """),
    "who": talk("""
        ann: JOIN #w
        bob: JOIN #w
        ann: WHO #w
        cid: WHO #w
        cid: MODE cid -i
        ann: WHO cid
        ann: WHO c*
        ann: WHO 0
        bob: WHO #w %tcuihsnfaor,42
        bob: WHO cid %uhnfar
        cid: JOIN #w
        ann: MODE #w +s
        cid: WHO #w
        cid: PART #w
        cid: WHO #w
        cid: NAMES #w
        cid: LIST #w
        cid: WHOIS ann
        ann: WHOIS bob
    """),
    "renames": talk("""
        ann: JOIN #old
        bob: JOIN #old
        cid: JOIN #old
        ann: RENAME #old #new :better
        bob: NAMES #new
        cid: PRIVMSG #new :hello
        bob: RENAME #new #mine
        cid: JOIN #old
        ann: PART #new
        ann: JOIN #old
        ann: RENAME #new #NEW
    """),
    "operators": talk(f"""
        ann: OPER root {PASSWORD}
        bob: WHOIS ann
        bob: MODE bob +w
        ann: WALLOPS :hear me
        ann: WHO * o
        bob: WHO ann o
        ann: WHOIS bob
        cid: JOIN #quiet
        cid: MODE #quiet +s
        ann: WHO #quiet
        ann: JOIN #quiet
        ann: MODE #quiet +o ann
        ann: NOTICE $$*.test :for everybody
        ann: KILL cid :because
        bob: WHOWAS cid
    """),
    "tags, parts and deletions": talk("""
        ann: JOIN #t
        bob: JOIN #t
        cid: JOIN #t
        ann: @+typing=active TAGMSG #t
        cid: @+reply=abc;+unknown=1 PRIVMSG #t :tagged
        bob: @+typing=done TAGMSG cid
        ann: PRIVMSG #t :to be deleted
        bob: REDACT #t MSGID :not mine
        ann: REDACT #t MSGID :a typo
        cid: REDACT #t MSGID :it is gone already
        cid: PRIVMSG ann :for you alone
        cid: REDACT ann MSGID
        bob: BATCH +1 draft/multiline #t
        bob: @batch=1 PRIVMSG #t :first
        bob: @batch=1;draft/multiline-concat PRIVMSG #t : and on
        bob: @batch=1 PRIVMSG #t :second
        bob: BATCH -1
        cid: BATCH +1 draft/multiline ann
        cid: @batch=1;+reply=x PRIVMSG ann :one
        cid: @batch=1 PRIVMSG ann :two
        cid: BATCH -1
        ann: @label=x PRIVMSG #t :labelled
        ann: @label=y WHO #t
        ann: MODE #t +m
        cid: PRIVMSG #t :held back
        cid: @+typing=active TAGMSG #t
    """),
    "refusals": talk("""
        ann: JOIN #n
        bob: PRIVMSG #n :outside
        bob: MODE #n +o bob
        bob: TOPIC #n :mine
        bob: KICK #n ann
        bob: INVITE cid #n
        cid: JOIN #n
        ann: INVITE cid #n
        ann: KICK #n bob
        ann: MODE #n +o bob
        ann: MODE #n +b cid!*@*
        cid: PRIVMSG #n :muted
        cid: NICK cyd
        ann: KICK #n cid
        cid: JOIN #n
        ann: MODE #n -b+i cid!*@*
        cid: JOIN #n
        cid: KNOCK #n
        cid: KNOCK #n
    """),
}


class Room:
    """Where they talk: all on one server, or each on their own."""

    def __init__(self, apart: bool, caps: Sequence[str]) -> None:
        self.ids = dict.fromkeys(NAMES, "none")  # of the last message that somebody read
        self.mesh = Mesh("a", "b", "c", **SECTIONS)
        self.mesh.link("a", "b")
        self.mesh.link("b", "c")
        self.mesh.settle()
        self.people: dict[str, Client] = {}
        for index, (nick, at) in enumerate(zip(NAMES, "abc", strict=True), 1):
            house: House = self.mesh[at if apart else "a"]
            self.people[nick] = house.client(nick, caps=caps[index - 1], address=f"192.0.2.{index}")
            self.mesh.settle()
        for client in self.people.values():
            client.lines()

    def say(self, who: str, line: str) -> dict[str, list[str]]:
        """What everybody reads when `who` says `line`."""
        name, speaker = next(
            (nick, client) for nick, client in self.people.items() if who in (nick, client.user.nick)
        )
        speaker >> line.replace("MSGID", self.ids[name])
        self.mesh.settle()
        self.mesh.clock.advance(1)
        self.mesh.settle()
        return {nick: self._read(nick, client.lines()) for nick, client in self.people.items()}

    def _read(self, nick: str, lines: list[str]) -> list[str]:
        for line in lines:
            if " PRIVMSG " in line and (found := re.search("msgid=([^; ]+)", line)):
                self.ids[nick] = found[1]
        return [plain(line) for line in lines if IDLE.search(line) is None]


def plain(line: str) -> str:
    """A line without what must differ between servers."""
    line = re.sub(r"\b[abc]\.test\b", "a.test", line)
    line = re.sub(r"(msgid=|batch=| REDACT \S+ | BATCH [+-]| FAIL REDACT \S+ \S+ )[^; ]+", r"\1*", line)
    line = re.sub(r"^(@\S+ )?(:\S+ 354 (?:\S+ ){9})\d ", r"\1\g<2>0 ", line)
    return re.sub(r"^(@\S+ )?(:\S+ 352 (?:\S+ ){7}):\d+ ", r"\1\2:0 ", line)


# Whom somebody accepts only their own server knows, so an echo comes before it refuses.
CASES = [(name, kind) for name in TALKS for kind in KINDS if kind == "plain" or name != "caller id"]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_talk_is_the_same_on_three_servers(name: str, kind: str) -> None:
    caps = KINDS[kind]
    one, three = Room(apart=False, caps=caps), Room(apart=True, caps=caps)
    heard = 0
    for who, line in TALKS[name]:
        expected = one.say(who, line)
        assert three.say(who, line) == expected, f"{who} said {line}"
        heard += sum(map(len, expected.values()))
    assert heard >= len(TALKS[name])
    one.mesh.check()
    three.mesh.check()


ANYTHING = """
    JOIN {c} | JOIN {c} key | JOIN #c,#d | PART {c} :bye | PART #c,#d | JOIN 0 | KICK {c} {n} :out
    KICK {c} {n},{m} | MODE {c} | MODE {c} +o {n} | MODE {c} -o {n} | MODE {c} +qa {n} {m}
    MODE {c} +hv-o {n} {m} {n} | MODE {c} -v {n} | MODE {c} +{f} | MODE {c} -{f} | MODE {c} +{f}-{g}
    MODE {c} +k key | MODE {c} -k * | MODE {c} +l 2 | MODE {c} -l | MODE {c} +j 2:10 | MODE {c} -j
    MODE {c} +f {d} | MODE {c} -f | MODE {c} +b {x} | MODE {c} -b {x} | MODE {c} b | MODE {c} +e {x}
    MODE {c} -e {x} | MODE {c} +I {x} | MODE {c} e | MODE {c} +b | MODE {c} +LOP | MODE {c} +y
    MODE {n} | MODE {n} +{u} | MODE {n} -{u} | TOPIC {c} | TOPIC {c} :{t} | TOPIC {c} : | INVITE {n} {c}
    INVITE | KNOCK {c} | NAMES {c} | LIST | LIST {c} | LIST >1 | WHO {c} | WHO {n} | WHO 0 | WHO * o
    WHO {c} %tcuihsnfdaor,7 | WHO {n} %nf | WHOIS {n} | WHOIS {n} {n} | WHOWAS {n} | USERHOST {n} {m}
    ISON {n} {m} | AWAY :{t} | AWAY | SETNAME :{t} | NICK dan | NICK eve | MONITOR + {n},{m}
    MONITOR - {n} | MONITOR S | ACCEPT {n} | ACCEPT * | OPER root PASSWORD | KILL {n} :why
    WALLOPS :{t} | OPERWALL :{t} | RENAME {c} {d} :{t} | PRIVMSG {c} :{t} | PRIVMSG {n} :{t}
    PRIVMSG {n},{c},{m} :{t} | NOTICE {c} :{t} | NOTICE {n} :{t} | PRIVMSG @{c} :{t} | NOTICE +{c} :{t}
    PRIVMSG $$*.tes? :{t} | PRIVMSG $#* :{t} | @+typing=active TAGMSG {c} | @+typing=done TAGMSG {n}
    @+reply=x;+y PRIVMSG {c} :{t} | REDACT {c} MSGID :{t} | REDACT {n} MSGID
    BATCH +1 draft/multiline {c} | @batch=1 PRIVMSG {c} :{t} | BATCH -1 | @label=1 WHOIS {n}
    @label=2 PRIVMSG {n} :{t} | @label=3 JOIN {c} | @label=4 MODE {c} +{f} | PRIVMSG | JOIN
    MODE {c} +o | QUIT :{t}
"""
SAID = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from([line.strip() for line in ANYTHING.replace("\n", "|").split("|") if line.strip()]),
    st.fixed_dictionaries(
        {
            "c": st.sampled_from(["#c", "#c", "#d", "#C", "#none"]),
            "d": st.sampled_from(["#d", "#c", "#e"]),
            "n": st.sampled_from([*NAMES, "dan", "nobody"]),
            "m": st.sampled_from(NAMES),
            "f": st.sampled_from("CFQRSTcgimnprstz"),
            "g": st.sampled_from("nst"),
            "u": st.sampled_from("BCDQiowxzZ"),
            "x": st.sampled_from(
                ["*!*@bad", "cid", "ann!*@*", "*!*@192.0.2.2", "$a", "$q:cid!*@*", "$r:B*", "$c:#d", "cid$#d"]
            ),
            "t": st.sampled_from(["tea", "\x01ACTION waves\x01", "\x02bold\x0304red", "é", " "]),
        }
    ),
)


@settings(max_examples=runs(20, 2000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(KINDS)), st.lists(SAID, min_size=15, max_size=50))
def test_whatever_they_say_is_the_same_on_three_servers(
    kind: str, said: list[tuple[str, str, dict[str, str]]]
) -> None:
    one, three = Room(apart=False, caps=KINDS[kind]), Room(apart=True, caps=KINDS[kind])
    for who, line, words in [*((who, "JOIN #c", {}) for who in NAMES), *said]:
        if not three.people[who].session.closed:
            line = line.format(**words).replace("PASSWORD", PASSWORD)
            assert three.say(who, line) == one.say(who, line), f"{who} said {line}"
    one.mesh.check()
    three.mesh.check()
