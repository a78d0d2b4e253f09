"""What nbgrader's test cells call: ``grade("spotify_structure")`` as the last line of the cell.

nbgrader reads the score from the cell's result, and gives 0 as soon as anything stands on standard error. So reasons go
to stdout, the result is a plain float between 0 and the rubric's maximum, and standard error is held shut meanwhile.

In a kernel that is driven by this course's grading nothing is scored: an account of the notebook is handed over, and
judged outside. So what the kernel prints in place of a score decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dropnorm import quiet
from dropnorm.datasets import DataError
from dropnorm.language import _
from grader.attempts import watch
from grader.channel import drivers_channel
from grader.errors import QuestionError
from grader.report import report
from grader.rubric import Rubric, Verdict, judge, left_to_a_human, not_judged

if TYPE_CHECKING:
    from grader.evidence import Evidence


def grade(name: str) -> float | None:
    """Judge what the notebook holds by the rubric of that name, print the reasons, and return the points.

    Where grading judges outside, an account is handed over, and nothing is returned.

    Args:
        name: the test cell's ``grade_id``, which is its rubric's name.

    Raises:
        QuestionError: there is no rubric of that name, or this is no notebook.
    """
    shell = notebook()
    with quiet.no_stderr():
        from grader.exercises import RUBRICS

        if name not in RUBRICS:
            told = _("There is no test cell named {name}; the course has {cells}.")
            raise QuestionError(told.format(name=repr(name), cells=", ".join(RUBRICS)))
        owner, rubric = RUBRICS[name]
        channel = drivers_channel()
        if channel is not None:
            channel.ask({"account": _account_of(rubric, owner.name, shell)})
            return None
        verdict = verdict_of(rubric, owner.name, shell)
    print(report(rubric, verdict))
    return verdict.score


def verdict_of(rubric: Rubric, exercise: str, shell: Any) -> Verdict:
    """The verdict of a rubric on what the notebook of this shell holds; it raises nothing.

    Where even the evidence cannot be had (no data, say), the points are left open for a human.
    """
    try:
        return judge(rubric, evidence_of(rubric, exercise, shell))
    except DataError as error:  # one sentence, which says what is missing and what to do
        return left_to_a_human(rubric, str(error))
    except Exception as error:  # whatever was in the way, it is nothing that the learner answered wrong
        return left_to_a_human(rubric, not_judged(error))


def evidence_of(rubric: Rubric, exercise: str, shell: Any) -> Evidence:
    """What the notebook of this shell holds, and what its cells raised."""
    from grader.evidence import Evidence

    attempts, evidence = watch(shell), Evidence.of(exercise, shell.user_ns)
    evidence.error = attempts.error(rubric.answers)
    if evidence.error is None and not any(map(evidence.holds, rubric.answers)):
        evidence.error = attempts.error_behind(rubric.answers)
    evidence.compile_error = attempts.error([f"{evidence.exercise.model_name}.compile"])
    of_exercise = rubric.history in (None, evidence.exercise.history_name)
    evidence.fit_error = fit_error(evidence.exercise, shell) if of_exercise else attempts.error([rubric.history])
    return evidence


def _account_of(rubric: Rubric, exercise: str, shell: Any) -> dict[str, Any]:
    """The account for a test cell; what the one that ran just before it saw of the same model is not looked at anew."""
    global _last
    from grader.account import account

    evidence, before = evidence_of(rubric, exercise, shell), _last
    _last = _Looked(shell.execution_count, evidence.model, evidence) if _as_given(rubric, shell) else None
    if _last is not None and before is not None and _last.follows(before) and "facts" in vars(before.evidence):
        evidence.facts = before.evidence.facts
    return account(evidence, rubric)


def _as_given(rubric: Rubric, shell: Any) -> bool:
    """Whether the cell that runs now is a test cell as the course gives it: no code of a learner's stands in it."""
    lines = [line for line in shell.history_manager.input_hist_parsed[-1].splitlines() if line.strip()]
    return lines == ["from grader.cells import grade", f'grade("{rubric.name}")']


@dataclass(frozen=True)
class _Looked:
    """The cell that ran last, a test cell: the number of its execution, the model it was on, and what it saw."""

    number: int
    model: Any
    evidence: Evidence

    def follows(self, other: _Looked) -> bool:
        """Whether it was the cell right before this one, on the same model of the same exercise."""
        same = self.model is other.model and self.evidence.exercise is other.evidence.exercise
        return same and self.number == other.number + 1


_last: _Looked | None = None


def fit_error(exercise: Any, shell: Any) -> BaseException | None:
    """The exception of the cell that should have trained the exercise's model, where that is not the model's cell."""
    attempts = watch(shell)
    error = attempts.error([exercise.history_name])
    return None if error is attempts.error([exercise.model_name]) else error


def notebook() -> Any:
    """The IPython shell that runs this notebook.

    Raises:
        QuestionError: this is plain Python, where there are no cells.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise QuestionError(_("Questions are asked and graded in a notebook: open one of `exercises/` in JupyterLab."))
    return shell
