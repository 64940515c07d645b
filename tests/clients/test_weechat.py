"""A conversation in WeeChat, with somebody who speaks the protocol by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from programs import WeeChat, configured, helper

pytestmark = [pytest.mark.client, pytest.mark.daemon]

CORE = "core.weechat"
DEN = "irc.net.#den"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_conversation_in_weechat(tmp_path: Path, tls: bool) -> None:
    with (
        WeeChat(tmp_path / "weechat") as weechat,
        configured(tmp_path) as daemon,
        daemon.client("bob") as bob,
    ):
        _arrive(weechat, daemon, tls)
        _talk(weechat, bob)
        _govern(weechat, bob)
        _ask(weechat, bob, tls)
        _change(weechat, bob)
        _leave(weechat, bob)
        (complaint,) = weechat.complaints()
        assert complaint.endswith("(Killed (robert (enough)))")


def test_tags_in_weechat(tmp_path: Path) -> None:
    """All capabilities at once, also those that this version would not ask for by itself."""
    with WeeChat(tmp_path / "weechat") as weechat, configured(tmp_path) as daemon, daemon.connect() as bob:
        bob.send("CAP REQ :message-tags batch draft/multiline", "CAP END")
        bob.register("bob")
        asked = "*,account-tag,batch,draft/oper-tag,echo-message,labeled-response,standard-replies"
        weechat.enter(f"/set irc.server_default.capabilities {asked}", CORE)
        weechat.enter("/set typing.look.enabled_nicks on", CORE)
        _arrive(weechat, daemon, tls=False)
        enabled = next(line for line in weechat.shown() if "client capability, enabled:" in line).split()
        assert {"message-tags", *asked.split(",")[1:]} <= set(enabled)
        weechat.enter("/join #den")
        weechat.sees("has joined #den")
        bob.send("JOIN #den")
        bob.until(" 366 ")
        weechat.enter("hello", DEN)
        bob.until(r"^@(\S+;)?msgid=\S+ :wee!\S+ PRIVMSG #den :hello$")
        weechat.sees(r"\t@?wee\thello$")
        bob.send(
            "@+typing=active TAGMSG #den", "@+draft/react=x;+reply=y TAGMSG wee", "@+reply=x PRIVMSG #den :hi"
        )
        weechat.sees(r"\tbob\thi$")
        bob.send("BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one", "@batch=1 PRIVMSG #den :two")
        bob.send("BATCH -1")
        weechat.sees(r"\tbob\tone$", r"\tbob\ttwo$")
        weechat.enter("/setname " + 200 * "x")
        weechat.sees("Realname is not valid")
        weechat.enter("/disconnect net good night")
        bob.until("^:wee!.* QUIT :Quit: good night$")
        (complaint,) = weechat.complaints()
        assert complaint.endswith("Failure: SETNAME [INVALID_REALNAME] Realname is not valid")


def _arrive(weechat: WeeChat, daemon: Daemon, tls: bool) -> None:
    port, option = (daemon.tls_port, f"-{weechat.tls}") if tls else (daemon.port, f"-no{weechat.tls}")
    weechat.enter(
        f"/server add net 127.0.0.1/{port} {option} -nicks=wee -username=wee -realname=Somebody", CORE
    )
    if tls:
        # The certificate is one that the daemon made: its log says how to recognise it.
        (fingerprint,) = re.findall("SHA-256 ([0-9a-f]{64})", daemon.output())
        weechat.enter(f"/set irc.server.net.{weechat.tls}_fingerprint {fingerprint}", CORE)
    weechat.enter("/connect net", CORE)
    weechat.sees(
        "client capability, requesting: .*multi-prefix",
        "client capability, enabled: multi-prefix .*extended-join .*away-notify .*chghost .*setname",
        r"Welcome to the ExampleNet Network, wee$",
        r"Your host is irc\.example\.org, running version chatnet-",
        "This server was created ",
        r"irc\.example\.org chatnet-",
        r"PREFIX=\(qaohv\)~&@%\+ (.* )?are supported by this server",
        "There are 0 users and 2 invisible on 1 servers",
        "I have 2 clients and 0 servers",
        r"- irc\.example\.org Message of the day -",
        "- Be kind\\.",
        r"End of /?MOTD command\.",
        rf"User mode \[\+{'Z' if tls else ''}ix\] by wee",
    )


def _talk(weechat: WeeChat, bob: Client) -> None:
    weechat.enter("/join #den")
    weechat.sees(
        r"-->\twee \(Somebody\) \(~wee@\S+\.cloak\) has joined #den",
        r"Mode #den \[\+nt\] by irc\.example\.org",
        r"Nicks #den: \[@wee\]",
        r"Channel #den: 1 nick \(1 op, 0 halfops, 0 voices, 0 normals\)",
        "Channel created on ",
    )
    bob.send("JOIN #den")
    weechat.sees(r"-->\tbob \(bob\) \(~bob@\S+\.cloak\) has joined #den")
    weechat.enter("hello all", DEN)
    bob.until(r"^:wee!\S+ PRIVMSG #den :hello all$")
    bob.send("PRIVMSG #den :hi wee", "PRIVMSG #den :\1ACTION waves\1", "PRIVMSG wee :psst")
    weechat.sees("@wee\thello all$", "bob\thi wee$", " [*]\tbob waves", "bob\tpsst$")
    weechat.enter("/msg bob what?", DEN)
    weechat.enter("/me waves back", DEN)
    weechat.enter("/notice bob a notice", DEN)
    weechat.enter("/ctcp bob VERSION", DEN)
    bob.until("PRIVMSG bob :what[?]$")
    bob.until("PRIVMSG #den :\1ACTION waves back\1$")
    bob.until("NOTICE bob :a notice$")
    bob.until("PRIVMSG bob :\1VERSION\1$")
    bob.send("NOTICE wee :\1VERSION a socket\1", "NOTICE wee :noted")
    weechat.sees("CTCP reply from bob: VERSION a socket", "--\tbob.*: noted")
    # With echo-message it is the server that shows what was said: once.
    for said in ("hello all", "what?", "waves back", "a notice"):
        assert sum(said in line for line in weechat.shown()) == 1


def _govern(weechat: WeeChat, bob: Client) -> None:
    weechat.enter("/topic A fine topic", DEN)
    weechat.sees('wee has (changed|set) topic for #den to "A fine topic"')
    weechat.enter("/topic", DEN)
    weechat.sees('Topic for #den is "A fine topic"', r"Topic set by wee \(~wee@\S+\) on ")
    weechat.enter("/mode +m", DEN)
    weechat.sees(r"Mode #den \[\+m\] by wee")
    bob.send("PRIVMSG #den :unheard")
    bob.until(" 404 bob #den :")
    for command, shown in (
        ("/voice bob", "+v bob"),
        ("/op bob", "+o bob"),
        ("/deop bob", "-o bob"),
        ("/halfop bob", "+h bob"),
        ("/ban fay!*@*", "+b fay!*@*"),
        ("/mode +eI *!*@good *!*@good", "+eI *!*@good *!*@good"),
    ):
        weechat.enter(command, DEN)
        weechat.sees(rf"Mode #den \[{shown.replace('+', '[+]').replace('*', '[*]')}\] by wee")
    weechat.enter("/names", DEN)
    weechat.sees(r"Nicks #den: \[@wee %bob\]", r"2 nicks \(1 op, 1 halfop, 0 voices, 0 normals\)")
    weechat.enter("/ban", DEN)
    weechat.sees(r"\[#den\] \[1\] fay!\*@\* banned by wee \(~wee@\S+\) on ", "End of channel ban list")
    weechat.enter("/mode #den e")
    weechat.sees(r"\[#den\] \[1\] exception \*!\*@good by wee \(", "End of channel exception list")
    weechat.enter("/mode #den I")
    weechat.sees(r"\[#den\] \[1\] \*!\*@good invited by wee \(", "End of channel invite exception list")
    weechat.enter("/unban fay!*@*", DEN)
    weechat.sees(r"Mode #den \[-b fay!\*@\*\] by wee")
    weechat.enter("/mode #den")
    weechat.sees(r"Mode #den \[\+mnt\]", "Channel created on ")
    weechat.enter("/invite bob #den", DEN)
    weechat.sees("bob: #den is already on channel")
    weechat.enter("/kick bob too loud", DEN)
    weechat.sees(r"<--\twee has kicked bob \(too loud\)")
    weechat.enter("/invite bob", DEN)
    bob.until(r"^:wee!\S+ INVITE bob :?#den$")
    bob.send("JOIN #den")
    weechat.sees("bob .* has joined #den", "wee has invited bob to #den")
    bob.send("JOIN #bobs", "INVITE wee #bobs")
    weechat.sees("You have been invited to #bobs by bob")
    assert sum("wee has invited bob" in line for line in weechat.shown()) == 1


def _ask(weechat: WeeChat, bob: Client, tls: bool) -> None:
    weechat.enter("/who #den")
    weechat.sees(
        r"\[#den\] wee \(~wee@\S+\.cloak\) H@ 0 \(Somebody\)",
        r"\[#den\] bob \(~bob@\S+\.cloak\) H 0 \(bob\)",
        r"\[#den\] End of /?WHO list",
    )
    weechat.enter("/list")
    weechat.sees(r"#den\(2\): A fine topic", r"#bobs\(1\)", "End of /?LIST")
    weechat.enter("/whois")
    weechat.sees(
        r"\[wee\] \(~wee@\S+\.cloak\): Somebody",
        r"\[wee\] @#den",
        r"\[wee\] irc\.example\.org \(A chatnet server\)",
        *([r"\[wee\] is using a secure connection \[TLSv1\.\d, \w+\]"] if tls else []),
        r"\[wee\] is connecting from ~wee@127\.0\.0\.1 127\.0\.0\.1",
        rf"\[wee\] is using modes \+{'Z' if tls else ''}ix",
        r"\[wee\] idle: .*, signon at: ",
        r"\[wee\] End of /?WHOIS list",
    )
    bob.send("AWAY :at lunch")
    bob.until(" 306 ")
    weechat.enter("/whois bob")
    weechat.sees(
        r"\[bob\] \(~bob@\S+\.cloak\): bob",
        r"\[bob\] (#den @#bobs|@#bobs #den)",
        r"\[bob\] irc\.example\.org \(A chatnet server\)",
        r"\[bob\] is away: at lunch",
        r"\[bob\] idle: ",
        r"\[bob\] End of /?WHOIS list",
    )
    weechat.enter("/whois nobody")
    weechat.sees("nobody: No such nick/channel", r"\[nobody\] End of /?WHOIS list")
    weechat.enter("/lusers")
    weechat.sees("2 channels formed")
    weechat.enter("/admin")
    weechat.sees(r"irc\.example\.org Administrative info", "Ann of Example", "Berlin", "ann@example.org")
    weechat.enter("/version")
    weechat.sees(r"chatnet-\S+ irc\.example\.org \(A chatnet server\)", "WHOX")
    weechat.enter("/time")
    weechat.sees(r"irc\.example\.org \w+day ")
    weechat.enter("/info")
    weechat.sees("End of /?INFO list")
    weechat.enter("/links")
    weechat.sees(r"irc\.example\.org irc\.example\.org 0 ", r"\* End of /?LINKS list")
    weechat.enter("/stats u")
    weechat.sees("Server Up 0 days", "u End of /?STATS report")
    weechat.enter("/userhost bob")
    weechat.sees(r"bob=-~bob@\S+\.cloak")
    weechat.enter("/ison bob nobody")
    weechat.sees("Users online: bob$")
    weechat.enter("/quote HELP")
    weechat.sees("JOIN #lobby", "End of help")
    weechat.enter("/notify add bob net", CORE)
    weechat.sees("notify: bob .* is connected")
    bob.send("AWAY")


def _change(weechat: WeeChat, bob: Client) -> None:
    weechat.enter("/nick wee2")
    weechat.sees("You are now known as wee2")
    bob.send("NICK robert", "SETNAME :Bob Again")
    weechat.sees("bob is now known as robert")
    weechat.sees('robert has changed real name to "Bob Again"')
    weechat.enter("/whowas bob")
    weechat.sees(r"\[bob\] \(~bob@\S+\) was bob", r"\[bob\] irc\.example\.org \(", r"\[bob\] End of /?WHOWAS")
    weechat.enter("/whowas neverseen")
    weechat.sees("neverseen: There was no such nickname", r"\[neverseen\] End of /?WHOWAS")
    weechat.enter("/setname Fresh Name")
    weechat.sees('Your real name has been set to "Fresh Name"')
    weechat.enter("/away gone fishing")
    weechat.sees("You have been marked as being away")
    bob.send("PRIVMSG wee2 :there?")
    bob.until(" 301 robert wee2 :gone fishing$")
    weechat.enter("/away")
    weechat.sees("You are no longer marked as being away")
    weechat.enter("/mode wee2 +w-i")
    weechat.sees(r"User mode \[(\+w-i|-i\+w)\] by wee2")
    weechat.enter("/mode wee2")
    weechat.sees(r"User mode for wee2 is \[\+Z?wx\]")
    weechat.enter("/oper ann wrong")
    weechat.sees("Password incorrect")


def _leave(weechat: WeeChat, bob: Client) -> None:
    weechat.enter("/join #bobs")
    weechat.sees("wee2 .* has joined #bobs")
    weechat.enter("/mode -t", "irc.net.#bobs")
    weechat.sees("#bobs: You're not channel operator")
    weechat.enter("/part so long", "irc.net.#bobs")
    weechat.sees(r"<--\twee2 \(\S+\) has left #bobs \(so long\)")
    bob.send("OPER ann secret", "KILL wee2 :enough")
    weechat.sees("enough")
    weechat.enter("/reconnect net")
    bob.until("^:wee2?!.* JOIN :?#den")
    weechat.sees(r"-->\twee2 \(.*\) has joined #den")
    # Who closes a connection with something unread resets it, and may be read no more.
    bob.send("PRIVMSG wee2 :sleep well")
    weechat.sees("sleep well")
    weechat.enter("/disconnect net good night")
    bob.until("^:wee2?!.* QUIT :Quit: good night$")


def test_an_operator_in_weechat_keeps_order(tmp_path: Path) -> None:
    """With the alias that docs/moderation.md has, and as operators of Solanum are used to."""
    with (
        WeeChat(tmp_path / "weechat") as weechat,
        configured(tmp_path, helper()) as daemon,
        daemon.client("bob") as bob,
    ):
        weechat.enter("/alias add uban /quote uban $*", CORE)
        _arrive(weechat, daemon, tls=False)
        troll = daemon.client("troll")
        weechat.enter("/oper hal secret")
        weechat.sees("You are now an IRC operator")
        weechat.enter("/uban test realname:*roll 1d noise")
        weechat.sees(
            r"Bans realname:\*roll for 1d: 1 user here, 0 elsewhere \(troll\)$",
            r"Nothing is done yet\. To do it: /UBAN ADD realname:\*roll 1d noise$",
        )
        weechat.enter("/uban add realname:*roll 1d noise|third time")
        weechat.sees(
            r"wee added global 1440 min\. X-Line for \[\*roll\] \[noise\|third time\]$",
            r"Done, on all servers\. To undo: /UBAN DEL realname:\*roll$",
        )
        assert troll.until(r"^ERROR ")[-2].startswith(
            ":irc.example.org 465 troll :You are banned from this server- noise (until "
        )
        troll.close()
        weechat.enter("/stats x")
        weechat.sees(r"x 0 \*roll \[wee!.* s left, network\] noise\|third time$")
        weechat.enter("/uban del realname:*roll")
        weechat.sees(r"Lifted: realname:\*roll ")
        weechat.enter("/quote kline 60 ~bob@* :enough")
        weechat.sees(r"Added global 60 min\. K-Line \[~bob@\*\]$", r"To undo: /UNKLINE ~bob@\*$")
        bob.until(r"^ERROR .*Banned: enough")
        weechat.enter("/quote testline ~bob@192.0.2.1")
        weechat.sees(r"k (59|60) ~bob@\* :?enough$")
        weechat.enter("/quote unkline ~bob@*")
        weechat.sees(r"Removed K-Line of \[~bob@\*\], for the network$")
        with daemon.client("fay") as fay:
            weechat.enter("/kill fay that is enough")
            fay.until(r"^ERROR .*Killed \(wee \(that is enough\)\)")
        weechat.enter("/quote audit KILL 1h")
        weechat.sees(r"hal \(wee\) KILL fay!", "End of AUDIT: 1 note")
        weechat.enter("/disconnect net good night")
