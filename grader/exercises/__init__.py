"""The exercises: each is a declaration of its data, its reference, its criteria with points, and its hints.

A module of this package that names its declarations in ``DECLARED`` is found by itself: a new exercise is one file here
and one notebook in ``solutions/``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from grader.exercises.noun import Exercise
from grader.rubric import Rubric

__all__ = ["EXERCISES", "Exercise", "exercise", "rubric"]



def _declared() -> dict[str, Exercise]:
    """All declarations by name; a name that two of them have would leave one of them unjudged."""
    found: dict[str, Exercise] = {}
    for module in sorted(entry.name for entry in iter_modules(__path__)):
        for declared in getattr(import_module(f"{__name__}.{module}"), "DECLARED", ()):
            if declared.name in found:
                raise ValueError(f"Two exercises are called {declared.name!r}; one is in grader/exercises/{module}.py.")
            found[declared.name] = declared
    return found


EXERCISES: dict[str, Exercise] = _declared()


def exercise(name: str) -> Exercise:
    """The exercise of that name (``spotify_model``). Raises KeyError."""
    return EXERCISES[name]


def rubric(name: str) -> tuple[Exercise, Rubric]:
    """The rubric of a test cell by its name (``spotify_curve``), and its exercise. Raises KeyError."""
    for entry in EXERCISES.values():
        if name in entry.rubrics:
            return entry, entry.rubrics[name]
    raise KeyError(name)
