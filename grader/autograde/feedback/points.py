"""What the gradebook holds of a submitted notebook: points by cell, comments, and what was taken off for being late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nbgrader.api import Gradebook

from dropnorm.language import N_, _
from grader.autograde.feedback.nouns import Points

BY_HAND = N_("An instructor set these points by hand.")
OPEN = N_("A human will look at it: these points are not final.")
EXTRA = N_("Extra points are among them.")


@dataclass(frozen=True)
class Graded:
    """A cell's grade: the points that count, those of the machine, and sentences on how they came about."""

    points: Points
    by_machine: float | None
    is_open: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A notebook in the gradebook.

    Attributes:
        points: the whole notebook's, the penalty taken off.
        penalty: for being late.
        grades: by the cells' names.
        comments: by the answers' names, as they were typed; those of answers and of tasks.
    """

    points: Points
    penalty: float
    grades: Mapping[str, Graded]
    comments: Mapping[str, str]


def kept(names: Mapping[str, str]) -> Kept:
    """What the gradebook says. Raises MissingEntry, as nbgrader's own step does."""
    with Gradebook(names["db_url"]) as gradebook:
        notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
        penalty = notebook.late_submission_penalty or 0.0
        return Kept(
            Points(notebook.score - penalty, notebook.max_score),
            penalty,
            {grade.name: _graded(grade) for grade in notebook.grades},
            {comment.name: comment.comment or "" for comment in notebook.comments},
        )


def _graded(grade: object) -> Graded:
    notes = (
        (BY_HAND, grade.manual_score is not None),
        (OPEN, grade.needs_manual_grade),
        (EXTRA, bool(grade.extra_credit)),
    )
    return Graded(
        Points(grade.score, grade.max_score),
        grade.auto_score,
        grade.needs_manual_grade,
        tuple(_(note) for note, holds in notes if holds),
    )
