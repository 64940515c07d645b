"""Faults of packets, below TCP: nftables in a network of our own, where system and rights allow it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final, NoReturn

INSIDE: Final = "CHATNET_FAULTS_NETWORK"
"""In the environment of a process that is in a network of its own."""
CHAIN: Final = "inet faults in"


def inside() -> bool:
    """Whether this process is in a network of its own."""
    return INSIDE in os.environ


def possible() -> bool:
    """Whether there may be a network of our own, and nftables in it."""
    if inside():
        return True
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "ip", "nft"))):
        return False
    trial = ["unshare", "--net", "nft", "add table inet faults"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def go_inside(arguments: list[str]) -> NoReturn:
    """Begin this program anew in a network of its own, which has nothing but a loopback."""
    os.environ[INSIDE] = "1"
    command = [sys.executable, "-m", "fault_run", *arguments]
    os.execvp("unshare", ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command])


class Packets:
    """What is done to packets that come to a port of TCP, and from it."""

    def __init__(self) -> None:
        nft("add table inet faults")
        nft(f"add chain {CHAIN} {{ type filter hook input priority 0; }}")

    def drop(self, port: int, percent: int) -> None:
        """Lose so many of a hundred."""
        for side in ("dport", "sport"):
            nft(f"add rule {CHAIN} tcp {side} {port} numgen random mod 100 <= {percent - 1} drop")

    def reject(self, port: int) -> None:
        """Answer with RST what comes to the port."""
        nft(f"add rule {CHAIN} tcp dport {port} reject with tcp reset")

    def pass_all(self) -> None:
        """Do nothing to any of them any more."""
        nft(f"flush chain {CHAIN}")


def nft(command: str) -> None:
    subprocess.run(["nft", command], check=True)
