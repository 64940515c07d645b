"""The settings of each process of a server: those that were configured, and how it is linked to the others.

A process connects to one of those before it, over a UNIX socket, the first that it can reach: so they are
a tree, whoever of them is away.  The first has the name, the SID and the links of the server that is
configured.
"""

from __future__ import annotations

import argparse
import os
import select
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from chatnet.settings import LinkSettings, ListenSettings, Settings
from chatnet.settings.endpoints import MOST_PATH
from chatnet.settings.processes import MOST_PROCESSES, Process, process_names, process_sids
from chatnet.wiring.config import ConfigError, Loaded, load
from chatnet.wiring.datafolder import locate

SOCKETS: Final = "processes"
"""The folder of the sockets, in the data folder."""
FOLDER: Final = "process-{}"
"""The folder of a process but the first, in the data folder."""
_RECONNECT: Final = 1.0
"""Seconds until a process that lost another one connects again; at most five times as long."""
_FAILOVER: Final = 0.5
_SENDQ: Final = 1_073_741_824
"""Bytes that may wait for another process: it is the same machine's memory, wherever they are."""


def socket_path(data: Path, number: int) -> Path:
    """Where a process listens for those behind it."""
    return data.absolute() / SOCKETS / f"{number}.sock"


def folder_of(data: Path, number: int) -> Path:
    """What a process keeps for itself; the first keeps it in the data folder."""
    return data if number == 1 else data / FOLDER.format(number)


def obstacles(settings: Settings, data: Path) -> list[str]:
    """Why this machine cannot have as many processes as the settings say, one line each."""
    if settings.server.processes == 1:
        return []
    found = []
    if not hasattr(select, "epoll") or not hasattr(socket, "SO_REUSEPORT"):
        found.append("server.processes: needs Linux")
    if len(os.fsencode(socket_path(data, MOST_PROCESSES))) > MOST_PATH:
        text = f"server.data: is too long for the sockets of several processes: they have {MOST_PATH} bytes"
        found.append(text)
    return found


def process_of(settings: Settings, number: int, began: float = 0.0) -> Process:
    """The process of that number, as the network knows it."""
    server = settings.server
    return Process(
        number,
        process_names(server.name, server.processes),
        process_sids(server.sid, server.processes, server.process_sids),
        began,
    )


def derived(settings: Settings, number: int, data: Path, secret: str) -> Settings:
    """What the process of that number goes by; `secret` is the password of all links between them.

    It is a server of the network by the name of :func:`process_of`; ``server.name`` is what people see.
    """
    server = settings.server
    _, names, sids, _ = process_of(settings, number)
    hidden = server.hide_servers or "hide_servers" not in server.model_fields_set
    own: dict[str, Any] = {"sid": sids[number - 1], "hide_servers": hidden}
    own |= {"processes": 1, "process_sids": ()}
    others = tuple(
        _block(settings, names[other - 1], sids[other - 1], secret, data, other, number)
        for other in range(1, server.processes + 1)
        if other != number
    )
    update: dict[str, Any] = {"server": server.model_copy(update=own), "link": settings.link + others}
    listen = settings.listen
    if number > 1:
        listen = tuple(each for each in listen if each.kind != "server")
        links: dict[str, Any] = {
            "resume_grace": 0.0,  # a connection that is lost here has lost its process
            "reconnect_min": _RECONNECT,
            "reconnect_max": 5 * _RECONNECT,
            "failover_delay": _FAILOVER,
            "prefer_return": False,
            "uplinks": names[: number - 1] if number > 2 else (),
            "services": tuple(sorted(settings.service_names)),
        }
        update["link"] = others
        update["links"] = settings.links.model_copy(update=links)
        update["inlet"] = update["plugin"] = ()
    if number < server.processes:
        path = str(socket_path(data, number)).replace("\\", r"\\").replace(":", r"\:")
        listen += (ListenSettings(endpoint=f"unix:{path}:mode=600", kind="server"),)
    update["listen"] = listen
    return settings.model_copy(update=update)


def loaded_for(loaded: Loaded, number: int, data: Path, secret: str) -> Loaded:
    """The same of a configuration; what should be mended in it, only the first says."""
    settings = derived(loaded.settings, number, data, secret)
    return replace(loaded, settings=settings, warnings=loaded.warnings if number == 1 else ())


def placed(arguments: argparse.Namespace) -> Loaded:
    """The configuration that a command beside a server is about, of the process that it names, or the first.

    Raises ConfigError.
    """
    loaded, number = load(arguments.config, os.environ), arguments.process or 1
    if number == 1:
        return loaded
    server = loaded.settings.server
    folder = folder_of(locate(loaded), number)
    if not folder.is_dir():
        raise ConfigError(
            [f"There is no process {number} of this server: {folder} comes to be when it starts."]
        )
    sid = process_sids(server.sid, max(number, server.processes), server.process_sids)[number - 1]
    server = server.model_copy(update={"data": str(folder), "sid": sid})
    return replace(loaded, settings=loaded.settings.model_copy(update={"server": server}))


def _block(
    settings: Settings, name: str, sid: str, secret: str, data: Path, other: int, number: int
) -> LinkSettings:
    """What a process has in its configuration of another one: it trusts it as itself."""
    return LinkSettings(
        name=name,
        sid=sid,
        addresses=(str(socket_path(data, other)),) if other < number else (),
        tls=False,
        password=SecretStr(secret),
        role="hub",
        accounts="full" if settings.keeps_accounts else "none",
        believe_accounts=True,
        believe_certificates=True,
        max_servers=100_000,
        max_users=100_000_000,
        max_memberships=1_000_000_000,
        allow_seats=True,
        allow_orders=True,
        sendq=_SENDQ,
    )
