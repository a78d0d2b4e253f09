"""Named misconceptions: for each what was seen, why it matters, and one next step.

A message never prints the answer: what is asked stands in the exercise, what was seen is the learner's own.
"""

from __future__ import annotations

from grader.misconceptions import added_layers, answers, layers, no_model, starting, training
from grader.misconceptions.noun import Misconception

__all__ = ["MISCONCEPTIONS", "Misconception", "explain"]

MISCONCEPTIONS: dict[str, Misconception] = {
    entry.key: entry for part in (starting, no_model, layers, added_layers, training, answers) for entry in part.ENTRIES
}


def explain(key: str, **seen: object) -> str:
    """The message of the misconception ``key`` with what was seen filled in. Raises KeyError for an unknown key."""
    return MISCONCEPTIONS[key].message(**seen)
