"""The step after a notebook was run: what its kernel handed over has been judged, and that is what its cells say.

Whatever a learner's code has printed in a test cell of a rubric is taken away. In its place stand the reasons and the
score that were reached outside of the kernel, in the form that nbgrader reads.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from dropnorm.language import N_, _, sentences, spaced
from grader.autograde.records import forget, record_of
from grader.autograde.scratch_execute import KERNEL_GONE
from grader.autograde.tasks import data_in_use
from grader.criteria.errors import shortened
from grader.exercises import RUBRICS, rubric
from grader.judged import Judged
from grader.languages import in_language
from grader.report import report
from grader.rubric import HUMAN, left_to_a_human

JUDGED = "judged"  # among the resources that nbgrader's steps hand on
FROM_THE_TOP = N_("Restart the kernel and run all cells from top to bottom.")
NOTHING = N_(
    "This cell had nothing to hand over to be judged: it was not run to its end, or not as the course gave it."
)
ANEW = N_("Trained anew from three seeds on the exercise's own data; the middle one of the three runs counts.")


class JudgeOutside(NbGraderPreprocessor):
    """Writes the verdicts into the test cells. Stands after the step that executes, before `SaveAutoGrades`."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Replace the outputs of the rubrics' test cells; a notebook that no channel was opened for is left alone.

        So is one that is not run (`--no-execute`): its points are those that it claims, as in stock.
        """
        told, names = resources.get(JUDGED), resources["nbgrader"]
        if told is None:
            forget(names["assignment"], names["student"], names["notebook"])
            return nb, resources
        tests = {name: cell for cell in nb.cells if (name := tested(cell)) is not None}
        silent = ""
        if tests.keys() - {each["rubric"] for each in told}:
            with in_language(names["assignment"]):
                silent = nothing(nb)
        record = record_of(names, told, data_in_use(), silent)
        try:
            record.write()
        except OSError as error:  # the scores stand without it
            said = _("What was judged cannot be kept for `rejudge` and `why` ({reason}).")
            self.log.warning("%s", said.format(reason=error.strerror))
        found = {each.rubric: each for each in record.judged}
        with in_language(names["assignment"]):
            for name, cell in tests.items():
                cell.outputs = outputs(name, found.get(name), silent)
        return nb, resources


def tested(cell: NotebookNode) -> str | None:
    """The rubric whose test cell this is, or None."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id")
    return name if is_grade(cell) and cell.cell_type == "code" and name in RUBRICS else None


def nothing(nb: NotebookNode) -> str:
    """Why a test cell of this notebook handed over nothing: where its kernel stopped, the cell in which it did."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    for stopped, behind in pairwise(cells):
        errors = [each for each in stopped.outputs if each.output_type == "error"]
        if errors and any(each.get("ename") == KERNEL_GONE for each in behind.outputs):
            told = _("Nothing could be handed over here: the kernel had stopped in the cell that begins with `{line}`.")
            line = shortened(next(line for line in stopped.source.splitlines() if line.strip()), 60)
            seen = sentences(told.format(line=line), shortened(errors[-1].evalue, 200))
            return spaced(sentences(seen, _(HUMAN), _("Mend that cell."), _(FROM_THE_TOP)))
    return nothing_handed_over()


def nothing_handed_over() -> str:
    """Why there is nothing to judge where nobody knows more."""
    return sentences(_(NOTHING), _(HUMAN), _(FROM_THE_TOP))


def outputs(name: str, judged: Judged | None, why: str = "") -> list[NotebookNode]:
    """What the test cell of a rubric says: the reasons, and the score as nbgrader reads it.

    Args:
        name: the rubric's.
        judged: what was judged; None where nothing was handed over.
        why: the reason for that; empty where nobody knows more.
    """
    sheet = rubric(name)[1]
    if judged is None:
        verdict = left_to_a_human(sheet, why or nothing_handed_over())
        return scored(report(sheet, verdict), verdict.score)
    said = report(sheet, judged.verdict)
    return scored(f"{said}\n  {_(ANEW)}" if judged.trainings else said, judged.verdict.score)


def scored(said: str, score: float) -> list[NotebookNode]:
    """What is said, and a score, in the form that nbgrader reads."""
    return [
        new_output("stream", name="stdout", text=said + "\n"),
        new_output("execute_result", data={"text/plain": repr(score)}, execution_count=None),
    ]
