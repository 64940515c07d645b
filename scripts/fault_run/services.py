"""Servers of other makes at the edge: Atheme, which logs people in, and PyLink, which relays."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mortal import end_with_parent

from fault_run.checker import Checker
from fault_run.nodes import PASSWORD, Guest, Node, Times
from fault_run.people import RELAYED, Person
from fault_run.proxy import HOST
from fault_run.waiting import Late, pause, within

ACCOUNT = "keeper"
WORD = "a-secret-word"
PATIENCE = 40.0
"""Seconds after which services are there again, whatever happened to the server that they are linked to."""
MODULES = (
    "backend/opensex crypto/pbkdf2v2 protocol/charybdis nickserv/main nickserv/register nickserv/identify"
)
ATHEME = """
serverinfo {
    name = "NAME"; desc = "Services"; numeric = "00A"; netname = "faults"; hidehostsuffix = "users.local";
    adminname = "Ann"; adminemail = "ann@example.org"; registeremail = "services@example.org";
    mta = "/bin/true"; loglevel = { error; info; admin; network; }; auth = none; casemapping = rfc1459;
    recontime = 1; commit_interval = 5; maxnicks = "9"; maxusers = "9"; maxchans = "9"; mdlimit = 30;
    emaillimit = 10; emailtime = 300; restarttime = 0; maxcertfp = 5; maxlogins = 99; maxfounders = 4;
};
uplink "UPLINK" { host = "HOST"; port = PORT; send_password = "WORD"; receive_password = "WORD"; };
general { };
nickserv { nick = "NickServ"; user = "NickServ"; host = "NAME"; real = "Nicks"; };
"""


class Services:
    """Atheme at the first server, PyLink at the last; the other network is one server, with one person."""

    def __init__(
        self, reactor: Any, folder: Path, nodes: Sequence[Node], ports: Sequence[int], pylink: str
    ) -> None:
        self._reactor = reactor
        self._folder = folder
        self._nodes = nodes
        self._pylink = pylink
        self.tries = self.good = 0
        self._processes: list[subprocess.Popen[bytes]] = []
        atheme_port, relay_port, other_relay_port, port, link_port = ports
        self.atheme = Guest("services.faults.local", "00A", "services", atheme_port)
        self.relay = Guest("relay.faults.local", "9PY", "relay", relay_port)
        self._other = Node(folder, "other", (port, link_port), "0OT")
        self._at_other = Guest("relay.other.local", "9PY", "relay", other_relay_port)
        self._other.configure([], Times(), [self._at_other])
        self._dora = Person(reactor, self._other, "dora", Checker(), channels=(RELAYED,))

    async def start(self, people: Sequence[Person]) -> None:
        """Start them, with an account and a channel that is relayed; `people` are one of each server."""
        first, *_, last = people
        self._other.start()
        self._start_atheme()
        self._start_pylink()
        await self._dora.connect()
        await self._ask(first, f"PRIVMSG NickServ :REGISTER {WORD} keeper@example.org", "registered|exists")
        for person, command in (
            (last, f"CREATE {RELAYED}"),
            (self._dora, f"LINK faults {RELAYED} --force-ts"),
        ):
            await self._ask(person, f"PRIVMSG PyLink :IDENTIFY ann {WORD}", "Successfully logged in")
            await self._ask(person, f"PRIVMSG PyLink :{command}", "NOTICE .*:Done")

    async def check(self, people: Sequence[Person]) -> list[str]:
        """A login, and a relayed line to and fro; what of it did not work."""
        self.tries += 1
        number = self.tries
        first = people[0]
        node = self._nodes[number % len(self._nodes)]
        guest = Person(self._reactor, node, f"guest{number}", Checker(), channels=())
        try:
            await guest.connect()
            await self._ask(guest, f"PRIVMSG NickServ :IDENTIFY {first.nick} {WORD}", " 900 ")
            await self._ask(first, f"WHOIS {guest.nick}", f" 330 {first.nick} {guest.nick} {first.nick} ")
            await self._hears(self._dora, first, f"r {number} to")
            await self._hears(first, self._dora, f"r {number} fro")
        except Late as late:
            return [str(late)]
        finally:
            guest.expects_end = True
            guest.say("QUIT")
        self.good += 1
        return []

    async def _hears(self, speaker: Person, listener: Person, text: str) -> None:
        heard = within(
            self._reactor,
            listener.hears(f"PRIVMSG {RELAYED} :{text}$"),
            PATIENCE,
            f"{text!r} for {listener.nick}",
        )
        while not heard.called:
            speaker.say(f"PRIVMSG {RELAYED} :{text}")
            await pause(self._reactor, 1.0)
        await heard

    async def _ask(self, person: Person, line: str, answer: str) -> None:
        """Say a line, again and again, until the answer is read."""
        heard = within(self._reactor, person.hears(answer), PATIENCE, f"{answer!r} for {person.nick}")
        while not heard.called:
            person.say(line)
            await pause(self._reactor, 1.0)
        await heard

    def _start_atheme(self) -> None:
        folder = self._folder / "atheme"
        folder.mkdir()
        modules = "".join(f'loadmodule "modules/{module}";\n' for module in MODULES.split())
        text = ATHEME.replace("NAME", self.atheme.name).replace("UPLINK", self._nodes[0].name)
        text = text.replace("HOST", HOST).replace("PORT", str(self.atheme.port)).replace("WORD", PASSWORD)
        (folder / "atheme.conf").write_text(modules + text)
        names = {"-c": "atheme.conf", "-D": "", "-l": "atheme.log", "-p": "pid"}
        options = [word for option, name in names.items() for word in (option, str(folder / name))]
        self._run(["atheme-services", "-n", *options], folder, dict(os.environ))

    def _start_pylink(self) -> None:
        folder = self._folder / "pylink"
        folder.mkdir()
        config = {
            "pylink": {"nick": "PyLink", "user": "pylink", "serverdesc": "A relay", "realname": "PyLink"},
            "login": {"accounts": {"ann": {"password": WORD}}},
            "permissions": {"$pylinkacc": ["*"]},
            "servers": {
                name: {
                    "ip": HOST, "port": guest.port, "recvpass": PASSWORD, "sendpass": PASSWORD,
                    "hostname": guest.name, "sid": guest.sid, "sidrange": "8##", "netname": name,
                    "protocol": "ts6", "ircd": "charybdis", "maxnicklen": 30, "autoconnect": 1,
                }
                for name, guest in (("faults", self.relay), ("other", self._at_other))
            },
            "plugins": ["commands", "relay"],
            "logging": {"console": "INFO"},
            "relay": {"server_suffix": "relay.local"},
        }  # fmt: skip
        path = folder / "pylink.yml"
        path.write_text(json.dumps(config))  # which is YAML as well
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
        self._run([self._pylink, "--no-pid", str(path)], folder, environment)

    def _run(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        with (folder / "output").open("wb") as output:
            self._processes.append(
                subprocess.Popen(
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    preexec_fn=end_with_parent,
                )
            )

    def close(self) -> None:
        """End everything."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._other.stop()


def missing(pylink: str) -> list[str]:
    """Which of the programs are not installed."""
    return [program for program in ("atheme-services", pylink) if shutil.which(program) is None]
