"""FILTER, and what filters do to who says what they mean."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from club import Club
from conversation import Client, House
from states import far_server, far_user, logged_in, opered

from chatnet.rules import expressions
from chatnet.session.filters import Count
from chatnet.storage.answers import at_once
from chatnet.wiring.config import draft


@pytest.fixture
def club() -> Club:
    return Club()


@pytest.fixture
def root(club: Club) -> Client:
    return helper(club)


def helper(club: Club, *privileges: str) -> Client:
    root = club.client("root", address="198.51.100.1")
    opered(root, *(privileges or ("filters", "see-all", "audit")), snomask="m")
    return root


def said(client: Client, line: str) -> list[str]:
    """What a client reads of a command, without the server's and its own name."""
    client >> line
    client.house.clock.advance(0)
    start = f":irc.test NOTICE {client.user.nick} :"
    return [text.removeprefix(start) for text in client.lines() if "*** Notice" not in text]


def added(root: Client, words: str) -> str:
    """Set a filter; what it is called."""
    *_, line = [each for each in said(root, f"FILTER ADD {words}") if each.startswith("Done, ")]
    return line.rpartition(" ")[2]


def test_a_filter_only_reports_at_first_and_acts_when_it_is_told_to(club: Club, root: Client) -> None:
    ann, bob = club.client("ann"), club.client("bob", address="192.0.2.2")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    answer = said(root, "FILTER ADD block *free money* -- no adverts here")
    handle = answer[0].split()[1]
    assert answer == [
        f"Filter {handle} block (only reports) strangers text: *free money* -- no adverts here",
        f"Done, on all servers. To undo: /FILTER DEL {handle}",
        f"It only reports yet: FILTER HITS {handle} shows what it hits, FILTER LIVE {handle} has it act",
    ]
    ann >> "PRIVMSG #c :get FREE \x02mo\x02ney now"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :get FREE \x02mo\x02ney now"
    assert root.lines() == [
        f":irc.test NOTICE * :*** Notice -- Filter {handle} (block, only reported) hit"
        " ann (~ann@192.0.2.1) [192.0.2.1] in #c: get FREE money now"
    ]
    said(root, f"FILTER LIVE {handle}")
    ann >> "PRIVMSG #c :free money"
    ann << ":irc.test 404 ann #c :Cannot send to channel (no adverts here)"
    ann >> "NOTICE #c :free money" >> "PRIVMSG bob :free money" >> "PRIVMSG #c :hello"
    ann << ":irc.test 492 ann :Cannot send to user bob (no adverts here)"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hello"
    bob.silent()
    assert said(root, f"FILTER HITS {handle}")[0].endswith("4 hits here, acted 3 times")
    assert said(root, "FILTER LIST")[-1] == "1 filter"
    said(root, f"FILTER DEL {handle}")
    ann >> "PRIVMSG #c :free money"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :free money"
    assert not club.parts.sessions.filters.on
    club.check()


def talking(club: Club, *nicks: str) -> list[Client]:
    """Some people in #c, each from an address of their own."""
    clients = [club.client(nick, address=f"192.0.2.{number}") for number, nick in enumerate(nicks, 1)]
    for client in clients:
        client >> "JOIN #c"
    for client in clients:
        client.lines()
    return clients


def reload(club: Club, root: Client, **sections: Any) -> None:
    """Use other settings; no block of them makes an operator, so the one that there is has to be anew."""
    club.reload(**sections)
    opered(root, "filters", "see-all", "audit", snomask="m")


def notes(club: Club) -> list[tuple[str, str, str]]:
    """What was noted of what filters did: by which, of whom, what."""
    found = at_once(club.store.audited("FILTER", 0.0, 100))
    return [(each.by, each.about, each.detail) for each in found if each.by.startswith("filter ")]


# actions


def test_login_holds_back_guests_alone(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "login live *money* -- we had adverts")
    ann >> "PRIVMSG #c :money"
    ann << ":irc.test 404 ann #c :Cannot send to channel (log in to an account first: we had adverts)"
    bob.silent()
    logged_in(ann, "ann")
    ann >> "PRIVMSG #c :money"
    bob << ":ann!* PRIVMSG #c :money"


