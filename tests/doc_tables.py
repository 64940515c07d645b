"""The tables in the documents, made from the tables in the code.

In a document a table stands between ``<!-- table: name -->`` and ``<!-- end -->``.  Run this file to write
all of them anew: ``.venv/bin/python tests/doc_tables.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

from chatnet.api import metrics, series
from chatnet.api.families import FAMILIES
from chatnet.api.problems import KINDS
from chatnet.api.routes import ROUTES
from chatnet.api.table import ANY, BASIC, EITHER, NOBODY
from chatnet.commands import CLIENT
from chatnet.commands.chanserv import CHANSERV
from chatnet.commands.errand import is_alias
from chatnet.commands.histserv import HISTSERV
from chatnet.commands.nickserv import NICKSERV
from chatnet.dispatch import Table
from chatnet.links.neighbour import link, resume
from chatnet.model import modes
from chatnet.rules.access import LETTERS, TEMPLATES, in_order
from chatnet.rules.modes import PRIVILEGE_FOR, RANK_FOR
from chatnet.settings import PRIVILEGES
from chatnet.web.scopes import SCOPES
from chatnet.wire import capabilities

ROOT: Final = Path(__file__).resolve().parent.parent
MARKED: Final = re.compile(r"<!-- table: ([a-z-]+) -->\n(.*?)<!-- end -->\n", re.DOTALL)

_TAKES: Final = {"A": "a mask", "B": "the key", "C": "a value", "D": ""}
_RANKS: Final = {rank: modes.CHANNEL_MODES[letter][1] for letter, rank in modes.RANKS.items()}
_WHAT_CAPABILITIES_DO: Final = {
    "multi-prefix": "all prefixes of a member, not only the highest",
    "userhost-in-names": "`nick!user@host` in NAMES",
    "extended-join": "JOIN with account and real name",
    "away-notify": "AWAY of those you share a channel with",
    "chghost": "CHGHOST instead of QUIT and JOIN when a host changes",
    "setname": "SETNAME of those you share a channel with",
    "invite-notify": "invitations to channels where you may invite",
    "cap-notify": "changes of this list",
    "account-notify": "who logs in and out, of those you share a channel with",
    "server-time": "the time of each line, as a tag",
    "echo-message": "your own messages, as others see them",
    "message-tags": "ids of messages, tags that others' clients add, TAGMSG, and who is a bot",
    "account-tag": "the account of whoever says or does something",
    "draft/oper-tag": "a tag on what IRC operators say and do",
    "batch": "lines that belong together, between two BATCH lines",
    "labeled-response": "the answer to each of your commands under its own label (needs `batch`)",
    "standard-replies": "FAIL, WARN and NOTE, whatever they are about",
    "draft/message-redaction": "REDACT, which deletes messages: yours, and those that others delete",
    "draft/metadata-3": "what people and channels show, and changes of it: METADATA (needs `batch`)",
    "draft/metadata-2": "the same, in the words of an older draft",
    "draft/pre-away": "AWAY before you are registered; `AWAY *` gives no reason",
    "no-implicit-names": "no NAMES when you join",
    "draft/no-implicit-names": "the same, by its older name",
    "extended-monitor": "AWAY, ACCOUNT, CHGHOST, SETNAME of those you MONITOR, if asked for",
    "draft/extended-monitor": "the same, by its older name",
    "draft/extended-isupport": "ISUPPORT before you are registered, and all of 005 in batches",
    "draft/channel-rename": "RENAME of channels you are in, instead of PART and JOIN",
    "sasl": "AUTHENTICATE, which logs in to an account",
    "draft/account-registration": "REGISTER and VERIFY, which make an account",
    "draft/chathistory": "CHATHISTORY, which tells what was said before",
    "draft/read-marker": "how far you have read, the same on all your devices (MARKREAD)",
    "znc.in/playback": "asking for what was said as bouncers are asked (ZNC, and PRIVMSG to `*playback`)",
    "znc.in/self-message": "nothing here: lines of your own come as they are",
    "draft/persistence": "whether you stay when no device of yours is connected (PERSISTENCE)",
    "soju.im/search": "finding what was said by its words (SEARCH)",
    "draft/event-playback": "with CHATHISTORY also who came and went, topics, modes, and reactions",
    "draft/multiline": "messages of several lines (needs `batch`)",
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |\n" for cells in lines)


def _setter(letter: str) -> str:
    privilege = PRIVILEGE_FOR.get(letter)
    return f"opers with `{privilege}`" if privilege is not None else _RANKS[RANK_FOR[letter]]


def channel_modes() -> str:
    rows = [
        (f"`{letter}`", _TAKES[kind], meaning, _setter(letter))
        for letter, (kind, meaning) in modes.CHANNEL_MODES.items()
        if kind != "P"
    ]
    return table(("Mode", "takes", "what it does", "set by, at least"), rows)


def ranks() -> str:
    rows = [
        (f"`{modes.PREFIX_OF[letter]}`", f"`{letter}`", modes.CHANNEL_MODES[letter][1], _setter(letter))
        for letter in modes.RANKS
    ]
    return table(("Prefix", "Mode", "Rank", "given by, at least"), rows)


def user_modes() -> str:
    return table(("Mode", "what it does"), [(f"`{m}`", text) for m, text in modes.USER_MODES.items()])


def snomask() -> str:
    return table(("Letter", "tells of"), [(f"`{m}`", text) for m, text in modes.SNOMASKS.items()])


def capability_names() -> str:
    rows = [(f"`{name}`", _WHAT_CAPABILITIES_DO[name]) for name in capabilities.BY_NAME]
    return table(("Capability", "what you get"), rows)


def commands() -> str:
    """What everybody may use; the usage of a row is its wire form and what it does."""
    usages = [row.usage for _, row in sorted(CLIENT.rows.items()) if row.privilege is None]
    return table(("Command",), [(usage,) for usage in dict.fromkeys(usages)])


def oper_commands() -> str:
    rows = [
        (row.usage, f"`{row.privilege}`")
        for _, row in sorted(CLIENT.rows.items())
        if row.privilege is not None
    ]
    return table(("Command", "privilege"), rows)


def _asked_of(bot: Table, *, mighty: bool) -> str:
    rows = [row for row in bot if not is_alias(row) and (row.privilege is not None) is mighty]
    return table(("Command",), [(row.usage,) for row in sorted(rows, key=lambda row: row.verb)])


def nickserv_commands() -> str:
    return _asked_of(NICKSERV, mighty=False)


def nickserv_oper_commands() -> str:
    return _asked_of(NICKSERV, mighty=True)


def chanserv_commands() -> str:
    return _asked_of(CHANSERV, mighty=False)


def chanserv_oper_commands() -> str:
    return _asked_of(CHANSERV, mighty=True)


def histserv_commands() -> str:
    return _asked_of(HISTSERV, mighty=False)


def access_flags() -> str:
    return table(("Flag", "whoever has it"), [(f"`{each}`", text) for each, text in LETTERS.items()])


def access_templates() -> str:
    rows = [(f"`{name}`", f"`+{in_order(letters)}`") for name, letters in TEMPLATES.items()]
    return table(("Template", "flags"), rows)


def penalties() -> str:
    by_cost: dict[float, list[str]] = {}
    for verb, row in sorted(CLIENT.rows.items()):
        by_cost.setdefault(row.penalty, []).append(verb)
    return table(("Cost", "Commands"), [(f"{cost:g}", " ".join(by_cost[cost])) for cost in sorted(by_cost)])


def privileges() -> str:
    return table(("Privilege", "allows"), [(f"`{name}`", meaning) for name, meaning in PRIVILEGES.items()])


def picture(steps: Mapping[Any, Enum]) -> str:
    """A picture of a table of states, in the language of Mermaid."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {before.name} --> {after.name}: {what}" for (before, what), after in steps.items()]
    return "\n".join([*lines, "```", ""])


