"""Questions for another server: they go there by way of the servers between, and the answers come back.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#notation: "Hunted server: The command
is sent to the server corresponding to the hunted parameter; it does not need to be locally connected. The
hunted parameter is a server or client name, potentially including * and ? wildcards, although only the first
match is used if multiple servers match the mask. If the parameter is a client name, the server that client
belongs to is used."
"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import Mesh, block, stranger
from profiles import runs
from staff import oper, sections

import chatnet
from chatnet.commands import CLIENT
from chatnet.links.exchange.queries import PLACES
from chatnet.model.entities import Oper
from chatnet.model.facts import Opered


def three(**more: Any) -> tuple[Mesh, Client, Client]:
    """A line of three servers, with ann on the first and carl on the last."""
    mesh = Mesh("a", "b", "c", **more)
    mesh.link("a", "b")
    mesh.link("b", "c")
    ann, carl = mesh["a"].client("ann"), mesh["c"].client("carl", address="192.0.2.3")
    mesh.settle()
    ann.lines()
    carl.lines()
    return mesh, ann, carl


def ask(mesh: Mesh, client: Client, line: str) -> Client:
    client >> line
    mesh.settle()
    return client


@pytest.mark.parametrize("name", ["c.test", "C.Test", "c.*", "carl", "CARL", "0CA"])
def test_a_server_is_named_by_its_name_a_mask_or_somebody_on_it(name: str) -> None:
    mesh, ann, _ = three()
    ask(mesh, ann, f"TIME {name}")
    ann << ":c.test 391 ann c.test :Tuesday November 14 2023, 22:13:20 UTC"
    ann.silent()
    mesh.check()


def test_a_mask_means_this_server_first_and_then_the_nearest() -> None:
    mesh, ann, _ = three()
    ask(mesh, ann, "TIME *") << ":a.test 391 *"
    ask(mesh, ann, "TIME ?.test") << ":a.test 391 *"
    ask(mesh, ann, "TIME ??.test") << ":a.test 402 ann ??.test :No such server"
    ann.silent()
    mesh = Mesh("a", "x2", "x1")
    mesh.link("a", "x2")
    mesh.link("x2", "x1")
    mesh.settle()
    ask(mesh, mesh["a"].client("ann"), "TIME x*") << ":x2.test 391 *"


def test_an_unknown_server_is_refused_here() -> None:
    mesh, ann, _ = three()
    for line in ("VERSION x.test", "WHOIS x.test carl", "STATS u x.*", "PING token x.test"):
        ask(mesh, ann, line)
        assert ann.until(":a.test 402 ann x.* :No such server")
    assert ask(mesh, ann, "REHASH c.test").numerics() == ["481"]


def test_version_time_admin_info_motd_lusers_of_another_server() -> None:
    mesh, ann, _ = three(server={"admin": ("We", "Here", "ops@test")})
    mesh["c"].parts.sessions.motd = ("Be kind.",)
    ask(mesh, ann, "VERSION c.test")
    ann << f":c.test 351 ann chatnet-{chatnet.__version__} c.test :A chatnet server"
    # The features of another server are not those of one's own: 105 in place of 005, as Solanum does.
    assert set(ann.numerics()) == {"105"}
    ask(mesh, ann, "ADMIN c.test")
    ann << ":c.test 256 ann c.test :Administrative info" << ":c.test 257 ann :We"
    ann << ":c.test 258 ann :Here" << ":c.test 259 ann :ops@test"
    ask(mesh, ann, "INFO c.test")
    ann << f":c.test 371 ann :chatnet-{chatnet.__version__}"
    ann.until(":c.test 374 ann :End of INFO list")
    ask(mesh, ann, "MOTD c.test")
    ann << ":c.test 375 ann :- c.test Message of the day - " << ":c.test 372 ann :- Be kind."
    ann << ":c.test 376 ann :End of /MOTD command."
    ask(mesh, ann, "USERS c.test") << ":a.test 446 *"
    ask(mesh, ann, "LUSERS * c.test")
    ann << ":c.test 251 ann :There are 0 users and 2 invisible on 3 servers"
    ann << ":c.test 255 ann :I have 1 clients and 1 servers"
    ann.until(":c.test 250 ann :*")
    ann.silent()
    mesh.check()


def test_lusers_counts_the_network_and_ones_own_server() -> None:
    """255 tells of the servers that are linked to this one, 251 of all.
    https://modern.ircdocs.horse/#rplluserme-255"""
    mesh, ann, _ = three()
    ask(mesh, ann, "LUSERS")
    ann << ":a.test 251 ann :There are 0 users and 2 invisible on 3 servers"
    ann << ":a.test 255 ann :I have 1 clients and 1 servers"
    ann << ":a.test 265 ann 1 1 :Current local users 1, max 1"
    ann << ":a.test 266 ann 2 2 :Current global users 2, max 2"
    bob = mesh["b"].client("bob")
    mesh.settle()
    ask(mesh, bob, "LUSERS").until(":b.test 255 bob :I have 1 clients and 2 servers")


