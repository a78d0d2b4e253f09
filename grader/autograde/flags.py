"""What cannot be judged by machine goes to a human: nbgrader's "needs manual grading", set for a test cell.

nbgrader flags only cells that are graded by hand; a test cell's points are final for it, even where the report says
that some of them are open. So after `SaveAutoGrades` the reports are read, and those cells are flagged as well: they
show up in formgrader, where points are given as for any other cell.
"""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from grader.report import left_open


class FlagForHumans(NbGraderPreprocessor):
    """Flags in the gradebook each test cell whose report leaves points to a human. Stands after `SaveAutoGrades`."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Flag the cells of one submitted notebook; the notebook is returned as it came."""
        names = [cell.metadata.nbgrader.grade_id for cell in nb.cells if is_grade(cell) and _open(cell)]
        if names:
            place = resources["nbgrader"]
            with Gradebook(place["db_url"]) as gradebook:
                for name in names:
                    grade = gradebook.find_grade(name, place["notebook"], place["assignment"], place["student"])
                    grade.needs_manual_grade = True
                gradebook.db.commit()
        return nb, resources


def _open(cell: NotebookNode) -> bool:
    said = [output.text for output in cell.get("outputs", []) if output.get("name") == "stdout"]
    return left_open("".join(said), cell.metadata.nbgrader.grade_id)
