"""Messages as Slack and Mattermost take them by their webhooks: text, attachments, blocks; and their markup.

https://api.slack.com/messaging/webhooks, https://api.slack.com/reference/block-kit/blocks,
https://developers.mattermost.com/integrate/webhooks/incoming/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from chatnet.api.hooks.posted import INVALID_PAYLOAD, NO_TEXT, Posted, Unread, plain

NAME: Final = 30
"""Characters of a name that are shown."""
MOST: Final = 100
"""Attachments, blocks, fields or elements that are looked at."""
DEPTH: Final = 6
"""How deep lists within texts may stand in each other."""
_MARKUP: Final = re.compile(r"<([^<>\s|][^<>\n|]{0,2000})(?:\|([^<>\n]{0,2000}))?>")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY: Final = re.compile("&(?:lt|gt|amp);")

Json = Mapping[str, Any]


def read(payload: object) -> Posted:
    """What a payload says; raises `Unread`."""
    if not isinstance(payload, Mapping):
        raise Unread(INVALID_PAYLOAD)
    blocks = list(_blocks(payload.get("blocks")))
    text = payload.get("text")
    if text is not None and not isinstance(text, str):
        raise Unread(INVALID_PAYLOAD)
    # Beside blocks the text is for notifications only.
    lines = blocks or ([marked(text)] if text else [])
    for attachment in _items(payload.get("attachments")):
        lines.extend(_attachment(attachment))
    said = plain("\n".join(line for line in lines if line))
    if not said.strip():
        raise Unread(NO_TEXT)
    return Posted(said, " ".join(plain(_text(payload, "username")).split())[:NAME])


def marked(text: str) -> str:
    """A text without Slack's markup: ``<url|word>`` is ``word (url)``, and ``&lt;`` is ``<``."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], _MARKUP.sub(_link, text))


def _link(found: re.Match[str]) -> str:
    what, word = found[1], found[2]
    if what[0] in "@#":
        return f"{what[0]}{(word or what[1:]).lstrip(what[0])}"
    if what[0] == "!":  # <!here>, <!subteam^S1|@team>, <!date^1392734382^{date}|18 February>
        return word or f"@{what[1:].partition('^')[0]}"
    return what if not word or word == what else f"{word} ({what})"


def _attachment(found: Json) -> Iterator[str]:
    before = len(lines := list(_parts_of(found)))
    yield from lines
    if not before and (fallback := _text(found, "fallback")):
        yield marked(fallback)


def _parts_of(found: Json) -> Iterator[str]:
    if pretext := _text(found, "pretext"):
        yield marked(pretext)
    title, link = marked(_text(found, "title")), _text(found, "title_link")
    if title:
        yield f"{title} ({link})" if link else title
    if text := _text(found, "text"):
        yield marked(text)
    for each in _items(found.get("fields")):
        name, value = marked(_text(each, "title")), marked(_text(each, "value"))
        if name or value:
            yield f"{name}: {value}" if name and value else name or value
    yield from _blocks(found.get("blocks"))


def _blocks(blocks: object) -> Iterator[str]:
    for block in _items(blocks):
        kind = block.get("type")
        if kind in ("header", "section"):
            if line := _object(block.get("text")):
                yield line
            for each in _list(block.get("fields")):
                if line := _object(each):
                    yield line
        elif kind == "context":
            if line := " ".join(filter(None, map(_object, _list(block.get("elements"))))):
                yield line
        elif kind == "image":
            title, url = _object(block.get("title")) or _text(block, "alt_text"), _text(block, "image_url")
            if title or url:
                yield f"{title} ({url})" if title and url else title or url
        elif kind == "rich_text":
            for each in _items(block.get("elements")):
                yield from _rich(each, 0)


def _object(found: object) -> str:
    """A text object of one kind or the other, or an image in a context."""
    if not isinstance(found, Mapping):
        return ""
    return marked(_text(found, "text") or _text(found, "alt_text"))


def _rich(found: Json, depth: int) -> Iterator[str]:
    """Lines of a part of a rich text: a section, a quote, preformatted text, a list of such."""
    if found.get("type") == "rich_text_list":
        if depth < DEPTH:
            for each in _items(found.get("elements")):
                for line in _rich(each, depth + 1):
                    yield f"- {line}"
        return
    words = []
    for each in _items(found.get("elements")):
        kind, text = each.get("type"), _text(each, "text")
        if kind == "text":
            words.append(text)
        elif kind == "link":
            url = _text(each, "url")
            words.append(f"{text} ({url})" if text and text != url else url)
        elif kind == "emoji":
            words.append(f":{_text(each, 'name')}:")
        elif kind == "broadcast":
            words.append(f"@{_text(each, 'range')}")
        elif kind in ("user", "channel", "usergroup"):
            sign = "#" if kind == "channel" else "@"
            words.append(f"{sign}{_text(each, f'{kind}_id')}")
    if line := "".join(words):
        yield line


def _text(found: Json, key: str) -> str:
    value = found.get(key)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _list(found: object) -> list[object]:
    return found[:MOST] if isinstance(found, list) else []


def _items(found: object) -> Iterator[Json]:
    for each in _list(found):
        if isinstance(each, Mapping):
            yield each
