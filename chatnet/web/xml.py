"""XML of texts that anybody may have written."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """`text` without the characters that no document may have, whatever stands for them.

    https://www.w3.org/TR/xml/#charsets  The codes of colours in chat are among them; halves of characters,
    which stand for bytes that were no UTF-8, are, too.
    """
    return _FORBIDDEN.sub("", text)


def add(parent: Element, name: str, text: str | None = None, /, **attributes: str) -> Element:
    """A new child, with a cleaned text and attributes (``type_`` is the attribute ``type``)."""
    found = {key.rstrip("_"): clean(value) for key, value in attributes.items()}
    child = SubElement(parent, name, found)
    if text is not None:
        child.text = clean(text)
    return child
