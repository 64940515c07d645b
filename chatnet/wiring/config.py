"""From a TOML file and the environment to one frozen :class:`Settings`, or to every reason why not.

The file comes first, then the environment: ``CHATNET__SECTION__KEY`` sets one key (plain text, no quotes),
``CHATNET__SECTION`` a whole section, list or table as JSON.  Problems are collected and raised together, one
line each, naming where, which key and why; no line ever shows a value that is a secret.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import stat
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from chatnet.settings import Settings, reference_problems
from chatnet.wire.text import printable

ENVIRONMENT_PREFIX = "CHATNET__"
MAX_FILE = 4 * 1024 * 1024
MAX_MOTD = 64 * 1024
_MAX_DEPTH = 16

Place = tuple[str | int, ...]


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


def load(path: str | None, environ: Mapping[str, str]) -> Loaded:
    """Read the file (None: defaults), then the environment; a :class:`ConfigError` has every problem."""
    problems: list[str] = []
    tree: dict[str, Any] = {}
    mode = 0
    if path is not None:
        try:
            tree, mode = _read(path)
        except ConfigError as error:
            problems += error.problems
    secret = _has_secret(Settings, tree)
    overrides = _Overrides(tree)
    overrides.apply(environ)
    where = "settings" if path is None else path
    try:
        settings = Settings.model_validate(_frozen(tree), strict=True)
    except ValidationError as error:
        found = _found(error, tree)
        if problems:
            # Whatever the file would have had is missing in a tree without it.
            found = [(place, reason) for place, reason in found if overrides.of(place)]
        problems += overrides.problems + [overrides.say(place, reason, where) for place, reason in found]
        raise ConfigError(problems) from None
    if problems or overrides.problems:
        raise ConfigError(problems + overrides.problems)

    file = None if path is None else Path(path)
    base = Path.cwd() if file is None else file.absolute().parent
    warnings: list[str] = []
    if secret and mode & stat.S_IROTH:
        warnings.append(
            printable(f"{path}: holds secrets, and everybody on this machine can read it: chmod 640")
        )
    return Loaded(settings, base, file, tuple(warnings))


def check(tree: dict[str, Any], where: str) -> Settings:
    """The settings in a tree made by ourselves; ``where`` stands before each problem."""
    try:
        return Settings.model_validate(_frozen(tree), strict=True)
    except ValidationError as error:
        raise ConfigError(
            [f"{where}: {_dotted(place)}: {reason}" for place, reason in _found(error, tree)]
        ) from None


def read_motd(loaded: Loaded) -> tuple[str, ...]:
    """The lines of the message of the day; none when no file is named.

    The file is UTF-8 text (anything else becomes U+FFFD) of at most 64 KiB.
    Raises :class:`ConfigError` when it is not there or cannot be read.
    """
    name = loaded.settings.server.motd
    if not name:
        return ()
    where = "settings" if loaded.path is None else str(loaded.path)
    try:
        # Not to wait for ever at a pipe that nobody writes to.
        descriptor = os.open(loaded.base / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError([f"{where}: server.motd: {name} is not a file"])
            content = file.read(MAX_MOTD + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{where}: server.motd: cannot read {name}: {os_reason(error)}"]) from None
    if len(content) > MAX_MOTD:
        raise ConfigError([f"{where}: server.motd: {name} is larger than {MAX_MOTD // 1024} KiB"])
    text = content.decode("utf-8-sig", "replace").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return tuple(line.rstrip() for line in text.rstrip().split("\n")) if text.strip() else ()


def _read(path: str) -> tuple[dict[str, Any], int]:
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{path}: cannot be read: {os_reason(error)}"]) from None
    if len(content) > MAX_FILE:
        raise ConfigError([f"{path}: is larger than {MAX_FILE // 1024 // 1024} MiB"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError([f"{path}:{line}: is not UTF-8 text"]) from None
    try:
        return tomllib.loads(text), mode
    except tomllib.TOMLDecodeError as error:
        reason, line_number = _toml_reason(str(error), text)
        raise ConfigError([f"{path}:{line_number}: not TOML: {reason}"]) from None
    except (RecursionError, ValueError):
        raise ConfigError([f"{path}: not TOML: nested too deeply, or a number too long"]) from None


def _toml_reason(message: str, text: str) -> tuple[str, int]:
    if found := re.search(r" \(at line (\d+), column (\d+)\)$", message):
        reason, line = message[: found.start()], int(found[1])
        return f"{reason[:1].lower()}{reason[1:]} (column {found[2]})", line
    return message.removesuffix(" (at end of document)").lower() + " at the end", text.count("\n") + 1


class _Overrides:
    """What the environment sets in a tree of settings, and what is wrong with it."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self.problems: list[str] = []
        self._names: dict[Place, str] = {}

    def apply(self, environ: Mapping[str, str]) -> None:
        """Put every ``CHATNET__…`` of the environment into the tree, whole sections before single keys."""
        known = dict(_environment_names())
        names = sorted(name for name in environ if name.startswith(ENVIRONMENT_PREFIX))
        for name in sorted(names, key=lambda n: n.count("__")):
            if name not in known:
                self._refuse(name, _unknown_variable(name, known))
                continue
            place, field = known[name]
            try:
                value = _value(environ[name], field)
            except ValueError as error:
                self._refuse(name, str(error))
                continue
            section = self.tree
            for key in place[:-1]:
                inner = section.get(str(key))
                if not isinstance(inner, dict):
                    # A section that is no table is reported when the tree is checked, so do not cover it up.
                    if str(key) in section:
                        break
                    inner = section[str(key)] = {}
                section = inner
            else:
                section[str(place[-1])] = value
                self._names[place] = name

    def of(self, place: Place) -> tuple[str, Place] | None:
        """The variable that set this place, and the rest of the way from there; None if the file did."""
        for length in range(len(place), 0, -1):
            if name := self._names.get(place[:length]):
                return name, place[length:]
        return None

    def say(self, place: Place, reason: str, file: str) -> str:
        if origin := self.of(place):
            file, place = f"environment {origin[0]}", origin[1]
        return f"{file}: {_dotted(place)}: {reason}" if place else f"{file}: {reason}"

    def _refuse(self, name: str, reason: str) -> None:
        self.problems.append(f"environment {name}: {reason}")


