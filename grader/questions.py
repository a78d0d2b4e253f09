"""The questions that learners ask of their own work: ``q.check()``, ``q.hint()``, ``q.solution()``.

`check` judges by the rubrics that nbgrader's test cells use, and says the same; while they are graded it leaves it to
them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dropnorm import places, quiet
from dropnorm.datasets import DataError
from dropnorm.language import N_, _, current
from grader.attempts import watch
from grader.cells import fit_error, notebook, verdict_of
from grader.channel import drivers_channel
from grader.errors import QuestionError
from grader.languages import language_of
from grader.report import report

GRADED = N_("This notebook is being graded: what check would say stands in the test cells, with the points.")
SOLUTION = re.compile(r"^#+ BEGIN SOLUTION\n(.*?)^#+ END SOLUTION", re.DOTALL | re.MULTILINE)


def question(name: str) -> Question:
    """The question of that name, ready to be asked.

    Args:
        name: the ``grade_id`` of the cell to fill in: ``spotify_model``, ``spotify_own_model``, ``concrete_model``.

    Raises:
        QuestionError: there is no question of that name, or this is no notebook.
    """
    shell = notebook()
    with quiet.no_stderr():
        from grader.exercises import EXERCISES

        if name not in EXERCISES:
            told = _("There is no question named {name}; the course has {questions}.")
            raise QuestionError(told.format(name=repr(name), questions=", ".join(EXERCISES)))
    watch(shell)
    return Question(name, shell)


class Question:
    """One question about a cell to fill in.

    Attributes:
        name: its name, the ``grade_id`` of the cell.
    """

    def __init__(self, name: str, shell: Any) -> None:
        self.name = name
        self._shell = shell
        self._hints_given = 0

    def __repr__(self) -> str:
        told = _("The question {name}: ask .check(), .hint() (three steps) or .solution().")
        return told.format(name=self.name)

    def check(self) -> None:
        """Print what is right and what is not yet: the structure, and the curves once there is a history.

        While a notebook is graded its test cells hand over the same model to be judged: there this says so, no more.
        """
        if drivers_channel() is not None:
            print(_(GRADED))
            return
        with quiet.no_stderr():
            from grader.exercises import EXERCISES

            exercise = EXERCISES[self.name]
            if self._shell.user_ns.get(exercise.model_name) is not None:
                try:
                    exercise.data()
                except DataError as error:  # every rubric would say the same
                    print(error)
                    return
            trained = self._shell.user_ns.get(exercise.history_name) is not None or fit_error(exercise, self._shell)
            rubrics = [r for r in exercise.checked if r is exercise.checked[0] or trained]
            reports = [report(rubric, verdict_of(rubric, self.name, self._shell)) for rubric in rubrics]
        print("\n\n".join(reports))

    def hint(self) -> None:
        """Print the next hint; each of the three goes further than the one before."""
        from grader.exercises import EXERCISES

        hints = EXERCISES[self.name].hints
        step = min(self._hints_given, len(hints) - 1)
        self._hints_given += 1
        print(_("Hint {step} of {count}: {hint}").format(step=step + 1, count=len(hints), hint=_(hints[step])))
        if self._hints_given > len(hints):
            print(_("That was the last hint; `solution()` shows one way to do it."))

    def solution(self) -> None:
        """Print one way to fill in the cell, where the course's solutions are at hand."""
        print(solution(self.name))


def solution(name: str) -> str:
    """The code of the answer cell of that name from ``solutions/``, or one sentence that says why it is not there.

    Its comments are in the language that is spoken, where the solutions are there in it.
    """
    import nbformat

    def other_language(path: Path) -> bool:
        return language_of(path.parent.name) != current()

    for path in sorted(sorted(places.SOLUTIONS.glob("*/*.ipynb")), key=other_language):
        try:
            cells = nbformat.read(path, as_version=4).cells
        except (OSError, ValueError, nbformat.ValidationError, AttributeError):
            continue  # a damaged notebook is not the one that is looked for
        for cell in cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                return "\n".join(part.rstrip() for part in SOLUTION.findall(cell.source)) or cell.source
    return _(
        "This copy of the course holds no solution of {name}: the folder `solutions/` comes with the full course, "
        "not with what is handed out for grading."
    ).format(name=name)
