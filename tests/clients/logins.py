"""Accounts for programs, kept by the daemon itself, and a channel where those have a rank."""

from __future__ import annotations

from daemon_process import Client, Daemon

WORD = "correct-horse-1"
"""The password of all accounts."""


def registered(daemon: Daemon, *nicks: str) -> None:
    """Each has an account, with one password, and is gone."""
    for nick in nicks:
        with daemon.connect().register(nick) as client:
            client.send(f"NS REGISTER {WORD}")
            client.until(f"The account {nick} is yours")


def account_of(daemon: Daemon, bob: Client, nick: str) -> str:
    """Which account somebody is logged in to, as WHOIS says; empty if to none."""
    bob.send(f"WHOIS {nick}")
    found = [line for line in bob.until(" 318 | 401 ") if f" 330 {bob.nick} {nick} " in line]
    return found[0].split()[4] if found else ""


def founder(daemon: Daemon, bot: str) -> Client:
    """bob in #den, which is his; the account `bot` has AOP there.  He sees tags, and accounts in a JOIN."""
    bob = daemon.connect()
    bob.send("CAP REQ :message-tags account-tag extended-join", "CAP END")
    bob.register("bob")
    bob.send(f"NS REGISTER {WORD}")
    bob.until("The account bob is yours")
    bob.send("JOIN #den", "CS REGISTER #den")
    bob.until("#den belongs to bob now")
    bob.send(f"CS AOP #den ADD {bot}")
    bob.until(f"{bot} has AOP in #den now")
    return bob


def comes_in(bob: Client, bot: str) -> None:
    """Wait until a bot is in #den, logged in, and has its rank from the beginning."""
    bob.until(rf":{bot}!\S+ JOIN #den {bot} :")
    assert bob.until("#den")[-1].split(" ", 1)[1] == f"MODE #den +o {bot}"


def says(bob: Client, bot: str, text: str) -> None:
    """Wait until a bot says something in #den; that tells by whom it is, and of which account."""
    line = bob.until(rf":{bot}!\S+ PRIVMSG #den :{text}$")[-1]
    assert f"account={bot}" in line.split(" ")[0][1:].split(";")