def _environment_names() -> Iterator[tuple[str, tuple[Place, FieldInfo]]]:
    for section, field in Settings.model_fields.items():
        yield f"{ENVIRONMENT_PREFIX}{section.upper()}", ((section,), field)
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for key, inner in model.model_fields.items():
                key = inner.alias or key
                yield f"{ENVIRONMENT_PREFIX}{section.upper()}__{key.upper()}", ((section, key), inner)


def _unknown_variable(name: str, known: Mapping[str, object]) -> str:
    parts = name.upper().split("__")
    whole = "__".join(parts[:2])
    if len(parts) > 2 and whole in known and not any(k.startswith(f"{whole}__") for k in known):
        return f"a list is set whole, as JSON, in {whole}"
    bare = [k.removeprefix(ENVIRONMENT_PREFIX) for k in known]
    short = name.upper().removeprefix(ENVIRONMENT_PREFIX)
    return "there is no such setting" + _suggestion(short, bare, ENVIRONMENT_PREFIX)


def _value(text: str, field: FieldInfo) -> object:
    """The text of a variable as a value for this field; ValueError says what it should have been."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    kinds = _kinds(field.annotation)
    if type(None) in kinds and not text:
        return None
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
        return _json(text, dict, "a table")
    if any(typing.get_origin(kind) is tuple for kind in kinds):
        return _json(text, list, "a list")
    for kind, expected in (
        (bool, "must be true or false"),
        (int, "must be a whole number"),
        (float, "must be a number"),
    ):
        if kind in kinds:
            try:
                return TypeAdapter(kind).validate_python(text.strip())
            except ValidationError:
                raise ValueError(expected) from None
    return text


def _kinds(annotation: object) -> tuple[object, ...]:
    if typing.get_origin(annotation) is Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(kind for arm in typing.get_args(annotation) for kind in _kinds(arm))
    return (annotation,)


def _json(text: str, kind: type, expected: str) -> object:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"must be {expected} in JSON: {error.msg.lower()} (character {error.pos + 1})"
        ) from None
    except (RecursionError, ValueError):
        raise ValueError(f"must be {expected} in JSON: nested too deeply, or a number too long") from None
    if not isinstance(value, kind):
        raise ValueError(f"must be {expected} in JSON")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8 text") from None
    except RecursionError:
        raise ValueError(f"must be {expected} in JSON: nested too deeply, or a number too long") from None
    return value


def _frozen(value: Any, depth: int = 0) -> Any:
    """The same with tuples for lists, as a strict check wants it; cut where no setting is that deep."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return tuple(_frozen(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return {key: _frozen(item, depth + 1) for key, item in value.items()}
    return value


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
        for kind in _kinds(field.annotation):
            inner = _model(kind)
            if kind is SecretStr or (inner is not None and _has_secret(inner, value)):
                return True
    return False


