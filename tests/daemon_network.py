"""Several real daemons that are linked to each other, over TLS unless a test has it otherwise."""

from __future__ import annotations

import re
from pathlib import Path

from daemon_process import HOST, Client, Daemon, free_port, wait_for

from chatnet.transports.certificates import make_self_signed, public_key_fingerprint

QUICK = "[links]\nreconnect_min = 0.2\nreconnect_max = 1\n"
"""So that nobody waits for long."""


class Network:
    """Servers ``a.test``, ``b.test`` … in folders of their own, each with a listener for servers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: dict[str, Daemon] = {}
        self.link_ports: dict[str, int] = {}

    def add(self, name: str) -> Daemon:
        folder = self.folder / name
        folder.mkdir()
        self.daemons[name] = daemon = Daemon(folder)
        self.link_ports[name] = free_port()
        (folder / "chatnet-data").mkdir(mode=0o700)
        make_self_signed(self.certificate(name), [f"{name}.test"])
        return daemon

    def certificate(self, name: str) -> Path:
        return self.folder / name / "chatnet-data" / "certificates" / "default.pem"

    def configure(
        self, name: str, *links: str, sid: str = "", listen: str = "", more: str = "", grace: float = 1
    ) -> Daemon:
        """Write its configuration; `links` are the blocks, and `more` is for the section of that name.

        Links wait `grace` seconds for another connection.
        """
        listen = listen or f'endpoint = "tcp:{self.link_ports[name]}:interface={HOST}"\ntls = true'
        daemon = self.daemons[name]
        daemon.configure(
            f'[server]\nname = "{name}.test"\nsid = "{sid or f"0{name.upper()}A"}"\n'
            f'[cloak]\nkey = "{"k" * 32}"\n[flood]\nenabled = false\n{QUICK}resume_grace = {grace}\n{more}\n'
            f'[[listen]]\nendpoint = "tcp:PORT:interface={HOST}"\n'
            f'[[listen]]\nkind = "server"\n{listen}\n' + "\n".join(links)
        )
        return daemon

    def to(self, name: str, dial: bool = False, /, **other: str) -> str:
        """A ``[[link]]`` to a server; keys in `other` take the place of what is right."""
        keys = {
            "name": f'"{name}.test"',
            "password": '"a-word"',
            "role": '"hub"',
            "spki_sha256": f'["{public_key_fingerprint(self.certificate(name))}"]',
            "addresses": f'["{HOST}:{self.link_ports[name]}"]' if dial else "[]",
        }
        return "[[link]]\n" + "".join(f"{key} = {value}\n" for key, value in (keys | other).items())

    def linked(self, name: str, count: int = 1) -> None:
        """Wait until so many neighbours have told all they know."""
        daemon = self.daemons[name]
        wait_for(lambda: daemon.output().count("has told all it knew") >= count, f"the links of {name}")


def met(ann: Client, bob: Client, channel: str) -> None:
    """Both are in a channel, and see each other there."""
    ann.send(f"JOIN {channel}")
    ann.until(rf" 366 {ann.nick} ")
    bob.send(f"JOIN {channel}")
    ann.until(rf"^:{bob.nick}!\S+ JOIN {channel}")
    names = [line.rpartition(":")[2] for line in bob.until(rf" 366 {bob.nick} ") if " 353 " in line]
    if ann.nick not in {word.lstrip("~&@%+") for word in " ".join(names).split()}:
        bob.until(rf"^:{ann.nick}!\S+ JOIN {channel}")  # which crossed his own on the way


def registered(client: Client, word: str) -> None:
    """Its nick is an account, once its server has learned those of the others."""
    nick = client.nick
    learning = True
    while learning:
        client.send(f"NS REGISTER {word}")
        learning = "still learning" in client.until(f"The account {nick} is yours|still learning")[-1]


def answered(client: Client, question: str, end: str, wanted: str) -> list[list[str]]:
    """Answers, each up to its `end`, of which the last has the line that is `wanted`.

    A server hears a moment later of what another one has told its people, or its log.
    """
    answers: list[list[str]] = []

    def is_told() -> bool:
        client.send(question)
        answers.append(client.until(end))
        return any(re.search(wanted, line) for line in answers[-1])

    wait_for(is_told, f"{wanted!r} in the answer to {question}")
    return answers
