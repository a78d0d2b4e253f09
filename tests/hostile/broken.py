"""Broken hand-ins, and pages of feedback: what is graded and told without a kernel of the attacker's own.

How a file is broken stands in `tests.test_broken_submissions`, by the case's name; `test_broken` sees what stock makes
of it.
"""

from __future__ import annotations

from .case import Case, Family, Goal, Ours, Scene

STAYS, ENDS, LOST = (
    "fails; an earlier score stays",
    "ends the grading of the class",
    "all points of an earlier hand-in stay",
)
REFUSED = "it is refused with a reason and no points; the others are graded"
REPAIRED = "it is repaired and graded; so are the others"


def _no_kernel(_: Scene) -> bool:
    raise AssertionError("these have no run to be judged by")


def _broken(name: str, tries: str, holds: str, stock: str) -> Case:
    goal = Goal(holds, _no_kernel)
    return Case(name, Family.BROKEN, tries, (), goal, frozenset({Ours.READING}), f"{stock} (reproduced)")


CASES = (
    _broken("pdf", "hands in a PDF under the notebook's name", REFUSED, STAYS),
    _broken("list", "hands in JSON that is a list", REFUSED, STAYS),
    _broken("passwd", "hands in a link to a file of the system", REFUSED, STAYS),
    _broken("foreign", "hands in a notebook of tests of its own, worth 100 points", REFUSED, STAYS),
    _broken("no-cells", "hands in a notebook without a cell", REFUSED, LOST),
    _broken("duplicated-test", "has a test cell twice", REPAIRED, ENDS),
    _broken("duplicated-answer", "has an answer cell twice", REPAIRED, ENDS),
    _broken("deleted-test", "has deleted a test that it failed", REPAIRED, LOST),
)
FEEDBACK = (
    Case(
        "hidden-tests-in-hex",
        Family.FEEDBACK,
        "prints the hidden tests that it saw, plainly, in hexadecimal digits and in base64",
        (),
        Goal("nothing that was computed is on a page beside hidden tests", _no_kernel),
        frozenset({Ours.PAGE}),
        "they are on the page (reproduced, `tests/test_feedback_of_a_run.py`)",
    ),
    Case(
        "page-of-its-own",
        Family.FEEDBACK,
        "writes a page of its own beside its notebook",
        (),
        Goal("no file that a run wrote goes along", _no_kernel),
        frozenset({Ours.PAGE}),
        "it goes along with the feedback (reproduced, `tests/test_feedback_of_a_run.py`)",
    ),
)