def test_mute(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    handle = added(root, "mute live time=5m *money* -- no adverts")
    for text in ("money", "hello"):
        ann >> f"PRIVMSG #c :{text}"
        ann << ":irc.test 404 ann #c :Cannot send to channel (no adverts (until 2023-11-14 22:18 UTC))"
    ann >> "PRIVMSG bob :hello" >> "JOIN #d" >> "PRIVMSG #d :hello"
    bob << ":ann!* PRIVMSG bob :hello"
    ann.lines()
    ann >> "QUIT"  # to come back changes nothing
    ann = club.client("anna", address="192.0.2.1")
    ann >> "JOIN #c" >> "PRIVMSG #c :me again"
    ann.until("*404 anna #c *(until *")
    assert said(root, "FILTER UNMUTE anna") == ["anna may speak again in 1 channel"]
    assert said(root, "FILTER UNMUTE anna") == ["No filter has muted anna"]
    assert said(root, "FILTER UNMUTE nobody")[0].endswith("INVALID_PARAMS :nobody is not here")
    bob.lines()
    ann >> "PRIVMSG #c :hello" >> "PRIVMSG #c :money"
    bob << ":anna!* PRIVMSG #c :hello"
    bob.silent()
    club.clock.advance(301)
    ann >> "PRIVMSG #c :hello"
    bob << ":anna!* PRIVMSG #c :hello"
    ann >> "PRIVMSG #c :money"
    said(root, f"FILTER DEL {handle}")  # without filters nobody is muted
    ann >> "PRIVMSG #c :hello"
    bob << ":anna!* PRIVMSG #c :hello"
    assert notes(club)[-1] == (f"filter {handle}", "ann!~ann@192.0.2.1", "mute in #c")


def test_kick(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "kick live *money* -- no adverts")
    ann >> "PRIVMSG #c :money"
    for client in (ann, bob):
        client << ":irc.test KICK #c ann :no adverts"
    ann << ":irc.test 404 ann #c *"
    ann >> "PRIVMSG bob :money"  # there it is but held back
    ann << ":irc.test 492 *"
    bob.silent()
    club.check()


def test_kill_also_with_several_targets(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    handle = added(root, "kill live *money* -- no adverts")
    ann >> "PRIVMSG #c,bob,root :money"
    assert ann.session.closed
    assert bob.lines() == [":ann!~ann@192.0.2.1 QUIT :Killed (irc.test (no adverts))"]
    assert notes(club) == [(f"filter {handle}", "ann!~ann@192.0.2.1", "kill")]
    assert len([line for line in root.lines() if " hit " in line]) == 1
    club.check()


@pytest.mark.parametrize("account", ["", "ann"])
def test_ban_means_the_account_or_else_the_address(club: Club, root: Client, account: str) -> None:
    ann, _ = talking(club, "ann", "bob")
    if account:
        logged_in(ann, account)
    handle = added(root, "ban live all time=1d *money* -- no adverts")
    ann >> "PRIVMSG #c :money"
    assert ann.session.closed
    (ban,) = [ban for bans in club.node.network.bans.values() for ban in bans.values()]
    assert (ban.kind, ban.host) == (("A", "ann") if account else ("D", "192.0.2.1"))
    assert (ban.reason, ban.by, ban.until) == (
        f"no adverts|filter {handle}",
        f"filter:{handle}",
        int(club.clock.time()) + 86400,
    )
    if not account:
        assert club.connect("192.0.2.1").lines()[0].startswith(":irc.test 465 ")
    assert notes(club)[0][2] == f"ban of {ban.mask}"
    club.check()


def test_a_ban_that_would_hit_many_is_but_a_kill(club: Club, root: Client) -> None:
    for number in range(5):
        club.client(f"pupil{number}", address="192.0.2.9")
    troll = club.client("troll", address="192.0.2.9")
    handle = added(root, "ban live *money*")
    troll >> "PRIVMSG root :money"
    assert troll.session.closed and not any(club.node.network.bans.values())
    assert (
        f":irc.test NOTICE * :*** Notice -- Filter {handle} bans nobody: it would hit 6 people"
        in root.lines()
    )


def test_what_is_quiet_is_not_told(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live quiet where=text,user *money* -- no adverts")
    ann >> "PRIVMSG #c :money" >> "PRIVMSG bob :money" >> "AWAY :money" >> "TOPIC #c :money"
    ann << ":irc.test 306 *"
    ann.silent()
    bob.silent()
    assert ann.user.away is None
    ann >> "NICK money"
    ann << ":irc.test 432 ann money :*it is not allowed*"


def test_the_one_counts_of_which_most_comes(club: Club, root: Client) -> None:
    ann, _ = talking(club, "ann", "bob")
    for words in ("block live *money*", "kick live /mon[e3]y/ -- out", "ban *m?ney*", "kill live *nothing*"):
        added(root, words)
    ann >> "PRIVMSG #c :MONEY"
    ann << ":irc.test KICK #c ann :out"
    lines = [line for line in said(root, "FILTER LIST") if "1 hit here" in line]
    assert len(lines) == 3 and len([line for line in lines if "acted 1" in line]) == 1


# where


def test_reasons_of_part_and_quit_are_left_out(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live *money*")
    ann >> "PART #c :money" >> "JOIN #c" >> "PART #c :bye" >> "JOIN #c" >> "QUIT :money"
    assert [line.partition(" ")[2] for line in bob.lines()] == [
        "PART #c",
        "JOIN #c",
        "PART #c :bye",
        "JOIN #c",
        "QUIT :Client Quit",
    ]
    added(root, "kill live where=quit,part *gold*")
    cyd, dan = talking(club, "cyd", "dan")
    bob.lines()
    cyd >> "QUIT :gold"
    dan >> "PART #c :gold"
    assert [line.partition(" ")[2] for line in bob.lines()] == [
        "QUIT :Client Quit",
        "QUIT :Killed (irc.test (Filtered))",
    ]
    club.check()


def test_away_and_topic(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live *money* -- no adverts")
    ann >> "AWAY :money" >> "TOPIC #c :money" >> "AWAY :tea"
    ann << ":irc.test FAIL AWAY BLOCKED :no adverts" << ":irc.test FAIL TOPIC BLOCKED #c :no adverts"
    ann << ":irc.test 306 *"
    bob.silent()
    early = club.connect("192.0.2.9")
    early >> "CAP REQ draft/pre-away" >> "AWAY :money"
    assert early.lines()[-1] == ":irc.test FAIL AWAY BLOCKED :no adverts"
    added(root, "kill live where=away *gold*")
    early >> "AWAY :gold"
    bob >> "AWAY :gold"
    assert early.session.closed and bob.session.closed
    club.check()


def test_who_somebody_is_as_they_come(club: Club, root: Client) -> None:
    def coming(nick: str, realname: str, address: str = "192.0.2.7") -> Client:
        client = club.connect(address)
        client >> f"NICK {nick}" >> f"USER {nick} 0 * :{realname}"
        return client

    added(root, "block live where=user *#*free?money* -- no adverts")
    added(root, "login live where=user troll*!*@192.0.2.* -- troll network")
    added(root, "ban live where=user *#*gold* -- no gold")
    added(root, "report where=user *#*silver*")
    (line, *_) = coming("vic", "get Free Money").lines()
    assert line == ":irc.test 465 vic :You are banned from this server- no adverts"
    assert coming("troll1", "x").lines()[0] == (
        ":irc.test FAIL * ACCOUNT_REQUIRED :log in to an account before you come in: troll network"
    )
    assert coming("troll1", "x", "198.51.100.7").session.registered
    assert coming("vic", "gold", "192.0.2.8").session.closed
    assert coming("eve", "x", "192.0.2.8").session.closed
    assert coming("eve", "silver").session.registered
    lines = [line for line in root.lines() if " hit " in line]
    assert len(lines) == 2  # of one address the first
    assert lines[0].endswith(" hit vic (~vic@192.0.2.7) [192.0.2.7] by who they are: vic (get Free Money)")
    club.check()


def test_another_nick_and_another_real_name(club: Club, root: Client) -> None:
    ann = club.client("ann", caps="setname")
    added(root, "block live where=user *money* -- no adverts")
    ann >> "NICK moneybag" >> "SETNAME :free money" >> "NICK anna" >> "SETNAME :Anna"
    ann << ":irc.test 432 ann moneybag :*no adverts*"
    ann << ":irc.test FAIL SETNAME CANNOT_CHANGE_REALNAME :no adverts"
    ann << ":ann!* NICK anna" << ":anna!* SETNAME :Anna"
    added(root, "kill live where=user gold!*")
    ann >> "NICK gold"
    assert ann.session.closed
    club.check()


def test_a_message_of_several_lines_is_looked_at_as_a_whole_and_by_lines(club: Club, root: Client) -> None:
    ann = club.client("ann", caps="batch draft/multiline", address="192.0.2.1")
    bob = club.client("bob", caps="batch draft/multiline message-tags", address="192.0.2.2")
    for client in (ann, bob):
        client >> "JOIN #c"
    added(root, "block live *free*money* -- no adverts")
    added(root, "block live buy -- no shops")

    def paste(*lines: str) -> list[str]:
        ann.lines(), bob.lines()
        ann >> "BATCH +1 draft/multiline #c"
        for line in lines:
            ann >> f"@batch=1 PRIVMSG #c :{line}"
        ann >> "BATCH -1"
        return [line.partition(" :")[2] for line in ann.lines()]

    assert paste("free", "money") == ["Cannot send to channel (no adverts)"]
    bob.silent()
    assert paste("hello", "buy") == ["Cannot send to channel (no shops)"]
    bob.silent()
    assert paste("hello", "buyer") == []
    assert len(bob.lines()) == 4
    assert len([line for line in said(root, "FILTER LIST") if "1 hit here, acted 1" in line]) == 2


def test_a_reason_of_a_redaction_is_left_out(club: Club, root: Client) -> None:
    caps = "message-tags echo-message draft/message-redaction"
    ann, bob = (
        club.client(nick, caps=caps, address=f"192.0.2.{number}")
        for number, nick in enumerate(("ann", "bob"))
    )
    for client in (ann, bob):
        client >> "JOIN #c"
    added(root, "block live *money*")
    added(root, "kill live *gold*")
    for reason, told in (("bad", " :bad"), ("money", ""), ("gold", None)):
        ann.lines()
        ann >> "PRIVMSG #c :x"
        (line,) = ann.lines()
        msgid = line.partition("msgid=")[2].partition(" ")[0].partition(";")[0]
        bob.lines()
        ann >> f"REDACT #c {msgid} :{reason}"
        (line,) = bob.lines()
        if told is None:
            assert " QUIT " in line
        else:
            assert line.endswith(f" REDACT #c {msgid}{told}")
    club.check()


# whom, and whom not


def test_what_is_said_to_services_is_never_looked_at(club: Club, root: Client) -> None:
    added(root, "kill live all where=text /[a-z]/")
    far = far_server(club, "services.test")
    service = far_user(club, far, "AuthServ", modes=frozenset("S"))
    club.account("ann", password="tulips-in-may")
    ann = club.client("ann")
    ann >> "PRIVMSG NickServ :IDENTIFY ann tulips-in-may" >> "NS STATUS" >> "PRIVMSG AuthServ :AUTH me secret"
    assert ann.user.account == "ann" and service is club.node.network.user("AuthServ")
    assert not club.parts.sessions.filters.counts
    ann >> "PRIVMSG root :x"
    assert ann.session.closed


def test_who_passes(club: Club, root: Client) -> None:
    added(root, "block live *money*")
    everybody = added(root, "block live all *gold* -- for all")
    ann, bob, cyd = talking(club, "ann", "bob", "cyd")
    root >> "JOIN #c" >> "PRIVMSG #c :money and gold"
    assert "gold" in bob.lines()[-1]
    opered(ann, "kill")
    ann >> "PRIVMSG #c :gold"
    ann.until("* 404 ann #c *for all*")
    opered(cyd, "bans")
    said(cyd, "UBAN EXEMPT 192.0.2.2 our bot")
    bob >> "PRIVMSG #c :money and gold"
    ann.until(":bob!* PRIVMSG #c :money and gold")
    assert not club.parts.sessions.filters.counts[bob_entity(club)].hits
    said(root, f"FILTER DEL {everybody}")
    club.account("dora", password="tulips-in-may")
    dora = club.client("dora", address="192.0.2.8")
    dora >> "JOIN #c" >> "NS IDENTIFY dora tulips-in-may"
    dora.lines()
    dora >> "PRIVMSG #c :money"
    dora.until("* 404 dora #c *")
    club.clock.advance(3601)  # the account is not new any more
    dora >> "PRIVMSG #c :money"
    dora.silent()


def bob_entity(club: Club) -> str:
    """The filter that says ``*money*``, of which hits are counted."""
    filters = club.parts.sessions.filters
    (found,) = [each.entity for each in filters.all() if each.pattern == "*money*"]
    filters.counts.setdefault(found, Count())
    return found


def test_guests_may_be_known_after_a_while(club: Club, root: Client) -> None:
    reload(club, root, filters={"guest_time": 600})
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live *money*")
    ann >> "PRIVMSG #c :money"
    ann << "* 404 ann #c *"
    club.clock.advance(601)
    ann >> "PRIVMSG #c :money"
    bob << ":ann!* PRIVMSG #c :money"


def test_channels_that_are_spared(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live not=#C,#d *money*")
    added(root, "block live *gold*")
    ann >> "PRIVMSG #c :money"
    bob << ":ann!* PRIVMSG #c :money"
    ann >> "PRIVMSG #c :gold"
    ann << "* 404 ann #c *"
    reload(club, root, filters={"exempt_channels": ("#c",)})
    ann >> "PRIVMSG #c :gold"
    bob << ":ann!* PRIVMSG #c :gold"


def test_nobody_reads_what_was_private(club: Club, root: Client) -> None:
    helper_ = club.client("helper", address="198.51.100.9")
    opered(helper_, "filters", snomask="m")
    ann, _ = talking(club, "ann", "bob")
    handle = added(root, "block all live *secret*")
    root.lines(), helper_.lines()
    ann >> "JOIN #hidden" >> "MODE #hidden +s" >> "PRIVMSG bob :secret 1" >> "PRIVMSG #hidden :secret 2"
    club.clock.advance(61)
    ann >> "PRIVMSG #hidden :secret 3" >> "MODE #c +k key" >> "PRIVMSG #c :secret 4"
    told = root.lines() + helper_.lines() + said(root, f"FILTER HITS {handle}") + said(helper_, "FILTER HITS")
    told += said(root, "AUDIT") + said(root, "FILTER TEST *secret*")
    assert not [line for line in told if "secret 1" in line or "secret 2" in line or "secret 3" in line]
    assert not [line for line in told if "secret 4" in line]
    hits = [line.partition("192.0.2.1 ")[2] for line in said(root, f"FILTER HITS {handle}")[1:-1]]
    assert hits == ["in a private message", "in #hidden", "in #hidden", "in #c"]
    public = said(helper_, f"FILTER HITS {handle}")
    assert "in a channel" in public[2] and "#hidden" not in "".join(public)
    assert len(said(helper_, "FILTER HITS")) == 3
    assert not [line for line in club.log.lines if "secret" in line]


# the command


def test_who_may(club: Club) -> None:
    ann = club.client("ann")
    ann >> "FILTER LIST"
    ann << ":irc.test 481 ann *"
    opered(ann, "bans")
    ann >> "FILTER LIST"
    ann << ":irc.test 723 ann filters *"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "FILTER TEST|ADD <pattern>, *"),
        ("ADD", "FILTER TEST|ADD <pattern>, *"),
        ("NONSENSE x", "FILTER TEST|ADD <pattern>, *"),
        ("ADD block", "What is it to look for? *"),
        ("ADD block * ?", "* ? fits every text"),
        ("ADD /a*/", "a* fits every text, for it fits an empty one"),
        ("ADD /(a/", "(a is no expression that RE2 takes: missing ): (a"),
        (r"ADD /(a)\1/", r"(a)\1 is no expression that RE2 takes: invalid escape sequence: \1"),
        ("ADD /(?=a)b/", "(?=a)b is no expression that RE2 takes: *"),
        ("ADD /(?:a{100}){10}/", "(?:a{100}){10} is too large: 1004 instructions, of at most 300"),
        (r"ADD /\pL{300}/", r"\pL{300} is no expression that RE2 takes: pattern too large - compile failed"),
        (f"ADD *{'x' * 300}*", f"*{'x' * 119} is longer than 300 bytes"),
        (f"ADD a{'?' * 33}", "a* has more than 32 question marks"),
        ("ADD where=there *x*", "where= takes some of: text,*"),
        ("ADD time=never mute *x*", "time= takes a duration, such as 10m or 1d12h"),
        ("ADD block time=1h *x*", "time= is for mute and ban; *"),
        ("LIVE abcde", "There is no filter abcde; FILTER LIST shows those that there are"),
        ("DEL *x*", "There is no filter [*]x[*]; FILTER LIST shows those that there are"),
    ],
)
def test_what_makes_no_sense_is_told(club: Club, root: Client, words: str, why: str) -> None:
    root >> f"FILTER {words}".strip()
    (line,) = root.lines()
    assert fnmatch(line.replace("*x*", "[*]x[*]"), f":irc.test FAIL FILTER INVALID_PARAMS :{escaped(why)}")
    assert not club.node.network.filters


def escaped(pattern: str) -> str:
    """A pattern of which ``?``, ``[`` and the like mean themselves."""
    return re.sub(r"[\[?]", lambda found: f"[{found[0]}]", pattern)


def test_a_filter_is_changed_by_its_pattern_and_may_end(club: Club, root: Client) -> None:
    first = added(root, "block *money* -- one")
    assert added(root, "block live all quiet for=1h where=topic,part not=#c *MONEY* -- two") == first
    (line, number) = said(root, "FILTER LIST *money*")
    assert line.startswith(
        f"{first} block quiet all part,topic not #c until 2023-11-14 23:13 UTC: *MONEY* -- two"
    )
    assert number == "1 filter"
    assert said(root, "FILTER LIST *nothing*") == ["No filters"]
    assert "(only reports)" in said(root, f"FILTER DRY {first}")[0]
    club.clock.advance(3601)
    assert said(root, "FILTER LIST") == ["No filters"]
    ann = club.client("ann")
    ann >> "JOIN #d" >> "TOPIC #d :money"
    assert "TOPIC" in ann.lines()[-1]


def test_report_has_nothing_to_act_by(club: Club, root: Client) -> None:
    handle = added(root, "*money*")
    assert said(root, f"FILTER LIVE {handle}") == [
        f"{handle} only reports: FILTER ADD block … changes what it does"
    ]
    assert "put" not in said(root, "FILTER ADD block *gold*")[-1]
    assert "It fits this whole text; *gold* what has it in it" in said(root, "FILTER ADD block gold")


def test_there_may_be_so_many(club: Club, root: Client) -> None:
    reload(club, root, filters={"most": 1})
    added(root, "block *a1*")
    assert said(root, "FILTER ADD block *a2*") == ["There are 1 filters (filters.most); lift one first"]
    added(root, "kick for=1m *a1*")
    club.clock.advance(61)  # one that is over takes no room
    added(root, "kick *a2*")
    reload(club, root, filters={"most": 0})
    assert "not used here: it is one too many (filters.most)" in said(root, "FILTER LIST")[0]
    reload(club, root, filters={"most": 10, "expressions": 10})
    added(root, "block live /some words here/")
    assert "not used here: it has no room beside the others" in said(root, "FILTER LIST *words*")[0]


def test_stats_lists_them_for_those_who_may(club: Club, root: Client) -> None:
    reload(club, root, limits={"stats_bans": 1})
    handle = added(root, "block *a1* -- no adverts")
    added(root, "block *a2*")
    root.lines()
    root >> "STATS f"
    line = f"{handle} block (only reports) strangers text: *a1* -- no adverts (no hits here; *"
    root << f":irc.test 249 root f :{line}"
    root << ":irc.test 416 root STATS :*" << ":irc.test 219 root f :*"
    ann, guest = club.client("ann"), club.client("guest")
    opered(ann, "see-all")
    ann.lines()
    ann >> "STATS F" << ":irc.test 723 ann filters :*" << ":irc.test 219 ann F :*"
    guest >> "STATS f" << ":irc.test 481 guest *" << ":irc.test 219 guest f :*"


def test_each_answer_tells_how_to_undo_that_one(root: Client) -> None:
    handle = added(root, "block *a b* no adverts")
    assert said(root, f"FILTER DRY {handle}") == [f"{handle} only reports already"]
    answers = [said(root, f"FILTER {verb} {handle}") for verb in ("LIVE", "DRY")]
    assert [answer[1] for answer in answers] == [
        f"Done, on all servers. To undo: /FILTER DRY {handle}",
        f"Done, on all servers. To undo: /FILTER LIVE {handle}",
    ]
    assert "Whom it hits reads no reason: write one at the end, behind --" in said(
        root, "FILTER ADD mute *c*"
    )
    assert not any("no reason" in line for line in said(root, "FILTER ADD mute *c* -- no adverts"))


def test_a_pattern_is_tried_on_what_was_said(club: Club, root: Client) -> None:
    assert (
        said(root, "FILTER TEST *x*")[1]
        == "No message to a channel is remembered here that it could be tried on"
    )
    ann, _ = talking(club, "ann", "bob")
    ann >> "PRIVMSG #c :free \x02money" >> "PRIVMSG #c :hello" >> "PRIVMSG bob :money in private"
    assert said(root, "FILTER TEST block /mon[e3]y/ -- no adverts")[1:] == [
        "It fits 1 of the last 2 messages to channels, whoever said them; some of them:",
        "- ann in #c: free money",
        "Nothing is done yet. To do it: /FILTER ADD block /mon[e3]y/ -- no adverts",
    ]
    assert said(root, "FILTER TEST *nothing*")[1] == (
        "It fits 0 of the last 2 messages to channels, whoever said them"
    )
    assert said(root, "FILTER TEST where=user /#(ann|root)/")[1:-1] == [
        "It fits 2 people here, 0 elsewhere (root, ann)"
    ]
    assert said(root, "FILTER TEST where=part *x*")[1:-1] == [
        "It is not for channels, and nothing else is looked at for this"
    ]
    root >> "FILTER TEST /(/"
    assert "FAIL" in root.lines()[0]
    assert not club.node.network.filters


def test_a_shield_has_those_act_that_only_report(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block *money*")
    added(root, "report *gold*")
    opered(root, "filters", "shields")
    root >> "SHIELDS 1 1h bots"
    assert said(root, "FILTER LIST")[-1] == "A shield is up: those that only report act as well"
    ann.lines(), bob.lines()
    ann >> "PRIVMSG #c :money" >> "PRIVMSG #c :gold"
    ann << "* 404 ann #c *"
    bob << ":ann!* PRIVMSG #c :gold"
    root >> "SHIELDS 0"
    ann.lines(), bob.lines()
    ann >> "PRIVMSG #c :money"
    bob << ":ann!* PRIVMSG #c :money"


def test_who_is_muted_reads_until_when_before_whom_to_ask(club: Club, root: Client) -> None:
    (ann,) = talking(club, "ann")
    reload(club, root, server={"help": "#help"})
    added(root, "mute live time=5m *money* -- no adverts")
    why = "no adverts (until 2023-11-14 22:18 UTC). Questions: #help"
    told = f":irc.test 404 ann #c :Cannot send to channel ({why})"
    ann >> "PRIVMSG #c :money" << told
    ann >> "PRIVMSG #c :hello" << told


# in the configuration


def test_filters_in_the_configuration(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    block = {"pattern": "/mon[e3]y/", "action": "block", "dry": False, "reason": "no adverts"}
    reload(club, root, filter=(block,), server={"help": "#help"})
    ann >> "PRIVMSG #c :mon3y"
    ann << ":irc.test 404 ann #c :Cannot send to channel (no adverts. Questions: #help)"
    (line, _) = said(root, "FILTER LIST")
    handle = line.split()[0]
    assert line.endswith("(1 hit here, acted 1 time; by configuration)")
    assert said(root, f"FILTER DEL {handle}") == [
        f"{handle} cannot be lifted: it stands in the configuration"
    ]
    assert said(root, f"FILTER DRY {handle}")[0].startswith(f"{handle} stands in the configuration")
    assert said(root, "FILTER ADD kill /mon[e3]y/") == [
        "There is such a filter in the configuration, which no command changes"
    ]
    reload(club, root, filter=())
    ann >> "PRIVMSG #c :mon3y"
    bob << ":ann!* PRIVMSG #c :mon3y"


def test_without_records_filters_are_of_this_server_alone() -> None:
    house = House()
    root, ann = house.client("root", address="198.51.100.1"), house.client("ann")
    opered(root, "filters")
    answer = said(root, "FILTER ADD kill live all *money*")
    handle = answer[0].split()[1]
    assert answer[1] == (f"Done, on this server alone, until it is restarted. To undo: /FILTER DEL {handle}")
    assert said(root, f"FILTER DEL {handle}")[0].startswith("Lifted: ")
    said(root, "FILTER ADD kill live all *money*")
    ann >> "PRIVMSG root :money"
    assert ann.session.closed
    house.check()


def test_without_the_package_there_are_no_expressions(
    club: Club, root: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(expressions, "re2", None)
    assert "needs the Python package google-re2; it is not installed" in said(root, "FILTER ADD /x+/")[0]
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live *free?money*")
    ann >> "PRIVMSG #c :get Free Money" >> "PRIVMSG #c :freemoney"
    ann << "* 404 ann #c *"
    bob << ":ann!* PRIVMSG #c :freemoney"
    assert wrong(tmp_path, "/x+/") == [
        "filter.0.pattern: is a regular expression, which needs the Python package google-re2;"
        " it is not installed (chatnet's extra `filters`)"
    ]


def wrong(folder: Path, *patterns: str) -> list[str]:
    """What is wrong with a file in which these patterns stand."""
    path = folder / "chatnet.toml"
    path.write_text("".join(f"[[filter]]\npattern = '{pattern}'\n" for pattern in patterns))
    return [each.removeprefix(f"{path}: ") for each in draft(str(path), {}).problems]


def test_patterns_in_the_configuration_are_looked_at(tmp_path: Path) -> None:
    assert wrong(tmp_path, "/(/", "*", "*a*", "*a*", "/(?:a{99}){9}/") == [
        "filter.3.pattern: the pattern '*a*' is used twice",
        "filter.0.pattern: is no expression that RE2 takes: missing ): (",
        "filter.1.pattern: fits every text",
        "filter.4.pattern: is too large: 895 instructions, of at most 300",
    ]


# those that count


def test_the_same_text_again_and_again(club: Club, root: Client) -> None:
    reload(club, root, filters={"repeat_own": 3, "repeat_many": 3, "builtin_dry": False})
    ann, bob, cyd = talking(club, "ann", "bob", "cyd")
    for text in ("Buy  our flowers", "buy our FLOWERS", "buy our flowers "):
        bob >> f"PRIVMSG #c :{text}"
    bob << ":irc.test 404 bob #c :Cannot send to channel (the same was said too often)"
    ann >> "PRIVMSG #c :buy our flowers" >> "PRIVMSG #c :yes" >> "PRIVMSG #c :yes" >> "PRIVMSG #c :yes"
    ann.lines()
    cyd >> "PRIVMSG bob :buy our flowers"  # said by three people now
    cyd.until("* 492 cyd *")
    club.clock.advance(61)
    cyd >> "PRIVMSG bob :buy our flowers"
    cyd.silent()
    (line, _) = said(root, "FILTER LIST")
    assert line.startswith("repeat block strangers text: (built in) -- the same was said too often (")
    assert said(root, "FILTER DEL repeat") == ["repeat cannot be lifted: it stands in the configuration"]
    assert said(root, "FILTER DRY repeat")[0].endswith("change filters.builtin_dry there")
    assert said(root, "FILTER HITS repeat")[1].endswith("in #c: buy our flowers ")


def test_texts_that_are_nearly_the_same_are_the_same(club: Club, root: Client) -> None:
    """As for mode E of channels."""
    reload(club, root, filters={"repeat_own": 3, "builtin_dry": False})
    (bob,) = talking(club, "bob")
    for text in ("Buy our flowers 1", "buy, our flowerssss! 22"):
        bob >> f"PRIVMSG #c :{text}"
    bob.silent()
    bob >> "PRIVMSG #c :B\x02uy\x02 our fl\u200bowers 333"
    bob << ":irc.test 404 bob #c :Cannot send to channel (the same was said too often)"


def test_many_people_are_named(club: Club, root: Client) -> None:
    reload(club, root, filters={"mentions": 3, "builtin_action": "kick", "builtin_dry": False})
    ann, bob, _ = talking(club, "ann", "bob", "cyd")
    ann >> "PRIVMSG #c :ann, bob: hello bob @bob and nobody" >> "PRIVMSG bob :ann bob cyd"
    bob << ":ann!* PRIVMSG #c *" << ":ann!* PRIVMSG bob *"
    ann >> "PRIVMSG #c :BOB @ann cyd: look"
    bob << ":irc.test KICK #c ann :it names too many people"


def test_many_channels_at_once(club: Club, root: Client) -> None:
    reload(club, root, filters={"channels": 3, "channels_time": 10})
    ann = club.client("ann")
    for name in "abcd":
        ann >> f"JOIN #{name}" >> f"PRIVMSG #{name} :hello"
        club.clock.advance(1)
    assert "2 hits here" in said(root, "FILTER LIST")[0]
    club.clock.advance(10)
    ann >> "PRIVMSG #a :hello" >> "PRIVMSG #b :hello" >> "PRIVMSG #b :hello"
    assert "2 hits here" in said(root, "FILTER LIST")[0]
    assert club.node.network.channel("#d") in ann.user.channels  # they only report
    club.parts.sessions.filters.acting = True
    ann >> "PRIVMSG #c :hello"
    assert (
        ann.lines()[-1]
        == ":irc.test 404 ann #c :Cannot send to channel (you write to too many channels at once)"
    )
    club.account("dora", password="tulips-in-may")
    club.clock.advance(3601)
    dora = club.client("dora", address="192.0.2.8")
    dora >> "NS IDENTIFY dora tulips-in-may"
    for name in "abcd":
        dora >> f"JOIN #{name}" >> f"PRIVMSG #{name} :hello"
    assert not [line for line in dora.lines() if " 404 " in line]


# getting past


@pytest.mark.parametrize(
    "text",
    ["f\u034free money", "fr\u3164ee money", "free\xa0money", "free\u3000money", "free\u2800money",
     "fr\ufe0fee money", "fr\U000e0061ee money", "f\x07ree money", "free\u202e money",
     "\x03fr\x0304ee\x03 money"],
)  # fmt: skip
def test_what_nobody_sees_hides_nothing(club: Club, root: Client, text: str) -> None:
    ann, bob = talking(club, "ann", "bob")
    added(root, "block live *free money*")
    ann >> f"PRIVMSG #c :{text}"
    ann << ":irc.test 404 *"
    bob.silent()


def test_nor_does_it_in_a_pattern_or_a_real_name(club: Club, root: Client) -> None:
    added(root, "block live *fr\ufe0fee\xa0money*")
    (ann,) = talking(club, "ann")
    ann >> "PRIVMSG #c :free money" << ":irc.test 404 *"
    added(root, "block live where=user *free money*")
    ann >> "CAP REQ setname"
    ann.lines()
    ann >> "SETNAME :fr\u200bee\x02 money"
    ann << ":irc.test FAIL SETNAME *"
    for pattern in ("*\u200b*", "/./", "/[^x]/", "/(?s)\\w|\\W/"):
        assert said(root, f"FILTER ADD block {pattern}")[0].endswith("fits every text"), pattern


def test_a_reason_alone_is_no_pattern(root: Client) -> None:
    root >> "FILTER ADD block -- no adverts"
    root << ":irc.test FAIL FILTER INVALID_PARAMS :What is it to look for*"


def test_who_is_muted_stays_so_logged_in_or_out_and_does_not_react(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    bob >> "CAP REQ message-tags"
    added(root, "mute live all *money*")
    for change in (lambda: logged_in(bob, "bob"), lambda: said(root, "FILTER UNMUTE bob")):
        bob >> "PRIVMSG #c :money"
        bob.lines()
        change()
    assert said(root, "FILTER UNMUTE bob") == ["No filter has muted bob"]
    bob >> "PRIVMSG #c :hello" >> "PRIVMSG #c :money"
    ann << ":bob!* PRIVMSG #c :hello"
    logged_in(bob, "bobby")
    bob.lines()
    bob >> "PRIVMSG #c :hello" << ":irc.test 404 *"
    bob >> "@+draft/react=hello TAGMSG #c" << ":irc.test 404 *"
    ann.lines()
    assert said(root, "FILTER UNMUTE bob") == ["bob may speak again in 1 channel"]
    bob >> "PRIVMSG #c :hello"
    ann << ":bob!* PRIVMSG #c :hello"


def test_who_is_muted_says_nothing_by_leaving_or_by_a_topic(club: Club, root: Client) -> None:
    ann, bob = talking(club, "ann", "bob")
    ann >> "MODE #c -t"
    bob.lines()
    added(root, "mute live *money*")
    bob >> "PRIVMSG #c :money" << ":irc.test 404 *"
    bob >> "TOPIC #c :hello"
    bob << ":irc.test FAIL TOPIC BLOCKED *"
    ann.lines()
    for client in (ann, bob):
        client >> "CAP REQ :away-notify setname"
        client.lines()
    bob >> "NICK hello" << ":irc.test 435 bob hello #c *"
    bob >> "SETNAME :hello" << ":irc.test FAIL SETNAME CANNOT_CHANGE_REALNAME *"
    bob >> "AWAY :hello" << ":irc.test FAIL AWAY BLOCKED :Cannot say why you are away while banned *"
    ann.silent()
    bob >> "AWAY *" << ":irc.test 306 *"
    bob >> "AWAY" << ":irc.test 305 *"
    ann.lines()
    bob >> "PART #c :hello"
    ann << ":bob!~bob@192.0.2.2 PART #c"
    bob.lines()
    bob >> "AWAY :hello" << ":irc.test 306 *"


def test_who_sees_no_addresses_finds_out_none_by_filters() -> None:
    club = Club(cloak={"enabled": True})
    root, vic = helper(club, "filters"), club.client("vic", address="192.0.2.7")
    assert vic.user.host != "192.0.2.7"
    for pattern in ("*@192.0.2.7#*", r"/@192\.0\.2\.7#/"):
        assert "It fits 0 people here, 0 elsewhere, by the hosts that you see" in said(
            root, f"FILTER TEST where=user {pattern}"
        )
    assert said(root, "FILTER TEST where=user vic!*")[1].endswith("(vic)")
    hidden, plain = added(root, "report where=user *@192.0.2.7#*"), added(root, "report where=user victor!*")
    vic >> "NICK victor"
    assert root.lines() == [
        f":irc.test NOTICE * :*** Notice -- Filter {hidden} (report) hit somebody by who they are"
    ]
    assert [line.partition("UTC ")[2] for line in said(root, f"FILTER HITS {hidden}")[1:-1]] == [
        "somebody by who they are"
    ]
    assert "vic!~vic@" in said(root, f"FILTER HITS {plain}")[1]
