"""Tells stories of people on several servers, and counts them: ``python tests/told_stories.py 0 1000``.

Prints the seed and the fault of each that ends badly, and in the end what happened in all of them.  A third
number is that of processes, which share the seeds.
"""

from __future__ import annotations

import gc
import random
import secrets
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import Pool
from unittest.mock import patch

from person_stories import World

from chatnet.services.credentials import verifiers
from chatnet.settings import AccountsSettings


@contextmanager
def hash_once() -> Iterator[None]:
    """Hash each password once meanwhile: they are always the same ones."""
    make, made = verifiers.make, dict[str, str]()

    def once(settings: AccountsSettings, password: str) -> str:
        return made.get(password) or made.setdefault(password, make(settings, password))

    with (
        patch.object(verifiers, "make", once),
        patch.object(verifiers, "matches", lru_cache(verifiers.matches)),
    ):
        yield


def main(first: int, last: int, jobs: int = 1) -> int:
    """All stories of these seeds; how many ended badly."""
    if jobs == 1:
        seen = tell(range(first, last))
    else:
        with Pool(jobs) as pool:
            seen = sum(pool.map(tell, [range(first + job, last, jobs) for job in range(jobs)]), Counter())
    print(dict(seen))
    return seen["faults"]


def tell(seeds: Iterable[int]) -> Counter[str]:
    """The stories of these seeds, and what happened in them."""
    gc.freeze()  # what was imported is looked at in vain
    seen: Counter[str] = Counter()
    for seed in seeds:
        # Which server is somebody's heir depends on the id of their account.
        with patch.object(secrets, "choice", random.Random(f"ids of {seed}").choice):
            world = World(seed)
        try:
            world.run()
        except Exception as fault:
            seen["faults"] += 1
            print(seed, str(fault)[:500], flush=True)
        seen["stories"] += 1
        seen += world.seen
    return seen


if __name__ == "__main__":
    with hash_once():
        badly = main(*map(int, sys.argv[1:]))
    sys.exit(badly > 0)
