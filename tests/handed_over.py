"""Judging twice: by what a notebook holds, and by the account of it that a kernel would hand over."""

from __future__ import annotations

import json
from typing import Any

from grader.account import account
from grader.evidence import Evidence
from grader.handed import HandedEvidence, Retrained
from grader.retraining import SEEDS, trained
from grader.rubric import Rubric, Verdict, judge
from grader.spec import ModelSpec


def judged_both_ways(rubric: Rubric, evidence: Any) -> Verdict:
    """The verdict on the evidence; that on what is handed over of it must be the same to the last word.

    In place of three trainings anew, curves are those that the evidence has: whether the two agree is another question.
    """
    verdict = judge(rubric, evidence)
    if not isinstance(evidence, Evidence):
        return verdict

    def train(spec: ModelSpec, exercise: Any) -> Retrained:
        if not evidence.holds(exercise.history_name):
            return Retrained(tuple(trained(spec, exercise, seed) for seed in SEEDS))
        if evidence.curves is not None and not evidence.trained_further:
            return Retrained((evidence.curves,))
        return Retrained((evidence.told.curves,), evidence.losses_now)

    handed = HandedEvidence.read(json.loads(json.dumps(account(evidence, rubric))), train)
    handed.exercise = evidence.exercise  # a test may have made one of its own
    again = judge(rubric, handed)
    assert again == verdict, f"{again}\n{verdict}"
    return verdict
