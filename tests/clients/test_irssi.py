"""A conversation in irssi, with somebody who speaks the protocol by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from programs import Irssi, configured, helper

pytestmark = [pytest.mark.client, pytest.mark.daemon]

GENERIC = {
    *("001", "002", "003", "004", "005", "008"),
    *("250", "251", "252", "254", "255", "265", "266", "372", "375", "376"),
    *("256", "257", "258", "259", "351", "364", "365", "371", "374", "391"),
    *("321", "322", "323", "347", "349", "368", "381", "406", "443", "482"),
}
"""Numerics that irssi has no words of its own for, whatever the server: it shows their texts."""


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_conversation_in_irssi(tmp_path: Path, tls: bool) -> None:
    with (
        Irssi(tmp_path / "irssi", "iris") as irssi,
        configured(tmp_path) as daemon,
        daemon.client("bob") as bob,
    ):
        _arrive(irssi, daemon, tls)
        _talk(irssi, bob)
        _govern(irssi, bob)
        _ask(irssi, bob, tls)
        _change(irssi, bob)
        _oper(irssi)
        _leave(irssi, bob)
        assert irssi.not_understood() == []
        assert {"001", "323"} <= irssi.generic() <= GENERIC


def _arrive(irssi: Irssi, daemon: Daemon, tls: bool) -> None:
    port, options = (daemon.tls_port, "-tls -notls_verify") if tls else (daemon.port, "-notls")
    irssi.enter(f"/connect {options} 127.0.0.1 {port}")
    irssi.sees(
        "acknowledged: multi-prefix extended-join setname invite-notify away-notify chghost account-notify",
        r"\(001\) Welcome to the ExampleNet Network, iris$",
        r"\(002\) Your host is irc\.example\.org, running version chatnet-",
        r"\(003\) This server was created ",
        r"\(004\) irc\.example\.org chatnet-",
        r"\(005\) .* PREFIX=\(qaohv\)~&@%\+ (.* )?are supported by this server",
        r"\(251\) There are 0 users and 2 invisible on 1 servers",
        r"\(255\) I have 2 clients and 0 servers",
        r"\(375\) - irc\.example\.org Message of the day - ",
        r"\(372\) - Be kind\.",
        r"\(376\) End of /MOTD command\.",
        rf"Mode change \[\+{'Z' if tls else ''}ix\] for user iris",
    )


def _talk(irssi: Irssi, bob: Client) -> None:
    irssi.enter("/join #den")
    irssi.sees(
        r"iris \[~iris@\S+\.cloak\] has joined #den",
        r"ServerMode/#den \[\+nt\] by irc\.example\.org",
        r"\[@iris\]",
        "#den: Total of 1 nicks .1 ops, 0 halfops, 0 voices, 0 normal",
        "Channel #den created ",
        "Join to #den was synced",
    )
    bob.send("JOIN #den")
    irssi.sees(r"bob \[~bob@\S+\.cloak\] has joined #den")
    irssi.enter("hello all")
    bob.until(r"^:iris!\S+ PRIVMSG #den :hello all$")
    bob.send("PRIVMSG #den :hi iris", "PRIVMSG #den :\1ACTION waves\1", "PRIVMSG iris :psst")
    irssi.sees("< bob> hi iris", r"\* bob waves", "<bob> psst")
    irssi.enter("/msg bob what?")
    irssi.enter("/notice bob a notice")
    irssi.enter("/ctcp bob VERSION")
    bob.until("PRIVMSG bob :what[?]$")
    bob.until("NOTICE bob :a notice$")
    bob.until("PRIVMSG bob :\1VERSION\1$")
    bob.send("NOTICE iris :\1VERSION a socket\1", "NOTICE iris :noted")
    irssi.sees("CTCP VERSION reply from bob: a socket", r"-bob\(~bob@\S+\)- noted")


def _govern(irssi: Irssi, bob: Client) -> None:
    irssi.enter("/topic A fine topic")
    irssi.sees("iris changed the topic of #den to: A fine topic")
    irssi.enter("/topic")
    irssi.sees("Topic for #den: A fine topic", r"Topic set by iris \[~iris@\S+\] \[")
    irssi.enter("/mode +m")
    irssi.sees(r"mode/#den \[\+m\] by iris")
    bob.send("PRIVMSG #den :unheard")
    bob.until(" 404 bob #den :")
    for command, shown in (
        ("/voice bob", "+v bob"),
        ("/op bob", "+o bob"),
        ("/deop bob", "-o bob"),
        ("/ban fay!*@*", "+b fay!*@*"),
        ("/mode +eI *!*@good *!*@good", "+eI *!*@good *!*@good"),
    ):
        irssi.enter(command)
        irssi.sees(rf"mode/#den \[{shown.replace('+', '[+]').replace('*', '[*]')}\] by iris")
    irssi.enter("/names")
    irssi.sees(r"\[@iris\] \[\+bob\]")
    irssi.enter("/ban")
    irssi.sees(r"1 - #den: ban fay!\*@\* \[by iris")
    irssi.enter("/quote MODE #den b")
    irssi.sees(r"#den: ban fay!\*@\*", r"\(368\) #den End of channel ban list")
    irssi.enter("/quote MODE #den e")
    irssi.sees(r"#den: ban exception \*!\*@good \[by iris", r"\(349\) #den End of channel exception list")
    irssi.enter("/quote MODE #den I")
    irssi.sees(r"#den: invite \*!\*@good", r"\(347\) #den End of channel invite exception list")
    irssi.enter("/unban fay!*@*")
    irssi.sees(r"mode/#den \[-b fay!\*@\*\] by iris")
    irssi.enter("/mode #den")
    irssi.sees(r"mode/#den \[\+mnt\]", "Channel #den created ")
    irssi.enter("/invite bob #den")
    irssi.sees(r"\(443\) bob #den is already on channel")
    irssi.enter("/kick bob too loud")
    irssi.sees(r"bob was kicked from #den by iris \[too loud\]")
    irssi.enter("/invite bob #den")
    irssi.sees("Inviting bob to #den")
    bob.until(r"^:iris!\S+ INVITE bob :?#den$")
    bob.send("JOIN #den")
    irssi.sees("bob .* has joined #den")
    bob.send("JOIN #bobs", "INVITE iris #bobs", "MODE #bobs +i")
    irssi.sees("bob invites you to #bobs")


def _ask(irssi: Irssi, bob: Client, tls: bool) -> None:
    irssi.enter("/who #den")
    irssi.sees(
        r"#den iris +H@ +0 +~iris@\S+\.cloak \[Somebody\]",
        r"#den bob +H +0 +~bob@\S+\.cloak \[bob\]",
        "End of /WHO list",
    )
    irssi.enter("/list -yes")
    irssi.sees(
        r"\(321\) Channel Users  Name",
        r"\(322\) #den 2 A fine topic",
        r"\(322\) #bobs 1",
        r"\(323\) End of /?LIST",
    )
    irssi.enter("/whois")
    irssi.sees(
        r"-!- iris \[~iris@\S+\.cloak\]",
        "ircname  : Somebody",
        "channels : @#den",
        r"server   : irc\.example\.org \[A chatnet server\]",
        *([r": is using a secure connection \[TLSv1\.\d, \w+\]"] if tls else []),
        "hostname : ~iris@127.0.0.1 127.0.0.1",
        rf"modes    : \+{'Z' if tls else ''}ix",
        r"idle     : 0 days 0 hours 0 mins \d+ secs \[signon: ",
        "End of WHOIS",
    )
    bob.send("AWAY :at lunch")
    bob.until(" 306 ")
    irssi.enter("/whois bob")
    irssi.sees(
        r"-!- bob \[~bob@\S+\.cloak\]",
        "ircname  : bob",
        "channels : (#den @#bobs|@#bobs #den)",
        r"server   : irc\.example\.org \[A chatnet server\]",
        "away     : at lunch",
        "idle     : ",
        "End of WHOIS",
    )
    irssi.enter("/msg bob hungry?")
    irssi.sees("bob is away: at lunch")
    irssi.enter("/whois nobody")
    irssi.sees("There is no such nick nobody")
    irssi.enter("/lusers")
    irssi.sees(r"\(254\) 2 channels formed")
    irssi.enter("/admin")
    irssi.sees(
        r"\(256\) irc\.example\.org Administrative info",
        r"\(257\) Ann of Example",
        r"\(258\) Berlin",
        r"\(259\) ann@example\.org",
    )
    irssi.enter("/version")
    irssi.sees(r"\(351\) chatnet-\S+ irc\.example\.org ", r"\(005\) .*WHOX")
    irssi.enter("/time")
    irssi.sees(r"\(391\) irc\.example\.org ")
    irssi.enter("/info")
    irssi.sees(r"\(374\) End of INFO list")
    irssi.enter("/links")
    irssi.sees(r"\(364\) irc\.example\.org irc\.example\.org 0 ", r"\(365\) \* End of /?LINKS list")
    irssi.enter("/userhost bob")
    irssi.sees(r"bob=-~bob@\S+\.cloak")
    irssi.enter("/ison bob nobody")
    irssi.sees("Users online: bob$")


def _change(irssi: Irssi, bob: Client) -> None:
    irssi.enter("/nick iris2")
    irssi.sees("You're now known as iris2")
    irssi.enter("/nick bob")
    irssi.sees("Nick bob is already in use")
    bob.send("NICK robert", "SETNAME :Bob Again")
    irssi.sees("bob is now known as robert")
    irssi.enter("/whowas bob")
    irssi.sees(r"-!- bob \[~bob@\S+\]", "was      : bob", r"server   : irc\.example\.org \[", "End of WHOWAS")
    irssi.enter("/whowas neverseen")
    irssi.sees(r"\(406\) neverseen There was no such nickname|no such nick neverseen")
    irssi.enter("/setname Fresh Name")
    irssi.enter("/whois iris2")
    irssi.sees("ircname  : Fresh Name", "End of WHOIS")
    irssi.enter("/away gone fishing")
    irssi.sees("You have been marked as being away")
    bob.send("PRIVMSG iris2 :there?")
    bob.until(" 301 robert iris2 :gone fishing$")
    irssi.enter("/away")
    irssi.sees("You are no longer marked as being away")
    irssi.enter("/mode iris2 +w-i")
    irssi.sees(r"Mode change \[(\+w-i|-i\+w)\] for user iris2")
    irssi.enter("/quote MODE iris2")
    irssi.sees(r"Your user mode is \[\+Z?wx\]")


def _oper(irssi: Irssi) -> None:
    irssi.enter("/oper ann secret")
    irssi.sees(
        r"Mode change \[\+osz\] for user iris2",
        r"\(381\) You are now an IRC operator",
        r"\(008\) \+acfgkmoprx Server notice mask",
        r"!irc\.example\.org \*\*\* Notice -- iris2 .* is an operator now: ann",
    )
    irssi.enter("/whois iris2")
    irssi.sees(
        ": IRC Operator",
        r"hostname : ~iris@127\.0\.0\.1",
        r"modes    : \+oswxz \+acfgkmoprx|modes    : \+Zoswxz \+acfgkmoprx",
        "End of WHOIS",
    )
    irssi.enter("/whois robert")
    irssi.sees(r"hostname : ~bob@127\.0\.0\.1", "modes    : \\+ix", "End of WHOIS")
    irssi.enter("/wallops all hands")
    irssi.sees("WALLOP iris2: +all hands")


def _leave(irssi: Irssi, bob: Client) -> None:
    irssi.enter("/join #bobs")
    irssi.sees("Cannot join to channel #bobs|iris2 .* has joined #bobs")
    irssi.enter("/quote MODE #bobs -t")
    irssi.sees(r"\(482\) #bobs You're not channel operator")
    irssi.enter("/part #bobs so long")
    irssi.sees(r"iris2 \[\S+\] has left #bobs \[so long\]")
    irssi.enter("/reconnect 127 back soon")
    bob.until("^:iris2!.* QUIT :Quit: back soon$")
    irssi.sees(r"\(001\) Welcome", "iris2 .* has joined #den")
    bob.until("^:iris2!.* JOIN :?#den")
    irssi.quit("good night")
    bob.until("^:iris2!.* QUIT :Quit: good night$")


def test_an_account_in_irssi(tmp_path: Path) -> None:
    """Registered with NickServ, a guest without a password, and known again with it."""
    with Irssi(tmp_path / "irssi", "iris") as irssi, configured(tmp_path) as daemon:
        irssi.enter(f"/connect -notls 127.0.0.1 {daemon.port}")
        irssi.sees(r"\(376\) End of /MOTD command\.")
        irssi.enter("/msg NickServ REGISTER planted-secret")
        irssi.sees(
            r"\(900\) .*You are now logged in as iris",
            r"-NickServ\(NickServ@services\.examplenet\)- The account iris is yours, and you are logged in\.",
        )
        irssi.enter("/whois NickServ")
        irssi.sees("ircname  : Accounts and nicks", r"server   : services\.examplenet \[", "End of WHOIS")
        irssi.enter("/reconnect 127")
        irssi.sees(r"\(001\) Welcome to the ExampleNet Network, Guest\d{5}", "iris belongs to an account")
        irssi.enter("/quote NS IDENTIFY planted-secret")
        irssi.sees("You're now known as iris", r"-NickServ\(.*\)- You are now identified for iris\.")
        assert irssi.not_understood() == []
        irssi.quit("good night")


def test_an_operator_in_irssi_keeps_order(tmp_path: Path) -> None:
    """With the alias that docs/moderation.md has, and as operators of Solanum are used to."""
    with (
        Irssi(tmp_path / "irssi", "iris") as irssi,
        configured(tmp_path, helper()) as daemon,
        daemon.client("bob") as bob,
        daemon.client("troll") as troll,
    ):
        irssi.enter("/alias uban quote uban $-")
        irssi.enter(f"/connect -notls 127.0.0.1 {daemon.port}")
        irssi.sees(r"\(376\) End of /MOTD command\.")
        irssi.enter("/uban list")
        irssi.sees(r"\(481\) Permission Denied")
        irssi.enter("/oper hal secret")
        irssi.sees(r"\(381\) You are now an IRC operator")
        irssi.enter("/uban test realname:*roll 1d noise")
        irssi.sees(
            r"Bans realname:\*roll for 1d: 1 user here, 0 elsewhere \(troll\)$",
            r"Nothing is done yet\. To do it: /UBAN ADD realname:\*roll 1d noise$",
        )
        irssi.enter("/uban add realname:*roll 1d noise|third time")
        irssi.sees(
            r"iris added global 1440 min\. X-Line for \[\*roll\] \[noise\|third time\]$",
            r"Done, on all servers\. To undo: /UBAN DEL realname:\*roll$",
        )
        assert troll.until(r"^ERROR ")[-2].startswith(
            ":irc.example.org 465 troll :You are banned from this server- noise (until "
        )
        irssi.enter("/uban info realname:troll")
        irssi.sees(r"realname:\*roll \(until .* UTC; by iris!~iris@\S+, .* UTC\): noise\|third time$")
        irssi.enter("/stats x")
        irssi.sees(r"\(247\) x 0 \*roll \[iris!.* s left, network\] noise\|third time$")
        irssi.enter("/uban del realname:*roll")
        irssi.sees(r"Lifted: realname:\*roll ")
        irssi.enter("/quote kline 60 ~bob@* :enough")
        irssi.sees(r"Added global 60 min\. K-Line \[~bob@\*\]$", r"To undo: /UNKLINE ~bob@\*$")
        bob.until(r"^ERROR .*Banned: enough")
        irssi.enter("/quote testline ~bob@192.0.2.1")
        irssi.sees(r"\(725\) k (59|60) ~bob@\* enough$")
        irssi.enter("/stats k")
        irssi.sees(r"\(216\) k \* \* ~bob \[iris!.* s left, network\] enough$")
        irssi.enter("/quote unkline ~bob@*")
        irssi.sees(r"Removed K-Line of \[~bob@\*\], for the network$")
        with daemon.client("fay") as fay:
            irssi.enter("/kill fay that is enough")
            fay.until(r"^ERROR .*Killed \(iris \(that is enough\)\)")
        irssi.enter("/quote audit KILL 1h")
        irssi.sees(r"hal \(iris\) KILL fay!", "End of AUDIT: 1 note")
        irssi.quit("good night")
