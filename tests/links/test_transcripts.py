"""Whole conversations of servers, as Solanum and Atheme speak: what they say comes out again as they said it.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

import re

from conversation import START, House, matches
from mesh import Pipe, Stranger, block, trusted

from chatnet.links.neighbour.link import State

NOW = 1795345579
CAPAB = (
    "BAN CHW CLUSTER EBMASK ECHO ENCAP EOPMOD EUID EX IE KLN KNOCK MLOCK QS RSFNC RSFNCF SAVE SERVICES STAG"
    " TB UNKLN"
)
GREETING = [
    "PASS linkpw TS 6 :1SO",
    f"CAPAB :{CAPAB}",
    "SERVER so1.test 1 :solanum one",
    f"SVINFO 6 6 0 :{NOW}",
]
BURST = [
    ":1SO SID far.test 2 2FA :far",
    ":2FA ENCAP * GCAP :ENCAP EUID EX IE QS TB",
    ":1SO BAN K * bad.example 1795345579 3600 3600 root :spam|seen in #chatnet",
    ":1SO EUID alice 1 1795345575 +i ~alice 127.0.0.1 127.0.0.1 1SOAAAAAB * * :real alice",
    ":1SOAAAAAB ENCAP * CERTFP :f00d",
    ":1SOAAAAAB AWAY :gone",
    ":1SO EUID bob 1 1795345575 +io ~bob cloak.test 127.0.0.1 1SOAAAAAC host.test Bob :real bob",
    ":1SOAAAAAC OPER god admin",
    ":1SO SJOIN 1795345576 #one +ntlkj 5 secret 3:10 :+1SOAAAAAC @1SOAAAAAB",
    ":1SO EBMASK 1795345576 #one b :*!*@bad 1795345576 alice!~alice@127.0.0.1",
    ":1SO EBMASK 1795345576 #one q :*!*@loud 1795345579 alice!~alice@127.0.0.1",
    ":1SO EBMASK 1795345576 #one e :*!*@good 1795345577 alice!~alice@127.0.0.1",
    ":1SO EBMASK 1795345576 #one I :*!*@friend 1795345578 alice!~alice@127.0.0.1",
    ":1SO TB #one 1795345576 alice!~alice@127.0.0.1 :hello topic",
    ":1SO MLOCK 1795345576 #one :nt",
]
"""In the order of a burst: servers, bans, users, channels."""
OURS = [
    "PASS linkpw TS 6 :7CN",
    "CAPAB :BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1*",
    "SERVER cn.test 1 :chatnet test",
    f"SVINFO 6 6 0 :{NOW}",
]


def house() -> House:
    blocks = [block("so1"), block("so2"), block("svc", role="services")]
    made = House(server={"name": "cn.test", "sid": "7CN", "description": "chatnet test"}, link=blocks)
    made.clock.elapsed = NOW - START
    return made


def test_a_server_dials_and_its_burst_is_told_to_the_next_as_it_came() -> None:
    cn = house()
    so1 = Stranger(cn, "so1.test", "1SO")
    for line in GREETING[:3]:
        so1 >> line
    for line in OURS:
        so1 << line
    so1 << "PING :7CN"  # we know nobody else
    so1 >> GREETING[3]
    for line in BURST:
        so1 >> line
    so1.silent()
    so1 >> "PING :1SO"
    so1 << ":7CN PONG cn.test :1SO"
    so1 >> ":1SO PONG so1.test :7CN"
    assert so1.link.state is State.LINKED

    so2 = Stranger(cn, "so2.test", "2SO")
    so2 >> "PASS linkpw TS 6 :2SO" >> f"CAPAB :{CAPAB}" >> "SERVER so2.test 1 :solanum two"
    for line in OURS:
        so2 << line
    so2 << ":7CN SID so1.test 2 1SO :solanum one" << f":1SO ENCAP * GCAP :{CAPAB}"
    for line in BURST:
        told = re.sub("^(:1SO (?:SID|EUID) [^ ]+) (.)", lambda hops: f"{hops[1]} {int(hops[2]) + 1}", line)
        if line.split()[1] in ("BAN", "SJOIN", "EBMASK", "TB", "MLOCK"):
            told = told.replace(":1SO", ":7CN", 1)
        so2 << told
    so2 << "PING :7CN"
    so2.silent()
    cn.check()


def test_we_dial_and_speak_first() -> None:
    """“PASS, CAPAB, SERVER and waits; […] the initiator, on receiving SERVER, sends SVINFO and its burst.”"""
    cn = house()
    pipe = Pipe()
    link = cn.parts.links.open(pipe, trusted(), cn.parts.links.block("so1.test"))
    first = [*OURS[:2], "CNRES 1 * 0", OURS[2]]  # which Solanum ignores
    assert all(map(matches, pipe.said, first)) and len(pipe.said) == len(first)
    for line in GREETING[:2]:
        link.connection.receive(f"{line}\r\n".encode())
    assert len(pipe.said) == 4
    link.connection.receive(f"{GREETING[2]}\r\n".encode())
    assert pipe.said[4:] == [OURS[3], "PING :7CN"]
    for line in (GREETING[3], *BURST, "PING :1SO"):
        link.connection.receive(f"{line}\r\n".encode())
    assert pipe.said[6:] == [":7CN PONG cn.test :1SO"]
    assert [user.nick for user in cn.node.network.users.values()] == ["alice", "bob"]
    assert list(cn.node.network.channels) == ["#one"]
    cn.check()


ATHEME = [
    "PASS linkpw TS 6 :00A",
    "CAPAB :QS EX IE KLN UNKLN ENCAP TB SERVICES EUID EOPMOD MLOCK",
    "SERVER svc.test 1 :(H) services",
    f"SVINFO 6 3 0 :{NOW}",
    "PING :svc.test",
]


def test_atheme_links_and_knows_that_we_have_told_all() -> None:
    """“A PONG whose source is our server and whose first parameter is our server name”; and it answers each
    SID with ``PING svc.test <sid>``, which that server answers."""
    cn = house()
    cn.client("ann")
    so1 = Stranger(cn, "so1.test", "1SO")
    for line in (*GREETING, *BURST[:2], "PING :1SO"):
        so1 >> line
    svc = Stranger(cn, "svc.test", "00A")
    for line in ATHEME:
        svc >> line
    for line in OURS:
        svc << line
    svc << ":7CN SID so1.test 2 1SO :solanum one" << f":1SO ENCAP * GCAP :{CAPAB}"
    svc << ":1SO SID far.test 3 2FA :far" << ":2FA ENCAP * GCAP :ENCAP EUID EX IE QS TB"
    svc << ":7CN EUID ann 1 * +i ~ann 192.0.2.1 192.0.2.1 7CNAAAAAA * * :Ann"
    svc << "PING :7CN" << ":7CN PONG cn.test :00A"
    so1.lines()
    svc >> ":00A EUID NickServ 1 1795345579 +ioS NickServ svc.test 0 00AAAAAAC * * :Nickname Services"
    so1 << ":00A EUID NickServ 2 1795345579 +Sio NickServ svc.test 0 00AAAAAAC * * :Nickname Services"
    svc >> ":00A PING svc.test 1SO"
    so1 << ":00A PING svc.test :1SO"
    so1 >> ":1SO PONG so1.test 00A"
    svc << ":1SO PONG so1.test :00A"
    svc.silent()
    cn.check()
