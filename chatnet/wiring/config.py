"""From a TOML file and the environment to one frozen :class:`Settings`, or to every reason why not.

The file comes first, then the environment: ``CHATNET__SECTION__KEY`` sets one key (plain text, no quotes),
``CHATNET__SECTION`` a whole section, list or table as JSON.  Problems are collected and raised together, one
line each, naming where, which key and why; no line ever shows a value that is a secret.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from chatnet.model.filters import read_pattern
from chatnet.rules.expressions import mistake
from chatnet.settings import FiltersSettings, Settings
from chatnet.settings.history import PLACES
from chatnet.transports.files import read_regular
from chatnet.wire.text import printable
from chatnet.wiring.endpoints import endpoint_problems, listeners_in
from chatnet.wiring.environment import Overrides
from chatnet.wiring.fields import kinds, section_of
from chatnet.wiring.mistakes import UNSOUND, Judgement, Place, dotted, judge
from chatnet.wiring.oddities import oddities

MAX_FILE = 4 * 1024 * 1024
MAX_MOTD = 64 * 1024
_LONG = 16
"""Characters of a password of a link that is not warned of."""
_REST = "; the rest of it is looked at when that is mended"


class ConfigError(Exception):
    """A configuration cannot be used; ``problems`` holds every reason, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(printable(problem) for problem in problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and where it came from."""

    settings: Settings
    base: Path
    """The folder that relative paths in it are relative to."""
    path: Path | None
    """The file; None when there is none."""
    warnings: tuple[str, ...] = ()
    """What should be mended but stops nobody, one line each."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration as it was read, with all that is wrong with it."""

    loaded: Loaded
    """Its settings are the defaults where something is wrong."""
    problems: tuple[str, ...]
    """What is wrong, one line each; empty if it can be used."""
    unread: bool
    """Nothing is known of what stands in the file."""
    judgement: Judgement

    def sound(self, *place: str | int) -> bool:
        """Whether a setting is known, and right by itself."""
        return self.judgement.sound(*place)


def load(path: str | None, environ: Mapping[str, str]) -> Loaded:
    """Read the file (None: defaults), then the environment; a :class:`ConfigError` has every problem."""
    found = draft(path, environ)
    if found.problems:
        raise ConfigError(found.problems)
    return found.loaded


def draft(path: str | None, environ: Mapping[str, str]) -> Draft:
    """As :func:`load`, for what can be used and for what cannot."""
    problems: list[str] = []
    tree: dict[str, Any] = {}
    mode = 0
    if path is not None:
        try:
            tree, mode = _read(path)
        except ConfigError as error:
            problems += error.problems
    unread = bool(problems)
    secret = _has_secret(Settings, tree)
    overrides = Overrides(tree)
    overrides.apply(environ)
    if unread:
        _without_file(tree, overrides)
    where = "settings" if path is None else path
    judgement = judge(tree, (_not_installed, _unusable_filters, endpoint_problems, oddities))
    problems += overrides.problems
    problems += [overrides.say(place, reason, where) for place, reason in judgement.found]

    file = None if path is None else Path(path)
    base = Path.cwd() if file is None else file.absolute().parent
    warnings: list[str] = []
    settings = judgement.settings
    if judgement.sound("listen") and all(listen.kind == "server" for listen in settings.listen):
        text = 'listen: is for servers alone, so nobody can chat here: add one without kind = "server"'
        warnings.append(f"{where}: {text}")
    if secret and mode & stat.S_IROTH:
        warnings.append(f"{path}: holds secrets, and everybody on this machine can read it: chmod 640")
    for place in _short_passwords(settings):
        reason = f"has fewer than {_LONG} characters and may be guessed; `chatnet fingerprint` suggests one"
        warnings.append(overrides.say(place, reason, where))
    loaded = Loaded(settings, base, file, tuple(map(printable, warnings)))
    return Draft(loaded, tuple(problems), unread, judgement)


def _without_file(tree: dict[str, Any], overrides: Overrides) -> None:
    """Mark all that only the file could tell, since it cannot be read."""
    for section, field in Settings.model_fields.items():
        model, inner = section_of(field.annotation), tree.get(section)
        if inner is None:
            tree[section] = UNSOUND
        elif model is not None and isinstance(inner, dict) and not overrides.of((section,)):
            keys = (key.alias or name for name, key in model.model_fields.items())
            tree[section] = dict.fromkeys(keys, UNSOUND) | inner


def _short_passwords(settings: Settings) -> Iterator[Place]:
    """Where passwords of links are that somebody might find by trying."""
    for index, block in enumerate(settings.link):
        for key in ("password", "accept_password"):
            secret = getattr(block, key)
            if secret is not None and len(secret) < _LONG:
                yield "link", index, key


def _not_installed(tree: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """What is set and needs an extra that this installation does not have."""
    if find_spec("wsproto") is None:
        reason = "needs the Python package wsproto, which is not installed (chatnet's extra `{}`)"
        for index, listen in enumerate(listeners_in(tree)):
            if (kind := listen.get("kind")) in ("websocket", "web"):
                yield ("listen", index, "kind"), reason.format(kind)
    for section, key in (("storage", "url"), ("history", "store")):
        inner = tree.get(section)
        url = inner.get(key) if isinstance(inner, Mapping) else None
        if not isinstance(url, str) or (section == "history" and url in ("", *PLACES)):
            continue
        if (why := _no_database(url)) is not None:
            yield (section, key), why


def _unusable_filters(tree: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Where patterns of filters cannot be used, or not by this installation."""
    blocks, inner = tree.get("filter"), tree.get("filters")
    size = inner.get("expression") if isinstance(inner, Mapping) else None
    most = size if isinstance(size, int) else FiltersSettings().expression
    for index, block in enumerate(blocks if isinstance(blocks, tuple) else ()):
        pattern = block.get("pattern") if isinstance(block, Mapping) else None
        if isinstance(pattern, str) and (why := mistake(*read_pattern(pattern), most)) is not None:
            yield ("filter", index, "pattern"), why


def _no_database(url: str) -> str | None:
    """Why no database can be had by that URL; it quotes nothing of it."""
    if find_spec("psycopg") is None:
        return "needs the Python package psycopg, which is not installed (chatnet's extra `postgresql`)"
    try:
        from chatnet.storage.postgresql import parameters_of  # an extra that not everybody has
    except ImportError:
        return "needs libpq, which is not installed (chatnet's extra `postgresql` brings it)"
    try:
        parameters_of(url)
    except ValueError as error:
        return str(error)
    return None


def check(tree: dict[str, Any], where: str) -> Settings:
    """The settings in a tree made by ourselves; ``where`` stands before each problem."""
    judgement = judge(tree)
    if judgement.found:
        raise ConfigError([f"{where}: {dotted(place)}: {reason}" for place, reason in judgement.found])
    return judgement.settings


def read_motd(loaded: Loaded) -> tuple[str, ...] | None:
    """The lines of the message of the day; None when no file is named.

    The file is UTF-8 text (anything else becomes U+FFFD) of at most 64 KiB.
    Raises :class:`ConfigError` when it is not there or cannot be read.
    """
    name = loaded.settings.server.motd
    if not name:
        return None
    where = "settings" if loaded.path is None else str(loaded.path)
    try:
        content = read_regular(loaded.base / name, MAX_MOTD)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{where}: server.motd: cannot read {name}: {os_reason(error)}"]) from None
    text = content.decode("utf-8-sig", "replace").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return tuple(line.rstrip() for line in text.rstrip().split("\n")) if text.strip() else ()


def _read(path: str) -> tuple[dict[str, Any], int]:
    try:
        content = read_regular(path, MAX_FILE)
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise ConfigError([f"{path}: cannot be read: {os_reason(error)}"]) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: is not UTF-8 text{_REST}"]) from None
    try:
        return tomllib.loads(text), mode
    except tomllib.TOMLDecodeError as error:
        reason, line_number = _toml_reason(str(error), text)
        raise ConfigError([f"{path}:{line_number}: not TOML: {reason}{_REST}"]) from None
    except (RecursionError, ValueError):
        raise ConfigError([f"{path}: not TOML: nested too deeply, or a number too long{_REST}"]) from None


def _toml_reason(message: str, text: str) -> tuple[str, int]:
    if found := re.search(r" \(at line (\d+), column (\d+)\)$", message):
        reason, line = message[: found.start()], int(found[1])
        return f"{reason[:1].lower()}{reason[1:]} (column {found[2]})", line
    return message.removesuffix(" (at end of document)").lower() + " at the end", text.count("\n") + 1


def _has_secret(model: type[BaseModel], tree: object) -> bool:
    """Whether a tree has a value where the model has a secret."""
    if isinstance(tree, list):
        return any(_has_secret(model, item) for item in tree)
    if not isinstance(tree, dict):
        return False
    for key, field in model.model_fields.items():
        value = tree.get(field.alias or key)
        if value is None:
            continue
        for kind in kinds(field.annotation):
            inner = section_of(kind)
            if kind is SecretStr or (inner is not None and _has_secret(inner, value)):
                return True
    return False


def os_reason(error: OSError | ValueError) -> str:
    """Why a path could not be used, in the system's words and without the path."""
    return (isinstance(error, OSError) and error.strerror) or "not a usable path"
