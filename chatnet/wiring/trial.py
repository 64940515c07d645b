"""What would end a start, found without starting: files and folders that settings name."""

from __future__ import annotations

from pathlib import Path

from chatnet.pages import PagesError, read
from chatnet.settings.endpoints import endpoint_in
from chatnet.wiring.config import ConfigError, Draft, read_motd
from chatnet.wiring.datafolder import locate
from chatnet.wiring.endpoints import obstacle
from chatnet.wiring.mistakes import Place, dotted
from chatnet.wiring.processes.derived import obstacles
from chatnet.wiring.security import Security

_OF_CERTIFICATES: tuple[Place, ...] = (
    ("server", "data"),
    ("tls", "certificates"),
    ("tls", "default"),
    ("links", "certificate"),
)
"""The settings that say where certificates are."""


def trial(draft: Draft) -> tuple[list[str], list[str]]:
    """Look at all that the start will need, and make nothing of it.

    Returns every problem, those of the draft first, and what should be mended but stops nobody.  What only
    the start can tell (whether a port is free, say) it does not look at.
    """
    loaded, problems = draft.loaded, list(draft.problems)
    settings, where = loaded.settings, str(loaded.path or "settings")
    data = locate(loaded)
    try:
        read_motd(loaded)
    except ConfigError as error:
        problems += error.problems
    found, warnings = _certificates(draft, Security(None, data, loaded.base, lambda: settings))
    problems += [f"{where}: {problem}" for problem in found]
    if draft.sound("server", "data") and data.exists() and not data.is_dir():
        problems.append(f"{where}: server.data: {data} is not a folder: name another place")
    if draft.sound("server", "data") and draft.sound("server", "processes"):
        problems += [f"{where}: {problem}" for problem in obstacles(settings, data)]
    if settings.log.file:
        problems += _homeless(f"{where}: log.file", loaded.base / settings.log.file)
    if any(listen.kind == "web" for listen in settings.listen):
        try:
            read()
        except PagesError as error:
            problems.append(f"{where}: listen: {error}")
    if settings.web.acme and not (loaded.base / settings.web.acme).is_dir():
        warnings.append(f"web.acme: there is no folder {loaded.base / settings.web.acme}")
    for index, listen in enumerate(settings.listen):
        path = endpoint_in(listen.endpoint).arguments.get("address", "")
        if path.startswith("/"):  # others are relative to where the server is started
            place = f"{where}: listen.{index}.endpoint"
            problems += _homeless(place, Path(path))
            if reason := obstacle(path):
                problems.append(f"{place}: {reason}")
    return problems, [*loaded.warnings, *(f"{where}: {warning}" for warning in warnings)]


def _certificates(draft: Draft, security: Security) -> tuple[list[str], list[str]]:
    """What is wrong with certificates and authorities, and what is wrong but stops nobody."""
    settings = draft.loaded.settings
    unknown = [dotted(place) for place in _OF_CERTIFICATES if not draft.sound(*place)]
    if not unknown:
        return security.check(settings)
    problems = security.bad_authorities(settings)
    if not draft.unread:
        problems.append(f"tls: certificates are looked at when {' and '.join(unknown)} can be used")
    return problems, []


def _homeless(place: str, file: Path) -> list[str]:
    """That the folder is missing in which a file is to be made."""
    return [] if file.parent.is_dir() else [f"{place}: there is no folder {file.parent}: make it first"]
