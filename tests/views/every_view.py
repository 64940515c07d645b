"""Which views and dialogs the client has, as its source says: who looks at all of them shall forget none."""

from __future__ import annotations

import re
from typing import Final

from browser import PAGES

APP: Final = PAGES / "app"


def _found(pattern: str, file: str) -> frozenset[str]:
    return frozenset(re.findall(pattern, (APP / file).read_text(), re.MULTILINE))


DIALOGS: Final = _found(r"^    (\w+): \(\) => import\(\"\./dialogs/", "dialogs.js")
"""What opens over the chat."""
OFFICE: Final = _found(r'^    \{name: "(\w+)"', "operate.js")
"""The views of the operators' page."""
OFFICE_DIALOGS: Final = frozenset(
    f"{path.stem}: {title}"
    for path in (APP / "operate").glob("*.js")
    for title in re.findall(r"\bframe\(\s*(?:say\(\")?([\w.]+)", path.read_text())
)
"""What opens over them, by its module and its title: the key of its words, or what it is the name of."""