def _model(kind: object) -> type[BaseModel] | None:
    """The section that this kind of value is, or is a list of."""
    for candidate in (kind, *typing.get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


_SENTENCES = {
    "missing": "is missing",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "too_long": "must have at most {max_length} entries",
    "model_type": "must be a table",
    "invalid_key": "is not a key",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}
"""What a check that failed means, by pydantic's name for it.  https://docs.pydantic.dev/latest/errors/validation_errors/"""


def _reason(error: Any, place: Place) -> str:
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return "there is no such setting" + _suggestion(str(place[-1]), _keys(place[:-1]))
    context = {key: _plain(value) for key, value in error.get("ctx", {}).items()}
    # No sentence of pydantic's is passed on: a future one might quote the value.
    return _SENTENCES.get(kind, "is not valid").format_map(context)


def _plain(value: object) -> str:
    return format(value, ".12g") if isinstance(value, float) else str(value)


def _keys(place: Place) -> list[str]:
    """The keys there are in the section, or element of a list, at this place."""
    model: type[BaseModel] = Settings
    for step in place:
        if isinstance(step, int):
            continue
        field = next((f for key, f in model.model_fields.items() if step in (key, f.alias)), None)
        if field is None:
            return []
        models = [inner for kind in _kinds(field.annotation) if (inner := _model(kind))]
        if not models:
            return []
        model = models[0]
    return [field.alias or key for key, field in model.model_fields.items()]


def _suggestion(name: str, known: Sequence[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f" (did you mean {prefix}{near[0]}?)" if near else ""


def _found(error: ValidationError, tree: dict[str, Any]) -> list[tuple[Place, str]]:
    """Every mistake in a tree: what the sections refused, and the references, whatever else is wrong."""
    errors = error.errors(include_url=False, include_input=False)
    found = [(tuple(e["loc"]), _reason(e, tuple(e["loc"]))) for e in errors]
    taken = {place for place, _ in found}
    whole = Settings().model_dump(by_alias=True) | tree
    references = [(place, reason) for place, reason in reference_problems(whole) if place not in taken]
    if references:
        # The settings tell them too, in one error without a place, but only when nothing else is wrong.
        found = [(place, reason) for place, reason in found if place]
    return found + references


def _dotted(place: Place) -> str:
    return ".".join(str(step) for step in place)


def os_reason(error: OSError | ValueError) -> str:
    """Why a path could not be used, in the system's words and without the path."""
    return (isinstance(error, OSError) and error.strerror) or "not a usable path"
