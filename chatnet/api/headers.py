"""Headers that answers bear without anybody's doing: what browsers may do with them, and who reads them."""

from __future__ import annotations

from typing import Final

from chatnet.settings import WebSettings
from chatnet.web.exchange import Ask, Reply

CROSS_METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
CROSS_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
SHOWN_HEADERS: Final = (
    "Idempotent-Replay, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"
)
PREFLIGHT: Final = "600"
"""Seconds for which a browser need not ask again whether it may ask."""

_ALL: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # tokens of invites stand in paths
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_PAGES: Final = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
)
_OTHERS: Final = "default-src 'none'; frame-ancestors 'none'"


def policy(web: WebSettings) -> str:
    """What the client's page may do: nothing but what it is made for.  https://www.w3.org/TR/CSP3/

    The one policy ``sw`` of Trusted Types lets nothing through but ``/sw.js``: registering a service worker
    needs one.
    """
    ancestors = " ".join(web.frame_ancestors) or "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}; "
        "require-trusted-types-for 'script'; trusted-types sw"
    )


class Headers:
    """Those of all answers, by one version of the settings."""

    def __init__(self, web: WebSettings) -> None:
        self.web = web
        self._page = (*_ALL, *_PAGES, ("Content-Security-Policy", policy(web)))
        self._other = (*_ALL, ("Content-Security-Policy", _OTHERS))
        self._hsts = (("Strict-Transport-Security", f"max-age={web.hsts}"),) if web.hsts else ()

    def of(self, ask: Ask, reply: Reply) -> tuple[tuple[str, str], ...]:
        """All headers of an answer: those it has count more than ours."""
        own = {name.lower(): value for name, value in reply.headers}
        page = own.get("content-type", "").startswith("text/html")
        added = [each for each in (self._page if page else self._other) if each[0].lower() not in own]
        if "cache-control" not in own:
            added.append(("Cache-Control", "no-store"))
        if ask.encrypted:
            added += self._hsts
        if self.web.cors and ask.path.startswith("/api/"):
            added.append(("Vary", "Origin"))
            if (origin := self.crosses(ask)) is not None:
                added.append(("Access-Control-Allow-Origin", origin))
                added.append(("Access-Control-Expose-Headers", SHOWN_HEADERS))
        return (*reply.headers, *added)

    def crosses(self, ask: Ask) -> str | None:
        """The site that a request to ``/api`` comes from, if it is one of those that may send some."""
        origin = ask.headers.get("origin", "").lower()
        return origin if origin in self.web.cors else None