def test_whois_with_the_nick_twice_is_answered_by_their_server() -> None:
    """Who it is, every server knows; for how long they have been idle, theirs alone."""
    mesh, ann, _ = three()
    mesh.clock.advance(30)
    ann >> "WHOIS carl"
    ann << ":a.test 311 ann carl ~carl 192.0.2.3 * :Carl"
    ann << ":a.test 312 ann carl c.test :A chatnet server"
    assert "317" not in ann.numerics()
    ask(mesh, ann, "WHOIS carl carl")
    ann << ":c.test 311 ann carl ~carl 192.0.2.3 * :Carl"
    ann.until(":c.test 317 ann carl 30 1700000000 :seconds idle, signon time")
    ann << ":c.test 318 ann carl :End of /WHOIS list"
    ask(mesh, ann, "WHOIS c.test ann") << ":c.test 311 ann ann ~ann *"
    ann.until(":c.test 312 ann ann a.test :A chatnet server")
    ann.until(":c.test 318 ann ann *")
    ask(mesh, ann, "WHOIS nobody nobody") << ":a.test 401 ann nobody *"
    ann << ":a.test 318 ann nobody *"
    ask(mesh, ann, "WHOIS c.test nobody") << ":c.test 401 ann nobody *"


def test_who_tells_on_which_server_and_how_far_away_somebody_is() -> None:
    """https://modern.ircdocs.horse/#rplwhoreply-352 and https://ircv3.net/specs/extensions/whox (s, d, l)"""
    mesh, ann, _ = three()
    mesh["c"].clock.advance(9)
    ann.lines()
    ask(mesh, ann, "WHO carl") << ":a.test 352 ann * ~carl 192.0.2.3 c.test carl H :2 Carl"
    ann << ":a.test 315 ann carl *"
    ask(mesh, ann, "WHO carl %sndl") << ":a.test 354 ann c.test carl 2 0"  # idle: only c.test knows
    ann << ":a.test 315 ann carl *"
    ask(mesh, ann, "WHO ann %sndl") << ":a.test 354 ann a.test ann 0 9"


def test_whowas_of_another_server() -> None:
    mesh, ann, carl = three()
    carl >> "NICK carlos"
    mesh.settle()
    ask(mesh, ann, "WHOWAS carl 1 c.test")
    ann << ":c.test 314 ann carl ~carl 192.0.2.3 * :Carl"
    ann.until(":c.test 369 ann carl :End of WHOWAS")


def test_links_of_another_server_counts_hops_from_there() -> None:
    mesh, ann, _ = three()
    ask(mesh, ann, "LINKS c.test *")
    ann << ":c.test 364 ann c.test c.test :0 *" << ":c.test 364 ann b.test c.test :1 *"
    ann << ":c.test 364 ann a.test b.test :2 *" << ":c.test 365 ann * :End of /LINKS list"


