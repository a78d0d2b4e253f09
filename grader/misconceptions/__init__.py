"""Named misconceptions: for each what was seen, why it matters, and one next step.

A message never prints the answer: what is asked stands in the exercise, what was seen is the learner's own. A module of
this package that names its entries in ``ENTRIES`` is found by itself.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from grader.misconceptions.noun import Misconception

__all__ = ["MISCONCEPTIONS", "Misconception", "explain"]


def _named() -> dict[str, Misconception]:
    """All entries by key; a key that two of them have would leave one of them untold."""
    found: dict[str, Misconception] = {}
    for module in sorted(entry.name for entry in iter_modules(__path__)):
        for entry in getattr(import_module(f"{__name__}.{module}"), "ENTRIES", ()):
            if entry.key in found:
                raise ValueError(f"Two misconceptions are called {entry.key!r}; one is in {module}.py.")
            found[entry.key] = entry
    return found


MISCONCEPTIONS: dict[str, Misconception] = _named()


def explain(key: str, **seen: object) -> str:
    """The message of the misconception ``key`` with what was seen filled in. Raises KeyError for an unknown key."""
    return MISCONCEPTIONS[key].message(**seen)
