"""What goes wrong, as programs read it: one kind of answer for all.  https://www.rfc-editor.org/rfc/rfc9457

Whatever a session is refused with becomes one of these, with the numeric and its words in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from chatnet.web.exchange import Reply

BASE: Final = "/api/v1"
MEDIA: Final = "application/problem+json"


class Kind(NamedTuple):
    """A kind of problem: its status, what it is called, and what it means in a sentence or two."""

    status: int
    title: str
    text: str


KINDS: Final[Mapping[str, Kind]] = {
    "not-json": Kind(400, "Not JSON", "The body is not JSON in UTF-8, or nests deeper than 16 levels."),
    "refused": Kind(400, "Refused", "The server refused it with the words in `detail`."),
    "unauthenticated": Kind(
        401,
        "Not logged in",
        "There is no token, or it is wrong, over or taken back. Send `Authorization: Bearer cn-…`.",
    ),
    "scope": Kind(403, "Not within this token's scope", "The token is not for this kind of request."),
    "channel": Kind(403, "Not within this token's channels", "The token is for some channels alone."),
    "cross-site": Kind(403, "Not for pages of other sites", "The page is none of those in `web.cors`."),
    "cannot-send": Kind(
        403, "Cannot send", "A ban, or a mode of the channel or of the person, is against it."
    ),
    "cannot-join": Kind(403, "Cannot join", "The channel is full, invite-only, has a key, or bans you."),
    "not-operator": Kind(403, "Not an operator", "One has to be operator, of the channel or of the network."),
    "no-privilege": Kind(403, "Lacks a privilege", "The class of this operator does not grant it."),
    "login-required": Kind(403, "Login required", "One has to be logged in to an account for it."),
    "banned": Kind(403, "Banned", "A ban of the network means the user of this token."),
    "insecure": Kind(
        403, "Not encrypted", "Passwords are taken over TLS, or from this machine (`web.insecure_login`)."
    ),
    "no-registration": Kind(403, "No registration here", "Nobody can register accounts on this server."),
    "suspended": Kind(403, "Suspended", "Operators have suspended the account."),
    "may-not-invite": Kind(403, "May not invite there", "It takes ChanServ's flag `i`, or to be operator."),
    "no-such-account": Kind(404, "No such account", "There is no account of this name."),
    "no-such-token": Kind(404, "No such token", "The account has none of this id."),
    "no-such-invite": Kind(404, "No such invite", "There is no such link, or nobody comes by it any more."),
    "no-such-user": Kind(404, "No such user", "Nobody bears this nick now."),
    "no-such-channel": Kind(404, "No such channel", "There is no such channel, or it is not yours to see."),
    "no-such-message": Kind(
        404, "No such message", "There is none of this id there, or it is not yours to see."
    ),
    "no-such-path": Kind(404, "No such path", "Nothing is answered under this path: see openapi.json."),
    "no-such-method": Kind(405, "No such method", "The path has others: see the header `Allow`."),
    "not-on-channel": Kind(409, "Not on the channel", "One has to be in the channel, or the other one has."),
    "already-on-channel": Kind(409, "Already on the channel", "They are in it."),
    "nick-in-use": Kind(409, "The nick is in use", "Somebody else bears it, or it is an account's."),
    "account-exists": Kind(409, "The name is taken", "Somebody has registered it, or bears it as a nick."),
    "no-attach": Kind(
        409,
        "Cannot be one of this person's sessions",
        "The account does not have several sessions at once (NickServ SET MULTICLIENT), or its other ones "
        "are on a server that cannot be reached.",
    ),
    "under-way": Kind(409, "Under way", "A request with this Idempotency-Key is being answered."),
    "too-large": Kind(413, "Too large", "The body is longer than `web.body_size` of the configuration."),
    "media-type": Kind(415, "Not that media type", "Bodies are `application/json`."),
    "invalid": Kind(422, "Invalid", "What is wrong stands in `errors`, or in `detail`."),
    "key-reused": Kind(422, "The Idempotency-Key is another's", "It was sent before, with another request."),
    "too-many": Kind(429, "Too many requests", "`Retry-After` tells after how many seconds to come back."),
    "fault": Kind(500, "A fault of the server", "The operators of the server can read why."),
    "not-here": Kind(501, "Not on this server", "This server does not store or do what it takes."),
    "no-accounts": Kind(501, "No accounts here", "This server keeps no accounts: others do that for it."),
    "unavailable": Kind(503, "Not now", "The store, another server or this one cannot do it now: try again."),
}
"""By the last part of their ``type``."""

NUMERICS: Final[Mapping[str, str]] = {
    "401": "no-such-user",
    "406": "no-such-user",
    "403": "no-such-channel",
    "404": "cannot-send",
    "486": "cannot-send",
    "492": "cannot-send",
    "716": "cannot-send",
    "481": "not-operator",
    "482": "not-operator",
    "723": "no-privilege",
    "405": "cannot-join",
    "471": "cannot-join",
    "473": "cannot-join",
    "474": "cannot-join",
    "475": "cannot-join",
    "477": "cannot-join",
    "480": "cannot-join",
    "520": "cannot-join",
    "441": "not-on-channel",
    "442": "not-on-channel",
    "443": "already-on-channel",
    "433": "nick-in-use",
    "411": "invalid",
    "412": "invalid",
    "417": "invalid",
    "461": "invalid",
    "472": "invalid",
    "696": "invalid",
    "743": "invalid",
    "263": "too-many",
    "439": "too-many",
    "438": "too-many",
    "707": "too-many",
    "712": "too-many",
    "775": "too-many",
    "713": "refused",
    "714": "already-on-channel",
    "734": "refused",
    "465": "banned",
    "400": "fault",
}
"""Numerics by which a command is refused; all others of 400 to 599 are ``refused``."""
CODES: Final[Mapping[str, str]] = {
    "MESSAGE_NOT_STORED": "unavailable",
    "TEMPORARILY_UNAVAILABLE": "unavailable",
    "INTERNAL_ERROR": "unavailable",
    "MESSAGE_ERROR": "unavailable",
    "RATE_LIMITED": "too-many",
    "TRY_AGAIN": "too-many",
    "UNKNOWN_MSGID": "no-such-message",
    "REDACT_FORBIDDEN": "not-operator",
    "ACCOUNT_EXISTS": "account-exists",
    "ACCOUNT_SUSPENDED": "suspended",
    "BAD_ACCOUNT_NAME": "invalid",
    "INVALID_CREDENTIALS": "unauthenticated",
    "MAY_NOT_INVITE": "may-not-invite",
    "UNACCEPTABLE_EMAIL": "invalid",
    "UNACCEPTABLE_PASSWORD": "invalid",
    "WEAK_PASSWORD": "invalid",
}
"""The same of codes of FAIL."""
_BEGINNINGS: Final = (("INVALID_", "invalid"), ("MULTILINE_", "invalid"), ("NEED_MORE_", "invalid"))
_ENDS: Final = (("_REQUIRED", "login-required"), ("RATE_LIMITED", "too-many"))
RETRY: Final = 5
"""Seconds to wait where nobody knows better."""


class Mistake(NamedTuple):
    """What is wrong with one value: where it stands (a JSON pointer, or the name of a parameter), and why."""

    pointer: str
    detail: str


class Problem(Exception):
    """Ends a request: with one of :data:`KINDS`, and what belongs to this one."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        numeric: str | None = None,
        command: str | None = None,
        params: Sequence[str] = (),
        errors: Sequence[Mistake] = (),
        retry: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.numeric = numeric
        self.command = command
        self.params = params
        self.errors = errors
        self.retry = RETRY if retry is None and kind == "too-many" else retry
        self.headers = headers

    @property
    def body(self) -> dict[str, Any]:
        """What is said of it."""
        kind = KINDS[self.kind]
        found: dict[str, Any] = {
            "type": f"{BASE}/problems/{self.kind}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail or kind.text,
        }
        if self.numeric is not None:
            found["numeric"] = self.numeric
        if self.command is not None:
            found["command"] = self.command
            found["params"] = list(self.params)
        if self.errors:
            found["errors"] = [each._asdict() for each in self.errors]
        return found

    def reply(self) -> Reply:
        """The answer that tells of it."""
        headers = [("Content-Type", MEDIA), *self.headers]
        if self.retry is not None:
            headers.append(("Retry-After", str(self.retry)))
        if self.kind == "unauthenticated":
            # Never Basic: a browser would ask for a password, and send it by itself from then on.
            headers.append(("WWW-Authenticate", "Bearer"))
        body = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return Reply(KINDS[self.kind].status, body.encode("utf-8", "replace"), tuple(headers))


def kind_of_numeric(code: str) -> str | None:
    """The kind of problem that a numeric tells of; None of one that tells of none."""
    found = NUMERICS.get(code)
    if found is not None:
        return found
    return "refused" if "400" <= code <= "599" and code not in _NO_REFUSAL else None


_NO_REFUSAL: Final = frozenset({"416", "422", "470"})
"""What is said besides: not all is told, there is no message of the day, it leads to another channel."""


def kind_of_code(code: str) -> str:
    """The kind of problem that the code of a FAIL tells of."""
    found = CODES.get(code)
    if found is not None:
        return found
    for beginning, kind in _BEGINNINGS:
        if code.startswith(beginning):
            return kind
    for end, kind in _ENDS:
        if code.endswith(end):
            return kind
    return "refused"