def handshake_states() -> str:
    return picture(link.STEPS)


def session_states() -> str:
    return picture(resume.STEPS)


def figures() -> str:
    assert metrics.PREFIX  # which enters those of the machine
    rows = [
        (f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.help)
        for each in FAMILIES.values()
    ]
    return table(("Name", "type", "labels", "what it tells"), rows)


def series_names() -> str:
    rows = [(f"`{name}`", column.help) for name, column in series.COLUMNS.items()]
    return table(("Name", "what it tells"), rows)


def api_scopes() -> str:
    return table(("Word", "allows"), [(f"`{word}`", text) for word, text in SCOPES.items()])


def api_routes() -> str:
    """What is asked; without a scope nobody has to be logged in."""
    words = {NOBODY: "", ANY: "any", BASIC: "name and password", EITHER: "any, or none"}
    rows = [
        (f"`{row.method} {row.path}`", words.get(row.scope, f"`{row.scope}`"), f"{row.cost:g}", row.summary)
        for row in ROUTES
    ]
    return table(("Route", "scope", "costs", "what it does"), rows)


def api_problems() -> str:
    rows = [(str(kind.status), f"`{name}`", kind.text) for name, kind in KINDS.items()]
    return table(("Status", "type", "what it means"), rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "access-flags": access_flags,
    "access-templates": access_templates,
    "api-problems": api_problems,
    "api-routes": api_routes,
    "api-scopes": api_scopes,
    "capabilities": capability_names,
    "chanserv-commands": chanserv_commands,
    "chanserv-oper-commands": chanserv_oper_commands,
    "channel-modes": channel_modes,
    "commands": commands,
    "figures": figures,
    "handshake-states": handshake_states,
    "histserv-commands": histserv_commands,
    "nickserv-commands": nickserv_commands,
    "nickserv-oper-commands": nickserv_oper_commands,
    "oper-commands": oper_commands,
    "penalties": penalties,
    "privileges": privileges,
    "ranks": ranks,
    "series": series_names,
    "session-states": session_states,
    "snomask": snomask,
    "user-modes": user_modes,
}


def documents() -> list[Path]:
    """All documents of the project."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


if __name__ == "__main__":
    for path in documents():
        text = path.read_text(encoding="utf-8")
        new = MARKED.sub(lambda m: f"<!-- table: {m[1]} -->\n{TABLES[m[1]]()}<!-- end -->\n", text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
