"""Tells stories of people on several servers, and counts them: ``python tests/told_stories.py 0 1000``.

Prints the seed and the fault of each that ends badly, and in the end what happened in all of them.
"""

from __future__ import annotations

import sys
from collections import Counter

from person_stories import World


def main(first: int, last: int) -> int:
    """All stories of these seeds; how many ended badly."""
    seen: Counter[str] = Counter()
    for seed in range(first, last):
        world = World(seed)
        try:
            world.run()
        except Exception as fault:
            seen["faults"] += 1
            print(seed, str(fault)[:500], flush=True)
        seen["stories"] += 1
        seen += world.seen
    print(dict(seen))
    return seen["faults"]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])) > 0)
