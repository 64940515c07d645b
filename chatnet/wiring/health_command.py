"""``chatnet health URL``: whether a server answers, and is ready; for containers and supervisors."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

SECONDS: Final = 5.0
"""For so long an answer is waited for, if nobody says otherwise."""
MOST: Final = 65536
"""Bytes of an answer that are read."""
PATH: Final = "/ready"


class Unhealthy(Exception):
    """It does not answer as it should, with why."""


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        """Somebody else's answer is none of this server."""


def address_of(text: str) -> str:
    """The address to ask; without a path ``/ready``.  Raises ValueError for what is none."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{text} is no address such as http://127.0.0.1:8080")
    return parts._replace(path=PATH if parts.path in ("", "/") else parts.path, fragment="").geturl()


def look(address: str, seconds: float = SECONDS) -> str:
    """What the server says of itself, in a word.  Raises Unhealthy."""
    opener = build_opener(_NoRedirect, ProxyHandler({}))  # whatever the environment says of proxies
    request = Request(
        address, headers={"Accept": "application/json, text/plain", "User-Agent": "chatnet-health"}
    )
    try:
        with opener.open(request, timeout=seconds) as answer:
            return said(answer.read(MOST))
    except HTTPError as error:
        raise Unhealthy(f"{error.code}: {said(error.read(MOST)) or error.reason}") from None
    except URLError as error:
        raise Unhealthy(f"no answer: {getattr(error.reason, 'strerror', None) or error.reason}") from None
    except (HTTPException, OSError, ValueError) as error:
        raise Unhealthy(f"no answer: {error}") from None


def said(body: bytes) -> str:
    """The first line of an answer; of JSON its status."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except ValueError:
        return (text.strip().splitlines() or [""])[0][:200]
    if isinstance(found, dict):
        return str(found.get("status", "")) or str(found.get("detail", ""))
    return ""
