"""The web client, as it is given out: which path gets which file, packed or not, and how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatnet import __version__
from chatnet.api.headers import policy
from chatnet.node import Node
from chatnet.pages import File, Pages
from chatnet.settings import Settings
from chatnet.web.exchange import Ask, Place, Reply, sentence

PAGE_PATHS: Final = ("/", "/c/", "/join/", "/operate")
"""All of which get the same page, whose script looks at the path."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"
WORKER: Final = "/sw.js"


class ClientPages:
    """Answers for the client; what its page says of this server changes with the settings."""

    def __init__(self, node: Node, pages: Pages) -> None:
        self._node = node
        self._pages = pages
        self._settings: Settings | None = None
        self._index = File("", b"", None, "")
        self._app = f"/app/{pages.version}/"

    def places(self) -> Iterator[Place]:
        """All that browsers get without asking for a word of chat."""
        for path in PAGE_PATHS:
            yield Place(path, "client", self.page)
        yield Place("/app/", "client", self.file)
        for path in self._pages.files:
            if not path.startswith(self._app):
                yield Place(path, "client", self.file)

    async def page(self, ask: Ask) -> Reply:
        """The page."""
        settings = self._node.settings
        if self._settings is not settings:
            self._settings, self._index = settings, self._made(settings)
        # Invites are for those who were sent them.
        hidden = (("X-Robots-Tag", "noindex"),) if ask.path.startswith("/join/") else ()
        return _reply(ask, self._index, ("Cache-Control", ASK_AGAIN), *hidden)

    def _made(self, settings: Settings) -> File:
        web = settings.web
        title = web.title or settings.server.network
        facts = {
            "title": title,
            "network": settings.server.network,
            "server": settings.server.name,
            "version": __version__,
            "app": self._pages.version,
            "welcome": web.welcome,
            "autojoin": web.autojoin,
            "guests": web.guests,
            "accounts": settings.keeps_accounts,
            "registration": settings.keeps_accounts and settings.accounts.registration,
        }
        return self._pages.index(title, facts)

    async def file(self, ask: Ask) -> Reply:
        """A file.  Of another version than this one there are none: whoever asks for one has an old page."""
        found = self._pages.files.get(ask.path)
        if found is None:
            return sentence(404, "There is nothing here; a newer version may have taken its place.")
        if ask.path.startswith(self._app):
            return _reply(ask, found, ("Cache-Control", FOR_EVER))
        kept = ("Cache-Control", ASK_AGAIN)
        if ask.path == WORKER:  # what it may do stands here, and not with the page
            return _reply(ask, found, kept, ("Content-Security-Policy", policy(self._node.settings.web)))
        return _reply(ask, found, kept)


def _reply(ask: Ask, file: File, *headers: tuple[str, str]) -> Reply:
    varies = ("Vary", "Accept-Encoding")
    if file.packed is not None and _takes_gzip(ask.headers.get("accept-encoding", "")):
        more = (("ETag", f'"{file.tag}.gz"'), ("Content-Encoding", "gzip"), varies)
        return Reply(200, file.packed, (("Content-Type", file.kind), *headers, *more))
    return Reply(200, file.data, (("Content-Type", file.kind), *headers, ("ETag", f'"{file.tag}"'), varies))


def _takes_gzip(told: str) -> bool:
    """https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3"""
    for each in told.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.strip() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
