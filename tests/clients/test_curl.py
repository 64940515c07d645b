"""curl at a web listener: answers that are packed, uploads that are too long, old versions of HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import DEADLINE, HOST, Daemon, free_port
from programs import require

pytestmark = [pytest.mark.client, pytest.mark.daemon]


class Curl:
    """curl, and the server that it asks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web = free_port()
        self.daemon = Daemon(folder)
        self.daemon.configure(
            '[[listen]]\nendpoint = "tcp:PORT:interface=127.0.0.1"\n'
            f'[[listen]]\nendpoint = "tcp:{self.web}:interface=127.0.0.1"\nkind = "web"\n'
        )

    def ask(self, *options: str) -> list[str]:
        """What came by each request: the status, then how many connections were made for it, and bytes."""
        form = "%{http_code} %{num_connects} %{size_download} %header{content-encoding}\n"
        done = subprocess.run(
            ["curl", "-sS", "-w", form, *options],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        return done.stdout.splitlines()

    def address(self, path: str) -> str:
        return f"http://{HOST}:{self.web}{path}"


@pytest.fixture
def curl(tmp_path: Path) -> Iterator[Curl]:
    require("curl")
    curl = Curl(tmp_path)
    try:
        with curl.daemon:
            yield curl
    finally:
        curl.daemon.end()


def test_pages(curl: Curl) -> None:
    page, health = curl.address("/"), curl.address("/health")
    told = curl.ask("--compressed", "-o", "one", page, "-o", "two", page, "-o", "three", health)
    assert [line.split()[:2] for line in told] == [["200", "1"], ["200", "0"], ["200", "0"]]
    assert (curl.folder / "one").read_text().startswith("<!doctype html>")
    assert (curl.folder / "three").read_text() == "ok\n"
    assert curl.ask("-0", "-o", "old", page)[0].startswith("200 1 ")
    assert (curl.folder / "old").read_bytes() == (curl.folder / "one").read_bytes()
    assert curl.ask("-I", "-o", "head", page)[0].startswith("200 1 0")
    assert "Content-Security-Policy: " in (curl.folder / "head").read_text()


@pytest.mark.parametrize("options", [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]])
def test_sixty_megabytes(curl: Curl, options: list[str]) -> None:
    with (curl.folder / "large").open("wb") as file:
        file.truncate(60 << 20)
    told = curl.ask(*options, "-o", "body", "--data-binary", "@large", curl.address("/api/v1/tokens"))
    assert told[0].startswith("413 ")
    assert '"type":"/api/v1/problems/too-large"' in (curl.folder / "body").read_text().replace(": ", ":")
    assert curl.daemon.peak() < 200_000
    assert curl.ask("-o", "health", curl.address("/health"))[0].startswith("200 ")
