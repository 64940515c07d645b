"""The pages of the web client, as browsers get them: read once, named by a hash of all, packed once.

``index.html`` is the page, ``app`` holds what it is made of (modules, style, icons), and what lies beside
the page (``sw.js``, ``favicon.svg``) has its own name on the server.  What the page, or the manifest, has as
``/app/main.js`` becomes ``/app/HASH/main.js``, which changes when anything does, so that browsers may keep it
for ever; modules and styles name each other by relative paths.

Modules that the page's own import by themselves are named in its head.  Where it has
``<template id="later" data-of="room.js"></template>`` it gets the names of that module and of all that this
imports, for which the script of the page may ask at once, instead of one import after the other.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from posixpath import dirname, join, normpath
from typing import Final

from chatnet.pages.lean import lean

PAGE: Final = "index.html"
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""By the ends of names; files of other kinds are none of the client's."""
_NAMING: Final = (".html", ".webmanifest")
"""Files that name those of the folder by whole paths."""

_NAMED: Final = re.compile(r"(?<=[\"'])/(app/[\w./-]+)")
_STATIC: Final = re.compile(r"""^\s*(?:import|export)\b[^"'();]*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
_DYNAMIC: Final = re.compile(r"""\bimport\(\s*["'](\.{1,2}/[^"']+)["']\s*\)""")
_LATER: Final = re.compile(r'(?<=<template id="later") data-of="([\w./-]+)">')
_TITLE: Final = re.compile(r"<title>[^<]*</title>")


class PagesError(ValueError):
    """The client is not whole; the text says what is missing, as a sentence without its end."""


@dataclass(frozen=True, slots=True)
class File:
    """What is given out by one path; `packed` is the same by gzip, where that is shorter."""

    kind: str
    data: bytes
    packed: bytes | None
    tag: str
    """Changes with the data."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The whole client."""

    version: str
    """The hash of all, as it stands in paths."""
    files: Mapping[str, File]
    """By path: ``/app/<version>/main.js``, ``/sw.js``."""
    page: str
    """The page, but for what depends on settings."""

    def index(self, title: str, facts: Mapping[str, object]) -> File:
        """The page as it is sent, with `facts` for its script, as JSON in ``<meta name="chatnet">``."""
        content = escape(json.dumps(facts, ensure_ascii=False, separators=(",", ":")))
        page = _TITLE.sub(lambda _: f"<title>{escape(title)}</title>", self.page, count=1)
        return _file(KINDS[".html"], _before_head_ends(page, f'<meta name="chatnet" content="{content}">'))


def read(folder: Traversable | None = None) -> Pages:
    """Read the client from `folder`, or from where it is installed.  Raises PagesError."""
    folder = files(__name__) if folder is None else folder
    try:
        found = dict(_walk(folder, ""))
    except OSError as error:
        raise PagesError(f"the web client cannot be read: {error.strerror}") from None
    if PAGE not in found:
        raise PagesError(f"the web client's file {PAGE} is missing")
    _check(found)
    whole = sha256()
    for name in sorted(found):
        whole.update(name.encode() + b"\0" + sha256(found[name]).digest())
    version = whole.hexdigest()[:16]
    given: dict[str, File] = {}
    for name, data in found.items():
        end = name[name.rindex(".") :]
        if end in _NAMING:
            data = _versioned(data.decode(), version).encode()
        elif end == ".js":
            data = lean(data.decode()).encode()
        path = name.replace("app/", f"/app/{version}/", 1) if name.startswith("app/") else f"/{name}"
        given[path] = _file(KINDS[end], data)
    del given[f"/{PAGE}"]
    page = _versioned(found[PAGE].decode(), version)
    own = [each for each in _NAMED.findall(found[PAGE].decode()) if each.endswith(".js")]
    first = _reached(found, own)
    for name in first:
        if name not in own:
            page = _before_head_ends(page, _preload(name, version)).decode()

    def later(match: re.Match[str]) -> str:
        names = _reached(found, [f"app/{match[1]}"])
        return ">" + "".join(_preload(name, version) for name in names if name not in first)

    return Pages(version, given, _LATER.sub(later, page))


def _walk(folder: Traversable, inside: str) -> Iterator[tuple[str, bytes]]:
    """All files, by their paths within `folder`; of those beside the page no further folders."""
    for each in folder.iterdir():
        name = f"{inside}{each.name}"
        if each.is_dir():
            if inside or each.name == "app":
                yield from _walk(each, f"{name}/")
        elif any(name.endswith(end) for end in KINDS):
            yield name, each.read_bytes()


def _check(found: Mapping[str, bytes]) -> None:
    """That whatever one file names of the others is there."""
    for name, data in found.items():
        named: list[str] = []
        if name.endswith(_NAMING):
            named = _NAMED.findall(data.decode())
            named += [f"app/{each}" for each in _LATER.findall(data.decode())]
        elif name.endswith(".js"):
            text = data.decode()
            named = [_beside(name, each) for each in (*_STATIC.findall(text), *_DYNAMIC.findall(text))]
        for each in named:
            if each not in found:
                raise PagesError(f"the web client's file {each} is missing, which {name} needs")


def _versioned(text: str, version: str) -> str:
    return _NAMED.sub(lambda found: f"/app/{version}/{found[1].removeprefix('app/')}", text)


def _beside(name: str, relative: str) -> str:
    return normpath(join(dirname(name), relative))


def _reached(found: Mapping[str, bytes], begin: list[str]) -> list[str]:
    """These modules, and all that they import without being asked, in the order in which they are met."""
    seen = list(dict.fromkeys(begin))
    for name in seen:  # it grows meanwhile
        for relative in _STATIC.findall(found[name].decode()):
            if (other := _beside(name, relative)) not in seen:
                seen.append(other)
    return seen


def _preload(name: str, version: str) -> str:
    return f'<link rel="modulepreload" href="/app/{version}/{name.removeprefix("app/")}">'


def _before_head_ends(page: str, line: str) -> bytes:
    return page.replace("</head>", f"{line}\n</head>", 1).encode()


def _file(kind: str, data: bytes) -> File:
    packed = gzip.compress(data, 9, mtime=0)
    tag = sha256(data).hexdigest()[:16]
    return File(kind, data, packed if len(packed) < len(data) else None, tag)
