"""The exercises: each is a declaration of its data, its reference, its criteria with points, and its hints.

A module of this package that names its declarations in ``DECLARED`` is found by itself: a new exercise is one file here
and one notebook in ``solutions/``.
"""

from __future__ import annotations

from operator import attrgetter

from grader.declarations import declared
from grader.exercises.noun import Exercise
from grader.rubric import Rubric

__all__ = ["EXERCISES", "RUBRICS", "Exercise", "exercise", "rubric"]


EXERCISES: dict[str, Exercise] = declared(__name__, "DECLARED", attrgetter("name"), "exercises")
RUBRICS: dict[str, tuple[Exercise, Rubric]] = {  # by the names of their test cells
    name: (owner, sheet) for owner in EXERCISES.values() for name, sheet in owner.rubrics.items()
}


def exercise(name: str) -> Exercise:
    """The exercise of that name (``spotify_model``). Raises KeyError."""
    return EXERCISES[name]


def rubric(name: str) -> tuple[Exercise, Rubric]:
    """The rubric of a test cell by its name (``spotify_curve``), and its exercise. Raises KeyError."""
    return RUBRICS[name]
