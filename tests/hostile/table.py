"""The table of attacks, as it stands in the documentation."""

from __future__ import annotations

from grader.autograde.box.layers import Layer

from . import broken
from .case import Case, Family, Ours
from .cases import CASES

PAGE = "docs/attacks.md"
INTRODUCTION = """# Attacks on grading

What learners' code could try, what comes of it, and what stops it. Each row is a test, of `tests/hostile/` or, for
pages of feedback, beside it, run twice: it must fail, and it must succeed where the defences of its last column are
removed, all of them. This page is written by `python -m tests.hostile`; a test holds it equal to the cases. How
learners' code is kept in its place is told in [grading.md](grading.md).

Under *stock nbgrader*, "reproduced" is what was seen with nbgrader's own steps, and "seen here" what came of it in this
grading where the defence was removed: stock has none of it.
"""
TITLES = {
    Family.FORGE: "Points for what was not done",
    Family.READ: "Reading what is others'",
    Family.WRITE: "Changing what is others'",
    Family.NET: "Reaching out",
    Family.RUN: "Running away",
    Family.BROKEN: "Broken hand-ins",
    Family.FEEDBACK: "Pages of feedback",
}


def page() -> str:
    """The whole page."""
    cases = (*CASES, *broken.CASES, *broken.FEEDBACK)
    parts = [INTRODUCTION, f"{len(cases)} attacks.\n"]
    for family, title in TITLES.items():
        rows = [_row(case) for case in cases if case.family is family]
        if rows:
            parts += [
                f"## {title}\n",
                "| case | what it does | stock nbgrader | here | stopped by |\n|---|---|---|---|---|",
            ]
            parts += ["\n".join(rows) + "\n"]
    return "\n".join(parts)


def _row(case: Case) -> str:
    layers = sorted(each for each in case.by if isinstance(each, Layer))
    ours = [each.value for each in Ours if each in case.by]
    by = ", ".join([*(f"`{layer}`" for layer in layers), *ours])
    only = " (superuser only)" if case.superuser else ""
    return f"| {case.name}{only} | {case.tries} | {case.stock} | {case.goal.holds} | {by} |".replace("\n", " ")
