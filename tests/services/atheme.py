"""Atheme, a process of its own, linked over loopback to a real daemon.

https://atheme.github.io/  It speaks the dialect that it calls ``charybdis``.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from daemon_process import HOST, Client, Daemon, free_port, wait_for
from process import Process

NAME = "services.test"
PASSWORD = "between-the-servers"
MODULES = """
backend/opensex crypto/pbkdf2v2 protocol/charybdis
nickserv/main nickserv/register nickserv/identify nickserv/logout nickserv/cert nickserv/vhost
nickserv/enforce nickserv/set_core
chanserv/main chanserv/register chanserv/op chanserv/topic chanserv/akick chanserv/set_core
chanserv/set_mlock
saslserv/main saslserv/plain saslserv/external
operserv/main operserv/akill operserv/jupe
"""
CONFIGURATION = """
serverinfo {
    name = "NAME"; desc = "Services"; numeric = "00A"; netname = "TestNet"; hidehostsuffix = "users.test";
    adminname = "Ann"; adminemail = "ann@example.org"; registeremail = "services@example.org";
    mta = "/bin/true"; loglevel = { error; info; admin; network; }; auth = none; casemapping = rfc1459;
    recontime = 1; commit_interval = 5; maxnicks = "9"; maxusers = "9"; maxchans = "9"; mdlimit = 30;
    emaillimit = 10; emailtime = 300; restarttime = 0; maxcertfp = 5; maxlogins = 10; maxfounders = 4;
};
uplink "irc.test" {
    host = "127.0.0.1"; port = PORT; send_password = "PASSWORD"; receive_password = "PASSWORD";
};
general { };
nickserv {
    nick = "NickServ"; user = "NickServ"; host = "NAME"; real = "Nicks";
    enforce_delay = 1; enforce_prefix = "Guest";
};
chanserv { nick = "ChanServ"; user = "ChanServ"; host = "NAME"; real = "Channels"; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "NAME"; real = "Logins"; };
operserv { nick = "OperServ"; user = "OperServ"; host = "NAME"; real = "Operators"; };
operclass "sra" {
    privs = {
        special:ircop; general:admin; operserv:akill; operserv:massakill; operserv:jupe; user:vhost;
        user:admin;
    };
};
operator "ann" { operclass = "sra"; };
"""
DAEMON = f"""
[server]
name = "irc.test"
sid = "0AA"
[cloak]
enabled = false
[flood]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface={HOST}"
[[listen]]
endpoint = "tcp:TLS_PORT:interface={HOST}"
tls = true
[[listen]]
kind = "server"
endpoint = "tcp:LINKS:interface={HOST}"
[[link]]
name = "{NAME}"
role = "ROLE"
password = "{PASSWORD}"
"""


class Atheme(Process):
    """One process; what it keeps and says is in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        if shutil.which("atheme-services") is None:
            pytest.skip("atheme-services is not installed")
        folder.mkdir()
        super().__init__(folder)
        text = CONFIGURATION.replace("NAME", NAME).replace("PORT", str(port)).replace("PASSWORD", PASSWORD)
        modules = "".join(f'loadmodule "modules/{module}";\n' for module in MODULES.split())
        (folder / "atheme.conf").write_text(modules + text)

    def __enter__(self) -> Self:
        names = {"-c": "atheme.conf", "-D": "", "-l": "log", "-p": "pid"}
        options = [word for option, name in names.items() for word in (option, str(self.folder / name))]
        self.run(["atheme-services", "-n", *options], os.environ)
        return self


class Served:
    """A daemon and its Atheme, in folders below `folder`, linked."""

    def __init__(self, folder: Path, role: str = "services", more: str = "") -> None:
        links = free_port()
        self.atheme = Atheme(folder / "atheme", links)
        (folder / "irc").mkdir()
        self.daemon = Daemon(folder / "irc")
        self.daemon.configure(DAEMON.replace("LINKS", str(links)).replace("ROLE", role) + more)

    def __enter__(self) -> Self:
        self.daemon.start()
        self.atheme.__enter__()
        try:
            self.linked()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def linked(self, times: int = 1) -> None:
        """Wait until both have told each other all they know."""
        wait_for(lambda: self.atheme.output().count("finished synching") >= times, "the services")

    def end(self) -> None:
        """Let nothing of them be left."""
        self.atheme.end()
        self.daemon.end()

    def account(self, nick: str, word: str = "a-secret-word") -> Client:
        """A client with an account of its own, logged in to it."""
        client = self.daemon.client(nick)
        client.send(f"PRIVMSG NickServ :REGISTER {word} {nick}@example.org")
        client.until("is now registered")
        return client
