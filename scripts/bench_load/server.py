"""The server under load: one that we start from a source tree, or one that runs already."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 30.0
PACKAGE, PLUGIN = "chatnet/__init__.py", "twisted/plugins/chatnet_plugin.py"
"""What a source tree has; and the server is told to be of the tree whose files it has found for these."""
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
SETTLE_SECONDS = 0.5  # after the port accepts, for what a server does once it is up

CONFIGURATION = """\
[server]
data = "data"

[[listen]]
endpoint = "tcp:{port}:interface=127.0.0.1:backlog=1024"
{more}
[flood]
enabled = false

[[connection_class]]
name = "bench"
flood_exempt = true
sendq = 67108864
ping_interval = 300.0
"""
NEIGHBOUR = "neighbour.bench"
PASSWORD = "benchlink"
LINKED = f"""
[limits]
users = 100000

[[listen]]
kind = "server"
endpoint = "tcp:{{port}}:interface=127.0.0.1"

[[link]]
name = "{NEIGHBOUR}"
password = "{PASSWORD}"
role = "hub"
"""
TLS_LISTENER = """
[[listen]]
endpoint = "tcp:{port}:interface=127.0.0.1:backlog=1024"
tls = true
"""


def is_tree(tree: Path) -> bool:
    """Whether there is a chatnet to be served."""
    return all((tree / name).is_file() for name in (PACKAGE, PLUGIN))


def foreign(tree: Path, served: str) -> str | None:
    """The first of the files that the server found (`served`) that is not the tree's; None if all are."""
    pairs = zip(served.split("\n"), (PACKAGE, PLUGIN), strict=True)
    return next((found for found, name in pairs if not (tree / name).samefile(found)), None)


class Server:
    """A running server process, seen from outside."""

    def __init__(self, name: str, pid: int, host: str, port: int, tls_port: int, link_port: int = 0) -> None:
        self.name = name
        self.pid = pid
        self.host = host
        self.port = port
        self.tls_port = tls_port
        self.link_port = link_port

    def address(self, tls: bool) -> tuple[str, int]:
        return (self.host, self.tls_port if tls else self.port)

    @property
    def link_address(self) -> tuple[str, int]:
        """Where another server may link to it."""
        return (self.host, self.link_port)

    def cpu(self) -> float:
        """Seconds of user and system time so far, of all threads, as the scheduler counts them."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory(self) -> int:
        """Resident memory in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE

    def stop(self) -> None:
        """Nothing: it is not ours."""


class Started(Server):
    """`twistd chatnet` from a source tree, with a folder of its own and without flood limits.

    If it is to be `linked`, another server may link to it.
    """

    def __init__(self, name: str, tree: Path, tls: bool, cpu: int | None, linked: bool) -> None:
        port, tls_port, link_port = free_port(), free_port() if tls else 0, free_port() if linked else 0
        self.folder = Path(tempfile.mkdtemp(prefix="chatnet-bench-"))
        more = TLS_LISTENER.format(port=tls_port) if tls else ""
        more += LINKED.format(port=link_port) if linked else ""
        (self.folder / "bench.toml").write_text(CONFIGURATION.format(port=port, more=more))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")}
        environment["PYTHONPATH"] = str(tree)
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    LAUNCH,
                    "--nodaemon",
                    "--pidfile=",
                    "chatnet",
                    "--config",
                    "bench.toml",
                ],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        super().__init__(name, self.process.pid, "127.0.0.1", port, tls_port, link_port)
        if cpu is not None:
            os.sched_setaffinity(self.pid, {cpu})
        self.startup = self._wait()
        """CPU seconds until the port accepted."""
        found = foreign(tree, (self.folder / SERVED).read_text())
        if found is not None:
            self.stop()
            raise SystemExit(f"{self.name}: the server runs {found}, which is not of {tree}")
        time.sleep(SETTLE_SECONDS)

    def _wait(self) -> float:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.tls_port or self.port)) == 0:
                    return self.cpu()
            time.sleep(0.005)
        output = (self.folder / "output").read_text(errors="replace")
        self.stop()
        raise SystemExit(f"{self.name}: the server did not start:\n{output[-2000:]}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
