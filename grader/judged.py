"""What was judged outside of a kernel: the account, the verdict, and the trainings that it rests on, to be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dropnorm import quiet
from dropnorm.curves import LearningCurves
from dropnorm.datasets import DataError
from dropnorm.language import _
from grader.criteria.class_loss import is_cross_entropy
from grader.handed import AccountError, HandedEvidence, Retrained
from grader.rubric import Finding, Status, Verdict, judge, left_to_a_human, not_judged
from grader.spec import ModelSpec
from grader.trainings import Training

Train = Callable[[ModelSpec, Any], Retrained]


@dataclass(frozen=True, eq=False)
class Judged:
    """One test cell, judged.

    Attributes:
        rubric: its name, which is the cell's ``grade_id``.
        verdict: the score and its reasons.
        account: what the kernel said.
        trainings: what was trained anew for it, by the spec's digest.
    """

    rubric: str
    verdict: Verdict
    account: Mapping[str, Any]
    trainings: Mapping[str, Retrained] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        return {
            "rubric": self.rubric,
            "verdict": asdict(self.verdict),
            "account": self.account,
            "trainings": {
                digest: {"runs": [run.to_dict() for run in each.runs], "losses_now": each.losses_now}
                for digest, each in self.trainings.items()
            },
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Judged:
        """What `to_dict` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        verdict = content["verdict"]
        findings = tuple(Finding(**finding) for finding in verdict["findings"])
        trainings = {
            digest: Retrained(
                tuple(LearningCurves.from_dict(run) for run in each["runs"]),
                None if each["losses_now"] is None else tuple(each["losses_now"]),
            )
            for digest, each in content["trainings"].items()
        }
        judged = Verdict(Status(verdict["status"]), findings, verdict["maximum"])
        return cls(content["rubric"], judged, content["account"], trainings)


def judged(account: Mapping[str, Any], train: Train) -> Judged:
    """Judge an account by the rubric that it names; trainings are those of ``train``, each asked for once.

    The reasons are in the language that is spoken: whoever judges a learner's work speaks the assignment's.

    What nobody foresaw leaves the points to a human; it raises nothing but KeyError, for a rubric that there is not.
    """
    from grader.exercises import rubric

    owner, sheet = rubric(str(account.get("rubric")))
    used: dict[str, Retrained] = {}

    def once(spec: ModelSpec, exercise: Any) -> Retrained:
        if spec.digest not in used:
            used[spec.digest] = train(spec, exercise)
        return used[spec.digest]

    try:
        if account.get("exercise") != owner.name:
            raise AccountError(_("What was handed over is about another exercise."))
        verdict = judge(sheet, HandedEvidence.read(account, once))
    except DataError as error:
        verdict = left_to_a_human(sheet, str(error))
    except Exception as error:  # whatever was handed over, the class goes on
        verdict = left_to_a_human(sheet, not_judged(error))
    return Judged(sheet.name, verdict, account, used)


def retrained_of(training: Training, spec: ModelSpec, exercise: Any) -> Retrained:
    """What judging asks of a training; in the exercise's loss alone, where the spec's is another or has more in it."""
    seen, asked = spec.compile.loss, exercise.reference.compile.loss
    penalized = any("activity_regularizer" in step.settings for step in spec.operations)  # its share is not known
    if not penalized and (seen == asked or (is_cross_entropy(seen) and is_cross_entropy(asked))):
        return Retrained(training.runs)
    quiet.start()  # what follows imports TensorFlow
    from grader.evidence import Evidence
    from grader.rebuilding import rebuilt

    names = {exercise.model_name: rebuilt(spec, training.weights)}
    return Retrained(training.runs, Evidence(exercise, names).losses_now)
