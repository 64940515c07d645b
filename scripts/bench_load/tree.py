"""chatnet from a source tree, whichever is installed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from bench_bans.__main__ import bans

from bench_load.database import Database
from bench_load.server import HOST, NEIGHBOUR, PASSWORD, Ports
from chatnet.model.bans import NetworkBan
from chatnet.wire.ban_targets import shown

PACKAGE, PLUGIN = "chatnet/__init__.py", "twisted/plugins/chatnet_plugin.py"
"""What a source tree has; and the server is told to be of the tree whose files it has found for these."""
BANS = "chatnet/settings/bans.py"
"""What it has if it knows ``[[ban]]``."""
STORES = "chatnet/storage/messages"
"""What it has if it knows ``history.store``."""
SERVED = "served"
LAUNCH = f"""\
import sys
from importlib.util import find_spec
found = [find_spec(name).origin for name in ("chatnet", "twisted.plugins.chatnet_plugin")]
with open("{SERVED}", "w") as file:
    file.write("\\n".join(found))
from twisted.scripts.twistd import run
sys.argv[0] = "twistd"
run()
"""
"""`twistd`, which first says in a file where it has its code from."""

CONFIGURATION = f"""\
[server]
data = "data"
{{several}}

[[listen]]
endpoint = "tcp:{{port}}:interface={HOST}:backlog=1024"

[flood]
enabled = false

[[connection_class]]
name = "bench"
flood_exempt = true
sendq = 67108864
ping_interval = 300.0
"""
NEEDED = """\
import platform, OpenSSL, alembic, argon2, pydantic, scramp, sqlalchemy, twisted
print("CPython", platform.python_version())
"""
UP, TOLD = "All {} processes run", " has told all it knew"
"""What the log says when all processes run, and, at both ends, when two of them are linked."""
TLS = f"""
[[listen]]
endpoint = "tcp:{{port}}:interface={HOST}:backlog=1024"
tls = true
"""
STORES_NOTHING = """
[history]
store = "off"
"""
STORAGE = """
[storage]
url = "{url}"
"""
LINKED = f"""
[limits]
users = 100000

[[listen]]
kind = "server"
endpoint = "tcp:{{port}}:interface={HOST}"

[[link]]
name = "{NEIGHBOUR}"
password = "{PASSWORD}"
role = "hub"
"""


class Tree:
    """`twistd chatnet` from a source tree, without flood limits.

    With so many `bans`, and with history stored or not if that is said (`stores`), where the tree knows such;
    with several `processes`; with accounts and messages in a `database`; by an interpreter (`python`).
    """

    links = True

    def __init__(
        self,
        name: str,
        folder: Path,
        bans: int = 0,
        stores: bool | None = None,
        processes: int = 1,
        database: Database | None = None,
        python: str = sys.executable,
    ) -> None:
        self.name = name
        self.tree = folder.resolve()
        self._bans = bans if (self.tree / BANS).is_file() else 0
        self._processes = processes
        self._database = database
        self._python = python
        self._stores = stores is not False or not (self.tree / STORES).is_dir()

    def command(self, folder: Path, ports: Ports) -> list[str]:
        several = f"processes = {self._processes}\n" if self._processes > 1 else ""
        text = CONFIGURATION.format(port=ports.plain, several=several)
        text += TLS.format(port=ports.tls) if ports.tls else ""
        text += LINKED.format(port=ports.link) if ports.link else ""
        text += "" if self._stores else STORES_NOTHING
        text += "" if self._database is None else STORAGE.format(url=self._database.fresh())
        text += "".join(map(banned, bans(self._bans, random.Random(1))))
        (folder / "bench.toml").write_text(text)
        options = ["--nodaemon", "--pidfile=", "chatnet", "--config", "bench.toml"]
        return [self._python, "-c", LAUNCH, *options]

    def environment(self) -> dict[str, str]:
        ours = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
        return {**ours, "PYTHONPATH": str(self.tree)}

    def is_up(self, folder: Path) -> bool:
        if self._processes == 1:
            return True
        said = (folder / "output").read_text(errors="replace")
        return UP.format(self._processes) in said and said.count(TOLD) >= 2 * (self._processes - 1)

    def database_cpu(self) -> float:
        return 0.0 if self._database is None else self._database.cpu()

    def mistaken(self, folder: Path) -> str | None:
        found = foreign(self.tree, (folder / SERVED).read_text())
        return f"the server runs {found}, which is not of {self.tree}" if found else None


def interpreter(python: str) -> str | None:
    """What an interpreter says that it is; None if it does not run, or has not what chatnet needs."""
    try:
        done = subprocess.run([python, "-c", NEEDED], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def banned(ban: NetworkBan) -> str:
    """One ban of nobody who comes, as the configuration has it."""
    return f'\n[[ban]]\ntarget = "{shown(ban.kind, ban.mask)}"\n'


def is_tree(tree: Path) -> bool:
    """Whether there is a chatnet to be served."""
    return all((tree / name).is_file() for name in (PACKAGE, PLUGIN))


def foreign(tree: Path, served: str) -> str | None:
    """The first of the files that the server found (`served`) that is not the tree's; None if all are."""
    pairs = zip(served.split("\n"), (PACKAGE, PLUGIN), strict=True)
    return next((found for found, name in pairs if not (tree / name).samefile(found)), None)


def commit(tree: Path) -> str:
    """The commit a tree stands at, with a + if it was changed."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(tree), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    try:
        return (git("rev-parse", "--short", "HEAD") or "unknown") + (
            "+" if git("status", "--porcelain") else ""
        )
    except FileNotFoundError:
        return "unknown"