def test_stats_of_another_server_obey_its_rules() -> None:
    mesh, ann, _ = three()
    ask(mesh, ann, "STATS u c.test") << ":c.test 242 ann :Server Up 0 days 0:00:00"
    ann << ":c.test 250 *" << ":c.test 249 *" << ":c.test 219 ann u :End of /STATS report"
    ask(mesh, ann, "STATS o c.test") << ":c.test 481 *" << ":c.test 219 ann o *"
    ask(mesh, ann, "STATS l c.test") << ":c.test 219 ann l *"  # she has no connection there


def test_trace_tells_by_which_way_it_goes() -> None:
    mesh, ann, _ = three(**sections())
    ask(mesh, ann, "TRACE c.test")
    ann << f":a.test 200 ann Link chatnet-{chatnet.__version__} c.test b.test"
    ann << ":c.test 262 ann c.test :End of TRACE"
    root = oper(mesh["a"], "root")
    mesh.settle()
    root.lines()
    ask(mesh, root, "TRACE")
    root << ":a.test 205 root User default ann*" << ":a.test 204 root Oper default root*"
    root << ":a.test 206 root Serv server 2S 1C b.test *!*@a.test :0"
    root.until(":a.test 262 root a.test :End of TRACE")
    root.silent()


def test_long_answers_are_bounded_and_come_before_the_sign_of_life_behind_them() -> None:
    mesh, ann, _ = three(limits={"scan_slice": 100})
    far = mesh["c"]
    for number in range(300):
        far.client(f"n{number}", address="192.0.2.3")
    mesh.settle()
    asker = far.node.network.user("ann")
    assert asker is not None
    oper = Oper("ann", "staff", frozenset({"see-all"}), "is an IRC Operator")
    far.node.commit(Opered(asker, oper, far.clock.time()))
    mesh.settle()
    ann.lines()
    ann >> "TRACE c.test" >> "PING x c.test"
    mesh.settle()
    lines = ann.lines()
    assert lines[0].startswith(":a.test 200 ") and lines[-1] == ":c.test PONG c.test :ann"
    told = [line.split(" ")[1] for line in lines[1:-1]]
    assert told == [*["205"] * 256, "416", "206", "209", "262"]
    mesh.check()


def test_a_sign_of_life_of_another_server() -> None:
    """https://datatracker.ietf.org/doc/html/rfc2812#section-3.7.2: "If the
    <server2> parameter is specified, it represents the target of the ping"."""
    mesh, ann, _ = three()
    ask(mesh, ann, "PING token c.test") << ":c.test PONG c.test :ann"
    ask(mesh, ann, "PING token b.test") << ":b.test PONG b.test :ann"
    ask(mesh, ann, "PING token a.test") << ":a.test PONG a.test :token"
    ann.silent()
    mesh.check()


def test_every_question_that_may_travel_is_a_command_of_clients() -> None:
    assert PLACES.keys() <= CLIENT.rows.keys()


def test_a_link_brings_so_many_questions_and_no_more() -> None:
    mesh, ann, _ = three(links={"queries": 2, "queries_period": 5})
    for _ in range(3):
        ask(mesh, ann, "TIME c.test")
    assert ann.numerics() == ["391", "391", "263"]
    mesh.clock.advance(5)
    assert ask(mesh, ann, "TIME c.test").numerics() == ["391"]


