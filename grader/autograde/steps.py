"""The steps by which a submission is graded: nbgrader's own, and what this course puts in their place or beside."""

from __future__ import annotations

from nbgrader.converters import Autograde
from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades

from grader.autograde.execute import WarmExecute
from grader.autograde.flags import FlagForHumans
from grader.autograde.judging import JudgeOutside
from grader.autograde.noting import NoteVerdict


def grading_steps() -> list[type]:
    """nbgrader's steps, but for these.

    Notebooks run several at once in warm kernels; what a rubric says is reached outside of them; what it leaves to
    a human is flagged for one; and what the gradebook then holds goes into the record of verdicts.
    """
    steps = list(Autograde.autograde_preprocessors.default())
    steps[steps.index(Execute) : steps.index(Execute) + 1] = [WarmExecute, JudgeOutside]
    steps.insert(steps.index(SaveAutoGrades) + 1, FlagForHumans)
    steps.insert(steps.index(AssignLatePenalties) + 1, NoteVerdict)
    return steps
