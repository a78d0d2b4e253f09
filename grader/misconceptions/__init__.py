"""Named misconceptions: for each what was seen, why it matters, and one next step.

A message never prints the answer: what is asked stands in the exercise, what was seen is the learner's own. A module of
this package that names its entries in ``ENTRIES`` is found by itself.
"""

from __future__ import annotations

from operator import attrgetter

from grader.declarations import declared
from grader.misconceptions.noun import Misconception

__all__ = ["MISCONCEPTIONS", "Misconception", "explain"]

MISCONCEPTIONS: dict[str, Misconception] = declared(__name__, "ENTRIES", attrgetter("key"), "misconceptions")


def explain(key: str, **seen: object) -> str:
    """The message of the misconception ``key`` with what was seen filled in. Raises KeyError for an unknown key."""
    return MISCONCEPTIONS[key].message(**seen)
