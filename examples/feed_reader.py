"""Says what is new in an Atom or RSS feed, by a hook: ``feed_reader.py FEED HOOK STATE``, every hour by cron.

STATE is a file in which it remembers what it said.  With ``defusedxml`` installed the feed may be anybody's.
"""

import json
import sys
import urllib.request
from pathlib import Path

try:
    from defusedxml.ElementTree import fromstring
except ImportError:
    from xml.etree.ElementTree import fromstring

ATOM = "{http://www.w3.org/2005/Atom}"
MOST = 5
"""Entries that are said at once; of a feed that is read for the first time none are."""


def entries(text):
    """(id, title, address) of each, the newest first."""
    root = fromstring(text)
    for each in root.iter("item"):
        link = each.findtext("link", "")
        yield each.findtext("guid", link), each.findtext("title", ""), link
    for each in root.iter(f"{ATOM}entry"):
        links = [link.get("href", "") for link in each.iter(f"{ATOM}link")]
        yield each.findtext(f"{ATOM}id", ""), each.findtext(f"{ATOM}title", ""), links[0] if links else ""


def main(feed, hook, state):
    file = Path(state)
    known = set(json.loads(file.read_text())) if file.exists() else None
    with urllib.request.urlopen(feed, timeout=30) as answer:
        found = list(entries(answer.read(1_000_000)))
    if known is not None:
        new = [each for each in found if each[0] not in known][:MOST]
        for _, title, link in reversed(new):
            body = json.dumps({"text": f"{' '.join(title.split())} {link}"}).encode()
            request = urllib.request.Request(hook, body, {"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=30).close()
    file.write_text(json.dumps([each[0] for each in found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
