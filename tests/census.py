"""What a house keeps in memory: every object that can be reached from its parts, counted by type.

``census(house)`` before and after something that leaves no trace must be the same.  What belongs to the test
is not counted: its clients' lines, its clock, its log, its pipes.
"""

from __future__ import annotations

import gc
from collections import Counter, deque
from functools import _lru_cache_wrapper
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import Any, Final

from conversation import House, ListLog, ManualClock, ManualTimer, MemoryOutlet, PaperControl
from mesh import Pipe

OF_THE_TEST: Final = (House, ListLog, ManualClock, ManualTimer, PaperControl, Pipe)
FOREVER: Final = (ModuleType, type, BuiltinFunctionType, _lru_cache_wrapper)
ATOMS: Final = (int, float, str, bytes, NoneType)
"""They are in something, where they are counted; of equal ones there may be one, or many."""
SIZED: Final = (dict, list, set, deque)
ITEMS: Final = "items"


def census(house: House) -> Counter[str]:
    """Types of objects with their numbers; :data:`ITEMS` is what is in all dicts, lists, sets and deques.

    Tables that are the same for all houses, and caches of functions, are not of it.
    """
    gc.collect()
    found: Counter[str] = Counter()
    seen: set[int] = set()
    look: list[Any] = [house.parts]
    while look:
        each = look.pop()
        if id(each) in seen or isinstance(each, (*FOREVER, *OF_THE_TEST)):
            continue
        seen.add(id(each))
        if isinstance(each, FunctionType):
            look += [cell.cell_contents for cell in each.__closure__ or ()]
            continue
        if isinstance(each, MemoryOutlet):
            found["out"] += len(each.out)
            continue
        if isinstance(each, ATOMS):
            continue
        found[type(each).__qualname__] += 1
        if isinstance(each, SIZED):
            found[ITEMS] += len(each)
        look += gc.get_referents(each)
    return found