WORDS = st.one_of(
    st.sampled_from(
        ["0AA", "0BA", "1SO", "9ZZ", "*", "?", "a.test", "so1.test", "dan", "0AAAAAAAA", "1SOAAAAAB"]
    ),
    st.text(st.characters(exclude_characters=" \r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=120),
)


@settings(max_examples=runs(60, 5000), deadline=None)
@given(verb=st.sampled_from(sorted(PLACES)), words=st.lists(WORDS, max_size=6), user=st.booleans())
def test_no_question_breaks_a_server(verb: str, words: list[str], user: bool) -> None:
    mesh = Mesh("a", "b", link=(block("so1"),))
    mesh.link("a", "b")
    mesh["a"].client("ann")
    mesh.settle()
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    so1 >> ":1SO EUID dan 1 1700000000 +i ~dan dan.host 192.0.2.9 1SOAAAAAB * * :Dan"
    params = " ".join([word.lstrip(":") or "x" for word in words[:-1]] + [":" + word for word in words[-1:]])
    so1 >> f":{'1SOAAAAAB' if user else '1SO'} {verb} {params}"
    mesh.settle()
    assert so1.gone is None
    mesh.check()


def test_what_a_strange_server_asks_and_answers() -> None:
    """The lines of Solanum, which puts the id of a server, or of a user there, in place of the name."""
    mesh = Mesh("a", "b", link=(block("so1"),))
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.settle()
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    so1 >> ":1SO EUID dan 1 1700000000 +i ~dan dan.host 192.0.2.9 1SOAAAAAB * * :Dan"
    mesh.settle()
    assert so1.lines() == [":0BA PING b.test :1SO"]  # to hear that it has told all
    so1 >> ":1SOAAAAAB TIME :0AA"
    so1 << ":0AA 391 1SOAAAAAB a.test :Tuesday November 14 2023, 22:13:20 UTC"
    so1 >> f":1SOAAAAAB WHOIS {ann.user.uid} :ann"
    so1 << ":0AA 311 1SOAAAAAB ann ~ann 192.0.2.1 * :Ann"
    assert any(line.startswith(":0AA 317 1SOAAAAAB ann ") for line in so1.lines())
    so1 >> ":1SOAAAAAB STATS u :0BA"
    mesh.settle()
    so1 << ":0BA 242 1SOAAAAAB :Server Up 0 days 0:00:00"
    so1.lines()
    so1 >> ":1SOAAAAAB VERSION :9ZZ"
    so1 << ":0AA 402 1SOAAAAAB 9ZZ :No such server"
    so1 >> ":1SOAAAAAB TIME :1SO"  # it knows that best
    so1.silent()
    bob.lines()
    bob >> "WHOIS dan dan"
    mesh.settle()
    so1 << f":{bob.user.uid} WHOIS 1SOAAAAAB :dan"
    so1 >> f":1SO 317 {bob.user.uid} dan 5 1700000000 :seconds idle, signon time"
    mesh.settle()
    bob << ":so1.test 317 bob dan 5 1700000000 :seconds idle, signon time"
    bob >> "PING x so1.test"
    mesh.settle()
    so1 << f":{bob.user.uid} PING bob :1SO"
    so1 >> f":1SO PONG so1.test :{bob.user.uid}"
    mesh.settle()
    bob << ":so1.test PONG so1.test :bob"
    assert so1.gone is None
    mesh.check()


def test_whois_from_afar_tells_all_prefixes() -> None:
    """“the multi-prefix client capability will cause the IRC server to send all possible prefixes which apply
    to a user in NAMES, WHO, and WHOIS output”  https://ircv3.net/specs/extensions/multi-prefix

    What a client asked for is known to its own server only: other servers tell all in any case, and what it
    did not ask for is left out there.
    “highest channel membership prefix that the client has in that channel”
    https://modern.ircdocs.horse/#rplwhoischannels-319
    """
    mesh, ann, carl = three()
    carl >> "JOIN #c" >> "MODE #c +v carl" >> "JOIN #d" >> "MODE #d +v-o carl carl" >> "JOIN #e"
    mesh.settle()
    for caps, shown in (("", "@#c +#d @#e"), ("multi-prefix", "@+#c +#d @#e")):
        ann >> f"CAP REQ :{caps}"
        ann.lines()
        for whom, server in (("carl", "a"), ("carl carl", "c")):
            ask(mesh, ann, f"WHOIS {whom}").until(f":{server}.test 319 ann carl :{shown}")
