"""The exercises: each is a declaration of its data, its reference, its criteria with points, and its hints."""

from __future__ import annotations

from grader.exercises import concrete, spotify
from grader.exercises.noun import Exercise
from grader.rubric import Rubric

__all__ = ["EXERCISES", "Exercise", "exercise", "rubric"]

EXERCISES: dict[str, Exercise] = {e.name: e for e in (spotify.MODEL, spotify.OWN_MODEL, concrete.MODEL)}


def exercise(name: str) -> Exercise:
    """The exercise of that name (``spotify_model``). Raises KeyError."""
    return EXERCISES[name]


def rubric(name: str) -> tuple[Exercise, Rubric]:
    """The rubric of a test cell by its name (``spotify_curve``), and its exercise. Raises KeyError."""
    for entry in EXERCISES.values():
        if name in entry.rubrics:
            return entry, entry.rubrics[name]
    raise KeyError(name)
