"""What would end a start, found without starting: files and folders that settings name."""

from __future__ import annotations

from pathlib import Path

from chatnet.settings.endpoints import endpoint_in
from chatnet.wiring.config import ConfigError, Loaded, read_motd
from chatnet.wiring.datafolder import locate
from chatnet.wiring.endpoints import obstacle
from chatnet.wiring.security import Security


def trial(loaded: Loaded) -> list[str]:
    """Look at all that the start will need, and make nothing of it; returns what should be mended.

    Raises ConfigError with every problem.  What only the start can tell (whether a port is free, say) it does
    not look at.
    """
    problems: list[str] = []
    warnings: list[str] = []
    settings, where = loaded.settings, str(loaded.path or "settings")
    data = locate(loaded)
    security = Security(None, data, loaded.base, lambda: settings)
    try:
        read_motd(loaded)
    except ConfigError as error:
        problems += error.problems
    try:
        warnings = [f"{where}: {problem}" for problem in security.check(settings)]
    except ConfigError as error:
        problems += [f"{where}: {problem}" for problem in error.problems]
    if data.exists() and not data.is_dir():
        problems.append(f"{where}: server.data: {data} is not a folder: name another place")
    if settings.log.file:
        problems += _homeless(f"{where}: log.file", loaded.base / settings.log.file)
    for index, listen in enumerate(settings.listen):
        path = endpoint_in(listen.endpoint).arguments.get("address", "")
        if path.startswith("/"):  # others are relative to where the server is started
            place = f"{where}: listen.{index}.endpoint"
            problems += _homeless(place, Path(path))
            if found := obstacle(path):
                problems.append(f"{place}: {found}")
    if problems:
        raise ConfigError(problems)
    return [*loaded.warnings, *warnings]


def _homeless(place: str, file: Path) -> list[str]:
    """That the folder is missing in which a file is to be made."""
    return [] if file.parent.is_dir() else [f"{place}: there is no folder {file.parent}: make it first"]
