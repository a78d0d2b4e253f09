"""The step after a notebook was run: what its kernel handed over has been judged, and that is what its cells say.

Whatever a learner's code has printed in a test cell of a rubric is taken away. In its place stand the reasons and the
score that were reached outside of the kernel, in the form that nbgrader reads.
"""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from grader.autograde.records import record_of
from grader.exercises import EXERCISES
from grader.judged import Judged
from grader.report import report
from grader.rubric import Rubric, left_to_a_human

JUDGED = "judged"  # among the resources that nbgrader's steps hand on
RUBRICS = {name: sheet for exercise in EXERCISES.values() for name, sheet in exercise.rubrics.items()}
NOTHING = (
    "Nothing was handed over to be judged: this cell was not run to its end, or the course's own code was changed or "
    "shadowed in this notebook. Restart the kernel and run all cells from top to bottom: which one stops?"
)
ANEW = "Trained anew from three seeds on the exercise's own data; the middle one of the three runs counts."


class JudgeOutside(NbGraderPreprocessor):
    """Writes the verdicts into the test cells. Stands after the step that executes, before `SaveAutoGrades`."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Replace the outputs of the rubrics' test cells; a notebook that no channel was opened for is left alone."""
        told = resources.get(JUDGED)
        if told is None:
            return nb, resources
        record = record_of(resources["nbgrader"], told)
        record.write()
        found = {each.rubric: each for each in record.judged}
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if is_grade(cell) and cell.cell_type == "code" and name in RUBRICS:
                cell.outputs = outputs(RUBRICS[name], found.get(name))
        return nb, resources


def outputs(sheet: Rubric, judged: Judged | None) -> list[NotebookNode]:
    """What a test cell says: the reasons, and the score as nbgrader reads it."""
    verdict = left_to_a_human(sheet, NOTHING) if judged is None else judged.verdict
    said = report(sheet, verdict)
    if judged is not None and judged.trainings:
        said += f"\n  {ANEW}"
    return [
        new_output("stream", name="stdout", text=said + "\n"),
        new_output("execute_result", data={"text/plain": repr(verdict.score)}, execution_count=None),
    ]
