"""Judging twice: by what a notebook holds, and by the account of it that a kernel would hand over."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from dropnorm.curves import LOGGED, LearningCurves
from grader.account import account
from grader.evidence import Evidence
from grader.handed import HandedEvidence, Retrained
from grader.retraining import SEEDS, trained
from grader.rubric import Rubric, Verdict, judge
from grader.spec import ModelSpec


def judged_both_ways(rubric: Rubric, evidence: Any) -> Verdict:
    """The verdict on the evidence; that on what is handed over of it must be the same to the last word.

    In place of three trainings anew, curves are those that the evidence has: whether the two agree is another question.
    Where they are judged only points and misconceptions must be the same, for a loss at the end has two forms: that of
    the last epoch, and the mean of the last tenth.
    """
    verdict = judge(rubric, evidence)
    if not isinstance(evidence, Evidence):
        return verdict
    trained_for = []

    def train(spec: ModelSpec, exercise: Any) -> Retrained:
        trained_for.append(spec)
        if not evidence.has_history:
            return Retrained(tuple(trained(spec, exercise, seed) for seed in SEEDS))
        curves = None if evidence.trained_further else evidence.curves
        if curves is not None and curves.loss_at_inference is not None:
            return Retrained((curves,))
        training, validation = evidence.losses_now
        logged = evidence.told.series.get(LOGGED, np.array([training]))
        at_the_end = LearningCurves(logged, np.full(len(logged), validation), np.full(len(logged), training))
        return Retrained((evidence.told.curves or at_the_end,), evidence.losses_now)

    handed = HandedEvidence.read(json.loads(json.dumps(account(evidence, rubric))), train)
    handed.exercise = evidence.exercise  # a test may have made one of its own
    again = judge(rubric, handed)
    opened, open_at_home = ({each.criterion for each in of.findings if each.manual} for of in (again, verdict))
    not_rebuilt = opened - open_at_home
    if trained_for or not_rebuilt:
        assert _points(again, not_rebuilt) == _points(verdict, not_rebuilt), f"{again}\n{verdict}"
    else:
        assert again == verdict, f"{again}\n{verdict}"
    return verdict


def _points(verdict: Verdict, not_rebuilt: set[str]) -> list[tuple[str, float, str | None]]:
    """What must be the same; what cannot be trained anew is a human's."""
    judged = (finding for finding in verdict.findings if finding.criterion not in not_rebuilt)
    return [(finding.criterion, finding.points, finding.misconception) for finding in judged]
