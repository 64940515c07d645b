"""What the compiled build asks of the source, and whether this is one: docs/decisions/0039.

Who does not compile needs nothing for it: what mypyc reads here is nothing when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, TypeVar

from chatnet import __version__

T = TypeVar("T")

COMPILING: Final = False
"""Taken for true by mypyc, and by nobody else: it knows some things by their own names only."""

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr as mypyc_attr
else:

    def mypyc_attr(**wishes: object) -> Callable[[T], T]:
        """What a class is to be when it is compiled, ``allow_interpreted_subclasses=True`` for instance."""
        return lambda cls: cls


def version() -> str:
    """The version, for who runs the server: `0.1.0`, or `0.1.0 (compiled)`."""
    return f"{__version__} (compiled)" if is_compiled() else __version__


def is_compiled() -> bool:
    """Whether this is the compiled build."""
    spec = find_spec("chatnet.node")  # it is not imported: what is above knows nothing of it
    return spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES))
